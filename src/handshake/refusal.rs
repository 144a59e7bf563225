//! Refusals that are encrypted: told by the type and the length of a record, by what its sender had acknowledged, and by
//! its place in the flight.
//!
//! A close_notify and a refusal have the same length. What tells them apart is when they come: before its sender has
//! finished, an alert-sized record says no; after that, a client's says goodbye. A server's, in TLS 1.3, may still judge
//! the client's certificate. Tickets are longer than an alert (RFC 8446 section 4.6.1: their lifetime, age, nonce and
//! lengths alone take more).

use super::facts::{CloseKind, EncryptedRecord, Handshake, Side, Step, What};
use super::second_flight::SecondFlight;
use crate::time::Mark;
use crate::tls::registry::{ContentType, HandshakeType};

/// An encrypted record that ended the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Who sent it.
    pub from: Side,
    /// The frame that began it.
    pub mark: Mark,
    /// True where it came after the client had finished, and judges what the client's second flight had.
    pub after_finished: bool,
    /// The record's length.
    pub length: u16,
    /// How much of the other side's stream its sender had acknowledged.
    acknowledged: Option<u64>,
}

impl Refusal {
    const fn new(from: Side, record: &EncryptedRecord, after_finished: bool) -> Self {
        let EncryptedRecord { mark, length, acknowledged, .. } = *record;
        Self { from, mark, after_finished, length, acknowledged }
    }

    /// True where it may answer what ends in the other side's stream at `end` and came at `mark`.
    fn answers(&self, end: u64, mark: Mark) -> bool {
        self.acknowledged.map_or(mark < self.mark, |acknowledged| acknowledged >= end)
    }
}

impl Handshake {
    /// The first encrypted record by which a side refused to go on, if one did. An alert in the clear that came before it
    /// is what counts instead, and then there is none.
    pub fn refusal(&self) -> Option<Refusal> {
        let refusal = if self.is_tls13() { self.refusal13() } else { self.refusal12() }?;
        let other = refusal.from.other();
        let alert = self.ending_alert().filter(|alert| alert.from == other);
        let alerted = alert.is_some_and(|alert| refusal.answers(alert.end, alert.mark));
        let close = self.close.filter(|close| close.by == CloseKind::Fin && close.side == Some(other));
        // A FIN takes a number of its own.
        let fin = self.side(other).sent.saturating_add(1);
        let closed = close.is_some_and(|close| refusal.answers(fin, close.mark));
        (!alerted && !closed).then_some(refusal)
    }

    /// The records of a side that have the length of an alert: in TLS 1.3 any may be one, before it only those of that type.
    pub fn alert_sized(&self, side: Side) -> impl Iterator<Item = &EncryptedRecord> {
        let tls13 = self.is_tls13();
        self.records.get(side.index()).into_iter().flatten().filter(move |record| {
            if tls13 { self.is_alert_sized(side, record.length) } else { record.content_type == ContentType::ALERT }
        })
    }

    fn refusal13(&self) -> Option<Refusal> {
        let [records, answers] = &self.records;
        match self.second_flight() {
            SecondFlight::Refused { at } => {
                let own = records.get(at).map(|record| Refusal::new(Side::Client, record, false));
                let first = self.refused_by_server(own.map(|own| own.mark));
                first.or(own)
            }
            SecondFlight::Pending => self.refused_by_server(None),
            SecondFlight::Done { .. } => {
                let answer = answers.get(self.refused_after_finishing()?)?;
                Some(Refusal::new(Side::Server, answer, true))
            }
        }
    }

    /// An alert-sized record in the server's flight, before `mark` where there is one. No message of the flight is as short
    /// as an alert (EncryptedExtensions has four bytes more), and after its alert a server has nothing to say: it must be
    /// its last record, but for its close_notify.
    fn refused_by_server(&self, mark: Option<Mark>) -> Option<Refusal> {
        let hello = self.last_server_hello()?.end;
        let [_, answers] = &self.records;
        let is_alert = |record: &EncryptedRecord| self.is_alert_sized(Side::Server, record.length);
        let first = answers.iter().position(|record| record.offset >= hello && is_alert(record))?;
        let rest = answers.get(first..)?;
        let record = rest.first()?;
        let last = rest.iter().all(is_alert);
        (last && mark.is_none_or(|mark| record.mark < mark)).then(|| Refusal::new(Side::Server, record, false))
    }

    /// The last ServerHello: a HelloRetryRequest may come before it.
    pub(super) fn last_server_hello(&self) -> Option<&Step> {
        let is_hello = What::Message(HandshakeType::SERVER_HELLO);
        self.steps.iter().rev().find(|step| step.from == Side::Server && step.what == is_hello)
    }

    /// Up to TLS 1.2 an encrypted alert keeps its type. Before both have finished it is no goodbye, nor before its sender
    /// has seen the other's Finished.
    fn refusal12(&self) -> Option<Refusal> {
        let unfinished = !self.both_finished();
        let first = |side: Side| {
            let finished = || {
                self.records
                    .get(side.other().index())?
                    .iter()
                    .find(|record| record.content_type == ContentType::HANDSHAKE)
            };
            let early =
                |record: &EncryptedRecord| finished().is_some_and(|other| !record.follows(other.end(), other.mark));
            let refuses = |record: &&EncryptedRecord| unfinished || early(record);
            self.alert_sized(side)
                .next()
                .filter(refuses)
                .map(|record| Refusal::new(side, record, self.has_finished(side)))
        };
        let both = [first(Side::Client), first(Side::Server)];
        both.into_iter().flatten().min_by_key(|refusal| refusal.mark)
    }

