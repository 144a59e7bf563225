//! Segments to a stream of bytes: as they were sent, with neighbours swapped, and with a lost one that comes late.

use criterion::{Criterion, Throughput};
use std::hint::black_box;
use tlscribe::flow::reassembly::{Assembler, Delivery, Gate, Piece};
use tlscribe::time::Mark;

/// What a full Ethernet frame carries.
const SEGMENT: usize = 1448;
/// Segments of one stream.
const SEGMENTS: usize = 1024;
/// A lost segment comes again after so many others.
const LATE: usize = 32;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let stream = vec![0x17; SEGMENT * SEGMENTS];
    let in_order: Vec<usize> = (0..SEGMENTS).collect();
    let swapped: Vec<usize> = (0..SEGMENTS).map(|at| at ^ 1).collect();
    let mut late = in_order.clone();
    for lost in late.chunks_exact_mut(LATE) {
        lost.rotate_left(1);
    }

    let mut group = criterion.benchmark_group("reassembly");
    group.throughput(Throughput::Elements(SEGMENTS as u64));
    for (name, order) in [("in order", &in_order), ("neighbours swapped", &swapped), ("one of 32 late", &late)] {
        assert_eq!(assemble(&stream, order), stream.len());
        group.bench_function(name, |bencher| bencher.iter(|| assemble(black_box(&stream), order)));
    }
    group.finish();
    criterion.final_summary();
}

/// Puts a stream together from its segments in this order; gives the bytes delivered.
fn assemble(stream: &[u8], order: &[usize]) -> usize {
    let mut assembler = Assembler::default();
    assembler.anchor(0);
    let mut delivered = 0;
    for &at in order {
        let start = at * SEGMENT;
        let piece = Piece {
            sequence: start as u32,
            bytes: &stream[start..start + SEGMENT],
            missing: 0,
            mark: Mark::default(),
            acknowledged: None,
        };
        assembler.accept(&piece, Gate::Delivered(0), &mut |delivery| {
            if let Delivery::Bytes { bytes, .. } = delivery {
                delivered += black_box(bytes).len();
            }
        });
    }
    delivered
}
