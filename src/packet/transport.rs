//! TCP, UDP and ICMP errors: what an IP packet carries.

use super::{Datagram, DecodeError, Rest, Segment, TcpFlags};

/// IP protocol numbers (IANA) that lead on.
pub(super) mod protocol {
    pub(crate) const ICMP: u8 = 1;
    pub(crate) const IP_IN_IP: u8 = 4;
    pub(crate) const TCP: u8 = 6;
    pub(crate) const UDP: u8 = 17;
    pub(crate) const IPV6_IN_IP: u8 = 41;
    pub(crate) const GRE: u8 = 47;
    pub(crate) const ICMPV6: u8 = 58;
}

/// A TCP segment (RFC 9293, 3.1). Options or payload that the capture snapped off are no error.
#[inline(always)]
pub(super) fn tcp(rest: Rest<'_>) -> Result<Segment<'_>, DecodeError> {
    let (header, behind) = rest.take::<20>().ok_or(DecodeError::TruncatedTransport)?;
    // In units of four bytes, the header included.
    let offset = usize::from(header[12] >> 4).saturating_mul(4);
    let length = offset.checked_sub(header.len()).ok_or(DecodeError::BadTcpOffset)?;
    let (options, payload, missing) = match behind.bytes.split_at_checked(length) {
        Some((options, payload)) => (options, payload, behind.missing()),
        None => {
            let missing = behind.wire_length().checked_sub(length).ok_or(DecodeError::BadTcpOffset)?;
            (behind.bytes, [].as_slice(), u32::try_from(missing).unwrap_or(u32::MAX))
        }
    };
    Ok(Segment {
        source_port: u16::from_be_bytes([header[0], header[1]]),
        destination_port: u16::from_be_bytes([header[2], header[3]]),
        sequence: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
        acknowledgment: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
        flags: TcpFlags(header[13]),
        window: u16::from_be_bytes([header[14], header[15]]),
        options,
        payload,
        missing,
    })
}

/// A UDP datagram (RFC 768): its ports, and its payload. A length that is 0 (segmentation offload) or makes no sense is
/// ignored: the IP packet's own serves.
#[inline(always)]
pub(super) fn udp(rest: Rest<'_>) -> Result<(u16, u16, Rest<'_>), DecodeError> {
    let (header, payload) = rest.take::<8>().ok_or(DecodeError::TruncatedTransport)?;
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    let payload = match length.checked_sub(header.len()) {
        Some(length) => payload.within(length),
        None => payload,
    };
    let ports = (u16::from_be_bytes([header[0], header[1]]), u16::from_be_bytes([header[2], header[3]]));
    Ok((ports.0, ports.1, payload))
}

/// A datagram of what [`udp`] found.
#[inline(always)]
pub(super) fn datagram(source_port: u16, destination_port: u16, payload: Rest<'_>) -> Datagram<'_> {
    Datagram { source_port, destination_port, payload: payload.bytes, missing: payload.missing() }
}
