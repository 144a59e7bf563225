//! What time it is in a capture whose frames may be out of order and whose timestamps may lie.

use crate::time::Timestamp;

/// So many frames are looked at together.
const BLOCK: u32 = 32;

/// Capture time behind the frames: the lowest timestamp of the last one to two blocks of frames, never going back. A packet
/// that was captured a few places late still finds its flow as it was, one timestamp far in the future moves nothing, and
/// one far in the past holds time back for two blocks only.
#[derive(Debug, Default)]
pub(super) struct Clock {
    now: Timestamp,
    previous: Option<Timestamp>,
    lowest: Option<Timestamp>,
    latest: Timestamp,
    frames: u32,
}

impl Clock {
    /// The time.
    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    /// The time of the latest frame, except that a frame ahead of all its block is taken with the block's lowest.
    pub(super) fn latest(&self) -> Timestamp {
        self.now.max(self.latest)
    }

    /// Takes a frame's time. Returns true where time may have moved.
    pub(super) fn frame(&mut self, time: Timestamp) -> bool {
        self.lowest = Some(self.lowest.map_or(time, |lowest| lowest.min(time)));
        self.latest = time;
        self.frames = self.frames.saturating_add(1);
        if self.frames < BLOCK {
            return false;
        }
        self.frames = 0;
        let lowest = self.lowest.take();
        let previous = std::mem::replace(&mut self.previous, lowest);
        if let (Some(previous), Some(lowest)) = (previous, lowest) {
            self.now = self.now.max(previous.min(lowest));
        }
        true
    }

    /// Moves the time forward.
    pub(super) fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn after(times: impl IntoIterator<Item = u64>) -> Timestamp {
        let mut clock = Clock::default();
        for time in times {
            clock.frame(at(time));
        }
        clock.now()
    }

    #[test]
    fn time_runs_one_to_two_blocks_behind() {
        assert_eq!(after(1000..1064), at(1000));
        assert_eq!(after(1000..1096), at(1032));
    }

    #[test]
    fn one_wild_timestamp_moves_nothing() {
        for wild in [0, 999_999_999] {
            let with = |time| if time == 1050 { wild } else { time };
            assert!(after((1000..1090).map(with)) <= at(1032));
            assert_eq!(after((1000..1192).map(with)), at(1128));
        }
    }

    #[test]
    fn it_never_goes_back() {
        assert_eq!(after((1000..1128).chain(0..128)), at(1064));
    }
}
