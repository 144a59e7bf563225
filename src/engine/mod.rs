//! The heart: frames in, handshakes out. The engine knows no file, socket, thread or clock; it is told the time with every
//! frame, and polled for what it has to say. The same frames give the same handshakes in the same order.
//!
//! Every decision that waits (for a lost segment, for the end of a connection, for silence) waits in capture time as its
//! clock tells it: behind the frames by a few dozen of them, so that neither packets out of order nor one wild
//! timestamp decide anything.

mod clock;
mod close;
mod closing;
mod connection;
mod flows;
mod silent;
mod stats;
mod streams;
mod timers;

pub use stats::Stats;

use crate::flow::table::IdleLimits;
use crate::flow::{Direction, FlowId, FlowKey, FlowSerial};
use crate::handshake::{CloseKind, Handshake};
use crate::packet::{Decoder, Frame, IcmpError, Packet, Segment, Transport};
use crate::time::{Mark, Timestamp};
use clock::Clock;
use closing::Closing;
use connection::{Arrival, Verdict};
use flows::{Flow, Flows, Left};
use silent::Servers;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;
use timers::{Timer, Timers};

/// How many slots of the flow table are looked at for silence with each turn of the clock.
const SWEEP_STEPS: usize = 128;

/// A silence of the whole capture counts as a silence of its flows up to here.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The bounds of an engine. Reaching one loses the least useful thing and counts it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Flows in the table.
    pub flows: usize,
    /// Bytes buffered for one direction of one flow.
    pub flow_bytes: usize,
    /// Bytes that open flows hold in all beside their places in the table: buffers, and the state of handshakes.
    pub total_bytes: usize,
    /// How long flows may be silent.
    pub idle: IdleLimits,
    /// How long lost bytes are waited for after the receiver has acknowledged them.
    pub hole: Duration,
    /// How long a connection that was closed is still listened to.
    pub linger: Duration,
    /// How long a connection that one side has closed waits for the other, and for bytes sent before its end.
    pub half_closed: Duration,
    /// Connections to servers of TLS that were refused, never answered, or closed without a word are told as handshakes
    /// that failed.
    pub tcp: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            flows: 1 << 20,
            flow_bytes: 256 * 1024,
            total_bytes: 64 * 1024 * 1024,
            idle: IdleLimits::default(),
            hole: Duration::from_secs(1),
            linger: Duration::from_secs(1),
            half_closed: Duration::from_secs(30),
            tcp: false,
        }
    }
}

impl Limits {
    /// The bounds of one of several engines that keep to these together.
    pub fn shared_by(self, engines: usize) -> Self {
        let share = |bound: usize| bound.checked_div(engines).unwrap_or(bound).max(1);
        Self { flows: share(self.flows), total_bytes: share(self.total_bytes), ..self }
    }
}

/// One deterministic world: a decoder, a table of flows, and what they have brought forth.
pub struct Engine {
    decoder: Decoder,
    world: World,
}

/// All of an engine but the decoder, whose buffers a packet may borrow while the world takes it in.
struct World {
    limits: Limits,
    flows: Flows,
    clock: Clock,
    /// When the clock last turned.
    turned: Option<Timestamp>,
    timers: Timers,
    closing: Closing,
    done: VecDeque<Box<Handshake>>,
    /// Those that have shown a ServerHello, as far as they were looked for.
    servers: Servers,
    /// So many of `done` were looked at for them.
    learned: usize,
    stats: Stats,
}

impl Engine {
    /// An engine that has seen nothing. The seed only makes the flow table's hash hard to guess.
    pub fn new(limits: Limits, seed: u64) -> Self {
        let world = World {
            limits,
            flows: Flows::new(limits.flows, limits.idle, limits.tcp, seed),
            clock: Clock::default(),
            turned: None,
            timers: Timers::default(),
            closing: Closing::default(),
            done: VecDeque::new(),
            servers: Servers::new(seed),
            learned: 0,
            stats: Stats::default(),
        };
        Self { decoder: Decoder::new(), world }
    }

    /// Takes the next frame. Returns the connection that it belongs to, where that was still open when it came; a
    /// handshake tells the same serial as its [`flow`](Handshake::flow).
    pub fn frame(&mut self, frame: &Frame<'_>) -> Option<FlowSerial> {
        let Self { decoder, world } = self;
        world.stats.frames = world.stats.frames.saturating_add(1);
        world.stats.bytes = world.stats.bytes.saturating_add(u64::from(frame.original_length));
        let mut flow = None;
        decoder.decode_with(frame, |packet| flow = world.packet(frame, packet));
        if world.clock.frame(frame.time) {
            world.turn();
        }
        flow
    }

    /// A number for the datagram that a frame carried a fragment of, if it was the last one and did. The fragment that
    /// completes it belongs to a connection, those before it belong to the same.
    pub fn datagram(&self, frame: &Frame<'_>) -> Option<u64> {
        self.decoder.datagram(frame)
    }

    /// True while a connection may still carry a handshake, or belongs to one that is not settled.
    pub fn is_open(&mut self, serial: FlowSerial) -> bool {
        self.world.flows.serial(serial.id) == Some(serial)
    }

