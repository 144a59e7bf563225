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

#[cfg(test)]
mod tests {
    use super::super::sample::{self, ipv4, join};
    use super::*;

    fn quoting(kind: u8, code: u8, rest: [u8; 4], quoted: &[u8]) -> Vec<u8> {
        join(&[&[kind, code, 0, 0], &rest, quoted])
    }

    fn read(v6: bool, bytes: &[u8]) -> Option<IcmpError> {
        error(v6, Rest { bytes, cut: 0 })
    }

    #[test]
    fn eight_bytes_of_tcp_lead_back_to_the_flow() {
        let packet = sample::tcp4();
        let error = read(false, &quoting(3, 4, [0, 0, 5, 0], &packet[..28])).unwrap();
        let expected = IcmpError {
            kind: 3,
            code: 4,
            v6: false,
            mtu: Some(1280),
            quoted_source: [10, 0, 0, 1].into(),
            quoted_destination: [10, 0, 0, 2].into(),
            quoted_protocol: 6,
            quoted_ports: (50_000, 443),
            quoted_sequence: 1_000,
        };
        assert_eq!(error, expected);
        for length in 0..28 {
            assert_eq!(read(false, &quoting(3, 1, [0; 4], &packet[..length])), None, "{length}");
        }
    }

    #[test]
    fn icmpv6_and_udp() {
        let error = read(true, &quoting(2, 0, [0, 0, 5, 0xdc], &sample::tcp6())).unwrap();
        assert_eq!((error.v6, error.mtu, error.quoted_ports), (true, Some(1500), (50_000, 443)));
        let error = read(false, &quoting(11, 0, [0; 4], &sample::udp4(4_000, 443, b""))).unwrap();
        assert_eq!((error.quoted_protocol, error.quoted_ports, error.quoted_sequence), (17, (4_000, 443), 0));
        assert_eq!(error.mtu, None);
    }

    #[test]
    fn a_router_that_names_no_mtu_has_none() {
        let error = read(false, &quoting(3, 4, [0; 4], &sample::tcp4())).unwrap();
        assert_eq!(error.mtu, None);
    }

    #[test]
    fn other_messages_and_other_quotes_are_no_errors() {
        let tcp = sample::tcp4();
        for kind in [0, 5, 8, 13] {
            assert_eq!(read(false, &quoting(kind, 0, [0; 4], &tcp)), None, "{kind}");
        }
        for kind in [0, 5, 128, 129, 135, 137] {
            assert_eq!(read(true, &quoting(kind, 0, [0; 4], &tcp)), None, "{kind}");
        }
        assert_eq!(read(false, &quoting(3, 1, [0; 4], &ipv4(1, &tcp))), None);
        let mut later_fragment = tcp.clone();
        later_fragment[6..8].copy_from_slice(&[0, 8]);
        assert_eq!(read(false, &quoting(3, 1, [0; 4], &later_fragment)), None);
    }
}
