//! The report for people: the failures, then the handshakes, then what there was in all.

use super::failures::failures;
use super::summary::{Row, Summary};
use super::table::{Column, Look, WHOLE, lines};
use super::tally::Tally;
use super::totals::{Totals, Written};
use crate::event::OutcomeName;
use crate::event::value::Time;
use crate::handshake::Outcome;
use console::measure_text_width;
use indicatif::{HumanBytes, HumanCount};
use std::hash::Hash;

/// At most this many values of one kind are named in the summary.
const MAX_NAMED: usize = 8;
/// The width of the summary's titles.
const TITLE: usize = 14;

const FAILURES: [Column; 5] = [
    Column { title: "TIME", min: WHOLE },
    Column { title: "CLIENT", min: 15 },
    Column { title: "SERVER", min: 15 },
    Column { title: "HOW IT ENDED", min: WHOLE },
    Column { title: "OUTCOME", min: WHOLE },
];

const HANDSHAKES: [Column; 7] = [
    Column { title: "TIME", min: WHOLE },
    Column { title: "CLIENT", min: 15 },
    Column { title: "SERVER NAME", min: 12 },
    Column { title: "OUTCOME", min: WHOLE },
    Column { title: "VERSION", min: WHOLE },
    Column { title: "CIPHER SUITE", min: 18 },
    Column { title: "GROUP", min: 9 },
];

/// What a report has beside the failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The first handshakes, a row each.
    pub table: bool,
    /// The numbers of frames, by which they can be found in a file.
    pub frames: bool,
    /// What there was in all.
    pub summary: bool,
}

/// The whole report.
pub fn report(summary: &Summary, totals: &Totals, parts: Parts, look: Look) -> String {
    let mut sections = Vec::new();
    let (all, unsuccessful) = (summary.handshakes(), summary.unsuccessful());
    let failures = failures(summary, totals, parts.frames, look);
    if unsuccessful > 0 || !failures.is_empty() {
        let title = format!("{} of {} did not succeed", HumanCount(unsuccessful), counted_noun(all, "handshake"));
        let mut section = vec![look.bold(&title)];
        if !failures.is_empty() {
            section.push(String::new());
            section.extend(failures);
        }
        sections.push(section);
    }
    if summary.unexplained > 0 {
        let title = format!("{} for no known cause", HumanCount(summary.unexplained));
        let rows: Vec<_> = in_time_order(&summary.failures).map(|row| failure(row, summary, look)).collect();
        let mut section = table(&title, &FAILURES, &rows, look);
        section.extend(more(summary.unexplained, rows.len(), "--only failed,abandoned --format text", look));
        sections.push(section);
    }
    if all > 0 && parts.table {
        let rows: Vec<_> = in_time_order(&summary.rows).map(|row| handshake(row, summary, look)).collect();
        let mut section = table("Handshakes", &HANDSHAKES, &rows, look);
        section.extend(more(all, rows.len(), "--format text", look));
        sections.push(section);
    }
    if parts.summary {
        let mut section = vec![look.bold("Summary")];
        section.extend(self::summary(summary, totals, look));
        sections.push(section);
    }
    sections.iter().map(|section| section.join("\n") + "\n").collect::<Vec<_>>().join("\n")
}

fn table(title: &str, columns: &[Column], rows: &[Vec<String>], look: Look) -> Vec<String> {
    std::iter::once(look.bold(title)).chain(lines(columns, rows, look)).collect()
}

/// Handshakes are counted as they are settled, which is when they end; people look for when they began.
fn in_time_order(rows: &[Row]) -> impl Iterator<Item = &Row> {
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by_key(|row| row.time);
    rows.into_iter()
}

/// Says how many rows are not shown, and what shows them.
fn more(all: u64, shown: usize, options: &str, look: Look) -> Option<String> {
    let rest = all.saturating_sub(shown as u64);
    (rest > 0).then(|| look.dim(&format!("  and {} more; {options} shows each on a line", HumanCount(rest))))
}

/// Where the parts of a time end as events write it.
const DATE: usize = "2026-03-01".len();
const SECONDS: usize = "2026-03-01T10:00:00".len();
const MILLISECONDS: usize = "2026-03-01T10:00:00.123".len();

/// Date and time of day to the second.
fn second(time: Time) -> String {
    let text = time.to_string();
    text.get(..SECONDS).unwrap_or(&text).replace('T', " ")
}

