//! Certificates read before. Servers send the same few certificates with every handshake.

use super::{CertificateFacts, read};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How many certificates a cache holds where nothing else is said: 5 KB each as a rule.
const MAX_CACHED_CERTIFICATES: usize = 2048;
/// The certificates that a cache keeps have at most so many bytes of DER in all.
const MAX_CACHED_BYTES: usize = 16 * 1024 * 1024;

/// Facts of certificates by the SHA-256 of their DER.
///
/// It never holds more than its bound: the certificate that came first goes first.
#[derive(Debug)]
pub(super) struct CertificateCache {
    facts: HashMap<[u8; 32], Arc<CertificateFacts>>,
    /// The keys of `facts`, oldest first.
    order: VecDeque<[u8; 32]>,
    bound: usize,
    /// Bytes of DER that are kept.
    bytes: usize,
}

impl CertificateCache {
    /// An empty cache for at most `bound` certificates, and at least one.
    pub(super) fn new(bound: usize) -> Self {
        Self { facts: HashMap::new(), order: VecDeque::new(), bound: bound.max(1), bytes: 0 }
    }

    /// The facts of a certificate, read now or before.
    pub(super) fn get(&mut self, der: &[u8]) -> Arc<CertificateFacts> {
        let sha256 = read::sha256(der);
        if let Some(facts) = self.facts.get(&sha256) {
            return Arc::clone(facts);
        }
        let facts = Arc::new(read::read(der, &sha256));
        self.bytes = self.bytes.saturating_add(facts.der.len());
        while self.order.len() >= self.bound || self.bytes > MAX_CACHED_BYTES {
            let Some(oldest) = self.order.pop_front() else { break };
            let gone = self.facts.remove(&oldest);
            self.bytes = self.bytes.saturating_sub(gone.map_or(0, |facts| facts.der.len()));
        }
        self.order.push_back(sha256);
        self.facts.insert(sha256, Arc::clone(&facts));
        facts
    }

    /// How many certificates it holds.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.order.len()
    }
}

impl Default for CertificateCache {
    fn default() -> Self {
        Self::new(MAX_CACHED_CERTIFICATES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_seen_before_is_the_same_object() {
        let mut cache = CertificateCache::new(4);
        let first = cache.get(b"not a certificate");
        assert!(Arc::ptr_eq(&first, &cache.get(b"not a certificate")));
        assert!(!Arc::ptr_eq(&first, &cache.get(b"another one")));
        assert_eq!(cache.len(), 2);
    }

    #[test]
    fn the_bytes_that_are_kept_are_bounded() {
        let mut cache = CertificateCache::new(usize::MAX);
        for number in 0..300_u16 {
            let mut der = vec![0; super::super::MAX_KEPT_DER];
            der[..2].copy_from_slice(&number.to_be_bytes());
            assert_eq!(cache.get(&der).der.len(), der.len());
        }
        assert_eq!(cache.bytes, MAX_CACHED_BYTES);
        assert_eq!(cache.len(), MAX_CACHED_BYTES / super::super::MAX_KEPT_DER);
        assert!(cache.get(&vec![0; super::super::MAX_KEPT_DER + 1]).der.is_empty(), "too long to be kept");
    }

    #[test]
    fn the_oldest_goes_when_the_bound_is_reached() {
        let mut cache = CertificateCache::new(2);
        let (first, second) = (cache.get(b"1"), cache.get(b"2"));
        cache.get(b"3");
        assert_eq!(cache.len(), 2);
        assert!(Arc::ptr_eq(&second, &cache.get(b"2")));
        assert!(!Arc::ptr_eq(&first, &cache.get(b"1")), "it went, so it is read again");
        assert_eq!(cache.len(), 2);
    }
}
