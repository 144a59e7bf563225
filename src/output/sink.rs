//! A sink at work: its thread, its queue, and what it tells. Sinks of this machine write each batch as it comes; those that
//! send events to a receiver elsewhere keep them until it has answered (`delivery`).

use super::batch::Batch;
use super::delivery::{Courier, Keeping};
use super::patience::{Patience, Queue, Unsent};
use super::state::{SinkEnd, SinkState};
use super::transport::Transport;
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A sink that is slower than the analysis makes it wait, or loses events, once so many batches are queued.
pub const MAX_QUEUED_BATCHES: usize = 4;
/// Live, batches may be small, and a disk or a reader slow for a while: so many wait, as long as they have not too many
/// bytes.
pub const MAX_QUEUED_LIVE: usize = 4096;
const CANNOT_BE_WRITTEN: &str = "cannot be written";
/// How soon a file is opened anew after that was asked for.
const LOOK: Duration = Duration::from_millis(200);

/// What has become of events that a sink of this machine was given: some may wait until more can be written together.
#[derive(Debug, Default)]
#[must_use]
pub struct Fate {
    /// So many are with the system.
    pub written: u64,
    /// So many never will be.
    pub lost: u64,
    /// What the system said, where something went wrong.
    pub error: Option<io::Error>,
}

impl Fate {
    /// All of them are written, or lost.
    pub fn of(events: u64, written: io::Result<()>) -> Self {
        match written {
            Ok(()) => Self { written: events, ..Self::default() },
            Err(error) => Self { lost: events, error: Some(error), written: 0 },
        }
    }

    /// With what has become of others. The first error is the one to tell.
    pub fn and(self, other: Self) -> Self {
        Self { written: self.written + other.written, lost: self.lost + other.lost, error: self.error.or(other.error) }
    }
}

/// What a sink of this machine writes to.
pub trait Writing: Send {
    /// Takes a batch, and writes it now or soon. What is lost is lost, and the next batch is tried again.
    fn write(&mut self, batch: &Batch) -> Fate;

    /// Begins anew under the same name, where another program has moved the old file away. Where that cannot be, the old
    /// one is written on.
    fn reopen(&mut self) -> Fate {
        Fate::default()
    }

    /// True where whoever read it has closed it, and nobody wants the rest.
    fn is_closed(&self) -> bool {
        false
    }

    /// Nothing came for a while; time goes on all the same.
    fn idle(&mut self) -> Fate {
        Fate::default()
    }

    /// Nothing more comes: what was taken is written.
    fn finish(&mut self) -> Fate {
        Fate::default()
    }

    /// Its open file, where it has one.
    fn file(&self) -> Option<&File> {
        None
    }

    /// The file or folder that it writes, where it has one.
    fn path(&self) -> Option<&Path> {
        None
    }

    /// The folder in which it will make files.
    fn creates_in(&self) -> Option<&Path> {
        None
    }

    /// The folder that it has made itself.
    fn made(&self) -> Option<&Path> {
        None
    }

    /// What there is to say of what it found when it was opened.
    fn remark(&self) -> Option<String> {
        None
    }
}

/// How a sink does its work.
pub enum Work {
    /// It writes on this machine.
    Write(Box<dyn Writing>),
    /// It sends to a receiver elsewhere.
    Send(Box<dyn Transport>, Keeping),
}

/// An open sink and the thread that works for it.
#[derive(Debug)]
pub struct Sink {
    name: String,
    queue: Queue<Arc<Batch>>,
    end: Receiver<SinkEnd>,
}

impl Sink {
    /// Starts the threads of a sink, with room for so many batches on the way to it.
    ///
    /// # Errors
    /// No thread to be had.
    pub fn start(name: String, work: Work, room: usize) -> io::Result<Self> {
        let (queue, batches) = bounded(room);
        let (tell, end) = bounded(1);
        let state = Arc::new(SinkState::default());
        let thread = std::thread::Builder::new().name("output".into());
        match work {
            Work::Write(writing) => {
                let worker = Worker { name: name.clone(), writing, state: Arc::clone(&state), failing: false };
                thread.spawn(move || tell.send(worker.run(&batches)))?;
            }
            Work::Send(transport, keeping) => {
                state.sends.store(true, Ordering::Relaxed);
                let courier = Courier::start(keeping, transport, Arc::clone(&state))?;
                thread.spawn(move || tell.send(courier.run(&batches)))?;
            }
        }
        Ok(Self { name, queue: Queue::new(queue, state), end })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
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

    /// Nothing more comes: what is queued is written.
    pub fn close(self) -> Closing {
        let Self { name, queue, end } = self;
        Closing { name, state: Arc::clone(queue.state()), end }
    }
}

/// A sink that gets no more, and writes what it has.
#[derive(Debug)]
pub struct Closing {
    name: String,
    state: Arc<SinkState>,
    end: Receiver<SinkEnd>,
}

/// A sink that was told to give up puts its events on disk within this time.
const PUT_BY: Duration = Duration::from_secs(10);

impl Closing {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it tells.
    pub const fn state(&self) -> &Arc<SinkState> {
        &self.state
    }

