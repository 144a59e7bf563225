//! The two byte streams of a connection, delivered to its tracker in the order of cause and effect: what has to wait, what
//! is given up, and when.

use super::Limits;
use super::connection::Verdict;
use super::timers::Timer;
use crate::flow::tcp::{Reset, TcpState, later};
use crate::flow::{Assembler, Delivery, Direction, Gate, Piece};
use crate::handshake::MissingWhy;
use crate::handshake::tracker::{Chunk, Surroundings, Tracker};
use crate::packet::Segment;
use crate::time::{Mark, Timestamp};
use std::time::Duration;

/// The streams of a connection that has carried payload, and the tracker that reads them.
#[derive(Debug)]
pub(super) struct Streams {
    assemblers: [Assembler; 2],
    pub(super) tracker: Tracker,
    /// When the timers that are set run out, by [`Timer`].
    waiting: [Option<Timestamp>; 3],
    /// Where the two streams stood when the hole timer was set.
    stood: [u32; 2],
    /// The last frame of the connection.
    pub(super) last: Mark,
}

impl Streams {
    pub(super) fn new(surroundings: Surroundings, mark: Mark) -> Self {
        Self {
            assemblers: Default::default(),
            tracker: Tracker::new(surroundings),
            waiting: [None; 3],
            stood: [0; 2],
            last: mark,
        }
    }

