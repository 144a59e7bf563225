//! `/metrics`: what a run has counted, in the words of Prometheus.
//!
//! Names begin with `tlscribe_`, counters end in `_total`, and units are seconds and bytes. A family is always there, also
//! where it has no samples yet. Labels come from the program, from its configuration and, of certificates, from the wire:
//! those are cut and made harmless where they are noted.

use super::super::counts::Counting;
use super::certificates::{Certificate, Certificates};
use crate::diagnosis::{Cause, Party};
use crate::event::value::Clean;
use crate::event::{Counts, SinkCounts};
use crate::time::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _, prometheus_text, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::atomic::Ordering;

/// In which of its two formats a scraper gets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exposition {
    /// Prometheus's own, version 0.0.4, which everybody reads.
    Text,
    /// OpenMetrics 1.0, for who asks for it.
    OpenMetrics,
}

impl Exposition {
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Text => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// What was counted until now.
    pub(super) fn write(self, counting: &Counting, certificates: &Certificates) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("tlscribe");
        registry.register_collector(Box::new(Reading::now(counting, certificates)));
        let mut page = String::new();
        match self {
            Self::Text => prometheus_text::encode(&mut page, &registry)?,
            Self::OpenMetrics => text::encode(&mut page, &registry)?,
        }
        Ok(page)
    }
}

/// All that is told, read off at one moment.
#[derive(Debug)]
struct Reading {
    counts: Counts,
    failures: Vec<(Cause, Party, u64)>,
    interfaces: Vec<(String, bool)>,
    sinks: Vec<SinkReading>,
    certificates: Vec<Certificate>,
}

/// What is told of a sink beside its counts.
#[derive(Debug)]
struct SinkReading {
    counts: SinkCounts,
    up: bool,
    /// Bytes in the spool, and how many may be there; where there is one.
    spool: Option<(u64, u64)>,
}

impl Reading {
    fn now(counting: &Counting, certificates: &Certificates) -> Self {
        let board = counting.board();
        let mut counts = counting.read();
        let sinks = counting.named_sinks().iter().zip(std::mem::take(&mut counts.sinks)).map(|((_, state), counts)| {
            let (bytes, limit) = (&state.spool_bytes, state.spool_limit.load(Ordering::Relaxed));
            SinkReading {
                counts: SinkCounts { name: label(&counts.name), ..counts },
                up: state.down_for().is_none() && !state.not_wanted.load(Ordering::Relaxed),
                spool: (limit > 0).then(|| (bytes.load(Ordering::Relaxed), limit)),
            }
        });
        let sinks = sinks.collect();
        Self {
            sinks,
            failures: board.failures(),
            interfaces: board.seen().interfaces.into_iter().map(|(name, up)| (label(&name), up)).collect(),
            certificates: certificates.soonest(),
            counts,
        }
    }
}

/// A name out of the configuration. It is not cut: two sinks may differ in the end of theirs.
fn label(name: &str) -> String {
    Clean(name).to_string()
}

fn seconds(time: Timestamp) -> f64 {
    time.as_nanos() as f64 / 1e9
}

/// Writes families, one after the other.
struct Families<'a>(DescriptorEncoder<'a>);

impl Families<'_> {
    fn counters<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, u64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        samples
            .into_iter()
            .try_for_each(|(labels, value)| ConstCounter::new(value).encode(family.encode_family(&labels)?))
    }

    fn gauges<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, f64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        samples
            .into_iter()
            .try_for_each(|(labels, value)| ConstGauge::new(value).encode(family.encode_family(&labels)?))
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        ConstCounter::new(value).encode(family)
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(value).encode(family)
    }
}

