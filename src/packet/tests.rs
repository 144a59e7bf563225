//! Tests of the decoder as a whole: every carrier, cut off anywhere, mutated, and at random.

mod corpus;

use super::sample::{self, OPTIONS_LENGTH, PAYLOAD, Sample, ethernet, frame, ipv4, ipv6, join, udp4};
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The sample's segment, if `decoded` is a packet from its ends.
fn segment<'a>(decoded: &Result<Decoded<'a>, DecodeError>) -> Option<Segment<'a>> {
    let Ok(Decoded::Packet(packet)) = decoded else { return None };
    match packet.transport {
        Transport::Tcp(segment) if packet.source.is_ipv4() => {
            assert_eq!((packet.source, packet.destination), (address("10.0.0.1"), address("10.0.0.2")));
            Some(segment)
        }
        Transport::Tcp(segment) => {
            assert_eq!((packet.source, packet.destination), (address("2001:db8::1"), address("2001:db8::2")));
            Some(segment)
        }
        _ => None,
    }
}

fn assert_whole(name: &str, decoded: &Result<Decoded<'_>, DecodeError>) {
    let Some(segment) = segment(decoded) else { panic!("{name}: {decoded:?}") };
    let Ok(Decoded::Packet(packet)) = decoded else { panic!("{name}") };
    assert_eq!((segment.source_port, segment.destination_port), (50_000, 443), "{name}");
    assert_eq!((segment.sequence, segment.acknowledgment, segment.window), (1_000, 2_000, 512), "{name}");
    assert_eq!(segment.flags, TcpFlags(TcpFlags::PSH | TcpFlags::ACK), "{name}");
    assert_eq!((segment.payload, segment.missing), (PAYLOAD, 0), "{name}");
    assert_eq!(segment.options.len(), OPTIONS_LENGTH, "{name}");
    assert_eq!(packet.ttl, 61, "{name}");
    assert_eq!(packet.ip_id.is_some(), packet.source.is_ipv4(), "{name}");
}

#[test]
fn every_carrier_gives_the_segment_in_it() {
    for Sample { name, link, bytes, vlan, tunnels } in sample::all() {
        assert!(link.supported() && link.name().is_some(), "{name}");
        let mut decoder = Decoder::new();
        let decoded = decoder.decode(&frame(link, &bytes));
        assert_whole(name, &decoded);
        let Ok(Decoded::Packet(packet)) = decoded else { panic!("{name}") };
        assert_eq!(packet.vlan.ids(), vlan, "{name}");
        assert_eq!(packet.tunnels.iter().collect::<Vec<_>>(), tunnels, "{name}");
        assert_eq!(packet.tunnels.is_empty(), tunnels.is_empty(), "{name}");
        assert_eq!(decoder.errors().count(), 0, "{name}");
    }
}

/// Samples whose IP length is set: those without take what the frame has.
fn samples_with_lengths() -> impl Iterator<Item = Sample> {
    sample::all().into_iter().filter(|sample| !sample.name.contains("without a length"))
}

#[test]
fn padding_behind_the_packet_is_not_payload() {
    for Sample { name, link, bytes, .. } in samples_with_lengths() {
        let padded = join(&[&bytes, &[0; 9]]);
        assert_whole(name, &Decoder::new().decode(&frame(link, &padded)));
    }
}

#[test]
fn without_an_ip_length_what_carries_the_packet_bounds_it() {
    let mut packet = sample::tcp4();
    packet[2..4].fill(0);
    let length = u8::try_from(packet.len()).unwrap();
    let padded = [
        ethernet(u16::from(length) + 3, &join(&[&[6, 6, 3], &packet])),
        ethernet(0x8100, &join(&[&[0, 7, 0, length + 3, 6, 6, 3], &packet])),
        ethernet(0x8864, &join(&[&[0x11, 0, 0, 1, 0, length + 2, 0, 0x21], &packet])),
        ethernet(0x0800, &ipv4(4, &packet)),
        ethernet(0x0800, &udp4(1, 2152, &join(&[&[0x30, 255, 0, length, 0, 0, 0, 1], &packet, b"padding"]))),
    ];
    for bytes in padded {
        let bytes = join(&[&bytes, b"padding"]);
        assert_whole("padded", &Decoder::new().decode(&frame(LinkType::ETHERNET, &bytes)));
    }
}

