//! What was read in all, over the captures of a run.

use crate::engine::Stats;
use crate::packet::DecodeError;
use std::time::Duration;

/// Sums of what the engines counted.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Captures that were read, at least in part.
    pub captures: u64,
    /// Captures, or ends of captures, that could not be read.
    pub unreadable: u64,
    /// Frames that were read, also those that a filter left out.
    pub frames: u64,
    /// Bytes on the wire of the frames that the engines took.
    pub bytes: u64,
    /// Frames that could not be decoded, by reason.
    pub undecoded: Vec<(DecodeError, u64)>,
    /// IP fragments that never became a packet.
    pub fragments_lost: u64,
    /// Flows that were given up for want of room.
    pub evicted: u64,
    /// Handshakes whose frames could not be kept until they were told.
    pub unrecorded: u64,
    /// What was written of the captures, where that was asked for.
    pub written: Option<Written>,
    /// How long it took.
    pub elapsed: Duration,
}

/// The packets that were written into captures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Handshakes whose packets they are.
    pub handshakes: u64,
    /// Packets.
    pub packets: u64,
    /// Bytes of them, also in files that were deleted since.
    pub bytes: u64,
}

impl Totals {
    /// Adds a capture.
    pub fn add(&mut self, stats: &Stats, frames: u64) {
        self.captures += 1;
        self.frames += frames;
        self.bytes += stats.bytes;
        self.fragments_lost += stats.fragments.expired + stats.fragments.evicted;
        self.evicted += stats.flows_evicted;
        for (error, count) in stats.undecoded.iter().filter(|(_, count)| *count > 0) {
            match self.undecoded.iter_mut().find(|(known, _)| known == error) {
                Some((_, sum)) => *sum += count,
                None => self.undecoded.push((*error, *count)),
            }
        }
    }
}
