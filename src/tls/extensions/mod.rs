//! Extensions: the block as it is sent, in order and with what nobody knows in it, and a typed reader for each
//! extension that has a meaning here.
//!
//! One extension often has another layout in each message that carries it (a list offered, one value chosen), so there
//! is a reader for each layout; whoever has a message knows which to ask. A reader returns `None` where the message has
//! no such extension, and an error that names the message and the extension where its layout is broken.

mod certificate;
mod ech;
mod hello;
mod key_share;
mod psk;

pub(super) use certificate::authorities;
pub use certificate::{CertificateStatusRequest, OidFilter, TrustedAuthority};
pub use ech::{EchConfig, EncryptedClientHello, HpkeCipherSuite};
pub use key_share::KeyShare;
pub use psk::{OfferedPsks, PskIdentity, TicketRequest};

use super::error::{ParseError, Rule};
use super::list::{Element, Iter, List};
use super::registry::ExtensionType;
use super::wire::{Parsed, Read, broken, field, filled, list, offset, part, there_is, vec16};
use nom::Parser;
use std::fmt;

/// What a typed reader returns: `None` where the message has no such extension.
pub type Reading<T> = Option<Result<T, ParseError>>;

/// One extension as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Its type.
    pub kind: ExtensionType,
    /// Its data.
    pub data: &'a [u8],
}

impl<'a> Element<'a> for Extension<'a> {
    type Value = Self;
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[high, low, more, less], after) = bytes.split_first_chunk()?;
        let (data, after) = after.split_at_checked(u16::from_be_bytes([more, less]).into())?;
        Some((Self { kind: ExtensionType(u16::from_be_bytes([high, low])), data }, after))
    }
}

/// The extensions of one message, in the order in which they are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Extensions<'a> {
    /// The message, for errors.
    message: &'static str,
    /// Where the first extension begins in the body of the message.
    base: usize,
    list: List<'a, Extension<'a>>,
}

impl<'a> Extensions<'a> {
    /// The extensions of a message that has no extension block.
    pub(super) const fn none(message: &'static str) -> Self {
        Self { message, base: 0, list: List::new(&[]) }
    }

    /// From a list that lies in `bytes`, which begin `base` bytes into the body of the message.
    pub(super) fn new(message: &'static str, base: usize, bytes: &'a [u8], list: List<'a, Extension<'a>>) -> Self {
        Self { message, base: base.saturating_add(offset(bytes, list.bytes())), list }
    }

    /// The whole extensions of a block that may be cut short.
    pub(super) fn whole(message: &'static str, body: &'a [u8], block: &'a [u8]) -> Self {
        let bytes = there_is(block);
        let mut left = bytes;
        while let Some((_, after)) = Extension::split(left) {
            left = after;
        }
        let whole = bytes.len().saturating_sub(left.len());
        Self::new(message, 0, body, List::new(bytes.get(..whole).unwrap_or_default()))
    }

    /// The extensions in order.
    pub const fn iter(&self) -> Iter<'a, Extension<'a>> {
        self.list.iter()
    }

    /// How many there are: counted, not known.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// True where there is none.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The data of the first extension of a type.
    pub fn get(&self, kind: ExtensionType) -> Option<&'a [u8]> {
        self.iter().find(|extension| extension.kind == kind).map(|extension| extension.data)
    }

    /// True where there is an extension of this type.
    pub fn contains(&self, kind: ExtensionType) -> bool {
        self.get(kind).is_some()
    }

    /// The first extension whose type an earlier one has already: there must be none (RFC 8446 section 4.2).
    pub fn duplicate(&self) -> Option<ExtensionType> {
        let mut seen = [0_u64; 1 << 10];
        self.iter().map(|extension| extension.kind).find(|kind| {
            let bit = 1 << (kind.0 & 63);
            seen.get_mut(usize::from(kind.0 >> 6)).is_some_and(|word| std::mem::replace(word, *word | bit) & bit != 0)
        })
    }

    /// Reads all of an extension's data.
    fn read<T>(&self, kind: ExtensionType, parser: impl Read<'a, T>) -> Reading<T> {
        let data = self.get(kind)?;
        let name = kind.name().or(kind.unregistered_name()).unwrap_or("extension");
        let base = self.base.saturating_add(offset(self.list.bytes(), data));
        Some(part(self.message, base, data, field(name, filled(parser))))
    }

    /// Reads an extension that says all by being there.
    fn flag(&self, kind: ExtensionType) -> Reading<()> {
        self.read(kind, |input| Ok((input, ())))
    }
}

impl<'a> IntoIterator for &Extensions<'a> {
    type Item = Extension<'a>;
    type IntoIter = Iter<'a, Extension<'a>>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Extensions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.fmt(f)
    }
}

/// Reads the extension block of the message whose body is `body`.
pub(super) fn extensions<'a>(
    message: &'static str,
    body: &'a [u8],
) -> impl FnMut(&'a [u8]) -> Parsed<'a, Extensions<'a>> {
    field("extensions", extension_list.map(move |list| Extensions::new(message, 0, body, list)))
}

/// Reads the extension block of a hello, which can end without one (RFC 5246 section 7.4.1.2).
pub(super) fn extensions_if_any<'a>(
    message: &'static str,
    body: &'a [u8],
) -> impl FnMut(&'a [u8]) -> Parsed<'a, Extensions<'a>> {
    move |input| match input {
        [] => Ok((input, Extensions::none(message))),
        _ => extensions(message, body)(input),
    }
}

/// `Extension extensions<0..2^16-1>`.
pub(super) fn extension_list(input: &[u8]) -> Parsed<'_, List<'_, Extension<'_>>> {
    let extension = field("extensions.extension", |input| match Extension::split(input) {
        Some((extension, after)) => Ok((after, extension)),
        None => broken(input, Rule::Truncated),
    });
    list(vec16, extension)(input)
}

#[cfg(test)]
mod tests;
