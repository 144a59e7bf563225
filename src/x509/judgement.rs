//! A chain as it was sent, judged at the time of the handshake.

use super::{CertificateFacts, CertificateTime};
use std::sync::Arc;

/// What a chain is worth, in one word: the event's `chain_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChainStatus {
    /// It leads to a root of those chosen, and nothing is wrong with it (the name is judged apart).
    Trusted,
    /// It leads to a root that is not among those chosen, or a signature in it does not verify.
    Untrusted,
    /// An intermediate certificate was not sent.
    Incomplete,
    /// The end entity's certificate is its own issuer.
    SelfSigned,
    /// A certificate that counts has expired.
    Expired,
    /// A certificate that counts is not valid yet.
    NotYetValid,
}

/// One thing that is wrong with a chain. Superfluous certificates are not judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainProblem {
    /// The certificate at this place in the message has expired.
    Expired {
        /// Its place; 0 is the end entity's.
        at: usize,
        /// Since when.
        not_after: CertificateTime,
    },
    /// The certificate at this place is not valid yet.
    NotYetValid {
        /// Its place; 0 is the end entity's.
        at: usize,
        /// Until when.
        not_before: CertificateTime,
    },
    /// The end entity's certificate is self-signed.
    SelfSigned,
    /// The chain ends in a self-signed certificate of this name that is not among the chosen roots.
    UnknownRoot {
        /// Its subject.
        root: String,
    },
    /// Nobody sent the certificate of this issuer, and it is no chosen root.
    MissingIssuer {
        /// The place of the certificate that it issued.
        at: usize,
        /// The issuer's name.
        issuer: String,
    },
    /// The signature on the certificate at this place does not verify under its issuer's key.
    BadSignature {
        /// Its place.
        at: usize,
    },
    /// The certificate at this place signs another and may not (basic constraints, key usage).
    NotAnAuthority {
        /// Its place.
        at: usize,
    },
    /// The end entity's certificate is not for this use (extended key usage, RFC 5280 4.2.1.12).
    WrongPurpose {
        /// What it is for: `clientAuth, emailProtection`.
        purposes: String,
    },
}

/// A chain and what is to be said of it.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// The certificates as they were sent, the end entity's first.
    pub certificates: Vec<Arc<CertificateFacts>>,
    /// The places of those that lead from the end entity's up, in order; the others are superfluous.
    pub path: Vec<usize>,
    /// In one word; absent where there is no certificate that could be judged.
    pub status: Option<ChainStatus>,
    /// All that is wrong with it.
    pub problems: Vec<ChainProblem>,
    /// Whether the end entity's certificate covers the name that was asked for; absent where none was.
    pub name_matches: Option<bool>,
}

impl Judgement {
    /// The end entity's certificate.
    pub fn leaf(&self) -> Option<&CertificateFacts> {
        self.certificates.first().map(Arc::as_ref)
    }

    /// The certificates that count, in order.
    pub fn on_path(&self) -> impl Iterator<Item = &CertificateFacts> {
        self.path.iter().filter_map(|at| self.certificates.get(*at)).map(Arc::as_ref)
    }
}
