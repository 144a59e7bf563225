//! The search for the path from the end entity's certificate to a root, and what is wrong with it (RFC 5280 6.1).
//!
//! Certificates are sent in any order, with some too many, and one authority may have several certificates: renewed,
//! cross-signed, expired. So every path is tried, within bounds, and the best one is judged: one that ends in a chosen
//! root before one that does not, one without a problem before one with.

use super::parts::{Key, Parts};
use super::roots::{Anchor, Roots, name_key};
use super::signature::{Verified, verify};
use super::{CertificateFacts, CertificateTime, ChainProblem, KeyUsage, Purpose};
use sha1::{Digest as _, Sha1};
use std::cmp::Reverse;
use std::sync::Arc;

/// So many certificates of a message are looked at; real chains have two to five.
const MAX_CANDIDATES: usize = 32;
/// A path has at most so many certificates.
const MAX_PATH: usize = 10;
/// At most so many signatures are verified for one chain. A verification takes about 50 us.
const MAX_VERIFICATIONS: u32 = 48;
/// RSA keys with fewer bits are weak.
const MIN_RSA_BITS: u32 = 2048;

/// The path that was found, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Places in the message.
    pub(super) path: Vec<usize>,
    pub(super) problems: Vec<ChainProblem>,
}

/// Where a path ends. The best comes first.
#[derive(Clone, Copy, Debug)]
enum End<'a> {
    /// At a chosen root.
    Anchor(Trust<'a>),
    /// At a self-signed certificate.
    SelfSigned,
    /// At one whose issuer was not sent.
    Missing,
    /// At one that its issuer has not signed.
    BadSignature,
}

impl End<'_> {
    fn rank(self) -> u8 {
        match self {
            Self::Anchor(_) => 0,
            Self::SelfSigned => 1,
            Self::Missing => 2,
            Self::BadSignature => 3,
        }
    }
}

/// A chosen root that ends a path.
#[derive(Clone, Copy, Debug)]
struct Trust<'a> {
    anchor: &'a Anchor,
    /// It is the last certificate of the path itself, else the issuer of that.
    sent: bool,
    /// The signature that it made is of a kind that can be verified here.
    known: bool,
}

/// A certificate that could be a part of the path.
#[derive(Debug)]
struct Candidate<'a> {
    facts: &'a CertificateFacts,
    parts: Parts<'a>,
    key: Key<'a>,
    subject: String,
    issuer: String,
}

impl<'a> Candidate<'a> {
    fn of(facts: &'a CertificateFacts) -> Option<Self> {
        let parts = Parts::of(&facts.der)?;
        let key = Key::read(parts.key)?;
        let (subject, issuer) = (name_key(facts.subject.as_deref()?), name_key(facts.issuer.as_deref()?));
        Some(Self { facts, parts, key, subject, issuer })
    }
}

/// Looks for the best path; `None` where the end entity's certificate cannot be read.
pub(super) fn search(
    certificates: &[Arc<CertificateFacts>],
    roots: &Roots,
    at: CertificateTime,
    purpose: Purpose,
) -> Option<Found> {
    let candidates: Vec<_> =
        certificates.iter().take(MAX_CANDIDATES).map(|certificate| Candidate::of(certificate)).collect();
    candidates.first()?.as_ref()?;
    let mut search =
        Search { candidates, roots, at, purpose, verified: Vec::new(), left: MAX_VERIFICATIONS, best: None };
    search.extend(&mut vec![0]);
    search.best.map(|(_, found)| found)
}

struct Search<'a> {
    candidates: Vec<Option<Candidate<'a>>>,
    roots: &'a Roots,
    at: CertificateTime,
    purpose: Purpose,
    /// What came of signatures: the certificate's place, the issuer's, the result.
    verified: Vec<(usize, usize, Verified)>,
    left: u32,
    /// The best path yet: where it ends and how much is wrong with it, the fewer the better.
    best: Option<((u8, usize), Found)>,
}

