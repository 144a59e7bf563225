//! What a connection waits for, by capture time.

use crate::flow::FlowId;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// What a connection may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The bytes before those that came early.
    Hole,
    /// The last packets of a connection that was closed, or was refused.
    Linger,
    /// Use of a connection that is finished.
    Open,
}

impl Timer {
    /// All, in index order.
    pub(super) const ALL: [Self; 3] = [Self::Hole, Self::Linger, Self::Open];
}

/// The timers of all connections: at most one of a kind for each.
#[derive(Debug, Default)]
pub(super) struct Timers {
    queue: BTreeSet<(Timestamp, FlowId, Timer)>,
}

impl Timers {
    /// Sets a timer.
    pub(super) fn set(&mut self, id: FlowId, timer: Timer, at: Timestamp) {
        self.queue.insert((at, id, timer));
    }

    /// Forgets the timers of a connection, by [`Timer`]. So there are never more than three for each that is open.
    pub(super) fn cancel(&mut self, id: FlowId, waiting: [Option<Timestamp>; 3]) {
        for (timer, at) in Timer::ALL.into_iter().zip(waiting) {
            if let Some(at) = at {
                self.queue.remove(&(at, id, timer));
            }
        }
    }

    /// The next timer that has run out.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<(FlowId, Timer)> {
        let first = *self.queue.first()?;
        if first.0 > now {
            return None;
        }
        self.queue.remove(&first);
        Some((first.1, first.2))
    }
}
