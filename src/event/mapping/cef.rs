//! ArcSight's Common Event Format, version 0, which all that read CEF know: one line, for syslog. Keys are those of its
//! dictionary; tlscribe's own begin with `tlscribe`, as the format asks of what a product adds.
//!
//! The header's event class is the cause of a failure, or else the outcome; its severity is 8 for an error, 5 for a
//! warning, 3 for what is informational or has findings, and 1 for the rest.
//!
//! In values a backslash and an equals sign have a backslash before them, line ends are `\n` and `\r`; other control
//! characters are written as `\x1b`. What stands in the header is the program's own, and has nothing to escape.

use super::super::incident::IncidentRecord;
use super::super::record::Record;
use super::super::stats::StatsRecord;
use super::super::value::Address;
use super::cell::{Cell, push_escaped};
use super::severity;
use crate::handshake::Outcome;
use std::io::Write as _;
use std::net::IpAddr;

/// A key, the label that has to stand beside it where the key has no meaning of its own, and what goes into it.
type Key<F> = (&'static str, Option<&'static str>, F);
type OfHandshake = for<'r> fn(&'r Record<'r>) -> Cell<'r>;
type OfIncident = for<'r> fn(&'r IncidentRecord<'r>) -> Cell<'r>;
type OfStats = for<'r> fn(&'r StatsRecord<'r>) -> Cell<'r>;

const HANDSHAKE: &[Key<OfHandshake>] = &[
    // By this time the event is found.
    ("rt", None, |record| record.start_time.into()),
    ("start", None, |record| record.start_time.into()),
    ("end", None, |record| record.end_time.into()),
    ("cat", None, |_| "handshake".into()),
    // The TLS client and server. The addresses of version 0 are IPv4; others have keys with labels.
    ("src", None, |record| v4(record.client.ip)),
    ("c6a2", Some("Source IPv6 Address"), |record| v6(record.client.ip)),
    ("spt", None, |record| record.client.port.into()),
    ("dst", None, |record| v4(record.server.ip)),
    ("c6a3", Some("Destination IPv6 Address"), |record| v6(record.server.ip)),
    ("dpt", None, |record| record.server.port.into()),
    // The server name that was asked for.
    ("dhost", None, |record| record.sni.into()),
    ("proto", None, |_| "TCP".into()),
    ("app", None, |_| "TLS".into()),
    // The two words that the dictionary has; nothing where nobody can tell.
    ("outcome", None, |record| match record.outcome.0 {
        Outcome::Established | Outcome::Unused => "success".into(),
        Outcome::Failed | Outcome::Abandoned => "failure".into(),
        Outcome::Unfinished => Cell::Unset,
    }),
    ("reason", None, |record| record.failure.as_ref().map(|failure| failure.cause).into()),
    ("msg", None, |record| record.failure.as_ref().map(|failure| failure.summary).into()),
    // What the client and what the server sent: the dictionary counts as seen from source to destination.
    ("in", None, |record| record.bytes.client.into()),
    ("out", None, |record| record.bytes.server.into()),
    ("externalId", None, |record| (&record.id).into()),
    ("deviceInboundInterface", None, |record| record.observer.interface.into()),
    ("fname", None, |record| record.observer.file.into()),
    // What is searched by, in the places that every receiver has columns for.
    ("cs1", Some("TLS version"), |record| record.version.map(|version| version.to_string()).into()),
    ("cs2", Some("cipher suite"), |record| record.cipher_suite.into()),
    ("cs3", Some("JA4"), |record| record.ja4.as_ref().into()),
    ("cs4", Some("server certificate"), |record| {
        record.server_certificate.as_ref().and_then(|leaf| leaf.subject).into()
    }),
    ("cs5", Some("party"), |record| record.failure.as_ref().map(|failure| failure.party).into()),
    ("cs6", Some("community id"), |record| (&record.community_id).into()),
    ("deviceCustomDate1", Some("certificate not after"), |record| {
        let date = record.server_certificate.as_ref().and_then(|leaf| leaf.not_after);
        date.map_or(Cell::Unset, |date| Cell::Time(date.0.unix_seconds().saturating_mul(1_000_000)))
    }),
    ("tlscribeOutcome", None, |record| record.outcome.as_str().into()),
    ("tlscribeConfidence", None, |record| record.failure.as_ref().map(|failure| failure.confidence).into()),
    ("tlscribeStage", None, |record| record.failure.as_ref().map(|failure| failure.stage).into()),
    ("tlscribeAdvice", None, |record| record.failure.as_ref().and_then(|failure| failure.advice).into()),
    ("tlscribeNamedGroup", None, |record| record.named_group.into()),
    ("tlscribeAlpn", None, |record| record.alpn.into()),
    ("tlscribeResumed", None, |record| record.resumed.into()),
    ("tlscribeJa3", None, |record| record.ja3.as_ref().into()),
    ("tlscribeJa3s", None, |record| record.ja3s.as_ref().into()),
    ("tlscribeIssuer", None, |record| record.server_certificate.as_ref().and_then(|leaf| leaf.issuer).into()),
    ("tlscribeCertificateSha256", None, |record| record.server_certificate.as_ref().map(|leaf| leaf.sha256).into()),
    ("tlscribeChainStatus", None, |record| record.chain_status.into()),
    ("tlscribeRetryOf", None, |record| record.retry_of.as_ref().into()),
    ("tlscribeFindings", None, |record| record.findings.as_slice().into()),
    // What the user knows of the addresses, and calls this sensor.
    ("tlscribeClientName", None, |record| record.client.name.into()),
    ("tlscribeClientTags", None, |record| record.client.tags.into()),
    ("tlscribeClientCountry", None, |record| record.client.country.into()),
    ("tlscribeClientCity", None, |record| record.client.city.into()),
    ("tlscribeClientAsn", None, |record| record.client.asn.into()),
    ("tlscribeClientAsOrg", None, |record| record.client.as_org.into()),
    ("tlscribeServerName", None, |record| record.server.name.into()),
    ("tlscribeServerTags", None, |record| record.server.tags.into()),
    ("tlscribeServerCountry", None, |record| record.server.country.into()),
    ("tlscribeServerCity", None, |record| record.server.city.into()),
    ("tlscribeServerAsn", None, |record| record.server.asn.into()),
    ("tlscribeServerAsOrg", None, |record| record.server.as_org.into()),
    ("tlscribeSensor", None, |record| record.observer.sensor.into()),
];

