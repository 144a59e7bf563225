//! key_share (RFC 8446 section 4.2.8), which has a layout for each of the three hellos.
//!
//! Drafts of TLS 1.3 before 23 called it 40. Nothing else ever had that number, and it is reserved now, so it is read
//! wherever there is no 51.

use super::{Extensions, Reading};
use crate::tls::list::{Element, List};
use crate::tls::registry::{ExtensionType, NamedGroup};
use crate::tls::wire::{Parsed, Read, field, list, nonempty, u16, vec16};
use nom::Parser;

/// A group and one side's public key in it (RFC 8446 section 4.2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyShare<'a> {
    /// The group.
    pub group: NamedGroup,
    /// The public key, in the group's own form.
    pub key_exchange: &'a [u8],
}

impl<'a> KeyShare<'a> {
    fn parse(input: &'a [u8]) -> Parsed<'a, Self> {
        let (input, group) = field("key_share.group", u16.map(NamedGroup))(input)?;
        let (input, key_exchange) = field("key_share.key_exchange", nonempty(vec16))(input)?;
        Ok((input, Self { group, key_exchange }))
    }
}

impl<'a> Element<'a> for KeyShare<'a> {
    type Value = Self;
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        Self::parse(bytes).ok().map(|(rest, share)| (share, rest))
    }
}

impl<'a> Extensions<'a> {
    /// key_share of ClientHello: the keys offered, in the client's order; none to ask for a HelloRetryRequest.
    pub fn key_shares(&self) -> Reading<List<'a, KeyShare<'a>>> {
        self.read_key_share(|input| list(vec16, KeyShare::parse)(input))
    }

    /// key_share of ServerHello: the group chosen, with the server's key.
    pub fn key_share(&self) -> Reading<KeyShare<'a>> {
        self.read_key_share(KeyShare::parse)
    }

    /// key_share of HelloRetryRequest: the group that the client is asked for.
    pub fn retry_group(&self) -> Reading<NamedGroup> {
        self.read_key_share(u16.map(NamedGroup))
    }

    fn read_key_share<T>(&self, parser: impl Read<'a, T>) -> Reading<T> {
        let draft = !self.contains(ExtensionType::KEY_SHARE);
        self.read(if draft { ExtensionType::KEY_SHARE_DRAFT } else { ExtensionType::KEY_SHARE }, parser)
    }
}
