//! Certificates read before. Servers send the same few certificates with every handshake.

use super::{CertificateFacts, read};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How many certificates a cache holds where nothing else is said: 2 KB each as a rule, 12 KB at the most.
pub const MAX_CACHED_CERTIFICATES: usize = 2048;

/// Facts of certificates by the SHA-256 of their DER.
///
/// It never holds more than its bound: the certificate that came first goes first.
#[derive(Debug)]
pub struct CertificateCache {
    facts: HashMap<[u8; 32], Arc<CertificateFacts>>,
    /// The keys of `facts`, oldest first.
    order: VecDeque<[u8; 32]>,
    bound: usize,
}

impl CertificateCache {
    /// An empty cache for at most `bound` certificates, and at least one.
    pub fn new(bound: usize) -> Self {
        Self { facts: HashMap::new(), order: VecDeque::new(), bound: bound.max(1) }
    }

    /// The facts of a certificate, read now or before.
    pub fn get(&mut self, der: &[u8]) -> Arc<CertificateFacts> {
        let sha256 = read::sha256(der);
        if let Some(facts) = self.facts.get(&sha256) {
            return Arc::clone(facts);
        }
        if self.order.len() >= self.bound
            && let Some(oldest) = self.order.pop_front()
        {
            self.facts.remove(&oldest);
        }
        let facts = Arc::new(read::read(der, &sha256));
        self.order.push_back(sha256);
        self.facts.insert(sha256, Arc::clone(&facts));
        facts
    }

    /// How many certificates it holds.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// True where it holds none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
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
