//! What travels to the sinks: lines, many at a time, and for those that send events one by one, what each line is.

use crate::diagnosis::Severity;
use crate::event::{End, IncidentRecord, Record, StatsRecord};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Rendered events, whole lines.
#[derive(Debug, Default)]
pub struct Batch {
    /// The lines.
    pub bytes: Vec<u8>,
    /// How many events they hold.
    pub events: u64,
    /// One for each line, in order, where somebody asked for them.
    pub marks: Vec<Mark>,
}

impl Batch {
    /// The lines, without their line feeds, and what each is. Nothing where no marks were asked for.
    pub fn lines(&self) -> impl Iterator<Item = Event<'_>> {
        let mut begin = 0;
        self.marks.iter().map(move |mark| {
            let line = self.bytes.get(begin..mark.end).unwrap_or_default();
            begin = mark.end;
            Event { mark, line: line.strip_suffix(b"\n").unwrap_or(line) }
        })
    }

    /// Marks the lines that were appended since there were `from` bytes.
    pub fn mark(&mut self, from: usize, source: &Source) {
        let ends = self.bytes.iter().enumerate().skip(from).filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        for (part, end) in ends.enumerate() {
            // x509.log has several lines for one handshake: each is an event of its own.
            let id = if part == 0 { source.id.clone() } else { format!("{}-{part}", source.id) };
            self.marks.push(Mark { end, id, ..Mark::of(source) });
        }
    }
}

/// One event on its way: a line, and what is known of it without reading the line.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// What it is.
    pub mark: &'a Mark,
    /// The line, without its line feed.
    pub line: &'a [u8],
}

/// What is known of a line.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// Where it ends in its batch, behind the line feed.
    pub end: usize,
    /// Which record it is.
    pub kind: Kind,
    /// The event's id: the same whenever it is sent again.
    pub id: String,
    /// When it happened, in microseconds since 1970.
    pub micros: u64,
    /// How much it matters.
    pub level: Level,
    /// The server of the handshake or incident, as `10.0.0.2:443`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The community id of the handshake's flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community_id: Option<String>,
}

impl Mark {
    fn of(source: &Source) -> Self {
        Self {
            end: 0,
            kind: source.kind,
            id: String::new(),
            micros: source.time.as_micros(),
            level: source.level,
            server: source.server.map(|server| server.to_string()),
            community_id: source.community_id.clone(),
        }
    }

    /// When it happened.
    pub fn time(&self) -> Timestamp {
        Timestamp::from_micros(self.micros)
    }
}

/// The kinds of records, as `event_type` names them.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A handshake.
    Handshake,
    /// An incident.
    Incident,
    /// What a run has counted.
    Stats,
}

impl Kind {
    /// All of them, in this order.
    pub(super) const ALL: [Self; 3] = [Self::Handshake, Self::Incident, Self::Stats];

    /// The name that events carry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Incident => "incident",
            Self::Stats => "stats",
        }
    }
}

/// How much an event matters to who looks through a log.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing is wrong.
    Info,
    /// Something is weak in what was negotiated, or somebody may want to look.
    Notice,
    /// Somebody should look.
    Warning,
    /// Somebody could not connect.
    Error,
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Notice,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Error,
        }
    }
}

/// The record that lines were written of.
#[derive(Clone, Debug)]
pub struct Source {
    kind: Kind,
    id: String,
    time: Timestamp,
    level: Level,
    server: Option<End>,
    community_id: Option<String>,
}

impl From<&Record<'_>> for Source {
    fn from(record: &Record<'_>) -> Self {
        let level = match &record.failure {
            Some(failure) => failure.finding.severity.into(),
            None if record.findings.is_empty() => Level::Info,
            None => Level::Notice,
        };
        Self {
            kind: Kind::Handshake,
            id: record.id.clone(),
            time: record.start_time.0,
            level,
            server: Some(record.server.end()),
            community_id: Some(record.community_id.clone()),
        }
    }
}

impl From<&IncidentRecord<'_>> for Source {
    fn from(record: &IncidentRecord<'_>) -> Self {
        Self {
            kind: Kind::Incident,
            id: record.id.clone(),
            time: record.start_time.0,
            level: record.finding.severity.into(),
            server: Some(record.server),
            community_id: None,
        }
    }
}

impl From<&StatsRecord<'_>> for Source {
    fn from(record: &StatsRecord<'_>) -> Self {
        Self {
            kind: Kind::Stats,
            id: record.id.clone(),
            time: record.end_time.0,
            level: Level::Info,
            server: None,
            community_id: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_marked_and_has_an_id_of_its_own() {
        let source = Source {
            kind: Kind::Handshake,
            id: "a1".into(),
            time: Timestamp::from_micros(7),
            level: Level::Error,
            server: Some("10.0.0.2:443".parse::<std::net::SocketAddr>().expect("an address").into()),
            community_id: None,
        };
        let mut batch = Batch { bytes: b"one\n".to_vec(), ..Batch::default() };
        batch.mark(0, &source);
        let from = batch.bytes.len();
        batch.bytes.extend(b"two\nthree\n");
        batch.mark(from, &Source { id: "b2".into(), ..source });
        let told: Vec<_> = batch.lines().map(|event| (event.mark.id.as_str(), event.line)).collect();
        assert_eq!(told, [("a1", &b"one"[..]), ("b2", b"two"), ("b2-1", b"three")]);
        assert_eq!(batch.marks[0].server.as_deref(), Some("10.0.0.2:443"));
    }
}
