//! What a packet costs among a thousand flows, and among a million: misses of the cache, and nothing else; and what a new
//! flow costs while the table grows to that size.

use criterion::{BatchSize, Criterion, Throughput};
use tlscribe::engine::{Engine, Limits};
use tlscribe::packet::{Frame, LinkType};
use tlscribe::time::Timestamp;

/// Ethernet, IPv4 and TCP headers, as [`Packets`] sends them.
const HEADERS: usize = 54;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

/// How many flows there are: all within the table's bound.
const FLOWS: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("flows");
    group.throughput(Throughput::Elements(1));
    for flows in FLOWS {
        group.bench_function(format!("a packet among {flows}"), |bencher| {
            let mut packets = Packets::new();
            let mut engine = Engine::new(Limits::default(), 7);
            (0..flows).for_each(|flow| packets.send(&mut engine, flow, SYN));
            // In no order that the table's slots have.
            let mut flow = 0;
            bencher.iter(|| {
                flow = (flow + 611_953) % flows;
                packets.send(&mut engine, flow, ACK);
            });
            assert_eq!(engine.stats().flows_evicted, 0);
        });
    }
    for flows in FLOWS {
        group.throughput(Throughput::Elements(flows.into()));
        group.sample_size(10).bench_function(format!("from none to {flows}"), |bencher| {
            let fresh = || (Packets::new(), Engine::new(Limits::default(), 7));
            bencher.iter_batched_ref(
                fresh,
                |(packets, engine)| (0..flows).for_each(|flow| packets.send(engine, flow, SYN)),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
    criterion.final_summary();
}

/// A client for each flow, all of one server.
struct Packets {
    bytes: [u8; HEADERS],
    number: u64,
}

impl Packets {
    fn new() -> Self {
        let mut bytes = [0; HEADERS];
        bytes[12..14].copy_from_slice(&[8, 0]);
        bytes[14..18].copy_from_slice(&[0x45, 0, 0, 40]);
        bytes[22..24].copy_from_slice(&[64, 6]);
        bytes[30..38].copy_from_slice(&[10, 0, 0, 1, 200, 0, 1, 187]);
        bytes[46] = 0x50;
        bytes[48..50].copy_from_slice(&[0xff; 2]);
        Self { bytes, number: 0 }
    }

    fn send(&mut self, engine: &mut Engine, flow: u32, flags: u8) {
        self.number += 1;
        self.bytes[26..30].copy_from_slice(&(0x0b00_0000 + flow).to_be_bytes());
        self.bytes[47] = flags;
        engine.frame(&Frame {
            number: self.number,
            time: Timestamp::from_micros(1_750_000_000_000_000 + self.number),
            link: LinkType::ETHERNET,
            interface: 0,
            original_length: HEADERS as u32,
            bytes: &self.bytes,
        });
    }
}
