//! ICMP and ICMPv6 errors: what a router or a host says about an earlier packet, which it quotes.

use super::{IcmpError, Rest, ip, transport::protocol};

/// The error in an ICMP message; `None` for other messages, and for errors about what is neither TCP nor UDP or of which
/// too little is quoted to know the ports.
pub(super) fn error(v6: bool, body: Rest<'_>) -> Option<IcmpError> {
    let (&[kind, code, _, _, m0, m1, m2, m3], quoted) = body.take()?;
    // Unreachable, source quench, time exceeded, parameter problem (RFC 792); unreachable, packet too big, time exceeded,
    // parameter problem (RFC 4443). A redirect is no error: the packet was forwarded.
    let is_error = if v6 { matches!(kind, 1..=4) } else { matches!(kind, 3 | 4 | 11 | 12) };
    if !is_error {
        return None;
    }
    let mtu = match (v6, kind, code) {
        // RFC 1191, 4: zero from routers that do not say.
        (false, 3, 4) => Some(u32::from(u16::from_be_bytes([m2, m3]))).filter(|mtu| *mtu > 0),
        (true, 2, _) => Some(u32::from_be_bytes([m0, m1, m2, m3])),
        _ => None,
    };
    let packet = ip::open(quoted).ok()?;
    if packet.fragment.is_some_and(|fragment| fragment.offset > 0) {
        return None;
    }
    let quoted_ports = (packet.body.u16_at(0)?, packet.body.u16_at(2)?);
    let quoted_sequence = match packet.protocol {
        protocol::TCP => u32::from_be_bytes(*packet.body.skip(4)?.take()?.0),
        protocol::UDP => 0,
        _ => return None,
    };
    Some(IcmpError {
        kind,
        code,
        v6,
        mtu,
        quoted_source: packet.source,
        quoted_destination: packet.destination,
        quoted_protocol: packet.protocol,
        quoted_ports,
        quoted_sequence,
    })
}
