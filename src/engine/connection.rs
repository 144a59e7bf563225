//! One TCP connection: its segments go through reassembly to the tracker, and what the tracker says, and what TCP did,
//! decides when its handshake is settled and when the flow has nothing more to tell.

use super::timers::Timer;
use super::{Limits, close};
use crate::flow::table::{FlowState, IdleLimits};
use crate::flow::tcp::{Reset, TcpState, later, payload_length};
use crate::flow::{Assembler, Delivery, Direction, FlowKey, Gate, Piece};
use crate::handshake::outcome::OPEN_LONG_ENOUGH;
use crate::handshake::tracker::{Chunk, Surroundings, Tracker};
use crate::handshake::{Close, CloseKind, Handshake, MissingWhy};
use crate::packet::{Frame, IcmpError, Packet, Segment};
use crate::time::{Mark, Timestamp};
use std::collections::VecDeque;
use std::time::Duration;

/// A SYN whose number lies this close before the first data of a flow whose SYN was not seen is that flow's, come late.
const LATE_SYN: u32 = 1 << 20;

/// What the table keeps of a flow.
#[derive(Debug)]
pub(super) enum Flow {
    /// It may still carry a handshake.
    Open(Box<Connection>),
    /// It has nothing more to tell: only where its streams began, to know a new connection by.
    Over(Bases),
}

/// The sequence numbers at which the two streams of a connection began, by direction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bases {
    sequence: [u32; 2],
    /// A bit for each direction.
    known: u8,
}

/// A connection that may still carry a handshake.
#[derive(Debug)]
pub(super) struct Connection {
    tcp: TcpState,
    /// Made with the first payload.
    streams: Option<Box<Streams>>,
}

#[derive(Debug)]
pub(super) struct Streams {
    assemblers: [Assembler; 2],
    tracker: Tracker,
    /// When the timers that are set run out, by [`Timer`].
    waiting: [Option<Timestamp>; 3],
    /// Where the two streams stood when the hole timer was set.
    stood: [u32; 2],
    last: Mark,
}

/// A segment as it comes to its connection.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    /// Which way it goes.
    pub(super) direction: Direction,
    /// Its frame.
    pub(super) frame: &'a Frame<'a>,
    /// Its packet.
    pub(super) packet: &'a Packet<'a>,
    /// The segment itself.
    pub(super) segment: &'a Segment<'a>,
}

/// What a connection asks of the engine.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Verdict {
    /// It has nothing more to tell.
    pub(super) over: bool,
    /// Timers to set, by [`Timer`].
    pub(super) waits: [Option<Timestamp>; 3],
}

/// True for a segment that may begin a flow: one that only acknowledges tells nothing by itself. One that ends a connection
/// may have been captured before all others of a short one.
pub(super) fn may_begin(segment: &Segment<'_>) -> bool {
    segment.flags.syn() || segment.flags.fin() || segment.flags.rst() || payload_length(segment) > 0
}

impl FlowState for Flow {
    fn idle_limit(&self, limits: &IdleLimits) -> Duration {
        match self {
            Self::Over(_) => limits.over,
            Self::Open(connection) if connection.streams.is_none() => limits.opening,
            Self::Open(_) => limits.open,
        }
    }

    fn usefulness(&self) -> u8 {
        match self {
            Self::Over(_) => 0,
            Self::Open(connection) => match &connection.streams {
                None => 1,
                Some(streams) if !streams.tracker.is_tracking() => 2,
                Some(_) => 3,
            },
        }
    }
}

impl Flow {
    /// The frame with which it began; 0 where that is of no use any more.
    pub(super) fn began(&self) -> u64 {
        match self {
            Self::Open(connection) => connection.tcp.origin().frame,
            Self::Over(_) => 0,
        }
    }

