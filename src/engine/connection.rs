//! One TCP connection: its segments go through reassembly to the tracker, and what the tracker says, and what TCP did,
//! decides when its handshake is settled and when the flow has nothing more to tell.

use super::silent::{self, Servers};
use super::streams::Streams;
use super::timers::Timer;
use super::{Limits, close};
use crate::flow::tcp::{Opening, TcpState, later, payload_length};
use crate::flow::{Direction, FlowKey};
use crate::handshake::outcome::OPEN_LONG_ENOUGH;
use crate::handshake::tracker::Surroundings;
use crate::handshake::{Close, CloseKind, Handshake};
use crate::packet::{Frame, IcmpError, Packet, Segment, Tunnels, VlanTags};
use crate::time::{Mark, Timestamp};
use std::collections::VecDeque;

/// A SYN whose number lies this close before the first data of a flow whose SYN was not seen is that flow's, come late.
const LATE_SYN: u32 = 1 << 20;

/// The sequence numbers at which the two streams of a connection began, by direction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bases {
    sequence: [u32; 2],
    known: [bool; 2],
}

/// What a connection holds beside its own few bytes, by how much would be lost with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds {
    /// Nothing.
    Nothing = 1,
    /// What went wrong on it, or its end.
    Facts,
    /// Its streams, in which there is no handshake so far.
    Streams,
    /// A handshake.
    Handshake,
}

/// Where a connection runs on which nobody has said a word; only kept where such are told too.
#[derive(Debug)]
enum Silent {
    /// Not kept.
    No,
    /// Without VLAN and tunnel, on this interface: the ends are in its key.
    Plain(u32),
    /// Anywhere else.
    Elsewhere(Box<Surroundings>),
}

/// A connection that may still carry a handshake.
#[derive(Debug)]
pub(super) struct Connection {
    tcp: TcpState,
    /// Made with the first payload.
    streams: Option<Box<Streams>>,
    /// Until there are streams.
    silent: Silent,
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

impl Arrival<'_> {
    /// Where its connection runs.
    fn surroundings(&self, key: &FlowKey, opener: Option<Direction>) -> Surroundings {
        let Packet { vlan, tunnels, .. } = *self.packet;
        let ends = Direction::BOTH.map(|direction| key.sender(direction));
        Surroundings { ends, opener, vlan, tunnels, interface: self.frame.interface }
    }
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

/// The number with which the connection begins that a segment opens, if it opens one.
fn opens(segment: &Segment<'_>) -> Option<u32> {
    (segment.flags.syn() && !segment.flags.rst()).then(|| segment.sequence.wrapping_add(1))
}

/// True where a number does not belong to a connection whose first data, or the lowest of which anything is known, has
/// this one: a SYN captured late belongs to it.
const fn is_of_another(begin: u32, base: u32) -> bool {
    base != begin && (later(begin, base) || base.wrapping_sub(begin) > LATE_SYN)
}

impl Bases {
    /// True where a segment is the first of another connection on the same addresses and ports: a SYN with a number that
    /// is not this connection's. A SYN sent again, or captured late, is no other connection.
    pub(super) fn are_followed_by(self, direction: Direction, segment: &Segment<'_>) -> bool {
        let known = *direction.of(&self.known);
        known && opens(segment).is_some_and(|begin| is_of_another(begin, *direction.of(&self.sequence)))
    }
}

impl Connection {
    /// One that begins with this frame.
    pub(super) const fn new(mark: Mark) -> Self {
        Self { tcp: TcpState::new(mark), streams: None, silent: Silent::No }
    }

    /// One that has begun with a SYN, which came by this interface: only said where that is to be kept.
    pub(super) fn asked_for(opening: Opening, interface: Option<u32>) -> Self {
        Self { tcp: opening.into(), streams: None, silent: interface.map_or(Silent::No, Silent::Plain) }
    }

    /// What it holds.
    pub(super) fn holds(&self) -> Holds {
        match &self.streams {
            Some(streams) if streams.tracker.is_tracking() => Holds::Handshake,
            Some(_) => Holds::Streams,
            None if self.bytes() > 0 => Holds::Facts,
            None => Holds::Nothing,
        }
    }

    /// What it holds, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let streams = self.streams.as_ref().map_or(0, |streams| streams.bytes());
        let elsewhere = if let Silent::Elsewhere(_) = self.silent { size_of::<Surroundings>() } else { 0 };
        self.tcp.apart().saturating_add(streams).saturating_add(elsewhere)
    }

    /// The last frame of it that is known, its first where there was no payload.
    pub(super) fn last(&self) -> Mark {
        self.streams.as_ref().map_or(self.tcp.origin(), |streams| streams.last)
    }

    /// The number of its first frame.
    pub(super) const fn began(&self) -> u64 {
        self.tcp.origin().frame
    }

    /// Where it comes at the end of the capture: whether nobody has said a word on it, and its first frame.
    pub(super) const fn place(&self) -> (bool, Mark) {
        (self.is_silent(), self.tcp.origin())
    }

    /// The timers that are set, by [`Timer`].
    pub(super) fn waiting(&self) -> [Option<Timestamp>; 3] {
        self.streams.as_ref().map_or([None; 3], |streams| streams.waiting())
    }

    /// True where payload went one way, and from the other end no packet at all was seen.
    pub(super) const fn is_one_sided(&self) -> bool {
        self.tcp.is_one_sided()
    }

    /// True where a segment is the first of another connection on the same addresses and ports.
    pub(super) fn is_followed_by(&self, direction: Direction, segment: &Segment<'_>) -> bool {
        let Some(begin) = opens(segment).filter(|_| !segment.flags.ack()) else { return false };
        match self.tcp.base(direction) {
            Some(base) => base != begin,
            None => self.tcp.lowest(direction).is_some_and(|base| is_of_another(begin, base)),
        }
    }

