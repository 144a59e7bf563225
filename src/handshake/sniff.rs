//! Is this TLS? What the first bytes of a segment, or of a record's fragment, must look like before they are taken for it.
//!
//! TLS may begin anywhere in a connection (STARTTLS, CONNECT, a database's own request), so ports say nothing and every
//! segment of a young connection is looked at: the tests must be cheap, and must not be met by chance.

use crate::tls::registry::{ContentType, HandshakeType};
use crate::tls::{RECORD_HEADER_LEN, RecordError, record_header};

/// Whether bytes begin TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sniff {
    /// They begin a TLS record.
    Tls,
    /// They begin an SSL 2.0 hello.
    Ssl2,
    /// They may, but there are too few of them.
    TooShort,
    /// They do not.
    Other,
}

/// A hello in SSL 2.0 form has at least this many bytes behind its length.
const MIN_SSL2_HELLO: u16 = 9;
/// And at most this many: more suites than exist, and what may stand behind them.
const MAX_SSL2_HELLO: u16 = 4096;

/// Looks at the first bytes of a segment. Where the peer is known to speak TLS any record will do; else it takes a
/// handshake message that can begin a flight.
pub(super) fn sniff(bytes: &[u8], peer_is_tls: bool) -> Sniff {
    match record_header(bytes) {
        Ok((fragment, header)) => {
            let length = usize::from(header.length);
            match header.content_type {
                _ if peer_is_tls => Sniff::Tls,
                ContentType::HANDSHAKE => match fragment.get(..length.min(6)) {
                    Some(peek) if plausible_message(peek, length, false) => Sniff::Tls,
                    Some(_) => Sniff::Other,
                    None if fragment.first().is_none_or(|&kind| is_known(HandshakeType(kind))) => Sniff::TooShort,
                    None => Sniff::Other,
                },
                _ => Sniff::Other,
            }
        }
        Err(RecordError::Incomplete) if bytes.len() < RECORD_HEADER_LEN => Sniff::TooShort,
        Err(_) => ssl2(bytes),
    }
}

/// An SSL 2.0 ClientHello or ServerHello by its header, message type and version (the SSL 2.0 draft, 1.5 and 2.5).
fn ssl2(bytes: &[u8]) -> Sniff {
    let &[high, low, kind, a, b, ..] = bytes else {
        return if matches!(bytes, [0x80..=0x8f, _, 1 | 4] | [0x80..=0x8f, _]) {
            Sniff::TooShort
        } else {
            Sniff::Other
        };
    };
    let length = u16::from_be_bytes([high & 0x7f, low]);
    let client = kind == 1 && matches!((a, b), (0, 2) | (3, 0..=4));
    // A ServerHello has a session id hit flag and a certificate type before its version, which must be 2.
    let server = kind == 4 && a <= 1 && b <= 1 && matches!(bytes, [_, _, _, _, _, 0, 2, ..]);
    let fits = high & 0x80 != 0 && (MIN_SSL2_HELLO..=MAX_SSL2_HELLO).contains(&length);
    if fits && (client || server) { Sniff::Ssl2 } else { Sniff::Other }
}

/// Whether the first bytes of a handshake record's fragment of `length` bytes can be those of a message in the clear.
/// `hello` asks for a hello: nothing else is in the clear after ChangeCipherSpec.
pub(super) fn plausible_message(peek: &[u8], length: usize, hello: bool) -> bool {
    let &[kind, high, middle, low, ref rest @ ..] = peek else {
        // A record of under four bytes cannot hold a message, but it may begin one.
        return !hello && length < 4 && peek.first().is_some_and(|&kind| is_known(HandshakeType(kind)));
    };
    let kind = HandshakeType(kind);
    let declared = u32::from_be_bytes([0, high, middle, low]);
    let is_hello = matches!(kind, HandshakeType::CLIENT_HELLO | HandshakeType::SERVER_HELLO);
    if is_hello {
        // The version: SSL 3.0 and later, or a draft of TLS 1.3.
        return (34..1 << 17).contains(&declared) && matches!(rest, [3, _] | [0x7f | 0xfb, _] | [0xfe, _] | [3] | []);
    }
    !hello && is_known(kind) && declared < 1 << 20 && (declared > 0 || may_be_empty(kind))
}

fn may_be_empty(kind: HandshakeType) -> bool {
    matches!(kind, HandshakeType::HELLO_REQUEST | HandshakeType::SERVER_HELLO_DONE)
}

/// The messages that are sent in the clear.
fn is_known(kind: HandshakeType) -> bool {
    matches!(kind.0, 0..=2 | 4 | 6 | 8 | 11..=16 | 20..=23 | 25 | 67)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: [u8; 13] = [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 0xaa, 0xbb];

    #[test]
    fn a_client_hello_is_known_by_eleven_bytes_and_every_prefix_of_it_may_be_one() {
        for length in 1..11 {
            assert_eq!(sniff(&HELLO[..length], false), Sniff::TooShort, "{length} bytes");
        }
        assert_eq!(sniff(&HELLO, false), Sniff::Tls);
    }

    #[test]
    fn other_protocols_are_not_taken_for_tls() {
        let others: [&[u8]; 6] = [
            b"GET / HTTP/1.1\r\n",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"220 mail.example ESMTP\r\n",
            &[22, 3, 1, 2, 0, 99, 0, 0, 1, 3, 3],
            &[0x80, 0x2e, 9, 0, 2, 0, 0],
            &[23, 3, 3, 0, 40, 1, 2, 3, 4, 5, 6],
        ];
        for bytes in others {
            assert_eq!(sniff(bytes, false), Sniff::Other, "{bytes:x?}");
        }
    }

    #[test]
    fn any_record_will_do_where_the_peer_speaks_tls() {
        assert_eq!(sniff(&[21, 3, 1, 0, 2, 2, 40], true), Sniff::Tls);
        assert_eq!(sniff(b"HTTP/1.1 400 Bad Request", true), Sniff::Other);
    }

    #[test]
    fn an_ssl_2_hello_is_known_by_its_type_and_version() {
        assert_eq!(sniff(&[0x80, 0x2e, 1, 0, 2, 0, 0x15], false), Sniff::Ssl2);
        assert_eq!(sniff(&[0x80, 0x4c, 1, 3, 1, 0, 0x33], false), Sniff::Ssl2);
        assert_eq!(sniff(&[0x83, 0x0e, 4, 0, 1, 0, 2, 0], false), Sniff::Ssl2);
    }

    #[test]
    fn encrypted_finished_messages_are_not_taken_for_hellos() {
        assert!(!plausible_message(&[1, 0x9f, 3, 4, 3, 3], 40, true));
        assert!(!plausible_message(&[20, 0, 0, 12, 1, 2], 40, true));
        assert!(plausible_message(&[1, 0, 1, 0, 3, 3], 260, true));
    }
}
