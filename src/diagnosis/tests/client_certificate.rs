//! The client's certificate: missing or refused, told from one that is optional.

use super::super::Cause;
use super::certificates::{chain, expired};
use super::flights::{answered12, asking12, begun13, closed, finished12, flight12, flight13, refused, reset};
use super::{Told, told};
use crate::handshake::sample::{HelloSample, server_hello13};
use crate::handshake::{Handshake, Outcome, Side};
use crate::tls::registry::{AlertDescription, HandshakeType};
use std::time::Duration;

/// The client's second flight of TLS 1.3 in records of these lengths, from frame 10 on.
fn answered13(lengths: &[u16]) -> Handshake {
    lengths.iter().fold(flight13(), |flight, length| flight.encrypts13(Side::Client, *length))
}

/// The server's records of TLS 1.3, and its FIN behind them.
fn ended13(flight: Handshake, lengths: &[u16]) -> Told {
    told(closed(answering13(flight, lengths), Side::Server))
}

/// The server's records of TLS 1.3, and the client's FIN behind them.
fn left13(flight: Handshake, lengths: &[u16]) -> Told {
    told(closed(answering13(flight, lengths), Side::Client))
}

fn answering13(flight: Handshake, lengths: &[u16]) -> Handshake {
    lengths.iter().fold(flight, |flight, length| flight.encrypts13(Side::Server, *length))
}

#[test]
fn an_empty_certificate_that_is_refused_was_required() {
    let empty = || answered12(&[]).finishes(Side::Client);
    let failure = told(refused(empty(), Side::Server, AlertDescription::HANDSHAKE_FAILURE));
    let line =
        "client_certificate_required client likely error finished: certificate_request@9 no_certificate@11 alert@14";
    assert_eq!(failure.line(), line);
    let bad = told(refused(empty(), Side::Server, AlertDescription::BAD_CERTIFICATE));
    assert_eq!(bad.line(), line.replace("likely", "certain"), "Go says so");
    assert_eq!(told(closed(empty(), Side::Server)).line(), line.replace("alert@14", "close@14"));
}

#[test]
fn certificate_required_says_it_outright() {
    // Such an alert is encrypted: where it can be read, a key log has opened it.
    let read = refused(answered13(&[25, 53]), Side::Server, AlertDescription::CERTIFICATE_REQUIRED);
    let told = told(read.with_outcome(Outcome::Abandoned));
    assert_eq!(told.line(), "client_certificate_required client certain error finished: no_certificate@11 alert@12");
}

#[test]
fn no_certificate_at_all_is_as_good_as_an_empty_one() {
    let none = asking12().says(Side::Client, HandshakeType::CLIENT_KEY_EXCHANGE, &[32; 33]);
    let told = told(refused(none.finishes(Side::Client), Side::Server, AlertDescription::HANDSHAKE_FAILURE));
    let line =
        "client_certificate_required client likely error finished: certificate_request@9 no_certificate@12 alert@13";
    assert_eq!(told.line(), line);
    assert_eq!(told.what("no_certificate"), "the client sent no Certificate at all");
}

#[test]
fn a_server_that_never_asked_refuses_for_another_reason() {
    let flight = flight12().says(Side::Client, HandshakeType::CLIENT_KEY_EXCHANGE, &[32; 33]).finishes(Side::Client);
    let told = told(refused(flight, Side::Server, AlertDescription::HANDSHAKE_FAILURE));
    assert_eq!(told.cause(), Some(Cause::HandshakeFailure));
}

#[test]
fn in_tls_13_the_lengths_tell_a_missing_certificate() {
    let told = ended13(answered13(&[25, 53]), &[19]);
    assert_eq!(told.outcome(), Outcome::Abandoned);
    let line = "client_certificate_required client likely error finished: no_certificate@11 encrypted_alert@12";
    assert_eq!(told.line(), line);
    let coalesced = ended13(answered13(&[61]), &[19]);
    assert_eq!(coalesced.line(), line.replace("@11", "@10").replace("@12", "@11"));
}

#[test]
fn in_tls_13_the_lengths_are_those_of_the_suite() {
    for (suite, empty, finished, alert) in [(0x1302, 25, 69, 19), (0x1303, 25, 53, 19), (0x1305, 17, 45, 11)] {
        let mut offer = HelloSample::default();
        offer.suites.push(0x1305);
        let flight = super::flights::hello(&offer)
            .says(Side::Server, HandshakeType::SERVER_HELLO, &server_hello13(suite))
            .encrypts13(Side::Server, 900)
            .encrypts13(Side::Server, finished)
            .encrypts13(Side::Client, empty)
            .encrypts13(Side::Client, finished);
        assert_eq!(ended13(flight.clone(), &[alert]).cause(), Some(Cause::ClientCertificateRequired), "{suite:x}");
        assert_eq!(left13(flight, &[alert + 40]).cause(), None, "{suite:x}");
    }
}

