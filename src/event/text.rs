//! A record as one line for people, much as tcpdump would write it.

use super::incident::IncidentRecord;
use super::record::Record;
use super::value::Clean;
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
        let of = |one: bool| if one { "" } else { "s" };
        write!(f, ", {count} handshake{} of {clients} client{}; ", of(*count == 1), of(*clients == 1))?;
        write!(f, "{}: {}", finding.cause, Clean(&finding.summary))
    }
}
