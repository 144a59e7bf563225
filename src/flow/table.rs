//! The bounded table of flows, generic in the state it keeps of each.
//!
//! Invariants: a slot is in the index exactly while it holds a flow; the index never holds more than `capacity` slots;
//! nothing that can be observed depends on the hash (walks go by slot, slots are handed out last freed first).
//!
//! Expiry has no timers: a hand goes round the slots, a few at every turn of the clock. When the table is full the hand looks at a handful of slots and gives up the least useful of them.

use super::hasher;
use super::key::FlowKey;
use crate::time::Timestamp;
use ahash::RandomState;
use hashbrown::HashTable;
use std::time::Duration;

/// Silence is counted in sixteenths of a second.
const NANOS_PER_TICK: u128 = 1_000_000_000 / 16;

/// How many slots the hand looks at when room must be made.
const EVICTION_CANDIDATES: usize = 16;

/// A flow's place in the table; it goes stale when the flow leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId {
    slot: u32,
    generation: u32,
}

/// A flow among all of a capture: its place in the table, which others may take after it, and the frame that began it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowSerial {
    /// Its place.
    pub id: FlowId,
    /// The number of its first frame.
    pub began: u64,
}

/// What the table must know of a state.
pub trait FlowState {
    /// How long a flow in this state may be silent before it is given up.
    fn idle_limit(&self, limits: &IdleLimits) -> Duration;
    /// How much would be lost with the flow: the flow with the lowest number goes first when the table is full.
    fn usefulness(&self) -> u8;
}

/// How long a flow may be silent, by what it is.
#[derive(Clone, Copy, Debug)]
pub struct IdleLimits {
    /// A connection that was never answered.
    pub opening: Duration,
    /// A connection that may still carry a handshake, or is in one.
    pub open: Duration,
    /// A connection that has nothing more to tell.
    pub over: Duration,
}

impl Default for IdleLimits {
    fn default() -> Self {
        Self { opening: Duration::from_secs(60), open: Duration::from_secs(300), over: Duration::from_secs(120) }
    }
}

struct Slot<S> {
    key: FlowKey,
    generation: u32,
    /// When the flow was last heard of, in sixteenths of a second since the table's epoch.
    touched: u32,
    state: Option<S>,
}

/// Flows by key.
pub struct FlowTable<S> {
    index: HashTable<u32>,
    slots: Vec<Slot<S>>,
    free: Vec<u32>,
    hand: usize,
    hasher: RandomState,
    capacity: usize,
    idle: IdleLimits,
    epoch: Option<Timestamp>,
    created: u64,
    evicted: u64,
}

impl<S: FlowState> FlowTable<S> {
    /// What a flow takes in the table, in bytes, beside its place in the index.
    pub const SLOT: usize = size_of::<Slot<S>>();

    /// An empty table for at most `capacity` flows (at least one), hashed by `seed`.
    pub fn new(capacity: usize, idle: IdleLimits, seed: u64) -> Self {
        Self {
            index: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            hand: 0,
            hasher: hasher(seed),
            capacity: capacity.clamp(1, u32::MAX as usize),
            idle,
            epoch: None,
            created: 0,
            evicted: 0,
        }
    }

    /// Flows now in the table.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Flows made since the beginning.
    pub const fn created(&self) -> u64 {
        self.created
    }

    /// Flows given up for want of room.
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The flow of a key, heard of at `now`.
    #[inline]
    pub fn find(&mut self, key: &FlowKey, now: Timestamp) -> Option<FlowId> {
        let hash = self.hasher.hash_one(key);
        let slots = &self.slots;
        let slot = *self.index.find(hash, |&at| slots.get(at as usize).is_some_and(|slot| slot.key == *key))?;
        let ticks = self.ticks(now);
        let entry = self.slots.get_mut(slot as usize)?;
        entry.touched = entry.touched.max(ticks);
        Some(FlowId { slot, generation: entry.generation })
    }