    /// Says what time it is where no frame does: capture time advanced by a clock that only goes forward.
    pub fn tick(&mut self, now: Timestamp) {
        self.world.clock.advance(now);
        self.world.turn();
    }

    /// Ends the capture: every handshake that is open is settled, in the order in which their flows began.
    pub fn finish(&mut self) {
        self.world.finish();
    }

    /// Begins another capture, whose times may lie before: what is open is settled, and counters go on.
    pub fn begin_anew(&mut self) {
        self.world.finish();
        (self.world.clock, self.world.turned) = (Clock::default(), None);
        (self.world.timers, self.world.closing) = (Timers::default(), Closing::default());
    }

    /// True where there is a handshake to poll.
    #[inline]
    pub fn has_settled(&self) -> bool {
        !self.world.done.is_empty()
    }

    /// The next handshake that is settled.
    #[inline]
    pub fn poll(&mut self) -> Option<Box<Handshake>> {
        // Nearly always, for it is asked after every frame.
        if self.world.done.is_empty() {
            return None;
        }
        self.world.learn();
        let handshake = self.world.done.pop_front()?;
        self.world.learned = self.world.learned.saturating_sub(1);
        self.world.stats.handshakes = self.world.stats.handshakes.saturating_add(1);
        Some(handshake)
    }

    /// The capture's time, as far as it can be relied on.
    pub const fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// What was counted so far.
    pub fn stats(&self) -> Stats {
        let world = &self.world;
        Stats {
            undecoded: self.decoder.errors().collect(),
            fragments: self.decoder.fragments(),
            flows: world.flows.len() as u64,
            flows_created: world.flows.created(),
            flows_evicted: world.flows.evicted(),
            buffered: world.flows.bytes() as u64,
            ..world.stats.clone()
        }
    }
}

impl World {
    /// What is done for a kind of packet lies apart, so that this is small enough to become part of the decoder's branches.
    #[inline(always)]
    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Option<FlowSerial> {
        match &packet.transport {
            Transport::Tcp(segment) => self.segment(frame, packet, segment),
            Transport::Udp(_) => {
                self.stats.udp = self.stats.udp.saturating_add(1);
                None
            }
            Transport::IcmpError(error) => self.icmp(frame.mark(), packet, error),
            Transport::Other(_) => None,
        }
    }

    #[inline(never)]
    fn segment(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, segment: &Segment<'_>) -> Option<FlowSerial> {
        self.stats.tcp = self.stats.tcp.saturating_add(1);
        let source = SocketAddr::new(packet.source, segment.source_port);
        let destination = SocketAddr::new(packet.destination, segment.destination_port);
        let (key, direction) = FlowKey::new(source, destination, &packet.vlan);
        let arrival = Arrival { direction, frame, packet, segment };
        let Some(id) = self.flows.find(&key, self.clock.now()) else {
            return connection::may_begin(segment).then(|| self.begin(key, &arrival));
        };
        let another = match self.flows.state(id) {
            Some(Flow::Over(bases)) => {
                let another = bases.are_followed_by(direction, segment);
                if !another {
                    return None;
                }
                another
            }
            _ => {
                let connection = self.flows.connection(id);
                connection.is_some_and(|(_, connection)| connection.is_followed_by(direction, segment))
            }
        };
        if another { Some(self.replace(id, &arrival)) } else { self.advance(id, &arrival) }
    }

    /// Adds a flow; where the table is full, another is given up for it.
    #[inline(never)]
    fn begin(&mut self, key: FlowKey, arrival: &Arrival<'_>) -> FlowSerial {
        let now = self.clock.now();
        let (id, evicted) = self.flows.begin(key, arrival, now);
        if let Some(left) = evicted {
            self.close(left, CloseKind::Timeout, now);
        }
        self.advance_unless_opening(id, arrival);
        FlowSerial { id, began: arrival.frame.number }
    }

    /// The port is used again: what ran on it is settled, and a new connection begins.
    #[inline(never)]
    fn replace(&mut self, id: FlowId, arrival: &Arrival<'_>) -> FlowSerial {
        if let Some(left) = self.flows.replace(id, arrival) {
            self.close(left, CloseKind::Timeout, self.clock.now());
        }
        self.stats.flows_reused = self.stats.flows_reused.saturating_add(1);
        self.advance_unless_opening(id, arrival);
        FlowSerial { id, began: arrival.frame.number }
    }

    /// Hands a connection its first segment; a SYN is in its opening already.
    fn advance_unless_opening(&mut self, id: FlowId, arrival: &Arrival<'_>) {
        if !matches!(self.flows.state(id), Some(Flow::Opening(_))) {
            self.advance(id, arrival);
        }
    }

    /// Hands a connection its next segment.
    #[inline(never)]
    fn advance(&mut self, id: FlowId, arrival: &Arrival<'_>) -> Option<FlowSerial> {
        let told = self.done.len();
        let (key, connection) = self.flows.connection(id)?;
        let serial = FlowSerial { id, began: connection.began() };
        let verdict = connection.segment(key, arrival, &self.limits, &mut self.done);
        self.flows.weigh(id);
        self.follow_up(serial, verdict, told);
        self.relieve();
        Some(serial)
    }

