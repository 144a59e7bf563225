//! All that a run has counted, put together for a record, for the line on a terminal, or for who asks by signal.

use super::board::Board;
use crate::event::{Counts, SinkCounts};
use crate::output::{SinkState, now};
use crate::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Where Linux tells how much memory this process has.
const STATUS: &str = "/proc/self/status";

/// Where the counters of a run are.
#[derive(Clone)]
pub(super) struct Counting {
    begin: Timestamp,
    board: Arc<Board>,
    sinks: Vec<(String, Arc<SinkState>)>,
}

impl Counting {
    pub(super) fn new(board: Arc<Board>, sinks: Vec<(String, Arc<SinkState>)>) -> Self {
        Self { begin: now(), board, sinks }
    }

    /// The sinks.
    pub(super) fn sinks(&self) -> impl Iterator<Item = &Arc<SinkState>> {
        self.sinks.iter().map(|(_, state)| state)
    }

    /// The same with their names, in the order of [`Counts::sinks`].
    pub(super) fn named_sinks(&self) -> &[(String, Arc<SinkState>)] {
        &self.sinks
    }

    /// The board.
    pub(super) fn board(&self) -> &Board {
        &self.board
    }

    /// What they say now.
    pub(super) fn read(&self) -> Counts {
        let seen = self.board.seen();
        let sink = |(name, state): &(String, Arc<SinkState>)| SinkCounts {
            name: name.clone(),
            queued: state.queued.load(Ordering::Relaxed),
            written: state.written.load(Ordering::Relaxed),
            lost: state.lost.load(Ordering::Relaxed),
            rejected: state.rejected.load(Ordering::Relaxed),
            retried: state.retried.load(Ordering::Relaxed),
            spooled: state.spooled.load(Ordering::Relaxed),
            recovered: state.recovered.load(Ordering::Relaxed),
            lag_ms: state.lag_ms.load(Ordering::Relaxed),
        };
        Counts {
            begin: self.begin,
            end: now(),
            stats: seen.stats,
            kernel_drops: seen.drops.kernel,
            interface_drops: seen.drops.interface,
            outcomes: self.board.outcomes().to_vec(),
            handshakes_lost: self.board.lost.load(Ordering::Relaxed),
            unrecorded: seen.unrecorded,
            sinks: self.sinks.iter().map(sink).collect(),
            memory: resident(),
        }
    }
}

/// Bytes of resident memory, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string(STATUS).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
