//! Frames for tests: one TCP segment, carried in every way that can be taken off. The segment itself is written by
//! `etherparse`'s builder, what is around it by hand.

use super::{Decoded, Decoder, Frame, LinkType, Packet, TunnelKind};
use crate::time::Timestamp;
use etherparse::PacketBuilder;

/// What the segment carries; nothing else in a sample looks like it.
pub(super) const PAYLOAD: &[u8] = b"as plain as day";

/// The length of the segment's options.
pub(super) const OPTIONS_LENGTH: usize = 12;

/// A frame, and what is around the segment in it.
pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) link: LinkType,
    pub(super) bytes: Vec<u8>,
    pub(super) vlan: Vec<u16>,
    pub(super) tunnels: Vec<(TunnelKind, u32)>,
}

/// The segment in IPv4, from 10.0.0.1 port 50000 to 10.0.0.2 port 443.
pub(super) fn tcp4() -> Vec<u8> {
    tcp(PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 61))
}

/// The segment in IPv6, from 2001:db8::1 to 2001:db8::2.
pub(super) fn tcp6() -> Vec<u8> {
    let address = |last| [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
    tcp(PacketBuilder::ipv6(address(1), address(2), 61))
}

fn tcp(ip: etherparse::PacketBuilderStep<etherparse::IpHeaders>) -> Vec<u8> {
    use etherparse::TcpOptionElement::{Noop, Timestamp};
    let tcp = ip.tcp(50_000, 443, 1_000, 512).ack(2_000).psh();
    let tcp = tcp.options(&[Noop, Noop, Timestamp(7, 9)]).unwrap();
    let mut bytes = Vec::new();
    tcp.write(&mut bytes, PAYLOAD).unwrap();
    bytes
}

/// `payload` in UDP and IPv4.
pub(super) fn udp4(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let ip = PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
    ip.udp(source, destination).write(&mut bytes, payload).unwrap();
    bytes
}

/// `payload` in IPv4 as `protocol`.
pub(super) fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let ip = PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
    ip.write(&mut bytes, protocol.into(), payload).unwrap();
    bytes
}

/// `payload` in IPv6, behind the extension headers that it begins with.
pub(super) fn ipv6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x60, 0, 0, 0];
    bytes.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    bytes.extend([next_header, 64]);
    bytes.extend([0x20; 32]);
    bytes.extend(payload);
    bytes
}

/// `payload` in an Ethernet frame.
pub(super) fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    join(&[&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], &kind.to_be_bytes(), payload])
}

pub(super) fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// A frame that was captured whole.
pub(super) fn frame(link: LinkType, bytes: &[u8]) -> Frame<'_> {
    let original_length = u32::try_from(bytes.len()).unwrap();
    Frame { number: 1, time: Timestamp::from_micros(1), link, interface: 0, original_length, bytes }
}

/// The packet in a whole Ethernet frame.
pub(super) fn decode<'a>(decoder: &'a mut Decoder, ethernet: &'a [u8]) -> Packet<'a> {
    match decoder.decode(&frame(LinkType::ETHERNET, ethernet)) {
        Ok(Decoded::Packet(packet)) => packet,
        other => panic!("no packet: {other:?}"),
    }
}

/// The segment in every carrier.
pub(super) fn all() -> Vec<Sample> {
    let mut samples = link_layers();
    samples.extend(ip_shapes());
    samples.extend(tunnels());
    samples
}

fn plain(name: &'static str, link: LinkType, bytes: Vec<u8>) -> Sample {
    Sample { name, link, bytes, vlan: vec![], tunnels: vec![] }
}

