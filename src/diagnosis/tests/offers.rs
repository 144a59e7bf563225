//! Lists of a hello that do not meet the server's.

use super::super::Cause;
use super::certificates::{chain, chain_of, facts, shown_before};
use super::flights::{begun13, closed, hello, refused};
use super::{Told, seen, told};
use crate::handshake::Side;
use crate::handshake::sample::HelloSample;
use crate::knowledge::ServerView;
use crate::tls::registry::{AlertDescription, CipherSuite, NamedGroup, ProtocolVersion};
use crate::x509::PublicKey;

fn suites(suites: &[u16]) -> HelloSample {
    HelloSample { suites: suites.to_vec(), ..HelloSample::tls12() }
}

fn groups(groups: &[u16]) -> HelloSample {
    HelloSample { groups: groups.to_vec(), ..HelloSample::tls12() }
}

fn schemes(schemes: &[u16]) -> HelloSample {
    HelloSample { schemes: schemes.to_vec(), ..HelloSample::tls12() }
}

/// The server says handshake_failure to the hello.
fn failed(offer: &HelloSample) -> Told {
    told(refused(hello(offer), Side::Server, AlertDescription::HANDSHAKE_FAILURE))
}

fn choosing(suite: u16) -> ServerView {
    ServerView {
        versions: vec![seen(ProtocolVersion::TLS_1_2)],
        cipher_suites: vec![seen(CipherSuite(suite))],
        ..ServerView::default()
    }
}

const ECDSA_ONLY: [u16; 3] = [0xc02b, 0xc02c, 0xcca9];
const SUITES: &str = "cipher_suite_mismatch both likely error client_hello: alert@6 offered_suites@5";

#[test]
fn suites_that_servers_refuse_today_are_narrow() {
    for old in [&[0x0005, 0x000a, 0x0004][..], &[0x002f, 0x0035, 0x009c], &[0x0001, 0x0002, 0x003b]] {
        assert_eq!(failed(&suites(old)).line(), SUITES, "{old:x?}");
    }
    assert_eq!(failed(&HelloSample::tls12()).cause(), Some(Cause::HandshakeFailure));
}

#[test]
fn one_suite_is_narrow() {
    let one = failed(&suites(&[0xc02f]));
    assert_eq!(one.line(), SUITES);
    assert!(one.summary().contains("1 suite,"), "{}", one.summary());
    let only13 = HelloSample { versions: vec![0x0304], suites: vec![0x1303], ..HelloSample::default() };
    assert_eq!(failed(&only13).line(), SUITES);
}

#[test]
fn insufficient_security_is_about_suites_whatever_they_are() {
    let told = told(refused(hello(&HelloSample::tls12()), Side::Server, AlertDescription::INSUFFICIENT_SECURITY));
    assert_eq!(told.line(), SUITES);
}

#[test]
fn suites_for_another_key_than_the_servers_do_not_meet() {
    let rsa = failed(&suites(&ECDSA_ONLY)).knowing(choosing(0xc02f));
    assert_eq!(rsa.line(), format!("{SUITES} server_suites"));
    assert!(rsa.summary().contains("ECDSA"), "{}", rsa.summary());
    let ecdsa = failed(&suites(&ECDSA_ONLY)).knowing(choosing(0xc02b));
    assert_eq!(ecdsa.cause(), Some(Cause::HandshakeFailure), "the server has such a key");
}

#[test]
fn a_certificate_seen_elsewhere_tells_the_servers_key() {
    let server = ServerView { chain: shown_before(chain(&[])), ..ServerView::default() };
    assert_eq!(failed(&suites(&ECDSA_ONLY)).knowing(server).line(), SUITES);
    let mut leaf = facts("CN=www.example.org", "CN=Example CA");
    leaf.key = Some(PublicKey::Other("Ed25519".into()));
    let server = ServerView { chain: shown_before(chain_of(leaf, &[])), ..ServerView::default() };
    let told = failed(&HelloSample { schemes: vec![0x0403, 0x0807], ..suites(&ECDSA_ONLY) }).knowing(server);
    assert_ne!(told.confidence(), "likely", "EdDSA keys are used with suites for ECDSA (RFC 8422)");
}

#[test]
fn suites_that_the_server_was_not_seen_to_choose_prove_little() {
    let told = failed(&suites(&[0xc02f, 0xc030, 0xcca8])).knowing(choosing(0xc027));
    let line = "cipher_suite_mismatch both possible error client_hello: alert@6 offered_suites@5 server_suites";
    assert_eq!(told.line(), line);
}

