//! No false alarm: every failure that is reported in other projects' captures has been judged by hand against the packets.
//! The judgements are in `tests/judged/corpus.json`; a failure that is not there, or is told otherwise, has to be judged.

use crate::support::{captures_below, corpus, handshakes_by_file, say};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Of a hundred reported failures so many may be wrong.
const MAX_WRONG: f64 = 1.0;

/// One reported failure, and what a person says of it after looking at the packets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Judged {
    /// The capture, below the corpus.
    file: String,
    /// Address and port.
    client: String,
    /// Address and port.
    server: String,
    cause: String,
    party: String,
    confidence: String,
    /// What was reported is what the packets show, by the rules of the causes.
    right: bool,
    /// What the packets show.
    why: String,
}

impl Judged {
    /// What was reported; one connection may have several handshakes.
    fn report(&self) -> [&str; 6] {
        [&self.file, &self.client, &self.server, &self.cause, &self.party, &self.confidence]
    }
}

#[test]
fn every_failure_in_other_peoples_captures_has_been_judged_by_hand() {
    let Some(folder) = corpus("judged: other people's captures") else { return };
    let judged: Vec<Judged> = serde_json::from_str(include_str!("judged/corpus.json")).unwrap();
    let mut open: BTreeMap<[String; 6], usize> = BTreeMap::new();
    for one in &judged {
        assert!(!one.why.is_empty(), "{one:?}");
        *open.entry(one.report().map(str::to_owned)).or_default() += 1;
    }
    let captures = captures_below(&folder);
    let mut unjudged = Vec::new();
    let mut reported = 0;
    for (file, events) in handshakes_by_file(&captures) {
        let name = file.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
        for event in events.iter().filter(|event| event.get("failure").is_some()) {
            reported += 1;
            let report = report(&name, event);
            match open.get_mut(&report).filter(|count| **count > 0) {
                Some(count) => *count -= 1,
                None => unjudged.push(format!("{}: {}", report.join(" "), event["failure"]["summary"])),
            }
        }
    }
    assert!(unjudged.is_empty(), "{} to judge:\n{}", unjudged.len(), unjudged.join("\n"));
    let stale: Vec<_> = open.iter().filter(|(_, count)| **count > 0).collect();
    assert!(stale.is_empty(), "judged, and not reported any more: {stale:?}");
    let wrong = judged.iter().filter(|one| !one.right).count();
    #[expect(clippy::cast_precision_loss, reason = "there are some dozens")]
    let percent = 100.0 * wrong as f64 / judged.len() as f64;
    say(&format!("judged: {reported} failures in {} captures, {wrong} of them wrong", captures.len()));
    assert!(percent <= MAX_WRONG, "{percent:.1} % are wrong");
}

fn report(file: &str, event: &Value) -> [String; 6] {
    let end = |side: &str| format!("{} {}", event[side]["ip"].as_str().unwrap(), event[side]["port"]);
    let failure = |field: &str| event["failure"][field].as_str().unwrap().to_owned();
    [file.to_owned(), end("client"), end("server"), failure("cause"), failure("party"), failure("confidence")]
}