fn link_layers() -> Vec<Sample> {
    let (v4, v6) = (tcp4(), tcp6());
    let length = u16::try_from(v4.len()).unwrap();
    let snap = join(&[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &v4]);
    let wifi = |control: [u8; 2], header: usize| join(&[&control, &vec![0; header - 2], &snap]);
    let tagged = |name, vlan: &[u16], bytes| Sample { vlan: vlan.to_vec(), ..plain(name, LinkType::ETHERNET, bytes) };
    vec![
        plain("Ethernet, IPv4", LinkType::ETHERNET, ethernet(0x0800, &v4)),
        plain("Ethernet, IPv6", LinkType::ETHERNET, ethernet(0x86dd, &v6)),
        plain("802.3, SNAP", LinkType::ETHERNET, ethernet(length + 8, &snap)),
        plain("802.3, LLC", LinkType::ETHERNET, ethernet(length + 3, &join(&[&[6, 6, 3], &v4]))),
        tagged("802.1Q", &[7], ethernet(0x8100, &join(&[&[0xe0, 7, 8, 0], &v4]))),
        tagged("802.1Q, IPv6", &[4094], ethernet(0x8100, &join(&[&[0x0f, 0xfe, 0x86, 0xdd], &v6]))),
        tagged("priority tag", &[], ethernet(0x8100, &join(&[&[0x60, 0, 8, 0], &v4]))),
        tagged("priority tag, VLAN", &[7], ethernet(0x88a8, &join(&[&[0x60, 0, 0x81, 0, 0, 7, 8, 0], &v4]))),
        tagged("802.1ad", &[300, 7], ethernet(0x88a8, &join(&[&[1, 44, 0x81, 0, 0, 7, 8, 0], &v4]))),
        tagged("QinQ as it was", &[300, 7], ethernet(0x9100, &join(&[&[1, 44, 0x81, 0, 0, 7, 0x86, 0xdd], &v6]))),
        tagged("three tags", &[1, 2], ethernet(0x8100, &join(&[&[0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3, 8, 0], &v4]))),
        tagged("802.1Q, SNAP", &[7], {
            let [high, low] = (length + 8).to_be_bytes();
            ethernet(0x8100, &join(&[&[0, 7, high, low], &snap]))
        }),
        plain("SLL", LinkType::LINUX_SLL, join(&[&[0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0, 8, 0], &v4])),
        plain("SLL, 802.2", LinkType::LINUX_SLL, join(&[&[0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0, 0, 4], &snap])),
        Sample {
            vlan: vec![7],
            ..plain("SLL, VLAN", LinkType::LINUX_SLL, join(&[&[0; 14], &[0x81, 0, 0, 7, 0x86, 0xdd], &v6]))
        },
        plain("SLL2", LinkType::LINUX_SLL2, join(&[&[0x86, 0xdd], &[0; 18], &v6])),
        plain("NULL, little endian", LinkType::NULL, join(&[&[2, 0, 0, 0], &v4])),
        plain("NULL, big endian", LinkType::NULL, join(&[&[0, 0, 0, 28], &v6])),
        plain("LOOP", LinkType::LOOP, join(&[&[0, 0, 0, 24], &v6])),
        plain("raw", LinkType::RAW, v4.clone()),
        plain("raw, DLT 12", LinkType::RAW_DLT, v6.clone()),
        plain("raw, OpenBSD", LinkType::RAW_OPENBSD, v4.clone()),
        plain("IPv4", LinkType::IPV4, v4.clone()),
        plain("IPv6", LinkType::IPV6, v6.clone()),
        plain("PPP", LinkType::PPP, join(&[&[0, 0x21], &v4])),
        plain("PPP in HDLC", LinkType::PPP_HDLC, join(&[&[0xff, 3, 0, 0x57], &v6])),
        plain("PPP, short protocol", LinkType::PPP, join(&[&[0xff, 3, 0x21], &v4])),
        plain("Cisco HDLC", LinkType::C_HDLC, join(&[&[0x0f, 0, 8, 0], &v4])),
        plain("802.11", LinkType::IEEE802_11, wifi([0x08, 0x01], 24)),
        plain("802.11, QoS", LinkType::IEEE802_11, wifi([0x88, 0x02], 26)),
        plain("802.11, QoS, HT control", LinkType::IEEE802_11, wifi([0x88, 0x82], 30)),
        plain("802.11, four addresses", LinkType::IEEE802_11, wifi([0x08, 0x03], 30)),
        plain(
            "radiotap",
            LinkType::IEEE802_11_RADIOTAP,
            join(&[&[0, 0, 12, 0, 4, 0x80, 0, 0, 2, 0, 24, 0], &wifi([0x08, 0x02], 24)]),
        ),
    ]
}

