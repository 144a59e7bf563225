//! The roots that chains are judged by: a list of names with keys. What else a root's certificate says is its own
//! affair (RFC 5280 6.1.1 (d)), but for the date after which it is nobody's root any more.

use super::parts::Parts;
use super::text::distinguished_name;
use super::{CertificateFacts, CertificateTime};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use x509_parser::pem::Pem;

/// The label of a certificate in PEM (RFC 7468 section 5).
const PEM_LABEL: &str = "CERTIFICATE";

/// Where systems keep their roots: Debian, Fedora, SUSE, Alpine and macOS.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// This system's own list of roots, where it is in one of the usual places.
pub fn system_roots() -> Option<&'static Path> {
    SYSTEM_ROOTS.into_iter().map(Path::new).find(|path| path.exists())
}

/// The certification authorities that are trusted.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    by_name: HashMap<String, Vec<Anchor>>,
}

/// One trusted key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    /// The content of SubjectPublicKeyInfo.
    pub(super) key: Cow<'static, [u8]>,
    /// The last second of its certificate, where that is known.
    pub(super) not_after: Option<CertificateTime>,
}

/// Why bytes are no list of roots.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootsError {
    /// No certificate is in them.
    #[error("holds no certificate in PEM or DER")]
    Empty,
    /// One cannot be read.
    #[error("certificate {number} in it cannot be read: {why}")]
    Unreadable {
        /// Which one; 1 is the first.
        number: usize,
        /// What is wrong with it.
        why: String,
    },
}

impl Roots {
    /// Mozilla's list of certification authorities for servers, as it was when tlscribe was built.
    pub fn bundled() -> Self {
        let mut roots = Self::default();
        for anchor in webpki_roots::TLS_SERVER_ROOTS {
            let key = Cow::Borrowed(anchor.subject_public_key_info.as_ref());
            if let Some(name) = distinguished_name(anchor.subject.as_ref()) {
                roots.add(&name, Anchor { key, not_after: None });
            }
        }
        roots
    }

    /// Reads certificates, in PEM (one or many, other blocks are passed over) or one in DER.
    ///
    /// # Errors
    /// Where there is none, or one cannot be read.
    pub fn read(bytes: &[u8]) -> Result<Self, RootsError> {
        let mut roots = Self::default();
        if CertificateFacts::read(bytes).fault.is_none() {
            roots.add_certificate(bytes, 1)?;
            return Ok(roots);
        }
        let mut number = 0_usize;
        for block in Pem::iter_from_buffer(bytes) {
            number = number.saturating_add(1);
            let block = block.map_err(|error| RootsError::Unreadable { number, why: error.to_string() })?;
            if block.label == PEM_LABEL {
                roots.add_certificate(&block.contents, number)?;
            }
        }
        if roots.is_empty() { Err(RootsError::Empty) } else { Ok(roots) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_name.values().map(Vec::len).sum()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    fn add_certificate(&mut self, der: &[u8], number: usize) -> Result<(), RootsError> {
        let facts = CertificateFacts::read(der);
        let why = facts.fault.map_or_else(|| "it has no key".to_owned(), |fault| fault.to_string());
        let unreadable = RootsError::Unreadable { number, why };
        let (parts, name) = Parts::of(der).zip(facts.subject).ok_or(unreadable)?;
        self.add(&name, Anchor { key: Cow::Owned(parts.key.to_vec()), not_after: facts.not_after });
        Ok(())
    }

    fn add(&mut self, name: &str, anchor: Anchor) {
        let anchors = self.by_name.entry(name_key(name)).or_default();
        if !anchors.contains(&anchor) {
            anchors.push(anchor);
        }
    }

    /// The trusted keys of a name, by its [`name_key`].
    pub(super) fn named(&self, key: &str) -> &[Anchor] {
        self.by_name.get(key).map_or(&[], Vec::as_slice)
    }
}

/// Names are compared as text without regard to case, so that one name in two string types is one (RFC 5280 7.1).
pub(super) fn name_key(name: &str) -> String {
    name.to_ascii_lowercase()
}
