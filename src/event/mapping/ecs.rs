//! The records as documents of the Elastic Common Schema, release 9.4.
//!
//! ECS has a place for most of a handshake; it is filled as ECS describes it and by the types that it gives, so that
//! dashboards and rules made for other sensors work. What ECS has no place for is below `tlscribe`, under the names of
//! the event itself (`tlscribe schema` describes them).
//!
//! - **Handshakes** are of kind `event`, **incidents** are `alert`s, **stats** are `metric`s. A handshake has the time
//!   of its beginning; the others that of their end, since what looks for new documents looks back only a few minutes.
//! - **Why a handshake failed**: `event.code` is the cause, which is never worded anew; `event.reason` is the
//!   sentence, as a keyword, and `message` the same to be searched word by word. Both are cause and sentence of
//!   incidents, too. Advice, party, confidence and evidence are below `tlscribe.failure`.
//! - **Ends** are written as `client` and `server` and again as `source` and `destination`: ECS asks for the second
//!   pair wherever the first is used, and maps and network pages rest on it. `address` is for what may be a name as
//!   well; here it is always an address.
//! - **The name that was asked for** is `tls.client.server_name` and one of `related.hosts`. It is not
//!   `server.domain`: it is what a client said, not what a server is called.
//! - **What the user knows of addresses** (enrichment): country, city and autonomous system are `geo` and `as` of the end;
//!   the tags of both ends are `tags`. A name is that of a range as often as of a host, so it is no `domain`: it stands
//!   below `tlscribe.client` and `tlscribe.server`, and with it again the end's own tags.
//! - **Detail**: what `brief` leaves out of events is left out here.

use super::super::certificate::CertificatePart;
use super::super::incident::IncidentRecord;
use super::super::parts::EndPart;
use super::super::record::{Observer, Record};
use super::super::stats::StatsRecord;
use super::super::value::{Address, Millis, Shown};
use super::object::filled;
use super::rest;
use crate::diagnosis::{Cause, Severity};
use crate::handshake::Outcome;
use crate::tls::registry::ProtocolVersion;
use crate::x509::PublicKey;
use serde::{Serialize, Serializer};
use std::net::IpAddr;

/// The release of ECS.
const ECS_VERSION: &str = "9.4.0";

