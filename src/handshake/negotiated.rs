//! What was offered, agreed and seen, read out of a handshake's messages and the lengths of its records.
//!
//! Offered is never reported as agreed: every value here comes from the side that decides it. What follows only from
//! lengths, or from the order of what was seen, is named in [`Negotiated::inferred`].

use super::facts::{Handshake, Side, What};
use super::second_flight::{FlightAuth, SecondFlight};
use crate::tls::registry::{CipherSuite, ExtensionType, HandshakeType, NamedGroup, ProtocolVersion, SignatureScheme};
use crate::tls::{
    Certificate, ClientHello, Curve, ServerHello, ServerKeyExchange, Signature, Ssl2ClientHello, Ssl2ServerHello,
};

/// What became of early data (RFC 8446 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlyData {
    /// Offered, and the answer was not seen.
    Offered,
    /// The client ended it as one does who may send it.
    Accepted,
    /// The server took no pre-shared key, or asked for another hello, or the client went on without ending it.
    Rejected,
}

/// Whether the client was asked for a certificate, and what it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// Not asked.
    None,
    /// Asked; the answer was not seen.
    Requested,
    /// It sent a certificate.
    Sent,
    /// It said that it has none.
    Empty,
}

/// Encrypted Client Hello, as far as it can be seen from outside (RFC 9849).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ech {
    /// The extension was there: real or GREASE look the same.
    OfferedOrGrease,
    /// The server's HelloRetryRequest answered it.
    Retry,
}

/// What was negotiated.
#[derive(Clone, Debug, Default)]
pub struct Negotiated<'a> {
    /// The first ClientHello, as far as it could be read.
    pub client_hello: Option<ClientHello<'a>>,
    /// All of it is there and keeps to the grammar.
    pub client_hello_is_whole: bool,
    /// The ClientHello in SSL 2.0 form.
    pub ssl2_client_hello: Option<Ssl2ClientHello<'a>>,
    /// The ServerHello that settled it; not a HelloRetryRequest.
    pub server_hello: Option<ServerHello<'a>>,
    /// The server's part of the key exchange, before TLS 1.3.
    pub server_key_exchange: Option<ServerKeyExchange<'a>>,
    /// The version.
    pub version: Option<ProtocolVersion>,
    /// The cipher suite.
    pub cipher_suite: Option<CipherSuite>,
    /// The group of the key exchange.
    pub named_group: Option<NamedGroup>,
    /// How the server signed, where that is in the clear.
    pub signature_scheme: Option<SignatureScheme>,
    /// The name the client asked for, as sent.
    pub sni: Option<&'a [u8]>,
    /// The application protocol, where the server's choice is in the clear.
    pub alpn: Option<&'a [u8]>,
    /// Whether an earlier session was resumed.
    pub resumed: Option<bool>,
    /// Early data, where it was offered.
    pub early_data: Option<EarlyData>,
    /// Whether the server asked for a second ClientHello; known once it answered.
    pub hello_retry: Option<bool>,
    /// Client authentication.
    pub client_auth: Option<ClientAuth>,
    /// Encrypted Client Hello.
    pub ech: Option<Ech>,
    /// The event's names of the fields that were inferred.
    pub inferred: Vec<&'static str>,
}

