//! A record as one line for people, much as tcpdump would write it.

use super::incident::IncidentRecord;
use super::record::Record;
use super::stats::StatsRecord;
use super::value::Clean;
use crate::diagnosis::counted;
use std::fmt;

/// `2026-03-01T10:00:00.123456Z established 10.0.0.1:50122 > 10.0.0.2:443 www.example.org TLS 1.3 …`
pub(super) struct Line<'a, 'r>(pub(super) &'a Record<'r>);

impl fmt::Display for Line<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.0;
        write!(f, "{} {:<11} {} > {}", record.start_time, record.outcome, record.client, record.server)?;
        if let Some(name) = record.sni {
            write!(f, " {}", Clean(name))?;
        }
        for part in [
            record.version.map(|version| version.to_string()),
            record.cipher_suite.map(|suite| suite.to_string()),
            record.named_group.map(|group| group.to_string()),
        ]
        .into_iter()
        .flatten()
        {
            write!(f, ", {part}")?;
        }
        if let Some(alpn) = record.alpn {
            write!(f, ", alpn {}", Clean(alpn))?;
        }
        if record.resumed == Some(true) {
            f.write_str(", resumed")?;
        }
        if let Some(failure) = &record.failure {
            let finding = failure.finding;
            write!(f, "; {}: {}", finding.cause, Clean(&finding.summary))?;
        } else if let Some(how) = record.ending() {
            write!(f, ", {how}")?;
        }
        for finding in &record.findings {
            write!(f, " [{finding}]")?;
        }
        Ok(())
    }
}

/// `2026-03-01T10:00:00.123456Z incident    10.0.0.2:443 www.example.org, 120 handshakes of 3 clients; …`
pub(super) struct IncidentLine<'a, 'r>(pub(super) &'a IncidentRecord<'r>);

impl fmt::Display for IncidentLine<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IncidentRecord { start_time, server, sni, count, clients, finding, .. } = self.0;
        write!(f, "{start_time} {:<11} {server}", "incident")?;
        if let Some(name) = sni {
            write!(f, " {}", Clean(name))?;
        }
        write!(f, ", {} of {}; ", counted(*count, "handshake"), counted(*clients as u64, "client"))?;
        write!(f, "{}: {}", finding.cause, Clean(&finding.summary))
    }
}

/// `2026-03-01T10:00:00.123456Z stats       1200 frames, …`
pub(super) struct StatsLine<'a, 'r>(pub(super) &'a StatsRecord<'r>);

impl fmt::Display for StatsLine<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StatsRecord { end_time, counts, .. } = self.0;
        write!(f, "{end_time} {:<11} {counts}", "stats")
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Told;
    use super::super::{Detail, Incidents};
    use super::*;
    use crate::diagnosis::{Cause, Confidence, Finding, Party};
    use crate::handshake::Outcome;

    #[test]
    fn a_failure_is_told_by_cause_and_summary() {
        let summary = "The server answered \u{1b}[31mHTTP.".to_owned();
        let finding = Finding::new(Cause::ServerNotTls, Party::Client, Confidence::Certain, summary);
        let told = Told::failed("10.0.0.1:50122", Some("www.example.org"), 0, &finding);
        assert_eq!(
            told.record(|record| Line(record).to_string()),
            "2026-03-01T10:00:00.000000Z failed      10.0.0.1:50122 > 10.0.0.2:443 www.example.org; \
             server_not_tls: The server answered \\u{1b}[31mHTTP."
        );
        let unknown = Told::new("10.0.0.1:50122", None, 0, Outcome::Failed);
        let line = unknown.record(|record| Line(record).to_string());
        assert!(line.ends_with("10.0.0.2:443, server closed the connection"), "{line}");
    }

    #[test]
    fn an_incident_is_one_line() {
        let finding = Finding::new(Cause::ServerClosed, Party::Server, Confidence::Certain, "It closed.".into());
        let mut incidents = Incidents::default();
        let mut line = |client: &str, seconds| {
            Told::failed(client, Some("a.example"), seconds, &finding).record(|record| incidents.add(record));
            let all = incidents.sorted();
            IncidentLine(&IncidentRecord::new(all[0].0, all[0].1, Detail::Normal)).to_string()
        };
        assert_eq!(
            line("10.0.0.1:50122", 0),
            "2026-03-01T10:00:00.000000Z incident    10.0.0.2:443 a.example, 1 handshake of 1 client; \
             server_closed: It closed."
        );
        assert!(line("10.0.0.3:50122", 1).contains("2 handshakes of 2 clients"));
    }
}