impl Collector for Reading {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = Families(encoder);
        let Counts { begin, memory, .. } = &self.counts;
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        families.gauges("build_info", "The version that runs", [(version, 1.0)])?;
        families.gauge("start_time_seconds", "When the run began, in seconds since 1970", seconds(*begin))?;
        if let Some(bytes) = memory {
            families.gauge("resident_memory_bytes", "Resident memory of the process", *bytes as f64)?;
        }
        self.frames(&mut families)?;
        self.handshakes(&mut families)?;
        self.sinks(&mut families)?;
        let certificate = |known: &'_ Certificate| {
            let Certificate { sha256, subject, sni, server, not_after } = known.clone();
            let labels = [("sha256", sha256), ("subject", subject), ("sni", sni), ("server", server)];
            (labels, not_after.unix_seconds() as f64)
        };
        families.gauges(
            "certificate_not_after_seconds",
            "Until when the servers' certificates are valid that expire soonest, of those seen in the last 24 hours, in seconds since 1970",
            self.certificates.iter().map(certificate),
        )
    }
}

impl Reading {
    fn frames(&self, families: &mut Families<'_>) -> fmt::Result {
        let Counts { stats, kernel_drops, interface_drops, .. } = &self.counts;
        families.counter("frames", "Frames that were read", stats.frames)?;
        families.counter("bytes", "Their bytes on the wire", stats.bytes)?;
        families.counters(
            "frames_dropped",
            "Frames lost before they could be read: kernel, its buffer was full; interface, the interface or its driver",
            [([("by", "kernel")], *kernel_drops), ([("by", "interface")], *interface_drops)],
        )?;
        families.counters(
            "frames_undecoded",
            "Frames that could not be decoded, by why",
            stats
                .undecoded
                .iter()
                .filter(|(_, count)| *count > 0)
                .map(|(why, count)| ([("reason", why.to_string())], *count)),
        )?;
        families.gauges(
            "interface_up",
            "1 where frames can be expected of the interface, 0 where it is down or gone",
            self.interfaces.iter().map(|(name, up)| ([("interface", name.as_str())], f64::from(*up))),
        )?;
        families.gauge("flows", "Flows in the table", stats.flows as f64)?;
        families.counter("flows_opened", "Flows that began", stats.flows_created)?;
        families.counter("flows_evicted", "Flows given up for want of room", stats.flows_evicted)?;
        families.counter("flows_one_sided", "Flows of which only one side was seen", stats.flows_one_sided)?;
        families.gauge("buffered_bytes", "What open flows hold beside the table", stats.buffered as f64)
    }

    fn handshakes(&self, families: &mut Families<'_>) -> fmt::Result {
        let outcome = self.counts.outcomes.iter().map(|(outcome, count)| ([("outcome", outcome.as_str())], *count));
        families.counters("handshakes", "Handshakes that were judged, by outcome", outcome)?;
        let failure =
            |(cause, party, count): &(Cause, Party, u64)| ([("cause", cause.code()), ("party", party.name())], *count);
        families.counters(
            "failures",
            "Handshakes that went wrong, by cause and by the party that has to act",
            self.failures.iter().map(failure),
        )?;
        families.counter(
            "handshakes_lost",
            "Handshakes lost before they were judged, since the analysis was behind",
            self.counts.handshakes_lost,
        )?;
        families.counter(
            "handshakes_unrecorded",
            "Handshakes whose packets could not be kept for -w until they were judged",
            self.counts.unrecorded,
        )
    }

