//! The sinks of this machine: standard output and files.

use super::patience::{Patience, Queue, Unsent};
use super::target::{Target, Writer};
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A sink that is slower than the analysis makes it wait, or loses events, once so many batches are queued.
pub const MAX_QUEUED_BATCHES: usize = 4;
/// Live, batches may be small, and a disk or a reader slow for a while: so many wait, as long as they have not too many
/// bytes.
pub const MAX_QUEUED_LIVE: usize = 4096;
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
}

/// What a sink tells while it works: of its events, or, where it writes packets, of their handshakes.
#[derive(Debug, Default)]
pub struct SinkState {
    /// Set to have its file opened anew, where another program has moved the old one away.
    pub reopen: AtomicBool,
    /// What went wrong, until somebody takes it to say it. A failure that lasts is told once.
    trouble: Mutex<Option<String>>,
    /// Nobody wants any more of it.
    pub not_wanted: AtomicBool,
    /// Events that wait.
    pub queued: AtomicU64,
    /// Bytes of their batches.
    pub(super) queued_bytes: AtomicUsize,
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

    /// How the sink ended, by what its thread said, if it did.
    fn end(&self, said: Result<SinkEnd, RecvTimeoutError>) -> SinkEnd {
        let lost = self.lost.load(Ordering::Relaxed);
        match said {
            Ok(SinkEnd::Done) if lost > 0 => SinkEnd::Lost { events: lost, error: None },
            Ok(SinkEnd::NotWanted { .. }) => SinkEnd::NotWanted { lost },
            Ok(SinkEnd::Lost { error, .. }) => SinkEnd::Lost { events: lost, error },
            Ok(end) => end,
            Err(why) => {
                let early = matches!(why, RecvTimeoutError::Disconnected);
                let error = early.then(|| io::Error::other("its thread ended early"));
                SinkEnd::Lost { events: lost.saturating_add(self.queued.load(Ordering::Relaxed)), error }
            }
        }
    }

    /// Sets down what went wrong.
    pub fn tell(&self, trouble: String) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
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

/// An open sink and the thread that writes to it.
#[derive(Debug)]
pub struct Sink {
    target: Target,
    queue: Queue<Arc<Batch>>,
    end: Receiver<SinkEnd>,
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
        Ok(Self { target, queue: Queue::new(queue, state), end })
    }

    /// What it is.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// What it tells while it works.
    pub const fn state(&self) -> &Arc<SinkState> {
        self.queue.state()
    }

    /// Queues a batch. False once the sink takes no more.
    pub fn send(&self, batch: &Arc<Batch>, patience: Patience) -> bool {
        let sent = self.queue.send(Arc::clone(batch), batch.events, batch.bytes.len(), patience);
        sent != Err(Unsent::Closed)
    }

    /// Nothing more comes. What is queued is written; the answer waits for that, until a deadline where there is one, and
    /// tells how it went.
    pub fn close(self) -> impl FnOnce(Option<Instant>) -> (Target, SinkEnd) {
        let Self { target, queue, end } = self;
        let state = Arc::clone(queue.state());
        drop(queue);
        move |deadline| {
            let end = match deadline {
                None => end.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(deadline) => end.recv_deadline(deadline),
            };
            (target, state.end(end))
        }
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
                Err(RecvTimeoutError::Timeout) if self.writer.is_closed() => return self.not_wanted(),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let written = self.writer.write(&batch.bytes);
            self.state.taken(batch.bytes.len());
            match written {
                Ok(()) => {
                    self.state.write(batch.events);
                    self.failing = false;
                }
                Err(error) if error.kind() == ErrorKind::BrokenPipe || self.writer.is_closed() => {
                    return self.not_wanted();
                }
                Err(error) => {
                    self.state.lose(batch.events);
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

    fn not_wanted(&self) -> SinkEnd {
        self.state.not_wanted.store(true, Ordering::Relaxed);
        SinkEnd::NotWanted { lost: 0 }
    }

    fn tell(&self, what: &str) {
        self.state.tell(format!("{}: {what}", self.writer.target()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Before;
    use super::*;
    use crate::report::Console;

    #[test]
    fn a_slow_reader_is_owed_many_small_batches_and_no_more_than_so_many_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        // Open for both, a pipe is open at once (fifo(7)). Nobody reads.
        let reader = std::fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        let aside = Console::new(true, false).aside();
        let writer = Writer::open(Target::File(pipe), vec![], Before::Kept, aside).unwrap();
        let sink = Sink::start(writer, MAX_QUEUED_LIVE).unwrap();
        let batch = |bytes: usize| Arc::new(Batch { bytes: vec![b'x'; bytes], events: 1 });
        let small = batch(4096);
        assert!((0..2000).all(|_| sink.send(&small, Patience::Lose)));
        assert_eq!(sink.state().lost.load(Ordering::Relaxed), 0, "of 8 MiB in small batches");
        let large = batch(1024 * 1024);
        assert!((0..64).all(|_| sink.send(&large, Patience::Lose)), "it is open, if full");
        let lost = sink.state().lost.load(Ordering::Relaxed);
        assert!((40..=41).contains(&lost), "{lost} of 64 MiB: there is room for 24");
        drop(reader);
        drop(sink);
    }
}
