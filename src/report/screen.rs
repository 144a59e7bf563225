//! The report for people: what did not succeed, then the handshakes, then what there was in all.

use super::summary::{Row, Summary};
use super::table::{Column, Look, lines};
use super::tally::Tally;
use super::totals::Totals;
use crate::event::OutcomeName;
use crate::handshake::Outcome;
use indicatif::{HumanBytes, HumanCount};
use std::hash::Hash;

/// At most this many values of one kind are named in the summary.
const MAX_NAMED: usize = 8;
/// The width of the summary's titles.
const TITLE: usize = 14;

const FAILURES: [Column; 6] = [
    Column { title: "TIME", min: 12 },
    Column { title: "CLIENT", min: 14 },
    Column { title: "SERVER", min: 14 },
    Column { title: "SERVER NAME", min: 12 },
    Column { title: "OUTCOME", min: 9 },
    Column { title: "HOW IT ENDED", min: 20 },
];

const HANDSHAKES: [Column; 7] = [
    Column { title: "TIME", min: 12 },
    Column { title: "CLIENT", min: 14 },
    Column { title: "SERVER NAME", min: 12 },
    Column { title: "OUTCOME", min: 11 },
    Column { title: "VERSION", min: 7 },
    Column { title: "CIPHER SUITE", min: 12 },
    Column { title: "GROUP", min: 8 },
];

/// The whole report.
pub fn report(summary: &Summary, totals: &Totals, with_summary: bool, look: Look) -> String {
    let mut out = Vec::new();
    if summary.unsuccessful() > 0 {
        out.push(look.bold(&format!(
            "{} of {} handshakes did not succeed",
            HumanCount(summary.unsuccessful()),
            HumanCount(summary.handshakes())
        )));
        let rows: Vec<_> = summary.failures.iter().map(|row| failure(row, summary, look)).collect();
        out.extend(lines(&FAILURES, &rows, look));
        out.extend(more(summary.unsuccessful(), rows.len(), "--only failed,abandoned --format text", look));
        out.push(String::new());
    }
    if !summary.rows.is_empty() {
        out.push(look.bold("Handshakes"));
        let rows: Vec<_> = summary.rows.iter().map(|row| handshake(row, summary, look)).collect();
        out.extend(lines(&HANDSHAKES, &rows, look));
        out.extend(more(summary.handshakes(), rows.len(), "--format text", look));
        out.push(String::new());
    }
    if with_summary {
        out.push(look.bold("Summary"));
        out.extend(self::summary(summary, totals, look));
    }
    out.into_iter().map(|line| line + "\n").collect()
}

/// Says how many rows are not shown, and what shows them.
fn more(all: u64, shown: usize, options: &str, look: Look) -> Option<String> {
    let rest = all.saturating_sub(shown as u64);
    (rest > 0).then(|| look.dim(&format!("  and {} more; {options} shows each on a line", HumanCount(rest))))
}

/// A row's time: the time of day, with the date where the handshakes are not all of one day.
fn time(row: &Row, summary: &Summary) -> String {
    const DATE: usize = "2026-03-01".len();
    const MILLISECONDS: usize = "2026-03-01T10:00:00.123".len();
    let day = |time: &str| time.get(..DATE).map(str::to_owned);
    let one_day = summary.span.is_some_and(|(first, last)| day(&first.to_string()) == day(&last.to_string()));
    let text = row.time.to_string();
    let text = text.get(..MILLISECONDS).unwrap_or(&text);
    if one_day { text.get(DATE + 1..).unwrap_or(text).to_owned() } else { text.replace('T', " ") }
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
        row.server.clone(),
        row.name.clone().unwrap_or_default(),
        outcome(row.outcome, look),
        row.ending.clone(),
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
    let outcomes: Vec<_> = OutcomeName::ALL
        .iter()
        .map(|outcome| (outcome.to_string(), summary.outcomes.count(outcome)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let mut handshakes = HumanCount(summary.handshakes()).to_string();
    if !outcomes.is_empty() {
        handshakes += &format!(": {}", counted(outcomes, 0));
    }
    let mut entries = vec![("Handshakes", handshakes)];
    entries.push(("Version", tallied(&summary.versions)));
    entries.push(("Cipher suite", tallied(&summary.suites)));
    entries.push(("Group", tallied(&summary.groups)));
    entries.push(("ALPN", tallied(&summary.protocols)));
    if summary.resumed > 0 {
        entries.push(("Resumed", HumanCount(summary.resumed).to_string()));
    }
    entries.push(("Findings", tallied(&summary.findings)));
    if let Some((first, last)) = summary.span {
        entries.push(("Time", format!("{first} to {last}")));
    }
    entries.push(("Read", read(totals)));
    entries.push(("Lacking", lacking(summary, totals).join("; ")));
    entries
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .flat_map(|(title, text)| entry(title, &text, look))
        .collect()
}

/// A title and its text, wrapped to the width behind the title.
fn entry(title: &str, text: &str, look: Look) -> Vec<String> {
    let width = look.width.saturating_sub(TITLE + 2).max(20);
    let mut wrapped = vec![String::new()];
    for word in text.split(' ') {
        let line = wrapped.last_mut().map_or(0, |line| line.chars().count());
        match wrapped.last_mut() {
            Some(last) if line == 0 || line + 1 + word.chars().count() <= width => {
                if line > 0 {
                    last.push(' ');
                }
                last.push_str(word);
            }
            _ => wrapped.push(word.to_owned()),
        }
    }
    let indent = |index: usize| {
        let title = if index == 0 { title } else { "" };
        look.dim(&format!("  {title:<TITLE$}"))
    };
    wrapped.iter().enumerate().map(|(index, line)| indent(index) + line).collect()
}

fn tallied<K: Eq + Hash + ToString>(tally: &Tally<K>) -> String {
    let (counts, other) = tally.sorted(ToString::to_string);
    counted(counts, other)
}

/// `TLS 1.3 12, TLS 1.2 3`: the most frequent by name, the rest together.
fn counted(counts: Vec<(String, u64)>, other: u64) -> String {
    let rest: u64 = counts.iter().skip(MAX_NAMED).map(|(_, count)| count).sum::<u64>() + other;
    let named = counts.iter().take(MAX_NAMED).map(|(name, count)| format!("{name} {}", HumanCount(*count)));
    let rest = (rest > 0).then(|| format!("others {}", HumanCount(rest)));
    named.chain(rest).collect::<Vec<_>>().join(", ")
}

fn read(totals: &Totals) -> String {
    let captures = match totals.captures {
        1 => String::new(),
        many => format!(" from {} captures", HumanCount(many)),
    };
    let (frames, bytes) = (HumanCount(totals.frames), HumanBytes(totals.bytes));
    format!("{frames} frames, {bytes}{captures} in {:.2} s", totals.elapsed.as_secs_f64())
}

/// What was not there, or could not be read.
fn lacking(summary: &Summary, totals: &Totals) -> Vec<String> {
    let mut lacking = Vec::new();
    let mut note = |count: u64, text: &str| {
        if count > 0 {
            lacking.push(format!("{} {text}", HumanCount(count)));
        }
    };
    note(summary.incomplete, "handshakes with bytes that were not captured");
    for (error, count) in &totals.undecoded {
        note(*count, &format!("frames not decoded ({error})"));
    }
    note(totals.fragments_lost, "fragmented packets without all their fragments");
    note(totals.evicted, "flows given up for want of room");
    note(totals.unreadable, "captures not read, or not to their end");
    lacking
}
