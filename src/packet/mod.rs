//! One frame, from its link layer up to TCP, UDP or an ICMP error: addresses, transport, payload. Nothing is copied and
//! nothing is remembered, fragments apart (see [`Decoder`]).
//!
//! The usual shapes of frame take a short way through `fast`; everything else, and the definition of what is right,
//! is the walk in `decoder`: `link`, `ip`, `tunnel` and `transport` take one header off at a time. `rest` keeps count
//! of what a capture has snapped off, so that it can be said rather than fail.

mod decoder;
mod error;
mod fast;
mod fragments;
mod icmp;
mod ip;
mod link;
mod options;
mod rest;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
mod transport;
mod tunnel;

pub use decoder::{Decoded, Decoder};
pub use error::DecodeError;
pub use fragments::FragmentCounts;
pub use options::{SackBlocks, TcpOption, TcpOptions};

use crate::time::{Mark, Timestamp};
use rest::Rest;
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

impl VlanTags {
    /// A single tag.
    #[inline]
    const fn one(id: u16) -> Self {
        Self { ids: [id, 0], len: if id == 0 { 0 } else { 1 } }
    }

    /// Notes a tag inside those noted before. An identifier of 0 says that the frame is in no VLAN (802.1Q, 9.6).
    fn push(&mut self, id: u16) {
        if id != 0
            && let Some(place) = self.ids.get_mut(usize::from(self.len))
        {
            *place = id;
            self.len = self.len.saturating_add(1);
        }
    }

    /// The identifiers, outermost first.
    pub fn ids(&self) -> &[u16] {
        self.ids.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl FromIterator<u16> for VlanTags {
    fn from_iter<I: IntoIterator<Item = u16>>(ids: I) -> Self {
        let mut tags = Self::default();
        ids.into_iter().for_each(|id| tags.push(id));
        tags
    }
}

/// A way of carrying packets in packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TunnelKind {
    /// RFC 7348; the identifier is the VNI.
    Vxlan,
    /// RFC 8926; the identifier is the VNI.
    Geneve,
    /// RFC 2784 and 2890; the identifier is the key, or else ERSPAN's session or PPTP's call, or 0.
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

impl TunnelKind {
    /// Its name in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vxlan => "vxlan",
            Self::Geneve => "geneve",
            Self::Gre => "gre",
            Self::Gtp => "gtp",
            Self::IpIp => "ipip",
            Self::Mpls => "mpls",
            Self::Pppoe => "pppoe",
            Self::Capwap => "capwap",
        }
    }

    /// Whether tunnels of this kind are told apart by an identifier.
    pub const fn has_identifier(self) -> bool {
        !matches!(self, Self::IpIp | Self::Capwap)
    }
}

/// The tunnels around a packet, outermost first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tunnels {
    kinds: [Option<TunnelKind>; MAX_TUNNELS],
    ids: [u32; MAX_TUNNELS],
}

impl Tunnels {
    /// Notes a tunnel inside those noted before; false if there are too many.
    fn push(&mut self, kind: TunnelKind, id: u32) -> bool {
        let free = self.kinds.iter_mut().zip(&mut self.ids).find(|(free, _)| free.is_none());
        free.map(|place| (*place.0, *place.1) = (Some(kind), id)).is_some()
    }

    /// Each tunnel and its identifier, outermost first.
    pub fn iter(&self) -> impl Iterator<Item = (TunnelKind, u32)> + '_ {
        self.kinds.iter().zip(self.ids).filter_map(|(kind, id)| Some(((*kind)?, id)))
    }

    /// Whether the packet came plainly.
    pub fn is_empty(&self) -> bool {
        self.kinds.first().is_none_or(Option::is_none)
    }
}

/// A decoded packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl Packet<'_> {
    /// True where it came through no VLAN and no tunnel.
    pub fn is_plain(&self) -> bool {
        self.vlan.ids().is_empty() && self.tunnels.is_empty()
    }
}

/// What an IP packet carries, as far as tlscribe cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl TcpFlags {
    /// No more data from this side.
    pub const FIN: u8 = 0x01;
    /// The connection opens; the sequence number is the initial one.
    pub const SYN: u8 = 0x02;
    /// The connection is void.
    pub const RST: u8 = 0x04;
    /// The receiver's application should have the data now.
    pub const PSH: u8 = 0x08;
    /// The acknowledgment number counts.
    pub const ACK: u8 = 0x10;
    /// The urgent pointer counts.
    pub const URG: u8 = 0x20;

    /// Whether FIN is set.
    pub const fn fin(self) -> bool {
        self.0 & Self::FIN != 0
    }

    /// Whether SYN is set.
    pub const fn syn(self) -> bool {
        self.0 & Self::SYN != 0
    }

    /// Whether RST is set.
    pub const fn rst(self) -> bool {
        self.0 & Self::RST != 0
    }

    /// Whether ACK is set.
    pub const fn ack(self) -> bool {
        self.0 & Self::ACK != 0
    }
}

/// A UDP datagram (RFC 768).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl IcmpError {
    /// True where it says that a packet was too long for the way: fragmentation needed, or packet too big.
    pub const fn is_too_long(&self) -> bool {
        matches!((self.v6, self.kind, self.code), (false, 3, 4) | (true, 2, _))
    }

    /// True where it says that packets do not arrive there: unreachable for any reason but their size, or lost on the way
    /// for want of hops (RFC 792, RFC 4443).
    pub const fn is_unreachable(&self) -> bool {
        match (self.v6, self.kind) {
            (false, 3) => self.code != 4,
            (false, 11) => self.code == 0,
            (true, 1) => true,
            (true, 3) => self.code == 0,
            _ => false,
        }
    }
}
