//! Encrypted Client Hello (RFC 9849). What is sent to hide that nothing is hidden (GREASE) looks the same.

use super::{Extensions, Reading, extension_list};
use crate::tls::error::Rule;
use crate::tls::list::{Element, List, U16List};
use crate::tls::registry::{ExtensionType, HpkeAead, HpkeKdf, HpkeKem};
use crate::tls::wire::{Parsed, array, broken, codes, field, filled, list, nonempty, u8, u16, vec8, vec16};
use nom::Parser;

/// encrypted_client_hello of ClientHello (RFC 9849 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncryptedClientHello<'a> {
    /// The hello in the clear, which carries the real one.
    Outer {
        /// HPKE's key derivation function (RFC 9180 section 7.2).
        kdf: HpkeKdf,
        /// HPKE's cipher (RFC 9180 section 7.3).
        aead: HpkeAead,
        /// The server's key configuration that was used.
        config_id: u8,
        /// HPKE's encapsulated key; empty in the second hello after a HelloRetryRequest.
        enc: &'a [u8],
        /// The real ClientHello, encrypted.
        payload: &'a [u8],
    },
    /// The real hello, once decrypted.
    Inner,
}

impl<'a> EncryptedClientHello<'a> {
    fn parse(input: &'a [u8]) -> Parsed<'a, Self> {
        let (input, kind) = field("encrypted_client_hello.type", |input| match u8(input)? {
            (_, 2..) => broken(input, Rule::BadValue),
            read => Ok(read),
        })(input)?;
        if kind == 1 {
            return Ok((input, Self::Inner));
        }
        let (input, kdf) = field("encrypted_client_hello.kdf_id", u16.map(HpkeKdf))(input)?;
        let (input, aead) = field("encrypted_client_hello.aead_id", u16.map(HpkeAead))(input)?;
        let (input, config_id) = field("encrypted_client_hello.config_id", u8)(input)?;
        let (input, enc) = field("encrypted_client_hello.enc", vec16)(input)?;
        let (input, payload) = field("encrypted_client_hello.payload", nonempty(vec16))(input)?;
        Ok((input, Self::Outer { kdf, aead, config_id, enc, payload }))
    }
}

/// A key configuration that a server answers with when it could not read the real hello (RFC 9849 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchConfig<'a> {
    /// Version 0xfe0d, that of the RFC.
    Known {
        /// The configuration's name.
        config_id: u8,
        /// HPKE's key encapsulation (RFC 9180 section 7.1).
        kem: HpkeKem,
        /// The public key.
        public_key: &'a [u8],
        /// The suites that the key can be used with, at least one.
        cipher_suites: List<'a, HpkeCipherSuite>,
        /// The longest name that the server expects; 0 where it does not say.
        maximum_name_length: u8,
        /// The name that outer hellos show.
        public_name: &'a [u8],
    },
    /// Another version.
    Unknown {
        /// The version.
        version: u16,
        /// Its contents.
        contents: &'a [u8],
    },
}

/// What encrypts a ClientHello, beside the key encapsulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HpkeCipherSuite {
    /// HPKE's key derivation function (RFC 9180 section 7.2).
    pub kdf: HpkeKdf,
    /// HPKE's cipher (RFC 9180 section 7.3).
    pub aead: HpkeAead,
}

impl Element<'_> for HpkeCipherSuite {
    type Value = Self;
    fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&kdf, rest) = bytes.split_first_chunk()?;
        let (&aead, rest) = rest.split_first_chunk()?;
        Some((Self { kdf: HpkeKdf(u16::from_be_bytes(kdf)), aead: HpkeAead(u16::from_be_bytes(aead)) }, rest))
    }
}

/// The bytes of an [`HpkeCipherSuite`].
const HPKE_CIPHER_SUITE_LEN: usize = 4;

impl<'a> EchConfig<'a> {
    /// The version of RFC 9849, which is the extension's number.
    const VERSION: u16 = ExtensionType::ENCRYPTED_CLIENT_HELLO.0;

    fn parse(input: &'a [u8]) -> Parsed<'a, Self> {
        let (input, version) = field("encrypted_client_hello.version", u16)(input)?;
        let contents = field("encrypted_client_hello.contents", vec16);
        match version {
            Self::VERSION => contents.and_then(filled(Self::contents)).parse_complete(input),
            _ => contents.map(|contents| Self::Unknown { version, contents }).parse_complete(input),
        }
    }

    fn contents(input: &'a [u8]) -> Parsed<'a, Self> {
        let (input, config_id) = field("encrypted_client_hello.config_id", u8)(input)?;
        let (input, kem) = field("encrypted_client_hello.kem_id", u16.map(HpkeKem))(input)?;
        let (input, public_key) = field("encrypted_client_hello.public_key", nonempty(vec16))(input)?;
        let suites = codes(HPKE_CIPHER_SUITE_LEN, nonempty(vec16));
        let (input, cipher_suites) = field("encrypted_client_hello.cipher_suites", suites)(input)?;
        let (input, maximum_name_length) = field("encrypted_client_hello.maximum_name_length", u8)(input)?;
        let (input, public_name) = field("encrypted_client_hello.public_name", nonempty(vec8))(input)?;
        let (input, _) = field("encrypted_client_hello.extensions", extension_list)(input)?;
        let config = Self::Known { config_id, kem, public_key, cipher_suites, maximum_name_length, public_name };
        Ok((input, config))
    }
}

impl<'a> Element<'a> for EchConfig<'a> {
    type Value = Self;
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        Self::parse(bytes).ok().map(|(rest, config)| (config, rest))
    }
}

impl<'a> Extensions<'a> {
    /// encrypted_client_hello of ClientHello.
    pub fn encrypted_client_hello(&self) -> Reading<EncryptedClientHello<'a>> {
        self.read(ExtensionType::ENCRYPTED_CLIENT_HELLO, EncryptedClientHello::parse)
    }

    /// encrypted_client_hello of EncryptedExtensions: the server could not read the real hello, and says what to
    /// encrypt it with.
    pub fn ech_retry_configs(&self) -> Reading<List<'a, EchConfig<'a>>> {
        self.read(ExtensionType::ENCRYPTED_CLIENT_HELLO, list(nonempty(vec16), EchConfig::parse))
    }

    /// encrypted_client_hello of HelloRetryRequest: for who knows the real hello, whether the server could read it.
    pub fn ech_confirmation(&self) -> Reading<&'a [u8; 8]> {
        self.read(ExtensionType::ENCRYPTED_CLIENT_HELLO, array)
    }

    /// ech_outer_extensions of a real hello, once decrypted: which extensions to take from the outer one.
    pub fn ech_outer_extensions(&self) -> Reading<U16List<'a, ExtensionType>> {
        self.read(ExtensionType::ECH_OUTER_EXTENSIONS, codes(2, nonempty(vec8)))
    }
}
