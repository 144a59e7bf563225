//! Other people's captures: of the TLS flows over TCP that tshark sees in them, at least 99 % are found with the same
//! ends and all that tshark tells of name, JA3, version, suite and JA3S; the JA4s are FoxIO's. Each difference is listed
//! with its reason, and so is each field that only we tell.
//!
//! The captures and tshark's facts are not part of the project; without them the tests say so and pass.

use crate::support::{corpus, handshakes, root};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The part of tshark's flows that must be equal.
const WANTED: f64 = 0.99;

/// What tshark 4.0 sees in one flow: a line of `tshark.jsonl`.
#[derive(Deserialize)]
struct Flow {
    file: String,
    transport: String,
    client: End,
    server: End,
    /// The frame that completed the ClientHello.
    frame: Option<u64>,
    sni: Option<String>,
    ja3: Option<String>,
    version: Option<String>,
    suite: Option<String>,
    ja3s: Option<String>,
}

/// Address and port.
#[derive(Deserialize)]
struct End(String, String);

/// A line of `ja4.jsonl`.
#[derive(Deserialize)]
struct ExpectedJa4 {
    file: String,
    transport: String,
    client: End,
    server: End,
    ja4: String,
}

/// Where tshark and we differ, and why.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    file: String,
    ends: String,
    /// `flow` where we do not find it at all.
    field: String,
    ours: Option<String>,
    tshark: Option<String>,
    reason: String,
}

impl Difference {
    /// True where both are about the same field of the same flow, with the same values.
    fn is_same(&self, other: &Self) -> bool {
        let Self { file, ends, field, ours, tshark, reason: _ } = self;
        (file, ends, field, ours, tshark) == (&other.file, &other.ends, &other.field, &other.ours, &other.tshark)
    }

    /// True where tshark tells what we do not, or tell otherwise.
    fn contradicts(&self) -> bool {
        self.field == "flow" || self.tshark.is_some()
    }
}

/// Those of `these` that are not among `those`, as lines for the file.
fn missing(these: &[Difference], those: &[Difference]) -> Vec<String> {
    let is_new = |this: &&Difference| !those.iter().any(|that| that.is_same(this));
    these.iter().filter(is_new).map(|difference| serde_json::to_string(difference).unwrap()).collect()
}

/// A JSON-lines file, the flows over TCP only.
fn lines<T: for<'a> Deserialize<'a>>(path: &Path, over_tcp: impl Fn(&T) -> bool) -> Vec<T> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).filter(over_tcp).collect()
}

/// `10.0.0.1:1234 > 10.0.0.2:443`, however the address was written.
fn ends(client: &End, server: &End) -> String {
    let one = |end: &End| format!("{}:{}", end.0.parse::<std::net::IpAddr>().unwrap(), end.1);
    format!("{} > {}", one(client), one(server))
}

/// The ends of an event, in the same form.
fn event_ends(event: &Value) -> String {
    let one = |end: &Value| format!("{}:{}", end["ip"].as_str().unwrap(), end["port"]);
    format!("{} > {}", one(&event["client"]), one(&event["server"]))
}

/// The handshakes over TCP of each file that is asked for, read once.
struct Ours<'a> {
    corpus: &'a Path,
    files: BTreeMap<String, Vec<Value>>,
}

impl<'a> Ours<'a> {
    fn new(corpus: &'a Path) -> Self {
        Self { corpus, files: BTreeMap::new() }
    }

    /// The handshake with these ends that spans a frame, else the first one with these ends.
    fn find(&mut self, file: &str, ends: &str, frame: Option<u64>) -> Option<&Value> {
        let corpus = self.corpus;
        let events = self.files.entry(file.to_owned()).or_insert_with(|| handshakes(&corpus.join(file)));
        let with_ends = || events.iter().filter(|event| event["transport"] == "tcp" && event_ends(event) == ends);
        let spans = |event: &&Value| {
            let frames = &event["capture"]["frames"];
            frames[0].as_u64() <= frame && frame <= frames[1].as_u64()
        };
        with_ends().find(spans).or_else(|| with_ends().next())
    }
}

