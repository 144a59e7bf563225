//! What was lost, who was silent, and what the capture lacks.

use super::super::Cause;
use super::flights::{begun13, closed, flight12, flight13, hello, refused, reset};
use super::{Told, attempt, failed_attempt, told};
use crate::handshake::sample::HelloSample;
use crate::handshake::{CloseKind, Handshake, Missing, MissingWhy, Obstacle, Outcome, Side};
use crate::knowledge::{Attempt, ServerView};
use crate::packet::IcmpError;
use crate::tls::registry::AlertDescription;
use crate::tls::tests::build::Build;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(5);

fn offered() -> Handshake {
    hello(&HelloSample::default())
}

/// A ClientHello of two segments, of which the second was sent again and never acknowledged.
fn half_acknowledged() -> Handshake {
    let mut offer = HelloSample::default();
    offer.extensions.push((21, vec![0; 1_500]));
    hello(&offer).sends_again_in_vain(Side::Client, 3, LONG).but(|handshake| {
        handshake.tcp.sides[0].anomalies.resent = Some((300, 300));
        handshake.tcp.sides[1].acknowledged = Some(1_448);
    })
}

/// A server's flight of 3,000 bytes that is sent again in segments of these lengths, of which the client has a part.
fn large_flight(resent: (u16, u16)) -> Handshake {
    let flight = begun13(&HelloSample::default()).encrypts13(Side::Server, 2_900);
    flight.sends_again_in_vain(Side::Server, 3, LONG).but(|handshake| {
        handshake.tcp.sides[1].anomalies.resent = Some(resent);
        handshake.tcp.sides[0].acknowledged = Some(120);
    })
}

/// A router's word that a packet of the server is too long.
fn fragmentation_needed(handshake: &Handshake) -> IcmpError {
    IcmpError {
        kind: 3,
        code: 4,
        v6: false,
        mtu: Some(1_400),
        quoted_source: handshake.server.ip(),
        quoted_destination: handshake.client.ip(),
        quoted_protocol: 6,
        quoted_ports: (handshake.server.port(), handshake.client.port()),
        quoted_sequence: 1,
    }
}

fn missing(from: Side, why: MissingWhy) -> Missing {
    Missing { from, range: 100..1_560, why }
}

#[test]
fn a_hello_that_is_sent_again_and_never_acknowledged_is_lost() {
    let lost = told(closed(offered().sends_again_in_vain(Side::Client, 4, LONG), Side::Client));
    let line = "client_hello_lost network likely error client_hello: retransmissions@6 tcp close@10";
    assert_eq!(lost.line(), line);
    let once = told(closed(offered().sends_again_in_vain(Side::Client, 1, Duration::from_millis(200)), Side::Client));
    assert_eq!(once.line(), line.replace("likely", "possible").replace("@10", "@7"));
}

#[test]
fn a_hello_that_was_acknowledged_and_never_answered_met_a_silent_server() {
    let silent = told(closed(offered().waits(LONG), Side::Client));
    assert_eq!(silent.line(), "server_silent server likely error client_hello: acknowledged@5 close@6");
    assert!(silent.summary().contains("for 5.0 s"), "{}", silent.summary());
    let hasty = told(closed(offered(), Side::Client));
    assert_eq!(hasty.cause(), Some(Cause::ClientClosed), "it did not wait");
    let half = told(closed(begun13(&HelloSample::default()).waits(LONG), Side::Client));
    assert_eq!(half.cause(), Some(Cause::ClientClosed), "the server said something");
}

#[test]
fn a_server_that_says_plain_words_is_not_silent() {
    let greeted = Handshake::sample().says_plainly(Side::Server, b"220 ready\r\n").hello(&HelloSample::default());
    let told = told(closed(greeted.waits(LONG), Side::Client));
    assert_ne!(told.cause(), Some(Cause::ServerSilent));
}

#[test]
fn what_is_sent_again_long_enough_is_given_up_though_nobody_closes() {
    let open = |handshake: Handshake| told(handshake.ends(CloseKind::CaptureEnd, None));
    let hello = open(offered().sends_again_in_vain(Side::Client, 4, LONG));
    assert_eq!((hello.outcome(), hello.cause()), (Outcome::Failed, Some(Cause::ClientHelloLost)));
    let flight = open(flight13().sends_again_in_vain(Side::Server, 4, LONG));
    assert_eq!((flight.outcome(), flight.cause()), (Outcome::Failed, Some(Cause::ServerFlightLost)));
    let at_once = open(offered().sends_again_in_vain(Side::Client, 4, Duration::from_millis(1)));
    assert_eq!(at_once.outcome(), Outcome::Unfinished, "a capture that has packets twice");
    assert_eq!(open(offered()).line(), "none", "nobody has given up yet");
}

