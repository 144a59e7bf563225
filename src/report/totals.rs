//! What was read in all, over the captures of a run.

use crate::engine::Stats;
use std::iter::Sum;
use std::time::Duration;

/// Sums over all captures of a run.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Captures that were read, at least in part.
    pub captures: u64,
    /// Captures, or ends of captures, that could not be read.
    pub unreadable: u64,
    /// Frames that were read, also those that a filter left out.
    pub frames: u64,
    /// What the engines counted.
    pub stats: Stats,
    /// Frames of interfaces that were lost in the kernel, for want of room.
    pub kernel_drops: u64,
    /// Frames that the interfaces themselves have lost.
    pub interface_drops: u64,
    /// Handshakes that were lost since the analysis was behind.
    pub handshakes_lost: u64,
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
    /// Adds a capture, of which so many frames were read.
    pub fn add(&mut self, stats: &Stats, frames: u64) {
        self.captures += 1;
        self.frames += frames;
        self.stats.add(stats);
    }
}

/// Engines that ran beside each other: they have read one capture together.
impl Sum for Totals {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        let mut sum = Self { captures: 1, ..Self::default() };
        for totals in all {
            sum.frames += totals.frames;
            sum.unreadable += totals.unreadable;
            sum.stats.add(&totals.stats);
            sum.kernel_drops += totals.kernel_drops;
            sum.interface_drops += totals.interface_drops;
            sum.handshakes_lost += totals.handshakes_lost;
            sum.unrecorded += totals.unrecorded;
        }
        sum
    }
}
