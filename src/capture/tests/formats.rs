//! Every variant of the formats, written and read back; and every way to cut a file off.

use super::super::error::Damage;
use super::super::{Interface, MAX_FRAME, MAX_INTERFACE_NAME};
use super::writer::{Order, Pcap, Pcapng, Sample, gzip, zstd};
use super::*;
use crate::packet::LinkType;
use proptest::prelude::*;

const SECOND: u64 = 1_000_000_000;

/// A few frames of different lengths, none a multiple of four bytes, at whole microseconds.
fn some_frames(count: usize) -> Vec<Sample> {
    (0..count)
        .map(|i| Sample::new(1_700_000_000 * SECOND + i as u64 * 1_234_000, &vec![i as u8; 13 + 4 * (i % 7)]))
        .collect()
}

/// Those frames in pcapng, with the ends of its frames' blocks.
fn some_pcapng(frames: &[Sample], order: Order) -> (Vec<u8>, Vec<usize>) {
    let mut file = Pcapng::new(order);
    file.interface(1);
    let ends = frames
        .iter()
        .map(|frame| {
            file.enhanced(0, frame.nanos / 1_000, frame.original_length, &frame.bytes);
            file.file.len()
        })
        .collect();
    (file.file, ends)
}

#[test]
fn every_variant_of_pcap_is_read() {
    let mut frames = some_frames(20);
    frames[3].original_length = 1_500;
    for sample in &mut frames {
        sample.link = 113;
    }
    for variant in Pcap::ALL {
        assert_eq!(read_sound(&variant.write(&frames)), frames, "{variant:?}");
    }
    frames[0].nanos += 1;
    assert_eq!(read_sound(&Pcap::Nanos(Order::Big).write(&frames)), frames);
}

#[test]
fn the_upper_half_of_the_link_type_is_not_part_of_it() {
    let mut file = Pcap::Micros(Order::Little).write(&some_frames(1));
    file[23] = 0x24;
    assert_eq!(read_sound(&file)[0].link, 1);
}

#[test]
fn sections_have_their_own_byte_orders_and_interfaces() {
    let mut file = Pcapng::new(Order::Little);
    file.interface_with(1, 0, Some("eth0"), None, None);
    file.interface_with(113, 0, Some("any"), Some(9), None);
    file.enhanced(0, 1_000_001, 60, &[1; 60]);
    file.enhanced(1, 2_000_000_002, 1_500, &[2; 61]);
    file.section(Order::Big);
    file.interface_with(101, 0, None, Some(0x80 | 20), Some(100));
    file.enhanced(0, 5 << 19, 63, &[3; 63]);
    file.section(Order::Little);
    file.interface_with(276, 0, Some("last"), Some(3), Some(-2));
    file.enhanced_with_options(0, 4_500, &[4; 4]);
    let mut source = open(&file.file).unwrap();
    let (frames, warnings, error) = read_all(&mut source);
    assert!(error.is_none() && warnings.is_empty());
    let expected = [
        (1_000_001_000, 1, 0, 60, vec![1; 60]),
        (2_000_000_002, 113, 1, 1_500, vec![2; 61]),
        (102_500_000_000, 101, 2, 63, vec![3; 63]),
        (2_500_000_000, 276, 3, 4, vec![4; 4]),
    ]
    .map(|(nanos, link, interface, original_length, bytes)| Sample {
        nanos,
        link,
        interface,
        original_length,
        bytes,
    });
    assert_eq!(frames, expected);
    let interface = |name: Option<&str>, link| Interface { name: name.map(str::to_owned), link: LinkType(link) };
    let interfaces =
        [interface(Some("eth0"), 1), interface(Some("any"), 113), interface(None, 101), interface(Some("last"), 276)];
    assert_eq!(source.interfaces(), interfaces);
}

#[test]
fn obsolete_packet_blocks_are_read_in_both_byte_orders() {
    for order in [Order::Little, Order::Big] {
        let mut file = Pcapng::new(order);
        file.interface(1);
        file.interface(101);
        file.obsolete(1, 7_000_000, 99, &[5; 33]);
        let expected = Sample { nanos: 7 * SECOND, link: 101, interface: 1, original_length: 99, bytes: vec![5; 33] };
        assert_eq!(read_sound(&file.file), [expected], "{order:?}");
    }
}

#[test]
fn simple_packets_have_the_snap_length_and_the_time_of_the_frame_before() {
    for order in [Order::Little, Order::Big] {
        let mut file = Pcapng::new(order);
        file.interface_with(1, 6, None, None, None);
        file.interface(113);
        file.simple(4, &[1; 4]);
        file.enhanced(1, 3_000_000, 5, &[2; 5]);
        file.simple(1_000, &[3; 6]);
        let (frames, warnings, error) = read_all(&mut open(&file.file).unwrap());
        assert!(error.is_none());
        let seen: Vec<_> = frames.iter().map(|f| (f.nanos, f.link, f.original_length, f.bytes.len())).collect();
        assert_eq!(seen, [(0, 1, 4, 4), (3 * SECOND, 113, 5, 5), (3 * SECOND, 1, 1_000, 6)]);
        assert_eq!(warnings, [WarningKind::NoTimes { frames: 2 }]);
    }
}

