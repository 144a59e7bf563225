//! One direction's segments become one stream of bytes, and gaps where bytes will not come.
//!
//! Invariants: what is held lies after `next`, sorted, without overlap; every stream offset is delivered once, as bytes or
//! as part of a gap; the first bytes seen for an offset win.
//!
//! In-order payload is handed on in place and never copied. What arrives early is held until the bytes before it come, or
//! until the owner, who knows the time and what was acknowledged, says that they will not ([`Assembler::give_up`]).
//! Early it also is where it answers what the other direction has not delivered yet: the owner tells that by what was
//! acknowledged with it ([`Gate`]), so that the two streams of a flow are delivered in the order of cause and effect, even
//! where the capture is out of order. Without a SYN the start of the stream is not known: everything is held until the
//! owner anchors it.

use crate::time::Mark;
use std::collections::VecDeque;

/// Where a segment lies that begins further than this ahead of the stream or behind it: in another connection's numbers.
const WINDOW: i32 = 1 << 28;

/// One segment's payload.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The sequence number of its first byte.
    pub sequence: u32,
    /// The payload.
    pub bytes: &'a [u8],
    /// Payload bytes behind it that the capture snapped off.
    pub missing: u32,
    /// Its frame.
    pub mark: Mark,
    /// What its sender acknowledged with it: a sequence number of the other direction.
    pub acknowledged: Option<u32>,
}

/// What an assembler has to say, in stream order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery<'a> {
    /// The next bytes of the stream.
    Bytes {
        /// Where they begin in the stream.
        offset: u64,
        /// The bytes, never none.
        bytes: &'a [u8],
        /// The frame that brought them.
        mark: Mark,
        /// What their sender acknowledged with them.
        acknowledged: Option<u32>,
    },
    /// Bytes that will not come.
    Gap {
        /// Where they would begin in the stream.
        offset: u64,
        /// How many, never none.
        length: u64,
        /// True where the capture snapped them off.
        snapped: bool,
        /// The frame that came after them, or was cut.
        mark: Mark,
    },
}

/// What of the other direction has been delivered: what acknowledges more than that has to wait.
#[derive(Clone, Copy, Debug)]
pub enum Gate {
    /// Everything up to this sequence number.
    Delivered(u32),
    /// It is not known where the other direction begins, so all has to wait.
    Shut,
}

impl Gate {
    /// True where a piece that came with this acknowledgment need not wait.
    pub fn passes(self, acknowledged: Option<u32>) -> bool {
        let Self::Delivered(delivered) = self else { return false };
        let Some(acknowledged) = acknowledged else { return true };
        let ahead = distance(delivered, acknowledged);
        ahead <= 0 || ahead > WINDOW
    }
}

/// What became of a piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// It, or a part of it, is held because bytes before it are missing.
    pub held: bool,
    /// It differs from bytes that came first.
    pub conflict: bool,
}

/// What holding a piece costs beside its bytes, so that many small pieces count for what they take.
const PIECE_OVERHEAD: usize = 64;

#[derive(Debug)]
struct Held {
    sequence: u32,
    bytes: Vec<u8>,
    missing: u32,
    mark: Mark,
    acknowledged: Option<u32>,
}

impl Held {
    fn length(&self) -> u32 {
        (self.bytes.len() as u32).saturating_add(self.missing)
    }

    fn end(&self) -> u32 {
        self.sequence.wrapping_add(self.length())
    }

    fn cost(&self) -> usize {
        self.bytes.len().saturating_add(PIECE_OVERHEAD)
    }
}

/// Reassembles one direction of a TCP flow.
#[derive(Debug, Default)]
pub struct Assembler {
    anchored: bool,
    /// The sequence number of the next byte to deliver; before the anchor, the lowest one held.
    next: u32,
    /// How far the stream has been delivered.
    offset: u64,
    held: VecDeque<Held>,
    held_bytes: usize,
}

impl Assembler {
    /// Says where the stream begins. Returns false where it already runs.
    pub fn anchor(&mut self, sequence: u32) -> bool {
        if self.anchored {
            return false;
        }
        self.anchored = true;
        self.next = sequence;
        let stale = |held: &Held| {
            distance(sequence, held.end()) <= 0
                || distance(sequence, held.sequence).unsigned_abs() > WINDOW.unsigned_abs()
        };
        while self.held.front().is_some_and(stale) {
            self.drop_front();
        }
        true
    }

