//! The flows of an engine: the table, and what its flows hold beside it, by how much that is.
//!
//! | a flow | beside its place in the table |
//! |---|---|
//! | of which only a SYN was seen | that SYN |
//! | open, without data | a [`Connection`] that holds nothing on the heap |
//! | any other that may still carry a handshake | a [`Connection`] whose memory is counted |
//! | that is over | nothing |
//!
//! So most of a million flows are small without being counted, and what is counted is bounded in bytes: where it becomes too
//! much, the least useful of a handful of connections is given up for it.

use super::connection::{Arrival, Bases, Connection, Holds};
use crate::flow::table::{FlowState, IdleLimits};
use crate::flow::tcp::Opening;
use crate::flow::{FlowId, FlowKey, FlowSerial, FlowTable, Gone, Slab};
use crate::time::Timestamp;
use std::time::Duration;

/// How many connections are looked at when one has to be given up for its memory.
const EVICTION_CANDIDATES: usize = 16;

/// What the table keeps of a flow.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flow {
    /// It has nothing more to tell: only where its streams began, to know a new connection by.
    Over(Bases),
    /// Only a SYN was seen; the place of what it said.
    Opening(u32),
    /// It may still carry a handshake; the connection's place, by what it holds.
    Open(u32, Holds),
}

impl FlowState for Flow {
    fn idle_limit(&self, limits: &IdleLimits) -> Duration {
        match self {
            Self::Over(_) => limits.over,
            Self::Opening(_) | Self::Open(_, Holds::Nothing | Holds::Facts) => limits.opening,
            Self::Open(_, Holds::Streams | Holds::Handshake) => limits.open,
        }
    }

    /// A flow that is over and one that was never answered are lost as easily: the longest silent is. Else the SYNs of a
    /// flood would drive out the connections that are in use, and their next packets would have to be looked into again.
    fn usefulness(&self) -> u8 {
        match self {
            Self::Over(_) | Self::Opening(_) => 0,
            Self::Open(_, holds) => *holds as u8,
        }
    }
}

/// A SYN, and the interface that saw it.
#[derive(Clone, Copy, Debug)]
struct Asked {
    opening: Opening,
    interface: u32,
}

/// A connection that holds more than its place.
#[derive(Debug)]
struct Weighed {
    id: FlowId,
    bytes: usize,
    connection: Connection,
}

/// A connection that has left the table.
pub(super) struct Left {
    pub(super) id: FlowId,
    pub(super) key: FlowKey,
    pub(super) connection: Connection,
}

impl Left {
    /// Which flow it was.
    pub(super) const fn serial(&self) -> FlowSerial {
        FlowSerial { id: self.id, began: self.connection.began() }
    }
}

/// All flows of an engine.
pub(super) struct Flows {
    table: FlowTable<Flow>,
    asked: Slab<Asked>,
    light: Slab<Connection>,
    heavy: Slab<Weighed>,
    /// What the heavy ones take in all.
    bytes: usize,
    /// Connections given up for their memory.
    evicted: u64,
    /// Connections without a word are told too.
    silent: bool,
}

impl Flows {
    /// What a flow takes that is over, of which only a SYN was seen, and that is open without data: in bytes, in all.
    #[cfg(test)]
    pub(super) const SIZES: [usize; 3] = {
        let flow = FlowTable::<Flow>::FLOW;
        [flow, flow + Slab::<Asked>::PLACE, flow + Slab::<Connection>::PLACE]
    };

