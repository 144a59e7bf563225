//! What of a frame is still to be decoded: the captured bytes, and how many the capture snapped off behind them. Every
//! layer with a length of its own narrows it, so that padding goes and the missing bytes stay counted.

use super::Frame;

/// The bytes from some layer on to the end of what carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rest<'a> {
    /// Those that were captured.
    pub(super) bytes: &'a [u8],
    /// How many more there were on the wire.
    pub(super) cut: usize,
}

impl<'a> Rest<'a> {
    /// A whole frame.
    #[inline]
    pub(super) fn of(frame: &Frame<'a>) -> Self {
        let length = usize::try_from(frame.original_length).unwrap_or(usize::MAX);
        Self { bytes: frame.bytes, cut: length.saturating_sub(frame.bytes.len()) }
    }

    /// Behind the first `count` bytes; `None` if fewer were captured.
    #[inline]
    pub(super) fn skip(self, count: usize) -> Option<Self> {
        Some(Self { bytes: self.bytes.get(count..)?, cut: self.cut })
    }

    /// The first `N` bytes, and the rest behind them.
    #[inline]
    pub(super) fn take<const N: usize>(self) -> Option<(&'a [u8; N], Self)> {
        let (head, bytes) = self.bytes.split_first_chunk()?;
        Some((head, Self { bytes, cut: self.cut }))
    }

    /// The big-endian number at `offset`.
    #[inline]
    pub(super) fn u16_at(self, offset: usize) -> Option<u16> {
        self.bytes.get(offset..)?.first_chunk().map(|b| u16::from_be_bytes(*b))
    }

    /// The first `length` bytes, as a length field inside an IP packet or a frame says; no more than there were.
    #[inline]
    pub(super) fn within(self, length: usize) -> Self {
        match self.bytes.get(..length) {
            Some(bytes) => Self { bytes, cut: 0 },
            None => Self { cut: self.cut.min(length.saturating_sub(self.bytes.len())), ..self },
        }
    }

    /// The first `length` bytes, as an IP header promises them: what is not there is missing, whatever the frame's
    /// own length says (tools that cut frames often rewrite it).
    #[inline]
    pub(super) fn promised(self, length: usize) -> Self {
        match self.bytes.get(..length) {
            Some(bytes) => Self { bytes, cut: 0 },
            None => Self { cut: length.saturating_sub(self.bytes.len()), ..self },
        }
    }

    /// The length on the wire.
    #[inline]
    pub(super) fn wire_length(self) -> usize {
        self.bytes.len().saturating_add(self.cut)
    }

    /// `cut` as the packet's types have it.
    #[inline]
    pub(super) fn missing(self) -> u32 {
        u32::try_from(self.cut).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_drops_padding_and_counts_what_is_missing() {
        let rest = Rest { bytes: b"abcdef", cut: 4 };
        assert_eq!(rest.within(3), Rest { bytes: b"abc", cut: 0 });
        assert_eq!(rest.within(8), Rest { bytes: b"abcdef", cut: 2 });
        assert_eq!(rest.within(99), rest);
        assert_eq!(rest.promised(6), Rest { bytes: b"abcdef", cut: 0 });
        assert_eq!(rest.promised(99), Rest { bytes: b"abcdef", cut: 93 });
    }

    #[test]
    fn skipping_stops_at_what_was_captured() {
        let rest = Rest { bytes: b"abc", cut: 4 };
        assert_eq!(rest.skip(3), Some(Rest { bytes: b"", cut: 4 }));
        assert_eq!(rest.skip(4), None);
        assert_eq!(rest.u16_at(1), Some(0x6263));
        assert_eq!(rest.u16_at(2), None);
        assert_eq!(rest.wire_length(), 7);
    }
}
