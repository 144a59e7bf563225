//! The analysis thread: handshakes become records, records become lines, lines go to the sinks.

use super::Outputs;
use super::board::Board;
use super::counts::Counting;
use super::evidence::EvidenceSink;
use super::feed::{BATCH, SET_BACK, Settled, Work};
use super::hold::{HOLD_FILE, Held, Hold};
use super::judging::{Judging, Papers};
use super::recorder::Recording;
use super::seed;
use crate::event::{
    Facts, Incident, IncidentRecord, Observer, OutcomeName, Record, Rendering, Selection, StatsRecord, Successes,
};
use crate::fingerprint::Fingerprinter;
use crate::handshake::{Handshake, Negotiated};
use crate::output::{Batch, MAX_QUEUED_BATCHES, Patience, Sink};
use crate::report::Summary;
use crate::time::Timestamp;
use crate::x509::Roots;
use crossbeam_channel::{Receiver, Sender, TryRecvError};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Lines are handed to the sinks once there are so many bytes of them, or when there is nothing else to do.
const BATCH_BYTES: usize = 256 * 1024;

/// Live, an incident is over once nothing of it was seen for so long.
const INCIDENT_QUIET: Duration = Duration::from_secs(600);
/// How often that is looked for, in capture time.
const INCIDENTS_TURN: Duration = Duration::from_secs(10);

/// What is wanted of an analysis.
pub(super) struct Wanted {
    pub(super) selection: Selection,
    pub(super) rendering: Rendering,
    pub(super) incidents: bool,
    /// Rows for the report.
    pub(super) rows: bool,
    pub(super) roots: Roots,
    /// Traffic does not wait: sinks that are behind lose events.
    pub(super) live: bool,
}

pub(super) struct Analysis {
    selection: Selection,
    rendering: Rendering,
    incidents: bool,
    rows: bool,
    live: bool,
    sinks: Vec<Sink>,
    evidence: Option<EvidenceSink>,
    counting: Counting,
    board: Arc<Board>,
    judging: Judging,
    hold: Hold,
    fingerprinter: Fingerprinter,
    file: Option<String>,
    interfaces: Vec<Option<String>>,
    lines: Batch,
    /// Lines that the sinks may still have, in the order in which they were sent.
    sent: VecDeque<Arc<Batch>>,
    summary: Summary,
    /// Capture time, as far as it was told.
    now: Timestamp,
    /// When incidents were looked at last.
    looked: Timestamp,
    /// Handshakes that were told, and where they go back to.
    told: Vec<Box<Handshake>>,
    spent: Sender<Vec<Box<Handshake>>>,
}

impl Analysis {
    pub(super) fn new(
        wanted: Wanted,
        outputs: Outputs,
        board: Arc<Board>,
        counting: Counting,
        spent: Sender<Vec<Box<Handshake>>>,
    ) -> Self {
        let Outputs { sinks, evidence } = outputs;
        let Wanted { selection, rendering, incidents, rows, roots, live } = wanted;
        Self {
            selection,
            rendering,
            incidents,
            rows,
            live,
            sinks,
            evidence,
            counting,
            board,
            judging: Judging::new(roots),
            hold: Hold::new(HOLD_FILE),
            fingerprinter: Fingerprinter::new(seed()),
            file: None,
            interfaces: Vec::new(),
            lines: Batch { bytes: Vec::new(), events: 0 },
            sent: VecDeque::new(),
            summary: Summary::default(),
            now: Timestamp::default(),
            looked: Timestamp::default(),
            told: Vec::with_capacity(BATCH),
            spent,
        }
    }

    /// Works until there is no more, or nobody who takes it.
    pub(super) fn run(mut self, queue: Receiver<Work>) -> (Summary, Outputs) {
        self.work(&queue);
        drop(queue);
        self.end();
        self.write_incidents();
        if self.live {
            self.write_stats();
        }
        self.flush();
        (self.summary, Outputs { sinks: self.sinks, evidence: self.evidence })
    }

    fn work(&mut self, queue: &Receiver<Work>) {
        let report_only = self.sinks.is_empty();
        loop {
            let work = match queue.try_recv() {
                Ok(work) => work,
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => {
                    if !self.flush() && !report_only {
                        return;
                    }
                    match queue.recv() {
                        Ok(work) => work,
                        Err(_) => return,
                    }
                }
            };
            match work {
                Work::Capture { file, hold } => self.begin(file, hold),
                Work::Interfaces(names) => self.name(names),
                Work::Handshakes(batch) => {
                    batch.handshakes.into_iter().for_each(|settled| self.handshake(settled));
                    self.board.queued_bytes.fetch_sub(batch.bytes, Ordering::Relaxed);
                }
                Work::Time(now) => self.advance(now),
                Work::Stats => self.write_stats(),
            }
            if self.lines.bytes.len() >= BATCH_BYTES && !self.flush() {
                return;
            }
        }
    }

