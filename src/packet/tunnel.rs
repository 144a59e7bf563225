//! Tunnels: packets in packets. Each reader takes one tunnel's header off and says what is inside, or `None` where the
//! bytes are not plausibly such a header: what merely uses a tunnel's port stays a UDP datagram.

use super::link::{Layer, ether_type};
use super::{Rest, TunnelKind, transport::protocol};

/// UDP ports by which tunnels are known (IANA, and Linux's first choice for VXLAN).
const VXLAN: u16 = 4789;
const VXLAN_GPE: u16 = 4790;
const VXLAN_LINUX: u16 = 8472;
const GENEVE: u16 = 6081;
const GTP_U: u16 = 2152;
const CAPWAP_DATA: u16 = 5247;

/// More labels than this on one packet are taken for noise; networks use two or three.
const MAX_LABELS: usize = 16;

/// What a tunnel carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inner<'a> {
    pub(super) kind: TunnelKind,
    pub(super) id: u32,
    pub(super) layer: Layer,
    pub(super) rest: Rest<'a>,
}

/// Whether a datagram between these ports may be a tunnel's. Tunnels are known by the port they are sent to; only
/// CAPWAP answers from its port.
#[inline]
pub(super) fn is_tunnel_port(source: u16, destination: u16) -> bool {
    matches!(destination, VXLAN | VXLAN_GPE | VXLAN_LINUX | GENEVE | GTP_U | CAPWAP_DATA) || source == CAPWAP_DATA
}

