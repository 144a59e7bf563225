//! Counting by name, bounded: the names may come from the wire.

use std::collections::HashMap;
use std::hash::Hash;

/// At most this many different values are told apart; those that come later are counted together.
pub const MAX_DISTINCT: usize = 4096;

/// How often each value was seen.
#[derive(Clone, Debug)]
pub struct Tally<K> {
    counts: HashMap<K, u64>,
    other: u64,
}

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self { counts: HashMap::new(), other: 0 }
    }
}

impl<K: Eq + Hash> Tally<K> {
    /// Counts one.
    pub fn add(&mut self, value: K) {
        let room = self.counts.len() < MAX_DISTINCT;
        match self.counts.get_mut(&value) {
            Some(count) => *count += 1,
            None if room => drop(self.counts.insert(value, 1)),
            None => self.other += 1,
        }
    }

    /// How often a value was seen.
    pub fn count(&self, value: &K) -> u64 {
        self.counts.get(value).copied().unwrap_or_default()
    }

    /// Each value's name and count, the most frequent first, and how often other values were seen.
    pub fn sorted<'a, S: Ord>(&'a self, name: impl Fn(&'a K) -> S) -> (Vec<(S, u64)>, u64) {
        let mut counts: Vec<_> = self.counts.iter().map(|(value, count)| (name(value), *count)).collect();
        counts.sort_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
        (counts, self.other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_comes_first_and_equals_go_by_name() {
        let mut tally = Tally::default();
        for value in ["b", "a", "c", "c"] {
            tally.add(value);
        }
        assert_eq!(tally.sorted(|name| *name), (vec![("c", 2), ("a", 1), ("b", 1)], 0));
    }

    #[test]
    fn hostile_variety_is_counted_not_kept() {
        let mut tally = Tally::default();
        for value in 0..MAX_DISTINCT + 10 {
            tally.add(value);
            tally.add(0);
        }
        let (counts, other) = tally.sorted(|value| *value);
        assert_eq!((counts.len(), other), (MAX_DISTINCT, 10));
        assert_eq!(tally.count(&0), MAX_DISTINCT as u64 + 11);
    }
}
