//! The record of one handshake: the contract with everybody who consumes events.
//!
//! A field that is not known is absent. What was offered is never reported as negotiated. The record borrows from the
//! handshake and is serialized as it is: no tree of values is built on the way.

use super::agreed::findings;
use super::certificate::{CertificatePart, Digests, chain_status};
use super::failure::FailurePart;
use super::hello::{ClientHelloPart, ServerHelloPart};
use super::history::{History, Timeline};
use super::name::Name;
use super::name::named;
use super::outcome::OutcomeName;
use super::parts::{AlertPart, Bytes, CapturePart, ClosePart, Each, EndPart, FaultPart, TunnelNames};
use super::timing::Timing;
use super::value::{Alpn, Millis, Shown, Text, Time};
use crate::diagnosis::Verdict;
use crate::enrichment::Known;
use crate::fingerprint::{Carrier, EventId, Fingerprinter, IpProtocol, community_id};
use crate::handshake::{Alert, ClientAuth, EarlyData, Ech, Fault, Handshake, Negotiated};
use crate::policy::Finding;
use crate::tls::registry::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};
use crate::x509::Judgement;
use serde::Serialize;
use std::str::FromStr;

/// The version of the event's schema.
pub(super) const SCHEMA_VERSION: &str = "tlscribe/1";

/// How much an event tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Without hellos, history and alternative names: about 1 KB.
    Brief,
    /// All but raw bytes.
    #[default]
    Normal,
    /// Also the timeline and the raw hellos.
    Full,
}

impl Detail {
    /// All of them, by name, with what each is.
    pub const ALL: [(&str, Self, &str); 3] = [
        ("brief", Self::Brief, "Without hellos, history and alternative names"),
        ("normal", Self::Normal, "All but raw bytes"),
        ("full", Self::Full, "Also a timeline with frames and times, and the raw hellos"),
    ];
}

impl FromStr for Detail {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        named(&Self::ALL, text)
    }
}

/// Who saw a handshake, and where.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Observer<'a> {
    /// What the user calls this sensor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<&'a str>,
    /// The network interface, where the capture names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<&'a str>,
    /// The capture file as it was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a str>,
    /// The version of tlscribe.
    pub version: &'static str,
}

impl<'a> Observer<'a> {
    /// This program, on a capture file as it was named and an interface as the capture names it.
    pub fn new(file: Option<&'a str>, interface: Option<&'a str>) -> Self {
        let named = |name: Option<&'a str>| name.filter(|name| !name.is_empty());
        Self { sensor: None, interface: named(interface), file: named(file), version: env!("CARGO_PKG_VERSION") }
    }

    /// This sensor, as the user calls it.
    pub fn called(self, sensor: Option<&'a str>) -> Self {
        Self { sensor, ..self }
    }
}

/// What a record is made of.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The handshake.
    pub handshake: &'a Handshake,
    /// What was read out of its messages.
    pub negotiated: &'a Negotiated<'a>,
    /// The server's certificates, judged.
    pub server_chain: &'a Judgement,
    /// The client's certificates, judged.
    pub client_chain: &'a Judgement,
    /// Its event's id.
    pub id: EventId,
    /// How it went and why.
    pub verdict: &'a Verdict,
    /// The id of the same client's try before this one, where this is another try.
    pub retry_of: Option<EventId>,
    /// What is known of the addresses of client and server besides.
    pub known: [&'a Known; 2],
    /// Who saw it.
    pub observer: Observer<'a>,
    /// Its frames have numbers by which they can be found: they are of a file.
    pub numbered: bool,
}

