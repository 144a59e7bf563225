//! The records as events of the Open Cybersecurity Schema Framework, release 1.8.0, without profiles.
//!
//! - **Handshakes** are Network Activity (4001). One that failed says so in `status_id`; `status_code` is the cause
//!   and `status_detail` the sentence. It stays one event: a finding for each would drown those that somebody has to
//!   look at.
//! - **Incidents** are Detection Findings (2004): one for each failure of each server, with its advice as remediation.
//!   An Incident Finding (2005) is a case with somebody in charge of it, which no sensor can name.
//! - **Stats** are left out. OCSF describes what happens in networks and on hosts; it has no class for what a sensor
//!   has counted of itself, and its consumers sort by class.
//!
//! Numbers stand without their captions, which say the same and are optional; observables, which repeat attributes,
//! are left out. What OCSF has no attribute for is below `unmapped`, its own place for that, under the names of the
//! event itself (`tlscribe schema` describes them). Times are milliseconds since 1970. What `--detail brief` leaves
//! out of events is left out here.
//!
//! The server name of a handshake is `tls.sni` and nothing else: it is what a client asked for, and no `hostname` that is
//! known.

use super::super::certificate::CertificatePart;
use super::super::incident::IncidentRecord;
use super::super::parts::{AlertPart, EndPart};
use super::super::record::{Observer, Record};
use super::super::value::{Millis, Shown, Time};
use super::object::filled;
use super::rest;
use crate::diagnosis::{Cause, Confidence, Finding, Severity};
use crate::handshake::Outcome;
use crate::x509::{AlternativeName, CertificateTime};
use serde::{Serialize, Serializer};
use std::net::IpAddr;

/// The release of OCSF.
const OCSF_VERSION: &str = "1.8.0";

/// Category and class of handshakes.
const NETWORK: u32 = 4;
const NETWORK_ACTIVITY: u32 = 4001;
/// Category and class of incidents.
const FINDINGS: u32 = 2;
const DETECTION_FINDING: u32 = 2004;
/// The activity of what is told once and for all.
const CREATE: u32 = 1;

/// A handshake: Network Activity.
pub(in crate::event) fn handshake<'a>(record: &'a Record<'_>) -> impl Serialize + 'a {
    let Record { client, server, bytes, observer, .. } = record;
    let failure = record.failure.as_ref();
    let (activity, status) = (activity(record.outcome.0), status(record.outcome.0));
    let vlan = record.vlan.first();
    let finished = record.timing.as_ref().and_then(|timing| timing.finished_ms);
    object! {
        "category_uid": NETWORK,
        "class_uid": NETWORK_ACTIVITY,
        "activity_id": activity,
        "type_uid": type_uid(NETWORK_ACTIVITY, activity),
        "severity_id": severity(failure.map(|failure| failure.finding)),
        "time": millis(record.start_time),
        "start_time": millis(record.start_time),
        "end_time": millis(record.end_time),
        "duration"?: record.duration_ms.map(Millis::whole_millis),
        "status_id": status,
        "status_code"?: failure.map(|failure| failure.cause),
        "status_detail"?: failure.map(|failure| failure.summary),
        "metadata": {
            "version": OCSF_VERSION,
            "product": product(observer),
            "uid": &record.id,
            // The capture file.
            "log_source"?: observer.file,
            "reporter": { "name"?: observer.sensor, },
            // What is weak in what was negotiated.
            "labels"?: filled(&record.findings),
        },
        // A tap is neither end.
        "observation_point_id": 3,
        "network_observation_point": { "interface_name"?: observer.interface, },
        "src_endpoint": endpoint(client, vlan),
        "dst_endpoint": endpoint(server, vlan),
        // Told by who sent the ClientHello, except where the hellos were not seen.
        "is_src_dst_assignment_known": !record.inferred.contains(&"client"),
        "connection_info": {
            "uid": &record.id,
            "community_uid": &record.community_id,
            // Which side is ours, a tap does not know.
            "direction_id": 0,
            "protocol_num": 6,
            "protocol_name": record.transport,
            "protocol_ver_id": match server.ip.0 { IpAddr::V4(_) => 4, IpAddr::V6(_) => 6 },
        },
        // Of TCP payload; out is from the source to the destination.
        "traffic": {
            "bytes": bytes.client.saturating_add(bytes.server),
            "bytes_out": bytes.client,
            "bytes_in": bytes.server,
        },
        "tls": {
            // It has to be there.
            "version": record.version.map_or_else(|| "Unknown".to_owned(), |version| version.to_string()),
            "cipher"?: record.cipher_suite,
            "sni"?: record.sni,
            // The first that is an error.
            "alert"?: record.alerts.iter().find(AlertPart::is_error).map(|alert| alert.code),
            "handshake_dur"?: finished.map(Millis::whole_millis),
            "client_ciphers"?: record.client_hello.as_ref().and_then(|hello| hello.cipher_suites.as_ref()),
            "ja3_hash"?: record.ja3.as_deref().map(md5),
            "ja3s_hash"?: record.ja3s.as_deref().map(md5),
            "certificate"?: record.server_certificate.as_ref().and_then(certificate),
        },
        "ja4_fingerprint_list"?: record.ja4.as_deref().map(|ja4| [object! { "type_id": 1, "value": ja4, }]),
        "unmapped": {
            "schema": record.schema,
            // Endpoints have no tags.
            "client": { "tags"?: filled(client.tags), },
            "server": { "tags"?: filled(server.tags), },
            "outcome": record.outcome,
            "cipher_suite_code"?: record.cipher_suite_code,
            "named_group"?: record.named_group,
            "signature_scheme"?: record.signature_scheme,
            "alpn"?: record.alpn,
            "resumed"?: record.resumed,
            "early_data"?: record.early_data,
            "hello_retry"?: record.hello_retry,
            "client_auth"?: record.client_auth,
            "ech"?: record.ech,
            "inferred"?: filled(&record.inferred),
            "tunnel"?: record.tunnel,
            // With one, it is that of both ends.
            "vlan"?: (record.vlan.len() > 1).then_some(record.vlan),
            "starttls"?: record.starttls,
            "via"?: record.via,
            "failure"?: failure.map(rest::failure),
            "retry_of"?: record.retry_of.as_deref(),
            // With what `tls.certificate` has no attribute for. One that lacks issuer or serial number is only here.
            "server_certificate"?: record.server_certificate.as_ref().map(rest_of_certificate),
            "server_chain_sha256"?: record.server_chain_sha256.as_ref(),
            "chain_status"?: record.chain_status,
            "name_matches"?: record.name_matches,
            // OCSF has one certificate, the server's.
            "client_certificate"?: record.client_certificate.as_ref(),
            "client_chain_sha256"?: record.client_chain_sha256.as_ref(),
            "alerts"?: record.alerts.filled(),
            "close"?: record.close,
            "malformed"?: record.malformed.filled(),
            "timing"?: record.timing.as_ref(),
            "capture": &record.capture,
            "client_hello"?: record.client_hello.as_ref().map(rest::client_hello),
            "server_hello"?: record.server_hello.as_ref(),
            "history"?: record.history.as_ref(),
            "timeline"?: record.timeline.as_ref(),
        },
    }
}