/// tshark's hexadecimal version as the event writes it.
fn version_name(hex: &str) -> Option<String> {
    let code = u16::from_str_radix(hex.strip_prefix("0x")?, 16).unwrap();
    Some(match code {
        0x0300 => "SSL 3.0".to_owned(),
        0x0301..=0x0304 => format!("TLS 1.{}", code - 0x0301),
        0x7f00..=0x7fff => format!("TLS 1.3 draft-{}", code & 0xff),
        0xfb00..=0xfbff => format!("TLS 1.3 draft-{} (Facebook)", code & 0xff),
        _ => hex.to_owned(),
    })
}

/// The compared fields of a flow: name, tshark's value, ours.
fn fields(flow: &Flow, event: &Value) -> [(&'static str, Option<String>, Option<String>); 5] {
    let ours = |field: &str| event[field].as_str().map(str::to_owned);
    let suite = event["cipher_suite_code"].as_u64().map(|code| format!("0x{code:04x}"));
    [
        ("sni", flow.sni.clone(), ours("sni")),
        ("ja3", flow.ja3.clone(), ours("ja3")),
        ("version", flow.version.as_deref().and_then(version_name), ours("version")),
        ("suite", flow.suite.clone().filter(|suite| !suite.is_empty()), suite),
        ("ja3s", flow.ja3s.clone(), ours("ja3s")),
    ]
}

#[test]
fn tshark_sees_the_same_in_99_of_100_flows_and_every_difference_has_its_reason() {
    let Some(corpus) = corpus("oracle: tshark") else { return };
    let flows: Vec<Flow> = lines(&corpus.join("tshark.jsonl"), |flow: &Flow| flow.transport == "tcp");
    let mut ours = Ours::new(&corpus);
    let (mut equal, mut found) = (0, Vec::new());
    for flow in &flows {
        let ends = ends(&flow.client, &flow.server);
        let difference = |field: &str, tshark, ours| Difference {
            file: flow.file.clone(),
            ends: ends.clone(),
            field: field.to_owned(),
            ours,
            tshark,
            reason: String::new(),
        };
        let before = found.len();
        match ours.find(&flow.file, &ends, flow.frame) {
            None => found.push(difference("flow", None, None)),
            Some(event) => found.extend(
                fields(flow, event)
                    .into_iter()
                    .filter(|(_, tshark, ours)| tshark != ours)
                    .map(|(field, tshark, ours)| difference(field, tshark, ours)),
            ),
        }
        equal += usize::from(!found[before..].iter().any(Difference::contradicts));
    }

    let listed = std::fs::read_to_string(root().join("tests/oracle/differences.json")).unwrap();
    let listed: Vec<Difference> = serde_json::from_str(&listed).unwrap();
    assert!(listed.iter().all(|difference| !difference.reason.is_empty()), "a listed difference has no reason");
    let (new, gone) = (missing(&found, &listed), missing(&listed, &found));
    assert!(
        new.is_empty() && gone.is_empty(),
        "{equal} of {} flows are equal\nnot in tests/oracle/differences.json:\n{}\nthere, but gone:\n{}",
        flows.len(),
        new.join(",\n"),
        gone.join("\n")
    );
    assert!(equal as f64 >= WANTED * flows.len() as f64, "{equal} of {} flows are equal", flows.len());
}

#[test]
fn every_ja4_is_that_of_its_authors() {
    let Some(corpus) = corpus("oracle: JA4") else { return };
    let expected: Vec<ExpectedJa4> = lines(&corpus.join("ja4.jsonl"), |flow: &ExpectedJa4| flow.transport == "tcp");
    assert!(!expected.is_empty());
    let mut ours = Ours::new(&corpus);
    for flow in &expected {
        let ends = ends(&flow.client, &flow.server);
        let event = ours.find(&flow.file, &ends, None).unwrap_or_else(|| panic!("{}: no {ends}", flow.file));
        assert_eq!(event["ja4"].as_str(), Some(flow.ja4.as_str()), "{}: {ends}", flow.file);
    }
}
