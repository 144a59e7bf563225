//! What becomes of a run when its interfaces go down, come back or vanish, and what waiting costs.

use super::net::Namespace;
use super::program::Live;
use super::traffic::{by_clients, established};
use std::thread::sleep;
use std::time::Duration;

/// How long the processor is watched.
const A_WHILE: Duration = Duration::from_millis(2500);

/// It takes next to nothing of the processor while nothing happens.
#[track_caller]
fn assert_idle(live: &Live, what: &str) {
    let before = live.processor_seconds();
    sleep(A_WHILE);
    let share = (live.processor_seconds() - before) / A_WHILE.as_secs_f64();
    // Looking at the time ten times a second, in a program that was not optimized.
    assert!(share < 0.08, "{what}: {share:.3} of a processor");
}

#[test]
fn an_interface_that_goes_down_is_waited_for() {
    let Some(namespace) = Namespace::with_cable("down and up", &["tcpreplay"]) else { return };
    let packets = by_clients(0..3, &established());
    let parts: Vec<_> = packets.chunks(21).collect();
    let mut live = Live::start(&namespace, "-i in");
    namespace.send("out", parts[0]);
    live.wait_for(1, "handshake");
    assert_idle(&live, "idle");
    namespace.ip("link set in down");
    live.wait_to_hear("tlscribe: in went down; waiting for it\n");
    assert_idle(&live, "down");
    namespace.ip("link set in up");
    live.wait_to_hear("tlscribe: in is up again\n");
    namespace.send("out", parts[1]);
    live.wait_for(2, "handshake");
    // The other end of the cable is pulled: the link is gone, but not the interface.
    namespace.ip("link set out down");
    assert_idle(&live, "no link");
    namespace.ip("link set out up");
    namespace.send("out", parts[2]);
    live.wait_for(3, "handshake");
    let ended = live.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert_eq!(ended.stats()[0]["frames"], 63);
}

#[test]
fn an_interface_that_is_up_again_before_it_was_looked_at_is_sniffed_on() {
    let Some(namespace) = Namespace::with_cable("flapping", &["tcpreplay"]) else { return };
    let mut live = Live::start(&namespace, "-i in");
    // In one go, and again and again: the program looks once a second.
    let words = "link set in down\nlink set in up\n".repeat(200);
    namespace.ip_batch(&words);
    sleep(Duration::from_millis(1500));
    namespace.send("out", &established());
    live.wait_for(1, "handshake");
    let ended = live.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
}

#[test]
fn where_one_interface_vanishes_the_others_go_on_until_the_last_is_gone() {
    let Some(namespace) = Namespace::with_cable("vanished", &["tcpreplay"]) else { return };
    namespace.cable("out2", "in2", &namespace);
    let packets = by_clients(0..2, &established());
    let (one, other) = packets.split_at(21);
    let mut live = Live::start(&namespace, "-i in -i in2");
    namespace.send("out", one);
    live.wait_for(1, "handshake");
    namespace.ip("link delete in");
    live.wait_to_hear("tlscribe: in: the interface is gone; nothing more is sniffed there\n");
    namespace.send("out2", other);
    live.wait_for(2, "handshake");
    namespace.ip("link delete in2");
    let ended = live.end();
    assert_eq!(ended.code, Some(1), "{}", ended.errors);
    assert!(ended.errors.contains("tlscribe: in2: the interface is gone"), "{}", ended.errors);
    let interfaces: Vec<_> = ended.handshakes().iter().map(|event| event["observer"]["interface"].clone()).collect();
    assert_eq!(interfaces, ["in", "in2"]);
    assert_eq!(ended.last()["frames"], 42);
}

#[test]
fn another_interface_that_takes_the_name_is_sniffed() {
    let Some(namespace) = Namespace::with_cable("replaced", &["tcpreplay"]) else { return };
    namespace.cable("out2", "in2", &namespace);
    let mut live = Live::start(&namespace, "-i in");
    // Renamed in one go: whoever looks finds one of that name, but for an instant.
    namespace
        .ip_batch("link set in down\nlink set in2 down\nlink set in name in3\nlink set in2 name in\nlink set in up\n");
    live.wait_to_hear("tlscribe: in was replaced by another interface of that name, which is sniffed now\n");
    namespace.send("out2", &established());
    live.wait_for(1, "handshake");
    assert_eq!(live.stop().code, Some(0));
}
