//! Frames in, events out: the threads, what flows between them, and how they end.
//!
//! ```text
//! capture threads                     analysis thread                 output threads
//! reader (captures, filter)  ─┐
//!                             feed ─> knowledge, verdict, bytes    ─> one per sink,
//! sensor (interfaces)        ─┘                                       one for evidence (-w)
//! ```
//!
//! A handshake that did not go well waits between knowledge and verdict, for a while of capture time: what comes after it
//! may explain it. All others go straight through.
//!
//! Handshakes that were told go back to the capture thread, which frees them; lines go back to the analysis once they are
//! written.
//!
//! Every queue is bounded. A file can wait, so whoever is ahead waits and nothing is dropped: the same captures give the
//! same bytes. Traffic cannot: a live run loses handshakes or events where a queue is full, and counts them on the board.
//! Handshakes and lines cross a thread many at a time, but never wait for more to come: what is there is handed on as soon
//! as the other side is idle. The main thread says what the others have to say, and heeds the signals (`control`). Who asks
//! over HTTP how it goes is answered by a thread of its own (`metrics`).

mod analysis;
mod board;
mod channel;
mod control;
mod counts;
mod evidence;
mod feed;
mod hold;
mod judging;
mod metrics;
mod outputs;
mod reader;
mod recorder;
mod reload;
mod sensor;
#[cfg(test)]
mod tests;

use crate::capture::live::{Sniffer, Sniffers};
use crate::capture::{CaptureError, Filter, Input};
use crate::engine::Limits;
use crate::enrichment::Enrichment;
use crate::event::Selection;
use crate::output::{self, Patience, Spooling};
use crate::privileges::Account;
use crate::report::{Console, Summary, Totals};
use crate::x509::Roots;
use analysis::{Analysis, Wanted};
use board::Board;
use control::{Control, Signals};
use counts::Counting;
use crossbeam_channel::bounded;
pub use evidence::EvidenceCapture;
use evidence::Pace;
use feed::{Feed, Link, Work};
use metrics::Metrics;
pub use outputs::SinkPlan;
use outputs::{Opened, Outputs};
use reader::Reader;
pub use reload::{Reload, Reloaded};
use sensor::{Sensor, Shared};
use std::fs::Metadata;
use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Messages that wait to be said.
const MAX_MESSAGES: usize = 64;

/// A number that nobody can guess. As the seed of a table it changes nothing that is told, and makes the table's hashes
/// hard to guess for those who would fill it.
pub(crate) fn seed() -> u64 {
    RandomState::new().hash_one(())
}

/// One run: where frames come from, what is wanted of it, and where it goes.
pub struct Job {
    /// Where frames come from.
    pub origin: Origin,
    /// The bounds of the engines, together.
    pub limits: Limits,
    /// How long handshakes wait for their verdict, in capture time, where that was said.
    pub hold: Option<Duration>,
    /// Which handshakes are wanted.
    pub selection: Selection,
    /// What is known of addresses, where something is.
    pub enrichment: Option<Arc<Enrichment>>,
    /// What the user calls this sensor.
    pub sensor: Option<String>,
    /// How to read the settings once more, where that can be done.
    pub reload: Option<Reload>,
    /// Folders in which that reads.
    pub readable: Vec<PathBuf>,
    /// Where they go, and how they are written: nowhere where only the report is wanted.
    pub sinks: Vec<SinkPlan>,
    /// Where events wait for receivers that are away, if they may.
    pub spooling: Option<Spooling>,
    /// Where the frames of handshakes go that are worth keeping.
    pub evidence: Option<EvidenceCapture>,
    /// Where metrics are served, if they are.
    pub metrics: Option<SocketAddr>,
    /// Keep rows for the report.
    pub rows: bool,
    /// The roots that certificate chains are judged by.
    pub roots: Roots,
}

/// Where frames come from.
pub enum Origin {
    /// Captures.
    Saved(Saved),
    /// Network interfaces.
    Live(Live),
}

/// Captures to read.
pub struct Saved {
    /// In order; one that could not be found is told in its place.
    pub inputs: Vec<Result<Input, CaptureError>>,
    /// All captures are one, in time order.
    pub merge: bool,
    /// Which frames are looked at.
    pub filter: Option<Filter>,
}

/// Interfaces to sniff.
pub struct Live {
    /// Open interfaces, by the thread that reads them.
    pub sniffers: Vec<Vec<Sniffer>>,
    /// Whom root becomes once all is open.
    pub account: Option<Account>,
    /// End after so many frames.
    pub count: Option<u64>,
    /// End after so long.
    pub duration: Option<Duration>,
    /// At the end, wait no longer than this for the analysis and for the sinks.
    pub drain: Duration,
    /// How often a record of what was counted is written.
    pub stats_interval: Duration,
}

/// What came of a run.
#[derive(Debug)]
pub struct Done {
    /// The wanted handshakes, counted.
    pub summary: Summary,
    /// What was read.
    pub totals: Totals,
    /// A sink failed and lost events, or evidence was lost.
    pub lost: bool,
    /// Whoever read standard output closed it before the end.
    pub not_wanted: bool,
}