    /// Moves the start of a stream of which nothing was delivered.
    pub fn rebase(&mut self, sequence: u32) {
        if self.offset == 0 && self.anchored {
            self.anchored = false;
            self.anchor(sequence);
        }
    }

    /// True once the start of the stream is known.
    pub const fn is_anchored(&self) -> bool {
        self.anchored
    }

    /// The sequence number of the next byte to deliver.
    pub const fn next_sequence(&self) -> u32 {
        self.next
    }

    /// How many bytes of the stream were delivered, gaps included.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The stream offset of a sequence number not too far from the next; none before the stream's start.
    pub fn offset_of(&self, sequence: u32) -> Option<u64> {
        self.offset.checked_add_signed(i64::from(distance(self.next, sequence)))
    }

    /// Bytes held, with what holding them costs.
    pub const fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// True where something is held that cannot be delivered yet.
    pub fn is_waiting(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes a segment's payload and hands on what it completes.
    pub fn accept(&mut self, piece: &Piece<'_>, gate: Gate, deliver: &mut dyn FnMut(Delivery<'_>)) -> Accepted {
        if piece.bytes.is_empty() && piece.missing == 0 {
            return Accepted::default();
        }
        if !self.anchored {
            if self.held.is_empty() || distance(self.next, piece.sequence) < 0 {
                self.next = piece.sequence;
            }
            return Accepted { held: true, conflict: self.hold(piece) };
        }
        let ahead = distance(self.next, piece.sequence);
        if ahead.unsigned_abs() > WINDOW.unsigned_abs() {
            return Accepted::default();
        }
        if ahead > 0 {
            return Accepted { held: true, conflict: self.hold(piece) };
        }
        let Some(fresh) = piece.from(ahead.unsigned_abs()) else { return Accepted::default() };
        if self.held.is_empty() && gate.passes(fresh.acknowledged) {
            self.pass_on(fresh.bytes, fresh.missing, fresh.mark, fresh.acknowledged, deliver);
            return Accepted::default();
        }
        let conflict = self.hold(&fresh);
        self.release(gate, deliver);
        Accepted { held: self.is_waiting(), conflict }
    }

