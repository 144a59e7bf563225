//! ClientKeyExchange, whose layout is that of the suite's key exchange.

use super::error::ParseError;
use super::registry::{CipherSuite, KeyExchange, ProtocolVersion};
use super::wire::{Parsed, Read, field, message, nonempty, rest, vec8, vec16};
use nom::Parser;

/// ClientKeyExchange (RFC 5246 section 7.4.7, RFC 8422 section 5.7, RFC 4279).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientKeyExchange<'a> {
    /// Which key shared beforehand is meant, where the suite has one (RFC 4279 section 2). It has no fixed form.
    pub psk_identity: Option<&'a [u8]>,
    /// What the client sends to agree on the secret.
    pub key: ClientKey<'a>,
}

/// What a client sends to agree on the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKey<'a> {
    /// The premaster secret, encrypted with the server's RSA key.
    Rsa(&'a [u8]),
    /// The client's public key; none where it is in its certificate.
    Dh(Option<&'a [u8]>),
    /// The client's public key on a curve; none where it is in its certificate.
    Ecdh(Option<&'a [u8]>),
    /// The client's public key A (RFC 5054 section 2.8.3).
    Srp(&'a [u8]),
    /// Nothing: the pre-shared key is all.
    Nothing,
    /// The layout is that of a key exchange that is not read here, or the suite is not known.
    Opaque(&'a [u8]),
}

impl<'a> ClientKeyExchange<'a> {
    /// Reads the body of a ClientKeyExchange in a handshake with this suite and version.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8], suite: CipherSuite, version: ProtocolVersion) -> Result<Self, ParseError> {
        message("ClientKeyExchange", body, |input| {
            let (mut input, mut psk_identity) = (input, None);
            if suite.uses_psk() {
                (input, psk_identity) = field("psk_identity", vec16.map(Some))(input)?;
            }
            let (input, key) = ClientKey::parse(input, suite, version)?;
            Ok((input, Self { psk_identity, key }))
        })
    }
}

impl<'a> ClientKey<'a> {
    fn parse(input: &'a [u8], suite: CipherSuite, version: ProtocolVersion) -> Parsed<'a, Self> {
        use KeyExchange::{Dh, Dhe, DhePsk, Ecdh, Ecdhe, EcdhePsk, Psk, Rsa, RsaPsk, Srp};
        match suite.key_exchange() {
            Some(Rsa) if version == ProtocolVersion::SSL_3_0 => {
                field("encrypted_pre_master_secret", nonempty(rest).map(Self::Rsa))(input)
            }
            Some(Rsa | RsaPsk) => field("encrypted_pre_master_secret", nonempty(vec16).map(Self::Rsa))(input),
            Some(Dh | Dhe) => field("dh_Yc", unless_implicit(nonempty(vec16)).map(Self::Dh))(input),
            Some(DhePsk) => field("dh_Yc", nonempty(vec16).map(Some).map(Self::Dh))(input),
            Some(Ecdh | Ecdhe) => field("ecdh_Yc", unless_implicit(nonempty(vec8)).map(Self::Ecdh))(input),
            Some(EcdhePsk) => field("ecdh_Yc", nonempty(vec8).map(Some).map(Self::Ecdh))(input),
            Some(Srp) => field("srp_A", nonempty(vec16).map(Self::Srp))(input),
            Some(Psk) => Ok((input, Self::Nothing)),
            _ => rest.map(Self::Opaque).parse_complete(input),
        }
    }
}

/// A public key, or nothing at all where it is in the client's certificate (RFC 5246 section 7.4.7.2).
fn unless_implicit<'a>(mut public: impl Read<'a, &'a [u8]>) -> impl FnMut(&'a [u8]) -> Parsed<'a, Option<&'a [u8]>> {
    move |input| match input {
        [] => Ok((input, None)),
        _ => public.parse_complete(input).map(|(rest, key)| (rest, Some(key))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Rule;

    const TLS12: ProtocolVersion = ProtocolVersion::TLS_1_2;

    #[test]
    fn ssl_3_has_no_length_before_the_premaster_secret() {
        let suite = CipherSuite::TLS_RSA_WITH_RC4_128_SHA;
        let key = |body, version| ClientKeyExchange::parse(body, suite, version).map(|message| message.key);
        assert_eq!(key(&[0, 2, 5, 6], ProtocolVersion::TLS_1_0), Ok(ClientKey::Rsa(&[5, 6])));
        assert_eq!(key(&[0, 2, 5, 6], ProtocolVersion::SSL_3_0), Ok(ClientKey::Rsa(&[0, 2, 5, 6])));
    }

    #[test]
    fn a_public_key_may_be_in_the_certificate_but_not_beside_a_psk() {
        let parse = |body, suite| ClientKeyExchange::parse(body, suite, TLS12);
        let ecdh = CipherSuite::TLS_ECDH_RSA_WITH_AES_128_CBC_SHA;
        assert_eq!(parse(&[], ecdh).unwrap().key, ClientKey::Ecdh(None));
        assert_eq!(parse(&[1, 4], ecdh).unwrap().key, ClientKey::Ecdh(Some(&[4])));
        let error = parse(&[0, 1, b'x'], CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA).unwrap_err();
        assert_eq!((error.field, error.rule), ("ecdh_Yc", Rule::Truncated));
    }

    #[test]
    fn the_identity_of_a_psk_is_read() {
        let message =
            ClientKeyExchange::parse(&[0, 2, b'm', b'e'], CipherSuite::TLS_PSK_WITH_AES_128_CCM, TLS12).unwrap();
        assert_eq!((message.psk_identity, message.key), (Some(&b"me"[..]), ClientKey::Nothing));
    }
}
