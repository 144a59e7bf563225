//! Object identifiers of keys and signatures, and what they are called.

use super::text::element;
use crate::hex::hex;
use crate::tls::significant_bits;
use std::borrow::Cow;
use std::fmt;
use x509_parser::asn1_rs::{FromDer, Oid, Tag};
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// Object identifiers of more bytes than this are shown as hexadecimal digits; none that is registered comes near.
const MAX_OID_LENGTH: usize = 32;

/// The key in a certificate. Displays as `RSA 2048`, `EC secp256r1`, `Ed25519`, `ML-DSA-65`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA with the bits of its modulus.
    Rsa(u32),
    /// RSA that may only make PSS signatures (RFC 4055), with the bits of its modulus.
    RsaPss(u32),
    /// DSA with the bits of its prime; absent where the parameters are inherited.
    Dsa(Option<u32>),
    /// A key on a named curve (the TLS registry's name, or a dotted OID); absent where the curve is spelt out.
    Ec(Option<Cow<'static, str>>),
    /// An algorithm whose name says all, or a dotted OID.
    Other(Cow<'static, str>),
}

impl PublicKey {
    /// Bits of the modulus of an RSA key.
    pub const fn rsa_bits(&self) -> Option<u32> {
        match self {
            Self::Rsa(bits) | Self::RsaPss(bits) => Some(*bits),
            _ => None,
        }
    }

    /// `None` where the key does not have the form that its algorithm asks for.
    pub(super) fn read(info: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let parameters = info.algorithm.parameters.as_ref();
        let oid = dotted(info.algorithm.algorithm.as_bytes());
        Some(match oid.as_str() {
            "1.2.840.113549.1.1.1" => Self::Rsa(modulus_bits(&info.subject_public_key.data)?),
            "1.2.840.113549.1.1.10" => Self::RsaPss(modulus_bits(&info.subject_public_key.data)?),
            "1.2.840.10040.4.1" => Self::Dsa(parameters.and_then(|sequence| first_integer_bits(sequence.data))),
            "1.2.840.10045.2.1" => {
                let curve = parameters.filter(|curve| curve.tag() == Tag::Oid).map(|curve| dotted(curve.data));
                Self::Ec(curve.map(|curve| curve_name(&curve).map_or(Cow::Owned(curve), Cow::Borrowed)))
            }
            _ => Self::Other(named(oid)),
        })
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA {bits}"),
            Self::RsaPss(bits) => write!(f, "RSA-PSS {bits}"),
            Self::Dsa(Some(bits)) => write!(f, "DSA {bits}"),
            Self::Dsa(None) => f.write_str("DSA"),
            Self::Ec(Some(curve)) => write!(f, "EC {curve}"),
            Self::Ec(None) => f.write_str("EC"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

/// A digest that collisions can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeakDigest {
    /// MD2, MD4 or MD5.
    Md5,
    /// SHA-1.
    Sha1,
}

/// The name of a signature algorithm, and the digest under it where that is weak.
pub(super) fn signature(algorithm: &AlgorithmIdentifier<'_>) -> (Cow<'static, str>, Option<WeakDigest>) {
    let oid = dotted(algorithm.algorithm.as_bytes());
    if oid == "1.2.840.113549.1.1.10" {
        return pss(algorithm);
    }
    let weak = match oid.as_str() {
        "1.2.840.113549.1.1.2" | "1.2.840.113549.1.1.3" | "1.2.840.113549.1.1.4" | "1.3.14.3.2.3" => {
            Some(WeakDigest::Md5)
        }
        "1.2.840.113549.1.1.5" | "1.2.840.10040.4.3" | "1.2.840.10045.4.1" | "1.3.14.3.2.27" | "1.3.14.3.2.29" => {
            Some(WeakDigest::Sha1)
        }
        _ => None,
    };
    (named(oid), weak)
}

/// RSASSA-PSS names its digest in its parameters; the default is SHA-1 (RFC 4055 3.1).
fn pss(algorithm: &AlgorithmIdentifier<'_>) -> (Cow<'static, str>, Option<WeakDigest>) {
    let digest = algorithm.parameters.as_ref().and_then(|parameters| {
        let tagged =
            element(&mut { parameters.data }).filter(|tagged| tagged.tag().0 == 0 && !tagged.data.is_empty())?;
        let (_, digest) = AlgorithmIdentifier::from_der(tagged.data).ok()?;
        Some(dotted(digest.algorithm.as_bytes()))
    });
    match digest.as_deref() {
        None | Some("1.3.14.3.2.26") => (Cow::Borrowed("RSASSA-PSS-SHA1"), Some(WeakDigest::Sha1)),
        Some("2.16.840.1.101.3.4.2.1") => (Cow::Borrowed("RSASSA-PSS-SHA256"), None),
        Some("2.16.840.1.101.3.4.2.2") => (Cow::Borrowed("RSASSA-PSS-SHA384"), None),
        Some("2.16.840.1.101.3.4.2.3") => (Cow::Borrowed("RSASSA-PSS-SHA512"), None),
        Some(_) => (Cow::Borrowed("RSASSA-PSS"), None),
    }
}

/// `1.2.840.113549.1.1.11`.
pub(super) fn dotted(oid: &[u8]) -> String {
    if oid.is_empty() || oid.len() > MAX_OID_LENGTH {
        return hex(oid.get(..MAX_OID_LENGTH).unwrap_or(oid));
    }
    Oid::new(Cow::Borrowed(oid)).to_id_string()
}

fn named(oid: String) -> Cow<'static, str> {
    algorithm_name(&oid).map_or(Cow::Owned(oid), Cow::Borrowed)
}

/// The name of a purpose in an extended key usage (RFC 5280 4.2.1.12), or its dotted OID.
pub(super) fn purpose(oid: &[u8]) -> Cow<'static, str> {
    let dotted = dotted(oid);
    Cow::Borrowed(match dotted.as_str() {
        "2.5.29.37.0" => "anyExtendedKeyUsage",
        "1.3.6.1.5.5.7.3.1" => "serverAuth",
        "1.3.6.1.5.5.7.3.2" => "clientAuth",
        "1.3.6.1.5.5.7.3.3" => "codeSigning",
        "1.3.6.1.5.5.7.3.4" => "emailProtection",
        "1.3.6.1.5.5.7.3.5" => "ipsecEndSystem",
        "1.3.6.1.5.5.7.3.6" => "ipsecTunnel",
        "1.3.6.1.5.5.7.3.7" => "ipsecUser",
        "1.3.6.1.5.5.7.3.8" => "timeStamping",
        "1.3.6.1.5.5.7.3.9" => "OCSPSigning",
        "1.3.6.1.5.5.7.3.17" => "ipsecIKE",
        "1.3.6.1.4.1.311.10.3.3" => "msServerGatedCrypto",
        "1.3.6.1.4.1.311.20.2.2" => "msSmartcardLogon",
        "2.16.840.1.113730.4.1" => "nsServerGatedCrypto",
        _ => return Cow::Owned(dotted),
    })
}

/// Names as the defining documents have them.
fn algorithm_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        // RSA: RFC 8017, and the early OIW names that some old roots still carry.
        "1.2.840.113549.1.1.2" => "md2WithRSAEncryption",
        "1.2.840.113549.1.1.3" => "md4WithRSAEncryption",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
        "1.3.14.3.2.3" => "md5WithRSA",
        "1.3.14.3.2.27" => "dsaWithSHA1",
        "1.3.14.3.2.29" => "sha1WithRSA",
        // DSA and ECDSA: RFC 3279, RFC 5758, FIPS 186-5.
        "1.2.840.10040.4.3" => "dsa-with-SHA1",
        "2.16.840.1.101.3.4.3.1" => "dsa-with-SHA224",
        "2.16.840.1.101.3.4.3.2" => "dsa-with-SHA256",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.1" => "ecdsa-with-SHA224",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "2.16.840.1.101.3.4.3.10" => "ecdsa-with-SHA3-256",
        "2.16.840.1.101.3.4.3.11" => "ecdsa-with-SHA3-384",
        "2.16.840.1.101.3.4.3.12" => "ecdsa-with-SHA3-512",
        "2.16.840.1.101.3.4.3.14" => "RSASSA-PKCS1-SHA3-256",
        "2.16.840.1.101.3.4.3.15" => "RSASSA-PKCS1-SHA3-384",
        "2.16.840.1.101.3.4.3.16" => "RSASSA-PKCS1-SHA3-512",
        // RFC 8410.
        "1.3.101.110" => "X25519",
        "1.3.101.111" => "X448",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        // National algorithms: RFC 4491, RFC 9215, and China's SM2.
        "1.2.643.2.2.19" => "GOST R 34.10-2001",
        "1.2.643.2.2.3" => "GOST R 34.11-94 with GOST R 34.10-2001",
        "1.2.643.7.1.1.1.1" => "GOST R 34.10-2012 256",
        "1.2.643.7.1.1.1.2" => "GOST R 34.10-2012 512",
        "1.2.643.7.1.1.3.2" => "GOST R 34.10-2012 256 with GOST R 34.11-2012",
        "1.2.643.7.1.1.3.3" => "GOST R 34.10-2012 512 with GOST R 34.11-2012",
        "1.2.156.10197.1.501" => "SM2-with-SM3",
        _ => return post_quantum_name(oid),
    })
}

