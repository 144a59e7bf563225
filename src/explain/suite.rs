//! Cipher suites: what the name says, in words, and what is to be thought of it.

use super::Explanation;
use super::registered::{Recommended, Row, row};
use crate::policy::{is_broken, is_static_dh};
use crate::tls::registry::{Authentication, Cipher, CipherSuite, Facts, Hash, KeyExchange};

const USE_MODERN: &str = "Use ECDHE with GCM or ChaCha20-Poly1305, or TLS 1.3.";

pub(super) fn explain(suite: CipherSuite) -> Explanation {
    let name = suite.name().or(suite.unregistered_name()).unwrap_or("unnamed");
    let title = Explanation::new(format!("{name}, cipher suite {:#06x}", suite.0));
    let row = row("cipher_suite", suite.0);
    let reference = row.map_or("", |row| row.reference);
    if let Some(text) = signal(suite) {
        return title.with("What it is", text).with("Defined in", reference);
    }
    let Some(facts) = suite.facts() else {
        return title.with("What it is", "A suite of which nothing is known here.").with("Defined in", reference);
    };
    let (status, advice) = judgement(suite, facts, row);
    title
        .with(
            "What it is",
            format!("{} {} {}", key_exchange(facts.key_exchange), authentication(facts), protection(facts)),
        )
        .with("Versions", versions(suite, facts))
        .with("Status", status)
        .with("What to do", advice)
        .with("Defined in", reference)
        .with("Note", row.map_or("", |row| row.note))
}

/// Values among the suites that are none.
fn signal(suite: CipherSuite) -> Option<&'static str> {
    Some(match suite {
        CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV => {
            "No suite but a signal of the client: it knows secure renegotiation, the same as an empty renegotiation_info \
             extension."
        }
        CipherSuite::TLS_FALLBACK_SCSV => {
            "No suite but a signal of the client: this is a second attempt with a lower version. A server that speaks a \
             higher one refuses it with inappropriate_fallback."
        }
        _ => return None,
    })
}

fn key_exchange(kind: KeyExchange) -> &'static str {
    match kind {
        KeyExchange::Null => "No key exchange: the state before a handshake.",
        KeyExchange::Rsa => "Key exchange: the client encrypts the secret to the server's RSA key.",
        KeyExchange::Dh => "Key exchange: Diffie-Hellman with the key in the server's certificate.",
        KeyExchange::Dhe => "Key exchange: ephemeral Diffie-Hellman in a finite field.",
        KeyExchange::Ecdh => "Key exchange: Diffie-Hellman over a curve with the key in the server's certificate.",
        KeyExchange::Ecdhe => "Key exchange: ephemeral Diffie-Hellman over a curve.",
        KeyExchange::Psk => "Key exchange: a pre-shared key alone.",
        KeyExchange::RsaPsk => "Key exchange: a pre-shared key, and a secret encrypted to the server's RSA key.",
        KeyExchange::DhePsk => "Key exchange: a pre-shared key with ephemeral Diffie-Hellman in a finite field.",
        KeyExchange::EcdhePsk => "Key exchange: a pre-shared key with ephemeral Diffie-Hellman over a curve.",
        KeyExchange::Srp => "Key exchange: SRP, from a password.",
        KeyExchange::EccPwd => "Key exchange: Dragonfly, from a password.",
        KeyExchange::EcJpake => "Key exchange: J-PAKE over a curve, from a password.",
        KeyExchange::Krb5 => "Key exchange: Kerberos.",
        KeyExchange::Fortezza => "Key exchange: KEA of the Fortezza cards.",
        KeyExchange::Cecpq1 => "Key exchange: x25519 together with the post-quantum New Hope.",
        KeyExchange::Gost => "Key exchange: the client encrypts the secret to the server's GOST key.",
        KeyExchange::Sm2 => "Key exchange: the client encrypts the secret to the server's SM2 key.",
        KeyExchange::Sm9 => "Key exchange: the client encrypts the secret to the server's identity (SM9).",
        KeyExchange::Sm9Dh => "Key exchange: SM9 key agreement between identities.",
        KeyExchange::Tls13 => "TLS 1.3: key exchange and signature are agreed on apart from the suite.",
    }
}

fn authentication(facts: &Facts) -> &'static str {
    match facts.authentication {
        Authentication::Null | Authentication::Tls13 => "",
        Authentication::Rsa => "The server has an RSA certificate.",
        Authentication::Dss => "The server has a DSA certificate.",
        Authentication::Ecdsa => "The server has an ECDSA (or EdDSA) certificate.",
        Authentication::Anonymous => "Neither side proves who it is.",
        Authentication::Psk => "Knowing the pre-shared key is the proof.",
        Authentication::Password => "Knowing the password is the proof.",
        Authentication::Krb5 => "Both are known to the Kerberos realm.",
        Authentication::Gost => "The server has a GOST certificate.",
        Authentication::Sm2 => "The server has SM2 certificates.",
        Authentication::Sm9 => "The server has an SM9 identity.",
    }
}