    /// Writes what the run has counted so far.
    fn write_stats(&mut self) {
        if self.sinks.is_empty() {
            return;
        }
        let counts = self.counting.read();
        let interface = match self.interfaces.as_slice() {
            [one] => one.as_deref(),
            _ => None,
        };
        let record = StatsRecord::new(&counts, Observer::new(None, interface));
        self.lines.events += self.rendering.write_stats(&record, &mut self.lines.bytes);
    }

    /// An incident is known when all has been read.
    fn write_incidents(&mut self) {
        if !self.incidents || self.sinks.is_empty() {
            return;
        }
        for (incident, successes) in self.summary.incidents.sorted() {
            write_incident(&self.rendering, &mut self.lines, incident, successes);
        }
    }

    /// A live run has no end to wait for: an incident is over once nothing of it was seen for a while.
    fn write_incidents_that_are_over(&mut self, now: Timestamp) {
        if !self.incidents || !self.live || now.since(self.looked) < INCIDENTS_TURN {
            return;
        }
        self.looked = now;
        for (incident, successes) in self.summary.incidents.take_over(now.before(INCIDENT_QUIET)) {
            write_incident(&self.rendering, &mut self.lines, &incident, successes);
        }
    }

    /// A capture begins, and the one before it is over.
    fn begin(&mut self, file: Option<String>, hold: Duration) {
        self.end();
        self.judging.forget();
        self.hold = Hold::new(hold);
        self.file = file;
        self.name(Vec::new());
    }

    /// The interfaces of the capture have these names.
    fn name(&mut self, interfaces: Vec<Option<String>>) {
        self.interfaces = interfaces;
        self.evidence.iter_mut().for_each(|evidence| evidence.interfaces(&self.interfaces));
    }

    /// Nothing more comes: what waits is judged by what there is.
    fn end(&mut self) {
        while let Some(held) = self.hold.next() {
            self.held(held);
        }
    }

    /// Capture time goes on: what has waited long enough is judged.
    fn advance(&mut self, now: Timestamp) {
        if self.live && now.plus(SET_BACK) < self.now {
            self.end();
            self.looked = Timestamp::default();
        }
        self.now = now;
        while let Some(held) = self.hold.due(now) {
            self.held(held);
        }
        self.write_incidents_that_are_over(now);
    }

    fn handshake(&mut self, settled: Settled) {
        let Settled { handshake, recording } = settled;
        while let Some(held) = self.hold.surplus() {
            self.held(held);
        }
        let span = self.hold.span(&handshake);
        let negotiated = handshake.negotiated();
        let papers = self.judging.learn(&handshake, &negotiated, span.is_some());
        match span {
            Some(span) => {
                drop(negotiated);
                self.hold.add(Held { handshake, papers, recording }, span);
            }
            None => {
                self.tell(&handshake, &negotiated, &papers, recording);
                drop(negotiated);
                self.give_back(handshake);
            }
        }
    }

    fn held(&mut self, held: Held) {
        let Held { handshake, papers, recording } = held;
        self.tell(&handshake, &handshake.negotiated(), &papers, recording);
        self.give_back(handshake);
    }

    /// Handshakes go back to be freed where they were made, many at a time, and never wait for it.
    fn give_back(&mut self, handshake: Box<Handshake>) {
        self.told.push(handshake);
        if self.told.len() >= BATCH {
            let _ = self.spent.try_send(std::mem::replace(&mut self.told, Vec::with_capacity(BATCH)));
        }
    }

    /// Judges a handshake, and writes its event and its frames.
    fn tell(
        &mut self,
        handshake: &Handshake,
        negotiated: &Negotiated<'_>,
        papers: &Papers,
        recording: Option<Box<Recording>>,
    ) {
        let (verdict, story) = self.judging.verdict(handshake, negotiated, papers);
        self.board.judged(OutcomeName(verdict.outcome));
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
            numbered: !self.live,
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
        if let Some(evidence) = &self.evidence {
            evidence.write(&record, recording, self.patience());
        }
        if !self.sinks.is_empty() {
            self.lines.events += self.rendering.write(&record, &mut self.lines.bytes);
        }
    }

    /// Traffic does not wait for sinks that are behind. When it has ended, there is a while in which they are waited for.
    fn patience(&self) -> Patience {
        match (self.live, self.board.end.get()) {
            (false, _) => Patience::Wait,
            (true, None) => Patience::Lose,
            (true, Some(end)) => Patience::Until(*end),
        }
    }

    /// Hands the lines to the sinks; false once none of them takes any more, and there is no evidence to write.
    fn flush(&mut self) -> bool {
        if self.lines.bytes.is_empty() {
            return true;
        }
        let empty = self.empty_batch();
        let lines = Arc::new(std::mem::replace(&mut self.lines, empty));
        let (mut taken, patience) = (self.evidence.is_some(), self.patience());
        for sink in &self.sinks {
            taken |= sink.send(&lines, patience);
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

fn write_incident(rendering: &Rendering, lines: &mut Batch, incident: &Incident, successes: Option<Successes>) {
    let record = IncidentRecord::new(incident, successes, rendering.detail());
    lines.events += rendering.write_incident(&record, &mut lines.bytes);
}
