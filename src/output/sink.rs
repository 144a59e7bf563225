//! The sinks of this machine: standard output and files.

use crossbeam_channel::{Receiver, Sender, bounded};
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::thread::JoinHandle;

/// A sink that is slower than the analysis makes it wait once so many batches are queued.
pub const MAX_QUEUED_BATCHES: usize = 4;

/// Rendered events, whole lines.
#[derive(Debug)]
pub struct Batch {
    /// The lines.
    pub bytes: Vec<u8>,
    /// How many events they hold.
    pub events: u64,
}

/// A sink as it is named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `-`.
    StandardOutput,
    /// A file, created, or emptied where it exists.
    File(PathBuf),
}

impl FromStr for Target {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if text == "-" { Self::StandardOutput } else { Self::File(text.into()) })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardOutput => f.write_str("standard output"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// How a sink ended.
#[derive(Debug)]
pub enum SinkEnd {
    /// Everything was written.
    Done,
    /// Whoever read standard output has closed it (`| head`): nobody wants the rest.
    NotWanted,
    /// Writing failed; so many events were lost.
    Failed {
        /// What the system said.
        error: io::Error,
        /// The events that were not written.
        lost: u64,
    },
}

/// An open sink and the thread that writes to it.
#[derive(Debug)]
pub struct Sink {
    target: Target,
    queue: Option<Sender<Arc<Batch>>>,
    thread: JoinHandle<SinkEnd>,
    /// Events that came after the sink had failed.
    refused: u64,
}

impl Sink {
    /// Opens a sink and starts its thread.
    ///
    /// # Errors
    /// A file that cannot be created, or no thread to be had.
    pub fn open(target: Target) -> io::Result<Self> {
        let mut writer: Box<dyn Write + Send> = match &target {
            Target::StandardOutput => Box::new(io::stdout()),
            Target::File(path) => Box::new(File::create(path)?),
        };
        let (queue, batches) = bounded(MAX_QUEUED_BATCHES);
        let thread =
            std::thread::Builder::new().name("output".into()).spawn(move || write_all(&mut *writer, &batches))?;
        Ok(Self { target, queue: Some(queue), thread, refused: 0 })
    }

    /// Queues a batch; waits while the queue is full. False once the sink takes no more.
    pub fn send(&mut self, batch: &Arc<Batch>) -> bool {
        let sent = self.queue.as_ref().is_some_and(|queue| queue.send(Arc::clone(batch)).is_ok());
        if !sent {
            self.queue = None;
            self.refused += batch.events;
        }
        sent
    }

    /// Writes what is queued and tells how it went.
    pub fn finish(self) -> (Target, SinkEnd) {
        drop(self.queue);
        let end = match self.thread.join() {
            Ok(SinkEnd::Failed { error, lost }) => SinkEnd::Failed { error, lost: lost + self.refused },
            Ok(end) => end,
            Err(_) => SinkEnd::Failed { error: io::Error::other("its thread ended early"), lost: self.refused },
        };
        (self.target, end)
    }
}

/// Writes batches until there are no more. After a failure the rest is only counted.
fn write_all(writer: &mut dyn Write, batches: &Receiver<Arc<Batch>>) -> SinkEnd {
    for batch in batches {
        if let Err(error) = writer.write_all(&batch.bytes).and_then(|()| writer.flush()) {
            if error.kind() == ErrorKind::BrokenPipe {
                return SinkEnd::NotWanted;
            }
            let lost = batch.events + batches.try_iter().map(|batch| batch.events).sum::<u64>();
            return SinkEnd::Failed { error, lost };
        }
    }
    SinkEnd::Done
}
