//! What is wrong with a chain, in words: a part of a sentence without a capital and a full stop, with the values.

use super::{AlternativeName, CertificateFacts, CertificateTime, ChainProblem, Judgement};
use crate::time::Timestamp;

/// So many alternative names are told before the rest is counted.
const MAX_TOLD_NAMES: usize = 4;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

impl ChainProblem {
    /// Says what is wrong: `the certificate CN=www.example.org expired on 2024-02-01, 1026 days before`. The time is that
    /// of the handshake that it is told of.
    pub fn sentence(&self, judgement: &Judgement, at: Timestamp) -> String {
        let named = |at: usize| named(judgement, at);
        match self {
            Self::Expired { at: place, not_after } => {
                format!("{} expired on {}, {} before", named(*place), day(*not_after), apart(*not_after, at))
            }
            Self::NotYetValid { at: place, not_before } => {
                let (from, after) = (day(*not_before), apart(*not_before, at));
                format!("{} is valid only from {from} on, {after} later", named(*place))
            }
            Self::SelfSigned => format!("{} is self-signed and no chosen root", named(0)),
            Self::UnknownRoot { root, at: Some(_) } => {
                format!("the chain ends in {}, a self-signed certificate that is no chosen root", quoted(root))
            }
            Self::UnknownRoot { root, at: None } => {
                format!("the chain ends below {}, which was not sent and is no chosen root", quoted(root))
            }
            Self::MissingIssuer { at: place, issuer, url } => {
                let issuer = quoted(issuer);
                let (what, meaning) = match url {
                    Some(url) => ("", format!("an intermediate certificate is missing, to be had at {url}")),
                    None => ("alone ", "an intermediate certificate is missing, or the root is private".to_owned()),
                };
                format!(
                    "{} was sent {what}without its issuer {issuer}, which is no chosen root: {meaning}",
                    named(*place)
                )
            }
            Self::RootExpired { root, not_after } => {
                let (on, before) = (day(*not_after), apart(*not_after, at));
                format!("the chosen root {} expired on {on}, {before} before", quoted(root))
            }
            Self::BadSignature { at } => {
                let issuer = judgement.certificates.get(*at).and_then(|facts| facts.issuer.as_deref());
                let issuer = quoted(issuer.unwrap_or_default());
                format!("the signature on {} does not verify with the key of its issuer {issuer}", named(*at))
            }
            Self::NotAnAuthority { at } => {
                format!("{} signed another and is no certification authority's", named(*at))
            }
            Self::PathTooLong { at, allowed } => {
                format!("{} allows {allowed} certification authorities below it, and there are more", named(*at))
            }
            Self::WrongPurpose { purposes } => format!("{} is only for these purposes: {purposes}", named(0)),
            Self::Weak { at, what } => format!("{} has {what}", named(*at)),
            Self::NotVerified { at, algorithm } => {
                format!("the signature on {} could not be verified here ({algorithm})", named(*at))
            }
            Self::OnlyCommonName { common_name, covers } => {
                let what = if *covers { "which covers the name" } else { "which does not cover the name either" };
                format!(
                    "{} has no subject alternative name, only the common name {}, {what}; today's clients ignore it",
                    named(0),
                    quoted(common_name)
                )
            }
        }
    }
}

impl Judgement {
    /// The host names and addresses that the end entity's certificate covers, the first few: `example.org,
    /// *.example.org and 3 more`; `no name` where there are none.
    pub fn covered_names(&self) -> String {
        let Some(leaf) = self.leaf() else { return "no name".to_owned() };
        let is_name = |name: &&AlternativeName| matches!(name, AlternativeName::Dns(_) | AlternativeName::Ip(_));
        let names = || leaf.san.iter().filter(is_name);
        let others = leaf.san.len().saturating_sub(names().count());
        let told: Vec<_> = names().take(MAX_TOLD_NAMES).map(ToString::to_string).collect();
        let more = leaf.san_count.saturating_sub(others).saturating_sub(told.len());
        match (told.is_empty(), more) {
            (true, _) => "no name".to_owned(),
            (false, 0) => told.join(", "),
            (false, more) => format!("{} and {more} more", told.join(", ")),
        }
    }
}

/// A certificate by its place and its subject.
fn named(judgement: &Judgement, at: usize) -> String {
    let kind = if at == 0 { "the certificate" } else { "the issuing certificate" };
    let facts: Option<&CertificateFacts> = judgement.certificates.get(at).map(AsRef::as_ref);
    let subject = facts.and_then(|facts| facts.subject.as_deref()).filter(|subject| !subject.is_empty());
    subject.map_or_else(|| kind.to_owned(), |subject| format!("{kind} {}", quoted(subject)))
}

/// A name in a sentence; names may have spaces and commas.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// `2024-02-01`.
fn day(time: CertificateTime) -> String {
    time.to_string().chars().take_while(|character| *character != 'T').collect()
}

/// How far apart two times are, in the unit that fits: `1026 days`, `1 day`, `3 hours`, `less than an hour`.
fn apart(time: CertificateTime, at: Timestamp) -> String {
    let at = CertificateTime::of(at).unix_seconds();
    let seconds = i64::try_from(at.abs_diff(time.unix_seconds())).unwrap_or(i64::MAX);
    let counted = |count: i64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    match (seconds / DAY, seconds / HOUR) {
        (0, 0) => "less than an hour".to_owned(),
        (0, hours) => counted(hours, "hour"),
        (days, _) => counted(days, "day"),
    }
}
