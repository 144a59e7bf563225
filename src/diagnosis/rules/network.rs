//! What was lost, and what ended without a word: the network's doing, a side's silence, or what the capture lacks.

use super::super::offer::Offer;
use super::super::scene::{Ending, How, Refused, Scene};
use super::super::{Cause, Confidence, Evidence, Finding, Party, Severity, words};
use crate::flow::tcp::Tally;
use crate::handshake::{CloseKind, MissingWhy, Obstacle, Side};
use crate::knowledge::Attempt;
use std::time::Duration;

/// A server that says nothing for so long is silent; a client that leaves sooner did not wait.
const SILENCE: Duration = Duration::from_millis(900);
/// Another connection that finished this soon won the race.
const RACE: Duration = Duration::from_secs(1);
/// A segment that was sent again so often does not get through, though its sender may still be trying when the capture ends.
const GIVEN_UP: u32 = 3;

/// The capture lacks what would tell how the handshake went.
pub(in super::super) fn capture_incomplete(scene: &Scene<'_>) -> Option<Finding> {
    let handshake = scene.handshake;
    let lost: Vec<_> =
        handshake.lost_by_the_sensor().filter(|missing| missing.why != MissingWhy::BeforeCapture).collect();
    let first = lost.first()?;
    let why = match first.why {
        MissingWhy::Lost => "were sent and acknowledged, and the capture does not have them",
        MissingWhy::Snapped => "were cut off by the capture's snap length",
        MissingWhy::Bound => "were given up for want of memory",
        MissingWhy::Unseen => "are not in the capture at all: it shows one direction only",
        MissingWhy::BeforeCapture | MissingWhy::Unacknowledged => return None,
    };
    let summary = format!(
        "The capture lacks packets of this handshake with {}, so nobody can tell how it went.",
        scene.server_name()
    );
    let mut finding =
        Finding::new(Cause::CaptureIncomplete, Party::Sensor, Confidence::Certain, summary).severity(Severity::Info);
    let who = first.from.name();
    let what = match first.why {
        MissingWhy::Unseen => format!("the {who}'s packets {why}"),
        _ => format!("bytes {} to {} of the {who} {why}", first.range.start, first.range.end),
    };
    finding = finding.because("missing", Some(first.from), None, what);
    if lost.len() > 1 {
        finding = finding.because(
            "missing",
            None,
            None,
            format!("{} more", words::counted(lost.len().saturating_sub(1) as u64, "range")),
        );
    }
    let advice = match first.why {
        MissingWhy::Snapped => "Capture whole packets (`tcpdump -s 0`).",
        MissingWhy::Unseen => {
            "Capture both directions: a mirror port or tap that sees one only, or asymmetric routing, hides the other."
        }
        _ => {
            "Capture closer to one of the two ends, with a larger buffer (`tcpdump -B`), and check the mirror port for drops."
        }
    };
    Some(finding.advise(advice))
}

/// True where a side sent something again so long after the first time that its timeout had run out: a capture may have
/// packets twice.
fn tried_again(scene: &Scene<'_>, from: Side) -> bool {
    let again = scene.handshake.sent_again(from);
    let first = scene.handshake.side(from).first_data;
    again.count > 0 && first.is_some_and(|first| again.last.time.since(first.time) >= TIMEOUT)
}

/// Something that is sent again and again and does not get through, until nothing more is heard: nobody has closed the
/// connection where it can be seen, and it has failed all the same.
pub(in super::super) fn given_up(scene: &Scene<'_>) -> Option<Finding> {
    // A capture may have packets twice: only the time that passes shows that somebody tries again and again.
    let tried = [Side::Client, Side::Server].map(|side| scene.handshake.sent_again(side));
    let in_vain = |tally: &Tally| tally.count >= GIVEN_UP && tally.last.time.since(tally.first.time) >= TRIED;
    if !tried.iter().any(in_vain) || scene.handshake.lost_by_the_sensor().next().is_some() {
        return None;
    }
    large_packet_lost(scene).or_else(|| client_hello_lost(scene)).or_else(|| server_flight_lost(scene))
}

