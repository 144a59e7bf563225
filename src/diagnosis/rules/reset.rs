//! Whose reset it was: a host's own, or something in between that speaks in its name.

use super::super::scene::{How, Scene};
use super::super::{Cause, Confidence, Evidence, Finding, Party, words};
use crate::flow::tcp::{IpIds, Reset, TcpSide};
use crate::handshake::Side;
use std::time::Duration;

/// Resets to both sides that are this close were sent by one box at once.
const AT_ONCE: Duration = Duration::from_millis(3);
/// A counter that steps further than this from one packet to the next has been out of sight, or is another host's.
const ID_STEP: u16 = 4096;
/// TCP flag bits of a segment: ACK.
const ACK: u8 = 0x10;
/// The values from which hosts let their hop counters run.
const INITIAL_TTLS: [u8; 3] = [64, 128, 255];

/// A reset that shows so plainly whose it is not that nothing can be inferred from when it came.
pub(super) fn forged(scene: &Scene<'_>) -> Option<Finding> {
    middlebox_reset(scene).filter(|finding| finding.confidence == Confidence::Likely)
}

/// A reset in the name of a side that shows signs of being another's. One sign makes it possible, two make it likely.
pub(super) fn middlebox_reset(scene: &Scene<'_>) -> Option<Finding> {
    // An alert says who ended it, whatever was reset after that.
    let named = scene.ending.filter(|ending| ending.how == How::Rst).map(|ending| ending.by)?;
    let tcp = scene.handshake.side(named);
    let reset = tcp.anomalies.first_reset?;
    let signs = signs(scene, named, reset);
    let confidence = match signs.len() {
        0 => return None,
        1 => Confidence::Possible,
        _ => Confidence::Likely,
    };
    let stage = stage(scene);
    let summary = format!(
        "The connection to {} was reset by something in between, in the {}'s name, {stage}.",
        scene.server_name(),
        named.name()
    );
    let finding = Finding::new(Cause::MiddleboxReset, Party::Network, confidence, summary);
    let finding = signs.into_iter().fold(finding, |finding, sign| finding.with(Some(sign)));
    finding
        .with(scene.ending_evidence())
        .because("stage", None, Some(reset.mark), format!("the reset came {stage}"))
        .advise(format!(
            "Look for a firewall, IPS, proxy or load balancer on the path{} and for the rule that fits this handshake: the name that the client asks for, the \
             address, the version. A capture on both sides of it shows which of them it resets.",
            away(tcp, reset)
        ))
        .into()
}

fn signs(scene: &Scene<'_>, named: Side, reset: Reset) -> Vec<Evidence> {
    let tcp = scene.handshake.side(named);
    let other = scene.handshake.side(named.other());
    let who = named.name();
    let mut signs = Vec::new();
    let mut sign = |code, what| signs.push(Evidence { code, side: Some(named), mark: Some(reset.mark), what });
    if let Some(ttl) = tcp.ttl.filter(|ttl| *ttl != reset.ttl) {
        sign("ttl", format!("the reset's time to live is {}, that of the {who}'s other packets {ttl}", reset.ttl));
    }
    let closed_before = tcp.fin.is_some_and(|fin| fin <= reset.mark);
    // A host that still has the connection acknowledges with its reset (RFC 9293 section 3.10.7.4).
    if reset.flags & ACK == 0 && !closed_before && tcp.acknowledged.is_some() {
        sign(
            "no_ack",
            format!(
                "the reset lacks the ACK flag, as if the {who} knew no such connection, which it has just acknowledged"
            ),
        );
    }
    if tcp.anomalies.after_reset.count > 0 {
        let after = tcp.anomalies.after_reset;
        let what = format!(
            "the {who} went on after \"its\" reset: {}, the first {} later",
            words::counted(after.count, "packet"),
            words::span(after.first.time.since(reset.mark.time))
        );
        sign("after_reset", what);
    }
    let both = other.anomalies.first_reset.filter(|theirs| {
        let apart = theirs.mark.time.apart(reset.mark.time);
        apart <= AT_ONCE && other.fin.is_none() && !closed_before
    });
    if let Some(theirs) = both {
        sign(
            "both_sides",
            format!(
                "both sides were reset at once, the other within {}",
                words::span(theirs.mark.time.apart(reset.mark.time))
            ),
        );
    }
    if let (IpIds::Counting { last }, Some(id)) = (tcp.ip_ids, reset.ip_id)
        && id != 0
        && id.wrapping_sub(last).min(last.wrapping_sub(id)) > ID_STEP
    {
        sign(
            "ip_id",
            format!("the reset's IP identification {id} is out of the {who}'s sequence, which stood at {last}"),
        );
    }
    signs
}

/// The stage names of studies of connection tampering: what had passed when the reset came.
fn stage(scene: &Scene<'_>) -> &'static str {
    let [client, server] = &scene.handshake.tcp.sides;
    match (server.syn, client.first_data, server.first_data) {
        (None, None, _) => "before the server answered (post-SYN)",
        (Some(_), None, _) => "after the TCP handshake and before any data (post-ACK)",
        (_, Some(_), None) => "after the client's first data and before any of the server's (post-PSH)",
        (_, Some(_), Some(_)) => "after data both ways (later than post-PSH)",
    }
}

/// How far away the sender of the reset is, seen from the sensor.
fn away(tcp: &TcpSide, reset: Reset) -> String {
    let hops =
        |ttl: u8| INITIAL_TTLS.iter().find(|initial| **initial >= ttl).map(|initial| initial.saturating_sub(ttl));
    match (hops(reset.ttl), tcp.ttl.and_then(hops)) {
        (Some(reset), Some(host)) if reset != host => {
            format!(
                ", {} from the sensor where the host is {} away,",
                words::counted(reset, "hop"),
                words::counted(host, "hop")
            )
        }
        _ => String::new(),
    }
}
