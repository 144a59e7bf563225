//! Which slots have a key's hash: chained hashing that grows by one bucket at a time (W. Litwin, "Linear Hashing", 1980).
//!
//! A table that doubles moves a million flows while one packet waits, 60 ms of them, and holds both copies meanwhile. Here
//! every new flow splits one bucket, which holds one flow as a rule. It costs four bytes a flow, and as many for the chain.

use super::chunks::Chunks;

/// No slot.
pub(super) const NONE: u32 = u32::MAX;

/// An index has so many buckets from the beginning. A few hundred flows in as many buckets meet in a third of them, and
/// each meeting is a branch that nobody can foresee.
const FIRST_BUCKETS: u32 = 1 << 12;

/// The first slot of each bucket's chain; the slots themselves have where it goes on.
pub(super) struct Index {
    heads: Chunks<u32>,
    /// One less than the power of two that is not smaller than the number of buckets.
    mask: u32,
}

impl Index {
    pub(super) fn new() -> Self {
        let mut heads = Chunks::new();
        for _ in 0..FIRST_BUCKETS {
            heads.push(NONE);
        }
        Self { heads, mask: FIRST_BUCKETS.wrapping_sub(1) }
    }

    /// The bucket of a hash: those that were not split yet have both halves of their hashes.
    #[inline]
    fn bucket(&self, hash: u64) -> u32 {
        let at = hash as u32 & self.mask;
        if at < self.heads.len() { at } else { at & (self.mask >> 1) }
    }

    /// The first slot of a hash's chain.
    #[inline]
    pub(super) fn first(&self, hash: u64) -> u32 {
        self.heads.get(self.bucket(hash)).copied().unwrap_or(NONE)
    }

    #[inline]
    pub(super) fn first_mut(&mut self, hash: u64) -> Option<&mut u32> {
        self.heads.get_mut(self.bucket(hash))
    }

    /// Adds a bucket; returns the first slot of the chain that it shares with another, now to be put into either.
    pub(super) fn grow(&mut self) -> u32 {
        let new = self.heads.push(NONE);
        self.mask |= new;
        let shared = self.heads.get_mut(new & (self.mask >> 1));
        shared.map_or(NONE, |head| std::mem::replace(head, NONE))
    }

    pub(super) const fn buckets(&self) -> u32 {
        self.heads.len()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }
}
