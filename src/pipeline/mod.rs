//! Frames in, events out: the threads, what flows between them, and how they end.
//!
//! ```text
//! capture threads                     analysis thread                 output threads
//! reader (captures, filter)  ─┐
//!                             feed ─> knowledge, verdict, bytes    ─> one per sink
//! sensor (interfaces)        ─┘
//! ```
//!
//! A handshake that did not go well waits between knowledge and verdict, for a while of capture time: what comes after it
//! may explain it. All others go straight through.
//!
//! Every queue is short. A file can wait, so whoever is ahead waits and nothing is dropped: the same captures give the
//! same bytes. Traffic cannot: a live run loses handshakes or events where a queue is full, and counts them on the board.
//! Handshakes and lines cross a thread many at a time, but never wait for more to come: what is there is handed on as soon
//! as the other side is idle. The main thread says what the others have to say, and heeds the signals (`control`).

mod analysis;
mod board;
mod control;
mod counts;
mod evidence;
mod feed;
mod hold;
mod judging;
mod reader;
mod recorder;
mod sensor;
#[cfg(test)]
mod tests;

use crate::capture::live::{Sniffer, Sniffers};
use crate::capture::{CaptureError, Filter, Input};
use crate::diagnosis::counted;
use crate::engine::Limits;
use crate::event::{Rendering, Selection};
use crate::output::{self, Before, Sink, SinkEnd, Target, Writer};
use crate::privileges::{self, Account};
use crate::report::{Console, Summary, Totals};
use crate::x509::Roots;
use analysis::{Analysis, Wanted};
use board::Board;
use control::Control;
use counts::Counting;
use crossbeam_channel::bounded;
pub use evidence::{EvidenceCapture, Rotation};
use evidence::{EvidenceEnd, EvidenceSink, Files};
use feed::{Feed, Patience, Work};
use reader::Reader;
use recorder::Record;
use sensor::{Sensor, Shared};
use std::fs::Metadata;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Messages that wait to be said.
const MAX_MESSAGES: usize = 64;

