//! A bounded table that forgets what was longest out of use.
//!
//! Invariants: an entry is in the index exactly while it is in the chain from the newest to the oldest; there are never
//! more than `capacity` of them. Which one goes follows from the order of use alone, never from the hash.

use crate::flow::hasher;
use crate::time::Timestamp;
use ahash::RandomState;
use hashbrown::HashTable;
use std::borrow::Borrow;
use std::hash::Hash;

/// No slot: the end of the chain.
const NONE: u32 = u32::MAX;

struct Slot<K, V> {
    entry: Option<Entry<K, V>>,
    newer: u32,
    older: u32,
}

struct Entry<K, V> {
    key: K,
    value: V,
    serial: u32,
    touched: Timestamp,
}

/// Values by key, at most so many, the least recently used forgotten first.
pub(crate) struct Lru<K, V> {
    index: HashTable<u32>,
    slots: Vec<Slot<K, V>>,
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
    serial: u32,
    capacity: usize,
    hasher: RandomState,
}

impl<K: Hash + Eq, V> Lru<K, V> {
    /// An empty table for at most `capacity` entries, hashed by `seed`.
    pub(crate) fn new(capacity: usize, seed: u64) -> Self {
        Self {
            index: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
            serial: 0,
            capacity: capacity.clamp(1, NONE as usize),
            hasher: hasher(seed),
        }
    }

    /// Entries now in the table.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// The value of a key, and a number that no other entry of this table has or had.
    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<(u32, &V)>
    where
        K: Borrow<Q>,
    {
        let entry = self.slots.get(self.find(key)? as usize)?.entry.as_ref()?;
        Some((entry.serial, &entry.value))
    }