#[test]
fn a_frame_cut_anywhere_gives_what_is_there_and_says_what_is_missing() {
    for Sample { name, link, bytes, .. } in sample::all() {
        let header_end = bytes.len() - PAYLOAD.len() - OPTIONS_LENGTH;
        for length in 0..bytes.len() {
            let cut = Frame { bytes: &bytes[..length], ..frame(link, &bytes) };
            let mut decoder = Decoder::new();
            let decoded = decoder.decode(&cut);
            match segment(&decoded) {
                Some(segment) => {
                    assert!(length >= header_end, "{name} at {length}");
                    assert!(PAYLOAD.starts_with(segment.payload), "{name} at {length}");
                    assert_eq!(segment.payload.len(), length.saturating_sub(header_end + OPTIONS_LENGTH), "{name}");
                    let whole = segment.payload.len() + usize::try_from(segment.missing).unwrap();
                    assert_eq!(whole, PAYLOAD.len(), "{name} at {length}");
                    assert_eq!(segment.options.len(), (length - header_end).min(OPTIONS_LENGTH), "{name}");
                }
                None => assert!(length < header_end, "{name} at {length}: {decoded:?}"),
            }
        }
    }
}

#[test]
fn what_the_ip_length_promises_is_missing_even_if_the_frame_s_length_was_rewritten() {
    for Sample { name, link, bytes, .. } in samples_with_lengths() {
        let cut = &bytes[..bytes.len() - 5];
        let segment = segment(&Decoder::new().decode(&frame(link, cut))).map(|s| (s.payload.len(), s.missing));
        assert_eq!(segment, Some((PAYLOAD.len() - 5, 5)), "{name}");
    }
}

#[test]
fn udp_keeps_its_own_length() {
    let bytes = ethernet(0x0800, &join(&[&udp4(4_000, 53, b"question"), b"padding"]));
    let mut decoder = Decoder::new();
    let Transport::Udp(datagram) = sample::decode(&mut decoder, &bytes).transport else { panic!() };
    assert_eq!((datagram.source_port, datagram.destination_port), (4_000, 53));
    assert_eq!((datagram.payload, datagram.missing), (&b"question"[..], 0));

    let cut = Frame { bytes: &bytes[..46], ..frame(LinkType::ETHERNET, &bytes) };
    let Ok(Decoded::Packet(packet)) = decoder.decode(&cut) else { panic!() };
    let Transport::Udp(datagram) = packet.transport else { panic!() };
    assert_eq!((datagram.payload, datagram.missing), (&b"ques"[..], 4));

    let mut shorter = bytes.clone();
    shorter[38..40].copy_from_slice(&[0, 12]);
    let Transport::Udp(datagram) = sample::decode(&mut decoder, &shorter).transport else { panic!() };
    assert_eq!((datagram.payload, datagram.missing), (&b"ques"[..], 0));

    // A length of zero, or one that the packet does not have, gives way to IP's.
    for length in [[0, 0], [0, 3], [0xff, 0]] {
        let mut odd = bytes.clone();
        odd[38..40].copy_from_slice(&length);
        let Transport::Udp(datagram) = sample::decode(&mut decoder, &odd).transport else { panic!() };
        assert_eq!((datagram.payload, datagram.missing), (&b"question"[..], 0));
    }
}

