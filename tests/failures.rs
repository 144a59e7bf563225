//! Why handshakes failed, held against what was done to make them fail: the built program is run over `captures/failures-*`,
//! each capture with what is known from itself, and its verdicts are compared with the labels. The confusion matrix is
//! printed; every verdict that is wrong is printed too and has its reason in [`KNOWN_WRONG`].

use crate::captures::label;
use crate::support::{captures_below, handshakes_told, name, root, say};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The part of outcomes and causes that must be right.
const WANTED_CAUSES: f64 = 0.97;

/// The part of parties that must be right.
const WANTED_PARTIES: f64 = 0.98;

/// The captures of stacks that the developers have not seen are judged apart.
const HELD_OUT: &str = "failures-other-stacks";

/// The handshakes whose verdict is wrong, as `folder/capture#number`, and why it is.
const KNOWN_WRONG: &[(&str, &str)] = &[];

/// What is said of one handshake, by a label or by an event.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    outcome: String,
    /// `none` where nothing went wrong.
    cause: String,
    /// `none` as well.
    party: String,
}

impl Said {
    fn of(handshake: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
        let failure = &handshake["failure"];
        Self { outcome: text(&handshake["outcome"]), cause: text(&failure["cause"]), party: text(&failure["party"]) }
    }
}

/// One handshake of a capture: what the label says, what the event says, and how sure that is of it.
struct Judged {
    name: String,
    truth: Said,
    verdict: Said,
    confidence: String,
}

impl Judged {
    fn is_right(&self) -> bool {
        self.truth == self.verdict
    }
}

/// `captures/failures-…` and `captures/no-failure`: their labels say why handshakes failed, or that nothing did.
pub(crate) fn is_judged(capture: &Path) -> bool {
    let family = capture.strip_prefix(root().join("captures")).ok().and_then(|path| path.iter().next());
    family.is_some_and(|family| family.to_string_lossy().starts_with("failures-") || family == "no-failure")
}

/// The captures of `captures/failures-…`, whatever they show, but for those that no developer may look at.
fn failures() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(root().join("captures")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| name(folder).starts_with("failures-") && name(folder) != HELD_OUT);
    folders.sort();
    folders.iter().flat_map(|folder| captures_below(folder)).collect()
}

/// All handshakes of those captures.
fn judged() -> Vec<Judged> {
    let captures = failures();
    let mut told: BTreeMap<Vec<String>, Vec<PathBuf>> = BTreeMap::new();
    for capture in &captures {
        told.entry(label(capture).options).or_default().push(capture.clone());
    }
    let events: BTreeMap<PathBuf, Vec<Value>> =
        told.iter().flat_map(|(options, captures)| handshakes_told(options, captures)).collect();
    let mut judged = Vec::new();
    for capture in &captures {
        let events = events.get(capture).map_or(&[][..], Vec::as_slice);
        for (number, expected) in label(capture).handshakes.iter().enumerate() {
            let event = events.get(number).unwrap_or(&Value::Null);
            judged.push(Judged {
                name: format!("{}/{}#{}", name(capture.parent().unwrap()), name(capture), number + 1),
                truth: Said::of(expected),
                verdict: Said::of(event),
                confidence: event["failure"]["confidence"].as_str().unwrap_or_default().to_owned(),
            });
        }
    }
    judged
}

/// A line for each true cause: how many there are, how many were told, and what the others were taken for.
fn print_matrix(judged: &[Judged]) {
    let mut matrix: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for one in judged {
        *matrix.entry(&one.truth.cause).or_default().entry(&one.verdict.cause).or_default() += 1;
    }
    say(&format!("{:34}{:>5}{:>7}  taken for", "cause", "all", "right"));
    for (truth, verdicts) in matrix {
        let all: usize = verdicts.values().sum();
        let right = verdicts.get(truth).copied().unwrap_or_default();
        let others: Vec<String> = verdicts
            .iter()
            .filter(|(verdict, _)| **verdict != truth)
            .map(|(verdict, times)| format!("{verdict} {times}"))
            .collect();
        say(format!("{truth:34}{all:>5}{right:>7}  {}", others.join(", ")).trim_end());
    }
}

/// The part of the handshakes that are right in some respect.
#[expect(clippy::cast_precision_loss, reason = "there are some hundreds")]
fn part(judged: &[Judged], right: impl Fn(&Judged) -> bool) -> f64 {
    judged.iter().filter(|one| right(one)).count() as f64 / judged.len() as f64
}

#[test]
fn failures_are_told_by_cause_and_party() {
    let judged = judged();
    assert!(!judged.is_empty(), "there are no captures of failures");
    print_matrix(&judged);
    let reasons: BTreeMap<&str, &str> = KNOWN_WRONG.iter().copied().collect();
    let wrong: Vec<&Judged> = judged.iter().filter(|one| !one.is_right()).collect();
    for one in &wrong {
        let Judged { name, truth, verdict, confidence } = one;
        let reason = reasons.get(name.as_str()).unwrap_or(&"NO REASON");
        say(&format!(
            "{name}: {} {} {}, and it is {} {} {}: {reason} {confidence}",
            verdict.outcome, verdict.cause, verdict.party, truth.outcome, truth.cause, truth.party
        ));
    }

    let outcomes = part(&judged, |one| one.truth.outcome == one.verdict.outcome);
    let causes = part(&judged, |one| one.truth.cause == one.verdict.cause);
    let parties = part(&judged, |one| one.truth.party == one.verdict.party);
    say(&format!(
        "{} handshakes: {:.1} % of outcomes, {:.1} % of causes, {:.1} % of parties are right",
        judged.len(),
        outcomes * 100.0,
        causes * 100.0,
        parties * 100.0
    ));
    let certain: Vec<&str> =
        wrong.iter().filter(|one| one.confidence == "certain").map(|one| one.name.as_str()).collect();
    assert!(certain.is_empty(), "certain, and wrong: {certain:?}");
    assert!(causes >= WANTED_CAUSES && outcomes >= WANTED_CAUSES && parties >= WANTED_PARTIES, "too many are wrong");
    let wrong: BTreeSet<&str> = wrong.iter().map(|one| one.name.as_str()).collect();
    let known: BTreeSet<&str> = reasons.keys().copied().collect();
    assert_eq!(wrong, known, "the wrong ones, and those that the table has a reason for");
}