fn ip_shapes() -> Vec<Sample> {
    let (v4, v6) = (tcp4(), tcp6());
    let segment = &v6[40..];
    let with_options = {
        let mut bytes = join(&[&v4[..20], &[7, 7, 4, 0, 0, 0, 0, 0], &v4[20..]]);
        bytes[0] = 0x47;
        bytes[3] += 8;
        bytes
    };
    let authenticated = {
        let header = [6, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9];
        let mut bytes = join(&[&v4[..20], &header, &v4[20..]]);
        bytes[9] = 51;
        bytes[3] += 16;
        bytes
    };
    let with_extensions = |next: u8, headers: &[u8]| {
        let mut bytes = join(&[&v6[..40], headers, segment]);
        bytes[6] = next;
        bytes[5] += u8::try_from(headers.len()).unwrap();
        bytes
    };
    let chain = join(&[
        &[43, 0, 1, 4, 0, 0, 0, 0],                         // hop-by-hop
        &[60, 0, 0, 0, 0, 0, 0, 0],                         // routing
        &[51, 1, 1, 4, 0, 0, 0, 0, 1, 6, 0, 0, 0, 0, 0, 0], // destination options
        &[6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1],              // authentication
    ]);
    let unset_length = |mut bytes: Vec<u8>, at: usize| {
        bytes[at..at + 2].fill(0);
        bytes
    };
    vec![
        plain("IPv4 options", LinkType::ETHERNET, ethernet(0x0800, &with_options)),
        plain("IPv4 authentication header", LinkType::RAW, authenticated),
        plain("IPv6 extension headers", LinkType::RAW, with_extensions(0, &chain)),
        plain("IPv6 atomic fragment", LinkType::ETHERNET, {
            ethernet(0x86dd, &with_extensions(44, &[6, 0, 0, 0, 1, 2, 3, 4]))
        }),
        plain("IPv4 without a length", LinkType::ETHERNET, ethernet(0x0800, &unset_length(v4.clone(), 2))),
        plain("IPv6 without a length", LinkType::ETHERNET, ethernet(0x86dd, &unset_length(v6.clone(), 4))),
    ]
}