#[test]
fn a_tunnel_s_port_alone_makes_no_tunnel() {
    let inner = ethernet(0x0800, &sample::tcp4());
    let behind = |header: &[u8]| join(&[header, &inner]);
    let (dtls, quic): (&[u8], &[u8]) = (&[22, 254, 253, 0, 0, 0, 0, 0, 0, 0], &[0xc3, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5]);
    let mut payloads: Vec<(u16, Vec<u8>)> = vec![
        (4789, behind(&[0, 0, 0, 0, 0, 0, 42, 0])),          // no identifier
        (4789, behind(&[8, 0, 0, 0, 0, 0, 42, 1])),          // reserved byte set
        (4789, behind(&[8, 0, 1, 0, 0, 0, 42, 0])),          // reserved bytes set
        (4790, behind(&[12, 0, 0, 4, 0, 0, 42, 0])),         // another protocol
        (6081, behind(&[0x40, 0, 0x65, 0x58, 0, 0, 11, 0])), // version 1
        (6081, behind(&[0, 0x80, 0x65, 0x58, 0, 0, 11, 0])), // control packet
        (6081, behind(&[0, 0, 0x65, 0x59, 0, 0, 11, 0])),    // another protocol
        (2152, behind(&[0x30, 1, 0, 10, 0, 0, 0, 1])),       // echo request
        (2152, behind(&[0x30, 255, 0xff, 0, 0, 0, 0, 1])),   // longer than the datagram
        (2152, behind(&[0x30, 255, 0, 10, 0, 0, 0, 1])),     // no IP inside
        (2152, join(&[&[0x34, 255, 0, 8, 0, 0, 0, 1], &[0, 0, 0, 0x85], &[0, 0, 0, 0]])), // extension of no length
        (5247, behind(&[1, 0x10, 2, 0, 0, 0, 0, 0])),        // DTLS
        (5247, behind(&[0, 0x10, 2, 0x80, 0, 0, 0, 0])),     // a fragment
        (5247, behind(&[0, 0x08, 2, 0, 0, 0, 0, 0])),        // a header too short
        (5247, behind(&[0, 0x10, 3, 0, 0, 0, 0, 0])),        // no data frame
    ];
    for port in [4789, 4790, 8472, 6081, 2152, 5247] {
        payloads.extend([(port, dtls.to_vec()), (port, quic.to_vec()), (port, vec![])]);
    }
    for (port, payload) in payloads {
        let bytes = ethernet(0x0800, &udp4(40_000, port, &payload));
        let mut decoder = Decoder::new();
        let packet = sample::decode(&mut decoder, &bytes);
        let Transport::Udp(datagram) = packet.transport else { panic!("{port} {payload:?}: {packet:?}") };
        assert_eq!(datagram.payload, payload);
        assert!(packet.tunnels.is_empty());
    }
    for payload in [&[0x40, 0, 8, 0][..], &[0, 2, 8, 0], &[0, 0, 0, 0], &[0x20, 1, 0x88, 0x0b], &[0, 0]] {
        let bytes = ethernet(0x0800, &ipv4(47, payload));
        assert_eq!(sample::decode(&mut Decoder::new(), &bytes).transport, Transport::Other(47));
    }
}

#[test]
fn capwap_answers_from_its_port() {
    let payload = join(&[&[0, 0x10, 2, 0, 0, 0, 0, 0], &ethernet(0x0800, &sample::tcp4())]);
    let bytes = ethernet(0x0800, &udp4(5247, 12_380, &payload));
    assert_whole("CAPWAP", &Decoder::new().decode(&frame(LinkType::ETHERNET, &bytes)));
}

#[test]
fn tunnels_in_tunnels_end_at_the_bound() {
    let mut packet = sample::tcp4();
    for depth in 1..=MAX_TUNNELS + 1 {
        packet = ipv4(4, &packet);
        let bytes = ethernet(0x0800, &packet);
        let mut decoder = Decoder::new();
        let decoded = decoder.decode(&frame(LinkType::ETHERNET, &bytes));
        if depth <= MAX_TUNNELS {
            assert_whole("nested", &decoded);
        } else {
            assert_eq!(decoded, Err(DecodeError::TooManyTunnels));
        }
    }
}

