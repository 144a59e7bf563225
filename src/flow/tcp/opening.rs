//! A connection that was only asked for: most of a flood are. All that its SYN tells takes 24 bytes.

use super::{BASED, HEARD, Half, Moment, SYN_SEEN, TcpState, maximum_segment_size, payload_length};
use crate::flow::Direction;
use crate::packet::{Packet, Segment, TcpFlags};
use crate::time::Mark;

/// The facts of a flow of which only a SYN was seen.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    origin: Mark,
    sequence: u32,
    /// As announced; 0 where it was not.
    mss: u16,
    ttl: u8,
    direction: Direction,
}

impl Opening {
    /// Of a segment that is a SYN and nothing else.
    pub fn of(direction: Direction, packet: &Packet<'_>, segment: &Segment<'_>, origin: Mark) -> Option<Self> {
        const OTHERS: u8 = TcpFlags::ACK | TcpFlags::RST | TcpFlags::FIN;
        if segment.flags.0 & (TcpFlags::SYN | OTHERS) != TcpFlags::SYN || payload_length(segment) > 0 {
            return None;
        }
        let mss = segment.tcp_options().find_map(maximum_segment_size).unwrap_or_default();
        Some(Self { origin, sequence: segment.sequence, mss, ttl: packet.ttl, direction })
    }

    /// The flow's first frame.
    pub const fn origin(&self) -> Mark {
        self.origin
    }
}

impl From<Opening> for TcpState {
    /// What [`TcpState::observe`] makes of the SYN.
    fn from(opening: Opening) -> Self {
        let Opening { origin, sequence, mss, ttl, direction } = opening;
        let base = sequence.wrapping_add(1);
        let mut state = Self::new(origin);
        *direction.of_mut(&mut state.halves) = Half {
            base,
            end: base,
            syn: Moment::new(origin, origin),
            mss,
            ttl,
            flags: HEARD | SYN_SEEN | BASED,
            ..Half::NEW
        };
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Transport, Tunnels, VlanTags};
    use crate::time::Timestamp;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_what_observing_the_syn_gives(
            flags in any::<u8>(),
            (sequence, acknowledgment, window, ttl) in any::<(u32, u32, u16, u8)>(),
            ip_id in any::<Option<u16>>(),
            options in prop_oneof![
                Just(vec![2, 4, 5, 0xb4, 4, 2]),
                Just(vec![2, 4, 0, 0]),
                proptest::collection::vec(0..9_u8, 0..20),
            ],
            payload in prop_oneof![3 => Just(&b""[..]), 1 => Just(&b"data"[..])],
            high in any::<bool>(),
        ) {
            let segment = Segment {
                source_port: 1,
                destination_port: 2,
                sequence,
                acknowledgment,
                flags: TcpFlags(flags | TcpFlags::SYN),
                window,
                options: &options,
                payload,
                missing: 0,
            };
            let address = [10, 0, 0, 1].into();
            let packet = Packet {
                source: address,
                destination: address,
                vlan: VlanTags::default(),
                tunnels: Tunnels::default(),
                ttl,
                ip_id,
                transport: Transport::Tcp(segment),
            };
            let mark = Mark { frame: 3, time: Timestamp::from_micros(9) };
            let direction = if high { Direction::FromHigh } else { Direction::FromLow };
            let opening = Opening::of(direction, &packet, &segment, mark);
            let alone = flags & (TcpFlags::ACK | TcpFlags::RST | TcpFlags::FIN) == 0 && payload.is_empty();
            prop_assert_eq!(opening.is_some(), alone);
            if let Some(opening) = opening {
                let mut observed = TcpState::new(mark);
                observed.observe(direction, &packet, &segment, mark);
                prop_assert_eq!(format!("{:?}", TcpState::from(opening)), format!("{observed:?}"));
            }
        }
    }
}