    pub(super) fn new(capacity: usize, idle: IdleLimits, silent: bool, seed: u64) -> Self {
        Self {
            table: FlowTable::new(capacity, idle, seed),
            asked: Slab::default(),
            light: Slab::default(),
            heavy: Slab::default(),
            bytes: 0,
            evicted: 0,
            silent,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) const fn created(&self) -> u64 {
        self.table.created()
    }

    /// Flows given up for want of room, in the table or in memory.
    pub(super) const fn evicted(&self) -> u64 {
        self.table.evicted().saturating_add(self.evicted)
    }

    /// What connections hold beside their places, in bytes.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    #[inline]
    pub(super) fn find(&mut self, key: &FlowKey, now: Timestamp) -> Option<FlowId> {
        self.table.find(key, now)
    }

    /// Adds a flow that begins with this segment; returns the connection that had to go for it.
    pub(super) fn begin(&mut self, key: FlowKey, arrival: &Arrival<'_>, now: Timestamp) -> (FlowId, Option<Left>) {
        let flow = self.begun(arrival);
        let (id, gone) = self.table.insert(key, flow, now);
        (id, gone.and_then(|gone| self.taken_out(gone)))
    }

    /// Begins another connection in the place of one; returns that, unless it was over.
    pub(super) fn replace(&mut self, id: FlowId, arrival: &Arrival<'_>) -> Option<Left> {
        let begun = self.begun(arrival);
        let (key, flow) = self.table.get_mut(id)?;
        let (key, flow) = (*key, std::mem::replace(flow, begun));
        self.taken_out((id, key, flow))
    }

    fn begun(&mut self, arrival: &Arrival<'_>) -> Flow {
        let Arrival { direction, frame, packet, segment } = *arrival;
        let opening = Opening::of(direction, packet, segment, frame.mark());
        // Of the way it came, where that is to be told, an opening keeps no more than the interface.
        match opening.filter(|_| !self.silent || packet.is_plain()) {
            Some(opening) => Flow::Opening(self.asked.insert(Asked { opening, interface: frame.interface })),
            None => Flow::Open(self.light.insert(Connection::new(frame.mark())), Holds::Nothing),
        }
    }

    /// What a flow is.
    #[inline]
    pub(super) fn state(&mut self, id: FlowId) -> Option<Flow> {
        self.table.get_mut(id).map(|(_, flow)| *flow)
    }

    /// The connection of a flow that is not over.
    #[inline]
    pub(super) fn connection(&mut self, id: FlowId) -> Option<(&FlowKey, &mut Connection)> {
        let (key, flow) = self.table.get_mut(id)?;
        if let Flow::Opening(at) = *flow {
            let asked = self.asked.take(at)?;
            let connection = Connection::asked_for(asked.opening, self.silent.then_some(asked.interface));
            *flow = Flow::Open(self.light.insert(connection), Holds::Nothing);
        }
        match *flow {
            Flow::Open(at, Holds::Nothing) => Some((key, self.light.get_mut(at)?)),
            Flow::Open(at, _) => Some((key, &mut self.heavy.get_mut(at)?.connection)),
            Flow::Opening(_) | Flow::Over(_) => None,
        }
    }

    /// The serial of a flow that is not over.
    pub(super) fn serial(&mut self, id: FlowId) -> Option<FlowSerial> {
        let began = match self.state(id)? {
            Flow::Over(_) => return None,
            Flow::Opening(at) => self.asked.get(at)?.opening.origin().frame,
            Flow::Open(at, Holds::Nothing) => self.light.get(at)?.began(),
            Flow::Open(at, _) => self.heavy.get(at)?.connection.began(),
        };
        Some(FlowSerial { id, began })
    }

    /// Takes stock of a connection that was changed.
    pub(super) fn weigh(&mut self, id: FlowId) {
        let Some((_, flow)) = self.table.get_mut(id) else { return };
        let Flow::Open(at, held) = flow else { return };
        if *held == Holds::Nothing {
            let holds = self.light.get(*at).map_or(Holds::Nothing, Connection::holds);
            if holds == Holds::Nothing {
                return;
            }
            let Some(connection) = self.light.take(*at) else { return };
            *at = self.heavy.insert(Weighed { id, bytes: 0, connection });
        }
        let Some(heavy) = self.heavy.get_mut(*at) else { return };
        *held = heavy.connection.holds();
        let before = std::mem::replace(&mut heavy.bytes, heavy.connection.bytes());
        self.bytes = self.bytes.saturating_sub(before).saturating_add(heavy.bytes);
    }

    /// A flow has nothing more to tell: it keeps its place in the table and nothing else.
    pub(super) fn end(&mut self, id: FlowId) -> Option<Left> {
        let (_, connection) = self.connection(id)?;
        let over = Flow::Over(connection.bases());
        let (key, flow) = self.table.get_mut(id)?;
        let (key, flow) = (*key, std::mem::replace(flow, over));
        self.taken_out((id, key, flow))
    }

    /// Takes out the next flow that was silent for too long, as [`FlowTable::sweep`] does.
    pub(super) fn sweep(&mut self, now: Timestamp, steps: &mut usize) -> Option<Left> {
        while let Some(gone) = self.table.sweep(now, steps) {
            if let Some(left) = self.taken_out(gone) {
                return Some(left);
            }
        }
        None
    }

    /// Takes out the least useful of the next few connections whose memory is counted, the longest silent among equals.
    pub(super) fn relieve(&mut self) -> Option<Left> {
        let rank = |heavy: &Weighed| (heavy.connection.holds(), heavy.connection.last());
        let candidates = self.heavy.next_under_hand(EVICTION_CANDIDATES);
        let id = candidates.map(|(_, heavy)| (rank(heavy), heavy.id)).min()?.1;
        self.evicted = self.evicted.saturating_add(1);
        let gone = self.table.remove(id)?;
        self.taken_out(gone)
    }

    pub(super) fn remove(&mut self, id: FlowId) -> Option<Left> {
        let gone = self.table.remove(id)?;
        self.taken_out(gone)
    }

    pub(super) fn forgive(&mut self, pause: Duration) {
        self.table.forgive(pause);
    }

    /// All flows that may have something to tell at the end: those on which nobody has said a word, behind the others, in
    /// the order in which they began.
    pub(super) fn in_order(&self) -> Vec<FlowId> {
        let mut order: Vec<(bool, u64, FlowId)> = Vec::new();
        for (id, flow) in self.table.iter() {
            let place = match *flow {
                Flow::Opening(at) if self.silent => self.asked.get(at).map(|asked| (true, asked.opening.origin())),
                Flow::Open(at, Holds::Nothing) if self.silent => self.light.get(at).map(Connection::place),
                Flow::Open(at, holds) if holds > Holds::Nothing => self.heavy.get(at).map(|it| it.connection.place()),
                _ => None,
            };
            order.extend(place.map(|(silent, origin)| (silent, origin.frame, id)));
        }
        order.sort_unstable();
        order.into_iter().map(|(_, _, id)| id).collect()
    }

    /// Forgets all flows.
    pub(super) fn clear(&mut self) {
        self.table.clear();
        self.asked.clear();
        self.light.clear();
        self.heavy.clear();
        self.bytes = 0;
    }

    /// What a flow held that has left.
    fn taken_out(&mut self, (id, key, flow): Gone<Flow>) -> Option<Left> {
        let connection = match flow {
            Flow::Over(_) => return None,
            Flow::Opening(at) => {
                let asked = self.asked.take(at)?;
                let interface = self.silent.then_some(asked.interface)?;
                Connection::asked_for(asked.opening, Some(interface))
            }
            Flow::Open(at, Holds::Nothing) => self.light.take(at)?,
            Flow::Open(at, _) => {
                let heavy = self.heavy.take(at)?;
                self.bytes = self.bytes.saturating_sub(heavy.bytes);
                heavy.connection
            }
        };
        Some(Left { id, key, connection })
    }
}
