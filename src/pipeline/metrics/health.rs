//! `/health`: what keeps a run from doing its work, in sentences.

use super::super::counts::Counting;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A thread that does not move for so long is stuck.
const STUCK: Duration = Duration::from_secs(30);
/// Handshakes that were lost for want of time are told for so long.
const LATELY: Duration = Duration::from_secs(60);
/// A receiver may be away for so long: there are restarts, and the queue and the spool are for those.
const AWAY: Duration = Duration::from_secs(300);

/// What is looked at.
#[derive(Debug, Default)]
struct Facts {
    /// Interfaces from which no frames can be expected.
    down: Vec<String>,
    /// For how long a capture thread has said nothing.
    capture_silent: Option<Duration>,
    /// For how long the analysis has been at one piece of work.
    analysis_at_work: Option<Duration>,
    /// How long ago handshakes were lost, since the analysis was behind.
    handshakes_lost: Option<Duration>,
    sinks: Vec<SinkFacts>,
}

#[derive(Debug, Default)]
struct SinkFacts {
    name: String,
    down_for: Option<Duration>,
    not_wanted: bool,
    spool_fails: bool,
}

/// What is wrong now, a sentence for each; nothing where all is well.
pub(super) fn troubles(counting: &Counting) -> Vec<String> {
    let board = counting.board();
    let sinks = counting.named_sinks().iter().map(|(name, state)| SinkFacts {
        name: name.clone(),
        down_for: state.down_for(),
        not_wanted: state.not_wanted.load(Ordering::Relaxed),
        spool_fails: state.spool_fails.load(Ordering::Relaxed),
    });
    let down = board.seen().interfaces.into_iter().filter(|(_, up)| !up).map(|(name, _)| name);
    let facts = Facts {
        down: down.collect(),
        capture_silent: board.silent_since(),
        analysis_at_work: board.works_since(),
        handshakes_lost: board.lost_since(),
        sinks: sinks.collect(),
    };
    facts.troubles()
}

impl Facts {
    fn troubles(&self) -> Vec<String> {
        let mut troubles: Vec<String> =
            self.down.iter().map(|name| format!("{name} is down or gone: no frames come from it")).collect();
        if let Some(span) = self.capture_silent.filter(|span| *span >= STUCK) {
            troubles.push(format!("the capture has not moved for {} s", span.as_secs()));
        }
        if let Some(span) = self.analysis_at_work.filter(|span| *span >= STUCK) {
            troubles.push(format!("the analysis has not moved for {} s", span.as_secs()));
        }
        if let Some(span) = self.handshakes_lost.filter(|span| *span < LATELY) {
            let ago = span.as_secs();
            troubles.push(format!("the analysis is behind, and its queue full: handshakes were lost {ago} s ago"));
        }
        for SinkFacts { name, down_for, not_wanted, spool_fails } in &self.sinks {
            if let Some(span) = down_for.filter(|span| *span >= AWAY) {
                troubles.push(format!("{name} has taken no events for {} s", span.as_secs()));
            }
            if *not_wanted {
                troubles.push(format!("{name} was closed by whoever read it"));
            }
            if *spool_fails {
                troubles.push(format!("the spool of {name} cannot be used"));
            }
        }
        troubles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    #[test]
    fn a_run_that_moves_is_well_also_while_a_receiver_restarts() {
        let sink = SinkFacts { name: "siem".into(), down_for: seconds(299), ..SinkFacts::default() };
        let facts = Facts {
            capture_silent: seconds(1),
            analysis_at_work: seconds(29),
            handshakes_lost: seconds(60),
            sinks: vec![sink],
            ..Facts::default()
        };
        assert_eq!(facts.troubles(), [""; 0]);
    }

    #[test]
    fn each_trouble_is_told_by_name() {
        let sink = SinkFacts { name: "siem".into(), down_for: seconds(300), not_wanted: false, spool_fails: true };
        let closed = SinkFacts { name: "standard output".into(), not_wanted: true, ..SinkFacts::default() };
        let facts = Facts {
            down: vec!["eth1".into()],
            capture_silent: seconds(31),
            analysis_at_work: seconds(40),
            handshakes_lost: seconds(2),
            sinks: vec![sink, closed],
        };
        assert_eq!(
            facts.troubles(),
            [
                "eth1 is down or gone: no frames come from it",
                "the capture has not moved for 31 s",
                "the analysis has not moved for 40 s",
                "the analysis is behind, and its queue full: handshakes were lost 2 s ago",
                "siem has taken no events for 300 s",
                "the spool of siem cannot be used",
                "standard output was closed by whoever read it",
            ]
        );
    }
}
