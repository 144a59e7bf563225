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
fn an_end_that_has_shown_a_server_hello_is_a_server_of_tls_on_any_port() {
    let refused = syns(1, 7_001, 1).rst(Side::Server);
    let served = Script::open_to(2, 7_001).hello(&tls12_hello()).server(&tls12_flight());
    assert_eq!(told(&[&refused]), []);
    assert_eq!(told(&[&refused, &served]).len(), 2);
}
