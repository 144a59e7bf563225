//! The capture thread: frames from captures through the filter into an engine, and the engine's handshakes out.

use super::Progress;
use super::hold::{HOLD_FILE, HOLD_STREAM};
use super::seed;
use crate::capture::{CaptureError, Filter, FilterError, Input, Source, WarningKind};
use crate::engine::{Engine, Limits, Stats};
use crate::handshake::Handshake;
use crate::packet::DecodeError;
use crate::report::Totals;
use crate::time::Timestamp;
use crossbeam_channel::{Receiver, Sender};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Handshakes that are handed on together.
pub(super) const BATCH: usize = 32;
/// Batches that wait for the analysis. A handshake holds a few KB as a rule, and at most
/// [`crate::handshake::facts::MAX_MESSAGE_BYTES`] of messages.
pub(super) const MAX_QUEUED_BATCHES: usize = 8;
/// A file's handshakes are handed on, and its progress is told, at least every so many frames.
const FRAMES_PER_TURN: u64 = 4096;
/// Where handshakes are handed on at once, so is the time, in steps of this.
const TIME_STEP: Duration = Duration::from_millis(500);

/// What the analysis gets.
pub(super) enum Work {
    /// A capture begins.
    Capture {
        /// Its name in events.
        file: Option<String>,
        /// How long handshakes wait for their verdict, in capture time.
        hold: Duration,
    },
    /// The names of its interfaces, where they have one; sent again when there are more.
    Interfaces(Vec<Option<String>>),
    /// Handshakes, in order.
    Handshakes(Vec<Box<Handshake>>),
    /// The capture's time: all that was settled until then has been handed on.
    Time(Timestamp),
}

/// Nobody takes what is read: the run is over.
struct Over;

pub(super) struct Reader {
    limits: Limits,
    filter: Option<Filter>,
    hold: Option<Duration>,
    work: Sender<Work>,
    spent: Receiver<Vec<Box<Handshake>>>,
    messages: Sender<String>,
    progress: Arc<Progress>,
    totals: Totals,
    /// Bytes of the captures before this one.
    read_before: u64,
}

impl Reader {
    pub(super) fn new(
        limits: Limits,
        filter: Option<Filter>,
        hold: Option<Duration>,
        work: Sender<Work>,
        spent: Receiver<Vec<Box<Handshake>>>,
        messages: Sender<String>,
        progress: Arc<Progress>,
    ) -> Self {
        Self { limits, filter, hold, work, spent, messages, progress, totals: Totals::default(), read_before: 0 }
    }

    /// Reads everything; what cannot be read is told and left out.
    pub(super) fn run(mut self, inputs: Vec<Result<Input, CaptureError>>, merge: bool) -> Totals {
        // An error here means that nobody takes what is read: there is nobody to tell it to either.
        let _ = if merge { self.merged(inputs) } else { self.each(inputs) };
        self.totals
    }

    fn each(&mut self, inputs: Vec<Result<Input, CaptureError>>) -> Result<(), Over> {
        for input in inputs {
            match input.and_then(|input| Ok((Source::open(&input)?, input))) {
                Ok((source, input)) => {
                    let file = match &input {
                        Input::Stdin => "-".to_owned(),
                        Input::File(path) => path.display().to_string(),
                    };
                    self.capture(source, Some(file), &input.to_string())?;
                }
                Err(error) => self.unreadable(&error)?,
            }
        }
        Ok(())
    }

    fn merged(&mut self, inputs: Vec<Result<Input, CaptureError>>) -> Result<(), Over> {
        let (inputs, errors): (Vec<_>, Vec<_>) = inputs.into_iter().partition(Result::is_ok);
        errors.into_iter().filter_map(Result::err).try_for_each(|error| self.unreadable(&error))?;
        let inputs: Vec<Input> = inputs.into_iter().flatten().collect();
        let (source, errors) = Source::merge(&inputs);
        errors.iter().try_for_each(|error| self.unreadable(error))?;
        self.capture(source, None, "the merged captures")
    }

    fn unreadable(&mut self, error: &CaptureError) -> Result<(), Over> {
        self.totals.unreadable += 1;
        self.say(error)
    }

    fn say(&self, message: impl ToString) -> Result<(), Over> {
        self.messages.send(message.to_string()).map_err(|_| Over)
    }

