//! `tlscribe read`, also as `tlscribe -r`.

use super::Exit;
use super::evidence::EvidenceArguments;
use super::usage::mistake;
use crate::config::{FailOn, Plan, RootsFrom, Settings, Terminals};
use crate::diagnosis::Cause;
use crate::engine::Limits;
use crate::event::{self, Detail, Fields, Format, Glob, OutcomeName, Selection, Server};
use crate::output::Target;
use crate::pipeline::{self, Done};
use crate::report::{self, Console, Look};
use clap::{Args, ValueEnum};
use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

const EXAMPLES: &str = "\
On a terminal a report is printed; into a pipe or a file go events, as JSON lines.

Examples:
  tlscribe read capture.pcap
  tlscribe read monday.pcap.gz tuesday.pcapng > both.jsonl
  tlscribe read --only failed --format text captures/
  tlscribe read --cause certificate_expired --incidents captures/
  tlscribe read --sni '*.example.org' --format tsv --fields start_time,version,client.ip a.pcap
  tlscribe read capture.pcap host 10.0.0.1 and tcp port 443
  ssh gateway tcpdump -U -w - | tlscribe read --format text -";

/// Reads captures: pcap and pcapng, also compressed with gzip or zstd
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Captures: files, folders, or - for standard input. A filter expression may follow, as with tcpdump
    #[arg(value_name = "FILE", required_unless_present = "captures")]
    words: Vec<OsString>,
    /// A capture; all other words are the filter expression then
    #[arg(short = 'r', long = "read", value_name = "FILE")]
    captures: Vec<PathBuf>,
    /// Take all captures as one, in time order (rotated captures)
    #[arg(long)]
    merge: bool,

    /// Look at no other frames (pcap-filter(7))
    #[arg(short, long, value_name = "EXPRESSION", help_heading = "Selection")]
    filter: Option<String>,
    /// Only handshakes with these outcomes: established, unused, abandoned, failed, unfinished
    #[arg(long, value_name = "OUTCOME,...", value_delimiter = ',', help_heading = "Selection")]
    only: Vec<OutcomeName>,
    /// Only failures of these causes, as events name them in failure.cause
    #[arg(long, value_name = "CAUSE,...", value_delimiter = ',', value_parser = event::cause, help_heading = "Selection")]
    cause: Vec<Cause>,
    /// Only these servers: an address, a network or a name, perhaps with :PORT
    #[arg(long, value_name = "SERVER", help_heading = "Selection")]
    server: Vec<Server>,
    /// Only server names that match, as in '*.example.org'
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    sni: Vec<Glob>,
    /// Also connections to TLS servers that were refused, never answered, or closed without a word
    #[arg(long, help_heading = "Selection")]
    tcp: bool,

    /// The roots that certificates are judged by: bundled (Mozilla's), system, or a file in PEM or DER
    #[arg(long, value_name = "ROOTS", default_value = "bundled", help_heading = "Certificates")]
    roots: OsString,

    /// Write events to a file; - is standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Vec<Target>,
    /// How events are written
    #[arg(long, value_enum, help_heading = "Output")]
    format: Option<FormatName>,
    /// Only these fields, in this order; a part of a field as in client.ip
    #[arg(long, value_name = "FIELD,...", help_heading = "Output")]
    fields: Option<Fields>,
    /// How much events tell
    #[arg(long, value_enum, help_heading = "Output")]
    detail: Option<DetailName>,
    /// Write also one record for each failure of each server, however often it was seen
    #[arg(long, help_heading = "Output")]
    incidents: bool,
    /// No messages, no progress, and no summary on standard error
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
    /// No summary
    #[arg(long, help_heading = "Output")]
    no_summary: bool,
    /// End with exit code 3 where a handshake has one of these outcomes or causes of failure
    #[arg(long, value_name = "OUTCOME|CAUSE,...", value_delimiter = ',', help_heading = "Output")]
    fail_on: Vec<FailOn>,

    #[command(flatten)]
    evidence: EvidenceArguments,

    /// Let failures wait so long for what may explain them, in seconds of capture time [default: 60, for standard input 2]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Limits")]
    hold: Option<Duration>,
    /// Flows at a time; more evict the least useful one
    #[arg(long, value_name = "N", default_value_t = Limits::default().flows, help_heading = "Limits")]
    max_flows: usize,
    /// Mebibytes of segments that wait for a lost one, in all flows
    #[arg(long, value_name = "MIB", default_value_t = Limits::default().total_bytes >> 20, help_heading = "Limits")]
    max_buffer: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatName {
    /// One JSON object a line
    Native,
    /// One line for people
    Text,
    /// Tab-separated fields
    Tsv,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DetailName {
    /// Without hellos, history and alternative names
    Brief,
    /// All but raw bytes
    Normal,
    /// Also a timeline with frames and times, and the raw hellos
    Full,
}

impl Arguments {
    pub(super) fn run(self) -> Exit {
        let terminals = Terminals { output: std::io::stdout().is_terminal(), error: std::io::stderr().is_terminal() };
        match self.settings().and_then(|settings| settings.plan(terminals)) {
            Ok(plan) => carry_out(plan, terminals),
            Err(what) => mistake(&what),
        }
    }

    fn settings(self) -> Result<Settings, String> {
        let (captures, expression) =
            if self.captures.is_empty() { split(self.words) } else { (self.captures, self.words) };
        let expression = expression
            .into_iter()
            .map(|word| word.into_string().map_err(|word| format!("{} is not text", word.display())))
            .collect::<Result<Vec<_>, _>>()?
            .join(" ");
        let filter = match (self.filter, expression.is_empty()) {
            (filter, true) => filter,
            (None, false) => Some(expression),
            (Some(_), false) => {
                return Err(format!(
                    "two filter expressions, with -f and behind the captures (`{expression}`); give one"
                ));
            }
        };
        Ok(Settings {
            captures,
            merge: self.merge,
            filter,
            hold: self.hold,
            selection: Selection {
                outcomes: self.only.into_iter().map(|outcome| outcome.0).collect(),
                causes: self.cause,
                servers: self.server,
                names: self.sni,
            },
            format: self.format.map(Format::from),
            detail: self.detail.map(Detail::from),
            fields: self.fields,
            targets: self.output,
            evidence: self.evidence.settings()?,
            incidents: self.incidents,
            quiet: self.quiet,
            summary: !self.no_summary,
            fail_on: self.fail_on,
            limits: Limits {
                flows: self.max_flows.max(1),
                total_bytes: self.max_buffer.saturating_mul(1 << 20),
                tcp: self.tcp,
                ..Limits::default()
            },
            roots: RootsFrom::from(self.roots),
        })
    }
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Native => Self::Native,
            FormatName::Text => Self::Text,
            FormatName::Tsv => Self::Tsv,
        }
    }
}

