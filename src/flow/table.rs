//! The bounded table of flows, generic in the state it keeps of each.
//!
//! Invariants: a slot is in the index exactly while it holds a flow; the table never holds more than `capacity` flows;
//! nothing that can be observed depends on the hash (walks go by slot, slots are handed out last freed first).
//!
//! Expiry has no timers: a hand goes round the slots, a few at every turn of the clock. When the table is full the hand
//! looks at a handful of slots and gives up the least useful of them.

use super::chunks::Chunks;
use super::hasher;
use super::index::{Index, NONE};
use super::key::FlowKey;
use crate::time::Timestamp;
use ahash::RandomState;
use std::time::Duration;

/// Silence is counted in sixteenths of a second.
const NANOS_PER_TICK: u64 = 1_000_000_000 / 16;

/// How many slots the hand looks at when room must be made.
const EVICTION_CANDIDATES: usize = 16;

/// A flow's place in the table. When the flow leaves, another may get it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(u32);

/// A flow among all of a capture: its place in the table, which others may take after it, and the frame that began it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowSerial {
    /// Its place.
    pub id: FlowId,
    /// The number of its first frame.
    pub began: u64,
}

/// A flow that has left the table: where it was, its key and its state.
pub type Gone<S> = (FlowId, FlowKey, S);

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
    /// The next slot in the chain of this one's bucket, or in the list of free ones.
    next: u32,
    /// When the flow was last heard of, in sixteenths of a second since the table's epoch.
    touched: u32,
    state: Option<S>,
}

/// Flows by key.
pub struct FlowTable<S> {
    index: Index,
    slots: Chunks<Slot<S>>,
    /// The first free slot.
    free: u32,
    len: u32,
    hand: u32,
    /// The tick in which the hand was last sent round, and how many slots it has not seen in it.
    round: (u32, u32),
    hasher: RandomState,
    capacity: u32,
    idle: IdleLimits,
    /// When the hand moved first. Of flows before that no silence is counted: the first frames do not tell the time yet.
    epoch: Option<Timestamp>,
    created: u64,
    evicted: u64,
}

impl<S: FlowState> FlowTable<S> {
    /// What a flow takes in the table, in bytes: its slot, and its bucket in the index.
    pub const FLOW: usize = size_of::<Slot<S>>() + size_of::<u32>();

    /// An empty table for at most `capacity` flows (at least one), hashed by `seed`.
    pub fn new(capacity: usize, idle: IdleLimits, seed: u64) -> Self {
        Self {
            index: Index::new(),
            slots: Chunks::new(),
            free: NONE,
            len: 0,
            hand: 0,
            round: (0, 0),
            hasher: hasher(seed),
            capacity: u32::try_from(capacity).unwrap_or(u32::MAX).clamp(1, NONE.saturating_sub(1)),
            idle,
            epoch: None,
            created: 0,
            evicted: 0,
        }
    }

