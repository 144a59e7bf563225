//! The handshake protocol's own frame: four bytes before the body of each message.

use super::registry::HandshakeType;

/// The bytes before the body of a handshake message.
pub const HANDSHAKE_HEADER_LEN: usize = 4;

/// What stands before each handshake message (RFC 5246 section 7.4, RFC 8446 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HandshakeHeader {
    /// The message's type.
    pub kind: HandshakeType,
    /// The length of its body in bytes, below 2^24.
    pub length: u32,
}

/// The header that `input` begins with; none where fewer than [`HANDSHAKE_HEADER_LEN`] bytes are there.
pub fn handshake_header(input: &[u8]) -> Option<HandshakeHeader> {
    let &[kind, high, middle, low] = input.first_chunk()?;
    Some(HandshakeHeader { kind: HandshakeType(kind), length: u32::from_be_bytes([0, high, middle, low]) })
}
