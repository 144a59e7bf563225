//! What TCP did on one flow: the facts of its opening, its end and what went wrong in between, per direction, with frame
//! numbers and times. Facts only: who is to blame is decided elsewhere.
//!
//! An open flow has to fit a small budget, so one of which only a SYN was seen keeps no more than that ([`Opening`]), marks
//! are kept relative to the flow's first frame in eight bytes, its end is kept apart from when it comes, and what most flows
//! never see (retransmissions, resets, holes) from the first one on.

mod ip_ids;
mod opening;

pub use ip_ids::IpIds;
pub use opening::Opening;

use super::key::Direction;
use crate::packet::{IcmpError, Packet, Segment, TcpFlags, TcpOption};
use crate::time::{Mark, Timestamp};
use ip_ids::RunningIds;
use std::time::Duration;

/// A segment sent again this long after its sender's reset was not just overtaken by it.
const TOO_LATE_TO_BE_OVERTAKEN: Duration = Duration::from_millis(50);

/// How often something happened, and when it first and last did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often; holds at its end.
    pub count: u32,
    /// The first time.
    pub first: Mark,
    /// The last time.
    pub last: Mark,
}

impl Tally {
    fn add(&mut self, mark: Mark) {
        if self.count == 0 {
            self.first = mark;
        }
        self.count = self.count.saturating_add(1);
        self.last = mark;
    }
}

/// A reset as it was sent: what is needed to tell a host's own from another's in its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// Its frame.
    pub mark: Mark,
    /// Its sequence number, as sent.
    pub sequence: u32,
    /// Its acknowledgment number, as sent (0 is usual without the ACK flag).
    pub acknowledgment: u32,
    /// Its flag bits.
    pub flags: u8,
    /// Its time to live or hop limit.
    pub ttl: u8,
    /// Its IPv4 identification.
    pub ip_id: Option<u16>,
}

impl Reset {
    /// What it acknowledged, where it says so.
    pub fn acknowledged(self) -> Option<u32> {
        TcpFlags(self.flags).ack().then_some(self.acknowledgment)
    }
}

/// What went wrong in one direction, or was unusual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Anomalies {
    /// Segments sent again.
    pub retransmissions: Tally,
    /// SYNs sent again.
    pub syn_retransmissions: Tally,
    /// Acknowledgments repeated while the other side had more in flight.
    pub duplicate_acks: Tally,
    /// Acknowledgments with SACK blocks: the sender of these has a hole.
    pub selective_acks: Tally,
    /// Windows of zero.
    pub zero_windows: Tally,
    /// Bytes sent again that differ from those sent first.
    pub conflicts: Tally,
    /// The shortest and the longest payload that was sent again, in bytes.
    pub resent: Option<(u16, u16)>,
    /// Packets with data, or that acknowledge more than before, sent after this side's first reset.
    pub after_reset: Tally,
    /// Resets.
    pub resets: Tally,
    /// The first of them.
    pub first_reset: Option<Reset>,
    /// The last of them.
    pub last_reset: Option<Reset>,
}

/// A mark in eight bytes: frames and microseconds after the flow's first frame (up to 71 minutes, held there).
#[derive(Clone, Copy, Debug)]
struct Moment {
    frame: u32,
    micros: u32,
}

impl Moment {
    const NEVER: Self = Self { frame: u32::MAX, micros: u32::MAX };

    fn new(mark: Mark, origin: Mark) -> Self {
        let micros = u32::try_from(mark.time.since(origin.time).as_micros()).unwrap_or(u32::MAX);
        let frame = u32::try_from(mark.frame.saturating_sub(origin.frame)).unwrap_or(u32::MAX);
        Self { frame: frame.min(u32::MAX.saturating_sub(1)), micros }
    }

    fn mark(self, origin: Mark) -> Option<Mark> {
        if self.frame == u32::MAX {
            return None;
        }
        let time = if self.micros == 0 { origin.time } else { micros_after(origin.time, self.micros) };
        Some(Mark { frame: origin.frame.saturating_add(u64::from(self.frame)), time })
    }

    const fn is_set(self) -> bool {
        self.frame != u32::MAX
    }
}

fn micros_after(time: Timestamp, micros: u32) -> Timestamp {
    Timestamp::from_micros(time.as_micros()).plus(Duration::from_micros(u64::from(micros)))
}

const SYN_SEEN: u8 = 1;
const BASED: u8 = 2;
const ACK_SEEN: u8 = 4;
const HEARD: u8 = 8;
const AMBIGUOUS: u8 = 16;
const RESET: u8 = 32;
/// Its SYN acknowledged the other side's.
const ANSWERS: u8 = 64;