#[test]
fn frames_without_ip_are_no_errors() {
    let frames = [
        (LinkType::ETHERNET, ethernet(0x0806, &[0; 28])),
        (LinkType::ETHERNET, ethernet(0x88cc, &[0; 28])),
        (LinkType::ETHERNET, ethernet(38, &[0x42, 0x42, 3, 0, 0, 0, 0, 0])),
        (LinkType::ETHERNET, ethernet(38, &[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x08, 0x00, 1, 2])),
        (LinkType::ETHERNET, ethernet(0x8864, &[0x11, 9, 0, 0, 0, 4, 1, 1, 0, 0])),
        (LinkType::ETHERNET, ethernet(0x8847, &[0, 0, 0x11, 64, 0x10, 0, 0, 7, 1, 2, 3])),
        (LinkType::ETHERNET, ethernet(0x8847, &[0; 80])),
        (LinkType::LINUX_SLL, vec![0; 16]),
        (LinkType::NULL, vec![7, 0, 0, 0, 1, 2, 3]),
        (LinkType::PPP, vec![0xff, 3, 0xc0, 0x21, 1, 1, 0, 4]),
        (LinkType::IEEE802_11, vec![0x80; 40]),
        (LinkType::IEEE802_11, join(&[&[0x08, 0x41], &[0; 22], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &sample::tcp4()])),
        (LinkType::IEEE802_11, join(&[&[0x48, 0x01], &[0; 22]])),
    ];
    for (link, bytes) in frames {
        let mut decoder = Decoder::new();
        assert_eq!(decoder.decode(&frame(link, &bytes)), Ok(Decoded::NotIp), "{bytes:02x?}");
    }
}