/// No stack sends a segment again for want of an acknowledgment sooner than this.
const TIMEOUT: Duration = Duration::from_millis(150);
/// Sent again for so long: two doublings of TCP's shortest timeout lie in it (RFC 6298 section 2.4 has a second, most have less).
const TRIED: Duration = Duration::from_secs(2);
/// A segment of so many bytes is large: shorter ones pass every path (RFC 8200 section 5, less the headers).
const LARGE: u64 = 1200;
/// So many large segments a server sends before it waits for an acknowledgment (RFC 6928 has ten).
const WINDOW_OF_LARGE: u64 = 8;

/// True where nothing but the transport tells how it ended: no alert, nothing encrypted.
fn is_mute(scene: &Scene<'_>) -> bool {
    scene.ending.is_none_or(|ending| matches!(ending.how, How::Fin | How::Rst | How::CloseNotify))
}

/// Only the large segments were lost, or a router says that they are too long.
pub(super) fn large_packet_lost(scene: &Scene<'_>) -> Option<Finding> {
    if !is_mute(scene) {
        return None;
    }
    let answering = scene.server_answered() || scene.handshake.side(Side::Server).sent > 0;
    let from = if answering { Side::Server } else { Side::Client };
    let arrived = match from {
        Side::Client => scene.handshake.client_hello_arrived() == Some(true),
        Side::Server => scene.handshake.server_flight_arrived() != Some(false),
    };
    if arrived && !smaller_hello_passed(scene) {
        return None;
    }
    let (confidence, evidence) = sign_of_size(scene, from)?;
    let whose = if from == Side::Client { "client's hello" } else { "server's flight" };
    let summary = format!(
        "Large packets of the {whose} do not get through between the client and {}; small ones do.",
        scene.server_name()
    );
    Finding::new(Cause::LargePacketLost, Party::Network, confidence, summary)
        .with(Some(evidence))
        .with(scene.ending_evidence())
        .advise(
            "Find the link with the smaller MTU (tunnel, VPN, PPPoE) and let ICMP \"fragmentation needed\" pass, or clamp the MSS there (`iptables ... \
             TCPMSS --clamp-mss-to-pmtu`). If the links are wide enough, look for a firewall that cannot take a ClientHello in two segments: without \
             post-quantum groups the client's hello fits into one.",
        )
        .into()
}

/// What shows that it is the size that matters of what a side sends, the plainest first.
fn sign_of_size(scene: &Scene<'_>, from: Side) -> Option<(Confidence, Evidence)> {
    let handshake = scene.handshake;
    let evidence = |code, side, mark, what| Evidence { code, side: Some(side), mark, what };
    let told = |side: Side| handshake.too_long(side).map(|told| (side, told));
    if let Some((side, (mark, mtu))) = told(Side::Client).or_else(|| told(Side::Server)) {
        let limit = mtu.map_or(String::new(), |mtu| format!(", which takes {mtu} bytes"));
        let what =
            format!("a router says by ICMP that a packet of the {} is too long for the next link{limit}", side.name());
        return Some((Confidence::Certain, evidence("icmp", side, Some(mark), what)));
    }
    if let Some(size) = handshake.lost_while_smaller_passed(from) {
        let what = format!(
            "segments of {size} bytes and more of the {} were sent again and never acknowledged, while shorter ones passed",
            from.name()
        );
        let mark = Some(handshake.sent_again(from).first).filter(|mark| mark.frame > 0);
        return Some((Confidence::Likely, evidence("sizes", from, mark, what)));
    }
    if let Some(bytes) = large_hole(scene) {
        let what = format!(
            "the client has what follows {bytes} bytes of the server's flight, and asks for these again in vain: only shorter segments arrive"
        );
        return Some((Confidence::Likely, evidence("hole", Side::Server, None, what)));
    }
    if whole_window_lost(scene) {
        let sent = handshake.side(Side::Server).sent;
        let what = format!(
            "the server sent {sent} bytes in full segments, and none of them was acknowledged, while packets without data pass both ways"
        );
        return Some((Confidence::Possible, evidence("full_segments", Side::Server, None, what)));
    }
    if let Some(acknowledged) = second_segment_lost(scene).filter(|_| from == Side::Client) {
        let what = format!(
            "the hello takes more than one segment; the first {acknowledged} bytes were acknowledged, the rest never"
        );
        return Some((Confidence::Likely, evidence("second_segment", Side::Client, scene.hello_mark(), what)));
    }
    smaller_hello_passed(scene).then(|| {
        let what =
            "the client's next try, with a shorter hello without a post-quantum key share, went through".to_owned();
        (Confidence::Likely, evidence("shorter_hello", Side::Client, None, what))
    })
}

