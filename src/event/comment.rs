//! What a capture file says of a handshake, at its first packet: enough to know what one is looking at, and to find the
//! event.

use super::record::Record;
use super::value::Clean;
use std::fmt;

/// The comment of a handshake, a few lines:
///
/// ```text
/// failed: certificate_expired (server, certain)
/// The certificate of www.example.org expired on 2024-02-01, 1026 days before.
/// 10.0.0.1:50122 > 10.0.0.2:443 www.example.org
/// event 1f0c…
/// ```
#[derive(Debug)]
pub struct Comment<'a, 'r>(pub &'a Record<'r>);

impl fmt::Display for Comment<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.0;
        write!(f, "{}", record.outcome)?;
        if let Some(failure) = &record.failure {
            let finding = failure.finding;
            writeln!(f, ": {} ({}, {})", finding.cause, finding.party.name(), finding.confidence.name())?;
            write!(f, "{}", Clean(&finding.summary))?;
        } else if let Some(how) = record.ending() {
            write!(f, ": {how}")?;
        }
        write!(f, "\n{} > {}", record.client, record.server)?;
        if let Some(name) = record.sni {
            write!(f, " {}", Clean(name))?;
        }
        write!(f, "\nevent {}", record.id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Told;
    use super::*;
    use crate::diagnosis::{Cause, Confidence, Finding, Party};
    use crate::handshake::Outcome;

    #[test]
    fn a_comment_says_outcome_cause_party_confidence_and_which_event_it_is() {
        let finding =
            Finding::new(Cause::ServerNotTls, Party::Client, Confidence::Certain, "The server answered HTTP.".into());
        let (comment, id) = Told::failed("10.0.0.1:50122", Some("a.example"), 0, &finding)
            .record(|record| (Comment(record).to_string(), record.id.clone()));
        assert_eq!(
            comment,
            format!(
                "failed: server_not_tls (client, certain)\nThe server answered HTTP.\n\
                 10.0.0.1:50122 > 10.0.0.2:443 a.example\nevent {id}"
            )
        );
        let unknown = Told::new("10.0.0.1:50122", None, 0, Outcome::Failed);
        let comment = unknown.record(|record| Comment(record).to_string());
        assert!(
            comment.starts_with("failed: server closed the connection\n10.0.0.1:50122 > 10.0.0.2:443\n"),
            "{comment}"
        );
        let fine = Told::new("10.0.0.1:50122", None, 0, Outcome::Established);
        assert!(fine.record(|record| Comment(record).to_string()).starts_with("established\n10.0.0.1:50122"));
    }
}
