//! Which rule wins where several could speak: what was said outright before what is inferred, what the certificate and
//! the offers show before the name of an alert, the network before silence. And what never ends a handshake.

use super::super::Cause;
use super::certificates::{chain, chain_for_another_name, expired, shown_before, unknown_root};
use super::flights::{
    answered12, begun13, closed, dhe, finished13, flight12, flight12_of, flight13, hello, of_today, refused, reset,
};
use super::{Told, attempt, seen, told};
use crate::handshake::sample::HelloSample;
use crate::handshake::{CloseKind, Handshake, Missing, MissingWhy, Outcome, Side};
use crate::knowledge::{Attempt, ServerView};
use crate::tls::registry::{AlertDescription, AlertLevel, CipherSuite, ProtocolVersion};
use std::time::Duration;

fn offered() -> Handshake {
    hello(&HelloSample::default())
}

/// The capture lacks something that this side sent.
fn lacking(handshake: Handshake, from: Side) -> Handshake {
    let missing = Missing { from, range: 300..1_760, why: MissingWhy::Lost };
    handshake.but(|handshake| handshake.missing.push(missing))
}

/// The reset shows two signs of another's hand.
fn forged(handshake: Handshake) -> Handshake {
    handshake.but(|handshake| {
        for side in &mut handshake.tcp.sides {
            if let Some(reset) = &mut side.anomalies.first_reset {
                (reset.ttl, reset.flags) = (50, 0x04);
            }
        }
    })
}

#[test]
fn an_expired_certificate_wins_over_an_alert_that_says_unknown_ca() {
    let told = told(refused(flight12(), Side::Client, AlertDescription::UNKNOWN_CA)).shown(chain(&[expired()]));
    assert_eq!(told.cause(), Some(Cause::CertificateExpired));
    assert!(told.line().contains("alert@10"), "the alert is evidence: {}", told.line());
}

#[test]
fn a_lost_packet_does_not_silence_an_alert_in_the_clear() {
    for from in [Side::Client, Side::Server] {
        let alerted = told(refused(lacking(flight12(), from), Side::Client, AlertDescription::UNKNOWN_CA));
        assert_eq!((alerted.outcome(), alerted.cause()), (Outcome::Failed, Some(Cause::CertificateUntrusted)));
        let closed = told(closed(lacking(flight12(), from), Side::Client));
        assert_eq!((closed.outcome(), closed.cause()), (Outcome::Unfinished, Some(Cause::CaptureIncomplete)));
    }
}

#[test]
fn where_the_capture_lacks_something_no_length_accuses_anybody() {
    let told = told(closed(lacking(flight13().encrypts13(Side::Client, 19), Side::Server), Side::Client));
    assert!(told.cause().is_none_or(|cause| cause == Cause::CaptureIncomplete), "{}", told.line());
}

#[test]
fn a_forged_reset_is_not_the_servers_close() {
    assert_eq!(told(forged(reset(offered(), Side::Server))).cause(), Some(Cause::MiddleboxReset));
    assert_eq!(told(reset(offered(), Side::Server)).cause(), Some(Cause::ServerClosed));
}

#[test]
fn a_forged_reset_is_about_no_list_and_no_name() {
    let server = ServerView {
        versions: vec![seen(ProtocolVersion::TLS_1_3)],
        cipher_suites: vec![seen(CipherSuite(0x1301))],
        names: vec!["mail.example.org".to_owned()],
        ..ServerView::default()
    };
    let forged = told(forged(reset(offered(), Side::Server))).knowing(server.clone());
    assert_eq!(forged.cause(), Some(Cause::MiddleboxReset));
    assert_eq!(told(reset(offered(), Side::Server)).knowing(server).cause(), Some(Cause::UnrecognizedName));
}

#[test]
fn a_forged_reset_is_no_refusal_of_a_certificate() {
    let of_client = answered12(&[b"client"]).finishes(Side::Client);
    assert_eq!(told(forged(reset(of_client.clone(), Side::Server))).cause(), Some(Cause::MiddleboxReset));
    assert_eq!(told(reset(of_client, Side::Server)).cause(), Some(Cause::ClientCertificateRejected));
    let of_server = told(forged(reset(flight12(), Side::Client))).shown(chain(&[expired()]));
    assert_eq!(of_server.cause(), Some(Cause::MiddleboxReset));
    let own = told(reset(flight12(), Side::Client)).shown(chain(&[expired()]));
    assert_eq!(own.cause(), Some(Cause::CertificateExpired));
}

