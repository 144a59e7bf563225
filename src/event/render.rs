//! The formats: JSON lines of our own and in the shapes of others, tab-separated fields, and one line of text for people.

use super::fields::Fields;
use super::incident::IncidentRecord;
use super::json;
use super::mapping::zeek::{Encoding, Log};
use super::mapping::{cef, ecs, eve, leef, ocsf};
use super::name::named;
use super::record::{Detail, Record};
use super::stats::StatsRecord;
use super::text::{IncidentLine, Line, StatsLine};
use serde::Serialize;
use std::fmt;
use std::io::Write as _;
use std::str::FromStr;

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
    /// Zeek's ssl.log as JSON lines.
    Zeek,
    /// Zeek's ssl.log, tab-separated.
    ZeekTsv,
    /// Zeek's x509.log as JSON lines.
    ZeekX509,
    /// Zeek's x509.log, tab-separated.
    ZeekX509Tsv,
    /// Suricata's EVE.
    Eve,
    /// ArcSight's Common Event Format.
    Cef,
    /// QRadar's Log Event Extended Format.
    Leef,
}

impl Format {
    /// All of them, by name, with what each is.
    pub const ALL: [(&str, Self, &str); 12] = [
        ("native", Self::Native, "One JSON object a line"),
        ("ecs", Self::Ecs, "Elastic Common Schema, as JSON lines"),
        ("ocsf", Self::Ocsf, "Open Cybersecurity Schema Framework, as JSON lines"),
        ("text", Self::Text, "One line for people"),
        ("tsv", Self::Tsv, "Tab-separated fields"),
        ("zeek", Self::Zeek, "Zeek's ssl.log as JSON lines"),
        ("zeek-tsv", Self::ZeekTsv, "Zeek's ssl.log, tab-separated"),
        ("zeek-x509", Self::ZeekX509, "Zeek's x509.log as JSON lines"),
        ("zeek-x509-tsv", Self::ZeekX509Tsv, "Zeek's x509.log, tab-separated"),
        ("eve", Self::Eve, "Suricata's EVE"),
        ("cef", Self::Cef, "ArcSight's Common Event Format"),
        ("leef", Self::Leef, "QRadar's Log Event Extended Format"),
    ];
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        named(&Self::ALL, text)
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

/// Its format and detail, by name.
impl fmt::Display for Rendering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = Format::ALL.iter().find(|(_, format, _)| *format == self.format).map_or("", |(name, ..)| name);
        let detail = Detail::ALL.iter().find(|(_, detail, _)| *detail == self.detail).map_or("", |(name, ..)| name);
        write!(f, "{format}, {detail}")
    }
}

impl Rendering {
    /// With `fields` absent an event has all of them; TSV has a choice of its own.
    ///
    /// # Errors
    /// Fields can be chosen for formats of our own fields only.
    pub fn new(format: Format, detail: Detail, fields: Option<Fields>) -> Result<Self, String> {
        let fields = match (format, fields) {
            (Format::Native | Format::Tsv, Some(fields)) => Some(fields),
            (_, Some(_)) => return Err("fields can be chosen for the formats native and tsv only".into()),
            (Format::Tsv, None) => Some(TSV_FIELDS.parse()?),
            (_, None) => None,
        };
        Ok(Self { format, detail, fields })
    }

    /// How much the record has to have.
    pub fn detail(&self) -> Detail {
        self.detail
    }

    /// Whether the format has a place for incidents.
    pub fn has_incidents(&self) -> bool {
        match self.format {
            Format::Native | Format::Text | Format::Tsv | Format::Ecs | Format::Ocsf | Format::Cef | Format::Leef => {
                true
            }
            Format::Zeek | Format::ZeekTsv | Format::ZeekX509 | Format::ZeekX509Tsv | Format::Eve => false,
        }
    }

    /// Whether each line is a JSON object.
    pub fn is_json(&self) -> bool {
        match self.format {
            Format::Native | Format::Ecs | Format::Ocsf | Format::Zeek | Format::ZeekX509 | Format::Eve => true,
            Format::Text | Format::Tsv | Format::ZeekTsv | Format::ZeekX509Tsv | Format::Cef | Format::Leef => false,
        }
    }

