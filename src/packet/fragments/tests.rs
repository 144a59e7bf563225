//! Tests of reassembly: any order, twice, overlapping, snapped, out of bounds.

use super::*;
use crate::packet::sample::{self, PAYLOAD, ethernet, frame, ipv4, ipv6, join, udp4};
use crate::packet::{Decoded, Decoder, LinkType, Packet, Transport, TunnelKind};
use crate::time::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;

const UDP: u8 = 17;

fn key(id: u32) -> Key {
    let (vlan, tunnels) = (VlanTags::default(), Tunnels::default());
    Key { source: [1; 4].into(), destination: [2; 4].into(), id, protocol: Some(UDP), vlan, tunnels }
}

fn mark(frame: u64, seconds: u64) -> Mark {
    Mark { frame, time: Timestamp::from_micros(seconds * 1_000_000) }
}

fn place(offset: usize, more: bool) -> Fragment {
    Fragment { id: 0, offset, more }
}

/// Adds a fragment that was captured whole; gives the datagram that it completes.
fn add(fragments: &mut Fragments, id: u32, at: (usize, bool), bytes: &[u8], when: Mark) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    let body = Rest { bytes, cut: 0 };
    let done = fragments.add(key(id), place(at.0, at.1), UDP, body, when, &mut whole).unwrap()?;
    assert_eq!(done, Whole { protocol: UDP, cut: 0 });
    Some(whole)
}

fn assert_invariants(fragments: &Fragments) {
    assert_eq!(fragments.waiting.len(), fragments.partials.len());
    assert_eq!(fragments.held, fragments.partials.values().map(Partial::cost).sum::<usize>());
    assert!(fragments.held <= MAX_BYTES && fragments.partials.len() <= MAX_DATAGRAMS);
}

proptest! {
    #[test]
    fn fragments_in_any_order_and_twice_give_the_datagram(
        datagram in vec(any::<u8>(), 1..2_000),
        size in 1..60_usize,
        (order, again) in (any::<u64>(), any::<u64>()),
    ) {
        let size = size * 8;
        let mut pieces: Vec<(usize, &[u8])> =
            datagram.chunks(size).enumerate().map(|(index, bytes)| (index * size, bytes)).collect();
        let last = pieces.len() - 1;
        pieces.push(pieces[usize::try_from(again).unwrap_or(0) % pieces.len()]);
        shuffle(&mut pieces, order);
        let mut fragments = Fragments::default();
        let completed: Vec<_> = pieces
            .iter()
            .filter_map(|(at, bytes)| add(&mut fragments, 1, (*at, *at != last * size), bytes, mark(1, 1)))
            .collect();
        assert_invariants(&fragments);
        // A duplicate that comes behind the end begins a datagram of its own; a single fragment is complete again.
        prop_assert!(completed.len() == 1 || last == 0);
        prop_assert_eq!(&completed[0], &datagram);
    }

    #[test]
    fn the_bytes_that_came_first_win(
        pieces in vec((0..20_usize, 1..12_usize), 1..30),
    ) {
        // Fragment number n is made of bytes n; the reference remembers who wrote each byte first.
        let length = 256;
        let mut expected = vec![None; length];
        let mut fragments = Fragments::default();
        let mut whole = None;
        let all = pieces.iter().map(|(at, size)| (at * 8, size * 8)).chain([(0, 128), (128, 128)]);
        for (number, (at, size)) in all.enumerate() {
            let end = (at + size).min(length);
            let bytes = vec![u8::try_from(number).unwrap(); end - at];
            for byte in &mut expected[at..end] {
                byte.get_or_insert(bytes[0]);
            }
            whole = whole.or(add(&mut fragments, 1, (at, end != length), &bytes, mark(1, 1)));
            assert_invariants(&fragments);
            if whole.is_some() {
                break;
            }
        }
        prop_assert_eq!(whole, expected.into_iter().collect::<Option<Vec<u8>>>());
    }

    #[test]
    fn nothing_breaks_the_bounds(
        input in vec((0..40_u32, 0..70_000_usize, any::<bool>(), 0..3_000_usize, 0..3_000_usize, 0..100_u64), 1..300),
    ) {
        let (mut fragments, mut whole) = (Fragments::default(), Vec::new());
        for (number, (id, offset, more, length, cut, seconds)) in (1..).zip(input) {
            let body = Rest { bytes: &vec![1; length], cut };
            let _ = fragments.add(key(id), place(offset, more), UDP, body, mark(number, seconds), &mut whole);
            assert_invariants(&fragments);
        }
    }
}