/// An incident: a Detection Finding.
pub(in crate::event) fn incident<'a>(record: &'a IncidentRecord<'_>) -> impl Serialize + 'a {
    let (finding, server) = (record.finding, record.server);
    let name = record.sni.map_or_else(|| server.to_string(), str::to_owned);
    object! {
        "category_uid": FINDINGS,
        "class_uid": DETECTION_FINDING,
        "activity_id": CREATE,
        "type_uid": type_uid(DETECTION_FINDING, CREATE),
        "severity_id": severity(Some(finding)),
        "confidence_id": confidence(finding.confidence),
        // The last handshake's: what looks for new findings looks back only a few minutes.
        "time": millis(record.end_time),
        "start_time": millis(record.start_time),
        "end_time": millis(record.end_time),
        // Handshakes that met it.
        "count": record.count,
        // New: nobody has looked at it yet.
        "status_id": 1,
        "is_alert": finding.severity > Severity::Info && finding.cause != Cause::CaptureIncomplete,
        "message": record.summary,
        "metadata": {
            "version": OCSF_VERSION,
            "product": product(&record.observer),
            "uid": &record.id,
            "log_source"?: record.observer.file,
            "reporter": { "name"?: record.observer.sensor, },
        },
        "finding_info": {
            "uid": &record.id,
            "title": format!("{} at {name}", record.cause),
            "types": [record.cause],
            "desc": record.summary,
            "first_seen_time": millis(record.start_time),
            "last_seen_time": millis(record.end_time),
            // The cause's rule.
            "analytic": { "uid": record.cause, "type_id": 1, },
            "related_events": handshakes(record),
            "related_events_count": record.count,
        },
        "resources": [object! { "name": name, "type": "TLS server", "ip": server.ip, "role_id": 1, }],
        // The server of the handshake that tells most.
        "evidences": [object! { "dst_endpoint": { "ip": server.ip, "port": server.port, }, }],
        "remediation": { "desc"?: record.advice, },
        "unmapped": {
            "schema": record.schema,
            "sni"?: record.sni,
            "party": record.party,
            "clients": record.clients,
            "servers": record.servers,
            "last_success"?: record.last_success,
        },
    }
}

