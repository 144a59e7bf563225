//! Community id, version 1, seed 0: the name of a flow that Zeek, Suricata, Arkime and others give it too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use std::net::{IpAddr, SocketAddr};

/// The transports that flows have here, by IP protocol number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum IpProtocol {
    /// TCP.
    Tcp = 6,
    /// UDP.
    Udp = 17,
}

/// `1:LQU9qZlK+B5F3KDmev6m5PMibrg=`: the same whichever end comes first.
pub fn community_id(one: SocketAddr, other: SocketAddr, protocol: IpProtocol) -> String {
    const SEED: [u8; 2] = [0; 2];
    // Addresses of one family order as their bytes do.
    let (low, high) = if (one.ip(), one.port()) <= (other.ip(), other.port()) { (one, other) } else { (other, one) };
    let mut hash = Sha1::new();
    hash.update(SEED);
    for end in [low, high] {
        match end.ip() {
            IpAddr::V4(address) => hash.update(address.octets()),
            IpAddr::V6(address) => hash.update(address.octets()),
        }
    }
    hash.update([protocol as u8, 0]);
    hash.update(low.port().to_be_bytes());
    hash.update(high.port().to_be_bytes());
    let mut out = String::with_capacity(30);
    out.push_str("1:");
    STANDARD.encode_string(hash.finalize(), &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference data of the specification.
    #[test]
    fn equal_to_the_published_values_from_either_end() {
        let cases = [
            ("128.232.110.120:34855", "66.35.250.204:80", IpProtocol::Tcp, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            ("192.168.1.52:54585", "8.8.8.8:53", IpProtocol::Udp, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
            (
                "[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943",
                "[2607:f8b0:400c:c03::1a]:25",
                IpProtocol::Tcp,
                "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
            ),
        ];
        for (one, other, protocol, expected) in cases {
            let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(community_id(one, other, protocol), expected);
            assert_eq!(community_id(other, one, protocol), expected);
        }
    }

    #[test]
    fn ports_decide_where_the_addresses_are_equal() {
        let (one, other) = ("10.0.0.1:80".parse().unwrap(), "10.0.0.1:443".parse().unwrap());
        assert_eq!(community_id(one, other, IpProtocol::Tcp), community_id(other, one, IpProtocol::Tcp));
        assert_ne!(community_id(one, one, IpProtocol::Tcp), community_id(one, other, IpProtocol::Tcp));
    }
}
