//! What a client dislikes in the server's hello and key exchange.

use super::super::Cause;
use super::certificates::{chain, chain_for_another_name, chain_of, facts};
use super::flights::{closed, dhe, ecdhe, flight12, flight12_of, hello, of_today, refused};
use super::told;
use crate::handshake::sample::HelloSample;
use crate::handshake::{Handshake, Side};
use crate::tls::registry::AlertDescription;
use crate::x509::{PublicKey, WeakDigest};

const RENEGOTIATION_INFO: (u16, Vec<u8>) = (0xff01, Vec::new());
const EXTENDED_MASTER_SECRET: (u16, Vec<u8>) = (23, Vec::new());

fn answered(extensions: &[(u16, Vec<u8>)]) -> Handshake {
    flight12_of(hello(&HelloSample::tls12()), 0xc02f, extensions, &ecdhe(0x0804))
}

/// A flight with a Diffie-Hellman group of so many bytes.
fn in_group(bytes: usize) -> Handshake {
    let mut offer = HelloSample::tls12();
    offer.suites.push(0x009e);
    flight12_of(hello(&offer), 0x009e, &of_today(), &dhe(bytes))
}

#[test]
fn a_client_that_insists_on_secure_renegotiation_says_handshake_failure() {
    let told = told(refused(answered(&[EXTENDED_MASTER_SECRET]), Side::Client, AlertDescription::HANDSHAKE_FAILURE));
    let line = "unsafe_legacy_renegotiation server likely error server_flight: alert@10 no_renegotiation_info@6";
    assert_eq!(told.line(), line);
}

#[test]
fn a_server_with_secure_renegotiation_is_refused_for_another_reason() {
    let told = told(refused(flight12(), Side::Client, AlertDescription::HANDSHAKE_FAILURE));
    assert_eq!(told.cause(), Some(Cause::HandshakeFailure));
}

#[test]
fn a_short_diffie_hellman_group_is_too_weak_for_the_client() {
    let weak = told(refused(in_group(128), Side::Client, AlertDescription::HANDSHAKE_FAILURE));
    assert_eq!(weak.line(), "weak_parameters server likely error server_flight: dh_bits@8 alert@10");
    assert!(weak.summary().contains("1024 bits"), "{}", weak.summary());
    let said = told(refused(in_group(128), Side::Client, AlertDescription::INSUFFICIENT_SECURITY));
    assert_eq!(said.line(), "weak_parameters server certain error server_flight: dh_bits@8 alert@10");
    let strong = told(refused(in_group(256), Side::Client, AlertDescription::HANDSHAKE_FAILURE));
    assert_eq!(strong.cause(), Some(Cause::HandshakeFailure));
}

#[test]
fn a_signature_over_sha_1_is_too_weak_for_the_client() {
    let signed = flight12_of(hello(&HelloSample::tls12()), 0xc02f, &of_today(), &ecdhe(0x0201));
    let told = told(refused(signed, Side::Client, AlertDescription::ILLEGAL_PARAMETER));
    assert_eq!(told.line(), "weak_parameters server likely error server_flight: signature@8 alert@10");
}

#[test]
fn a_short_key_or_a_weak_signature_on_the_way_up_is_too_weak_for_the_client() {
    let mut leaf = facts("CN=www.example.org", "CN=Example CA");
    leaf.key = Some(PublicKey::Rsa(1024));
    leaf.weak_digest = Some(WeakDigest::Sha1);
    leaf.signature_algorithm = Some("sha1WithRSAEncryption".into());
    let weak = told(refused(flight12(), Side::Client, AlertDescription::HANDSHAKE_FAILURE)).shown(chain_of(leaf, &[]));
    assert_eq!(
        weak.line(),
        "weak_parameters server likely error server_flight: key@7 certificate_signature@7 alert@10"
    );
    let strong = told(refused(flight12(), Side::Client, AlertDescription::HANDSHAKE_FAILURE)).shown(chain(&[]));
    assert_eq!(strong.cause(), Some(Cause::HandshakeFailure));
}

#[test]
fn an_alert_about_the_certificate_is_not_about_the_group() {
    let told = told(refused(in_group(128), Side::Client, AlertDescription::CERTIFICATE_EXPIRED));
    assert_eq!(told.cause(), Some(Cause::CertificateExpired));
}

#[test]
fn a_wrong_name_weighs_more_than_an_old_signature() {
    let signed = flight12_of(hello(&HelloSample::tls12()), 0xc02f, &of_today(), &ecdhe(0x0201));
    let told = told(refused(signed, Side::Client, AlertDescription::HANDSHAKE_FAILURE)).shown(chain_for_another_name());
    assert_eq!(told.cause(), Some(Cause::CertificateNameMismatch), "Erlang says handshake_failure to a wrong name");
}

#[test]
fn a_client_may_require_the_extended_master_secret() {
    let told = told(refused(answered(&[of_today().remove(0)]), Side::Client, AlertDescription::HANDSHAKE_FAILURE));
    let line =
        "extended_master_secret_required server likely error server_flight: alert@10 no_extended_master_secret@6";
    assert_eq!(told.line(), line);
}

#[test]
fn a_client_that_never_offered_the_extended_master_secret_does_not_require_it() {
    let offer = HelloSample { extensions: vec![RENEGOTIATION_INFO], ..HelloSample::tls12() };
    let answer = flight12_of(hello(&offer), 0xc02f, &[RENEGOTIATION_INFO], &ecdhe(0x0804));
    let told = told(refused(answer, Side::Client, AlertDescription::HANDSHAKE_FAILURE));
    assert_eq!(told.cause(), Some(Cause::HandshakeFailure));
}

#[test]
fn a_server_may_require_the_extended_master_secret_of_a_client_of_today() {
    const SESSION_TICKET: (u16, Vec<u8>) = (35, Vec::new());
    let of = |extensions: &[(u16, Vec<u8>)]| {
        let offer = HelloSample { extensions: extensions.to_vec(), ..HelloSample::tls12() };
        refused(hello(&offer), Side::Server, AlertDescription::HANDSHAKE_FAILURE)
    };
    let lacks = told(of(&[of_today().remove(0), SESSION_TICKET]));
    let line =
        "extended_master_secret_required client possible error client_hello: alert@6 no_extended_master_secret@5";
    assert_eq!(lacks.line(), line);
    let has = told(of(&[of_today().remove(0), EXTENDED_MASTER_SECRET, SESSION_TICKET]));
    assert_eq!(has.cause(), Some(Cause::HandshakeFailure));
    let small = told(of(&[of_today().remove(0)]));
    assert_eq!(small.cause(), Some(Cause::HandshakeFailure), "a stack that never had it");
}

#[test]
fn a_flight_that_the_client_leaves_without_a_word_is_not_too_weak() {
    assert_eq!(told(closed(in_group(128), Side::Client)).cause(), Some(Cause::ClientClosed));
}
