//! The read buffer: large, reused, and read into with few calls. What is left of a record at its end is moved to the
//! front before the next read.

use super::Reason;
use super::stream::Stream;
use std::io::{self, Read};

/// The buffer's size. A quarter of it costs 12 to 20 % more time on large frames; with half or double the difference is
/// too small to measure.
pub(super) const BUFFER: usize = 1024 * 1024;

/// The bytes of a capture, in order, as many as are there.
///
/// `start <= end <= bytes.len()`.
pub(super) struct Buffer {
    stream: Stream,
    bytes: Vec<u8>,
    /// The first byte not consumed.
    start: usize,
    /// Behind the last byte read.
    end: usize,
    /// Where in the stream `bytes` begins.
    base: u64,
}

/// What came of reading more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refill {
    /// At least one byte.
    Read,
    /// Nothing: the input has ended.
    Ended,
    /// Nothing: the compressed data, of this format, end too early.
    CutOff(&'static str),
}

impl Buffer {
    /// A buffer of so many bytes.
    pub(super) fn new(stream: Stream, size: usize) -> Self {
        Self { stream, bytes: vec![0; size], start: 0, end: 0, base: 0 }
    }

    /// The stream it reads.
    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Where in the stream the unread bytes begin.
    pub(super) fn offset(&self) -> u64 {
        self.base.saturating_add(self.start as u64)
    }

    /// What was read and not consumed.
    #[inline]
    pub(super) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Consumes bytes: no more than are unread. They stay in place, where [`Self::consumed`] finds them by the number
    /// given here, until the next [`Self::refill`].
    #[inline]
    pub(super) fn consume(&mut self, count: usize) -> usize {
        let at = self.start;
        debug_assert!(count <= self.end.saturating_sub(at));
        self.start = at.wrapping_add(count);
        at
    }

    /// Consumed bytes from a place on.
    #[inline]
    pub(super) fn consumed(&self, from: usize, length: usize) -> &[u8] {
        self.bytes.get(from..from.wrapping_add(length)).unwrap_or_default()
    }

    /// Reads once, so that a slow writer's frames are seen as they come. `needed` is how long the unread bytes have to
    /// become: the buffer grows where it is too small for that.
    pub(super) fn refill(&mut self, needed: usize) -> Result<Refill, Reason> {
        self.bytes.copy_within(self.start..self.end, 0);
        self.base = self.offset();
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        if self.bytes.len() < needed {
            self.bytes.resize(needed, 0);
        }
        loop {
            let read = self.stream.read(self.bytes.get_mut(self.end..).unwrap_or_default());
            return match (read, self.stream.compression()) {
                (Ok(0), _) => Ok(Refill::Ended),
                (Ok(n), _) => {
                    self.end = self.end.saturating_add(n).min(self.bytes.len());
                    Ok(Refill::Read)
                }
                (Err(error), _) if error.kind() == io::ErrorKind::Interrupted => continue,
                (Err(error), Some(format)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    Ok(Refill::CutOff(format))
                }
                (Err(error), Some(format)) => Err(Reason::Decompression { format, error }),
                (Err(error), None) => Err(error.into()),
            };
        }
    }
}
