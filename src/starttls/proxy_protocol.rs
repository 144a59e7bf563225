//! The PROXY protocol (HAProxy's `proxy-protocol.txt`): a header in front of everything else in which a load balancer says
//! for whom it connects. TLS may follow in the same segment.

/// Version 2 begins with these bytes (section 2.2).
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// A header of version 1 has at most this many bytes (section 2.1).
const LONGEST_V1: usize = 107;

/// True where `bytes` begin a header, whole or not.
pub fn is_begun(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PROXY ") || bytes.starts_with(&SIGNATURE)
}

/// The length of the whole header with which `bytes` begin, if they do.
pub fn header_length(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'P' if bytes.starts_with(b"PROXY ") => {
            let end = bytes.iter().take(LONGEST_V1).position(|&byte| byte == b'\n')?;
            Some(end.saturating_add(1))
        }
        b'\r' => {
            // After the signature: version and command, family and protocol, and the length of what follows.
            let &[_, _, high, low] = bytes.strip_prefix(&SIGNATURE)?.first_chunk()?;
            let length = usize::from(u16::from_be_bytes([high, low]));
            let all = length.saturating_add(SIGNATURE.len()).saturating_add(4);
            (all <= bytes.len()).then_some(all)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_ends_where_what_it_announces_begins() {
        let v1 = b"PROXY TCP4 192.0.2.1 192.0.2.2 50000 443\r\n";
        let v2 = [&SIGNATURE[..], &[0x21, 0x11, 0, 12], &[7; 12]].concat();
        for header in [&v1[..], &v2] {
            let stream = [header, b"\x16\x03\x01"].concat();
            assert_eq!(header_length(&stream), Some(header.len()));
            for length in 0..header.len() {
                assert_eq!(header_length(&stream[..length]), None, "{length} bytes");
            }
        }
    }

    #[test]
    fn other_words_are_no_header() {
        assert_eq!(header_length(b"PROXYING is fun\n"), None);
        assert_eq!(header_length(&[&b"PROXY "[..], &[b'a'; 200]].concat()), None);
        assert_eq!(header_length(b"\r\n\r\nHello, world\n"), None);
    }
}
