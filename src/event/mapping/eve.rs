//! Suricata's EVE: a `tls` event for each handshake, as Suricata 7 writes it with `extended: yes`, JA3 and JA4, so that
//! what reads `eve.json` reads this too. tlscribe's own is in the object `tlscribe`, under the names of our event.
//!
//! Where no server has answered, Suricata's `version` is what the client's hello has in its version field; here it is what
//! was negotiated, or absent.
//!
//! Incidents are left out: EVE has no such event. So are the counters of a run: a `stats` event has Suricata's, and
//! dashboards would add ours to them.

use super::super::record::Record;
use super::super::value::Time;
use super::object::{Object, Rows, filled};
use super::rest;
use crate::fingerprint::{push_ja3_text, push_ja3s_text};
use crate::hex::digits;
use crate::tls::registry::ProtocolVersion;
use crate::x509::{CertificateFacts, CertificateTime};
use serde::{Serialize, Serializer};
use sha1::{Digest as _, Sha1};

/// One event.
pub(in super::super) fn event<'r>(record: &'r Record<'_>) -> impl Serialize + 'r {
    object! {
        // Suricata says when it wrote the event, we when the connection began: that is what people search by.
        "timestamp": EveTime(record.start_time),
        // Of as many bits as Suricata's, and exact as a JavaScript number. From the event's id: the same in a second run.
        "flow_id": (u128::from_str_radix(&record.id, 16).unwrap_or_default() >> 76) as u64,
        // Where Suricata has its `sensor-name`.
        "host"?: record.observer.sensor,
        "in_iface"?: record.observer.interface,
        "pcap_filename"?: record.observer.file,
        "event_type": "tls",
        "vlan"?: filled(record.vlan),
        // The TLS client.
        "src_ip": record.client.ip,
        "src_port": record.client.port,
        "dest_ip": record.server.ip,
        "dest_port": record.server.port,
        "proto": "TCP",
        "community_id": &record.community_id,
        "tls": tls(record),
        "tlscribe": own(record),
    }
}

fn tls<'r>(record: &'r Record<'_>) -> impl Serialize + 'r {
    let negotiated = record.facts.negotiated;
    let (ja3, ja3s) = (record.ja3.as_deref(), record.ja3s.as_deref());
    object! {
        // Only where it is true, as in Suricata.
        "session_resumed"?: record.resumed.filter(|resumed| *resumed),
        ..record.server_certificate.as_ref().map(|leaf| certificate(leaf.facts)),
        "sni"?: record.sni,
        "version"?: record.version.map(|version| Version(version.0)),
        "ja3"?: ja3.zip(negotiated.client_hello.as_ref()).map(|(hash, hello)| hashed(hash, |text| push_ja3_text(text, hello))),
        "ja3s"?: ja3s.zip(negotiated.server_hello.as_ref()).map(|(hash, hello)| hashed(hash, |text| push_ja3s_text(text, hello))),
        "ja4"?: record.ja4.as_deref(),
        "client"?: record.client_certificate.as_ref().map(|leaf| certificate(leaf.facts)),
        // The protocol that became TLS, by Suricata's name.
        "from_proto"?: from_proto(record),
    }
}

/// A fingerprint and the text that was hashed.
fn hashed<P: FnOnce(&mut Vec<u8>)>(hash: &str, push_text: P) -> impl Serialize + use<'_, P> {
    let mut text = Vec::new();
    push_text(&mut text);
    object! { "hash": hash, "string": String::from_utf8(text).unwrap_or_default(), }
}

/// A certificate's part of `tls`, and all of `tls.client`.
fn certificate(facts: &CertificateFacts) -> Object<impl Rows> {
    object! {
        "subject"?: facts.subject.as_deref().map(name),
        "issuerdn"?: facts.issuer.as_deref().map(name),
        "serial"?: facts.serial.as_deref().map(serial),
        "fingerprint"?: (!facts.der.is_empty()).then(|| fingerprint(&facts.der)),
        "notbefore"?: facts.not_before.map(Date),
        "notafter"?: facts.not_after.map(Date),
    }
}

/// `tlscribe`: what EVE has no place for.
fn own<'r>(record: &'r Record<'_>) -> impl Serialize + 'r {
    let failure = record.failure.as_ref();
    object! {
        "id": &record.id,
        ..ends(record),
        "duration_ms"?: record.duration_ms,
        "outcome": record.outcome,
        "cause"?: failure.map(|failure| failure.cause),
        "party"?: failure.map(|failure| failure.party),
        "confidence"?: failure.map(|failure| failure.confidence),
        "severity"?: failure.map(|failure| failure.severity),
        "stage"?: failure.map(|failure| failure.stage),
        // The summary of the failure.
        "reason"?: failure.map(|failure| failure.summary),
        "advice"?: failure.and_then(|failure| failure.advice),
        "cipher_suite"?: record.cipher_suite,
        "named_group"?: record.named_group,
        "alpn"?: record.alpn,
        "chain_status"?: record.chain_status,
        "name_matches"?: record.name_matches,
        "retry_of"?: record.retry_of.as_deref(),
        "findings": &record.findings,
        // The capture has all that the two ends sent.
        "complete": record.capture.complete,
    }
}

