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
    /// Flows given up for want of room, in the table or in memory.
    pub flows_evicted: u64,
    /// Flows that are over on which payload went one way, while from the other end no packet at all was seen: the sensor
    /// gets one direction only, or the frames of a flow are shared out to different engines.
    pub flows_one_sided: u64,
    /// What open flows hold now beside their places in the table, in bytes: buffers, and the state of handshakes.
    pub buffered: u64,
    /// Handshakes given out.
    pub handshakes: u64,
}
