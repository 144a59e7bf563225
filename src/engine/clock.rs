//! What time it is in a capture whose frames may be out of order and whose timestamps may lie.

use crate::time::Timestamp;

/// So many frames are looked at together.
const BLOCK: u32 = 32;

/// Capture time behind the frames: the lowest timestamp of the last one to two blocks of frames, never going back once two
/// blocks have been seen. A packet that was captured a few places late still finds its flow as it was, one timestamp far
/// in the future moves nothing, and one far in the past holds time back for two blocks only.
#[derive(Debug, Default)]
pub(super) struct Clock {
    now: Timestamp,
    previous: Option<Timestamp>,
    /// Of this block, once it has a frame.
    lowest: Timestamp,
    /// The two highest timestamps.
    highest: [Timestamp; 2],
    frames: u32,
    runs: bool,
}

impl Clock {
    /// The time.
    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    /// The time at the end of a capture: the highest timestamp but one, since the highest may be wild.
    pub(super) fn end(&self) -> Timestamp {
        self.now.max(self.highest[1])
    }

    /// Takes a frame's time. Returns true where time may have moved.
    #[inline]
    pub(super) fn frame(&mut self, time: Timestamp) -> bool {
        let lowest = if self.frames == 0 { time } else { self.lowest.min(time) };
        self.lowest = lowest;
        let [first, second] = self.highest;
        self.highest = [first.max(time), second.max(first.min(time))];
        self.frames = self.frames.saturating_add(1);
        if !self.runs {
            self.now = self.previous.map_or(lowest, |previous| previous.min(lowest));
        }
        if self.frames < BLOCK {
            return false;
        }
        self.frames = 0;
        if let Some(previous) = self.previous.replace(lowest) {
            self.now = self.now.max(previous.min(lowest));
            self.runs = true;
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
    fn a_wild_first_frame_is_corrected_and_a_wild_last_one_ends_nothing() {
        assert_eq!(after([999_999_999, 1000]), at(1000));
        let mut clock = Clock::default();
        (1000..1100).chain([999_999_999]).for_each(|time| _ = clock.frame(at(time)));
        assert_eq!(clock.end(), at(1099));
    }

    #[test]
    fn it_never_goes_back() {
        assert_eq!(after((1000..1128).chain(0..128)), at(1064));
    }
}