#[test]
fn a_close_is_about_suites_only_where_the_server_is_known() {
    let known = told(closed(hello(&suites(&ECDSA_ONLY)), Side::Server)).knowing(choosing(0xc02f));
    assert_eq!(known.line(), format!("{SUITES} server_suites").replace("alert", "close"));
    assert_eq!(told(closed(hello(&suites(&ECDSA_ONLY)), Side::Server)).cause(), Some(Cause::ServerClosed));
    assert_eq!(told(closed(hello(&suites(&[0xc02f])), Side::Server)).cause(), Some(Cause::ServerClosed));
}

const GROUPS: &str = "group_mismatch both likely error client_hello: alert@6 offered_groups@5";

#[test]
fn groups_that_few_servers_have_are_narrow() {
    assert_eq!(failed(&groups(&[30])).line(), GROUPS);
    assert_eq!(failed(&groups(&[30, 26])).line(), GROUPS);
    assert_eq!(failed(&groups(&[30, 29])).cause(), Some(Cause::HandshakeFailure), "nearly every server has x25519");
    let illegal = told(refused(hello(&groups(&[30])), Side::Server, AlertDescription::ILLEGAL_PARAMETER));
    assert_eq!(illegal.line(), GROUPS);
}

#[test]
fn one_usual_group_alone_may_be_narrow() {
    let alone = failed(&groups(&[23]));
    assert_eq!(alone.line(), GROUPS.replace("likely", "possible"));
    let met = ServerView { groups: vec![seen(NamedGroup::SECP256R1)], ..ServerView::default() };
    assert_eq!(failed(&groups(&[23])).knowing(met).cause(), Some(Cause::HandshakeFailure));
}

#[test]
fn groups_that_the_server_does_not_choose_do_not_meet() {
    let server = || ServerView { groups: vec![seen(NamedGroup::X25519)], ..ServerView::default() };
    assert_eq!(failed(&groups(&[23, 24])).knowing(server()).line(), format!("{GROUPS} server_groups"));
    assert_eq!(failed(&groups(&[23, 29])).knowing(server()).cause(), Some(Cause::HandshakeFailure));
}

#[test]
fn illegal_parameter_is_not_about_suites() {
    let told = told(refused(hello(&suites(&[0xc02f])), Side::Server, AlertDescription::ILLEGAL_PARAMETER));
    assert_eq!(told.cause(), Some(Cause::ProtocolViolation));
}

const SCHEMES: &str = "signature_scheme_mismatch both likely error client_hello: alert@6 offered_signature_schemes@5";

#[test]
fn schemes_for_rare_keys_or_old_digests_are_narrow() {
    assert_eq!(failed(&schemes(&[0x0807])).line(), SCHEMES);
    assert_eq!(failed(&schemes(&[0x0201, 0x0203])).line(), SCHEMES);
    assert_eq!(failed(&schemes(&[0x0807, 0x0403, 0x0804])).cause(), Some(Cause::HandshakeFailure));
}

#[test]
fn schemes_for_another_key_than_the_servers_do_not_meet() {
    let server = || ServerView { chain: shown_before(chain(&[])), ..ServerView::default() };
    assert_eq!(failed(&schemes(&[0x0403, 0x0503])).knowing(server()).line(), format!("{SCHEMES} server_key"));
    assert_eq!(failed(&schemes(&[0x0403, 0x0804])).knowing(server()).cause(), Some(Cause::HandshakeFailure));
}

#[test]
fn tls_13_is_not_signed_with_pkcs_1() {
    let offer = |schemes: Vec<u16>| HelloSample {
        versions: vec![0x0304],
        suites: vec![0x1301, 0x1302],
        schemes,
        ..HelloSample::default()
    };
    assert_eq!(failed(&offer(vec![0x0401, 0x0501])).line(), SCHEMES);
    assert_ne!(failed(&offer(vec![0x0401, 0x0804, 0x0403])).cause(), Some(Cause::SignatureSchemeMismatch));
}

#[test]
fn a_scheme_may_be_missed_only_after_the_servers_hello() {
    let broken = |schemes: Vec<u16>| {
        let offer = HelloSample { schemes, ..HelloSample::default() };
        told(closed(begun13(&offer).encrypts13(Side::Server, 19), Side::Server))
    };
    let line =
        "signature_scheme_mismatch both likely error server_flight: encrypted_alert@7 offered_signature_schemes@5";
    assert_eq!(broken(vec![0x0807]).line(), line);
    assert_eq!(broken(vec![0x0403, 0x0804]).cause(), Some(Cause::InternalError));
}

#[test]
fn of_several_narrow_lists_the_others_are_evidence() {
    let told = failed(&HelloSample { groups: vec![30], ..suites(&[0xc02f]) });
    assert_eq!(told.line(), format!("{SUITES} also_narrow@5"));
}