    /// Flows now in the table.
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// True where there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
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
        let mut at = self.index.first(self.hasher.hash_one(key));
        let ticks = self.ticks(now);
        // No chain is a circle: a slot is in it once.
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.key == *key {
                slot.touched = slot.touched.max(ticks);
                return Some(FlowId(at));
            }
            at = slot.next;
        }
        None
    }

    /// Adds a flow that is not there yet; where the table is full, another goes and is returned.
    pub fn insert(&mut self, key: FlowKey, state: S, now: Timestamp) -> (FlowId, Option<Gone<S>>) {
        let evicted = if self.len >= self.capacity { self.evict() } else { None };
        let touched = self.ticks(now);
        self.created = self.created.saturating_add(1);
        self.len = self.len.saturating_add(1);
        let slot = Slot { key, next: NONE, touched, state: Some(state) };
        let at = self.free;
        let at = match self.slots.get_mut(at) {
            Some(free) => {
                self.free = free.next;
                *free = slot;
                at
            }
            None => self.slots.push(slot),
        };
        if self.len > self.index.buckets() {
            self.split();
        }
        self.link(at, &key);
        (FlowId(at), evicted)
    }

    /// Adds a bucket to the index.
    fn split(&mut self) {
        let mut at = self.index.grow();
        while let Some(slot) = self.slots.get(at) {
            let (key, next) = (slot.key, slot.next);
            self.link(at, &key);
            at = next;
        }
    }

    /// Puts a slot at the beginning of its chain.
    fn link(&mut self, at: u32, key: &FlowKey) {
        if let (Some(head), Some(slot)) = (self.index.first_mut(self.hasher.hash_one(key)), self.slots.get_mut(at)) {
            slot.next = std::mem::replace(head, at);
        }
    }

    /// Takes a slot out of its chain.
    fn unlink(&mut self, at: u32, key: &FlowKey) {
        let next = self.slots.get(at).map_or(NONE, |slot| slot.next);
        let Some(head) = self.index.first_mut(self.hasher.hash_one(key)) else { return };
        if *head == at {
            *head = next;
            return;
        }
        let mut before = *head;
        while let Some(slot) = self.slots.get_mut(before) {
            if slot.next == at {
                slot.next = next;
                return;
            }
            before = slot.next;
        }
    }

    /// A flow's key and state, if there is one at this place.
    #[inline]
    pub fn get_mut(&mut self, id: FlowId) -> Option<(&FlowKey, &mut S)> {
        let slot = self.slots.get_mut(id.0)?;
        Some((&slot.key, slot.state.as_mut()?))
    }

    /// Takes a flow out.
    pub fn remove(&mut self, id: FlowId) -> Option<Gone<S>> {
        let slot = self.slots.get_mut(id.0)?;
        let state = slot.state.take()?;
        let key = slot.key;
        self.unlink(id.0, &key);
        if let Some(slot) = self.slots.get_mut(id.0) {
            slot.next = std::mem::replace(&mut self.free, id.0);
        }
        self.len = self.len.saturating_sub(1);
        Some((id, key, state))
    }

    /// Takes a span of time in which nothing could be heard out of every flow's silence.
    pub fn forgive(&mut self, pause: Duration) {
        self.epoch = self.epoch.map(|epoch| epoch.plus(pause));
    }

    /// Moves the hand over `steps` slots and takes out the first flow that had been silent for too long at `now`; what
    /// is left of the steps is written back, so that a caller loops until nothing comes. Once it has gone round in a tick,
    /// it only moves: before the next, no other flow becomes idle.
    pub fn sweep(&mut self, now: Timestamp, steps: &mut usize) -> Option<Gone<S>> {
        self.epoch.get_or_insert(now);
        let ticks = self.ticks(now);
        if self.round.0 != ticks {
            self.round = (ticks, self.slots.len());
        }
        while *steps > 0 && self.round.1 > 0 {
            *steps = steps.saturating_sub(1);
            self.round.1 = self.round.1.saturating_sub(1);
            let at = self.advance()?;
            let idle = self.slots.get(at).is_some_and(|slot| self.is_idle(slot, ticks));
            if idle {
                return self.remove(FlowId(at));
            }
        }
        let rest = u32::try_from(std::mem::take(steps)).unwrap_or_default();
        self.hand = self.hand.saturating_add(rest).checked_rem(self.slots.len()).unwrap_or_default();
        None
    }

    /// The place and state of every flow, in the order of places.
    pub fn iter(&self) -> impl Iterator<Item = (FlowId, &S)> {
        (0..self.slots.len()).filter_map(|at| Some((FlowId(at), self.slots.get(at)?.state.as_ref()?)))
    }

    /// Forgets all flows, and when they were: what comes may be of another time.
    pub fn clear(&mut self) {
        self.index.clear();
        self.slots.clear();
        self.epoch = None;
        (self.free, self.len, self.hand, self.round) = (NONE, 0, 0, (0, 0));
    }

    /// Gives up the least useful of the next few flows under the hand, the longest silent among equals.
    fn evict(&mut self) -> Option<Gone<S>> {
        let mut worst: Option<(u8, u32, FlowId)> = None;
        let mut seen = 0_usize;
        for _ in 0..self.slots.len() {
            let at = self.advance()?;
            let Some(slot) = self.slots.get(at) else { continue };
            let Some(state) = &slot.state else { continue };
            let rank = (state.usefulness(), slot.touched, FlowId(at));
            worst = Some(worst.map_or(rank, |worst| worst.min(rank)));
            seen = seen.saturating_add(1);
            if seen == EVICTION_CANDIDATES {
                break;
            }
        }
        self.evicted = self.evicted.saturating_add(1);
        self.remove(worst?.2)
    }

    /// The next slot under the hand; none where there are no slots.
    fn advance(&mut self) -> Option<u32> {
        let at = if self.hand < self.slots.len() { self.hand } else { 0 };
        self.hand = at.saturating_add(1);
        (self.slots.len() > 0).then_some(at)
    }

    fn is_idle(&self, slot: &Slot<S>, ticks: u32) -> bool {
        let Some(state) = &slot.state else { return false };
        ticks.saturating_sub(slot.touched) > in_ticks(state.idle_limit(&self.idle).as_nanos())
    }

    #[inline]
    fn ticks(&self, now: Timestamp) -> u32 {
        let elapsed = now.as_nanos().saturating_sub(self.epoch.unwrap_or(now).as_nanos());
        u32::try_from(elapsed / NANOS_PER_TICK).unwrap_or(u32::MAX)
    }
}

