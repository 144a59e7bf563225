//! What an engine counts.

use crate::packet::{DecodeError, FragmentCounts};

/// Counters since the engine began, and what it holds now.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Frames taken.
    pub frames: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Frames that could not be decoded, by reason.
    pub undecoded: Vec<(DecodeError, u64)>,
    /// What became of IP fragments.
    pub fragments: FragmentCounts,
    /// TCP segments.
    pub tcp: u64,
    /// UDP datagrams.
    pub udp: u64,
    /// ICMP errors.
    pub icmp_errors: u64,
    /// Flows in the table now.
    pub flows: u64,
    /// Flows that were made.
    pub flows_created: u64,
    /// Flows that began on the addresses and ports of an earlier one.
    pub flows_reused: u64,
    /// Flows given up for want of room.
    pub flows_evicted: u64,
    /// Flows with payload one way and not a single packet the other way.
    pub flows_one_sided: u64,
    /// Bytes buffered now.
    pub buffered: u64,
    /// Handshakes given out.
    pub handshakes: u64,
}

impl Stats {
    /// Adds what another engine counted.
    pub fn add(&mut self, other: &Self) {
        for (error, count) in other.undecoded.iter().filter(|(_, count)| *count > 0) {
            match self.undecoded.iter_mut().find(|(known, _)| known == error) {
                Some((_, sum)) => *sum = sum.saturating_add(*count),
                None => self.undecoded.push((*error, *count)),
            }
        }
        let (own, fragments) = (&mut self.fragments, other.fragments);
        for (sum, count) in [
            (&mut self.frames, other.frames),
            (&mut self.bytes, other.bytes),
            (&mut own.fragments, fragments.fragments),
            (&mut own.completed, fragments.completed),
            (&mut own.expired, fragments.expired),
            (&mut own.evicted, fragments.evicted),
            (&mut self.tcp, other.tcp),
            (&mut self.udp, other.udp),
            (&mut self.icmp_errors, other.icmp_errors),
            (&mut self.flows, other.flows),
            (&mut self.flows_created, other.flows_created),
            (&mut self.flows_reused, other.flows_reused),
            (&mut self.flows_evicted, other.flows_evicted),
            (&mut self.flows_one_sided, other.flows_one_sided),
            (&mut self.buffered, other.buffered),
            (&mut self.handshakes, other.handshakes),
        ] {
            *sum = sum.saturating_add(count);
        }
    }
}
