//! Handshakes that something else than TLS came before, or stood in place of.

use super::*;
use crate::handshake::{MissingWhy, Obstacle};

const GREETING: &[u8] = b"220 mail.example ESMTP\r\n";
const EHLO: &[u8] = b"EHLO client.example\r\n";
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: www.example.test\r\n\r\n";

fn none(script: Script) {
    let handshakes = run(&script.frames);
    assert!(handshakes.is_empty(), "{handshakes:#?}");
}

fn closed(script: Script) -> Script {
    script.fin(Side::Server).fin(Side::Client)
}

fn smtp(offers: &[u8]) -> Script {
    Script::open().server(GREETING).client(EHLO).server(offers)
}

#[test]
fn what_came_before_tls_is_told_with_its_protocol() {
    let script = smtp(b"250-mail.example\r\n250 STARTTLS\r\n").client(b"STARTTLS\r\n").server(b"220 go ahead\r\n");
    let handshake = one(script.client(&tls12_hello()).server(&alert(2, 40)).fin(Side::Server));
    assert_eq!((handshake.starttls, handshake.obstacle), (Some("smtp"), None));
    let [client, server] = handshake.plain.each_ref().map(|plain| plain.as_deref().unwrap());
    assert_eq!((client.last_line(), server.last_line()), (b"STARTTLS".as_slice(), b"220 go ahead".as_slice()));
    assert!(!server.answers_hello);
    let proxied =
        Script::open().client(b"CONNECT www.example.test:443 HTTP/1.1\r\n\r\n").server(b"HTTP/1.1 200 OK\r\n\r\n");
    let handshake = one(proxied.client(&tls12_hello()).server(&alert(2, 40)).fin(Side::Server));
    assert_eq!(handshake.via.as_deref(), Some("connect www.example.test:443"));
}

#[test]
fn another_protocol_in_place_of_an_answer_is_quoted() {
    let handshake = one(closed(Script::open().hello(&tls12_hello()).server(b"HTTP/1.1 400 Bad Request\r\n\r\n")));
    let server = handshake.plain[1].as_deref().unwrap();
    assert!(server.answers_hello && server.head.starts_with(b"HTTP/1.1 400"));
    assert_eq!((handshake.outcome, handshake.obstacle), (Outcome::Failed, None));
    let greeted = one(closed(Script::open().server(GREETING).hello(&tls12_hello()).server(b"500 what?\r\n")));
    assert_eq!((greeted.plain[1].as_deref().unwrap().last_line(), greeted.starttls), (b"500 what?".as_slice(), None));
}

#[test]
fn plain_words_to_a_tls_server_are_a_handshake_that_failed() {
    let nginx = b"HTTP/1.1 400 Bad Request\r\n\r\n<center>The plain HTTP request was sent to HTTPS port</center>";
    let told = one(closed(Script::open().client(REQUEST).server(nginx)));
    assert_eq!((told.outcome, told.obstacle), (Outcome::Failed, Some(Obstacle::NotTls)));
    assert!(told.missing.is_empty() && told.steps.is_empty() && !told.roles_guessed);
    let alerted = one(closed(Script::open().client(REQUEST).server(&alert(2, 22))));
    assert_eq!(closed_by(&alerted), Some((CloseKind::Alert, Some(Side::Server))));
    assert_eq!((alerted.alerts.len(), alerted.plain[1].is_none()), (1, true));
    for words in [REQUEST, b"\x00\x0e\x38\x01\x02\x03\x04\x05"] {
        let dropped = one(Script::open().client(words).rst(Side::Server));
        assert_eq!(
            (closed_by(&dropped), dropped.obstacle),
            (Some((CloseKind::Rst, Some(Side::Server))), Some(Obstacle::NotTls))
        );
    }
}

#[test]
fn ordinary_words_are_no_handshake() {
    none(closed(Script::open().client(REQUEST).server(b"HTTP/1.1 400 Bad Request\r\n\r\nno")));
    none(closed(Script::open().client(REQUEST).server(b"HTTP/1.1 200 OK\r\n\r\n")));
    none(Script::open().client(REQUEST).fin(Side::Client).fin(Side::Server));
    // Binary words too are no TLS where a server of TLS hangs up on them, but two of them say nothing.
    none(closed(Script::open().client(b"\x00\x0e")));
    none(closed(smtp(b"250 STARTTLS\r\n").client(b"MAIL FROM:<a@example.org>\r\n").server(b"250 ok\r\n")));
    none(smtp(b"250 STARTTLS\r\n").client(b"QUIT\r\n").server(b"221 bye\r\n").fin(Side::Client).fin(Side::Server));
}