#[test]
fn a_certificate_that_never_arrived_was_not_refused() {
    let lost = flight12().sends_again_in_vain(Side::Server, 3, Duration::from_secs(3));
    let told = told(closed(lost, Side::Client)).shown(chain(&[expired()]));
    assert_eq!(told.cause(), Some(Cause::ServerFlightLost), "{}", told.line());
}

#[test]
fn an_alert_about_what_was_never_offered_proves_nothing_of_that() {
    let alerted =
        |alert| told(refused(hello(&HelloSample { alpn: Vec::new(), ..HelloSample::default() }), Side::Server, alert));
    assert_ne!(alerted(AlertDescription::NO_APPLICATION_PROTOCOL).cause(), Some(Cause::AlpnMismatch));
    assert_ne!(alerted(AlertDescription::INAPPROPRIATE_FALLBACK).cause(), Some(Cause::InappropriateFallback));
}

#[test]
fn a_lost_race_that_is_closed_politely_is_no_cancellation() {
    let closed = offered().alerts(Side::Client, AlertLevel::WARNING, AlertDescription::CLOSE_NOTIFY);
    let closed = closed.ends(CloseKind::Alert, Some(Side::Client));
    assert_eq!(told(closed.clone()).cause(), Some(Cause::UserCanceled));
    assert_eq!(told(closed).then(attempt(5)).cause(), Some(Cause::ClientClosed));
}

#[test]
fn a_lost_race_is_no_client_that_left() {
    let told_so = told(closed(offered(), Side::Client)).then(attempt(5));
    assert_eq!((told_so.cause(), told_so.line().contains("none likely info")), (Some(Cause::ClientClosed), true));
    let alone = told(closed(offered(), Side::Client));
    assert!(alone.line().starts_with("client_closed client likely error"), "{}", alone.line());
}

#[test]
fn a_refused_certificate_is_no_lost_race() {
    let told = told(refused(flight12(), Side::Client, AlertDescription::CERTIFICATE_EXPIRED)).then(attempt(20));
    assert_eq!(told.cause(), Some(Cause::CertificateExpired));
}

#[test]
fn a_fallback_that_was_announced_is_no_attack() {
    let mut offer = HelloSample::tls12();
    offer.suites.push(0x5600);
    let told = told(refused(hello(&offer), Side::Server, AlertDescription::INAPPROPRIATE_FALLBACK));
    assert_eq!(told.cause(), Some(Cause::InappropriateFallback));
}

#[test]
fn a_weak_group_wins_over_an_unknown_root() {
    let mut offer = HelloSample::tls12();
    offer.suites.push(0x009e);
    let flight = flight12_of(hello(&offer), 0x009e, &of_today(), &dhe(64));
    let told = told(refused(flight, Side::Client, AlertDescription::HANDSHAKE_FAILURE)).shown(chain(&[unknown_root()]));
    assert_eq!(told.cause(), Some(Cause::WeakParameters));
}

#[test]
fn a_server_that_refuses_behind_the_clients_certificate_refuses_that() {
    let flight = answered12(&[b"client"]).finishes(Side::Client);
    let told = told(refused(flight, Side::Server, AlertDescription::UNKNOWN_CA)).shown(chain_for_another_name());
    assert_eq!(told.cause(), Some(Cause::ClientCertificateRejected), "alerts of the server judge the client's");
}

#[test]
fn a_narrow_list_wins_over_a_bare_handshake_failure_and_a_known_name_over_nothing() {
    let narrow = HelloSample { suites: vec![0x0005], ..HelloSample::tls12() };
    let narrow = told(refused(hello(&narrow), Side::Server, AlertDescription::HANDSHAKE_FAILURE));
    assert_eq!(narrow.cause(), Some(Cause::CipherSuiteMismatch));
    let wide = told(refused(offered(), Side::Server, AlertDescription::HANDSHAKE_FAILURE));
    assert_eq!(wide.cause(), Some(Cause::HandshakeFailure));
}

#[test]
fn the_first_fatal_alert_counts() {
    let answered = flight13()
        .alerts(Side::Client, AlertLevel::FATAL, AlertDescription::UNKNOWN_CA)
        .encrypts13(Side::Server, 19)
        .ends(CloseKind::Alert, Some(Side::Client));
    assert_eq!(told(answered).cause(), Some(Cause::CertificateUntrusted), "Go answers with bad_record_mac");
    let two = flight12()
        .alerts(Side::Client, AlertLevel::FATAL, AlertDescription::CERTIFICATE_EXPIRED)
        .alerts(Side::Server, AlertLevel::FATAL, AlertDescription::BAD_RECORD_MAC)
        .ends(CloseKind::Alert, Some(Side::Client));
    assert_eq!(told(two).cause(), Some(Cause::CertificateExpired));
}

