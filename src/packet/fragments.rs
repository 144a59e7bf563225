//! IP fragments put together again. Fragments come in any order, twice, or overlapping (the bytes that came first win).
//!
//! Time decides whether two fragments can belong together: an identification is used again, so a datagram that began
//! longer ago than [`LIFETIME`] is dropped when the next fragment for it comes. Frames, not time, decide how long the
//! rest is kept ([`LIFETIME_FRAMES`]), so that one frame with a wild timestamp costs nobody else anything. The bounds
//! on datagrams and bytes evict the oldest. All of it is counted.

use super::ip::Fragment;
use super::{DecodeError, Rest, Tunnels, VlanTags};
use crate::time::Mark;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::Duration;

/// Fragments further apart in time than this are of different datagrams (RFC 8200, 4.5 has 60 s, hosts use 30 s).
const LIFETIME: Duration = Duration::from_secs(30);

/// An incomplete datagram is dropped after this many frames.
const LIFETIME_FRAMES: u64 = 1_000_000;

/// At most this many incomplete datagrams are kept.
const MAX_DATAGRAMS: usize = 1_024;

/// At most this many bytes of incomplete datagrams are kept, [`PIECE_COST`] for each piece among them.
const MAX_BYTES: usize = 4 << 20;

/// A datagram in this many pieces takes no further fragment; the largest one is in so many of 256 bytes.
const MAX_PIECES: usize = 256;

/// What keeping a piece costs beside its bytes.
const PIECE_COST: usize = 64;

/// The largest datagram: what an IPv4 header or a fragment's offset can express.
const MAX_LENGTH: usize = 65_535;

/// What became of fragments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FragmentCounts {
    /// Fragments seen.
    pub fragments: u64,
    /// Datagrams put together.
    pub completed: u64,
    /// Datagrams given up because the rest did not come in time.
    pub expired: u64,
    /// Datagrams given up to stay within the bounds.
    pub evicted: u64,
}

/// What fragments of one datagram have in common (RFC 791, 3.2; RFC 8200, 4.5), and the way they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) id: u32,
    /// In IPv4 only; in IPv6 the first fragment alone says what it carries.
    pub(super) protocol: Option<u8>,
    pub(super) vlan: VlanTags,
    pub(super) tunnels: Tunnels,
}

/// A datagram put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole {
    /// What its bytes are.
    pub(super) protocol: u8,
    /// How many bytes the capture snapped off, from the first fragment on that was not captured whole.
    pub(super) cut: usize,
}

/// The incomplete datagrams.
///
/// `waiting` and `partials` have the same datagrams: each key leads to the number under which its partial is kept.
/// Numbers are given in order of arrival, so the first partial is the oldest. `held` is the sum of their costs.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    waiting: HashMap<Key, u64>,
    partials: BTreeMap<u64, Partial>,
    next: u64,
    held: usize,
    /// The number of the datagram that a fragment came for last, and the fragment's frame.
    last: Option<(u64, u64)>,
    pub(super) counts: FragmentCounts,
}

impl Fragments {
    /// Takes a fragment in. If it completes its datagram, the bytes are left in `whole`.
    pub(super) fn add(
        &mut self,
        key: Key,
        place: Fragment,
        protocol: u8,
        body: Rest<'_>,
        mark: Mark,
        whole: &mut Vec<u8>,
    ) -> Result<Option<Whole>, DecodeError> {
        self.counts.fragments = self.counts.fragments.saturating_add(1);
        self.expire(&key, mark);
        let number = *self.waiting.entry(key).or_insert(self.next);
        self.last = Some((number, mark.frame));
        let partial = self.partials.entry(number).or_insert_with(|| Partial::new(key, mark));
        if number == self.next {
            self.next = self.next.wrapping_add(1);
        }
        let before = partial.cost();
        let added = partial.add(place, protocol, body);
        self.held = self.held.saturating_sub(before).saturating_add(partial.cost());
        let completed = partial.complete(whole);
        if completed.is_some() {
            self.counts.completed = self.counts.completed.saturating_add(1);
        }
        if completed.is_some() || partial.pieces.is_empty() {
            self.drop_partial(number);
        }
        self.evict();
        added.map(|()| completed)
    }

    /// The number of the datagram that the last fragment came for, if it was this frame.
    pub(super) fn datagram(&self, frame: u64) -> Option<u64> {
        self.last.filter(|(_, of)| *of == frame).map(|(number, _)| number)
    }