/// One direction's running facts.
#[derive(Clone, Copy, Debug)]
struct Half {
    /// The sequence number of the first byte of the stream.
    base: u32,
    /// The sequence number after the last byte seen.
    end: u32,
    /// The highest acknowledgment sent: a sequence number of the other direction.
    acked: u32,
    syn: Moment,
    first_data: Moment,
    window: u16,
    /// As announced; 0 where it was not.
    mss: u16,
    longest: u16,
    ids: RunningIds,
    /// Of the last packet that was no reset; 0 before that.
    ttl: u8,
    flags: u8,
}

impl Half {
    const NEW: Self = Self {
        base: 0,
        end: 0,
        acked: 0,
        syn: Moment::NEVER,
        first_data: Moment::NEVER,
        window: 0,
        mss: 0,
        longest: 0,
        ids: RunningIds::NEW,
        ttl: 0,
        flags: 0,
    };

    const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// The running TCP facts of one flow.
#[derive(Clone, Debug)]
pub struct TcpState {
    origin: Mark,
    halves: [Half; 2],
    more: Option<Box<More>>,
}

/// What is kept apart.
#[derive(Clone, Debug, Default)]
struct More {
    fins: [Option<Fin>; 2],
    rare: Option<Box<Rare>>,
}

/// What most flows never see.
#[derive(Clone, Copy, Debug, Default)]
struct Rare {
    anomalies: [Anomalies; 2],
    /// The sequence number that a packet without data had, where that lies behind all data seen before it.
    counted: [Option<u32>; 2],
    icmp: Option<(Mark, IcmpError)>,
}

impl TcpState {
    /// Of a flow whose first frame is `origin`.
    pub const fn new(origin: Mark) -> Self {
        Self { origin, halves: [Half::NEW; 2], more: None }
    }

    /// The flow's first frame.
    pub const fn origin(&self) -> Mark {
        self.origin
    }

    /// What it keeps apart, in bytes.
    pub fn apart(&self) -> usize {
        let rare = |more: &More| more.rare.as_ref().map_or(0, |_| size_of::<Rare>());
        self.more.as_deref().map_or(0, |more| size_of::<More>().saturating_add(rare(more)))
    }

    /// True where payload went one way, and from the other end no packet at all was seen.
    pub const fn is_one_sided(&self) -> bool {
        let [low, high] = &self.halves;
        low.first_data.is_set() && !high.has(HEARD) || high.first_data.is_set() && !low.has(HEARD)
    }

    /// Takes note of a segment. A SYN or the first data gives its direction the number where its stream begins.
    pub fn observe(&mut self, direction: Direction, packet: &Packet<'_>, segment: &Segment<'_>, mark: Mark) {
        let length = payload_length(segment);
        let half = direction.of_mut(&mut self.halves);
        half.flags |= HEARD;
        if half.has(RESET) && !segment.flags.rst() {
            self.observe_after_reset(direction, segment, length, mark);
        }
        if segment.flags.syn() {
            self.observe_syn(direction, segment, mark);
        } else if length > 0 {
            self.observe_data(direction, segment.sequence, length, mark);
        }
        if segment.flags.rst() {
            self.observe_reset(direction, packet, segment, mark);
            return;
        }
        let half = direction.of_mut(&mut self.halves);
        half.ttl = packet.ttl;
        if let (Some(id), false, false) = (packet.ip_id, segment.flags.syn(), half.has(RESET)) {
            half.ids.observe(id);
        }
        if segment.flags.ack() {
            self.observe_ack(direction, segment, length, mark);
        }
        if length == 0 && !segment.flags.syn() {
            self.observe_count(direction, segment.sequence);
        }
        if segment.flags.fin() {
            let fin =
                Fin { mark, sequence: segment.sequence.wrapping_add(length), acknowledged: segment.acknowledgment };
            direction.of_mut(&mut self.more.get_or_insert_default().fins).get_or_insert(fin);
        }
        if segment.window == 0 && !segment.flags.syn() {
            self.anomaly(direction).zero_windows.add(mark);
        }
    }

    /// A packet without data stands behind all that its sender has sent, seen or not.
    fn observe_count(&mut self, direction: Direction, sequence: u32) {
        let half = direction.of(&self.halves);
        // A FIN says the same, and what comes after it counts the FIN too.
        if half.has(BASED) && later(sequence, half.end) && self.fin(direction).is_none() {
            let counted = direction.of_mut(&mut self.rare_mut().counted);
            if counted.is_none_or(|before| later(sequence, before)) {
                *counted = Some(sequence);
            }
        }
    }