    /// Adds a flow that is not there yet; where the table is full, another goes and is returned.
    pub fn insert(&mut self, key: FlowKey, state: S, now: Timestamp) -> (FlowId, Option<(FlowId, S)>) {
        let evicted = if self.index.len() >= self.capacity { self.evict() } else { None };
        self.epoch.get_or_insert(now);
        let touched = self.ticks(now);
        self.created = self.created.saturating_add(1);
        let slot = match self.free.pop() {
            Some(at) => at,
            None => {
                let at = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
                self.slots.push(Slot { key, generation: 0, touched, state: None });
                at
            }
        };
        let mut generation = 0;
        if let Some(entry) = self.slots.get_mut(slot as usize) {
            generation = entry.generation;
            *entry = Slot { key, generation, touched, state: Some(state) };
        }
        let (hasher, slots) = (&self.hasher, &self.slots);
        self.index.insert_unique(hasher.hash_one(key), slot, |&at| {
            slots.get(at as usize).map_or(0, |slot| hasher.hash_one(slot.key))
        });
        (FlowId { slot, generation }, evicted)
    }

    /// A flow's key and state, unless it has left.
    #[inline]
    pub fn get_mut(&mut self, id: FlowId) -> Option<(&FlowKey, &mut S)> {
        let slot = self.slots.get_mut(id.slot as usize)?;
        if slot.generation != id.generation {
            return None;
        }
        Some((&slot.key, slot.state.as_mut()?))
    }

    /// Takes a flow out.
    pub fn remove(&mut self, id: FlowId) -> Option<S> {
        let slot = self.slots.get_mut(id.slot as usize)?;
        if slot.generation != id.generation {
            return None;
        }
        let state = slot.state.take()?;
        let key = slot.key;
        slot.generation = slot.generation.wrapping_add(1);
        if let Ok(entry) = self.index.find_entry(self.hasher.hash_one(key), |&at| at == id.slot) {
            entry.remove();
        }
        self.free.push(id.slot);
        Some(state)
    }

    /// Takes a span of time in which nothing could be heard out of every flow's silence.
    pub fn forgive(&mut self, pause: Duration) {
        self.epoch = self.epoch.map(|epoch| epoch.plus(pause));
    }

    /// Moves the hand over `steps` slots and takes out the first flow that had been silent for too long at `now`; what
    /// is left of the steps is written back, so that a caller loops until nothing comes.
    pub fn sweep(&mut self, now: Timestamp, steps: &mut usize) -> Option<(FlowId, S)> {
        let ticks = self.ticks(now);
        while *steps > 0 {
            *steps = steps.saturating_sub(1);
            let at = self.advance()?;
            let Some(slot) = self.slots.get(at) else { continue };
            if slot.state.is_some() && self.is_idle(slot, ticks) {
                let id = FlowId { slot: at as u32, generation: slot.generation };
                return Some((id, self.remove(id)?));
            }
        }
        None
    }

    /// Takes every flow out, in slot order.
    pub fn drain(&mut self) -> Vec<(FlowId, S)> {
        self.index.clear();
        self.free.clear();
        self.hand = 0;
        let id = |slot, generation| FlowId { slot, generation };
        (0..).zip(self.slots.drain(..)).filter_map(|(at, slot)| Some((id(at, slot.generation), slot.state?))).collect()
    }

    /// Gives up the least useful of the next few flows under the hand, the longest silent among equals.
    fn evict(&mut self) -> Option<(FlowId, S)> {
        let mut worst: Option<(u8, u32, FlowId)> = None;
        let mut seen = 0_usize;
        for _ in 0..self.slots.len() {
            let at = self.advance()?;
            let Some(slot) = self.slots.get(at) else { continue };
            let Some(state) = &slot.state else { continue };
            let id = FlowId { slot: at as u32, generation: slot.generation };
            let rank = (state.usefulness(), slot.touched, id);
            worst = Some(worst.map_or(rank, |worst| worst.min(rank)));
            seen = seen.saturating_add(1);
            if seen == EVICTION_CANDIDATES {
                break;
            }
        }
        self.evicted = self.evicted.saturating_add(1);
        let (.., id) = worst?;
        Some((id, self.remove(id)?))
    }

