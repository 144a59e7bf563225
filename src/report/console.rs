//! Standard error: one line for each thing worth saying, and a bar while a capture is read.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
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
        let line = || eprintln!("tlscribe: {message}");
        match &self.bar {
            Some(bar) => bar.suspend(line),
            None => line(),
        }
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

    /// Takes the bar away.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
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
