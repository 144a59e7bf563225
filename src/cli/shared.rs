//! What `read` and `live` have in common: which handshakes are wanted, how they are judged, written and bounded.

use super::evidence::EvidenceArguments;
use crate::config::{EnrichmentSettings, FailOn, OriginSettings, RootsFrom, Settings};
use crate::diagnosis::Cause;
use crate::engine::Limits;
use crate::event::{self, Detail, Fields, Format, Glob, OutcomeName, Selection, Server};
use crate::output::{Spooling, Target};
use clap::Args;
use clap::builder::{
    NonEmptyStringValueParser, PossibleValue, PossibleValuesParser, RangedU64ValueParser, TypedValueParser as _,
    ValueParser,
};
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct Shared {
    /// A file of options, sinks and more, in TOML; what is said here goes before what it says
    // Its options are words like these by now: see `file`.
    #[arg(short = 'C', long = "config", id = "config", value_name = "FILE")]
    _config: Option<PathBuf>,

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

    /// Write events to a file; - is standard output. Or send them: kafka://, syslog+tls://, elasticsearch+https:// ..., with
    /// options of its own as in 'file:a.jsonl?format=ecs&only=failed' (see the README)
    #[arg(short, long, value_name = "SINK", help_heading = "Output")]
    output: Vec<Target>,
    /// While a receiver is away, keep its events in this folder, from where the next run sends them
    #[arg(long, value_name = "FOLDER", help_heading = "Output")]
    spool: Option<PathBuf>,
    /// Mebibytes that each receiver's events may take there
    #[arg(long, value_name = "MIB", default_value_t = 1024, requires = "spool", help_heading = "Output",
          value_parser = RangedU64ValueParser::<u64>::new().range(1..=1 << 24))]
    spool_size: u64,
    /// What this sensor is called, as observer.sensor in every record
    #[arg(long, value_name = "NAME", help_heading = "Output", value_parser = NonEmptyStringValueParser::new())]
    sensor: Option<String>,
    /// How events are written
    #[arg(long, value_parser = words(&Format::ALL), help_heading = "Output")]
    format: Option<Format>,
    /// Only these fields, in this order; a part of a field as in client.ip
    #[arg(long, value_name = "FIELD,...", help_heading = "Output")]
    fields: Option<Fields>,
    /// How much events tell
    #[arg(long, value_parser = words(&Detail::ALL), help_heading = "Output")]
    detail: Option<Detail>,
    /// Write also one record for each failure of each server, however often it was seen: at the end, or live once it is over
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

    /// Serve metrics for Prometheus and a health page there, as in 127.0.0.1:9464
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address, help_heading = "Output")]
    metrics: Option<SocketAddr>,

    #[command(flatten)]
    evidence: EvidenceArguments,

    /// Let failures wait so long for what may explain them, in seconds of capture time [default: 2, for files 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Limits")]
    hold: Option<Duration>,
    /// Flows at a time; more evict the least useful one
    #[arg(long, value_name = "N", default_value_t = Limits::default().flows, help_heading = "Limits")]
    max_flows: usize,
    /// Mebibytes that open flows hold in all: buffers, and the state of handshakes; more evict the least useful flow
    #[arg(long, value_name = "MIB", default_value_t = Limits::default().total_bytes >> 20, help_heading = "Limits")]
    max_buffer: usize,
}

impl Shared {
    /// The settings, with the frames from there; `words` may be a filter expression in place of that with -f.
    pub(super) fn settings(self, origin: OriginSettings, words: Vec<OsString>) -> Result<Settings, String> {
        let expression = words
            .into_iter()
            .map(|word| word.into_string().map_err(|word| format!("{} is not text", word.display())))
            .collect::<Result<Vec<_>, _>>()?
            .join(" ");
        let filter = match (self.filter, expression.is_empty()) {
            (filter, true) => filter,
            (None, false) => Some(expression),
            (Some(_), false) => {
                return Err(format!("two filter expressions, with -f and at the end (`{expression}`); give one"));
            }
        };
        Ok(Settings {
            origin,
            filter,
            hold: self.hold,
            selection: Selection {
                outcomes: self.only.into_iter().map(|outcome| outcome.0).collect(),
                causes: self.cause,
                servers: self.server,
                names: self.sni,
            },
            format: self.format,
            detail: self.detail,
            fields: self.fields,
            targets: self.output,
            sinks: Vec::new(),
            sensor: self.sensor,
            enrichment: EnrichmentSettings::default(),
            spooling: self.spool.map(|folder| Spooling { folder, bytes: self.spool_size << 20 }),
            evidence: self.evidence.settings()?,
            metrics: self.metrics,
            file: None,
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

/// Words with what each is, for the help.
fn words<T: FromStr<Err = String> + Clone + Send + Sync + 'static>(
    all: &[(&'static str, T, &'static str)],
) -> ValueParser {
    let words = all.iter().map(|(name, _, about)| PossibleValue::new(*name).help(*about));
    ValueParser::new(PossibleValuesParser::new(words).try_map(|word| word.parse::<T>()))
}

/// No span is longer: a century, which can be added to any time.
const MAX_SPAN: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A span in seconds, also parts of one.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let span = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    span.map(|span| span.min(MAX_SPAN)).ok_or_else(|| "not a number of seconds".to_owned())
}

/// A span in seconds that is one.
pub(super) fn some_seconds(text: &str) -> Result<Duration, String> {
    let span = seconds(text)?;
    if span.is_zero() { Err("it has to be more than 0".to_owned()) } else { Ok(span) }
}

/// An address of this machine with a port.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        let port = text.trim_start_matches([':', '*']);
        if let Ok(address) = bare.parse::<IpAddr>() {
            format!("a port is missing, as in {}", SocketAddr::new(address, 9464))
        } else if port.parse::<u16>().is_ok() {
            format!(
                "an address is missing: 127.0.0.1:{port} serves this machine alone, 0.0.0.0:{port} whoever reaches it"
            )
        } else {
            "not an address with a port, as in 127.0.0.1:9464 or [::1]:9464; names are not looked up".to_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_or_a_port_without_an_address_is_told_so() {
        assert!(address("127.0.0.1:9464").is_ok() && address("[::1]:0").is_ok());
        let mistake = |text| address(text).expect_err("a mistake");
        for port in ["9464", ":9464", "*:9464"] {
            assert!(mistake(port).contains("an address is missing: 127.0.0.1:9464 "), "{port}");
        }
        assert_eq!(mistake("10.0.0.1"), "a port is missing, as in 10.0.0.1:9464");
        assert_eq!(mistake("::1"), "a port is missing, as in [::1]:9464");
        assert!(mistake("localhost:9464").contains("names are not looked up"));
        assert!(mistake("127.0.0.1:99999").contains("not an address with a port"));
    }

    #[test]
    fn spans_are_seconds_and_can_be_added_to_any_time() {
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2500)));
        assert_eq!(seconds("1e18"), Ok(MAX_SPAN));
        assert!(std::time::Instant::now().checked_add(MAX_SPAN).is_some());
        assert!(seconds("-1").is_err() && seconds("soon").is_err());
        assert!(seconds("0").is_ok() && some_seconds("0").is_err());
    }
}
