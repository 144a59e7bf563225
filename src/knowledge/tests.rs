//! Whole handshakes learned and asked for.

use super::*;
use crate::fingerprint::EventId;
use crate::handshake::sample::{BEGIN, HelloSample, server_hello, server_hello13};
use crate::handshake::{CloseKind, Handshake, Outcome, Side};
use crate::time::{Mark, Timestamp};
use crate::tls::registry::{CipherSuite, HandshakeType, NamedGroup, ProtocolVersion};
use crate::x509::{CertificateFacts, ChainStatus, Judgement};
use proptest::prelude::*;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// A handshake to be.
#[derive(Clone, Copy, Debug)]
struct Sample {
    client: u8,
    server: u8,
    name: Option<&'static str>,
    suite: u16,
    outcome: Outcome,
    /// Milliseconds after the beginning, from first to last.
    from: u64,
    to: u64,
    alpn: Option<&'static str>,
    tls12: bool,
}

const OK: Sample = Sample {
    client: 1,
    server: 1,
    name: Some("www.example.org"),
    suite: 0x1301,
    outcome: Outcome::Established,
    from: 0,
    to: 50,
    alpn: None,
    tls12: false,
};
const BAD: Sample = Sample { outcome: Outcome::Failed, ..OK };

fn after(millis: u64) -> Timestamp {
    BEGIN.plus(Duration::from_millis(millis))
}

impl Sample {
    const fn at(self, from: u64, to: u64) -> Self {
        Self { from, to, ..self }
    }

    fn server(self) -> SocketAddr {
        SocketAddr::from(([10, 0, 1, self.server], 443))
    }

    fn handshake(self) -> Handshake {
        let base = if self.tls12 { HelloSample::tls12() } else { HelloSample::default() };
        let hello = HelloSample { sni: self.name, alpn: self.alpn.into_iter().collect(), ..base };
        let answer = if self.tls12 { server_hello(0x0303, self.suite, &[]) } else { server_hello13(self.suite) };
        let mut handshake = Handshake::sample().hello(&hello);
        if self.suite != 0 {
            handshake = handshake.says(Side::Server, HandshakeType::SERVER_HELLO, &answer);
        }
        handshake = handshake.ends(CloseKind::Fin, Some(Side::Client)).with_outcome(self.outcome);
        let mark = |millis| Mark { frame: millis, time: after(millis) };
        handshake.client = SocketAddr::from(([10, 0, 0, self.client], 50_000));
        handshake.server = self.server();
        (handshake.first, handshake.last, handshake.settled) = (mark(self.from), mark(self.to), after(self.to));
        handshake.close = handshake.close.map(|close| crate::handshake::Close { mark: mark(self.to), ..close });
        if matches!(self.outcome, Outcome::Established | Outcome::Unused) {
            handshake.finished = [Some(mark(self.to)); 2];
        }
        handshake
    }
}

/// A knowledge with what it has learned.
struct World {
    knowledge: Knowledge,
    learned: Vec<(Handshake, Arc<Judgement>, Receipt)>,
}

fn chain(issuer: &str, status: ChainStatus) -> Arc<Judgement> {
    let facts = CertificateFacts {
        sha256: format!("{issuer}-leaf"),
        issuer: Some(issuer.to_owned()),
        self_signed: Some(false),
        ..CertificateFacts::read(b"not a certificate")
    };
    Arc::new(Judgement { certificates: vec![Arc::new(facts)], status: Some(status), ..Judgement::default() })
}

impl World {
    fn new(seed: u64) -> Self {
        Self { knowledge: Knowledge::new(seed), learned: Vec::new() }
    }

    fn of(samples: &[Sample]) -> Self {
        let mut world = Self::new(1);
        samples.iter().for_each(|sample| _ = world.learn(*sample));
        world
    }

    fn learn(&mut self, sample: Sample) -> usize {
        self.learn_with(sample, &Arc::default())
    }

    fn learn_with(&mut self, sample: Sample, chain: &Arc<Judgement>) -> usize {
        let handshake = sample.handshake();
        let negotiated = handshake.negotiated();
        let id = EventId::of(&handshake, &negotiated);
        let sighting = Sighting { handshake: &handshake, negotiated: &negotiated, server_chain: chain, id };
        let receipt = self.knowledge.learn(&sighting, sample.outcome != Outcome::Established);
        drop(negotiated);
        self.learned.push((handshake, Arc::clone(chain), receipt));
        self.learned.len() - 1
    }

