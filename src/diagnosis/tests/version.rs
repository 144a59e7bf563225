//! Versions: refused outright, refused without saying so, and lowered by something in between.

use super::super::Cause;
use super::flights::{closed, hello, refused};
use super::{attempt, failed_attempt, seen, told};
use crate::handshake::sample::{HelloSample, server_hello, server_hello13};
use crate::handshake::{Handshake, Side};
use crate::knowledge::{Attempt, ServerView};
use crate::tls::registry::{AlertDescription, HandshakeType, ProtocolVersion};

/// A wide offer of at most TLS 1.1.
fn old() -> HelloSample {
    HelloSample {
        legacy_version: 0x0302,
        suites: vec![0xc013, 0xc014, 0xc009, 0xc00a, 0x2f, 0x35],
        schemes: vec![],
        ..HelloSample::tls12()
    }
}

fn only13() -> HelloSample {
    HelloSample { versions: vec![0x0304], suites: vec![0x1301, 0x1302, 0x1303], ..HelloSample::default() }
}

fn speaking(versions: &[ProtocolVersion]) -> ServerView {
    ServerView { versions: versions.iter().map(|version| seen(*version)).collect(), ..ServerView::default() }
}

/// A ServerHello of TLS 1.2 whose random says that the server speaks more (RFC 8446 section 4.1.3).
fn lowered(offer: &HelloSample) -> Handshake {
    let mut body = server_hello(0x0303, 0xc02f, &super::flights::of_today());
    body[26..34].copy_from_slice(b"DOWNGRD\x01");
    hello(offer).says(Side::Server, HandshakeType::SERVER_HELLO, &body)
}

#[test]
fn a_server_that_says_protocol_version_to_an_old_client_is_not_to_blame() {
    let told = told(refused(hello(&old()), Side::Server, AlertDescription::PROTOCOL_VERSION));
    assert_eq!(told.line(), "version_mismatch client certain error client_hello: alert@6 offered_versions@5");
    assert_eq!(told.summary(), "The client offers at most TLS 1.1, which www.example.org no longer accepts.");
    assert!(told.advice().contains("TLS 1.2"), "{}", told.advice());
}

#[test]
fn a_server_that_says_protocol_version_to_tls_13_is_too_old() {
    let told = told(refused(hello(&HelloSample::default()), Side::Server, AlertDescription::PROTOCOL_VERSION));
    assert_eq!(told.line(), "version_mismatch server certain error client_hello: alert@6 offered_versions@5");
    assert!(told.summary().contains("TLS 1.3 and TLS 1.2"), "{}", told.summary());
}

#[test]
fn a_client_that_says_protocol_version_has_met_an_old_server() {
    let answer = server_hello(0x0301, 0xc013, &[]);
    let begun = hello(&HelloSample::default()).says(Side::Server, HandshakeType::SERVER_HELLO, &answer);
    let alerted = told(refused(begun.clone(), Side::Client, AlertDescription::PROTOCOL_VERSION));
    let line = "version_mismatch server certain error server_hello: alert@7 offered_versions@5 selected_version@6";
    assert_eq!(alerted.line(), line);
    assert!(alerted.summary().contains("chose TLS 1.0"), "{}", alerted.summary());
    // A version that was not offered tells as much, whatever the client says or does not.
    let left = told(closed(begun, Side::Client));
    assert_eq!(left.line(), line.replace("certain", "likely").replace("alert@7", "close@7"));
}

#[test]
fn a_version_that_was_offered_is_no_reason_to_leave() {
    let answer = server_hello13(0x1301);
    let begun = hello(&HelloSample::default()).says(Side::Server, HandshakeType::SERVER_HELLO, &answer);
    assert_ne!(told(closed(begun, Side::Client)).cause(), Some(Cause::VersionMismatch));
}

#[test]
fn handshake_failure_to_versions_that_the_server_does_not_choose_is_about_versions() {
    let handshake = || refused(hello(&old()), Side::Server, AlertDescription::HANDSHAKE_FAILURE);
    let newer = told(handshake()).knowing(speaking(&[ProtocolVersion::TLS_1_3, ProtocolVersion::TLS_1_2]));
    let line = "version_mismatch client likely error client_hello: alert@6 offered_versions@5 server_versions";
    assert_eq!(newer.line(), line);
    let what = "with 2 other clients this server agreed on TLS 1.3 and TLS 1.2, the last time 60.0 s before";
    assert_eq!(newer.what("server_versions"), what);
    let meets = told(handshake()).knowing(speaking(&[ProtocolVersion::TLS_1_2, ProtocolVersion::TLS_1_1]));
    assert_ne!(meets.cause(), Some(Cause::VersionMismatch));
}