/// A handshake.
pub(in crate::event) fn handshake<'a>(record: &'a Record<'_>) -> impl Serialize + 'a {
    let Record { client, server, bytes, .. } = record;
    let failure = record.failure.as_ref();
    let hello = record.client_hello.as_ref();
    object! {
        "@timestamp": record.start_time,
        "ecs": { "version": ECS_VERSION, },
        "message"?: failure.map(|failure| failure.summary),
        "tags"?: tags(record),
        "event": {
            "kind": "event",
            "category": ["network"],
            "type": ["connection", "protocol"],
            "action": "tls_handshake",
            "module": "tlscribe",
            "dataset": "tlscribe.handshake",
            "id": &record.id,
            "start": record.start_time,
            "end": record.end_time,
            // Nanoseconds.
            "duration"?: record.duration_ms.map(Millis::as_nanos),
            "outcome": outcome(record.outcome.0),
            "code"?: failure.map(|failure| failure.cause),
            "reason"?: failure.map(|failure| failure.summary),
            "severity"?: failure.map(|failure| severity(failure.finding.severity)),
        },
        "observer": observer(&record.observer),
        // Bytes of TCP payload that the end sent.
        "client": end(client, bytes.client),
        "server": end(server, bytes.server),
        "source": end(client, bytes.client),
        "destination": end(server, bytes.server),
        "network": {
            "transport": record.transport,
            "iana_number": "6",
            "type": network_type(server.ip),
            "protocol": record.protocol,
            "community_id": &record.community_id,
            "bytes": bytes.client.saturating_add(bytes.server),
            // The outermost, and the innermost where there are several.
            "vlan": { "id"?: record.vlan.first().map(Shown), },
            "inner": { "vlan": { "id"?: record.vlan.get(1..).and_then(<[u16]>::last).map(Shown), }, },
        },
        "tls": {
            // Without the protocol's name, and a draft as what it is a draft of; `tlscribe.version` has all of it.
            "version"?: record.version.and_then(|version| version_number(version.0)),
            "version_protocol"?: record.version.and_then(|version| version_protocol(version.0)),
            "cipher"?: record.cipher_suite,
            // Finite fields too, as other sensors do.
            "curve"?: record.named_group,
            "next_protocol"?: record.alpn,
            "resumed"?: record.resumed,
            "established"?: established(record.outcome.0),
            "client": {
                "server_name"?: record.sni,
                "ja3"?: record.ja3.as_deref(),
                "supported_ciphers"?: hello.and_then(|hello| hello.cipher_suites.as_ref()),
                "subject"?: record.client_certificate.as_ref().and_then(|certificate| certificate.subject),
                "issuer"?: record.client_certificate.as_ref().and_then(|certificate| certificate.issuer),
                "hash"?: record.client_certificate.as_ref().map(hash),
                "not_before"?: record.client_certificate.as_ref().and_then(|certificate| certificate.not_before),
                "not_after"?: record.client_certificate.as_ref().and_then(|certificate| certificate.not_after),
                "x509"?: record.client_certificate.as_ref().map(x509),
            },
            "server": {
                "ja3s"?: record.ja3s.as_deref(),
                "subject"?: record.server_certificate.as_ref().and_then(|certificate| certificate.subject),
                "issuer"?: record.server_certificate.as_ref().and_then(|certificate| certificate.issuer),
                "hash"?: record.server_certificate.as_ref().map(hash),
                "not_before"?: record.server_certificate.as_ref().and_then(|certificate| certificate.not_before),
                "not_after"?: record.server_certificate.as_ref().and_then(|certificate| certificate.not_after),
                "x509"?: record.server_certificate.as_ref().map(x509),
            },
        },
        "related": {
            "ip": [client.ip, server.ip],
            "hosts"?: record.sni.map(|name| [name]),
            "hash"?: hashes(record),
        },
        "tlscribe": {
            "schema": record.schema,
            // Which end is called so and tagged with what; ECS has names for networks only, one for both ends.
            "client": { "name"?: client.name, "tags"?: filled(client.tags), },
            "server": { "name"?: server.name, "tags"?: filled(server.tags), },
            "outcome": record.outcome,
            "version"?: record.version,
            "cipher_suite_code"?: record.cipher_suite_code,
            "signature_scheme"?: record.signature_scheme,
            "early_data"?: record.early_data,
            "hello_retry"?: record.hello_retry,
            "client_auth"?: record.client_auth,
            "ech"?: record.ech,
            "inferred"?: filled(&record.inferred),
            // ECS has no field for it yet.
            "ja4"?: record.ja4.as_deref(),
            "tunnel"?: record.tunnel,
            "starttls"?: record.starttls,
            "via"?: record.via,
            "failure"?: failure.map(rest::failure),
            "findings"?: filled(&record.findings),
            "retry_of"?: record.retry_of.as_deref(),
            "server_certificate"?: record.server_certificate.as_ref().map(certificate),
            "server_chain_sha256"?: record.server_chain_sha256.as_ref(),
            "chain_status"?: record.chain_status,
            "name_matches"?: record.name_matches,
            "client_certificate"?: record.client_certificate.as_ref().map(certificate),
            "client_chain_sha256"?: record.client_chain_sha256.as_ref(),
            "alerts"?: record.alerts.filled(),
            "close"?: record.close,
            "malformed"?: record.malformed.filled(),
            "timing"?: record.timing.as_ref(),
            "capture": {
                "file"?: record.observer.file,
                "frames"?: record.capture.frames,
                "complete": record.capture.complete,
                "missing"?: record.capture.missing.filled(),
            },
            "client_hello"?: hello.map(rest::client_hello),
            "server_hello"?: record.server_hello.as_ref(),
            "history"?: record.history.as_ref(),
            "timeline"?: record.timeline.as_ref(),
        },
    }
}