/// The bytes of a hole in the server's flight of at least a large segment, beyond which the client got shorter ones.
fn large_hole(scene: &Scene<'_>) -> Option<u64> {
    let (client, server) = (scene.handshake.side(Side::Client), scene.handshake.side(Side::Server));
    let hole = scene.handshake.lost_by_the_network().find(|missing| missing.from == Side::Server)?;
    let bytes = hole.range.end.saturating_sub(hole.range.start);
    (bytes >= LARGE && u64::from(server.longest) < LARGE && client.has_a_hole()).then_some(bytes)
}

/// True where the server sent so much that its last, shorter segment had to wait, and nothing of that arrived: all that
/// was lost was large.
fn whole_window_lost(scene: &Scene<'_>) -> bool {
    let server = scene.handshake.side(Side::Server);
    let nothing = !scene.handshake.heard_anything(Side::Client);
    let full = server.anomalies.resent.is_none_or(|(shortest, _)| u64::from(shortest) >= LARGE);
    nothing && full && server.sent >= WINDOW_OF_LARGE * LARGE
}

/// How much of a ClientHello in several segments was acknowledged, where that is a part of it and the rest was sent again.
fn second_segment_lost(scene: &Scene<'_>) -> Option<u64> {
    let acknowledged = scene.handshake.client_hello_acknowledged().filter(|acknowledged| *acknowledged > 0)?;
    let again = scene.handshake.sent_again(Side::Client).count > 0;
    (again && acknowledged < scene.handshake.client_hello_end()?).then_some(acknowledged)
}

/// The client tried again without a post-quantum key share, in fewer bytes, and finished.
fn smaller_hello_passed(scene: &Scene<'_>) -> bool {
    let post_quantum = scene.offer.as_ref().is_some_and(Offer::is_post_quantum);
    scene.refuses(Refused::Hello) | scene.refuses(Refused::Silence)
        && post_quantum
        && scene.story.retry.as_ref().is_some_and(|next| !next.post_quantum && next.finished.is_some())
}

