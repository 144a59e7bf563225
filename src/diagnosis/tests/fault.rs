//! Alerts that blame a message, a check, or their own sender.

use super::super::Cause;
use super::flights::{begun13, closed, finished12, flight12, flight13, hello, refused};
use super::told;
use crate::handshake::sample::HelloSample;
use crate::handshake::{CloseKind, Fault, Handshake, Side};
use crate::tls::ClientHello;
use crate::tls::registry::{AlertDescription, AlertLevel};

fn offered() -> Handshake {
    hello(&HelloSample::default())
}

/// A message of this side broke the grammar in frame 5.
fn malformed(handshake: Handshake, from: Side) -> Handshake {
    handshake.but(|handshake| {
        let error = ClientHello::parse(&[3]).expect_err("half a version");
        handshake.faults.push(Fault { from, mark: handshake.steps[0].mark, error });
    })
}

#[test]
fn access_denied_is_the_clients_matter() {
    let told = told(refused(offered(), Side::Server, AlertDescription::ACCESS_DENIED));
    assert_eq!(told.line(), "access_denied client certain error client_hello: alert@6");
}

#[test]
fn a_check_that_fails_is_a_matter_of_both() {
    use AlertDescription as A;
    for alert in [A::DECRYPT_ERROR, A::BAD_RECORD_MAC, A::DECRYPTION_FAILED] {
        let failed = told(refused(flight12(), Side::Client, alert));
        assert_eq!(failed.line(), "cryptographic_failure both certain error server_flight: alert@10", "{alert}");
    }
    let changed = refused(flight12(), Side::Client, A::DECRYPT_ERROR);
    let changed = changed.but(|handshake| handshake.tcp.sides[1].anomalies.conflicts.count = 1);
    assert_eq!(told(changed).line(), "cryptographic_failure both certain error server_flight: alert@10 conflict");
}

#[test]
fn the_side_whose_message_was_refused_is_to_act() {
    use AlertDescription as A;
    for alert in [A::UNEXPECTED_MESSAGE, A::RECORD_OVERFLOW, A::DECODE_ERROR, A::MISSING_EXTENSION] {
        let server = told(refused(offered(), Side::Server, alert));
        assert_eq!(server.line(), "protocol_violation client likely error client_hello: alert@6", "{alert}");
        let client = told(refused(flight13(), Side::Client, alert));
        assert_eq!(client.line(), "protocol_violation server likely error server_flight: alert@10", "{alert}");
    }
}

#[test]
fn a_broken_message_names_its_field() {
    let said = told(refused(malformed(offered(), Side::Client), Side::Server, AlertDescription::DECODE_ERROR));
    assert_eq!(said.line(), "protocol_violation client certain error client_hello: alert@6 malformed@5");
    assert!(said.summary().contains("ClientHello"), "{}", said.summary());
    let failure = told(refused(malformed(offered(), Side::Client), Side::Server, AlertDescription::HANDSHAKE_FAILURE));
    assert_eq!(failure.line(), "protocol_violation client certain error client_hello: alert@6 malformed@5");
    let closed = told(closed(malformed(offered(), Side::Client), Side::Server));
    assert_eq!(closed.line(), "protocol_violation client likely error client_hello: close@6 malformed@5");
}

#[test]
fn the_senders_own_broken_message_does_not_excuse_the_other() {
    let told = told(refused(malformed(offered(), Side::Server), Side::Server, AlertDescription::DECODE_ERROR));
    assert_eq!(told.line(), "protocol_violation client likely error client_hello: alert@6");
}

#[test]
fn an_internal_error_is_its_senders() {
    let server = told(refused(offered(), Side::Server, AlertDescription::INTERNAL_ERROR));
    assert_eq!(server.line(), "internal_error server certain error client_hello: alert@6");
    let client = told(refused(flight12(), Side::Client, AlertDescription::INTERNAL_ERROR));
    assert_eq!(client.line(), "internal_error client certain error server_flight: alert@10");
    let encrypted = begun13(&HelloSample::default()).encrypts13(Side::Server, 19);
    let encrypted = told(closed(encrypted, Side::Server));
    assert_eq!(encrypted.line(), "internal_error server possible error server_flight: encrypted_alert@7");
}

#[test]
fn user_canceled_says_it_outright_and_an_early_goodbye_nearly() {
    let said = offered().alerts(Side::Client, AlertLevel::WARNING, AlertDescription::USER_CANCELED).alerts(
        Side::Client,
        AlertLevel::WARNING,
        AlertDescription::CLOSE_NOTIFY,
    );
    let said = told(said.ends(CloseKind::Alert, Some(Side::Client)));
    assert_eq!(said.line(), "user_canceled client certain error client_hello: close@8");
    let goodbye = flight12().alerts(Side::Client, AlertLevel::WARNING, AlertDescription::CLOSE_NOTIFY);
    let goodbye = told(goodbye.ends(CloseKind::Alert, Some(Side::Client)));
    assert_eq!(goodbye.line(), "user_canceled client likely error server_flight: close@11");
    assert_eq!(told(closed(flight12(), Side::Client)).cause(), Some(Cause::ClientClosed), "no goodbye");
}

#[test]
fn a_goodbye_after_finished_is_no_failure() {
    let said = finished12().alerts(Side::Client, AlertLevel::WARNING, AlertDescription::CLOSE_NOTIFY);
    assert_eq!(told(said.ends(CloseKind::Alert, Some(Side::Client))).line(), "none");
}

#[test]
fn handshake_failure_to_a_wide_offer_lists_what_remains() {
    let told = told(refused(offered(), Side::Server, AlertDescription::HANDSHAKE_FAILURE));
    let line = "handshake_failure both possible error client_hello: alert@6 name@5 offered_suites@5 offered_groups@5 offered_signature_schemes@5";
    assert_eq!(told.line(), line);
    assert!(told.what("name").contains("www.example.org"), "{}", told.what("name"));
}