/// An incident.
pub(in crate::event) fn incident<'a>(record: &'a IncidentRecord<'_>) -> impl Serialize + 'a {
    let server = record.server;
    object! {
        "@timestamp": record.end_time,
        "ecs": { "version": ECS_VERSION, },
        "message": record.summary,
        "event": {
            "kind": "alert",
            "category": ["network"],
            "type": ["connection", "protocol"],
            "action": "tls_incident",
            "module": "tlscribe",
            "dataset": "tlscribe.incident",
            "id": &record.id,
            "start": record.start_time,
            "end": record.end_time,
            "outcome": if record.finding.cause == Cause::CaptureIncomplete { "unknown" } else { "failure" },
            "code": record.cause,
            "reason": record.summary,
            "severity": severity(record.finding.severity),
        },
        "observer": observer(&record.observer),
        // The server of the handshake that tells most.
        "server": { "ip": server.ip, "port": server.port, },
        "destination": { "ip": server.ip, "port": server.port, },
        "network": { "type": network_type(server.ip), "protocol": "tls", },
        "tls": { "client": { "server_name"?: record.sni, }, },
        "related": { "ip": [server.ip], "hosts"?: record.sni.map(|name| [name]), },
        "tlscribe": {
            "schema": record.schema,
            "failure": {
                "party": record.party,
                "confidence": record.confidence,
                "severity": record.severity,
                "advice"?: record.advice,
            },
            "incident": {
                "clients": record.clients,
                "servers": record.servers,
                "count": record.count,
                "first_handshake": record.first_handshake,
                "last_handshake": record.last_handshake,
                "last_success"?: record.last_success,
            },
            "capture": { "file"?: record.observer.file, },
        },
    }
}

/// What a run has counted. Metrics have no outcome, and ECS has no category for a sensor's own.
pub(in crate::event) fn stats<'a>(record: &'a StatsRecord<'_>) -> impl Serialize + 'a {
    object! {
        "@timestamp": record.end_time,
        "ecs": { "version": ECS_VERSION, },
        "event": {
            "kind": "metric",
            "action": "stats",
            "module": "tlscribe",
            "dataset": "tlscribe.stats",
            "id": &record.id,
            "start": record.start_time,
            "end": record.end_time,
        },
        "observer": observer(&record.observer),
        "tlscribe": {
            "schema": record.schema,
            "stats": {
                "frames": record.frames,
                "bytes": record.bytes,
                "kernel_drops": record.kernel_drops,
                "interface_drops": record.interface_drops,
                "undecoded": &record.undecoded,
                "flows": &record.flows,
                "buffered_bytes": record.buffered_bytes,
                "handshakes": &record.handshakes,
                "dropped": &record.dropped,
                "sinks": record.sinks,
                "memory_bytes"?: record.memory_bytes,
            },
        },
    }
}

/// `observer`: the sensor. The file is no log file; it is in `tlscribe.capture`.
fn observer<'a>(observer: &Observer<'a>) -> impl Serialize + use<'a> {
    let Observer { sensor, interface, version, .. } = *observer;
    object! {
        "type": "sensor",
        "name"?: sensor,
        "product": "tlscribe",
        "version": version,
        "ingress": { "interface": { "name"?: interface, }, },
    }
}

fn end<'a>(end: &EndPart<'a>, sent: u64) -> impl Serialize + use<'a> {
    object! {
        "ip": end.ip,
        "port": end.port,
        "bytes": sent,
        "geo": { "country_iso_code"?: end.country, "city_name"?: end.city, },
        "as": { "number"?: end.asn, "organization": { "name"?: end.as_org, }, },
    }
}

/// The tags of both ends, each once.
fn tags<'a>(record: &Record<'a>) -> Option<Vec<&'a str>> {
    let mut tags: Vec<&str> = Vec::new();
    for tag in record.client.tags.iter().chain(record.server.tags) {
        if !tags.contains(&&**tag) {
            tags.push(tag);
        }
    }
    (!tags.is_empty()).then_some(tags)
}

fn network_type(address: Address) -> &'static str {
    match address.0 {
        IpAddr::V4(_) => "ipv4",
        IpAddr::V6(_) => "ipv6",
    }
}

/// Of ECS's three. Nobody can tell of what is unfinished.
fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Established | Outcome::Unused => "success",
        Outcome::Failed | Outcome::Abandoned => "failure",
        Outcome::Unfinished => "unknown",
    }
}

