//! The formats: JSON lines, tab-separated fields, and one line of text for people.

use super::fields::Fields;
use super::incident::IncidentRecord;
use super::json;
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
    /// One line for people.
    Text,
    /// Tab-separated fields under a line with their names.
    Tsv,
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
    /// Fields cannot be chosen for text.
    pub fn new(format: Format, detail: Detail, fields: Option<Fields>) -> Result<Self, String> {
        let fields = match (format, fields) {
            (Format::Text, Some(_)) => return Err("fields can be chosen for native and tsv, not for text".into()),
            (Format::Tsv, None) => Some(TSV_FIELDS.parse()?),
            (_, fields) => fields,
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
        self.put(record, Line(record), out);
    }

    /// Appends an incident, a line.
    pub fn write_incident(&self, record: &IncidentRecord<'_>, out: &mut Vec<u8>) {
        self.put(record, IncidentLine(record), out);
    }

    /// Appends what a run has counted, a line; false where only some fields of handshakes are wanted, and nothing else.
    pub fn write_stats(&self, record: &StatsRecord<'_>, out: &mut Vec<u8>) -> bool {
        if self.fields.is_none() {
            self.put(record, StatsLine(record), out);
        }
        self.fields.is_none()
    }

    fn put(&self, record: impl Serialize, line: impl fmt::Display, out: &mut Vec<u8>) {
        let written = match (self.format, &self.fields) {
            (Format::Text, _) => write!(out, "{line}").map_err(serde_json::Error::io),
            (Format::Tsv, Some(fields)) => serde_json::to_value(record).map(|event| fields.tsv(&event, out)),
            (_, Some(fields)) => serde_json::to_value(record).and_then(|event| json::write(&fields.of(&event), out)),
            (_, None) => json::write(&record, out),
        };
        // Strings, numbers and lists have no way to fail, nor has a buffer in memory.
        debug_assert!(written.is_ok(), "{written:?}");
        out.push(b'\n');
    }
}
