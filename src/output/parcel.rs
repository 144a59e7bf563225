//! What a network sink sends at a time: some batches, and which of their events the receiver has answered for.

use super::batch::{Batch, Event};
use std::sync::Arc;

/// A parcel has no more bytes of lines than this, unless a single batch has.
pub(super) const MAX_PARCEL_BYTES: usize = 2 * 1024 * 1024;

/// Events that are sent together, in order.
#[derive(Debug)]
pub struct Parcel {
    batches: Vec<Arc<Batch>>,
    /// One for each event.
    answers: Vec<Answer>,
    /// The first reason for a rejection.
    reason: Option<String>,
}

/// What the receiver has said of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// Nothing: it has to be sent, perhaps again.
    None,
    /// It has it.
    Taken,
    /// It will never take it.
    Rejected,
}

impl Parcel {
    /// A parcel of which nothing was sent.
    pub fn new(batches: Vec<Arc<Batch>>) -> Self {
        let events = batches.iter().map(|batch| batch.marks.len()).sum();
        Self { batches, answers: vec![Answer::None; events], reason: None }
    }

    /// Of handshakes, written as these lines, with the ids `id-0` and so on.
    #[cfg(test)]
    pub(super) fn of_lines(lines: &[&str]) -> Self {
        use super::batch::{Kind, Level, Mark};
        let mut batch = Batch { events: lines.len() as u64, ..Batch::default() };
        for (at, line) in lines.iter().enumerate() {
            batch.bytes.extend_from_slice(line.as_bytes());
            batch.bytes.push(b'\n');
            let (end, id, micros) = (batch.bytes.len(), format!("id-{at}"), 1_500_000);
            let (kind, level) = (Kind::Handshake, Level::Info);
            batch.marks.push(Mark { end, kind, id, micros, level, server: None, community_id: None });
        }
        Self::new(vec![Arc::new(batch)])
    }

    /// How many events it has.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// True where it has none.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// How many bytes of lines.
    pub fn bytes(&self) -> usize {
        self.batches.iter().map(|batch| batch.bytes.len()).sum()
    }

    /// The events that the receiver has not answered for, with their places.
    pub fn pending(&self) -> impl Iterator<Item = (usize, Event<'_>)> {
        let events = self.batches.iter().flat_map(|batch| batch.lines()).enumerate();
        events.zip(&self.answers).filter(|(_, answer)| **answer == Answer::None).map(|(event, _)| event)
    }

    /// True where the receiver has answered for all.
    pub fn is_done(&self) -> bool {
        !self.answers.contains(&Answer::None)
    }

    /// The receiver has the event at this place.
    pub fn take(&mut self, place: usize) {
        self.answer(place, Answer::Taken);
    }

    /// The receiver has all that it has not rejected.
    pub fn take_all(&mut self) {
        self.answers.iter_mut().filter(|answer| **answer == Answer::None).for_each(|answer| *answer = Answer::Taken);
    }

    /// The receiver will never take the event at this place.
    pub fn reject(&mut self, place: usize, reason: impl FnOnce() -> String) {
        self.answer(place, Answer::Rejected);
        self.reason.get_or_insert_with(reason);
    }

    /// What was taken is pending again: the receiver may have lost it.
    pub(super) fn send_again(&mut self) {
        self.answers.iter_mut().filter(|answer| **answer == Answer::Taken).for_each(|answer| *answer = Answer::None);
    }

    /// How many events the receiver will never take, and the first reason for it.
    pub(super) fn rejected(&self) -> (u64, Option<&str>) {
        let count = self.answers.iter().filter(|answer| **answer == Answer::Rejected).count();
        (count as u64, self.reason.as_deref())
    }

    fn answer(&mut self, place: usize, given: Answer) {
        self.answers.get_mut(place).into_iter().for_each(|answer| *answer = given);
    }
}
