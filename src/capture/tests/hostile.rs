//! Damaged captures: reading ends, nothing panics, no bound is passed.

use super::super::{MAX_FRAME, MAX_KEY_LOG};
use super::writer::{Order, Pcap, Pcapng, Sample, gzip};
use super::*;
use proptest::prelude::*;

/// A pcapng file with a block of every kind.
fn every_block(order: Order) -> Vec<u8> {
    let mut file = Pcapng::new(order);
    file.interface_with(1, 96, Some("eth0"), Some(9), Some(1));
    file.secrets(0x544c_534b, b"CLIENT_RANDOM 01 02\n");
    file.enhanced(0, 1, 60, &[1; 60]);
    file.enhanced_with_options(0, 2, &[2; 33]);
    file.simple(200, &[3; 96]);
    file.block(0x0bad, &[4; 20]);
    file.obsolete(0, 3, 60, &[5; 60]);
    file.section(order);
    file.interface(101);
    file.enhanced(0, 4, 20, &[6; 20]);
    file.file
}

fn sound_files() -> Vec<Vec<u8>> {
    let frames: Vec<Sample> = (0..8).map(|i| Sample::new(i, &[i as u8; 40])).collect();
    let mut files: Vec<Vec<u8>> = Pcap::ALL.iter().map(|variant| variant.write(&frames)).collect();
    files.extend([every_block(Order::Little), every_block(Order::Big)]);
    files.push(gzip(&files[0], 200));
    files
}

/// Reads a file that may be anything, to its end.
fn survive(bytes: &[u8]) {
    let Ok(mut source) = open_in_pieces(bytes, usize::MAX, 4_096) else { return };
    let (frames, ..) = read_all(&mut source);
    for frame in frames {
        assert!(frame.bytes.len() <= MAX_FRAME);
        assert!(frame.original_length as usize >= frame.bytes.len());
        assert!((frame.interface as usize) < source.interfaces().len());
    }
    assert!(source.key_log().len() <= MAX_KEY_LOG);
}

#[test]
fn any_byte_may_be_wrong() {
    for file in sound_files() {
        for at in 0..file.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff, !file[at]] {
                let mut damaged = file.clone();
                damaged[at] = value;
                survive(&damaged);
            }
        }
    }
}

#[test]
fn the_key_log_is_bounded() {
    let mut file = Pcapng::new(Order::Little);
    let lines = vec![b'\n'; MAX_KEY_LOG / 4];
    for _ in 0..5 {
        file.secrets(0x544c_534b, &lines);
    }
    file.block(10, &vec![0; super::super::MAX_BLOCK]);
    file.interface(1);
    file.enhanced(0, 0, 1, &[1]);
    let mut source = open(&file.file).unwrap();
    let (frames, warnings, error) = read_all(&mut source);
    assert!(error.is_none());
    assert_eq!(frames.len(), 1);
    assert_eq!(source.key_log().len(), MAX_KEY_LOG / 4 * 4);
    assert_eq!(warnings, [WarningKind::KeyLogTooLong]);
}

#[test]
fn the_interfaces_are_bounded() {
    let mut file = Pcapng::new(Order::Little);
    for _ in 0..=super::super::MAX_INTERFACES {
        file.interface(1);
    }
    let mut source = open(&file.file).unwrap();
    let error = source.next_frame().unwrap_err().to_string();
    assert!(error.contains("more than 65536 interfaces"), "{error}");
}

proptest! {
    #[test]
    fn any_bytes_may_follow_a_file_header(
        which in 0..8_usize,
        tail in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut file = sound_files().swap_remove(which);
        file.truncate(if which < 5 { 24 } else { 48 });
        file.extend(tail);
        survive(&file);
    }

    #[test]
    fn several_words_may_be_wrong(
        which in 0..8_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 1..5),
    ) {
        let mut file = sound_files().swap_remove(which);
        for (at, word) in damage {
            let at = at.index(file.len() - 3) & !3;
            file[at..at + 4].copy_from_slice(&(word & 0x0000_03ff).to_le_bytes());
        }
        survive(&file);
    }
}