    /// True where a segment is the first of another connection on the same addresses and ports: a SYN with a number that
    /// is not this connection's. A SYN sent again, or captured late, is no other connection.
    pub(super) fn is_followed_by_another(&self, direction: Direction, segment: &Segment<'_>) -> bool {
        if !segment.flags.syn() || segment.flags.rst() {
            return false;
        }
        let begin = segment.sequence.wrapping_add(1);
        let other = |base: u32, exact: bool| {
            base != begin && (exact || later(begin, base) || base.wrapping_sub(begin) > LATE_SYN)
        };
        match self {
            Self::Over(bases) => bases.get(direction).is_some_and(|base| other(base, false)),
            Self::Open(_) if segment.flags.ack() => false,
            Self::Open(connection) => match connection.tcp.base(direction) {
                Some(base) => other(base, true),
                None => connection.tcp.lowest(direction).is_some_and(|base| other(base, false)),
            },
        }
    }
}

impl Bases {
    fn get(self, direction: Direction) -> Option<u32> {
        (self.known & (1 << direction.index()) != 0).then_some(*direction.of(&self.sequence))
    }
}

impl Connection {
    /// One that begins with this frame.
    pub(super) const fn new(mark: Mark) -> Self {
        Self { tcp: TcpState::new(mark), streams: None }
    }

    /// The bytes it buffers.
    pub(super) fn buffered(&self) -> usize {
        let Some(streams) = &self.streams else { return 0 };
        let held = streams.assemblers.iter().map(Assembler::held_bytes).fold(0, usize::saturating_add);
        held.saturating_add(streams.tracker.buffered())
    }

    /// Where its streams began.
    pub(super) fn bases(&self) -> Bases {
        let mut bases = Bases::default();
        for direction in Direction::BOTH {
            if let Some(base) = self.tcp.lowest(direction) {
                *direction.of_mut(&mut bases.sequence) = base;
                bases.known |= 1 << direction.index();
            }
        }
        bases
    }

    /// Takes a segment.
    pub(super) fn segment(
        &mut self,
        key: &FlowKey,
        arrival: &Arrival<'_>,
        limits: &Limits,
        done: &mut VecDeque<Box<Handshake>>,
    ) -> Verdict {
        let Arrival { direction, frame, packet, segment } = *arrival;
        let mark = frame.mark();
        self.tcp.observe(direction, packet, segment, mark);
        let has_payload = payload_length(segment) > 0;
        if self.streams.is_none() && !has_payload {
            // Even after its end: the capture may have the payload later.
            return Verdict::default();
        }
        let tcp = &mut self.tcp;
        let streams = self.streams.get_or_insert_with(|| Box::new(Streams::new(key, tcp, frame, packet)));
        streams.last = streams.last.max(mark);
        streams.tracker.touch(mark);
        streams.anchor(tcp);
        if has_payload {
            streams.payload(tcp, direction, segment, mark, limits);
            if streams.tracker.is_established() {
                return self.established(mark.time, done);
            }
        }
        self.outlook(segment.flags.fin() || segment.flags.rst(), mark, limits, done)
    }

    /// What is to be expected of the connection now.
    fn outlook(&mut self, closing: bool, mark: Mark, limits: &Limits, done: &mut VecDeque<Box<Handshake>>) -> Verdict {
        let closed = self.is_closed();
        let Some(streams) = &mut self.streams else { return Verdict::default() };
        while let Some(handshake) = streams.tracker.take_superseded() {
            done.push_back(handshake);
        }
        if streams.tracker.is_foreign() {
            return Verdict { over: true, ..Verdict::default() };
        }
        let mut verdict = Verdict::default();
        if streams.assemblers.iter().any(Assembler::is_waiting) {
            let anchored = streams.assemblers.iter().all(Assembler::is_anchored);
            let hole = if anchored { limits.hole } else { Duration::ZERO };
            if streams.wait(Timer::Hole, mark.time.plus(hole), &mut verdict) {
                streams.stood = streams.assemblers.each_ref().map(Assembler::next_sequence);
            }
        }
        if let Some(finished) = streams.tracker.finished_at() {
            streams.wait(Timer::Open, finished.plus(OPEN_LONG_ENOUGH), &mut verdict);
        }
        let tracking = streams.tracker.is_tracking();
        if closed || tracking && (closing || streams.tracker.ending_alert().is_some()) {
            streams.wait(Timer::Linger, mark.time.plus(limits.linger), &mut verdict);
        }
        verdict
    }

