//! Extensions about certificates: which kinds, from whom, how packed, and how their status is told.

use super::{Extensions, Reading};
use crate::tls::certificate::{CertificateStatus, certificate_status};
use crate::tls::error::{ParseError, Rule};
use crate::tls::list::{Element, List, Opaque16, U16List};
use crate::tls::registry::{CertificateCompressionAlgorithm, CertificateStatusType, CertificateType, ExtensionType};
use crate::tls::wire::{Parsed, array, broken, codes, field, list, nonempty, rest, u8, vec8, vec16};
use nom::Parser;

/// What a client asks of a certificate's status (RFC 6066 section 8, RFC 6961 section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateStatusRequest<'a> {
    /// The kind of status asked for.
    pub status_type: CertificateStatusType,
    /// What else is asked: for OCSP the responders trusted and extensions of the request.
    pub request: &'a [u8],
}

/// An item of status_request_v2, which has its length before the request.
fn status_request_item(input: &[u8]) -> Parsed<'_, CertificateStatusRequest<'_>> {
    let (input, status_type) = field("status_request_v2.status_type", u8.map(CertificateStatusType))(input)?;
    let (input, request) = field("status_request_v2.request", vec16)(input)?;
    Ok((input, CertificateStatusRequest { status_type, request }))
}

impl<'a> Element<'a> for CertificateStatusRequest<'a> {
    type Value = Self;
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        status_request_item(bytes).ok().map(|(rest, item)| (item, rest))
    }
}

/// A certificate extension that the client's certificate must have (RFC 8446 section 4.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OidFilter<'a> {
    /// The extension's object identifier in DER.
    pub oid: &'a [u8],
    /// The values asked for in DER; empty where any will do.
    pub values: &'a [u8],
}

impl<'a> OidFilter<'a> {
    fn parse(input: &'a [u8]) -> Parsed<'a, Self> {
        let (input, oid) = field("oid_filters.certificate_extension_oid", nonempty(vec8))(input)?;
        let (input, values) = field("oid_filters.certificate_extension_values", vec16)(input)?;
        Ok((input, Self { oid, values }))
    }
}

impl<'a> Element<'a> for OidFilter<'a> {
    type Value = Self;
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        Self::parse(bytes).ok().map(|(rest, filter)| (filter, rest))
    }
}

/// An authority that a client trusts (RFC 6066 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustedAuthority<'a> {
    /// Both sides know it beforehand.
    PreAgreed,
    /// The SHA-1 of its key.
    KeySha1(&'a [u8; 20]),
    /// Its distinguished name in DER.
    Name(&'a [u8]),
    /// The SHA-1 of its certificate.
    CertificateSha1(&'a [u8; 20]),
}

impl<'a> TrustedAuthority<'a> {
    fn parse(input: &'a [u8]) -> Parsed<'a, Self> {
        let (after, kind) = field("trusted_ca_keys.identifier_type", u8)(input)?;
        match kind {
            0 => Ok((after, Self::PreAgreed)),
            1 => field("trusted_ca_keys.key_sha1_hash", array.map(Self::KeySha1))(after),
            2 => field("trusted_ca_keys.x509_name", nonempty(vec16).map(Self::Name))(after),
            3 => field("trusted_ca_keys.cert_sha1_hash", array.map(Self::CertificateSha1))(after),
            _ => field("trusted_ca_keys.identifier_type", |_| broken(input, Rule::BadValue))(input),
        }
    }
}

impl<'a> Element<'a> for TrustedAuthority<'a> {
    type Value = Self;
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        Self::parse(bytes).ok().map(|(rest, authority)| (authority, rest))
    }
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
        self.read(ExtensionType::CLIENT_CERTIFICATE_TYPE, codes(1, nonempty(vec8)))
    }

    /// client_certificate_type of ServerHello and EncryptedExtensions: what the client shall send.
    pub fn client_certificate_type(&self) -> Reading<CertificateType> {
        self.read(ExtensionType::CLIENT_CERTIFICATE_TYPE, u8.map(CertificateType))
    }

    /// server_certificate_type of ClientHello (RFC 7250 section 3): what the client can read.
    pub fn server_certificate_types(&self) -> Reading<List<'a, CertificateType>> {
        self.read(ExtensionType::SERVER_CERTIFICATE_TYPE, codes(1, nonempty(vec8)))
    }

    /// server_certificate_type of ServerHello and EncryptedExtensions: what the server will send.
    pub fn server_certificate_type(&self) -> Reading<CertificateType> {
        self.read(ExtensionType::SERVER_CERTIFICATE_TYPE, u8.map(CertificateType))
    }

    /// compress_certificate (RFC 8879 section 3).
    pub fn compress_certificate(&self) -> Reading<U16List<'a, CertificateCompressionAlgorithm>> {
        self.read(ExtensionType::COMPRESS_CERTIFICATE, codes(2, nonempty(vec8)))
    }

    /// certificate_authorities (RFC 8446 section 4.2.4): distinguished names in DER.
    pub fn certificate_authorities(&self) -> Reading<List<'a, Opaque16>> {
        self.read(ExtensionType::CERTIFICATE_AUTHORITIES, authorities)
    }

    /// post_handshake_auth (RFC 8446 section 4.2.6).
    pub fn post_handshake_auth(&self) -> Reading<()> {
        self.flag(ExtensionType::POST_HANDSHAKE_AUTH)
    }

    /// status_request on a certificate of TLS 1.3 (RFC 8446 section 4.4.2.1).
    pub fn certificate_status(&self) -> Reading<CertificateStatus<'a>> {
        let read = self.read(ExtensionType::STATUS_REQUEST, certificate_status)?;
        // The fields have the names that they have in the message of the same layout.
        Some(read.map_err(|error| ParseError { field: "status_request", ..error }))
    }

    /// status_request_v2 of ClientHello (RFC 6961 section 2.2), in the client's order.
    pub fn status_request_v2(&self) -> Reading<List<'a, CertificateStatusRequest<'a>>> {
        self.read(ExtensionType::STATUS_REQUEST_V2, list(nonempty(vec16), status_request_item))
    }

    /// oid_filters of CertificateRequest (RFC 8446 section 4.2.5).
    pub fn oid_filters(&self) -> Reading<List<'a, OidFilter<'a>>> {
        self.read(ExtensionType::OID_FILTERS, list(vec16, OidFilter::parse))
    }

    /// client_certificate_url (RFC 6066 section 5).
    pub fn client_certificate_url(&self) -> Reading<()> {
        self.flag(ExtensionType::CLIENT_CERTIFICATE_URL)
    }

    /// trusted_ca_keys of ClientHello (RFC 6066 section 6): none where only the names are asked for.
    pub fn trusted_ca_keys(&self) -> Reading<List<'a, TrustedAuthority<'a>>> {
        self.read(ExtensionType::TRUSTED_CA_KEYS, list(vec16, TrustedAuthority::parse))
    }
}

/// `DistinguishedName authorities<…>`, of names with at least one byte.
pub(in crate::tls) fn authorities(input: &[u8]) -> Parsed<'_, List<'_, Opaque16>> {
    list(vec16, nonempty(vec16))(input)
}
