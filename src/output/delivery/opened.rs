//! The spool as the keeper has it: it may fail and be tried again, and its disk may be full for a while.

use super::super::state::SinkState;
use super::spool::{Spool, SpoolError};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How soon a spool that failed is tried again.
const SPOOL_AGAIN: Duration = Duration::from_secs(5);

/// A spool, and how it does.
pub(super) struct Opened {
    pub(super) spool: Option<Spool>,
    pub(super) path: PathBuf,
    pub(super) limit: u64,
    /// It failed; it is tried again at this time.
    pub(super) failed: Option<Instant>,
    /// Its disk is full: nothing is written to it until then. What it holds can be read all the same.
    pub(super) full: Option<Instant>,
    /// That was said, and it has taken nothing since.
    pub(super) told: bool,
    /// Since when it holds something.
    pub(super) since: Option<Instant>,
    /// What is with the receiver, but could not be removed.
    pub(super) done: Option<Removable>,
}

/// Rows that are of no more use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Removable {
    /// The last of them.
    pub(super) row: i64,
    /// How many events they hold.
    pub(super) events: u64,
}

impl Opened {
    /// Opens a spool; what an earlier run left there is counted as queued.
    pub(super) fn open(path: PathBuf, limit: u64, name: &str, state: &SinkState) -> Self {
        let mut opened =
            Self { spool: None, path, limit, failed: None, full: None, told: false, since: None, done: None };
        opened.try_open(name, state);
        opened
    }

    pub(super) fn try_open(&mut self, name: &str, state: &SinkState) {
        match Spool::open(&self.path, self.limit) {
            Ok((spool, aside)) => {
                if let Some(aside) = aside {
                    tell_damaged(name, &aside, state);
                }
                let events = spool.events();
                if events > 0 {
                    self.since = Some(Instant::now());
                    state.queued.fetch_add(events, Ordering::Relaxed);
                    state.recovered.fetch_add(events, Ordering::Relaxed);
                }
                (self.spool, self.failed) = (Some(spool), None);
            }
            Err(error) => self.fail(&error, name, state),
        }
    }

    /// True while nothing can be written to it.
    pub(super) fn is_full(&self) -> bool {
        self.full.is_some_and(|until| Instant::now() < until)
    }

    /// It is said once that it cannot be used.
    pub(super) fn fail(&mut self, error: &SpoolError, name: &str, state: &SinkState) {
        if !std::mem::replace(&mut self.told, true) {
            let path = self.path.display();
            state.tell(format!("{name}: the spool {path} cannot be used: {error}; it is tried again"));
        }
        let again = Some(Instant::now() + SPOOL_AGAIN);
        match error {
            SpoolError::Full => self.full = again,
            SpoolError::Damaged(_) | SpoolError::Failed(_) => self.failed = again,
        }
    }
}

/// It is said where a damaged spool is now.
pub(super) fn tell_damaged(name: &str, aside: &Path, state: &SinkState) {
    let aside = aside.display();
    state.tell(format!("{name}: the spool was damaged, and is now {aside}; a new one was begun"));
}