/// Runs a job to its end.
///
/// # Errors
/// A sink that cannot be opened, an address that cannot be served on, or no thread to be had: before anything is read.
pub fn run(job: Job, console: &Console) -> Result<Done, String> {
    let began = Instant::now();
    let live = matches!(job.origin, Origin::Live(_));
    let metrics = job.metrics.map(Metrics::open).transpose()?.map(Arc::new);
    let mut opened = Opened::open(job.sinks, job.spooling, job.evidence.as_ref(), live, console)?;
    let mut stop = Arc::new(AtomicBool::new(false));
    if !live && opened.sends() {
        opened.contact(console)?;
        stop = Signals::heed_the_end()?;
    }
    let Job { selection, enrichment, sensor, rows, roots, reload, readable, .. } = job;
    // Metrics are held until the end: sinks may take long to be done.
    let wanted = Wanted { selection, enrichment, sensor, rows, roots, live, metrics: metrics.clone() };
    let (mut done, outputs, deadline) = match job.origin {
        Origin::Saved(saved) => read(saved, job.limits, job.hold, wanted, opened, Arc::clone(&stop), console)?,
        Origin::Live(live) => {
            let anew = Anew { reload, readable };
            sniff(live, job.limits, job.hold, wanted, opened, anew, console)?
        }
    };
    console.clear();
    outputs.close(&mut done, deadline, &stop, console);
    done.totals.elapsed = began.elapsed();
    Ok(done)
}

/// What a run has brought forth, its outputs, and until when they may go on writing.
type Ended = (Done, Outputs, Option<Instant>);

fn read(
    saved: Saved,
    limits: Limits,
    hold: Option<Duration>,
    wanted: Wanted,
    opened: Opened,
    stop: Arc<AtomicBool>,
    console: &Console,
) -> Result<Ended, String> {
    let total = total_bytes(&saved.inputs);
    // What is still being captured is wanted soon.
    let pace = if total.is_none() { Pace::Soon } else { Pace::Whole };
    let outputs = opened.start(output::MAX_QUEUED_BATCHES, pace)?;
    console.begin(total);
    let board = Arc::new(Board::new(1, stop));
    let (messages, said) = bounded(MAX_MESSAGES);
    let (work, queue) = bounded(feed::MAX_QUEUED_BATCHES);
    let (spent, emptied) = bounded(feed::MAX_QUEUED_BATCHES);
    // The analysis may wait for a receiver when all has been read: it is watched until then.
    let watched = messages.clone();
    let reader = Reader::new(
        limits,
        saved.filter,
        hold,
        outputs.record(),
        Link { work, spent: emptied },
        messages,
        Arc::clone(&board),
    );
    let counting = Counting::new(Arc::clone(&board), outputs.states());
    wanted.metrics.as_ref().map_or(Ok(()), |metrics| metrics.serve(counting.clone(), console))?;
    let counted = counting.clone();
    let analysis = Analysis::new(wanted, outputs, Arc::clone(&board), counting, spent);
    thread::scope(|scope| {
        let capture = spawn(scope, "capture", move || reader.run(saved.inputs, saved.merge))?;
        let analysis = spawn(scope, "analysis", move || {
            let ended = analysis.run(queue);
            drop(watched);
            ended
        })?;
        control::watch(&said, &board, &counted, console);
        let (totals, (summary, outputs)) = (joined(capture), joined(analysis));
        Ok((Done { summary, totals, lost: false, not_wanted: false }, outputs, None))
    })
}

fn sniff(
    live: Live,
    limits: Limits,
    hold: Option<Duration>,
    wanted: Wanted,
    opened: Opened,
    anew: Anew,
    console: &Console,
) -> Result<Ended, String> {
    let signals = Signals::heed()?;
    opened.confine(live.account.clone(), anew.readable, console)?;
    let outputs = opened.start(output::MAX_QUEUED_LIVE, Pace::Live)?;
    let board = Arc::new(Board::new(live.sniffers.len(), Arc::clone(&signals.stop)));
    let (messages, said) = bounded(MAX_MESSAGES);
    let (work, queue) = bounded(feed::MAX_QUEUED_LIVE);
    let (spent, emptied) = bounded(feed::MAX_QUEUED_BATCHES);
    let shared = Arc::new(Shared { wanted: AtomicU64::new(live.count.unwrap_or(u64::MAX)), drain: live.drain });
    let counting = Counting::new(Arc::clone(&board), outputs.states());
    wanted.metrics.as_ref().map_or(Ok(()), |metrics| metrics.serve(counting.clone(), console))?;
    let record = outputs.record();
    let (counted, work_asked) = (counting.clone(), work.clone());
    let control = Control::new(signals, live.duration, live.stats_interval, counted, work_asked, anew.reload);
    let analysis = Analysis::new(wanted, outputs, Arc::clone(&board), counting, spent);
    let limits = limits.shared_by(live.sniffers.len());
    // There is room: nothing else was sent.
    let _ = work.send(Work::Capture { file: None, hold: hold.unwrap_or(hold::HOLD_STREAM) });
    thread::scope(|scope| {
        let mut captures = Vec::new();
        for (place, sniffers) in live.sniffers.into_iter().enumerate() {
            let link = Link { work: work.clone(), spent: emptied.clone() };
            let feed = Feed::new(limits, record, Patience::Lose, link, Arc::clone(&board));
            let (messages, board, shared) = (messages.clone(), Arc::clone(&board), Arc::clone(&shared));
            let sensor = Sensor::new(place, Sniffers::new(sniffers), feed, messages, board, shared);
            captures.push(spawn(scope, "capture", move || sensor.run())?);
        }
        drop((work, messages));
        let analysis = spawn(scope, "analysis", move || analysis.run(queue))?;
        control.watch(&said, console);
        let mut totals: Totals = captures.into_iter().map(joined).sum();
        let (summary, outputs) = joined(analysis);
        totals.handshakes_lost = board.lost.load(Ordering::Relaxed);
        Ok((Done { summary, totals, lost: false, not_wanted: false }, outputs, board.end.get().copied()))
    })
}

/// How a live run reads its settings anew, and where.
struct Anew {
    reload: Option<Reload>,
    readable: Vec<PathBuf>,
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