    fn observe_syn(&mut self, direction: Direction, segment: &Segment<'_>, mark: Mark) {
        let moment = Moment::new(mark, self.origin);
        let half = direction.of_mut(&mut self.halves);
        let base = segment.sequence.wrapping_add(1);
        if half.has(SYN_SEEN) && half.base == base && half.syn.is_set() {
            self.anomaly(direction).syn_retransmissions.add(mark);
            return;
        }
        if half.has(SYN_SEEN) && half.base != base {
            half.flags |= AMBIGUOUS;
            if half.first_data.is_set() {
                return;
            }
        }
        if !half.first_data.is_set() {
            half.end = base;
        }
        half.base = base;
        half.syn = moment;
        half.mss = segment.tcp_options().find_map(maximum_segment_size).unwrap_or_default();
        half.flags |= SYN_SEEN | BASED | if segment.flags.ack() { ANSWERS } else { 0 };
        let other = direction.reverse().of_mut(&mut self.halves);
        if segment.flags.ack() && !other.has(SYN_SEEN) && !other.first_data.is_set() {
            (other.base, other.end) = (segment.acknowledgment, segment.acknowledgment);
            other.flags |= SYN_SEEN | BASED;
        }
    }

    fn observe_data(&mut self, direction: Direction, sequence: u32, length: u32, mark: Mark) {
        let moment = Moment::new(mark, self.origin);
        let half = direction.of_mut(&mut self.halves);
        let end = sequence.wrapping_add(length);
        if !half.first_data.is_set() {
            half.first_data = moment;
        }
        let size = u16::try_from(length).unwrap_or(u16::MAX);
        half.longest = half.longest.max(size);
        if !half.has(BASED) {
            (half.base, half.end) = (sequence, end);
            half.flags |= BASED;
        } else if later(end, half.end) {
            half.end = end;
        } else if half.has(SYN_SEEN) || !later(half.base, sequence) {
            let anomalies = self.anomaly(direction);
            anomalies.retransmissions.add(mark);
            let (shortest, longest) = anomalies.resent.unwrap_or((size, size));
            anomalies.resent = Some((shortest.min(size), longest.max(size)));
        }
        let half = direction.of_mut(&mut self.halves);
        if !half.has(SYN_SEEN) && later(half.base, sequence) {
            half.base = sequence;
        }
    }

    fn observe_ack(&mut self, direction: Direction, segment: &Segment<'_>, length: u32, mark: Mark) {
        let other = direction.reverse().of_mut(&mut self.halves);
        // What a side expects next is where the other's stream goes on, if it was not seen to begin.
        if !other.has(BASED) {
            (other.base, other.end) = (segment.acknowledgment, segment.acknowledgment);
            other.flags |= BASED;
        } else if !other.has(SYN_SEEN) && later(other.base, segment.acknowledgment) {
            other.base = segment.acknowledgment;
        }
        let other = *other;
        let half = direction.of_mut(&mut self.halves);
        let window = std::mem::replace(&mut half.window, segment.window);
        let undecided = other.has(AMBIGUOUS) && !other.first_data.is_set();
        if !half.has(ACK_SEEN) || undecided || later(segment.acknowledgment, half.acked) {
            half.acked = segment.acknowledgment;
            half.flags |= ACK_SEEN;
        } else if segment.acknowledgment == half.acked
            && length == 0
            && window == segment.window
            && !segment.flags.syn()
            && !segment.flags.fin()
            && later(self.sent_up_to(direction.reverse()), segment.acknowledgment)
        {
            self.anomaly(direction).duplicate_acks.add(mark);
        }
        if segment.sack_blocks().next().is_some() {
            self.anomaly(direction).selective_acks.add(mark);
        }
    }

    fn observe_reset(&mut self, direction: Direction, packet: &Packet<'_>, segment: &Segment<'_>, mark: Mark) {
        let reset = Reset {
            mark,
            sequence: segment.sequence,
            acknowledgment: segment.acknowledgment,
            flags: segment.flags.0,
            ttl: packet.ttl,
            ip_id: packet.ip_id,
        };
        let anomalies = self.anomaly(direction);
        anomalies.resets.add(mark);
        anomalies.first_reset.get_or_insert(reset);
        anomalies.last_reset = Some(reset);
        direction.of_mut(&mut self.halves).flags |= RESET;
    }