    /// What stands before the first event of a file that begins now.
    pub fn header(&self) -> Vec<u8> {
        match (&self.fields, self.format) {
            (Some(fields), Format::Tsv) => (fields.paths().join("\t") + "\n").into_bytes(),
            (_, Format::ZeekTsv) => Log::Ssl.header(),
            (_, Format::ZeekX509Tsv) => Log::X509.header(),
            _ => Vec::new(),
        }
    }

    /// What stands behind the last event of a file that ends now.
    pub fn footer(&self) -> Vec<u8> {
        match self.format {
            Format::ZeekTsv | Format::ZeekX509Tsv => Log::footer(),
            _ => Vec::new(),
        }
    }

    /// Appends the lines of an event and says how many they are: most formats have one, x509.log one for each certificate.
    pub fn write(&self, record: &Record<'_>, out: &mut Vec<u8>) -> u64 {
        match self.format {
            Format::Native | Format::Text | Format::Tsv => self.put(record, Line(record), out),
            Format::Zeek => return Log::Ssl.write(record, Encoding::Json, out),
            Format::ZeekTsv => return Log::Ssl.write(record, Encoding::Tsv, out),
            Format::ZeekX509 => return Log::X509.write(record, Encoding::Json, out),
            Format::ZeekX509Tsv => return Log::X509.write(record, Encoding::Tsv, out),
            Format::Ecs => written(json::write(&ecs::handshake(record), out)),
            Format::Ocsf => written(json::write(&ocsf::handshake(record), out)),
            Format::Eve => written(json::write(&eve::event(record), out)),
            Format::Cef => cef::handshake(record, out),
            Format::Leef => leef::handshake(record, out),
        }
        out.push(b'\n');
        1
    }

    /// Appends an incident, a line, and says how many they are: none where the format has no place for it.
    pub fn write_incident(&self, record: &IncidentRecord<'_>, out: &mut Vec<u8>) -> u64 {
        match self.format {
            Format::Native | Format::Text | Format::Tsv => self.put(record, IncidentLine(record), out),
            Format::Ecs => written(json::write(&ecs::incident(record), out)),
            Format::Ocsf => written(json::write(&ocsf::incident(record), out)),
            Format::Cef => cef::incident(record, out),
            Format::Leef => leef::incident(record, out),
            Format::Zeek | Format::ZeekTsv | Format::ZeekX509 | Format::ZeekX509Tsv | Format::Eve => return 0,
        }
        out.push(b'\n');
        1
    }

    /// Appends what a run has counted, a line, and says how many they are: none where only some fields of handshakes are
    /// wanted, or the format has no place for it.
    pub fn write_stats(&self, record: &StatsRecord<'_>, out: &mut Vec<u8>) -> u64 {
        match self.format {
            _ if self.fields.is_some() => return 0,
            Format::Native | Format::Text | Format::Tsv => self.put(record, StatsLine(record), out),
            Format::Ecs => written(json::write(&ecs::stats(record), out)),
            Format::Cef => cef::stats(record, out),
            Format::Leef => leef::stats(record, out),
            Format::Zeek | Format::ZeekTsv | Format::ZeekX509 | Format::ZeekX509Tsv | Format::Eve | Format::Ocsf => {
                return 0;
            }
        }
        out.push(b'\n');
        1
    }

    fn put(&self, record: impl Serialize, line: impl fmt::Display, out: &mut Vec<u8>) {
        written(match (self.format, &self.fields) {
            (Format::Text, _) => write!(out, "{line}").map_err(serde_json::Error::io),
            (Format::Tsv, Some(fields)) => fields.read(&record).map(|event| fields.tsv(&event, out)),
            (_, Some(fields)) => fields.read(&record).and_then(|event| json::write(&fields.of(&event), out)),
            (_, None) => json::write(&record, out),
        });
    }
}

/// Strings, numbers and lists have no way to fail, nor has a buffer in memory.
fn written(result: Result<(), serde_json::Error>) {
    debug_assert!(result.is_ok(), "{result:?}");
}
