//! The board: what the threads of a run count, for whoever wants to show it.

use crate::capture::live::Drops;
use crate::diagnosis::{Cause, Party};
use crate::engine::Stats;
use crate::event::OutcomeName;
use crate::output::lock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Counters of one run. Nothing here is touched for every frame.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// The run is to end: somebody asked for it, or there is nothing more to do it for.
    pub(super) stop: Arc<AtomicBool>,
    /// Bytes of captures that were read, as they are on disk.
    pub(super) read: AtomicU64,
    /// Handshakes that were settled.
    pub(super) handshakes: AtomicU64,
    /// Those that were lost, since the analysis was behind.
    pub(super) lost: AtomicU64,
    /// Set once no more is captured: what is behind is waited for until then.
    pub(super) end: OnceLock<Instant>,
    /// Bytes of those that wait for the analysis.
    pub(super) queued_bytes: AtomicUsize,
    /// Handshakes by what the verdict says of them, in the order of [`OutcomeName::ALL`].
    outcomes: [AtomicU64; OutcomeName::ALL.len()],
    /// Failures by party, for each of [`Cause::ALL`].
    failures: Vec<[AtomicU64; Party::ALL.len()]>,
    /// When handshakes were lost last.
    lost_at: Mutex<Option<Instant>>,
    /// Since when the analysis has been at what it does now; `None` while it has nothing to do.
    at_work: Mutex<Option<Instant>>,
    /// What each capture thread has seen, brought up to date a few times a second.
    sensors: Vec<Mutex<Seen>>,
}

/// What a capture thread has seen so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// What its engine counted.
    pub(super) stats: Stats,
    /// What was lost before it came there.
    pub(super) drops: Drops,
    /// Handshakes whose frames could not be kept until they were told.
    pub(super) unrecorded: u64,
    /// Its interfaces, and whether frames can be expected of each now.
    pub(super) interfaces: Vec<(String, bool)>,
    /// When it said so, where it has to do so regularly.
    pub(super) at: Option<Instant>,
}

impl Board {
    /// A board for so many capture threads, and what tells them to end.
    pub(super) fn new(sensors: usize, stop: Arc<AtomicBool>) -> Self {
        Self {
            stop,
            sensors: (0..sensors).map(|_| Mutex::default()).collect(),
            failures: Cause::ALL.iter().map(|_| Default::default()).collect(),
            ..Self::default()
        }
    }

    /// Counts a handshake that was judged, and why it failed where it did.
    pub(super) fn judged(&self, outcome: OutcomeName, failure: Option<(Cause, Party)>) {
        let counts = OutcomeName::ALL.iter().zip(&self.outcomes);
        counts.filter(|(name, _)| **name == outcome).for_each(|(_, count)| _ = count.fetch_add(1, Ordering::Relaxed));
        let Some((cause, party)) = failure else { return };
        if let Some(count) = self.failures.get(cause as usize).and_then(|parties| parties.get(party as usize)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Failures that there were, by cause and party.
    pub(super) fn failures(&self) -> Vec<(Cause, Party, u64)> {
        let of = |(cause, parties): (&Cause, &[AtomicU64; Party::ALL.len()])| {
            let counts = parties.each_ref().map(|count| count.load(Ordering::Relaxed));
            let cause = *cause;
            Party::ALL.into_iter().zip(counts).map(move |(party, count)| (cause, party, count))
        };
        Cause::ALL.iter().zip(&self.failures).flat_map(of).filter(|(_, _, count)| *count > 0).collect()
    }

    /// So many handshakes were lost, since the analysis was behind.
    pub(super) fn lose(&self, handshakes: u64) {
        self.lost.fetch_add(handshakes, Ordering::Relaxed);
        *lock(&self.lost_at) = Some(Instant::now());
    }

    /// How long ago that was, where it happened.
    pub(super) fn lost_since(&self) -> Option<Duration> {
        lock(&self.lost_at).map(|at| at.elapsed())
    }

    /// The analysis has something to do, or something else than before; or nothing.
    pub(super) fn works(&self, at_work: bool) {
        *lock(&self.at_work) = at_work.then(Instant::now);
    }

    /// For how long the analysis has been at what it does.
    pub(super) fn works_since(&self) -> Option<Duration> {
        lock(&self.at_work).map(|since| since.elapsed())
    }

    /// For how long the capture thread has said nothing that did so longest ago, while frames are captured.
    pub(super) fn silent_since(&self) -> Option<Duration> {
        let at = self.sensors.iter().filter_map(|sensor| lock(sensor).at).min();
        at.filter(|_| self.end.get().is_none()).map(|at| at.elapsed())
    }

    /// Handshakes that were judged, by outcome.
    pub(super) fn outcomes(&self) -> [(OutcomeName, u64); OutcomeName::ALL.len()] {
        let mut outcomes = OutcomeName::ALL.map(|outcome| (outcome, 0));
        for ((_, count), counted) in outcomes.iter_mut().zip(&self.outcomes) {
            *count = counted.load(Ordering::Relaxed);
        }
        outcomes
    }

    /// Brings up to date what a capture thread has seen.
    pub(super) fn saw(&self, sensor: usize, seen: Seen) {
        if let Some(place) = self.sensors.get(sensor) {
            *lock(place) = seen;
        }
    }

    /// What all capture threads have seen. Several may read an interface: it is up where it is for all of them.
    pub(super) fn seen(&self) -> Seen {
        let mut all = Seen::default();
        for sensor in &self.sensors {
            let seen = lock(sensor);
            all.stats.add(&seen.stats);
            for (name, up) in &seen.interfaces {
                match all.interfaces.iter_mut().find(|(known, _)| known == name) {
                    Some((_, all_up)) => *all_up &= up,
                    None => all.interfaces.push((name.clone(), *up)),
                }
            }
            all.unrecorded += seen.unrecorded;
            all.drops = [all.drops, seen.drops].into_iter().sum();
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::Outcome;

    #[test]
    fn failures_are_counted_by_cause_and_party() {
        for (at, cause) in Cause::ALL.iter().enumerate() {
            assert_eq!(*cause as usize, at, "{cause}");
        }
        assert!(Party::ALL.iter().enumerate().all(|(at, party)| *party as usize == at));
        let board = Board::new(0, Arc::default());
        let (expired, alert) = (Cause::CertificateExpired, Cause::HandshakeFailure);
        for failure in
            [Some((expired, Party::Server)), None, Some((alert, Party::Both)), Some((expired, Party::Server))]
        {
            board.judged(OutcomeName(Outcome::Failed), failure);
        }
        assert_eq!(board.failures(), [(alert, Party::Both, 1), (expired, Party::Server, 2)]);
    }

    #[test]
    fn a_sensor_is_silent_only_while_it_should_speak() {
        let board = Board::new(1, Arc::default());
        board.saw(0, Seen::default());
        assert_eq!(board.silent_since(), None, "captures say nothing while they wait");
        board.saw(0, Seen { at: Some(Instant::now()), ..Seen::default() });
        assert!(board.silent_since().is_some());
        let _ = board.end.set(Instant::now());
        assert_eq!(board.silent_since(), None, "it has ended");
    }
}
