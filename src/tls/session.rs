//! The messages with which a handshake ends, and those that come after it: tickets, Finished, KeyUpdate and the like.

use super::error::ParseError;
use super::extensions::{Extensions, extensions};
use super::list::{Element, List, Opaque8};
use super::registry::KeyUpdateRequest;
use super::wire::{Parsed, field, list, message, nonempty, rest, u8, u16, u24, u32, vec8, vec16, vec24};
use nom::Parser;

/// NewSessionTicket of TLS 1.2 and before (RFC 5077 section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewSessionTicket<'a> {
    /// For how many seconds the ticket may be used; 0 where the server does not say.
    pub lifetime_hint: u32,
    /// The ticket; empty where the server sends none after all.
    pub ticket: &'a [u8],
}

impl<'a> NewSessionTicket<'a> {
    /// Reads the body of a NewSessionTicket.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message("NewSessionTicket", body, |input| {
            let (input, lifetime_hint) = field("ticket_lifetime_hint", u32)(input)?;
            let (input, ticket) = field("ticket", vec16)(input)?;
            Ok((input, Self { lifetime_hint, ticket }))
        })
    }
}

/// NewSessionTicket of TLS 1.3 (RFC 8446 section 4.6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewSessionTicket13<'a> {
    /// For how many seconds the ticket may be used; at most a week.
    pub lifetime: u32,
    /// What the client adds to the ticket's age, in milliseconds, to hide it.
    pub age_add: u32,
    /// What makes the key of this ticket differ from that of the others.
    pub nonce: &'a [u8],
    /// The ticket.
    pub ticket: &'a [u8],
    /// Its extensions: early_data.
    pub extensions: Extensions<'a>,
}

impl<'a> NewSessionTicket13<'a> {
    const NAME: &'static str = "NewSessionTicket";

    /// Reads the body of a NewSessionTicket.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message(Self::NAME, body, |input| {
            let (input, lifetime) = field("ticket_lifetime", u32)(input)?;
            let (input, age_add) = field("ticket_age_add", u32)(input)?;
            let (input, nonce) = field("ticket_nonce", vec8)(input)?;
            let (input, ticket) = field("ticket", nonempty(vec16))(input)?;
            let (input, extensions) = extensions(Self::NAME, body)(input)?;
            Ok((input, Self { lifetime, age_add, nonce, ticket, extensions }))
        })
    }
}

/// EncryptedExtensions (RFC 8446 section 4.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptedExtensions<'a> {
    /// The extensions of the server that are not for all to see.
    pub extensions: Extensions<'a>,
}

impl<'a> EncryptedExtensions<'a> {
    const NAME: &'static str = "EncryptedExtensions";

    /// Reads the body of EncryptedExtensions.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message(Self::NAME, body, extensions(Self::NAME, body)).map(|extensions| Self { extensions })
    }
}

/// Finished (RFC 5246 section 7.4.9, RFC 8446 section 4.4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished<'a> {
    /// 36 bytes in SSL 3.0, 12 in TLS 1.0 to 1.2, as many as the suite's hash has in TLS 1.3.
    pub verify_data: &'a [u8],
}

impl<'a> Finished<'a> {
    /// Reads the body of a Finished message.
    ///
    /// # Errors
    /// An empty body.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message("Finished", body, field("verify_data", nonempty(rest))).map(|verify_data| Self { verify_data })
    }
}

/// KeyUpdate (RFC 8446 section 4.6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUpdate {
    /// Whether the other side shall do the same.
    pub request: KeyUpdateRequest,
}

impl KeyUpdate {
    /// Reads the body of a KeyUpdate.
    ///
    /// # Errors
    /// A body of another length than one byte.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        message("KeyUpdate", body, field("request_update", u8.map(KeyUpdateRequest))).map(|request| Self { request })
    }
}

/// NextProtocol (draft-agl-tls-nextprotoneg-04 section 3): what the client chose among the server's protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextProtocol<'a> {
    /// The protocol.
    pub selected: &'a [u8],
    /// What hides its length.
    pub padding: &'a [u8],
}

impl<'a> NextProtocol<'a> {
    /// Reads the body of NextProtocol.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message("NextProtocol", body, |input| {
            let (input, selected) = field("selected_protocol", vec8)(input)?;
            let (input, padding) = field("padding", vec8)(input)?;
            Ok((input, Self { selected, padding }))
        })
    }
}

/// SupplementalData (RFC 4680 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupplementalData<'a> {
    /// The entries, at least one.
    pub entries: List<'a, SupplementalDataEntry<'a>>,
}

/// An entry of [`SupplementalData`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupplementalDataEntry<'a> {
    /// Its type (RFC 4680 section 2).
    pub kind: u16,
    /// Its data.
    pub data: &'a [u8],
}

fn supplemental_data_entry(input: &[u8]) -> Parsed<'_, SupplementalDataEntry<'_>> {
    let (input, kind) = field("supp_data.type", u16)(input)?;
    let (input, data) = field("supp_data.data", vec16)(input)?;
    Ok((input, SupplementalDataEntry { kind, data }))
}

impl<'a> Element<'a> for SupplementalDataEntry<'a> {
    type Value = Self;
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        supplemental_data_entry(bytes).ok().map(|(rest, entry)| (entry, rest))
    }
}

impl<'a> SupplementalData<'a> {
    /// Reads the body of SupplementalData.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message("SupplementalData", body, field("supp_data", list(nonempty(vec24), supplemental_data_entry)))
            .map(|entries| Self { entries })
    }
}

/// NewConnectionId of DTLS 1.3 (RFC 9147 section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewConnectionId<'a> {
    /// The connection ids that the sender can be reached by from now on.
    pub connection_ids: List<'a, Opaque8>,
    /// 0 where one of them shall be used at once, 1 where they are spare.
    pub usage: u8,
}

impl<'a> NewConnectionId<'a> {
    /// Reads the body of NewConnectionId.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message("NewConnectionId", body, |input| {
            let (input, connection_ids) = field("cids", list(vec16, field("cids.cid", vec8)))(input)?;
            let (input, usage) = field("usage", u8)(input)?;
            Ok((input, Self { connection_ids, usage }))
        })
    }
}

/// RequestConnectionId of DTLS 1.3 (RFC 9147 section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestConnectionId {
    /// How many connection ids the sender would like.
    pub count: u8,
}

impl RequestConnectionId {
    /// Reads the body of RequestConnectionId.
    ///
    /// # Errors
    /// A body of another length than one byte.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        message("RequestConnectionId", body, field("num_cids", u8)).map(|count| Self { count })
    }
}

/// EKTKey (RFC 8870 section 5.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EktKey<'a> {
    /// The key.
    pub key: &'a [u8],
    /// The master salt.
    pub salt: &'a [u8],
    /// The security parameter index.
    pub spi: u16,
    /// For how many seconds the key may be used.
    pub ttl: u32,
}

impl<'a> EktKey<'a> {
    /// Reads the body of EKTKey. Its vectors hold up to 256 bytes, so their lengths take two bytes.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message("EKTKey", body, |input| {
            let (input, key) = field("ekt_key_value", nonempty(vec16))(input)?;
            let (input, salt) = field("srtp_master_salt", nonempty(vec16))(input)?;
            let (input, spi) = field("ekt_spi", u16)(input)?;
            let (input, ttl) = field("ekt_ttl", u24)(input)?;
            Ok((input, Self { key, salt, spi, ttl }))
        })
    }
}
