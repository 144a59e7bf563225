//! A chain as it was sent, judged at the time of the handshake.

use super::{CertificateFacts, CertificateTime};
use std::sync::Arc;

/// What a chain is worth, in one word: the event's `chain_status`. Where several apply it is the last in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChainStatus {
    /// It leads to a root of those chosen, and nothing is wrong with it but perhaps weakness. The name is judged
    /// apart.
    Trusted,
    /// It leads to a root that is not among those chosen, a signature in it does not verify, or a certificate in it is
    /// used for what it is not for.
    Untrusted,
    /// The certificate came alone, and its issuer was neither sent nor chosen: most likely an intermediate is missing.
    Incomplete,
    /// The end entity's certificate is its own issuer.
    SelfSigned,
    /// A certificate that counts is not valid yet.
    NotYetValid,
    /// A certificate that counts has expired.
    Expired,
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
    /// The chain ends in a root that is not among those chosen: one that was sent, or else the issuer of an intermediate
    /// certificate, since roots need not be sent.
    UnknownRoot {
        /// Its subject.
        root: String,
        /// Its place, where it was sent.
        at: Option<usize>,
    },
    /// The end entity's certificate came without that of its issuer, which is no chosen root either. With a URL an
    /// intermediate certificate is missing, as public practice has it; without one the issuer may be a private root.
    MissingIssuer {
        /// The place of the certificate that it issued.
        at: usize,
        /// The issuer's name.
        issuer: String,
        /// Where the issuer's certificate can be had, as the certificate says.
        url: Option<String>,
    },
    /// The chain ends in a chosen root that has expired.
    RootExpired {
        /// Its subject.
        root: String,
        /// Since when.
        not_after: CertificateTime,
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
    /// More certification authorities stand below the certificate at this place than it allows (basic constraints).
    PathTooLong {
        /// Its place.
        at: usize,
        /// How many it allows.
        allowed: u32,
    },
    /// The end entity's certificate is not for this use (key usage, extended key usage; RFC 5280 4.2.1.3, 4.2.1.12).
    WrongPurpose {
        /// What it is for: `clientAuth, emailProtection`; `none`.
        purposes: String,
    },
    /// The certificate at this place is signed or keyed so weakly that many clients refuse it.
    Weak {
        /// Its place.
        at: usize,
        /// What is weak: `a key of RSA 1024`, `a signature of sha1WithRSAEncryption`.
        what: String,
    },
    /// The signature on the certificate at this place is of a kind that cannot be verified here.
    NotVerified {
        /// Its place.
        at: usize,
        /// The algorithm.
        algorithm: String,
    },
    /// The end entity's certificate has no host name or address among its alternative names, only a common name, which
    /// today's clients do not look at. Told where a name was asked for.
    OnlyCommonName {
        /// The common name.
        common_name: String,
        /// True where it would cover the name that was asked for.
        covers: bool,
    },
}

impl ChainProblem {
    /// What a chain is worth with this problem, `Some(None)` where nobody can tell; `None` where it does not matter.
    fn status(&self) -> Option<Option<ChainStatus>> {
        Some(match self {
            Self::Expired { .. } | Self::RootExpired { .. } => Some(ChainStatus::Expired),
            Self::NotYetValid { .. } => Some(ChainStatus::NotYetValid),
            Self::SelfSigned => Some(ChainStatus::SelfSigned),
            Self::MissingIssuer { .. } => Some(ChainStatus::Incomplete),
            Self::UnknownRoot { .. }
            | Self::BadSignature { .. }
            | Self::NotAnAuthority { .. }
            | Self::PathTooLong { .. }
            | Self::WrongPurpose { .. } => Some(ChainStatus::Untrusted),
            Self::NotVerified { .. } => None,
            Self::Weak { .. } | Self::OnlyCommonName { .. } => return None,
        })
    }

    /// True for what makes one path worse than another.
    pub(super) fn counts(&self) -> bool {
        self.status().is_some()
    }
}

/// A chain and what is to be said of it.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// The certificates as they were sent, the end entity's first.
    pub certificates: Vec<Arc<CertificateFacts>>,
    /// The places of those that lead from the end entity's up, in order; the others are superfluous. A chosen root that
    /// was sent may be the last.
    pub path: Vec<usize>,
    /// In one word; absent where there is no certificate that could be judged, and where all that could be is in order
    /// but for a signature that cannot be verified here.
    pub status: Option<ChainStatus>,
    /// All that is wrong with it.
    pub problems: Vec<ChainProblem>,
    /// Whether the end entity's certificate covers the name that was asked for; absent where none was.
    pub name_matches: Option<bool>,
}

impl Judgement {
    /// The status that follows from what is wrong: dates first, since whoever trusts a root of their own still minds them.
    pub(super) fn status_of(problems: &[ChainProblem]) -> Option<ChainStatus> {
        problems.iter().filter_map(ChainProblem::status).max().unwrap_or(Some(ChainStatus::Trusted))
    }

    /// The end entity's certificate.
    pub fn leaf(&self) -> Option<&CertificateFacts> {
        self.certificates.first().map(Arc::as_ref)
    }

    /// The certificates that count, in order.
    pub fn on_path(&self) -> impl Iterator<Item = &CertificateFacts> {
        self.path.iter().filter_map(|at| self.certificates.get(*at)).map(Arc::as_ref)
    }
}
