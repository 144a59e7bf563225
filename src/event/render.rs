//! The formats: JSON lines of our own and in the shapes of others, tab-separated fields, and one line of text for people.

use super::fields::Fields;
use super::incident::IncidentRecord;
use super::json;
use super::mapping::{ecs, ocsf};
use super::record::{Detail, Record};
use super::stats::StatsRecord;
use super::text::{IncidentLine, Line, StatsLine};
use serde::Serialize;
use std::fmt;
use std::io::Write as _;

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line: the event itself.
    #[default]
    Native,
    /// One JSON document of the Elastic Common Schema a line.
    Ecs,
    /// One JSON event of the Open Cybersecurity Schema Framework a line.
    Ocsf,
    /// One line for people.
    Text,
    /// Tab-separated fields under a line with their names.
    Tsv,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native",
            Self::Ecs => "ecs",
            Self::Ocsf => "ocsf",
            Self::Text => "text",
            Self::Tsv => "tsv",
        })
    }
}

/// What tab-separated output has where no fields are named.
const TSV_FIELDS: &str = "start_time,id,client.ip,client.port,server.ip,server.port,outcome,version,cipher_suite,\
                          named_group,sni,alpn,resumed,ja3,ja4,server_certificate.subject,alerts.name,close.by,failure.cause,failure.party";

/// Format, detail and fields together: how one event becomes bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendering {
    format: Format,
    detail: Detail,
    fields: Option<Fields>,
}

impl Rendering {
    /// With `fields` absent an event has all of them; TSV has a choice of its own.
    ///
    /// # Errors
    /// Fields can be chosen only where events have their own names.
    pub fn new(format: Format, detail: Detail, fields: Option<Fields>) -> Result<Self, String> {
        let fields = match (format, fields) {
            (Format::Tsv, None) => Some(TSV_FIELDS.parse()?),
            (Format::Native | Format::Tsv, fields) => fields,
            (_, None) => None,
            (other, Some(_)) => return Err(format!("fields can be chosen for native and tsv, not for {other}")),
        };
        Ok(Self { format, detail, fields })
    }

    /// How much the record has to have.
    pub fn detail(&self) -> Detail {
        self.detail
    }

    /// What stands before the first event.
    pub fn header(&self) -> Vec<u8> {
        match (&self.fields, self.format) {
            (Some(fields), Format::Tsv) => (fields.paths().join("\t") + "\n").into_bytes(),
            _ => Vec::new(),
        }
    }

    /// Appends an event, a line.
    pub fn write(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        match self.format {
            Format::Ecs => put_json(&ecs::handshake(record), out),
            Format::Ocsf => put_json(&ocsf::handshake(record), out),
            _ => self.put(record, Line(record), out),
        }
    }

    /// Appends an incident, a line.
    pub fn write_incident(&self, record: &IncidentRecord<'_>, out: &mut Vec<u8>) {
        match self.format {
            Format::Ecs => put_json(&ecs::incident(record), out),
            Format::Ocsf => put_json(&ocsf::incident(record), out),
            _ => self.put(record, IncidentLine(record), out),
        }
    }

    /// Appends what a run has counted, a line; false where the format has no place for it, or only some fields of
    /// handshakes are wanted.
    pub fn write_stats(&self, record: &StatsRecord<'_>, out: &mut Vec<u8>) -> bool {
        let wanted = self.fields.is_none() && self.format != Format::Ocsf;
        match self.format {
            _ if !wanted => {}
            Format::Ecs => put_json(&ecs::stats(record), out),
            _ => self.put(record, StatsLine(record), out),
        }
        wanted
    }

    fn put(&self, record: impl Serialize, line: impl fmt::Display, out: &mut Vec<u8>) {
        let written = match (self.format, &self.fields) {
            (Format::Text, _) => write!(out, "{line}").map_err(serde_json::Error::io),
            (Format::Tsv, Some(fields)) => serde_json::to_value(record).map(|event| fields.tsv(&event, out)),
            (_, Some(fields)) => serde_json::to_value(record).and_then(|event| json::write(&fields.of(&event), out)),
            (_, None) => json::write(&record, out),
        };
        end_line(written, out);
    }
}

fn put_json(record: &impl Serialize, out: &mut Vec<u8>) {
    let written = json::write(record, out);
    end_line(written, out);
}

fn end_line(written: Result<(), serde_json::Error>, out: &mut Vec<u8>) {
    // Strings, numbers and lists have no way to fail, nor has a buffer in memory.
    debug_assert!(written.is_ok(), "{written:?}");
    out.push(b'\n');
}