    /// Reads one capture to its end.
    fn capture(&mut self, mut source: Source, file: Option<String>, name: &str) -> Result<(), Over> {
        // What is read may be a capture that is still being made: nobody wants to wait for its end then.
        let at_once = source.total().is_none();
        let hold = self.hold.unwrap_or(if at_once { HOLD_STREAM } else { HOLD_FILE });
        self.send(Work::Capture { file, hold })?;
        let mut capture = Capture::new(self.limits, at_once);
        loop {
            let frame = match source.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(error) => {
                    self.unreadable(&error)?;
                    continue;
                }
            };
            capture.frames += 1;
            let wanted = match &mut self.filter {
                Some(filter) => filter.matches(&frame),
                None => Ok(true),
            };
            match wanted {
                Ok(true) => capture.engine.frame(&frame),
                Ok(false) => {}
                Err(error) => {
                    self.not_filtered(name, &error)?;
                    break;
                }
            }
            if capture.take() {
                self.hand_on(&mut capture, &source)?;
            }
        }
        capture.engine.finish();
        loop {
            capture.take();
            if capture.batch.is_empty() {
                break;
            }
            self.hand_on(&mut capture, &source)?;
        }
        self.end(&capture, &source, name)
    }

    fn not_filtered(&mut self, name: &str, error: &FilterError) -> Result<(), Over> {
        self.totals.unreadable += 1;
        self.say(format!("{name}: {error}; the rest of it was not read"))
    }

    /// Gives the analysis what there is.
    fn hand_on(&mut self, capture: &mut Capture, source: &Source) -> Result<(), Over> {
        self.progress.read.store(self.read_before + source.position(), Ordering::Relaxed);
        // Else the engine has more, which were settled before.
        let drained = capture.batch.len() < BATCH;
        if capture.batch.is_empty() {
            return self.tell_time(capture);
        }
        self.progress.handshakes.fetch_add(capture.batch.len() as u64, Ordering::Relaxed);
        if capture.interfaces < source.interfaces().len() {
            capture.interfaces = source.interfaces().len();
            self.send(Work::Interfaces(source.interfaces().iter().map(|interface| interface.name.clone()).collect()))?;
        }
        let batch = std::mem::replace(&mut capture.batch, self.emptied());
        self.send(Work::Handshakes(batch))?;
        if drained { self.tell_time(capture) } else { Ok(()) }
    }

    /// A batch to fill. The memory of handshakes that the analysis is done with is freed here, where it is used again: freed
    /// over there, each thread waited for the other's lock on it, which took 5 % of all CPU time.
    fn emptied(&self) -> Vec<Box<Handshake>> {
        let mut batch = self.spent.try_iter().last().unwrap_or_else(|| Vec::with_capacity(BATCH));
        batch.clear();
        batch
    }

    /// Tells the analysis what time it is, where that has moved since.
    fn tell_time(&self, capture: &mut Capture) -> Result<(), Over> {
        let now = capture.engine.now();
        let moved = std::mem::replace(&mut capture.told, now) != now;
        if moved { self.send(Work::Time(now)) } else { Ok(()) }
    }

    fn send(&self, work: Work) -> Result<(), Over> {
        self.work.send(work).map_err(|_| Over)
    }

    /// Says what was wrong with a capture that was read.
    fn end(&mut self, capture: &Capture, source: &Source, name: &str) -> Result<(), Over> {
        let stats = capture.engine.stats();
        self.totals.add(&stats, capture.frames);
        self.read_before += source.position();
        for warning in source.warnings() {
            self.totals.unreadable += u64::from(is_loss(warning.kind));
            self.say(warning)?;
        }
        match unsupported(&stats) {
            0 => Ok(()),
            frames => {
                self.totals.unreadable += 1;
                self.say(not_supported(name, frames, capture.frames, source))
            }
        }
    }
}

/// Frames whose link type has no decoder.
fn unsupported(stats: &Stats) -> u64 {
    stats.undecoded.iter().filter(|(error, _)| *error == DecodeError::UnsupportedLink).map(|(_, count)| count).sum()
}

fn not_supported(name: &str, frames: u64, of: u64, source: &Source) -> String {
    let mut links: Vec<u16> = source.interfaces().iter().map(|interface| interface.link.0).collect();
    links.sort_unstable();
    links.dedup();
    match links.as_slice() {
        [link] => format!("{name}: link type {link} is not supported; nothing of it could be decoded"),
        _ => format!("{name}: {frames} of {of} frames are of a link type that is not supported; they were left out"),
    }
}

/// True where a part of the capture could not be read.
fn is_loss(warning: WarningKind) -> bool {
    match warning {
        WarningKind::CutOff { .. } | WarningKind::CompressionCutOff { .. } | WarningKind::DamagedBlocks { .. } => true,
        WarningKind::NoTimes { .. } | WarningKind::KeyLogTooLong => false,
    }
}

/// One capture while it is read.
struct Capture {
    engine: Engine,
    frames: u64,
    batch: Vec<Box<Handshake>>,
    /// Interfaces that the analysis knows.
    interfaces: usize,
    /// Each handshake is handed on at once.
    at_once: bool,
    /// The time that the analysis was told last.
    told: Timestamp,
}

impl Capture {
    fn new(limits: Limits, at_once: bool) -> Self {
        let engine = Engine::new(limits, seed());
        Self { engine, frames: 0, batch: Vec::with_capacity(BATCH), interfaces: 0, at_once, told: Timestamp::default() }
    }

    /// Takes handshakes from the engine; true where it is time to hand them on.
    fn take(&mut self) -> bool {
        while self.batch.len() < BATCH
            && let Some(handshake) = self.engine.poll()
        {
            self.batch.push(handshake);
        }
        self.batch.len() >= BATCH
            || self.frames.is_multiple_of(FRAMES_PER_TURN)
            || (self.at_once && (!self.batch.is_empty() || self.engine.now().since(self.told) >= TIME_STEP))
    }
}