/// What keeps the records secret and whole.
fn protection(facts: &Facts) -> String {
    let cipher = facts.cipher;
    let kind = if facts.cipher == Cipher::Null {
        "Encryption: none".to_owned()
    } else if cipher.aead_tag_length().is_some() {
        format!("Encryption: {cipher}, authenticated")
    } else {
        format!("Encryption: {cipher}, with a separate MAC")
    };
    match facts.hash {
        Hash::Null => format!("{kind}."),
        hash => format!("{kind}. Hash: {hash}{}.", if hash == Hash::Sha1 { "-1" } else { "" }),
    }
}

fn versions(suite: CipherSuite, facts: &Facts) -> &'static str {
    if matches!(facts.cipher, Cipher::Sm1 | Cipher::Sm4Cbc) || matches!(facts.key_exchange, KeyExchange::Sm2) {
        "TLCP, the Chinese national protocol, only."
    } else if suite.is_tls13() {
        "TLS 1.3 and DTLS 1.3 only."
    } else if suite.is_export() {
        "SSL 3.0 and TLS 1.0."
    } else if suite.uses_des() || facts.cipher == Cipher::IdeaCbc {
        "SSL 3.0, TLS 1.0 and TLS 1.1; TLS 1.2 took it out."
    } else if suite.is_aead() || matches!(facts.hash, Hash::Sha256 | Hash::Sha384) {
        "TLS 1.2 and DTLS 1.2 only."
    } else {
        "TLS 1.2 and before."
    }
}

fn judgement(suite: CipherSuite, facts: &Facts, row: Option<Row>) -> (String, &'static str) {
    if is_broken(suite) {
        return (format!("Broken: {}.", faults(suite, facts).join("; ")), USE_MODERN);
    }
    let no_secrecy = "no forward secrecy, so whoever gets the key later reads what was recorded today";
    match row.and_then(|row| row.recommended) {
        Some(Recommended::Yes) => ("Recommended by IANA.".to_owned(), "Use it."),
        _ if suite.is_static_rsa() || is_static_dh(suite) => {
            (format!("Weak: {no_secrecy}. RFC 10015 takes this key exchange out of TLS 1.2."), USE_MODERN)
        }
        Some(Recommended::Discouraged) if matches!(facts.key_exchange, KeyExchange::Dhe | KeyExchange::DhePsk) => (
            "Discouraged by IANA: Diffie-Hellman in a finite field leaves the group to the server, too small or unsound as \
             it may be, and RFC 10015 takes it out of TLS 1.2."
                .to_owned(),
            USE_MODERN,
        ),
        Some(Recommended::Discouraged) => ("Discouraged by IANA.".to_owned(), USE_MODERN),
        Some(Recommended::No) if !suite.is_forward_secret() => {
            (format!("Not recommended for general use: {no_secrecy}."), "Prefer a suite with ECDHE, or TLS 1.3.")
        }
        Some(Recommended::No) if !suite.is_aead() => (
            "Acceptable, not recommended: no break is known, but encryption and MAC are apart, which has been attacked again \
             and again (Lucky 13)."
                .to_owned(),
            "Keep it for old clients, behind suites with authenticated encryption.",
        ),
        Some(Recommended::No) => (
            "Not recommended for general use: meant for a purpose or a country of its own, or not examined widely.".to_owned(),
            "Use it only where it was chosen on purpose.",
        ),
        None => ("Not registered with IANA: private, national, experimental, or very old.".to_owned(), USE_MODERN),
    }
}

/// Why a suite is broken.
fn faults(suite: CipherSuite, facts: &Facts) -> Vec<&'static str> {
    let tests = [
        (suite.is_null_encryption(), "it does not encrypt"),
        (suite.is_anonymous(), "neither side proves who it is, so anybody on the path can take part"),
        (suite.is_export(), "keys of 40 or 56 bits, or short ones for the exchange, as export rules once wanted"),
        (suite.uses_rc4(), "RC4 gives away what is sent often (RFC 7465 forbids it)"),
        (suite.uses_des() && !suite.is_export(), "a DES key is found by trying all of them"),
        (suite.uses_3des(), "blocks of 64 bits collide after some gigabytes (Sweet32)"),
        (facts.cipher == Cipher::IdeaCbc, "blocks of 64 bits collide after some gigabytes (Sweet32)"),
        (suite.is_static_rsa() || is_static_dh(suite), "no forward secrecy"),
    ];
    tests.into_iter().filter_map(|(holds, fault)| holds.then_some(fault)).collect()
}
