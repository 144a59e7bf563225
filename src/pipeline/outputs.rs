//! Where what is found goes: opened first, confined when all is open, and only then given threads.

use super::Done;
use super::channel::{Channel, Taste};
use super::evidence::{EvidenceCapture, EvidenceEnd, EvidenceSink, Files, Pace};
use super::recorder::Record;
use crate::diagnosis::counted;
use crate::event::{Rendering, Selection};
use crate::output::{Before, Closing, OpenSink, Prepared, Sink, SinkEnd, SinkState, Spooling, Writing};
use crate::privileges::{self, Account};
use crate::report::Console;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often it is looked whether there is something to say while sinks write the rest.
const TURN: Duration = Duration::from_millis(100);
/// Who waits at the end for a receiver is told so after this.
const TOLD_AFTER: Duration = Duration::from_secs(2);

/// Who reads captures waits so long for a receiver to be there at all.
const CONTACT: Duration = Duration::from_secs(10);
const CONTACT_AGAIN: Duration = Duration::from_millis(500);

/// Where events go, and which, and how.
#[derive(Debug)]
pub struct SinkPlan {
    /// What it is called.
    pub name: String,
    /// The sink.
    pub prepared: Prepared,
    /// How events are written.
    pub rendering: Rendering,
    /// Which handshakes, of those that the run wants.
    pub selection: Selection,
    /// Incidents too.
    pub incidents: bool,
}

/// A sink that is open, without threads yet.
struct OpenedSink {
    name: String,
    sink: OpenSink,
    taste: Taste,
}

impl OpenedSink {
    /// True where its events go to a receiver.
    const fn sends(&self) -> bool {
        matches!(self.sink, OpenSink::Receiver(_))
    }
}

/// A sink at work, and what it wants.
pub(super) struct Started {
    pub(super) sink: Sink,
    pub(super) taste: Taste,
}

/// Outputs that are open, without threads yet.
pub(super) struct Opened {
    sinks: Vec<OpenedSink>,
    spooling: Option<Spooling>,
    /// The folder of the spools was made by this run.
    made: bool,
    evidence: Option<Files>,
    live: bool,
}

impl Opened {
    /// Opens them all.
    ///
    /// # Errors
    /// The first that cannot be.
    pub(super) fn open(
        plans: Vec<SinkPlan>,
        spooling: Option<Spooling>,
        evidence: Option<&EvidenceCapture>,
        live: bool,
        console: &Console,
    ) -> Result<Self, String> {
        let before = if live { Before::Kept } else { Before::Emptied };
        let open = |plan: SinkPlan| {
            let SinkPlan { name, prepared, rendering, selection, incidents } = plan;
            let marked = prepared.wants_marks();
            let opened = prepared.open(&rendering, before, console.aside());
            let sink = opened.map_err(|error| format!("{name}: cannot be written: {error}"))?;
            let remark = sink.writing().and_then(Writing::remark);
            remark.iter().for_each(|remark| console.say(&format!("{name}: {remark}")));
            Ok::<_, String>(OpenedSink { name, sink, taste: Taste { rendering, selection, incidents, marked } })
        };
        let sinks = plans.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let open = |evidence: &EvidenceCapture| {
            let files = Files::open(evidence.clone());
            files.map_err(|error| format!("-w {}: cannot be written: {error}", evidence.file.display()))
        };
        // Where nothing is sent elsewhere there is nothing to spool.
        let spooling = spooling.filter(|_| sinks.iter().any(OpenedSink::sends));
        let mut made = false;
        if let Some(Spooling { folder, .. }) = &spooling {
            made = !folder.exists();
            let there = std::fs::create_dir_all(folder);
            there.map_err(|error| format!("--spool {}: cannot be made: {error}", folder.display()))?;
        }
        Ok(Self { sinks, spooling, made, evidence: evidence.map(open).transpose()?, live })
    }