#[test]
fn unknown_blocks_are_passed_over_however_long() {
    let frames = some_frames(2);
    let mut file = Pcapng::new(Order::Big);
    file.interface(1);
    file.block(0x0bad, &vec![9; 3 * BUFFER]);
    file.enhanced(0, frames[0].nanos / 1_000, 13, &frames[0].bytes);
    file.block(0x8000_0001, &[]);
    file.block(5, &[0; 40]);
    file.enhanced(0, frames[1].nanos / 1_000, 17, &frames[1].bytes);
    assert_eq!(read_sound(&file.file), frames);
    // A cut within the block that is passed over is a cut too.
    let (frames, warnings, error) = read_all(&mut open(&file.file[..2 * BUFFER]).unwrap());
    assert!(frames.is_empty() && error.is_none());
    assert_eq!(warnings, [WarningKind::CutOff { offset: 2 * BUFFER as u64 }]);
}

#[test]
fn only_tls_key_logs_are_kept_of_decryption_secrets() {
    for order in [Order::Little, Order::Big] {
        let mut file = Pcapng::new(order);
        file.secrets(0x544c_534b, b"CLIENT_RANDOM 01 02\n");
        file.secrets(0x5747_4b4c, b"a WireGuard key");
        file.interface(1);
        file.enhanced(0, 0, 1, &[0]);
        file.secrets(0x544c_534b, b"CLIENT_RANDOM 03 04");
        let mut source = open(&file.file).unwrap();
        source.next_frame().unwrap().unwrap();
        assert_eq!(source.key_log(), b"CLIENT_RANDOM 01 02\n");
        assert!(source.next_frame().unwrap().is_none());
        assert_eq!(source.key_log(), b"CLIENT_RANDOM 01 02\nCLIENT_RANDOM 03 04\n");
    }
}

#[test]
fn a_long_interface_name_is_shortened() {
    let mut file = Pcapng::new(Order::Little);
    file.interface_with(1, 0, Some(&"x".repeat(5_000)), None, None);
    let mut source = open(&file.file).unwrap();
    assert!(source.next_frame().unwrap().is_none());
    assert_eq!(source.interfaces()[0].name.as_deref(), Some(&*"x".repeat(MAX_INTERFACE_NAME)));
}

#[test]
fn a_damaged_block_between_sound_ones_is_passed_over_and_told() {
    let frames = some_frames(2);
    let mut file = Pcapng::new(Order::Little);
    file.interface(1);
    file.enhanced(0, frames[0].nanos / 1_000, 13, &frames[0].bytes);
    let first = file.file.len() as u64;
    // An interface that is not there; a frame longer than its block; an interface without its fields;
    // secrets longer than their block.
    file.enhanced(7, 0, 4, &[1; 4]);
    let words = [0_u32, 0, 0, 100, 100].map(|word| Order::Little.u32(word)).concat();
    file.block(6, &words);
    file.block(1, &[1, 0]);
    file.block(10, &[0x4b, 0x53, 0x4c, 0x54, 100, 0, 0, 0]);
    file.enhanced(0, frames[1].nanos / 1_000, 17, &frames[1].bytes);
    let (read, warnings, error) = read_all(&mut open(&file.file).unwrap());
    assert!(error.is_none());
    assert_eq!(read, frames);
    assert_eq!(warnings, [WarningKind::DamagedBlocks { count: 4, first }]);
}