/// The ClientHello was sent again and again, and never acknowledged.
pub(super) fn client_hello_lost(scene: &Scene<'_>) -> Option<Finding> {
    let handshake = scene.handshake;
    let again = handshake.sent_again(Side::Client);
    let unreachable = handshake.close.filter(|close| close.by == CloseKind::Icmp);
    if !is_mute(scene)
        || handshake.client_hello_arrived() != Some(false)
        || !tried_again(scene, Side::Client) && unreachable.is_none()
        || scene.server_answered()
    {
        return None;
    }
    let summary = format!(
        "The client's hello does not reach {}: it was sent {} and never acknowledged.",
        scene.server_name(),
        times(again.count)
    );
    let confidence = if again.count >= 2 || unreachable.is_some() { Confidence::Likely } else { Confidence::Possible };
    let mut finding = Finding::new(Cause::ClientHelloLost, Party::Network, confidence, summary);
    if again.count > 0 {
        let what = format!(
            "the hello was sent again {}, for {}",
            words::counted(again.count, "time"),
            words::span(again.last.time.since(handshake.first.time))
        );
        finding = finding.because("retransmissions", Some(Side::Client), Some(again.first), what);
    }
    if let Some(close) = unreachable {
        finding = finding.because(
            "icmp",
            None,
            Some(close.mark),
            "an ICMP error says that it cannot be delivered".to_owned(),
        );
    }
    if handshake.tcp.sides.get(Side::Server.index()).is_some_and(|server| server.syn.is_some()) {
        finding = finding.because(
            "tcp",
            Some(Side::Server),
            None,
            "the TCP handshake went well, so small packets pass both ways".to_owned(),
        );
    }
    finding.with(scene.ending_evidence()).advise(
        "Look for a firewall between the two that drops by content: the name in the hello, its size, TLS as such. Try another name and a shorter hello \
         (without post-quantum groups), and capture at the server to see what arrives.",
    )
    .into()
}

fn times(again: u32) -> String {
    match again {
        0 => "once".to_owned(),
        again => format!("{} times", again.saturating_add(1)),
    }
}

/// A flight of the server's that never arrived.
pub(super) struct FlightLost {
    /// Nothing of it was seen, but the numbers of later packets count it.
    unseen: bool,
}

/// Whether the server's flight was lost.
pub(super) fn flight_lost(scene: &Scene<'_>) -> Option<FlightLost> {
    let handshake = scene.handshake;
    let alerted = handshake.alerts.iter().any(|alert| alert.from == Side::Server);
    let unseen =
        !scene.server_answered() && !alerted && handshake.plain.get(Side::Server.index()).is_none_or(Option::is_none);
    let lost = is_mute(scene) && handshake.server_flight_arrived() == Some(false);
    (lost && (unseen || tried_again(scene, Side::Server))).then_some(FlightLost { unseen })
}

/// The server's flight was sent again and again, and never acknowledged.
pub(super) fn server_flight_lost(scene: &Scene<'_>) -> Option<Finding> {
    let FlightLost { unseen } = flight_lost(scene)?;
    let handshake = scene.handshake;
    let again = handshake.sent_again(Side::Server);
    let sent = handshake.side(Side::Server).sent;
    let summary = if unseen {
        format!(
            "The answer of {} does not reach the client: {sent} bytes of it were sent and never came by here.",
            scene.server_name()
        )
    } else {
        format!(
            "The answer of {} does not reach the client: it was sent {} and never acknowledged.",
            scene.server_name(),
            times(again.count)
        )
    };
    let confidence = if again.count >= 2 || unseen { Confidence::Likely } else { Confidence::Possible };
    let finding = Finding::new(Cause::ServerFlightLost, Party::Network, confidence, summary);
    let finding = if unseen {
        let what = format!(
            "the server's last packet has a sequence number {sent} bytes further than anything that was seen of it, and the client never acknowledged that"
        );
        finding.because("sequence", Some(Side::Server), Some(handshake.last), what)
    } else {
        let lasted = match again.count {
            1 => String::new(),
            _ => format!(", for {}", words::span(again.last.time.since(again.first.time))),
        };
        let what = format!("the server's flight was sent again {}{lasted}", words::counted(again.count, "time"));
        finding.because("retransmissions", Some(Side::Server), Some(again.first), what)
    };
    finding
        .with(scene.ending_evidence())
        .advise("Look for a firewall that drops answers (asymmetric routes and stateful filters, inspection of certificates), and capture at the client to see what arrives.")
        .into()
}