    /// What they take, with all that they hold, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let held = self.assemblers.iter().map(Assembler::held_bytes).fold(size_of::<Self>(), usize::saturating_add);
        held.saturating_add(self.tracker.bytes_held())
    }

    /// The timers that are set, by [`Timer`].
    pub(super) const fn waiting(&self) -> [Option<Timestamp>; 3] {
        self.waiting
    }

    /// Takes note of a frame of the connection.
    pub(super) fn touch(&mut self, mark: Mark) {
        self.last = self.last.max(mark);
        self.tracker.touch(mark);
    }

    /// Where a direction's stream stands for a sequence number.
    pub(super) fn offset_of(&self, direction: Direction, sequence: u32) -> Option<u64> {
        direction.of(&self.assemblers).offset_of(sequence)
    }

    /// True where only one side has closed, or bytes sent before a FIN may still be sent again, and it is not too late.
    pub(super) fn awaits_more(&self, tcp: &TcpState, now: Timestamp, limits: &Limits) -> bool {
        if self.tracker.ending_alert().is_some() || Direction::BOTH.into_iter().any(|side| tcp.reset(side).is_some()) {
            return false;
        }
        let fins = Direction::BOTH.map(|direction| {
            let next = direction.of(&self.assemblers).next_sequence();
            tcp.fin(direction).map(|fin| (fin.mark.time, !later(fin.sequence, next)))
        });
        let all_there = fins.iter().all(|fin| fin.is_some_and(|(_, all_there)| all_there));
        let since = fins.iter().flatten().map(|(time, _)| *time).min();
        !all_there && since.is_some_and(|since| now < since.plus(limits.half_closed))
    }

    pub(super) fn anchor(&mut self, tcp: &TcpState) {
        for direction in Direction::BOTH {
            if let Some(base) = tcp.base(direction) {
                let assembler = direction.of_mut(&mut self.assemblers);
                if !assembler.anchor(base) {
                    assembler.rebase(base);
                }
            }
        }
    }

    pub(super) fn payload(
        &mut self,
        tcp: &mut TcpState,
        direction: Direction,
        segment: &Segment<'_>,
        mark: Mark,
        limits: &Limits,
    ) {
        let begin = if segment.flags.syn() { segment.sequence.wrapping_add(1) } else { segment.sequence };
        let piece = Piece {
            sequence: begin,
            bytes: segment.payload,
            missing: segment.missing,
            mark,
            acknowledged: segment.flags.ack().then_some(segment.acknowledgment),
        };
        // Where its SYN came with more than one number, the other side says which it took.
        if tcp.is_ambiguous(direction) && tcp.acknowledged(direction.reverse()) == Some(begin) {
            direction.of_mut(&mut self.assemblers).rebase(begin);
        }
        let gate = self.gate(tcp, direction);
        let accepted =
            self.with(direction, MissingWhy::Snapped, |assembler, deliver| assembler.accept(&piece, gate, deliver));
        if accepted.conflict {
            tcp.conflict(direction, mark);
        }
        self.release(tcp);
        if direction.of(&self.assemblers).held_bytes() > limits.flow_bytes {
            self.give_up(tcp, direction, MissingWhy::Bound);
        }
    }

    /// Runs an assembler whose deliveries go to the tracker; its gaps have this reason, unless the capture snapped them.
    fn with<R>(
        &mut self,
        direction: Direction,
        why: MissingWhy,
        run: impl FnOnce(&mut Assembler, &mut dyn FnMut(Delivery<'_>)) -> R,
    ) -> R {
        let (tracker, offsets) = (&mut self.tracker, Offsets::of(direction.reverse().of(&self.assemblers)));
        run(direction.of_mut(&mut self.assemblers), &mut |delivery| deliver(tracker, direction, delivery, offsets, why))
    }

    /// What a direction's bytes may answer: what the other has delivered, its FIN included once all before it is.
    fn gate(&self, tcp: &TcpState, direction: Direction) -> Gate {
        let other = direction.reverse();
        let assembler = other.of(&self.assemblers);
        if !assembler.is_anchored() {
            return Gate::Shut;
        }
        let next = assembler.next_sequence();
        let fin = tcp.fin(other).is_some_and(|fin| fin.sequence == next);
        Gate::Delivered(next.wrapping_add(u32::from(fin)))
    }

    /// Hands on all that need not wait, in either direction.
    fn release(&mut self, tcp: &TcpState) {
        let mut quiet = 0_u8;
        for direction in Direction::BOTH.into_iter().cycle() {
            let gate = self.gate(tcp, direction);
            let waiting = direction.of(&self.assemblers).is_waiting();
            let moved = waiting
                && self.with(direction, MissingWhy::Snapped, |assembler, deliver| assembler.release(gate, deliver));
            quiet = if moved { 0 } else { quiet.saturating_add(1) };
            if quiet == 2 {
                return;
            }
        }
    }

    /// Gives up the bytes before what is held in a direction.
    pub(super) fn give_up(&mut self, tcp: &TcpState, direction: Direction, why: MissingWhy) {
        self.with(direction, why, |assembler, deliver| assembler.give_up(deliver));
        self.release(tcp);
    }

    /// Gives up, where a stream has not moved since the hole timer was set, what it waits for.
    pub(super) fn give_up_stuck(&mut self, tcp: &TcpState) {
        let now = self.assemblers.each_ref().map(Assembler::next_sequence);
        let anchored = self.assemblers.iter().all(Assembler::is_anchored);
        if now == self.stood || !anchored {
            self.give_up_lost(tcp, false);
        }
    }

    /// Gives up bytes that went past the capture: those that the receiver has acknowledged, or would have if it were seen.
    /// Bytes that the receiver still waits for may be sent again, unless nothing more will come at all.
    fn give_up_lost(&mut self, tcp: &TcpState, nothing_more: bool) -> bool {
        for direction in Direction::BOTH {
            // A stream whose beginning was not seen begins with the lowest byte of which anything is known.
            let lowest = tcp.lowest(direction).unwrap_or_default();
            direction.of_mut(&mut self.assemblers).anchor(lowest);
        }
        self.release(tcp);
        for direction in Direction::BOTH {
            let assembler = direction.of(&self.assemblers);
            if !assembler.is_waiting() {
                continue;
            }
            if let Some(sequence) = assembler.waits_for() {
                let mark = self.last;
                self.with(direction.reverse(), MissingWhy::Lost, |assembler, deliver| {
                    assembler.end_at(sequence, mark, deliver);
                });
                if !self.gate(tcp, direction).passes(Some(sequence)) {
                    self.with(direction, MissingWhy::Lost, |assembler, deliver| assembler.give_up(deliver));
                }
                self.release(tcp);
                return true;
            }
            let hole = assembler.next_sequence();
            let acknowledged = tcp.acknowledged(direction.reverse()).is_some_and(|acked| later(acked, hole));
            let certain = acknowledged || !tcp.heard(direction.reverse()) || assembler.is_ready();
            if certain || nothing_more {
                let resent = !certain && tcp.asks_again(direction.reverse());
                self.give_up(tcp, direction, if resent { MissingWhy::Unacknowledged } else { MissingWhy::Lost });
                return true;
            }
        }
        false
    }

    /// Reads what is left: no more segments will come. What the receiver acknowledged, and what the sender's FIN or reset
    /// counts, was sent.
    pub(super) fn end(&mut self, tcp: &TcpState) {
        let mark = self.last;
        while self.give_up_lost(tcp, true) {}
        for direction in Direction::BOTH {
            let acked = tcp.acknowledged(direction.reverse());
            let fin = tcp.fin(direction).map(|fin| fin.sequence);
            let reset = tcp.reset(direction).map(|reset| reset.sequence);
            let acked_by_reset = tcp.reset(direction.reverse()).and_then(Reset::acknowledged);
            // A FIN takes a number of its own.
            let of_stream =
                |number: u32| if fin == Some(number.wrapping_sub(1)) { number.wrapping_sub(1) } else { number };
            // A receiver that asks for more than it acknowledged has not got it either.
            let never_arrived =
                if tcp.asks_again(direction.reverse()) { MissingWhy::Unacknowledged } else { MissingWhy::Lost };
            let arrived = [acked, acked_by_reset].map(|end| (end, MissingWhy::Lost));
            let sent = [fin, reset].map(|end| (end, never_arrived));
            for (end, why) in arrived.into_iter().chain(sent) {
                let Some(end) = end.map(of_stream) else { continue };
                self.with(direction, why, |assembler, deliver| assembler.end_at(end, mark, deliver));
            }
            if !tcp.heard(direction) {
                self.tracker.gap(direction, 0, 1, mark, MissingWhy::Unseen);
            }
        }
        self.tracker.end_streams(mark);
    }

    /// Sets the hole timer where something waits; at once, but behind the frames, where a stream's beginning is not known.
    pub(super) fn wait_for_holes(&mut self, mark: Mark, limits: &Limits, verdict: &mut Verdict) {
        if self.assemblers.iter().any(Assembler::is_waiting) {
            let anchored = self.assemblers.iter().all(Assembler::is_anchored);
            let hole = if anchored { limits.hole } else { Duration::ZERO };
            if self.wait(Timer::Hole, mark.time.plus(hole), verdict) {
                self.stood = self.assemblers.each_ref().map(Assembler::next_sequence);
            }
        }
    }

    /// True where a timer that was set has run out; it is set no more.
    pub(super) fn rings(&mut self, timer: Timer, now: Timestamp) -> bool {
        let waiting = self.waiting.get_mut(timer as usize);
        waiting.is_some_and(|waiting| waiting.take_if(|at| *at <= now).is_some())
    }

    /// Sets a timer that is not set yet; false where it is.
    pub(super) fn wait(&mut self, timer: Timer, at: Timestamp, verdict: &mut Verdict) -> bool {
        if let (Some(waiting), Some(wait)) =
            (self.waiting.get_mut(timer as usize), verdict.waits.get_mut(timer as usize))
            && waiting.is_none()
        {
            (*waiting, *wait) = (Some(at), Some(at));
            return true;
        }
        false
    }
}

/// Turns acknowledgment numbers into offsets of the stream that they acknowledge.
#[derive(Clone, Copy)]
struct Offsets {
    next: u32,
    offset: u64,
    known: bool,
}

impl Offsets {
    fn of(assembler: &Assembler) -> Self {
        Self { next: assembler.next_sequence(), offset: assembler.offset(), known: assembler.is_anchored() }
    }

    fn get(self, acknowledged: Option<u32>) -> Option<u64> {
        let ahead = acknowledged.filter(|_| self.known)?.wrapping_sub(self.next) as i32;
        Some(self.offset.saturating_add_signed(i64::from(ahead)))
    }
}

fn deliver(tracker: &mut Tracker, direction: Direction, delivery: Delivery<'_>, offsets: Offsets, why: MissingWhy) {
    match delivery {
        Delivery::Bytes { offset, bytes, mark, acknowledged } => {
            tracker.bytes(direction, Chunk { offset, bytes, mark, acknowledged: offsets.get(acknowledged) });
        }
        Delivery::Gap { offset, length, snapped, mark } => {
            tracker.gap(direction, offset, length, mark, if snapped { MissingWhy::Snapped } else { why });
        }
    }
}