    fn id(&self, at: usize) -> EventId {
        let handshake = &self.learned[at].0;
        EventId::of(handshake, &handshake.negotiated())
    }

    fn view(&self, at: usize) -> ServerView {
        let (handshake, chain, receipt) = &self.learned[at];
        let negotiated = handshake.negotiated();
        let id = EventId::default();
        self.knowledge.view(&Sighting { handshake, negotiated: &negotiated, server_chain: chain, id }, receipt)
    }

    fn story(&mut self, at: usize) -> Story {
        let (handshake, chain, receipt) = &self.learned[at];
        let negotiated = handshake.negotiated();
        let sighting = Sighting { handshake, negotiated: &negotiated, server_chain: chain, id: EventId::default() };
        self.knowledge.story(&sighting, receipt)
    }
}

/// A view as it can be compared.
fn told(view: &ServerView) -> String {
    format!("{view:?}")
}

#[test]
fn a_view_tells_what_others_showed_and_not_what_the_handshake_did_itself() {
    let world = World::of(&[
        OK,
        Sample { client: 2, suite: 0x1302, ..OK }.at(100, 150),
        Sample { client: 2, suite: 0x1302, name: None, ..OK }.at(200, 250),
        Sample { client: 3, suite: 0x1303, ..BAD }.at(300, 350),
        Sample { server: 2, client: 4, ..OK }.at(400, 450),
    ]);
    let view = world.view(3);
    assert_eq!((view.finished, view.clients, view.failed), (3, 2, 0));
    let suites: Vec<_> = view.cipher_suites.iter().map(|seen| (seen.value, seen.count, seen.clients)).collect();
    assert_eq!(suites, [(CipherSuite(0x1302), 2, 1), (CipherSuite(0x1301), 1, 1)]);
    assert_eq!(view.versions.len(), 1);
    assert_eq!((view.versions[0].value, view.versions[0].count), (ProtocolVersion::TLS_1_3, 3));
    assert_eq!(view.groups[0].value, NamedGroup::X25519);
    assert_eq!(view.name, NameView { finished: 2, used: 2, failed: 0 });
    assert_eq!(view.name_elsewhere, NameView { finished: 1, used: 1, failed: 0 });
    assert_eq!(view.finished_without_name, 1);
    assert_eq!(view.names, ["www.example.org"]);
    assert_eq!((view.last_success, view.last_failure), (Some(after(250)), None));
    assert_eq!(world.view(0).last_failure, Some(after(350)), "others are told of the failure");
}

#[test]
fn a_handshake_alone_with_its_server_knows_nothing_of_it() {
    for sample in [OK, BAD, Sample { outcome: Outcome::Unused, tls12: true, suite: 0xc02f, alpn: Some("h2"), ..OK }] {
        let mut world = World::new(1);
        let at = world.learn_with(sample, &chain("CN=One", ChainStatus::Trusted));
        assert_eq!(told(&world.view(at)), told(&ServerView::default()));
    }
}

#[test]
fn what_was_last_seen_an_hour_ago_is_forgotten() {
    let hour = 3_600_000;
    let mut world = World::of(&[Sample { suite: 0x1302, ..OK }, OK.at(hour / 2, hour / 2)]);
    let at = world.learn(Sample { client: 2, suite: 0, ..BAD }.at(hour + 1000, hour + 1000));
    assert_eq!(world.view(at).cipher_suites.len(), 1);
    let at = world.learn(Sample { client: 2, suite: 0, ..BAD }.at(4 * hour, 4 * hour));
    assert_eq!(told(&world.view(at)), told(&ServerView::default()));
}

#[test]
fn a_chain_for_the_same_name_goes_before_a_later_one() {
    let mut world = World::new(1);
    world.learn_with(OK, &chain("CN=One", ChainStatus::Trusted));
    world.learn_with(Sample { name: Some("other.example"), ..OK }.at(100, 150), &chain("CN=Two", ChainStatus::Trusted));
    let same = world.learn(BAD.at(200, 250));
    let other = world.learn(Sample { name: None, ..BAD }.at(200, 250));
    let issuer =
        |at| world.view(at).chain.map(|shown| (shown.judgement.leaf().unwrap().issuer.clone(), shown.same_name));
    assert_eq!(issuer(same), Some((Some("CN=One".to_owned()), true)));
    assert_eq!(issuer(other), Some((Some("CN=Two".to_owned()), false)));
}

