//! QRadar's Log Event Extended Format, version 2.0, with tabs between the attributes: one line, for syslog. Keys are
//! those that QRadar knows; its guide lets a product add others, of letters and digits.
//!
//! The header's event id is the cause of a failure, or else the outcome, so that a QID can be mapped to each. Severity
//! is that of CEF.
//!
//! The format knows no escapes and forbids tabs and line ends in values: they are `\t`, `\n` and `\r`, so a backslash is
//! doubled; other control characters are written as `\x1b`.

use super::super::incident::IncidentRecord;
use super::super::record::Record;
use super::super::stats::StatsRecord;
use super::cell::{Cell, push_escaped};
use super::severity;
use std::io::Write as _;

/// An attribute: its key, and what goes into it.
type Attribute<F> = (&'static str, F);
type OfHandshake = for<'r> fn(&'r Record<'r>) -> Cell<'r>;
type OfIncident = for<'r> fn(&'r IncidentRecord<'r>) -> Cell<'r>;
type OfStats = for<'r> fn(&'r StatsRecord<'r>) -> Cell<'r>;

const HANDSHAKE: &[Attribute<OfHandshake>] = &[
    // In milliseconds since 1970, which QRadar takes without being told the format.
    ("devTime", |record| record.start_time.into()),
    ("cat", |_| "handshake".into()),
    ("sev", |record| u64::from(severity::of_handshake(record)).into()),
    ("proto", |_| "TCP".into()),
    // The TLS client and server.
    ("src", |record| record.client.ip.into()),
    ("srcPort", |record| record.client.port.into()),
    ("dst", |record| record.server.ip.into()),
    ("dstPort", |record| record.server.port.into()),
    ("srcBytes", |record| record.bytes.client.into()),
    ("dstBytes", |record| record.bytes.server.into()),
    // From here on keys of our own: a custom property makes each a column.
    ("sni", |record| record.sni.into()),
    ("outcome", |record| record.outcome.as_str().into()),
    ("cause", |record| record.failure.as_ref().map(|failure| failure.cause).into()),
    ("party", |record| record.failure.as_ref().map(|failure| failure.party).into()),
    ("confidence", |record| record.failure.as_ref().map(|failure| failure.confidence).into()),
    ("stage", |record| record.failure.as_ref().map(|failure| failure.stage).into()),
    ("reason", |record| record.failure.as_ref().map(|failure| failure.summary).into()),
    ("advice", |record| record.failure.as_ref().and_then(|failure| failure.advice).into()),
    ("tlsVersion", |record| record.version.map(|version| version.to_string()).into()),
    ("cipherSuite", |record| record.cipher_suite.into()),
    ("namedGroup", |record| record.named_group.into()),
    ("alpn", |record| record.alpn.into()),
    ("resumed", |record| record.resumed.into()),
    ("ja3", |record| record.ja3.as_ref().into()),
    ("ja3s", |record| record.ja3s.as_ref().into()),
    ("ja4", |record| record.ja4.as_ref().into()),
    ("certificateSubject", |record| record.server_certificate.as_ref().and_then(|leaf| leaf.subject).into()),
    ("certificateIssuer", |record| record.server_certificate.as_ref().and_then(|leaf| leaf.issuer).into()),
    ("certificateSha256", |record| record.server_certificate.as_ref().map(|leaf| leaf.sha256).into()),
    ("certificateNotAfter", |record| {
        record.server_certificate.as_ref().and_then(|leaf| leaf.not_after).map(|date| date.to_string()).into()
    }),
    ("chainStatus", |record| record.chain_status.into()),
    ("findings", |record| record.findings.as_slice().into()),
    ("communityId", |record| (&record.community_id).into()),
    ("eventId", |record| (&record.id).into()),
    ("retryOf", |record| record.retry_of.as_ref().into()),
    ("interface", |record| record.observer.interface.into()),
    ("captureFile", |record| record.observer.file.into()),
    // What the user calls this sensor, and knows of the addresses.
    ("sensor", |record| record.observer.sensor.into()),
    ("clientName", |record| record.client.name.into()),
    ("clientTags", |record| record.client.tags.into()),
    ("clientCountry", |record| record.client.country.into()),
    ("clientCity", |record| record.client.city.into()),
    ("clientAsn", |record| record.client.asn.into()),
    ("clientAsOrg", |record| record.client.as_org.into()),
    ("serverName", |record| record.server.name.into()),
    ("serverTags", |record| record.server.tags.into()),
    ("serverCountry", |record| record.server.country.into()),
    ("serverCity", |record| record.server.city.into()),
    ("serverAsn", |record| record.server.asn.into()),
    ("serverAsOrg", |record| record.server.as_org.into()),
];

const INCIDENT: &[Attribute<OfIncident>] = &[
    ("devTime", |record| record.end_time.into()),
    ("cat", |_| "incident".into()),
    ("sev", |record| u64::from(severity::of_failure(record.finding.severity)).into()),
    ("proto", |_| "TCP".into()),
    ("dst", |record| record.server.ip.into()),
    ("dstPort", |record| record.server.port.into()),
    ("sni", |record| record.sni.into()),
    ("cause", |record| record.cause.into()),
    ("party", |record| record.party.into()),
    ("confidence", |record| record.confidence.into()),
    ("reason", |record| record.summary.into()),
    ("advice", |record| record.advice.into()),
    // How many handshakes, clients and servers it met.
    ("count", |record| record.count.into()),
    ("clients", |record| (record.clients as u64).into()),
    ("servers", |record| (record.servers as u64).into()),
    ("firstTime", |record| record.start_time.into()),
    ("firstHandshake", |record| record.first_handshake.into()),
    ("lastHandshake", |record| record.last_handshake.into()),
    ("lastSuccess", |record| record.last_success.into()),
    ("eventId", |record| (&record.id).into()),
];

/// What tells whether the other events can be relied on.
const STATS: &[Attribute<OfStats>] = &[
    ("devTime", |record| record.end_time.into()),
    ("cat", |_| "stats".into()),
    ("sev", |_| u64::from(severity::LEAST).into()),
    ("reason", |record| record.counts.to_string().into()),
    ("frames", |record| record.frames.into()),
    ("kernelDrops", |record| record.kernel_drops.into()),
    ("eventsLost", |record| record.counts.events_lost().into()),
    ("eventId", |record| (&record.id).into()),
];

/// Appends a handshake, without a line end.
pub(in super::super) fn handshake(record: &Record<'_>, out: &mut Vec<u8>) {
    header(record.failure.as_ref().map_or(record.outcome.as_str(), |failure| failure.cause), out);
    attributes(HANDSHAKE.iter().map(|(key, cell)| (*key, cell(record))), out);
}

/// Appends an incident, without a line end.
pub(in super::super) fn incident(record: &IncidentRecord<'_>, out: &mut Vec<u8>) {
    header("incident", out);
    attributes(INCIDENT.iter().map(|(key, cell)| (*key, cell(record))), out);
}

/// Appends the counters of a run, without a line end.
pub(in super::super) fn stats(record: &StatsRecord<'_>, out: &mut Vec<u8>) {
    header("stats", out);
    attributes(STATS.iter().map(|(key, cell)| (*key, cell(record))), out);
}

fn header(event: &'static str, out: &mut Vec<u8>) {
    let written = write!(out, "LEEF:2.0|tlscribe|tlscribe|{}|{event}|x09|", env!("CARGO_PKG_VERSION"));
    debug_assert!(written.is_ok(), "{written:?}");
}

fn attributes<'r>(attributes: impl Iterator<Item = (&'static str, Cell<'r>)>, out: &mut Vec<u8>) {
    let set = attributes.filter(|(_, cell)| !matches!(cell, Cell::Unset));
    for (at, (key, cell)) in set.enumerate() {
        if at > 0 {
            out.push(b'\t');
        }
        out.extend_from_slice(key.as_bytes());
        out.push(b'=');
        push_escaped(out, &cell.text(), special);
    }
}

