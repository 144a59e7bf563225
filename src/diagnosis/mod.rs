//! Why a handshake failed: facts in, a verdict out. Pure and deterministic, and no capture is needed to test it.
//!
//! Each rule looks at one [`Case`] and finds one cause, or nothing. The order in which they compete stands in one list, in
//! `rules`: the first that finds something has found it. What happened (`alerts`, `close`) is told apart from what it
//! means: a verdict names its evidence, and an alert that is only inferred is evidence, never an alert.

mod cause;
mod offer;
mod rules;
mod scene;
mod verdict;
mod words;

pub use cause::Cause;
pub use verdict::{Confidence, Evidence, Failure, Finding, Party, Severity, Stage, Verdict};
pub(crate) use words::counted;

use crate::handshake::{Handshake, Negotiated, Outcome};
use crate::knowledge::{ServerView, Story};
use crate::x509::Judgement;
use scene::Scene;

/// All that is known when a handshake is judged.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The handshake.
    pub handshake: &'a Handshake,
    /// What was read out of its messages.
    pub negotiated: &'a Negotiated<'a>,
    /// The server's certificates as this handshake shows them.
    pub server_chain: &'a Judgement,
    /// The client's certificates as this handshake shows them.
    pub client_chain: &'a Judgement,
    /// What other handshakes have shown of the server.
    pub server: &'a ServerView,
    /// The same client's other tries.
    pub story: &'a Story,
}

/// Judges a handshake.
pub fn diagnose(case: &Case<'_>) -> Verdict {
    let scene = Scene::of(case);
    let mut outcome = case.handshake.outcome;
    let finding = match outcome {
        Outcome::Established => None,
        Outcome::Unused => rules::abandoned(&scene),
        Outcome::Unfinished => rules::given_up(&scene).or_else(|| rules::capture_incomplete(&scene)),
        Outcome::Failed | Outcome::Abandoned => rules::judge(&scene),
    };
    outcome = match (outcome, finding.as_ref().map(|finding| finding.cause)) {
        (Outcome::Unused, Some(_)) => Outcome::Abandoned,
        (Outcome::Unfinished, Some(cause)) if cause != Cause::CaptureIncomplete => Outcome::Failed,
        _ => outcome,
    };
    Verdict { outcome, failure: finding.map(|finding| Failure { stage: scene.stage(), finding }) }
}

/// How a try went, as the end of a sentence.
fn outcome_in_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Established => "succeeded",
        Outcome::Unused => "finished the handshake",
        Outcome::Abandoned => "gave up after the handshake",
        Outcome::Failed => "failed again",
        Outcome::Unfinished => "had not finished when the capture ended",
    }
}

#[cfg(test)]
pub(crate) mod tests;
