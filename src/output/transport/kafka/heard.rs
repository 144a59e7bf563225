//! What librdkafka tells while it works: which events have arrived, and what is wrong with the brokers. It would say the
//! latter on standard error; here it waits until somebody asks why nothing goes.

use crate::output::lock;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use std::sync::{Mutex, MutexGuard};

/// What was heard since the producer began.
#[derive(Debug, Default)]
pub(super) struct Ears {
    heard: Mutex<Heard>,
}

/// What was heard.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Grows with everything.
    pub(super) count: u64,
    /// For each event that was answered for, its place and what went wrong with it.
    pub(super) reports: Vec<(usize, Option<Code>)>,
    /// No broker could be reached, at least once since the last report.
    pub(super) all_down: bool,
    /// The most telling thing that went wrong with a broker.
    trouble: Option<(Trouble, String)>,
}

/// What can be wrong with a broker, the less telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    /// It has closed the connection.
    Closed,
    Connection,
    Tls,
    Credentials,
}

impl Ears {
    pub(super) fn heard(&self) -> MutexGuard<'_, Heard> {
        lock(&self.heard)
    }
}

impl ClientContext for Ears {
    fn log(&self, _: RDKafkaLogLevel, about: &str, message: &str) {
        let mut heard = self.heard();
        heard.count += 1;
        // A broker that hangs up is no error in librdkafka's eyes.
        if about == "FAIL" {
            let reason =
                message.strip_prefix("[thrd:").and_then(|rest| rest.split_once("]: ")).map(|(_, reason)| reason);
            heard.note(Trouble::Closed, reason.unwrap_or(message));
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let mut heard = self.heard();
        heard.count += 1;
        match error.rdkafka_error_code() {
            Some(Code::AllBrokersDown) => heard.all_down = true,
            Some(Code::Authentication | Code::SaslAuthenticationFailed) => heard.note(Trouble::Credentials, reason),
            Some(Code::SSL) => heard.note(Trouble::Tls, reason),
            _ => heard.note(Trouble::Connection, reason),
        }
    }
}

impl ProducerContext for Ears {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, place: usize) {
        let mut heard = self.heard();
        heard.count += 1;
        let code = result.as_ref().err().map(|(error, _)| error.rdkafka_error_code().unwrap_or(Code::Fail));
        if code.is_none() {
            (heard.all_down, heard.trouble) = (false, None);
        }
        heard.reports.push((place, code));
    }
}

impl Heard {
    /// The first trouble is the cause; the rest may follow from it, unless it tells more.
    fn note(&mut self, trouble: Trouble, reason: &str) {
        if self.trouble.as_ref().is_none_or(|(known, _)| *known < trouble) {
            self.trouble = Some((trouble, reason.to_owned()));
        }
    }

    /// Why nothing goes, in a line.
    pub(super) fn why(&self) -> String {
        let Some((trouble, reason)) = &self.trouble else { return "no broker answers".into() };
        let (broker, said) = apart(reason);
        match trouble {
            Trouble::Closed => format!(
                "no broker can be reached: {broker} closes the connection; does it want tls=true, or sasl and a user?"
            ),
            Trouble::Connection => format!("no broker can be reached: {broker}: {said}"),
            Trouble::Tls if said.contains("verif") => format!(
                "the certificate of {broker} is from no known root, or not for this name; ca_file=FILE names the root \
                 that it has"
            ),
            Trouble::Tls => format!("no TLS with {broker}: {said}"),
            Trouble::Credentials => format!("{broker} does not take this user and password: {said}"),
        }
    }
}

/// The broker and what is wrong with it, of
/// `sasl_ssl://one:9093/bootstrap: Connect to ipv4#10.0.0.1:9093 failed: Connection refused (after 0ms in state CONNECT)`.
fn apart(reason: &str) -> (&str, &str) {
    let (broker, said) = reason.split_once(": ").unwrap_or(("a broker", reason));
    let broker = broker.rsplit("://").next().unwrap_or(broker);
    let broker = broker.split('/').next().unwrap_or(broker);
    let said = said.split(" (after ").next().unwrap_or(said).trim();
    let said =
        said.strip_prefix("Connect to ").and_then(|said| said.split_once(" failed: ")).map_or(said, |(_, said)| said);
    (broker, said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(troubles: &[(Code, &str)]) -> String {
        let ears = Ears::default();
        troubles.iter().for_each(|(code, reason)| ears.error(KafkaError::Global(*code), reason));
        ears.heard().why()
    }

    #[test]
    fn the_most_telling_trouble_is_told_in_plain_words() {
        let refused = "10.0.0.1:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)";
        let refused = (Code::BrokerTransportFailure, refused);
        assert_eq!(why(&[refused]), "no broker can be reached: 10.0.0.1:9092: Connection refused");
        assert_eq!(why(&[(Code::AllBrokersDown, "1/1 brokers are down")]), "no broker answers");
        let denied =
            "sasl_ssl://one:9093/bootstrap: SASL authentication error: Invalid password (after 5ms in state AUTH_REQ)";
        let denied = why(&[refused, (Code::Authentication, denied), refused]);
        assert_eq!(
            denied,
            "one:9093 does not take this user and password: SASL authentication error: Invalid password"
        );
    }

    #[test]
    fn a_broker_that_hangs_up_may_want_tls() {
        let ears = Ears::default();
        let message = "[thrd:one:9093/bootstrap]: one:9093/bootstrap: Disconnected: connection closed by peer";
        ears.log(RDKafkaLogLevel::Info, "FAIL", message);
        assert!(ears.heard().why().contains("one:9093 closes the connection; does it want tls=true"));
    }
}
