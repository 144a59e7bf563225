//! Captures in, events out: the threads, what flows between them, and how they end.
//!
//! ```text
//! capture thread            analysis thread                 output threads
//! reader, filter, engine ─> knowledge, verdict, bytes    ─> one per sink
//! ```
//!
//! A handshake that did not go well waits between knowledge and verdict, for a while of capture time: what comes after it
//! may explain it. All others go straight through.
//!
//! Handshakes that were told go back to the capture thread, which frees them; lines go back to the analysis once they are
//! written.
//!
//! Every queue is short. A file can wait, so whoever is ahead waits and nothing is dropped: the same captures give the
//! same bytes. Handshakes and lines cross a thread many at a time, but never wait for more to come: what is there is
//! handed on as soon as the other side is idle, so that a capture that is being written can be followed.

mod analysis;
mod hold;
mod judging;
mod reader;
#[cfg(test)]
mod tests;

use crate::capture::{CaptureError, Filter, Input};
use crate::engine::Limits;
use crate::event::{Rendering, Selection};
use crate::output::{Sink, SinkEnd, Target};
use crate::report::{Console, Summary, Totals};
use crate::x509::Roots;
use analysis::Analysis;
use crossbeam_channel::{RecvTimeoutError, bounded};
use reader::Reader;
use std::fs::Metadata;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often progress is shown.
const PROGRESS: Duration = Duration::from_millis(100);
/// Messages that wait to be said.
const MAX_MESSAGES: usize = 64;

/// The seed of a table: it changes nothing that is told, and makes the table's hashes hard to guess for those who would
/// fill it.
fn seed() -> u64 {
    RandomState::new().hash_one(())
}

/// One run: what to read, what is wanted of it, and where it goes.
pub struct Job {
    /// The captures, in order; one that could not be found is told in its place.
    pub inputs: Vec<Result<Input, CaptureError>>,
    /// All captures are one, in time order.
    pub merge: bool,
    /// Which frames are looked at.
    pub filter: Option<Filter>,
    /// The bounds of the engines.
    pub limits: Limits,
    /// How long handshakes wait for their verdict, in capture time, where that was said.
    pub hold: Option<Duration>,
    /// Which handshakes are wanted.
    pub selection: Selection,
    /// How events are written.
    pub rendering: Rendering,
    /// Where they go: to none of them where only the report is wanted.
    pub targets: Vec<Target>,
    /// Write incidents too.
    pub incidents: bool,
    /// Keep rows for the report.
    pub rows: bool,
    /// The roots that certificate chains are judged by.
    pub roots: Roots,
}

/// What came of a run.
#[derive(Debug)]
pub struct Done {
    /// The wanted handshakes, counted.
    pub summary: Summary,
    /// What was read.
    pub totals: Totals,
    /// A sink failed and lost events.
    pub lost: bool,
    /// Whoever read standard output closed it before the end.
    pub not_wanted: bool,
}

/// How far the run is, for the bar.
#[derive(Debug, Default)]
struct Progress {
    read: AtomicU64,
    handshakes: AtomicU64,
}

/// Runs a job to its end.
///
/// # Errors
/// A sink that cannot be opened, or no thread to be had: before anything is read.
pub fn run(job: Job, console: &Console) -> Result<Done, String> {
    let began = Instant::now();
    let sinks = job.targets.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
    console.begin(total_bytes(&job.inputs));
    let progress = Arc::new(Progress::default());
    let (messages, said) = bounded(MAX_MESSAGES);
    let (work, queue) = bounded(reader::MAX_QUEUED_BATCHES);
    let (spent, emptied) = bounded(reader::MAX_QUEUED_BATCHES);
    let reader = Reader::new(job.limits, job.filter, job.hold, work, emptied, messages, Arc::clone(&progress));
    let analysis = Analysis::new(job.selection, job.rendering, job.incidents, job.rows, job.roots, sinks, spent);

    let (totals, (summary, sinks)) = thread::scope(|scope| {
        let capture = spawn(scope, "capture", move || reader.run(job.inputs, job.merge))?;
        let analysis = spawn(scope, "analysis", move || analysis.run(queue))?;
        loop {
            match said.recv_timeout(PROGRESS) {
                Ok(message) => console.say(&message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let (read, handshakes) = (&progress.read, &progress.handshakes);
            console.progress(read.load(Ordering::Relaxed), handshakes.load(Ordering::Relaxed));
        }
        Ok::<_, String>((joined(capture), joined(analysis)))
    })?;
    console.clear();

    let mut done = Done { summary, totals, lost: false, not_wanted: false };
    for sink in sinks {
        done.close(sink, console);
    }
    done.totals.elapsed = began.elapsed();
    Ok(done)
}

impl Done {
    fn close(&mut self, sink: Sink, console: &Console) {
        match sink.finish() {
            (_, SinkEnd::Done) => {}
            (_, SinkEnd::NotWanted) => self.not_wanted = true,
            (target, SinkEnd::Failed { error, lost }) => {
                self.lost = true;
                console.say(&format!("{target}: cannot be written: {error}; {lost} events were lost"));
            }
        }
    }
}

fn open(target: Target) -> Result<Sink, String> {
    let name = target.to_string();
    Sink::open(target).map_err(|error| format!("{name}: cannot be written: {error}"))
}

/// The bytes of all captures; `None` where one of them does not tell.
fn total_bytes(inputs: &[Result<Input, CaptureError>]) -> Option<u64> {
    let size = |input: &Input| match input {
        Input::Stdin => None,
        Input::File(path) => path.metadata().ok().filter(Metadata::is_file).map(|file| file.len()),
    };
    inputs.iter().flatten().map(size).sum()
}

fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<thread::ScopedJoinHandle<'scope, T>, String> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, work);
    thread.map_err(|error| format!("no thread for {name}: {error}"))
}

/// A thread's result; its panic goes on in this one.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
