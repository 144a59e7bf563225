//! Every capture in `captures/` shows what its label says: the built program is run over each.

use crate::failures::is_judged;
use crate::support::{captures_below, files_below, handshakes, name, root};
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The file beside a capture that says how it was made and what it must show.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Label {
    /// The script that makes it.
    made_by: PathBuf,
    /// Who talks to whom, and what happens.
    how: String,
    /// Why tshark was not asked whether the label is right.
    #[serde(default)]
    unchecked: Option<String>,
    /// What was done to make the handshakes fail.
    #[serde(default)]
    provoked: Option<String>,
    /// What the program must be told besides.
    #[serde(default)]
    pub(crate) options: Vec<String>,
    /// False where the connections have no ClientHello.
    #[serde(default = "yes")]
    hello: bool,
    /// Of each handshake, in the order of their ClientHellos, the part of the event that must be there.
    pub(crate) handshakes: Vec<Value>,
}

fn yes() -> bool {
    true
}

/// `captures/family/name.pcapng.gz` has its label in `captures/family/name.json`.
fn label_of(capture: &Path) -> PathBuf {
    let stem = name(capture).split_once(".pcap").unwrap().0;
    capture.with_file_name(format!("{stem}.json"))
}

/// The label of a capture.
pub(crate) fn label(capture: &Path) -> Label {
    let label =
        std::fs::read_to_string(label_of(capture)).unwrap_or_else(|error| panic!("{}: {error}", capture.display()));
    serde_json::from_str(&label).unwrap_or_else(|error| panic!("{}: {error}", capture.display()))
}

/// What `failures` counts is not held here.
fn without_verdict(mut expected: Value) -> Value {
    if let Value::Object(fields) = &mut expected {
        fields.retain(|key, _| key != "outcome" && key != "failure");
    }
    expected
}

/// Where an event contradicts or lacks what a label says; `path` leads to the values at hand.
fn differences(expected: &Value, event: Option<&Value>, path: &str, found: &mut Vec<String>) {
    match (expected, event) {
        (Value::Object(fields), Some(Value::Object(_))) => {
            for (key, value) in fields {
                differences(value, event.and_then(|event| event.get(key)), &format!("{path}.{key}"), found);
            }
        }
        (Value::Array(items), Some(Value::Array(there))) if items.len() == there.len() => {
            for (at, (item, there)) in items.iter().zip(there).enumerate() {
                differences(item, Some(there), &format!("{path}[{at}]"), found);
            }
        }
        (_, Some(there)) if there == expected => {}
        (_, Some(there)) => found.push(format!("{path}: {there}, the label says {expected}")),
        (_, None) => found.push(format!("{path}: absent, the label says {expected}")),
    }
}

#[test]
fn every_capture_shows_what_its_label_says() {
    let captures = captures_below(&root().join("captures"));
    assert!(!captures.is_empty(), "there are no captures");
    let mut wrong = Vec::new();
    for capture in &captures {
        let label = label(capture);
        // Verdicts are counted by `failures`, and what is only asked for with an option is shown there.
        if is_judged(capture) && !(label.hello && label.options.is_empty()) {
            continue;
        }
        let events = handshakes(capture);
        if events.len() != label.handshakes.len() {
            wrong.push(format!(
                "{}: {} handshakes, the label has {}",
                capture.display(),
                events.len(),
                label.handshakes.len()
            ));
        }
        for (number, (expected, event)) in label.handshakes.iter().zip(&events).enumerate() {
            let mut found = Vec::new();
            let expected = if is_judged(capture) { without_verdict(expected.clone()) } else { expected.clone() };
            differences(&expected, Some(event), "", &mut found);
            wrong.extend(found.iter().map(|line| format!("{}: handshake {}: {line}", capture.display(), number + 1)));
        }
    }
    assert!(wrong.is_empty(), "{} captures, {} differences:\n{}", captures.len(), wrong.len(), wrong.join("\n"));
}

#[test]
fn every_label_has_its_capture_and_says_how_it_was_made() {
    let folder = root().join("captures");
    let captures = captures_below(&folder);
    for path in files_below(&folder).iter().filter(|path| path.extension().is_some_and(|suffix| suffix == "json")) {
        let of = captures.iter().filter(|capture| label_of(capture) == *path).count();
        assert_eq!(of, 1, "{} is the label of {of} captures", path.display());
        let label: Label = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(root().join(&label.made_by).is_file(), "{}: there is no {}", path.display(), label.made_by.display());
        assert!(!label.how.is_empty() && label.unchecked.is_none_or(|why| !why.is_empty()), "{}", path.display());
        assert!(label.provoked.is_none_or(|what| !what.is_empty()), "{}", path.display());
    }
}
