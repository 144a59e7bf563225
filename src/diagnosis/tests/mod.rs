//! Every rule with a handshake in which it finds its cause, and with the nearest one in which it must not. What a rule
//! says is written as one line: cause, party, confidence, severity and stage, then the codes of the evidence with their
//! frames. A sample's ClientHello is frame 5.

mod certificates;
mod client_certificate;
mod contradiction;
mod fault;
mod flights;
mod hello;
mod network;
mod not_tls;
mod offers;
mod order;
pub(crate) mod properties;
mod reset;
mod server_certificate;
mod server_flight;
mod version;

use super::{Case, Cause, Failure, Verdict, diagnose};
use crate::fingerprint::EventId;
use crate::handshake::sample::BEGIN;
use crate::handshake::{Handshake, Outcome};
use crate::knowledge::{Attempt, Seen, ServerView, Story};
use crate::time::Timestamp;
use crate::tls::registry::ProtocolVersion;
use crate::x509::Judgement;
use std::time::Duration;

/// All that a case borrows.
#[derive(Debug)]
pub(crate) struct Told {
    handshake: Handshake,
    server_chain: Judgement,
    client_chain: Judgement,
    server: ServerView,
    story: Story,
}

/// A handshake with nothing known besides.
pub(crate) fn told(handshake: Handshake) -> Told {
    Told {
        handshake,
        server_chain: Judgement::default(),
        client_chain: Judgement::default(),
        server: ServerView::default(),
        story: Story::default(),
    }
}

impl Told {
    /// With the chain that the server shows in this handshake.
    pub(crate) fn shown(self, server_chain: Judgement) -> Self {
        Self { server_chain, ..self }
    }

    /// With the chain that the client shows in this handshake.
    pub(crate) fn shown_by_client(self, client_chain: Judgement) -> Self {
        Self { client_chain, ..self }
    }

    /// With what other handshakes have shown of the server.
    fn knowing(self, server: ServerView) -> Self {
        Self { server, ..self }
    }

    /// With another try of the client after this one.
    fn then(mut self, later: Attempt) -> Self {
        self.story.retry.get_or_insert_with(|| later.clone());
        self.story.later.push(later);
        self
    }

    fn verdict(&self) -> Verdict {
        let Self { handshake, server_chain, client_chain, server, story } = self;
        diagnose(&Case { handshake, negotiated: &handshake.negotiated(), server_chain, client_chain, server, story })
    }

    fn outcome(&self) -> Outcome {
        self.verdict().outcome
    }

    pub(crate) fn cause(&self) -> Option<Cause> {
        self.verdict().failure.map(|failure| failure.finding.cause)
    }

    fn confidence(&self) -> &'static str {
        self.verdict().failure.expect("a failure").finding.confidence.name()
    }

    fn summary(&self) -> String {
        self.verdict().failure.expect("a failure").finding.summary
    }

    fn advice(&self) -> String {
        self.verdict().failure.expect("a failure").finding.advice
    }

    /// The sentence of the evidence with this code.
    fn what(&self, code: &str) -> String {
        let evidence = self.verdict().failure.expect("a failure").finding.evidence;
        evidence.into_iter().find(|evidence| evidence.code == code).expect("evidence of this kind").what
    }

    /// The verdict as one line.
    fn line(&self) -> String {
        self.verdict().failure.map_or_else(|| "none".to_owned(), |failure| line(&failure))
    }
}

fn line(failure: &Failure) -> String {
    let Failure { stage, finding } = failure;
    let evidence = finding.evidence.iter().map(|evidence| match evidence.mark {
        Some(mark) => format!(" {}@{}", evidence.code, mark.frame),
        None => format!(" {}", evidence.code),
    });
    let (party, confidence) = (finding.party.name(), finding.confidence.name());
    let head = format!("{} {party} {confidence} {} {}:", finding.cause, finding.severity.name(), stage.name());
    head + &evidence.collect::<String>()
}

/// A minute before the samples begin.
fn a_minute_before() -> Timestamp {
    Timestamp::from_micros(BEGIN.as_micros() - 60_000_000)
}

/// Something that three handshakes of two clients showed a minute before.
fn seen<T>(value: T) -> Seen<T> {
    Seen { value, count: 3, clients: 2, last: a_minute_before() }
}

/// Another try of the client for the same name with the same offer, begun so many milliseconds after this one, that was
/// established at once.
fn attempt(after_ms: u64) -> Attempt {
    let start = BEGIN.plus(Duration::from_millis(after_ms));
    let finished = start.plus(Duration::from_millis(30));
    Attempt {
        id: EventId::default(),
        start,
        finished: Some(finished),
        outcome: Outcome::Established,
        server: "10.0.0.2:443".parse().expect("an address"),
        sni: Some("www.example.org".into()),
        highest: Some(ProtocolVersion::TLS_1_3),
        post_quantum: false,
        alike: true,
    }
}

/// The same, but it failed too.
fn failed_attempt(after_ms: u64) -> Attempt {
    Attempt { finished: None, outcome: Outcome::Failed, ..attempt(after_ms) }
}
