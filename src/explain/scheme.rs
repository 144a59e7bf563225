//! Signature schemes: key, digest, and what is to be thought of them.

use super::Explanation;
use super::registered::{Recommended, row};
use crate::tls::registry::{KeyType, SignatureScheme};

pub(super) fn explain(scheme: SignatureScheme) -> Explanation {
    let name = scheme.name().or(scheme.unregistered_name()).unwrap_or("unnamed");
    let row = row("signature_scheme", scheme.0);
    let title = Explanation::new(format!("{name}, signature scheme {:#06x}", scheme.0));
    let (status, advice) = judgement(scheme, row.and_then(|row| row.recommended));
    title
        .with("What it is", what(scheme, name))
        .with("Status", status)
        .with("What to do", advice)
        .with("Defined in", row.map_or("", |row| row.reference))
}

fn what(scheme: SignatureScheme, name: &str) -> String {
    let key = match scheme.key_type() {
        Some(KeyType::Rsa) if name.starts_with("rsa_pss") => "an ordinary RSA key, with PSS padding",
        Some(KeyType::Rsa) => "an RSA key, with the padding of PKCS #1 v1.5",
        Some(KeyType::RsaPss) => "an RSA key whose certificate allows PSS only",
        Some(KeyType::Dsa) => "a DSA key",
        Some(KeyType::Ecdsa) if name.matches('_').count() > 1 => {
            "an ECDSA key (in TLS 1.3 on the curve that the name has)"
        }
        Some(KeyType::Ecdsa) => "an ECDSA key",
        Some(KeyType::Ed25519) => "an Ed25519 key",
        Some(KeyType::Ed448) => "an Ed448 key",
        Some(KeyType::MlDsa) => "an ML-DSA key, which should hold against quantum computers",
        Some(KeyType::SlhDsa) => "an SLH-DSA key, which should hold against quantum computers",
        Some(KeyType::Sm2) => "an SM2 key, of the Chinese standards",
        Some(KeyType::Gost) => "a GOST key, of the Russian standards",
        Some(KeyType::IdentityBased) => "a key made from an identity, without a certificate",
        None => "a key of which nothing is known here",
    };
    format!("A signature with {key}.")
}

fn judgement(scheme: SignatureScheme, recommended: Option<Recommended>) -> (&'static str, &'static str) {
    const OFFER: &str = "Sign with SHA-256 or better: rsa_pss_rsae_sha256, ecdsa_secp256r1_sha256, ed25519.";
    if scheme.uses_md5() {
        return ("Broken: collisions of MD5 are made at will (SLOTH). RFC 9155 forbids it.", OFFER);
    }
    if scheme.uses_sha1() {
        return (
            "Weak: collisions of SHA-1 can be bought. RFC 9155 forbids it in TLS 1.2, and TLS 1.3 signs no handshake with it.",
            OFFER,
        );
    }
    match (recommended, scheme.key_type()) {
        (_, Some(KeyType::Dsa)) => ("Obsolete: TLS 1.3 does not have DSA.", "Use an ECDSA or RSA key."),
        (Some(Recommended::Yes), Some(KeyType::Rsa)) if scheme.0 >> 8 < 8 => (
            "In order in certificates, and for handshakes of TLS 1.2. TLS 1.3 signs handshakes with PSS.",
            "Keep it beside the rsa_pss schemes.",
        ),
        (Some(Recommended::Yes), _) => ("Recommended by IANA.", "Use it."),
        (Some(Recommended::Discouraged), _) => ("Discouraged by IANA.", OFFER),
        (Some(Recommended::No), _) => (
            "Not for general use: new, or for a purpose or a country of its own.",
            "Use it where it was chosen on purpose.",
        ),
        (None, _) => ("A pair of TLS 1.2 that has no place in TLS 1.3, or not registered.", OFFER),
    }
}
