//! What one handshake shows of its server: the same is read when it is learned and when it is left out of its own view.

use super::tries::highest;
use crate::fingerprint::EventId;
use crate::handshake::{ClientAuth, Handshake, Negotiated, Side};
use crate::tls::registry::{HandshakeType, NamedGroup, ProtocolVersion};
use crate::tls::{HelloRetryRequest, ServerHello};
use crate::x509::{AlternativeName, ChainStatus, Judgement};
use std::borrow::Cow;
use std::sync::Arc;

/// A name that is longer is no host name (RFC 1035 section 2.3.4) and is not remembered.
pub const MAX_NAME: usize = 255;

/// Second levels below a country under which names are registered: `example.co.uk`.
const SECOND_LEVELS: [&str; 10] = ["ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"];

/// A handshake that was settled, with what was read out of it.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// The handshake.
    pub handshake: &'a Handshake,
    /// What was read out of its messages.
    pub negotiated: &'a Negotiated<'a>,
    /// The server's certificates as it shows them.
    pub server_chain: &'a Arc<Judgement>,
    /// Its event's id.
    pub id: EventId,
}

impl<'a> Sighting<'a> {
    /// Both sides finished and neither objected.
    pub(super) fn is_finished(&self) -> bool {
        self.handshake.outcome.is_finished()
    }

    pub(super) fn is_failed(&self) -> bool {
        self.handshake.outcome.is_failed()
    }

    /// The highest version that the hello offers.
    pub(super) fn highest_offered(&self) -> Option<ProtocolVersion> {
        self.negotiated.client_hello.as_ref().and_then(highest)
    }

    /// The name asked for, where it can be a host's.
    pub(super) fn name(&self) -> Option<Cow<'a, str>> {
        host_name(self.negotiated.sni?)
    }

    /// The server asked for a client certificate.
    pub(super) fn asks_for_certificate(&self) -> bool {
        let answered = |auth| matches!(auth, ClientAuth::Requested | ClientAuth::Sent | ClientAuth::Empty);
        self.negotiated.client_auth.is_some_and(answered)
            || self.handshake.message(Side::Server, HandshakeType::CERTIFICATE_REQUEST).is_some()
    }

    /// The groups that the server chose: that of the key exchange, and another that it asked for.
    pub(super) fn groups(&self) -> impl Iterator<Item = NamedGroup> {
        let chosen = self.negotiated.named_group;
        let retry = if self.negotiated.hello_retry == Some(true) { self.retry_group() } else { None };
        chosen.into_iter().chain(retry.filter(|group| chosen != Some(*group)))
    }

    fn retry_group(&self) -> Option<NamedGroup> {
        self.handshake.messages().filter(|message| message.from == Side::Server).find_map(|message| {
            let extensions = match message.kind {
                HandshakeType::SERVER_HELLO => {
                    ServerHello::parse(message.body).ok().filter(ServerHello::is_hello_retry_request)?.extensions
                }
                HandshakeType::HELLO_RETRY_REQUEST => HelloRetryRequest::parse(message.body).ok()?.extensions,
                _ => return None,
            };
            extensions.retry_group()?.ok()
        })
    }

    /// The SHA-256 of the certificate that the server shows as its own.
    pub(super) fn leaf(&self) -> Option<&'a str> {
        self.server_chain.leaf().map(|leaf| leaf.sha256.as_str())
    }

    /// Who issued the server's certificate; nobody where it did so itself.
    pub(super) fn issuer(&self) -> Option<&'a str> {
        issuer(self.server_chain)
    }

    pub(super) fn is_trusted(&self) -> bool {
        self.server_chain.status == Some(ChainStatus::Trusted)
    }

    /// The site whose certificate it is: of the name asked for, or else of the certificate's first name.
    pub(super) fn site(&self) -> Option<Cow<'a, str>> {
        let name = self.name().or_else(|| {
            self.server_chain.leaf()?.san.iter().find_map(|name| match name {
                AlternativeName::Dns(name) => host_name(name.trim_start_matches("*.").as_bytes()),
                _ => None,
            })
        })?;
        Some(match name {
            Cow::Borrowed(name) => Cow::Borrowed(site(name)),
            Cow::Owned(name) => Cow::Owned(site(&name).to_owned()),
        })
    }
}

/// Who issued the first certificate of a chain; nobody where it is its own issuer.
pub(super) fn issuer(chain: &Judgement) -> Option<&str> {
    chain.leaf().filter(|leaf| leaf.self_signed != Some(true))?.issuer.as_deref()
}

/// A name as it is remembered: in lower case, printable, not too long.
fn host_name(name: &[u8]) -> Option<Cow<'_, str>> {
    let fits = (1..=MAX_NAME).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic);
    let name = std::str::from_utf8(name).ok().filter(|_| fits)?;
    let upper = name.bytes().any(|byte| byte.is_ascii_uppercase());
    Some(if upper { Cow::Owned(name.to_ascii_lowercase()) } else { Cow::Borrowed(name) })
}

/// The part of a name that one owner has: its last two labels, or three below second levels that everybody shares. No
/// list is complete; where this is wrong, names of one owner count as unrelated or those of several as one.
pub(super) fn site(name: &str) -> &str {
    let mut dots = name.rmatch_indices('.').map(|(at, _)| at);
    let Some(last) = dots.next() else { return name };
    let Some(second) = dots.next() else { return name };
    let label = name.get(second.saturating_add(1)..last).unwrap_or_default();
    let country = name.len().saturating_sub(last) == 3;
    let cut = if country && SECOND_LEVELS.contains(&label) { dots.next() } else { Some(second) };
    cut.and_then(|at| name.get(at.saturating_add(1)..)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_what_one_owner_has() {
        for (name, expected) in [
            ("www.example.org", "example.org"),
            ("example.org", "example.org"),
            ("localhost", "localhost"),
            ("a.b.example.co.uk", "example.co.uk"),
            ("example.co.uk", "example.co.uk"),
            ("mail.abc.de", "abc.de"),
            ("", ""),
        ] {
            assert_eq!(site(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_is_remembered_in_lower_case_and_only_if_it_can_be_one() {
        assert_eq!(host_name(b"WWW.Example.org").as_deref(), Some("www.example.org"));
        for not in [&b""[..], b"a b", b"\x1b[31m", "ä.example".as_bytes(), &[b'a'; MAX_NAME + 1]] {
            assert_eq!(host_name(not), None);
        }
    }
}
