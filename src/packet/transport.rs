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
#[inline]
pub(super) fn tcp(rest: Rest<'_>) -> Result<Segment<'_>, DecodeError> {
    let (header, behind) = rest.take::<20>().ok_or(DecodeError::TruncatedTransport)?;
    let length = usize::from(header[12] >> 4).saturating_mul(4);
    if length < header.len() || length > rest.wire_length() {
        return Err(DecodeError::BadTcpOffset);
    }
    let options_length = length.saturating_sub(header.len());
    let (options, payload, missing) = match behind.bytes.split_at_checked(options_length) {
        Some((options, payload)) => (options, payload, behind.missing()),
        None => {
            let snapped = options_length.saturating_sub(behind.bytes.len());
            (behind.bytes, Default::default(), Rest { bytes: &[], cut: behind.cut.saturating_sub(snapped) }.missing())
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
#[inline]
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
#[inline]
pub(super) fn datagram(source_port: u16, destination_port: u16, payload: Rest<'_>) -> Datagram<'_> {
    Datagram { source_port, destination_port, payload: payload.bytes, missing: payload.missing() }
}
