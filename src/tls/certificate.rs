//! The messages that carry certificates, or say where they and their status are. What is in DER stays in DER.

use super::error::ParseError;
use super::extensions::{Extension, Extensions, extension_list};
use super::list::{Element, List, Opaque24};
use super::registry::{CertificateCompressionAlgorithm, CertificateStatusType};
use super::wire::{Parsed, array, field, list, message, nonempty, offset, rest, u8, u16, u24, vec8, vec16, vec24};
use nom::Parser;

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

/// CompressedCertificate (RFC 8879 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressedCertificate<'a> {
    /// How it is compressed.
    pub algorithm: CertificateCompressionAlgorithm,
    /// The length in bytes of the Certificate message that it becomes.
    pub uncompressed_length: u32,
    /// The Certificate message, compressed.
    pub compressed: &'a [u8],
}

impl<'a> CompressedCertificate<'a> {
    /// Reads the body of a CompressedCertificate message.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message("CompressedCertificate", body, |input| {
            let (input, algorithm) = field("algorithm", u16.map(CertificateCompressionAlgorithm))(input)?;
            let (input, uncompressed_length) = field("uncompressed_length", u24)(input)?;
            let (input, compressed) = field("compressed_certificate_message", nonempty(vec24))(input)?;
            Ok((input, Self { algorithm, uncompressed_length, compressed }))
        })
    }
}

/// CertificateStatus (RFC 6066 section 8, RFC 6961 section 2.2), which TLS 1.3 sends as an extension of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateStatus<'a> {
    /// An OCSP response in DER, about the first certificate.
    Ocsp(&'a [u8]),
    /// OCSP responses in DER, in the order of the certificates; empty where there is none about one.
    OcspMulti(List<'a, Opaque24>),
    /// A status of another type.
    Other(CertificateStatusType, &'a [u8]),
}

impl<'a> CertificateStatus<'a> {
    /// Reads the body of a CertificateStatus message.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message("CertificateStatus", body, certificate_status)
    }
}

/// `CertificateStatus`, as a message and as an extension.
pub(super) fn certificate_status(input: &[u8]) -> Parsed<'_, CertificateStatus<'_>> {
    let (input, status_type) = field("status_type", u8.map(CertificateStatusType))(input)?;
    match status_type {
        CertificateStatusType::OCSP => field("response", vec24.map(CertificateStatus::Ocsp))(input),
        CertificateStatusType::OCSP_MULTI => {
            let responses = list(nonempty(vec24), field("ocsp_response_list.response", vec24));
            field("ocsp_response_list", responses.map(CertificateStatus::OcspMulti))(input)
        }
        _ => rest.map(|status| CertificateStatus::Other(status_type, status)).parse_complete(input),
    }
}

/// CertificateURL (RFC 6066 section 5): where to fetch the client's certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateUrl<'a> {
    /// 0 where each URL has one certificate, 1 where one URL has the chain.
    pub chain_type: u8,
    /// The places, at least one.
    pub urls: List<'a, UrlAndHash<'a>>,
}

/// A place of [`CertificateUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UrlAndHash<'a> {
    /// The URL.
    pub url: &'a [u8],
    /// The SHA-1 of what is there.
    pub sha1: &'a [u8; 20],
}

fn url_and_hash(input: &[u8]) -> Parsed<'_, UrlAndHash<'_>> {
    let (input, url) = field("url_and_hash_list.url", nonempty(vec16))(input)?;
    let (input, _) = field("url_and_hash_list.padding", u8)(input)?;
    let (input, sha1) = field("url_and_hash_list.SHA1Hash", array)(input)?;
    Ok((input, UrlAndHash { url, sha1 }))
}

impl<'a> Element<'a> for UrlAndHash<'a> {
    type Value = Self;
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        url_and_hash(bytes).ok().map(|(rest, place)| (place, rest))
    }
}

impl<'a> CertificateUrl<'a> {
    /// Reads the body of a CertificateURL message.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message("CertificateURL", body, |input| {
            let (input, chain_type) = field("type", u8)(input)?;
            let (input, urls) = field("url_and_hash_list", list(nonempty(vec16), url_and_hash))(input)?;
            Ok((input, Self { chain_type, urls }))
        })
    }
}
