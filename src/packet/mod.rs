//! One frame, from its link layer up to TCP, UDP or an ICMP error: addresses, transport, payload. Nothing is copied and
//! nothing is remembered, fragments apart (see [`Decoder`]).

use crate::time::{Mark, Timestamp};
use std::net::IpAddr;

/// A link layer's number in pcap and pcapng files (LINKTYPE_…).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

/// One frame as a capture gave it.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its place in the capture, from 1.
    pub number: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// How `bytes` begin.
    pub link: LinkType,
    /// The capture's number for the interface that saw it, from 0.
    pub interface: u32,
    /// Its length on the wire; more than `bytes` holds where the capture snapped it.
    pub original_length: u32,
    /// What was captured.
    pub bytes: &'a [u8],
}

impl Frame<'_> {
    /// Number and time together.
    pub fn mark(&self) -> Mark {
        Mark { frame: self.number, time: self.time }
    }
}

/// At most this many VLAN tags of a frame are kept, outermost first (QinQ has two).
pub const MAX_VLAN_TAGS: usize = 2;

/// At most this many tunnels around a packet are taken off; what is deeper is not decoded.
pub const MAX_TUNNELS: usize = 4;

/// The VLAN identifiers around a packet, outermost first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct VlanTags {
    ids: [u16; MAX_VLAN_TAGS],
    len: u8,
}

/// A way of carrying packets in packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TunnelKind {
    /// RFC 7348; the identifier is the VNI.
    Vxlan,
    /// RFC 8926; the identifier is the VNI.
    Geneve,
    /// RFC 2784 and 2890; the identifier is the key, or 0.
    Gre,
    /// GTP-U (3GPP TS 29.281); the identifier is the TEID.
    Gtp,
    /// IP in IP (RFC 2003, 2473, 4213); no identifier.
    IpIp,
    /// MPLS (RFC 3032); the identifier is the bottom label.
    Mpls,
    /// PPPoE session (RFC 2516); the identifier is the session's.
    Pppoe,
    /// CAPWAP data (RFC 5415); no identifier.
    Capwap,
}

/// The tunnels around a packet, outermost first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tunnels {
    layers: [Option<(TunnelKind, u32)>; MAX_TUNNELS],
}

/// A decoded packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Sender, of the innermost IP header.
    pub source: IpAddr,
    /// Receiver, of the innermost IP header.
    pub destination: IpAddr,
    /// The VLAN tags of the frame.
    pub vlan: VlanTags,
    /// The tunnels it came through.
    pub tunnels: Tunnels,
    /// Time to live or hop limit.
    pub ttl: u8,
    /// IPv4 identification; IPv6 has none.
    pub ip_id: Option<u16>,
    /// What it carries.
    pub transport: Transport<'a>,
}

/// What an IP packet carries, as far as tlscribe cares.
#[derive(Clone, Copy, Debug)]
pub enum Transport<'a> {
    /// A TCP segment.
    Tcp(Segment<'a>),
    /// A UDP datagram.
    Udp(Datagram<'a>),
    /// An ICMP error about an earlier packet.
    IcmpError(IcmpError),
    /// Another protocol, by its IP number, or an ICMP message that is no error.
    Other(u8),
}

/// A TCP segment (RFC 9293).
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// The number of the first payload byte (of the SYN itself, if there is one).
    pub sequence: u32,
    /// The next byte the sender expects; only with the ACK flag.
    pub acknowledgment: u32,
    /// The flags.
    pub flags: TcpFlags,
    /// The window as sent, not scaled.
    pub window: u16,
    /// The options, not parsed.
    pub options: &'a [u8],
    /// The payload that was captured.
    pub payload: &'a [u8],
    /// How many payload bytes the capture snapped off behind `payload`.
    pub missing: u32,
}

/// TCP's flag bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TcpFlags(pub u8);

/// A UDP datagram (RFC 768).
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// The payload that was captured.
    pub payload: &'a [u8],
    /// How many payload bytes the capture snapped off behind `payload`.
    pub missing: u32,
}

/// An ICMP error and the packet it quotes (RFC 792, 4443): `Packet::source` is who complains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// ICMP or ICMPv6 type.
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// True for ICMPv6.
    pub v6: bool,
    /// The path MTU told by "fragmentation needed" or "packet too big".
    pub mtu: Option<u32>,
    /// Who sent the packet it is about.
    pub quoted_source: IpAddr,
    /// Whom that packet was for.
    pub quoted_destination: IpAddr,
    /// That packet's IP protocol (6 TCP, 17 UDP).
    pub quoted_protocol: u8,
    /// That packet's ports.
    pub quoted_ports: (u16, u16),
    /// The TCP sequence number quoted; 0 for UDP.
    pub quoted_sequence: u32,
}
