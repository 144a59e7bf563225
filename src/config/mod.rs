//! Settings: what was asked for, on the command line and in a file, and the plan that follows from it.

mod check;
mod enrichment;
mod file;
mod live;
mod sinks;

pub use check::Checked;
pub use enrichment::{EnrichmentSettings, Placed};
pub use file::{File, Setting, Table, Value};
pub use live::LiveSettings;

use crate::capture::{self, Filter, Input};
use crate::diagnosis::Cause;
use crate::engine::Limits;
use crate::event::{self, Detail, Fields, Format, OutcomeName, Selection};
use crate::output::{Options, Place, Spooling, Target};
use crate::pipeline::{EvidenceCapture, Job, Origin, Reloaded, Saved, SinkPlan};
use crate::x509::{self, Roots};
use sinks::Usual;
use std::ffi::OsString;
use std::fmt;
use std::iter;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where frames come from.
    pub origin: OriginSettings,
    /// A filter expression for frames.
    pub filter: Option<String>,
    /// How long handshakes wait for their verdict, in capture time, where that was said.
    pub hold: Option<Duration>,
    /// Which handshakes are wanted.
    pub selection: Selection,
    /// How events are written, where that was said.
    pub format: Option<Format>,
    /// How much they tell, where that was said.
    pub detail: Option<Detail>,
    /// Which of their fields, where that was said.
    pub fields: Option<Fields>,
    /// Where they go, where that was said.
    pub targets: Vec<Target>,
    /// What this sensor is called, where it has a name.
    pub sensor: Option<String>,
    /// What the configuration file says of addresses.
    pub enrichment: EnrichmentSettings,
    /// Where else they go: the sinks of the configuration file, each with its place there.
    pub sinks: Vec<(String, Target)>,
    /// Where events wait for receivers that are away, if they may.
    pub spooling: Option<Spooling>,
    /// Which frames are written where, if that was asked for.
    pub evidence: Option<EvidenceCapture>,
    /// Where metrics are served, if they are.
    pub metrics: Option<SocketAddr>,
    /// The configuration file.
    pub file: Option<PathBuf>,
    /// Incidents are written too.
    pub incidents: bool,
    /// No messages.
    pub quiet: bool,
    /// The summary is wanted.
    pub summary: bool,
    /// A handshake with one of these makes the run fail.
    pub fail_on: Vec<FailOn>,
    /// The bounds of the engines.
    pub limits: Limits,
    /// The roots that certificate chains are judged by.
    pub roots: RootsFrom,
}

/// Where frames come from.
#[derive(Clone, Debug)]
pub enum OriginSettings {
    /// Saved captures.
    Saved {
        /// Files and folders; `-` is standard input.
        captures: Vec<PathBuf>,
        /// All captures are one.
        merge: bool,
    },
    /// Network interfaces.
    Live(LiveSettings),
}

/// Where roots are taken from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RootsFrom {
    /// Mozilla's list, built in.
    #[default]
    Bundled,
    /// This system's own list.
    System,
    /// A file of certificates, in PEM or DER.
    File(PathBuf),
}

impl From<OsString> for RootsFrom {
    fn from(word: OsString) -> Self {
        match word.to_str() {
            Some("bundled") => Self::Bundled,
            Some("system") => Self::System,
            _ => Self::File(word.into()),
        }
    }
}

/// As they are named.
impl fmt::Display for RootsFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundled => f.write_str("bundled"),
            Self::System => f.write_str("system"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl RootsFrom {
    /// Reads them.
    ///
    /// # Errors
    /// A file that is missing or holds no roots, in one line.
    fn read(&self) -> Result<Roots, String> {
        match self {
            Self::Bundled => Ok(Roots::bundled()),
            Self::System => {
                let file = x509::system_roots();
                let file = file.ok_or("--roots: this system keeps its roots in no usual place; name the file")?;
                read_roots(file)
            }
            Self::File(path) => read_roots(path),
        }
    }
}

fn read_roots(path: &Path) -> Result<Roots, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("--roots {}: cannot be read: {error}", path.display()))?;
    Roots::read(&bytes).map_err(|error| format!("--roots {}: {error}", path.display()))
}

/// What makes a run fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// A handshake with this outcome.
    Outcome(OutcomeName),
    /// A failure of this cause.
    Cause(Cause),
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::Outcome).or_else(|outcomes: String| {
            event::cause(text).map(Self::Cause).map_err(|cause| format!("{outcomes}; {cause}"))
        })
    }
}

/// Which of the standard streams is a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminals {
    /// Standard output.
    pub output: bool,
    /// Standard error.
    pub error: bool,
}