    /// Drops what is too old: this key's datagram by time, the oldest ones by frames.
    fn expire(&mut self, key: &Key, mark: Mark) {
        let stale = self.waiting.get(key).copied().filter(|number| {
            let first = self.partials.get(number).map_or(mark.time, |partial| partial.first.time);
            mark.time.apart(first) > LIFETIME
        });
        if let Some(number) = stale {
            self.drop_partial(number);
            self.counts.expired = self.counts.expired.saturating_add(1);
        }
        while let Some((&number, oldest)) = self.partials.first_key_value()
            && mark.frame.saturating_sub(oldest.first.frame) > LIFETIME_FRAMES
        {
            self.drop_partial(number);
            self.counts.expired = self.counts.expired.saturating_add(1);
        }
    }

    /// Drops the oldest until the bounds hold.
    fn evict(&mut self) {
        while (self.held > MAX_BYTES || self.partials.len() > MAX_DATAGRAMS)
            && let Some((&number, _)) = self.partials.first_key_value()
        {
            self.drop_partial(number);
            self.counts.evicted = self.counts.evicted.saturating_add(1);
        }
    }

    fn drop_partial(&mut self, number: u64) {
        if let Some(partial) = self.partials.remove(&number) {
            self.waiting.remove(&partial.key);
            self.held = self.held.saturating_sub(partial.cost());
        }
    }
}

/// An incomplete datagram. Pieces do not overlap, none is empty, and none reaches behind `length`.
#[derive(Debug)]
struct Partial {
    key: Key,
    /// Its first fragment to come.
    first: Mark,
    /// By offset.
    pieces: BTreeMap<usize, Piece>,
    /// The sum of the pieces' lengths on the wire.
    covered: usize,
    /// The sum of their captured bytes.
    captured: usize,
    /// The datagram's, once its last fragment was seen.
    length: Option<usize>,
    /// What it carries, once the fragment at offset 0 was seen.
    protocol: Option<u8>,
}

/// A run of a datagram's bytes.
#[derive(Debug)]
struct Piece {
    /// Those that were captured.
    bytes: Vec<u8>,
    /// How many there were on the wire.
    length: usize,
}

impl Partial {
    fn new(key: Key, first: Mark) -> Self {
        let pieces = BTreeMap::new();
        Self { key, first, pieces, covered: 0, captured: 0, length: None, protocol: None }
    }

    fn cost(&self) -> usize {
        self.captured.saturating_add(self.pieces.len().saturating_mul(PIECE_COST))
    }

    /// Takes a fragment in, unless it contradicts an earlier one or the format's limits.
    fn add(&mut self, place: Fragment, protocol: u8, body: Rest<'_>) -> Result<(), DecodeError> {
        // All but the last are a multiple of eight bytes long; hosts ignore what is over.
        let body = if place.more { body.within(body.wire_length() & !7) } else { body };
        let end = place.offset.saturating_add(body.wire_length());
        let last_end = self.pieces.last_key_value().map_or(0, |(start, piece)| start.saturating_add(piece.length));
        let contradicts = match self.length {
            Some(length) if place.more => end > length,
            Some(length) => end != length,
            None => !place.more && end < last_end,
        };
        if contradicts || end == place.offset || end > MAX_LENGTH || self.pieces.len() >= MAX_PIECES {
            return Err(DecodeError::BadFragment);
        }
        if !place.more {
            self.length = Some(end);
        }
        if place.offset == 0 && self.protocol.is_none() {
            self.protocol = Some(protocol);
        }
        self.cover(place.offset, end, body);
        Ok(())
    }

    /// Keeps those bytes of `body`, which runs from `start` to `end`, that no earlier piece has.
    fn cover(&mut self, start: usize, end: usize, body: Rest<'_>) {
        let mut at = start;
        while at < end {
            let before = self.pieces.range(..=at).next_back();
            let covered_to = before.map_or(0, |(start, piece)| start.saturating_add(piece.length));
            if covered_to > at {
                at = covered_to;
                continue;
            }
            let stop = self.pieces.range(at..).next().map_or(end, |(start, _)| end.min(*start));
            let length = stop.saturating_sub(at);
            let bytes = body.bytes.get(at.saturating_sub(start)..).unwrap_or_default();
            let bytes = bytes.get(..length).unwrap_or(bytes).to_vec();
            self.covered = self.covered.saturating_add(length);
            self.captured = self.captured.saturating_add(bytes.len());
            self.pieces.insert(at, Piece { bytes, length });
            at = stop;
        }
    }

    /// The datagram, if nothing of it is missing that the wire had: its bytes into `whole`, up to the first that was
    /// not captured.
    fn complete(&self, whole: &mut Vec<u8>) -> Option<Whole> {
        let length = self.length.filter(|length| *length == self.covered)?;
        let protocol = self.protocol?;
        whole.clear();
        for piece in self.pieces.values() {
            whole.extend_from_slice(&piece.bytes);
            if piece.bytes.len() < piece.length {
                break;
            }
        }
        Some(Whole { protocol, cut: length.saturating_sub(whole.len()) })
    }
}

#[cfg(test)]
mod tests;