    /// As [`Lru::get`]; to be changed, and not thereby used.
    pub(crate) fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key)?;
        Some(&mut self.slots.get_mut(at as usize)?.entry.as_mut()?.value)
    }

    /// Uses the entry of a key at `now`; where there is none, it is made, and the oldest goes where there is no room.
    /// What went is returned beside it.
    pub(crate) fn used<Q: Hash + Eq + ?Sized>(
        &mut self,
        key: &Q,
        now: Timestamp,
        make: impl FnOnce() -> (K, V),
    ) -> Option<(u32, &mut V, Option<V>)>
    where
        K: Borrow<Q>,
    {
        let mut gone = None;
        let at = match self.find(key) {
            Some(at) => {
                self.unlink(at);
                at
            }
            None => {
                if self.index.len() >= self.capacity {
                    gone = self.forget_oldest();
                }
                let (key, value) = make();
                self.add(key, value)
            }
        };
        self.link(at);
        let entry = self.slots.get_mut(at as usize)?.entry.as_mut()?;
        entry.touched = entry.touched.max(now);
        Some((entry.serial, &mut entry.value, gone))
    }

    /// Forgets the entry that was longest out of use.
    pub(crate) fn forget_oldest(&mut self) -> Option<V> {
        let at = self.oldest;
        let entry = self.slots.get_mut(at as usize)?.entry.take()?;
        self.unlink(at);
        if let Ok(place) = self.index.find_entry(self.hasher.hash_one(&entry.key), |&slot| slot == at) {
            place.remove();
        }
        self.free.push(at);
        Some(entry.value)
    }

    /// Forgets the oldest entry, where it was last used before `time`.
    pub(crate) fn expire(&mut self, time: Timestamp) -> Option<V> {
        let oldest = self.slots.get(self.oldest as usize)?.entry.as_ref()?;
        if oldest.touched < time { self.forget_oldest() } else { None }
    }

    /// All values, in no order that means anything.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.slots.iter().filter_map(|slot| slot.entry.as_ref()).map(|entry| &entry.value)
    }

    fn find<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
    {
        let is_it = |at: &u32| {
            let entry = self.slots.get(*at as usize).and_then(|slot| slot.entry.as_ref());
            entry.is_some_and(|entry| entry.key.borrow() == key)
        };
        self.index.find(self.hasher.hash_one(key), is_it).copied()
    }

    /// A new entry, in no chain yet.
    fn add(&mut self, key: K, value: V) -> u32 {
        let hash = self.hasher.hash_one(&key);
        let entry = Some(Entry { key, value, serial: self.serial, touched: Timestamp::default() });
        self.serial = self.serial.wrapping_add(1);
        let slot = Slot { entry, newer: NONE, older: NONE };
        let at = match self.free.pop() {
            Some(at) => at,
            None => u32::try_from(self.slots.len()).unwrap_or(NONE),
        };
        match self.slots.get_mut(at as usize) {
            Some(place) => *place = slot,
            None => self.slots.push(slot),
        }
        let (slots, hasher) = (&self.slots, &self.hasher);
        self.index.insert_unique(hash, at, |&at| {
            let entry = slots.get(at as usize).and_then(|slot| slot.entry.as_ref());
            entry.map_or(0, |entry| hasher.hash_one(&entry.key))
        });
        at
    }

    /// Puts a slot at the newest end of the chain.
    fn link(&mut self, at: u32) {
        let before = std::mem::replace(&mut self.newest, at);
        if let Some(slot) = self.slots.get_mut(at as usize) {
            (slot.newer, slot.older) = (NONE, before);
        }
        match self.slots.get_mut(before as usize) {
            Some(slot) => slot.newer = at,
            None => self.oldest = at,
        }
    }

    /// Takes a slot out of the chain.
    fn unlink(&mut self, at: u32) {
        let Some(slot) = self.slots.get(at as usize) else { return };
        let (newer, older) = (slot.newer, slot.older);
        match self.slots.get_mut(newer as usize) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
        match self.slots.get_mut(older as usize) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    /// What a table holds, oldest first.
    fn drained(mut table: Lru<u8, u8>) -> Vec<u8> {
        std::iter::from_fn(|| table.forget_oldest()).collect()
    }

    #[test]
    fn what_was_longest_out_of_use_goes_first() {
        let mut table = Lru::new(2, 1);
        table.used(&1, at(0), || (1, 1));
        table.used(&2, at(1), || (2, 2));
        table.used(&1, at(2), || (1, 9));
        let (_, _, gone) = table.used(&3, at(3), || (3, 3)).unwrap();
        assert_eq!(gone, Some(2));
        assert_eq!(drained(table), [1, 3]);
    }

    #[test]
    fn an_entry_that_comes_again_has_another_number() {
        let mut table = Lru::new(1, 1);
        let first = table.used(&1, at(0), || (1, ())).unwrap().0;
        table.used(&2, at(0), || (2, ()));
        assert_ne!(table.used(&1, at(0), || (1, ())).unwrap().0, first);
    }

    #[test]
    fn only_what_is_out_of_use_for_long_expires() {
        let mut table = Lru::new(9, 1);
        table.used(&1, at(0), || (1, 1));
        table.used(&2, at(100), || (2, 2));
        assert_eq!(table.expire(at(50)), Some(1));
        assert_eq!(table.expire(at(50)), None);
        assert_eq!(table.get(&2).map(|(_, value)| *value), Some(2));
    }

    proptest! {
        #[test]
        fn it_does_as_a_list_in_order_of_use_would(keys in prop::collection::vec((0_u8..12, any::<bool>()), 0..200), capacity in 1_usize..8) {
            let mut table = Lru::new(capacity, 7);
            let mut list: Vec<u8> = Vec::new();
            for (key, forget) in keys {
                if forget {
                    let oldest = (!list.is_empty()).then(|| list.remove(0));
                    prop_assert_eq!(table.forget_oldest(), oldest);
                    continue;
                }
                table.used(&key, at(0), || (key, key));
                list.retain(|other| *other != key);
                list.push(key);
                if list.len() > capacity {
                    list.remove(0);
                }
                prop_assert_eq!(table.len(), list.len());
            }
            prop_assert_eq!(drained(table), list);
        }
    }
}