    fn has_finished(&self, side: Side) -> bool {
        self.finished.get(side.index()).is_some_and(Option::is_some)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{HelloSample, server_hello, server_hello13};
    use super::*;
    use crate::tls::registry::{AlertDescription, AlertLevel};

    /// TLS 1.3 under a suite up to the end of the server's flight.
    fn flight(suite: u16, finished: u16) -> Handshake {
        begun(suite).encrypts13(Side::Server, 36).encrypts13(Side::Server, 900).encrypts13(Side::Server, finished)
    }

    fn begun(suite: u16) -> Handshake {
        Handshake::sample().hello(&HelloSample::default()).says(
            Side::Server,
            HandshakeType::SERVER_HELLO,
            &server_hello13(suite),
        )
    }

    fn who(handshake: &Handshake) -> Option<(Side, bool, u16)> {
        handshake.refusal().map(|refusal| (refusal.from, refusal.after_finished, refusal.length))
    }

    #[test]
    fn an_alert_in_place_of_the_clients_finished_is_a_refusal_with_tags_of_sixteen_and_of_eight() {
        for (suite, finished, alert) in [(0x1301, 53, 19), (0x1302, 69, 19), (0x1303, 53, 19), (0x1305, 45, 11)] {
            let refused = flight(suite, finished).encrypts13(Side::Client, alert).encrypts13(Side::Server, alert);
            let refused = refused.ends(CloseKind::Fin, Some(Side::Server));
            assert_eq!(who(&refused), Some((Side::Client, false, alert)), "{suite:x}");
            let longer = flight(suite, finished).encrypts13(Side::Client, alert + 1);
            assert_eq!(who(&longer.ends(CloseKind::Fin, Some(Side::Client))), None, "{suite:x}");
        }
    }

    #[test]
    fn a_server_may_refuse_in_its_own_flight() {
        let refused = begun(0x1301).encrypts13(Side::Server, 19).ends(CloseKind::Fin, Some(Side::Server));
        assert_eq!(who(&refused), Some((Side::Server, false, 19)));
        let went_on = begun(0x1301).encrypts13(Side::Server, 19).encrypts13(Side::Server, 900);
        assert_eq!(who(&went_on.ends(CloseKind::Fin, Some(Side::Client))), None, "it had more to say");
    }

    #[test]
    fn tickets_and_goodbyes_are_no_refusals() {
        let finished = || flight(0x1301, 53).encrypts13(Side::Client, 53);
        let goodbye =
            finished().encrypts13(Side::Server, 250).encrypts13(Side::Client, 19).encrypts13(Side::Server, 19);
        assert_eq!(who(&goodbye.ends(CloseKind::Fin, Some(Side::Client))), None);
        assert_eq!(who(&finished().encrypts13(Side::Client, 19).ends(CloseKind::Fin, Some(Side::Client))), None);
        let mut left = flight(0x1301, 53).ends(CloseKind::Fin, Some(Side::Client)).encrypts13(Side::Server, 19);
        assert_eq!(who(&left), Some((Side::Server, false, 19)), "the client's FIN was still on its way");
        let fin = left.side(Side::Client).sent + 1;
        left.records[1].last_mut().unwrap().acknowledged = Some(fin);
        assert_eq!(who(&left), None, "the client had closed before");
    }

    #[test]
    fn a_missing_client_certificate_is_refused_after_finishing() {
        let asked = || flight(0x1301, 53).encrypts13(Side::Client, 25).encrypts13(Side::Client, 53);
        let refused = asked().encrypts13(Side::Client, 100).encrypts13(Side::Server, 19);
        assert_eq!(who(&refused.ends(CloseKind::Fin, Some(Side::Server))), Some((Side::Server, true, 19)));
        let accepted = asked().encrypts13(Side::Server, 250).encrypts13(Side::Server, 19);
        assert_eq!(who(&accepted.ends(CloseKind::Fin, Some(Side::Server))), None);
    }

    #[test]
    fn an_alert_in_the_clear_counts_before_the_answer_to_it() {
        let alerted = flight(0x1301, 53).alerts(Side::Client, AlertLevel::FATAL, AlertDescription::UNKNOWN_CA);
        assert_eq!(who(&alerted.encrypts13(Side::Server, 19).ends(CloseKind::Alert, Some(Side::Client))), None);
    }

    #[test]
    fn before_tls_13_an_encrypted_alert_keeps_its_type() {
        let hello = server_hello(0x0303, 0xc02f, &[]);
        let begun =
            Handshake::sample().hello(&HelloSample::tls12()).says(Side::Server, HandshakeType::SERVER_HELLO, &hello);
        let refused = begun.clone().encrypts(Side::Client, ContentType::ALERT, 26);
        assert_eq!(who(&refused.ends(CloseKind::Fin, Some(Side::Client))), Some((Side::Client, false, 26)));
        let mut finished = begun.encrypts(Side::Client, ContentType::ALERT, 26);
        finished.finished = [Some(finished.first); 2];
        assert_eq!(who(&finished.ends(CloseKind::Fin, Some(Side::Client))), None);
    }
}