#[test]
fn an_issuer_of_unrelated_names_where_others_see_another_is_told() {
    let mut world = World::new(1);
    let private = chain("CN=Proxy", ChainStatus::Untrusted);
    world.learn_with(Sample { server: 9, ..OK }, &chain("CN=Public", ChainStatus::Trusted));
    world.learn_with(Sample { server: 2, name: Some("a.example"), ..OK }, &private);
    world.learn_with(Sample { server: 3, name: Some("b.example"), ..OK }, &private);
    world.learn_with(Sample { server: 3, name: Some("www.b.example"), ..OK }, &private);
    let at = world.learn_with(BAD, &private);
    let view = world.view(at);
    assert_eq!((view.names_under_issuer, view.others_see_another_issuer), (2, true));
    assert!(!world.view(1).others_see_another_issuer);
}

#[test]
fn a_try_after_a_failure_is_its_retry() {
    let mut world = World::of(&[BAD.at(0, 100), OK.at(150, 200)]);
    assert_eq!(world.story(1).retry_of, Some(world.id(0)));
    let story = world.story(0);
    assert_eq!((story.earlier.len(), story.later.len(), story.others, story.retry_of), (0, 1, 1, None));
    assert_eq!(story.later[0].finished, Some(after(200)));
    assert_eq!(story.later[0].id, world.id(1));
}

#[test]
fn a_failure_that_is_settled_after_its_retry_is_still_found() {
    let mut world = World::new(1);
    // The retry has failed too, so it waits.
    let retry = world.learn(BAD.at(150, 200));
    let failed = world.learn(BAD.at(0, 100));
    let story = world.story(retry);
    assert_eq!(story.retry_of, Some(world.id(failed)));
    assert_eq!(story.earlier.len(), 1);
    assert_eq!(world.story(failed).retry_of, None);
}

#[test]
fn what_speaks_against_a_retry() {
    let retry_of = |first: &[Sample], then: Sample| {
        let mut world = World::of(first);
        let at = world.learn(then);
        world.story(at).retry_of.is_some()
    };
    let failed = BAD.at(0, 100);
    let then = OK.at(150, 200);
    assert!(retry_of(&[failed], then));
    assert!(retry_of(&[failed], Sample { server: 2, ..then }), "the same name elsewhere");
    assert!(retry_of(&[failed], Sample { name: Some("example.org"), ..then }), "the same site");
    assert!(retry_of(&[failed], Sample { tls12: true, suite: 0xc02f, ..then }), "a lower version");
    for (first, then, why) in [
        (&[failed][..], OK.at(50, 90), "it ran beside it"),
        (&[failed], OK.at(10_200, 10_300), "too late"),
        (&[failed], Sample { client: 2, ..then }, "another client"),
        (&[failed], Sample { server: 2, name: Some("b.example"), ..then }, "something else"),
        (&[failed], Sample { name: Some("b.example"), ..then }, "another name on the server"),
        (&[OK.at(0, 100)], then, "the first went well"),
        (&[failed, OK.at(110, 120)], then, "another was the retry"),
        (
            &[Sample { alpn: Some("h2"), ..failed }],
            Sample { alpn: Some("imap"), tls12: true, suite: 0xc02f, ..then },
            "another program",
        ),
    ] {
        assert!(!retry_of(first, then), "{why}");
    }
}

#[test]
fn of_many_tries_the_nearest_are_told_and_all_are_counted() {
    let mut world = World::new(1);
    for step in 0..20 {
        world.learn(OK.at(step * 10, step * 10 + 5));
    }
    let own = world.learn(BAD.at(1000, 1010));
    for step in 0..20 {
        world.learn(OK.at(2000 + step * 10, 2005 + step * 10));
    }
    let story = world.story(own);
    assert_eq!((story.earlier.len(), story.later.len(), story.others), (MAX_PARTNERS, MAX_PARTNERS, 40));
    assert_eq!(story.earlier[0].start, after(120));
    assert_eq!(story.later[MAX_PARTNERS - 1].start, after(2070));
    assert_eq!(world.story(own).others, 0, "a story is told once");
}