    /// How it ended, if it has by then.
    pub fn wait(&self, deadline: Instant) -> Option<SinkEnd> {
        match self.end.recv_deadline(deadline) {
            Err(RecvTimeoutError::Timeout) => None,
            said => Some(self.state.end(said)),
        }
    }

    /// It is to give up: how that ends.
    pub fn give_up(&self) -> SinkEnd {
        self.state.give_up.store(true, Ordering::Relaxed);
        // One that writes on this machine does not look: it hangs in a call of the system's.
        let patience = if self.state.sends.load(Ordering::Relaxed) { PUT_BY } else { Duration::ZERO };
        self.state.end(self.end.recv_timeout(patience))
    }
}

/// What the thread of a sink of this machine has.
struct Worker {
    name: String,
    writing: Box<dyn Writing>,
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
            if self.state.reopen.swap(false, Ordering::Relaxed) {
                let fate = self.writing.reopen();
                let loses = fate.lost > 0;
                let error = self.settle(fate, "cannot be opened anew, the old file is written on");
                failure = error.filter(|_| loses).or(failure);
            }
            let fate = match batches.recv_timeout(LOOK) {
                Ok(batch) => {
                    let fate = self.writing.write(&batch);
                    self.state.taken(batch.bytes.len());
                    fate
                }
                Err(RecvTimeoutError::Timeout) if self.writing.is_closed() => return self.not_wanted(),
                Err(RecvTimeoutError::Timeout) => self.writing.idle(),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            match self.settle(fate, CANNOT_BE_WRITTEN) {
                Some(error) if self.is_not_wanted(&error) => return self.not_wanted(),
                Some(error) => failure = Some(error),
                None => {}
            }
        }
        let fate = self.writing.finish();
        match self.settle(fate, CANNOT_BE_WRITTEN).or(failure) {
            Some(error) if self.is_not_wanted(&error) => self.not_wanted(),
            None => SinkEnd::Done,
            error => SinkEnd::Lost { events: 0, error },
        }
    }

    /// Counts what has become of events. The first of several errors is told.
    fn settle(&mut self, fate: Fate, what: &str) -> Option<io::Error> {
        let Fate { written, lost, error } = fate;
        self.state.write(written);
        match &error {
            Some(error) if self.is_not_wanted(error) => return Some(ErrorKind::BrokenPipe.into()),
            Some(error) if !self.failing => self.tell(&format!("{what}: {error}")),
            _ => {}
        }
        self.state.lose(lost);
        self.failing = error.is_some() || (self.failing && written == 0);
        if self.failing {
            self.state.goes_down();
        } else {
            self.state.comes_up();
        }
        error
    }

    fn is_not_wanted(&self, error: &io::Error) -> bool {
        error.kind() == ErrorKind::BrokenPipe || self.writing.is_closed()
    }

    fn not_wanted(&self) -> SinkEnd {
        self.state.not_wanted.store(true, Ordering::Relaxed);
        SinkEnd::NotWanted { lost: 0 }
    }

    fn tell(&self, what: &str) {
        self.state.tell(format!("{}: {what}", self.name));
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::{Before, FileOptions, LineFile};
    use super::super::rotation::Rotation;
    use super::*;
    use crate::event::{Detail, Format, Rendering};

    #[test]
    fn a_slow_reader_is_owed_many_small_batches_and_no_more_than_so_many_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        // Open for both, a pipe is open at once (fifo(7)). Nobody reads.
        let reader = std::fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        let options = FileOptions { path: pipe, rotation: Rotation::default(), packing: None };
        let rendering = Rendering::new(Format::Native, Detail::Normal, None).unwrap();
        let writer = LineFile::open(options, rendering, Before::Kept).unwrap();
        let sink = Sink::start("pipe".into(), Work::Write(Box::new(writer)), MAX_QUEUED_LIVE).unwrap();
        let batch = |bytes: usize| Arc::new(Batch { bytes: vec![b'x'; bytes], events: 1, marks: vec![] });
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

    #[test]
    fn what_was_queued_while_a_sink_gave_up_is_lost_and_counted() {
        let state = SinkState::default();
        state.queued.store(5, Ordering::Relaxed);
        let end = state.end(Ok(SinkEnd::Kept { events: 3, lost: 0, spool: "spool".into() }));
        assert!(matches!(end, SinkEnd::Kept { events: 3, lost: 2, .. }), "{end:?}");
        let end = state.end(Ok(SinkEnd::Done));
        assert!(matches!(end, SinkEnd::Lost { events: 5, error: None }), "{end:?}");
        assert_eq!(state.queued.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn it_is_known_for_how_long_it_takes_no_events() {
        let state = SinkState::default();
        assert_eq!(state.down_for(), None);
        state.goes_down();
        std::thread::sleep(Duration::from_millis(20));
        state.goes_down();
        assert!(state.down_for().is_some_and(|span| span >= Duration::from_millis(20)), "since the first time");
        state.comes_up();
        assert_eq!(state.down_for(), None);
    }
}
