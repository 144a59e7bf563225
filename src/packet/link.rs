//! Link layers: what stands before the IP header on the wire or in the capture.

use super::{DecodeError, LinkType, Rest};

/// EtherType numbers (IANA, IEEE) that lead on.
pub(super) mod ether_type {
    pub(crate) const IPV4: u16 = 0x0800;
    pub(crate) const ARP: u16 = 0x0806;
    pub(crate) const IPV6: u16 = 0x86dd;
    /// 802.1Q, 802.1ad, and what switches used before the latter.
    pub(crate) const VLAN: [u16; 3] = [0x8100, 0x88a8, 0x9100];
    pub(crate) const TRANSPARENT_ETHERNET: u16 = 0x6558;
    pub(crate) const MPLS: [u16; 2] = [0x8847, 0x8848];
    pub(crate) const PPPOE_SESSION: u16 = 0x8864;
    pub(crate) const PPP: u16 = 0x880b;
    pub(crate) const ERSPAN_II: u16 = 0x88be;
    pub(crate) const ERSPAN_III: u16 = 0x22eb;
    /// Smaller numbers in an Ethernet header are an 802.3 length.
    pub(crate) const FIRST: u16 = 0x0600;
}

/// What the next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// An Ethernet frame.
    Ethernet,
    /// What an EtherType announces.
    EtherType(u16),
    /// An 802.2 header.
    Llc,
    /// A PPP frame.
    Ppp,
    /// An IEEE 802.11 frame.
    Wifi,
    /// The same with the two bytes of its frame control field swapped, as some access points send it.
    WifiSwapped,
    /// IPv4 or IPv6, as its first four bits say.
    Ip,
    /// Nothing that carries IP.
    Other,
}

/// A layer and its bytes; `None` where its header is cut off.
pub(super) type Next<'a> = Option<(Layer, Rest<'a>)>;

impl LinkType {
    /// BSD loopback, the family in the capturing machine's byte order.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// PPP.
    pub const PPP: Self = Self(9);
    /// Raw IP, as most systems number it in memory and some in files.
    pub const RAW_DLT: Self = Self(12);
    /// Raw IP, as OpenBSD numbers it.
    pub const RAW_OPENBSD: Self = Self(14);
    /// PPP in HDLC-like framing, or Cisco HDLC.
    pub const PPP_HDLC: Self = Self(50);
    /// PPPoE without its Ethernet header.
    pub const PPP_ETHER: Self = Self(51);
    /// Raw IP.
    pub const RAW: Self = Self(101);
    /// Cisco HDLC.
    pub const C_HDLC: Self = Self(104);
    /// IEEE 802.11.
    pub const IEEE802_11: Self = Self(105);
    /// OpenBSD loopback, the family in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux "cooked" capture.
    pub const LINUX_SLL: Self = Self(113);
    /// IEEE 802.11 behind a radiotap header.
    pub const IEEE802_11_RADIOTAP: Self = Self(127);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Linux "cooked" capture, version 2.
    pub const LINUX_SLL2: Self = Self(276);

    /// The name tcpdump knows it by; `None` if that is not one likely to be met.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "NULL",
            1 => "EN10MB",
            6 => "IEEE802",
            9 => "PPP",
            10 => "FDDI",
            12 | 14 | 101 => "RAW",
            50 => "PPP_SERIAL",
            51 => "PPP_ETHER",
            104 => "C_HDLC",
            105 => "IEEE802_11",
            107 => "FRELAY",
            108 => "LOOP",
            113 => "LINUX_SLL",
            119 => "PRISM_HEADER",
            127 => "IEEE802_11_RADIO",
            163 => "IEEE802_11_RADIO_AVS",
            187 => "BLUETOOTH_HCI_H4",
            189 => "USB_LINUX",
            192 => "PPI",
            195 => "IEEE802_15_4_WITHFCS",
            201 => "BLUETOOTH_HCI_H4_WITH_PHDR",
            220 => "USB_LINUX_MMAPPED",
            227 => "CAN_SOCKETCAN",
            228 => "IPV4",
            229 => "IPV6",
            239 => "NFLOG",
            249 => "USBPCAP",
            253 => "NETLINK",
            258 => "PKTAP",
            276 => "LINUX_SLL2",
            _ => return None,
        })
    }

    /// Whether frames of this type can be decoded.
    pub const fn supported(self) -> bool {
        matches!(self.0, 0 | 1 | 9 | 12 | 14 | 50 | 51 | 101 | 104 | 105 | 108 | 113 | 127 | 228 | 229 | 276)
    }
}

impl std::fmt::Display for LinkType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "LINKTYPE {}", self.0),
        }
    }
}

/// What a frame of link type `link` begins with, behind the headers that only captures have.
pub(super) fn open(link: LinkType, frame: Rest<'_>) -> Result<(Layer, Rest<'_>), DecodeError> {
    let opened = match link {
        LinkType::ETHERNET => Some((Layer::Ethernet, frame)),
        LinkType::RAW | LinkType::RAW_DLT | LinkType::RAW_OPENBSD | LinkType::IPV4 | LinkType::IPV6 => {
            Some((Layer::Ip, frame))
        }
        LinkType::NULL | LinkType::LOOP => loopback(frame),
        LinkType::LINUX_SLL => linux_sll(frame),
        LinkType::LINUX_SLL2 => linux_sll2(frame),
        LinkType::PPP | LinkType::PPP_HDLC | LinkType::C_HDLC => Some((Layer::Ppp, frame)),
        LinkType::PPP_ETHER => Some((Layer::EtherType(ether_type::PPPOE_SESSION), frame)),
        LinkType::IEEE802_11 => Some((Layer::Wifi, frame)),
        LinkType::IEEE802_11_RADIOTAP => radiotap(frame),
        _ => return Err(DecodeError::UnsupportedLink),
    };
    opened.ok_or(DecodeError::TruncatedLink)
}

