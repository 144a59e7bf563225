//! The analysis thread: handshakes become records, records become lines, lines go to the sinks.

use super::Outputs;
use super::board::Board;
use super::channel::Channel;
use super::counts::Counting;
use super::evidence::EvidenceSink;
use super::feed::{BATCH, SET_BACK, Settled, Work};
use super::hold::{HOLD_FILE, Held, Hold};
use super::judging::{Judging, Papers};
use super::metrics::{Certificates, Metrics};
use super::recorder::Recording;
use super::reload::Reloaded;
use super::seed;
use crate::enrichment::{Enrichment, Lookup, NOTHING};
use crate::event::{
    Detail, Facts, Incident, IncidentRecord, Observer, OutcomeName, Record, Selection, StatsRecord, Successes,
};
use crate::fingerprint::Fingerprinter;
use crate::handshake::{Handshake, Negotiated};
use crate::output::Patience;
use crate::report::Summary;
use crate::time::Timestamp;
use crate::x509::Roots;
use crossbeam_channel::{Receiver, Sender, TryRecvError};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Live, an incident is over once nothing of it was seen for so long.
const INCIDENT_QUIET: Duration = Duration::from_secs(600);
/// How often that is looked for, in capture time.
const INCIDENTS_TURN: Duration = Duration::from_secs(10);

/// What is wanted of an analysis.
pub(super) struct Wanted {
    pub(super) selection: Selection,
    /// What is known of addresses, where something is.
    pub(super) enrichment: Option<Arc<Enrichment>>,
    /// What the user calls this sensor.
    pub(super) sensor: Option<String>,
    /// Rows for the report.
    pub(super) rows: bool,
    pub(super) roots: Roots,
    /// Traffic does not wait: sinks that are behind lose events.
    pub(super) live: bool,
    /// Who is told of servers' certificates, and may be asked how it goes.
    pub(super) metrics: Option<Arc<Metrics>>,
}

pub(super) struct Analysis {
    selection: Selection,
    lookup: Option<Lookup>,
    sensor: Option<String>,
    /// Some channel wants them.
    incidents: bool,
    rows: bool,
    live: bool,
    channels: Vec<Channel>,
    /// How much the records have to have, each once. There is always one: the summary needs records too.
    details: Vec<Detail>,
    evidence: Option<EvidenceSink>,
    counting: Counting,
    certificates: Option<Arc<Certificates>>,
    board: Arc<Board>,
    judging: Judging,
    hold: Hold,
    fingerprinter: Fingerprinter,
    file: Option<String>,
    interfaces: Vec<Option<String>>,
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
        let Outputs { channels, evidence } = outputs;
        let Wanted { selection, enrichment, sensor, rows, roots, live, metrics } = wanted;
        let mut details: Vec<Detail> = channels.iter().map(Channel::detail).collect();
        details.sort_unstable();
        details.dedup();
        if details.is_empty() {
            details.push(Detail::default());
        }
        Self {
            selection,
            lookup: enrichment.map(|enrichment| Lookup::new(enrichment, seed())),
            sensor,
            incidents: channels.iter().any(Channel::incidents),
            rows,
            live,
            channels,
            details,
            evidence,
            counting,
            certificates: metrics.map(|metrics| metrics.certificates()),
            board,
            judging: Judging::new(roots),
            hold: Hold::new(HOLD_FILE),
            fingerprinter: Fingerprinter::new(seed()),
            file: None,
            interfaces: Vec::new(),
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
        self.board.works(false);
        (self.summary, Outputs { channels: self.channels, evidence: self.evidence })
    }

    fn work(&mut self, queue: &Receiver<Work>) {
        let report_only = self.channels.is_empty();
        loop {
            let work = match queue.try_recv() {
                Ok(work) => work,
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => {
                    if !self.flush() && !report_only {
                        return;
                    }
                    self.board.works(false);
                    match queue.recv() {
                        Ok(work) => work,
                        Err(_) => return,
                    }
                }
            };
            self.board.works(true);
            match work {
                Work::Capture { file, hold } => self.begin(file, hold),
                Work::Interfaces(names) => self.name(names),
                Work::Handshakes(batch) => {
                    batch.handshakes.into_iter().for_each(|settled| self.handshake(settled));
                    self.board.queued_bytes.fetch_sub(batch.bytes, Ordering::Relaxed);
                }
                Work::Time(now) => self.advance(now),
                Work::Stats => self.write_stats(),
                Work::Settings(reloaded) => self.take_over(*reloaded),
            }
            if self.channels.iter().any(Channel::is_full) && !self.flush() {
                return;
            }
        }
    }