#[test]
fn where_the_structure_breaks_the_frames_before_it_are_read() {
    let frames = some_frames(3);
    let damage = |file: &[u8]| {
        let (read, _, error) = read_all(&mut open(file).unwrap());
        assert_eq!(read, frames);
        match error.unwrap().reason {
            Reason::Damaged { offset, damage } => (offset, damage),
            reason => panic!("{reason}"),
        }
    };
    for variant in Pcap::ALL {
        let sound = variant.write(&frames);
        let record = variant.write(&[Sample::new(0, &vec![0; MAX_FRAME + 1])]);
        let expected = (sound.len() as u64, Damage::PacketLength(MAX_FRAME as u64 + 1));
        assert_eq!(damage(&[&sound, &record[24..]].concat()), expected, "{variant:?}");
        assert_eq!(damage(&[&sound, &record[24..200]].concat()), expected, "{variant:?}");
    }
    let (sound, _) = some_pcapng(&frames, Order::Big);
    let end = sound.len() as u64;
    let with = |words: &[u32]| [&sound, &words.iter().flat_map(|w| w.to_be_bytes()).collect::<Vec<_>>()[..]].concat();
    assert_eq!(damage(&with(&[6, 8, 8])), (end, Damage::BlockLength(8)));
    assert_eq!(damage(&with(&[6, 33, 0])), (end, Damage::BlockLength(33)));
    assert_eq!(damage(&with(&[6, 0x7fff_fff0, 0])), (end, Damage::BlockTooLong(0x7fff_fff0)));
    assert_eq!(damage(&with(&[1, 1024 * 1024 + 4])), (end, Damage::BlockTooLong(1024 * 1024 + 4)));
    assert_eq!(damage(&with(&[1, 16, 0, 20])), (end, Damage::BlockLengths(16, 20)));
    assert_eq!(damage(&with(&[0x0a0d_0d0a, 28, 0])), (end, Damage::SectionHeader));
}

#[test]
fn frames_as_long_as_possible_are_read_through_a_small_buffer() {
    let frames = [Sample::new(0, &vec![1; MAX_FRAME]), Sample::new(SECOND, &[2]), Sample::new(0, &vec![3; MAX_FRAME])];
    let pcapng = some_pcapng(&frames, Order::Little).0;
    for file in [Pcap::Modified.write(&frames), pcapng] {
        let (read, ..) = read_all(&mut open_in_pieces(&file, 1_000, 64).unwrap());
        assert_eq!(read, frames);
    }
}

#[test]
fn unknown_versions_are_refused() {
    let mut old = Pcap::Micros(Order::Big).write(&[]);
    old[7] = 2;
    assert!(matches!(open(&old).err(), Some(Reason::Version { format: "pcap", major: 2, minor: 2 })));
    let mut file = Pcapng { order: Order::Little, file: Vec::new() };
    file.section_of_version(Order::Little, 2, 0);
    assert!(matches!(open(&file.file).err(), Some(Reason::Version { format: "pcapng", major: 2, minor: 0 })));
    let mut file = Pcapng { order: Order::Little, file: Vec::new() };
    file.section_of_version(Order::Little, 1, 2);
    assert!(open(&file.file).is_ok());
}

/// Cuts a file at every byte: the frames whose records end before the cut must come, and then the right warning.
fn cut_everywhere(file: &[u8], frames: &[Sample], ends: &[usize], sound_cuts: &[usize], header: usize) {
    for cut in 0..=file.len() {
        let source = open(&file[..cut]);
        if cut < header {
            assert!(source.is_err(), "cut at {cut}");
            continue;
        }
        let (read, warnings, error) = read_all(&mut source.unwrap());
        let whole = ends.iter().filter(|end| **end <= cut).count();
        assert_eq!(read, frames[..whole], "cut at {cut}");
        assert!(error.is_none(), "cut at {cut}: {error:?}");
        let expected = WarningKind::CutOff { offset: cut as u64 };
        assert_eq!(warnings.first(), (!sound_cuts.contains(&cut)).then_some(&expected), "cut at {cut}");
    }
}

#[test]
fn a_pcap_cut_off_anywhere_gives_every_frame_before_the_cut() {
    let frames = some_frames(12);
    for variant in Pcap::ALL {
        let ends: Vec<usize> = (1..=frames.len()).map(|n| variant.write(&frames[..n]).len()).collect();
        let sound = [&[24][..], &ends].concat();
        cut_everywhere(&variant.write(&frames), &frames, &ends, &sound, 24);
    }
}

#[test]
fn a_pcapng_cut_off_anywhere_gives_every_frame_before_the_cut() {
    let frames = some_frames(12);
    for order in [Order::Little, Order::Big] {
        let (mut file, ends) = some_pcapng(&frames, order);
        let header = Pcapng::new(order).file.len();
        let sound = [&[header, header + 24][..], &ends, &[file.len() + header]].concat();
        file.extend(Pcapng::new(Order::Big).file);
        cut_everywhere(&file, &frames, &ends, &sound, header);
    }
}

#[test]
fn compressed_data_cut_off_anywhere_give_what_can_be_decompressed() {
    let frames = some_frames(40);
    let plain = Pcap::Micros(Order::Little).write(&frames);
    for (name, file) in [("gzip", gzip(&plain, 300)), ("zstd", zstd(&plain, 300))] {
        let mut most = 0;
        for cut in 0..file.len() {
            let Ok(mut source) = open(&file[..cut]) else {
                assert!(most == 0, "{name} cut at {cut}");
                continue;
            };
            let (read, warnings, error) = read_all(&mut source);
            assert_eq!(read, frames[..read.len()]);
            assert!(read.len() >= most, "{name} cut at {cut}");
            assert!(error.is_none(), "{name} cut at {cut}: {error:?}");
            // Between two members nothing shows that another one should come, other than a packet cut in two.
            let between = matches!(warnings[..], [WarningKind::CutOff { .. }]);
            assert!(between || warnings == [WarningKind::CompressionCutOff { format: name }], "{name} cut at {cut}");
            most = read.len();
        }
        // Members of 300 bytes: at the last byte all but the last one were decompressed long since.
        assert!(most >= 30, "{name}: {most}");
    }
}

