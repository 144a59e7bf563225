//! Conversations to drive the engine with: TCP with its numbers kept right, and TLS messages as small as they can be.

use crate::handshake::Side;
use crate::packet::{Frame, LinkType};
use crate::time::Timestamp;
use std::time::Duration;

/// A frame on tape.
#[derive(Clone, Debug)]
pub(super) struct Taped {
    pub(super) time: Timestamp,
    pub(super) payload: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

impl Taped {
    pub(super) fn frame(&self, number: u64) -> Frame<'_> {
        let (link, original_length) = (LinkType::RAW, self.bytes.len() as u32);
        Frame { number, time: self.time, link, interface: 0, original_length, bytes: &self.bytes }
    }
}

/// A TCP connection as it is written down.
pub(super) struct Script {
    pub(super) frames: Vec<Taped>,
    port: u16,
    server_port: u16,
    now: Timestamp,
    next: [u32; 2],
}

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

impl Script {
    pub(super) fn open() -> Self {
        Self::open_with(40_000, 1_000)
    }

    /// Another client port, and so another flow.
    pub(super) fn open_between(flow: u16) -> Self {
        Self::open_with(40_000 + flow, 5_000 + u32::from(flow) * 77_777)
    }

    /// To another port of the server.
    pub(super) fn open_to(flow: u16, server_port: u16) -> Self {
        Self::open_at(40_000 + flow, server_port, 5_000 + u32::from(flow) * 77_777)
    }

    pub(super) fn open_with(port: u16, sequence: u32) -> Self {
        Self::open_at(port, 443, sequence)
    }

    fn open_at(port: u16, server_port: u16, sequence: u32) -> Self {
        let now = Timestamp::from_micros(1_750_000_000_000_000 + u64::from(sequence));
        // The server's numbers wrap around in the middle of its flight.
        let mut script = Self { frames: Vec::new(), port, server_port, now, next: [sequence, u32::MAX - 30] };
        script.send(Side::Client, SYN, &[]);
        script.send(Side::Server, SYN | ACK, &[]);
        script.send(Side::Client, ACK, &[]);
        script
    }

    pub(super) fn after(mut self, seconds: u64) -> Self {
        self.now = self.now.plus(Duration::from_secs(seconds));
        self
    }

    pub(super) fn hello(self, record: &[u8]) -> Self {
        self.client(record)
    }

    pub(super) fn client(mut self, bytes: &[u8]) -> Self {
        self.send(Side::Client, ACK, bytes);
        self
    }

    pub(super) fn server(mut self, bytes: &[u8]) -> Self {
        self.send(Side::Server, ACK, bytes);
        self
    }

    pub(super) fn data(mut self, side: Side, length: usize) -> Self {
        self.send(side, ACK, &encrypted(23, length));
        self
    }

    pub(super) fn ack(mut self, side: Side) -> Self {
        self.send(side, ACK, &[]);
        self
    }

    pub(super) fn fin(mut self, side: Side) -> Self {
        self.send(side, FIN | ACK, &[]);
        self
    }

    pub(super) fn rst(mut self, side: Side) -> Self {
        self.send(side, RST | ACK, &[]);
        self
    }

    fn send(&mut self, side: Side, flags: u8, payload: &[u8]) {
        self.now = self.now.plus(Duration::from_micros(250));
        let (own, peer) = (self.next[side.index()], self.next[side.other().index()]);
        let ports = [self.port, self.server_port];
        let hosts = [[10, 0, 0, 1], [10, 0, 0, 2]];
        let length = 40 + payload.len() as u16;
        let mut bytes = vec![0x45, 0];
        bytes.extend(length.to_be_bytes());
        bytes.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        bytes.extend(hosts[side.index()]);
        bytes.extend(hosts[side.other().index()]);
        bytes.extend(ports[side.index()].to_be_bytes());
        bytes.extend(ports[side.other().index()].to_be_bytes());
        bytes.extend(own.to_be_bytes());
        bytes.extend(if flags & ACK != 0 { peer } else { 0 }.to_be_bytes());
        bytes.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        bytes.extend(payload);
        let takes = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.next[side.index()] = own.wrapping_add(takes);
        self.frames.push(Taped { time: self.now, payload: payload.to_vec(), bytes });
    }
}

fn record(kind: u8, fragment: &[u8]) -> Vec<u8> {
    let mut record = vec![kind, 3, 3];
    record.extend((fragment.len() as u16).to_be_bytes());
    record.extend(fragment);
    record
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    [&[kind], &length[1..], body].concat()
}

