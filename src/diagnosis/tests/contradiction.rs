//! Messages that keep to the grammar and break the protocol.

use super::super::Cause;
use super::flights::{closed, ecdhe, flight12_of, hello, of_today, refused};
use super::told;
use crate::handshake::sample::{HelloSample, server_hello};
use crate::handshake::{Handshake, Side};
use crate::tls::registry::{AlertDescription, HandshakeType};
use crate::tls::tests::build::Build;

fn answered(body: &[u8]) -> Handshake {
    hello(&HelloSample::default()).says(Side::Server, HandshakeType::SERVER_HELLO, body)
}

/// A ServerHello of TLS 1.3 with a key share of so many bytes.
fn share_of(group: u16, bytes: usize) -> Vec<u8> {
    let share = Build::new().u16(group).vec16(&vec![7; bytes]).0;
    server_hello(0x0303, 0x1301, &[(43, vec![3, 4]), (51, share)])
}

fn minded(handshake: Handshake, by: Side) -> String {
    told(refused(handshake, by, AlertDescription::ILLEGAL_PARAMETER)).line()
}

const OF_SERVER: &str = "protocol_violation server certain error server_hello: contradiction@6 alert@7";
const OF_CLIENT: &str = "protocol_violation client certain error client_hello: contradiction@5 alert@6";

#[test]
fn a_server_may_choose_only_what_was_offered() {
    for wrong in [
        server_hello(0x0303, 0x009e, &of_today()),
        server_hello(0x0303, 0xc02f, &[(16, vec![0, 3, 2, b'h', b'2'])]),
        share_of(24, 97).iter().map(|byte| if *byte == 24 { 25 } else { *byte }).collect(),
        share_of(29, 31),
        server_hello(0x0303, 0x1301, &[(43, vec![3, 4])]),
    ] {
        assert_eq!(minded(answered(&wrong), Side::Client), OF_SERVER, "{wrong:x?}");
    }
}

#[test]
fn a_hello_in_order_is_not_what_is_wrong() {
    let right = server_hello(0x0303, 0xc02f, &of_today());
    let line = "protocol_violation server likely error server_hello: alert@7";
    assert_eq!(minded(answered(&right), Side::Client), line);
    assert_eq!(minded(answered(&share_of(29, 32)), Side::Client), line);
}

#[test]
fn a_client_that_leaves_upon_a_contradiction_without_a_word_may_mind_it() {
    let wrong = || answered(&server_hello(0x0303, 0x009e, &of_today()));
    let left = told(closed(wrong(), Side::Client)).line();
    assert_eq!(left, OF_SERVER.replace("certain", "possible").replace("alert", "close"));
    let expired = told(refused(wrong(), Side::Client, AlertDescription::CERTIFICATE_EXPIRED));
    assert_eq!(expired.cause(), Some(Cause::CertificateExpired), "it minds something else");
}

#[test]
fn a_client_that_went_on_did_not_mind_the_hello() {
    let flight = flight12_of(hello(&HelloSample::tls12()), 0x009e, &of_today(), &ecdhe(0x0804));
    let went_on = flight.says(Side::Client, HandshakeType::CLIENT_KEY_EXCHANGE, &[32; 33]);
    let line = minded(went_on, Side::Client);
    assert!(!line.contains("contradiction"), "{line}");
}

#[test]
fn a_hello_of_tls_13_has_what_that_version_asks_for() {
    let lacks_share = HelloSample { key_shares: vec![], ..HelloSample::default() };
    let lacks_schemes = HelloSample { schemes: vec![], ..HelloSample::default() };
    let share_of_no_group = HelloSample { groups: vec![23, 24], ..HelloSample::default() };
    let share_too_short = HelloSample { key_shares: vec![23], ..HelloSample::default() };
    for offer in [lacks_share, lacks_schemes, share_of_no_group, share_too_short] {
        assert_eq!(minded(hello(&offer), Side::Server), OF_CLIENT, "{offer:?}");
    }
    let line = minded(hello(&HelloSample::default()), Side::Server);
    assert_eq!(line, "protocol_violation client likely error client_hello: alert@6");
}

#[test]
fn no_extension_stands_twice() {
    let mut offer = HelloSample::tls12();
    offer.extensions.push((23, vec![]));
    assert_eq!(minded(hello(&offer), Side::Server), OF_CLIENT);
}