#[test]
fn a_flight_that_is_sent_again_and_never_acknowledged_is_lost() {
    let lost = told(closed(flight13().sends_again_in_vain(Side::Server, 3, LONG), Side::Client));
    assert_eq!(lost.line(), "server_flight_lost network likely error server_flight: retransmissions@10 close@13");
    let arrived = told(closed(flight13().waits(LONG), Side::Client));
    assert_eq!(arrived.cause(), Some(Cause::ClientClosed));
}

#[test]
fn only_large_segments_are_lost_where_shorter_ones_pass() {
    let large = told(closed(large_flight((1_448, 1_448)), Side::Client));
    assert_eq!(large.line(), "large_packet_lost network likely error server_flight: sizes@8 close@11");
    assert!(large.what("sizes").contains("1448 bytes and more"), "{}", large.what("sizes"));
    let all = told(closed(large_flight((200, 1_448)), Side::Client));
    assert_eq!(all.cause(), Some(Cause::ServerFlightLost), "short ones were lost too");
}

#[test]
fn a_router_that_says_too_long_is_certain() {
    let told_so = large_flight((200, 1_448)).but(|handshake| {
        let error = fragmentation_needed(handshake);
        handshake.icmp.push((handshake.last, error));
    });
    let told = told(closed(told_so, Side::Client));
    assert_eq!(told.line(), "large_packet_lost network certain error server_flight: icmp@10 close@11");
    assert!(told.what("icmp").contains("1400 bytes"), "{}", told.what("icmp"));
}

#[test]
fn a_router_that_said_so_is_forgotten_where_all_arrived() {
    let told_so = flight13().but(|handshake| {
        let error = fragmentation_needed(handshake);
        handshake.icmp.push((handshake.last, error));
    });
    assert_eq!(told(closed(told_so, Side::Client)).cause(), Some(Cause::ClientClosed));
}

#[test]
fn a_hello_in_two_segments_may_lose_the_second() {
    let told = told(closed(half_acknowledged(), Side::Client));
    assert_eq!(told.line(), "large_packet_lost network likely error client_hello: second_segment@5 close@9");
    assert!(told.what("second_segment").contains("1448 bytes"), "{}", told.what("second_segment"));
}

#[test]
fn a_server_that_takes_only_the_shorter_hello_loses_large_ones() {
    // The key share of X25519MLKEM768 alone has 1216 bytes, and the hello takes two segments.
    let share = Build::new().u16(4588).vec16(&[7; 1_216]).0;
    let mut offer = HelloSample { groups: vec![4588, 29, 23], key_shares: vec![], ..HelloSample::default() };
    offer.extensions.push((51, Build::new().vec16(&share).0));
    offer.extensions.push((21, vec![0; 200]));
    let handshake = || reset(hello(&offer), Side::Server);
    let went_on = told(handshake()).then(attempt(200));
    assert_eq!(went_on.line(), "large_packet_lost network likely error client_hello: shorter_hello close@6 next_try");
    assert!(went_on.what("next_try").contains("no post-quantum key share"), "{}", went_on.what("next_try"));
    assert_eq!(told(handshake()).then(failed_attempt(200)).cause(), Some(Cause::ServerClosed));
    let same = Attempt { post_quantum: true, ..attempt(200) };
    assert_eq!(told(handshake()).then(same).cause(), Some(Cause::ServerClosed), "it passed with one");
}

#[test]
fn packets_that_the_capture_has_twice_were_not_lost() {
    let at_once = Duration::from_millis(1);
    let hello = told(closed(offered().sends_again_in_vain(Side::Client, 2, at_once), Side::Client));
    assert_ne!(hello.cause(), Some(Cause::ClientHelloLost));
    let flight = flight13().sends_again_in_vain(Side::Server, 2, at_once);
    assert_ne!(told(closed(flight, Side::Client)).cause(), Some(Cause::ServerFlightLost));
}

#[test]
fn an_alert_proves_that_the_hello_arrived() {
    let handshake = offered().sends_again_in_vain(Side::Client, 4, LONG);
    let told = told(refused(handshake, Side::Server, AlertDescription::HANDSHAKE_FAILURE));
    assert_eq!(told.cause(), Some(Cause::HandshakeFailure));
}

#[test]
fn what_the_capture_lacks_blames_nobody() {
    for why in [MissingWhy::Lost, MissingWhy::Snapped, MissingWhy::Bound, MissingWhy::Unseen] {
        let lacks = flight13().but(|handshake| handshake.missing.push(missing(Side::Server, why)));
        let told = told(closed(lacks, Side::Client));
        assert_eq!(told.outcome(), Outcome::Unfinished, "{why:?}");
        assert_eq!(told.line(), "capture_incomplete sensor certain info server_flight: missing", "{why:?}");
    }
}

#[test]
fn what_the_network_lost_is_not_the_captures_lack() {
    let lost = flight13().but(|handshake| handshake.missing.push(missing(Side::Server, MissingWhy::Unacknowledged)));
    assert_eq!(told(closed(lost, Side::Client)).cause(), Some(Cause::ClientClosed));
}

