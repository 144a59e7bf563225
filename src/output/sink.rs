//! The sinks of this machine: standard output and files.

use super::target::{Target, Writer};
use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, TrySendError, bounded};
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A sink that is slower than the analysis makes it wait, or loses events, once so many batches are queued.
pub const MAX_QUEUED_BATCHES: usize = 4;
/// Live, so many: a reader may be slow for a while.
pub const MAX_QUEUED_LIVE: usize = 64;
/// How soon a file is opened anew after that was asked for.
const LOOK: Duration = Duration::from_millis(200);

/// Rendered events, whole lines.
#[derive(Debug)]
pub struct Batch {
    /// The lines.
    pub bytes: Vec<u8>,
    /// How many events they hold.
    pub events: u64,
}

/// What to do with a batch for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Wait until there is: nothing is lost.
    Wait,
    /// Lose it, and count its events.
    Lose,
    /// Wait until then, and lose it then.
    Until(Instant),
}

/// How a sink ended.
#[derive(Debug)]
pub enum SinkEnd {
    /// Everything was written.
    Done,
    /// Whoever read standard output has closed it (`| head`): nobody wants the rest.
    NotWanted,
    /// So many events were lost.
    Lost {
        /// The events that were not written.
        events: u64,
        /// What the system said, where writing failed.
        error: Option<io::Error>,
    },
}

/// What a sink tells while it works.
#[derive(Debug, Default)]
pub struct SinkState {
    /// Set to have its file opened anew, where another program has moved the old one away.
    pub reopen: AtomicBool,
    /// What went wrong, until somebody takes it to say it. A failure that lasts is told once.
    trouble: Mutex<Option<String>>,
    /// Events that wait.
    pub queued: AtomicU64,
    /// Events that were written.
    pub written: AtomicU64,
    /// Events that were lost, for want of room or because writing failed.
    pub lost: AtomicU64,
}

impl SinkState {
    /// What went wrong since this was last asked.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// An open sink and the thread that writes to it.
#[derive(Debug)]
pub struct Sink {
    target: Target,
    queue: Option<Sender<Arc<Batch>>>,
    end: Receiver<SinkEnd>,
    state: Arc<SinkState>,
}

impl Sink {
    /// Starts the thread of a sink that was opened, with room for so many batches.
    ///
    /// # Errors
    /// No thread to be had.
    pub fn start(writer: Writer, room: usize) -> io::Result<Self> {
        let (queue, batches) = bounded(room);
        let (tell, end) = bounded(1);
        let state = Arc::new(SinkState::default());
        let target = writer.target().clone();
        let worker = Worker { writer, state: Arc::clone(&state), failing: false };
        std::thread::Builder::new().name("output".into()).spawn(move || tell.send(worker.run(&batches)))?;
        Ok(Self { target, queue: Some(queue), end, state })
    }

    /// What it is.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// What it tells while it works.
    pub const fn state(&self) -> &Arc<SinkState> {
        &self.state
    }

    /// Queues a batch. False once the sink takes no more.
    pub fn send(&mut self, batch: &Arc<Batch>, patience: Patience) -> bool {
        let Some(queue) = &self.queue else {
            self.state.lost.fetch_add(batch.events, Ordering::Relaxed);
            return false;
        };
        self.state.queued.fetch_add(batch.events, Ordering::Relaxed);
        let shared = Arc::clone(batch);
        let (sent, open) = match patience {
            Patience::Wait => (queue.send(shared).is_ok(), false),
            Patience::Lose => match queue.try_send(shared) {
                Ok(()) => (true, true),
                Err(error) => (false, matches!(error, TrySendError::Full(_))),
            },
            Patience::Until(deadline) => match queue.send_deadline(shared, deadline) {
                Ok(()) => (true, true),
                Err(error) => (false, matches!(error, SendTimeoutError::Timeout(_))),
            },
        };
        if !sent {
            self.state.queued.fetch_sub(batch.events, Ordering::Relaxed);
            self.state.lost.fetch_add(batch.events, Ordering::Relaxed);
        }
        if !sent && !open {
            self.queue = None;
        }
        sent || open
    }

    /// Writes what is queued, until `deadline` where there is one, and tells how it went.
    pub fn finish(self, deadline: Option<Instant>) -> (Target, SinkEnd) {
        drop(self.queue);
        let end = match deadline {
            None => self.end.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(deadline) => self.end.recv_deadline(deadline),
        };
        let lost = self.state.lost.load(Ordering::Relaxed);
        let end = match end {
            Ok(SinkEnd::Done) if lost > 0 => SinkEnd::Lost { events: lost, error: None },
            Ok(SinkEnd::Lost { error, .. }) => SinkEnd::Lost { events: lost, error },
            Ok(end) => end,
            Err(why) => {
                let error =
                    matches!(why, RecvTimeoutError::Disconnected).then(|| io::Error::other("its thread ended early"));
                let queued = self.state.queued.load(Ordering::Relaxed);
                SinkEnd::Lost { events: lost.saturating_add(queued), error }
            }
        };
        (self.target, end)
    }
}

/// What the thread of a sink has.
struct Worker {
    writer: Writer,
    state: Arc<SinkState>,
    /// The last thing it did went wrong.
    failing: bool,
}

impl Worker {
    /// Writes batches until there are no more. A batch that cannot be written is lost, and the next one is tried again:
    /// a full disk may have room later.
    fn run(mut self, batches: &Receiver<Arc<Batch>>) -> SinkEnd {
        let mut failure = None;
        loop {
            if self.state.reopen.swap(false, Ordering::Relaxed)
                && let Err(error) = self.writer.reopen()
            {
                self.tell(&format!("cannot be opened anew, the old file is written on: {error}"));
            }
            let batch = match batches.recv_timeout(LOOK) {
                Ok(batch) => batch,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let written = self.writer.write(&batch.bytes);
            let count = if written.is_ok() { &self.state.written } else { &self.state.lost };
            count.fetch_add(batch.events, Ordering::Relaxed);
            self.state.queued.fetch_sub(batch.events, Ordering::Relaxed);
            match written {
                Ok(()) => self.failing = false,
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return SinkEnd::NotWanted,
                Err(error) => {
                    if !self.failing {
                        self.tell(&format!("cannot be written: {error}"));
                    }
                    (self.failing, failure) = (true, Some(error));
                }
            }
        }
        match failure {
            None => SinkEnd::Done,
            error => SinkEnd::Lost { events: 0, error },
        }
    }

    fn tell(&self, what: &str) {
        let message = format!("{}: {what}", self.writer.target());
        *self.state.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
    }
}
