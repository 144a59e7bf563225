//! What goes over the cables: our captures, and more of the same.

use crate::support::mutate::Packet;
use crate::support::{packets, root};
use std::ops::Range;

/// Where the IPv4 addresses are in an Ethernet frame: source, destination.
const ADDRESSES: [usize; 2] = [26, 30];
/// The client of our captures.
const CLIENT: [u8; 4] = [10, 8, 0, 1];
/// How much later each copy is sent.
const APART: u64 = 100_000;

/// The packets of one of our captures.
pub(super) fn capture(name: &str) -> Vec<Packet> {
    packets(&root().join("captures").join(name)).unwrap().1
}

/// A handshake that goes well, and 21 packets.
pub(super) fn established() -> Vec<Packet> {
    capture("tls13/curl-nginx-h2.pcap")
}

/// A handshake that fails, and ten packets.
pub(super) fn failed() -> Vec<Packet> {
    capture("failures-server-certificate/expired-gnutls-tls12.pcap")
}

/// Only a ClientHello, and what TCP needs for it.
pub(super) fn only_a_hello() -> Vec<Packet> {
    established().into_iter().take(4).collect()
}

/// The same by these clients, one after the other.
pub(super) fn by_clients(clients: Range<u16>, packets: &[Packet]) -> Vec<Packet> {
    let copy = |client: u16| {
        let [high, low] = client.to_be_bytes();
        let later = u64::from(client) * APART;
        packets.iter().map(move |packet| {
            let mut copy = Packet { time: packet.time + later, ..packet.clone() };
            for at in ADDRESSES {
                if copy.bytes[at..][..4] == CLIENT {
                    copy.bytes[at..][..4].copy_from_slice(&[10, 9, high, low]);
                }
            }
            copy
        })
    };
    clients.flat_map(copy).collect()
}