#[test]
fn before_tls_13_a_warning_ends_nothing() {
    let warned = || flight12().alerts(Side::Client, AlertLevel::WARNING, AlertDescription::CERTIFICATE_EXPIRED);
    let went_on = warned().finishes(Side::Client).finishes(Side::Server).uses(Side::Client).uses(Side::Server);
    let went_on = told(closed(went_on, Side::Client));
    assert_eq!((went_on.outcome(), went_on.line()), (Outcome::Established, "none".to_owned()));
    let left_by_server = told(closed(warned(), Side::Server));
    assert_eq!(left_by_server.cause(), Some(Cause::ServerClosed), "it was not the last word of the side that closed");
}

#[test]
fn a_warning_that_is_the_last_word_of_the_side_that_closes_is_its_reason() {
    let warned = flight12().alerts(Side::Client, AlertLevel::WARNING, AlertDescription::CERTIFICATE_EXPIRED);
    assert_eq!(told(closed(warned, Side::Client)).cause(), Some(Cause::CertificateExpired));
}

#[test]
fn in_tls_13_every_error_alert_ends_whatever_its_level() {
    let warned = flight13().alerts(Side::Client, AlertLevel::WARNING, AlertDescription::BAD_CERTIFICATE);
    assert_eq!(told(warned.ends(CloseKind::Alert, Some(Side::Client))).cause(), Some(Cause::CertificateRejected));
}

#[test]
fn tickets_and_goodbyes_refuse_nothing() {
    let tickets = finished13().encrypts13(Side::Server, 250).encrypts13(Side::Server, 250);
    assert_eq!(told(closed(tickets.clone(), Side::Server)).line(), "none");
    let goodbye = tickets.encrypts13(Side::Client, 19).encrypts13(Side::Server, 19);
    assert_eq!(told(closed(goodbye, Side::Client)).line(), "none");
    let by_server = finished13().encrypts13(Side::Server, 19);
    assert_eq!(told(closed(by_server, Side::Server)).line(), "none", "nobody was asked for a certificate");
}

#[test]
fn lost_packets_win_over_silence() {
    let lost = offered().sends_again_in_vain(Side::Client, 4, Duration::from_secs(5));
    assert_eq!(told(closed(lost, Side::Client)).cause(), Some(Cause::ClientHelloLost));
    let silent = offered().waits(Duration::from_secs(5));
    assert_eq!(told(closed(silent, Side::Client)).cause(), Some(Cause::ServerSilent));
}

#[test]
fn another_protocol_wins_over_all_that_the_hello_lacks() {
    let narrow = HelloSample { suites: vec![0x0005], sni: None, ..HelloSample::tls12() };
    let answered = hello(&narrow).says_plainly(Side::Server, b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_eq!(told(closed(answered, Side::Server)).cause(), Some(Cause::ServerNotTls));
}

#[test]
fn what_the_server_shows_elsewhere_wins_over_an_alert_that_says_little() {
    let server = ServerView { chain: shown_before(chain_for_another_name()), ..ServerView::default() };
    let told = told(refused(flight13(), Side::Client, AlertDescription::BAD_CERTIFICATE)).knowing(server);
    assert_eq!(told.cause(), Some(Cause::CertificateNameMismatch));
    assert_eq!(told.confidence(), "likely", "{}", told.line());
}

#[test]
fn an_established_handshake_has_no_failure_whatever_is_known() {
    let server = ServerView { chain: shown_before(chain(&[expired()])), failed: 9, ..ServerView::default() };
    let used = finished13().encrypts13(Side::Client, 200).encrypts13(Side::Server, 900);
    let told: Told =
        told(closed(used, Side::Client)).knowing(server).then(Attempt { post_quantum: true, ..attempt(50) });
    assert_eq!((told.outcome(), told.line()), (Outcome::Established, "none".to_owned()));
}

#[test]
fn a_broken_flight_of_the_server_is_not_about_the_clients_hello() {
    let broken = told(closed(begun13(&HelloSample { suites: vec![0x1301], ..HelloSample::default() }), Side::Server));
    assert_eq!(broken.cause(), Some(Cause::ServerClosed));
}
