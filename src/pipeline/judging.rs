//! Judging: what is known of a handshake, of its server and of its client's other tries is put before the diagnosis.

use super::seed;
use crate::diagnosis::{Case, Verdict, diagnose};
use crate::fingerprint::EventId;
use crate::handshake::{Handshake, Negotiated, Outcome};
use crate::knowledge::{Knowledge, Receipt, Sighting, Story};
use crate::x509::{Judge, Judgement, Purpose, Roots};
use std::sync::Arc;

/// What was found out about a handshake when it was settled.
#[derive(Debug)]
pub(super) struct Papers {
    pub(super) id: EventId,
    pub(super) server_chain: Arc<Judgement>,
    pub(super) client_chain: Arc<Judgement>,
    receipt: Receipt,
}

impl Papers {
    fn sighting<'a>(&'a self, handshake: &'a Handshake, negotiated: &'a Negotiated<'a>) -> Sighting<'a> {
        Sighting { handshake, negotiated, server_chain: &self.server_chain, id: self.id }
    }
}

/// Who judges, and what is remembered for it.
pub(super) struct Judging {
    judge: Judge,
    knowledge: Knowledge,
}

impl Judging {
    pub(super) fn new(roots: Roots) -> Self {
        Self { judge: Judge::new(roots, seed()), knowledge: Knowledge::new(seed()) }
    }

    /// Another capture begins: what the last one showed says nothing about it.
    pub(super) fn forget(&mut self) {
        self.knowledge = Knowledge::new(seed());
    }

    /// Takes in a handshake that was settled, and that is judged at once or `waits`.
    pub(super) fn learn(&mut self, handshake: &Handshake, negotiated: &Negotiated<'_>, waits: bool) -> Papers {
        let (name, at) = (negotiated.sni, handshake.first.time);
        let id = EventId::of(handshake, negotiated);
        let server_chain = self.judge.judge(handshake.server_certificates(), name, at, Purpose::Server);
        let client_chain = self.judge.judge(handshake.client_certificates(), None, at, Purpose::Client);
        let sighting = Sighting { handshake, negotiated, server_chain: &server_chain, id };
        let receipt = self.knowledge.learn(&sighting, waits);
        Papers { id, server_chain, client_chain, receipt }
    }

    /// Judges a handshake by all that is known now.
    pub(super) fn verdict(
        &mut self,
        handshake: &Handshake,
        negotiated: &Negotiated<'_>,
        papers: &Papers,
    ) -> (Verdict, Story) {
        let sighting = papers.sighting(handshake, negotiated);
        let story = self.knowledge.story(&sighting, &papers.receipt);
        if handshake.outcome == Outcome::Established {
            return (Verdict { outcome: handshake.outcome, failure: None }, story);
        }
        let mut server = self.knowledge.view(&sighting, &papers.receipt);
        if let Some(shown) = &mut server.chain {
            let (name, at) = (negotiated.sni, handshake.first.time);
            shown.judgement = self.judge.judge_again(&shown.judgement.certificates, name, at, Purpose::Server);
        }
        let (server_chain, client_chain) = (&*papers.server_chain, &*papers.client_chain);
        let verdict =
            diagnose(&Case { handshake, negotiated, server_chain, client_chain, server: &server, story: &story });
        (verdict, story)
    }
}
