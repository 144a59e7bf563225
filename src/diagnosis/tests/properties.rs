//! What holds of every verdict, whatever the handshake was: handshakes composed at random, most of them nonsense.

use super::certificates::{
    chain, chain_for_another_name, expired, missing_issuer, shown_before, unknown_root,
};
use super::flights::{answered12, asking12, begun13, finished12, finished13, flight12, flight13, hello};
use super::{Told, attempt, failed_attempt, seen, told};
use crate::diagnosis::{Confidence, Failure, Party};
use crate::handshake::sample::HelloSample;
use crate::handshake::{CloseKind, Handshake, Missing, MissingWhy, Obstacle, Outcome, Side};
use crate::knowledge::ServerView;
use crate::tls::registry::{AlertDescription, AlertLevel, CipherSuite, ContentType, ProtocolVersion};
use crate::x509::{ChainProblem, Judgement};
use proptest::collection::vec;
use proptest::prelude::*;
use std::time::Duration;

/// Something that happens in a handshake.
#[derive(Clone, Debug)]
enum Event {
    Alert(Side, bool, u8),
    Record(Side, u8, u16),
    Plain(Side, Vec<u8>),
    Wait(u64),
    Again(Side, u32, u64),
    Missing(Side, u8),
    Finish(Side),
    Use(Side),
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Client), Just(Side::Server)]
}

/// Lengths that mean something, and others.
fn length() -> impl Strategy<Value = u16> {
    prop_oneof![Just(19), Just(25), Just(53), Just(61), Just(69), Just(35), 1..2_000_u16]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (side(), any::<bool>(), alert()).prop_map(|(from, fatal, code)| Event::Alert(from, fatal, code)),
        4 => (side(), 20..24_u8, length()).prop_map(|(from, kind, length)| Event::Record(from, kind, length)),
        1 => (side(), vec(any::<u8>(), 1..40)).prop_map(|(from, bytes)| Event::Plain(from, bytes)),
        1 => (0..10_000_u64).prop_map(Event::Wait),
        1 => (side(), 1..6_u32, 0..5_000_u64).prop_map(|(from, times, over)| Event::Again(from, times, over)),
        1 => (side(), 0..6_u8).prop_map(|(from, why)| Event::Missing(from, why)),
        1 => side().prop_map(Event::Finish),
        1 => side().prop_map(Event::Use),
    ]
}

/// The registered alerts, and some that are not.
fn alert() -> impl Strategy<Value = u8> {
    prop_oneof![Just(0), Just(10), 40..52_u8, Just(70), Just(71), Just(80), Just(86), Just(90), 109..122_u8, any::<u8>()]
}

fn happens(handshake: Handshake, event: &Event) -> Handshake {
    const WHY: [MissingWhy; 6] = [
        MissingWhy::Lost,
        MissingWhy::Snapped,
        MissingWhy::BeforeCapture,
        MissingWhy::Bound,
        MissingWhy::Unseen,
        MissingWhy::Unacknowledged,
    ];
    match *event {
        Event::Alert(from, fatal, code) => {
            let level = if fatal { AlertLevel::FATAL } else { AlertLevel::WARNING };
            handshake.alerts(from, level, AlertDescription(code))
        }
        Event::Record(from, kind, length) => handshake.encrypts(from, ContentType(kind), length),
        Event::Plain(from, ref bytes) => handshake.says_plainly(from, bytes),
        Event::Wait(millis) => handshake.waits(Duration::from_millis(millis)),
        Event::Again(from, times, millis) => handshake.sends_again_in_vain(from, times, Duration::from_millis(millis)),
        Event::Missing(from, why) => {
            let missing = Missing { from, range: 10..1_470, why: WHY[usize::from(why)] };
            handshake.but(|handshake| handshake.missing.push(missing))
        }
        Event::Finish(from) => handshake.finishes(from),
        Event::Use(from) => handshake.uses(from),
    }
}

fn begins(at: usize) -> Handshake {
    let old = HelloSample { legacy_version: 0x0301, sni: None, suites: vec![5, 10], ..HelloSample::tls12() };
    match at {
        0 => Handshake::sample(),
        1 => hello(&HelloSample::default()),
        2 => hello(&old),
        3 => begun13(&HelloSample::default()),
        4 => flight13(),
        5 => finished13(),
        6 => flight12(),
        7 => asking12(),
        8 => answered12(&[]),
        9 => answered12(&[b"client"]),
        _ => finished12(),
    }
}

fn closes() -> impl Strategy<Value = (CloseKind, Option<Side>)> {
    let by = prop_oneof![Just(CloseKind::Alert), Just(CloseKind::Fin), Just(CloseKind::Rst)];
    prop_oneof![
        6 => (by, side()).prop_map(|(by, side)| (by, Some(side))),
        1 => prop_oneof![Just(CloseKind::Icmp), Just(CloseKind::Timeout), Just(CloseKind::CaptureEnd)]
            .prop_map(|by| (by, None)),
    ]
}

