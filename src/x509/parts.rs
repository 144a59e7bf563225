//! The parts of a certificate as bytes: what signatures are made over and verified with, and what is too long to keep
//! in [`super::CertificateFacts`].

use super::text::element;
use x509_parser::asn1_rs::{Any, Class, FromDer, Oid, Tag};
use x509_parser::x509::AlgorithmIdentifier;

/// Where the parts of a certificate (RFC 5280 4.1) are.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    /// TBSCertificate with its header: what is signed.
    pub(super) signed: &'a [u8],
    /// The content of SubjectPublicKeyInfo.
    pub(super) key: &'a [u8],
    /// The content of the list of extensions; empty where there is none.
    extensions: &'a [u8],
    /// How it is signed.
    pub(super) algorithm: AlgorithmIdentifier<'a>,
    /// The signature itself.
    pub(super) signature: &'a [u8],
}

impl<'a> Parts<'a> {
    /// `None` where one of them cannot be found.
    pub(super) fn of(der: &'a [u8]) -> Option<Self> {
        let certificate = sequence(&mut { der })?;
        let mut outer = certificate;
        let mut fields = sequence(&mut outer)?;
        let signed = certificate.get(..certificate.len().checked_sub(outer.len())?)?;
        let (outer, algorithm) = AlgorithmIdentifier::from_der(outer).ok()?;
        let signature = bits(&element(&mut { outer })?)?;

        let first = element(&mut fields)?;
        if first.class() == Class::ContextSpecific {
            element(&mut fields)?;
        }
        for _ in ["signature", "issuer", "validity", "subject"] {
            element(&mut fields)?;
        }
        let key = sequence(&mut fields)?;
        let mut extensions = &[][..];
        while !fields.is_empty() {
            let optional = element(&mut fields)?;
            if optional.class() == Class::ContextSpecific && optional.tag() == Tag(3) {
                extensions = sequence(&mut { optional.data })?;
            }
        }
        Some(Self { signed, key, extensions, algorithm, signature })
    }

    /// True where there are none.
    pub(super) fn has_no_extensions(&self) -> bool {
        self.extensions.is_empty()
    }

    /// The value of an extension.
    pub(super) fn extension(&self, kind: &Oid<'_>) -> Option<&'a [u8]> {
        let mut list = self.extensions;
        while !list.is_empty() {
            let mut fields = sequence(&mut list)?;
            let found = element(&mut fields)?.data == kind.as_bytes();
            let mut value = element(&mut fields)?;
            if value.tag() == Tag::Boolean {
                value = element(&mut fields)?;
            }
            if found {
                return Some(value.data);
            }
        }
        None
    }
}

/// A key as it stands in a certificate or a trust anchor.
#[derive(Debug)]
pub(super) struct Key<'a> {
    /// What kind of key, on which curve.
    pub(super) algorithm: AlgorithmIdentifier<'a>,
    /// The key itself.
    pub(super) bits: &'a [u8],
}

impl<'a> Key<'a> {
    /// Reads the content of SubjectPublicKeyInfo.
    pub(super) fn read(content: &'a [u8]) -> Option<Self> {
        let (rest, algorithm) = AlgorithmIdentifier::from_der(content).ok()?;
        Some(Self { algorithm, bits: bits(&element(&mut { rest })?)? })
    }
}

/// Takes a SEQUENCE off the front of `input`, and gives its content.
fn sequence<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    element(input).filter(|element| element.tag() == Tag::Sequence).map(|element| element.data)
}

/// The content of a BIT STRING of whole bytes.
fn bits<'a>(value: &Any<'a>) -> Option<&'a [u8]> {
    match (value.tag(), value.data) {
        (Tag::BitString, [0, bits @ ..]) => Some(bits),
        _ => None,
    }
}
