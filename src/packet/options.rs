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
        let mut bytes = self.0;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn options(bytes: &[u8]) -> Vec<TcpOption<'_>> {
        TcpOptions(bytes).collect()
    }

    const SYN: &[u8] = &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 9, 1, 3, 3, 7];

    #[test]
    fn the_options_of_a_syn() {
        let expected = [
            TcpOption::MaximumSegmentSize(1460),
            TcpOption::SackPermitted,
            TcpOption::Timestamps { value: 256, echo: 9 },
            TcpOption::WindowScale(7),
        ];
        assert_eq!(options(SYN), expected);
        for length in 0..SYN.len() {
            assert!(expected.starts_with(&options(&SYN[..length])), "{length}");
        }
    }

    #[test]
    fn selective_acknowledgments_in_order() {
        let bytes = [1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0];
        let [TcpOption::Sack(blocks)] = options(&bytes)[..] else { panic!() };
        assert_eq!(blocks.collect::<Vec<_>>(), [(1, 3), (0xffff_fffe, 0)]);
    }

    #[test]
    fn the_end_of_options_and_bad_lengths_end_the_iteration() {
        assert_eq!(options(&[0, 3, 3, 7]), []);
        assert_eq!(options(&[3, 3, 7, 254, 0, 3, 3, 7]), [TcpOption::WindowScale(7)]);
        assert_eq!(options(&[254, 1, 3, 3, 7]), []);
        assert_eq!(options(&[254, 9, 3, 3, 7]), []);
        assert_eq!(options(&[1; 40]), []);
        // A length that is not the option's own is not misread.
        assert_eq!(options(&[3, 4, 7, 7, 5, 5, 1, 1, 1]), [TcpOption::Other(3), TcpOption::Other(5)]);
    }
}
