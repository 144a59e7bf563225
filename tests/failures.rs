//! Why handshakes failed, held against what was done to make them fail: the built program is run over `captures/failures-*`
//! and `captures/no-failure`, each capture with what is known from itself, and its verdicts are compared with the labels.
//! The confusion matrix is printed; every verdict that is wrong is printed too and has its reason in [`KNOWN_WRONG`].

use crate::captures::{Label, label};
use crate::support::{captures_below, handshakes_told, root, say};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// What must be right at least: the causes and the parties, of a hundred.
#[derive(Clone, Copy)]
struct Wanted {
    causes: f64,
    parties: f64,
}

/// Stacks and scenes that the rules were made with.
const OWN: Wanted = Wanted { causes: 97.0, parties: 98.0 };
/// Stacks and scenes that they were not made with.
const OTHER_STACKS: Wanted = Wanted { causes: 93.0, parties: 93.0 };
/// Where nothing fails there is nothing to be wrong about.
const NO_FAILURE: Wanted = Wanted { causes: 99.0, parties: 99.0 };

/// The handshakes whose verdict is wrong, as `family/capture#number`, and why it is.
const KNOWN_WRONG: &[(&str, &str)] = &[
    (
        "failures-not-tls/proxy-header-and-none-nginx-at-client#2",
        "that it waits for a PROXY header is known from no other server",
    ),
    ("failures-not-tls/redis-openssl-at-client#1", "Redis says nothing to a hello, and waits"),
    ("failures-peers/crypto-signature-java#1", "JSSE says handshake_failure to a signature that does not verify"),
    (
        "failures-peers/handshake-failure-java-gnutls-tls13#1",
        "the alert is encrypted, and stands where other servers' own trouble does",
    ),
    (
        "failures-peers/handshake-failure-python-tls13#1",
        "a server of the time before TLS 1.3 says the same to this hello",
    ),
    (
        "failures-peers/protocol-key-share-not-on-curve-java#1",
        "the key share has the right length, and its curve is not calculated",
    ),
    (
        "failures-server-certificate/expired-nss-later-tls12#1",
        "the client refused before the server's Finished came: failed, by definition",
    ),
    ("failures-other-stacks/aiohttp/unknown-root-tls12#1", "it takes long to leave, and says nothing"),
    (
        "failures-other-stacks/firefox/unknown-root-tls12#1",
        "finished and closed: a private root alone speaks for no refusal",
    ),
    (
        "failures-other-stacks/node/unknown-root-tls12#1",
        "finished and closed: a private root alone speaks for no refusal",
    ),
    ("failures-other-stacks/mbedtls/signature-ed25519#1", "the server had chosen before it said handshake_failure"),
    (
        "failures-other-stacks/stunnel/client-certificate-accepted-tls12#1",
        "the server resets before anything else is seen",
    ),
];

/// What a label takes for right: any of the values. Absent: nothing went wrong.
type Any = Vec<Option<String>>;

/// One handshake of a capture: what its label says, and what its event says.
struct Judged {
    family: String,
    name: String,
    outcomes: Any,
    causes: Any,
    parties: Any,
    outcome: Option<String>,
    cause: Option<String>,
    party: Option<String>,
    confidence: Option<String>,
    summary: String,
}

impl Judged {
    /// `number` is the handshake's place in the capture, from 1.
    fn new(capture: &Path, number: usize, truth: &Value, event: &Value) -> Self {
        let (wanted, failure) = (&truth["failure"], &event["failure"]);
        Self {
            family: family_of(capture).to_owned(),
            name: format!("{}#{number}", named(capture)),
            outcomes: any(&truth["outcome"]),
            causes: any(&wanted["cause"]),
            parties: any(&wanted["party"]),
            outcome: said(&event["outcome"]),
            cause: said(&failure["cause"]),
            party: said(&failure["party"]),
            confidence: said(&failure["confidence"]),
            summary: said(&failure["summary"]).unwrap_or_default(),
        }
    }

