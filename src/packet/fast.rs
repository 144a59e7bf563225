//! The usual shapes of frame, decoded directly: Ethernet with at most one VLAN tag, IPv4 without options or fragments or
//! IPv6 without extension headers, TCP or UDP. It answers only where it is sure of the answer; everything else it
//! leaves to the general walk, which a test holds it equal to. It is here because nearly every frame takes it, and the
//! walk costs several times as much.

use super::link::ether_type;
use super::{Frame, LinkType, Packet, Rest, Transport, Tunnels, VlanTags, transport, tunnel};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use transport::protocol;

/// The packet in `frame`, if it is of a usual shape.
#[inline]
pub(super) fn decode<'a>(frame: &Frame<'a>) -> Option<Packet<'a>> {
    if frame.link != LinkType::ETHERNET {
        return None;
    }
    let (ethernet, mut rest) = Rest::of(frame).take::<14>()?;
    let mut kind = u16::from_be_bytes([ethernet[12], ethernet[13]]);
    let mut vlan = VlanTags::default();
    let [vlan_tag, ..] = ether_type::VLAN;
    if kind == vlan_tag {
        let (tag, behind) = rest.take::<4>()?;
        vlan.push(u16::from_be_bytes([tag[0] & 0x0f, tag[1]]));
        kind = u16::from_be_bytes([tag[2], tag[3]]);
        rest = behind;
    }
    match kind {
        ether_type::IPV4 => ipv4(rest, vlan),
        ether_type::IPV6 => ipv6(rest, vlan),
        _ => None,
    }
}

#[inline]
fn ipv4(rest: Rest<'_>, vlan: VlanTags) -> Option<Packet<'_>> {
    let (header, body) = rest.take::<20>()?;
    let [0x45, _, l0, l1, id0, id1, f0, f1, ttl, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = *header else {
        return None;
    };
    // More fragments, or an offset.
    if u16::from_be_bytes([f0, f1]) & 0x3fff != 0 {
        return None;
    }
    // A length that is zero or too small is for the walk.
    let length = usize::from(u16::from_be_bytes([l0, l1])).checked_sub(header.len())?;
    Some(Packet {
        source: IpAddr::V4(Ipv4Addr::new(s0, s1, s2, s3)),
        destination: IpAddr::V4(Ipv4Addr::new(d0, d1, d2, d3)),
        vlan,
        tunnels: Tunnels::default(),
        ttl,
        ip_id: Some(u16::from_be_bytes([id0, id1])),
        transport: transport(protocol, body.promised(length))?,
    })
}

#[inline]
fn ipv6(rest: Rest<'_>, vlan: VlanTags) -> Option<Packet<'_>> {
    let (header, body) = rest.take::<40>()?;
    if header[0] >> 4 != 6 {
        return None;
    }
    let length = u16::from_be_bytes([header[4], header[5]]);
    if length == 0 {
        return None;
    }
    let (_, addresses) = header.split_first_chunk::<8>()?;
    let (source, destination) = addresses.split_first_chunk::<16>()?;
    Some(Packet {
        source: IpAddr::V6(Ipv6Addr::from(*source)),
        destination: IpAddr::V6(Ipv6Addr::from(*destination.first_chunk::<16>()?)),
        vlan,
        tunnels: Tunnels::default(),
        ttl: header[7],
        ip_id: None,
        transport: transport(header[6], body.promised(length.into()))?,
    })
}

/// TCP or UDP that needs no further look; errors and tunnels are for the walk.
#[inline]
fn transport(number: u8, body: Rest<'_>) -> Option<Transport<'_>> {
    match number {
        protocol::TCP => transport::tcp(body).ok().map(Transport::Tcp),
        protocol::UDP => {
            let (source, destination, payload) = transport::udp(body).ok()?;
            let plain = !tunnel::is_tunnel_port(source, destination);
            plain.then(|| Transport::Udp(transport::datagram(source, destination, payload)))
        }
        _ => None,
    }
}
