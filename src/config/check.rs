//! What a run with these settings would do, and whether it can: without reading a frame and without touching an output.

use super::{OriginSettings, Settings, Terminals};
use crate::capture::{self, Input};
use crate::event::Selection;
use crate::output::{self, Place, Prepared, Target};
use crate::pipeline::SinkPlan;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// What would happen, a line each: what it is about, and what there is to say of it.
    pub lines: Vec<(String, String)>,
    /// What would keep a run from beginning, or be missing from it.
    pub wrong: bool,
    /// A receiver does not answer, or not as it should.
    pub away: bool,
}

impl Settings {
    /// Checks the settings as a run would, and contacts each sink.
    ///
    /// # Errors
    /// A mistake of the user, in one line.
    pub fn check(mut self) -> Result<Checked, String> {
        let mut checked = Checked::default();
        let nothing = OriginSettings::Saved { captures: Vec::new(), merge: false };
        let origin = std::mem::replace(&mut self.origin, nothing);
        let (filter, selection, roots) = (self.filter.clone(), self.selection.clone(), self.roots.to_string());
        let mut targets = self.all_targets();
        if targets.is_empty() {
            targets.push(Target::STANDARD_OUTPUT);
        }
        let plan = self.plan(Terminals { output: false, error: false })?;
        checked.frames(origin, filter);
        checked
            .say("handshakes", &if selection == Selection::default() { "all".into() } else { selection.to_string() });
        checked.say("roots", &roots);
        plan.job.sensor.iter().for_each(|sensor| checked.say("sensor", sensor));
        plan.job.enrichment.iter().for_each(|enrichment| checked.say("enrichment", &enrichment.to_string()));
        for (target, mut sink) in targets.iter().zip(plan.job.sinks) {
            checked.sink(&target.place, &mut sink);
        }
        if let Some(spool) = &plan.job.spooling {
            let what = format!("{}; up to {} MiB for each receiver", spool.folder.display(), spool.bytes >> 20);
            checked.found("spool", &what, output::may_hold_files(&spool.folder));
        }
        if let Some(evidence) = &plan.job.evidence {
            let which = if evidence.all { "of all handshakes" } else { "of those that failed" };
            let what = format!("{}; {which}", evidence.file.display());
            checked.found("packets", &what, output::writable(&evidence.file));
        }
        Ok(checked)
    }
}

impl Checked {
    fn say(&mut self, about: &str, what: &str) {
        self.lines.push((about.to_owned(), what.to_owned()));
    }

    fn frames(&mut self, origin: OriginSettings, filter: Option<String>) {
        let only = filter.as_ref().map(|filter| format!(", only {filter}")).unwrap_or_default();
        match origin {
            OriginSettings::Live(live) => {
                let from = live.interfaces.join(", ");
                // To open them is the only way to know, and they are closed at once.
                match live.open(filter) {
                    Ok(_) => self.say("frames", &format!("of {from}{only}")),
                    Err(what) => self.fail("frames", &what),
                }
            }
            OriginSettings::Saved { captures, .. } => {
                for input in capture::expand(&captures) {
                    match input {
                        Ok(Input::Stdin) => self.say("frames", &format!("of standard input{only}")),
                        Ok(Input::File(path)) => self.say("frames", &format!("of {}{only}", path.display())),
                        Err(error) => self.fail("frames", &error.to_string()),
                    }
                }
                if captures.is_empty() {
                    self.say("frames", &format!("of what the command line names{only}"));
                }
            }
        }
    }

    fn fail(&mut self, about: &str, what: &str) {
        self.say(about, what);
        self.wrong = true;
    }

    fn sink(&mut self, place: &Place, sink: &mut SinkPlan) {
        let SinkPlan { name, prepared, rendering, selection, incidents } = sink;
        let mut words = vec![rendering.to_string()];
        if place.to_string() != *name {
            words.insert(0, place.to_string());
        }
        if *selection != Selection::default() {
            words.push(format!("only {selection}"));
        }
        if *incidents {
            words.push("incidents too".into());
        }
        match prepared.contact() {
            Ok(found) => words.push(found),
            Err(what) => {
                words.push(what);
                // A file that cannot be written keeps a run from beginning, a receiver that is away does not.
                if matches!(prepared, Prepared::Receiver(_)) { self.away = true } else { self.wrong = true }
            }
        }
        self.say(name, &words.join("; "));
    }

    fn found(&mut self, about: &str, what: &str, found: Result<(), String>) {
        match found {
            Ok(()) => self.say(about, what),
            Err(error) => self.fail(about, &format!("{what}; {error}")),
        }
    }
}
