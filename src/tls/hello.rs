//! The hellos (RFC 5246 section 7.4.1, RFC 8446 section 4.1), from SSL 3.0 to TLS 1.3 with its drafts, and DTLS.

use super::error::{ParseError, Rule};
use super::extensions::{Extensions, extensions, extensions_if_any};
use super::list::{List, U16List};
use super::registry::{CipherSuite, CompressionMethod, ProtocolVersion};
use super::wire::{
    Parsed, array, broken, codes, field, filled, locate, message, nonempty, u8, u16, vec8, vec16, whole_codes,
};
use nom::Parser;

/// The bytes of a hello's random.
pub const RANDOM_LEN: usize = 32;

/// A session id has at most this many bytes (RFC 5246 section 7.4.1.2).
pub const MAX_SESSION_ID: usize = 32;

/// The random of a ServerHello that is a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 8446 section 4.1.3).
pub const HELLO_RETRY_REQUEST_RANDOM: [u8; RANDOM_LEN] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientHello<'a> {
    /// The highest version that the client speaks, up to TLS 1.2; supported_versions goes before it.
    pub legacy_version: ProtocolVersion,
    /// The client's random.
    pub random: &'a [u8; RANDOM_LEN],
    /// The session to resume, or in TLS 1.3 a value that the server repeats.
    pub session_id: &'a [u8],
    /// The cookie of DTLS (RFC 6347 section 4.2.1); empty in TLS.
    pub cookie: &'a [u8],
    /// The suites in the client's order.
    pub cipher_suites: U16List<'a, CipherSuite>,
    /// The compression methods in the client's order: [`CompressionMethod`] codes.
    pub compression_methods: &'a [u8],
    /// The extensions; none where there is no extension block.
    pub extensions: Extensions<'a>,
}

impl<'a> ClientHello<'a> {
    const NAME: &'static str = "ClientHello";

    /// Reads the body of a ClientHello. The version tells DTLS, which has a cookie, from TLS.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message(Self::NAME, body, |input| {
            let (input, mut hello) = Self::beginning(input)?;
            let (input, ()) = hello.read_on(body, input)?;
            Ok((input, hello))
        })
    }

    /// Reads what is there of a ClientHello that is cut short, or breaks the grammar somewhere: all fields before that
    /// place, and of the list of suites or extensions in which it lies the whole elements before it. The fields behind
    /// it are empty. There is no hello where not even the random is whole, and no error where all is in order.
    pub fn parse_prefix(body: &'a [u8]) -> (Option<Self>, Option<ParseError>) {
        let (input, mut hello) = match Self::beginning(body) {
            Ok(beginning) => beginning,
            Err(error) => return (None, Some(locate(&error, Self::NAME, 0, body))),
        };
        let error = filled(|input| hello.read_on(body, input))(input).err();
        (Some(hello), error.map(|error| locate(&error, Self::NAME, 0, body)))
    }

    fn beginning(input: &'a [u8]) -> Parsed<'a, Self> {
        let (input, legacy_version) = field("legacy_version", version)(input)?;
        let (input, random) = field("random", array)(input)?;
        let hello = Self {
            legacy_version,
            random,
            session_id: &[],
            cookie: &[],
            cipher_suites: List::default(),
            compression_methods: &[],
            extensions: Extensions::none(Self::NAME),
        };
        Ok((input, hello))
    }

    fn read_on(&mut self, body: &'a [u8], input: &'a [u8]) -> Parsed<'a, ()> {
        let (mut input, session_id) = field("session_id", session_id)(input)?;
        self.session_id = session_id;
        if is_dtls(self.legacy_version) {
            (input, self.cookie) = field("cookie", vec8)(input)?;
        }
        (input, self.cipher_suites) = field("cipher_suites", codes(2, nonempty(vec16)))(input)
            .inspect_err(|_| self.cipher_suites = whole_codes(2, input))?;
        (input, self.compression_methods) = field("compression_methods", nonempty(vec8))(input)?;
        (input, self.extensions) = extensions_if_any(Self::NAME, body)(input)
            .inspect_err(|_| self.extensions = Extensions::whole(Self::NAME, body, input))?;
        Ok((input, ()))
    }
}

/// ServerHello, also where it is a HelloRetryRequest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerHello<'a> {
    /// The version up to TLS 1.2, or that of a draft of TLS 1.3 up to 21; see [`ServerHello::negotiated_version`].
    pub legacy_version: ProtocolVersion,
    /// The server's random.
    pub random: &'a [u8; RANDOM_LEN],
    /// The session's id: the client's own where it is resumed, and always in TLS 1.3. Drafts up to 21 have none.
    pub session_id: &'a [u8],
    /// The suite chosen.
    pub cipher_suite: CipherSuite,
    /// The compression method chosen.
    pub compression_method: CompressionMethod,
    /// The extensions; none where there is no extension block.
    pub extensions: Extensions<'a>,
}

impl<'a> ServerHello<'a> {
    const NAME: &'static str = "ServerHello";

