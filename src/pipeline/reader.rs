//! The capture thread: frames from captures through the filter into an engine, and the engine's handshakes out.

use super::board::{Board, Seen};
use super::feed::{Feed, Link, Over, Work};
use super::hold::{HOLD_FILE, HOLD_STREAM};
use super::recorder::Record;
use crate::capture::{CaptureError, Filter, FilterError, Input, Source, WarningKind};
use crate::engine::{Limits, Stats};
use crate::output::Patience;
use crate::packet::DecodeError;
use crate::report::Totals;
use crossbeam_channel::Sender;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A file's handshakes are handed on, and its progress is told, at least every so many frames.
const FRAMES_PER_TURN: u64 = 4096;
/// Where handshakes are handed on at once, so is the time, in steps of this.
const TIME_STEP: Duration = Duration::from_millis(500);

pub(super) struct Reader {
    limits: Limits,
    filter: Option<Filter>,
    hold: Option<Duration>,
    record: Record,
    link: Link,
    messages: Sender<String>,
    board: Arc<Board>,
    totals: Totals,
    /// Bytes of the captures before this one.
    read_before: u64,
    /// What was seen in them.
    seen_before: Stats,
}

impl Reader {
    pub(super) fn new(
        limits: Limits,
        filter: Option<Filter>,
        hold: Option<Duration>,
        record: Record,
        link: Link,
        messages: Sender<String>,
        board: Arc<Board>,
    ) -> Self {
        let (totals, seen_before) = (Totals::default(), Stats::default());
        Self { limits, filter, hold, record, link, messages, board, totals, read_before: 0, seen_before }
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
        let mut feed = Feed::new(self.limits, self.record, Patience::Wait, self.link.clone(), Arc::clone(&self.board));
        feed.send(Work::Capture { file, hold })?;
        let mut frames = 0_u64;
        loop {
            let frame = match source.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(error) => {
                    self.unreadable(&error)?;
                    continue;
                }
            };
            frames += 1;
            let wanted = match &mut self.filter {
                Some(filter) => filter.matches(&frame),
                None => Ok(true),
            };
            let full = match wanted {
                Ok(true) => feed.frame(&frame),
                Ok(false) => false,
                Err(error) => {
                    self.not_filtered(name, &error)?;
                    break;
                }
            };
            let due = at_once && (feed.is_holding() || feed.untold() >= TIME_STEP);
            if full || due || frames.is_multiple_of(FRAMES_PER_TURN) {
                if self.board.stop.load(Ordering::Relaxed) {
                    return Err(Over);
                }
                self.board.read.store(self.read_before + source.position(), Ordering::Relaxed);
                self.show(&feed);
                feed.hand_on(source.interfaces())?;
            }
        }
        feed.finish(source.interfaces())?;
        self.show(&feed);
        self.totals.unrecorded += feed.unrecorded();
        self.end(&feed.engine.stats(), frames, &source, name)
    }

    /// Brings the board up to date.
    fn show(&self, feed: &Feed) {
        let mut stats = self.seen_before.clone();
        stats.add(&feed.engine.stats());
        let unrecorded = self.totals.unrecorded + feed.unrecorded();
        self.board.saw(0, Seen { stats, unrecorded, ..Seen::default() });
    }

    fn not_filtered(&mut self, name: &str, error: &FilterError) -> Result<(), Over> {
        self.totals.unreadable += 1;
        self.say(format!("{name}: {error}; the rest of it was not read"))
    }

    /// Says what was wrong with a capture that was read.
    fn end(&mut self, stats: &Stats, frames: u64, source: &Source, name: &str) -> Result<(), Over> {
        self.totals.add(stats, frames);
        self.read_before += source.position();
        self.seen_before.add(stats);
        for warning in source.warnings() {
            self.totals.unreadable += u64::from(is_loss(warning.kind));
            self.say(warning)?;
        }
        match unsupported(stats) {
            0 => Ok(()),
            left_out => {
                self.totals.unreadable += 1;
                self.say(not_supported(name, left_out, frames, source))
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