/// What is to be done.
pub struct Plan {
    /// The run.
    pub job: Job,
    /// Standard output gets the report for people.
    pub report: bool,
    /// Frames come from interfaces: they have no numbers, and handshakes were shown as they went by.
    pub live: bool,
    /// The summary is wanted: in the report, or else on standard error.
    pub summary: bool,
    /// No messages.
    pub quiet: bool,
    /// A handshake with one of these makes the run fail.
    pub fail_on: Vec<FailOn>,
}

impl Settings {
    /// With what a configuration file says besides options.
    pub fn with(self, file: Option<File>) -> Self {
        let path = file.as_ref().map(|file| file.path.clone());
        let File { sinks, enrichment, .. } = file.unwrap_or_default();
        Self { sinks, enrichment, file: path, ..self }
    }

    /// Of these settings what a run can take over that goes on.
    ///
    /// # Errors
    /// A mistake of the user, in one line.
    pub fn reloaded(self) -> Result<Reloaded, String> {
        let sink = |target: Target| {
            let selection = sinks::selection(&mut Options::new(target.options.clone()));
            selection.map(|selection| (target.name(), selection)).map_err(|what| format!("{}: {what}", target.name()))
        };
        let sinks = self.all_targets().into_iter().map(sink).collect::<Result<_, _>>()?;
        let enrichment = self.enrichment.read()?;
        Ok(Reloaded { selection: self.selection, sinks, enrichment, says: String::new() })
    }

    /// The folders of what is read anew: who edits a file often puts another in its place.
    fn read_anew(&self) -> Vec<PathBuf> {
        let Some(file) = &self.file else { return Vec::new() };
        let files = [file.as_path()].into_iter().chain(self.enrichment.files());
        let folder = |file: &Path| file.canonicalize().ok()?.parent().map(Path::to_owned);
        let links = |file: &Path| Path::new(".").join(file).parent().map(Path::to_owned);
        files.flat_map(|file| [folder(file), links(file)]).flatten().filter(|folder| folder.is_dir()).collect()
    }

    /// Where events go, by the command line and then by the file.
    fn all_targets(&self) -> Vec<Target> {
        self.targets.iter().chain(self.sinks.iter().map(|(_, target)| target)).cloned().collect()
    }

    /// Checks the settings against each other and against the files they name.
    ///
    /// A terminal gets the report unless events were asked for there; else events go to standard output or where they
    /// were sent.
    ///
    /// # Errors
    /// A mistake of the user, in one line.
    pub fn plan(self, terminals: Terminals) -> Result<Plan, String> {
        let live = matches!(self.origin, OriginSettings::Live(_));
        let events_asked_for =
            self.format.is_some() || self.detail.is_some() || self.fields.is_some() || self.incidents;
        let mut targets = self.all_targets();
        let to_output = targets.iter().any(|target| target.place == Place::StandardOutput);
        let report = terminals.output && !to_output && (!targets.is_empty() || !events_asked_for);
        // People who watch traffic want to see it go by, a line for each handshake, and the report at the end.
        let follows = live && report && targets.is_empty();
        if targets.is_empty() && (live || !report) {
            targets.push(Target::STANDARD_OUTPUT);
        }
        let mut usual = Usual::of(&self);
        if follows {
            usual.format = usual.format.or(Some(Format::Text));
        }
        let places = self.targets.iter().map(|_| None).chain(self.sinks.iter().map(|(place, _)| Some(place)));
        let places = places.chain(iter::repeat(None));
        let told = |what: String, place: Option<&String>| match place {
            Some(place) => format!("{place}: {what}"),
            None => what,
        };
        let plan = |(target, place)| usual.plan(target).map_err(|what| told(what, place));
        let sinks = targets.iter().zip(places).map(plan).collect::<Result<Vec<_>, _>>()?;
        names_differ(&sinks)?;
        let filter = self.filter.as_deref().map(Filter::new).transpose().map_err(|error| error.to_string())?;
        let written = || sinks.iter().filter_map(|sink| sink.prepared.file());
        let packets = self.evidence.as_ref().map(|evidence| evidence.file.as_path());
        packets.map_or(Ok(()), |packets| not_an_output(packets, written()))?;
        let readable = self.read_anew();
        let origin = match self.origin {
            OriginSettings::Saved { captures, merge } => {
                let inputs = capture::expand(&captures);
                let mut outputs = written().chain(packets);
                outputs.try_for_each(|file| not_an_input(file, inputs.iter().flatten()))?;
                Origin::Saved(Saved { inputs, merge, filter })
            }
            OriginSettings::Live(live) => Origin::Live(live.open(self.filter)?),
        };
        Ok(Plan {
            job: Job {
                readable,
                reload: None,
                origin,
                limits: self.limits,
                hold: self.hold,
                selection: self.selection,
                enrichment: self.enrichment.read()?,
                sensor: self.sensor,
                sinks,
                spooling: self.spooling,
                evidence: self.evidence,
                metrics: self.metrics,
                rows: report,
                roots: self.roots.read()?,
            },
            report,
            live,
            summary: self.summary,
            quiet: self.quiet,
            fail_on: self.fail_on,
        })
    }
}