#[test]
fn a_close_without_a_word_is_about_versions_only_where_the_server_is_known() {
    let handshake = || closed(hello(&old()), Side::Server);
    let known = told(handshake()).knowing(speaking(&[ProtocolVersion::TLS_1_3]));
    let line = "version_mismatch client likely error client_hello: close@6 offered_versions@5 server_versions";
    assert_eq!(known.line(), line);
    assert_eq!(told(handshake()).cause(), Some(Cause::ServerClosed));
}

#[test]
fn that_a_server_chose_lower_versions_does_not_prove_that_it_has_no_higher() {
    let handshake = || closed(hello(&only13()), Side::Server);
    let mut server = speaking(&[ProtocolVersion::TLS_1_2]);
    assert_ne!(told(handshake()).knowing(server.clone()).cause(), Some(Cause::VersionMismatch));
    server.declined = Some(ProtocolVersion::TLS_1_3);
    let told = told(handshake()).knowing(server);
    let line = "version_mismatch server likely error client_hello: close@6 offered_versions@5 server_versions";
    assert_eq!(told.line(), line, "it was offered TLS 1.3, and chose TLS 1.2");
}

#[test]
fn handshake_failure_to_tls_13_alone_may_be_a_server_from_before_it() {
    let handshake = |offer: &HelloSample| refused(hello(offer), Side::Server, AlertDescription::HANDSHAKE_FAILURE);
    let line = "version_mismatch server possible error client_hello: alert@6 offered_versions@5";
    assert_eq!(told(handshake(&only13())).line(), line);
    let speaks = told(handshake(&only13())).knowing(speaking(&[ProtocolVersion::TLS_1_3]));
    assert_ne!(speaks.cause(), Some(Cause::VersionMismatch));
    assert_ne!(told(handshake(&HelloSample::default())).cause(), Some(Cause::VersionMismatch), "it offers TLS 1.2 too");
}

#[test]
fn a_server_that_closes_upon_tls_13_and_goes_on_with_less_cannot_take_it() {
    let lower = |attempt: Attempt| Attempt { highest: Some(ProtocolVersion::TLS_1_2), ..attempt };
    let handshake = || closed(hello(&HelloSample::default()), Side::Server);
    let went_on = told(handshake()).then(lower(attempt(500)));
    let line = "version_mismatch server likely error client_hello: close@6 offered_versions@5 next_try";
    assert_eq!(went_on.line(), line);
    assert!(went_on.what("next_try").contains("offered at most TLS 1.2 instead of TLS 1.3, and succeeded"));
    assert_eq!(told(handshake()).then(lower(failed_attempt(500))).cause(), Some(Cause::ServerClosed));
    assert_eq!(told(handshake()).then(attempt(500)).cause(), Some(Cause::ServerClosed), "nothing changed");
}

#[test]
fn a_sentinel_that_the_client_minds_shows_a_version_lowered_on_the_way() {
    let told = told(refused(lowered(&HelloSample::default()), Side::Client, AlertDescription::ILLEGAL_PARAMETER));
    let line = "downgrade_detected network certain error server_hello: downgrade_sentinel@6 offered_versions@5 alert@7";
    assert_eq!(told.line(), line);
}

#[test]
fn a_client_that_leaves_upon_a_sentinel_without_a_word_was_likely_deceived() {
    let told = told(closed(lowered(&HelloSample::default()), Side::Client));
    let line = "downgrade_detected network likely error server_hello: downgrade_sentinel@6 offered_versions@5 close@7";
    assert_eq!(told.line(), line);
}

#[test]
fn a_sentinel_means_nothing_to_a_client_that_offered_no_more() {
    let told = told(refused(lowered(&HelloSample::tls12()), Side::Client, AlertDescription::ILLEGAL_PARAMETER));
    assert_ne!(told.cause(), Some(Cause::DowngradeDetected));
}

#[test]
fn a_certificate_alert_behind_a_sentinel_is_about_the_certificate() {
    let told = told(refused(lowered(&HelloSample::default()), Side::Client, AlertDescription::CERTIFICATE_EXPIRED));
    assert_eq!(told.cause(), Some(Cause::CertificateExpired));
}
