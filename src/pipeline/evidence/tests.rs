//! Evidence through the writing thread: what is in the files, in what order, and what is told of a failure.

use super::*;
use crate::capture::{Input, Source};
use crate::diagnosis::{Cause, Confidence, Finding, Party};
use crate::event::sample::Told;
use crate::handshake::Outcome;
use crate::packet::{Frame, LinkType};
use std::path::Path;
use tempfile::TempDir;

/// A recording with frames of these times, in seconds, each with the connection's number in it.
fn recording(number: u8, seconds: &[u64]) -> Option<Box<Recording>> {
    let mut recording = Recording::default();
    for second in seconds {
        let time = Timestamp::from_micros(1_772_359_200_000_000 + second * 1_000_000);
        let bytes = &[number; 1000];
        recording.add(&Frame { number: 1, time, link: LinkType(1), interface: 1, original_length: 1000, bytes });
    }
    Some(Box::new(recording))
}

fn capture(folder: &TempDir, rotation: Rotation) -> EvidenceCapture {
    EvidenceCapture { file: folder.path().join("a.pcapng"), rotation, all: false }
}

fn open(capture: EvidenceCapture, pace: Pace) -> io::Result<EvidenceSink> {
    EvidenceSink::start(Files::open(capture)?, pace)
}

/// Writes the frames of a handshake with this outcome.
fn write(sink: &EvidenceSink, outcome: Outcome, frames: Option<Box<Recording>>) {
    write_with(Patience::Wait, sink, outcome, frames);
}

fn write_with(patience: Patience, sink: &EvidenceSink, outcome: Outcome, frames: Option<Box<Recording>>) {
    let finding = Finding::new(Cause::ServerClosed, Party::Server, Confidence::Likely, "It closed.".into());
    let mut told = Told::new("10.0.0.1:50000", None, 0, outcome);
    told.finding = outcome.is_failed().then_some(finding);
    told.record(|record| sink.write(record, frames, patience));
}

/// Connection and second of each frame in a file, and its interface's name.
fn read(path: &Path) -> Vec<(u8, u64, Option<String>)> {
    let mut source = Source::open(&Input::File(path.to_owned())).expect("a capture");
    let mut found = Vec::new();
    while let Some(frame) = source.next_frame().expect("it is sound") {
        found.push((frame.bytes[0], frame.time.as_micros() / 1_000_000 % 100, frame.interface));
    }
    let name = |interface| source.interface_name(interface).map(str::to_owned);
    found.into_iter().map(|(number, second, interface)| (number, second, name(interface))).collect()
}

#[test]
fn failures_are_written_and_their_packets_merged_by_time() {
    let folder = TempDir::new().expect("a folder");
    let mut sink = open(capture(&folder, Rotation::default()), Pace::Whole).expect("a sink");
    sink.interfaces(&[None, Some("eth1".into())]);
    write(&sink, Outcome::Failed, recording(1, &[5, 7, 9]));
    write(&sink, Outcome::Established, recording(2, &[5]));
    write(&sink, Outcome::Abandoned, None);
    // Its second frame came late: a connection keeps its order.
    write(&sink, Outcome::Abandoned, recording(3, &[6, 8, 4, 9]));
    let end = sink.close()(None);
    assert_eq!((end.written.handshakes, end.written.packets, end.lost), (2, 7, 0));
    assert!(end.error.is_none());
    let found = read(&end.file);
    let order: Vec<(u8, u64)> = found.iter().map(|(number, second, _)| (*number, *second)).collect();
    assert_eq!(order, [(1, 5), (3, 6), (1, 7), (3, 8), (3, 4), (1, 9), (3, 9)]);
    assert!(found.iter().all(|(.., name)| name.as_deref() == Some("eth1")));
    let bytes = std::fs::read(&end.file).expect("a file");
    let comments = bytes.windows(10).filter(|window| window == b"It closed.").count();
    assert_eq!(comments, 2, "one for each handshake");
}