#[test]
fn a_zstd_frame_that_breaks_off_gives_all_its_blocks_before_that() {
    let frames: Vec<Sample> = (0..400).map(|i| Sample::new(i, &[i as u8; 1_000])).collect();
    let plain = Pcap::Nanos(Order::Little).write(&frames);
    let file = zstd(&plain, usize::MAX);
    let (read, warnings, _) = read_all(&mut open(&file[..file.len() - 8]).unwrap());
    // Blocks are 128 KiB long at most, so that three of four were complete.
    assert!(read.len() >= 380, "{}", read.len());
    assert_eq!(read, frames[..read.len()]);
    assert_eq!(warnings, [WarningKind::CompressionCutOff { format: "zstd" }]);
}

#[test]
fn a_wrong_checksum_is_told_after_every_frame() {
    let frames = some_frames(12);
    let plain = Pcap::Micros(Order::Little).write(&frames);
    for mut file in [gzip(&plain, usize::MAX), zstd(&plain, usize::MAX)] {
        // Behind gzip's checksum stands the length.
        let at = file.len() - if file[0] == 0x1f { 5 } else { 1 };
        file[at] ^= 1;
        let (read, _, error) = read_all(&mut open(&file).unwrap());
        assert_eq!(read, frames);
        assert!(matches!(error.unwrap().reason, Reason::Decompression { .. }));
    }
}

/// How a capture is laid out, as the property below chooses it.
#[derive(Clone, Debug)]
enum Layout {
    Pcap(Pcap),
    Pcapng(Order, u8),
}

fn layouts() -> impl Strategy<Value = Layout> {
    let order = prop_oneof![Just(Order::Little), Just(Order::Big)];
    prop_oneof![
        (0..Pcap::ALL.len()).prop_map(|i| Layout::Pcap(Pcap::ALL[i])),
        (order, prop_oneof![Just(6), Just(9), Just(0x80 | 30)]).prop_map(|(order, r)| Layout::Pcapng(order, r)),
    ]
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let bytes = prop_oneof![
        9 => prop::collection::vec(any::<u8>(), 0..200),
        1 => (0..3_000_usize).prop_map(|n| (0..n).map(|i| i as u8).collect()),
    ];
    let sample = (0..4_000_000_000_u64, 0..1_000_000_u64, 0..3_u32, bytes, 0..3_000_u32);
    prop::collection::vec(sample, 0..40).prop_map(|samples| {
        let each = samples.into_iter().map(|(seconds, micros, interface, bytes, missing)| Sample {
            nanos: seconds * SECOND + micros * 1_000,
            link: [1, 101, 276][interface as usize],
            interface,
            original_length: bytes.len() as u32 + missing,
            bytes,
        });
        each.collect()
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read(
        mut samples in samples(),
        layout in layouts(),
        compression in 0..3,
        member in 100..5_000_usize,
        most in 1..5_000_usize,
        buffer in 1..4_096_usize,
    ) {
        let plain = match layout {
            Layout::Pcap(variant) => {
                for sample in &mut samples {
                    sample.interface = 0;
                    sample.link = 1;
                }
                variant.write(&samples)
            }
            Layout::Pcapng(order, resolution) => {
                let mut file = Pcapng::new(order);
                for link in [1, 101, 276] {
                    file.interface_with(link, 0, None, Some(resolution), None);
                }
                for sample in &mut samples {
                    let units = match resolution {
                        6 => sample.nanos / 1_000,
                        9 => sample.nanos,
                        // Finer than nanoseconds: rounded up here, and down again where it is read.
                        _ => ((u128::from(sample.nanos) << 30).div_ceil(1_000_000_000)) as u64,
                    };
                    file.enhanced(sample.interface, units, sample.original_length, &sample.bytes);
                }
                file.file
            }
        };
        let file = match compression {
            0 => plain,
            1 => gzip(&plain, member),
            _ => zstd(&plain, member),
        };
        let mut source = open_in_pieces(&file, most, buffer).unwrap();
        let (read, warnings, error) = read_all(&mut source);
        prop_assert!(error.is_none() && warnings.is_empty(), "{:?} {:?}", error, warnings);
        prop_assert_eq!(read, samples);
        prop_assert_eq!(source.position(), file.len() as u64);
    }
}
