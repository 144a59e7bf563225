//! What the client offered and the server answered, list by list, each in the sender's order.
//!
//! The lists are written straight from the message: a record holds where they lie, not copies.

use super::name::{Name, Registered};
use super::value::{Alpn, Base64};
use crate::handshake::{Handshake, Message, Negotiated, Side};
use crate::hex::hex;

use crate::tls::registry::{CipherSuite, HandshakeType, NamedGroup, ProtocolVersion, SignatureScheme, Ssl2CipherSpec};
use crate::tls::{
    ClientHello, Element, Extensions, HANDSHAKE_HEADER_LEN, KeyShare, List, Opaque8, ServerHello, Ssl2ClientHello,
};
use serde::{Serialize, Serializer};
use std::fmt::Debug;

/// A list whose elements are written as their names.
#[derive(Debug)]
pub(super) struct Names<'a, T: Element<'a, Value: Debug>>(List<'a, T>);

impl<'a, T: Element<'a, Value: Debug + Registered>> Serialize for Names<'a, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Name))
    }
}

/// The types of the extensions.
#[derive(Debug)]
pub(super) struct Kinds<'a>(Extensions<'a>);

impl Serialize for Kinds<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|extension| Name(extension.kind)))
    }
}

/// The groups that the client sent a key for.
#[derive(Debug)]
pub(super) struct KeyShares<'a>(List<'a, KeyShare<'a>>);

impl Serialize for KeyShares<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|share| Name(share.group)))
    }
}

/// Application protocols.
#[derive(Debug)]
pub(super) struct Protocols<'a>(List<'a, Opaque8>);

impl Serialize for Protocols<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Alpn))
    }
}

/// The versions that the client offered: its list, or else the highest.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Versions<'a> {
    List(Names<'a, ProtocolVersion>),
    Highest([Name<ProtocolVersion>; 1]),
}

/// The suites of either kind of ClientHello.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Suites<'a> {
    Tls(Names<'a, CipherSuite>),
    Ssl2(Names<'a, Ssl2CipherSpec>),
}

/// `client_hello`.
#[derive(Debug, Serialize)]
pub(super) struct ClientHelloPart<'a> {
    pub(super) versions: Versions<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cipher_suites: Option<Suites<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) named_groups: Option<Names<'a, NamedGroup>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_shares: Option<KeyShares<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signature_schemes: Option<Names<'a, SignatureScheme>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alpn: Option<Protocols<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) extensions: Option<Kinds<'a>>,
    pub(super) random: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) raw: Option<Base64<'a>>,
}

impl<'a> ClientHelloPart<'a> {
    /// From either kind of ClientHello; nothing where there was none.
    pub(super) fn of(handshake: &'a Handshake, negotiated: &Negotiated<'a>, with_raw: bool) -> Option<Self> {
        match &negotiated.client_hello {
            Some(hello) => {
                let message = handshake.message(Side::Client, HandshakeType::CLIENT_HELLO)?;
                Some(Self::tls(hello, &message, with_raw))
            }
            None => {
                let body = handshake.ssl2_hello(Side::Client)?;
                Some(Self::ssl2(negotiated.ssl2_client_hello.as_ref()?, body, with_raw))
            }
        }
    }

    fn tls(hello: &ClientHello<'a>, message: &Message<'a>, with_raw: bool) -> Self {
        let extensions = &hello.extensions;
        let versions = extensions.supported_versions().and_then(Result::ok);
        Self {
            versions: match versions {
                Some(list) => Versions::List(Names(list)),
                None => Versions::Highest([Name(hello.legacy_version)]),
            },
            cipher_suites: (!hello.cipher_suites.is_empty()).then_some(Suites::Tls(Names(hello.cipher_suites))),
            named_groups: extensions.supported_groups().and_then(Result::ok).map(Names),
            key_shares: extensions.key_shares().and_then(Result::ok).map(KeyShares),
            signature_schemes: extensions.signature_algorithms().and_then(Result::ok).map(Names),
            alpn: extensions.alpn().and_then(Result::ok).map(Protocols),
            extensions: (!extensions.is_empty()).then_some(Kinds(*extensions)),
            random: hex(hello.random),
            bytes: message.whole.then_some(HANDSHAKE_HEADER_LEN + message.body.len()),
            raw: with_raw.then_some(Base64::message(message.kind, message.body)),
        }
    }

    fn ssl2(hello: &Ssl2ClientHello<'a>, body: &'a [u8], with_raw: bool) -> Self {
        Self {
            versions: Versions::Highest([Name(hello.version)]),
            cipher_suites: Some(Suites::Ssl2(Names(hello.cipher_specs))),
            named_groups: None,
            key_shares: None,
            signature_schemes: None,
            alpn: None,
            extensions: None,
            random: hex(hello.challenge),
            bytes: Some(body.len()),
            raw: with_raw.then_some(Base64::bytes(body)),
        }
    }
}

/// `server_hello`.
#[derive(Debug, Serialize)]
pub(super) struct ServerHelloPart<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Kinds<'a>>,
    random: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<Base64<'a>>,
}

impl<'a> ServerHelloPart<'a> {
    /// Nothing where there was none.
    pub(super) fn of(handshake: &'a Handshake, negotiated: &Negotiated<'a>, with_raw: bool) -> Option<Self> {
        let hello = negotiated.server_hello.as_ref()?;
        let raw = || {
            let mut messages = handshake.messages().filter(|message| message.kind == HandshakeType::SERVER_HELLO);
            let message = messages.find(|message| ServerHello::parse(message.body).is_ok_and(|read| read == *hello))?;
            Some(Base64::message(HandshakeType::SERVER_HELLO, message.body))
        };
        Some(Self {
            extensions: (!hello.extensions.is_empty()).then_some(Kinds(hello.extensions)),
            random: hex(hello.random),
            raw: if with_raw { raw() } else { None },
        })
    }
}