/// One event. What readers of records need is public, the rest is only written.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    pub(super) schema: &'static str,
    pub(super) event_type: &'static str,
    /// The handshake's id.
    pub id: String,
    /// When the handshake began.
    pub start_time: Time,
    /// When its last byte was seen.
    pub end_time: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_ms: Option<Millis>,
    /// Who saw it.
    pub observer: Observer<'a>,
    pub(super) protocol: &'static str,
    pub(super) transport: &'static str,
    /// The TLS client.
    pub client: EndPart<'a>,
    /// The TLS server.
    pub server: EndPart<'a>,
    /// What other tools call its flow.
    pub community_id: String,
    #[serde(skip_serializing_if = "<[u16]>::is_empty")]
    pub(super) vlan: &'a [u16],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tunnel: Option<TunnelNames>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) starttls: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) via: Option<&'a str>,
    /// How it went.
    pub outcome: OutcomeName,
    /// What was negotiated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Name<ProtocolVersion>>,
    /// What was negotiated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cipher_suite: Option<Name<CipherSuite>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cipher_suite_code: Option<u16>,
    /// What was negotiated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named_group: Option<Name<NamedGroup>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signature_scheme: Option<Name<SignatureScheme>>,
    /// The server name that the client asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni: Option<Text<'a>>,
    /// What was negotiated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpn: Option<Alpn<'a>>,
    /// Whether an earlier session was resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) early_data: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hello_retry: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_auth: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ech: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) inferred: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ja3: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ja3s: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ja4: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_hello: Option<ClientHelloPart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) server_hello: Option<ServerHelloPart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) server_certificate: Option<CertificatePart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) server_chain_sha256: Option<Digests<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) chain_status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name_matches: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_certificate: Option<CertificatePart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_chain_sha256: Option<Digests<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) history: Option<History<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeline: Option<Timeline<'a>>,
    /// The alerts that could be read.
    #[serde(skip_serializing_if = "Each::is_empty")]
    pub alerts: Each<'a, Alert, AlertPart>,
    /// How the connection ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close: Option<ClosePart>,
    #[serde(skip_serializing_if = "Each::is_empty")]
    pub(super) malformed: Each<'a, Fault, FaultPart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timing: Option<Timing>,
    pub(super) bytes: Bytes,
    /// Why it failed or was abandoned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailurePart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_of: Option<String>,
    /// What is weak in what was negotiated.
    pub findings: Vec<Shown<Finding>>,
    /// Where in the capture it was, and what the capture lacked.
    pub(super) capture: CapturePart<'a>,
    /// What all of it was taken from.
    #[serde(skip)]
    pub(super) facts: &'a Facts<'a>,
}