/// A record whose content cannot be read.
pub(super) fn encrypted(kind: u8, length: usize) -> Vec<u8> {
    record(kind, &(0..length).map(|at| (at * 89 + 171) as u8).collect::<Vec<_>>())
}

pub(super) fn change_cipher_spec() -> Vec<u8> {
    record(20, &[1])
}

pub(super) fn alert(level: u8, description: u8) -> Vec<u8> {
    record(21, &[level, description])
}

type Extension = (u16, Vec<u8>);

fn extensions(list: &[Extension]) -> Vec<u8> {
    let block: Vec<u8> = list
        .iter()
        .flat_map(|(kind, data)| [&kind.to_be_bytes()[..], &(data.len() as u16).to_be_bytes(), data].concat())
        .collect();
    [&(block.len() as u16).to_be_bytes()[..], &block].concat()
}

fn client_hello(suite: u16, list: &[Extension]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([0xc1; 32]);
    body.push(32);
    body.extend([0x5e; 32]);
    body.extend([0, 2]);
    body.extend(suite.to_be_bytes());
    body.extend([1, 0]);
    body.extend(extensions(list));
    record(22, &message(1, &body))
}

fn server_name() -> Extension {
    let name = b"www.example.test";
    let entry = [&[0], &(name.len() as u16).to_be_bytes()[..], name].concat();
    (0, [&(entry.len() as u16).to_be_bytes()[..], &entry].concat())
}

pub(super) fn tls12_hello() -> Vec<u8> {
    client_hello(0xc02f, &[server_name()])
}

pub(super) fn tls13_hello(more: &[Extension]) -> Vec<u8> {
    let mut list = vec![server_name(), (43, vec![2, 3, 4])];
    list.extend_from_slice(more);
    client_hello(0x1301, &list)
}

/// One identity with an age, and a binder.
pub(super) fn psk_offer() -> Vec<u8> {
    let identity = [&[0, 4][..], b"tick", &[0, 0, 1, 1]].concat();
    let binder = [&[32][..], &[7; 32]].concat();
    let list = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    [list(&identity), list(&binder)].concat()
}

pub(super) fn server_hello(version: u16, suite: u16, list: &[Extension]) -> Vec<u8> {
    server_hello_with(version, suite, [0x5a; 32], list)
}

fn server_hello_with(version: u16, suite: u16, random: [u8; 32], list: &[Extension]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend(random);
    body.push(32);
    body.extend([0x5e; 32]);
    body.extend(suite.to_be_bytes());
    body.push(0);
    body.extend(extensions(list));
    record(22, &message(2, &body))
}

pub(super) fn hello_retry_request() -> Vec<u8> {
    server_hello_with(0x0303, 0x1301, crate::tls::HELLO_RETRY_REQUEST_RANDOM, &[(43, vec![3, 4])])
}

/// ServerHello, Certificate with no certificate in it, ServerHelloDone.
pub(super) fn tls12_flight() -> Vec<u8> {
    [server_hello(0x0303, 0xc02f, &[]), record(22, &[message(11, &[0, 0, 0]), message(14, &[])].concat())].concat()
}

/// ClientKeyExchange, ChangeCipherSpec, Finished.
pub(super) fn tls12_finish() -> Vec<u8> {
    [record(22, &message(16, &[1, 9])), change_cipher_spec(), encrypted(22, 40)].concat()
}

pub(super) fn tls12_server_finish() -> Vec<u8> {
    [change_cipher_spec(), encrypted(22, 40)].concat()
}

pub(super) fn tls13_flight() -> Vec<u8> {
    let hello = server_hello(0x0303, 0x1301, &[(43, vec![3, 4])]);
    [hello, change_cipher_spec(), encrypted(23, 36), encrypted(23, 900), encrypted(23, 281), encrypted(23, 53)].concat()
}

/// A handshake of TLS 1.2 up to both Finished.
pub(super) fn tls12() -> Script {
    tls12_from(1_000)
}

/// The same on a connection that begins at another sequence number, and later.
pub(super) fn tls12_from(sequence: u32) -> Script {
    let script = Script::open_with(40_000, sequence).hello(&tls12_hello()).server(&tls12_flight());
    script.client(&tls12_finish()).server(&tls12_server_finish())
}

/// A handshake of TLS 1.3 up to the client's second flight.
pub(super) fn tls13() -> Script {
    tls13_on(0)
}

pub(super) fn tls13_on(flow: u16) -> Script {
    Script::open_between(flow).hello(&tls13_hello(&[])).server(&tls13_flight()).client(&change_cipher_spec())
}