/// Orders `items` by `seed`.
fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for end in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(end, usize::try_from(seed >> 33).unwrap() % (end + 1));
    }
}

#[test]
fn snapped_fragments_give_the_datagram_up_to_the_first_byte_that_is_not_there() {
    let (mut fragments, mut whole) = (Fragments::default(), Vec::new());
    let mut add = |at, more, bytes, cut| {
        fragments.add(key(1), place(at, more), UDP, Rest { bytes, cut }, mark(1, 1), &mut whole).unwrap()
    };
    assert_eq!(add(16, false, b"not reached", 0), None);
    assert_eq!(add(0, true, b"0123456789", 6), Some(Whole { protocol: UDP, cut: 17 }));
    assert_eq!(whole, b"0123456789");
}

#[test]
fn contradictions_and_impossible_lengths_are_refused() {
    let (mut fragments, mut whole) = (Fragments::default(), Vec::new());
    let mut refused = |id, at, more, bytes: &[u8]| {
        let body = Rest { bytes, cut: 0 };
        fragments.add(key(id), place(at, more), UDP, body, mark(1, 1), &mut whole) == Err(DecodeError::BadFragment)
    };
    assert!(refused(1, 0, true, &[0; 7]), "less than eight bytes before others");
    assert!(refused(1, 8, false, &[]), "empty");
    assert!(refused(1, 65_528, false, &[0; 8]), "longer than a datagram can be");
    assert!(!refused(1, 32, true, &[0; 16]));
    assert!(refused(1, 16, false, &[0; 8]), "the end lies before what is there");
    assert!(!refused(1, 48, false, &[0; 8]));
    assert!(refused(1, 40, false, &[0; 8]), "a second, other end");
    assert!(refused(1, 48, true, &[0; 16]), "behind the end");
    for index in 0..MAX_PIECES {
        assert!(!refused(2, index * 16, true, &[0; 8]));
    }
    assert!(refused(2, 8, true, &[0; 8]), "too many pieces");
    assert!(refused(3, 0, true, &[0; 7]));
    assert_eq!(fragments.partials.len(), 2, "what was only refused is not kept");
    assert_invariants(&fragments);
}

#[test]
fn an_identification_used_again_later_begins_anew() {
    let mut fragments = Fragments::default();
    assert_eq!(add(&mut fragments, 1, (0, true), b"old old ", mark(1, 100)), None);
    assert_eq!(add(&mut fragments, 1, (8, false), b"end", mark(2, 131)), None);
    assert_eq!(add(&mut fragments, 1, (0, true), b"new new ", mark(3, 132)), Some(b"new new end".to_vec()));
    assert_eq!(fragments.counts, FragmentCounts { fragments: 3, completed: 1, expired: 1, evicted: 0 });
    // Nor do they belong together if the clock went backwards so far.
    assert_eq!(add(&mut fragments, 1, (0, true), b"12345678", mark(4, 200)), None);
    assert_eq!(add(&mut fragments, 1, (8, false), b"end", mark(5, 100)), None);
    assert_eq!(fragments.counts.expired, 2);
}

#[test]
fn a_wild_timestamp_expires_nothing_of_others() {
    let mut fragments = Fragments::default();
    assert_eq!(add(&mut fragments, 1, (0, true), b"patient ", mark(1, 100)), None);
    assert_eq!(add(&mut fragments, 2, (0, true), b"12345678", mark(2, 4_000_000_000)), None);
    assert_eq!(add(&mut fragments, 1, (8, false), b"end", mark(3, 101)), Some(b"patient end".to_vec()));
    assert_eq!(fragments.counts.expired, 0);
}