/// The connection of the same client to the same name that was faster.
pub(super) fn winner<'a>(scene: &'a Scene<'_>) -> Option<&'a Attempt> {
    let ending = scene
        .ending
        .filter(|ending| ending.by == Side::Client && matches!(ending.how, How::Fin | How::Rst | How::CloseNotify))?;
    let name = scene.sni();
    let story = scene.story;
    story.earlier.iter().chain(&story.later).chain(&story.rival).find(|other| {
        let finished = other.finished.filter(|_| other.outcome.is_finished());
        let close = finished.is_some_and(|finished| finished.apart(ending.mark.time) <= RACE);
        // It was a race where both were under way at a time.
        let together =
            other.start <= ending.mark.time && finished.is_some_and(|finished| finished >= scene.handshake.first.time);
        close && together && other.alike && other.sni.as_deref() == name
    })
}

/// Another connection of the same client to the same name was faster.
pub(super) fn superseded(scene: &Scene<'_>) -> Option<Finding> {
    let winner = winner(scene)?;
    let summary = format!("The client left because another of its connections to {} was faster.", scene.server_name());
    let what = format!("another connection of the same client, to {}, finished within a second", winner.server);
    Finding::new(Cause::ClientClosed, Party::None, Confidence::Likely, summary)
        .severity(Severity::Info)
        .because("superseded", Some(Side::Client), None, what)
        .with(scene.ending_evidence())
        .advise("Nothing: clients race connections (happy eyeballs) and drop the slower ones.")
        .into()
}

/// Connected and closed without a word.
pub(super) fn no_client_hello(scene: &Scene<'_>) -> Option<Finding> {
    if scene.handshake.obstacle != Some(Obstacle::NothingSaid) {
        return None;
    }
    if scene.ending.is_some_and(|ending| ending.by == Side::Server) {
        return Some(closed_by_server(scene, "before the client had said anything"));
    }
    let summary = format!("The client connected to {} and left without a word.", scene.server_name());
    Finding::new(Cause::NoClientHello, Party::None, Confidence::Certain, summary)
        .severity(Severity::Info)
        .with(scene.ending_evidence())
        .advise("Nothing, as a rule: health checks, port scans and preconnects look like this.")
        .into()
}

/// No TCP connection.
pub(super) fn not_connected(scene: &Scene<'_>) -> Option<Finding> {
    let server = scene.handshake.server;
    let (cause, party, summary, what, advice) = match scene.handshake.obstacle? {
        Obstacle::ConnectionRefused => (
            Cause::ConnectionRefused,
            Party::Server,
            format!("Nothing listens on {server}, or something in between refuses the connection."),
            "the SYN was answered with a reset or an ICMP error",
            "Check that the service runs and listens on this address and port, then the firewalls that answer in its place.",
        ),
        Obstacle::ConnectionTimeout if scene.handshake.side(Side::Server).syn.is_some() => (
            Cause::ConnectionTimeout,
            Party::Network,
            format!("The answer of {server} does not reach the client: its SYN-ACKs were never acknowledged."),
            "the server answered the SYN again and again, and the client never acknowledged it",
            "Look for a firewall that drops answers (asymmetric routes and stateful filters), and capture at the client to see what arrives.",
        ),
        Obstacle::ConnectionTimeout => (
            Cause::ConnectionTimeout,
            Party::Network,
            format!("{server} does not answer: the client's SYNs were never answered."),
            "the SYN was sent again and again without any answer",
            "Check address, routes and firewalls on the way, then whether the host is up.",
        ),
        _ => return None,
    };
    let again = scene.handshake.side(Side::Client).anomalies.syn_retransmissions;
    let mark = scene.handshake.side(Side::Client).syn;
    let finding = Finding::new(cause, party, Confidence::Certain, summary).because(
        "syn",
        Some(Side::Client),
        mark,
        what.to_owned(),
    );
    let finding = if again.count > 0 {
        finding.because(
            "retransmissions",
            Some(Side::Client),
            Some(again.first),
            format!("it was sent again {}", words::counted(again.count, "time")),
        )
    } else {
        finding
    };
    Some(finding.advise(advice))
}