const INCIDENT: &[Key<OfIncident>] = &[
    ("rt", None, |record| record.end_time.into()),
    ("start", None, |record| record.start_time.into()),
    ("end", None, |record| record.end_time.into()),
    ("cat", None, |_| "incident".into()),
    ("dst", None, |record| v4(record.server.ip)),
    ("c6a3", Some("Destination IPv6 Address"), |record| v6(record.server.ip)),
    ("dpt", None, |record| record.server.port.into()),
    ("dhost", None, |record| record.sni.into()),
    ("proto", None, |_| "TCP".into()),
    ("app", None, |_| "TLS".into()),
    ("outcome", None, |_| "failure".into()),
    ("reason", None, |record| record.cause.into()),
    ("msg", None, |record| record.summary.into()),
    // How many handshakes it met.
    ("cnt", None, |record| record.count.into()),
    ("externalId", None, |record| (&record.id).into()),
    ("cn1", Some("clients"), |record| (record.clients as u64).into()),
    ("cn2", Some("servers"), |record| (record.servers as u64).into()),
    ("cs5", Some("party"), |record| record.party.into()),
    ("tlscribeConfidence", None, |record| record.confidence.into()),
    ("tlscribeAdvice", None, |record| record.advice.into()),
    ("tlscribeFirstHandshake", None, |record| record.first_handshake.into()),
    ("tlscribeLastHandshake", None, |record| record.last_handshake.into()),
    ("tlscribeLastSuccess", None, |record| record.last_success.into()),
];

/// What tells whether the other events can be relied on.
const STATS: &[Key<OfStats>] = &[
    ("rt", None, |record| record.end_time.into()),
    ("start", None, |record| record.start_time.into()),
    ("end", None, |record| record.end_time.into()),
    ("cat", None, |_| "stats".into()),
    ("msg", None, |record| record.counts.to_string().into()),
    ("externalId", None, |record| (&record.id).into()),
    ("cn1", Some("frames"), |record| record.frames.into()),
    ("cn2", Some("kernel drops"), |record| record.kernel_drops.into()),
    ("cn3", Some("events lost"), |record| record.counts.events_lost().into()),
];

/// Appends a handshake, without a line end.
pub(in super::super) fn handshake(record: &Record<'_>, out: &mut Vec<u8>) {
    let failure = record.failure.as_ref();
    let class = failure.map_or(record.outcome.as_str(), |failure| failure.cause);
    let name = match record.outcome.0 {
        Outcome::Established => "TLS handshake established",
        Outcome::Unused => "TLS connection unused",
        Outcome::Abandoned => "TLS connection abandoned after the handshake",
        Outcome::Failed => "TLS handshake failed",
        Outcome::Unfinished => "TLS handshake unfinished",
    };
    header(class, name, severity::of_handshake(record), out);
    extension(HANDSHAKE.iter().map(|(key, label, cell)| (*key, *label, cell(record))), out);
}

/// Appends an incident, without a line end.
pub(in super::super) fn incident(record: &IncidentRecord<'_>, out: &mut Vec<u8>) {
    header(record.cause, "TLS handshakes with a server fail", severity::of_failure(record.finding.severity), out);
    extension(INCIDENT.iter().map(|(key, label, cell)| (*key, *label, cell(record))), out);
}

/// Appends the counters of a run, without a line end.
pub(in super::super) fn stats(record: &StatsRecord<'_>, out: &mut Vec<u8>) {
    header("stats", "Counters of the TLS sensor", severity::LEAST, out);
    extension(STATS.iter().map(|(key, label, cell)| (*key, *label, cell(record))), out);
}

fn header(class: &'static str, name: &'static str, severity: u8, out: &mut Vec<u8>) {
    let version = env!("CARGO_PKG_VERSION");
    let written = write!(out, "CEF:0|tlscribe|tlscribe|{version}|{class}|{name}|{severity}|");
    debug_assert!(written.is_ok(), "{written:?}");
}

