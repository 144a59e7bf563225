//! Evidence captures (`-w`): the packets of the handshakes that are worth keeping, in pcapng, each with a comment at its
//! first packet that says what became of it. Written by a thread of its own, as events are.
//!
//! Handshakes are told one after another, but their packets lie between each other's: they are merged in time order,
//! so that a file reads as a capture does, also for the engine. Where they are to be written soon, that holds of those
//! that were told within half a second. The packets of one connection keep the order in which
//! they were captured.

mod files;

use super::recorder::{Place, Record as Recorded, Recording};
use crate::capture::packet_size;
use crate::diagnosis::counted;
use crate::event::{Comment, Record};
use crate::output::{MAX_QUEUED_LIVE, Patience, Queue, Rotation, SinkState};
use crate::report::Written;
use crate::time::Timestamp;
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
pub(super) use files::Files;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Where captures are read, so many handshakes wait for the writing thread. Each has some KB of frames as a rule.
const MAX_QUEUED: usize = 64;
/// So many bytes of frames are merged; when there are more, the earliest are written.
const MAX_WAITING: usize = 32 * 1024 * 1024;
/// What is to be written soon is written as often as this.
const FLUSH: Duration = Duration::from_millis(500);

/// What evidence is written, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceCapture {
    /// The file; with a rotation, what its files' names are made of.
    pub file: PathBuf,
    /// When a new file is begun, and which stay.
    pub rotation: Rotation,
    /// Also handshakes that did not fail.
    pub all: bool,
}

/// How the evidence ended.
#[derive(Debug)]
pub(super) struct EvidenceEnd {
    pub(super) file: PathBuf,
    pub(super) written: Written,
    /// Handshakes that were to be written and were not.
    pub(super) lost: u64,
    /// What the system said last.
    pub(super) error: Option<io::Error>,
}

/// A handshake of which not all was written yet.
struct Waiting {
    recording: Box<Recording>,
    /// The names of the interfaces of its capture.
    names: Arc<[Option<String>]>,
    /// The comment, until its first frame is written.
    comment: Option<String>,
    next: Place,
}

/// How evidence is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// As much of it in order as memory has room for: a capture that is complete.
    Whole,
    /// Within [`FLUSH`]: a capture that is still being made.
    Soon,
    /// So too, and for weeks: a disk may be full for a while, and files are moved away.
    Live,
}

/// Open evidence, and the way to the thread that writes it.
pub(super) struct EvidenceSink {
    capture: EvidenceCapture,
    names: Arc<[Option<String>]>,
    queue: Queue<Waiting>,
    end: Receiver<(Written, Option<io::Error>)>,
}

impl EvidenceSink {
    /// Starts the thread.
    pub(super) fn start(files: Files, pace: Pace) -> io::Result<Self> {
        let capture = files.capture().clone();
        let room = if pace == Pace::Live { MAX_QUEUED_LIVE } else { MAX_QUEUED };
        let ((queue, handshakes), (ended, end)) = (bounded(room), bounded(1));
        let state = Arc::new(SinkState::default());
        let writing = Writing::new(files, pace, Arc::clone(&state));
        // Whoever does not wait for the end any more does not need it.
        let run = move || _ = ended.send(writing.run(&handshakes));
        std::thread::Builder::new().name("evidence".into()).spawn(run)?;
        Ok(Self { capture, names: Arc::default(), queue: Queue::new(queue, state), end })
    }

    /// What it is called, beside the sinks of events.
    pub(super) fn name(&self) -> String {
        name(&self.capture)
    }

    /// What it tells while it works.
    pub(super) const fn state(&self) -> &Arc<SinkState> {
        self.queue.state()
    }

    /// What has to be recorded for it.
    pub(super) const fn record(&self) -> Recorded {
        if self.capture.all { Recorded::All } else { Recorded::Failures }
    }

    /// Another capture begins, or more is known of its interfaces.
    pub(super) fn interfaces(&mut self, names: &[Option<String>]) {
        self.names = names.into();
    }

    /// Queues the frames of a handshake where it is one to be written.
    pub(super) fn write(&self, record: &Record<'_>, recording: Option<Box<Recording>>, patience: Patience) {
        let failed = record.failure.is_some() || record.outcome.0.is_failed();
        let Some(recording) = recording.filter(|_| self.capture.all || failed) else { return };
        let mut comment = Comment(record).to_string();
        if recording.left_out() > 0 {
            let packets = counted(recording.left_out(), "packet");
            comment += &format!("\nleft out: {packets} between its first and its last ones");
        }
        let (names, bytes) = (Arc::clone(&self.names), recording.memory());
        let handshake = Waiting { recording, names, comment: Some(comment), next: Place::default() };
        // What is lost is counted.
        let _ = self.queue.send(handshake, 1, bytes, patience);
    }

    /// Nothing more comes. What is queued is written; the answer waits for that, until a deadline where there is one, and
    /// tells how it went.
    pub(super) fn close(self) -> impl FnOnce(Option<Instant>) -> EvidenceEnd {
        let Self { capture, queue, end, .. } = self;
        let state = Arc::clone(queue.state());
        drop(queue);
        move |deadline| {
            let end = match deadline {
                Some(deadline) => end.recv_deadline(deadline).ok(),
                None => end.recv().ok(),
            };
            let (written, error) =
                end.unwrap_or_else(|| (Written::default(), Some(io::Error::other("it took too long"))));
            let lost = state.lost.load(Ordering::Relaxed) + state.queued.load(Ordering::Relaxed);
            EvidenceEnd { file: capture.file, written, lost, error }
        }
    }
}

