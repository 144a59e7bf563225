//! Copies of captures as a worse sensor would have made them: packets moved, doubled, lost or snapped, files cut. Every
//! copy follows from its seed.

/// A packet may move by this many places.
const MOST_PLACES: u64 = 8;

/// One packet of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    /// Nanoseconds since 1970.
    pub(crate) time: u64,
    /// Its length on the wire.
    pub(crate) original_length: u32,
    /// What was captured of it.
    pub(crate) bytes: Vec<u8>,
}

/// Numbers that look random and follow from a seed (SplitMix64).
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of a name and a seed.
    pub(crate) fn new(name: &str, seed: u64) -> Self {
        Self(name.bytes().fold(seed, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Every packet moved by up to eight places; the timestamps stay where they are, in order.
pub(crate) fn moved(packets: &[Packet], random: &mut Random) -> Vec<Packet> {
    // packet i gets a rank between i and i + 8: none can overtake another that is more than eight places ahead
    let mut ranked: Vec<(u64, &Packet)> =
        (0..).zip(packets).map(|(at, packet): (u64, _)| (at + random.below(MOST_PLACES + 1), packet)).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().zip(packets).map(|((_, packet), place)| Packet { time: place.time, ..packet.clone() }).collect()
}

/// About every third packet twice.
pub(crate) fn doubled(packets: &[Packet], random: &mut Random) -> Vec<Packet> {
    packets
        .iter()
        .flat_map(|packet| std::iter::repeat_n(packet.clone(), 1 + usize::from(random.below(3) == 0)))
        .collect()
}

/// About one packet in `one_in` lost.
pub(crate) fn lost(packets: &[Packet], one_in: u64, random: &mut Random) -> Vec<Packet> {
    packets.iter().filter(|_| random.below(one_in) != 0).cloned().collect()
}

/// Every packet cut to its first `length` bytes.
pub(crate) fn snapped(packets: &[Packet], length: usize) -> Vec<Packet> {
    packets
        .iter()
        .map(|packet| Packet { bytes: packet.bytes.iter().copied().take(length).collect(), ..packet.clone() })
        .collect()
}

/// A classic pcap file with nanoseconds, little-endian.
pub(crate) fn pcap(link: u32, packets: &[Packet]) -> Vec<u8> {
    let mut file = Vec::new();
    // magic, version 2.4, two fields that nobody fills, snap length, link type
    for word in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, link] {
        file.extend(word.to_le_bytes());
    }
    for packet in packets {
        let seconds = u32::try_from(packet.time / 1_000_000_000).unwrap();
        let nanos = u32::try_from(packet.time % 1_000_000_000).unwrap();
        let captured = u32::try_from(packet.bytes.len()).unwrap();
        for word in [seconds, nanos, captured, packet.original_length] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&packet.bytes);
    }
    file
}