impl<'a> Search<'a> {
    fn candidate(&self, at: usize) -> Option<&Candidate<'a>> {
        self.candidates.get(at)?.as_ref()
    }

    /// Tries all that can follow on a path.
    fn extend(&mut self, path: &mut Vec<usize>) {
        let Some(last) = path.last().copied() else { return };
        let (trust, mut bad) = self.anchor_of(last);
        if let Some(trust) = trust {
            self.end(path, End::Anchor(trust));
            if lasts(trust.anchor) >= self.at {
                return;
            }
        }
        if self.is_self_signed(last) {
            self.end(path, End::SelfSigned);
            return;
        }
        let mut goes_on = false;
        for issuer in self.issuers_of(last, path) {
            if self.verified(last, issuer) == Verified::No {
                bad = true;
                continue;
            }
            goes_on = true;
            path.push(issuer);
            self.extend(path);
            path.pop();
            if matches!(self.best, Some(((0, 0), _))) {
                return;
            }
        }
        if !goes_on {
            self.end(path, if bad { End::BadSignature } else { End::Missing });
        }
    }

    /// The chosen root at which a certificate ends the path: it is the root, or the root signed it. Also true where a
    /// root of its issuer's name and key identifier has not signed it.
    fn anchor_of(&mut self, last: usize) -> (Option<Trust<'a>>, bool) {
        let roots = self.roots;
        let Some(Candidate { facts, parts, subject, issuer, .. }) = self.candidates.get(last).and_then(Option::as_ref)
        else {
            return (None, false);
        };
        let itself = roots.named(subject).iter().filter(|anchor| anchor.key == parts.key);
        if let Some(anchor) = itself.max_by_key(|anchor| lasts(anchor)) {
            return (Some(Trust { anchor, sent: true, known: true }), false);
        }
        let mut anchors: Vec<_> = roots.named(issuer).iter().collect();
        anchors.sort_by_key(|anchor| Reverse(lasts(anchor)));
        let mut bad = false;
        for anchor in anchors {
            let Some(key) = Key::read(&anchor.key) else { continue };
            let Some(left) = self.left.checked_sub(1) else { break };
            self.left = left;
            match verify(parts, &key) {
                Verified::No => bad |= facts.authority_key_id.as_deref() == Some(&key_id(&key)),
                result => return (Some(Trust { anchor, sent: false, known: result == Verified::Yes }), false),
            }
        }
        (None, bad)
    }

    fn is_self_signed(&mut self, at: usize) -> bool {
        let same_name = self.candidate(at).is_some_and(|candidate| candidate.facts.self_signed == Some(true));
        same_name && self.verified(at, at) != Verified::No
    }

    /// Those that could have issued a certificate, the likeliest first: with the key identifier that it names, valid
    /// now, in the order in which they were sent.
    fn issuers_of(&self, at: usize, path: &[usize]) -> Vec<usize> {
        let Some(child) = self.candidate(at).filter(|_| path.len() < MAX_PATH) else { return Vec::new() };
        let mut issuers: Vec<_> = (0..self.candidates.len())
            .filter(|place| !path.contains(place))
            .filter_map(|place| {
                let issuer = self.candidate(place).filter(|issuer| issuer.subject == child.issuer)?;
                let ids = child.facts.authority_key_id.as_ref().zip(issuer.facts.subject_key_id.as_ref());
                if ids.is_some_and(|(wanted, own)| wanted != own) {
                    return None;
                }
                Some((ids.is_none(), !is_valid(issuer.facts, self.at), place))
            })
            .collect();
        issuers.sort_unstable();
        issuers.into_iter().map(|(_, _, place)| place).collect()
    }

    /// Verifies the signature of one certificate with the key of another, once.
    fn verified(&mut self, at: usize, issuer: usize) -> Verified {
        if let Some((_, _, known)) = self.verified.iter().find(|(child, parent, _)| (*child, *parent) == (at, issuer)) {
            return *known;
        }
        let Some(left) = self.left.checked_sub(1) else { return Verified::No };
        self.left = left;
        let pair = self.candidate(at).zip(self.candidate(issuer));
        let result = pair.map_or(Verified::No, |(child, issuer)| verify(&child.parts, &issuer.key));
        self.verified.push((at, issuer, result));
        result
    }

    /// Judges a path, and keeps it where it is better than those before.
    fn end(&mut self, path: &[usize], end: End<'a>) {
        let problems = self.problems(path, end);
        let wrong = problems.iter().filter(|problem| problem.counts()).count();
        let rank = (end.rank(), wrong);
        if self.best.as_ref().is_none_or(|(best, _)| rank < *best) {
            self.best = Some((rank, Found { path: path.to_vec(), problems }));
        }
    }

    /// What is wrong with a path. Of a chosen root only the name and the key count.
    fn problems(&self, path: &[usize], end: End<'a>) -> Vec<ChainProblem> {
        let mut problems = Vec::new();
        let root_is_sent = matches!(end, End::Anchor(Trust { sent: true, .. }));
        let judged = path.len().saturating_sub(usize::from(root_is_sent));
        for (depth, at) in path.iter().copied().enumerate().take(judged) {
            let Some(candidate) = self.candidate(at) else { continue };
            problems.extend(date_problem(candidate.facts, at, self.at));
            if depth > 0 {
                problems.extend(authority_problem(candidate, at));
                problems.extend(self.length_problem(candidate.facts, at, path.get(1..depth).unwrap_or_default()));
            }
        }
        if judged > 0 {
            let leaf = path.first().and_then(|at| self.candidate(*at));
            problems.extend(leaf.and_then(|leaf| purpose_problem(leaf.facts, self.purpose)));
        }
        problems.extend(self.end_problem(path, end));
        for (depth, at) in path.iter().copied().enumerate().take(judged) {
            let Some(candidate) = self.candidate(at) else { continue };
            let is_root = matches!(end, End::SelfSigned) && depth.saturating_add(1) == path.len();
            problems.extend(weaknesses(candidate.facts, at, is_root));
            let known = match (path.get(depth.saturating_add(1)), end) {
                (Some(issuer), _) => !self.verified.contains(&(at, *issuer, Verified::NotKnown)),
                (None, End::Anchor(trust)) => trust.known,
                (None, _) => true,
            };
            if !known {
                problems.push(not_verified(candidate.facts, at));
            }
        }
        problems
    }

    fn end_problem(&self, path: &[usize], end: End<'a>) -> Option<ChainProblem> {
        let at = *path.last()?;
        let facts = self.candidate(at)?.facts;
        let (subject, issuer) = (facts.subject.clone()?, facts.issuer.clone()?);
        Some(match end {
            End::Anchor(Trust { anchor, sent, .. }) => {
                let not_after = anchor.not_after.filter(|not_after| *not_after < self.at)?;
                ChainProblem::RootExpired { root: if sent { subject } else { issuer }, not_after }
            }
            End::SelfSigned if path.len() == 1 => ChainProblem::SelfSigned,
            End::SelfSigned => ChainProblem::UnknownRoot { root: subject, at: Some(at) },
            End::Missing if path.len() == 1 => {
                ChainProblem::MissingIssuer { at, issuer, url: facts.issuer_url.clone() }
            }
            End::Missing => ChainProblem::UnknownRoot { root: issuer, at: None },
            End::BadSignature => ChainProblem::BadSignature { at },
        })
    }

    /// Basic constraints bound how many authorities may follow; one that issued itself is not counted (RFC 5280 4.2.1.9).
    fn length_problem(&self, facts: &CertificateFacts, at: usize, below: &[usize]) -> Option<ChainProblem> {
        let allowed = facts.path_length?;
        let counts = |at: &&usize| self.candidate(**at).is_some_and(|below| below.subject != below.issuer);
        let count = below.iter().filter(counts).count();
        let too_long = u32::try_from(count).is_ok_and(|count| count > allowed);
        too_long.then_some(ChainProblem::PathTooLong { at, allowed })
    }
}