fn extension<'r>(keys: impl Iterator<Item = (&'static str, Option<&'static str>, Cell<'r>)>, out: &mut Vec<u8>) {
    let mut first = true;
    for (key, label, cell) in keys.filter(|(_, _, cell)| !matches!(cell, Cell::Unset)) {
        if !std::mem::take(&mut first) {
            out.push(b' ');
        }
        out.extend_from_slice(key.as_bytes());
        out.push(b'=');
        push_escaped(out, &cell.text(), special);
        if let Some(label) = label {
            out.push(b' ');
            out.extend_from_slice(key.as_bytes());
            out.extend_from_slice(b"Label=");
            out.extend_from_slice(label.as_bytes());
        }
    }
}

fn special(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b'\\' => Some(b"\\\\"),
        b'=' => Some(b"\\="),
        b'\n' => Some(b"\\n"),
        b'\r' => Some(b"\\r"),
        _ => None,
    }
}

fn v4<'r>(address: Address) -> Cell<'r> {
    if matches!(address.0, IpAddr::V4(_)) { address.into() } else { Cell::Unset }
}

fn v6<'r>(address: Address) -> Cell<'r> {
    if matches!(address.0, IpAddr::V6(_)) { address.into() } else { Cell::Unset }
}

#[cfg(test)]
mod tests {
    use super::super::super::record::Observer;
    use super::super::super::{Counts, SinkCounts};
    use super::*;
    use proptest::prelude::*;

    /// The keys and values of an extension: a key is what stands before an equals sign that is not escaped, up to the
    /// space before it.
    fn parsed(extension: &str) -> Vec<(String, String)> {
        let (mut pairs, mut text, mut key) = (Vec::new(), String::new(), None);
        let mut characters = extension.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => text.push(match characters.next().expect("what is escaped") {
                    'n' => '\n',
                    'r' => '\r',
                    same @ ('\\' | '=') => same,
                    other => panic!("\\{other} is no escape"),
                }),
                '=' => {
                    let (value, next) = text.rsplit_once(' ').map_or(("", text.as_str()), |split| split);
                    if let Some(key) = key.replace(next.to_owned()) {
                        pairs.push((key, value.to_owned()));
                    }
                    text.clear();
                }
                other => text.push(other),
            }
        }
        pairs.extend(key.map(|key| (key, text)));
        pairs
    }

    /// Control characters that have no escape are told as text.
    fn told(text: &str) -> String {
        let shown = |c: char| {
            if c.is_ascii_control() && !matches!(c, '\n' | '\r') { format!("\\x{:02x}", c as u32) } else { c.into() }
        };
        text.chars().map(shown).collect()
    }

    proptest! {
        #[test]
        fn any_text_comes_back_from_a_value(name: Vec<u8>, subject: String) {
            let mut out = Vec::new();
            let cells = [("dhost", None, Cell::Bytes(&name)), ("msg", Some("a label"), Cell::from(&subject))];
            extension(cells.into_iter(), &mut out);
            prop_assert!(!out.iter().any(u8::is_ascii_control), "{:?}", out);
            let name = crate::event::value::Text(&name).to_string();
            let expected = [("dhost", told(&name)), ("msg", told(&subject)), ("msgLabel", "a label".into())];
            prop_assert_eq!(
                parsed(str::from_utf8(&out).expect("text")),
                expected.map(|(key, value)| (key.to_owned(), value)).to_vec()
            );
        }
    }

    #[test]
    fn an_address_has_the_key_of_its_kind() {
        let keys = |client: &str| {
            let mut out = Vec::new();
            let mut told = super::super::super::sample::Told::new(client, None, 0, Outcome::Established);
            told.handshake.server.set_ip(told.handshake.client.ip());
            told.record(|record| handshake(record, &mut out));
            String::from_utf8(out).expect("text")
        };
        let (four, six) = (keys("10.0.0.1:1"), keys("[2001:db8::1]:1"));
        assert!(four.contains(" src=10.0.0.1 spt=1 dst=10.0.0.1 ") && !four.contains("c6a"), "{four}");
        assert!(six.contains(" c6a2=2001:db8::1 c6a2Label=Source IPv6 Address spt=1 c6a3=2001:db8::1 "), "{six}");
        assert!(!six.contains(" src=") && !six.contains(" dst="), "{six}");
    }

    #[test]
    fn the_counters_of_a_run_are_an_event() {
        let sink = SinkCounts { name: "a=b".into(), lost: 2, ..SinkCounts::default() };
        let counts = Counts { kernel_drops: 5, sinks: vec![sink], ..Counts::default() };
        let mut out = Vec::new();
        stats(&StatsRecord::new(&counts, Observer::new(None, None)), &mut out);
        let line = String::from_utf8(out).expect("text");
        assert!(line.starts_with("CEF:0|tlscribe|tlscribe|") && line.contains("|stats|"), "{line}");
        assert!(line.contains(" cn2=5 cn2Label=kernel drops cn3=2 ") && line.contains("a\\=b"), "{line}");
    }
}