#[test]
fn a_refusal_before_tls_is_a_handshake_that_failed() {
    let refused = || smtp(b"250 STARTTLS\r\n").client(b"STARTTLS\r\n").server(b"454 TLS not available\r\n");
    let left = one(refused().client(b"QUIT\r\n").server(b"221 bye\r\n").fin(Side::Client).fin(Side::Server));
    assert_eq!((left.outcome, left.starttls), (Outcome::Failed, Some("smtp")));
    assert_eq!(left.obstacle, Some(Obstacle::StarttlsRefused { went_on: false }));
    assert_eq!(left.plain[1].as_deref().unwrap().last_line(), b"454 TLS not available");
    let mut went_on = refused();
    for _ in 0..100 {
        went_on = went_on.client(b"RCPT TO:<a@example.org>\r\n").server(b"250 ok\r\n");
    }
    assert_eq!(one(went_on).obstacle, Some(Obstacle::StarttlsRefused { went_on: true }), "it was too long to follow");
    let anyway = one(closed(refused().client(&tls12_hello()).server(b"500 what?\r\n")));
    assert_eq!(anyway.obstacle, Some(Obstacle::StarttlsRefused { went_on: false }));
    assert!(anyway.has_client_hello());
    let missing =
        one(smtp(b"250 SIZE\r\n").client(b"QUIT\r\n").server(b"221 bye\r\n").fin(Side::Client).fin(Side::Server));
    assert_eq!(missing.obstacle, Some(Obstacle::StarttlsNotOffered));
    let database = || Script::open().client(&[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]).server(b"N");
    assert_eq!(one(database().fin(Side::Client).fin(Side::Server)).starttls, Some("postgresql"));
    none(database());
    none(database().client(b"\0\0\0\x0d\0\x03\0\0user\0").fin(Side::Client).fin(Side::Server));
    let proxy = Script::open()
        .client(b"CONNECT www.example.test:443 HTTP/1.1\r\n\r\n")
        .server(b"HTTP/1.1 403 Forbidden\r\n\r\n");
    assert_eq!(one(closed(proxy)).obstacle, Some(Obstacle::ProxyRefused));
}

#[test]
fn a_proxy_header_in_front_of_the_hello_is_kept_apart_from_it() {
    let header = b"PROXY TCP4 192.0.2.1 192.0.2.2 50000 443\r\n";
    for together in [true, false] {
        let script = Script::open();
        let script = if together {
            script.client(&[header, tls12_hello().as_slice()].concat())
        } else {
            script.client(header).client(&tls12_hello())
        };
        let handshake = one(script.server(&alert(2, 40)).fin(Side::Server));
        assert_eq!(handshake.proxy_header(), Some(header.as_slice()));
        assert!(handshake.has_client_hello());
    }
}

/// An ICMP error from a router about a packet of the first script's client.
fn unreachable(code: u8, after: &Taped) -> Taped {
    let quoted = &after.bytes[..28];
    let mut bytes = vec![0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 254, 10, 0, 0, 1];
    bytes.extend([3, code, 0, 0, 0, 0, 5, 0]);
    bytes.extend(quoted);
    Taped { time: after.time.plus(Duration::from_millis(1)), payload: Vec::new(), bytes }
}

#[test]
fn an_icmp_error_ends_what_nothing_else_does() {
    let with = |code| {
        let mut frames = Script::open().hello(&tls12_hello()).frames;
        frames.push(unreachable(code, frames.last().unwrap()));
        run(&frames).remove(0)
    };
    let prohibited = with(13);
    assert_eq!((closed_by(&prohibited), prohibited.outcome), (Some((CloseKind::Icmp, None)), Outcome::Failed));
    let too_long = with(4);
    assert_eq!((closed_by(&too_long), too_long.icmp.len()), (Some((CloseKind::CaptureEnd, None)), 1));
}

#[test]
fn half_a_hello_whose_receiver_asks_for_the_rest_was_lost_by_the_network() {
    let hello = tls12_hello();
    let (first, second) = hello.split_at(60);
    let script = Script::open().client(first).ack(Side::Server).client(second).fin(Side::Client);
    let mut frames = script.frames;
    let lost = frames.iter().position(|frame| frame.payload == second).expect("the second segment");
    let acknowledged = frames[lost - 1].clone();
    frames.remove(lost);
    let silent = run(&frames).remove(0);
    assert_eq!((silent.outcome, silent.missing[0].why), (Outcome::Unfinished, MissingWhy::Lost), "nobody knows");
    frames.extend([acknowledged.clone(), acknowledged]);
    let asked = run(&frames).remove(0);
    assert_eq!((asked.missing[0].why, asked.complete()), (MissingWhy::Unacknowledged, true));
    assert_eq!((asked.client_hello_arrived(), asked.client_hello_acknowledged()), (Some(false), Some(60)));
}