    /// Reads the body of a ServerHello. In the drafts of TLS 1.3 up to 21 it has neither session id nor compression
    /// method (draft-ietf-tls-tls13-21 section 4.1.3).
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message(Self::NAME, body, |input| {
            let (input, legacy_version) = field("legacy_version", version)(input)?;
            let (mut input, random) = field("random", array)(input)?;
            let mut hello = Self {
                legacy_version,
                random,
                session_id: &[],
                cipher_suite: CipherSuite::TLS_NULL_WITH_NULL_NULL,
                compression_method: CompressionMethod::NULL,
                extensions: Extensions::none(Self::NAME),
            };
            if legacy_version.draft().is_some_and(|draft| draft <= LAST_DRAFT_WITH_OWN_LAYOUT) {
                (input, hello.cipher_suite) = field("cipher_suite", u16.map(CipherSuite))(input)?;
            } else {
                (input, hello.session_id) = field("session_id", session_id)(input)?;
                (input, hello.cipher_suite) = field("cipher_suite", u16.map(CipherSuite))(input)?;
                (input, hello.compression_method) = field("compression_method", u8.map(CompressionMethod))(input)?;
            }
            (input, hello.extensions) = extensions_if_any(Self::NAME, body)(input)?;
            Ok((input, hello))
        })
    }

    /// True where this is a HelloRetryRequest of TLS 1.3 (RFC 8446 section 4.1.3). Drafts up to 21 have a message of
    /// their own for that, [`HelloRetryRequest`].
    pub fn is_hello_retry_request(&self) -> bool {
        *self.random == HELLO_RETRY_REQUEST_RANDOM
    }

    /// The version that was chosen: supported_versions goes before the hello's own field (RFC 8446 section 4.2.1).
    pub fn negotiated_version(&self) -> ProtocolVersion {
        match self.extensions.selected_version() {
            Some(Ok(version)) => version,
            _ => self.legacy_version,
        }
    }

    /// What the end of the random says the server fell back to, although it speaks more (RFC 8446 section 4.1.3):
    /// TLS 1.2, or TLS 1.1 where it is that or below.
    pub fn downgrade_sentinel(&self) -> Option<ProtocolVersion> {
        match self.random.last_chunk::<8>() {
            Some(b"DOWNGRD\x01") => Some(ProtocolVersion::TLS_1_2),
            Some(b"DOWNGRD\x00") => Some(ProtocolVersion::TLS_1_1),
            _ => None,
        }
    }
}

/// The last draft of TLS 1.3 in which ServerHello and HelloRetryRequest had layouts of their own.
const LAST_DRAFT_WITH_OWN_LAYOUT: u8 = 21;

/// The first draft of TLS 1.3 in which HelloRetryRequest names the suite.
const FIRST_DRAFT_WITH_RETRY_SUITE: u8 = 19;

/// HelloRetryRequest as a message of its own, in the drafts of TLS 1.3 up to 21.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelloRetryRequest<'a> {
    /// The version chosen.
    pub version: ProtocolVersion,
    /// The suite chosen; drafts before 19 leave it open.
    pub cipher_suite: Option<CipherSuite>,
    /// What the client is asked to change.
    pub extensions: Extensions<'a>,
}

impl<'a> HelloRetryRequest<'a> {
    const NAME: &'static str = "HelloRetryRequest";

    /// Reads the body of a HelloRetryRequest (draft-ietf-tls-tls13-21 section 4.1.4).
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message(Self::NAME, body, |input| {
            let (mut input, version) = field("server_version", version)(input)?;
            let mut cipher_suite = None;
            if version.draft().is_none_or(|draft| draft >= FIRST_DRAFT_WITH_RETRY_SUITE) {
                (input, cipher_suite) = field("cipher_suite", u16.map(|suite| Some(CipherSuite(suite))))(input)?;
            }
            let (input, extensions) = extensions(Self::NAME, body)(input)?;
            Ok((input, Self { version, cipher_suite, extensions }))
        })
    }
}

/// HelloVerifyRequest of DTLS (RFC 6347 section 4.2.1): a cookie that the client has to send back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelloVerifyRequest<'a> {
    /// A version that says nothing of what will be negotiated.
    pub version: ProtocolVersion,
    /// The cookie.
    pub cookie: &'a [u8],
}

impl<'a> HelloVerifyRequest<'a> {
    /// Reads the body of a HelloVerifyRequest.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        message("HelloVerifyRequest", body, |input| {
            let (input, version) = field("server_version", version)(input)?;
            let (input, cookie) = field("cookie", vec8)(input)?;
            Ok((input, Self { version, cookie }))
        })
    }
}

fn version(input: &[u8]) -> Parsed<'_, ProtocolVersion> {
    u16.map(ProtocolVersion).parse_complete(input)
}

/// DTLS counts its versions down from 0xfeff (RFC 6347 section 4.1).
const fn is_dtls(version: ProtocolVersion) -> bool {
    version.0 >> 8 == 0xfe
}

fn session_id(input: &[u8]) -> Parsed<'_, &[u8]> {
    match vec8(input)? {
        (_, id) if id.len() > MAX_SESSION_ID => broken(input, Rule::BadLength),
        read => Ok(read),
    }
}

#[cfg(test)]
mod tests;