#[test]
fn a_capture_that_begins_late_is_no_failure() {
    let late = flight13().but(|handshake| handshake.missing.push(missing(Side::Client, MissingWhy::BeforeCapture)));
    assert_eq!(told(closed(late, Side::Client)).line(), "none");
}

#[test]
fn a_client_whose_other_connection_was_faster_lost_nothing() {
    let left = || told(closed(offered(), Side::Client));
    let line = "client_closed none likely info client_hello: superseded close@6";
    assert_eq!(left().then(attempt(5)).line().split(" next_try").next(), Some(line));
    let mut rival = left();
    rival.story.rival = Some(Attempt { server: "[2001:db8::2]:443".parse().expect("an address"), ..attempt(5) });
    assert_eq!(rival.line(), line, "over the other address family");
}

#[test]
fn a_race_is_for_one_name_at_one_time() {
    let left = || told(closed(offered(), Side::Client));
    let is_race = |told: Told| told.line().contains("superseded");
    assert!(is_race(left().then(attempt(5))));
    assert!(!is_race(left().then(Attempt { sni: Some("mail.example.org".into()), ..attempt(5) })));
    assert!(!is_race(left().then(attempt(2_000))), "it began after this one had ended");
    assert!(!is_race(left().then(failed_attempt(5))), "it failed too");
    assert!(!is_race(left().then(Attempt { alike: false, ..attempt(5) })), "another program's");
    assert!(!is_race(told(closed(offered(), Side::Server)).then(attempt(5))), "the server closed");
}

/// A connection without a word, for this reason.
fn without_a_word(obstacle: Obstacle) -> Handshake {
    Handshake::sample().but(|handshake| handshake.obstacle = Some(obstacle))
}

#[test]
fn a_connection_without_a_word_is_nothing_unless_the_server_ended_it() {
    let by_client = told(closed(without_a_word(Obstacle::NothingSaid), Side::Client));
    assert_eq!(by_client.line(), "no_client_hello none certain info tcp: close@5");
    let by_server = told(closed(without_a_word(Obstacle::NothingSaid), Side::Server));
    assert_eq!(by_server.line(), "server_closed server likely error tcp: close@5");
}

#[test]
fn a_connection_that_never_came_about_is_refused_or_times_out() {
    let unanswered = |obstacle| {
        without_a_word(obstacle).but(|handshake| {
            let server = &mut handshake.tcp.sides[1];
            (server.syn, server.ttl, server.acknowledged) = (None, None, None);
        })
    };
    let refused = told(reset(unanswered(Obstacle::ConnectionRefused), Side::Server));
    assert_eq!(refused.line(), "connection_refused server certain error tcp: syn@1");
    let timeout = unanswered(Obstacle::ConnectionTimeout).but(|handshake| {
        let again = &mut handshake.tcp.sides[0].anomalies.syn_retransmissions;
        (again.count, again.first.frame) = (5, 2);
    });
    let timeout = told(timeout.ends(CloseKind::Timeout, None));
    assert_eq!(timeout.line(), "connection_timeout network certain error tcp: syn@1 retransmissions@2");
    assert!(timeout.summary().contains("does not answer"), "{}", timeout.summary());
    let answered = told(without_a_word(Obstacle::ConnectionTimeout).ends(CloseKind::Timeout, None));
    assert_eq!(answered.line(), "connection_timeout network certain error tcp: syn@1");
    assert!(answered.summary().contains("its SYN-ACKs were never acknowledged"), "{}", answered.summary());
}

#[test]
fn a_server_that_closes_without_an_alert_has_closed() {
    let fin = told(closed(offered(), Side::Server));
    assert_eq!(fin.line(), "server_closed server likely error client_hello: close@6");
    let rst = told(reset(offered(), Side::Server));
    assert_eq!(rst.line(), "server_closed server likely error client_hello: close@6 no_sign");
    let server = ServerView { last_success: Some(super::a_minute_before()), ..ServerView::default() };
    let known = told(closed(offered(), Side::Server)).knowing(server);
    assert_eq!(known.line(), "server_closed server likely error client_hello: close@6 others_succeed");
}

#[test]
fn a_client_that_leaves_for_no_reason_that_shows_has_left() {
    let told = told(closed(flight12(), Side::Client));
    assert_eq!(told.line(), "client_closed client likely error server_flight: close@10 waited");
    assert!(told.what("waited").contains("50 ms"), "{}", told.what("waited"));
}

#[test]
fn half_a_hello_is_told_as_such() {
    let half = offered().but(|handshake| handshake.steps[0].whole = false);
    let told = told(closed(half, Side::Client));
    assert_eq!(told.line(), "client_closed client likely error client_hello: close@6 half_a_hello@4 waited");
    assert_eq!(told.summary(), "The client left in the middle of its hello.");
}
