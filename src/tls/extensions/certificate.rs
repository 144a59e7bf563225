//! Extensions about certificates: which kinds, from whom, how packed, and how their status is told.

use super::{Extensions, Reading};
use crate::tls::list::{List, Opaque16, U16List};
use crate::tls::registry::{CertificateCompressionAlgorithm, CertificateStatusType, CertificateType, ExtensionType};
use crate::tls::wire::{Parsed, codes, field, list, nonempty, rest, u8, vec8, vec16};
use nom::Parser;

/// status_request of ClientHello (RFC 6066 section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateStatusRequest<'a> {
    /// The kind of status asked for.
    pub status_type: CertificateStatusType,
    /// What else is asked: for OCSP the responders trusted and extensions of the request.
    pub request: &'a [u8],
}

impl<'a> Extensions<'a> {
    /// status_request of ClientHello.
    pub fn status_request(&self) -> Reading<CertificateStatusRequest<'a>> {
        self.read(ExtensionType::STATUS_REQUEST, |input| {
            let (input, status_type) = field("status_request.status_type", u8.map(CertificateStatusType))(input)?;
            let (input, request) = field("status_request.request", rest)(input)?;
            Ok((input, CertificateStatusRequest { status_type, request }))
        })
    }

    /// signed_certificate_timestamp (RFC 6962 section 3.3.1): the timestamps; none where a client asks for them.
    pub fn signed_certificate_timestamps(&self) -> Reading<List<'a, Opaque16>> {
        self.read(ExtensionType::SIGNED_CERTIFICATE_TIMESTAMP, |input: &'a [u8]| match input {
            [] => Ok((input, List::default())),
            _ => list(nonempty(vec16), nonempty(vec16))(input),
        })
    }

    /// client_certificate_type of ClientHello (RFC 7250 section 3): what the client can send.
    pub fn client_certificate_types(&self) -> Reading<List<'a, CertificateType>> {
        self.read(ExtensionType::CLIENT_CERTIFICATE_TYPE, codes(1, vec8))
    }

    /// client_certificate_type of ServerHello and EncryptedExtensions: what the client shall send.
    pub fn client_certificate_type(&self) -> Reading<CertificateType> {
        self.read(ExtensionType::CLIENT_CERTIFICATE_TYPE, u8.map(CertificateType))
    }

    /// server_certificate_type of ClientHello (RFC 7250 section 3): what the client can read.
    pub fn server_certificate_types(&self) -> Reading<List<'a, CertificateType>> {
        self.read(ExtensionType::SERVER_CERTIFICATE_TYPE, codes(1, vec8))
    }

    /// server_certificate_type of ServerHello and EncryptedExtensions: what the server will send.
    pub fn server_certificate_type(&self) -> Reading<CertificateType> {
        self.read(ExtensionType::SERVER_CERTIFICATE_TYPE, u8.map(CertificateType))
    }

    /// compress_certificate (RFC 8879 section 3).
    pub fn compress_certificate(&self) -> Reading<U16List<'a, CertificateCompressionAlgorithm>> {
        self.read(ExtensionType::COMPRESS_CERTIFICATE, codes(2, vec8))
    }

    /// certificate_authorities (RFC 8446 section 4.2.4): distinguished names in DER.
    pub fn certificate_authorities(&self) -> Reading<List<'a, Opaque16>> {
        self.read(ExtensionType::CERTIFICATE_AUTHORITIES, authorities)
    }

    /// post_handshake_auth (RFC 8446 section 4.2.6).
    pub fn post_handshake_auth(&self) -> Reading<()> {
        self.flag(ExtensionType::POST_HANDSHAKE_AUTH)
    }
}

/// `DistinguishedName authorities<…>`, of names with at least one byte.
pub(in crate::tls) fn authorities(input: &[u8]) -> Parsed<'_, List<'_, Opaque16>> {
    list(vec16, nonempty(vec16))(input)
}