    /// Where its streams began.
    pub(super) fn bases(&self) -> Bases {
        let mut bases = Bases::default();
        for direction in Direction::BOTH {
            if let Some(base) = self.tcp.lowest(direction) {
                *direction.of_mut(&mut bases.sequence) = base;
                *direction.of_mut(&mut bases.known) = true;
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
            if limits.tcp && !self.is_silent() && segment.flags.syn() {
                self.silent = match packet.is_plain() {
                    true => Silent::Plain(frame.interface),
                    false => Silent::Elsewhere(Box::new(arrival.surroundings(key, None))),
                };
            }
            // Even after its end: the capture may have the payload later.
            return Verdict::default();
        }
        let tcp = &mut self.tcp;
        let streams = self
            .streams
            .get_or_insert_with(|| Box::new(Streams::new(arrival.surroundings(key, tcp.opened_by()), mark)));
        self.silent = Silent::No;
        streams.touch(mark);
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
        done.extend(streams.tracker.superseded());
        if streams.tracker.is_foreign() {
            if streams.tracker.is_refused() {
                let tcp = &self.tcp;
                streams.tracker.opened_by(tcp.opened_by());
                let facts = tcp.facts(streams.tracker.presumed_client());
                streams.tracker.begin_without_hello(None, &facts, false);
                done.extend(streams.tracker.settle(None, true, |client| tcp.facts(client), mark.time));
            }
            return Verdict { over: true, ..Verdict::default() };
        }
        let mut verdict = Verdict::default();
        streams.wait_for_holes(mark, limits, &mut verdict);
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
        if !streams.rings(timer, now) {
            return Verdict::default();
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
                self.settle(CloseKind::Timeout, now, limits, done);
                Verdict { over: true, ..Verdict::default() }
            }
        }
    }

    /// The handshake is established and used: it is told, and the flow is over, unless what follows can be read too.
    fn established(&mut self, now: Timestamp, done: &mut VecDeque<Box<Handshake>>) -> Verdict {
        let Some(streams) = &mut self.streams else { return Verdict::default() };
        let readable = streams.tracker.stays_readable();
        let tcp = &self.tcp;
        done.extend(streams.tracker.superseded());
        done.extend(streams.tracker.settle(None, true, |client| tcp.facts(client), now));
        Verdict { over: !readable, ..Verdict::default() }
    }

    /// Ends the connection, by what was seen of its end or else `otherwise`, and tells its handshake if it has one.
    pub(super) fn settle(
        &mut self,
        otherwise: CloseKind,
        now: Timestamp,
        limits: &Limits,
        done: &mut VecDeque<Box<Handshake>>,
    ) {
        let open = otherwise == CloseKind::CaptureEnd && !self.is_closed();
        let Some(streams) = &mut self.streams else { return };
        streams.end(&self.tcp);
        done.extend(streams.tracker.superseded());
        streams.tracker.opened_by(self.tcp.opened_by());
        let client = streams.tracker.presumed_client();
        if !streams.tracker.is_tracking() {
            let close = close::first(&self.tcp, client, streams);
            streams.tracker.begin_without_hello(close, &self.tcp.facts(client), limits.tcp);
        }
        if let Some((mark, error)) = self.tcp.first_icmp() {
            streams.tracker.icmp_before(mark, error);
        }
        let close = close::first(&self.tcp, client, streams).unwrap_or(match streams.tracker.ending_icmp() {
            Some(mark) => Close { by: CloseKind::Icmp, side: None, mark },
            None => Close { by: otherwise, side: None, mark: streams.last },
        });
        let tcp = &self.tcp;
        done.extend(streams.tracker.settle(Some(close), open, |client| tcp.facts(client), now));
    }

    /// True where nobody has said a word on it, and that is to be told.
    pub(super) const fn is_silent(&self) -> bool {
        !matches!(self.silent, Silent::No)
    }

    /// The handshake that it should have had, where it ended without a word; `idle` where nothing was heard of it for long.
    pub(super) fn without_a_word(
        &self,
        key: &FlowKey,
        servers: &Servers,
        idle: bool,
        now: Timestamp,
    ) -> Option<Box<Handshake>> {
        let surroundings = match &self.silent {
            Silent::No => return None,
            Silent::Plain(interface) => Surroundings {
                ends: Direction::BOTH.map(|direction| key.sender(direction)),
                opener: None,
                vlan: VlanTags::default(),
                tunnels: Tunnels::default(),
                interface: *interface,
            },
            Silent::Elsewhere(surroundings) => **surroundings,
        };
        silent::handshake(&self.tcp, &surroundings, servers, idle, now)
    }

    /// Takes note of an ICMP error about one of its packets.
    pub(super) fn icmp(&mut self, mark: Mark, error: IcmpError) {
        match &mut self.streams {
            Some(streams) if streams.tracker.is_tracking() => streams.tracker.icmp(mark, error),
            _ => self.tcp.icmp(mark, error),
        }
    }

    /// True once a side has begun to close.
    fn is_closing(&self) -> bool {
        Direction::BOTH
            .into_iter()
            .any(|direction| self.tcp.fin(direction).is_some() || self.tcp.reset(direction).is_some())
    }

    /// True once the connection is gone.
    fn is_closed(&self) -> bool {
        let reset = Direction::BOTH.into_iter().any(|direction| self.tcp.reset(direction).is_some());
        reset || Direction::BOTH.into_iter().all(|direction| self.tcp.fin(direction).is_some())
    }
}
