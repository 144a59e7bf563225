//! More of our captures: their handshakes again and again, as if hours had gone by.

use crate::support::mutate::{Packet, pcap};
use crate::support::{captures_below, packets, root};
use std::time::Duration;

const ETHERNET: u32 = 1;
/// 2026-03-01 10:00:00 UTC in nanoseconds.
const BEGIN: u64 = 1_772_359_200_000_000_000;
/// Captures of a few handshakes have no more packets.
const FEW: usize = 100;

/// A capture of so many captures of these families, one after the other, each beginning so much later than the one before.
pub(super) fn captured(families: &[&str], count: usize, apart: Duration) -> Vec<u8> {
    let below = families.iter().flat_map(|family| captures_below(&root().join("captures").join(family)));
    let few: Vec<Vec<Packet>> = below
        .filter_map(|capture| packets(&capture))
        .filter(|(link, packets)| *link == ETHERNET && packets.len() < FEW)
        .map(|(_, packets)| packets)
        .collect();
    assert!(!few.is_empty(), "{families:?}");
    let begins = (0..).map(|number| BEGIN + number * apart.as_nanos() as u64);
    let all = few.iter().cycle().take(count).zip(begins).flat_map(|(packets, begin)| {
        let first = packets.first().map_or(0, |packet| packet.time);
        let time = move |packet: &Packet| begin + packet.time.saturating_sub(first);
        packets.iter().map(move |packet| Packet { time: time(packet), ..packet.clone() })
    });
    let mut all: Vec<Packet> = all.collect();
    all.sort_by_key(|packet| packet.time);
    pcap(ETHERNET, &all)
}
