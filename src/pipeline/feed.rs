//! An engine and the way out of it: frames in, and what is settled on to the analysis, many handshakes at a time.

use super::board::Board;
use super::recorder::{Record, Recorder, Recording};
use super::reload::Reloaded;
use super::seed;
use crate::capture::Interface;
use crate::engine::{Engine, Limits};
use crate::handshake::Handshake;
use crate::output::{Patience, Unsent};
use crate::packet::Frame;
use crate::time::Timestamp;
use crossbeam_channel::{Receiver, Sender};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Handshakes that are handed on together.
pub(super) const BATCH: usize = 32;
/// The time is told by itself in steps of this.
const TIME_STEP: Duration = Duration::from_millis(100);
/// Batches that wait for the analysis while captures are read. A handshake holds a few KB as a rule, and at most
/// [`crate::handshake::facts::MAX_MESSAGE_BYTES`] of messages.
pub(super) const MAX_QUEUED_BATCHES: usize = 8;
/// Live, batches may be small: so many wait, of handshakes with so many bytes in all.
pub(super) const MAX_QUEUED_LIVE: usize = 4096;
const MAX_QUEUED_BYTES: usize = 32 * 1024 * 1024;

/// A time that is so much before the one that it was is another clock's: the machine's was set back. Else the time waits
/// for the clock to come round to it.
pub(super) const SET_BACK: Duration = Duration::from_secs(10);

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
    Handshakes(Batch),
    /// The capture's time: all that was settled until then has been handed on.
    Time(Timestamp),
    /// A record of what was counted so far is wanted.
    Stats,
    /// Settings that take effect from here on.
    Settings(Box<Reloaded>),
}

/// Handshakes that are handed on together, and the room that they take in a queue that counts bytes.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) handshakes: Vec<Settled>,
    pub(super) bytes: usize,
}

/// A handshake, and its frames where they may be wanted.
pub(super) struct Settled {
    pub(super) handshake: Box<Handshake>,
    pub(super) recording: Option<Box<Recording>>,
}

impl Settled {
    /// About how many bytes of memory it takes.
    fn memory(&self) -> usize {
        self.handshake.memory() + self.recording.as_ref().map_or(0, |recording| recording.memory())
    }
}

/// A feed's end of what it has in common with the analysis.
#[derive(Clone)]
pub(super) struct Link {
    /// What is settled goes here.
    pub(super) work: Sender<Work>,
    /// Handshakes that the analysis is done with come back from here. They are freed where they were made, and where their
    /// memory is used again: freed over there, each thread waited for the other's lock on it, which took 5 % of all CPU
    /// time.
    pub(super) spent: Receiver<Vec<Box<Handshake>>>,
}

/// Nobody takes what is read: the run is over.
pub(super) struct Over;

/// An engine, and what it has settled.
pub(super) struct Feed {
    pub(super) engine: Engine,
    recorder: Option<Recorder>,
    batch: Vec<Settled>,
    link: Link,
    board: Arc<Board>,
    /// What to do where the analysis is behind.
    pub(super) patience: Patience,
    /// Interfaces that the analysis knows.
    interfaces: usize,
    /// The time that the analysis was told last.
    told: Timestamp,
}

impl Feed {
    pub(super) fn new(limits: Limits, record: Record, patience: Patience, link: Link, board: Arc<Board>) -> Self {
        let (engine, recorder) = (Engine::new(limits, seed()), Recorder::new(record, seed()));
        let batch = Vec::with_capacity(BATCH);
        Self { engine, recorder, batch, link, board, patience, interfaces: 0, told: Timestamp::default() }
    }

    /// Takes a frame; true where as many handshakes are settled as are handed on together.
    #[inline]
    pub(super) fn frame(&mut self, frame: &Frame<'_>) -> bool {
        let flow = self.engine.frame(frame);
        if let Some(recorder) = &mut self.recorder {
            recorder.frame(frame, flow, self.engine.datagram(frame));
        }
        // Nearly always there is nothing to collect. What is recorded has to be looked over all the same.
        (self.engine.has_settled() || self.recorder.is_some()) && self.collect()
    }