/// True where all handshakes are of one day.
fn one_day(summary: &Summary) -> bool {
    let date = |time: Time| time.to_string().get(..DATE).map(str::to_owned);
    summary.span.is_none_or(|(first, last)| date(first) == date(last))
}

/// The time of day to the second, with the date where the handshakes are not all of one day.
pub(super) fn moment(time: Time, summary: &Summary) -> String {
    let text = second(time);
    if one_day(summary) { text.get(DATE + 1..).unwrap_or(&text).to_owned() } else { text }
}

/// A row's time: the time of day, or the date and the second where the handshakes are not all of one day.
fn time(row: &Row, summary: &Summary) -> String {
    if !one_day(summary) {
        return second(row.time);
    }
    let text = row.time.to_string();
    text.get(DATE + 1..MILLISECONDS).unwrap_or(&text).to_owned()
}

fn outcome(outcome: OutcomeName, look: Look) -> String {
    match outcome.0 {
        Outcome::Failed => look.red(outcome.as_str()),
        Outcome::Abandoned | Outcome::Unfinished => look.yellow(outcome.as_str()),
        Outcome::Established | Outcome::Unused => outcome.to_string(),
    }
}

fn failure(row: &Row, summary: &Summary, look: Look) -> Vec<String> {
    vec![
        time(row, summary),
        row.client.clone(),
        row.name.clone().unwrap_or_else(|| row.server.clone()),
        row.ending.clone(),
        outcome(row.outcome, look),
    ]
}

fn handshake(row: &Row, summary: &Summary, look: Look) -> Vec<String> {
    vec![
        time(row, summary),
        row.client.clone(),
        row.name.clone().unwrap_or_else(|| row.server.clone()),
        outcome(row.outcome, look),
        row.version.clone(),
        row.suite.clone(),
        row.group.clone(),
    ]
}

/// What there was in all, a few lines.
pub fn summary(summary: &Summary, totals: &Totals, look: Look) -> Vec<String> {
    let outcomes = OutcomeName::ALL.iter().map(|outcome| (outcome.to_string(), summary.outcomes.count(outcome)));
    let mut handshakes = named(outcomes.filter(|(_, count)| *count > 0).collect(), 0);
    let all = HumanCount(summary.handshakes());
    match handshakes.first_mut() {
        Some(first) => *first = format!("{all}: {first}"),
        None => handshakes.push(all.to_string()),
    }
    let resumed = (summary.resumed > 0).then(|| HumanCount(summary.resumed).to_string());
    let time = summary.span.map(|(first, last)| format!("{} to {} UTC", second(first), second(last)));
    [
        ("Handshakes", handshakes),
        ("Causes", tallied(&summary.causes)),
        ("Version", tallied(&summary.versions)),
        ("Cipher suite", tallied(&summary.suites)),
        ("Group", tallied(&summary.groups)),
        ("ALPN", tallied(&summary.protocols)),
        ("Resumed", Vec::from_iter(resumed)),
        ("Findings", tallied(&summary.findings)),
        ("Time", Vec::from_iter(time)),
        ("Read", vec![read(totals)]),
        ("Lacking", lacking(summary, totals)),
        ("Written", Vec::from_iter(totals.written.map(written))),
    ]
    .into_iter()
    .flat_map(|(title, items)| entry(title, &items, look))
    .collect()
}

/// A title and what belongs under it, as many items in a line as fit.
fn entry(title: &str, items: &[String], look: Look) -> Vec<String> {
    let width = look.width.saturating_sub(TITLE + 2);
    let mut filled: Vec<String> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let comma = if index + 1 < items.len() { "," } else { "" };
        match filled.last_mut() {
            Some(last) if measure_text_width(last) + 1 + measure_text_width(item) + comma.len() <= width => {
                *last += &format!(" {item}{comma}");
            }
            _ => filled.push(format!("{item}{comma}")),
        }
    }
    let indent = |index: usize| look.dim(&format!("  {:<TITLE$}", if index == 0 { title } else { "" }));
    filled.iter().enumerate().map(|(index, line)| indent(index) + line).collect()
}

fn tallied<K: Eq + Hash + ToString>(tally: &Tally<K>) -> Vec<String> {
    let (counts, other) = tally.sorted(ToString::to_string);
    named(counts, other)
}

