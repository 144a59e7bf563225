//! Records made by hand, for the tests of what reads records.

use super::record::{Detail, Facts, Observer, Record};
use crate::diagnosis::{Failure, Finding, Stage, Verdict};
use crate::enrichment::NOTHING;
use crate::fingerprint::{EventId, Fingerprinter};
use crate::handshake::sample::{BEGIN, HelloSample};
use crate::handshake::{CloseKind, Handshake, Outcome, Side};
use crate::x509::Judgement;
use std::time::Duration;

/// A handshake and what is said of it.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) handshake: Handshake,
    pub(crate) finding: Option<Finding>,
    pub(crate) file: Option<&'static str>,
}

impl Told {
    /// A client's handshake with 10.0.0.2:443 so many seconds after the others begin, with this server name.
    pub(crate) fn new(client: &str, name: Option<&'static str>, seconds: u64, outcome: Outcome) -> Self {
        let hello = HelloSample { sni: name, ..HelloSample::default() };
        let mut handshake = Handshake::sample().hello(&hello).ends(CloseKind::Fin, Some(Side::Server));
        handshake = handshake.with_outcome(outcome);
        handshake.client = client.parse().expect("an address and a port");
        let later = Duration::from_secs(seconds);
        handshake.first.time = BEGIN.plus(later);
        handshake.last.time = handshake.last.time.plus(later);
        Self { handshake, finding: None, file: None }
    }

    /// Failed, for this reason.
    pub(crate) fn failed(client: &str, name: Option<&'static str>, seconds: u64, finding: &Finding) -> Self {
        Self { finding: Some(finding.clone()), ..Self::new(client, name, seconds, Outcome::Failed) }
    }

    /// Looks at its record.
    pub(crate) fn record<T>(&self, look: impl FnOnce(&Record<'_>) -> T) -> T {
        let negotiated = self.handshake.negotiated();
        let failure = self.finding.clone().map(|finding| Failure { stage: Stage::ClientHello, finding });
        let chain = Judgement::default();
        let facts = Facts {
            handshake: &self.handshake,
            negotiated: &negotiated,
            server_chain: &chain,
            client_chain: &chain,
            id: EventId::of(&self.handshake, &negotiated),
            verdict: &Verdict { outcome: self.handshake.outcome, failure },
            retry_of: None,
            known: [&NOTHING; 2],
            observer: Observer::new(self.file, None),
            numbered: true,
        };
        look(&Record::new(&facts, Detail::Normal, &mut Fingerprinter::new(0)))
    }
}
