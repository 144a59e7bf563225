//! Connections on which nobody said a word.

use super::*;
use crate::handshake::Obstacle;

type Told = (Option<Obstacle>, Outcome, Option<(CloseKind, Option<Side>)>);

fn told(scripts: &[&Script]) -> Vec<Told> {
    let frames: Vec<Taped> = scripts.iter().flat_map(|script| script.frames.clone()).collect();
    assert!(run(&frames).iter().all(|handshake| handshake.version.is_some()), "only where it is asked for");
    let handshakes = run_with(Limits { tcp: true, ..Limits::default() }, &frames);
    handshakes.iter().map(|it| (it.obstacle, it.outcome, closed_by(it))).collect()
}

/// A connection that is only asked for, and what comes of that.
fn syns(port: u16, server_port: u16, count: usize) -> Script {
    let mut script = Script::open_to(port, server_port);
    let syn = script.frames[0].clone();
    script.frames = vec![syn; count];
    script
}

#[test]
fn a_reset_to_the_syn_is_a_refusal() {
    let refused = syns(1, 443, 1).rst(Side::Server);
    let expected = (Some(Obstacle::ConnectionRefused), Outcome::Failed, Some((CloseKind::Rst, Some(Side::Server))));
    assert_eq!(told(&[&refused]), [expected]);
    assert_eq!(told(&[&syns(1, 80, 1).rst(Side::Server)]), [], "nobody expects TLS there");
}

#[test]
fn syns_that_nothing_answers_are_a_timeout() {
    let expected = (Some(Obstacle::ConnectionTimeout), Outcome::Failed, Some((CloseKind::Timeout, None)));
    assert_eq!(told(&[&syns(1, 443, 3)]), [expected]);
    assert_eq!(told(&[&syns(1, 443, 1)]), [], "it may still be answered");
    assert_eq!(told(&[&syns(1, 443, 3).ack(Side::Client)]), [], "the capture lacks the server's side");
}

#[test]
fn a_connection_that_is_opened_and_closed_is_told_with_who_closed_it() {
    let closed = Script::open_to(1, 443).fin(Side::Server).fin(Side::Client);
    let expected = (Some(Obstacle::NothingSaid), Outcome::Failed, Some((CloseKind::Fin, Some(Side::Server))));
    assert_eq!(told(&[&closed]), [expected]);
    assert_eq!(told(&[&Script::open_to(1, 443)]), [], "it is still open");
}

#[test]
fn an_alert_at_the_end_of_a_client_without_a_word_is_no_word_of_the_client() {
    let complained = Script::open_to(1, 7_001).fin(Side::Client).server(&alert(2, 50)).rst(Side::Client);
    let expected = (Some(Obstacle::NothingSaid), Outcome::Failed, Some((CloseKind::Fin, Some(Side::Client))));
    assert_eq!(told(&[&complained]), [expected]);
    let greeted = Script::open_to(1, 443).server(b"220 mail.example ESMTP\r\n").fin(Side::Client).fin(Side::Server);
    assert_eq!(told(&[&greeted]), [], "a word of the server");
}

/// A connection whose answer is sent so often and never acknowledged.
fn answers(count: usize) -> Script {
    let mut script = Script::open_to(1, 443);
    script.frames.pop();
    let answer = script.frames[1].clone();
    script.frames.extend(vec![answer; count - 1]);
    script
}

#[test]
fn answers_that_nobody_acknowledges_are_a_timeout() {
    let expected = (Some(Obstacle::ConnectionTimeout), Outcome::Failed, Some((CloseKind::Timeout, None)));
    assert_eq!(told(&[&answers(3)]), [expected]);
    assert_eq!(told(&[&answers(1)]), [], "it may still be acknowledged");
    assert_eq!(told(&[&answers(3).ack(Side::Client)]), [], "it was, late");
}

#[test]
fn a_host_that_has_shown_a_server_hello_is_expected_to_speak_tls_on_any_port() {
    let refused = syns(1, 9, 1).rst(Side::Server);
    let silent = Script::open_to(3, 9).fin(Side::Client).fin(Side::Server);
    let served = Script::open_to(2, 7_001).hello(&tls12_hello()).server(&tls12_flight());
    assert_eq!(told(&[&refused, &silent]), []);
    assert_eq!(
        told(&[&refused, &silent, &served]).len(),
        2,
        "that a port is silent says nothing: it opened, for another protocol"
    );
    let plain = Script::open_to(2, 7_001).client(b"GET / HTTP/1.1\r\n\r\n").server(b"HTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(told(&[&refused, &silent, &plain]), [], "it has shown none");
}
