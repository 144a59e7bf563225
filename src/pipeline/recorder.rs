//! Keeps the frames of connections until their handshakes are told: only then is it known which are worth writing.
//!
//! Frames are copied, since the next one takes their place in the capture's buffer. They leave with their handshake, or
//! are dropped with it where it is not wanted. Without `-w` there is no recorder.

use crate::flow::{FlowSerial, hasher};
use crate::handshake::{Handshake, Outcome};
use crate::packet::{Frame, LinkType};
use crate::time::Timestamp;
use ahash::RandomState;
use hashbrown::HashMap;
use std::collections::VecDeque;

/// The first frames of a connection are kept up to this many bytes: hellos and certificates of all but the strangest.
const MAX_HEAD: usize = 128 * 1024;
/// And its last ones, which show how it ended, twice this many.
const MAX_TAIL: usize = 32 * 1024;
/// Of one of these so much is kept, or it alone would take the place of the others.
const MAX_TAIL_FRAME: usize = MAX_TAIL / 2;
/// Of all connections at a time; the oldest is given up first.
const MAX_RECORDED: usize = 64 * 1024 * 1024;
/// Of IP fragments of datagrams that are not complete, and so of no connection yet.
const MAX_FRAGMENTS: usize = 1024 * 1024;
/// What a connection costs beside its frames.
const CONNECTION_COST: usize = 128;
/// So many connections may have been begun before those that are over are looked for, and twice as many as were left
/// then: it costs nothing that grows.
const SWEEP_AFTER: usize = 1024;
/// A frame's head in memory: time, original length, length, interface and link type.
const FRAME_HEADER: usize = 22;
/// What a recording takes at first: a SYN and its answer.
const FIRST_BYTES: usize = 256;
/// So many recordings that nobody wanted are used again: memory that has grown need not be asked for again.
const MAX_SPARE: usize = 64;
/// Those that have not grown beyond this.
const MAX_SPARE_BYTES: usize = 32 * 1024;

/// The frames of one connection, in the order of the capture.
#[derive(Debug, Default)]
pub(super) struct Recording {
    head: Frames,
    tail: Option<Box<Tail>>,
}

/// A place in a recording; the first frame's by default.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    part: usize,
    offset: usize,
}

/// Frames behind each other, each with its header.
#[derive(Debug, Default)]
struct Frames {
    bytes: Vec<u8>,
    count: u64,
}

/// The last frames of a connection: the newest fill one half, then the older half is given up for the next ones.
#[derive(Debug, Default)]
struct Tail {
    halves: [Frames; 2],
    left_out: u64,
}

impl Recording {
    /// Adds a frame, as long as there is room for it; then it takes the room of others.
    pub(super) fn add(&mut self, frame: &Frame<'_>) {
        if self.tail.is_none() && self.head.bytes.len() + FRAME_HEADER + frame.bytes.len() <= MAX_HEAD {
            return self.head.push(frame, MAX_HEAD);
        }
        let Tail { halves: [older, newer], left_out } = &mut **self.tail.get_or_insert_default();
        if newer.bytes.len() + FRAME_HEADER + frame.bytes.len().min(MAX_TAIL_FRAME) > MAX_TAIL {
            *left_out += older.count;
            *older = std::mem::take(newer);
        }
        newer.push(frame, MAX_TAIL_FRAME);
    }

    /// The frame at a place and the place of the next one. Interfaces have their numbers in their capture; the frames'
    /// own numbers there are not kept.
    pub(super) fn frame(&self, place: Place) -> Option<(Frame<'_>, Place)> {
        let Place { part, offset } = place;
        let frames = self.parts().nth(part)?;
        match frames.frame(offset) {
            Some((frame, next)) => Some((frame, Place { part, offset: next })),
            None => self.frame(Place { part: part + 1, offset: 0 }),
        }
    }

    fn parts(&self) -> impl Iterator<Item = &Frames> {
        std::iter::once(&self.head).chain(self.tail.iter().flat_map(|tail| &tail.halves))
    }

    /// Takes everything out; the room for it stays.
    fn clear(&mut self) {
        self.head.bytes.clear();
        self.head.count = 0;
        self.tail = None;
    }

