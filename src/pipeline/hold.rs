//! Where handshakes wait for their verdict: what comes after a failure often explains it.
//!
//! They wait in capture time, as it goes by in what is read, so that the same captures give the same verdicts in the same
//! order. Whoever has waited longest goes first, also where there is no more room.

use super::judging::Papers;
use super::recorder::Recording;
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
/// And at most so many bytes of them: 4 KB each as a rule.
const MAX_HELD_BYTES: usize = 32 * 1024 * 1024;
/// And so many of their frames, where they are recorded.
const MAX_HELD_FRAMES: usize = 64 * 1024 * 1024;

/// A handshake that waits.
pub(super) struct Held {
    pub(super) handshake: Box<Handshake>,
    pub(super) papers: Papers,
    pub(super) recording: Option<Box<Recording>>,
}

impl Held {
    fn recorded(&self) -> usize {
        self.recording.as_ref().map_or(0, |recording| recording.memory())
    }
}

/// Handshakes that wait, by when they are due.
pub(super) struct Hold {
    span: Duration,
    queue: BTreeMap<(Timestamp, u64), Held>,
    bytes: usize,
    recorded: usize,
    taken: u64,
}

impl Hold {
    /// An empty queue, in which handshakes wait for `span`.
    pub(super) const fn new(span: Duration) -> Self {
        Self { span, queue: BTreeMap::new(), bytes: 0, recorded: 0, taken: 0 }
    }

    /// How long a handshake has to wait, if at all: where what comes may change what is said of it.
    pub(super) fn span(&self, handshake: &Handshake) -> Option<Duration> {
        match handshake.outcome {
            Outcome::Established => handshake.may_be_retry.then(|| self.span.min(HOLD_ESTABLISHED)),
            Outcome::Unused | Outcome::Abandoned | Outcome::Failed | Outcome::Unfinished => Some(self.span),
        }
    }

    /// Lets a handshake wait.
    pub(super) fn add(&mut self, mut held: Held, span: Duration) {
        held.handshake.shrink();
        self.bytes += held.handshake.memory();
        self.recorded += held.recorded();
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
        let full = self.queue.len() >= MAX_HELD || self.bytes >= MAX_HELD_BYTES || self.recorded >= MAX_HELD_FRAMES;
        if full { self.next() } else { None }
    }

    /// The next handshake, however long it has waited.
    pub(super) fn next(&mut self) -> Option<Held> {
        let (_, held) = self.queue.pop_first()?;
        self.bytes -= held.handshake.memory();
        self.recorded -= held.recorded();
        Some(held)
    }
}

#[cfg(test)]
mod tests {
    use super::super::judging::Judging;
    use super::*;
    use crate::handshake::sample::{BEGIN, HelloSample};
    use crate::x509::Roots;

    fn at(seconds: u64) -> Timestamp {
        BEGIN.plus(Duration::from_secs(seconds))
    }

    fn held(seconds: u64) -> Held {
        let mut handshake = Box::new(Handshake::sample().hello(&HelloSample::default()).with_outcome(Outcome::Failed));
        handshake.settled = at(seconds);
        let papers = Judging::new(Roots::default()).learn(&handshake, &handshake.negotiated(), true);
        Held { handshake, papers, recording: None }
    }

    /// When those that came out were settled.
    fn settled(held: impl Iterator<Item = Held>) -> Vec<Timestamp> {
        held.map(|held| held.handshake.settled).collect()
    }

    #[test]
    fn whoever_waits_is_due_after_the_span_and_in_order() {
        let span = Duration::from_secs(60);
        let mut hold = Hold::new(span);
        [3, 1, 2].into_iter().for_each(|seconds| hold.add(held(seconds), span));
        assert!(hold.due(at(60)).is_none());
        assert_eq!(settled(std::iter::from_fn(|| hold.due(at(62)))), [at(1), at(2)]);
        assert_eq!(settled(std::iter::from_fn(|| hold.next())), [at(3)]);
        assert_eq!(hold.bytes, 0);
    }

    #[test]
    fn where_there_is_no_more_room_the_oldest_goes() {
        let span = Duration::from_secs(60);
        let mut hold = Hold::new(span);
        let mut large = held(1);
        let step = large.handshake.steps.first().cloned().expect("its ClientHello");
        large.handshake.steps.extend(std::iter::repeat_n(step, MAX_HELD_BYTES / 32));
        hold.add(held(0), span);
        assert!(hold.surplus().is_none());
        hold.add(large, span);
        assert_eq!(settled(std::iter::from_fn(|| hold.surplus())), [at(0), at(1)]);
    }

    #[test]
    fn only_what_may_be_told_otherwise_later_has_to_wait() {
        let hold = Hold::new(Duration::from_secs(60));
        let span = |outcome| hold.span(&Handshake::sample().with_outcome(outcome));
        assert_eq!(span(Outcome::Established), None);
        for outcome in [Outcome::Unused, Outcome::Abandoned, Outcome::Failed, Outcome::Unfinished] {
            assert_eq!(span(outcome), Some(Duration::from_secs(60)));
        }
        let mut retry = Handshake::sample().with_outcome(Outcome::Established);
        retry.may_be_retry = true;
        assert_eq!(hold.span(&retry), Some(HOLD_ESTABLISHED));
    }
}