impl Handshake {
    /// Reads what was negotiated out of the messages.
    pub fn negotiated(&self) -> Negotiated<'_> {
        let mut negotiated = Negotiated { version: self.version, ..Negotiated::default() };
        negotiated.read_client_hello(self);
        negotiated.read_server_hello(self);
        if self.is_tls13() {
            negotiated.read_tls13(self);
        } else {
            negotiated.read_tls12(self);
        }
        negotiated
    }

    /// The certificates that the server sent in the clear, in DER, its own first.
    pub fn server_certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates(Side::Server)
    }

    /// The certificates that the client sent in the clear, in DER, its own first.
    pub fn client_certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates(Side::Client)
    }

    fn certificates(&self, side: Side) -> impl Iterator<Item = &[u8]> {
        let ssl2 = (side == Side::Server)
            .then(|| self.ssl2_hello(Side::Server))
            .flatten()
            .and_then(|body| Ssl2ServerHello::parse(body).ok())
            .map(|hello| hello.certificate)
            .filter(|certificate| !certificate.is_empty());
        let list = self
            .message(side, HandshakeType::CERTIFICATE)
            .filter(|message| message.whole)
            .and_then(|message| Certificate::parse(message.body).ok());
        ssl2.into_iter().chain(list.into_iter().flat_map(|message| message.certificates.iter()))
    }

    fn saw(&self, from: Side, kind: HandshakeType) -> bool {
        self.steps.iter().any(|step| step.from == from && step.what == What::Message(kind))
    }
}

impl<'a> Negotiated<'a> {
    fn read_client_hello(&mut self, handshake: &'a Handshake) {
        self.ssl2_client_hello = handshake.ssl2_hello(Side::Client).and_then(|body| Ssl2ClientHello::parse(body).ok());
        let Some(message) = handshake.message(Side::Client, HandshakeType::CLIENT_HELLO) else { return };
        let (Some(hello), error) = ClientHello::parse_prefix(message.body) else { return };
        self.client_hello = Some(hello);
        self.client_hello_is_whole = message.whole && error.is_none();
        self.sni = hello.extensions.server_name().and_then(Result::ok);
        if hello.extensions.contains(ExtensionType::ENCRYPTED_CLIENT_HELLO) {
            self.ech = Some(Ech::OfferedOrGrease);
        }
        if hello.extensions.contains(ExtensionType::EARLY_DATA) {
            self.early_data = Some(EarlyData::Offered);
        }
    }

    fn read_server_hello(&mut self, handshake: &'a Handshake) {
        let hellos = handshake
            .messages()
            .filter(|message| message.from == Side::Server && message.kind == HandshakeType::SERVER_HELLO)
            .filter_map(|message| ServerHello::parse(message.body).ok());
        let mut retry = handshake.saw(Side::Server, HandshakeType::HELLO_RETRY_REQUEST);
        for hello in hellos {
            if hello.is_hello_retry_request() {
                retry = true;
                if hello.extensions.contains(ExtensionType::ENCRYPTED_CLIENT_HELLO) {
                    self.ech = Some(Ech::Retry);
                }
            } else {
                self.server_hello.get_or_insert(hello);
            }
        }
        if retry || self.server_hello.is_some() {
            self.hello_retry = Some(retry);
        }
        let Some(hello) = self.server_hello else { return };
        self.cipher_suite = Some(hello.cipher_suite);
        self.alpn = hello.extensions.selected_alpn().and_then(Result::ok);
    }

    fn read_tls13(&mut self, handshake: &Handshake) {
        if let Some(hello) = &self.server_hello {
            self.named_group = hello.extensions.key_share().and_then(Result::ok).map(|share| share.group);
            self.resumed = Some(self.resumes(hello));
        }
        let flight = handshake.second_flight();
        if let SecondFlight::Done { auth, .. } = flight {
            let auth = match auth {
                FlightAuth::None => Some(ClientAuth::None),
                FlightAuth::Empty => Some(ClientAuth::Empty),
                FlightAuth::Sent => Some(ClientAuth::Sent),
                FlightAuth::Unclear => None,
            };
            if auth.is_some() {
                self.client_auth = auth;
                self.inferred.push("client_auth");
            }
        }
        if self.early_data.is_some() {
            self.read_early_data(flight);
        }
    }

    /// Early data needs the first pre-shared key and the first hello (RFC 8446 section 4.2.10).
    fn read_early_data(&mut self, flight: SecondFlight) {
        if self.hello_retry == Some(true) || self.server_hello.is_some_and(|hello| !chose_first_psk(&hello)) {
            self.early_data = Some(EarlyData::Rejected);
        } else if let SecondFlight::Done { early_data, .. } = flight {
            self.early_data = Some(if early_data { EarlyData::Accepted } else { EarlyData::Rejected });
            self.inferred.push("early_data");
        }
    }

