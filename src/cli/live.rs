//! `tlscribe live`, also as `tlscribe -i`.

use super::shared::{Shared, seconds, some_seconds};
use crate::config::{LiveSettings, OriginSettings, Settings};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use std::ffi::OsString;
use std::time::Duration;

const EXAMPLES: &str = "\
On a terminal handshakes go by, a line each, and a report is printed at the end; into a pipe or a
file go events, as JSON lines, each as soon as its handshake is settled.

Signals:
  SIGINT, SIGTERM  stop sniffing, settle and write what is open, and end; the second: end at once
  SIGHUP           open output files anew, -w too, after they were moved away; with -C read the file
                   anew: --only, --cause, --server, --sni, also those of sinks, and what is known of
                   addresses take effect, for all else it is said that a restart is needed
  SIGUSR1          say on standard error what was counted so far

Examples:
  sudo tlscribe live -i eth0
  tlscribe live -i eth0 --only failed,abandoned tcp port 443
  tlscribe live -i eth1 -i eth2 -o /var/log/tlscribe/events.jsonl
  tlscribe -i any --duration 60 > events.jsonl";

/// Sniffs network interfaces
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// A filter expression (pcap-filter(7))
    #[arg(value_name = "EXPRESSION")]
    words: Vec<OsString>,
    /// An interface, or any; give several for the two directions of a link, or for several links
    #[arg(short, long = "interface", value_name = "IFACE", required = true, help_heading = "Sniffing")]
    interfaces: Vec<String>,
    /// Bytes that are kept of a frame
    #[arg(short, long, value_name = "BYTES", default_value_t = 262_144, help_heading = "Sniffing",
          value_parser = RangedU64ValueParser::<u32>::new().range(64..=262_144))]
    snaplen: u32,
    /// Mebibytes of the kernel's buffer for each interface
    #[arg(short = 'B', long, value_name = "MIB", default_value_t = 64, help_heading = "Sniffing",
          value_parser = RangedU64ValueParser::<u32>::new().range(1..=2047))]
    buffer_size: u32,
    /// Not in promiscuous mode: only what is meant for this machine
    #[arg(short = 'p', long, help_heading = "Sniffing")]
    no_promiscuous: bool,
    /// Take frames one by one: some milliseconds sooner, at more cost for each
    #[arg(long, help_heading = "Sniffing")]
    immediate: bool,
    /// Whom root becomes once the interfaces are open [default: nobody]
    #[arg(long, value_name = "NAME", help_heading = "Sniffing")]
    user: Option<String>,
    /// So many threads share one busy interface, by flow (Linux)
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Sniffing",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=64))]
    capture_threads: usize,

    /// End after so many frames
    #[arg(short, long, value_name = "N", help_heading = "End", value_parser = RangedU64ValueParser::<u64>::new().range(1..))]
    count: Option<u64>,
    /// End after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "End")]
    duration: Option<Duration>,
    /// At the end, wait so many seconds for outputs that are behind
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "5", help_heading = "End")]
    drain: Duration,

    /// Write a record of what was counted every so many seconds, and at the end
    #[arg(long, value_name = "SECONDS", value_parser = some_seconds, default_value = "60", help_heading = "Output")]
    stats_interval: Duration,

    #[command(flatten)]
    shared: Shared,
}

impl Arguments {
    pub(super) fn settings(self) -> Result<Settings, String> {
        let live = LiveSettings {
            interfaces: self.interfaces,
            snap_length: self.snaplen,
            buffer: self.buffer_size,
            promiscuous: !self.no_promiscuous,
            immediate: self.immediate,
            user: self.user,
            threads: self.capture_threads,
            count: self.count,
            duration: self.duration,
            drain: self.drain,
            stats_interval: self.stats_interval,
        };
        self.shared.settings(OriginSettings::Live(live), self.words)
    }
}
