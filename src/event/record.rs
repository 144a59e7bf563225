//! The record of one handshake: the contract with everybody who consumes events.
//!
//! A field that is not known is absent. What was offered is never reported as negotiated. The record borrows from the
//! handshake and is serialized as it is: no tree of values is built on the way.

use super::certificate::{CertificatePart, Chain, Digests};
use super::hello::{ClientHelloPart, ServerHelloPart};
use super::history::{History, Timeline};
use super::parts::{AlertPart, Bytes, CapturePart, ClosePart, Each, End, FaultPart, TunnelNames};
use super::timing::Timing;
use super::value::{Alpn, Hex, Millis, Shown, Text, Time};
use crate::fingerprint::{self, CommunityId};
use crate::handshake::{Alert, ClientAuth, EarlyData, Ech, Fault, Handshake, Negotiated, Outcome, Side};
use crate::policy::{self, Finding};
use crate::tls::ClientHello;
use crate::tls::registry::{CipherSuite, HandshakeType, NamedGroup, ProtocolVersion, SignatureScheme};
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// The version of the event's schema.
const SCHEMA_VERSION: &str = "tlscribe/1";

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

/// Who saw a handshake, and where.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Observer<'a> {
    /// The network interface, where the capture names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<&'a str>,
    /// The capture file as it was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a str>,
    /// The version of tlscribe.
    pub version: &'static str,
}

/// What a record is made of.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The handshake.
    pub handshake: &'a Handshake,
    /// What was read out of its messages.
    pub negotiated: &'a Negotiated<'a>,
    /// The server's certificates.
    pub server_chain: &'a Chain,
    /// The client's certificates.
    pub client_chain: &'a Chain,
    /// Who saw it.
    pub observer: Observer<'a>,
}

/// One event. What readers of records need is public, the rest is only written.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    schema: &'static str,
    event_type: &'static str,
    id: Hex<[u8; 16]>,
    /// When the handshake began.
    pub start_time: Time,
    /// When its last byte was seen.
    pub end_time: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<Millis>,
    observer: Observer<'a>,
    protocol: &'static str,
    transport: &'static str,
    /// The TLS client.
    pub client: End,
    /// The TLS server.
    pub server: End,
    community_id: Shown<CommunityId>,
    #[serde(skip_serializing_if = "<[u16]>::is_empty")]
    vlan: &'a [u16],
    #[serde(skip_serializing_if = "Option::is_none")]
    tunnel: Option<TunnelNames>,
    /// How it went.
    pub outcome: OutcomeName,
    /// What was negotiated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Shown<ProtocolVersion>>,
    /// What was negotiated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cipher_suite: Option<Shown<CipherSuite>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cipher_suite_code: Option<u16>,
    /// What was negotiated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named_group: Option<Shown<NamedGroup>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_scheme: Option<Shown<SignatureScheme>>,
    /// The server name that the client asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni: Option<Text<'a>>,
    /// What was negotiated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpn: Option<Alpn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resumed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    early_data: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hello_retry: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_auth: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ech: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inferred: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja3: Option<Shown<Ja3>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja3s: Option<Shown<Ja3>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja4: Option<Shown<Ja4>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_hello: Option<ClientHelloPart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_hello: Option<ServerHelloPart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_certificate: Option<CertificatePart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_chain_sha256: Option<Digests<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_certificate: Option<CertificatePart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_chain_sha256: Option<Digests<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<History<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<Timeline<'a>>,
    /// The alerts that could be read.
    #[serde(skip_serializing_if = "Each::is_empty")]
    pub alerts: Each<'a, Alert, AlertPart>,
    /// How the connection ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close: Option<ClosePart>,
    #[serde(skip_serializing_if = "Each::is_empty")]
    malformed: Each<'a, Fault, FaultPart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timing: Option<Timing>,
    bytes: Bytes,
    /// What is weak in what was negotiated.
    pub findings: Vec<Finding>,
    /// Where in the capture it was, and what the capture lacked.
    capture: CapturePart<'a>,
}
