//! Fingerprints: short names for what a hello looks like (JA3, JA3S, JA4), and for a flow (community id), equal to what
//! other tools compute, so that events can be joined and looked up; and an event's own id.
//!
//! Each follows its specification to the letter, odd corners included: a fingerprint that differs from everybody else's
//! is worthless. Values reserved by RFC 8701 (GREASE) are left out, since a client draws them at random. Of the
//! JA4 family only JA4 itself is here; the others are under a licence that does not fit this project's.

mod community_id;
mod digests;
mod id;
mod ja3;
mod ja4;

pub use community_id::{IpProtocol, community_id};
pub use id::EventId;
pub use ja3::{client as push_ja3_text, server as push_ja3s_text};
pub use ja4::Carrier;

use crate::tls::{ClientHello, ServerHello};
use digests::Digests;

/// Computes fingerprints of hellos; the text that is hashed for one is written over that of the one before.
#[derive(Debug)]
pub struct Fingerprinter {
    text: Vec<u8>,
    codes: Vec<u16>,
    md5: Digests,
    sha256: Digests,
}

impl Fingerprinter {
    /// With nothing hashed yet. The seed changes no fingerprint: it makes the tables hard to fill on purpose.
    pub fn new(seed: u64) -> Self {
        Self { text: Vec::new(), codes: Vec::new(), md5: Digests::new(seed), sha256: Digests::new(seed) }
    }

    /// JA3 of a ClientHello: 32 hexadecimal digits.
    pub fn ja3(&mut self, hello: &ClientHello<'_>) -> String {
        self.ja3_text(hello);
        self.md5()
    }

    /// The text whose MD5 is JA3: version, suites, extensions, groups and point formats in decimal.
    pub fn ja3_text(&mut self, hello: &ClientHello<'_>) -> &[u8] {
        self.text.clear();
        ja3::client(&mut self.text, hello);
        &self.text
    }

    /// JA3S of a ServerHello: 32 hexadecimal digits.
    pub fn ja3s(&mut self, hello: &ServerHello<'_>) -> String {
        self.ja3s_text(hello);
        self.md5()
    }

    /// The text whose MD5 is JA3S: version, suite and extensions in decimal.
    pub fn ja3s_text(&mut self, hello: &ServerHello<'_>) -> &[u8] {
        self.text.clear();
        ja3::server(&mut self.text, hello);
        &self.text
    }

    /// Of the text at hand.
    fn md5(&mut self) -> String {
        let mut out = String::with_capacity(32);
        self.md5.push(&self.text, ja3::md5, &mut out);
        out
    }

    /// JA4 of a ClientHello: `t13d1516h2_8daaf6152771_e5627efa2ab1`.
    pub fn ja4(&mut self, hello: &ClientHello<'_>, carrier: Carrier) -> String {
        ja4::client(self, hello, carrier)
    }
}

#[cfg(test)]
mod tests;