    /// The next slot under the hand; none where there are no slots.
    fn advance(&mut self) -> Option<usize> {
        let at = if self.hand < self.slots.len() { self.hand } else { 0 };
        self.hand = at.saturating_add(1);
        (!self.slots.is_empty()).then_some(at)
    }

    fn is_idle(&self, slot: &Slot<S>, ticks: u32) -> bool {
        let Some(state) = &slot.state else { return false };
        let limit = u32::try_from(state.idle_limit(&self.idle).as_nanos() / NANOS_PER_TICK).unwrap_or(u32::MAX);
        ticks.saturating_sub(slot.touched) > limit
    }

    fn ticks(&self, now: Timestamp) -> u32 {
        let elapsed = now.as_nanos().saturating_sub(self.epoch.unwrap_or(now).as_nanos());
        u32::try_from(u128::from(elapsed) / NANOS_PER_TICK).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::VlanTags;
    use std::net::SocketAddr;

    #[derive(Debug, PartialEq)]
    struct State(u8);

    impl FlowState for State {
        fn idle_limit(&self, limits: &IdleLimits) -> Duration {
            limits.open
        }
        fn usefulness(&self) -> u8 {
            self.0
        }
    }

    fn key(port: u16) -> FlowKey {
        let (from, to) = (SocketAddr::from(([10, 0, 0, 1], port)), SocketAddr::from(([10, 0, 0, 2], 443)));
        FlowKey::new(from, to, &VlanTags::default()).0
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(1_700_000_000_000_000 + seconds * 1_000_000)
    }

    #[test]
    fn a_flow_is_found_until_it_is_removed_and_its_id_goes_stale() {
        let mut table = FlowTable::new(10, IdleLimits::default(), 1);
        let (id, evicted) = table.insert(key(1), State(1), at(0));
        assert!(evicted.is_none());
        assert_eq!(table.find(&key(1), at(1)), Some(id));
        assert!(table.remove(id).is_some());
        assert_eq!(table.find(&key(1), at(1)), None);
        table.insert(key(2), State(2), at(2));
        assert!(table.get_mut(id).is_none(), "the slot is another flow's now");
    }

    #[test]
    fn a_full_table_gives_up_the_least_useful_then_the_longest_silent() {
        let mut table = FlowTable::new(3, IdleLimits::default(), 1);
        table.insert(key(1), State(9), at(0));
        table.insert(key(2), State(1), at(5));
        let (third, _) = table.insert(key(3), State(1), at(3));
        let (_, evicted) = table.insert(key(4), State(5), at(6));
        assert_eq!(evicted, Some((third, State(1))));
        assert_eq!((table.len(), table.evicted(), table.created()), (3, 1, 4));
    }

    #[test]
    fn the_hand_takes_out_what_was_silent_for_too_long_and_nothing_else() {
        let mut table = FlowTable::new(100, IdleLimits::default(), 1);
        let ids: Vec<FlowId> =
            (0..10).map(|port| table.insert(key(port), State(1), at(u64::from(port) * 100)).0).collect();
        table.find(&key(0), at(900)).unwrap();
        let (mut steps, mut gone) = (20, Vec::new());
        while let Some((id, _)) = table.sweep(at(901), &mut steps) {
            gone.push(id);
        }
        assert_eq!(gone, ids[1..=6]);
        assert_eq!(steps, 0);
    }

    #[test]
    fn a_pause_of_the_capture_is_no_silence_of_its_flows() {
        let mut table = FlowTable::new(100, IdleLimits::default(), 1);
        table.insert(key(1), State(1), at(0));
        table.forgive(Duration::from_secs(3600));
        assert!(table.sweep(at(3600), &mut 10).is_none());
        assert!(table.sweep(at(3600 + 301), &mut 10).is_some());
    }

    #[test]
    fn the_order_of_draining_does_not_depend_on_the_seed() {
        let order = |seed| {
            let mut table = FlowTable::new(100, IdleLimits::default(), seed);
            for port in 0..50 {
                table.insert(key(port), State(port as u8), at(0));
            }
            table.drain()
        };
        assert_eq!(order(1), order(2));
    }
}
