//! ArcSight's Common Event Format, version 0, which all that read CEF know: one line, for syslog. Keys are those of its
//! dictionary; tlscribe's own begin with `tlscribe`, as the format asks of what a product adds.
//!
//! The header's event class is the cause of a failure, or else the outcome; its severity is 8 for an error, 5 for a
//! warning, 3 for what is informational or has findings, and 1 for the rest.
//!
//! In values a backslash and an equals sign have a backslash before them, line ends are `\n` and `\r`; other control
//! characters are written as `\x1b`. What stands in the header is the program's own, and has nothing to escape.

use super::super::incident::IncidentRecord;
use super::super::parts::End;
use super::super::record::Record;
use super::super::stats::StatsRecord;
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
    ("src", None, |record| v4(&record.client)),
    ("c6a2", Some("Source IPv6 Address"), |record| v6(&record.client)),
    ("spt", None, |record| record.client.port.into()),
    ("dst", None, |record| v4(&record.server)),
    ("c6a3", Some("Destination IPv6 Address"), |record| v6(&record.server)),
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
];

const INCIDENT: &[Key<OfIncident>] = &[
    ("rt", None, |record| record.end_time.into()),
    ("start", None, |record| record.start_time.into()),
    ("end", None, |record| record.end_time.into()),
    ("cat", None, |_| "incident".into()),
    ("dst", None, |record| v4(&record.server)),
    ("c6a3", Some("Destination IPv6 Address"), |record| v6(&record.server)),
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
    ("cn3", Some("events lost"), |record| record.counts.sinks.iter().map(|sink| sink.lost).sum::<u64>().into()),
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

fn v4<'r>(end: &End) -> Cell<'r> {
    if matches!(end.ip.0, IpAddr::V4(_)) { end.ip.into() } else { Cell::Unset }
}

fn v6<'r>(end: &End) -> Cell<'r> {
    if matches!(end.ip.0, IpAddr::V6(_)) { end.ip.into() } else { Cell::Unset }
}
