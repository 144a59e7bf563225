//! Encrypted Client Hello (RFC 9849). What is sent to hide that nothing is hidden (GREASE) looks the same.

use super::{Extensions, Reading};
use crate::tls::error::Rule;
use crate::tls::registry::ExtensionType;
use crate::tls::wire::{Parsed, broken, field, nonempty, u8, u16, vec16};

/// encrypted_client_hello of ClientHello (RFC 9849 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncryptedClientHello<'a> {
    /// The hello in the clear, which carries the real one.
    Outer {
        /// HPKE's key derivation function (RFC 9180 section 7.2).
        kdf: u16,
        /// HPKE's cipher (RFC 9180 section 7.3).
        aead: u16,
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
        let (input, kdf) = field("encrypted_client_hello.kdf_id", u16)(input)?;
        let (input, aead) = field("encrypted_client_hello.aead_id", u16)(input)?;
        let (input, config_id) = field("encrypted_client_hello.config_id", u8)(input)?;
        let (input, enc) = field("encrypted_client_hello.enc", vec16)(input)?;
        let (input, payload) = field("encrypted_client_hello.payload", nonempty(vec16))(input)?;
        Ok((input, Self::Outer { kdf, aead, config_id, enc, payload }))
    }
}

impl<'a> Extensions<'a> {
    /// encrypted_client_hello of ClientHello.
    pub fn encrypted_client_hello(&self) -> Reading<EncryptedClientHello<'a>> {
        self.read(ExtensionType::ENCRYPTED_CLIENT_HELLO, EncryptedClientHello::parse)
    }
}