    /// A pre-shared key was taken, and it came from an earlier session: a key agreed elsewhere has no age.
    fn resumes(&self, hello: &ServerHello<'_>) -> bool {
        let Some(Ok(selected)) = hello.extensions.selected_psk() else { return false };
        let offered = self.client_hello.and_then(|hello| hello.extensions.pre_shared_key()).and_then(Result::ok);
        let identity = offered.and_then(|offered| offered.identities.iter().nth(usize::from(selected)));
        identity.is_none_or(|identity| identity.obfuscated_ticket_age != 0)
    }

    fn read_tls12(&mut self, handshake: &'a Handshake) {
        let Some(hello) = self.server_hello else { return };
        let version = hello.negotiated_version();
        if let Some(message) = handshake.message(Side::Server, HandshakeType::SERVER_KEY_EXCHANGE)
            && message.whole
            && let Ok(exchange) = ServerKeyExchange::parse(message.body, hello.cipher_suite, version)
        {
            self.server_key_exchange = Some(exchange);
            if let ServerKeyExchange::Ecdhe { curve: Curve::Named(group), .. } = exchange {
                self.named_group = Some(group);
            }
            self.signature_scheme = signature(&exchange).and_then(|signature| signature.scheme);
        }
        self.resumed = self.resumed_tls12(handshake);
        if self.early_data.is_some() {
            self.early_data = Some(EarlyData::Rejected);
        }
        if !handshake.complete() && self.resumed.is_none() {
            return;
        }
        self.client_auth = if handshake.saw(Side::Server, HandshakeType::CERTIFICATE_REQUEST) {
            Some(match handshake.message(Side::Client, HandshakeType::CERTIFICATE) {
                None => ClientAuth::Requested,
                Some(message) => match Certificate::parse(message.body) {
                    Ok(certificate) if certificate.certificates.is_empty() => ClientAuth::Empty,
                    _ => ClientAuth::Sent,
                },
            })
        } else if handshake.saw(Side::Server, HandshakeType::SERVER_HELLO_DONE) || self.resumed == Some(true) {
            Some(ClientAuth::None)
        } else {
            None
        };
    }

    /// A resumed handshake has no certificates and no key exchange: the server goes from its hello (and perhaps a new
    /// ticket) straight to ChangeCipherSpec (RFC 5246 section 7.3). A repeated session id alone proves nothing.
    fn resumed_tls12(&self, handshake: &Handshake) -> Option<bool> {
        let mut answers = handshake.steps.iter().filter(|step| step.from == Side::Server);
        answers.find(|step| step.what == What::Message(HandshakeType::SERVER_HELLO))?;
        let next = answers.find(|step| step.what != What::Message(HandshakeType::NEW_SESSION_TICKET))?;
        let gap = handshake.missing.iter().any(|missing| missing.from == Side::Server);
        match next.what {
            What::ChangeCipherSpec if !gap => Some(true),
            What::Message(_) => Some(false),
            _ => None,
        }
    }
}

fn signature<'a>(exchange: &ServerKeyExchange<'a>) -> Option<Signature<'a>> {
    match *exchange {
        ServerKeyExchange::Ecdhe { signature, .. }
        | ServerKeyExchange::Dhe { signature, .. }
        | ServerKeyExchange::Srp { signature, .. } => signature,
        ServerKeyExchange::RsaExport { signature, .. } => Some(signature),
        ServerKeyExchange::Psk { .. } | ServerKeyExchange::Opaque(_) => None,
    }
}

fn chose_first_psk(hello: &ServerHello<'_>) -> bool {
    matches!(hello.extensions.selected_psk(), Some(Ok(0)))
}
