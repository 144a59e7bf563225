//! The usual shapes of frame, decoded directly: Ethernet with at most one VLAN tag, IPv4 without options or fragments or
//! IPv6 without extension headers, TCP or UDP. It answers only where it is sure of the answer; everything else it
//! leaves to the general walk, which a test holds it equal to. It is here because nearly every frame takes it, and the
//! walk costs five times as much.

use super::link::ether_type;
use super::transport::{self, protocol};
use super::{Frame, LinkType, Packet, Rest, Transport, Tunnels, VlanTags, tunnel};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Hands on the packet in a frame of a usual shape; nothing where it is none.
///
/// It is handed on from where its shape is known, not returned: where the shapes meet first, all of a packet is written to
/// memory and read again, which cost twice as much as decoding it. So a taker that only counts datagrams has 40
/// instructions for one.
#[inline(always)]
pub(super) fn with<'a, R>(frame: &Frame<'a>, take: impl FnOnce(Packet<'a>) -> R) -> Option<R> {
    match ethernet(frame)? {
        (ether_type::IPV4, vlan, rest) => ipv4(rest, vlan, take),
        (ether_type::IPV6, vlan, rest) => ipv6(rest, vlan, take),
        _ => None,
    }
}

/// The EtherType behind an Ethernet header with at most one VLAN tag, the tag, and the rest.
#[inline(always)]
fn ethernet<'a>(frame: &Frame<'a>) -> Option<(u16, VlanTags, Rest<'a>)> {
    if frame.link != LinkType::ETHERNET {
        return None;
    }
    let (header, rest) = Rest::of(frame).take::<14>()?;
    let kind = u16::from_be_bytes([header[12], header[13]]);
    let [vlan_tag, ..] = ether_type::VLAN;
    if kind != vlan_tag {
        return Some((kind, VlanTags::default(), rest));
    }
    let (&[t0, t1, k0, k1], rest) = rest.take()?;
    Some((u16::from_be_bytes([k0, k1]), VlanTags::one(u16::from_be_bytes([t0, t1]) & 0x0fff), rest))
}

/// An IPv4 packet with a header of 20 bytes, whole, of TCP or UDP.
#[inline(always)]
fn ipv4<'a, R>(rest: Rest<'a>, vlan: VlanTags, take: impl FnOnce(Packet<'a>) -> R) -> Option<R> {
    let (header, body) = rest.take::<20>()?;
    let [0x45, _, l0, l1, id0, id1, f0, f1, ttl, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = *header else {
        return None;
    };
    let fragmented = u16::from_be_bytes([f0, f1]) & 0x3fff != 0;
    if fragmented {
        return None;
    }
    // A length that is zero or too small is for the walk.
    let length = usize::from(u16::from_be_bytes([l0, l1])).checked_sub(header.len())?;
    let (source, destination) = (Ipv4Addr::new(s0, s1, s2, s3), Ipv4Addr::new(d0, d1, d2, d3));
    let ip_id = u16::from_be_bytes([id0, id1]);
    transport(protocol, body.promised(length), |transport| {
        take(Packet {
            source: IpAddr::V4(source),
            destination: IpAddr::V4(destination),
            vlan,
            tunnels: Tunnels::default(),
            ttl,
            ip_id: Some(ip_id),
            transport,
        })
    })
}

/// An IPv6 packet of TCP or UDP, without extension headers. With a length of zero neither is found in it.
#[inline(always)]
fn ipv6<'a, R>(rest: Rest<'a>, vlan: VlanTags, take: impl FnOnce(Packet<'a>) -> R) -> Option<R> {
    let (&[version, _, _, _, l0, l1, next_header, hop_limit], rest) = rest.take()?;
    let (source, rest) = rest.take::<16>()?;
    let (destination, body) = rest.take::<16>()?;
    let length = u16::from_be_bytes([l0, l1]);
    if version >> 4 != 6 {
        return None;
    }
    transport(next_header, body.promised(length.into()), |transport| {
        take(Packet {
            source: IpAddr::V6(Ipv6Addr::from(*source)),
            destination: IpAddr::V6(Ipv6Addr::from(*destination)),
            vlan,
            tunnels: Tunnels::default(),
            ttl: hop_limit,
            ip_id: None,
            transport,
        })
    })
}

/// TCP or UDP that needs no further look; errors and tunnels are for the walk.
#[inline(always)]
fn transport<'a, R>(number: u8, body: Rest<'a>, take: impl FnOnce(Transport<'a>) -> R) -> Option<R> {
    match number {
        protocol::TCP => {
            let segment = transport::tcp(body).ok()?;
            Some(take(Transport::Tcp(segment)))
        }
        protocol::UDP => {
            let (source, destination, payload) = transport::udp(body).ok()?;
            let plain = !tunnel::is_tunnel_port(source, destination);
            plain.then(|| take(Transport::Udp(transport::datagram(source, destination, payload))))
        }
        _ => None,
    }
}
