//! The analysis thread: handshakes become records, records become lines, lines go to the sinks.

use super::reader::Work;
use crate::diagnosis::{Case, diagnose};
use crate::event::{Facts, IncidentRecord, Observer, Record, Rendering, Selection};
use crate::fingerprint::{EventId, Fingerprinter};
use crate::handshake::Handshake;
use crate::knowledge::{ServerView, Story};
use crate::output::{Batch, Sink};
use crate::report::Summary;
use crate::x509::{Judge, Purpose, Roots};
use crossbeam_channel::{Receiver, TryRecvError};
use std::sync::Arc;

/// Lines are handed to the sinks once there are so many bytes of them, or when there is nothing else to do.
const BATCH_BYTES: usize = 256 * 1024;

pub(super) struct Analysis {
    selection: Selection,
    rendering: Rendering,
    incidents: bool,
    rows: bool,
    sinks: Vec<Sink>,
    judge: Judge,
    fingerprinter: Fingerprinter,
    file: Option<String>,
    interfaces: Vec<Option<String>>,
    lines: Batch,
    summary: Summary,
}

impl Analysis {
    pub(super) fn new(
        selection: Selection,
        rendering: Rendering,
        incidents: bool,
        rows: bool,
        roots: Roots,
        sinks: Vec<Sink>,
    ) -> Self {
        let lines = Batch { bytes: rendering.header(), events: 0 };
        Self {
            selection,
            rendering,
            incidents,
            rows,
            sinks,
            judge: Judge::new(roots),
            fingerprinter: Fingerprinter::default(),
            file: None,
            interfaces: Vec::new(),
            lines,
            summary: Summary::default(),
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
                Work::Capture(file) => (self.file, self.interfaces) = (file, Vec::new()),
                Work::Interfaces(names) => self.interfaces = names,
                Work::Handshakes(handshakes) => handshakes.iter().for_each(|handshake| self.handshake(handshake)),
            }
            if self.lines.bytes.len() >= BATCH_BYTES && !self.flush() {
                break;
            }
        }
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

    fn handshake(&mut self, handshake: &Handshake) {
        let negotiated = handshake.negotiated();
        let (name, at) = (negotiated.sni, handshake.first.time);
        let server_chain = self.judge.judge(handshake.server_certificates(), name, at, Purpose::Server);
        let client_chain = self.judge.judge(handshake.client_certificates(), None, at, Purpose::Client);
        let verdict = diagnose(&Case {
            handshake,
            negotiated: &negotiated,
            server_chain: &server_chain,
            client_chain: &client_chain,
            server: &ServerView::default(),
            story: &Story::default(),
        });
        let interface = usize::try_from(handshake.interface).ok().and_then(|index| self.interfaces.get(index));
        let facts = Facts {
            handshake,
            negotiated: &negotiated,
            server_chain: &server_chain,
            client_chain: &client_chain,
            id: EventId::of(handshake, &negotiated),
            verdict: &verdict,
            retry_of: None,
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
        let empty = Batch { bytes: Vec::with_capacity(self.lines.bytes.len()), events: 0 };
        let lines = Arc::new(std::mem::replace(&mut self.lines, empty));
        let mut taken = false;
        for sink in &mut self.sinks {
            taken |= sink.send(&lines);
        }
        taken
    }
}
