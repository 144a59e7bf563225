//! The decoder: the short way for usual frames, and the walk that takes any frame's headers off one at a time.

use super::link::{self, Layer, ether_type};
use super::transport::{self, protocol};
use super::{DecodeError, Frame, Packet, Rest, Transport, Tunnels, VlanTags, fast, ip};

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
        match fast::decode(frame) {
            Some(packet) => Ok(Decoded::Packet(packet)),
            None => self.walk(frame),
        }
    }

    /// The general way; every error is counted here.
    fn walk<'a>(&'a mut self, frame: &Frame<'a>) -> Result<Decoded<'a>, DecodeError> {
        let result = Walk { vlan: VlanTags::default(), tunnels: Tunnels::default() }.run(frame);
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
}

/// One frame's way through the layers: what has been seen so far.
struct Walk {
    vlan: VlanTags,
    tunnels: Tunnels,
}

/// Where a layer leads.
enum Step<'a> {
    Into(Layer, Rest<'a>),
    Done(Decoded<'a>),
}

impl Walk {
    fn run<'a>(mut self, frame: &Frame<'a>) -> Result<Decoded<'a>, DecodeError> {
        let (mut layer, mut rest) = link::open(frame.link, Rest::of(frame))?;
        // Every turn takes bytes off the frame, so this ends.
        loop {
            let step = match layer {
                Layer::Ip => self.ip(rest)?,
                Layer::Other => Step::Done(Decoded::NotIp),
                _ => self.link(layer, rest).ok_or(DecodeError::TruncatedLink)?,
            };
            match step {
                Step::Into(next, behind) => (layer, rest) = (next, behind),
                Step::Done(decoded) => return Ok(decoded),
            }
        }
    }

    /// A layer below IP; `None` where its header is cut off.
    fn link<'a>(&mut self, layer: Layer, rest: Rest<'a>) -> Option<Step<'a>> {
        let (next, rest) = match layer {
            Layer::Ethernet => link::ethernet(rest)?,
            Layer::Llc => link::llc(rest)?,
            Layer::Ppp => link::ppp(rest)?,
            Layer::Wifi => link::wifi(rest, false)?,
            Layer::WifiSwapped => link::wifi(rest, true)?,
            Layer::EtherType(ether_type::IPV4 | ether_type::IPV6) => (Layer::Ip, rest),
            Layer::EtherType(kind) if ether_type::VLAN.contains(&kind) => {
                let (id, next, rest) = link::vlan_tag(rest)?;
                self.vlan.push(id);
                (next, rest)
            }
            Layer::EtherType(_) | Layer::Ip | Layer::Other => (Layer::Other, rest),
        };
        Some(Step::Into(next, rest))
    }

    fn ip<'a>(&mut self, rest: Rest<'a>) -> Result<Step<'a>, DecodeError> {
        let packet = ip::open(rest)?;
        if packet.fragment.is_some() {
            return Ok(Step::Done(Decoded::Fragment));
        }
        let transport = match packet.protocol {
            protocol::TCP => Transport::Tcp(transport::tcp(packet.body)?),
            protocol::UDP => {
                let (source, destination, payload) = transport::udp(packet.body)?;
                Transport::Udp(transport::datagram(source, destination, payload))
            }
            other => Transport::Other(other),
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
}