    fn outcome_is_right(&self) -> bool {
        // A label may leave open how a handshake is called that one may call either way.
        self.outcomes == [None] || self.outcomes.contains(&self.outcome)
    }

    fn cause_is_right(&self) -> bool {
        self.outcome.is_some() && self.causes.contains(&self.cause)
    }

    fn party_is_right(&self) -> bool {
        self.cause.is_none() && self.cause_is_right() || self.parties.contains(&self.party)
    }

    fn is_right(&self) -> bool {
        self.outcome_is_right() && self.cause_is_right() && self.party_is_right()
    }

    fn is_certain_and_wrong(&self) -> bool {
        self.confidence.as_deref() == Some("certain") && !self.cause_is_right()
    }
}

fn said(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn any(value: &Value) -> Any {
    match value {
        Value::Array(values) => values.iter().map(said).collect(),
        one => vec![said(one)],
    }
}

fn word(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or("none")
}

fn shown(values: &[Option<String>]) -> String {
    values.iter().map(word).collect::<Vec<_>>().join(" or ")
}

/// `captures/failures-…` and `captures/no-failure`: their labels say why handshakes failed, or that nothing did.
pub(crate) fn is_judged(capture: &Path) -> bool {
    let family = family_of(capture);
    family.starts_with("failures-") || family == "no-failure"
}

/// All handshakes that have a verdict in their labels. The tests share them, for it takes a while to read the captures.
static JUDGED: LazyLock<Vec<Judged>> = LazyLock::new(|| {
    let captures = captures_below(&root().join("captures"));
    let judged = captures.into_iter().filter(|capture| is_judged(capture));
    let labelled: Vec<(Label, PathBuf)> = judged.map(|capture| (label(&capture), capture)).collect();
    let mut told: BTreeMap<&[String], Vec<PathBuf>> = BTreeMap::new();
    for (label, capture) in &labelled {
        told.entry(&label.options).or_default().push(capture.clone());
    }
    let events: BTreeMap<PathBuf, Vec<Value>> =
        told.iter().flat_map(|(options, captures)| handshakes_told(options, captures)).collect();
    let mut judged = Vec::new();
    for (label, capture) in &labelled {
        let events = events.get(capture).map_or(&[][..], Vec::as_slice);
        for (number, truth) in label.handshakes.iter().enumerate() {
            if truth.get("failure").is_some() {
                judged.push(Judged::new(capture, number + 1, truth, event_of(truth, number, events)));
            }
        }
    }
    judged
});

/// Those of some families.
fn judged(family: impl Fn(&str) -> bool) -> Vec<&'static Judged> {
    JUDGED.iter().filter(|one| family(&one.family)).collect()
}

/// The event of a handshake: by the client's port where the label has it, else by its place.
fn event_of<'a>(truth: &Value, number: usize, events: &'a [Value]) -> &'a Value {
    let port = &truth["client"]["port"];
    let found =
        if port.is_null() { events.get(number) } else { events.iter().find(|event| event["client"]["port"] == *port) };
    found.unwrap_or(&Value::Null)
}

fn named(capture: &Path) -> String {
    let path = capture.strip_prefix(root().join("captures")).unwrap().to_string_lossy().into_owned();
    path.split_once(".pcap").unwrap().0.to_owned()
}

/// The folder of `captures` that a capture lies in, or below.
fn family_of(capture: &Path) -> &str {
    let path = capture.strip_prefix(root().join("captures")).unwrap();
    path.iter().next().and_then(OsStr::to_str).unwrap()
}