/// What the user knows of the addresses.
fn ends<'r>(record: &Record<'r>) -> Option<Object<impl Rows + use<'r>>> {
    let (client, server) = (rest::known(&record.client), rest::known(&record.server));
    Some(object! { "client"?: client.filled(), "server"?: server.filled(), })
}

/// The protocol that became TLS by STARTTLS, or that asked a proxy for a way through.
fn from_proto(record: &Record<'_>) -> Option<&'static str> {
    match record.starttls {
        Some("postgresql") => Some("pgsql"),
        None if record.via.is_some_and(|via| via.starts_with("connect ")) => Some("http"),
        other => other,
    }
}

/// A moment as Suricata writes it where it runs in UTC: `2026-03-01T10:00:00.123456+0000`.
struct EveTime(Time);

impl Serialize for EveTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = self.0.to_string();
        serializer.collect_str(&format_args!("{}+0000", time.trim_end_matches('Z')))
    }
}

/// A certificate's date, in UTC without saying so: `2026-03-01T10:00:00`.
struct Date(CertificateTime);

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.to_string().trim_end_matches('Z'))
    }
}

/// Three old versions have other names in Suricata than in IANA's registry.
struct Version(ProtocolVersion);

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            ProtocolVersion::SSL_2_0 => serializer.serialize_str("SSLv2"),
            ProtocolVersion::SSL_3_0 => serializer.serialize_str("SSLv3"),
            ProtocolVersion::TLS_1_0 => serializer.serialize_str("TLSv1"),
            other => serializer.collect_str(&other),
        }
    }
}

/// `CN=www.example.org,O=Example\, Inc.` as Suricata has it: in the certificate's order and without RFC 4514's escapes,
/// `O=Example, Inc., CN=www.example.org`.
fn name(rfc4514: &str) -> String {
    let mut parts = vec![String::new()];
    let mut characters = rfc4514.chars().peekable();
    while let Some(character) = characters.next() {
        let escaped = characters.next_if(|next| character == '\\' && is_special(*next));
        match (escaped, character, parts.last_mut()) {
            (Some(escaped), _, Some(part)) => part.push(escaped),
            (None, ',', _) => parts.push(String::new()),
            (None, '+', Some(part)) => part.push_str(" + "),
            (None, other, Some(part)) => part.push(other),
            (_, _, None) => {}
        }
    }
    parts.reverse();
    parts.join(", ")
}

/// What RFC 4514 section 2.4 has a backslash before.
fn is_special(character: char) -> bool {
    matches!(character, ',' | '+' | '"' | ';' | '<' | '>' | '#' | ' ' | '\\')
}

/// The bytes of a serial number with colons, with the zero before a first byte that would make it negative.
fn serial(digits: &str) -> String {
    let digits = digits.to_ascii_uppercase();
    let zero = digits.starts_with(|first: char| first >= '8').then_some("00");
    let pairs = digits.as_bytes().chunks(2).filter_map(|pair| str::from_utf8(pair).ok());
    zero.into_iter().chain(pairs).collect::<Vec<_>>().join(":")
}

/// SHA-1 with colons.
fn fingerprint(der: &[u8]) -> String {
    let mut text = String::with_capacity(3 * 20);
    for (at, byte) in Sha1::digest(der).iter().enumerate() {
        if at > 0 {
            text.push(':');
        }
        text.extend(digits(*byte).map(char::from));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_certificates_order_and_without_escapes() {
        assert_eq!(name("CN=www.example.org,O=Example,C=GB"), "C=GB, O=Example, CN=www.example.org");
        assert_eq!(name(r"CN=a+OU=b,O=Example\, Inc.\\\+"), r"O=Example, Inc.\+, CN=a + OU=b");
        assert_eq!(name(r"CN=\1b[31m"), r"CN=\1b[31m");
        assert_eq!(name(""), "");
        assert_eq!(name("\\"), "\\");
    }

    #[test]
    fn serial_numbers_are_their_bytes() {
        assert_eq!(serial("1002"), "10:02");
        assert_eq!(serial("ff0a"), "00:FF:0A");
        assert_eq!(serial("00"), "00");
    }
}
