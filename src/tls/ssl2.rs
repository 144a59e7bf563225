//! The hellos of SSL 2.0 (the Netscape specification of 1995). Its ClientHello outlived it by far, as the way to offer
//! SSL 3.0 to TLS 1.2 to a server that might only know SSL 2.0 (RFC 5246 appendix E.2).
//!
//! SSL 2.0 has a record layer of its own, without content types: a hello is recognised by its whole fixed part.

use super::error::{ParseError, Rule};
use super::list::{Element, List};
use super::record::RecordError;
use super::registry::{CipherSuite, ProtocolVersion, Ssl2CipherSpec};
use super::wire::{Parsed, broken, bytes, codes, field, message, nonempty, u8, u16};
use nom::Parser;

/// Which hello an SSL 2.0 record carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ssl2MessageType {
    /// CLIENT-HELLO, 1.
    ClientHello,
    /// SERVER-HELLO, 4.
    ServerHello,
}

/// What stands before an SSL 2.0 hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ssl2Header {
    /// The bytes of the record that follow the header: the hello and the padding.
    pub length: u16,
    /// How many of them, at the end, are padding.
    pub padding: u8,
    /// The hello's type, which is also its first byte.
    pub message_type: Ssl2MessageType,
}

impl Ssl2Header {
    /// The length of the hello: of the record without its padding.
    pub const fn body_len(&self) -> u16 {
        self.length.saturating_sub(self.padding as u16)
    }
}

/// The fixed part of CLIENT-HELLO: type, version and three lengths.
const CLIENT_HELLO_LEN: usize = 9;

/// The fixed part of SERVER-HELLO: type, session id hit, certificate type, version and three lengths.
const SERVER_HELLO_LEN: usize = 11;

/// A cipher spec's bytes.
const CIPHER_SPEC_LEN: usize = 3;

/// The header of the SSL 2.0 hello that `input` begins with, and what follows the header. Headers have two bytes, or
/// three with padding. The hello's fixed part must be plausible: a version that is known, and lengths that add up to
/// the record's.
///
/// # Errors
/// [`RecordError::NotTls`] as soon as the bytes at hand rule a hello out, else [`RecordError::Incomplete`].
pub fn ssl2_hello(input: &[u8]) -> Result<(&[u8], Ssl2Header), RecordError> {
    let (rest, length, padding) = match *input {
        [high @ 0x80..=0xff, low, ref rest @ ..] => (rest, u16::from_be_bytes([high & 0x7f, low]), 0),
        [high @ 0..=0x3f, low, padding, ref rest @ ..] => (rest, u16::from_be_bytes([high, low]), padding),
        [0x40..=0x7f, ..] => return Err(RecordError::NotTls),
        _ => return Err(RecordError::Incomplete),
    };
    let (message_type, fixed_len) = match rest.first() {
        Some(1) => (Ssl2MessageType::ClientHello, CLIENT_HELLO_LEN),
        Some(4) => (Ssl2MessageType::ServerHello, SERVER_HELLO_LEN),
        Some(_) => return Err(RecordError::NotTls),
        None => return Err(RecordError::Incomplete),
    };
    let header = Ssl2Header { length, padding, message_type };
    let fixed = rest.get(..fixed_len).unwrap_or(rest);
    if !plausible(fixed, header) {
        Err(RecordError::NotTls)
    } else if fixed.len() < fixed_len {
        Err(RecordError::Incomplete)
    } else {
        Ok((rest, header))
    }
}

/// True where the fixed part of a hello, as far as it is there, can be one.
fn plausible(fixed: &[u8], header: Ssl2Header) -> bool {
    let at = |place: usize| fixed.get(place).copied();
    let (version, certificate_type) = match header.message_type {
        Ssl2MessageType::ClientHello => (1, None),
        Ssl2MessageType::ServerHello => (3, at(1).zip(at(2))),
    };
    let version = match (at(version), at(version.saturating_add(1))) {
        (Some(major), Some(minor)) => matches!((major, minor), (0, 2) | (3, 0..=4)),
        (Some(major), None) => matches!(major, 0 | 3),
        (None, _) => true,
    };
    let hit = certificate_type.is_none_or(|(hit, kind)| matches!((hit, kind), (0 | 1, 0 | 1)));
    version && hit && lengths(fixed, header).is_none_or(|sum| sum == usize::from(header.body_len()))
}

/// The length of a hello by the three lengths at the end of its fixed part; none where that is not whole.
fn lengths(fixed: &[u8], header: Ssl2Header) -> Option<usize> {
    let fixed_len = match header.message_type {
        Ssl2MessageType::ClientHello => CLIENT_HELLO_LEN,
        Ssl2MessageType::ServerHello => SERVER_HELLO_LEN,
    };
    let lengths: &[u8; 6] = fixed.get(..fixed_len)?.last_chunk()?;
    let sum = |sum: usize, length: &[u8]| match *length {
        [high, low] => sum.saturating_add(u16::from_be_bytes([high, low]).into()),
        _ => sum,
    };
    Some(lengths.chunks_exact(2).fold(fixed_len, sum))
}