/// ML-DSA (RFC 9881), SLH-DSA (RFC 9909) and ML-KEM (RFC 9935).
fn post_quantum_name(oid: &str) -> Option<&'static str> {
    const SIGNATURES: [&str; 15] = [
        "ML-DSA-44",
        "ML-DSA-65",
        "ML-DSA-87",
        "SLH-DSA-SHA2-128s",
        "SLH-DSA-SHA2-128f",
        "SLH-DSA-SHA2-192s",
        "SLH-DSA-SHA2-192f",
        "SLH-DSA-SHA2-256s",
        "SLH-DSA-SHA2-256f",
        "SLH-DSA-SHAKE-128s",
        "SLH-DSA-SHAKE-128f",
        "SLH-DSA-SHAKE-192s",
        "SLH-DSA-SHAKE-192f",
        "SLH-DSA-SHAKE-256s",
        "SLH-DSA-SHAKE-256f",
    ];
    const FIRST_SIGNATURE: usize = 17;
    if let Some(last) = oid.strip_prefix("2.16.840.1.101.3.4.3.") {
        return SIGNATURES.get(last.parse::<usize>().ok()?.checked_sub(FIRST_SIGNATURE)?).copied();
    }
    match oid {
        "2.16.840.1.101.3.4.4.1" => Some("ML-KEM-512"),
        "2.16.840.1.101.3.4.4.2" => Some("ML-KEM-768"),
        "2.16.840.1.101.3.4.4.3" => Some("ML-KEM-1024"),
        _ => None,
    }
}