    /// Gives up connections where they hold too much in all.
    fn relieve(&mut self) {
        while self.flows.bytes() > self.limits.total_bytes
            && let Some(left) = self.flows.relieve()
        {
            self.close(left, CloseKind::Timeout, self.clock.now());
        }
    }

    /// Does what a connection's verdict asks for. There were `told` handshakes before it.
    fn follow_up(&mut self, serial: FlowSerial, verdict: Verdict, told: usize) {
        let id = serial.id;
        if self.done.len() > told {
            self.sign(serial, told);
            self.closing.tell(self.done.back_mut(), self.clock.now());
        }
        for (timer, at) in Timer::ALL.into_iter().zip(verdict.waits) {
            let Some(at) = at else { continue };
            self.timers.set(id, timer, at);
            if timer == Timer::Linger
                && let Some((key, _)) = self.flows.connection(id)
            {
                self.closing.add(Direction::BOTH.map(|direction| key.sender(direction).ip()), at);
            }
        }
        if verdict.over
            && let Some(left) = self.flows.end(id)
        {
            self.left(&left);
        }
    }

    /// Says in all handshakes but the first `told` which flow they are of.
    fn sign(&mut self, serial: FlowSerial, told: usize) {
        self.done.iter_mut().skip(told).for_each(|handshake| handshake.flow = serial);
    }

    /// Takes note that a connection has left.
    fn left(&mut self, left: &Left) {
        self.timers.cancel(left.id, left.connection.waiting());
        let one_sided = u64::from(left.connection.is_one_sided());
        self.stats.flows_one_sided = self.stats.flows_one_sided.saturating_add(one_sided);
    }

    #[cold]
    #[inline(never)]
    fn icmp(&mut self, mark: Mark, packet: &Packet<'_>, error: &IcmpError) -> Option<FlowSerial> {
        self.stats.icmp_errors = self.stats.icmp_errors.saturating_add(1);
        let (source_port, destination_port) = error.quoted_ports;
        let source = SocketAddr::new(error.quoted_source, source_port);
        let destination = SocketAddr::new(error.quoted_destination, destination_port);
        let (key, _) = FlowKey::new(source, destination, &packet.vlan);
        let id = self.flows.find(&key, self.clock.now())?;
        let (_, connection) = self.flows.connection(id)?;
        let serial = FlowSerial { id, began: connection.began() };
        connection.icmp(mark, *error);
        self.flows.weigh(id);
        self.relieve();
        Some(serial)
    }

    /// The clock has moved: what waited long enough is done.
    fn turn(&mut self) {
        let now = self.clock.now();
        // Where no frame at all came for long, that flows were silent says nothing: the sensor may have been.
        let turned = self.turned.replace(now).unwrap_or(now);
        let pause = now.since(turned).saturating_sub(LONGEST_PAUSE);
        if !pause.is_zero() {
            self.flows.forgive(pause);
        }
        while let Some((id, timer)) = self.timers.due(now) {
            self.ring(id, timer, now);
        }
        let mut steps = SWEEP_STEPS;
        while let Some(left) = self.flows.sweep(now, &mut steps) {
            self.close(left, CloseKind::Timeout, now);
        }
    }

    fn ring(&mut self, id: FlowId, timer: Timer, now: Timestamp) {
        let told = self.done.len();
        let Some((_, connection)) = self.flows.connection(id) else { return };
        let serial = FlowSerial { id, began: connection.began() };
        let verdict = connection.ring(timer, now, &self.limits, &mut self.done);
        self.flows.weigh(id);
        self.follow_up(serial, verdict, told);
        self.relieve();
    }

    /// Settles a connection that has left the table.
    fn close(&mut self, mut left: Left, by: CloseKind, now: Timestamp) {
        self.left(&left);
        let (serial, told) = (left.serial(), self.done.len());
        let Left { key, connection, .. } = &mut left;
        if connection.is_silent() {
            self.learn();
            let idle = by == CloseKind::Timeout;
            self.done.extend(connection.without_a_word(key, &self.servers, idle, now));
        }
        connection.settle(by, now, &self.limits, &mut self.done);
        self.sign(serial, told);
    }

    /// Looks at new handshakes for servers of TLS, where they matter.
    fn learn(&mut self) {
        if self.limits.tcp {
            self.done.iter().skip(self.learned).for_each(|handshake| self.servers.learn(handshake));
            self.learned = self.done.len();
        }
    }

    fn finish(&mut self) {
        let now = self.clock.end();
        self.clock.advance(now);
        while let Some((id, timer)) = self.timers.due(now) {
            self.ring(id, timer, now);
        }
        // What the others show of their servers tells which of the silent ones matter.
        for id in self.flows.in_order() {
            if let Some(left) = self.flows.remove(id) {
                self.close(left, CloseKind::CaptureEnd, now);
            }
        }
        self.flows.clear();
    }
}

#[cfg(test)]
mod tests;
