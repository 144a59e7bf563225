//! Lists that stay in the message: nothing is copied, elements are read when they are asked for.

use super::registry::{
    CertificateCompressionAlgorithm, CertificateType, CipherSuite, ClientCertificateType, CompressionMethod,
    EcPointFormat, ExtensionType, NamedGroup, ProtocolVersion, PskKeyExchangeMode, SignatureScheme,
};
use std::fmt;
use std::iter::FusedIterator;
use std::marker::PhantomData;

/// What a [`List`] is made of.
pub trait Element<'a> {
    /// What an element reads as.
    type Value;
    /// The first element of `bytes` and what follows it; none where it is not whole.
    fn split(bytes: &'a [u8]) -> Option<(Self::Value, &'a [u8])>;
}

/// `opaque x<0..2^8-1>`: reads as its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opaque8 {}

/// `opaque x<0..2^16-1>`: reads as its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opaque16 {}

/// `opaque x<0..2^24-1>`: reads as its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opaque24 {}

impl<'a> Element<'a> for Opaque8 {
    type Value = &'a [u8];
    fn split(bytes: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let (&length, rest) = bytes.split_first()?;
        rest.split_at_checked(length.into())
    }
}

impl<'a> Element<'a> for Opaque16 {
    type Value = &'a [u8];
    fn split(bytes: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let (&length, rest) = bytes.split_first_chunk()?;
        rest.split_at_checked(u16::from_be_bytes(length).into())
    }
}

impl<'a> Element<'a> for Opaque24 {
    type Value = &'a [u8];
    fn split(bytes: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let (&[high, middle, low], rest) = bytes.split_first_chunk()?;
        rest.split_at_checked(usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()?)
    }
}

macro_rules! codes {
    ($($integer:ty: $($code:ty),+;)+) => {$($(
        impl Element<'_> for $code {
            type Value = Self;
            fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
                let (&code, rest) = bytes.split_first_chunk()?;
                Some((Self(<$integer>::from_be_bytes(code)), rest))
            }
        }
    )+)+};
}

codes! {
    u8: CertificateType, ClientCertificateType, CompressionMethod, EcPointFormat, PskKeyExchangeMode;
    u16: CertificateCompressionAlgorithm, CipherSuite, ExtensionType, NamedGroup, ProtocolVersion, SignatureScheme;
}

/// A list in its wire form. It holds whole elements only, unless it says otherwise where it is made.
pub struct List<'a, T> {
    bytes: &'a [u8],
    element: PhantomData<fn() -> T>,
}

/// A list of two-byte codes.
pub type U16List<'a, T> = List<'a, T>;

impl<'a, T> List<'a, T> {
    /// The caller has seen that `bytes` are whole elements.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, element: PhantomData }
    }

    /// The elements as they are on the wire, without the length before them.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// True where there is no element.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl<'a, T: Element<'a>> List<'a, T> {
    /// The elements in order.
    pub const fn iter(&self) -> Iter<'a, T> {
        Iter { bytes: self.bytes, element: PhantomData }
    }

    /// How many elements there are: counted, not known.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// True where one of the elements is `value`.
    pub fn contains(&self, value: T::Value) -> bool
    where
        T::Value: Copy + PartialEq,
    {
        self.iter().any(|element| element == value)
    }
}

impl<'a, T: Element<'a>> IntoIterator for List<'a, T> {
    type Item = T::Value;
    type IntoIter = Iter<'a, T>;
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Element<'a>> IntoIterator for &List<'a, T> {
    type Item = T::Value;
    type IntoIter = Iter<'a, T>;
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> Clone for List<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<'_, T> {}

impl<T> Default for List<'_, T> {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl<T> PartialEq for List<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T> Eq for List<'_, T> {}

impl<'a, T: Element<'a>> fmt::Debug for List<'a, T>
where
    T::Value: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// The elements of a [`List`].
pub struct Iter<'a, T> {
    bytes: &'a [u8],
    element: PhantomData<fn() -> T>,
}

impl<'a, T: Element<'a>> Iterator for Iter<'a, T> {
    type Item = T::Value;
    fn next(&mut self) -> Option<T::Value> {
        let (element, rest) = T::split(self.bytes)?;
        self.bytes = rest;
        Some(element)
    }
}

impl<'a, T: Element<'a>> FusedIterator for Iter<'a, T> {}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes, element: PhantomData }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_order() {
        let list = U16List::<CipherSuite>::new(&[0x13, 0x01, 0x7a, 0x7a]);
        assert_eq!(list.iter().collect::<Vec<_>>(), [CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite(0x7a7a)]);
        assert_eq!(list.len(), 2);
        assert!(list.contains(CipherSuite(0x7a7a)) && !list.contains(CipherSuite(0x0113)));
        assert_eq!(format!("{:?}", List::<EcPointFormat>::new(&[0])), "[EcPointFormat(0)]");
    }

    #[test]
    fn an_element_that_is_not_whole_is_not_read() {
        assert_eq!(List::<Opaque8>::new(&[1, 5, 2, 6]).iter().collect::<Vec<_>>(), [[5]]);
        assert_eq!(List::<Opaque16>::new(&[0, 1, 5, 0]).iter().collect::<Vec<_>>(), [[5]]);
        assert_eq!(List::<Opaque24>::new(&[0, 0, 1, 5, 0, 0, 1]).iter().collect::<Vec<_>>(), [[5]]);
        assert_eq!(U16List::<NamedGroup>::new(&[0, 29, 0]).len(), 1);
    }
}