    /// Sees to it that the receivers are there, before any capture is read for them. With a spool they may be away.
    ///
    /// # Errors
    /// One is not, or not what it should be.
    pub(super) fn contact(&mut self, console: &Console) -> Result<(), String> {
        for OpenedSink { name, sink, .. } in self.sinks.iter_mut().filter(|_| self.spooling.is_none()) {
            let OpenSink::Receiver(transport) = sink else { continue };
            let began = Instant::now();
            let mut told = false;
            while let Err(setback) = transport.contact() {
                if began.elapsed() >= CONTACT {
                    return Err(format!("{name}: {setback}"));
                }
                if !told {
                    told = true;
                    console.say(&format!("{name}: {setback}; it is tried again for {} s", CONTACT.as_secs()));
                }
                sleep(CONTACT_AGAIN);
            }
        }
        Ok(())
    }

    /// True where events are sent to a receiver.
    pub(super) fn sends(&self) -> bool {
        self.sinks.iter().any(OpenedSink::sends)
    }

    /// Gives up the rights that are not needed any more, and says where this system keeps some.
    ///
    /// # Errors
    /// They cannot be given up, or files that come later could not be made without them.
    pub(super) fn confine(
        &self,
        account: Option<Account>,
        readable: Vec<PathBuf>,
        console: &Console,
    ) -> Result<(), String> {
        let (evidence, spool) = (self.evidence.as_ref(), self.spooling.as_ref().map(|spool| spool.folder.as_path()));
        let writing = || self.sinks.iter().filter_map(|opened| opened.sink.writing());
        if let Some(account) = &account {
            let files = writing().filter_map(Writing::file);
            let mut files = files.chain(evidence.and_then(Files::open_file));
            files.try_for_each(|file| account.own(file)).map_err(|error| error.to_string())?;
            let mut made = writing().filter_map(Writing::made).chain(spool.filter(|_| self.made));
            made.try_for_each(|folder| account.own_folder(folder)).map_err(|error| error.to_string())?;
        }
        let writable = writing()
            .filter_map(Writing::path)
            .chain(evidence.map(Files::file))
            .chain(spool)
            .map(Path::to_owned)
            .collect();
        let plan = privileges::Plan { account, writable, readable, resolves: self.sends() };
        let confined = privileges::confine(&plan);
        let confinement = confined.map_err(|error| error.to_string())?;
        confinement.lacking().iter().for_each(|what| console.say(what));
        let folders = writing().filter_map(Writing::creates_in);
        let mut folders = folders.chain(evidence.and_then(Files::rotated_in)).chain(spool);
        folders.try_for_each(|folder| confinement.may_create(folder)).map_err(|error| error.to_string())
    }

    /// Starts their threads, each sink with room for so many batches.
    pub(super) fn start(self, room: usize, pace: Pace) -> Result<Outputs, String> {
        let Self { sinks, spooling, evidence, live, .. } = self;
        let start = |OpenedSink { name, sink, taste }: OpenedSink| {
            let work = sink.work(&name, spooling.as_ref(), live);
            let sink = Sink::start(name, work, room).map_err(|error| format!("no thread for a sink: {error}"))?;
            Ok::<_, String>(Started { sink, taste })
        };
        let sinks = sinks.into_iter().map(start).collect::<Result<Vec<_>, _>>()?;
        let start = |files| EvidenceSink::start(files, pace);
        let evidence = evidence.map(start).transpose().map_err(|error| format!("no thread for -w: {error}"))?;
        Ok(Outputs { channels: Channel::all(sinks), evidence })
    }
}

/// Outputs at work.
pub(super) struct Outputs {
    pub(super) channels: Vec<Channel>,
    pub(super) evidence: Option<EvidenceSink>,
}

impl Outputs {
    /// What has to be recorded for them.
    pub(super) fn record(&self) -> Record {
        self.evidence.as_ref().map_or(Record::Nothing, EvidenceSink::record)
    }

