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
