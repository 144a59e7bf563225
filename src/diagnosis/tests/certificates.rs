//! Chains as they are judged, made by hand.

use super::a_minute_before;
use crate::handshake::sample::BEGIN;
use crate::knowledge::Shown;
use crate::x509::{AlternativeName, CertificateFacts, CertificateTime, ChainProblem, Judgement, PublicKey};
use std::sync::Arc;

const DAY: i64 = 86_400;

/// So many days after the samples begin.
pub(super) fn day(after: i64) -> CertificateTime {
    let begin = i64::try_from(BEGIN.as_nanos() / 1_000_000_000).expect("a time of today");
    CertificateTime::from_unix_seconds(begin + after * DAY)
}

/// A certificate with nothing wrong about it.
pub(super) fn facts(subject: &str, issuer: &str) -> CertificateFacts {
    CertificateFacts {
        sha256: "00".repeat(32),
        length: 900,
        subject: Some(subject.to_owned()),
        issuer: Some(issuer.to_owned()),
        serial: Some("01".to_owned()),
        not_before: Some(day(-100)),
        not_after: Some(day(100)),
        san: vec![AlternativeName::Dns("www.example.org".to_owned())],
        san_count: 1,
        key: Some(PublicKey::Rsa(2048)),
        signature_algorithm: Some("sha256WithRSAEncryption".into()),
        self_signed: Some(subject == issuer),
        fault: None,
        ..CertificateFacts::read(b"")
    }
}

/// A leaf for `www.example.org` and the certificate of its issuer, with these problems.
pub(super) fn chain(problems: &[ChainProblem]) -> Judgement {
    chain_of(facts("CN=www.example.org", "CN=Example CA"), problems)
}

/// The same with another leaf.
pub(super) fn chain_of(leaf: CertificateFacts, problems: &[ChainProblem]) -> Judgement {
    Judgement {
        certificates: vec![Arc::new(leaf), Arc::new(facts("CN=Example CA", "CN=Example Root"))],
        path: vec![0, 1],
        status: None,
        problems: problems.to_vec(),
        name_matches: Some(true),
    }
}

/// A leaf for `www.example.org`, which is not the name that was asked for.
pub(super) fn chain_for_another_name() -> Judgement {
    let mut leaf = facts("CN=mail.example.net", "CN=Example CA");
    leaf.san = vec![AlternativeName::Dns("mail.example.net".to_owned())];
    Judgement { name_matches: Some(false), ..chain_of(leaf, &[]) }
}

/// The end entity's certificate expired 30 days before.
pub(super) fn expired() -> ChainProblem {
    ChainProblem::Expired { at: 0, not_after: day(-30) }
}

pub(super) fn unknown_root() -> ChainProblem {
    ChainProblem::UnknownRoot { root: "CN=Example Root".to_owned(), at: None }
}

pub(super) fn missing_issuer() -> ChainProblem {
    ChainProblem::MissingIssuer { at: 0, issuer: "CN=Example CA".to_owned(), url: None }
}

/// A chain that the server showed for the same name a minute before.
pub(super) fn shown_before(judgement: Judgement) -> Option<Shown> {
    Some(Shown { judgement: Arc::new(judgement), last: a_minute_before(), same_name: true })
}
