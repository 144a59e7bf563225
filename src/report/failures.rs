//! The failures, worst first: what a person has to know of each before they pick up the telephone.
//!
//! A failure is a cause at a server, however many handshakes met it: ten thousand tries at a server whose certificate has
//! expired are one entry.

use super::paragraph::wrap;
use super::screen::{counted_noun, moment};
use super::summary::Summary;
use super::table::Look;
use super::totals::Totals;
use crate::diagnosis::{Cause, Evidence, Finding, Party, Severity};
use crate::event::value::Clean;
use crate::event::{End, Incident, Successes};
use indicatif::HumanCount;
use std::net::IpAddr;

/// At most this many failures are shown.
const MAX_SHOWN: usize = 10;
/// At most this many pieces of evidence of one are shown.
const MAX_EVIDENCE: usize = 6;
/// Text is hard to read in lines that are longer.
const MAX_WIDTH: usize = 120;
/// Columns before a failure's title, and before what is said of it.
const INDENT: usize = 2;
const INNER: usize = 4;
/// Columns by which the further lines of a piece of evidence are set in.
const HANG: usize = 2;
/// The width of labels.
const LABEL: usize = 11;

/// The failures of a run; no lines where there is none.
pub(super) fn failures(summary: &Summary, totals: &Totals, look: Look) -> Vec<String> {
    let all = summary.incidents.sorted();
    let (failures, harmless): (Vec<_>, Vec<_>) = all.into_iter().partition(|(incident, _)| incident.is_failure());
    let mut text = Text { look, lines: Vec::new() };
    for (incident, successes) in failures.iter().take(MAX_SHOWN) {
        text.failure(incident, *successes, summary, totals);
    }
    let hidden = failures.get(MAX_SHOWN..).unwrap_or_default();
    text.hidden(hidden.len(), hidden.iter().map(|(incident, _)| incident.count).sum(), summary.incidents.others);
    text.harmless(harmless.iter().map(|(incident, _)| *incident));
    text.lines
}

/// Lines, as they come.
struct Text {
    look: Look,
    lines: Vec<String>,
}

impl Text {
    /// Running text at an indent, each line in a style.
    fn put(&mut self, indent: usize, text: &str, style: impl Fn(&str) -> String) {
        let width = self.look.width.min(MAX_WIDTH).saturating_sub(indent);
        self.lines.extend(wrap(text, width).iter().map(|line| " ".repeat(indent) + &style(line)));
    }

    /// Entries under a label, each in as many lines as it takes; `hang` sets those after the first further in.
    fn labelled<'a>(&mut self, label: &str, hang: usize, entries: impl IntoIterator<Item = &'a str>) {
        let width = self.look.width.min(MAX_WIDTH).saturating_sub(INNER + LABEL + hang);
        let mut label = self.look.dim(&format!("{label:<LABEL$}"));
        for entry in entries {
            for (index, line) in wrap(entry, width).iter().enumerate() {
                let hang = if index == 0 { 0 } else { hang };
                self.lines.push(format!("{:INNER$}{label}{:hang$}{line}", "", ""));
                label = " ".repeat(LABEL);
            }
        }
    }

    fn gap(&mut self) {
        self.lines.push(String::new());
    }

    fn failure(&mut self, incident: &Incident, successes: Option<Successes>, summary: &Summary, totals: &Totals) {
        let look = self.look;
        let finding = &incident.finding;
        let title = format!("{}: {}", capital(finding.cause.title()), asked_for(incident));
        let style = |line: &str| match finding.severity {
            Severity::Error => look.bold(&look.red(line)),
            _ => look.bold(&look.yellow(line)),
        };
        self.put(INDENT, &title, style);
        self.put(INDENT, &extent(incident, successes, summary), str::to_owned);
        self.gap();
        self.put(INNER, &Clean(&finding.summary).to_string(), str::to_owned);
        self.gap();
        self.labelled("Cause", 0, [cause(finding).as_str()]);
        let evidence: Vec<String> = finding.evidence.iter().take(MAX_EVIDENCE).map(evidence).collect();
        self.labelled("Evidence", HANG, evidence.iter().map(String::as_str));
        if totals.captures > 1 {
            self.labelled("Capture", 0, incident.file.as_deref());
        }
        let advice = Clean(&finding.advice).to_string();
        self.labelled("To do", 0, (!advice.is_empty()).then_some(advice.as_str()));
        self.labelled("Wireshark", 0, [one_try(incident).as_str()]);
        self.labelled("All tries", 0, all_tries(incident).as_deref());
        self.gap();
    }

    /// Says how many failures are not shown, and what shows them.
    fn hidden(&mut self, failures: usize, handshakes: u64, uncounted: u64) {
        if failures == 0 && uncounted == 0 {
            return;
        }
        let more = if uncounted > 0 { " or more" } else { "" };
        let text = format!(
            "and {}{more} in {}; --only failed,abandoned --format text shows each on a line",
            counted_noun(failures as u64, "other failure"),
            counted_noun(handshakes + uncounted, "handshake"),
        );
        let look = self.look;
        self.put(INDENT, &text, |line| look.dim(line));
        self.gap();
    }

    /// What is no failure: where nothing is wrong, and where the capture does not tell.
    fn harmless<'a>(&mut self, incidents: impl Iterator<Item = &'a Incident>) {
        let (mut incomplete, mut causes) = (0, Vec::<(Cause, u64)>::new());
        for incident in incidents {
            let cause = incident.finding.cause;
            match causes.iter_mut().find(|(known, _)| *known == cause) {
                _ if cause == Cause::CaptureIncomplete => incomplete += incident.count,
                Some((_, count)) => *count += incident.count,
                None => causes.push((cause, incident.count)),
            }
        }
        let look = self.look;
        if !causes.is_empty() {
            causes.sort();
            let all = counted_noun(causes.iter().map(|(_, count)| count).sum(), "handshake");
            let named: Vec<_> = causes.iter().map(|(cause, count)| format!("{cause} {}", HumanCount(*count))).collect();
            let codes: Vec<_> = causes.iter().map(|(cause, _)| cause.code()).collect();
            let text = format!(
                "{all} ended early and nothing is wrong: {}; --cause {} --format text shows each on a line",
                named.join(", "),
                codes.join(",")
            );
            self.put(INDENT, &text, |line| look.dim(line));
        }
        if incomplete > 0 {
            let text = format!(
                "{} cannot be judged: the capture lacks what would tell; --cause capture_incomplete --format text shows \
                 each on a line",
                counted_noun(incomplete, "handshake")
            );
            self.put(INDENT, &text, |line| look.dim(line));
        }
        if self.lines.last().is_some_and(String::is_empty) {
            self.lines.pop();
        }
    }
}

