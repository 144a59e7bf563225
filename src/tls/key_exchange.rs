//! ServerKeyExchange, whose layout is that of the suite's key exchange, and the signatures of TLS 1.2 and before.

use super::error::{ParseError, Rule};
use super::registry::{CipherSuite, EcCurveType, NamedGroup, ProtocolVersion, SignatureScheme};
use super::wire::{Parsed, broken, field, message, nonempty, rest, u8, u16, vec8, vec16};
use nom::Parser;

/// How the two sides of TLS 1.2 and before agree on a secret, as far as it shapes the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyExchange {
    /// RSA (RFC 5246 section 7.4.7.1).
    Rsa,
    /// RSA with a short key, of the suites for export (RFC 2246 section 7.4.3).
    RsaExport,
    /// Diffie-Hellman with the key in the certificate (RFC 5246 section 8.1.2).
    Dh,
    /// Ephemeral Diffie-Hellman; `signed` unless it is anonymous.
    Dhe {
        /// True where the parameters are signed.
        signed: bool,
    },
    /// Diffie-Hellman over a curve, with the key in the certificate (RFC 4492 section 2.1).
    Ecdh,
    /// Ephemeral Diffie-Hellman over a curve (RFC 8422); `signed` unless it is anonymous.
    Ecdhe {
        /// True where the parameters are signed.
        signed: bool,
    },
    /// A pre-shared key (RFC 4279 section 2).
    Psk,
    /// A pre-shared key and ephemeral Diffie-Hellman (RFC 4279 section 3).
    DhePsk,
    /// A pre-shared key and RSA (RFC 4279 section 4).
    RsaPsk,
    /// A pre-shared key and ephemeral Diffie-Hellman over a curve (RFC 5489).
    EcdhePsk,
    /// The Secure Remote Password protocol (RFC 5054).
    Srp {
        /// True where the parameters are signed.
        signed: bool,
    },
}

impl KeyExchange {
    /// The key exchange that the suite's name says; none for the suites of TLS 1.3, for signalling values, and where
    /// the messages' layout is not known here (Kerberos, GOST, Fortezza, passwords over curves, unknown suites).
    pub fn of(suite: CipherSuite) -> Option<Self> {
        let (before, _) = suite.name().or(suite.unregistered_name())?.split_once("_WITH_")?;
        Some(match before {
            "TLS_RSA" | "SSL_RSA_FIPS" | "SSL_RSA_OLDFIPS" => Self::Rsa,
            "TLS_RSA_EXPORT" | "TLS_RSA_EXPORT1024" => Self::RsaExport,
            "TLS_DH_DSS" | "TLS_DH_RSA" | "TLS_DH_DSS_EXPORT" | "TLS_DH_RSA_EXPORT" => Self::Dh,
            "TLS_DHE_DSS" | "TLS_DHE_RSA" | "TLS_DHE_DSS_EXPORT" | "TLS_DHE_RSA_EXPORT" | "TLS_DHE_DSS_EXPORT1024" => {
                Self::Dhe { signed: true }
            }
            "TLS_DH_anon" | "TLS_DH_anon_EXPORT" => Self::Dhe { signed: false },
            "TLS_ECDH_ECDSA" | "TLS_ECDH_RSA" => Self::Ecdh,
            "TLS_ECDHE_ECDSA" | "TLS_ECDHE_RSA" => Self::Ecdhe { signed: true },
            "TLS_ECDH_anon" => Self::Ecdhe { signed: false },
            "TLS_PSK" => Self::Psk,
            "TLS_DHE_PSK" | "TLS_PSK_DHE" => Self::DhePsk,
            "TLS_RSA_PSK" => Self::RsaPsk,
            "TLS_ECDHE_PSK" => Self::EcdhePsk,
            "TLS_SRP_SHA" => Self::Srp { signed: false },
            "TLS_SRP_SHA_RSA" | "TLS_SRP_SHA_DSS" => Self::Srp { signed: true },
            _ => return None,
        })
    }
}

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
    /// The layout is that of a key exchange that is not known here.
    Opaque(&'a [u8]),
}

impl<'a> ServerKeyExchange<'a> {
    /// Reads the body of a ServerKeyExchange in a handshake with this suite and version.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(body: &'a [u8], suite: CipherSuite, version: ProtocolVersion) -> Result<Self, ParseError> {
        let kind = KeyExchange::of(suite);
        message("ServerKeyExchange", body, |input| match kind {
            Some(KeyExchange::Ecdhe { signed }) => Self::ecdhe(input, None, signed.then_some(version)),
            Some(KeyExchange::Dhe { signed }) => Self::dhe(input, None, signed.then_some(version)),
            Some(KeyExchange::EcdhePsk) => {
                let (input, hint) = identity_hint(input)?;
                Self::ecdhe(input, Some(hint), None)
            }
            Some(KeyExchange::DhePsk) => {
                let (input, hint) = identity_hint(input)?;
                Self::dhe(input, Some(hint), None)
            }
            Some(KeyExchange::Psk | KeyExchange::RsaPsk) => {
                identity_hint.map(|identity_hint| Self::Psk { identity_hint }).parse_complete(input)
            }
            Some(KeyExchange::RsaExport) => Self::rsa_export(input, version),
            Some(KeyExchange::Srp { signed }) => Self::srp(input, signed.then_some(version)),
            Some(KeyExchange::Rsa | KeyExchange::Dh | KeyExchange::Ecdh) | None => {
                rest.map(Self::Opaque).parse_complete(input)
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

    #[test]
    fn every_suite_has_its_key_exchange() {
        // The parts of a name before `_WITH_` whose messages have a layout that is not read here.
        let opaque = ["NULL", "KRB5", "GOST", "FORTEZZA", "ECCPWD", "ECJPAKE", "CECPQ1"];
        for &suite in CipherSuite::ALL {
            let name = suite.name().or(suite.unregistered_name()).unwrap();
            let known = KeyExchange::of(suite).is_some();
            match name.split_once("_WITH_") {
                Some((before, _)) => assert_eq!(known, !opaque.iter().any(|part| before.contains(part)), "{name}"),
                None => assert!(!known, "{name}"),
            }
        }
    }

    #[test]
    fn a_suite_that_signs_is_told_from_one_that_does_not() {
        let of = |suite| KeyExchange::of(suite).unwrap();
        assert_eq!(of(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8), KeyExchange::Ecdhe { signed: true });
        assert_eq!(of(CipherSuite::TLS_ECDH_ANON_WITH_AES_128_CBC_SHA), KeyExchange::Ecdhe { signed: false });
        assert_eq!(of(CipherSuite::TLS_ECDH_RSA_WITH_AES_128_CBC_SHA), KeyExchange::Ecdh);
        assert_eq!(of(CipherSuite::TLS_DH_ANON_EXPORT_WITH_RC4_40_MD5), KeyExchange::Dhe { signed: false });
        assert_eq!(of(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA), KeyExchange::Rsa);
        assert_eq!(of(CipherSuite::TLS_SRP_SHA_WITH_AES_128_CBC_SHA), KeyExchange::Srp { signed: false });
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