    /// How many frames are missing between its first and its last ones.
    pub(super) fn left_out(&self) -> u64 {
        self.tail.as_ref().map_or(0, |tail| tail.left_out)
    }

    /// About how many bytes of memory it takes.
    pub(super) fn memory(&self) -> usize {
        self.parts().map(|frames| frames.bytes.capacity()).sum::<usize>() + CONNECTION_COST
    }
}

impl Frames {
    /// Adds a frame, of which no more than `most` bytes are kept.
    fn push(&mut self, frame: &Frame<'_>, most: usize) {
        let captured = &frame.bytes[..frame.bytes.len().min(most)];
        if self.bytes.capacity() == 0 {
            self.bytes.reserve_exact(FIRST_BYTES.max(FRAME_HEADER + captured.len()));
        }
        self.bytes.extend_from_slice(&frame.time.as_nanos().to_le_bytes());
        self.bytes.extend_from_slice(&frame.original_length.to_le_bytes());
        self.bytes.extend_from_slice(&(captured.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(&frame.interface.to_le_bytes());
        self.bytes.extend_from_slice(&frame.link.0.to_le_bytes());
        self.bytes.extend_from_slice(captured);
        self.count += 1;
    }

    /// The frame at an offset, and the offset of the next one.
    fn frame(&self, offset: usize) -> Option<(Frame<'_>, usize)> {
        let (time, rest) = self.bytes.get(offset..)?.split_first_chunk()?;
        let (original_length, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (interface, rest) = rest.split_first_chunk()?;
        let (link, rest) = rest.split_first_chunk()?;
        let bytes = rest.get(..u32::from_le_bytes(*length) as usize)?;
        let frame = Frame {
            number: 0,
            time: Timestamp::from_nanos(u64::from_le_bytes(*time)),
            link: LinkType(u16::from_le_bytes(*link)),
            interface: u32::from_le_bytes(*interface),
            original_length: u32::from_le_bytes(*original_length),
            bytes,
        };
        Some((frame, offset + FRAME_HEADER + bytes.len()))
    }
}

/// What is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// Nothing.
    Nothing,
    /// The frames of handshakes that are not established.
    Failures,
    /// Those of all.
    All,
}

/// The recordings of all connections that are open.
///
/// Every recording is in `order`, oldest first; `order` may name connections besides that have left. `bytes` is what all
/// recordings take.
pub(super) struct Recorder {
    /// Established handshakes are wanted, too.
    all: bool,
    /// No recording where it was given up.
    connections: HashMap<FlowSerial, Option<Box<Recording>>, RandomState>,
    order: VecDeque<FlowSerial>,
    bytes: usize,
    spare: Vec<Box<Recording>>,
    /// Fragments that wait for the rest of their datagram, by its number, in the order in which they came.
    fragments: VecDeque<(u64, Frames)>,
    /// What they take.
    fragment_bytes: usize,
    /// The connection of the last handshake, where that is not wanted: another of the same may follow at once.
    unwanted: Option<FlowSerial>,
    /// How many connections are looked through for those that are over.
    sweep_at: usize,
    lost: u64,
}

impl Recorder {
    /// One that has nothing yet; none where there is nothing to record.
    pub(super) fn new(record: Record, seed: u64) -> Option<Self> {
        (record != Record::Nothing).then(|| Self {
            all: record == Record::All,
            connections: HashMap::with_hasher(hasher(seed)),
            order: VecDeque::new(),
            bytes: 0,
            spare: Vec::new(),
            fragments: VecDeque::new(),
            fragment_bytes: 0,
            unwanted: None,
            sweep_at: SWEEP_AFTER,
            lost: 0,
        })
    }

    /// Keeps a frame of a connection, or a fragment of a datagram that may turn out to be of one.
    pub(super) fn frame(&mut self, frame: &Frame<'_>, flow: Option<FlowSerial>, datagram: Option<u64>) {
        match (flow, datagram) {
            (Some(flow), None) => self.record(flow, frame),
            (Some(flow), Some(datagram)) => {
                self.record_fragments(flow, datagram);
                self.record(flow, frame);
            }
            (None, Some(datagram)) => self.keep_fragment(datagram, frame),
            (None, None) => {}
        }
    }

    fn keep_fragment(&mut self, datagram: u64, frame: &Frame<'_>) {
        let mut frames = Frames::default();
        frames.push(frame, MAX_HEAD);
        self.fragment_bytes += frames.bytes.capacity();
        self.fragments.push_back((datagram, frames));
        while self.fragment_bytes > MAX_FRAGMENTS
            && let Some((_, oldest)) = self.fragments.pop_front()
        {
            self.fragment_bytes -= oldest.bytes.capacity();
        }
    }

    /// The fragments before the one that completed a datagram.
    fn record_fragments(&mut self, flow: FlowSerial, datagram: u64) {
        let all = std::mem::take(&mut self.fragments);
        let (own, others): (VecDeque<_>, _) = all.into_iter().partition(|(of, _)| *of == datagram);
        self.fragments = others;
        for (_, frames) in own {
            self.fragment_bytes -= frames.bytes.capacity();
            if let Some((frame, _)) = frames.frame(0) {
                self.record(flow, &frame);
            }
        }
    }

    fn record(&mut self, flow: FlowSerial, frame: &Frame<'_>) {
        let (order, spare) = (&mut self.order, &mut self.spare);
        let connection = self.connections.entry(flow).or_insert_with(|| {
            order.push_back(flow);
            Some(spare.pop().unwrap_or_default())
        });
        let Some(recording) = connection else { return };
        let before = if recording.head.count == 0 { 0 } else { recording.memory() };
        recording.add(frame);
        self.bytes = self.bytes - before + recording.memory();
        while self.bytes > MAX_RECORDED && self.give_up_oldest() {}
    }

    /// The frames of a handshake that was told; its connection may bring another while it `is_open`. None where it is not
    /// wanted, where they went with the one before it on the same connection, or where they were given up.
    pub(super) fn take(
        &mut self,
        handshake: &Handshake,
        is_open: impl FnOnce(FlowSerial) -> bool,
    ) -> Option<Box<Recording>> {
        if let Some(flow) = self.unwanted.take_if(|flow| *flow != handshake.flow) {
            let unwanted = self.remove(flow).flatten();
            self.reuse(unwanted);
        }
        if !self.all && handshake.outcome == Outcome::Established {
            self.unwanted = (!is_open(handshake.flow)).then_some(handshake.flow);
            return None;
        }
        let recording = self.remove(handshake.flow)?;
        self.lost += u64::from(recording.is_none());
        recording
    }

    /// Drops connections that have ended without a handshake, where it is time to look for them. All handshakes must
    /// have been taken.
    pub(super) fn sweep(&mut self, mut is_open: impl FnMut(FlowSerial) -> bool) {
        if self.order.len().max(self.connections.len()) < self.sweep_at {
            return;
        }
        let bytes = &mut self.bytes;
        self.connections.retain(|flow, recording| {
            let open = is_open(*flow);
            if !open {
                *bytes -= recording.as_ref().map_or(0, |recording| recording.memory());
            }
            open
        });
        self.order.retain(|flow| self.connections.contains_key(flow));
        self.sweep_at = 2 * self.connections.len() + SWEEP_AFTER;
    }

    /// How many handshakes were told whose frames had been given up.
    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }

    /// Takes back a recording that nobody wanted.
    fn reuse(&mut self, recording: Option<Box<Recording>>) {
        if let Some(mut recording) = recording
            && self.spare.len() < MAX_SPARE
            && recording.memory() <= MAX_SPARE_BYTES
        {
            recording.clear();
            self.spare.push(recording);
        }
    }

    fn remove(&mut self, flow: FlowSerial) -> Option<Option<Box<Recording>>> {
        let connection = self.connections.remove(&flow)?;
        self.bytes -= connection.as_ref().map_or(0, |recording| recording.memory());
        Some(connection)
    }

    /// Gives up the recording of the connection that began first; false where there is none.
    fn give_up_oldest(&mut self) -> bool {
        let Some(oldest) = self.order.pop_front() else { return false };
        if let Some(recording) = self.connections.get_mut(&oldest).and_then(Option::take) {
            self.bytes -= recording.memory();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::table::{FlowState, IdleLimits};
    use crate::flow::{FlowKey, FlowTable};
    use crate::packet::VlanTags;
    use std::net::SocketAddr;
    use std::time::Duration;

    #[derive(Debug)]
    struct State;

    impl FlowState for State {
        fn idle_limit(&self, limits: &IdleLimits) -> Duration {
            limits.open
        }
        fn usefulness(&self) -> u8 {
            0
        }
    }

    /// So many flows.
    fn flows(count: u16) -> Vec<FlowSerial> {
        let mut table = FlowTable::new(count.into(), IdleLimits::default(), 1);
        let at = |port| SocketAddr::from(([10, 0, 0, 1], port));
        let key = |port| FlowKey::new(at(port), at(443), &VlanTags::default()).0;
        (0..count)
            .map(|port| FlowSerial { id: table.insert(key(1000 + port), State, Timestamp::default()).0, began: 1 })
            .collect()
    }

    /// A frame whose first byte is its number.
    fn frame(bytes: &[u8]) -> Frame<'_> {
        let time = Timestamp::from_micros(bytes[0].into());
        let original_length = bytes.len() as u32 + 100;
        Frame { number: 7, time, link: LinkType(113), interface: 3, original_length, bytes }
    }

    fn told(flow: FlowSerial, outcome: Outcome) -> Handshake {
        let mut handshake = Handshake::sample().with_outcome(outcome);
        handshake.flow = flow;
        handshake
    }

    /// All frames of a recording.
    fn frames(recording: &Recording) -> Vec<Frame<'_>> {
        let mut place = Place::default();
        let next = || {
            let (frame, next) = recording.frame(place)?;
            place = next;
            Some(frame)
        };
        std::iter::from_fn(next).collect()
    }

    fn numbers(recording: Option<Box<Recording>>) -> Vec<u8> {
        recording.iter().flat_map(|recording| frames(recording)).map(|frame| frame.bytes[0]).collect()
    }

    #[test]
    fn a_handshake_takes_the_frames_of_its_connection_as_they_came() {
        let [one, two] = flows(2)[..] else { panic!() };
        let mut recorder = Recorder::new(Record::Failures, 1).unwrap();
        for (flow, number) in [(one, 3), (two, 2), (one, 1)] {
            recorder.frame(&frame(&[number; 60]), Some(flow), None);
        }
        recorder.frame(&frame(&[9; 60]), None, None);
        let recording = recorder.take(&told(one, Outcome::Failed), |_| false).unwrap();
        let of_one = frames(&recording);
        assert_eq!(of_one.len(), 2);
        let shown = |frame: &Frame<'_>| format!("{frame:?}");
        assert_eq!(shown(&of_one[0]), shown(&Frame { number: 0, ..frame(&[3; 60]) }));
        assert_eq!(shown(&of_one[1]), shown(&Frame { number: 0, ..frame(&[1; 60]) }));
        assert_eq!(numbers(recorder.take(&told(two, Outcome::Unused), |_| false)), [2]);
        assert!(recorder.take(&told(two, Outcome::Failed), |_| false).is_none());
        assert_eq!((recorder.bytes, recorder.lost()), (0, 0));
    }

    #[test]
    fn established_handshakes_leave_their_frames_only_to_the_next_of_their_connection() {
        let [one, two] = flows(2)[..] else { panic!() };
        let record = |recorder: &mut Recorder, flow, number| recorder.frame(&frame(&[number]), Some(flow), None);
        let mut recorder = Recorder::new(Record::Failures, 1).unwrap();
        record(&mut recorder, one, 1);
        assert!(recorder.take(&told(one, Outcome::Established), |_| true).is_none());
        record(&mut recorder, one, 2);
        assert!(recorder.take(&told(one, Outcome::Established), |_| false).is_none());
        assert_eq!(numbers(recorder.take(&told(one, Outcome::Failed), |_| false)), [1, 2]);
        record(&mut recorder, one, 3);
        record(&mut recorder, two, 4);
        assert!(recorder.take(&told(one, Outcome::Established), |_| false).is_none());
        recorder.take(&told(two, Outcome::Failed), |_| false);
        assert_eq!((recorder.connections.len(), recorder.bytes), (0, 0));
        let mut all = Recorder::new(Record::All, 1).unwrap();
        record(&mut all, one, 5);
        assert_eq!(numbers(all.take(&told(one, Outcome::Established), |_| false)), [5]);
    }

    #[test]
    fn of_a_long_connection_the_first_and_the_last_frames_are_kept() {
        let [flow] = flows(1)[..] else { panic!() };
        let mut recorder = Recorder::new(Record::Failures, 1).unwrap();
        let count = 250;
        (0..count).for_each(|number| recorder.frame(&frame(&[number; 1400]), Some(flow), None));
        recorder.frame(&frame(&[count; 60_000]), Some(flow), None);
        recorder.frame(&frame(&[count + 1; 60]), Some(flow), None);
        let recording = recorder.take(&told(flow, Outcome::Failed), |_| false).unwrap();
        let kept = frames(&recording);
        assert_eq!(kept.len() as u64 + recording.left_out(), u64::from(count) + 2);
        let numbers: Vec<u8> = kept.iter().map(|frame| frame.bytes[0]).collect();
        assert_eq!(numbers[..92], (0..92).collect::<Vec<u8>>());
        assert_eq!(numbers[numbers.len() - 3..], [count - 1, count, count + 1]);
        assert_eq!(kept[kept.len() - 2].bytes.len(), MAX_TAIL_FRAME, "a huge one is snapped");
        assert_eq!(kept[kept.len() - 2].original_length, 60_100);
        assert!(recording.memory() < 2 * (MAX_HEAD + 2 * MAX_TAIL));
    }

    #[test]
    fn where_there_is_no_more_room_the_oldest_connection_goes_and_is_counted() {
        let flows = flows(2000);
        let mut recorder = Recorder::new(Record::Failures, 1).unwrap();
        for flow in &flows {
            (0..40).for_each(|number| recorder.frame(&frame(&[number; 1400]), Some(*flow), None));
            assert!(recorder.bytes <= MAX_RECORDED);
        }
        assert!(recorder.bytes > MAX_RECORDED - MAX_HEAD * 2);
        recorder.frame(&frame(&[41; 60]), Some(flows[0]), None);
        assert!(recorder.take(&told(flows[0], Outcome::Failed), |_| false).is_none(), "no part of it either");
        assert_eq!(recorder.lost(), 1);
        assert_eq!(numbers(recorder.take(&told(flows[1999], Outcome::Failed), |_| false)).len(), 40);
    }

    #[test]
    fn connections_that_ended_without_a_handshake_are_dropped_in_time() {
        let flows = flows(10_000);
        let mut recorder = Recorder::new(Record::Failures, 1).unwrap();
        let open = flows[5];
        for flow in &flows {
            recorder.frame(&frame(&[1; 60]), Some(*flow), None);
            recorder.sweep(|flow| flow == open);
            assert!(recorder.connections.len() <= SWEEP_AFTER + 2 && recorder.order.len() <= SWEEP_AFTER + 2);
        }
        recorder.sweep_at = 0;
        recorder.sweep(|flow| flow == open);
        let recording = recorder.take(&told(open, Outcome::Failed), |_| false).unwrap();
        assert_eq!((recorder.bytes, frames(&recording).len()), (0, 1));
    }

    #[test]
    fn the_fragments_of_a_segment_go_with_the_one_that_completes_it() {
        let [flow] = flows(1)[..] else { panic!() };
        let mut recorder = Recorder::new(Record::Failures, 1).unwrap();
        for (number, datagram) in [(1, 10), (2, 11), (3, 10)] {
            recorder.frame(&frame(&[number; 60]), None, Some(datagram));
        }
        recorder.frame(&frame(&[4; 60]), Some(flow), Some(10));
        assert_eq!(numbers(recorder.take(&told(flow, Outcome::Failed), |_| false)), [1, 3, 4]);
        assert_eq!(recorder.fragments.len(), 1);
        for _ in 0..2000 {
            recorder.frame(&frame(&[5; 1400]), None, Some(12));
            assert!(recorder.fragment_bytes <= MAX_FRAGMENTS);
        }
        assert!(recorder.fragments.len() > 500);
    }
}
