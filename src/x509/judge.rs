//! Judges chains and remembers what it said: servers send the same chain with every handshake.

use super::cache::{CertificateCache, MAX_CACHED_CERTIFICATES};
use super::name::{Covered, common_name_covers, covers};
use super::parts::Parts;
use super::roots::name_key;
use super::{CertificateFacts, CertificateTime, ChainProblem, Judgement, Roots, chain};
use crate::flow::hasher;
use crate::time::Timestamp;
use ahash::RandomState;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

/// How many judgements are remembered.
const MAX_JUDGEMENTS: usize = 8192;
/// The chains that are remembered have at most so many bytes of DER in all, those that several share counted again.
const MAX_JUDGED_BYTES: usize = 32 * 1024 * 1024;

/// What a certificate is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// By a server, to be known by its name.
    Server,
    /// By a client.
    Client,
}

/// Judges chains against chosen roots.
///
/// A judgement holds until the next date of a certificate in it or of a root; then the chain is judged again.
#[derive(Debug)]
pub struct Judge {
    certificates: CertificateCache,
    roots: Roots,
    known: HashMap<Arc<[u8]>, Known, RandomState>,
    /// The keys of `known`, oldest first.
    order: VecDeque<Arc<[u8]>>,
    /// Bytes of DER in `known`.
    bytes: usize,
    /// What is said where there is no certificate to judge.
    nothing: Arc<Judgement>,
    /// The chain and the key at hand: kept so that a chain that is known costs no memory.
    chain: Vec<Arc<CertificateFacts>>,
    key: Vec<u8>,
}

#[derive(Debug)]
struct Known {
    judgement: Arc<Judgement>,
    /// The seconds since 1970 in which it holds.
    holds: Range<i64>,
    bytes: usize,
}

impl Judge {
    /// A judge that trusts these roots. The seed changes nothing that is told: it makes the tables hard to fill on purpose.
    pub fn new(roots: Roots, seed: u64) -> Self {
        Self {
            certificates: CertificateCache::new(MAX_CACHED_CERTIFICATES, seed),
            roots,
            known: HashMap::with_hasher(hasher(seed)),
            order: VecDeque::new(),
            bytes: 0,
            nothing: Arc::default(),
            chain: Vec::new(),
            key: Vec::new(),
        }
    }

    /// Judges a chain as it was sent, the end entity's certificate first, for the name that was asked for.
    pub fn judge<'a>(
        &mut self,
        ders: impl Iterator<Item = &'a [u8]>,
        name: Option<&[u8]>,
        at: Timestamp,
        purpose: Purpose,
    ) -> Arc<Judgement> {
        let mut chain = std::mem::take(&mut self.chain);
        chain.extend(ders.map(|der| self.certificates.get(der)));
        let judgement = self.judge_again(&chain, name, at, purpose);
        chain.clear();
        self.chain = chain;
        judgement
    }

    /// Judges a chain that was read before, for another name or at another time.
    pub fn judge_again(
        &mut self,
        certificates: &[Arc<CertificateFacts>],
        name: Option<&[u8]>,
        at: Timestamp,
        purpose: Purpose,
    ) -> Arc<Judgement> {
        if certificates.is_empty() {
            return Arc::clone(&self.nothing);
        }
        let time = CertificateTime::of(at);
        self.set_key(certificates, name, purpose);
        if let Some(known) =
            self.known.get(self.key.as_slice()).filter(|known| known.holds.contains(&time.unix_seconds()))
        {
            return Arc::clone(&known.judgement);
        }
        let judgement = Arc::new(match name {
            // A certificate may have hundreds of names, and signatures are dear: the chain is judged once for all of them.
            Some(name) => named(&self.judge_again(certificates, None, at, purpose), name),
            None => judge(certificates, &self.roots, time, purpose),
        });
        let bytes = certificates.iter().map(|facts| facts.der.len()).fold(self.key.len(), usize::saturating_add);
        let holds = holds(certificates, &self.roots, time.unix_seconds());
        self.set_key(certificates, name, purpose);
        self.remember(Known { judgement: Arc::clone(&judgement), holds, bytes });
        judgement
    }

    fn set_key(&mut self, certificates: &[Arc<CertificateFacts>], name: Option<&[u8]>, purpose: Purpose) {
        self.key.clear();
        self.key.extend([purpose as u8, name.is_some().into()]);
        certificates.iter().for_each(|facts| self.key.extend(facts.sha256.as_bytes()));
        self.key.extend(name.unwrap_or_default());
    }

    /// Remembers a judgement under the key at hand, and forgets the oldest where there are too many.
    fn remember(&mut self, known: Known) {
        // The same chain for the same name, which has as many bytes.
        if let Some(outdated) = self.known.get_mut(self.key.as_slice()) {
            *outdated = known;
            return;
        }
        self.bytes = self.bytes.saturating_add(known.bytes);
        while self.order.len() >= MAX_JUDGEMENTS || self.bytes > MAX_JUDGED_BYTES {
            let Some(oldest) = self.order.pop_front() else { break };
            let gone = self.known.remove(&oldest);
            self.bytes = self.bytes.saturating_sub(gone.map_or(0, |gone| gone.bytes));
        }
        let key: Arc<[u8]> = self.key.as_slice().into();
        self.order.push_back(Arc::clone(&key));
        self.known.insert(key, known);
    }
}

/// Judges a chain, whatever name was asked for.
fn judge(certificates: &[Arc<CertificateFacts>], roots: &Roots, at: CertificateTime, purpose: Purpose) -> Judgement {
    let mut judgement = Judgement { certificates: certificates.to_vec(), ..Judgement::default() };
    if let Some(found) = chain::search(certificates, roots, at, purpose) {
        judgement.status = Judgement::status_of(&found.problems);
        judgement.path = found.path;
        judgement.problems = found.problems;
    }
    judgement
}

/// The same for a name that was asked for.
fn named(chain: &Judgement, name: &[u8]) -> Judgement {
    let mut judgement = chain.clone();
    // Without a path the certificate could not be read.
    let leaf = judgement.certificates.first().filter(|_| !chain.path.is_empty());
    let Some((leaf, parts)) = leaf.and_then(|leaf| Some((leaf, Parts::of(&leaf.der)?))) else { return judgement };
    let covered = covers(&parts, name);
    judgement.name_matches = Some(covered == Covered::Yes);
    if let (Covered::NoNames, Some(common_name)) = (covered, &leaf.common_name) {
        let covers = common_name_covers(common_name, name);
        judgement.problems.push(ChainProblem::OnlyCommonName { common_name: common_name.clone(), covers });
    }
    judgement
}

/// The seconds around a time in which no certificate and no root that could matter begins or ends to be valid.
fn holds(certificates: &[Arc<CertificateFacts>], roots: &Roots, at: i64) -> Range<i64> {
    let begins = certificates.iter().filter_map(|facts| facts.not_before).map(CertificateTime::unix_seconds);
    let names = certificates.iter().flat_map(|facts| [&facts.subject, &facts.issuer]).flatten();
    let ends = names.flat_map(|name| roots.named(&name_key(name))).filter_map(|anchor| anchor.not_after);
    let ends = certificates.iter().filter_map(|facts| facts.not_after).chain(ends);
    let bounds = begins.chain(ends.map(|last| last.unix_seconds().saturating_add(1)));
    bounds.fold(i64::MIN..i64::MAX, |span, bound| {
        if bound <= at { span.start.max(bound)..span.end } else { span.start..span.end.min(bound) }
    })
}
