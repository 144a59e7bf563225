//! The decoder: the short way for usual frames, and the walk that takes any frame's headers off one at a time.

use super::fragments::{FragmentCounts, Fragments, Key};
use super::ip::{self, IpPacket};
use super::link::{self, Layer, ether_type};
use super::transport::{self, protocol};
use super::tunnel::{self, Inner};
use super::{DecodeError, Frame, Packet, Rest, Transport, Tunnels, VlanTags, fast, icmp};
use crate::time::Mark;

/// At most this many reassembled datagrams are around one packet: a fragmented datagram may carry, in a tunnel, the last
/// fragment of another.
const MAX_NESTED_DATAGRAMS: usize = 2;

/// What a frame turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// An IP packet, or the datagram that a last fragment completed.
    Packet(Packet<'a>),
    /// A fragment that is kept until the rest of its datagram comes.
    Fragment,
    /// No IP: ARP, spanning tree, an encrypted radio frame and the like.
    NotIp,
}

/// Decodes frames. It keeps fragments of IP datagrams, and counts what went wrong.
#[derive(Debug, Default)]
pub struct Decoder {
    fragments: Fragments,
    /// Where completed datagrams lie while they are looked at.
    whole: [Vec<u8>; MAX_NESTED_DATAGRAMS],
    errors: [u64; DecodeError::ALL.len()],
}

impl Decoder {
    /// One with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes one frame. The payload is the frame's own bytes, or, where this fragment completed a datagram, lies in
    /// the decoder until the next call.
    #[inline]
    pub fn decode<'a>(&'a mut self, frame: &Frame<'a>) -> Result<Decoded<'a>, DecodeError> {
        match fast::with(frame, Decoded::Packet) {
            Some(decoded) => Ok(decoded),
            None => self.walk(frame),
        }
    }

    /// Decodes one frame as [`Self::decode`] does, and hands on its packet if it has one.
    #[inline(always)]
    pub fn decode_with(&mut self, frame: &Frame<'_>, mut take: impl FnMut(&Packet<'_>)) {
        if fast::with(frame, |packet| take(&packet)).is_none()
            && let Ok(Decoded::Packet(packet)) = self.walk(frame)
        {
            take(&packet);
        }
    }

    /// The general way; every error is counted here. Kept apart, so that usual frames do not pay for its size.
    #[cold]
    #[inline(never)]
    pub(super) fn walk<'a>(&'a mut self, frame: &Frame<'a>) -> Result<Decoded<'a>, DecodeError> {
        let walk = Walk {
            vlan: VlanTags::default(),
            tunnels: Tunnels::default(),
            mark: frame.mark(),
            fragments: &mut self.fragments,
            whole: self.whole.iter_mut(),
        };
        let result = walk.run(frame);
        if let Err(error) = result
            && let Some(count) = self.errors.get_mut(error as usize)
        {
            *count = count.saturating_add(1);
        }
        result
    }

    /// How often each error was met, without those that were not.
    pub fn errors(&self) -> impl Iterator<Item = (DecodeError, u64)> + '_ {
        DecodeError::ALL.into_iter().zip(self.errors).filter(|(_, count)| *count > 0)
    }

    /// A number for the datagram that a frame carried a fragment of, if it was the last frame that was decoded and did.
    pub fn datagram(&self, frame: &Frame<'_>) -> Option<u64> {
        self.fragments.datagram(frame.number)
    }

    /// What became of fragments.
    pub fn fragments(&self) -> FragmentCounts {
        self.fragments.counts
    }
}

/// One frame's way through the layers: what has been seen so far, and what it may use.
struct Walk<'a> {
    vlan: VlanTags,
    tunnels: Tunnels,
    mark: Mark,
    fragments: &'a mut Fragments,
    whole: std::slice::IterMut<'a, Vec<u8>>,
}

