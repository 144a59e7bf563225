//! The main thread of a run: it says what the others have to say and shows how far they are; of a live run it also heeds
//! the signals, the end of the time, and the time for a record of what was counted.
//!
//! SIGINT and SIGTERM end a live run in good order, and the second one at once. SIGHUP opens output files anew and reads the
//! settings once more, SIGUSR1 says what was counted.

use super::board::Board;
use super::counts::Counting;
use super::feed::Work;
use super::outputs::tell_troubles;
use super::reload::Reload;
use crate::event::Counts;
use crate::output::SinkState;
use crate::report::Console;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often progress is shown, and signals are looked at.
const TURN: Duration = Duration::from_millis(100);
/// How often the line on a terminal changes.
const STATUS: Duration = Duration::from_secs(1);
/// How the program ends at a second signal: events may be lost.
const AT_ONCE: i32 = 1;

/// So many flows with one side only are no accident any more, where they are also one in so many of all.
const ONE_SIDED: u64 = 100;
const ONE_SIDED_SHARE: u64 = 5;

/// Says what there is to say until all who could have something have ended.
fn listen(said: &Receiver<String>, console: &Console, mut turn: impl FnMut()) {
    loop {
        match said.recv_timeout(TURN) {
            Ok(message) => console.say(&message),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        turn();
    }
}

/// Watches captures being read.
///
/// Once they are not to be read any more, nothing waits for receivers that are away.
pub(super) fn watch(said: &Receiver<String>, board: &Board, counting: &Counting, console: &Console) {
    listen(said, console, || {
        if board.stop.load(Ordering::Relaxed) {
            counting.sinks().for_each(|sink| sink.give_up.store(true, Ordering::Relaxed));
        }
        // Of a file it is said at the end, in one line with what that has cost.
        let sends = |sink: &&Arc<SinkState>| sink.sends.load(Ordering::Relaxed);
        counting.sinks().filter(sends).for_each(|sink| tell_troubles(sink, console));
        console.progress(board.read.load(Ordering::Relaxed), board.handshakes.load(Ordering::Relaxed));
    });
}

/// What signals have asked for.
#[derive(Clone)]
pub(super) struct Signals {
    /// The run is to end.
    pub(super) stop: Arc<AtomicBool>,
    /// Output files are to be opened anew.
    hang_up: Arc<AtomicBool>,
    /// What was counted is to be said.
    ask: Arc<AtomicBool>,
}

impl Signals {
    /// What captures are read for may take long to be sent: the first signal ends that in good order, and the second the
    /// program.
    pub(super) fn heed_the_end() -> Result<Arc<AtomicBool>, String> {
        let stop = Arc::new(AtomicBool::new(false));
        end_at_the_second(&stop).map_err(unheeded)?;
        Ok(stop)
    }

    /// From here on signals no longer end the program by themselves.
    pub(super) fn heed() -> Result<Self, String> {
        let [stop, hang_up, ask, interrupted] = std::array::from_fn(|_| Arc::new(AtomicBool::new(false)));
        let register = || {
            // A flag of its own: a run is stopped for other reasons too, and then the first signal is the first.
            end_at_the_second(&interrupted)?;
            for (signal, flag) in [(SIGINT, &stop), (SIGTERM, &stop), (SIGHUP, &hang_up), (SIGUSR1, &ask)] {
                flag::register(signal, Arc::clone(flag))?;
            }
            Ok(())
        };
        register().map_err(unheeded)?;
        Ok(Self { stop, hang_up, ask })
    }
}

/// The first SIGINT or SIGTERM sets a flag that nothing else does, and the second ends the program.
fn end_at_the_second(interrupted: &Arc<AtomicBool>) -> io::Result<()> {
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag unset, and sets it.
        flag::register_conditional_shutdown(signal, AT_ONCE, Arc::clone(interrupted))?;
        flag::register(signal, Arc::clone(interrupted))?;
    }
    Ok(())
}

fn unheeded(error: io::Error) -> String {
    format!("signals cannot be handled: {error}")
}

