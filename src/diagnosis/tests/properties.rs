//! What holds of every verdict, whatever the handshake was: handshakes composed at random, most of them nonsense.

use super::super::scene::{How, Scene};
use super::super::{Case, Cause, Confidence, Failure, Party, Severity, words};
use super::certificates::{chain, chain_for_another_name, expired, missing_issuer, shown_before, unknown_root};
use super::flights::{answered12, asking12, begun13, finished12, finished13, flight12, flight13, hello};
use super::{Told, attempt, failed_attempt, seen, told};
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
    prop_oneof![
        Just(0),
        Just(10),
        40..52_u8,
        Just(70),
        Just(71),
        Just(80),
        Just(86),
        Just(90),
        109..122_u8,
        any::<u8>()
    ]
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
    let hostile =
        HelloSample { sni: Some("evil\x1b[2J\r\n\".example"), alpn: vec!["\x07", "h2\n"], ..HelloSample::default() };
    match at {
        11 => hello(&hostile),
        12 => begun13(&hostile),
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
    let events = (0..13_usize, vec(event(), 0..6), closes(), obstacle());
    let shown = (shows(), shows(), knows(), 0..3_u8);
    (events, shown).prop_map(|((begin, events, (by, side), obstacle), (server, client, known, tries))| {
        let begun = match obstacle {
            None => begins(begin),
            Some(Obstacle::NothingSaid) => begins(0),
            // What stood in the way was said in the clear.
            Some(_) => begins(begin).says_plainly(Side::Client, b"STARTTLS").says_plainly(Side::Server, b"454 no\r\n"),
        };
        let begun = begun.but(|handshake| handshake.obstacle = obstacle);
        let handshake = match (obstacle, side) {
            // Nothing else happened either, but that a side closed.
            (Some(Obstacle::NothingSaid), side) => begun.ends(CloseKind::Fin, Some(side.unwrap_or(Side::Client))),
            _ => events.iter().fold(begun, happens).ends(by, side),
        };
        let case = told(handshake).shown(server).shown_by_client(client).knowing(known);
        match tries {
            0 => case,
            1 => case.then(attempt(40)),
            _ => case.then(failed_attempt(2_000)),
        }
    })
}

/// Sentences for people: no control characters, a capital (or the server's name or address) and a full stop.
fn is_sentence(text: &str, handshake: &Handshake) -> bool {
    let name = handshake.negotiated().sni.map(words::name).unwrap_or_default();
    let address = handshake.server.to_string();
    let begins = text.starts_with(|first: char| first.is_ascii_uppercase())
        || !name.is_empty() && text.starts_with(&name)
        || text.starts_with(&address)
        || text.starts_with(&handshake.server.ip().to_string());
    begins && text.ends_with('.') && !text.ends_with("..") && !text.contains(char::is_control)
}

/// What must hold of a verdict.
pub(crate) fn check_verdict(case: &Told) -> Result<(), TestCaseError> {
    let verdict = case.verdict();
    match (verdict.outcome, &verdict.failure) {
        (Outcome::Failed | Outcome::Abandoned, failure) => {
            prop_assert!(failure.is_some(), "nobody says why: {:?}", case.handshake);
        }
        (Outcome::Unfinished, Some(failure)) => prop_assert_eq!(failure.finding.party, Party::Sensor),
        (_, failure) => prop_assert!(failure.is_none(), "{}", case.line()),
    }
    verdict.failure.map_or(Ok(()), |failure| check(case, &failure))
}

