//! The failures, worst first: what a person has to know of each before they pick up the telephone.
//!
//! A failure is a cause at a server, however many handshakes met it: ten thousand tries at a server whose certificate has
//! expired are one entry.

use super::screen::{counted_noun, moment};
use super::summary::Summary;
use super::table::Look;
use super::totals::Totals;
use crate::diagnosis::{Cause, Evidence, Finding, Party, Severity};
use crate::event::value::Clean;
use crate::event::{End, Incident, Successes};
use crate::paragraph::{UNBROKEN, wrap};
use indicatif::HumanCount;
use std::collections::BTreeMap;
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
pub(super) fn failures(summary: &Summary, totals: &Totals, numbered: bool, look: Look) -> Vec<String> {
    let all = summary.incidents.sorted();
    let (failures, harmless): (Vec<_>, Vec<_>) = all.into_iter().partition(|(incident, _)| incident.is_failure());
    let mut text = Text { look, numbered, lines: Vec::new() };
    for (incident, successes) in failures.iter().take(MAX_SHOWN) {
        text.failure(incident, *successes, summary, totals);
    }
    let hidden = failures.get(MAX_SHOWN..).unwrap_or_default();
    text.hidden(hidden.len(), hidden.iter().map(|(incident, _)| incident.count).sum(), summary.incidents.others);
    if let Some((incident, _)) = failures.first() {
        text.put(INDENT, &format!("tlscribe explain {} tells more", incident.finding.cause), |line| look.dim(line));
        text.gap();
    }
    text.harmless(harmless.iter().map(|(incident, _)| *incident));
    text.lines
}