/// A line for each true cause: how many there are, how many were told, and what the others were taken for.
fn print_matrix(judged: &[&Judged]) {
    let mut matrix: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for one in judged {
        let said =
            one.cause.clone().unwrap_or_else(|| if one.outcome.is_some() { "none" } else { "no event" }.to_owned());
        let truth = if one.cause_is_right() { said.clone() } else { shown(&one.causes) };
        *matrix.entry(truth).or_default().entry(said).or_default() += 1;
    }
    say(&format!("{:34}{:>5}{:>7}  taken for", "cause", "all", "right"));
    for (truth, verdicts) in matrix {
        let all: usize = verdicts.values().sum();
        let right = verdicts.get(&truth).copied().unwrap_or_default();
        let others = verdicts.iter().filter(|(verdict, _)| **verdict != truth);
        let others: Vec<String> = others.map(|(verdict, times)| format!("{verdict} {times}")).collect();
        say(format!("{truth:34}{all:>5}{right:>7}  {}", others.join(", ")).trim_end());
    }
}

/// Of a hundred handshakes, how many are right in some respect.
#[expect(clippy::cast_precision_loss, reason = "there are some hundreds")]
fn percent(judged: &[&Judged], right: impl Fn(&Judged) -> bool) -> f64 {
    100.0 * judged.iter().filter(|one| right(one)).count() as f64 / judged.len() as f64
}

/// Prints the matrix, and holds what is right against what is wanted.
#[track_caller]
fn hold(title: &str, judged: &[&Judged], wanted: Wanted) {
    assert!(!judged.is_empty(), "{title}: there are no captures");
    say(title);
    print_matrix(judged);
    let reasons: BTreeMap<&str, &str> = KNOWN_WRONG.iter().copied().collect();
    let wrong: Vec<&Judged> = judged.iter().copied().filter(|one| !one.is_right()).collect();
    for one in &wrong {
        let said = format!("{} {} {}", word(&one.outcome), word(&one.cause), word(&one.confidence));
        let truth = format!("{} {} {}", shown(&one.outcomes), shown(&one.causes), shown(&one.parties));
        let reason = reasons.get(one.name.as_str()).unwrap_or(&"NO REASON");
        say(&format!("{}: {said}, and it is {truth}: {reason}; {}", one.name, one.summary));
    }
    let (causes, parties) = (percent(judged, Judged::cause_is_right), percent(judged, Judged::party_is_right));
    let outcomes = percent(judged, Judged::outcome_is_right);
    say(&format!(
        "{} handshakes: right are {outcomes:.1} % of outcomes, {causes:.1} % of causes, {parties:.1} % of parties",
        judged.len()
    ));
    let certain: Vec<&str> =
        judged.iter().filter(|one| one.is_certain_and_wrong()).map(|one| one.name.as_str()).collect();
    assert!(certain.is_empty(), "certain, and wrong: {certain:?}");
    assert!(causes >= wanted.causes && parties >= wanted.parties && outcomes >= wanted.causes, "too many are wrong");
    let unexplained: BTreeSet<&str> =
        wrong.iter().map(|one| one.name.as_str()).filter(|name| !reasons.contains_key(name)).collect();
    assert!(unexplained.is_empty(), "wrong, and the table has no reason: {unexplained:?}");
}

#[test]
fn failures_are_told_by_cause_and_party() {
    let own = judged(|family| family != "failures-other-stacks" && family != "no-failure");
    hold("Stacks and scenes that the rules were made with", &own, OWN);
}

#[test]
fn failures_of_other_stacks_are_told_by_cause_and_party() {
    hold("Other stacks", &judged(|family| family == "failures-other-stacks"), OTHER_STACKS);
}

#[test]
fn what_looks_like_trouble_and_is_none_gives_no_failure() {
    hold("No failure", &judged(|family| family == "no-failure"), NO_FAILURE);
}

#[test]
fn the_table_of_wrong_verdicts_names_captures_that_are_there_and_wrong() {
    let wrong: BTreeSet<&str> = JUDGED.iter().filter(|one| !one.is_right()).map(|one| one.name.as_str()).collect();
    let stale: Vec<&str> = KNOWN_WRONG.iter().map(|(name, _)| *name).filter(|name| !wrong.contains(name)).collect();
    assert!(stale.is_empty(), "right, or not there: {stale:?}");
}
