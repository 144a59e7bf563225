//! Small captures made on the spot: one connection after another, each with a ClientHello that is refused or left
//! without an answer.

use crate::support::mutate::{Packet, pcap};
use etherparse::PacketBuilder;

/// The server of every connection.
pub(super) const SERVER: [u8; 4] = [10, 0, 0, 2];
/// 2026-03-01 10:00:00 UTC in nanoseconds.
const START: u64 = 1_772_359_200_000_000_000;
/// Between packets: 1 ms.
const STEP: u64 = 1_000_000;
/// Between packets that only let time pass: 100 ms.
const LONG_STEP: u64 = 100 * STEP;

/// A capture: its packets, and when the next one comes.
pub(super) struct Made {
    packets: Vec<Packet>,
    next: u64,
}

impl Default for Made {
    fn default() -> Self {
        Self { packets: Vec::new(), next: START }
    }
}

impl Made {
    /// `count` connections, numbered from 1, whose server refuses with the alert handshake_failure.
    pub(super) fn refused(count: u16) -> Self {
        (1..=count).fold(Self::default(), |made, number| made.with_refused(number, "www.example.org"))
    }

    /// With a connection from port 50000 + `number`, refused.
    pub(super) fn with_refused(mut self, number: u16, name: &str) -> Self {
        let client = self.opened(number);
        let hello = client_hello(number, name);
        self.push(true, client, 1, 1, "a", &hello);
        let after = 1 + u32::try_from(hello.len()).unwrap();
        self.push(false, client, 1, after, "a", &[21, 3, 3, 0, 2, 2, 40]);
        self.push(false, client, 8, after, "af", &[]);
        self.push(true, client, after, 9, "af", &[]);
        self.push(false, client, 9, after + 1, "a", &[]);
        self
    }

    /// With a connection from port 50000 + `number` on which the ClientHello is the last that is seen.
    pub(super) fn with_unanswered(mut self, number: u16, name: &str) -> Self {
        let client = self.opened(number);
        self.push(true, client, 1, 1, "a", &client_hello(number, name));
        self
    }

    /// With `count` segments of a connection that is not TLS, 100 ms apart.
    pub(super) fn with_noise(mut self, count: u32) -> Self {
        let client = self.opened(9999);
        for number in 0..count {
            self.push(true, client, 1 + number, 1, "a", b"x");
            self.next += LONG_STEP;
        }
        self
    }

    /// The packets.
    pub(super) fn packets(&self) -> &[Packet] {
        &self.packets
    }

    /// As a pcap file of Ethernet.
    pub(super) fn file(&self) -> Vec<u8> {
        pcap(1, &self.packets)
    }

    fn opened(&mut self, number: u16) -> u16 {
        let client = 50_000 + number;
        self.push(true, client, 0, 0, "s", &[]);
        self.push(false, client, 0, 1, "sa", &[]);
        self.push(true, client, 1, 1, "a", &[]);
        client
    }

    fn push(&mut self, from_client: bool, client: u16, sequence: u32, acknowledged: u32, flags: &str, payload: &[u8]) {
        let (macs, ips, ports) = if from_client {
            (([2; 6], [4; 6]), ([10, 0, 0, 1], SERVER), (client, 443))
        } else {
            (([4; 6], [2; 6]), (SERVER, [10, 0, 0, 1]), (443, client))
        };
        let mut builder =
            PacketBuilder::ethernet2(macs.0, macs.1).ipv4(ips.0, ips.1, 64).tcp(ports.0, ports.1, sequence, 65_000);
        for flag in flags.chars() {
            builder = match flag {
                's' => builder.syn(),
                'f' => builder.fin(),
                _ => builder.ack(acknowledged),
            };
        }
        let mut bytes = Vec::new();
        builder.write(&mut bytes, payload).unwrap();
        let original_length = u32::try_from(bytes.len()).unwrap();
        self.packets.push(Packet { time: self.next, original_length, bytes });
        self.next += STEP;
    }
}

/// A record with a ClientHello of TLS 1.2 and this server name, as bytes.
fn client_hello(number: u16, name: &str) -> Vec<u8> {
    let sized = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    let extension = |kind: u16, data: &[u8]| [&kind.to_be_bytes()[..], &sized(data)].concat();
    let names = [&[0][..], &sized(name.as_bytes())].concat();
    let extensions = [
        extension(0, &sized(&names)),
        extension(10, &sized(&[0x1a, 0x1a, 0, 29, 0, 23])),
        extension(13, &sized(&[4, 3, 8, 4])),
        extension(16, &sized(b"\x02h2\x08http/1.1")),
        extension(0xfedc, &[]),
    ]
    .concat();
    let mut random = [7; 32];
    random[..2].copy_from_slice(&number.to_be_bytes());
    let suites = [0x2a, 0x2a, 0xc0, 0x2b, 0xc0, 0x2f, 0x12, 0x34];
    let body = [&[3, 3][..], &random, &[0], &sized(&suites), &[1, 0], &sized(&extensions)].concat();
    let message = [&[1, 0][..], &sized(&body)].concat();
    [&[22, 3, 1][..], &sized(&message)].concat()
}