    /// What each tells while it works, by name.
    pub(super) fn states(&self) -> Vec<(String, Arc<SinkState>)> {
        let sinks = self.channels.iter().flat_map(|channel| &channel.sinks);
        let sinks = sinks.map(|sink| (sink.name().to_owned(), Arc::clone(sink.state())));
        let evidence = self.evidence.iter().map(|evidence| (evidence.name(), Arc::clone(evidence.state())));
        sinks.chain(evidence).collect()
    }

    /// Lets them write what they have, all of them until `deadline` where there is one and until `stop` is set, and says
    /// what was lost.
    pub(super) fn close(self, done: &mut Done, deadline: Option<Instant>, stop: &AtomicBool, console: &Console) {
        let sinks: Vec<Closing> =
            self.channels.into_iter().flat_map(|channel| channel.sinks).map(Sink::close).collect();
        let evidence = self.evidence.map(EvidenceSink::close);
        let mut open: Vec<&Closing> = sinks.iter().collect();
        let (began, mut told) = (Instant::now(), false);
        let live = deadline.is_some();
        let tells = |sink: &Closing| live || sink.state().sends.load(Ordering::Relaxed);
        while let Some(sink) = open.first() {
            let end = sink.wait(Instant::now() + TURN);
            open.iter().filter(|sink| tells(sink)).for_each(|sink| tell_troubles(sink.state(), console));
            if let Some(end) = end {
                tell_sink(sink, end, done, console);
                open.remove(0);
                continue;
            }
            let over = deadline.is_some_and(|deadline| Instant::now() >= deadline) || stop.load(Ordering::Relaxed);
            if over {
                // All at once, so that they put their events on disk side by side.
                open.iter().for_each(|sink| sink.state().give_up.store(true, Ordering::Relaxed));
                open.drain(..).for_each(|sink| tell_sink(sink, sink.give_up(), done, console));
            } else if !told && began.elapsed() >= TOLD_AFTER {
                told = true;
                open.iter().for_each(|sink| tell_waiting(sink, console));
            }
        }
        sinks.iter().filter(|sink| tells(sink)).for_each(|sink| tell_troubles(sink.state(), console));
        if let Some(end) = evidence {
            tell_evidence(end(deadline), done, console);
        }
    }
}

/// Says what there is to say of a sink.
pub(super) fn tell_troubles(state: &SinkState, console: &Console) {
    state.troubles().iter().for_each(|trouble| console.say(trouble));
}

/// Nobody should wonder why the program does not end.
fn tell_waiting(sink: &Closing, console: &Console) {
    let queued = sink.state().queued.load(Ordering::Relaxed);
    if queued > 0 {
        let name = sink.name();
        console.say(&format!("{name}: waits until the last {} are taken; Ctrl-C ends that", counted(queued, "event")));
    }
}

fn tell_sink(sink: &Closing, end: SinkEnd, done: &mut Done, console: &Console) {
    let (name, sends) = (sink.name(), sink.state().sends.load(Ordering::Relaxed));
    match end {
        SinkEnd::Done => {}
        SinkEnd::NotWanted { lost } => {
            done.not_wanted = true;
            if lost > 0 {
                done.lost = true;
                console.say(&format!("{name}: its reader was too slow, and closed it; {lost} events were lost"));
            }
        }
        SinkEnd::Lost { events, error } => {
            done.lost = true;
            console.say(&match error {
                Some(error) => format!("{name}: cannot be written: {error}; {events} events were lost"),
                None if sends => format!("{name}: its receiver has not taken them: {events} events were lost"),
                None => format!("{name}: its reader is too slow; {events} events were lost"),
            });
        }
        SinkEnd::Kept { events, lost, spool } => {
            let spool = spool.display();
            let kept = counted(events, "event");
            console.say(&format!("{name}: {kept} stay in {spool}; the next run with this output sends them"));
            if lost > 0 {
                done.lost = true;
                console.say(&format!("{name}: {lost} events were lost"));
            }
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