    /// Takes note of what a side's own reset would have ended: data, and acknowledgments of more than it had before. What
    /// the reset may only have overtaken in the capture does not count.
    fn observe_after_reset(&mut self, direction: Direction, segment: &Segment<'_>, length: u32, mark: Mark) {
        let half = *direction.of(&self.halves);
        let Some(reset) = self.reset(direction) else { return };
        let end = segment.sequence.wrapping_add(length);
        let late = mark.time.since(reset.mark.time) >= TOO_LATE_TO_BE_OVERTAKEN;
        // A host that has reset a connection does not close it in good order after that.
        let closes = segment.flags.fin() && late;
        let speaks = closes || length > 0 && (late || later(end, reset.sequence));
        let hears = segment.flags.ack()
            && half.has(ACK_SEEN)
            && later(segment.acknowledgment, half.acked)
            && reset.acknowledged().is_none_or(|acknowledged| later(segment.acknowledgment, acknowledged));
        if !segment.flags.syn() && (speaks || hears) {
            self.anomaly(direction).after_reset.add(mark);
        }
    }

    /// Takes note that bytes sent again differed from those sent first.
    pub fn conflict(&mut self, direction: Direction, mark: Mark) {
        self.anomaly(direction).conflicts.add(mark);
    }

    fn rare(&self) -> Option<&Rare> {
        self.more.as_deref()?.rare.as_deref()
    }

    fn rare_mut(&mut self) -> &mut Rare {
        self.more.get_or_insert_default().rare.get_or_insert_default()
    }

    fn anomaly(&mut self, direction: Direction) -> &mut Anomalies {
        direction.of_mut(&mut self.rare_mut().anomalies)
    }

    fn anomalies(&self, direction: Direction) -> Option<&Anomalies> {
        Some(direction.of(&self.rare()?.anomalies))
    }

    /// Takes note of an ICMP error about a packet of the flow.
    pub fn icmp(&mut self, mark: Mark, error: IcmpError) {
        self.rare_mut().icmp.get_or_insert((mark, error));
    }

    /// The first ICMP error about a packet of the flow.
    pub fn first_icmp(&self) -> Option<(Mark, IcmpError)> {
        self.rare()?.icmp
    }

    /// The sequence number where a direction's stream begins, as far as is known: from its SYN, or from what the other
    /// side's SYN-ACK acknowledged.
    pub fn base(&self, direction: Direction) -> Option<u32> {
        let half = direction.of(&self.halves);
        half.has(SYN_SEEN).then_some(half.base)
    }

    /// The lowest sequence number known of a direction: its SYN's successor, or else the lowest seen of its data and of
    /// what the other side expected.
    pub fn lowest(&self, direction: Direction) -> Option<u32> {
        let half = direction.of(&self.halves);
        half.has(BASED).then_some(half.base)
    }

    /// True where a direction's SYN was seen with more than one number.
    pub fn is_ambiguous(&self, direction: Direction) -> bool {
        direction.of(&self.halves).has(AMBIGUOUS)
    }

    /// True once any packet of a direction was seen.
    pub fn heard(&self, direction: Direction) -> bool {
        direction.of(&self.halves).has(HEARD)
    }

    /// The highest acknowledgment that a direction sent, as a sequence number of the other.
    pub fn acknowledged(&self, direction: Direction) -> Option<u32> {
        let half = direction.of(&self.halves);
        half.has(ACK_SEEN).then_some(half.acked)
    }

    /// Where a direction's FIN stands: the sequence number after its last byte, and what the FIN acknowledged.
    pub fn fin(&self, direction: Direction) -> Option<Fin> {
        *direction.of(&self.more.as_deref()?.fins)
    }

    /// The first reset of a direction.
    pub fn reset(&self, direction: Direction) -> Option<Reset> {
        self.anomalies(direction)?.first_reset
    }

    /// True where a direction has asked again for bytes that it lacks, by duplicate or selective acknowledgments.
    pub fn asks_again(&self, direction: Direction) -> bool {
        self.anomalies(direction)
            .is_some_and(|anomalies| anomalies.duplicate_acks.count > 0 || anomalies.selective_acks.count > 0)
    }

    /// Who opened the connection: the first to send a SYN.
    pub fn opened_by(&self) -> Option<Direction> {
        let [low, high] = &self.halves;
        // A capture may have the answer first, or alone.
        match (low.has(ANSWERS), high.has(ANSWERS)) {
            (true, false) => return Some(Direction::FromHigh),
            (false, true) => return Some(Direction::FromLow),
            _ => {}
        }
        match (low.syn.mark(self.origin), high.syn.mark(self.origin)) {
            (Some(low), Some(high)) => Some(if low <= high { Direction::FromLow } else { Direction::FromHigh }),
            (Some(_), None) => Some(Direction::FromLow),
            (None, Some(_)) => Some(Direction::FromHigh),
            (None, None) => None,
        }
    }