    /// A timer of the connection rang.
    pub(super) fn ring(
        &mut self,
        timer: Timer,
        now: Timestamp,
        limits: &Limits,
        done: &mut VecDeque<Box<Handshake>>,
    ) -> Verdict {
        let Some(streams) = &mut self.streams else { return Verdict::default() };
        match streams.waiting.get_mut(timer as usize) {
            Some(at) if at.is_some_and(|at| at <= now) => *at = None,
            _ => return Verdict::default(),
        }
        let mark = streams.last;
        match timer {
            Timer::Hole => {
                streams.give_up_stuck(&self.tcp);
                if streams.tracker.is_established() {
                    return self.established(now, done);
                }
                self.outlook(false, Mark { frame: mark.frame, time: mark.time.max(now) }, limits, done)
            }
            Timer::Linger if streams.awaits_more(&self.tcp, now, limits) => {
                let mut verdict = Verdict::default();
                streams.wait(Timer::Linger, now.plus(limits.linger), &mut verdict);
                verdict
            }
            Timer::Open if self.is_closing() => Verdict::default(),
            Timer::Linger | Timer::Open => {
                self.settle(CloseKind::Timeout, now, done);
                Verdict { over: true, ..Verdict::default() }
            }
        }
    }

    /// The handshake is established and used: it is told, and the flow is over, unless what follows can be read too.
    fn established(&mut self, now: Timestamp, done: &mut VecDeque<Box<Handshake>>) -> Verdict {
        let Some(streams) = &mut self.streams else { return Verdict::default() };
        let readable = streams.tracker.stays_readable();
        let tcp = &self.tcp;
        while let Some(handshake) = streams.tracker.take_superseded() {
            done.push_back(handshake);
        }
        done.extend(streams.tracker.settle(None, true, |client| tcp.facts(client), now));
        Verdict { over: !readable, ..Verdict::default() }
    }

    /// Ends the connection, by what was seen of its end or else `otherwise`, and tells its handshake if it has one.
    pub(super) fn settle(&mut self, otherwise: CloseKind, now: Timestamp, done: &mut VecDeque<Box<Handshake>>) {
        let open = otherwise == CloseKind::CaptureEnd && !self.is_closed();
        let Some(streams) = &mut self.streams else { return };
        streams.end(&self.tcp);
        while let Some(handshake) = streams.tracker.take_superseded() {
            done.push_back(handshake);
        }
        let Some(client) = streams.tracker.client() else { return };
        let close = close::first(&self.tcp, client, streams).unwrap_or(Close {
            by: otherwise,
            side: None,
            mark: Mark { frame: streams.last.frame, time: streams.last.time },
        });
        let tcp = &self.tcp;
        done.extend(streams.tracker.settle(Some(close), open, |client| tcp.facts(client), now));

    }

    /// Takes note of an ICMP error about one of its packets.
    pub(super) fn icmp(&mut self, mark: Mark, error: IcmpError) {
        if let Some(streams) = &mut self.streams {
            streams.tracker.icmp(mark, error);
        }
    }

    /// Gives up all that is waited for, for want of room.
    pub(super) fn give_up_holes(&mut self) {
        if let Some(streams) = &mut self.streams {
            Direction::BOTH.into_iter().for_each(|direction| streams.give_up(&self.tcp, direction, MissingWhy::Bound));
        }
    }

    /// True once a side has begun to close.
    fn is_closing(&self) -> bool {
        Direction::BOTH.into_iter().any(|direction| self.tcp.fin(direction).is_some() || self.tcp.reset(direction).is_some())
    }

    /// True once the connection is gone.
    fn is_closed(&self) -> bool {
        let reset = Direction::BOTH.into_iter().any(|direction| self.tcp.reset(direction).is_some());
        reset || Direction::BOTH.into_iter().all(|direction| self.tcp.fin(direction).is_some())
    }
}

