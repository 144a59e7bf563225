//! Carrying out a plan: the run, then what is printed at its end, and how the program ends.

use super::Exit;
use super::usage::mistake;
use crate::config::{FailOn, File, Plan, Settings, Terminals};
use crate::pipeline::{self, Done, Reload};
use crate::report::{self, Console, Look, Parts};
use std::io::{IsTerminal as _, Write as _};

/// Does what was asked for, on the command line and by what else is in the file.
pub(super) fn run(settings: Result<Settings, String>, file: Option<File>, reload: Option<Reload>) -> Exit {
    let terminals = Terminals { output: std::io::stdout().is_terminal(), error: std::io::stderr().is_terminal() };
    let settings = settings.map(|settings| settings.with(file));
    match settings.and_then(|settings| settings.plan(terminals)) {
        Ok(mut plan) => {
            plan.job.reload = reload;
            carry_out(plan, terminals)
        }
        Err(what) => mistake(&what),
    }
}

/// Runs and reports.
fn carry_out(plan: Plan, terminals: Terminals) -> Exit {
    let Plan { job, report: wants_report, live, summary: wants_summary, quiet, fail_on } = plan;
    let console = Console::new(quiet, terminals.error);
    let done = match pipeline::run(job, &console) {
        Ok(done) => done,
        Err(what) => return mistake(&what),
    };
    let Done { summary, totals, lost, not_wanted } = &done;
    if wants_report {
        let look = look(&console::Term::stdout(), console::colors_enabled());
        let text = report::report(summary, totals, Parts { table: !live, frames: !live, summary: wants_summary }, look);
        // A reader who closes early has seen what they wanted.
        let _ = std::io::stdout().write_all(text.as_bytes());
    } else if wants_summary && !quiet && !not_wanted {
        let look = look(&console::Term::stderr(), console::colors_enabled_stderr());
        report::summary(summary, totals, look).iter().for_each(report::to_standard_error);
    }
    let met = |fail_on: &FailOn| match fail_on {
        FailOn::Outcome(outcome) => summary.outcomes.count(outcome) > 0,
        FailOn::Cause(cause) => summary.causes.count(cause) > 0,
    };
    if fail_on.iter().any(met) {
        Exit::FailOn
    } else if *lost || (totals.unreadable > 0 && !not_wanted) {
        Exit::Incomplete
    } else {
        Exit::Done
    }
}

/// How to set text for a stream.
fn look(stream: &console::Term, colour: bool) -> Look {
    let width = stream.size_checked().map_or(Look::PLAIN.width, |(_, columns)| columns.into());
    Look { width, colour: colour && stream.is_term() }
}
