//! Frames to handshakes, and handshakes to the lines of JSON that a user gets.

mod captures;

use criterion::{Criterion, Throughput};
use std::hint::black_box;
use std::sync::Arc;
use tlscribe::diagnosis::{Case, Verdict, diagnose};
use tlscribe::enrichment::NOTHING;
use tlscribe::event::{Detail, Facts, Format, Observer, Record, Rendering};
use tlscribe::fingerprint::{Carrier, EventId, Fingerprinter};
use tlscribe::handshake::{Handshake, Negotiated, Outcome};
use tlscribe::knowledge::{Knowledge, Sighting};
use tlscribe::x509::{Judge, Judgement, Purpose, Roots};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let captures = captures::all();
    let handshakes: Vec<_> = captures.iter().flat_map(|frames| captures::handshakes(frames)).collect();

    let mut group = criterion.benchmark_group("whole path");
    group.throughput(Throughput::Elements(captures.iter().map(|frames| frames.len() as u64).sum()));
    group.bench_function("frames to handshakes", |bencher| {
        bencher.iter(|| captures.iter().map(|frames| captures::handshakes(black_box(frames)).len()).sum::<usize>());
    });
    group.throughput(Throughput::Elements(handshakes.len() as u64));
    group.bench_function("handshakes to events", |bencher| {
        let mut writer = Writer::new();
        bencher.iter(|| writer.write(black_box(&handshakes)));
    });
    let negotiated: Vec<_> = handshakes.iter().map(|handshake| handshake.negotiated()).collect();
    let mut judge = Judge::new(Roots::bundled(), 0);
    let read: Vec<_> = handshakes.iter().map(|handshake| &**handshake).zip(&negotiated).collect();
    group.bench_function("certificates judged", |bencher| {
        bencher.iter(|| read.iter().for_each(|(one, negotiated)| _ = black_box(papers(&mut judge, one, negotiated))));
    });
    let papers: Vec<_> = read.iter().map(|(handshake, negotiated)| papers(&mut judge, handshake, negotiated)).collect();
    let sightings: Vec<_> = (read.iter().zip(&papers))
        .map(|((handshake, negotiated), (server_chain, id))| Sighting { handshake, negotiated, server_chain, id: *id })
        .collect();
    group.bench_function("handshakes learned", |bencher| {
        let mut knowledge = Knowledge::new(0);
        bencher.iter(|| sightings.iter().for_each(|sighting| _ = black_box(knowledge.learn(sighting, false))));
    });
    group.bench_function("handshakes learned, viewed and told", |bencher| {
        let mut knowledge = Knowledge::new(0);
        bencher.iter(|| {
            for sighting in &sightings {
                let receipt = knowledge.learn(sighting, true);
                black_box((knowledge.view(sighting, &receipt), knowledge.story(sighting, &receipt)));
            }
        });
    });
    group.bench_function("hellos fingerprinted", |bencher| {
        let mut fingerprinter = Fingerprinter::new(0);
        bencher.iter(|| {
            for hello in negotiated.iter().filter_map(|negotiated| negotiated.client_hello.as_ref()) {
                black_box((fingerprinter.ja3(hello), fingerprinter.ja4(hello, Carrier::Tcp)));
            }
        });
    });
    // As they are judged in a run: all that came after them is known.
    let mut knowledge = Knowledge::new(0);
    let receipts: Vec<_> = sightings.iter().map(|sighting| knowledge.learn(sighting, true)).collect();
    let known: Vec<_> = (sightings.iter().zip(&receipts))
        .map(|(sighting, receipt)| (knowledge.view(sighting, receipt), knowledge.story(sighting, receipt)))
        .collect();
    let nothing = Judgement::default();
    let cases: Vec<_> = (sightings.iter().zip(&known))
        .filter(|(sighting, _)| sighting.handshake.outcome != Outcome::Established)
        .map(|(&Sighting { handshake, negotiated, server_chain, .. }, (server, story))| Case {
            handshake,
            negotiated,
            server_chain,
            client_chain: &nothing,
            server,
            story,
        })
        .collect();
    group.throughput(Throughput::Elements(cases.len() as u64));
    group.bench_function("failures diagnosed", |bencher| {
        bencher.iter(|| cases.iter().for_each(|case| _ = black_box(diagnose(case))));
    });
    group.throughput(Throughput::Elements(handshakes.len() as u64));
    group.bench_function("frames to events", |bencher| {
        let mut writer = Writer::new();
        bencher.iter(|| {
            for frames in &captures {
                writer.write(&captures::handshakes(black_box(frames)));
            }
        });
    });
    group.finish();
    criterion.final_summary();
}

/// What is known of a handshake when it is learned: the server's chain, and its event's id.
type Papers = (Arc<Judgement>, EventId);

fn papers(judge: &mut Judge, handshake: &Handshake, negotiated: &Negotiated<'_>) -> Papers {
    let (name, at) = (negotiated.sni, handshake.first.time);
    let chain = judge.judge(handshake.server_certificates(), name, at, Purpose::Server);
    (chain, EventId::of(handshake, negotiated))
}

/// Writes events as `tlscribe read` does.
struct Writer {
    rendering: Rendering,
    judge: Judge,
    fingerprinter: Fingerprinter,
    lines: Vec<u8>,
}

impl Writer {
    fn new() -> Self {
        Self {
            rendering: Rendering::new(Format::Native, Detail::Normal, None).unwrap(),
            judge: Judge::new(Roots::bundled(), 0),
            fingerprinter: Fingerprinter::new(0),
            lines: Vec::new(),
        }
    }

    fn write(&mut self, handshakes: &[Box<Handshake>]) {
        self.lines.clear();
        for handshake in handshakes {
            let negotiated = handshake.negotiated();
            let (server_chain, id) = papers(&mut self.judge, handshake, &negotiated);
            let client_chain =
                self.judge.judge(handshake.client_certificates(), None, handshake.first.time, Purpose::Client);
            let facts = Facts {
                handshake,
                negotiated: &negotiated,
                server_chain: &server_chain,
                client_chain: &client_chain,
                id,
                verdict: &Verdict { outcome: handshake.outcome, failure: None },
                retry_of: None,
                known: [&NOTHING; 2],
                observer: Observer::new(Some("bench.pcap"), None),
                numbered: true,
            };
            let record = Record::new(&facts, Detail::Normal, &mut self.fingerprinter);
            self.rendering.write(&record, &mut self.lines);
        }
    }
}
