//! Frames to handshakes, and handshakes to the lines of JSON that a user gets.

mod captures;

use criterion::{Criterion, Throughput};
use std::hint::black_box;
use tlscribe::diagnosis::Verdict;
use tlscribe::event::{Detail, Facts, Format, Observer, Record, Rendering};
use tlscribe::fingerprint::Fingerprinter;
use tlscribe::handshake::Handshake;
use tlscribe::x509::{Judge, Purpose, Roots};

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
            judge: Judge::new(Roots::bundled()),
            fingerprinter: Fingerprinter::default(),
            lines: Vec::new(),
        }
    }

    fn write(&mut self, handshakes: &[Box<Handshake>]) {
        self.lines.clear();
        for handshake in handshakes {
            let negotiated = handshake.negotiated();
            let (name, at) = (negotiated.sni, handshake.first.time);
            let server_chain = self.judge.judge(handshake.server_certificates(), name, at, Purpose::Server);
            let client_chain = self.judge.judge(handshake.client_certificates(), None, at, Purpose::Client);
            let facts = Facts {
                handshake,
                negotiated: &negotiated,
                server_chain: &server_chain,
                client_chain: &client_chain,
                verdict: &Verdict { outcome: handshake.outcome, failure: None },
                retry_of: None,
                observer: Observer::new(Some("bench.pcap"), None),
            };
            let record = Record::new(&facts, Detail::Normal, &mut self.fingerprinter);
            self.rendering.write(&record, &mut self.lines);
        }
    }
}