/// `TLS 1.3 12`, `TLS 1.2 3`: the most frequent by name, the rest together.
fn named(counts: Vec<(String, u64)>, other: u64) -> Vec<String> {
    let rest: u64 = counts.iter().skip(MAX_NAMED).map(|(_, count)| count).sum::<u64>() + other;
    let named = counts.iter().take(MAX_NAMED).map(|(name, count)| format!("{name} {}", HumanCount(*count)));
    named.chain((rest > 0).then(|| format!("others {}", HumanCount(rest)))).collect()
}

/// `1 frame`, `2 frames`.
pub(super) fn counted_noun(count: u64, noun: &str) -> String {
    let ending = match noun {
        _ if count == 1 => "",
        _ if noun.ends_with('s') => "es",
        _ => "s",
    };
    format!("{} {noun}{ending}", HumanCount(count))
}

fn written(written: Written) -> String {
    let Written { handshakes, packets, bytes } = written;
    let (packets, handshakes) = (counted_noun(packets, "packet"), counted_noun(handshakes, "handshake"));
    format!("{packets} of {handshakes}, {}", HumanBytes(bytes))
}

fn read(totals: &Totals) -> String {
    let from = if totals.captures == 1 {
        String::new()
    } else {
        format!(" from {}", counted_noun(totals.captures, "capture"))
    };
    let (frames, bytes) = (counted_noun(totals.frames, "frame"), HumanBytes(totals.stats.bytes));
    format!("{frames}, {bytes}{from} in {:.2} s", totals.elapsed.as_secs_f64())
}

/// What was not there, or could not be read.
fn lacking(summary: &Summary, totals: &Totals) -> Vec<String> {
    let handshakes = [(summary.incomplete, "handshake", " with bytes that were not captured".to_owned())];
    let undecoded =
        totals.stats.undecoded.iter().map(|(error, count)| (*count, "frame", format!(" not decoded ({error})")));
    let fragments = &totals.stats.fragments;
    let rest = [
        (totals.kernel_drops, "frame", " lost in the kernel for want of room: give it more with -B".to_owned()),
        (totals.interface_drops, "frame", " lost by the interface".to_owned()),
        (totals.handshakes_lost, "handshake", " lost since the analysis was behind".to_owned()),
        (fragments.expired + fragments.evicted, "fragmented packet", " without all fragments".to_owned()),
        (totals.stats.flows_evicted, "flow", " given up for want of room".to_owned()),
        (totals.stats.flows_one_sided, "flow", " of which only one side was captured".to_owned()),
        (totals.unreadable, "capture", " not read, or not to the end".to_owned()),
    ];
    let all = handshakes.into_iter().chain(undecoded).chain(rest).filter(|(count, ..)| *count > 0);
    all.map(|(count, noun, what)| counted_noun(count, noun) + &what).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_are_named_and_the_rest_is_counted() {
        let counts = (0..10).map(|number| (format!("suite {number}"), 1_000 - number)).collect();
        let named = named(counts, 5);
        assert_eq!(named.len(), MAX_NAMED + 1);
        assert_eq!(named.first().map(String::as_str), Some("suite 0 1,000"));
        assert_eq!(named.last().map(String::as_str), Some("others 1,988"));
    }

    #[test]
    fn a_line_breaks_between_items_only() {
        let look = Look { width: 40, colour: false };
        let items =
            ["TLS 1.3 12", "TLS 1.2 3", "TLS 1.0 1", "a name that is longer than a line can be 1"].map(str::to_owned);
        assert_eq!(
            entry("Version", &items, look),
            [
                "  Version       TLS 1.3 12, TLS 1.2 3,",
                "                TLS 1.0 1,",
                "                a name that is longer than a line can be 1"
            ]
        );
        assert!(entry("Findings", &[], look).is_empty());
    }

    #[test]
    fn a_report_of_nothing_says_so() {
        let report = report(
            &Summary::default(),
            &Totals::default(),
            Parts { table: true, frames: true, summary: true },
            Look::PLAIN,
        );
        assert!(report.starts_with("Summary\n  Handshakes    0\n"), "{report}");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!((counted_noun(1, "frame"), counted_noun(2, "frame")), ("1 frame".into(), "2 frames".into()));
        let mut totals = Totals::default();
        totals.stats.undecoded = vec![(crate::packet::DecodeError::TruncatedIp, 1)];
        assert_eq!(lacking(&Summary::default(), &totals), ["1 frame not decoded (truncated IP header)"]);
    }
}
