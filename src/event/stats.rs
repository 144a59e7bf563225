//! The record of what a live run has seen, kept and lost so far: whether its other records can be relied on.

use super::outcome::OutcomeName;
use super::record::{Observer, SCHEMA_VERSION};
use super::value::Time;
use crate::diagnosis::counted;
use crate::engine;
use crate::fingerprint::EventId;
use crate::time::Timestamp;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// What was counted, all of it since the run began.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// When the run began.
    pub begin: Timestamp,
    /// When this was read off.
    pub end: Timestamp,
    /// What the engines counted.
    pub stats: engine::Stats,
    /// Frames lost in the kernel, for want of room.
    pub kernel_drops: u64,
    /// Frames lost by the interfaces.
    pub interface_drops: u64,
    /// Handshakes by outcome.
    pub outcomes: Vec<(OutcomeName, u64)>,
    /// Handshakes lost since the analysis was behind.
    pub handshakes_lost: u64,
    /// Handshakes whose frames could not be kept for evidence until they were told.
    pub unrecorded: u64,
    /// The sinks, also that of evidence, whose events are the handshakes it writes.
    pub sinks: Vec<SinkCounts>,
    /// Bytes of memory that the process has, where the system tells.
    pub memory: Option<u64>,
}

/// What was counted of one sink.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SinkCounts {
    /// Where it writes.
    pub name: String,
    /// Events that wait.
    pub queued: u64,
    /// Events that were written, or that a receiver has taken.
    pub written: u64,
    /// Events that were lost.
    pub lost: u64,
    /// Of those, the ones that the receiver will never take.
    pub rejected: u64,
    /// Events that were sent once more.
    pub retried: u64,
    /// Events that wait on disk.
    pub spooled: u64,
    /// Events that an earlier run left on disk.
    pub recovered: u64,
    /// For how long the oldest event has waited, in milliseconds.
    pub lag_ms: u64,
}

/// A part of one line for people: what happens seldom is told only where it did.
impl fmt::Display for SinkCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} written, {} queued, {} lost", self.name, self.written, self.queued, self.lost)?;
        for (count, what) in [
            (self.rejected, "rejected"),
            (self.retried, "sent again"),
            (self.spooled, "in the spool"),
            (self.recovered, "from an earlier run"),
            (self.lag_ms / 1000, "s behind"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}

impl Counts {
    /// Handshakes that were judged.
    pub fn handshakes(&self) -> u64 {
        self.outcomes.iter().map(|(_, count)| count).sum()
    }

    /// Events that the sinks lost.
    pub fn events_lost(&self) -> u64 {
        self.sinks.iter().map(|sink| sink.lost).sum()
    }
}

/// One line for people.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let engine::Stats { frames, flows, flows_evicted, buffered, .. } = self.stats;
        write!(f, "{}, {}", counted(frames, "frame"), counted(self.handshakes(), "handshake"))?;
        for (outcome, count) in self.outcomes.iter().filter(|(_, count)| *count > 0) {
            write!(f, ", {count} {outcome}")?;
        }
        write!(f, "; {} now, {flows_evicted} evicted, {buffered} bytes buffered", counted(flows, "flow"))?;
        write!(f, "; lost: {} in the kernel, {} by interfaces", self.kernel_drops, self.interface_drops)?;
        write!(f, ", {} before the analysis", counted(self.handshakes_lost, "handshake"))?;
        for sink in &self.sinks {
            write!(f, "; {sink}")?;
        }
        match self.memory {
            Some(bytes) => write!(f, "; {} MiB of memory", bytes >> 20),
            None => Ok(()),
        }
    }
}

/// One record.
#[derive(Debug, Serialize)]
pub struct StatsRecord<'a> {
    pub(super) schema: &'static str,
    pub(super) event_type: &'static str,
    /// The record's id.
    pub id: String,
    pub(super) start_time: Time,
    /// When it was made.
    pub end_time: Time,
    pub(super) observer: Observer<'a>,
    pub(super) frames: u64,
    pub(super) bytes: u64,
    pub(super) kernel_drops: u64,
    pub(super) interface_drops: u64,
    pub(super) undecoded: Undecoded<'a>,
    pub(super) flows: Flows,
    pub(super) buffered_bytes: u64,
    pub(super) handshakes: Outcomes<'a>,
    pub(super) dropped: Dropped,
    pub(super) sinks: &'a [SinkCounts],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) memory_bytes: Option<u64>,
    /// What it was made of.
    #[serde(skip)]
    pub counts: &'a Counts,
}

#[derive(Debug, Serialize)]
pub(super) struct Flows {
    now: u64,
    created: u64,
    reused: u64,
    evicted: u64,
    one_sided: u64,
}

/// What was lost between the stages of the program.
#[derive(Debug, Serialize)]
pub(super) struct Dropped {
    /// Handshakes, before the analysis.
    analysis: u64,
    /// Handshakes whose frames could not be kept for evidence until they were told.
    recording: u64,
    /// Events, before the sinks or in them.
    output: u64,
}

