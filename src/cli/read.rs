//! `tlscribe read`, also as `tlscribe -r`.

use super::shared::Shared;
use crate::config::{OriginSettings, Settings};
use clap::Args;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

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

    #[command(flatten)]
    shared: Shared,
}

impl Arguments {
    pub(super) fn settings(self) -> Result<Settings, String> {
        let (captures, expression) =
            if self.captures.is_empty() { split(self.words) } else { (self.captures, self.words) };
        self.shared.settings(OriginSettings::Saved { captures, merge: self.merge }, expression)
    }
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
pub(super) fn split(mut words: Vec<OsString>) -> (Vec<PathBuf>, Vec<OsString>) {
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