/// When a root ends; one without a date never does.
fn lasts(anchor: &Anchor) -> CertificateTime {
    anchor.not_after.unwrap_or(CertificateTime::from_unix_seconds(i64::MAX))
}

/// The usual identifier of a key (RFC 5280 4.2.1.2, method 1).
fn key_id(key: &Key<'_>) -> String {
    crate::hex::hex(&Sha1::digest(key.bits))
}

fn is_valid(facts: &CertificateFacts, at: CertificateTime) -> bool {
    date_problem(facts, 0, at).is_none()
}

fn date_problem(facts: &CertificateFacts, at: usize, now: CertificateTime) -> Option<ChainProblem> {
    if let Some(not_after) = facts.not_after.filter(|not_after| *not_after < now) {
        return Some(ChainProblem::Expired { at, not_after });
    }
    let not_before = facts.not_before.filter(|not_before| *not_before > now)?;
    Some(ChainProblem::NotYetValid { at, not_before })
}

/// Certificates of the first version cannot say that they are an authority's; as roots they are still about.
fn authority_problem(candidate: &Candidate<'_>, at: usize) -> Option<ChainProblem> {
    let facts = candidate.facts;
    let old_root = facts.self_signed == Some(true) && candidate.parts.has_no_extensions();
    let may_sign = facts.key_usage.is_none_or(|usage| usage.allows(KeyUsage::KEY_CERT_SIGN));
    (!(facts.is_ca || old_root) || !may_sign).then_some(ChainProblem::NotAnAuthority { at })
}

