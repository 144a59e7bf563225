//! Canonical flow keys: both directions of a conversation have the same key, and a [`Direction`] tells them apart.

use crate::packet::VlanTags;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Which way a packet went, by the canonical order of the two ends; it says nothing of client and server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the end with the lower address and port.
    FromLow,
    /// From the end with the higher address and port.
    FromHigh,
}

impl Direction {
    /// Both, in index order.
    pub const BOTH: [Self; 2] = [Self::FromLow, Self::FromHigh];

    /// The opposite direction.
    pub const fn reverse(self) -> Self {
        match self {
            Self::FromLow => Self::FromHigh,
            Self::FromHigh => Self::FromLow,
        }
    }

    /// 0 or 1: for arrays with a place for each direction.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// This direction's element of a pair.
    pub const fn of<T>(self, [low, high]: &[T; 2]) -> &T {
        match self {
            Self::FromLow => low,
            Self::FromHigh => high,
        }
    }

    /// This direction's element of a pair, to change.
    pub const fn of_mut<T>(self, [low, high]: &mut [T; 2]) -> &mut T {
        match self {
            Self::FromLow => low,
            Self::FromHigh => high,
        }
    }
}

/// The canonical 5-tuple of a flow and the network it was seen in (its VLAN tags), in 40 bytes: an IPv4 address
/// is held as its IPv4-mapped IPv6 form, and the last word has the ports, the scope and the family.
/// They lie at any multiple of four, so that nothing is lost beside them in a slot of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, packed(4))]
pub struct FlowKey {
    low: [u64; 2],
    high: [u64; 2],
    rest: u64,
}

/// Set in a scope where the addresses are IPv6.
const V6: u32 = 1 << 31;

impl FlowKey {
    /// The key of a packet's flow, and the direction of the packet in it.
    #[inline]
    pub fn new(source: SocketAddr, destination: SocketAddr, vlan: &VlanTags) -> (Self, Direction) {
        let (from, to) = (words(source.ip()), words(destination.ip()));
        let mut scope = scope(vlan);
        if source.is_ipv6() {
            scope |= V6;
        }
        let (from_port, to_port) = (u64::from(source.port()), u64::from(destination.port()));
        let scope = u64::from(scope) << 32;
        if (from, from_port) <= (to, to_port) {
            (Self { low: from, high: to, rest: scope | from_port << 16 | to_port }, Direction::FromLow)
        } else {
            (Self { low: to, high: from, rest: scope | to_port << 16 | from_port }, Direction::FromHigh)
        }
    }

    /// The end that sends in `direction`.
    pub fn sender(&self, direction: Direction) -> SocketAddr {
        let v6 = (self.rest >> 32) as u32 & V6 != 0;
        match direction {
            Direction::FromLow => SocketAddr::new(address(self.low, v6), (self.rest >> 16) as u16),
            Direction::FromHigh => SocketAddr::new(address(self.high, v6), self.rest as u16),
        }
    }
}

impl Hash for FlowKey {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        // An address at a time: five words one after the other are a chain of five multiplications, a third longer.
        let address = |[high, low]: [u64; 2]| u128::from(high) << 64 | u128::from(low);
        state.write_u128(address(self.low));
        state.write_u128(address(self.high));
        state.write_u64(self.rest);
    }
}

#[inline]
fn words(address: IpAddr) -> [u64; 2] {
    match address {
        IpAddr::V4(v4) => [0, 0xffff_0000_0000 | u64::from(u32::from(v4))],
        IpAddr::V6(v6) => {
            let bits = u128::from(v6);
            [(bits >> 64) as u64, bits as u64]
        }
    }
}

fn address([high, low]: [u64; 2], v6: bool) -> IpAddr {
    if v6 {
        IpAddr::V6(Ipv6Addr::from(u128::from(high) << 64 | u128::from(low)))
    } else {
        IpAddr::V4(Ipv4Addr::from(low as u32))
    }
}

/// 31 bits that differ between the VLANs of one capture; 0 where there are none. Tunnels are no part of it: their
/// identifiers often differ by direction.
#[inline]
fn scope(vlan: &VlanTags) -> u32 {
    let mix = |mixed: u32, id: &u16| (mixed.rotate_left(13) ^ u32::from(*id)).wrapping_mul(0x9e37_79b1);
    vlan.ids().iter().fold(0, mix) & !V6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(from: &str, to: &str) -> (FlowKey, Direction) {
        FlowKey::new(from.parse().unwrap(), to.parse().unwrap(), &VlanTags::default())
    }

    #[test]
    fn both_directions_share_a_key_and_keep_their_ends() {
        for (a, b) in [("10.0.0.1:50000", "10.0.0.2:443"), ("[fd00::2]:443", "[fd00::1]:9")] {
            let ((forth, there), (back, home)) = (key(a, b), key(b, a));
            assert_eq!(forth, back);
            assert_eq!(there, home.reverse());
            assert_eq!(forth.sender(there).to_string(), a);
            assert_eq!(forth.sender(home).to_string(), b);
        }
    }

    #[test]
    fn one_address_talking_to_itself_is_told_apart_by_port() {
        let ((forth, there), (back, home)) = (key("127.0.0.1:443", "127.0.0.1:5"), key("127.0.0.1:5", "127.0.0.1:443"));
        assert_eq!(forth, back);
        assert_ne!(there, home);
    }

    #[test]
    fn an_ipv4_mapped_ipv6_address_is_not_the_ipv4_address() {
        assert_ne!(key("10.0.0.1:1", "10.0.0.2:2").0, key("[::ffff:10.0.0.1]:1", "[::ffff:10.0.0.2]:2").0);
    }

    #[test]
    fn a_vlan_keeps_equal_addresses_apart() {
        let (from, to) = ("10.0.0.1:1".parse().unwrap(), "10.0.0.2:2".parse().unwrap());
        let tagged = |ids: &[u16]| FlowKey::new(from, to, &ids.iter().copied().collect()).0;
        assert_ne!(tagged(&[7]), tagged(&[]));
        assert_ne!(tagged(&[7]), tagged(&[8]));
        assert_ne!(tagged(&[7, 8]), tagged(&[8, 7]));
    }
}