#[test]
fn errors_are_told_apart_and_counted() {
    use DecodeError::*;
    let (v4, v6) = (sample::tcp4(), sample::tcp6());
    let with = |mut bytes: Vec<u8>, at: usize, value: u8| {
        bytes[at] = value;
        bytes
    };
    let cases = [
        (UnsupportedLink, LinkType(189), v4.clone()),
        (TruncatedLink, LinkType::ETHERNET, vec![1, 2, 3]),
        (TruncatedLink, LinkType::LINUX_SLL2, vec![8, 0, 3]),
        (TruncatedIp, LinkType::RAW, vec![]),
        (TruncatedIp, LinkType::RAW, v4[..19].to_vec()),
        (TruncatedIp, LinkType::RAW, v6[..39].to_vec()),
        (TruncatedIp, LinkType::RAW, ipv6(60, &[6, 9, 0, 0, 0, 0, 0, 0])),
        (BadIpVersion, LinkType::RAW, with(v4.clone(), 0, 0x55)),
        (BadIpLength, LinkType::RAW, with(v4.clone(), 0, 0x44)),
        (BadIpLength, LinkType::RAW, with(v4.clone(), 3, 19)),
        (BadIpLength, LinkType::RAW, ipv6(51, &[6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
        (TruncatedTransport, LinkType::RAW, ipv4(6, &[0; 19])),
        (TruncatedTransport, LinkType::RAW, ipv4(17, &[0; 7])),
        (BadTcpOffset, LinkType::RAW, with(v4.clone(), 32, 0x40)),
        (BadTcpOffset, LinkType::RAW, ipv4(6, &with(vec![0; 20], 12, 0x60))),
        (BadFragment, LinkType::RAW, with(with(v4.clone(), 6, 0x3f), 7, 0xff)),
    ];
    for (error, link, bytes) in cases {
        let mut decoder = Decoder::new();
        assert_eq!(decoder.decode(&frame(link, &bytes)), Err(error), "{bytes:02x?}");
        assert_eq!(decoder.decode(&frame(link, &bytes)), Err(error), "{bytes:02x?}");
        assert_eq!(decoder.errors().collect::<Vec<_>>(), [(error, 2)]);
        assert!(!error.to_string().is_empty());
    }
    let numbers: Vec<usize> = DecodeError::ALL.iter().map(|error| *error as usize).collect();
    assert!(numbers.iter().copied().eq(0..DecodeError::ALL.len()), "{numbers:?}");
}

#[test]
fn link_types_have_tcpdump_s_names() {
    assert_eq!(LinkType::ETHERNET.to_string(), "EN10MB");
    assert_eq!(LinkType(276).name(), Some("LINUX_SLL2"));
    assert_eq!(LinkType(9_999).to_string(), "LINKTYPE 9999");
    assert!(!LinkType(189).supported());
}

/// What the short way says of a frame.
fn fast<'a>(frame: &Frame<'a>) -> Option<Packet<'a>> {
    fast::with(frame, |packet| packet)
}

#[test]
fn the_short_way_takes_the_usual_shapes() {
    for sample in sample::all() {
        let usual = ["Ethernet, IPv4", "Ethernet, IPv6", "802.1Q", "802.1Q, IPv6", "priority tag"];
        let taken = fast(&frame(sample.link, &sample.bytes)).is_some();
        assert_eq!(taken, usual.contains(&sample.name), "{}", sample.name);
    }
    assert!(fast(&frame(LinkType::ETHERNET, &ethernet(0x0800, &udp4(1, 443, b"")))).is_some());
    assert!(fast(&frame(LinkType::ETHERNET, &ethernet(0x0800, &udp4(1, 4789, b"")))).is_none());
}

/// Frames of usual shapes, some bytes of them changed, some cut or padded, some with a wrong length.
fn nearly_usual() -> impl Strategy<Value = (Vec<u8>, u32)> {
    let payload = vec(any::<u8>(), 0..80);
    let port = prop_oneof![any::<u16>(), proptest::sample::select(vec![2152, 4789, 4790, 5247, 6081, 8472])];
    let packet = (any::<bool>(), any::<bool>(), port, payload).prop_map(|(v6, udp, port, payload)| {
        let (v4, v6) = match (udp, v6) {
            (true, false) => return (0x0800, udp4(port, 443, &payload)),
            (true, true) => return (0x86dd, ipv6(17, &udp4(443, port, &payload)[20..])),
            (false, v6) => (sample::tcp4(), v6.then(sample::tcp6)),
        };
        v6.map_or((0x0800, v4), |v6| (0x86dd, v6))
    });
    let mutations = vec((0..90_usize, any::<u8>()), 0..4);
    let tag = proptest::option::of(any::<[u8; 2]>());
    (packet, tag, mutations, 0..140_usize, any::<bool>(), 0..200_u32).prop_map(
        |((kind, packet), tag, mutations, length, resize, more)| {
            let mut bytes = match tag {
                Some(tag) => ethernet(0x8100, &join(&[&tag, &u16::to_be_bytes(kind), &packet])),
                None => ethernet(kind, &packet),
            };
            for (at, value) in mutations {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            if resize {
                bytes.resize(length, 0);
            }
            let original_length = u32::try_from(bytes.len()).unwrap() + if resize { more } else { 0 };
            (bytes, original_length)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn the_short_way_and_the_walk_agree((bytes, original_length) in nearly_usual()) {
        let frame = Frame { original_length, ..frame(LinkType::ETHERNET, &bytes) };
        let mut decoder = Decoder::new();
        if let Some(packet) = fast(&frame) {
            prop_assert_eq!(decoder.walk(&frame), Ok(Decoded::Packet(packet)));
        }
        let (mut usual, mut walker) = (Decoder::new(), Decoder::new());
        let mut handed_on = None;
        Decoder::new().decode_with(&frame, |packet| handed_on = Some(format!("{packet:?}")));
        let decoded = usual.decode(&frame);
        let expected = if let Ok(Decoded::Packet(packet)) = decoded { Some(format!("{packet:?}")) } else { None };
        prop_assert_eq!(handed_on, expected);
        prop_assert_eq!(decoded, walker.walk(&frame));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_bytes_make_it_panic(
        frames in vec((proptest::sample::select(supported()), vec(any::<u8>(), 0..160), any::<u32>()), 1..8),
    ) {
        let mut decoder = Decoder::new();
        for (link, bytes, original_length) in frames {
            check(&mut decoder, &Frame { original_length, ..frame(link, &bytes) });
        }
    }

    #[test]
    fn no_damage_to_a_frame_makes_it_panic(
        mutations in vec((any::<prop::sample::Index>(), vec((0..120_usize, any::<u8>()), 0..8)), 1..8),
    ) {
        let samples = sample::all();
        let mut decoder = Decoder::new();
        for (index, changes) in mutations {
            let sample = index.get(&samples);
            let mut bytes = sample.bytes.clone();
            for (at, value) in changes {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            check(&mut decoder, &frame(sample.link, &bytes));
        }
    }
}

fn supported() -> Vec<LinkType> {
    (0..400).map(LinkType).filter(|link| link.supported()).collect()
}

/// Decodes a frame, and reads whatever can be read lazily.
fn check(decoder: &mut Decoder, frame: &Frame<'_>) {
    if let Ok(Decoded::Packet(packet)) = decoder.decode(frame)
        && let Transport::Tcp(segment) = packet.transport
    {
        assert!(segment.tcp_options().count() <= 40);
        assert!(segment.sack_blocks().count() <= 4);
    }
}