/// Where a layer leads.
enum Step<'a> {
    Into(Layer, Rest<'a>),
    Tunnel(Inner<'a>),
    Done(Decoded<'a>),
}

impl<'a> Walk<'a> {
    fn run(mut self, frame: &Frame<'a>) -> Result<Decoded<'a>, DecodeError> {
        let (mut layer, mut rest) = link::open(frame.link, Rest::of(frame))?;
        // Every turn takes bytes off or names what they are, and datagrams and tunnels are bounded, so this ends.
        loop {
            let step = match layer {
                Layer::Ip => self.ip(rest)?,
                Layer::Other => Step::Done(Decoded::NotIp),
                _ => self.link(layer, rest).ok_or(DecodeError::TruncatedLink)?,
            };
            (layer, rest) = match step {
                Step::Into(next, behind) => (next, behind),
                Step::Tunnel(inner) if self.tunnels.push(inner.kind, inner.id) => (inner.layer, inner.rest),
                Step::Tunnel(_) => return Err(DecodeError::TooManyTunnels),
                Step::Done(decoded) => return Ok(decoded),
            };
        }
    }

    /// A layer below IP; `None` where its header is cut off.
    fn link(&mut self, layer: Layer, rest: Rest<'a>) -> Option<Step<'a>> {
        let (next, rest) = match layer {
            Layer::Ethernet => link::ethernet(rest)?,
            Layer::Llc => link::llc(rest)?,
            Layer::Ppp => link::ppp(rest)?,
            Layer::Wifi => link::wifi(rest, false)?,
            Layer::WifiSwapped => link::wifi(rest, true)?,
            Layer::EtherType(ether_type::IPV4 | ether_type::IPV6) => (Layer::Ip, rest),
            Layer::EtherType(ether_type::PPPOE_SESSION) => return tunnel::pppoe(rest).map(Step::Tunnel),
            Layer::EtherType(kind) if ether_type::MPLS.contains(&kind) => return tunnel::mpls(rest).map(Step::Tunnel),
            Layer::EtherType(kind) if ether_type::VLAN.contains(&kind) => {
                let (id, next, rest) = link::vlan_tag(rest)?;
                self.vlan.push(id);
                (next, rest)
            }
            Layer::EtherType(_) | Layer::Ip | Layer::Other => (Layer::Other, rest),
        };
        Some(Step::Into(next, rest))
    }

    /// An IP packet: the datagram whole, then what it carries.
    fn ip(&mut self, rest: Rest<'a>) -> Result<Step<'a>, DecodeError> {
        let mut packet = ip::open(rest)?;
        while packet.fragment.is_some() {
            match self.reassemble(packet)? {
                Some(whole) => packet = ip::extensions(whole)?,
                None => return Ok(Step::Done(Decoded::Fragment)),
            }
        }
        let transport = match packet.protocol {
            protocol::TCP => Transport::Tcp(transport::tcp(packet.body)?),
            protocol::UDP => {
                let (source, destination, payload) = transport::udp(packet.body)?;
                if let Some(inner) = tunnel::udp(source, destination, payload) {
                    return Ok(Step::Tunnel(inner));
                }
                Transport::Udp(transport::datagram(source, destination, payload))
            }
            number @ (protocol::ICMP | protocol::ICMPV6) => {
                let error = icmp::error(number == protocol::ICMPV6, packet.body);
                error.map_or(Transport::Other(number), Transport::IcmpError)
            }
            number => match tunnel::ip(number, packet.body) {
                Some(inner) => return Ok(Step::Tunnel(inner)),
                None => Transport::Other(number),
            },
        };
        Ok(Step::Done(Decoded::Packet(Packet {
            source: packet.source,
            destination: packet.destination,
            vlan: self.vlan,
            tunnels: self.tunnels,
            ttl: packet.ttl,
            ip_id: packet.id,
            transport,
        })))
    }

    /// The datagram that a fragment completes, behind its headers.
    fn reassemble(&mut self, packet: IpPacket<'a>) -> Result<Option<IpPacket<'a>>, DecodeError> {
        let (Some(place), Some(bytes)) = (packet.fragment, self.whole.next()) else {
            return Err(DecodeError::BadFragment);
        };
        let key = Key {
            source: packet.source,
            destination: packet.destination,
            id: place.id,
            protocol: packet.id.map(|_| packet.protocol),
            vlan: self.vlan,
            tunnels: self.tunnels,
        };
        let whole = self.fragments.add(key, place, packet.protocol, packet.body, self.mark, bytes)?;
        Ok(whole.map(|whole| IpPacket {
            protocol: whole.protocol,
            body: Rest { bytes, cut: whole.cut },
            fragment: None,
            ..packet
        }))
    }
}
