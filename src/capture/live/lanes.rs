//! Several interfaces as one: the frames of each wait in a lane until no earlier one can come from the others.
//!
//! A breakout tap puts each direction of a link on an interface of its own; read one after the other, answers would come
//! before what they answer. The kernel hands frames on in blocks, each interface at its own pace, so a frame is safe to
//! give out once every other interface has shown a later one, or has had the time to.

use super::LATENESS;
use super::sniffer::{News, Sniffer};
use crate::packet::{Frame, LinkType};
use crate::time::Timestamp;
use std::time::Instant;

/// A lane is full with so many bytes; the rest waits in the kernel. It can hold a frame more.
const LANE_BYTES: usize = 8 * 1024 * 1024;
/// Or with so many frames.
const LANE_FRAMES: usize = 32_768;

/// The frames of one interface that wait.
pub(super) struct Lane {
    pub(super) sniffer: Sniffer,
    waiting: Vec<Waiting>,
    /// The first of `waiting` that was not given out.
    next: usize,
    bytes: Vec<u8>,
}

/// A frame that waits, and where its bytes are.
#[derive(Clone, Copy)]
struct Waiting {
    time: Timestamp,
    link: LinkType,
    interface: u32,
    original_length: u32,
    begin: usize,
    end: usize,
    read: Instant,
}

impl Lane {
    pub(super) fn new(sniffer: Sniffer) -> Self {
        Self { sniffer, waiting: Vec::new(), next: 0, bytes: Vec::new() }
    }

    /// True where frames wait.
    pub(super) fn is_holding(&self) -> bool {
        self.next < self.waiting.len()
    }

    /// True where no more can wait.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= LANE_BYTES || self.waiting.len() >= LANE_FRAMES
    }

    /// Takes what the interface has ready.
    pub(super) fn fill(&mut self, interface: u32) -> Option<News> {
        if !self.is_holding() {
            self.waiting.clear();
            self.bytes.clear();
            self.next = 0;
        }
        let room = LANE_FRAMES.saturating_sub(self.waiting.len());
        if self.is_full() || room == 0 {
            return None;
        }
        let (waiting, bytes, read) = (&mut self.waiting, &mut self.bytes, Instant::now());
        self.sniffer.read(room.min(super::BURST), interface, |frame| {
            let begin = bytes.len();
            bytes.extend_from_slice(frame.bytes);
            let Frame { time, link, interface, original_length, .. } = frame;
            waiting.push(Waiting { time, link, interface, original_length, begin, end: bytes.len(), read });
        })
    }

    fn first(&self) -> Option<&Waiting> {
        self.waiting.get(self.next)
    }
}

/// Gives out the earliest frame that waits, where none before it can come any more; false where there is none.
pub(super) fn next(lanes: &mut [Lane], take: impl FnOnce(Frame<'_>)) -> bool {
    let firsts = lanes.iter().enumerate().filter_map(|(at, lane)| Some((lane.first()?.time, at)));
    let Some((_, at)) = firsts.min() else { return false };
    let all_show = lanes.iter().all(|lane| lane.is_holding() || lane.sniffer.is_silent());
    let Some(lane) = lanes.get_mut(at) else { return false };
    let Some(first) = lane.first().copied() else { return false };
    if !all_show && first.read.elapsed() < LATENESS {
        return false;
    }
    lane.next = lane.next.saturating_add(1);
    let Waiting { time, link, interface, original_length, begin, end, .. } = first;
    let bytes = lane.bytes.get(begin..end).unwrap_or_default();
    take(Frame { number: 0, time, link, interface, original_length, bytes });
    true
}