/// With a capital first letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What the clients asked for: a name, or an address.
fn asked_for(incident: &Incident) -> String {
    match (&incident.sni, incident.server.port) {
        (Some(name), 443) => Clean(name).to_string(),
        (Some(name), port) => format!("{}:{port}", Clean(name)),
        (None, _) => incident.server.to_string(),
    }
}

/// Where it was seen, how often, with whom and when, and since when it is so.
fn extent(incident: &Incident, successes: Option<Successes>, summary: &Summary) -> String {
    let place = match (&incident.sni, incident.servers()) {
        (None, _) => String::new(),
        (Some(_), 1) => format!(" with {}", incident.server),
        (Some(_), all) => format!(" with {} and {}", incident.server, counted_noun(all as u64 - 1, "other address")),
    };
    let count = counted_noun(incident.count, "handshake");
    let least = if summary.incidents.is_full() { "at least " } else { "" };
    let clients = match incident.clients() {
        1 => incident.client.ip.to_string(),
        many => format!("{least}{} clients", HumanCount(many as u64)),
    };
    let (start, end) = (moment(incident.start, summary), moment(incident.end, summary));
    let time = if start == end { format!(" at {start}") } else { format!(", {start} to {end}") };
    let before = match successes {
        None => String::new(),
        Some(Successes { last, .. }) if last < incident.start => format!("; worked until {}", moment(last, summary)),
        Some(Successes { count: 1, last }) => format!("; one other succeeded at {}", moment(last, summary)),
        Some(Successes { count, last }) => {
            format!("; {} others succeeded, the last at {}", HumanCount(count), moment(last, summary))
        }
    };
    format!("{count} of {clients}{place}{time}{before}")
}

fn cause(finding: &Finding) -> String {
    let who = match finding.party {
        Party::Client => "the client has to act",
        Party::Server => "the server has to act",
        Party::Both => "client and server have to agree",
        Party::Network => "whoever runs what lies in between has to act",
        Party::Sensor => "whoever runs the capture has to act",
        Party::None => "nobody has to act",
    };
    format!("{}, {}; {who}", finding.cause, finding.confidence.name())
}

fn evidence(evidence: &Evidence) -> String {
    let what = Clean(&evidence.what);
    match evidence.mark {
        Some(mark) => format!("frame {}: {what}", mark.frame),
        None => what.to_string(),
    }
}

/// A display filter for the connection that the evidence is from.
fn one_try(incident: &Incident) -> String {
    let end = |End { ip, port }: End| format!("{} && tcp.port == {port}", address(ip.0));
    format!("{} && {}", end(incident.client), end(incident.server))
}

/// A display filter for what its clients tried at this server, where that is more than one connection.
fn all_tries(incident: &Incident) -> Option<String> {
    if incident.count < 2 {
        return None;
    }
    let server = incident.server;
    Some(match (&incident.sni, incident.clients()) {
        (Some(name), 2..) if name.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte)) => {
            format!("tls.handshake.extensions_server_name == \"{name}\"")
        }
        (_, 1) => {
            format!("{} && {} && tcp.port == {}", address(incident.client.ip.0), address(server.ip.0), server.port)
        }
        _ => format!("{} && tcp.port == {}", address(server.ip.0), server.port),
    })
}

fn address(ip: IpAddr) -> String {
    if ip.is_ipv4() { format!("ip.addr == {ip}") } else { format!("ipv6.addr == {ip}") }
}
