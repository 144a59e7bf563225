//! ALPN protocol identifiers (RFC 7301): byte strings, of which IANA registers a few dozen.

use super::generated::alpn_protocol;
use std::fmt;

/// A protocol identifier as offered or selected.
///
/// It prints as itself where it is printable ASCII, as nearly all are, and else as `0x` and hexadecimal digits: these
/// bytes are the sender's, and go to terminals and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlpnProtocol<'a>(pub &'a [u8]);

impl AlpnProtocol<'_> {
    /// The registered name, `HTTP/2 over TLS` for `h2`.
    pub fn name(self) -> Option<&'static str> {
        alpn_protocol::name(self.0)
    }

    /// One of the two-byte identifiers that RFC 8701 reserves, sent to see that the peer ignores what it does not know.
    pub fn is_grease(self) -> bool {
        matches!(*self.0, [a, b] if super::is_grease(u16::from_be_bytes([a, b])))
    }
}

impl fmt::Display for AlpnProtocol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [a, b] = *self.0
            && self.is_grease()
        {
            return super::fmt_u16(u16::from_be_bytes([a, b]), f);
        }
        match std::str::from_utf8(self.0) {
            Ok(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) => f.pad(text),
            _ => {
                f.write_str("0x")?;
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}
