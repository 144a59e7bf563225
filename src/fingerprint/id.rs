//! The id of an event. It names a handshake, not a capture of it, so that what two sensors saw can be joined.

use crate::handshake::{Handshake, Negotiated, Side};
use crate::hex::hex;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::net::IpAddr;

/// So many bytes of a SHA-256 are an event's id.
const ID_BYTES: usize = 16;

/// The same handshake has the same id in every capture that has its ClientHello, whichever way it was captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId([u8; ID_BYTES]);

impl EventId {
    /// The id of a handshake: a hash of its transport, its two ends in an order of their own, what is random in the
    /// ClientHello, and the time in microseconds.
    pub fn of(handshake: &Handshake, negotiated: &Negotiated<'_>) -> Self {
        let ends = [handshake.client, handshake.server];
        let mut hash = Sha256::new();
        hash.update(b"tcp");
        for end in [ends.iter().min(), ends.iter().max()].into_iter().flatten() {
            match end.ip() {
                IpAddr::V4(v4) => hash.update(v4.octets()),
                IpAddr::V6(v6) => hash.update(v6.octets()),
            }
            hash.update(end.port().to_be_bytes());
        }
        match &negotiated.client_hello {
            Some(hello) => hash.update(hello.random),
            None => hash.update(handshake.ssl2_hello(Side::Client).unwrap_or_default()),
        }
        hash.update(handshake.first.time.as_micros().to_be_bytes());
        Self::from_hash(hash)
    }

    /// The id of whatever was put into a hash.
    pub(crate) fn from_hash(hash: Sha256) -> Self {
        Self(hash.finalize().first_chunk().copied().unwrap_or_default())
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex(&self.0))
    }
}
