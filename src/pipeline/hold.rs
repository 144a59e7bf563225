//! Where handshakes wait for their verdict: what comes after a failure often explains it.
//!
//! They wait in capture time, as it goes by in what is read, so that the same captures give the same verdicts in the same
//! order. Whoever has waited longest goes first, also where there is no more room.

use super::judging::Papers;
use crate::handshake::{Handshake, Outcome};
use crate::knowledge::MAX_STORIES;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long handshakes out of files wait where nothing else is said.
pub(super) const HOLD_FILE: Duration = Duration::from_secs(60);
/// And those that come in while they happen.
pub(super) const HOLD_STREAM: Duration = Duration::from_secs(2);
/// An established handshake waits so long where a try before it may not have been settled yet.
const HOLD_ESTABLISHED: Duration = Duration::from_secs(2);
/// At most so many handshakes wait: each has a story that waits with it.
const MAX_HELD: usize = MAX_STORIES;
/// And at most so many bytes of them: 6 KB each as a rule.
const MAX_HELD_BYTES: usize = 32 * 1024 * 1024;

/// A handshake that waits.
pub(super) struct Held {
    pub(super) handshake: Box<Handshake>,
    pub(super) papers: Papers,
}

/// Handshakes that wait, by when they are due.
pub(super) struct Hold {
    span: Duration,
    queue: BTreeMap<(Timestamp, u64), Held>,
    bytes: usize,
    taken: u64,
}

impl Hold {
    /// An empty queue, in which handshakes wait for `span`.
    pub(super) const fn new(span: Duration) -> Self {
        Self { span, queue: BTreeMap::new(), bytes: 0, taken: 0 }
    }

    /// How long a handshake has to wait, if at all: where what comes may change what is said of it.
    pub(super) fn span(&self, handshake: &Handshake) -> Option<Duration> {
        match handshake.outcome {
            Outcome::Established => handshake.may_be_retry.then(|| self.span.min(HOLD_ESTABLISHED)),
            Outcome::Unused | Outcome::Abandoned | Outcome::Failed | Outcome::Unfinished => Some(self.span),
        }
    }

    /// Lets a handshake wait.
    pub(super) fn add(&mut self, held: Held, span: Duration) {
        self.bytes += held.handshake.memory();
        self.queue.insert((held.handshake.settled.plus(span), self.taken), held);
        self.taken += 1;
    }

    /// The next handshake that has waited long enough at `now`.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<Held> {
        let (due, _) = self.queue.first_key_value()?.0;
        if *due <= now { self.next() } else { None }
    }

    /// The next handshake, where it has to make room for another.
    pub(super) fn surplus(&mut self) -> Option<Held> {
        let full = self.queue.len() >= MAX_HELD || self.bytes >= MAX_HELD_BYTES;
        if full { self.next() } else { None }
    }

    /// The next handshake, however long it has waited.
    pub(super) fn next(&mut self) -> Option<Held> {
        let (_, held) = self.queue.pop_first()?;
        self.bytes -= held.handshake.memory();
        Some(held)
    }
}