fn tunnels() -> Vec<Sample> {
    use TunnelKind::{Capwap, Geneve, Gre, Gtp, IpIp, Mpls, Pppoe, Vxlan};
    let (v4, v6) = (tcp4(), tcp6());
    let (inner4, inner6) = (ethernet(0x0800, &v4), ethernet(0x86dd, &v6));
    let length = u16::try_from(v4.len()).unwrap();
    let pppoe = join(&[&[0x11, 0, 6, 0x9d], &(length + 2).to_be_bytes(), &[0, 0x21], &v4]);
    let gtp = |flags: u8, optional: &[u8]| {
        let length = (length + u16::try_from(optional.len()).unwrap()).to_be_bytes();
        join(&[&[flags, 255], &length, &[0, 0, 1, 2], optional, &v4])
    };
    let capwap = |word: [u8; 8], control: [u8; 2], skipped: usize| {
        join(&[&word, &vec![0; skipped], &control, &[0; 22], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &v4])
    };
    let over_udp = |name, port, kind, id, payload: &[u8]| Sample {
        tunnels: vec![(kind, id)],
        ..plain(name, LinkType::ETHERNET, ethernet(0x0800, &udp4(40_000, port, payload)))
    };
    let over_ip = |name, protocol, kind, id, parts: &[&[u8]]| Sample {
        tunnels: vec![(kind, id)],
        ..plain(name, LinkType::ETHERNET, ethernet(0x0800, &ipv4(protocol, &join(parts))))
    };
    let over_ethernet = |name, kind, found: &[(TunnelKind, u32)], payload: &[u8]| Sample {
        tunnels: found.to_vec(),
        ..plain(name, LinkType::ETHERNET, ethernet(kind, payload))
    };
    vec![
        over_udp("VXLAN", 4789, Vxlan, 42, &join(&[&[8, 0, 0, 0, 0, 0, 42, 0], &inner4])),
        over_udp("VXLAN, Linux's port", 8472, Vxlan, 0x01_02_03, &join(&[&[8, 0, 0, 0, 1, 2, 3, 0], &inner6])),
        over_udp("VXLAN, group policy", 4789, Vxlan, 42, &join(&[&[0x88, 8, 1, 1, 0, 0, 42, 0], &inner4])),
        over_udp("VXLAN GPE, IPv4", 4790, Vxlan, 42, &join(&[&[12, 0, 0, 1, 0, 0, 42, 0], &v4])),
        over_udp("VXLAN GPE, Ethernet", 4790, Vxlan, 42, &join(&[&[12, 0, 0, 3, 0, 0, 42, 0], &inner6])),
        over_udp("Geneve, Ethernet", 6081, Geneve, 11, &join(&[&[0, 0, 0x65, 0x58, 0, 0, 11, 0], &inner4])),
        over_udp("Geneve, IP, options", 6081, Geneve, 11, &join(&[&[2, 0x40, 8, 0, 0, 0, 11, 0], &[1; 8], &v4])),
        over_udp("GTP-U", 2152, Gtp, 258, &gtp(0x30, &[])),
        over_udp("GTP-U, sequence", 2152, Gtp, 258, &gtp(0x32, &[0, 1, 0, 0])),
        over_udp("GTP-U, extension", 2152, Gtp, 258, &gtp(0x34, &[0, 0, 0, 0x85, 1, 0x10, 9, 0])),
        over_udp("CAPWAP, swapped", 5247, Capwap, 0, &capwap([0, 0x20, 3, 0x20, 0, 0, 0, 0], [0x11, 0x08], 8)),
        over_udp("CAPWAP", 5247, Capwap, 0, &capwap([0, 0x10, 3, 0, 0, 0, 0, 0], [0x08, 0x02], 0)),
        over_udp("CAPWAP, Ethernet", 5247, Capwap, 0, &join(&[&[0, 0x10, 2, 0, 0, 0, 0, 0], &inner4])),
        over_ip("GRE", 47, Gre, 0, &[&[0, 0, 8, 0], &v4]),
        over_ip("GRE, all fields", 47, Gre, 77, &[&[0xb0, 0, 0x86, 0xdd, 1, 1, 0, 0, 0, 0, 0, 77, 0, 0, 0, 1], &v6]),
        over_ip("GRE, Ethernet", 47, Gre, 0x0102_0304, &[&[0x20, 0, 0x65, 0x58, 1, 2, 3, 4], &inner4]),
        over_ip("ERSPAN I", 47, Gre, 0, &[&[0, 0, 0x88, 0xbe], &inner4]),
        over_ip(
            "ERSPAN II",
            47,
            Gre,
            0x123,
            &[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 7, 1, 0x23, 0, 0, 0, 0], &inner4],
        ),
        over_ip("ERSPAN III", 47, Gre, 5, &[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 7, 0, 5], &[0; 8], &inner6]),
        over_ip(
            "ERSPAN III, platform header",
            47,
            Gre,
            5,
            &[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 7, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1], &[0; 8], &inner6],
        ),
        over_ip(
            "PPTP",
            47,
            Gre,
            9,
            &[&[0x30, 0x81, 0x88, 0x0b, 0, 99, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 3, 0, 0x21], &v4],
        ),
        over_ip("IP in IP", 4, IpIp, 0, &[&v4]),
        over_ip("IPv6 in IP", 41, IpIp, 0, &[&v6]),
        over_ethernet("MPLS", 0x8847, &[(Mpls, 0x12345)], &join(&[&[0, 1, 0, 64, 0x12, 0x34, 0x51, 64], &v4])),
        over_ethernet("MPLS, pseudowire", 0x8847, &[(Mpls, 1)], &join(&[&[0, 0, 0x11, 64], &inner4])),
        over_ethernet("MPLS, control word", 0x8847, &[(Mpls, 1)], &join(&[&[0, 0, 0x11, 64, 0, 0, 0, 9], &inner6])),
        over_ethernet("MPLS, address like IPv4", 0x8847, &[(Mpls, 1)], &{
            let mut inner = inner4.clone();
            inner[0] = 0x4a;
            inner[2] = 0xff;
            join(&[&[0, 0, 0x11, 64], &inner])
        }),
        over_ethernet("PPPoE", 0x8864, &[(Pppoe, 1693)], &pppoe),
        over_ethernet("PPPoE, IPv6 in IP", 0x8864, &[(Pppoe, 1), (IpIp, 0)], &{
            let outer = ipv4(41, &v6);
            let length = u16::try_from(outer.len() + 2).unwrap().to_be_bytes();
            join(&[&[0x11, 0, 0, 1], &length, &[0, 0x21], &outer])
        }),
        Sample { tunnels: vec![(Pppoe, 1693)], ..plain("PPPoE alone", LinkType::PPP_ETHER, pppoe.clone()) },
        Sample {
            tunnels: vec![(Vxlan, 42)],
            vlan: vec![5, 6],
            ..plain("VLAN in VXLAN in VLAN", LinkType::ETHERNET, {
                let inner = ethernet(0x8100, &join(&[&[0, 6, 8, 0], &v4]));
                let outer = udp4(40_000, 4789, &join(&[&[8, 0, 0, 0, 0, 0, 42, 0], &inner]));
                ethernet(0x8100, &join(&[&[0, 5, 8, 0], &outer]))
            })
        },
    ]
}
