//! Other protocols, proxies and headers.

use super::super::Cause;
use super::flights::{closed, hello, refused};
use super::{Told, told};
use crate::handshake::sample::{HelloSample, server_hello13};
use crate::handshake::{CloseKind, Handshake, Missing, MissingWhy, Obstacle, Side};
use crate::tls::registry::{AlertDescription, AlertLevel, HandshakeType};

/// The server answers the hello with this, and closes.
fn answered(text: &[u8]) -> Told {
    told(closed(hello(&HelloSample::default()).says_plainly(Side::Server, text), Side::Server))
}

#[test]
fn an_answer_in_another_protocol_is_quoted() {
    for (text, protocol) in [
        (&b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n"[..], "HTTP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
        (b"220 mail.example.org ESMTP\r\n", "SMTP"),
        (b"220 FTP server ready\r\n", "FTP"),
        (b"* OK IMAP4rev1\r\n", "IMAP"),
        (b"+OK ready\r\n", "POP3"),
    ] {
        let told = answered(text);
        assert_eq!(told.line(), "server_not_tls client certain error client_hello: said@6 client_hello@5");
        assert!(told.summary().contains(&format!("in {protocol}: \"")), "{}", told.summary());
    }
    assert!(answered(b"HTTP/1.1 400 Bad Request\r\nServer: x").summary().ends_with("\"HTTP/1.1 400 Bad Request\"."));
}

#[test]
fn what_is_quoted_cannot_do_harm() {
    let told = answered(&[b"\x1b]0;evil\x07\"\x00", &[b'A'; 300][..]].concat());
    assert_eq!(told.cause(), Some(Cause::ServerNotTls));
    let quoted = told.what("said");
    assert!(quoted.chars().all(|character| (' '..='~').contains(&character)) && quoted.len() < 150, "{quoted}");
}

#[test]
fn a_server_that_greets_first_does_not_speak_tls() {
    let greeted = Handshake::sample().says_plainly(Side::Server, b"220 mail ESMTP\r\n").hello(&HelloSample::default());
    let line = "server_not_tls client certain error client_hello: said@5 client_hello@6";
    assert_eq!(told(closed(greeted, Side::Client)).line(), line);
}

#[test]
fn a_greeting_that_led_to_tls_is_none_of_this() {
    let asked = Handshake::sample()
        .says_plainly(Side::Server, b"220 mail ESMTP\r\n220 go ahead\r\n")
        .says_plainly(Side::Client, b"STARTTLS\r\n")
        .hello(&HelloSample::default())
        .but(|handshake| handshake.starttls = Some("smtp"));
    assert_eq!(told(closed(asked, Side::Server)).cause(), Some(Cause::ServerClosed));
}

#[test]
fn behind_a_hole_nothing_looks_like_tls() {
    let hole = hello(&HelloSample::default()).says_plainly(Side::Server, b"HTTP/1.1 400").but(|handshake| {
        handshake.missing.push(Missing { from: Side::Server, range: 0..100, why: MissingWhy::Unacknowledged });
    });
    assert_ne!(told(closed(hole, Side::Server)).cause(), Some(Cause::ServerNotTls));
}

#[test]
fn an_echo_is_no_tls() {
    let offer = HelloSample::default();
    let echo = hello(&offer).says(Side::Server, HandshakeType::CLIENT_HELLO, &offer.body());
    let told = told(closed(echo, Side::Client));
    assert_eq!(told.cause(), Some(Cause::ServerNotTls));
    assert_eq!(told.what("said"), "the server sent back the client's own hello");
}

/// The client says this where TLS is expected.
fn spoken(text: &[u8]) -> Handshake {
    Handshake::sample().says_plainly(Side::Client, text).but(|handshake| handshake.obstacle = Some(Obstacle::NotTls))
}

#[test]
fn plain_http_to_a_tls_server_is_the_clients_matter() {
    let request = || spoken(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let alerted = told(refused(request(), Side::Server, AlertDescription::UNEXPECTED_MESSAGE));
    assert_eq!(alerted.line(), "client_not_tls client certain error tcp: said@5 alert@6");
    assert!(alerted.summary().contains("plain HTTP") && alerted.advice().contains("https://"), "{}", alerted.summary());
    let page = request().says_plainly(Side::Server, b"HTTP/1.1 400 Bad Request\r\n\r\nplain HTTP sent to HTTPS port");
    let line = "client_not_tls client certain error tcp: said@5 said@6 close@7";
    assert_eq!(told(closed(page, Side::Server)).line(), line);
    let closed = told(closed(request(), Side::Server));
    assert_eq!(closed.line(), "client_not_tls client likely error tcp: said@5 close@6");
}

#[test]
fn other_words_are_not_called_http() {
    let told = told(refused(spoken(b"EHLO client\r\n"), Side::Server, AlertDescription::UNEXPECTED_MESSAGE));
    assert_eq!(told.cause(), Some(Cause::ClientNotTls));
    assert!(!told.summary().contains("HTTP"), "{}", told.summary());
}

#[test]
fn a_proxy_header_before_the_hello_is_quoted_where_the_server_does_not_take_it() {
    let header = |header: &[u8]| Handshake::sample().says_plainly(Side::Client, header).hello(&HelloSample::default());
    let one = || header(b"PROXY TCP4 192.0.2.1 192.0.2.2 50000 443\r\n");
    let text = told(closed(one(), Side::Server));
    assert_eq!(text.line(), "proxy_protocol_mismatch network likely error client_hello: proxy_header@5 close@7");
    assert!(text.what("proxy_header").contains("PROXY TCP4 192.0.2.1"), "{}", text.what("proxy_header"));
    let binary = told(closed(header(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c............"), Side::Server));
    assert_eq!(binary.cause(), Some(Cause::ProxyProtocolMismatch));
    let taken = one().says(Side::Server, HandshakeType::SERVER_HELLO, &server_hello13(0x1301));
    assert_ne!(told(closed(taken, Side::Server)).cause(), Some(Cause::ProxyProtocolMismatch), "the server took it");
}

/// A dialogue in the clear that did not lead to TLS.
fn dialogue(obstacle: Obstacle, answer: &[u8]) -> Handshake {
    Handshake::sample()
        .says_plainly(Side::Server, b"220 mail ESMTP\r\n")
        .says_plainly(Side::Client, b"EHLO client\r\nSTARTTLS\r\n")
        .says_plainly(Side::Server, answer)
        .but(|handshake| (handshake.starttls, handshake.obstacle) = (Some("smtp"), Some(obstacle)))
}

#[test]
fn starttls_that_is_refused_is_quoted() {
    for went_on in [false, true] {
        let refused = dialogue(Obstacle::StarttlsRefused { went_on }, b"454 TLS not available\r\n");
        let told = told(closed(refused, Side::Client));
        assert_eq!(told.line(), "starttls_refused server certain error tcp: said@7 said@6 starttls");
        assert!(told.what("said").contains("\"454 TLS not available\""), "{}", told.what("said"));
        assert!(told.summary().contains("SMTP"), "{}", told.summary());
    }
}

#[test]
fn starttls_that_was_never_offered_is_likely_meant() {
    let told = told(closed(dialogue(Obstacle::StarttlsNotOffered, b"250 SIZE\r\n"), Side::Client));
    assert_eq!(told.line(), "starttls_refused server likely error tcp: said@7 said@6 starttls");
}

#[test]
fn a_proxy_that_refuses_is_quoted() {
    let refused = Handshake::sample()
        .says_plainly(Side::Client, b"CONNECT www.example.org:443 HTTP/1.1\r\n\r\n")
        .says_plainly(Side::Server, b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        .but(|handshake| {
            handshake.obstacle = Some(Obstacle::ProxyRefused);
            handshake.via = Some("connect www.example.org:443".to_owned());
        });
    let told = told(closed(refused, Side::Client));
    assert_eq!(told.line(), "proxy_refused network certain error tcp: said@6 said@5 proxy");
    assert!(told.summary().contains("407 Proxy Authentication Required"), "{}", told.summary());
}

#[test]
fn passwords_said_in_socks_are_not_quoted() {
    let refused = Handshake::sample()
        .says_plainly(Side::Client, b"\x05\x01\x02\x01\x04user\x06secret")
        .says_plainly(Side::Server, b"\x05\x02\x01\x01")
        .but(|handshake| handshake.obstacle = Some(Obstacle::ProxyRefused));
    let told = told(closed(refused, Side::Server));
    assert_eq!(told.cause(), Some(Cause::ProxyRefused));
    let finding = told.verdict().failure.expect("a failure").finding;
    let said = finding.evidence.iter().map(|evidence| &evidence.what).chain([&finding.summary, &finding.advice]);
    assert!(said.into_iter().all(|what| !what.contains("secret")), "{finding:?}");
}

#[test]
fn a_tls_alert_is_no_other_protocol() {
    let alerted =
        hello(&HelloSample::default()).alerts(Side::Server, AlertLevel::FATAL, AlertDescription::HANDSHAKE_FAILURE);
    let told = told(alerted.ends(CloseKind::Fin, Some(Side::Server)));
    assert_eq!(told.cause(), Some(Cause::HandshakeFailure));
}
