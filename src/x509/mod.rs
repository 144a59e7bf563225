//! Certificate facts: what can be read out of one X.509 certificate (RFC 5280), for the event, the findings and, above
//! them, the judgement of chains.
//!
//! Certificates are as hostile as anything else on the wire, and many that are merely odd are in daily use: dates before
//! 1970, names in Teletex, addresses of the wrong length. So each field is read on its own: one that is broken is named
//! in [`CertificateFacts::fault`], and the rest is still told. Text is escaped and bounded before it leaves this module.
//!
//! A server sends the same chain with every handshake, so [`Judge`] reads each certificate and judges each chain once.

mod algorithm;
mod cache;
mod chain;
mod judge;
mod judgement;
mod name;
mod parts;
mod read;
mod roots;
mod sentence;
mod signature;
#[cfg(test)]
mod tests;
mod text;
mod time;

pub use algorithm::{PublicKey, WeakDigest};
pub use judge::{Judge, Purpose};
pub use judgement::{ChainProblem, ChainStatus, Judgement};
pub use roots::{Roots, RootsError, system_roots};
pub use time::CertificateTime;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

/// A name (subject, issuer, or one alternative name) is cut after this many bytes of text, and ends in `...`.
pub const MAX_NAME_TEXT: usize = 1024;
/// At most this many subject alternative names are kept; [`CertificateFacts::san_count`] has the true number.
pub const MAX_SAN: usize = 128;
/// The subject alternative names that are kept have at most this many bytes of text in all.
pub const MAX_SAN_TEXT: usize = 8 * 1024;

/// At most this many purposes of a certificate are told.
pub const MAX_PURPOSES: usize = 32;
/// A longer certificate is read and not kept: the largest post-quantum signatures in use have 50 KB.
pub const MAX_KEPT_DER: usize = 64 * 1024;

/// What one certificate says. A field that could not be read is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// SHA-256 of the DER, 64 hexadecimal digits.
    pub sha256: String,
    /// Bytes of DER.
    pub length: usize,
    /// The subject as in RFC 4514, most specific part first: `CN=www.example.org,O=Example,C=GB`.
    pub subject: Option<String>,
    /// The issuer, written like the subject.
    pub issuer: Option<String>,
    /// The serial number as hexadecimal digits.
    pub serial: Option<String>,
    /// Valid from this second on.
    pub not_before: Option<CertificateTime>,
    /// Valid up to and including this second.
    pub not_after: Option<CertificateTime>,
    /// The first subject alternative names, in the certificate's order.
    pub san: Vec<AlternativeName>,
    /// How many subject alternative names the certificate has.
    pub san_count: usize,
    /// The kind and size of its key.
    pub key: Option<PublicKey>,
    /// The algorithm it was signed with: `sha256WithRSAEncryption`, `ecdsa-with-SHA256`, `ML-DSA-65`, or a dotted OID.
    pub signature_algorithm: Option<Cow<'static, str>>,
    /// The digest under its signature, where that is one to worry about.
    pub weak_digest: Option<WeakDigest>,
    /// Issuer and subject are the same, and so are the key identifiers where the certificate has both. The signature
    /// itself is not verified.
    pub self_signed: Option<bool>,
    /// It may sign other certificates (basic constraints, RFC 5280 4.2.1.9).
    pub is_ca: bool,
    /// At most so many certification authorities may follow below it (basic constraints).
    pub path_length: Option<u32>,
    /// What its key may be used for (RFC 5280 4.2.1.3); absent where it does not say: for anything.
    pub key_usage: Option<KeyUsage>,
    /// What it may be used for (extended key usage, RFC 5280 4.2.1.12), as `serverAuth`, `clientAuth` or a dotted OID;
    /// absent where it does not say: for anything. At most [`MAX_PURPOSES`].
    pub purposes: Option<Vec<Cow<'static, str>>>,
    /// Its subject's common name, the last where there are several.
    pub common_name: Option<String>,
    /// The identifier of its key, as hexadecimal digits.
    pub subject_key_id: Option<String>,
    /// The identifier of the key that signed it, as hexadecimal digits.
    pub authority_key_id: Option<String>,
    /// Where its issuer's certificate can be had (authority information access, RFC 5280 4.2.2.1): the first `http` URL.
    pub issuer_url: Option<String>,
    /// It asks servers to staple an OCSP response (TLS feature 5, RFC 7633).
    pub must_staple: bool,
    /// The first field that could not be read.
    pub fault: Option<CertificateFault>,
    /// The certificate itself; empty where it is longer than [`MAX_KEPT_DER`], and then it is not judged.
    pub der: Box<[u8]>,
}

/// The uses of a key as its certificate limits them. Displays as RFC 5280's names: `digitalSignature, keyCertSign`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// Signatures other than those on certificates and revocation lists.
    pub const DIGITAL_SIGNATURE: Self = Self(1);
    /// Encryption of keys: TLS's RSA key exchange.
    pub const KEY_ENCIPHERMENT: Self = Self(1 << 2);
    /// Key agreement: static Diffie-Hellman.
    pub const KEY_AGREEMENT: Self = Self(1 << 4);
    /// Signatures on certificates.
    pub const KEY_CERT_SIGN: Self = Self(1 << 5);

    /// True where one of the uses is allowed that `other` names.
    pub const fn allows(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl std::ops::BitOr for KeyUsage {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 9] = [
            "digitalSignature",
            "nonRepudiation",
            "keyEncipherment",
            "dataEncipherment",
            "keyAgreement",
            "keyCertSign",
            "cRLSign",
            "encipherOnly",
            "decipherOnly",
        ];
        let names = NAMES.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1).map(|(_, name)| *name);
        f.write_str(&names.collect::<Vec<_>>().join(", "))
    }
}

/// The field of a certificate that could not be read, in RFC 5280's words, and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct CertificateFault {
    /// The field: `validity.notAfter`.
    pub field: &'static str,
    /// What is wrong with it: `is not a date`.
    pub problem: &'static str,
}

/// One subject alternative name (RFC 5280 4.2.1.6). Text is escaped; nothing says that a host name is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlternativeName {
    /// A host name as written, wildcards included.
    Dns(String),
    /// An address.
    Ip(IpAddr),
    /// An e-mail address.
    Email(String),
    /// A URI.
    Uri(String),
    /// Any other kind, or an address of the wrong length: the kind, a colon, and what could be made of it.
    Other(String),
}

impl fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(text) | Self::Email(text) | Self::Uri(text) | Self::Other(text) => f.write_str(text),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

impl AlternativeName {
    /// Bytes of text that it holds.
    fn text_length(&self) -> usize {
        match self {
            Self::Dns(text) | Self::Email(text) | Self::Uri(text) | Self::Other(text) => text.len(),
            Self::Ip(_) => 0,
        }
    }
}

impl CertificateFacts {
    /// Reads a certificate.
    pub fn read(der: &[u8]) -> Self {
        read::read(der, &read::sha256(der))
    }
}