fn shows() -> impl Strategy<Value = Judgement> {
    let weak = ChainProblem::Weak { at: 0, what: "a key of RSA 1024".to_owned() };
    prop_oneof![
        Just(Judgement::default()),
        Just(chain(&[])),
        Just(chain_for_another_name()),
        Just(chain(&[expired(), unknown_root()])),
        Just(chain(&[missing_issuer(), weak])),
        Just(chain(&[ChainProblem::SelfSigned])),
    ]
}

fn knows() -> impl Strategy<Value = ServerView> {
    let versions = prop_oneof![
        Just(vec![]),
        Just(vec![ProtocolVersion::TLS_1_3]),
        Just(vec![ProtocolVersion::TLS_1_2, ProtocolVersion::TLS_1_0]),
    ];
    (versions, any::<bool>(), shows(), any::<bool>(), 0..3_u32).prop_map(|(versions, name, shown, other, count)| {
        ServerView {
            finished: count,
            clients: count,
            versions: versions.into_iter().map(seen).collect(),
            cipher_suites: if count > 0 { vec![seen(CipherSuite(0xc02f)), seen(CipherSuite(0x1301))] } else { vec![] },
            names: if name { vec!["mail.example.org".to_owned()] } else { vec![] },
            chain: shown.leaf().is_some().then(|| shown_before(shown.clone())).flatten(),
            others_see_another_issuer: other,
            ..ServerView::default()
        }
    })
}

fn obstacle() -> impl Strategy<Value = Option<Obstacle>> {
    prop_oneof![
        6 => Just(None),
        1 => Just(Some(Obstacle::NotTls)),
        1 => Just(Some(Obstacle::StarttlsRefused { went_on: true })),
        1 => Just(Some(Obstacle::StarttlsNotOffered)),
        1 => Just(Some(Obstacle::ProxyRefused)),
        1 => Just(Some(Obstacle::NothingSaid)),
    ]
}

fn anything() -> impl Strategy<Value = Told> {
    let events = (0..11_usize, vec(event(), 0..6), closes(), obstacle());
    let shown = (shows(), shows(), knows(), 0..3_u8);
    (events, shown).prop_map(|((begin, events, (by, side), obstacle), (server, client, known, tries))| {
        let begun = begins(begin).but(|handshake| handshake.obstacle = obstacle);
        let handshake = events.iter().fold(begun, happens).ends(by, side);
        let case = told(handshake).shown(server).shown_by_client(client).knowing(known);
        match tries {
            0 => case,
            1 => case.then(attempt(40)),
            _ => case.then(failed_attempt(2_000)),
        }
    })
}

/// Sentences for people: no control characters, a capital (or a host's name, or an address) and a full stop.
fn is_sentence(text: &str) -> bool {
    let begins = text.starts_with(|first: char| first.is_ascii_uppercase() || first.is_ascii_digit() || first == '[')
        || text.starts_with("www.example.org");
    begins && text.ends_with('.') && !text.ends_with("..") && !text.contains(char::is_control)
}

fn check(case: &Told, failure: &Failure) -> Result<(), TestCaseError> {
    let finding = &failure.finding;
    prop_assert!(is_sentence(&finding.summary), "summary: {}", finding.summary);
    prop_assert!(finding.advice.ends_with('.') && !finding.advice.contains(char::is_control), "{}", finding.advice);
    prop_assert!(!finding.evidence.is_empty(), "{} without evidence", finding.cause);
    for evidence in &finding.evidence {
        let what = &evidence.what;
        prop_assert!(!what.is_empty() && !what.ends_with('.') && !what.contains(char::is_control), "evidence: {what}");
        let code = evidence.code.chars().all(|letter| letter == '_' || letter.is_ascii_lowercase());
        prop_assert!(code, "code: {}", evidence.code);
        let mark = evidence.mark.map_or(1, |mark| mark.frame);
        prop_assert!((1..=case.handshake.last.frame).contains(&mark), "{} in frame {mark}", evidence.code);
    }
    if finding.party == Party::Sensor {
        prop_assert!(case.handshake.lost_by_the_sensor().next().is_some(), "the capture lacks nothing");
    }
    let handshake = &case.handshake;
    let in_the_clear = !handshake.alerts.is_empty()
        || handshake.plain.iter().any(Option::is_some)
        || handshake.obstacle.is_some()
        || !handshake.faults.is_empty()
        || finding.party == Party::Sensor;
    prop_assert!(finding.confidence < Confidence::Certain || in_the_clear, "certain of what is not said: {}", case.line());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_happens_a_failure_is_told_in_full_and_a_success_has_none(case in anything()) {
        let verdict = case.verdict();
        match (verdict.outcome, &verdict.failure) {
            (Outcome::Failed | Outcome::Abandoned, failure) => {
                let failure = failure.as_ref();
                prop_assert!(failure.is_some(), "nobody says why: {:?}", case.handshake);
                check(&case, failure.expect("checked"))?;
            }
            (Outcome::Unfinished, Some(failure)) => {
                prop_assert_eq!(failure.finding.party, Party::Sensor);
                check(&case, failure)?;
            }
            (_, failure) => prop_assert!(failure.is_none(), "{}", case.line()),
        }
    }

    #[test]
    fn the_same_facts_give_the_same_verdict(case in anything()) {
        prop_assert_eq!(case.verdict(), case.verdict());
    }
}