#[test]
fn no_list_of_a_server_outgrows_its_bound() {
    let mut world = World::new(1);
    for at in 0..400_u16 {
        let sample = Sample { client: at as u8, suite: 0x2000 + at, ..OK }.at(at.into(), u64::from(at) + 1);
        let name: &'static str = Box::leak(format!("{at}.example{at}.org").into_boxed_str());
        world.learn_with(Sample { name: Some(name), ..sample }, &chain(&format!("CN={at}"), ChainStatus::Trusted));
        world.learn_with(Sample { name: Some(name), ..sample }, &chain("CN=All", ChainStatus::Trusted));
        world.learn_with(Sample { server: at as u8, ..sample }, &chain("CN=All", ChainStatus::Trusted));
    }
    let [clients, versions, suites, groups, alpn, names, chains, servers, sites] =
        world.knowledge.largest_lists(OK.server(), "www.example.org", "CN=All");
    assert_eq!((clients, suites, names, chains), (MAX_CLIENTS, MAX_VALUES, MAX_VALUES, MAX_CHAINS));
    assert_eq!((servers, sites, versions, groups, alpn), (MAX_VALUES, MAX_VALUES, 1, 1, 0));
}

#[test]
fn no_table_outgrows_its_bound() {
    let sample = BAD.handshake();
    let mut knowledge = Knowledge::new(1);
    for at in 0..MAX_TRIES as u32 + 10_000 {
        let mut handshake = sample.clone();
        // First many clients and servers, then few clients with many tries.
        let client = if at < 40_000 { at } else { at % 4000 };
        handshake.client = SocketAddr::from((std::net::Ipv4Addr::from(0x0a00_0000 + client), 1));
        handshake.server = SocketAddr::from((std::net::Ipv4Addr::from(0x0b00_0000 + at), 1));
        let mut negotiated = handshake.negotiated();
        let name = format!("{at}.example");
        negotiated.sni = Some(name.as_bytes());
        let server_chain = &chain(&name, ChainStatus::Trusted);
        knowledge.learn(
            &Sighting { handshake: &handshake, negotiated: &negotiated, server_chain, id: EventId::default() },
            true,
        );
        let ([servers, names, issuers], [clients, tries, stories]) = knowledge.sizes();
        assert!(servers <= MAX_SERVERS && names <= MAX_NAMES && issuers <= MAX_ISSUERS);
        assert!(clients <= MAX_CLIENT_ADDRESSES && tries <= MAX_TRIES && stories <= MAX_STORIES);
    }
    let ([servers, names, issuers], [clients, _, stories]) = knowledge.sizes();
    assert_eq!((servers, names, issuers), (MAX_SERVERS, MAX_NAMES, MAX_ISSUERS), "full, or nothing was shown");
    assert_eq!((clients, stories), (MAX_CLIENT_ADDRESSES, MAX_STORIES));
}

fn sample() -> impl Strategy<Value = Sample> {
    let outcome =
        prop::sample::select(vec![Outcome::Established, Outcome::Failed, Outcome::Unused, Outcome::Unfinished]);
    let name = prop::sample::select(vec![None, Some("www.example.org"), Some("a.example"), Some("b.example")]);
    (1..4_u8, 1..3_u8, name, 0x1301..0x1304_u16, outcome, 0..5000_u64).prop_map(
        |(client, server, name, suite, outcome, from)| {
            Sample { client, server, name, suite, outcome, ..OK }.at(from, from + 50)
        },
    )
}

proptest! {
    #[test]
    fn a_view_does_not_depend_on_the_order_of_learning_or_on_the_seed(
        samples in prop::collection::vec(sample(), 1..20),
        turn in any::<prop::sample::Index>(),
    ) {
        let turn = turn.index(samples.len());
        let forward = World::of(&samples);
        let mut turned = World::new(77);
        let order: Vec<_> = (0..samples.len()).map(|at| (at + turn) % samples.len()).collect();
        let places: Vec<_> = order.iter().map(|at| turned.learn(samples[*at])).collect();
        for (at, place) in order.iter().zip(places) {
            prop_assert_eq!(told(&forward.view(*at)), told(&turned.view(place)));
        }
    }

    #[test]
    fn a_view_is_that_of_a_world_without_the_handshake(
        samples in prop::collection::vec(sample(), 2..20),
        own in any::<prop::sample::Index>(),
    ) {
        let own = own.index(samples.len());
        let all = World::of(&samples);
        let others: Vec<_> =
            samples.iter().enumerate().filter(|(at, _)| *at != own).map(|(_, sample)| *sample).collect();
        // What the others alone would be told by: a handshake of nobody's, at the same server and for the same name.
        let mut without = World::of(&others);
        let probe = without.learn(Sample { client: 200, suite: 0, outcome: Outcome::Unfinished, ..samples[own] });
        prop_assert_eq!(told(&all.view(own)), told(&without.view(probe)));
    }
}
