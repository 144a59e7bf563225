//! Certificates read before. Servers send the same few certificates with every handshake.

use super::{CertificateFacts, read};
use crate::flow::hasher;
use crate::hex::hex;
use ahash::RandomState;
use hashbrown::HashTable;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many certificates a cache holds where nothing else is said: 5 KB each as a rule.
pub(super) const MAX_CACHED_CERTIFICATES: usize = 2048;
/// The certificates that a cache keeps have at most so many bytes of DER in all.
const MAX_CACHED_BYTES: usize = 16 * 1024 * 1024;

/// Facts of certificates, found by their DER: a keyed hash of it and then its bytes cost a fifth of its SHA-256.
///
/// It never holds more than its bound: the certificate that came first goes first.
#[derive(Debug)]
pub(super) struct CertificateCache {
    facts: HashTable<Known>,
    /// What is in `facts`, oldest first.
    order: VecDeque<Known>,
    hasher: RandomState,
    bound: usize,
    /// Bytes of DER that are kept.
    bytes: usize,
}

/// The hash of a certificate's DER, and what is known of it.
type Known = (u64, Arc<CertificateFacts>);

impl CertificateCache {
    /// An empty cache for at most `bound` certificates, and at least one.
    pub(super) fn new(bound: usize, seed: u64) -> Self {
        let (facts, order, hasher) = (HashTable::new(), VecDeque::new(), hasher(seed));
        Self { facts, order, hasher, bound: bound.max(1), bytes: 0 }
    }

    /// The facts of a certificate, read now or before.
    pub(super) fn get(&mut self, der: &[u8]) -> Arc<CertificateFacts> {
        let hash = self.hasher.hash_one(der);
        if let Some((_, facts)) = self.facts.find(hash, |(_, facts)| is_of(facts, der)) {
            return Arc::clone(facts);
        }
        let facts = Arc::new(read::read(der, &read::sha256(der)));
        self.bytes = self.bytes.saturating_add(facts.der.len());
        while self.order.len() >= self.bound || self.bytes > MAX_CACHED_BYTES {
            let Some((oldest, gone)) = self.order.pop_front() else { break };
            if let Ok(entry) = self.facts.find_entry(oldest, |(_, facts)| Arc::ptr_eq(facts, &gone)) {
                entry.remove();
            }
            self.bytes = self.bytes.saturating_sub(gone.der.len());
        }
        self.order.push_back((hash, Arc::clone(&facts)));
        self.facts.insert_unique(hash, (hash, Arc::clone(&facts)), |(hash, _)| *hash);
        facts
    }

    /// How many certificates it holds.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.order.len()
    }
}

/// True where the facts are those of this certificate. Of one that was too long to be kept there is only the digest.
fn is_of(facts: &CertificateFacts, der: &[u8]) -> bool {
    *facts.der == *der || facts.der.is_empty() && facts.length == der.len() && facts.sha256 == hex(&read::sha256(der))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_seen_before_is_the_same_object() {
        let mut cache = CertificateCache::new(4, 0);
        let first = cache.get(b"not a certificate");
        assert!(Arc::ptr_eq(&first, &cache.get(b"not a certificate")));
        assert!(!Arc::ptr_eq(&first, &cache.get(b"another one")));
        assert_eq!(cache.len(), 2);
    }

    #[test]
    fn the_bytes_that_are_kept_are_bounded() {
        let mut cache = CertificateCache::new(usize::MAX, 0);
        for number in 0..300_u16 {
            let mut der = vec![0; super::super::MAX_KEPT_DER];
            der[..2].copy_from_slice(&number.to_be_bytes());
            assert_eq!(cache.get(&der).der.len(), der.len());
        }
        assert_eq!(cache.bytes, MAX_CACHED_BYTES);
        assert_eq!(cache.len(), MAX_CACHED_BYTES / super::super::MAX_KEPT_DER);
        let long = vec![0; super::super::MAX_KEPT_DER + 1];
        let facts = cache.get(&long);
        assert!(facts.der.is_empty(), "too long to be kept");
        assert!(Arc::ptr_eq(&facts, &cache.get(&long)), "and known all the same");
        assert_eq!(cache.facts.len(), cache.len());
    }

    #[test]
    fn the_oldest_goes_when_the_bound_is_reached() {
        let mut cache = CertificateCache::new(2, 0);
        let (first, second) = (cache.get(b"1"), cache.get(b"2"));
        cache.get(b"3");
        assert_eq!(cache.len(), 2);
        assert!(Arc::ptr_eq(&second, &cache.get(b"2")));
        assert!(!Arc::ptr_eq(&first, &cache.get(b"1")), "it went, so it is read again");
        assert_eq!(cache.len(), 2);
    }
}
