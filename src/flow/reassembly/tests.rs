//! The rules of reassembly, and its property: whatever the order, duplication and overlap, the stream is the same.

use super::*;
use proptest::prelude::*;

/// Collects what an assembler delivers; gaps become runs of `_`.
#[derive(Default)]
struct Sink {
    bytes: Vec<u8>,
    gaps: Vec<(u64, u64, bool)>,
}

impl Sink {
    fn take(&mut self, delivery: Delivery<'_>) {
        match delivery {
            Delivery::Bytes { offset, bytes, .. } => {
                assert_eq!(offset, self.bytes.len() as u64, "deliveries follow each other");
                assert!(!bytes.is_empty());
                self.bytes.extend_from_slice(bytes);
            }
            Delivery::Gap { offset, length, snapped, .. } => {
                assert_eq!(offset, self.bytes.len() as u64, "deliveries follow each other");
                assert!(length > 0);
                self.gaps.push((offset, length, snapped));
                self.bytes.extend((0..length).map(|_| b'_'));
            }
        }
    }
}

fn piece(sequence: u32, bytes: &[u8]) -> Piece<'_> {
    Piece { sequence, bytes, missing: 0, mark: Mark::default(), acknowledged: None }
}

fn run(anchor: Option<u32>, pieces: &[Piece<'_>]) -> (Sink, Assembler) {
    let (mut sink, mut assembler) = (Sink::default(), Assembler::default());
    if let Some(sequence) = anchor {
        assembler.anchor(sequence);
    }
    for piece in pieces {
        assembler.accept(piece, Gate::Delivered(0), &mut |delivery| sink.take(delivery));
    }
    (sink, assembler)
}

/// Gives up the start of the stream and hands on all that follows it.
fn give_up_all(assembler: &mut Assembler, sink: &mut Sink) {
    assembler.give_up(&mut |delivery| sink.take(delivery));
    assembler.release(Gate::Delivered(0), &mut |delivery| sink.take(delivery));
}

#[test]
fn an_answer_waits_for_what_it_answers() {
    let (mut sink, mut assembler) = (Sink::default(), Assembler::default());
    assembler.anchor(0);
    let answer = Piece { acknowledged: Some(205), ..piece(0, b"answer") };
    let gate = Gate::Delivered;
    let accepted = assembler.accept(&answer, gate(200), &mut |delivery| sink.take(delivery));
    assert!(accepted.held && sink.bytes.is_empty());
    assert_eq!(assembler.waits_for(), Some(205));
    assert!(!assembler.release(gate(204), &mut |delivery| sink.take(delivery)));
    assert!(assembler.release(gate(205), &mut |delivery| sink.take(delivery)));
    assert_eq!(sink.bytes, b"answer");
}

#[test]
fn early_bytes_wait_for_those_before_them() {
    let (sink, assembler) = run(Some(100), &[piece(103, b"def"), piece(100, b"abc")]);
    assert_eq!(sink.bytes, b"abcdef");
    assert_eq!((assembler.held_bytes(), assembler.offset()), (0, 6));
}

#[test]
fn the_first_bytes_win_and_a_conflict_is_told() {
    let (mut sink, mut assembler) = (Sink::default(), Assembler::default());
    assembler.anchor(0);
    let mut accept =
        |piece: &Piece<'_>| assembler.accept(piece, Gate::Delivered(0), &mut |delivery| sink.take(delivery));
    assert_eq!(accept(&piece(3, b"DEF")), Accepted { held: true, conflict: false });
    assert_eq!(accept(&piece(2, b"cdXfg")), Accepted { held: true, conflict: true });
    assert_eq!(accept(&piece(0, b"abc")), Accepted::default());
    assert_eq!(sink.bytes, b"abcDEFg");
}

#[test]
fn a_stream_runs_across_the_wrap_around() {
    let start = u32::MAX - 1;
    let (sink, _) = run(Some(start), &[piece(start.wrapping_add(4), b"ef"), piece(start, b"abcd")]);
    assert_eq!(sink.bytes, b"abcdef");
}

#[test]
fn a_hole_given_up_is_a_gap_and_the_rest_follows() {
    let (mut sink, mut assembler) = run(Some(0), &[piece(0, b"ab"), piece(5, b"fg"), piece(9, b"j")]);
    assert_eq!(sink.bytes, b"ab");
    assembler.give_up(&mut |delivery| sink.take(delivery));
    assert_eq!((sink.bytes.as_slice(), sink.gaps.as_slice()), (&b"ab___fg"[..], &[(2, 3, false)][..]));
    assert_eq!(assembler.waits_for(), None);
    assembler.end_at(12, Mark::default(), &mut |delivery| sink.take(delivery));
    assert_eq!(sink.bytes, b"ab___fg__j__");
}

#[test]
fn without_a_syn_the_lowest_byte_held_begins_the_stream() {
    let (mut sink, mut assembler) = run(None, &[piece(53, b"def"), piece(50, b"abc")]);
    assert!(sink.bytes.is_empty());
    give_up_all(&mut assembler, &mut sink);
    assert_eq!((sink.bytes.as_slice(), sink.gaps.len()), (&b"abcdef"[..], 0));
}

#[test]
fn a_late_syn_anchors_what_was_held() {
    let (mut sink, mut assembler) = run(None, &[piece(53, b"def")]);
    assembler.anchor(50);
    assembler.accept(&piece(50, b"abc"), Gate::Delivered(0), &mut |delivery| sink.take(delivery));
    assert_eq!(sink.bytes, b"abcdef");
}

#[test]
fn snapped_bytes_are_a_gap_of_their_own_kind() {
    let snapped = Piece { missing: 4, ..piece(0, b"ab") };
    let (sink, _) = run(Some(0), &[snapped, piece(6, b"gh")]);
    assert_eq!((sink.bytes.as_slice(), sink.gaps.as_slice()), (&b"ab____gh"[..], &[(2, 4, true)][..]));
}

#[test]
fn another_connection_s_numbers_are_ignored() {
    let (sink, assembler) = run(Some(0), &[piece(0x4000_0000, b"zz"), piece(0, b"ab")]);
    assert_eq!((sink.bytes.as_slice(), assembler.is_waiting()), (&b"ab"[..], false));
}

/// A stream, its first sequence number, and segments that cover it in some order, again and overlapping.
fn shuffled() -> impl Strategy<Value = (Vec<u8>, u32, Vec<(usize, usize)>)> {
    (proptest::collection::vec(any::<u8>(), 1..200), any::<u32>()).prop_flat_map(|(stream, start)| {
        let length = stream.len();
        let cover = (1..20_usize).prop_map(move |size| {
            (0..length).step_by(size).map(|at| (at, (at + size).min(length))).collect::<Vec<_>>()
        });
        let extra = proptest::collection::vec((0..length, 0..length), 0..10)
            .prop_map(|pairs| pairs.into_iter().map(|(a, b)| (a.min(b), a.max(b))).collect::<Vec<_>>());
        let segments = (cover, extra).prop_map(|(cover, extra)| [cover, extra].concat()).prop_shuffle();
        (Just(stream), Just(start), segments)
    })
}

proptest! {
    #[test]
    fn any_order_duplication_and_overlap_gives_the_same_stream((stream, start, segments) in shuffled(), anchored: bool) {
        let pieces: Vec<_> =
            segments.iter().map(|&(from, to)| piece(start.wrapping_add(from as u32), &stream[from..to])).collect();
        let (mut sink, mut assembler) = run(anchored.then_some(start), &pieces);
        if !anchored {
            give_up_all(&mut assembler, &mut sink);
        }
        prop_assert_eq!(sink.bytes, stream);
        prop_assert_eq!((assembler.held_bytes(), assembler.is_waiting()), (0, false));
    }

    #[test]
    fn lost_segments_leave_gaps_of_their_size((stream, start, segments) in shuffled(), lost in 0..20_usize) {
        let kept: Vec<_> = segments.iter().enumerate().filter(|(at, _)| at % 20 != lost).map(|(_, segment)| *segment).collect();
        let pieces: Vec<_> = kept.iter().map(|&(from, to)| piece(start.wrapping_add(from as u32), &stream[from..to])).collect();
        let (mut sink, mut assembler) = run(Some(start), &pieces);
        assembler.end_at(start.wrapping_add(stream.len() as u32), Mark::default(), &mut |delivery| sink.take(delivery));
        let expected: Vec<_> = (0..stream.len())
            .map(|at| if kept.iter().any(|&(from, to)| (from..to).contains(&at)) { stream[at] } else { b'_' })
            .collect();
        prop_assert_eq!(sink.bytes, expected);
    }
}