/// The tunnel in a UDP datagram.
pub(super) fn udp(source: u16, destination: u16, payload: Rest<'_>) -> Option<Inner<'_>> {
    match destination {
        VXLAN | VXLAN_GPE | VXLAN_LINUX => vxlan(payload),
        GENEVE => geneve(payload),
        GTP_U => gtp(payload),
        _ if is_tunnel_port(source, destination) => capwap(payload),
        _ => None,
    }
}

/// The tunnel in an IP packet.
pub(super) fn ip(number: u8, body: Rest<'_>) -> Option<Inner<'_>> {
    let version = body.bytes.first()? >> 4;
    match (number, version) {
        (protocol::IP_IN_IP, 4) | (protocol::IPV6_IN_IP, 6) => {
            Some(Inner { kind: TunnelKind::IpIp, id: 0, layer: Layer::Ip, rest: body })
        }
        (protocol::GRE, _) => gre(body),
        _ => None,
    }
}

/// VXLAN (RFC 7348), with a group policy or not, and its generic protocol extension.
fn vxlan(rest: Rest<'_>) -> Option<Inner<'_>> {
    let (&[flags, b1, b2, next, v0, v1, v2, reserved], rest) = rest.take()?;
    let layer = match (flags, [b1, b2, next]) {
        (0x08, [0, 0, 0]) | (0x88, _) => Layer::Ethernet,
        (0x0c, [0, 0, 1 | 2]) => Layer::Ip,
        (0x0c, [0, 0, 3]) => Layer::Ethernet,
        _ => return None,
    };
    (reserved == 0).then_some(Inner { kind: TunnelKind::Vxlan, id: u32::from_be_bytes([0, v0, v1, v2]), layer, rest })
}

/// Geneve (RFC 8926, 3.4), data packets only.
fn geneve(rest: Rest<'_>) -> Option<Inner<'_>> {
    let (&[lengths, flags, t0, t1, v0, v1, v2, reserved], rest) = rest.take()?;
    let layer = match u16::from_be_bytes([t0, t1]) {
        ether_type::TRANSPARENT_ETHERNET => Layer::Ethernet,
        kind @ (ether_type::IPV4 | ether_type::IPV6) => Layer::EtherType(kind),
        _ => return None,
    };
    let (version, options, control) = (lengths >> 6, usize::from(lengths & 0x3f).saturating_mul(4), flags & !0x40);
    if version != 0 || control != 0 || reserved != 0 {
        return None;
    }
    let id = u32::from_be_bytes([0, v0, v1, v2]);
    Some(Inner { kind: TunnelKind::Geneve, id, layer, rest: rest.skip(options)? })
}

/// GTP-U (3GPP TS 29.281, 5.1): user data, behind any extension headers.
fn gtp(rest: Rest<'_>) -> Option<Inner<'_>> {
    /// The message that carries a user's packet.
    const G_PDU: u8 = 255;
    let (&[flags, message, l0, l1, t0, t1, t2, t3], rest) = rest.take()?;
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    // Version 1, GTP rather than GTP', the reserved bit clear.
    if flags & 0xf8 != 0x30 || message != G_PDU || length > rest.wire_length() {
        return None;
    }
    let mut rest = rest.within(length);
    if flags & 0x07 != 0 {
        let (&[.., mut next], behind) = rest.take::<4>()?;
        rest = behind;
        while next != 0 {
            // In units of four bytes; the last byte is the next header's type.
            let length = usize::from(*rest.bytes.first()?).saturating_mul(4);
            next = *rest.bytes.get(length.checked_sub(1)?)?;
            rest = rest.skip(length)?;
        }
    }
    let id = u32::from_be_bytes([t0, t1, t2, t3]);
    plausible_ip(rest)?.then_some(Inner { kind: TunnelKind::Gtp, id, layer: Layer::Ip, rest })
}

/// CAPWAP data (RFC 5415, 4.3), neither encrypted nor fragmented: an Ethernet frame or an 802.11 data frame.
fn capwap(rest: Rest<'_>) -> Option<Inner<'_>> {
    let (&[preamble, b1, b2, flags], _) = rest.take()?;
    let (length, binding, native) = (usize::from(b1 >> 3).saturating_mul(4), b2 >> 1 & 0x1f, b2 & 1 == 1);
    // The flags but W and M, which only say what the header's length covers: fragment, last, keep-alive, reserved.
    if preamble != 0 || length < 8 || flags & 0xcf != 0 {
        return None;
    }
    let rest = rest.skip(length)?;
    let layer = match (native, binding, rest.bytes) {
        (false, _, _) => Layer::Ethernet,
        (true, 1, [kind, _, ..]) if is_wifi_data(*kind) => Layer::Wifi,
        (true, 1, [_, kind, ..]) if is_wifi_data(*kind) => Layer::WifiSwapped,
        _ => return None,
    };
    Some(Inner { kind: TunnelKind::Capwap, id: 0, layer, rest })
}

/// Whether the first byte of an 802.11 frame control field says version 0 and data.
fn is_wifi_data(kind: u8) -> bool {
    kind & 0x0f == 0x08
}

/// GRE (RFC 2784, 2890), with ERSPAN in it, and the version 1 of PPTP (RFC 2637, 4.1).
fn gre(rest: Rest<'_>) -> Option<Inner<'_>> {
    let (&[flags, version, t0, t1], mut rest) = rest.take()?;
    let (has_checksum, has_routing, has_key, has_sequence) =
        (flags & 0x80 != 0, flags & 0x40 != 0, flags & 0x20 != 0, flags & 0x10 != 0);
    let kind = u16::from_be_bytes([t0, t1]);
    let mut id = 0;
    match (version & 0x07, kind) {
        _ if has_routing => return None,
        (0, _) => {
            if has_checksum {
                rest = rest.skip(4)?;
            }
            if has_key {
                let (key, behind) = rest.take()?;
                (id, rest) = (u32::from_be_bytes(*key), behind);
            }
            if has_sequence {
                rest = rest.skip(4)?;
            }
        }
        // A call's number stands for the key; without a sequence number there is no payload.
        (1, ether_type::PPP) if has_key && has_sequence => {
            let has_acknowledgment = version & 0x80 != 0;
            id = rest.u16_at(2)?.into();
            rest = rest.skip(if has_acknowledgment { 12 } else { 8 })?;
        }
        _ => return None,
    }
    let layer = match kind {
        ether_type::TRANSPARENT_ETHERNET => Layer::Ethernet,
        ether_type::PPP => Layer::Ppp,
        ether_type::IPV4 | ether_type::IPV6 => Layer::EtherType(kind),
        kind if ether_type::MPLS.contains(&kind) => Layer::EtherType(kind),
        // Type I has no header of its own, type II's comes with a sequence number.
        ether_type::ERSPAN_II if !has_sequence => Layer::Ethernet,
        ether_type::ERSPAN_II => return erspan(id, rest, 8),
        ether_type::ERSPAN_III => {
            let has_platform_header = rest.bytes.get(11)? & 1 == 1;
            return erspan(id, rest, if has_platform_header { 20 } else { 12 });
        }
        _ => return None,
    };
    Some(Inner { kind: TunnelKind::Gre, id, layer, rest })
}

/// ERSPAN types II and III (draft-foschiano-erspan): a mirrored Ethernet frame. The session stands for GRE's key where
/// there is none.
fn erspan(key: u32, rest: Rest<'_>, header: usize) -> Option<Inner<'_>> {
    let session = u32::from(rest.u16_at(2)? & 0x03ff);
    let id = if key == 0 { session } else { key };
    Some(Inner { kind: TunnelKind::Gre, id, layer: Layer::Ethernet, rest: rest.skip(header)? })
}

/// A PPPoE session's frame (RFC 2516, 4 and 6), behind its EtherType.
pub(super) fn pppoe(rest: Rest<'_>) -> Option<Inner<'_>> {
    let (&[version, code, s0, s1, l0, l1], rest) = rest.take()?;
    let layer = if (version, code) == (0x11, 0) { Layer::Ppp } else { Layer::Other };
    let rest = rest.within(usize::from(u16::from_be_bytes([l0, l1])));
    Some(Inner { kind: TunnelKind::Pppoe, id: u16::from_be_bytes([s0, s1]).into(), layer, rest })
}

/// A stack of MPLS labels (RFC 3032, 2.1), behind its EtherType. Nothing in it says what is below: IP tells itself by
/// its version, an Ethernet pseudowire by its EtherType, with or without a control word (RFC 4448, 4.6).
pub(super) fn mpls(mut rest: Rest<'_>) -> Option<Inner<'_>> {
    let inner = |label, layer, rest| Some(Inner { kind: TunnelKind::Mpls, id: label, layer, rest });
    for _ in 0..MAX_LABELS {
        let (entry, behind) = rest.take()?;
        rest = behind;
        let (label, bottom) = (u32::from_be_bytes(*entry) >> 12, entry[2] & 1 == 1);
        if bottom {
            let (layer, rest) = below_labels(rest);
            return inner(label, layer, rest);
        }
    }
    inner(0, Layer::Other, rest)
}

fn below_labels(rest: Rest<'_>) -> (Layer, Rest<'_>) {
    let looks_like_ip = plausible_ip(rest) == Some(true);
    let behind_control_word = rest.skip(4).filter(|behind| rest.bytes.first() == Some(&0) && is_ethernet(*behind));
    match behind_control_word {
        _ if looks_like_ip && ip_fits(rest) => (Layer::Ip, rest),
        Some(behind) => (Layer::Ethernet, behind),
        None if is_ethernet(rest) => (Layer::Ethernet, rest),
        None if looks_like_ip => (Layer::Ip, rest),
        None => (Layer::Other, rest),
    }
}

/// Whether an IP header begins here, as far as its first byte tells; `None` if there is none.
fn plausible_ip(rest: Rest<'_>) -> Option<bool> {
    let first = *rest.bytes.first()?;
    Some(first >> 4 == 6 || (first >> 4 == 4 && first & 0x0f >= 5))
}

/// Whether the length in an IP header that begins here stays within the frame: what tells it from a hardware address.
fn ip_fits(rest: Rest<'_>) -> bool {
    let length = match rest.bytes.first() {
        Some(first) if first >> 4 == 6 => rest.u16_at(4).map(|payload| usize::from(payload).saturating_add(40)),
        _ => rest.u16_at(2).map(usize::from),
    };
    length.is_some_and(|length| length <= rest.wire_length())
}

/// Whether an Ethernet header with a usual type begins here.
fn is_ethernet(rest: Rest<'_>) -> bool {
    match rest.u16_at(12) {
        Some(ether_type::IPV4 | ether_type::IPV6 | ether_type::ARP | ether_type::PPPOE_SESSION) => true,
        Some(kind) => ether_type::VLAN.contains(&kind) || ether_type::MPLS.contains(&kind),
        None => false,
    }
}