impl From<DetailName> for Detail {
    fn from(name: DetailName) -> Self {
        match name {
            DetailName::Brief => Self::Brief,
            DetailName::Normal => Self::Normal,
            DetailName::Full => Self::Full,
        }
    }
}

/// A span in seconds, also parts of one.
fn seconds(text: &str) -> Result<Duration, String> {
    let span = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    span.ok_or_else(|| "not a number of seconds".to_owned())
}

/// Words that a filter expression can begin with (pcap-filter(7)); a bracket or a `!` in front of them may come too.
const FILTER_WORDS: [&str; 38] = [
    "ah",
    "arp",
    "broadcast",
    "carp",
    "dst",
    "esp",
    "ether",
    "gateway",
    "geneve",
    "greater",
    "host",
    "icmp",
    "icmp6",
    "inbound",
    "ip",
    "ip6",
    "len",
    "less",
    "link",
    "llc",
    "mpls",
    "multicast",
    "net",
    "not",
    "outbound",
    "port",
    "portrange",
    "pppoed",
    "pppoes",
    "proto",
    "rarp",
    "sctp",
    "src",
    "tcp",
    "udp",
    "vlan",
    "vxlan",
    "wlan",
];

/// Captures, then the filter expression: it begins with the first word behind a capture that can begin one and is no
/// file.
fn split(mut words: Vec<OsString>) -> (Vec<PathBuf>, Vec<OsString>) {
    let begins = |word: &OsString| can_begin_filter(word) && !Path::new(word).exists();
    let at = words.iter().skip(1).position(begins).map_or(words.len(), |at| at + 1);
    let expression = words.split_off(at);
    (words.into_iter().map(PathBuf::from).collect(), expression)
}

fn can_begin_filter(word: &OsStr) -> bool {
    let Some(word) = word.to_str() else { return false };
    let bare = word.trim_start_matches(['(', '!', ' ', '\\']);
    let first = bare.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    FILTER_WORDS.contains(&first) && !bare.get(first.len()..).is_some_and(|rest| rest.starts_with(['.', '/', '-']))
        || bare.is_empty() && !word.is_empty()
}

/// Runs and reports.
fn carry_out(plan: Plan, terminals: Terminals) -> Exit {
    let Plan { job, report: wants_report, summary: wants_summary, quiet, fail_on } = plan;
    let console = Console::new(quiet, terminals.error);
    let done = match pipeline::run(job, &console) {
        Ok(done) => done,
        Err(what) => return mistake(&what),
    };
    let Done { summary, totals, lost, not_wanted } = &done;
    if wants_report {
        let text =
            report::report(summary, totals, wants_summary, look(&console::Term::stdout(), console::colors_enabled()));
        // As above: a reader who closes early has seen what they wanted.
        let _ = std::io::stdout().write_all(text.as_bytes());
    } else if wants_summary && !quiet && !not_wanted {
        let look = look(&console::Term::stderr(), console::colors_enabled_stderr());
        report::summary(summary, totals, look).iter().for_each(|line| eprintln!("{line}"));
    }
    let met = |fail_on: &FailOn| match fail_on {
        FailOn::Outcome(outcome) => summary.outcomes.count(outcome) > 0,
        FailOn::Cause(cause) => summary.causes.count(cause) > 0,
    };
    if fail_on.iter().any(met) {
        Exit::FailOn
    } else if *lost || (totals.unreadable > 0 && !not_wanted) {
        Exit::Incomplete
    } else {
        Exit::Done
    }
}

/// How to set text for a stream.
fn look(stream: &console::Term, colour: bool) -> Look {
    let width = stream.size_checked().map_or(Look::PLAIN.width, |(_, columns)| columns.into());
    Look { width, colour: colour && stream.is_term() }
}
