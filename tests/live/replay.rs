//! Our captures, sent over a cable at their own pace: a live run tells of them what reading them tells.
//!
//! They are sent all at the same time, or it would take minutes, and each has networks of its own, or what is known of a
//! server would come from all of them. What is read is what tcpdump has written of this traffic, so that all times are
//! the same. What may differ nevertheless:
//!
//! - Frames have numbers only in files.
//! - In a live run time goes by also where no frame tells it. What waits to be settled is settled when it is due, where
//!   reading a file waits for the time of later frames. What comes of a connection meanwhile is not told of it.
//! - For the same reason handshakes wait for their verdict a little longer or shorter. What a retry at the very end of
//!   that wait would change is not looked at here: they wait until all is over.

use super::net::{ETHERNET, Namespace, saved};
use super::program::Live;
use crate::support::mutate::Packet;
use crate::support::{captures_below, packets, root, say, tlscribe};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::NamedTempFile;

/// The longest frame that a cable takes.
const LONGEST_FRAME: usize = 65_535 + 14;
/// Captures that take longer are not waited for.
const LONGEST: u64 = 11_000_000_000;
/// All captures begin within this time.
const BEGIN: u64 = 1_500_000_000;
/// What is told of a connection grows until it is settled. One that went well may be closed unused before it is.
const GROWING: [&str; 5] = ["end_time", "duration_ms", "bytes", "close", "history"];
/// What a header's addresses are found in.
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

/// What is told of where it was seen may differ.
fn wherever(event: &Value) -> Value {
    let mut event = event.clone();
    event.as_object_mut().unwrap().remove("observer");
    event["capture"].as_object_mut().unwrap().remove("frames");
    for list in ["/alerts", "/malformed", "/failure/evidence"] {
        for item in event.pointer_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            item.as_object_mut().unwrap().remove("frame");
        }
    }
    event
}

/// Handshakes by their ends, in the order in which they began.
fn by_ends<'a>(events: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, Vec<Value>> {
    let mut all: Vec<&Value> = events.into_iter().filter(|event| event["event_type"] == "handshake").collect();
    all.sort_by_key(|event| event["start_time"].to_string());
    let mut by_ends = BTreeMap::<_, Vec<Value>>::new();
    for event in all {
        by_ends.entry(format!("{} {}", event["client"], event["server"])).or_default().push(wherever(event));
    }
    by_ends
}

#[test]
fn captures_that_are_sent_over_a_cable_give_the_handshakes_of_their_files() {
    let Some(namespace) = Namespace::with_cable("replay", &["tcpreplay", "tcpdump"]) else { return };
    let (packets, captures) = traffic();
    assert!(captures > 1000, "{captures} captures");
    let (sent, seen) = (saved(&packets), NamedTempFile::with_suffix(".pcap").unwrap());
    let count = packets.len().to_string();
    let mut tcpdump = namespace.command("tcpdump");
    tcpdump.args(["-i", "in", "-U", "-B", "65536", "--time-stamp-precision=nano", "-Z", "root", "-c", &count, "-w"]);
    let mut tcpdump = tcpdump.arg(seen.path()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(tcpdump.stderr.as_mut().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("listening on in"), "{said}");
    let live = Live::start(&namespace, &format!("-i in --tcp --hold 300 --drain 60 -c {count}"));
    let status = namespace.sends("out", &[], sent.path()).status().unwrap();
    assert!(status.success());
    let ended = live.end();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert!(tcpdump.wait().unwrap().success());
    // Of an interface, frames have no numbers.
    assert!(!ended.handshakes().iter().any(|event| event.to_string().contains("\"frame")));
    let told = by_ends(ended.handshakes());
    let read = tlscribe(["read", "-q", "--tcp", "--hold", "300", seen.path().to_str().unwrap()]);
    let events: Vec<Value> =
        read.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let expected = by_ends(&events);
    assert!(expected.len() > captures, "{}", expected.len());
    let none = Vec::new();
    let (mut differing, mut settled_otherwise) = (0, 0);
    for ends in expected.keys().chain(told.keys().filter(|ends| !expected.contains_key(*ends))) {
        let (expected, told) = (expected.get(ends).unwrap_or(&none), told.get(ends).unwrap_or(&none));
        settled_otherwise += usize::from(expected != told);
        if expected.len() != told.len() || !expected.iter().zip(told).all(|(expected, told)| is_same(expected, told)) {
            differing += 1;
            say(&format!("{ends}: {}", difference(expected, told)));
        }
    }
    assert_eq!(differing, 0, "of {}", expected.len());
    assert!(settled_otherwise * 20 < expected.len(), "{settled_otherwise} of {}", expected.len());
}

/// True for the same event, whenever it was settled.
fn is_same(expected: &Value, told: &Value) -> bool {
    let went_well = |event: &Value| ["established", "unused"].iter().any(|outcome| event["outcome"] == *outcome);
    let until_settled = |event: &Value| {
        let mut event = event.clone();
        event.as_object_mut().unwrap().retain(|field, _| !GROWING.contains(&field.as_str()) && field != "outcome");
        event
    };
    let same_outcome = expected["outcome"] == told["outcome"] || went_well(told) && went_well(expected);
    same_outcome && until_settled(expected) == until_settled(told)
}

/// What is not the same, for who has to find out why.
fn difference(expected: &[Value], told: &[Value]) -> String {
    if expected.len() != told.len() {
        return format!("{} handshakes, read from the file {}", told.len(), expected.len());
    }
    let (expected, told) = expected.iter().zip(told).find(|(expected, told)| !is_same(expected, told)).unwrap();
    let fields: BTreeSet<_> = [expected, told].iter().flat_map(|event| event.as_object().unwrap().keys()).collect();
    let field = |field: &&String| {
        let (expected, told) = (expected.get(*field), told.get(*field));
        (expected != told).then(|| format!("{field}: {told:?}, read from the file {expected:?}"))
    };
    fields.iter().filter_map(field).collect::<Vec<_>>().join("; ")
}
