//! The analysis thread: handshakes become records, records become lines, lines go to the sinks.

use super::hold::{HOLD_FILE, Held, Hold};
use super::judging::{Judging, Papers};
use super::reader::{BATCH, Work};
use super::seed;
use crate::event::{Facts, IncidentRecord, Observer, Record, Rendering, Selection};
use crate::fingerprint::Fingerprinter;
use crate::handshake::{Handshake, Negotiated};
use crate::output::{Batch, MAX_QUEUED_BATCHES, Sink};
use crate::report::Summary;
use crate::time::Timestamp;
use crate::x509::Roots;
use crossbeam_channel::{Receiver, Sender, TryRecvError};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Lines are handed to the sinks once there are so many bytes of them, or when there is nothing else to do.
const BATCH_BYTES: usize = 256 * 1024;

pub(super) struct Analysis {
    selection: Selection,
    rendering: Rendering,
    incidents: bool,
    rows: bool,
    sinks: Vec<Sink>,
    judging: Judging,
    hold: Hold,
    fingerprinter: Fingerprinter,
    file: Option<String>,
    interfaces: Vec<Option<String>>,
    lines: Batch,
    /// Lines that the sinks may still have, in the order in which they were sent.
    sent: VecDeque<Arc<Batch>>,
    summary: Summary,
    /// Handshakes that were told, and where they go back to.
    told: Vec<Box<Handshake>>,
    spent: Sender<Vec<Box<Handshake>>>,
}

impl Analysis {
    pub(super) fn new(
        selection: Selection,
        rendering: Rendering,
        incidents: bool,
        rows: bool,
        roots: Roots,
        sinks: Vec<Sink>,
        spent: Sender<Vec<Box<Handshake>>>,
    ) -> Self {
        let lines = Batch { bytes: rendering.header(), events: 0 };
        Self {
            selection,
            rendering,
            incidents,
            rows,
            sinks,
            judging: Judging::new(roots),
            hold: Hold::new(HOLD_FILE),
            fingerprinter: Fingerprinter::new(seed()),
            file: None,
            interfaces: Vec::new(),
            lines,
            sent: VecDeque::new(),
            summary: Summary::default(),
            told: Vec::with_capacity(BATCH),
            spent,
        }
    }

    /// Works until there is no more, or nobody who takes it.
    pub(super) fn run(mut self, queue: Receiver<Work>) -> (Summary, Vec<Sink>) {
        let report_only = self.sinks.is_empty();
        loop {
            let work = match queue.try_recv() {
                Ok(work) => work,
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {
                    if !self.flush() && !report_only {
                        break;
                    }
                    match queue.recv() {
                        Ok(work) => work,
                        Err(_) => break,
                    }
                }
            };
            match work {
                Work::Capture { file, hold } => self.begin(file, hold),
                Work::Interfaces(names) => self.interfaces = names,
                Work::Handshakes(handshakes) => handshakes.into_iter().for_each(|handshake| self.handshake(handshake)),
                Work::Time(now) => self.advance(now),
            }
            if self.lines.bytes.len() >= BATCH_BYTES && !self.flush() {
                break;
            }
        }
        self.end();
        self.write_incidents();
        self.flush();
        (self.summary, self.sinks)
    }

    /// An incident is known when all has been read.
    fn write_incidents(&mut self) {
        if !self.incidents || self.sinks.is_empty() {
            return;
        }
        for (incident, successes) in self.summary.incidents.sorted() {
            let record = IncidentRecord::new(incident, successes, self.rendering.detail());
            self.rendering.write_incident(&record, &mut self.lines.bytes);
            self.lines.events += 1;
        }
    }

    /// A capture begins, and the one before it is over.
    fn begin(&mut self, file: Option<String>, hold: Duration) {
        self.end();
        self.judging.forget();
        self.hold = Hold::new(hold);
        (self.file, self.interfaces) = (file, Vec::new());
    }

    /// Nothing more comes: what waits is judged by what there is.
    fn end(&mut self) {
        while let Some(held) = self.hold.next() {
            self.held(held);
        }
    }

    /// Capture time goes on: what has waited long enough is judged.
    fn advance(&mut self, now: Timestamp) {
        while let Some(held) = self.hold.due(now) {
            self.held(held);
        }
    }

    fn handshake(&mut self, handshake: Box<Handshake>) {
        while let Some(held) = self.hold.surplus() {
            self.held(held);
        }
        let span = self.hold.span(&handshake);
        let negotiated = handshake.negotiated();
        let papers = self.judging.learn(&handshake, &negotiated, span.is_some());
        match span {
            Some(span) => {
                drop(negotiated);
                self.hold.add(Held { handshake, papers }, span);
            }
            None => {
                self.tell(&handshake, &negotiated, &papers);
                drop(negotiated);
                self.give_back(handshake);
            }
        }
    }

    fn held(&mut self, held: Held) {
        self.tell(&held.handshake, &held.handshake.negotiated(), &held.papers);
        self.give_back(held.handshake);
    }

    /// Handshakes go back to be freed where they were made, many at a time, and never wait for it.
    fn give_back(&mut self, handshake: Box<Handshake>) {
        self.told.push(handshake);
        if self.told.len() >= BATCH {
            let _ = self.spent.try_send(std::mem::replace(&mut self.told, Vec::with_capacity(BATCH)));
        }
    }

    /// Judges a handshake, and writes its event.
    fn tell(&mut self, handshake: &Handshake, negotiated: &Negotiated<'_>, papers: &Papers) {
        let (verdict, story) = self.judging.verdict(handshake, negotiated, papers);
        let interface = usize::try_from(handshake.interface).ok().and_then(|index| self.interfaces.get(index));
        let facts = Facts {
            handshake,
            negotiated,
            server_chain: &papers.server_chain,
            client_chain: &papers.client_chain,
            id: papers.id,
            verdict: &verdict,
            retry_of: story.retry_of,
            observer: Observer::new(self.file.as_deref(), interface.and_then(Option::as_deref)),
        };
        let record = Record::new(&facts, self.rendering.detail(), &mut self.fingerprinter);
        let grouped = self.rows || self.incidents;
        if grouped {
            self.summary.incidents.note_success(&record);
        }
        if !self.selection.wants(&record) {
            return;
        }
        self.summary.add(&record, self.rows);
        if grouped {
            self.summary.incidents.add(&record);
        }
        if !self.sinks.is_empty() {
            self.rendering.write(&record, &mut self.lines.bytes);
            self.lines.events += 1;
        }
    }

    /// Hands the lines to the sinks; false once none of them takes any more.
    fn flush(&mut self) -> bool {
        if self.lines.bytes.is_empty() {
            return true;
        }
        let empty = self.empty_batch();
        let lines = Arc::new(std::mem::replace(&mut self.lines, empty));
        let mut taken = false;
        for sink in &mut self.sinks {
            taken |= sink.send(&lines);
        }
        self.sent.push_back(lines);
        taken
    }

    /// A batch to fill: where all sinks are done with the one that was sent first, in its memory.
    fn empty_batch(&mut self) -> Batch {
        let done = self.sent.front().is_some_and(|batch| Arc::strong_count(batch) == 1);
        let gone = if done || self.sent.len() > MAX_QUEUED_BATCHES { self.sent.pop_front() } else { None };
        match gone.and_then(Arc::into_inner) {
            Some(Batch { mut bytes, .. }) => {
                bytes.clear();
                Batch { bytes, events: 0 }
            }
            None => Batch { bytes: Vec::with_capacity(BATCH_BYTES + BATCH_BYTES / 8), events: 0 },
        }
    }
}
