//! Why a handshake failed: facts in, a verdict out. Pure and deterministic, and no capture is needed to test it.
//!
//! Each rule looks at one [`Case`] and finds one cause, or nothing. [`RULES`] is the order in which they compete: the first
//! that finds something has found it. What was said in the clear comes first, then what the capture lacks, then what
//! follows from lengths, from what else is known of the server, and from silence.

mod cause;
mod verdict;

pub use cause::Cause;
pub use verdict::{Confidence, Evidence, Failure, Finding, Party, Severity, Stage, Verdict};

use crate::handshake::{Handshake, Negotiated};
use crate::knowledge::{ServerView, Story};
use crate::x509::Judgement;

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

/// A rule: what it finds in a case, if anything.
type Rule = fn(&Case<'_>) -> Option<Finding>;

/// The rules in the order in which they compete.
const RULES: &[Rule] = &[];

/// Judges a handshake.
pub fn diagnose(case: &Case<'_>) -> Verdict {
    let outcome = case.handshake.outcome;
    let finding = RULES.iter().find_map(|rule| rule(case));
    Verdict { outcome, failure: finding.map(|finding| Failure { stage: Stage::ClientHello, finding }) }
}
