//! Certificate, with the layout of SSL 3.0 to TLS 1.2 and that of TLS 1.3. The certificates themselves stay in DER.

use super::error::ParseError;
use super::extensions::{Extension, Extensions, extension_list};
use super::list::{Element, List, Opaque24};
use super::wire::{Parsed, field, list, message, nonempty, offset, vec8, vec24};

/// Certificate of SSL 3.0 to TLS 1.2 (RFC 5246 section 7.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate<'a> {
    /// The certificates in DER, the sender's own first; none where a client has no certificate to send.
    pub certificates: List<'a, Opaque24>,
}

impl<'a> Certificate<'a> {
    /// Reads the body of a Certificate message.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message("Certificate", body, |input| {
            let certificate = field("certificate_list.certificate", nonempty(vec24));
            let (input, certificates) = field("certificate_list", list(vec24, certificate))(input)?;
            Ok((input, Self { certificates }))
        })
    }
}

/// Certificate of TLS 1.3 (RFC 8446 section 4.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate13<'a> {
    /// What the CertificateRequest said that this answers; empty in the handshake.
    pub context: &'a [u8],
    /// Where the entries begin in the body.
    base: usize,
    entries: List<'a, Entry>,
}

/// A certificate of TLS 1.3, and what is said about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateEntry<'a> {
    /// The certificate in DER, or a raw public key where that was agreed (RFC 7250).
    pub certificate: &'a [u8],
    /// Its extensions: status_request, signed_certificate_timestamp and the like.
    pub extensions: Extensions<'a>,
}

/// A certificate and its extensions, before these know the message that they are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {}

fn entry(input: &[u8]) -> Parsed<'_, (&[u8], List<'_, Extension<'_>>)> {
    let (input, certificate) = field("certificate_list.cert_data", nonempty(vec24))(input)?;
    let (input, extensions) = field("certificate_list.extensions", extension_list)(input)?;
    Ok((input, (certificate, extensions)))
}

impl<'a> Element<'a> for Entry {
    type Value = (&'a [u8], List<'a, Extension<'a>>);
    fn split(bytes: &'a [u8]) -> Option<(Self::Value, &'a [u8])> {
        entry(bytes).ok().map(|(rest, entry)| (entry, rest))
    }
}

impl<'a> Certificate13<'a> {
    const NAME: &'static str = "Certificate";

    /// Reads the body of a Certificate message.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message(Self::NAME, body, |input| {
            let (input, context) = field("certificate_request_context", vec8)(input)?;
            let (input, entries) = field("certificate_list", list(vec24, entry))(input)?;
            Ok((input, Self { context, base: offset(body, entries.bytes()), entries }))
        })
    }

    /// The certificates, the sender's own first; none where a client has no certificate to send.
    pub fn entries(&self) -> impl Iterator<Item = CertificateEntry<'a>> + use<'a> {
        let Self { base, entries, .. } = *self;
        entries.iter().map(move |(certificate, list)| {
            let extensions = Extensions::new(Self::NAME, base, entries.bytes(), list);
            CertificateEntry { certificate, extensions }
        })
    }
}