/// Server gated cryptography is from the days of export ciphers, and stood for servers.
const SERVER_PURPOSES: &[&str] = &["serverAuth", "anyExtendedKeyUsage", "msServerGatedCrypto", "nsServerGatedCrypto"];
const CLIENT_PURPOSES: &[&str] = &["clientAuth", "anyExtendedKeyUsage"];

fn purpose_problem(facts: &CertificateFacts, purpose: Purpose) -> Option<ChainProblem> {
    let wanted = match purpose {
        Purpose::Server => SERVER_PURPOSES,
        Purpose::Client => CLIENT_PURPOSES,
    };
    let useful = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT | KeyUsage::KEY_AGREEMENT;
    let or_none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    if let Some(purposes) = &facts.purposes
        && !purposes.iter().any(|purpose| wanted.contains(&purpose.as_ref()))
    {
        return Some(ChainProblem::WrongPurpose { purposes: or_none(purposes.join(", ")) });
    }
    let usage = facts.key_usage.filter(|usage| !usage.allows(useful))?;
    Some(ChainProblem::WrongPurpose { purposes: or_none(usage.to_string()) })
}

/// Nobody looks at the signature of a root.
fn weaknesses(facts: &CertificateFacts, at: usize, is_root: bool) -> impl Iterator<Item = ChainProblem> {
    let key = facts.key.as_ref().filter(|key| key.rsa_bits().is_some_and(|bits| bits < MIN_RSA_BITS));
    let key = key.map(|key| format!("a key of {key}"));
    let signed = facts.signature_algorithm.as_ref().filter(|_| facts.weak_digest.is_some() && !is_root);
    let signed = signed.map(|algorithm| format!("a signature of {algorithm}"));
    key.into_iter().chain(signed).map(move |what| ChainProblem::Weak { at, what })
}

fn not_verified(facts: &CertificateFacts, at: usize) -> ChainProblem {
    ChainProblem::NotVerified { at, algorithm: facts.signature_algorithm.as_deref().unwrap_or_default().to_owned() }
}
