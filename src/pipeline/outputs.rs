//! Where what is found goes: opened first, confined when all is open, and only then given threads.

use super::Done;
use super::evidence::{EvidenceCapture, EvidenceEnd, EvidenceSink, Files, Pace};
use super::recorder::Record;
use crate::diagnosis::counted;
use crate::event::Rendering;
use crate::output::{Before, Sink, SinkEnd, SinkState, Target, Writer};
use crate::privileges::{self, Account};
use crate::report::Console;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Outputs that are open, without threads yet.
pub(super) struct Opened {
    writers: Vec<Writer>,
    evidence: Option<Files>,
}

impl Opened {
    /// Opens them all.
    ///
    /// # Errors
    /// The first that cannot be.
    pub(super) fn open(
        targets: Vec<Target>,
        rendering: &Rendering,
        before: Before,
        evidence: Option<&EvidenceCapture>,
        console: &Console,
    ) -> Result<Self, String> {
        let open = |target: Target| {
            let name = target.to_string();
            let opened = Writer::open(target, rendering.header(), before, console.aside());
            opened.map_err(|error| format!("{name}: cannot be written: {error}"))
        };
        let writers = targets.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let open = |evidence: &EvidenceCapture| {
            let files = Files::open(evidence.clone());
            files.map_err(|error| format!("-w {}: cannot be written: {error}", evidence.file.display()))
        };
        Ok(Self { writers, evidence: evidence.map(open).transpose()? })
    }

    /// Gives up the rights that are not needed any more, and says where this system keeps some.
    ///
    /// # Errors
    /// They cannot be given up, or files that come later could not be made without them.
    pub(super) fn confine(&self, account: Option<Account>, console: &Console) -> Result<(), String> {
        let evidence = self.evidence.as_ref();
        if let Some(account) = &account {
            let mut files = self.writers.iter().filter_map(Writer::file).chain(evidence.and_then(Files::open_file));
            files.try_for_each(|file| account.own(file)).map_err(|error| error.to_string())?;
        }
        let paths = self.writers.iter().filter_map(Writer::path).chain(evidence.map(Files::file));
        let writable = paths.map(Path::to_owned).collect();
        let confined = privileges::confine(&privileges::Plan { account, writable, readable: Vec::new() });
        let confinement = confined.map_err(|error| error.to_string())?;
        confinement.lacking().iter().for_each(|what| console.say(what));
        let rotated = evidence.and_then(Files::rotated_in);
        rotated.map_or(Ok(()), |folder| confinement.may_create(folder)).map_err(|error| error.to_string())
    }

    /// Starts their threads, each sink with room for so many batches.
    pub(super) fn start(self, room: usize, pace: Pace) -> Result<Outputs, String> {
        let start = |writer| Sink::start(writer, room).map_err(|error| format!("no thread for a sink: {error}"));
        let sinks = self.writers.into_iter().map(start).collect::<Result<Vec<_>, _>>()?;
        let start = |files| EvidenceSink::start(files, pace);
        let evidence = self.evidence.map(start).transpose().map_err(|error| format!("no thread for -w: {error}"))?;
        Ok(Outputs { sinks, evidence })
    }
}

/// Outputs at work.
pub(super) struct Outputs {
    pub(super) sinks: Vec<Sink>,
    pub(super) evidence: Option<EvidenceSink>,
}

impl Outputs {
    /// What has to be recorded for them.
    pub(super) fn record(&self) -> Record {
        self.evidence.as_ref().map_or(Record::Nothing, EvidenceSink::record)
    }

    /// What each tells while it works, by name.
    pub(super) fn states(&self) -> Vec<(String, Arc<SinkState>)> {
        let sinks = self.sinks.iter().map(|sink| (sink.target().to_string(), Arc::clone(sink.state())));
        let evidence = self.evidence.iter().map(|evidence| (evidence.name(), Arc::clone(evidence.state())));
        sinks.chain(evidence).collect()
    }

    /// Lets them write what they have, all of them until `deadline` where there is one, and says what was lost.
    pub(super) fn close(self, done: &mut Done, deadline: Option<Instant>, console: &Console) {
        let sinks: Vec<_> = self.sinks.into_iter().map(Sink::close).collect();
        let evidence = self.evidence.map(EvidenceSink::close);
        for end in sinks {
            tell_sink(end(deadline), done, console);
        }
        if let Some(end) = evidence {
            tell_evidence(end(deadline), done, console);
        }
    }
}

fn tell_sink(end: (Target, SinkEnd), done: &mut Done, console: &Console) {
    match end {
        (_, SinkEnd::Done) => {}
        (target, SinkEnd::NotWanted { lost }) => {
            done.not_wanted = true;
            if lost > 0 {
                done.lost = true;
                console.say(&format!("{target}: its reader was too slow, and closed it; {lost} events were lost"));
            }
        }
        (target, SinkEnd::Lost { events, error }) => {
            done.lost = true;
            console.say(&match error {
                Some(error) => format!("{target}: cannot be written: {error}; {events} events were lost"),
                None => format!("{target}: its reader is too slow; {events} events were lost"),
            });
        }
    }
}

fn tell_evidence(end: EvidenceEnd, done: &mut Done, console: &Console) {
    let EvidenceEnd { file, written, lost, error } = end;
    let (file, unrecorded) = (file.display(), done.totals.unrecorded);
    let packets = |handshakes: u64| format!("the packets of {} were lost", counted(handshakes, "handshake"));
    done.totals.written = Some(written);
    match error {
        Some(error) => console.say(&format!("-w {file}: cannot be written: {error}; {}", packets(lost))),
        None if lost > 0 => console.say(&format!("-w {file}: the disk is too slow; {}", packets(lost))),
        None => {}
    }
    if unrecorded > 0 {
        let why = "too many connections were open to keep those of all";
        console.say(&format!("-w {file}: {}: {why}", packets(unrecorded)));
    }
    done.lost |= lost > 0 || unrecorded > 0;
}
