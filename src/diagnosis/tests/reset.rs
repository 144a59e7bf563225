//! Whose reset it was: the signs that it is another's, and what is no sign.

use super::super::Cause;
use super::flights::{begun13, closed, flight12, hello, refused, reset};
use super::{Told, told};
use crate::flow::tcp::{IpIds, Reset, Tally};
use crate::handshake::sample::HelloSample;
use crate::handshake::{CloseKind, Handshake, Side};
use crate::packet::TcpFlags;
use crate::time::Mark;
use crate::tls::registry::AlertDescription;
use std::time::Duration;

/// The hello was answered with a reset in the server's name that differs from the host's own in this.
fn forged(change: impl FnOnce(&mut Reset)) -> Handshake {
    changed(reset(hello(&HelloSample::default()), Side::Server), Side::Server, change)
}

fn changed(handshake: Handshake, named: Side, change: impl FnOnce(&mut Reset)) -> Handshake {
    handshake.but(|handshake| {
        let reset = handshake.tcp.sides[named.index()].anomalies.first_reset.as_mut();
        change(reset.expect("a reset"));
    })
}

/// Something more about the side in whose name it was.
fn also(handshake: Handshake, change: impl FnOnce(&mut Handshake)) -> Told {
    told(handshake.but(change))
}

#[test]
fn another_time_to_live_is_a_sign() {
    let told = told(forged(|reset| reset.ttl = 61));
    assert_eq!(told.line(), "middlebox_reset network possible error client_hello: ttl@6 close@6 stage@6");
    assert!(told.what("ttl").contains("61") && told.what("ttl").contains("64"), "{}", told.what("ttl"));
    assert!(told.what("stage").contains("post-PSH"), "{}", told.what("stage"));
    assert!(told.advice().contains("3 hops from the sensor where the host is 0 hops away"), "{}", told.advice());
}

#[test]
fn two_signs_make_it_likely() {
    let told = told(forged(|reset| (reset.ttl, reset.flags) = (61, TcpFlags::RST)));
    assert_eq!(told.line(), "middlebox_reset network likely error client_hello: ttl@6 no_ack@6 close@6 stage@6");
}

#[test]
fn a_host_that_has_just_acknowledged_knows_the_connection() {
    let told_so = told(forged(|reset| (reset.flags, reset.acknowledgment) = (TcpFlags::RST, 0)));
    assert_eq!(told_so.line(), "middlebox_reset network possible error client_hello: no_ack@6 close@6 stage@6");
    let unheard =
        also(forged(|reset| reset.flags = TcpFlags::RST), |handshake| handshake.tcp.sides[1].acknowledged = None);
    assert_eq!(unheard.cause(), Some(Cause::ServerClosed), "it never acknowledged anything");
}

#[test]
fn a_host_does_not_go_on_after_its_own_reset() {
    let told = also(forged(|_| {}), |handshake| {
        let mark = Mark { frame: 7, time: handshake.last.time.plus(Duration::from_millis(3)) };
        handshake.tcp.sides[1].anomalies.after_reset = Tally { count: 2, first: mark, last: mark };
    });
    assert_eq!(told.line(), "middlebox_reset network possible error client_hello: after_reset@6 close@6 stage@6");
    assert!(told.what("after_reset").contains("2 packets, the first 3 ms later"), "{}", told.what("after_reset"));
}

/// The other side is reset too, so much later.
fn other_side(handshake: Handshake, later: Duration) -> Handshake {
    handshake.but(|handshake| {
        let own = handshake.tcp.sides[1].anomalies.first_reset.expect("a reset");
        let mark = Mark { frame: 7, time: own.mark.time.plus(later) };
        handshake.tcp.sides[0].anomalies.first_reset = Some(Reset { mark, ..own });
    })
}

#[test]
fn both_sides_are_not_reset_at_once_by_each_other() {
    let at_once = told(other_side(forged(|_| {}), Duration::from_millis(1)));
    assert_eq!(at_once.line(), "middlebox_reset network possible error client_hello: both_sides@6 close@6 stage@6");
    let later = told(other_side(forged(|_| {}), Duration::from_millis(100)));
    assert_eq!(later.cause(), Some(Cause::ServerClosed));
}

#[test]
fn an_identification_out_of_a_regular_sequence_is_a_sign() {
    let counting = |handshake: &mut Handshake| handshake.tcp.sides[1].ip_ids = IpIds::Counting { last: 1_000 };
    let far = also(forged(|reset| reset.ip_id = Some(40_000)), counting);
    assert_eq!(far.line(), "middlebox_reset network possible error client_hello: ip_id@6 close@6 stage@6");
    assert_eq!(also(forged(|reset| reset.ip_id = Some(1_003)), counting).cause(), Some(Cause::ServerClosed));
    assert_eq!(
        also(forged(|reset| reset.ip_id = Some(0)), counting).cause(),
        Some(Cause::ServerClosed),
        "as Linux does"
    );
    assert_eq!(
        told(forged(|reset| reset.ip_id = Some(40_000))).cause(),
        Some(Cause::ServerClosed),
        "no sequence known"
    );
}

#[test]
fn sequence_numbers_and_zeros_are_no_signs() {
    let told = told(forged(|reset| (reset.sequence, reset.acknowledgment, reset.ip_id) = (77, 0, Some(0))));
    assert_eq!(told.line(), "server_closed server likely error client_hello: close@6 no_sign");
}

#[test]
fn what_comes_after_the_hosts_own_fin_is_no_sign() {
    let handshake = closed(hello(&HelloSample::default()), Side::Server).ends(CloseKind::Rst, Some(Side::Server));
    let after_fin = changed(handshake, Side::Server, |reset| reset.flags = TcpFlags::RST);
    assert_eq!(told(after_fin).cause(), Some(Cause::ServerClosed));
}

#[test]
fn a_reset_may_come_in_the_clients_name() {
    let handshake = reset(flight12(), Side::Client);
    let told = told(changed(handshake, Side::Client, |reset| (reset.ttl, reset.flags) = (50, TcpFlags::RST)));
    assert_eq!(told.line(), "middlebox_reset network likely error server_flight: ttl@10 no_ack@10 close@10 stage@10");
    assert!(told.what("stage").contains("later"), "{}", told.what("stage"));
}

#[test]
fn an_alert_says_who_ended_it_whatever_was_reset_after_that() {
    let alerted = refused(hello(&HelloSample::default()), Side::Server, AlertDescription::HANDSHAKE_FAILURE);
    let reset = alerted.ends(CloseKind::Rst, Some(Side::Server));
    let told = told(changed(reset, Side::Server, |reset| reset.ttl = 61));
    assert_eq!(told.cause(), Some(Cause::HandshakeFailure));
}

#[test]
fn the_stage_is_what_had_passed_when_the_reset_came() {
    let answered = reset(begun13(&HelloSample::default()), Side::Server);
    let later = told(changed(answered, Side::Server, |reset| reset.ttl = 61));
    assert!(later.what("stage").contains("later than post-PSH"), "{}", later.what("stage"));
}