/// The seed of a table: it changes nothing that is told, and makes the table's hashes hard to guess for those who would
/// fill it.
fn seed() -> u64 {
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
    /// How events are written.
    pub rendering: Rendering,
    /// Where they go: to none of them where only the report is wanted.
    pub targets: Vec<Target>,
    /// Where the frames of handshakes go that are worth keeping.
    pub evidence: Option<EvidenceCapture>,
    /// Write incidents too.
    pub incidents: bool,
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
/// A sink that cannot be opened, or no thread to be had: before anything is read.
pub fn run(job: Job, console: &Console) -> Result<Done, String> {
    let began = Instant::now();
    let (before, room) = match job.origin {
        Origin::Saved(_) => (Before::Emptied, output::MAX_QUEUED_BATCHES),
        Origin::Live(_) => (Before::Kept, output::MAX_QUEUED_LIVE),
    };
    let open = |target: Target| open(target, &job.rendering, before, console);
    let writers = job.targets.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let files = job.evidence.as_ref().map(open_evidence).transpose()?;
    // What is still being captured is wanted soon, and live nobody waits.
    let (soon, waits) = match &job.origin {
        Origin::Saved(saved) => (total_bytes(&saved.inputs).is_none(), true),
        Origin::Live(_) => (true, false),
    };
    if let Origin::Live(live) = &job.origin {
        confine(live.account.clone(), &writers, files.as_ref())?;
    }
    let start = |writer| Sink::start(writer, room).map_err(|error| format!("no thread for a sink: {error}"));
    let sinks = writers.into_iter().map(start).collect::<Result<Vec<_>, _>>()?;
    let start = |files| EvidenceSink::start(files, soon, waits).map_err(|error| format!("no thread for -w: {error}"));
    let outputs = Outputs { sinks, evidence: files.map(start).transpose()? };
    let wanted = Wanted {
        selection: job.selection,
        rendering: job.rendering,
        incidents: job.incidents,
        rows: job.rows,
        roots: job.roots,
        drain: None,
    };
    let (mut done, outputs, deadline) = match job.origin {
        Origin::Saved(saved) => read(saved, job.limits, job.hold, wanted, outputs, console)?,
        Origin::Live(live) => sniff(live, job.limits, job.hold, wanted, outputs, console)?,
    };
    console.clear();
    for sink in outputs.sinks {
        done.close(sink, deadline, console);
    }
    if let Some(evidence) = outputs.evidence {
        done.close_evidence(evidence, deadline, console);
    }
    done.totals.elapsed = began.elapsed();
    Ok(done)
}

/// Where what is found goes.
struct Outputs {
    sinks: Vec<Sink>,
    evidence: Option<EvidenceSink>,
}

impl Outputs {
    /// What has to be recorded for them.
    fn record(&self) -> Record {
        self.evidence.as_ref().map_or(Record::Nothing, EvidenceSink::record)
    }
}

/// What a run has brought forth, its outputs, and until when they may go on writing.
type Ended = (Done, Outputs, Option<Instant>);

fn read(
    saved: Saved,
    limits: Limits,
    hold: Option<Duration>,
    wanted: Wanted,
    outputs: Outputs,
    console: &Console,
) -> Result<Ended, String> {
    console.begin(total_bytes(&saved.inputs));
    let board = Arc::new(Board::new(0));
    let (messages, said) = bounded(MAX_MESSAGES);
    let (work, queue) = bounded(feed::MAX_QUEUED_BATCHES);
    let reader = Reader::new(limits, saved.filter, hold, outputs.record(), work, messages, Arc::clone(&board));
    let counting = Counting::new(Arc::clone(&board), &outputs.sinks);
    let analysis = Analysis::new(wanted, outputs, Arc::clone(&board), counting);
    thread::scope(|scope| {
        let capture = spawn(scope, "capture", move || reader.run(saved.inputs, saved.merge))?;
        let analysis = spawn(scope, "analysis", move || analysis.run(queue))?;
        control::watch(&said, &board, console);
        let (totals, (summary, outputs)) = (joined(capture), joined(analysis));
        Ok((Done { summary, totals, lost: false, not_wanted: false }, outputs, None))
    })
}

fn sniff(
    live: Live,
    limits: Limits,
    hold: Option<Duration>,
    wanted: Wanted,
    outputs: Outputs,
    console: &Console,
) -> Result<Ended, String> {
    let board = Arc::new(Board::new(live.sniffers.len()));
    let (messages, said) = bounded(MAX_MESSAGES);
    let (work, queue) = bounded(feed::MAX_QUEUED_LIVE);
    let stop = Arc::new(AtomicBool::new(false));
    let shared = Arc::new(Shared {
        stop: Arc::clone(&stop),
        wanted: AtomicU64::new(live.count.unwrap_or(u64::MAX)),
        drain: live.drain,
    });
    let counting = Counting::new(Arc::clone(&board), &outputs.sinks);
    let record = outputs.record();
    let control =
        Control::new(stop, live.duration, live.stats_interval, counting.clone(), &outputs.sinks, work.clone())?;
    let analysis = Analysis::new(Wanted { drain: Some(live.drain), ..wanted }, outputs, Arc::clone(&board), counting);
    let limits = limits.shared_by(live.sniffers.len());
    // There is room: nothing else was sent.
    let _ = work.send(Work::Capture { file: None, hold: hold.unwrap_or(hold::HOLD_STREAM) });
    thread::scope(|scope| {
        let mut captures = Vec::new();
        for (place, sniffers) in live.sniffers.into_iter().enumerate() {
            let feed = Feed::new(limits, record, Patience::Lose, work.clone(), Arc::clone(&board));
            let (messages, board, shared) = (messages.clone(), Arc::clone(&board), Arc::clone(&shared));
            let sensor = Sensor::new(place, Sniffers::new(sniffers), feed, messages, board, shared);
            captures.push(spawn(scope, "capture", move || sensor.run())?);
        }
        drop((work, messages));
        let analysis = spawn(scope, "analysis", move || analysis.run(queue))?;
        control.watch(&said, console);
        let mut totals: Totals = captures.into_iter().map(joined).sum();
        let deadline = Instant::now() + live.drain;
        let (summary, outputs) = joined(analysis);
        totals.handshakes_lost = board.lost.load(Ordering::Relaxed);
        Ok((Done { summary, totals, lost: false, not_wanted: false }, outputs, Some(deadline)))
    })
}

impl Done {
    fn close(&mut self, sink: Sink, deadline: Option<Instant>, console: &Console) {
        match sink.finish(deadline) {
            (_, SinkEnd::Done) => {}
            (_, SinkEnd::NotWanted) => self.not_wanted = true,
            (target, SinkEnd::Lost { events, error }) => {
                self.lost = true;
                console.say(&match error {
                    Some(error) => format!("{target}: cannot be written: {error}; {events} events were lost"),
                    None => format!("{target}: its reader is too slow; {events} events were lost"),
                });
            }
        }
    }

    fn close_evidence(&mut self, evidence: EvidenceSink, deadline: Option<Instant>, console: &Console) {
        let EvidenceEnd { file, written, lost, error } = evidence.finish(deadline);
        let (file, lost_handshakes) = (file.display(), counted(lost, "handshake"));
        self.totals.written = Some(written);
        match error {
            Some(error) => console
                .say(&format!("-w {file}: cannot be written: {error}; the packets of {lost_handshakes} were lost")),
            None if lost > 0 => {
                console.say(&format!("-w {file}: the disk is too slow; the packets of {lost_handshakes} were lost"));
            }
            None => {}
        }
        if self.totals.unrecorded > 0 {
            let handshakes = counted(self.totals.unrecorded, "handshake");
            console.say(&format!(
                "-w {file}: the packets of {handshakes} were lost: too many connections were open to keep those of all"
            ));
        }
        self.lost |= lost > 0 || self.totals.unrecorded > 0;
    }
}

fn open_evidence(evidence: &EvidenceCapture) -> Result<Files, String> {
    Files::open(evidence.clone()).map_err(|error| format!("-w {}: cannot be written: {error}", evidence.file.display()))
}

fn open(target: Target, rendering: &Rendering, before: Before, console: &Console) -> Result<Writer, String> {
    let name = target.to_string();
    let opened = Writer::open(target, rendering.header(), before, console.aside());
    opened.map_err(|error| format!("{name}: cannot be written: {error}"))
}

/// Gives up the rights that are not needed any more: there are no threads yet, and all is open that needs more.
fn confine(account: Option<Account>, writers: &[Writer], evidence: Option<&Files>) -> Result<(), String> {
    if let Some(account) = &account {
        let mut files = writers.iter().filter_map(Writer::file);
        files.try_for_each(|file| account.own(file)).map_err(|error| error.to_string())?;
    }
    let writable = writers.iter().filter_map(Writer::path).chain(evidence.map(Files::file));
    let writable = writable.map(Path::to_owned).collect();
    let plan = privileges::Plan { account, writable, readable: Vec::new() };
    privileges::confine(&plan).map(|_| ()).map_err(|error| error.to_string())
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