    /// The facts in absolute marks, the client's first.
    pub fn facts(&self, client: Direction) -> TcpFacts {
        TcpFacts { sides: [self.side(client), self.side(client.reverse())] }
    }

    /// The sequence number after the last byte that a direction is known to have sent: a FIN, or the number of a packet
    /// without data, counts those not seen.
    fn sent_up_to(&self, direction: Direction) -> u32 {
        let half = direction.of(&self.halves);
        // A FIN takes a number of its own, and the packets after it count that too.
        let counted = || *direction.of(&self.rare()?.counted);
        let counted = self.fin(direction).map(|fin| fin.sequence).or_else(counted);
        counted.filter(|counted| half.has(BASED) && later(*counted, half.end)).unwrap_or(half.end)
    }

    fn side(&self, direction: Direction) -> TcpSide {
        let (half, other) = (direction.of(&self.halves), direction.reverse().of(&self.halves));
        let acknowledged = half.has(ACK_SEEN) && other.has(BASED);
        TcpSide {
            syn: half.syn.mark(self.origin),
            first_data: half.first_data.mark(self.origin),
            fin: self.fin(direction).map(|fin| fin.mark),
            fin_acknowledged: self
                .fin(direction)
                .filter(|_| other.has(BASED))
                .map(|fin| distance(other.base, fin.acknowledged).into()),
            ttl: (half.ttl > 0).then_some(half.ttl),
            mss: (half.mss > 0).then_some(half.mss),
            ip_ids: half.ids.sum_up(),
            longest: half.longest,
            sent: u64::from(distance(half.base, self.sent_up_to(direction))),
            acknowledged: acknowledged.then(|| u64::from(distance(other.base, half.acked))),
            anomalies: self.anomalies(direction).copied().unwrap_or_default(),
        }
    }
}

/// Where a FIN stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fin {
    /// Its frame.
    pub mark: Mark,
    /// The sequence number after the stream's last byte.
    pub sequence: u32,
    /// What it acknowledged of the other direction.
    pub acknowledged: u32,
}

/// What TCP did under one handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TcpFacts {
    /// The client's side, then the server's.
    pub sides: [TcpSide; 2],
}

/// One side's facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpSide {
    /// Its SYN (the server's has ACK too).
    pub syn: Option<Mark>,
    /// Its first payload.
    pub first_data: Option<Mark>,
    /// Its FIN.
    pub fin: Option<Mark>,
    /// How much of the other side's stream it had acknowledged with that.
    pub fin_acknowledged: Option<u64>,
    /// The time to live or hop limit of its last packet that was no reset.
    pub ttl: Option<u8>,
    /// The maximum segment size that its SYN announced.
    pub mss: Option<u16>,
    /// How the IPv4 identifications of its packets went, resets aside.
    pub ip_ids: IpIds,
    /// The longest payload of its segments, in bytes.
    pub longest: u16,
    /// The bytes it had sent when the handshake was settled, by sequence numbers: lost ones count.
    pub sent: u64,
    /// How much of the other side's stream it had acknowledged by then.
    pub acknowledged: Option<u64>,
    /// What went wrong in its direction.
    pub anomalies: Anomalies,
}

fn maximum_segment_size(option: TcpOption<'_>) -> Option<u16> {
    if let TcpOption::MaximumSegmentSize(bytes) = option { Some(bytes) } else { None }
}

/// How long a segment's payload was on the wire. A SYN of which no payload was captured had none: what promises some is
/// a broken IP length.
pub fn payload_length(segment: &Segment<'_>) -> u32 {
    if segment.flags.syn() && segment.payload.is_empty() {
        return 0;
    }
    u32::try_from(segment.payload.len()).unwrap_or(u32::MAX).saturating_add(segment.missing)
}

/// True where sequence number `a` lies after `b`, across the wrap-around (RFC 9293, 3.4).
pub const fn later(a: u32, b: u32) -> bool {
    a.wrapping_sub(b) as i32 > 0
}

/// The bytes from `from` to `to`; none where `to` does not lie after it.
pub const fn distance(from: u32, to: u32) -> u32 {
    if later(to, from) { to.wrapping_sub(from) } else { 0 }
}

#[cfg(test)]
mod tests;