/// The server had the whole hello and said nothing until the client gave up.
pub(super) fn server_silent(scene: &Scene<'_>) -> Option<Finding> {
    let said_something = scene.handshake.side(Side::Server).sent > 0;
    if !scene.refuses(Refused::Silence)
        || !is_mute(scene)
        || scene.handshake.client_hello_arrived() != Some(true)
        || said_something
    {
        return None;
    }
    let waited = scene.waited();
    if waited < SILENCE {
        return None;
    }
    let summary = format!(
        "{} received the client's hello and said nothing for {}, until the client gave up.",
        scene.server_name(),
        words::span(waited)
    );
    let whole = "all bytes of the ClientHello were acknowledged, and the server sent nothing after that".to_owned();
    Finding::new(Cause::ServerSilent, Party::Server, Confidence::Likely, summary)
        .because("acknowledged", Some(Side::Server), scene.hello_mark(), whole)
        .with(scene.ending_evidence())
        .advise(
            "Check the process behind the port: hung, overloaded, or waiting for something else first (a PROXY header, a STARTTLS dialogue, a plain protocol). \
             A kernel or load balancer that acknowledges for a dead backend looks the same.",
        )
        .into()
}

/// The server ended it without an alert.
pub(super) fn server_closed(scene: &Scene<'_>) -> Option<Finding> {
    let Ending { by: Side::Server, .. } = scene.ending? else { return None };
    let when = match scene.refused? {
        Refused::Hello => "in answer to the client's hello",
        Refused::OwnFlight => "in the middle of its own flight",
        _ => "after the client's second flight",
    };
    Some(closed_by_server(scene, when))
}

fn closed_by_server(scene: &Scene<'_>, when: &str) -> Finding {
    let how = if scene.ending.is_some_and(|ending| ending.how == How::Rst) { "reset" } else { "closed" };
    let summary = format!("{} {how} the connection {when}, without an alert.", scene.server_name());
    let mut finding =
        Finding::new(Cause::ServerClosed, Party::Server, Confidence::Likely, summary).with(scene.ending_evidence());
    if how == "reset" {
        finding = finding.because(
            "no_sign",
            Some(Side::Server),
            None,
            "the reset fits that host's other packets: nothing points to another sender".to_owned(),
        );
    }
    finding = finding.with(scene.known_versions());
    if let Some(last) = scene.server.last_success {
        let apart = words::span(scene.handshake.first.time.apart(last));
        finding = finding.because(
            "others_succeed",
            Some(Side::Server),
            None,
            format!("another handshake with it succeeded, {apart} away"),
        );
    }
    finding.advise(
        "Read the server's log at that time. Without an entry: a crash or restart, a limit on connections, an access list, or a front end that has no backend for \
         this name. A server that waits for a PROXY header, or that knows only old versions, closes like this too.",
    )
}

/// The client left, and nothing explains it.
pub(super) fn client_closed(scene: &Scene<'_>) -> Option<Finding> {
    let handshake = scene.handshake;
    let whole = handshake.steps.first().is_none_or(|step| step.whole);
    let when = match scene.refused {
        _ if !whole => "in the middle of its hello",
        Some(Refused::Silence) => "before the server had answered",
        Some(Refused::ServerFlight) => "after the server's flight, without an alert",
        _ => "before the handshake was finished",
    };
    let summary = format!("The client left {when}.");
    let finding =
        Finding::new(Cause::ClientClosed, Party::Client, Confidence::Likely, summary).with(scene.ending_evidence());
    let finding = if whole {
        finding
    } else {
        finding.because(
            "half_a_hello",
            Some(Side::Client),
            Some(handshake.first),
            "the client sent a part of its hello only".to_owned(),
        )
    };
    let waited = words::span(scene.waited());
    Some(finding.because("waited", Some(Side::Client), None, format!("it had waited {waited} since its hello")).advise(
        "Read the client's log: a timeout that is too short, a user who left, a check of the certificate that ends without an alert, a crash. If the server took \
         long to answer, look there.",
    ))
}
