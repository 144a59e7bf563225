//! TCP options (RFC 9293, 3.1; RFC 7323; RFC 2018), read when somebody asks: most segments need none of them.

use super::Segment;

/// One TCP option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpOption<'a> {
    /// The largest segment its sender takes, in bytes.
    MaximumSegmentSize(u16),
    /// The power of two that its sender's windows are in; counts if both SYNs have it.
    WindowScale(u8),
    /// Its sender understands selective acknowledgments.
    SackPermitted,
    /// What its sender has beyond the acknowledgment number.
    Sack(SackBlocks<'a>),
    /// Timestamps: the sender's own, and the latest that it had from the other side.
    Timestamps {
        /// The sender's clock.
        value: u32,
        /// The receiver's clock, echoed; counts with the ACK flag.
        echo: u32,
    },
    /// Another option, or one of these with a length that is not its own.
    Other(u8),
}

/// The options of a segment, in order. Padding is left out; malformed or snapped options end it.
#[derive(Clone, Copy, Debug)]
pub struct TcpOptions<'a>(&'a [u8]);

/// The blocks of a selective acknowledgment: the first sequence number of each, and the one behind its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SackBlocks<'a>(&'a [u8]);

impl<'a> Segment<'a> {
    /// The options one by one.
    pub fn tcp_options(&self) -> TcpOptions<'a> {
        TcpOptions(self.options)
    }

    /// The blocks of the segment's selective acknowledgment; none if it has none.
    pub fn sack_blocks(&self) -> SackBlocks<'a> {
        let sack = self.tcp_options().find_map(|option| match option {
            TcpOption::Sack(blocks) => Some(blocks),
            _ => None,
        });
        sack.unwrap_or(SackBlocks(&[]))
    }
}

impl<'a> Iterator for TcpOptions<'a> {
    type Item = TcpOption<'a>;

    fn next(&mut self) -> Option<TcpOption<'a>> {
        const END: u8 = 0;
        const NO_OPERATION: u8 = 1;
        // What is not understood ends the iteration for good.
        let mut bytes = std::mem::take(&mut self.0);
        while let Some((&NO_OPERATION, behind)) = bytes.split_first() {
            bytes = behind;
        }
        let (&kind, &length) = (bytes.first().filter(|kind| **kind != END)?, bytes.get(1)?);
        let (option, behind) = bytes.split_at_checked(usize::from(length))?;
        let value = option.get(2..)?;
        self.0 = behind;
        Some(match (kind, value) {
            (2, &[a, b]) => TcpOption::MaximumSegmentSize(u16::from_be_bytes([a, b])),
            (3, &[shift]) => TcpOption::WindowScale(shift),
            (4, []) => TcpOption::SackPermitted,
            (5, blocks) if blocks.len() % 8 == 0 => TcpOption::Sack(SackBlocks(blocks)),
            (8, &[v0, v1, v2, v3, e0, e1, e2, e3]) => TcpOption::Timestamps {
                value: u32::from_be_bytes([v0, v1, v2, v3]),
                echo: u32::from_be_bytes([e0, e1, e2, e3]),
            },
            _ => TcpOption::Other(kind),
        })
    }
}

impl Iterator for SackBlocks<'_> {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<(u32, u32)> {
        let (&[l0, l1, l2, l3, r0, r1, r2, r3], behind) = self.0.split_first_chunk()?;
        self.0 = behind;
        Some((u32::from_be_bytes([l0, l1, l2, l3]), u32::from_be_bytes([r0, r1, r2, r3])))
    }
}
