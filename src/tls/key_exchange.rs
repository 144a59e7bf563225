//! ServerKeyExchange, whose layout is that of the suite's key exchange, and the signatures of TLS 1.2 and before.

use super::error::{ParseError, Rule};
use super::registry::{
    Authentication, CipherSuite, EcCurveType, KeyExchange, NamedGroup, ProtocolVersion, SignatureScheme,
};
use super::wire::{Parsed, broken, field, message, nonempty, rest, u8, u16, vec8, vec16};
use nom::Parser;

/// A signature over a handshake, or over its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature<'a> {
    /// How it was made; before TLS 1.2 the key alone says it.
    pub scheme: Option<SignatureScheme>,
    /// The signature.
    pub bytes: &'a [u8],
}

impl<'a> Signature<'a> {
    /// `digitally-signed` of this version (RFC 5246 section 4.7).
    pub(super) fn parser(version: ProtocolVersion) -> impl FnMut(&'a [u8]) -> Parsed<'a, Self> {
        move |input| {
            let (mut input, mut scheme) = (input, None);
            if signatures_name_their_scheme(version) {
                (input, scheme) = field("signature.algorithm", u16.map(|code| Some(SignatureScheme(code))))(input)?;
            }
            let (input, bytes) = field("signature", vec16)(input)?;
            Ok((input, Self { scheme, bytes }))
        }
    }
}

/// From TLS 1.2 and DTLS 1.2 on, a signature says how it was made (RFC 5246 section 4.7).
pub(super) const fn signatures_name_their_scheme(version: ProtocolVersion) -> bool {
    match version.0 >> 8 {
        0xfe => version.0 <= ProtocolVersion::DTLS_1_2.0,
        _ => version.0 >= ProtocolVersion::TLS_1_2.0,
    }
}

/// The curve that a server uses for one handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve<'a> {
    /// A named group.
    Named(NamedGroup),
    /// A curve over a prime field, spelled out (RFC 4492 section 5.4; RFC 8422 forbids it).
    ExplicitPrime {
        /// The field's prime.
        prime: &'a [u8],
        /// The order of the base point.
        order: &'a [u8],
    },
    /// A curve over a field of 2^m elements, spelled out (RFC 4492 section 5.4; RFC 8422 forbids it).
    ExplicitChar2 {
        /// The degree m of the field.
        degree: u16,
        /// The order of the base point.
        order: &'a [u8],
    },
}

impl<'a> Curve<'a> {
    fn parse(input: &'a [u8]) -> Parsed<'a, Self> {
        let (after, curve_type) = field("curve_type", u8.map(EcCurveType))(input)?;
        match curve_type {
            EcCurveType::NAMED_CURVE => field("named_curve", u16.map(NamedGroup).map(Self::Named))(after),
            EcCurveType::EXPLICIT_PRIME => {
                let (after, prime) = field("prime_p", nonempty(vec8))(after)?;
                let (after, order) = curve_and_base(after)?;
                Ok((after, Self::ExplicitPrime { prime, order }))
            }
            EcCurveType::EXPLICIT_CHAR2 => {
                let (after, degree) = field("m", u16)(after)?;
                let (after, ()) = field("basis", basis)(after)?;
                let (after, order) = curve_and_base(after)?;
                Ok((after, Self::ExplicitChar2 { degree, order }))
            }
            _ => field("curve_type", |input| broken(input, Rule::BadValue))(input),
        }
    }
}

/// ECBasisType and the exponents of the polynomial: one of a trinomial, three of a pentanomial.
fn basis(input: &[u8]) -> Parsed<'_, ()> {
    let (mut after, exponents) = match u8(input)? {
        (after, 1) => (after, 1),
        (after, 2) => (after, 3),
        _ => return broken(input, Rule::BadValue),
    };
    for _ in 0..exponents {
        (after, _) = nonempty(vec8)(after)?;
    }
    Ok((after, ()))
}

/// The coefficients, the base point, its order and the cofactor; the order is what tells the curve's strength.
fn curve_and_base(input: &[u8]) -> Parsed<'_, &[u8]> {
    let (input, _) = field("curve.a", nonempty(vec8))(input)?;
    let (input, _) = field("curve.b", nonempty(vec8))(input)?;
    let (input, _) = field("base", nonempty(vec8))(input)?;
    let (input, order) = field("order", nonempty(vec8))(input)?;
    let (input, _) = field("cofactor", nonempty(vec8))(input)?;
    Ok((input, order))
}

/// ServerKeyExchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerKeyExchange<'a> {
    /// Diffie-Hellman over a curve (RFC 8422 section 5.4).
    Ecdhe {
        /// What the server says of the key shared beforehand, where the suite has one (RFC 5489 section 2).
        identity_hint: Option<&'a [u8]>,
        /// The curve.
        curve: Curve<'a>,
        /// The server's public key.
        public: &'a [u8],
        /// The signature, unless the suite is anonymous or has a pre-shared key.
        signature: Option<Signature<'a>>,
    },
    /// Diffie-Hellman (RFC 5246 section 7.4.3).
    Dhe {
        /// What the server says of the key shared beforehand, where the suite has one (RFC 4279 section 3).
        identity_hint: Option<&'a [u8]>,
        /// The prime.
        p: &'a [u8],
        /// The generator.
        g: &'a [u8],
        /// The server's public key.
        public: &'a [u8],
        /// The signature, unless the suite is anonymous or has a pre-shared key.
        signature: Option<Signature<'a>>,
    },
    /// A pre-shared key, with or without RSA (RFC 4279 sections 2 and 4).
    Psk {
        /// What the server says of the key; it has no fixed form.
        identity_hint: &'a [u8],
    },
    /// The short key of an export suite (RFC 2246 section 7.4.3).
    RsaExport {
        /// The modulus.
        modulus: &'a [u8],
        /// The public exponent.
        exponent: &'a [u8],
        /// The signature.
        signature: Signature<'a>,
    },
    /// The Secure Remote Password protocol (RFC 5054 section 2.8.2).
    Srp {
        /// The prime N.
        n: &'a [u8],
        /// The generator.
        g: &'a [u8],
        /// The user's salt.
        salt: &'a [u8],
        /// The server's public key B.
        public: &'a [u8],
        /// The signature, where the suite has certificates.
        signature: Option<Signature<'a>>,
    },
    /// The layout is that of a key exchange that is not read here (Kerberos, GOST, passwords over curves, TLCP ...), or
    /// the suite is not known, or one that has no such message.
    Opaque(&'a [u8]),
}

/// The bits of a number in big-endian bytes, leading zeros aside.
pub fn significant_bits(number: &[u8]) -> u32 {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let Some(rest @ [first, ..]) = number.get(zeros..) else { return 0 };
    u32::try_from(rest.len()).unwrap_or(u32::MAX).saturating_mul(8).saturating_sub(first.leading_zeros())
}

impl<'a> ServerKeyExchange<'a> {
    /// Reads the body of a ServerKeyExchange in a handshake with this suite and version.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8], suite: CipherSuite, version: ProtocolVersion) -> Result<Self, ParseError> {
        use KeyExchange::{Dhe, DhePsk, Ecdhe, EcdhePsk, Psk, Rsa, RsaPsk, Srp};
        message("ServerKeyExchange", body, |input| {
            let Some(facts) = suite.facts() else { return opaque(input) };
            let signed = match facts.authentication {
                Authentication::Rsa | Authentication::Dss | Authentication::Ecdsa => Some(version),
                Authentication::Anonymous | Authentication::Psk | Authentication::Password => None,
                _ => return opaque(input),
            };
            match facts.key_exchange {
                Ecdhe => Self::ecdhe(input, None, signed),
                Dhe => Self::dhe(input, None, signed),
                EcdhePsk => {
                    let (input, hint) = identity_hint(input)?;
                    Self::ecdhe(input, Some(hint), None)
                }
                DhePsk => {
                    let (input, hint) = identity_hint(input)?;
                    Self::dhe(input, Some(hint), None)
                }
                Psk | RsaPsk => identity_hint.map(|identity_hint| Self::Psk { identity_hint }).parse_complete(input),
                Rsa if facts.export => Self::rsa_export(input, version),
                Srp => Self::srp(input, signed),
                _ => opaque(input),
            }
        })
    }

    fn ecdhe(input: &'a [u8], identity_hint: Option<&'a [u8]>, signed: Option<ProtocolVersion>) -> Parsed<'a, Self> {
        let (input, curve) = Curve::parse(input)?;
        let (input, public) = field("public", nonempty(vec8))(input)?;
        let (input, signature) = signature(input, signed)?;
        Ok((input, Self::Ecdhe { identity_hint, curve, public, signature }))
    }

    fn dhe(input: &'a [u8], identity_hint: Option<&'a [u8]>, signed: Option<ProtocolVersion>) -> Parsed<'a, Self> {
        let (input, p) = field("dh_p", nonempty(vec16))(input)?;
        let (input, g) = field("dh_g", nonempty(vec16))(input)?;
        let (input, public) = field("dh_Ys", nonempty(vec16))(input)?;
        let (input, signature) = signature(input, signed)?;
        Ok((input, Self::Dhe { identity_hint, p, g, public, signature }))
    }

    fn rsa_export(input: &'a [u8], version: ProtocolVersion) -> Parsed<'a, Self> {
        let (input, modulus) = field("rsa_modulus", nonempty(vec16))(input)?;
        let (input, exponent) = field("rsa_exponent", nonempty(vec16))(input)?;
        let (input, signature) = Signature::parser(version)(input)?;
        Ok((input, Self::RsaExport { modulus, exponent, signature }))
    }

    fn srp(input: &'a [u8], signed: Option<ProtocolVersion>) -> Parsed<'a, Self> {
        let (input, n) = field("srp_N", nonempty(vec16))(input)?;
        let (input, g) = field("srp_g", nonempty(vec16))(input)?;
        let (input, salt) = field("srp_s", nonempty(vec8))(input)?;
        let (input, public) = field("srp_B", nonempty(vec16))(input)?;
        let (input, signature) = signature(input, signed)?;
        Ok((input, Self::Srp { n, g, salt, public, signature }))
    }
}

fn opaque(input: &[u8]) -> Parsed<'_, ServerKeyExchange<'_>> {
    rest.map(ServerKeyExchange::Opaque).parse_complete(input)
}

fn identity_hint(input: &[u8]) -> Parsed<'_, &[u8]> {
    field("psk_identity_hint", vec16)(input)
}

