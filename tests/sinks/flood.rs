//! As many handshakes as are wanted, made of one small capture: each at a client and a time of its own, so that each has
//! an id of its own.

use crate::support::{packets, root};
use std::io::{self, BufWriter, Write};

/// A handshake that fails, of a few small packets.
const CAPTURE: &str = "captures/failures-negotiation/alpn-gnutls-openssl-tls12.pcap";
/// The client of our captures, and where an Ethernet frame has its addresses.
const CLIENT: [u8; 4] = [10, 8, 0, 1];
const ADDRESSES: [usize; 2] = [26, 30];
/// Between the beginnings of two.
const APART: u64 = 1_000_000;

/// Writes a capture of so many handshakes.
pub(super) fn write(count: u32, to: impl Write) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    let (link, packets) = packets(&root().join(CAPTURE)).expect("a capture");
    // magic (nanoseconds), version 2.4, two fields that nobody fills, snap length, link type
    for word in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, link] {
        to.write_all(&word.to_le_bytes())?;
    }
    let begin = packets[0].time;
    for number in 0..count {
        let [_, a, b, c] = number.to_be_bytes();
        for (place, packet) in packets.iter().enumerate() {
            let mut bytes = packet.bytes.clone();
            for at in ADDRESSES {
                if bytes[at..at + 4] == CLIENT {
                    bytes[at..at + 4].copy_from_slice(&[11, a, b, c]);
                }
            }
            // One after the other: within a handshake the packets are a microsecond apart.
            let time = begin + u64::from(number) * APART + place as u64 * 1000;
            let length = u32::try_from(bytes.len()).unwrap();
            for word in [(time / 1_000_000_000) as u32, (time % 1_000_000_000) as u32, length, packet.original_length] {
                to.write_all(&word.to_le_bytes())?;
            }
            to.write_all(&bytes)?;
        }
    }
    to.flush()
}
