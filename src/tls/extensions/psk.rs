//! Extensions by which a session is resumed: pre-shared keys and early data of TLS 1.3, session tickets before.

use super::{Extensions, Reading};
use crate::tls::list::{Element, List, Opaque8};
use crate::tls::registry::{ExtensionType, PskKeyExchangeMode};
use crate::tls::wire::{Parsed, codes, field, list, nonempty, rest, u8, u16, u32, vec8, vec16};

/// pre_shared_key of ClientHello (RFC 8446 section 4.2.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferedPsks<'a> {
    /// The keys offered, at least one.
    pub identities: List<'a, PskIdentity<'a>>,
    /// A proof for each key that the client has it.
    pub binders: List<'a, Opaque8>,
}

/// A key that the client offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PskIdentity<'a> {
    /// The ticket, or the name of a key agreed elsewhere.
    pub identity: &'a [u8],
    /// The ticket's age in milliseconds, plus the ticket's ticket_age_add, modulo 2^32; 0 for keys agreed elsewhere.
    pub obfuscated_ticket_age: u32,
}

impl<'a> PskIdentity<'a> {
    fn parse(input: &'a [u8]) -> Parsed<'a, Self> {
        let (input, identity) = field("pre_shared_key.identity", nonempty(vec16))(input)?;
        let (input, obfuscated_ticket_age) = field("pre_shared_key.obfuscated_ticket_age", u32)(input)?;
        Ok((input, Self { identity, obfuscated_ticket_age }))
    }
}

impl<'a> Element<'a> for PskIdentity<'a> {
    type Value = Self;
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        Self::parse(bytes).ok().map(|(rest, identity)| (identity, rest))
    }
}

/// ticket_request (RFC 9149 section 2): how many tickets a client would like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketRequest {
    /// After a full handshake.
    pub new_session_count: u8,
    /// After a resumption.
    pub resumption_count: u8,
}

impl<'a> Extensions<'a> {
    /// pre_shared_key of ClientHello.
    pub fn pre_shared_key(&self) -> Reading<OfferedPsks<'a>> {
        self.read(ExtensionType::PRE_SHARED_KEY, |input| {
            let (input, identities) =
                field("pre_shared_key.identities", list(nonempty(vec16), PskIdentity::parse))(input)?;
            let (input, binders) = field("pre_shared_key.binders", list(nonempty(vec16), vec8))(input)?;
            Ok((input, OfferedPsks { identities, binders }))
        })
    }

    /// pre_shared_key of ServerHello: the place of the key chosen among those offered, from 0.
    pub fn selected_psk(&self) -> Reading<u16> {
        self.read(ExtensionType::PRE_SHARED_KEY, u16)
    }

    /// psk_key_exchange_modes (RFC 8446 section 4.2.9).
    pub fn psk_key_exchange_modes(&self) -> Reading<List<'a, PskKeyExchangeMode>> {
        self.read(ExtensionType::PSK_KEY_EXCHANGE_MODES, codes(1, nonempty(vec8)))
    }

    /// early_data of ClientHello and EncryptedExtensions (RFC 8446 section 4.2.10).
    pub fn early_data(&self) -> Reading<()> {
        self.flag(ExtensionType::EARLY_DATA)
    }

    /// early_data of NewSessionTicket: how many bytes of it the server takes.
    pub fn max_early_data_size(&self) -> Reading<u32> {
        self.read(ExtensionType::EARLY_DATA, u32)
    }

    /// session_ticket (RFC 5077 section 3.2): the ticket; empty where a client asks for one or a server will send one.
    pub fn session_ticket(&self) -> Reading<&'a [u8]> {
        self.read(ExtensionType::SESSION_TICKET, rest)
    }

    /// ticket_request of ClientHello.
    pub fn ticket_request(&self) -> Reading<TicketRequest> {
        self.read(ExtensionType::TICKET_REQUEST, |input| {
            let (input, new_session_count) = u8(input)?;
            let (input, resumption_count) = u8(input)?;
            Ok((input, TicketRequest { new_session_count, resumption_count }))
        })
    }
}