/// Frames that could not be decoded, by why.
#[derive(Debug)]
pub(super) struct Undecoded<'a>(&'a engine::Stats);

impl Serialize for Undecoded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (error, count) in self.0.undecoded.iter().filter(|(_, count)| *count > 0) {
            map.serialize_entry(&error.to_string(), count)?;
        }
        map.end()
    }
}

#[derive(Debug)]
pub(super) struct Outcomes<'a>(&'a [(OutcomeName, u64)]);

impl Serialize for Outcomes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(outcome, count)| (outcome.as_str(), count)))
    }
}

impl<'a> StatsRecord<'a> {
    /// Puts the record together.
    pub fn new(counts: &'a Counts, observer: Observer<'a>) -> Self {
        let stats = &counts.stats;
        let mut hash = Sha256::new();
        hash.update(b"stats");
        [counts.begin, counts.end].iter().for_each(|time| hash.update(time.as_nanos().to_be_bytes()));
        hash.update(std::process::id().to_be_bytes());
        Self {
            schema: SCHEMA_VERSION,
            event_type: "stats",
            id: EventId::from_hash(hash).to_string(),
            start_time: Time(counts.begin),
            end_time: Time(counts.end),
            observer,
            frames: stats.frames,
            bytes: stats.bytes,
            kernel_drops: counts.kernel_drops,
            interface_drops: counts.interface_drops,
            undecoded: Undecoded(stats),
            flows: Flows {
                now: stats.flows,
                created: stats.flows_created,
                reused: stats.flows_reused,
                evicted: stats.flows_evicted,
                one_sided: stats.flows_one_sided,
            },
            buffered_bytes: stats.buffered,
            handshakes: Outcomes(&counts.outcomes),
            dropped: Dropped {
                analysis: counts.handshakes_lost,
                recording: counts.unrecorded,
                output: counts.events_lost(),
            },
            sinks: &counts.sinks,
            memory_bytes: counts.memory,
            counts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::SCHEMA;
    use super::*;
    use crate::handshake::Outcome;
    use crate::packet::DecodeError;
    use serde_json::{Value, json};

    fn counts() -> Counts {
        let stats = engine::Stats {
            frames: 12,
            bytes: 3400,
            undecoded: vec![(DecodeError::TruncatedIp, 2), (DecodeError::UnsupportedLink, 0)],
            flows: 3,
            ..engine::Stats::default()
        };
        let sink = SinkCounts { name: "events.jsonl".into(), queued: 1, written: 6, lost: 2, ..SinkCounts::default() };
        Counts {
            begin: Timestamp::from_micros(1_700_000_000_000_000),
            end: Timestamp::from_micros(1_700_000_060_000_000),
            stats,
            kernel_drops: 5,
            outcomes: vec![(OutcomeName(Outcome::Established), 7), (OutcomeName(Outcome::Failed), 0)],
            handshakes_lost: 4,
            sinks: vec![sink.clone(), SinkCounts { name: "standard output".into(), ..sink }],
            memory: Some(20 << 20),
            ..Counts::default()
        }
    }

    #[test]
    fn the_record_is_what_the_schema_promises() {
        let counts = counts();
        let value = serde_json::to_value(StatsRecord::new(&counts, Observer::new(None, None))).expect("it serializes");
        let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        assert!(validator.is_valid(&value), "{value}");
        assert_eq!(value["undecoded"], json!({ "truncated IP header": 2 }), "what did not happen is not listed");
        assert_eq!(value["handshakes"], json!({ "established": 7, "failed": 0 }));
        assert_eq!(value["dropped"], json!({ "analysis": 4, "recording": 0, "output": 4 }), "the sinks together");
        assert_eq!(value["memory_bytes"], 20 << 20);
    }

    #[test]
    fn people_get_it_in_one_line() {
        let line = counts().to_string();
        assert!(line.starts_with("12 frames, 7 handshakes, 7 established; 3 flows now"), "{line}");
        assert!(line.contains("lost: 5 in the kernel, 0 by interfaces, 4 handshakes before the analysis"), "{line}");
        assert!(line.ends_with("standard output: 6 written, 1 queued, 2 lost; 20 MiB of memory"), "{line}");
    }

    #[test]
    fn what_happens_seldom_is_told_where_it_did() {
        let sink = SinkCounts { name: "siem".into(), written: 6, rejected: 1, lag_ms: 999, ..SinkCounts::default() };
        assert_eq!(sink.to_string(), "siem: 6 written, 0 queued, 0 lost, 1 rejected");
        let sink = SinkCounts { rejected: 0, retried: 7, spooled: 8, recovered: 9, lag_ms: 61_900, ..sink };
        let extras = ", 7 sent again, 8 in the spool, 9 from an earlier run, 61 s behind";
        assert!(sink.to_string().ends_with(extras), "{sink}");
    }
}
