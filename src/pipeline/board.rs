//! The board: what the threads of a run count, for whoever wants to show it.

use crate::capture::live::Drops;
use crate::engine::Stats;
use crate::event::OutcomeName;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

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
}

impl Board {
    /// A board for so many capture threads, and what tells them to end.
    pub(super) fn new(sensors: usize, stop: Arc<AtomicBool>) -> Self {
        Self { stop, sensors: (0..sensors).map(|_| Mutex::default()).collect(), ..Self::default() }
    }

    /// Counts a handshake that was judged.
    pub(super) fn judged(&self, outcome: OutcomeName) {
        let counts = OutcomeName::ALL.iter().zip(&self.outcomes);
        counts.filter(|(name, _)| **name == outcome).for_each(|(_, count)| _ = count.fetch_add(1, Ordering::Relaxed));
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
            *place.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        }
    }

    /// What all capture threads have seen.
    pub(super) fn seen(&self) -> Seen {
        let mut all = Seen::default();
        for sensor in &self.sensors {
            let seen = sensor.lock().unwrap_or_else(PoisonError::into_inner);
            all.stats.add(&seen.stats);
            all.unrecorded += seen.unrecorded;
            all.drops = [all.drops, seen.drops].into_iter().sum();
        }
        all
    }
}