/// A 4-byte address family. Which machine wrote it is not said, so whichever byte order gives a small number is right.
fn loopback(rest: Rest<'_>) -> Next<'_> {
    let (family, rest) = rest.take()?;
    let family = u32::from_be_bytes(*family).min(u32::from_le_bytes(*family));
    // AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 23 on Windows, 24, 28 or 30 on the BSDs and macOS.
    Some((if matches!(family, 2 | 10 | 23 | 24 | 28 | 30) { Layer::Ip } else { Layer::Other }, rest))
}

/// 16 bytes, the protocol last.
fn linux_sll(rest: Rest<'_>) -> Next<'_> {
    Some((cooked(rest.u16_at(14)?), rest.skip(16)?))
}

/// 20 bytes, the protocol first.
fn linux_sll2(rest: Rest<'_>) -> Next<'_> {
    Some((cooked(rest.u16_at(0)?), rest.skip(20)?))
}

/// A cooked capture's protocol is an EtherType or one of Linux's own numbers, of which 4 is an 802.2 frame.
fn cooked(protocol: u16) -> Layer {
    match protocol {
        4 => Layer::Llc,
        number if number >= ether_type::FIRST => Layer::EtherType(number),
        _ => Layer::Other,
    }
}

/// Version, padding, the header's length (little endian), and fields that do not matter here.
fn radiotap(rest: Rest<'_>) -> Next<'_> {
    let length = u16::from_le_bytes(*rest.skip(2)?.take()?.0);
    Some((Layer::Wifi, rest.skip(usize::from(length))?))
}

/// Ethernet II, or 802.3 with a length instead of a type.
pub(super) fn ethernet(rest: Rest<'_>) -> Next<'_> {
    let kind = rest.u16_at(12)?;
    let rest = rest.skip(14)?;
    Some(match kind {
        length if length < ether_type::FIRST => (Layer::Llc, rest.within(usize::from(length))),
        kind => (Layer::EtherType(kind), rest),
    })
}

/// A VLAN tag behind its EtherType: the identifier, and what follows.
pub(super) fn vlan_tag(rest: Rest<'_>) -> Option<(u16, Layer, Rest<'_>)> {
    let (&[a, b, c, d], rest) = rest.take()?;
    let id = u16::from_be_bytes([a, b]) & 0x0fff;
    Some(match u16::from_be_bytes([c, d]) {
        length if length < ether_type::FIRST => (id, Layer::Llc, rest.within(usize::from(length))),
        kind => (id, Layer::EtherType(kind), rest),
    })
}

/// IEEE 802.2: IP itself, or SNAP (RFC 1042) with an EtherType.
pub(super) fn llc(rest: Rest<'_>) -> Next<'_> {
    let (header, rest) = rest.take()?;
    Some(match *header {
        [0x06, 0x06, 0x03] => (Layer::Ip, rest),
        [0xaa, 0xaa, 0x03] => {
            let (&[oui @ .., a, b], rest) = rest.take::<5>()?;
            // The organisation of EtherTypes, and that of bridges that tunnel them (802.1H).
            let encapsulated = matches!(oui, [0, 0, 0] | [0, 0, 0xf8]);
            (if encapsulated { Layer::EtherType(u16::from_be_bytes([a, b])) } else { Layer::Other }, rest)
        }
        _ => (Layer::Other, rest),
    })
}

/// PPP (RFC 1661, 1662), whose address and control bytes may be left out and whose protocol may be one byte; or Cisco
/// HDLC (RFC 1547, 4.3.1), which has an EtherType there.
pub(super) fn ppp(rest: Rest<'_>) -> Next<'_> {
    let rest = match rest.bytes {
        [0xff, 0x03, ..] => rest.skip(2)?,
        [0x0f | 0x8f, _, a, b, ..] => {
            return Some((Layer::EtherType(u16::from_be_bytes([*a, *b])), rest.skip(4)?));
        }
        _ => rest,
    };
    let first = *rest.bytes.first()?;
    // The last byte of a protocol number is the first odd one.
    let (protocol, rest) = match first & 1 {
        1 => (u16::from(first), rest.skip(1)?),
        _ => (rest.u16_at(0)?, rest.skip(2)?),
    };
    let [unicast, multicast] = ether_type::MPLS;
    Some(match protocol {
        0x0021 | 0x0057 => (Layer::Ip, rest),
        0x0281 => (Layer::EtherType(unicast), rest),
        0x0283 => (Layer::EtherType(multicast), rest),
        _ => (Layer::Other, rest),
    })
}

/// The header of an 802.11 data frame (IEEE 802.11, 9.3.2.1) that is not encrypted and has an 802.2 header in it.
pub(super) fn wifi(rest: Rest<'_>, swapped: bool) -> Next<'_> {
    let (&control, _) = rest.take::<2>()?;
    let [kind, flags] = if swapped { [control[1], control[0]] } else { control };
    let (no_data, protected) = (kind & 0x40 != 0, flags & 0x40 != 0);
    if kind & 0x0f != 0x08 || no_data || protected {
        return Some((Layer::Other, rest));
    }
    let (quality_of_service, fourth_address, throughput_control) =
        (kind & 0x80 != 0, flags & 3 == 3, flags & 0x80 != 0);
    let mut length: usize = 24;
    for (present, bytes) in
        [(fourth_address, 6), (quality_of_service, 2), (quality_of_service && throughput_control, 4)]
    {
        length = length.saturating_add(if present { bytes } else { 0 });
    }
    Some((Layer::Llc, rest.skip(length)?))
}
