//! Heartbeat messages (RFC 6520), in the clear only before a handshake is over: where nobody has cause to send one.

use super::error::ParseError;
use super::registry::HeartbeatMessageType;
use super::wire::{field, message, rest, u8, u16};
use nom::Parser;

/// The padding of a heartbeat message has at least this many bytes (RFC 6520 section 4).
pub const MIN_HEARTBEAT_PADDING: usize = 16;

/// A heartbeat message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat<'a> {
    /// Request or response.
    pub kind: HeartbeatMessageType,
    /// How long the payload is, by the sender's word.
    pub payload_length: u16,
    /// What follows: payload and padding.
    pub data: &'a [u8],
}

impl<'a> Heartbeat<'a> {
    /// Reads a fragment of content type heartbeat. That the payload is there is not asked: see
    /// [`Heartbeat::claims_too_much`].
    ///
    /// # Errors
    /// A fragment of less than three bytes.
    pub fn parse(fragment: &'a [u8]) -> Result<Self, ParseError> {
        message("HeartbeatMessage", fragment, |input| {
            let (input, kind) = field("type", u8.map(HeartbeatMessageType))(input)?;
            let (input, payload_length) = field("payload_length", u16)(input)?;
            let (input, data) = rest(input)?;
            Ok((input, Self { kind, payload_length, data }))
        })
    }

    /// True where payload and padding do not fit in the message: such a message must be discarded (RFC 6520 section 4),
    /// and who answers it gives away memory (CVE-2014-0160).
    pub fn claims_too_much(&self) -> bool {
        usize::from(self.payload_length).saturating_add(MIN_HEARTBEAT_PADDING) > self.data.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Rule;

    #[test]
    fn a_request_is_read() {
        let fragment = [&[1, 0, 2, 0xaa, 0xbb][..], &[0; 16]].concat();
        let heartbeat = Heartbeat::parse(&fragment).unwrap();
        assert_eq!(heartbeat.kind, HeartbeatMessageType::HEARTBEAT_REQUEST);
        assert_eq!((heartbeat.payload_length, heartbeat.data), (2, &fragment[3..]));
        assert!(!heartbeat.claims_too_much());
    }

    #[test]
    fn a_length_beyond_the_message_is_seen() {
        assert!(Heartbeat::parse(&[1, 0x40, 0]).unwrap().claims_too_much());
        let without_padding = [&[1, 0, 1, 0xaa][..], &[0; 15]].concat();
        assert!(Heartbeat::parse(&without_padding).unwrap().claims_too_much());
    }

    #[test]
    fn every_prefix_of_the_header_fails() {
        for length in 0..3 {
            assert_eq!(Heartbeat::parse(&[2, 0, 1][..length]).unwrap_err().rule, Rule::Truncated);
        }
    }
}