/// Lines, as they come.
struct Text {
    look: Look,
    /// Frames have numbers.
    numbered: bool,
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
        let evidence: Vec<String> =
            finding.evidence.iter().take(MAX_EVIDENCE).map(|piece| evidence(piece, self.numbered)).collect();
        self.labelled("Evidence", HANG, evidence.iter().map(String::as_str));
        if totals.captures > 1 {
            self.labelled("Capture", 0, incident.file.as_deref());
        }
        let advice = Clean(&finding.advice).to_string();
        self.labelled("To do", 0, (!advice.is_empty()).then_some(advice.as_str()));
        self.labelled("Wireshark", 0, [by_terms(&one_try(incident)).as_str()]);
        self.labelled("All tries", 0, all_tries(incident).as_deref().map(by_terms).as_deref());
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
        let mut causes = BTreeMap::<Cause, u64>::new();
        for incident in incidents {
            *causes.entry(incident.finding.cause).or_default() += incident.count;
        }
        let incomplete = causes.remove(&Cause::CaptureIncomplete).unwrap_or_default();
        let look = self.look;
        if !causes.is_empty() {
            let all = counted_noun(causes.values().sum(), "handshake");
            let named: Vec<_> = causes.iter().map(|(cause, count)| format!("{cause} {}", HumanCount(*count))).collect();
            let codes: Vec<_> = causes.keys().map(|cause| cause.code()).collect();
            let text = format!(
                "{all} ended early and nothing is wrong: {}; for a list: --cause {}",
                named.join(", "),
                codes.join(",")
            );
            self.put(INDENT, &text, |line| look.dim(line));
        }
        if incomplete > 0 {
            let text = format!(
                "{} cannot be judged: the capture lacks what would tell; for a list: --cause capture_incomplete",
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
    let (start, end) = (moment(incident.start(), summary), moment(incident.end, summary));
    let time = if start == end { format!(" at {start}") } else { format!(", {start} to {end}") };
    let before = match successes {
        None => String::new(),
        Some(Successes { last, .. }) if last < incident.start() => format!("; worked until {}", moment(last, summary)),
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

fn evidence(evidence: &Evidence, numbered: bool) -> String {
    let what = Clean(&evidence.what);
    match evidence.mark.filter(|_| numbered) {
        Some(mark) => format!("frame {}: {what}", mark.frame),
        None => what.to_string(),
    }
}

/// A display filter for the connection that the evidence is from.
fn one_try(incident: &Incident) -> String {
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
        (_, 1) => format!("{} && {}", address(incident.client.ip.0), end(server)),
        _ => end(server),
    })
}

/// A filter that breaks between its terms only.
fn by_terms(filter: &str) -> String {
    filter.replace(" == ", &format!("{UNBROKEN}=={UNBROKEN}")).replace("&& ", &format!("&&{UNBROKEN}"))
}

fn end(End { ip, port }: End) -> String {
    format!("{} && tcp.port == {port}", address(ip.0))
}

fn address(ip: IpAddr) -> String {
    if ip.is_ipv4() { format!("ip.addr == {ip}") } else { format!("ipv6.addr == {ip}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Confidence;
    use crate::event::sample::Told;
    use crate::handshake::sample::BEGIN;
    use crate::handshake::{Outcome, Side};
    use crate::time::Mark;

    fn summary(told: &[Told]) -> Summary {
        let mut summary = Summary::default();
        for told in told {
            told.record(|record| {
                summary.incidents.note_success(record);
                summary.incidents.add(record);
                summary.add(record, true);
            });
        }
        summary
    }

    fn text(told: &[Told], width: usize) -> Vec<String> {
        failures(&summary(told), &Totals::default(), true, Look { width, colour: false })
    }

    fn expired() -> Finding {
        let mark = |frame| Some(Mark { frame, time: BEGIN });
        let summary = "The certificate of www.example.org expired on 2024-02-01, 758 days before, and the client \
                       refused it.";
        Finding::new(Cause::CertificateExpired, Side::Server, Confidence::Certain, summary.into())
            .because("not_after", Some(Side::Server), mark(17), "it is valid until 2024-02-01 12:00:00 UTC".into())
            .because("alert", Some(Side::Client), mark(19), "the client sent the alert certificate_expired".into())
            .advise("Renew the certificate for www.example.org, and have the server load it.")
    }

    fn of(cause: Cause, severity: Severity) -> Finding {
        Finding::new(cause, Party::None, Confidence::Likely, "It is so.".into()).severity(severity)
    }

    const NAME: Option<&str> = Some("www.example.org");

    #[test]
    fn frames_of_interfaces_have_no_numbers() {
        let told = [Told::failed("10.0.0.1:50122", NAME, 60, &expired())];
        let lines = failures(&summary(&told), &Totals::default(), false, Look { width: 100, colour: false });
        assert!(lines.iter().any(|line| line.contains("Evidence   it is valid until")), "{lines:?}");
    }

    #[test]
    fn a_failure_as_people_read_it() {
        let told = [
            Told::new("10.0.0.1:50121", NAME, 0, Outcome::Established),
            Told::failed("10.0.0.1:50122", NAME, 60, &expired()),
            Told::failed("10.0.0.3:50123", NAME, 90, &expired()),
        ];
        let expected = "
  The server's certificate has expired: www.example.org
  2 handshakes of 2 clients with 10.0.0.2:443, 10:01:00 to 10:01:30; worked
  until 10:00:00

    The certificate of www.example.org expired on 2024-02-01, 758 days before,
    and the client refused it.

    Cause      certificate_expired, certain; the server has to act
    Evidence   frame 17: it is valid until 2024-02-01 12:00:00 UTC
               frame 19: the client sent the alert certificate_expired
    To do      Renew the certificate for www.example.org, and have the server
               load it.
    Wireshark  ip.addr == 10.0.0.1 && tcp.port == 50122 && ip.addr == 10.0.0.2
               && tcp.port == 443
    All tries  tls.handshake.extensions_server_name == \"www.example.org\"

  tlscribe explain certificate_expired tells more";
        let text = text(&told, 78);
        assert_eq!(text.join("\n"), expected.trim_start_matches('\n'));
    }

    #[test]
    fn what_succeeded_beside_it_is_told() {
        let failed = Told::failed("10.0.0.1:50122", NAME, 60, &expired());
        let good = |seconds| Told::new("10.0.0.1:50121", NAME, seconds, Outcome::Established);
        let extent = |told: &[Told]| text(told, 120)[1].clone();
        let alone = "  1 handshake of 10.0.0.1 with 10.0.0.2:443 at 10:01:00";
        assert_eq!(extent(std::slice::from_ref(&failed)), alone);
        assert_eq!(extent(&[failed.clone(), good(61)]), format!("{alone}; one other succeeded at 10:01:01"));
        assert_eq!(
            extent(&[good(1), failed, good(62)]),
            format!("{alone}; 2 others succeeded, the last at 10:01:02"),
            "it did not stop working"
        );
    }

    #[test]
    fn ten_thousand_repeats_are_one_entry() {
        let told = vec![Told::failed("10.0.0.1:50122", NAME, 0, &expired()); 10_000];
        let text = text(&told, 100);
        assert_eq!(text.len(), 14, "{text:#?}");
        assert_eq!(text[1], "  10,000 handshakes of 10.0.0.1 with 10.0.0.2:443 at 10:00:00");
    }

    #[test]
    fn more_failures_than_can_be_read_are_counted() {
        let told: Vec<_> = (0..MAX_SHOWN + 2)
            .map(|number| {
                let mut told = Told::failed("10.0.0.1:50122", None, 0, &expired());
                told.handshake.server.set_port(1000 + u16::try_from(number).expect("a port"));
                told
            })
            .collect();
        let text = text(&told, 100);
        assert_eq!(
            text.iter().rev().nth(2).map(String::as_str),
            Some("  and 2 other failures in 2 handshakes; --only failed,abandoned --format text shows each on a line")
        );
    }

    #[test]
    fn what_is_no_failure_is_one_line() {
        let lost = of(Cause::ClientClosed, Severity::Info);
        let cut = of(Cause::CaptureIncomplete, Severity::Warning);
        let told = [
            Told::failed("10.0.0.1:1", NAME, 0, &lost),
            Told::failed("10.0.0.1:2", None, 0, &lost),
            Told::failed("10.0.0.1:3", None, 0, &cut),
        ];
        assert_eq!(
            text(&told, 100),
            [
                "  2 handshakes ended early and nothing is wrong: client_closed 2; for a list: --cause client_closed",
                "  1 handshake cannot be judged: the capture lacks what would tell; for a list: --cause",
                "  capture_incomplete"
            ]
        );
    }

    #[test]
    fn filters_are_made_of_addresses_and_harmless_names() {
        let tries = |clients: &[&str], name| {
            let told: Vec<_> = clients.iter().map(|client| Told::failed(client, name, 0, &expired())).collect();
            all_tries(summary(&told).incidents.sorted()[0].0)
        };
        assert_eq!(tries(&["10.0.0.1:1"], NAME), None);
        let one = "ip.addr == 10.0.0.1 && ip.addr == 10.0.0.2 && tcp.port == 443";
        assert_eq!(tries(&["10.0.0.1:1", "10.0.0.1:2"], NAME).as_deref(), Some(one));
        let many = "ip.addr == 10.0.0.2 && tcp.port == 443";
        assert_eq!(tries(&["10.0.0.1:1", "10.0.0.3:1"], None).as_deref(), Some(many));
        assert_eq!(tries(&["10.0.0.1:1", "10.0.0.3:1"], Some("a\" || \"")).as_deref(), Some(many));
        assert_eq!(address("2001:db8::1".parse().expect("an address")), "ipv6.addr == 2001:db8::1");
    }

    #[test]
    fn nothing_from_the_wire_steers_the_terminal() {
        let finding = Finding { summary: "It said \u{1b}[2J.".into(), ..expired() }
            .because("said", None, None, "\u{1b}]0;x\u{7}".into())
            .advise("\u{9b}31m");
        let text = text(&[Told::failed("10.0.0.1:1", Some("\u{1b}[31m.example"), 0, &finding)], 100);
        assert!(text.iter().all(|line| !line.contains(char::is_control)), "{text:#?}");
    }
}
