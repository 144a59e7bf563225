//! Certificates as events tell them.

use super::value::Shown;
use crate::x509::{
    AlternativeName, CertificateFacts, CertificateFault, CertificateTime, ChainStatus, Judgement, PublicKey,
};
use serde::{Serialize, Serializer};

/// `server_certificate` and `client_certificate`.
#[derive(Debug, Serialize)]
pub(super) struct CertificatePart<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issuer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) serial: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_before: Option<Shown<CertificateTime>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_after: Option<Shown<CertificateTime>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) san: Option<AlternativeNames<'a>>,
    pub(super) san_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<Shown<&'a PublicKey>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signature_algorithm: Option<&'a str>,
    pub(super) sha256: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) self_signed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<Shown<CertificateFault>>,
    /// What all of it was taken from.
    #[serde(skip)]
    pub(super) facts: &'a CertificateFacts,
}

impl<'a> CertificatePart<'a> {
    pub(super) fn new(facts: &'a CertificateFacts, with_names: bool) -> Self {
        Self {
            subject: facts.subject.as_deref(),
            issuer: facts.issuer.as_deref(),
            serial: facts.serial.as_deref(),
            not_before: facts.not_before.map(Shown),
            not_after: facts.not_after.map(Shown),
            san: (with_names && !facts.san.is_empty()).then_some(AlternativeNames(&facts.san)),
            san_count: facts.san_count,
            key: facts.key.as_ref().map(Shown),
            signature_algorithm: facts.signature_algorithm.as_deref(),
            sha256: &facts.sha256,
            self_signed: facts.self_signed,
            fault: facts.fault.map(Shown),
            facts,
        }
    }
}

#[derive(Debug)]
pub(super) struct AlternativeNames<'a>(&'a [AlternativeName]);

impl Serialize for AlternativeNames<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Shown))
    }
}

/// `server_chain_sha256` and `client_chain_sha256`.
#[derive(Debug)]
pub(super) struct Digests<'a>(pub(super) &'a Judgement);

impl Serialize for Digests<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.certificates.iter().map(|facts| facts.sha256.as_str()))
    }
}

/// `chain_status`.
pub(super) fn chain_status(status: ChainStatus) -> &'static str {
    match status {
        ChainStatus::Trusted => "trusted",
        ChainStatus::Untrusted => "untrusted",
        ChainStatus::Incomplete => "incomplete",
        ChainStatus::SelfSigned => "self_signed",
        ChainStatus::Expired => "expired",
        ChainStatus::NotYetValid => "not_yet_valid",
    }
}
