//! What a server dislikes in a hello besides its lists.

use super::super::Cause;
use super::flights::{begun13, closed, finished12, finished13, flight12, flight13_of, hello, refused};
use super::{attempt, failed_attempt, seen, told};
use crate::handshake::sample::{HelloSample, server_hello};
use crate::handshake::{CloseKind, Handshake, Side};
use crate::knowledge::{Attempt, NameView, ServerView};
use crate::tls::registry::{AlertDescription, AlertLevel, CipherSuite, HandshakeType, ProtocolVersion};
use crate::tls::tests::build::Build;

fn fallback() -> HelloSample {
    let mut offer = HelloSample::tls12();
    offer.suites.push(0x5600);
    offer
}

fn no_name() -> HelloSample {
    HelloSample { sni: None, ..HelloSample::default() }
}

fn offering(alpn: &[&'static str]) -> HelloSample {
    HelloSample { alpn: alpn.to_vec(), ..HelloSample::default() }
}

fn with_ech() -> HelloSample {
    let mut offer = HelloSample::default();
    offer.extensions.push((0xfe0d, vec![0; 40]));
    offer
}

/// An offer with a ticket of an earlier session.
fn with_ticket() -> HelloSample {
    let mut offer = HelloSample::default();
    let identities = Build::new().vec16(&[5; 32]).u32(1_000).0;
    let binders = Build::new().vec8(&[6; 32]).0;
    offer.extensions.push((45, vec![1, 1]));
    offer.extensions.push((41, Build::new().vec16(&identities).vec16(&binders).0));
    offer
}

/// A server that took the default offer under this name.
fn serving(name: &str) -> ServerView {
    ServerView {
        finished: 3,
        clients: 2,
        versions: vec![seen(ProtocolVersion::TLS_1_3)],
        cipher_suites: vec![seen(CipherSuite(0x1301))],
        names: vec![name.to_owned()],
        ..ServerView::default()
    }
}

#[test]
fn inappropriate_fallback_says_it_outright() {
    let told = told(refused(hello(&fallback()), Side::Server, AlertDescription::INAPPROPRIATE_FALLBACK));
    let line = "inappropriate_fallback client certain error client_hello: alert@6 fallback_scsv@5 offered_versions@5";
    assert_eq!(told.line(), line);
}

#[test]
fn a_fallback_that_the_server_takes_for_another_reason_to_fail_is_none() {
    let told = told(refused(hello(&fallback()), Side::Server, AlertDescription::HANDSHAKE_FAILURE));
    assert_ne!(told.cause(), Some(Cause::InappropriateFallback));
}

#[test]
fn no_application_protocol_is_a_matter_of_both() {
    let handshake = refused(hello(&offering(&["h2", "x"])), Side::Server, AlertDescription::NO_APPLICATION_PROTOCOL);
    let server = ServerView { alpn: vec![seen(b"http/1.1".to_vec())], ..ServerView::default() };
    let told = told(handshake).knowing(server);
    assert_eq!(told.line(), "alpn_mismatch both certain error client_hello: alert@6 offered_alpn@5 server_alpn");
    assert!(told.summary().contains("h2 and x") && told.what("server_alpn").contains("http/1.1"), "{}", told.summary());
}

#[test]
fn an_encrypted_alert_in_the_servers_flight_may_be_about_an_unusual_protocol() {
    let broken = |offer: &HelloSample| closed(begun13(offer).encrypts13(Side::Server, 19), Side::Server);
    let line = "alpn_mismatch both possible error server_flight: encrypted_alert@7 offered_alpn@5";
    assert_eq!(told(broken(&offering(&["imap"]))).line(), line);
    assert_eq!(told(broken(&offering(&["imap", "h2"]))).cause(), Some(Cause::InternalError));
}

#[test]
fn ech_that_is_refused_and_tried_again_at_once_is_no_fault() {
    let refused_late = || {
        let finished = flight13_of(&with_ech()).encrypts13(Side::Client, 53).encrypts13(Side::Client, 19);
        closed(finished, Side::Client)
    };
    let alone = told(refused_late());
    assert_eq!(alone.line(), "none", "a hello with GREASE looks the same, and a close_notify too");
    let said = told(refused(flight13_of(&with_ech()), Side::Client, AlertDescription::ECH_REQUIRED));
    assert_eq!(said.line(), "ech_rejected none certain info server_flight: alert@10 ech@5");
}

#[test]
fn fatal_unrecognized_name_names_the_name() {
    let told = told(refused(hello(&HelloSample::default()), Side::Server, AlertDescription::UNRECOGNIZED_NAME))
        .knowing(serving("mail.example.org"));
    assert_eq!(told.line(), "unrecognized_name client certain error client_hello: alert@6 name@5 server_names");
    assert!(told.summary().contains("www.example.org") && told.what("server_names").contains("mail.example.org"));
}

#[test]
fn unrecognized_name_to_a_hello_without_one_wants_a_name() {
    let told = told(refused(hello(&no_name()), Side::Server, AlertDescription::UNRECOGNIZED_NAME));
    assert_eq!(told.line(), "sni_missing client certain error client_hello: alert@6 no_name@5");
}

/// A server that warns that it does not know the name, and goes on.
fn warned() -> Handshake {
    let warned =
        hello(&HelloSample::tls12()).alerts(Side::Server, AlertLevel::WARNING, AlertDescription::UNRECOGNIZED_NAME);
    let answer = server_hello(0x0303, 0xc02f, &super::flights::of_today());
    warned.says(Side::Server, HandshakeType::SERVER_HELLO, &answer)
}

#[test]
fn a_warning_of_an_unrecognized_name_counts_where_the_client_leaves_upon_it() {
    let left = told(refused(warned(), Side::Client, AlertDescription::UNRECOGNIZED_NAME));
    assert_eq!(left.line(), "unrecognized_name client likely error server_hello: alert@8 name@5 warning@6");
    let other = told(refused(warned(), Side::Client, AlertDescription::UNKNOWN_CA));
    assert_eq!(other.cause(), Some(Cause::CertificateUntrusted));
}

#[test]
fn a_hello_without_a_name_is_refused_by_a_server_that_serves_by_name() {
    let handshake = || refused(hello(&no_name()), Side::Server, AlertDescription::HANDSHAKE_FAILURE);
    let by_name = told(handshake()).knowing(serving("www.example.org"));
    assert_eq!(by_name.line(), "sni_missing client likely error client_hello: alert@6 no_name@5 server_names");
    let mut server = serving("www.example.org");
    server.finished_without_name = 1;
    assert_ne!(told(handshake()).knowing(server).cause(), Some(Cause::SniMissing), "it takes hellos without one");
}

#[test]
fn a_hello_without_a_name_and_with_a_wide_offer_leaves_little_else_to_dislike() {
    let line = "sni_missing client possible error client_hello: alert@6 no_name@5";
    assert_eq!(told(refused(hello(&no_name()), Side::Server, AlertDescription::HANDSHAKE_FAILURE)).line(), line);
    let narrow = HelloSample { suites: vec![0x0005, 0x000a], ..HelloSample { sni: None, ..HelloSample::tls12() } };
    let told = told(refused(hello(&narrow), Side::Server, AlertDescription::HANDSHAKE_FAILURE));
    assert_eq!(told.cause(), Some(Cause::CipherSuiteMismatch));
}

#[test]
fn a_name_that_alone_is_refused_is_not_served() {
    let handshake = || refused(hello(&HelloSample::default()), Side::Server, AlertDescription::HANDSHAKE_FAILURE);
    let others = told(handshake()).knowing(serving("mail.example.org"));
    assert_eq!(others.line(), "unrecognized_name client likely error client_hello: alert@6 name@5 server_names");
    let mut server = serving("mail.example.org");
    server.name = NameView { finished: 1, used: 1, failed: 0 };
    assert_ne!(told(handshake()).knowing(server).cause(), Some(Cause::UnrecognizedName), "it served this name too");
    assert_eq!(told(handshake()).cause(), Some(Cause::HandshakeFailure), "nothing is known of the server");
}

#[test]
fn a_close_upon_a_name_is_less_telling_than_an_alert() {
    let told = told(closed(hello(&HelloSample::default()), Side::Server)).knowing(serving("mail.example.org"));
    assert_eq!(told.line(), "unrecognized_name client possible error client_hello: close@6 name@5 server_names");
}

#[test]
fn a_binder_that_does_not_verify_is_a_shared_key_refused() {
    let said = told(refused(hello(&with_ticket()), Side::Server, AlertDescription::DECRYPT_ERROR));
    assert_eq!(said.line(), "psk_rejected both certain error client_hello: alert@6 pre_shared_key@5");
    let illegal = told(refused(hello(&with_ticket()), Side::Server, AlertDescription::ILLEGAL_PARAMETER));
    assert_eq!(illegal.line(), "psk_rejected both likely error client_hello: alert@6 pre_shared_key@5");
    let none = told(refused(hello(&HelloSample::default()), Side::Server, AlertDescription::DECRYPT_ERROR));
    assert_eq!(none.cause(), Some(Cause::CryptographicFailure), "no key was offered");
}

#[test]
fn an_unknown_identity_is_a_shared_key_refused() {
    let offer = HelloSample { suites: vec![0x00a8, 0x00a9, 0xccab], ..HelloSample::tls12() };
    let answer = server_hello(0x0303, 0x00a8, &super::flights::of_today());
    let handshake = hello(&offer)
        .says(Side::Server, HandshakeType::SERVER_HELLO, &answer)
        .says(Side::Server, HandshakeType::SERVER_HELLO_DONE, &[])
        .says(Side::Client, HandshakeType::CLIENT_KEY_EXCHANGE, &[0, 1, b'x']);
    let unknown = told(refused(handshake.clone(), Side::Server, AlertDescription::UNKNOWN_PSK_IDENTITY));
    assert_eq!(unknown.line(), "psk_rejected both certain error client_flight: alert@9 pre_shared_key@8");
    let key = told(refused(handshake.finishes(Side::Client), Side::Server, AlertDescription::BAD_RECORD_MAC));
    assert_eq!(key.line(), "psk_rejected both likely error finished: alert@10 pre_shared_key@8");
    let no_psk = flight12().says(Side::Client, HandshakeType::CLIENT_KEY_EXCHANGE, &[32; 33]);
    let record = told(refused(no_psk, Side::Server, AlertDescription::BAD_RECORD_MAC));
    assert_eq!(record.cause(), Some(Cause::CryptographicFailure));
}

/// The control connection of an FTP client.
fn control() -> Attempt {
    Attempt { server: "10.0.0.2:21".parse().expect("an address"), ..attempt(0) }
}

#[test]
fn a_data_connection_dropped_after_a_full_handshake_wants_the_control_connections_session() {
    let dropped = || told(closed(finished12(), Side::Server));
    let mut data = dropped();
    data.story.control = Some(control());
    let line = "session_reuse_required client likely error finished: close@13 control_connection";
    assert_eq!(data.line(), line);
    assert_eq!(dropped().line(), "none", "no control connection: a probe or a preconnect");
    let mut left = told(closed(finished12(), Side::Client));
    left.story.control = Some(control());
    assert_eq!(left.line(), "none", "an empty listing looks like this");
    let mut used = told(finished12().uses(Side::Server).ends(CloseKind::Fin, Some(Side::Server)));
    used.story.control = Some(control());
    assert_eq!(used.line(), "none");
}

#[test]
fn a_retry_is_told_with_what_the_client_changed() {
    let handshake = || refused(hello(&HelloSample::default()), Side::Server, AlertDescription::UNRECOGNIZED_NAME);
    let other = Attempt { sni: Some("mail.example.org".into()), ..failed_attempt(2_000) };
    let what = "2.0 s later the client tried again, asked for mail.example.org, and failed again";
    assert_eq!(told(handshake()).then(other).what("next_try"), what);
    let same = told(handshake()).then(failed_attempt(2_000));
    assert_eq!(
        same.what("next_try"),
        "2.0 s later the client tried again, changed nothing that shows, and failed again"
    );
}

#[test]
fn a_finished_handshake_of_tls_13_that_is_closed_unused_is_no_failure() {
    assert_eq!(told(closed(finished13(), Side::Client)).line(), "none");
}
