//! What a sink tells while it works, and how it ended.

use super::machine::lock;
use crate::diagnosis::counted;
use crossbeam_channel::RecvTimeoutError;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How a sink ended.
#[derive(Debug)]
pub enum SinkEnd {
    /// Everything was written.
    Done,
    /// Whoever read standard output has closed it (`| head`): nobody wants the rest.
    NotWanted {
        /// The events that were lost before, for want of room.
        lost: u64,
    },
    /// So many events were lost.
    Lost {
        /// The events that were not written.
        events: u64,
        /// What the system said, where writing failed.
        error: Option<io::Error>,
    },
    /// So many events have not arrived, and wait on disk for the next run.
    Kept {
        /// The events.
        events: u64,
        /// How many more were lost, for want of room.
        lost: u64,
        /// Where they are.
        spool: PathBuf,
    },
}

/// What a sink tells while it works: of its events, or, where it writes packets, of their handshakes.
#[derive(Debug, Default)]
pub struct SinkState {
    /// Set to have its file opened anew, where another program has moved the old one away.
    pub reopen: AtomicBool,
    /// Set where there is no more time: what has not arrived is kept on disk, or lost.
    pub give_up: AtomicBool,
    /// What there is to say, until somebody takes it. A failure that lasts is told once.
    troubles: Mutex<Vec<String>>,
    /// Nobody wants any more of it.
    pub not_wanted: AtomicBool,
    /// Events that wait.
    pub queued: AtomicU64,
    /// Bytes of their batches.
    pub(super) queued_bytes: AtomicUsize,
    /// Events that were written.
    pub written: AtomicU64,
    /// Events that were lost, for want of room, because writing failed, or because the receiver will never take them.
    pub lost: AtomicU64,
    /// Of those, the ones that the receiver will never take.
    pub rejected: AtomicU64,
    /// Events that were sent once more.
    pub retried: AtomicU64,
    /// Events that wait on disk.
    pub spooled: AtomicU64,
    /// Events that an earlier run left on disk.
    pub recovered: AtomicU64,
    /// For how long the oldest event has waited, in milliseconds.
    pub lag_ms: AtomicU64,
    /// Since when it takes no events: the receiver is away, or nothing can be written.
    down: Mutex<Option<Instant>>,
    /// Bytes of lines that wait on disk.
    pub spool_bytes: AtomicU64,
    /// How many may; 0 where there is no spool.
    pub spool_limit: AtomicU64,
    /// The spool cannot be used.
    pub spool_fails: AtomicBool,
    /// It sends to a receiver elsewhere.
    pub sends: AtomicBool,
}

/// So many things wait to be said of a sink; more are not worth it.
const MAX_TROUBLES: usize = 16;

impl SinkState {
    /// It takes no events from now on, if it did.
    pub fn goes_down(&self) {
        lock(&self.down).get_or_insert_with(Instant::now);
    }

    /// It takes events.
    pub fn comes_up(&self) {
        *lock(&self.down) = None;
    }

    /// For how long it has taken none, where that is so.
    pub fn down_for(&self) -> Option<Duration> {
        lock(&self.down).map(|since| since.elapsed())
    }

    /// What there is to say since this was last asked.
    pub fn troubles(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.troubles))
    }

    /// How the sink ended, by what its thread said, if it did.
    pub(super) fn end(&self, said: Result<SinkEnd, RecvTimeoutError>) -> SinkEnd {
        if let Ok(end) = &said {
            // It takes no more: what was queued while it gave up is with nobody.
            let kept = if let SinkEnd::Kept { events, .. } = end { *events } else { 0 };
            self.lose(self.queued.load(Ordering::Relaxed).saturating_sub(kept));
        }
        let lost = self.lost.load(Ordering::Relaxed);
        match said {
            Ok(SinkEnd::Done) if lost > 0 => SinkEnd::Lost { events: lost, error: None },
            Ok(SinkEnd::NotWanted { .. }) => SinkEnd::NotWanted { lost },
            Ok(SinkEnd::Kept { events, spool, .. }) => SinkEnd::Kept { events, lost, spool },
            Ok(SinkEnd::Lost { error, .. }) => SinkEnd::Lost { events: lost, error },
            Ok(end) => end,
            Err(why) => {
                let early = matches!(why, RecvTimeoutError::Disconnected);
                let error = early.then(|| io::Error::other("its thread ended early"));
                SinkEnd::Lost { events: lost.saturating_add(self.queued.load(Ordering::Relaxed)), error }
            }
        }
    }

    /// Sets down what is to be said.
    pub fn tell(&self, trouble: String) {
        let mut troubles = lock(&self.troubles);
        if troubles.len() < MAX_TROUBLES {
            troubles.push(trouble);
        }
    }

    /// So many events will never be taken by the receiver, the first for this reason.
    pub fn reject(&self, name: &str, events: u64, reason: &str) {
        self.tell(format!("{name}: {} will never be taken: {reason}", counted(events, "event")));
        self.rejected.fetch_add(events, Ordering::Relaxed);
        self.lose(events);
    }

    /// So many bytes were taken out of the queue.
    pub fn taken(&self, bytes: usize) {
        self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// So many events that were queued are written.
    pub fn write(&self, events: u64) {
        self.queued.fetch_sub(events, Ordering::Relaxed);
        self.written.fetch_add(events, Ordering::Relaxed);
    }

    /// So many events that were queued are lost, where somebody wanted them.
    pub fn lose(&self, events: u64) {
        self.queued.fetch_sub(events, Ordering::Relaxed);
        if !self.not_wanted.load(Ordering::Relaxed) {
            self.lost.fetch_add(events, Ordering::Relaxed);
        }
    }
}