    /// Hands on what is held and need not wait any more. Returns whether there was any.
    pub fn release(&mut self, gate: Gate, deliver: &mut dyn FnMut(Delivery<'_>)) -> bool {
        let before = self.offset;
        while self.anchored
            && self.held.front().is_some_and(|held| held.sequence == self.next && gate.passes(held.acknowledged))
        {
            self.pass_on_front(deliver);
        }
        self.offset != before
    }

    /// Gives up the bytes before the first that is held, and hands on that, whatever it answers. Where the start of the
    /// stream is not known, the lowest byte held becomes it.
    pub fn give_up(&mut self, deliver: &mut dyn FnMut(Delivery<'_>)) {
        let Some(first) = self.held.front() else { return };
        let (sequence, mark) = (first.sequence, first.mark);
        if !self.anchor(sequence) {
            self.skip(sequence, mark, deliver);
        }
        self.pass_on_front(deliver);
    }

    /// True where the next byte is held.
    pub fn is_ready(&self) -> bool {
        self.anchored && self.held.front().is_some_and(|held| held.sequence == self.next)
    }

    /// What the other direction must have delivered before the next byte, which is there, can be.
    pub fn waits_for(&self) -> Option<u32> {
        self.held.front().filter(|held| self.anchored && held.sequence == self.next)?.acknowledged
    }

    /// Says that nothing up to `sequence` will come any more but what is held.
    pub fn end_at(&mut self, sequence: u32, mark: Mark, deliver: &mut dyn FnMut(Delivery<'_>)) {
        if !self.anchored || distance(self.next, sequence) > WINDOW {
            return;
        }
        while distance(self.next, sequence) > 0 {
            match self.held.front() {
                Some(held) if distance(held.sequence, sequence) > 0 => self.give_up(deliver),
                _ => self.skip(sequence, mark, deliver),
            }
        }
    }

    fn skip(&mut self, to: u32, mark: Mark, deliver: &mut dyn FnMut(Delivery<'_>)) {
        let Ok(length) = u64::try_from(distance(self.next, to)) else { return };
        if length > 0 {
            deliver(Delivery::Gap { offset: self.offset, length, snapped: false, mark });
            self.next = to;
            self.offset = self.offset.saturating_add(length);
        }
    }

    fn pass_on_front(&mut self, deliver: &mut dyn FnMut(Delivery<'_>)) {
        let Some(held) = self.drop_front() else { return };
        self.pass_on(&held.bytes, held.missing, held.mark, held.acknowledged, deliver);
    }

    fn pass_on(
        &mut self,
        bytes: &[u8],
        missing: u32,
        mark: Mark,
        acknowledged: Option<u32>,
        deliver: &mut dyn FnMut(Delivery<'_>),
    ) {
        if !bytes.is_empty() {
            deliver(Delivery::Bytes { offset: self.offset, bytes, mark, acknowledged });
            self.next = self.next.wrapping_add(bytes.len() as u32);
            self.offset = self.offset.saturating_add(bytes.len() as u64);
        }
        if missing > 0 {
            deliver(Delivery::Gap { offset: self.offset, length: u64::from(missing), snapped: true, mark });
            self.next = self.next.wrapping_add(missing);
            self.offset = self.offset.saturating_add(u64::from(missing));
        }
    }

    /// Holds the parts of a piece that are not held yet. Returns whether the rest differs from what is.
    fn hold(&mut self, piece: &Piece<'_>) -> bool {
        let mut conflict = false;
        let mut rest = Some(*piece);
        let mut at = 0_usize;
        while let Some(current) = rest {
            let Some(held) = self.held.get(at) else {
                self.insert(at, &current);
                break;
            };
            if distance(held.end(), current.sequence) >= 0 {
                at = at.saturating_add(1);
                continue;
            }
            let before = distance(current.sequence, held.sequence);
            if before > 0 {
                let head = current.up_to(before.unsigned_abs());
                let end = held.sequence;
                self.insert(at, &head);
                at = at.saturating_add(1);
                rest = current.from(end.wrapping_sub(current.sequence));
                continue;
            }
            conflict |= differs(held, &current);
            let end = held.end();
            rest = current.from(end.wrapping_sub(current.sequence));
            at = at.saturating_add(1);
        }
        conflict
    }

    fn insert(&mut self, at: usize, piece: &Piece<'_>) {
        let Piece { sequence, bytes, missing, mark, acknowledged } = *piece;
        let held = Held { sequence, bytes: bytes.to_vec(), missing, mark, acknowledged };
        self.held_bytes = self.held_bytes.saturating_add(held.cost());
        self.held.insert(at, held);
    }

    fn drop_front(&mut self) -> Option<Held> {
        let held = self.held.pop_front()?;
        self.held_bytes = self.held_bytes.saturating_sub(held.cost());
        Some(held)
    }
}

impl<'a> Piece<'a> {
    fn length(&self) -> u32 {
        (self.bytes.len() as u32).saturating_add(self.missing)
    }

    /// What lies behind its first `count` bytes; none where it has no more.
    fn from(&self, count: u32) -> Option<Self> {
        if count >= self.length() {
            return None;
        }
        let captured = self.bytes.get(count as usize..).unwrap_or_default();
        let missing = self.missing.min(self.length().saturating_sub(count));
        Some(Self { sequence: self.sequence.wrapping_add(count), bytes: captured, missing, ..*self })
    }

    /// Its first `count` bytes.
    fn up_to(&self, count: u32) -> Self {
        let bytes = self.bytes.get(..count as usize).unwrap_or(self.bytes);
        let missing = count.saturating_sub(bytes.len() as u32).min(self.missing);
        Self { bytes, missing, ..*self }
    }
}

/// True where a piece and what is held disagree on a byte that both have; the piece does not begin before it.
fn differs(held: &Held, piece: &Piece<'_>) -> bool {
    let skip = piece.sequence.wrapping_sub(held.sequence) as usize;
    let held = held.bytes.get(skip..).unwrap_or_default();
    held.iter().zip(piece.bytes).any(|(a, b)| a != b)
}

/// The signed way from `from` to `to` across the wrap-around.
const fn distance(from: u32, to: u32) -> i32 {
    to.wrapping_sub(from) as i32
}

#[cfg(test)]
mod tests;
