//! What the handshakes of a run were, counted: the end of every report. It reads records and nothing else, so that it
//! says what the events say.

use super::tally::Tally;
use crate::diagnosis::Cause;
use crate::event::value::{Clean, Time};
use crate::event::{Incidents, OutcomeName, Record};
use crate::policy::Finding;
use crate::tls::registry::{CipherSuite, NamedGroup, ProtocolVersion};

/// Rows are kept for at most this many handshakes, and for as many that failed for no known cause.
pub const MAX_ROWS: usize = 50;

/// Counts over the wanted handshakes, and the first of them as rows.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// How many of each outcome.
    pub outcomes: Tally<OutcomeName>,
    /// Negotiated versions.
    pub versions: Tally<ProtocolVersion>,
    /// Negotiated suites.
    pub suites: Tally<CipherSuite>,
    /// Groups of the key exchanges.
    pub groups: Tally<NamedGroup>,
    /// Negotiated application protocols.
    pub protocols: Tally<String>,
    /// What was weak.
    pub findings: Tally<Finding>,
    /// Why handshakes failed.
    pub causes: Tally<Cause>,
    /// The same, by server.
    pub incidents: Incidents,
    /// Handshakes of which the capture lacks bytes.
    pub incomplete: u64,
    /// How many handshakes resumed a session.
    pub resumed: u64,
    /// When the first handshake began and the last one ended.
    pub span: Option<(Time, Time)>,
    /// The first handshakes.
    pub rows: Vec<Row>,
    /// How many failed or were abandoned, and nothing says why.
    pub unexplained: u64,
    /// The first of them.
    pub failures: Vec<Row>,
}

/// One handshake as a line of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub(super) time: Time,
    pub(super) client: String,
    pub(super) server: String,
    pub(super) name: Option<String>,
    pub(super) outcome: OutcomeName,
    pub(super) version: String,
    pub(super) suite: String,
    pub(super) group: String,
    pub(super) ending: String,
}

impl Row {
    fn of(record: &Record<'_>) -> Self {
        let shown = |value: Option<String>| value.unwrap_or_default();
        Self {
            time: record.start_time,
            client: record.client.to_string(),
            server: record.server.to_string(),
            name: record.sni.map(|name| Clean(name).to_string()),
            outcome: record.outcome,
            version: shown(record.version.map(|version| version.to_string())),
            suite: shown(record.cipher_suite.map(|suite| suite.to_string())),
            group: shown(record.named_group.map(|group| group.to_string())),
            ending: shown(record.ending()),
        }
    }
}

impl Summary {
    /// Counts a handshake; with `rows` it may also become a row. [`Summary::incidents`] is the caller's: it sees also what is not wanted.
    pub fn add(&mut self, record: &Record<'_>, rows: bool) {
        self.outcomes.add(record.outcome);
        record.version.into_iter().for_each(|version| self.versions.add(version.0));
        record.cipher_suite.into_iter().for_each(|suite| self.suites.add(suite.0));
        record.named_group.into_iter().for_each(|group| self.groups.add(group.0));
        if let Some(protocol) = record.alpn {
            self.protocols.add(Clean(protocol).to_string());
        }
        record.findings.iter().for_each(|finding| self.findings.add(finding.0));
        record.failure.iter().for_each(|failure| self.causes.add(failure.finding.cause));
        let unexplained = record.outcome.0.is_failed() && record.failure.is_none();
        self.unexplained += u64::from(unexplained);
        self.incomplete += u64::from(record.is_incomplete());
        self.resumed += u64::from(record.resumed == Some(true));
        let (first, last) = self.span.unwrap_or((record.start_time, record.end_time));
        self.span = Some((first.min(record.start_time), last.max(record.end_time)));
        if rows {
            if self.rows.len() < MAX_ROWS {
                self.rows.push(Row::of(record));
            }
            if unexplained && self.failures.len() < MAX_ROWS {
                self.failures.push(Row::of(record));
            }
        }
    }

    /// How many handshakes were counted.
    pub fn handshakes(&self) -> u64 {
        OutcomeName::ALL.iter().map(|outcome| self.outcomes.count(outcome)).sum()
    }

    /// How many of them failed or were abandoned.
    pub fn unsuccessful(&self) -> u64 {
        OutcomeName::ALL
            .iter()
            .filter(|outcome| outcome.0.is_failed())
            .map(|outcome| self.outcomes.count(outcome))
            .sum()
    }
}