    /// Takes what is settled from the engine, as much as is handed on together; true where that is there.
    pub(super) fn collect(&mut self) -> bool {
        while self.batch.len() < BATCH
            && let Some(handshake) = self.engine.poll()
        {
            let is_open = |flow| self.engine.is_open(flow);
            let recording = self.recorder.as_mut().and_then(|recorder| recorder.take(&handshake, is_open));
            self.batch.push(Settled { handshake, recording });
        }
        let full = self.batch.len() >= BATCH;
        if let Some(recorder) = self.recorder.as_mut().filter(|_| !full) {
            recorder.sweep(|flow| self.engine.is_open(flow));
        }
        full
    }

    /// Handshakes whose frames could not be kept until they were told.
    pub(super) fn unrecorded(&self) -> u64 {
        self.recorder.as_ref().map_or(0, Recorder::lost)
    }

    /// True where a handshake is settled and not handed on.
    pub(super) fn is_holding(&self) -> bool {
        !self.batch.is_empty()
    }

    /// How far the engine's time is ahead of what the analysis was told.
    pub(super) fn untold(&self) -> Duration {
        self.engine.now().since(self.told)
    }

    /// Gives the analysis what there is: names of interfaces that are new, handshakes, and the time.
    pub(super) fn hand_on(&mut self, interfaces: &[Interface]) -> Result<(), Over> {
        // Else the engine has more, which were settled before.
        let (drained, handed_on) = (self.batch.len() < BATCH, !self.batch.is_empty());
        if self.interfaces < interfaces.len() {
            let names = interfaces.iter().map(|interface| interface.name.clone()).collect();
            if self.send(Work::Interfaces(names))? {
                self.interfaces = interfaces.len();
            }
        }
        if handed_on {
            self.send_batch()?;
        }
        // By itself the time is told in steps: the other thread has to wake up for it.
        if drained && (handed_on || self.untold() >= TIME_STEP) {
            self.told = self.engine.now();
            self.send(Work::Time(self.told))?;
        }
        Ok(())
    }

    fn send_batch(&mut self) -> Result<(), Over> {
        self.link.spent.try_iter().for_each(drop);
        let handshakes = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        let count = handshakes.len() as u64;
        self.board.handshakes.fetch_add(count, Ordering::Relaxed);
        let mut bytes = 0;
        if let Patience::Lose = self.patience {
            bytes = handshakes.iter().map(Settled::memory).sum();
            if self.board.queued_bytes.load(Ordering::Relaxed).saturating_add(bytes) > MAX_QUEUED_BYTES {
                self.board.lose(count);
                return Ok(());
            }
            self.board.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        if !self.send(Work::Handshakes(Batch { handshakes, bytes }))? {
            self.board.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.board.lose(count);
        }
        Ok(())
    }

    /// Sends; false where there was no room, and it is lost.
    pub(super) fn send(&self, work: Work) -> Result<bool, Over> {
        match self.patience.send(&self.link.work, work) {
            Ok(()) => Ok(true),
            Err(Unsent::Full) => Ok(false),
            Err(Unsent::Closed) => Err(Over),
        }
    }

    /// Settles all that is open, and begins anew: the time may go on from before.
    pub(super) fn begin_anew(&mut self, interfaces: &[Interface]) -> Result<(), Over> {
        self.engine.begin_anew();
        self.hand_on_all(interfaces)?;
        self.told = Timestamp::default();
        Ok(())
    }

    /// Settles all that is open, and hands it on.
    pub(super) fn finish(&mut self, interfaces: &[Interface]) -> Result<(), Over> {
        self.engine.finish();
        self.hand_on_all(interfaces)
    }

    fn hand_on_all(&mut self, interfaces: &[Interface]) -> Result<(), Over> {
        loop {
            self.collect();
            if self.batch.is_empty() {
                return Ok(());
            }
            self.hand_on(interfaces)?;
        }
    }
}
