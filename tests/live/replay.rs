//! Our captures, sent over a cable at their own pace: a live run tells of them what reading them tells.
//!
//! They are sent all at the same time, or it would take minutes, and each has networks of its own, or what is known of a
//! server would come from all of them. What is read from a file is this same traffic.

use super::net::{ETHERNET, Namespace, saved};
use super::program::Live;
use crate::support::mutate::Packet;
use crate::support::{captures_below, packets, root, say, tlscribe};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The longest frame that a cable takes.
const LONGEST_FRAME: usize = 65_535 + 14;
/// Captures that take longer are not waited for.
const LONGEST: u64 = 11_000_000_000;
/// All captures begin within this time.
const BEGIN: u64 = 1_500_000_000;
/// What a headers' addresses are found in.
const HEADERS: usize = 128;

/// The packets of a capture from when it begins, or why they cannot be sent.
fn sendable(capture: &Path) -> Result<Vec<Packet>, &'static str> {
    let Some((link, mut packets)) = packets(capture) else { return Err("no packets, or several link types") };
    if link != ETHERNET {
        return Err("not Ethernet");
    }
    if packets.iter().any(|packet| packet.bytes.len() < packet.original_length as usize) {
        return Err("what was not captured cannot be sent");
    }
    if packets.iter().any(|packet| packet.bytes.len() > LONGEST_FRAME) {
        return Err("frames too long for a cable");
    }
    let (begin, end) =
        packets.iter().fold((u64::MAX, 0), |(begin, end), packet| (begin.min(packet.time), end.max(packet.time)));
    if end - begin > LONGEST {
        return Err("it takes too long");
    }
    packets.iter_mut().for_each(|packet| packet.time -= begin);
    Ok(packets)
}

/// Moves the networks of our captures, 10.8.0.0/15 and fd08::/16, to where nobody else is.
fn move_networks(number: u16, bytes: &mut [u8]) {
    let [high, low] = number.to_be_bytes();
    let headers = bytes.len().min(HEADERS);
    for at in 0..headers.saturating_sub(4) {
        match bytes[at..] {
            [10, 8, 0 | 1, ..] => bytes[at..at + 2].copy_from_slice(&[16 + high, low]),
            [0xfd, 8, 0, 0 | 1, 0, 0, ..] => bytes[at + 4..at + 6].copy_from_slice(&[high, low]),
            _ => {}
        }
    }
}

/// All captures that can be sent, as one.
fn traffic() -> (Vec<Packet>, usize) {
    let captures = captures_below(&root().join("captures"));
    let mut left_out = BTreeMap::<_, usize>::new();
    let mut all = Vec::new();
    for capture in &captures {
        match sendable(capture) {
            Ok(packets) => all.push(packets),
            Err(why) => *left_out.entry(why).or_default() += 1,
        }
    }
    say(&format!("replay: {} captures; left out: {left_out:?}", all.len()));
    let (now, count) =
        (u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap(), all.len());
    for (number, packets) in (0..).zip(&mut all) {
        for packet in packets {
            packet.time += now + BEGIN / count as u64 * u64::from(number);
            move_networks(number, &mut packet.bytes);
        }
    }
    let mut packets = all.concat();
    packets.sort_by_key(|packet| packet.time);
    (packets, count)
}

/// What may differ is taken out: times and durations, also in sentences, and what is made of them.
fn without_times(event: &Value) -> Value {
    let mut event = event.clone();
    let fields = event.as_object_mut().unwrap();
    for name in ["id", "start_time", "end_time", "duration_ms", "timing", "observer"] {
        fields.remove(name);
    }
    // Which one it is is another matter: that its name is.
    if let Some(retry_of) = fields.get_mut("retry_of") {
        *retry_of = true.into();
    }
    if let Some(capture) = fields["capture"].as_object_mut() {
        capture.remove("frames");
    }
    for alert in fields.get_mut("alerts").and_then(Value::as_array_mut).into_iter().flatten() {
        alert.as_object_mut().unwrap().remove("frame");
    }
    if let Some(failure) = fields.get_mut("failure") {
        failure["summary"] = without_numbers(&failure["summary"]);
        for evidence in failure["evidence"].as_array_mut().into_iter().flatten() {
            let evidence = evidence.as_object_mut().unwrap();
            evidence.remove("frame");
            evidence.remove("time");
            evidence["what"] = without_numbers(&evidence["what"]);
        }
    }
    event
}

fn without_numbers(text: &Value) -> Value {
    text.as_str().unwrap().replace(|c: char| c.is_ascii_digit() || c == '.', "").into()
}

/// Handshakes by their ends, in the order in which they began.
fn by_ends<'a>(events: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, Vec<Value>> {
    let mut all: Vec<&Value> = events.into_iter().filter(|event| event["event_type"] == "handshake").collect();
    all.sort_by_key(|event| event["start_time"].to_string());
    let mut by_ends = BTreeMap::<_, Vec<Value>>::new();
    for event in all {
        by_ends.entry(format!("{} {}", event["client"], event["server"])).or_default().push(without_times(event));
    }
    by_ends
}

#[test]
fn captures_that_are_sent_over_a_cable_give_the_handshakes_of_their_files() {
    let Some(namespace) = Namespace::with_cable("replay", &["tcpreplay"]) else { return };
    let (packets, captures) = traffic();
    assert!(captures > 1000, "{captures} captures");
    let capture = saved(&packets);
    let live = Live::start(&namespace, &format!("-i in --tcp --drain 60 -c {}", packets.len()));
    let sent = namespace.sends("out", &[], capture.path()).status().unwrap();
    assert!(sent.success());
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    let told = by_ends(ended.handshakes());
    let path = capture.path().to_str().unwrap();
    let read = tlscribe(["read", "-q", "--tcp", "--hold", "2", path]);
    let events: Vec<Value> =
        read.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let expected = by_ends(&events);
    assert!(expected.len() > captures, "{}", expected.len());
    let differing: Vec<_> =
        expected.keys().chain(told.keys()).filter(|ends| expected.get(*ends) != told.get(*ends)).collect();
    for ends in &differing {
        say(&format!("{ends}\n  file {:?}\n  live {:?}", expected.get(*ends), told.get(*ends)));
    }
    assert!(differing.is_empty(), "{} of {}", differing.len(), expected.len());
}