impl Element<'_> for Ssl2CipherSpec {
    type Value = Self;
    fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&[high, middle, low], rest) = bytes.split_first_chunk()?;
        Some((Self(u32::from_be_bytes([0, high, middle, low])), rest))
    }
}

/// CLIENT-HELLO of SSL 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ssl2ClientHello<'a> {
    /// The highest version offered.
    pub version: ProtocolVersion,
    /// The cipher specs offered; those of later versions are among them, see [`Ssl2ClientHello::cipher_suites`].
    pub cipher_specs: List<'a, Ssl2CipherSpec>,
    /// The session to resume, 16 bytes, or empty.
    pub session_id: &'a [u8],
    /// What becomes ClientHello.random, filled up with zeros in front; 16 to 32 bytes.
    pub challenge: &'a [u8],
}

impl<'a> Ssl2ClientHello<'a> {
    /// Reads an SSL 2.0 record without its header and padding: the first byte is the message's type.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message("CLIENT-HELLO", body, |input| {
            let (input, ()) = field("MSG-TYPE", exactly(1))(input)?;
            let (input, version) = field("VERSION", u16.map(ProtocolVersion))(input)?;
            let (input, specs_len) = field("CIPHER-SPECS-LENGTH", u16)(input)?;
            let (input, id_len) = field("SESSION-ID-LENGTH", u16)(input)?;
            let (input, challenge_len) = field("CHALLENGE-LENGTH", u16)(input)?;
            let (input, cipher_specs) =
                field("CIPHER-SPECS-DATA", codes(CIPHER_SPEC_LEN, nonempty(bytes(specs_len))))(input)?;
            let (input, session_id) = field("SESSION-ID-DATA", bytes(id_len))(input)?;
            let (input, challenge) = field("CHALLENGE-DATA", bytes(challenge_len))(input)?;
            Ok((input, Self { version, cipher_specs, session_id, challenge }))
        })
    }

    /// The suites of SSL 3.0 to TLS 1.2 among the cipher specs: those whose first byte is 0 (RFC 5246 appendix E.2).
    pub fn cipher_suites(&self) -> impl Iterator<Item = CipherSuite> + use<'a> {
        self.cipher_specs.iter().filter_map(|spec| u16::try_from(spec.0).ok().map(CipherSuite))
    }
}

/// SERVER-HELLO of SSL 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ssl2ServerHello<'a> {
    /// True where the session is resumed; certificate and cipher specs are empty then.
    pub session_id_hit: bool,
    /// 1 for X.509, 0 where there is no certificate.
    pub certificate_type: u8,
    /// The version chosen, 0x0002.
    pub version: ProtocolVersion,
    /// The certificate in DER.
    pub certificate: &'a [u8],
    /// The cipher specs that the server also knows; the client chooses.
    pub cipher_specs: List<'a, Ssl2CipherSpec>,
    /// The server's random.
    pub connection_id: &'a [u8],
}

impl<'a> Ssl2ServerHello<'a> {
    /// Reads an SSL 2.0 record without its header and padding: the first byte is the message's type.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message("SERVER-HELLO", body, |input| {
            let (input, ()) = field("MSG-TYPE", exactly(4))(input)?;
            let (input, session_id_hit) = field("SESSION-ID-HIT", u8.map(|hit| hit != 0))(input)?;
            let (input, certificate_type) = field("CERTIFICATE-TYPE", u8)(input)?;
            let (input, version) = field("SERVER-VERSION", u16.map(ProtocolVersion))(input)?;
            let (input, certificate_len) = field("CERTIFICATE-LENGTH", u16)(input)?;
            let (input, specs_len) = field("CIPHER-SPECS-LENGTH", u16)(input)?;
            let (input, id_len) = field("CONNECTION-ID-LENGTH", u16)(input)?;
            let (input, certificate) = field("CERTIFICATE-DATA", bytes(certificate_len))(input)?;
            let (input, cipher_specs) = field("CIPHER-SPECS-DATA", codes(CIPHER_SPEC_LEN, bytes(specs_len)))(input)?;
            let (input, connection_id) = field("CONNECTION-ID-DATA", bytes(id_len))(input)?;
            Ok((input, Self { session_id_hit, certificate_type, version, certificate, cipher_specs, connection_id }))
        })
    }
}