    /// From here on handshakes are judged by these settings.
    fn take_over(&mut self, reloaded: Reloaded) {
        self.flush();
        let Reloaded { selection, sinks, enrichment, .. } = reloaded;
        self.selection = selection;
        self.lookup = enrichment.map(|enrichment| Lookup::new(enrichment, seed()));
        self.channels = Channel::chosen_anew(std::mem::take(&mut self.channels), &sinks);
    }

    /// Writes what the run has counted so far.
    fn write_stats(&mut self) {
        if self.channels.is_empty() {
            return;
        }
        let counts = self.counting.read();
        let interface = match self.interfaces.as_slice() {
            [one] => one.as_deref(),
            _ => None,
        };
        let record = StatsRecord::new(&counts, Observer::new(None, interface).called(self.sensor.as_deref()));
        self.channels.iter_mut().for_each(|channel| channel.stats(&record));
    }

    /// An incident is known when all has been read.
    fn write_incidents(&mut self) {
        if !self.incidents {
            return;
        }
        for (incident, successes) in self.summary.incidents.sorted() {
            write_incident(&mut self.channels, incident, successes, self.sensor.as_deref());
        }
    }

    /// A live run has no end to wait for: an incident is over once nothing of it was seen for a while.
    fn write_incidents_that_are_over(&mut self, now: Timestamp) {
        if !self.incidents || !self.live || now.since(self.looked) < INCIDENTS_TURN {
            return;
        }
        self.looked = now;
        for (incident, successes) in self.summary.incidents.take_over(now.before(INCIDENT_QUIET)) {
            write_incident(&mut self.channels, &incident, successes, self.sensor.as_deref());
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
        self.certificates.iter().for_each(|certificates| certificates.advance(now));
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
        mut recording: Option<Box<Recording>>,
    ) {
        let (verdict, story) = self.judging.verdict(handshake, negotiated, papers);
        let failure = verdict.failure.as_ref().map(|failure| (failure.finding.cause, failure.finding.party));
        self.board.judged(OutcomeName(verdict.outcome), failure);
        if let Some(certificates) = &self.certificates {
            certificates.see(handshake, negotiated.sni, &papers.server_chain);
        }
        let interface = usize::try_from(handshake.interface).ok().and_then(|index| self.interfaces.get(index));
        let known =
            self.lookup.as_mut().map(|lookup| [handshake.client, handshake.server].map(|end| lookup.known(end.ip())));
        let facts = Facts {
            handshake,
            negotiated,
            server_chain: &papers.server_chain,
            client_chain: &papers.client_chain,
            id: papers.id,
            verdict: &verdict,
            retry_of: story.retry_of,
            known: known.as_ref().map_or([&NOTHING; 2], |known| known.each_ref().map(|known| &**known)),
            observer: Observer::new(self.file.as_deref(), interface.and_then(Option::as_deref))
                .called(self.sensor.as_deref()),
            numbered: !self.live,
        };
        let (patience, grouped) = (self.patience(), self.rows || self.incidents);
        for (at, detail) in self.details.iter().copied().enumerate() {
            let record = Record::new(&facts, detail, &mut self.fingerprinter);
            if at == 0 && !count(&mut self.summary, &self.selection, self.rows, grouped, &record) {
                return;
            }
            if at == 0
                && let Some(evidence) = &self.evidence
            {
                evidence.write(&record, recording.take(), patience);
            }
            let channels = self.channels.iter_mut().filter(|channel| channel.detail() == detail);
            channels.for_each(|channel| channel.handshake(&record));
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
        let patience = self.patience();
        let mut taken = self.evidence.is_some();
        for channel in &mut self.channels {
            taken |= channel.flush(patience);
        }
        taken
    }
}

/// Incidents are few: each channel has them put together in its own detail.
fn write_incident(channels: &mut [Channel], incident: &Incident, successes: Option<Successes>, sensor: Option<&str>) {
    for channel in channels {
        channel.incident(&IncidentRecord::new(incident, successes, channel.detail()).seen_by(sensor));
    }
}

/// Counts a handshake for the report, in a row of its own where `rows` are wanted, and for incidents where it is to be
/// `grouped`; false where it is not wanted.
fn count(summary: &mut Summary, selection: &Selection, rows: bool, grouped: bool, record: &Record<'_>) -> bool {
    if grouped {
        summary.incidents.note_success(record);
    }
    if !selection.wants(record) {
        return false;
    }
    summary.add(record, rows);
    if grouped {
        summary.incidents.add(record);
    }
    true
}