#[test]
fn a_rotation_splits_no_handshake() {
    let folder = TempDir::new().expect("a folder");
    let rotation = Rotation { size: Some(4096), time: Some(Duration::from_secs(20)), keep: None };
    let sink = open(capture(&folder, rotation), Pace::Whole).expect("a sink");
    for (number, seconds) in [(1, &[0, 30][..]), (2, &[1]), (3, &[2, 3, 4, 5, 6]), (4, &[7]), (5, &[40])] {
        write(&sink, Outcome::Failed, recording(number, seconds));
    }
    assert!(sink.close()(None).error.is_none());
    let file = |name: &str| -> Vec<u8> { read(&folder.path().join(name)).iter().map(|(number, ..)| *number).collect() };
    assert_eq!(file("a_00001_20260301100000.pcapng"), [1, 2, 1]);
    assert_eq!(file("a_00002_20260301100002.pcapng"), [3, 3, 3, 3, 3]);
    assert_eq!(file("a_00003_20260301100007.pcapng"), [4]);
    assert_eq!(file("a_00004_20260301100040.pcapng"), [5]);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 4);
}

#[test]
fn more_than_may_wait_is_written_earliest_first() {
    let folder = TempDir::new().expect("a folder");
    let sink = open(capture(&folder, Rotation::default()), Pace::Whole).expect("a sink");
    let seconds: Vec<u64> = (0..100).collect();
    let count = 2 * MAX_WAITING as u64 / 100_000;
    (0..count).for_each(|_| write(&sink, Outcome::Failed, recording(1, &seconds)));
    let end = sink.close()(None);
    assert_eq!((end.written.handshakes, end.written.packets, end.lost), (count, 100 * count, 0));
    assert_eq!(std::fs::metadata(&end.file).expect("a file").len() / 1000, end.written.bytes / 1000);
    assert_eq!(read(&end.file).len() as u64, 100 * count);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told_and_what_it_lost_is_counted() {
    let capture = EvidenceCapture { file: "/dev/full".into(), rotation: Rotation::default(), all: false };
    assert!(open(capture, Pace::Whole).is_err(), "not even a header fits");
    let folder = TempDir::new().expect("a folder");
    let rotation = Rotation { size: Some(1), ..Rotation::default() };
    let sink = open(self::capture(&folder, rotation), Pace::Whole).expect("a sink");
    folder.close().expect("it is empty");
    (0..3).for_each(|number| write(&sink, Outcome::Failed, recording(number, &[1])));
    let end = sink.close()(None);
    assert_eq!((end.written.handshakes, end.lost), (0, 3));
    assert!(end.error.is_some());
}

#[test]
fn live_evidence_goes_on_after_a_failure_which_is_told_once_and_counted() {
    let folder = TempDir::new().expect("a folder");
    let within = folder.path().join("within");
    std::fs::create_dir(&within).expect("a folder");
    let rotation = Rotation { size: Some(1), ..Rotation::default() };
    let capture = EvidenceCapture { file: within.join("a.pcapng"), rotation, all: false };
    let sink = open(capture, Pace::Live).expect("a sink");
    let state = Arc::clone(sink.state());
    let wait_for = |lost, written| {
        let begun = Instant::now();
        while (state.lost.load(Ordering::Relaxed), state.written.load(Ordering::Relaxed)) != (lost, written) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{state:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    std::fs::remove_dir(&within).expect("it is empty");
    (1..=2).for_each(|number| write(&sink, Outcome::Failed, recording(number, &[1])));
    wait_for(2, 0);
    let troubles = state.troubles();
    assert!(troubles[0].contains("a.pcapng: cannot be written: "), "{troubles:?}");
    assert!(state.troubles().is_empty());
    std::fs::create_dir(&within).expect("a folder");
    write(&sink, Outcome::Failed, recording(3, &[1]));
    wait_for(2, 1);
    let end = sink.close()(None);
    assert_eq!((end.written.handshakes, end.written.packets, end.lost), (1, 1, 2));
}

#[test]
fn live_evidence_is_on_the_disk_soon_and_makes_nobody_wait() {
    let folder = TempDir::new().expect("a folder");
    let sink = open(capture(&folder, Rotation::default()), Pace::Live).expect("a sink");
    write(&sink, Outcome::Failed, recording(1, &[1]));
    let file = folder.path().join("a.pcapng");
    let begun = Instant::now();
    while read(&file).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing was written");
        std::thread::sleep(Duration::from_millis(20));
    }
    let count = 100 * MAX_QUEUED as u64;
    let large: Vec<u64> = (0..100).collect();
    (0..count).for_each(|_| write_with(Patience::Lose, &sink, Outcome::Failed, recording(2, &large)));
    let end = sink.close()(None);
    assert_eq!(end.written.handshakes + end.lost, 1 + count);
}