impl<'a> Record<'a> {
    /// Puts the event together. What only more detail shows is not looked at.
    pub fn new(facts: &'a Facts<'a>, detail: Detail, fingerprinter: &mut Fingerprinter) -> Self {
        let Facts { handshake, negotiated, numbered, .. } = *facts;
        let normal = detail >= Detail::Normal;
        let full = detail == Detail::Full;
        // A hello that the capture cut has no fingerprint: what is missing would have been part of it.
        let whole_hello = negotiated.client_hello.as_ref().filter(|_| negotiated.client_hello_is_whole);
        let hello = |part: bool| part.then(|| ClientHelloPart::of(handshake, negotiated, full)).flatten();
        let answer = |part: bool| part.then(|| ServerHelloPart::of(handshake, negotiated, full)).flatten();
        let certificate = |chain: &'a Judgement| chain.leaf().map(|leaf| CertificatePart::new(leaf, normal));
        let digests = |chain: &'a Judgement| chain.leaf().map(|_| Digests(chain));
        Self {
            schema: SCHEMA_VERSION,
            event_type: "handshake",
            id: facts.id.to_string(),
            start_time: Time(handshake.first.time),
            end_time: Time(handshake.last.time),
            duration_ms: Millis::between(handshake.first.time, handshake.last.time),
            observer: facts.observer,
            protocol: "tls",
            transport: "tcp",
            client: EndPart::new(handshake.client, facts.known[0]),
            server: EndPart::new(handshake.server, facts.known[1]),
            community_id: community_id(handshake.client, handshake.server, IpProtocol::Tcp),
            vlan: handshake.vlan.ids(),
            tunnel: (!handshake.tunnels.is_empty()).then_some(TunnelNames(handshake.tunnels)),
            starttls: handshake.starttls,
            via: handshake.via.as_deref(),
            outcome: OutcomeName(facts.verdict.outcome),
            version: negotiated.version.map(Name),
            cipher_suite: negotiated.cipher_suite.map(Name),
            cipher_suite_code: negotiated.cipher_suite.map(|suite| suite.0),
            named_group: negotiated.named_group.map(Name),
            signature_scheme: negotiated.signature_scheme.map(Name),
            sni: negotiated.sni.map(Text),
            alpn: negotiated.alpn.map(Alpn),
            resumed: negotiated.resumed,
            early_data: negotiated.early_data.map(early_data),
            hello_retry: negotiated.hello_retry,
            client_auth: negotiated.client_auth.map(client_auth),
            ech: negotiated.ech.map(ech),
            inferred: inferred(handshake, negotiated),
            ja3: whole_hello.map(|hello| fingerprinter.ja3(hello)),
            ja3s: negotiated.server_hello.as_ref().map(|hello| fingerprinter.ja3s(hello)),
            ja4: whole_hello.map(|hello| fingerprinter.ja4(hello, Carrier::Tcp)),
            client_hello: hello(normal),
            server_hello: answer(normal),
            server_certificate: certificate(facts.server_chain),
            server_chain_sha256: digests(facts.server_chain),
            chain_status: facts.server_chain.status.map(chain_status),
            name_matches: facts.server_chain.name_matches,
            client_certificate: certificate(facts.client_chain),
            client_chain_sha256: digests(facts.client_chain),
            history: (normal && !handshake.steps.is_empty()).then_some(History(handshake)),
            timeline: (full && !handshake.steps.is_empty()).then_some(Timeline { handshake, numbered }),
            alerts: Each::new(&handshake.alerts, numbered),
            close: handshake.close.as_ref().map(ClosePart::from),
            malformed: Each::new(&handshake.faults, numbered),
            timing: Timing::of(handshake),
            bytes: Bytes { client: handshake.tcp.sides[0].sent, server: handshake.tcp.sides[1].sent },
            failure: facts.verdict.failure.as_ref().map(|failure| FailurePart::new(failure, normal, numbered)),
            retry_of: facts.retry_of.map(|id| id.to_string()),
            findings: findings(negotiated, facts.server_chain),
            capture: CapturePart {
                frames: numbered.then_some([handshake.first.frame, handshake.last.frame]),
                complete: handshake.complete(),
                missing: Each::new(&handshake.missing, numbered),
            },
            facts,
        }
    }

    /// True where the capture lacks something that the two ends sent.
    pub fn is_incomplete(&self) -> bool {
        !self.capture.complete
    }

    /// How a handshake that was not established ended, in a few words: the first alert that could be read, or the close.
    pub fn ending(&self) -> Option<String> {
        if self.outcome.0.is_finished() {
            return None;
        }
        if let Some(alert) = self.alerts.iter().find(AlertPart::is_error) {
            return Some(format!("{} sent alert {}", alert.from, alert.name));
        }
        self.close.map(|close| close.to_string())
    }
}

fn inferred(handshake: &Handshake, negotiated: &Negotiated<'_>) -> Vec<&'static str> {
    let roles: &[&str] = if handshake.roles_guessed { &["client", "server"] } else { &[] };
    roles.iter().chain(&negotiated.inferred).copied().collect()
}

fn early_data(value: EarlyData) -> &'static str {
    match value {
        EarlyData::Offered => "offered",
        EarlyData::Accepted => "accepted",
        EarlyData::Rejected => "rejected",
    }
}

fn client_auth(value: ClientAuth) -> &'static str {
    match value {
        ClientAuth::None => "none",
        ClientAuth::Requested => "requested",
        ClientAuth::Sent => "sent",
        ClientAuth::Empty => "empty",
    }
}

fn ech(value: Ech) -> &'static str {
    match value {
        Ech::OfferedOrGrease => "offered_or_grease",
        Ech::Retry => "retry",
    }
}