#[test]
fn what_never_completes_goes_after_so_many_frames() {
    let mut fragments = Fragments::default();
    for id in 0..5 {
        add(&mut fragments, id, (0, true), &[0; 8], mark(1, 1));
    }
    add(&mut fragments, 5, (0, true), &[0; 8], mark(1 + LIFETIME_FRAMES, 1));
    assert_eq!((fragments.counts.expired, fragments.partials.len()), (0, 6));
    add(&mut fragments, 6, (0, true), &[0; 8], mark(2 + LIFETIME_FRAMES, 1));
    assert_eq!((fragments.counts.expired, fragments.partials.len()), (5, 2));
    assert_invariants(&fragments);
}

#[test]
fn the_oldest_makes_room() {
    let mut fragments = Fragments::default();
    for id in 0..=u32::try_from(MAX_DATAGRAMS).unwrap() {
        add(&mut fragments, id, (0, true), &[0; 8], mark(1, 1));
    }
    assert_eq!((fragments.counts.evicted, fragments.partials.len()), (1, MAX_DATAGRAMS));
    assert!(!fragments.waiting.contains_key(&key(0)));

    let mut fragments = Fragments::default();
    for id in 0..70 {
        add(&mut fragments, id, (0, true), &vec![0; 65_000], mark(1, 1));
        assert_invariants(&fragments);
    }
    let room = MAX_BYTES / (65_000 + PIECE_COST);
    assert_eq!(fragments.partials.len(), room);
    assert_eq!(fragments.counts.evicted, 70 - u64::try_from(room).unwrap());
}

/// `packet`'s payload in IPv4 fragments of `size` bytes.
fn fragments_of_ipv4(packet: &[u8], size: usize) -> Vec<Vec<u8>> {
    let payload = &packet[20..];
    let count = payload.len().div_ceil(size);
    let fragment = |(index, bytes): (usize, &[u8])| {
        let mut fragment = join(&[&packet[..20], bytes]);
        let place = u16::try_from(index * size / 8).unwrap() | if index + 1 < count { 0x2000 } else { 0 };
        fragment[2..4].copy_from_slice(&u16::try_from(20 + bytes.len()).unwrap().to_be_bytes());
        fragment[6..8].copy_from_slice(&place.to_be_bytes());
        fragment
    };
    payload.chunks(size).enumerate().map(fragment).collect()
}

/// Decodes the packets, each in an Ethernet frame; all but the last must be fragments that complete nothing.
fn decode_all<'a>(decoder: &'a mut Decoder, kind: u16, packets: &[Vec<u8>], last: &'a mut Vec<u8>) -> Packet<'a> {
    let (end, others) = packets.split_last().unwrap();
    for packet in others {
        let bytes = ethernet(kind, packet);
        assert_eq!(decoder.decode(&frame(LinkType::ETHERNET, &bytes)), Ok(Decoded::Fragment));
    }
    *last = ethernet(kind, end);
    sample::decode(decoder, last)
}

fn assert_segment(packet: &Packet<'_>) {
    let Transport::Tcp(segment) = packet.transport else { panic!("{packet:?}") };
    assert_eq!((segment.source_port, segment.payload, segment.missing), (50_000, PAYLOAD, 0));
}

#[test]
fn ipv4_fragments_in_frames() {
    let (mut decoder, mut last) = (Decoder::new(), vec![]);
    let mut packets = fragments_of_ipv4(&sample::tcp4(), 16);
    assert_eq!(packets.len(), 3);
    packets.reverse();
    assert_segment(&decode_all(&mut decoder, 0x0800, &packets, &mut last));
    assert_eq!(decoder.fragments(), FragmentCounts { fragments: 3, completed: 1, expired: 0, evicted: 0 });
}