impl Streams {
    fn new(key: &FlowKey, tcp: &TcpState, frame: &Frame<'_>, packet: &Packet<'_>) -> Self {
        let surroundings = Surroundings {
            ends: Direction::BOTH.map(|direction| key.sender(direction)),
            opener: tcp.opened_by(),
            vlan: packet.vlan,
            tunnels: packet.tunnels,
            interface: frame.interface,
        };
        let mark = frame.mark();
        Self { assemblers: Default::default(), tracker: Tracker::new(surroundings), waiting: [None; 3], stood: [0; 2], last: mark }
    }

    pub(super) fn ending_alert(&self) -> Option<(crate::handshake::Side, u64, Mark)> {
        self.tracker.ending_alert()
    }

    /// Where a direction's stream stands for a sequence number.
    pub(super) fn offset_of(&self, direction: Direction, sequence: u32) -> Option<u64> {
        direction.of(&self.assemblers).offset_of(sequence)
    }

    /// True where only one side has closed, or bytes sent before a FIN may still be sent again, and it is not too late.
    fn awaits_more(&self, tcp: &TcpState, now: Timestamp, limits: &Limits) -> bool {
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

    fn anchor(&mut self, tcp: &TcpState) {
        for direction in Direction::BOTH {
            if let Some(base) = tcp.base(direction) {
                let assembler = direction.of_mut(&mut self.assemblers);
                if !assembler.anchor(base) {
                    assembler.rebase(base);
                }
            }
        }
    }

    fn payload(&mut self, tcp: &mut TcpState, direction: Direction, segment: &Segment<'_>, mark: Mark, limits: &Limits) {
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
        let accepted = self.with(direction, MissingWhy::Snapped, |assembler, deliver| assembler.accept(&piece, gate, deliver));
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
            let moved =
                waiting && self.with(direction, MissingWhy::Snapped, |assembler, deliver| assembler.release(gate, deliver));
            quiet = if moved { 0 } else { quiet.saturating_add(1) };
            if quiet == 2 {
                return;
            }
        }
    }

    /// Gives up the bytes before what is held in a direction.
    fn give_up(&mut self, tcp: &TcpState, direction: Direction, why: MissingWhy) {
        self.with(direction, why, |assembler, deliver| assembler.give_up(deliver));
        self.release(tcp);
    }

    /// Gives up, where a stream has not moved since the hole timer was set, what it waits for.
    fn give_up_stuck(&mut self, tcp: &TcpState) {
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
                self.with(direction.reverse(), MissingWhy::Lost, |assembler, deliver| assembler.end_at(sequence, mark, deliver));
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
    fn end(&mut self, tcp: &TcpState) {
        let mark = self.last;
        while self.give_up_lost(tcp, true) {}
        for direction in Direction::BOTH {
            let acked = tcp.acknowledged(direction.reverse());
            let fin = tcp.fin(direction).map(|fin| fin.sequence);
            let reset = tcp.reset(direction).map(|reset| reset.sequence);
            let acked_by_reset = tcp.reset(direction.reverse()).and_then(Reset::acknowledged);
            // A FIN takes a number of its own.
            let of_stream = |number: u32| if fin == Some(number.wrapping_sub(1)) { number.wrapping_sub(1) } else { number };
            for end in [acked, fin, reset, acked_by_reset].into_iter().flatten().map(of_stream) {
                self.with(direction, MissingWhy::Lost, |assembler, deliver| assembler.end_at(end, mark, deliver));
            }
            if !tcp.heard(direction) {
                self.tracker.gap(direction, 0, 1, mark, MissingWhy::Unseen);
            }
        }
        self.tracker.end_streams(mark);
    }

    /// Sets a timer that is not set yet; false where it is.
    fn wait(&mut self, timer: Timer, at: Timestamp, verdict: &mut Verdict) -> bool {
        if let (Some(waiting), Some(wait)) = (self.waiting.get_mut(timer as usize), verdict.waits.get_mut(timer as usize))
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