/// Curves by the names that TLS has for them (SEC 2, RFC 5639, and SM2).
fn curve_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "1.2.840.10045.3.1.1" => "secp192r1",
        "1.2.840.10045.3.1.7" => "secp256r1",
        "1.3.132.0.1" => "sect163k1",
        "1.3.132.0.8" => "secp160r1",
        "1.3.132.0.9" => "secp160k1",
        "1.3.132.0.10" => "secp256k1",
        "1.3.132.0.15" => "sect163r2",
        "1.3.132.0.16" => "sect283k1",
        "1.3.132.0.17" => "sect283r1",
        "1.3.132.0.26" => "sect233k1",
        "1.3.132.0.27" => "sect233r1",
        "1.3.132.0.30" => "secp160r2",
        "1.3.132.0.31" => "secp192k1",
        "1.3.132.0.32" => "secp224k1",
        "1.3.132.0.33" => "secp224r1",
        "1.3.132.0.34" => "secp384r1",
        "1.3.132.0.35" => "secp521r1",
        "1.3.132.0.36" => "sect409k1",
        "1.3.132.0.37" => "sect409r1",
        "1.3.132.0.38" => "sect571k1",
        "1.3.132.0.39" => "sect571r1",
        "1.3.36.3.3.2.8.1.1.7" => "brainpoolP256r1",
        "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1",
        "1.3.36.3.3.2.8.1.1.13" => "brainpoolP512r1",
        "1.2.156.10197.1.301" => "curveSM2",
        _ => return None,
    })
}

/// Bits of the modulus of an RSAPublicKey.
pub(super) fn modulus_bits(mut key: &[u8]) -> Option<u32> {
    first_integer_bits(element(&mut key)?.data)
}

/// Bits of the integer that `content` begins with, without leading zeros.
fn first_integer_bits(mut content: &[u8]) -> Option<u32> {
    let integer = element(&mut content).filter(|integer| integer.tag() == Tag::Integer)?;
    Some(significant_bits(integer.data))
}
