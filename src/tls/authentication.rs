//! CertificateRequest and CertificateVerify: who is asked to prove who they are, and the proof.

use super::error::ParseError;
use super::extensions::{Extensions, authorities, extensions};
use super::key_exchange::{Signature, signatures_name_their_scheme};
use super::list::{List, Opaque16, U16List};
use super::registry::{ClientCertificateType, ProtocolVersion, SignatureScheme};
use super::wire::{codes, field, message, nonempty, vec8, vec16};

/// CertificateRequest of SSL 3.0 to TLS 1.2 (RFC 5246 section 7.4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateRequest<'a> {
    /// The types of certificate that the server takes.
    pub certificate_types: List<'a, ClientCertificateType>,
    /// The signatures that it takes; before TLS 1.2 the types say it, and the list is empty.
    pub signature_schemes: U16List<'a, SignatureScheme>,
    /// The distinguished names, in DER, of the authorities that it takes; none where it takes any.
    pub authorities: List<'a, Opaque16>,
}

impl<'a> CertificateRequest<'a> {
    /// Reads the body of a CertificateRequest of this version.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8], version: ProtocolVersion) -> Result<Self, ParseError> {
        message("CertificateRequest", body, |input| {
            let (mut input, certificate_types) = field("certificate_types", codes(1, nonempty(vec8)))(input)?;
            let mut signature_schemes = List::default();
            if signatures_name_their_scheme(version) {
                (input, signature_schemes) = field("supported_signature_algorithms", codes(2, nonempty(vec16)))(input)?;
            }
            let (input, authorities) = field("certificate_authorities", authorities)(input)?;
            Ok((input, Self { certificate_types, signature_schemes, authorities }))
        })
    }
}

/// CertificateRequest of TLS 1.3 (RFC 8446 section 4.3.2), and ClientCertificateRequest of exported authenticators
/// (RFC 9261 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateRequest13<'a> {
    /// What the answer has to repeat; empty in the handshake.
    pub context: &'a [u8],
    /// What the server takes: signature_algorithms, certificate_authorities and the like.
    pub extensions: Extensions<'a>,
}

impl<'a> CertificateRequest13<'a> {
    const NAME: &'static str = "CertificateRequest";

    /// Reads the body of a CertificateRequest.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message(Self::NAME, body, |input| {
            let (input, context) = field("certificate_request_context", vec8)(input)?;
            let (input, extensions) = extensions(Self::NAME, body)(input)?;
            Ok((input, Self { context, extensions }))
        })
    }
}

/// CertificateVerify (RFC 5246 section 7.4.8, RFC 8446 section 4.4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateVerify<'a> {
    /// The signature over the handshake so far.
    pub signature: Signature<'a>,
}

impl<'a> CertificateVerify<'a> {
    /// Reads the body of a CertificateVerify of this version.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8], version: ProtocolVersion) -> Result<Self, ParseError> {
        let signature = message("CertificateVerify", body, Signature::parser(version))?;
        Ok(Self { signature })
    }
}
