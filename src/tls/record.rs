//! The record layer of SSL 3.0 to TLS 1.3 (RFC 6101 section 5.2, RFC 5246 section 6.2, RFC 8446 section 5.1): five
//! bytes before each fragment. They are also all there is to recognise TLS by, so a header must be plausible.

use super::registry::{ContentType, ProtocolVersion};

/// The bytes of a record header.
pub const RECORD_HEADER_LEN: usize = 5;

/// The longest fragment: 2^14 bytes, and what compression and encryption may add (RFC 5246 section 6.2.3).
pub const MAX_FRAGMENT: u16 = (1 << 14) + 2048;

/// What stands before each fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordHeader {
    /// What the fragment is; in TLS 1.3 what is encrypted says that it is application data.
    pub content_type: ContentType,
    /// The record version, which is no evidence of the version that is negotiated (RFC 8446 section 5.1).
    pub version: ProtocolVersion,
    /// The length of the fragment in bytes.
    pub length: u16,
}

/// Why there is no record header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum RecordError {
    /// More bytes are needed to tell; those at hand may begin a record.
    #[error("the record header is not complete")]
    Incomplete,
    /// The bytes begin no record.
    #[error("not a TLS record")]
    NotTls,
}

/// The header of the record that `input` begins with, and what follows the header. It is plausible: a known content
/// type (20 to 24), major version 3 with minor version 0 to 4 (an alert may have version 0), at most [`MAX_FRAGMENT`] bytes, and an empty fragment
/// only for application data (RFC 5246 section 6.2.1).
///
/// # Errors
/// [`RecordError::NotTls`] as soon as the bytes at hand rule a record out, else [`RecordError::Incomplete`].
pub fn record_header(input: &[u8]) -> Result<(&[u8], RecordHeader), RecordError> {
    if let Some((&[content_type, major, minor, high, low], rest)) = input.split_first_chunk() {
        let length = u16::from_be_bytes([high, low]);
        let empty = length == 0 && content_type != ContentType::APPLICATION_DATA.0;
        if !begins_record(content_type, major, minor) || length > MAX_FRAGMENT || empty {
            return Err(RecordError::NotTls);
        }
        let version = ProtocolVersion(u16::from_be_bytes([major, minor]));
        return Ok((rest, RecordHeader { content_type: ContentType(content_type), version, length }));
    }
    let byte = |at: usize, otherwise: u8| input.get(at).copied().unwrap_or(otherwise);
    let length = u16::from_be_bytes([byte(3, 0), 0]);
    if begins_record(byte(0, 20), byte(1, 3), byte(2, 0)) && length <= MAX_FRAGMENT {
        Err(RecordError::Incomplete)
    } else {
        Err(RecordError::NotTls)
    }
}

const fn begins_record(content_type: u8, major: u8, minor: u8) -> bool {
    // BearSSL has no version yet when it refuses a ClientHello's, and says 0.
    let no_version = content_type == 21 && major == 0 && minor == 0;
    matches!(content_type, 20..=24) && (major == 3 && minor <= 4 || no_version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_and_what_follows_is_left() {
        let (rest, header) = record_header(&[22, 3, 1, 0, 2, 0xaa, 0xbb]).unwrap();
        assert_eq!(rest, [0xaa, 0xbb]);
        let expected =
            RecordHeader { content_type: ContentType::HANDSHAKE, version: ProtocolVersion::TLS_1_0, length: 2 };
        assert_eq!(header, expected);
    }

    #[test]
    fn every_prefix_of_a_header_is_incomplete() {
        let header = [23, 3, 3, 0x48, 0x00];
        for length in 0..header.len() {
            assert_eq!(record_header(&header[..length]), Err(RecordError::Incomplete), "{length} bytes");
        }
        assert!(record_header(&header).is_ok());
    }

    #[test]
    fn what_is_not_plausible_is_refused_at_the_byte_that_shows_it() {
        let refused: [&[u8]; 9] = [
            &[19],
            &[25],
            b"G",
            &[22, 2],
            &[22, 3, 5],
            &[22, 3, 1, 0x49],
            &[22, 3, 1, 0x48, 0x01],
            &[22, 3, 1, 0, 0],
            &[21, 3, 3, 0, 0],
        ];
        for bytes in refused {
            assert_eq!(record_header(bytes), Err(RecordError::NotTls), "{bytes:x?}");
            let before = &bytes[..bytes.len() - 1];
            assert_eq!(record_header(before), Err(RecordError::Incomplete), "{before:x?}");
        }
    }

    #[test]
    fn application_data_may_be_empty() {
        assert_eq!(record_header(&[23, 3, 1, 0, 0]).unwrap().1.length, 0);
    }
}
