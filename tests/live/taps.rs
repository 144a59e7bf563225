//! Taps that put each direction of a link on an interface of its own, and several threads that share one interface: the
//! handshakes are those of the traffic.

use super::net::{Namespace, saved};
use super::program::{Ended, Live};
use super::traffic::{by_clients, established, failed};
use crate::support::mutate::Packet;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// How often each outcome was told.
fn outcomes(ended: &Ended) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for event in ended.handshakes() {
        *outcomes
            .entry(format!("{} {}", event["outcome"].as_str().unwrap(), event["capture"]["complete"]))
            .or_default() += 1;
    }
    outcomes
}

/// Sends what the client sent on `out`, and what the server sent on `out2`, in the order of the packets.
fn send_by_direction(namespace: &Namespace, packets: &[Packet], speed: &str) {
    let (capture, sides) = (saved(packets), NamedTempFile::new().unwrap());
    let split = Command::new("tcpprep")
        .args(["--cidr=10.8.0.2/32", "-i"])
        .arg(capture.path())
        .arg("-o")
        .arg(sides.path())
        .output()
        .unwrap();
    assert!(split.status.success(), "{}", String::from_utf8_lossy(&split.stderr));
    let sides = format!("--cachefile={}", sides.path().display());
    // The side of the servers is tcpreplay's first.
    let sent = namespace.sends("out2", &["-I", "out", &sides, speed], capture.path()).status().unwrap();
    assert!(sent.success(), "tcpreplay: {sent}");
}

fn tap(test: &str) -> Option<Namespace> {
    let namespace = Namespace::with_cable(test, &["tcpreplay", "tcpprep"])?;
    namespace.cable("out2", "in2", &namespace);
    Some(namespace)
}

/// Handshakes of so many clients that go well, and of as many that do not.
fn mixed(clients: u16) -> Vec<Packet> {
    [by_clients(0..clients, &established()), by_clients(clients..clients * 2, &failed())].concat()
}

#[test]
fn a_tap_of_two_interfaces_gives_the_handshakes_of_one() {
    let Some(namespace) = tap("a tap") else { return };
    for (clients, speed) in [(20, "--pps=2000"), (1000, "--topspeed")] {
        let mut live = Live::start(&namespace, "-i in -i in2 --detail brief --drain 60");
        let packets = mixed(clients);
        send_by_direction(&namespace, &packets, speed);
        live.wait_for_frames(packets.len() as u64);
        let ended = live.stop();
        assert_eq!(ended.code, Some(0), "{}", ended.errors);
        let expected =
            [("established true".to_owned(), usize::from(clients)), ("failed true".to_owned(), usize::from(clients))];
        assert_eq!(outcomes(&ended), expected.into(), "{speed}");
        assert_eq!(ended.last()["kernel_drops"], 0);
    }
}

#[test]
fn an_idle_interface_keeps_nobody_waiting_for_long() {
    let Some(namespace) = tap("an idle tap") else { return };
    let mut live = Live::start(&namespace, "-i in -i in2");
    let packets = by_clients(0..3, &established());
    let parts: Vec<_> = packets.chunks(21).collect();
    let took = |live: &mut Live, part: usize| {
        namespace.send("out", parts[part]);
        let sent = Instant::now();
        live.wait_for(part + 1, "handshake").at.saturating_duration_since(sent)
    };
    for (part, state) in ["up", "down", "up"].into_iter().enumerate() {
        namespace.ip(&format!("link set in2 {state}"));
        let took = took(&mut live, part);
        assert!(took < Duration::from_millis(1500), "in2 is {state}: {took:?}");
    }
    assert_eq!(live.stop().handshakes().len(), 3);
}

#[test]
fn several_threads_share_an_interface_and_each_flow_is_whole() {
    let Some(namespace) = Namespace::with_cable("shared", &["tcpreplay"]) else { return };
    let mut live = Live::start(&namespace, "-i in --capture-threads 2 --detail brief --drain 60");
    let packets = mixed(500);
    namespace.send("out", &packets);
    live.wait_for_frames(packets.len() as u64);
    let threads = live.threads("capture");
    let busy = threads.iter().filter(|ticks| **ticks > 0).count();
    let ended = live.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert_eq!(outcomes(&ended), [("established true".to_owned(), 500), ("failed true".to_owned(), 500)].into());
    let clients: BTreeSet<_> = ended.handshakes().iter().map(|event| event["client"]["ip"].to_string()).collect();
    assert_eq!(clients.len(), 1000, "each is told once");
    assert_eq!(busy, 2, "{threads:?}");
    assert_eq!((&ended.last()["frames"], &ended.last()["flows"]["one_sided"]), (&packets.len().into(), &0.into()));
}
