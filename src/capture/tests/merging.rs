//! Several captures as one.

use super::super::{Interface, MergedSource};
use super::writer::{Order, Pcap, Pcapng, Sample, gzip};
use super::*;
use crate::packet::LinkType;
use proptest::prelude::*;
use std::fs;
use std::path::Path;

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Input {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    Input::File(path)
}

/// What a merge gives: (microseconds, interface, first byte) of each frame, and the errors on the way.
fn read(merged: &mut MergedSource) -> (Vec<(u64, u32, u8)>, Vec<String>) {
    let (mut frames, mut errors) = (Vec::new(), Vec::new());
    loop {
        match merged.next_frame() {
            Ok(Some(frame)) => {
                assert_eq!(frame.number, frames.len() as u64 + 1);
                frames.push((frame.time.as_micros(), frame.interface, frame.bytes[0]));
            }
            Ok(None) => return (frames, errors),
            Err(error) => errors.push(error.to_string()),
        }
    }
}

/// A pcap file of frames at these microseconds, each of one byte that tells the file.
fn pcap(micros: &[u64], mark: u8) -> Vec<u8> {
    let frames: Vec<Sample> = micros.iter().map(|at| Sample::new(at * 1_000, &[mark])).collect();
    Pcap::Micros(Order::Little).write(&frames)
}

#[test]
fn frames_come_in_time_order_and_equal_times_in_the_order_of_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = [
        write(folder.path(), "a", &pcap(&[1, 5, 5, 9], b'a')),
        write(folder.path(), "b", &gzip(&pcap(&[2, 5, 9], b'b'), 50)),
        write(folder.path(), "c", &pcap(&[], b'c')),
        write(folder.path(), "d", &pcap(&[0, 20, 3], b'd')),
    ];
    let (mut merged, errors) = MergedSource::open(&inputs);
    assert!(errors.is_empty());
    let (frames, errors) = read(&mut merged);
    assert!(errors.is_empty());
    // The clock of d went back; its frames keep their order.
    let expected = [
        (0, 0, b'd'),
        (1, 1, b'a'),
        (2, 2, b'b'),
        (5, 1, b'a'),
        (5, 1, b'a'),
        (5, 2, b'b'),
        (9, 1, b'a'),
        (9, 2, b'b'),
        (20, 0, b'd'),
        (3, 0, b'd'),
    ];
    assert_eq!(frames, expected);
    assert_eq!(Some(merged.position()), merged.total());
}

#[test]
fn interfaces_are_kept_apart_and_key_logs_put_together() {
    let folder = tempfile::tempdir().unwrap();
    let mut left = Pcapng::new(Order::Little);
    left.interface_with(1, 0, Some("left"), None, None);
    left.interface_with(113, 0, Some("unused"), None, None);
    left.interface_with(101, 0, Some("tunnel"), None, None);
    left.secrets(0x544c_534b, b"CLIENT_RANDOM 01 02\n");
    left.enhanced(0, 1, 1, b"l");
    left.enhanced(2, 4, 1, b"t");
    let mut right = Pcapng::new(Order::Big);
    right.interface_with(1, 0, Some("right"), None, None);
    right.enhanced(0, 2, 1, b"r");
    right.secrets(0x544c_534b, b"CLIENT_RANDOM 03 04\n");
    right.enhanced(0, 3, 1, b"r");
    let mut keys = Pcapng::new(Order::Big);
    keys.secrets(0x544c_534b, b"CLIENT_RANDOM 05 06\n");
    let inputs = [("left", left), ("right", right), ("keys", keys)];
    let inputs = inputs.map(|(name, file)| write(folder.path(), name, &file.file));
    let (mut merged, errors) = MergedSource::open(&inputs);
    assert!(errors.is_empty());
    assert_eq!(merged.key_log(), b"CLIENT_RANDOM 05 06\n");
    let (frames, errors) = read(&mut merged);
    assert!(errors.is_empty());
    assert_eq!(frames, [(1, 0, b'l'), (2, 1, b'r'), (3, 1, b'r'), (4, 2, b't')]);
    let interface = |name: &str, link| Interface { name: Some(name.to_owned()), link: LinkType(link) };
    assert_eq!(merged.interfaces(), [interface("left", 1), interface("right", 1), interface("tunnel", 101)]);
    assert_eq!(merged.key_log(), b"CLIENT_RANDOM 05 06\nCLIENT_RANDOM 01 02\nCLIENT_RANDOM 03 04\n");
}

#[test]
fn a_bad_capture_among_good_ones_is_told_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let cut = pcap(&[3, 6], b'c');
    let broken = [&pcap(&[2, 5], b'b')[..], &[0xff; 16]].concat();
    let inputs = [
        write(folder.path(), "text", b"Dear Sir,\n"),
        Input::File(folder.path().join("absent")),
        write(folder.path(), "broken", &broken),
        write(folder.path(), "cut", &cut[..cut.len() - 1]),
        write(folder.path(), "good", &pcap(&[1, 4, 7], b'g')),
    ];
    let (mut merged, errors) = MergedSource::open(&inputs);
    let names: Vec<String> = errors.iter().map(|error| error.input.to_string()).collect();
    assert_eq!(names, [inputs[0].to_string(), inputs[1].to_string()]);
    let (frames, errors) = read(&mut merged);
    let marks: Vec<u8> = frames.iter().map(|frame| frame.2).collect();
    assert_eq!(marks, b"gbcgbg");
    assert_eq!(errors.len(), 1);
    assert!(errors[0].contains("broken: damaged at byte"), "{}", errors[0]);
    assert_eq!(merged.warnings().len(), 1);
    assert!(matches!(merged.warnings()[0].kind, WarningKind::CutOff { .. }));
}

#[test]
#[cfg(target_os = "linux")]
fn of_rotated_captures_only_those_that_overlap_are_open() {
    let folder = tempfile::tempdir().unwrap();
    let inputs: Vec<Input> = (0..50_u64)
        .map(|i| write(folder.path(), &i.to_string(), &pcap(&[i * 10, i * 10 + 5, i * 10 + 12], i as u8)))
        .collect();
    let (mut merged, errors) = MergedSource::open(&inputs);
    assert!(errors.is_empty());
    let open = || {
        let descriptors = fs::read_dir("/proc/self/fd").unwrap().flatten();
        descriptors.filter(|fd| fs::read_link(fd.path()).is_ok_and(|to| to.starts_with(folder.path()))).count()
    };
    assert_eq!(open(), 0);
    let (mut count, mut before) = (0, 0);
    while let Some(frame) = merged.next_frame().unwrap() {
        assert!(frame.time.as_micros() >= before);
        before = frame.time.as_micros();
        count += 1;
        assert!(open() <= 2, "{} files open", open());
    }
    assert_eq!(count, 150);
}

proptest! {
    #[test]
    fn a_merge_is_a_stable_sort_of_captures_in_order(
        mut files in prop::collection::vec(prop::collection::vec(0..30_u64, 0..12), 0..5),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut inputs = Vec::new();
        let mut expected = Vec::new();
        for (i, times) in files.iter_mut().enumerate() {
            times.sort();
            inputs.push(write(folder.path(), &i.to_string(), &pcap(times, i as u8)));
            expected.extend(times.iter().map(|time| (*time, i as u8)));
        }
        expected.sort_by_key(|(time, _)| *time);
        let (mut merged, _) = MergedSource::open(&inputs);
        let (frames, _) = read(&mut merged);
        let seen: Vec<(u64, u8)> = frames.iter().map(|(time, _, mark)| (*time, *mark)).collect();
        prop_assert_eq!(seen, expected);
    }
}