#[test]
fn an_optional_certificate_that_is_missing_is_no_failure() {
    assert_eq!(left13(answered13(&[25, 53]), &[250, 250]).line(), "none", "tickets, and the client leaves");
    assert_eq!(ended13(answered13(&[25, 53, 400]), &[1200, 19]).line(), "none", "data");
    let goodbye = answered13(&[25, 53, 19]).encrypts13(Side::Server, 19);
    assert_eq!(told(closed(goodbye, Side::Client)).line(), "none", "the client said goodbye first");
    let used = answered12(&[]).finishes(Side::Client).finishes(Side::Server).uses(Side::Client).uses(Side::Server);
    assert_eq!(told(closed(used, Side::Server)).line(), "none");
}

#[test]
fn a_certificate_that_is_refused_is_told_with_what_is_wrong_with_it() {
    let sent = || answered12(&[b"client"]).finishes(Side::Client);
    let said =
        told(refused(sent(), Side::Server, AlertDescription::CERTIFICATE_EXPIRED)).shown_by_client(chain(&[expired()]));
    let line = "client_certificate_rejected client certain error finished: client_certificate@11 alert@14";
    assert_eq!(said.line(), line);
    assert!(said.summary().contains("expired on 2026-01-30"), "{}", said.summary());
    let failure = told(refused(sent(), Side::Server, AlertDescription::HANDSHAKE_FAILURE));
    assert_eq!(failure.line(), line.replace("certain", "likely"));
    let closed = told(closed(sent(), Side::Server));
    assert_eq!(closed.line(), line.replace("certain", "likely").replace("alert", "close"));
}

#[test]
fn in_tls_13_a_certificate_is_refused_by_an_alert_sized_record_behind_it() {
    let line = "client_certificate_rejected client likely error finished: client_certificate@12 encrypted_alert@13";
    assert_eq!(ended13(answered13(&[900, 280, 53]), &[19]).line(), line);
    assert_eq!(left13(answered13(&[900, 280, 53]), &[250]).line(), "none", "a ticket");
}

#[test]
fn a_flight_in_one_record_that_is_refused_may_hold_a_certificate() {
    let line = "client_certificate_rejected client possible error finished: client_certificate@10 encrypted_alert@11";
    assert_eq!(ended13(answered13(&[1213]), &[19]).line(), line);
    assert_eq!(ended13(answered13(&[1213]), &[250, 19]).line(), "none");
}

#[test]
fn a_flight_without_a_certificate_is_not_refused_by_a_goodbye() {
    assert_eq!(ended13(answered13(&[53]), &[19]).line(), "none");
}

#[test]
fn a_server_that_drops_an_unused_connection_may_have_judged_the_certificate_late() {
    let finished = |chain: &[&[u8]]| answered12(chain).finishes(Side::Client).finishes(Side::Server);
    let missing = told(closed(finished(&[]), Side::Server));
    assert_eq!(missing.outcome(), Outcome::Abandoned);
    let line =
        "client_certificate_required client possible error finished: certificate_request@9 no_certificate@11 close@15";
    assert_eq!(missing.line(), line);
    let refused = told(closed(finished(&[b"client"]), Side::Server));
    assert_eq!(
        refused.line(),
        "client_certificate_rejected client possible error finished: client_certificate@11 close@15"
    );
    let dropped13 = ended13(answered13(&[25, 53]), &[250, 250]);
    let line = "client_certificate_required client possible error finished: no_certificate@11 close@14";
    assert_eq!(dropped13.line(), line, "Node.js sends its tickets first");
    assert_eq!(told(closed(finished(&[]), Side::Client)).line(), "none", "the client left");
    let late = finished(&[]).waits(Duration::from_secs(3));
    assert_eq!(told(closed(late, Side::Server)).line(), "none", "an idle connection");
    assert_eq!(told(reset(finished(&[]), Side::Server)).line(), "none", "no good order");
    assert_eq!(told(closed(finished12(), Side::Server)).line(), "none", "none was asked for");
}

#[test]
fn an_alert_in_the_servers_own_flight_is_not_about_the_clients_certificate() {
    let broken = begun13(&HelloSample::default()).encrypts13(Side::Server, 36).encrypts13(Side::Server, 19);
    assert_eq!(told(closed(broken, Side::Server)).cause(), Some(Cause::InternalError));
}