/// A sink that is one of the captures would empty it before it is read.
fn not_an_input<'a>(file: &Path, mut inputs: impl Iterator<Item = &'a Input>) -> Result<(), String> {
    let is_it = |input: &Input| matches!(input, Input::File(capture) if same_file(capture, file));
    match inputs.any(is_it) {
        true => Err(format!("{} is one of the captures to read; name another file for the output", file.display())),
        false => Ok(()),
    }
}

/// Counters, messages and spools go by the name.
fn names_differ(sinks: &[SinkPlan]) -> Result<(), String> {
    let twice = sinks.iter().enumerate().find(|(at, sink)| sinks.iter().take(*at).any(|other| other.name == sink.name));
    twice.map_or(Ok(()), |(_, SinkPlan { name, .. })| {
        Err(format!("two outputs are called {name}; give one of them another name, with the option name"))
    })
}

/// Packets and events in one file are neither.
fn not_an_output<'a>(packets: &Path, mut events: impl Iterator<Item = &'a Path>) -> Result<(), String> {
    match events.any(|file| file == packets || same_file(file, packets)) {
        true => Err(format!("-w {} is where the events go; name another file for the packets", packets.display())),
        false => Ok(()),
    }
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Terminals = Terminals { output: true, error: true };
    const PIPE: Terminals = Terminals { output: false, error: true };

    fn captures(paths: &[&Path]) -> OriginSettings {
        OriginSettings::Saved { captures: paths.iter().map(|path| path.to_path_buf()).collect(), merge: false }
    }

    fn settings() -> Settings {
        Settings {
            origin: captures(&["-".as_ref()]),
            filter: None,
            hold: None,
            selection: Selection::default(),
            format: None,
            detail: None,
            fields: None,
            targets: Vec::new(),
            sinks: Vec::new(),
            sensor: None,
            enrichment: EnrichmentSettings::default(),
            spooling: None,
            evidence: None,
            metrics: None,
            file: None,
            incidents: false,
            quiet: false,
            summary: true,
            fail_on: Vec::new(),
            limits: Limits::default(),
            roots: RootsFrom::Bundled,
        }
    }

    #[track_caller]
    fn expect(settings: Settings, terminals: Terminals, report: bool, targets: &[Target]) {
        let plan = settings.plan(terminals).expect("a plan");
        let sinks: Vec<_> = plan.job.sinks.iter().map(|sink| sink.name.clone()).collect();
        let targets: Vec<_> = targets.iter().map(|target| target.place.to_string()).collect();
        assert_eq!((plan.report, plan.job.rows, sinks), (report, report, targets));
    }

    #[test]
    fn people_get_the_report_and_programs_get_events() {
        let file = Target::file("events.jsonl");
        let output = [Target::STANDARD_OUTPUT];
        expect(settings(), TERMINAL, true, &[]);
        expect(settings(), PIPE, false, &output);
        expect(Settings { format: Some(Format::Text), ..settings() }, TERMINAL, false, &output);
        expect(Settings { detail: Some(Detail::Full), ..settings() }, TERMINAL, false, &output);
        expect(Settings { targets: vec![file.clone()], ..settings() }, TERMINAL, true, std::slice::from_ref(&file));
        let both = vec![file.clone(), Target::STANDARD_OUTPUT];
        expect(Settings { targets: both.clone(), ..settings() }, TERMINAL, false, &both);
        expect(Settings { targets: vec![file.clone()], ..settings() }, PIPE, false, &[file]);
    }

    #[test]
    fn mistakes_are_told_before_anything_is_read() {
        let wrong = Settings { filter: Some("tcp prot 443".into()), ..settings() };
        assert!(wrong.plan(PIPE).err().expect("an error").contains("tcp prot 443"));
        let fields = Some("outcome".parse().expect("a field"));
        assert!(Settings { format: Some(Format::Text), fields, ..settings() }.plan(PIPE).is_err());
        let incidents = |format| Settings { format: Some(format), incidents: true, ..settings() };
        assert!(incidents(Format::Zeek).plan(PIPE).err().expect("an error").contains("no place for incidents"));
        assert!(incidents(Format::Cef).plan(PIPE).is_ok());
    }

    #[test]
    fn a_capture_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.pcap");
        std::fs::write(&path, [0xd4, 0xc3, 0xb2, 0xa1]).expect("a file");
        let target = Target::file(folder.path().join(".").join("a.pcap"));
        let error = Settings { origin: captures(&[&path]), targets: vec![target], ..settings() }.plan(PIPE).err();
        assert!(error.expect("an error").contains("is one of the captures"));
        assert_eq!(std::fs::read(&path).expect("still there").len(), 4);
    }
}