/// What must hold of a failure.
fn check(case: &Told, failure: &Failure) -> Result<(), TestCaseError> {
    let finding = &failure.finding;
    prop_assert!(is_sentence(&finding.summary, &case.handshake), "summary: {}", finding.summary);
    prop_assert!(finding.advice.ends_with('.') && !finding.advice.contains(char::is_control), "{}", finding.advice);
    prop_assert!(!finding.evidence.is_empty(), "{} without evidence", finding.cause);
    for evidence in &finding.evidence {
        let what = &evidence.what;
        prop_assert!(!what.is_empty() && !what.ends_with('.') && !what.contains(char::is_control), "evidence: {what}");
        let code = evidence.code.chars().all(|letter| letter == '_' || letter.is_ascii_lowercase());
        prop_assert!(code, "code: {}", evidence.code);
        let mark = evidence.mark.map_or(1, |mark| mark.frame);
        let last = case.handshake.close.map_or(case.handshake.last, |close| close.mark.max(case.handshake.last)).frame;
        prop_assert!((1..=last).contains(&mark), "{} in frame {mark}", evidence.code);
    }
    if finding.party == Party::Sensor {
        prop_assert!(case.handshake.lost_by_the_sensor().next().is_some(), "the capture lacks nothing");
    }
    prop_assert!(finding.confidence < Confidence::Certain || is_said(case, failure), "not said: {}", case.line());
    prop_assert!(parties(finding.cause).contains(&finding.party), "not theirs to mend: {}", case.line());
    let nobody = matches!(finding.party, Party::None | Party::Sensor);
    prop_assert_eq!(nobody, finding.severity == Severity::Info, "{}", case.line());
    Ok(())
}

/// True where the wire says outright why it ended: by an alert that can be read, in plain words, by ICMP, or by what TCP
/// and the sensor show alone.
fn is_said(case: &Told, failure: &Failure) -> bool {
    let Told { handshake, server_chain, client_chain, server, story } = case;
    let negotiated = handshake.negotiated();
    let case = Case { handshake, negotiated: &negotiated, server_chain, client_chain, server, story };
    let has = |code| failure.finding.evidence.iter().any(|evidence| evidence.code == code);
    match Scene::of(&case).ending.map(|ending| ending.how) {
        Some(How::Alert(..)) => true,
        Some(_) if failure.finding.cause == Cause::UserCanceled => {
            handshake.alerts.iter().any(|alert| alert.description == AlertDescription::USER_CANCELED)
        }
        _ => has("said") || has("icmp") || has("missing") || handshake.obstacle == Some(Obstacle::NothingSaid),
    }
}

/// Who may have to act on a cause.
fn parties(cause: Cause) -> &'static [Party] {
    use Cause as C;
    use Party::{Both, Client, Network, None as Nobody, Sensor, Server};
    match cause {
        C::VersionMismatch | C::ExtendedMasterSecretRequired => &[Client, Server],
        C::ProtocolViolation | C::InternalError | C::UserCanceled => &[Client, Server],
        C::CipherSuiteMismatch | C::GroupMismatch | C::SignatureSchemeMismatch | C::AlpnMismatch => &[Both],
        C::HandshakeFailure | C::PskRejected | C::CryptographicFailure => &[Both],
        C::WeakParameters | C::UnsafeLegacyRenegotiation | C::StarttlsRefused => &[Server],
        C::CertificateExpired | C::CertificateNotYetValid | C::CertificateNameMismatch => &[Server],
        C::CertificateUntrusted | C::CertificateRevoked | C::RevocationUnavailable => &[Server],
        C::CertificateUnsupported | C::CertificateRejected | C::ServerClosed | C::ServerSilent => &[Server],
        C::ConnectionRefused => &[Server],
        C::ClientCertificateRequired | C::ClientCertificateRejected | C::InappropriateFallback => &[Client],
        C::UnrecognizedName | C::SniMissing | C::AccessDenied | C::SessionReuseRequired => &[Client],
        C::ServerNotTls | C::ClientNotTls => &[Client],
        C::TlsInterception | C::DowngradeDetected | C::ProxyProtocolMismatch | C::ProxyRefused => &[Network],
        C::ConnectionTimeout | C::MiddleboxReset | C::ClientHelloLost | C::LargePacketLost => &[Network],
        C::ServerFlightLost | C::UdpBlocked => &[Network],
        C::QuicVersionMismatch => &[Both],
        C::ClientClosed => &[Client, Nobody],
        C::EchRejected | C::NoClientHello => &[Nobody],
        C::CaptureIncomplete => &[Sensor],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_happens_a_failure_is_told_in_full_and_a_success_has_none(case in anything()) {
        check_verdict(&case)?;
    }

    #[test]
    fn the_same_facts_give_the_same_verdict(case in anything()) {
        prop_assert_eq!(case.verdict(), case.verdict());
    }
}