/// What a live run is controlled by.
pub(super) struct Control {
    signals: Signals,
    end: Option<Instant>,
    stats_interval: Duration,
    counting: Counting,
    work: Sender<Work>,
    reload: Option<Reload>,
}

impl Control {
    pub(super) fn new(
        signals: Signals,
        duration: Option<Duration>,
        stats_interval: Duration,
        counting: Counting,
        work: Sender<Work>,
        reload: Option<Reload>,
    ) -> Self {
        let end = duration.map(|duration| Instant::now() + duration);
        Self { signals, end, stats_interval, counting, work, reload }
    }

    /// Watches a live run until it has ended.
    pub(super) fn watch(mut self, said: &Receiver<String>, console: &Console) {
        console.begin_live();
        let (mut recorded, mut shown, mut last) = (Instant::now(), Instant::now(), self.counting.read());
        let (mut warned, mut settings) = (false, None);
        listen(said, console, || {
            let now = Instant::now();
            if self.end.is_some_and(|end| now >= end) {
                self.signals.stop.store(true, Ordering::Relaxed);
            }
            // Where nobody wants what is told, there is nothing to do it for.
            let not_wanted = |sink: &Arc<SinkState>| sink.not_wanted.load(Ordering::Relaxed);
            let mut sinks = self.counting.sinks().peekable();
            if sinks.peek().is_some() && sinks.all(not_wanted) {
                self.signals.stop.store(true, Ordering::Relaxed);
            }
            if self.signals.hang_up.swap(false, Ordering::Relaxed) {
                self.counting.sinks().for_each(|sink| sink.reopen.store(true, Ordering::Relaxed));
                settings = self.reload.as_mut().and_then(|reload| read_anew(reload, console)).or(settings.take());
            }
            // Where the analysis has no room for it now, it has later.
            if let Some(work) = settings.take() {
                settings = self.work.try_send(work).err().map(TrySendError::into_inner);
            }
            self.counting.sinks().for_each(|sink| tell_troubles(sink, console));
            if self.signals.ask.swap(false, Ordering::Relaxed) {
                console.say(&self.counting.read().to_string());
            }
            // Where the analysis has no room for it, the next one says it all.
            if now.duration_since(recorded) >= self.stats_interval {
                recorded = now;
                let _ = self.work.try_send(Work::Stats);
            }
            if now.duration_since(shown) >= STATUS {
                let counts = self.counting.read();
                console.status(&last, &counts);
                if !warned && let Some(warning) = one_sided(&counts) {
                    warned = true;
                    console.say(&warning);
                }
                (shown, last) = (now, counts);
            }
        });
    }
}

/// The settings as they are now, where they make sense; says so, or why not.
fn read_anew(reload: &mut Reload, console: &Console) -> Option<Work> {
    match reload() {
        Ok(reloaded) => {
            console.say(&reloaded.says);
            Some(Work::Settings(Box::new(reloaded)))
        }
        Err(what) => {
            console.say(&what);
            None
        }
    }
}

/// What to do where much of the traffic is seen from one side only.
fn one_sided(counts: &Counts) -> Option<String> {
    let (one_sided, all) = (counts.stats.flows_one_sided, counts.stats.flows_created);
    (one_sided >= ONE_SIDED && one_sided.saturating_mul(ONE_SIDED_SHARE) >= all).then(|| {
        format!(
            "of {one_sided} flows out of {all} only one side was seen, which is too little to judge them by: sniff the other \
             direction too (a second -i), or without --capture-threads where tunnels part the two"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(one_sided: u64, all: u64) -> Counts {
        let mut counts = Counts::default();
        (counts.stats.flows_one_sided, counts.stats.flows_created) = (one_sided, all);
        counts
    }

    #[test]
    fn who_sees_half_of_the_traffic_is_warned() {
        assert!(one_sided(&counts(100, 500)).is_some_and(|warning| warning.contains("100 flows out of 500")));
        assert_eq!(one_sided(&counts(100, 501)), None, "a few are usual");
        assert_eq!(one_sided(&counts(99, 99)), None, "too few to tell");
    }
}