/// The first and the last of its handshakes, which may be one.
fn handshakes<'a>(record: &IncidentRecord<'a>) -> Vec<impl Serialize + use<'a>> {
    let mut ends = vec![record.first_handshake, record.last_handshake];
    ends.dedup();
    ends.into_iter().map(|uid| object! { "uid": uid, }).collect()
}

fn product(observer: &Observer<'_>) -> impl Serialize + use<> {
    object! { "name": "tlscribe", "vendor_name": "tlscribe", "version": observer.version, }
}

fn endpoint<'a>(end: &EndPart<'a>, vlan: Option<&u16>) -> impl Serialize + use<'a> {
    object! {
        "ip": end.ip,
        "port": end.port,
        "name"?: end.name,
        "location": { "country"?: end.country, "city"?: end.city, },
        // A number of OCSF's has 31 bits; those beyond are for private use.
        "autonomous_system": { "number"?: end.asn.and_then(|asn| i32::try_from(asn).ok()), "name"?: end.as_org, },
        "vlan_uid"?: vlan.copied().map(Shown),
    }
}

/// Open (1) where the handshake led to a connection, Fail (4) where it did not, Traffic (6) where that was not seen.
fn activity(outcome: Outcome) -> u32 {
    match outcome {
        Outcome::Established | Outcome::Unused => 1,
        Outcome::Failed | Outcome::Abandoned => 4,
        Outcome::Unfinished => 6,
    }
}

/// Unknown (0), Success (1), Failure (2).
fn status(outcome: Outcome) -> u32 {
    match outcome {
        Outcome::Established | Outcome::Unused => 1,
        Outcome::Failed | Outcome::Abandoned => 2,
        Outcome::Unfinished => 0,
    }
}

/// By the rule of OCSF: class and activity in one number.
fn type_uid(class: u32, activity: u32) -> u32 {
    class * 100 + activity
}

/// Informational (1), Low (2): somebody may decide to act, Medium (3): somebody has to.
fn severity(finding: Option<&Finding>) -> u32 {
    match finding.map(|finding| finding.severity) {
        None | Some(Severity::Info) => 1,
        Some(Severity::Warning) => 2,
        Some(Severity::Error) => 3,
    }
}

/// Low (1), Medium (2), High (3).
fn confidence(confidence: Confidence) -> u32 {
    match confidence {
        Confidence::Possible => 1,
        Confidence::Likely => 2,
        Confidence::Certain => 3,
    }
}

fn millis(time: Time) -> u64 {
    time.0.as_micros() / 1_000
}

fn certificate_millis(time: CertificateTime) -> i64 {
    time.unix_seconds() * 1_000
}

/// A fingerprint that is an MD5.
fn md5(value: &str) -> impl Serialize {
    object! { "algorithm_id": 1, "value": value, }
}

/// `tls.certificate`. Issuer and serial number have to be there.
fn certificate<'a>(certificate: &'a CertificatePart<'_>) -> Option<impl Serialize + 'a> {
    let (issuer, serial) = (certificate.issuer?, certificate.serial?);
    Some(object! {
        "subject"?: certificate.subject,
        "issuer": issuer,
        "serial_number": serial,
        "created_time"?: certificate.facts.not_before.map(certificate_millis),
        "expiration_time"?: certificate.facts.not_after.map(certificate_millis),
        "is_self_signed"?: certificate.self_signed,
        // SHA-256.
        "fingerprints": [object! { "algorithm_id": 3, "value": certificate.sha256, }],
        "sans"?: certificate.san.as_ref().map(|_| AlternativeNames(&certificate.facts.san)),
    })
}

fn rest_of_certificate<'a>(certificate: &'a CertificatePart<'_>) -> impl Serialize + 'a {
    let is_mapped = certificate.issuer.is_some() && certificate.serial.is_some();
    object! {
        "subject"?: certificate.subject.filter(|_| !is_mapped),
        "issuer"?: certificate.issuer.filter(|_| !is_mapped),
        "serial"?: certificate.serial.filter(|_| !is_mapped),
        "san_count": certificate.san_count,
        "key"?: certificate.key,
        "signature_algorithm"?: certificate.signature_algorithm,
        "fault"?: certificate.fault,
    }
}

/// `tls.certificate.sans`: names and their kinds, in the words of X.509.
struct AlternativeNames<'a>(&'a [AlternativeName]);

impl Serialize for AlternativeNames<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|name| {
            let kind = match name {
                AlternativeName::Dns(_) => "dNSName",
                AlternativeName::Ip(_) => "iPAddress",
                AlternativeName::Email(_) => "rfc822Name",
                AlternativeName::Uri(_) => "uniformResourceIdentifier",
                AlternativeName::Other(_) => "otherName",
            };
            object! { "type": kind, "name": Shown(name), }
        }))
    }
}
