//! What the writer of pcapng writes is what the reader reads, and what Wireshark reads.

use super::writer::Sample;
use super::{open, read_all};
use crate::capture::{MAX_COMMENT, Writer, packet_size};
use crate::packet::{Frame, LinkType};
use crate::time::Timestamp;
use std::process::Command;

fn frame(sample: &Sample) -> Frame<'_> {
    Frame {
        number: 0,
        time: Timestamp::from_nanos(sample.nanos),
        link: LinkType(sample.link),
        interface: sample.interface,
        original_length: sample.original_length,
        bytes: &sample.bytes,
    }
}

/// A file of these frames, each with the name of its interface and a comment.
fn write(frames: &[(Sample, Option<&str>, Option<&str>)]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file).unwrap();
    for (sample, name, comment) in frames {
        let interface = writer.interface(*name, LinkType(sample.link)).unwrap();
        writer.frame(interface, &frame(sample), *comment).unwrap();
    }
    file
}

/// Frames of every length up to a few words, of three interfaces, one of them without a name.
fn some() -> Vec<(Sample, Option<&'static str>, Option<&'static str>)> {
    let bytes: Vec<u8> = (0..=255).collect();
    (0..20)
        .map(|at| {
            let (interface, link, name) = [(0, 1, Some("eth0")), (1, 113, Some("any")), (2, 1, None)][at % 3];
            let nanos = 1_772_359_200_123_456_789 + at as u64;
            let sample = Sample { nanos, link, interface, original_length: 1500, bytes: bytes[..at].to_vec() };
            (sample, name, [None, Some("why"), Some("two\nlines")][at % 3])
        })
        .collect()
}

#[test]
fn what_was_written_is_read_with_its_interfaces() {
    let written = some();
    let mut source = open(&write(&written)).unwrap();
    let (frames, warnings, error) = read_all(&mut source);
    assert_eq!(frames, written.iter().map(|(sample, ..)| sample.clone()).collect::<Vec<_>>());
    assert!(warnings.is_empty() && error.is_none());
    let interfaces: Vec<_> =
        source.interfaces().iter().map(|interface| (interface.name.as_deref(), interface.link.0)).collect();
    assert_eq!(interfaces, [(Some("eth0"), 1), (Some("any"), 113), (None, 1)]);
}

#[test]
fn a_file_without_frames_is_a_capture() {
    let (frames, warnings, error) = read_all(&mut open(&write(&[])).unwrap());
    assert!(frames.is_empty() && warnings.is_empty() && error.is_none());
}

#[test]
fn the_size_of_a_packet_is_told_beforehand() {
    for (sample, name, comment) in some() {
        let size = |comment| write(&[(sample.clone(), name, comment)]).len();
        let mut file = Vec::new();
        Writer::new(&mut file).unwrap().interface(name, LinkType(sample.link)).unwrap();
        assert_eq!(size(comment) - file.len(), packet_size(&frame(&sample), comment));
    }
}

#[test]
fn a_long_comment_is_cut_between_characters() {
    let sample = Sample::new(0, b"frame");
    let comment = "ä".repeat(40_000);
    let file = write(&[(sample.clone(), None, Some(&comment))]);
    assert!(file.len() < MAX_COMMENT + 200);
    assert_eq!(read_all(&mut open(&file).unwrap()).0, [sample]);
    assert_eq!(file.windows(2).filter(|pair| pair == &"ä".as_bytes()).count(), MAX_COMMENT / 2);
}

#[test]
fn tshark_reads_it_with_interfaces_and_comments() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pcapng");
    std::fs::write(&path, write(&some())).unwrap();
    let fields = ["frame.time_epoch", "frame.interface_name", "frame.len", "frame.cap_len", "frame.comment"];
    let words = fields.iter().flat_map(|field| ["-e", field]);
    let Ok(run) = Command::new("tshark").arg("-r").arg(&path).args(["-T", "fields"]).args(words).output() else {
        eprintln!("tshark_reads_it_with_interfaces_and_comments: SKIPPED, there is no tshark here");
        return;
    };
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let text = String::from_utf8(run.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), some().len());
    assert_eq!(lines[0], "1772359200.123456789\teth0\t1500\t0\t");
    assert_eq!(lines[4], "1772359200.123456793\tany\t1500\t4\twhy");
    assert!(lines[5].ends_with("two\\nlines") || lines[5].ends_with("two\\x0alines"), "{}", lines[5]);
}
