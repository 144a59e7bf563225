//! IPv4 (RFC 791) and IPv6 (RFC 8200) with its extension headers, by `etherparse`'s header slices. Its lax packet
//! parsing is not used: it neither counts what a capture snapped off nor stops at the fragment header of a fragment.

use super::{DecodeError, Rest};
use etherparse::{
    IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice, err,
};
use std::net::IpAddr;

/// Protocol numbers of extension headers (RFC 8200, 4; RFC 4302).
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION_OPTIONS: u8 = 60;

/// An IP packet behind its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IpPacket<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) ttl: u8,
    pub(super) id: Option<u16>,
    /// What `body` is; in a fragment, the number that stands before the part that was divided.
    pub(super) protocol: u8,
    pub(super) body: Rest<'a>,
    /// Where `body` belongs if it is a fragment.
    pub(super) fragment: Option<Fragment>,
}

/// A fragment's place in its datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fragment {
    pub(super) id: u32,
    /// In bytes.
    pub(super) offset: usize,
    /// Whether there are fragments behind it.
    pub(super) more: bool,
}

/// Takes the IP header off, and the extension headers up to the transport or to a fragment.
pub(super) fn open(rest: Rest<'_>) -> Result<IpPacket<'_>, DecodeError> {
    let first = rest.bytes.first().ok_or(DecodeError::TruncatedIp)?;
    let packet = match first >> 4 {
        4 => ipv4(rest)?,
        6 => ipv6(rest)?,
        _ => return Err(DecodeError::BadIpVersion),
    };
    match packet.fragment {
        Some(_) => Ok(packet),
        None => extensions(packet),
    }
}

fn ipv4(rest: Rest<'_>) -> Result<IpPacket<'_>, DecodeError> {
    let header = Ipv4HeaderSlice::from_slice(rest.bytes).map_err(|error| match error {
        err::ipv4::HeaderSliceError::Len(_) => DecodeError::TruncatedIp,
        err::ipv4::HeaderSliceError::Content(_) => DecodeError::BadIpLength,
    })?;
    let length = header.slice().len();
    let body = rest.skip(length).ok_or(DecodeError::TruncatedIp)?;
    let body = match usize::from(header.total_len()) {
        // Segmentation offload: the network card would have filled it in.
        0 => body,
        total => body.promised(total.checked_sub(length).ok_or(DecodeError::BadIpLength)?),
    };
    let fragment = header.is_fragmenting_payload().then(|| Fragment {
        id: header.identification().into(),
        offset: header.fragments_offset().byte_offset().into(),
        more: header.more_fragments(),
    });
    Ok(IpPacket {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        ttl: header.ttl(),
        id: Some(header.identification()),
        protocol: header.protocol().0,
        body,
        fragment,
    })
}

fn ipv6(rest: Rest<'_>) -> Result<IpPacket<'_>, DecodeError> {
    let header = Ipv6HeaderSlice::from_slice(rest.bytes).map_err(|_| DecodeError::TruncatedIp)?;
    let body = rest.skip(header.slice().len()).ok_or(DecodeError::TruncatedIp)?;
    let body = match usize::from(header.payload_length()) {
        // Segmentation offload or a jumbogram (RFC 2675): in both the frame's length is right.
        0 => body,
        length => body.promised(length),
    };
    Ok(IpPacket {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        ttl: header.hop_limit(),
        id: None,
        protocol: header.next_header().0,
        body,
        fragment: None,
    })
}

/// Walks extension headers up to what is none, or to the first fragment header of a real fragment.
pub(super) fn extensions(mut packet: IpPacket<'_>) -> Result<IpPacket<'_>, DecodeError> {
    let v6 = packet.source.is_ipv6();
    loop {
        let bytes = packet.body.bytes;
        let (next, length) = match packet.protocol {
            HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS if v6 => {
                let header = Ipv6RawExtHeaderSlice::from_slice(bytes).map_err(|_| DecodeError::TruncatedIp)?;
                (header.next_header(), header.slice().len())
            }
            FRAGMENT if v6 => {
                let header = Ipv6FragmentHeaderSlice::from_slice(bytes).map_err(|_| DecodeError::TruncatedIp)?;
                packet.fragment = header.is_fragmenting_payload().then(|| Fragment {
                    id: header.identification(),
                    offset: header.fragment_offset().byte_offset().into(),
                    more: header.more_fragments(),
                });
                (header.next_header(), header.slice().len())
            }
            AUTHENTICATION => {
                let header = IpAuthHeaderSlice::from_slice(bytes).map_err(|error| match error {
                    err::ip_auth::HeaderSliceError::Len(_) => DecodeError::TruncatedIp,
                    err::ip_auth::HeaderSliceError::Content(_) => DecodeError::BadIpLength,
                })?;
                (header.next_header(), header.slice().len())
            }
            _ => return Ok(packet),
        };
        packet.protocol = next.0;
        packet.body = packet.body.skip(length).ok_or(DecodeError::TruncatedIp)?;
        if packet.fragment.is_some() {
            return Ok(packet);
        }
    }
}