#[test]
fn ipv6_fragments_behind_and_before_other_headers() {
    let segment = &sample::tcp6()[40..];
    // Destination options, then the segment: what is divided begins with a header of its own.
    let divided = join(&[&[6, 0, 1, 4, 0, 0, 0, 0], segment]);
    let fragment = |at: usize, bytes: &[u8], more: u8, next: u8| {
        let place = u16::try_from(at).unwrap().to_be_bytes();
        let header = [next, 0, place[0], place[1] | more, 0, 0, 0, 7];
        ipv6(0, &join(&[&[44, 0, 1, 4, 0, 0, 0, 0], &header, bytes]))
    };
    // Only the first fragment says truly what it carries (RFC 8200, 4.5).
    let packets = [fragment(32, &divided[32..], 0, 59), fragment(0, &divided[..32], 1, 60)];
    let (mut decoder, mut last) = (Decoder::new(), vec![]);
    assert_segment(&decode_all(&mut decoder, 0x86dd, &packets, &mut last));
}

#[test]
fn fragments_in_a_tunnel_whose_datagrams_are_fragments() {
    // Every inner fragment is in a VXLAN datagram that is divided itself.
    let inner: Vec<Vec<u8>> = fragments_of_ipv4(&sample::tcp4(), 24);
    let outer: Vec<Vec<u8>> = inner
        .iter()
        .zip(0..)
        .flat_map(|(fragment, id)| {
            let vxlan = join(&[&[8, 0, 0, 0, 0, 0, 9, 0], &ethernet(0x0800, fragment)]);
            let mut packet = udp4(4_000, 4789, &vxlan);
            packet[4..6].copy_from_slice(&u16::to_be_bytes(id));
            fragments_of_ipv4(&packet, 40)
        })
        .collect();
    let (mut decoder, mut last) = (Decoder::new(), vec![]);
    let packet = decode_all(&mut decoder, 0x0800, &outer, &mut last);
    assert_segment(&packet);
    assert_eq!(packet.tunnels.iter().collect::<Vec<_>>(), [(TunnelKind::Vxlan, 9)]);
}

#[test]
fn fragments_from_different_networks_do_not_mix() {
    let packets = fragments_of_ipv4(&sample::tcp4(), 32);
    let mut decoder = Decoder::new();
    for (vlan, packet) in [(1, &packets[0]), (2, &packets[1])] {
        let bytes = ethernet(0x8100, &join(&[&[0, vlan, 8, 0], packet]));
        assert_eq!(decoder.decode(&frame(LinkType::ETHERNET, &bytes)), Ok(Decoded::Fragment));
    }
    // Another protocol is another datagram, too.
    let mut other = packets[1].clone();
    other[9] = 132;
    let bytes = ethernet(0x8100, &join(&[&[0, 1, 8, 0], &other]));
    assert_eq!(decoder.decode(&frame(LinkType::ETHERNET, &bytes)), Ok(Decoded::Fragment));
}

#[test]
fn datagrams_within_datagrams_end_at_the_bound() {
    let mut packets = vec![sample::tcp4()];
    for depth in 1..=3 {
        // Each packet in fragments of its own, and these in IP again.
        let divided = packets.iter().flat_map(|packet| fragments_of_ipv4(packet, (packet.len() - 20).div_ceil(16) * 8));
        let outer = divided.zip(0..).map(|(fragment, id)| {
            let mut packet = ipv4(4, &fragment);
            packet[4..6].copy_from_slice(&u16::to_be_bytes(id));
            packet
        });
        packets = outer.collect();
        let mut decoder = Decoder::new();
        let frames: Vec<Vec<u8>> = packets.iter().map(|packet| ethernet(0x0800, packet)).collect();
        let (last, others) = frames.split_last().unwrap();
        for bytes in others {
            let _ = decoder.decode(&frame(LinkType::ETHERNET, bytes));
        }
        match decoder.decode(&frame(LinkType::ETHERNET, last)) {
            Ok(Decoded::Packet(packet)) if depth < 3 => assert_segment(&packet),
            other => assert!(depth == 3 && other == Err(DecodeError::BadFragment), "{depth}: {other:?}"),
        }
    }
}