    fn sinks(&self, families: &mut Families<'_>) -> fmt::Result {
        type Read = fn(&SinkReading) -> u64;
        let counters: [(&str, &str, Read); 5] = [
            ("sent", "Events that were written, or that the receiver has taken", |sink| sink.counts.written),
            ("retried", "Events that were sent once more", |sink| sink.counts.retried),
            ("recovered", "Events that an earlier run left in the spool", |sink| sink.counts.recovered),
            ("lost", "Events that were lost, for whatever reason", |sink| sink.counts.lost),
            ("rejected", "Events that the receiver will never take; they are lost too", |sink| sink.counts.rejected),
        ];
        for (name, help, read) in counters {
            let samples = self.sinks.iter().map(|sink| ([("sink", sink.counts.name.as_str())], read(sink)));
            families.counters(&format!("sink_events_{name}"), help, samples)?;
        }
        type Measure = fn(&SinkReading) -> Option<f64>;
        let gauges: [(&str, &str, Measure); 6] = [
            ("up", "1 where it takes events, 0 where the receiver is away or nothing can be written", |sink| {
                Some(f64::from(sink.up))
            }),
            ("events_queued", "Events that wait, in memory and on disk", |sink| Some(sink.counts.queued as f64)),
            ("events_spooled", "Events that wait on disk", |sink| Some(sink.counts.spooled as f64)),
            ("lag_seconds", "For how long the oldest event has waited", |sink| {
                Some(sink.counts.lag_ms as f64 / 1000.0)
            }),
            ("spool_bytes", "Bytes of events in the spool", |sink| sink.spool.map(|(bytes, _)| bytes as f64)),
            ("spool_limit_bytes", "Bytes of events that may be there", |sink| {
                sink.spool.map(|(_, limit)| limit as f64)
            }),
        ];
        for (name, help, measure) in gauges {
            let sample = |sink: &'_ SinkReading| Some(([("sink", sink.counts.name.clone())], measure(sink)?));
            families.gauges(&format!("sink_{name}"), help, self.sinks.iter().filter_map(sample))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::board::{Board, Seen};
    use super::*;
    use crate::event::OutcomeName;
    use crate::handshake::Outcome;
    use crate::output::SinkState;
    use crate::packet::DecodeError;
    use std::sync::Arc;

    fn page(exposition: Exposition) -> String {
        let board = Arc::new(Board::new(2, Arc::default()));
        let mut seen = Seen { interfaces: vec![("eth\n1".into(), true)], ..Seen::default() };
        (seen.stats.frames, seen.stats.undecoded) = (3, vec![(DecodeError::TruncatedIp, 2)]);
        board.saw(0, seen.clone());
        board.saw(1, Seen { interfaces: vec![("eth\n1".into(), false)], ..seen });
        board.judged(OutcomeName(Outcome::Failed), Some((Cause::CertificateExpired, Party::Server)));
        board.lose(4);
        let state = SinkState::default();
        state.written.store(7, Ordering::Relaxed);
        state.lag_ms.store(1500, Ordering::Relaxed);
        state.spool_limit.store(1000, Ordering::Relaxed);
        state.goes_down();
        let sinks = vec![("a\"b\\".into(), Arc::new(state)), ("f".into(), Arc::default())];
        exposition.write(&Counting::new(board, sinks), &Certificates::new(1)).expect("a page")
    }

    #[test]
    fn what_was_counted_is_there_under_its_name() {
        let page = page(Exposition::Text);
        for line in [
            "# TYPE tlscribe_frames_total counter",
            "tlscribe_frames_total 6",
            r#"tlscribe_frames_undecoded_total{reason="truncated IP header"} 4"#,
            r#"tlscribe_interface_up{interface="eth\\u{a}1"} 0.0"#,
            r#"tlscribe_handshakes_total{outcome="failed"} 1"#,
            r#"tlscribe_handshakes_total{outcome="established"} 0"#,
            r#"tlscribe_failures_total{cause="certificate_expired",party="server"} 1"#,
            "tlscribe_handshakes_lost_total 4",
            r#"tlscribe_sink_up{sink="f"} 1.0"#,
            "# TYPE tlscribe_certificate_not_after_seconds gauge",
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
        let sink = r#"{sink="a\"b\\"}"#;
        for (name, value) in [
            ("sink_up", "0.0"),
            ("sink_lag_seconds", "1.5"),
            ("sink_events_sent_total", "7"),
            ("sink_spool_limit_bytes", "1000.0"),
        ] {
            let line = format!("tlscribe_{name}{sink} {value}\n");
            assert!(page.contains(&line), "{line}{page}");
        }
        assert!(!page.contains(r#"spool_bytes{sink="f"}"#), "it has no spool");
    }

    #[test]
    fn the_same_is_told_as_openmetrics() {
        let page = page(Exposition::OpenMetrics);
        assert!(page.contains("# TYPE tlscribe_frames counter\ntlscribe_frames_total 6\n"), "{page}");
        assert!(page.ends_with("# EOF\n"));
    }
}