fn in_ticks(nanos: u128) -> u32 {
    let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
    u32::try_from(nanos / NANOS_PER_TICK).unwrap_or(u32::MAX)
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
    fn a_flow_is_found_until_it_is_removed_and_its_place_is_used_again() {
        let mut table = FlowTable::new(10, IdleLimits::default(), 1);
        let (id, evicted) = table.insert(key(1), State(1), at(0));
        assert!(evicted.is_none());
        assert_eq!(table.find(&key(1), at(1)), Some(id));
        assert!(table.remove(id).is_some());
        assert_eq!((table.find(&key(1), at(1)), table.get_mut(id)), (None, None));
        assert_eq!(table.insert(key(2), State(2), at(2)).0, id);
        assert_eq!(table.find(&key(2), at(3)), Some(id));
    }

    #[test]
    fn a_full_table_gives_up_the_least_useful_then_the_longest_silent() {
        let mut table = FlowTable::new(3, IdleLimits::default(), 1);
        table.sweep(at(0), &mut 1);
        table.insert(key(1), State(9), at(0));
        table.insert(key(2), State(1), at(5));
        table.insert(key(3), State(1), at(3));
        let (_, evicted) = table.insert(key(4), State(5), at(6));
        assert_eq!(evicted.map(|(_, key, state)| (key, state)), Some((key(3), State(1))));
        assert_eq!((table.len(), table.evicted(), table.created()), (3, 1, 4));
    }

    #[test]
    fn the_hand_takes_out_what_was_silent_for_too_long_and_nothing_else() {
        let mut table = FlowTable::new(100, IdleLimits::default(), 1);
        table.sweep(at(0), &mut 1);
        for port in 0..10 {
            table.insert(key(port), State(1), at(u64::from(port) * 100));
        }
        table.find(&key(0), at(900)).unwrap();
        let (mut steps, mut gone) = (20, Vec::new());
        while let Some((_, key, _)) = table.sweep(at(901), &mut steps) {
            gone.push(key);
        }
        assert_eq!(gone, (1..=6).map(key).collect::<Vec<_>>());
        assert_eq!(steps, 0);
    }

    #[test]
    fn a_flow_that_came_before_the_time_was_known_is_given_up_as_others_are() {
        let mut table = FlowTable::new(100, IdleLimits::default(), 1);
        table.insert(key(1), State(1), Timestamp::default());
        table.find(&key(1), at(0)).unwrap();
        assert!(table.sweep(at(1), &mut 10).is_none());
        assert!(table.sweep(at(302), &mut 10).is_some());
    }

    #[test]
    fn a_pause_of_the_capture_is_no_silence_of_its_flows() {
        let mut table = FlowTable::new(100, IdleLimits::default(), 1);
        table.sweep(at(0), &mut 1);
        table.insert(key(1), State(1), at(0));
        table.forgive(Duration::from_secs(3600));
        assert!(table.sweep(at(3600), &mut 10).is_none());
        assert!(table.sweep(at(3600 + 301), &mut 10).is_some());
    }

    #[test]
    fn the_order_of_flows_does_not_depend_on_the_seed() {
        let order = |seed| {
            let mut table = FlowTable::new(100, IdleLimits::default(), seed);
            for port in 0..50 {
                table.insert(key(port), State(0), at(0));
            }
            let places: Vec<FlowId> = table.iter().map(|(id, _)| id).collect();
            let ends = |id| table.remove(id).unwrap().1.sender(crate::flow::Direction::FromLow);
            places.into_iter().map(ends).collect::<Vec<_>>()
        };
        assert_eq!(order(1), order(2));
    }

    #[test]
    fn every_flow_is_found_while_the_index_grows_and_flows_come_and_go() {
        let mut table = FlowTable::new(9_000, IdleLimits::default(), 1);
        let mut there = std::collections::BTreeMap::new();
        for port in 0..20_000 {
            let (id, evicted) = table.insert(key(port), State(1), at(0));
            there.insert(port, id);
            if let Some((id, ..)) = evicted {
                there.retain(|_, other| *other != id || port == 0);
                there.insert(port, id);
            }
            if port % 3 == 0 {
                assert!(table.remove(there.remove(&port).unwrap()).is_some());
            }
            assert_eq!(table.len(), there.len());
        }
        for port in 0..20_000 {
            assert_eq!(table.find(&key(port), at(1)), there.get(&port).copied(), "{port}");
        }
    }
}