fn special(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b'\\' => Some(b"\\\\"),
        b'\t' => Some(b"\\t"),
        b'\n' => Some(b"\\n"),
        b'\r' => Some(b"\\r"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::record::Observer;
    use super::super::super::{Counts, SinkCounts};
    use super::*;
    use proptest::prelude::*;

    /// The keys and values of an event's attributes.
    fn parsed(attributes: &str) -> Vec<(String, String)> {
        let unescaped = |value: &str| {
            let (mut text, mut characters) = (String::new(), value.chars());
            while let Some(character) = characters.next() {
                text.push(match character {
                    '\\' => match characters.next().expect("what is escaped") {
                        't' => '\t',
                        'n' => '\n',
                        'r' => '\r',
                        '\\' => '\\',
                        other => panic!("\\{other} is no escape"),
                    },
                    other => other,
                });
            }
            text
        };
        let pair = |attribute: &str| {
            let (key, value) = attribute.split_once('=').expect("a key");
            (key.to_owned(), unescaped(value))
        };
        attributes.split('\t').map(pair).collect()
    }

    proptest! {
        #[test]
        fn any_text_comes_back_from_a_value(name: Vec<u8>, subject: String) {
            let mut out = Vec::new();
            let cells = [("sni", Cell::Bytes(&name)), ("cat", Cell::Unset), ("reason", Cell::from(&subject))];
            attributes(cells.into_iter(), &mut out);
            prop_assert!(!out.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t'), "{:?}", out);
            let told = |text: &str| -> String {
                let shown = |c: char| {
                    if c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r') {
                        format!("\\x{:02x}", c as u32)
                    } else {
                        c.into()
                    }
                };
                text.chars().map(shown).collect()
            };
            let name = crate::event::value::Text(&name).to_string();
            prop_assert_eq!(
                parsed(str::from_utf8(&out).expect("text")),
                vec![("sni".to_owned(), told(&name)), ("reason".to_owned(), told(&subject))]
            );
        }
    }

    #[test]
    fn no_key_is_there_twice_and_all_are_letters_and_digits() {
        let of = |keys: Vec<&'static str>| {
            let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
            assert_eq!(distinct.len(), keys.len(), "{keys:?}");
            assert!(keys.iter().all(|key| key.bytes().all(|byte| byte.is_ascii_alphanumeric())), "{keys:?}");
        };
        of(HANDSHAKE.iter().map(|(key, _)| *key).collect());
        of(INCIDENT.iter().map(|(key, _)| *key).collect());
        of(STATS.iter().map(|(key, _)| *key).collect());
    }

    #[test]
    fn the_counters_of_a_run_are_an_event() {
        let sink = SinkCounts { name: "a\tb".into(), lost: 2, ..SinkCounts::default() };
        let counts = Counts { kernel_drops: 5, sinks: vec![sink], ..Counts::default() };
        let mut out = Vec::new();
        stats(&StatsRecord::new(&counts, Observer::new(None, None)), &mut out);
        let line = String::from_utf8(out).expect("text");
        assert!(line.starts_with("LEEF:2.0|tlscribe|tlscribe|") && line.contains("|stats|x09|devTime="), "{line}");
        assert!(line.contains("\tkernelDrops=5\teventsLost=2\t") && line.contains(r"a\tb"), "{line}");
    }
}