fn exactly<'a>(message_type: u8) -> impl FnMut(&'a [u8]) -> Parsed<'a, ()> {
    move |input| match u8(input)? {
        (rest, byte) if byte == message_type => Ok((rest, ())),
        _ => broken(input, Rule::BadValue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A CLIENT-HELLO that offers TLS 1.0 and SSL 2.0 suites, with its two-byte header.
    fn client_hello() -> Vec<u8> {
        let body = [&[1, 3, 1, 0, 6, 0, 0, 0, 16, 1, 0, 0x80, 0, 0, 0x2f][..], &[7; 16]].concat();
        [&[0x80, u8::try_from(body.len()).unwrap()][..], &body].concat()
    }

    #[test]
    fn a_client_hello_is_recognised_and_read() {
        let record = client_hello();
        let (rest, header) = ssl2_hello(&record).unwrap();
        let expected = Ssl2Header { length: 31, padding: 0, message_type: Ssl2MessageType::ClientHello };
        assert_eq!((rest, header), (&record[2..], expected));
        let hello = Ssl2ClientHello::parse(rest).unwrap();
        assert_eq!(hello.version, ProtocolVersion::TLS_1_0);
        assert_eq!(
            hello.cipher_specs.iter().collect::<Vec<_>>(),
            [Ssl2CipherSpec::SSL_CK_RC4_128_WITH_MD5, Ssl2CipherSpec(0x2f)]
        );
        assert_eq!(hello.cipher_suites().collect::<Vec<_>>(), [CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA]);
        assert_eq!((hello.session_id, hello.challenge), (&[][..], &[7; 16][..]));
    }

    #[test]
    fn a_header_of_three_bytes_tells_the_padding() {
        let record = client_hello();
        let padded = [&[0, 31 + 5, 5][..], &record[2..], &[0; 5]].concat();
        let (rest, header) = ssl2_hello(&padded).unwrap();
        assert_eq!((header.length, header.padding, header.body_len()), (36, 5, 31));
        assert!(Ssl2ClientHello::parse(&rest[..31]).is_ok());
    }

    #[test]
    fn a_server_hello_is_recognised_and_read() {
        let fixed = [4, 0, 1, 0, 2, 0, 4, 0, 3, 0, 16];
        let body = [&fixed[..], &[0x30, 2, 5, 0, 7, 0, 0xc0], &[9; 16]].concat();
        let record = [&[0x80, 34][..], &body].concat();
        let (rest, header) = ssl2_hello(&record).unwrap();
        assert_eq!((header.message_type, header.length), (Ssl2MessageType::ServerHello, 34));
        let hello = Ssl2ServerHello::parse(rest).unwrap();
        assert_eq!((hello.session_id_hit, hello.certificate_type), (false, 1));
        assert_eq!((hello.version, hello.certificate), (ProtocolVersion::SSL_2_0, &[0x30, 2, 5, 0][..]));
        assert!(hello.cipher_specs.contains(Ssl2CipherSpec::SSL_CK_DES_192_EDE3_CBC_WITH_MD5));
        assert_eq!(hello.connection_id, [9; 16]);
    }

    #[test]
    fn the_fixed_part_is_needed_and_no_more() {
        let record = client_hello();
        for length in 0..2 + CLIENT_HELLO_LEN {
            assert_eq!(ssl2_hello(&record[..length]), Err(RecordError::Incomplete), "{length} bytes");
        }
        assert!(ssl2_hello(&record[..2 + CLIENT_HELLO_LEN]).is_ok());
    }

    #[test]
    fn what_is_no_hello_is_refused_at_the_byte_that_shows_it() {
        let refused: [&[u8]; 7] = [
            b"G",
            &[0x80, 31, 2],
            &[0x80, 31, 1, 4],
            &[0x80, 31, 1, 3, 5],
            &[0x80, 31, 1, 0, 3],
            &[0x80, 31, 1, 3, 1, 0, 6, 0, 0, 0, 17],
            &[0x80, 34, 4, 0, 2],
        ];
        for bytes in refused {
            assert_eq!(ssl2_hello(bytes), Err(RecordError::NotTls), "{bytes:x?}");
            let before = &bytes[..bytes.len() - 1];
            assert_eq!(ssl2_hello(before), Err(RecordError::Incomplete), "{before:x?}");
        }
    }

    #[test]
    fn errors_name_the_field() {
        let body = &client_hello()[2..];
        let odd = [&body[..3], &[0, 5], &body[5..]].concat();
        let error = Ssl2ClientHello::parse(&odd).unwrap_err();
        assert_eq!((error.message, error.field, error.rule), ("CLIENT-HELLO", "CIPHER-SPECS-DATA", Rule::BadLength));
        assert_eq!(Ssl2ServerHello::parse(body).unwrap_err().field, "MSG-TYPE");
    }
}
