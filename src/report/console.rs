//! Standard error: one line for each thing worth saying; on a terminal a bar while a capture is read, and a line that
//! changes while interfaces are sniffed.

use super::screen::counted_noun;
use crate::event::Counts;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt::Display;
use std::io::Write as _;
use std::time::Duration;

/// How often the bar is drawn anew.
const REDRAW: Duration = Duration::from_millis(100);

/// What is said while a run goes on. Only a terminal gets a bar.
#[derive(Debug)]
pub struct Console {
    quiet: bool,
    bar: Option<ProgressBar>,
}

impl Console {
    /// `quiet` keeps everything to itself; `terminal` says that standard error is one.
    pub fn new(quiet: bool, terminal: bool) -> Self {
        Self {
            quiet,
            bar: (terminal && !quiet).then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())),
        }
    }

    /// Says one thing.
    pub fn say(&self, message: &str) {
        if self.quiet {
            return;
        }
        self.aside().print(|| to_standard_error(format_args!("tlscribe: {message}")));
    }

    /// Begins to show how far a run is, through so many bytes where that is known.
    pub fn begin(&self, total: Option<u64>) {
        if let Some(bar) = &self.bar {
            bar.set_style(style(total.is_some()));
            total.into_iter().for_each(|total| bar.set_length(total));
            bar.enable_steady_tick(REDRAW);
        }
    }

    /// Shows bytes read and what came of them.
    pub fn progress(&self, read: u64, handshakes: u64) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{handshakes} handshakes"));
            bar.set_position(read);
        }
    }

    /// Begins to show what a live run sees.
    pub fn begin_live(&self) {
        if let Some(bar) = &self.bar {
            bar.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message("listening");
        }
    }

    /// Shows what a live run has seen, and how fast that grew since `before`.
    pub fn status(&self, before: &Counts, now: &Counts) {
        if let Some(bar) = &self.bar {
            bar.set_message(status(before, now));
        }
    }

    /// For whoever prints on the same terminal.
    pub fn aside(&self) -> Aside {
        Aside(self.bar.clone())
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Writes a line to standard error. `eprintln!` would end the program where nobody reads it any more.
pub fn to_standard_error(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Prints without drawing over what a console shows all the time.
#[derive(Clone, Debug, Default)]
pub struct Aside(Option<ProgressBar>);

impl Aside {
    /// Prints.
    pub fn print<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

fn style(total_known: bool) -> ProgressStyle {
    let template = if total_known {
        "{bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec}, {eta} left, {msg}"
    } else {
        "{spinner} {bytes} {binary_bytes_per_sec}, {msg}"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// `1,200 frames/s, 34 MiB/s; 120 handshakes, 3 failed; lost: 12 frames, 0 handshakes, 0 events`
fn status(before: &Counts, now: &Counts) -> String {
    let seconds = now.end.since(before.end).as_secs_f64().max(0.001);
    let rate = |now: u64, before: u64| (now.saturating_sub(before) as f64 / seconds) as u64;
    let frames = HumanCount(rate(now.stats.frames, before.stats.frames));
    let bytes = HumanBytes(rate(now.stats.bytes, before.stats.bytes));
    let failed: u64 = now.outcomes.iter().filter(|(outcome, _)| outcome.0.is_failed()).map(|(_, count)| count).sum();
    let drops = now.kernel_drops + now.interface_drops;
    let lost = now.events_lost();
    let handshakes = counted_noun(now.handshakes(), "handshake");
    let mut line = format!("{frames} frames/s, {bytes}/s; {handshakes}, {} failed", HumanCount(failed));
    if drops + now.handshakes_lost + lost > 0 {
        line += &format!(
            "; lost: {} frames, {} handshakes, {} events",
            HumanCount(drops),
            HumanCount(now.handshakes_lost),
            HumanCount(lost)
        );
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::OutcomeName;
    use crate::handshake::Outcome;
    use std::time::Duration;

    #[test]
    fn the_line_tells_rates_failures_and_losses() {
        let before = Counts::default();
        let mut now = Counts { end: before.end.plus(Duration::from_secs(2)), ..Counts::default() };
        (now.stats.frames, now.stats.bytes) = (3_000, 4096);
        now.outcomes = vec![(OutcomeName(Outcome::Established), 1_000), (OutcomeName(Outcome::Failed), 2)];
        assert_eq!(status(&before, &now), "1,500 frames/s, 2.00 KiB/s; 1,002 handshakes, 2 failed");
        now.kernel_drops = 7;
        assert!(status(&before, &now).ends_with("; lost: 7 frames, 0 handshakes, 0 events"));
    }
}