fn name(capture: &EvidenceCapture) -> String {
    format!("-w {}", capture.file.display())
}

/// Whose frame is written next: by the time of the frame, as far as a connection's time goes on, then by when the
/// handshake was told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    time: Timestamp,
    number: u64,
}

/// The writing thread.
struct Writing {
    files: Files,
    pace: Pace,
    state: Arc<SinkState>,
    waiting: BTreeMap<Turn, Waiting>,
    /// The memory that they take.
    held: usize,
    /// Handshakes that came.
    told: u64,
    /// Those of them that were taken in, and that the system has not in full.
    pending: u64,
    packets: u64,
    error: Option<io::Error>,
    /// The last thing it did went wrong.
    failing: bool,
}

impl Writing {
    const fn new(files: Files, pace: Pace, state: Arc<SinkState>) -> Self {
        let waiting = BTreeMap::new();
        Self { files, pace, state, waiting, held: 0, told: 0, pending: 0, packets: 0, error: None, failing: false }
    }

    /// Works until there is no more.
    fn run(mut self, handshakes: &Receiver<Waiting>) -> (Written, Option<io::Error>) {
        let mut flushed = Instant::now();
        loop {
            let next = match self.pace {
                Pace::Whole => handshakes.recv().map_err(RecvTimeoutError::from),
                Pace::Soon | Pace::Live => handshakes.recv_timeout(FLUSH),
            };
            match next {
                Ok(handshake) => {
                    self.state.taken(handshake.recording.memory());
                    match self.attempt(|writing| writing.add(handshake)) {
                        true => self.pending += 1,
                        false => self.state.lose(1),
                    }
                    self.told += 1;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.pace != Pace::Whole && flushed.elapsed() >= FLUSH {
                self.attempt(Self::flush);
                flushed = Instant::now();
            }
            if self.state.reopen.swap(false, Ordering::Relaxed) {
                self.attempt(Self::flush);
                self.reopen();
            }
        }
        self.attempt(Self::flush);
        let handshakes = self.state.written.load(Ordering::Relaxed);
        (Written { handshakes, packets: self.packets, bytes: self.files.bytes() }, self.error)
    }

    /// Does something; false where it could not be done, and what was not written yet is lost. Of a capture that is read
    /// the rest is only counted then, as its disk stays full. Live the next handshake is tried again, as events are.
    fn attempt(&mut self, step: impl FnOnce(&mut Self) -> io::Result<()>) -> bool {
        let rest_is_lost = self.error.is_some() && self.pace != Pace::Live;
        if !rest_is_lost {
            match step(self) {
                Ok(()) => return true,
                Err(error) => self.failed(error),
            }
        }
        self.waiting.clear();
        self.held = 0;
        self.state.lose(std::mem::take(&mut self.pending));
        false
    }

    fn failed(&mut self, error: io::Error) {
        if self.pace == Pace::Live {
            self.files.retract();
        }
        if !std::mem::replace(&mut self.failing, true) {
            self.state.tell(format!("{}: cannot be written: {error}", name(self.files.capture())));
        }
        self.error = Some(error);
    }

    /// Begins a new file, where another program has moved the old one away.
    fn reopen(&mut self) {
        if let Err(error) = self.files.reopen() {
            let name = name(self.files.capture());
            self.state.tell(format!("{name}: cannot be opened anew, the old file is written on: {error}"));
        }
    }

    /// Takes in the frames of a handshake, which go into one file all of them.
    fn add(&mut self, handshake: Waiting) -> io::Result<()> {
        let recording = &handshake.recording;
        let Some((first, mut place)) = recording.frame(Place::default()) else { return Ok(()) };
        let (time, mut size) = (first.time, packet_size(&first, handshake.comment.as_deref()) as u64);
        while let Some((frame, next)) = recording.frame(place) {
            size += packet_size(&frame, None) as u64;
            place = next;
        }
        if !self.files.has_room(size, time) {
            self.flush()?;
            self.files.begin(time)?;
        }
        self.files.reserve(size);
        self.held += recording.memory();
        self.waiting.insert(Turn { time, number: self.told }, handshake);
        while self.held > MAX_WAITING && self.write_next()? {}
        Ok(())
    }

    /// Writes the earliest frame of those that wait; false where none does.
    fn write_next(&mut self) -> io::Result<bool> {
        let Some((turn, mut waiting)) = self.waiting.pop_first() else { return Ok(false) };
        let Some((frame, next)) = waiting.recording.frame(waiting.next) else {
            self.held -= waiting.recording.memory();
            return Ok(true);
        };
        let name = usize::try_from(frame.interface).ok().and_then(|at| waiting.names.get(at)?.as_deref());
        let writer = self.files.writer()?;
        let interface = writer.interface(name, frame.link)?;
        writer.frame(interface, &frame, waiting.comment.take().as_deref())?;
        self.packets += 1;
        waiting.next = next;
        let time = waiting.recording.frame(next).map_or(turn.time, |(frame, _)| frame.time.max(turn.time));
        self.waiting.insert(Turn { time, ..turn }, waiting);
        Ok(true)
    }

    /// Writes all that waits.
    fn flush(&mut self) -> io::Result<()> {
        while self.write_next()? {}
        self.files.flush()?;
        self.failing &= self.pending == 0;
        self.state.write(std::mem::take(&mut self.pending));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
