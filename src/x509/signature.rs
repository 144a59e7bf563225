//! Signatures on certificates. What cannot be verified here is told apart from what does not verify.

use super::algorithm::{dotted, modulus_bits};
use super::parts::{Key, Parts};
use ring::signature as algorithms;
use ring::signature::{UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::asn1_rs::Tag;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::AlgorithmIdentifier;

/// What came of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verified {
    /// It is that of this key.
    Yes,
    /// It is not.
    No,
    /// The algorithm, or the size of the key, is not known here.
    NotKnown,
}

/// Verifies the signature on a certificate with a key.
pub(super) fn verify(certificate: &Parts<'_>, key: &Key<'_>) -> Verified {
    let Some(algorithm) = algorithm(&certificate.algorithm, key) else {
        let fits = fits(&certificate.algorithm, key);
        return if fits { Verified::NotKnown } else { Verified::No };
    };
    match UnparsedPublicKey::new(algorithm, key.bits).verify(certificate.signed, certificate.signature) {
        Ok(()) => Verified::Yes,
        Err(_) => Verified::No,
    }
}

const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const SHA384: &str = "2.16.840.1.101.3.4.2.2";
const SHA512: &str = "2.16.840.1.101.3.4.2.3";

/// Which kind of key an algorithm needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

fn kind(key: &Key<'_>) -> Option<Kind> {
    match dotted(key.algorithm.algorithm.as_bytes()).as_str() {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => Some(Kind::Rsa),
        "1.3.101.112" => Some(Kind::Ed25519),
        "1.2.840.10045.2.1" => {
            let curve = key.algorithm.parameters.as_ref().filter(|curve| curve.tag() == Tag::Oid)?;
            match dotted(curve.data).as_str() {
                "1.2.840.10045.3.1.7" => Some(Kind::P256),
                "1.3.132.0.34" => Some(Kind::P384),
                _ => None,
            }
        }
        _ => None,
    }
}

/// False where a key cannot have made a signature of this algorithm: the one is of RSA, say, the other of
/// elliptic curves.
fn fits(signature: &AlgorithmIdentifier<'_>, key: &Key<'_>) -> bool {
    const FAMILIES: [&str; 3] = ["1.2.840.113549.1.1.", "1.2.840.10045.", "1.3.101."];
    let family = |algorithm: &AlgorithmIdentifier<'_>| {
        let oid = dotted(algorithm.algorithm.as_bytes());
        FAMILIES.iter().position(|family| oid.starts_with(family))
    };
    family(signature).zip(family(&key.algorithm)).is_none_or(|(signature, key)| signature == key)
}

/// RSA keys of other sizes are not verified with; PSS and SHA-384 have a higher floor.
const RSA_BITS: std::ops::RangeInclusive<u32> = 1024..=8192;
const RSA_STRONG_BITS: u32 = 2048;

fn algorithm(signature: &AlgorithmIdentifier<'_>, key: &Key<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    let kind = kind(key)?;
    let name = dotted(signature.algorithm.as_bytes());
    if kind == Kind::Rsa {
        return rsa(&name, signature, modulus_bits(key.bits)?);
    }
    Some(match (kind, name.as_str()) {
        (Kind::P256, "1.2.840.10045.4.3.2") => &algorithms::ECDSA_P256_SHA256_ASN1,
        (Kind::P256, "1.2.840.10045.4.3.3") => &algorithms::ECDSA_P256_SHA384_ASN1,
        (Kind::P384, "1.2.840.10045.4.3.2") => &algorithms::ECDSA_P384_SHA256_ASN1,
        (Kind::P384, "1.2.840.10045.4.3.3") => &algorithms::ECDSA_P384_SHA384_ASN1,
        (Kind::Ed25519, "1.3.101.112") => &algorithms::ED25519,
        _ => return None,
    })
}

fn rsa(name: &str, signature: &AlgorithmIdentifier<'_>, bits: u32) -> Option<&'static dyn VerificationAlgorithm> {
    if !RSA_BITS.contains(&bits) {
        return None;
    }
    let strong = bits >= RSA_STRONG_BITS;
    Some(match name {
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => &algorithms::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        "1.2.840.113549.1.1.11" => &algorithms::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        "1.2.840.113549.1.1.12" if strong => &algorithms::RSA_PKCS1_2048_8192_SHA384,
        "1.2.840.113549.1.1.13" => &algorithms::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        "1.2.840.113549.1.1.10" if strong => return pss(signature),
        _ => return None,
    })
}

/// RSASSA-PSS with one digest throughout and a salt of its length, as all of practice has it (RFC 4055 section 3.1).
fn pss(signature: &AlgorithmIdentifier<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    let parameters = RsaSsaPssParams::try_from(signature.parameters.as_ref()?).ok()?;
    let digest = dotted(parameters.hash_algorithm_oid().as_bytes());
    let (algorithm, length): (&'static dyn VerificationAlgorithm, u32) = match digest.as_str() {
        SHA256 => (&algorithms::RSA_PSS_2048_8192_SHA256, 32),
        SHA384 => (&algorithms::RSA_PSS_2048_8192_SHA384, 48),
        SHA512 => (&algorithms::RSA_PSS_2048_8192_SHA512, 64),
        _ => return None,
    };
    let mask = parameters.mask_gen_algorithm().ok()?;
    let same = dotted(mask.hash.as_bytes()) == digest && parameters.salt_length() == length;
    same.then_some(algorithm)
}
