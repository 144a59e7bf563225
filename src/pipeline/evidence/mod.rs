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
use crate::report::Written;
use crate::time::Timestamp;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
pub(super) use files::Files;
pub use files::Rotation;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many handshakes wait for the writing thread. Each has some KB of frames as a rule.
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
    /// What the system said.
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

/// Open evidence, and the way to the thread that writes it.
pub(super) struct EvidenceSink {
    capture: EvidenceCapture,
    waits: bool,
    names: Arc<[Option<String>]>,
    queue: Option<Sender<Waiting>>,
    end: Receiver<EvidenceEnd>,
    /// Handshakes that the thread did not get.
    refused: u64,
}

impl EvidenceSink {
    /// Starts the thread. What is to be written `soon` is, within [`FLUSH`], for a capture that is still being made; else
    /// all of it is put in order that memory has room for. A sink that `waits` makes the analysis wait where the disk is
    /// slower, another loses what there is no room for, and counts it.
    pub(super) fn start(files: Files, soon: bool, waits: bool) -> io::Result<Self> {
        let capture = files.capture().clone();
        let ((queue, handshakes), (ended, end)) = (bounded(MAX_QUEUED), bounded(1));
        // Whoever does not wait for the end any more does not need it.
        let writing = move || _ = ended.send(Writing::new(files).run(&handshakes, soon));
        std::thread::Builder::new().name("evidence".into()).spawn(writing)?;
        Ok(Self { capture, waits, names: Arc::default(), queue: Some(queue), end, refused: 0 })
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
    pub(super) fn write(&mut self, record: &Record<'_>, recording: Option<Box<Recording>>) {
        let failed = record.failure.is_some() || record.outcome.0.is_failed();
        let Some(recording) = recording.filter(|_| self.capture.all || failed) else { return };
        let mut comment = Comment(record).to_string();
        if recording.left_out() > 0 {
            let packets = counted(recording.left_out(), "packet");
            comment += &format!("\nleft out: {packets} between its first and its last ones");
        }
        let names = Arc::clone(&self.names);
        let handshake = Waiting { recording, names, comment: Some(comment), next: Place::default() };
        let sent = self.queue.as_ref().is_some_and(|queue| match self.waits {
            true => queue.send(handshake).is_ok(),
            false => queue.try_send(handshake).is_ok(),
        });
        self.refused += u64::from(!sent);
    }

    /// Writes what is queued, and tells how it went; waits no longer than until the deadline.
    pub(super) fn finish(self, deadline: Option<Instant>) -> EvidenceEnd {
        let queued = self.queue.as_ref().map_or(0, |queue| queue.len() as u64);
        drop(self.queue);
        let end = match deadline {
            Some(deadline) => self.end.recv_deadline(deadline).ok(),
            None => self.end.recv().ok(),
        };
        let end = end.unwrap_or_else(|| EvidenceEnd {
            file: self.capture.file,
            written: Written::default(),
            lost: queued.max(1),
            error: Some(io::Error::other("it took too long")),
        });
        EvidenceEnd { lost: end.lost + self.refused, ..end }
    }
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
    waiting: BTreeMap<Turn, Waiting>,
    /// The memory that they take.
    held: usize,
    /// Handshakes that came.
    told: u64,
    /// And of these, those that the system has taken in full.
    safe: u64,
    packets: u64,
    error: Option<io::Error>,
}

impl Writing {
    fn new(files: Files) -> Self {
        Self { files, waiting: BTreeMap::new(), held: 0, told: 0, safe: 0, packets: 0, error: None }
    }

    /// Works until there is no more. After a failure the rest is only counted.
    fn run(mut self, handshakes: &Receiver<Waiting>, soon: bool) -> EvidenceEnd {
        let mut flushed = Instant::now();
        loop {
            let next = match soon {
                true => handshakes.recv_timeout(FLUSH),
                false => handshakes.recv().map_err(RecvTimeoutError::from),
            };
            match next {
                Ok(handshake) => {
                    self.attempt(|writing| writing.add(handshake));
                    self.told += 1;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if soon && flushed.elapsed() >= FLUSH {
                self.attempt(Self::flush);
                flushed = Instant::now();
            }
        }
        self.attempt(Self::flush);
        let written = Written { handshakes: self.safe, packets: self.packets, bytes: self.files.bytes() };
        EvidenceEnd { file: self.files.file().to_owned(), written, lost: self.told - self.safe, error: self.error }
    }

    /// Does something, unless writing has failed before.
    fn attempt(&mut self, step: impl FnOnce(&mut Self) -> io::Result<()>) {
        if self.error.is_none() {
            self.error = step(self).err();
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
        self.safe = self.told;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