/// The signature of a suite that signs, in the form of the version.
fn signature(input: &[u8], signed: Option<ProtocolVersion>) -> Parsed<'_, Option<Signature<'_>>> {
    match signed {
        Some(version) => Signature::parser(version).map(Some).parse_complete(input),
        None => Ok((input, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the parser makes of a body that could be any of the layouts.
    fn parse(suite: CipherSuite) -> ServerKeyExchange<'static> {
        const ECDHE: &[u8] = &[3, 0, 29, 1, 5, 4, 1, 0, 1, 6];
        ServerKeyExchange::parse(ECDHE, suite, ProtocolVersion::TLS_1_2).unwrap()
    }

    #[test]
    fn bits_are_counted_from_the_first_that_is_set() {
        assert_eq!(significant_bits(&[0, 0, 1, 0]), 9);
        assert_eq!(significant_bits(&[0x80; 128]), 1024);
        assert_eq!(significant_bits(&[]), 0);
    }

    #[test]
    fn only_known_layouts_are_read() {
        assert!(matches!(parse(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), ServerKeyExchange::Ecdhe { .. }));
        assert!(matches!(parse(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8), ServerKeyExchange::Ecdhe { .. }));
        for suite in [
            CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
            CipherSuite::TLS_ECDH_RSA_WITH_AES_128_CBC_SHA,
            CipherSuite::TLS_KRB5_EXPORT_WITH_RC4_40_SHA,
            CipherSuite::ECDHE_SM4_CBC_SM3,
            CipherSuite::TLS_AES_128_GCM_SHA256,
            CipherSuite::TLS_FALLBACK_SCSV,
            CipherSuite(0x7777),
        ] {
            assert!(matches!(parse(suite), ServerKeyExchange::Opaque(_)), "{suite}");
        }
    }

    #[test]
    fn signatures_name_their_scheme_from_1_2_on() {
        let before = [ProtocolVersion::SSL_3_0, ProtocolVersion::TLS_1_1, ProtocolVersion::DTLS_1_0];
        let after = [
            ProtocolVersion::TLS_1_2,
            ProtocolVersion::TLS_1_3,
            ProtocolVersion::DTLS_1_2,
            ProtocolVersion::DTLS_1_3,
            ProtocolVersion(0x7f12),
        ];
        assert!(!before.into_iter().any(signatures_name_their_scheme));
        assert!(after.into_iter().all(signatures_name_their_scheme));
    }

    #[test]
    fn an_unknown_curve_type_is_told() {
        let suite = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA;
        let error = ServerKeyExchange::parse(&[9, 0, 29], suite, ProtocolVersion::TLS_1_2).unwrap_err();
        assert_eq!((error.field, error.offset, error.rule), ("curve_type", 0, Rule::BadValue));
    }

    #[test]
    fn an_explicit_curve_shows_the_order_of_its_base_point() {
        let body = [1, 1, 0x7f, 1, 1, 1, 2, 3, 4, 5, 6, 2, 0x11, 0x22, 1, 1, 1, 4];
        let suite = CipherSuite::TLS_ECDH_ANON_WITH_AES_128_CBC_SHA;
        let expected = ServerKeyExchange::Ecdhe {
            identity_hint: None,
            curve: Curve::ExplicitPrime { prime: &[0x7f], order: &[0x11, 0x22] },
            public: &[4],
            signature: None,
        };
        assert_eq!(ServerKeyExchange::parse(&body, suite, ProtocolVersion::TLS_1_0).unwrap(), expected);
    }
}
