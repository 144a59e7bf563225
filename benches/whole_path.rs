//! Frames to handshakes, and handshakes to the lines of JSON that a user gets.

mod captures;

use criterion::{Criterion, Throughput};
use std::hint::black_box;
use tlscribe::diagnosis::Verdict;
use tlscribe::event::{Detail, Facts, Format, Observer, Record, Rendering};
use tlscribe::fingerprint::Fingerprinter;
use tlscribe::handshake::Handshake;
use tlscribe::x509::{CertificateCache, Judgement};

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
    certificates: CertificateCache,
    fingerprinter: Fingerprinter,
    lines: Vec<u8>,
}

impl Writer {
    fn new() -> Self {
        Self {
            rendering: Rendering::new(Format::Native, Detail::Normal, None).unwrap(),
            certificates: CertificateCache::default(),
            fingerprinter: Fingerprinter::default(),
            lines: Vec::new(),
        }
    }

    fn write(&mut self, handshakes: &[Box<Handshake>]) {
        self.lines.clear();
        for handshake in handshakes {
            let negotiated = handshake.negotiated();
            let mut chain = |certificates: &mut dyn Iterator<Item = &[u8]>| Judgement {
                certificates: certificates.map(|der| self.certificates.get(der)).collect(),
                ..Judgement::default()
            };
            let server_chain = chain(&mut handshake.server_certificates());
            let client_chain = chain(&mut handshake.client_certificates());
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