/// `tls.established`: ECS asks whether the negotiation was successful. Where a side refused the other after it had
/// finished, it was not.
fn established(outcome: Outcome) -> Option<bool> {
    (outcome != Outcome::Unfinished).then_some(outcome.is_finished())
}

/// `event.severity`: a number that grows with what it matters.
fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Info => 1,
        Severity::Warning => 2,
        Severity::Error => 3,
    }
}

fn version_number(version: ProtocolVersion) -> Option<&'static str> {
    if version.is_tls13() {
        return Some("1.3");
    }
    version.name()?.split_once(' ').map(|(_, number)| number)
}

/// In small letters, as ECS asks.
fn version_protocol(version: ProtocolVersion) -> Option<&'static str> {
    if version.is_tls13() {
        return Some("tls");
    }
    match version.name()?.split_once(' ')?.0 {
        "SSL" => Some("ssl"),
        "DTLS" => Some("dtls"),
        _ => Some("tls"),
    }
}

fn hash(certificate: &CertificatePart<'_>) -> impl Serialize + use<> {
    object! { "sha256": certificate.sha256.to_ascii_uppercase(), }
}

/// `tls.server.x509` and `tls.client.x509`.
fn x509<'a>(certificate: &'a CertificatePart<'_>) -> impl Serialize + 'a {
    let key = certificate.facts.key.as_ref();
    object! {
        "subject": {
            "distinguished_name"?: certificate.subject,
            "common_name"?: certificate.facts.common_name.as_deref().map(|name| [name]),
        },
        "issuer": { "distinguished_name"?: certificate.issuer, },
        // Without colons, in capitals.
        "serial_number"?: certificate.serial.map(str::to_ascii_uppercase),
        "not_before"?: certificate.not_before,
        "not_after"?: certificate.not_after,
        "alternative_names"?: certificate.san.as_ref(),
        "public_key_algorithm"?: key.map(key_algorithm),
        "public_key_size"?: key.and_then(key_bits),
        "public_key_curve"?: key.and_then(key_curve),
        "signature_algorithm"?: certificate.signature_algorithm,
    }
}

fn key_algorithm(key: &PublicKey) -> &str {
    match key {
        PublicKey::Rsa(_) => "RSA",
        PublicKey::RsaPss(_) => "RSA-PSS",
        PublicKey::Dsa(_) => "DSA",
        PublicKey::Ec(_) => "ECDSA",
        PublicKey::Other(name) => name,
    }
}

fn key_bits(key: &PublicKey) -> Option<u32> {
    match key {
        PublicKey::Rsa(bits) | PublicKey::RsaPss(bits) => Some(*bits),
        PublicKey::Dsa(bits) => *bits,
        PublicKey::Ec(_) | PublicKey::Other(_) => None,
    }
}

fn key_curve(key: &PublicKey) -> Option<&str> {
    match key {
        PublicKey::Ec(curve) => curve.as_deref(),
        _ => None,
    }
}

/// What `tls.server.x509` has no place for.
fn certificate(certificate: &CertificatePart<'_>) -> impl Serialize + use<> {
    object! {
        "san_count": certificate.san_count,
        "self_signed"?: certificate.self_signed,
        "fault"?: certificate.fault,
    }
}

/// `related.hash`: everything that can be looked up in a list of known hashes, as it is written in its own field.
fn hashes<'a>(record: &'a Record<'_>) -> Option<Hashes<'a>> {
    let sha256 = |certificate: &'a Option<CertificatePart<'_>>| certificate.as_ref().map(|part| part.sha256);
    let hashes = Hashes {
        fingerprints: [record.ja3.as_deref(), record.ja3s.as_deref(), record.ja4.as_deref()],
        certificates: [sha256(&record.client_certificate), sha256(&record.server_certificate)],
    };
    hashes.fingerprints.iter().chain(&hashes.certificates).any(Option::is_some).then_some(hashes)
}

struct Hashes<'a> {
    fingerprints: [Option<&'a str>; 3],
    certificates: [Option<&'a str>; 2],
}

impl Serialize for Hashes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fingerprints = self.fingerprints.iter().flatten().map(|hash| (*hash).to_owned());
        let certificates = self.certificates.iter().flatten().map(|hash| hash.to_ascii_uppercase());
        serializer.collect_seq(fingerprints.chain(certificates))
    }
}
