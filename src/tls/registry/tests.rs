//! Values and names against the specifications, and what is said of them against the names.

use super::*;
use std::collections::HashSet;
use std::fmt::{Debug, Display};
use std::path::Path;
use std::process::Command;

/// Every constant of a registry has one name, registered or not, and prints as that name or as a number; no value and
/// no name is there twice.
fn check_registry<T: Copy + Debug + Display>(
    all: &[T],
    least: usize,
    width: usize,
    value: impl Fn(T) -> u32,
    names: impl Fn(T) -> (Option<&'static str>, Option<&'static str>),
) {
    assert!(all.len() >= least, "{} of at least {least}", all.len());
    assert_eq!(all.iter().map(|one| value(*one)).collect::<HashSet<_>>().len(), all.len());
    let mut seen = HashSet::new();
    for one in all {
        let text = one.to_string();
        let name = match names(*one) {
            (Some(name), None) => {
                assert_eq!(text, name);
                name
            }
            (None, Some(name)) => {
                assert_eq!(text, format!("{:#0width$x}", value(*one)));
                name
            }
            both => panic!("{one:?} is {both:?}"),
        };
        assert!(seen.insert(name), "{name} is there twice");
    }
    for pair in all.windows(2) {
        let registered = names(pair[0]).0.is_some() == names(pair[1]).0.is_some();
        assert!(!registered || value(pair[0]) < value(pair[1]), "{pair:?} are out of order");
    }
}

macro_rules! check {
    ($name:ident, $least:literal, $width:literal) => {
        check_registry($name::ALL, $least, $width, |one| one.0.into(), |one| (one.name(), one.unregistered_name()));
    };
}

#[test]
fn every_constant_has_one_name() {
    check!(CipherSuite, 410, 6);
    check!(Ssl2CipherSpec, 8, 8);
    check!(NamedGroup, 57, 6);
    check!(SignatureScheme, 55, 6);
    check!(ExtensionType, 70, 6);
    check!(AlertDescription, 37, 4);
    check!(AlertLevel, 2, 4);
    check!(HandshakeType, 26, 4);
    check!(ContentType, 8, 4);
    check!(CompressionMethod, 3, 4);
    check!(CertificateType, 4, 4);
    check!(ClientCertificateType, 12, 4);
    check!(EcPointFormat, 3, 4);
    check!(EcCurveType, 3, 4);
    check!(PskKeyExchangeMode, 2, 4);
    check!(CertificateStatusType, 2, 4);
    check!(CertificateCompressionAlgorithm, 3, 6);
    check!(HeartbeatMessageType, 2, 4);
    check!(HeartbeatMode, 2, 4);
    check!(ServerNameType, 1, 4);
    check!(KeyUpdateRequest, 2, 4);
    check!(HashAlgorithm, 8, 4);
    check!(SignatureAlgorithm, 8, 4);
    check!(HpkeKem, 17, 6);
    check!(HpkeKdf, 7, 6);
    check!(HpkeAead, 4, 6);
}

#[test]
fn values_and_names_are_those_of_the_specifications() {
    let wire: [(&dyn Display, &str); 26] = [
        (&CipherSuite(0x1301), "TLS_AES_128_GCM_SHA256"),
        (&CipherSuite(0x002f), "TLS_RSA_WITH_AES_128_CBC_SHA"),
        (&CipherSuite(0xc02f), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        (&CipherSuite(0xcca9), "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
        (&CipherSuite(0x0018), "TLS_DH_anon_WITH_RC4_128_MD5"),
        (&CipherSuite(0xcc13), "0xcc13"),
        (&NamedGroup(0x11ec), "X25519MLKEM768"),
        (&NamedGroup(0x0017), "secp256r1"),
        (&NamedGroup(0x6399), "X25519Kyber768Draft00"),
        (&NamedGroup(0x0202), "MLKEM1024"),
        (&SignatureScheme(0x0403), "ecdsa_secp256r1_sha256"),
        (&SignatureScheme(0x0301), "rsa_pkcs1_sha224"),
        (&SignatureScheme(0x0202), "dsa_sha1"),
        (&SignatureScheme(0x0905), "mldsa65"),
        (&SignatureScheme(0x091c), "slhdsa_shake_256f"),
        (&ExtensionType(0xfe0d), "encrypted_client_hello"),
        (&ExtensionType(16), "application_layer_protocol_negotiation"),
        (&ExtensionType(13172), "0x3374"),
        (&AlertDescription(40), "handshake_failure"),
        (&AlertDescription(121), "ech_required"),
        (&AlertDescription(99), "0x63"),
        (&HandshakeType(12), "server_key_exchange"),
        (&ContentType(23), "application_data"),
        (&CompressionMethod(1), "DEFLATE"),
        (&Ssl2CipherSpec(0x0700c0), "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"),
        (&HpkeKem(0x0020), "DHKEM(X25519, HKDF-SHA256)"),
    ];
    for (value, text) in wire {
        assert_eq!(value.to_string(), text);
    }
    assert_eq!(ExtensionType::NEXT_PROTOCOL_NEGOTIATION.unregistered_name(), Some("next_protocol_negotiation"));
    assert_eq!(Ssl2CipherSpec(0x123456).to_string(), "0x123456");
    assert_eq!(format!("{:>10}|{:<10}|", AlertLevel::FATAL, AlertLevel::FATAL), "     fatal|fatal     |");
}

#[test]
fn grease_is_the_sixteen_values_of_rfc_8701() {
    let expected: Vec<u16> = (0..16).map(|n| 0x0a0a + 0x1010 * n).collect();
    let found: Vec<u16> = (0..=u16::MAX).filter(|value| CipherSuite(*value).is_grease()).collect();
    assert_eq!(found, expected);
    for value in found {
        let text = format!("GREASE {value:#06x}");
        assert_eq!(CipherSuite(value).to_string(), text);
        assert_eq!(ExtensionType(value).to_string(), text);
        assert_eq!(NamedGroup(value).to_string(), text);
        assert_eq!(SignatureScheme(value).to_string(), text);
        assert_eq!(ProtocolVersion(value).to_string(), text);
        assert_eq!(AlpnProtocol(&value.to_be_bytes()).to_string(), text);
        assert!(
            NamedGroup(value).is_grease() && ExtensionType(value).is_grease() && ProtocolVersion(value).is_grease()
        );
        assert!(!ProtocolVersion(value).is_known() && CipherSuite(value).facts().is_none());
    }
}

#[test]
fn versions() {
    for (value, text, is_tls13) in [
        (0x0002, "SSL 2.0", false),
        (0x0300, "SSL 3.0", false),
        (0x0301, "TLS 1.0", false),
        (0x0302, "TLS 1.1", false),
        (0x0303, "TLS 1.2", false),
        (0x0304, "TLS 1.3", true),
        (0x7f1c, "TLS 1.3 draft-28", true),
        (0x7f09, "TLS 1.3 draft-09", true),
        (0xfb1a, "TLS 1.3 draft-26 (Facebook)", true),
        (0xfeff, "DTLS 1.0", false),
        (0xfefd, "DTLS 1.2", false),
        (0xfefc, "DTLS 1.3", false),
    ] {
        let version = ProtocolVersion(value);
        assert_eq!(version.to_string(), text);
        assert_eq!(version.is_tls13(), is_tls13, "{text}");
        assert!(version.is_known() && !version.is_grease());
    }
    assert_eq!(ProtocolVersion(0x0305).to_string(), "0x0305");
    assert!(!ProtocolVersion(0x0305).is_known());
    assert_eq!(ProtocolVersion(0x7f1c).draft(), Some(28));
    assert_eq!(ProtocolVersion::TLS_1_3.draft(), None);
}

#[test]
fn alpn_identifiers_print_safely() {
    assert!(AlpnProtocol::ALL.len() >= 42);
    for protocol in AlpnProtocol::ALL {
        assert_eq!(protocol.to_string().as_bytes(), protocol.0);
        assert!(protocol.name().is_some() && !protocol.is_grease());
    }
    assert_eq!(AlpnProtocol::H2.name(), Some("HTTP/2 over TLS"));
    assert_eq!(AlpnProtocol(b"http/1.1"), AlpnProtocol::HTTP_1_1);
    assert_eq!(AlpnProtocol(b"h3-29").to_string(), "h3-29");
    assert_eq!(AlpnProtocol(b"h3-29").name(), None);
    assert_eq!(AlpnProtocol(b"\x1b[2J").to_string(), "0x1b5b324a");
    assert_eq!(AlpnProtocol("h\u{e9}".as_bytes()).to_string(), "0x68c3a9");
    assert_eq!(AlpnProtocol(b"").to_string(), "0x");
}

fn any_name(suite: CipherSuite) -> &'static str {
    suite.name().or(suite.unregistered_name()).unwrap_or_default()
}

/// What a person reads from a suite's name, against what is stored of it.
#[test]
fn suites_are_what_their_names_say() {
    for &suite in CipherSuite::ALL {
        let name = any_name(suite);
        let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        if name.ends_with("_SCSV") {
            assert!(suite.is_signaling() && suite.facts().is_none() && !suite.is_tls13(), "{name}");
            continue;
        }
        assert!(suite.facts().is_some() && !suite.is_signaling(), "{name}");
        let tls13 = has(&["_MGM_"]) || (name.starts_with("TLS_") && !has(&["_WITH_"]));
        assert_eq!(suite.is_tls13(), tls13, "{name}");
        assert_eq!(suite.is_anonymous(), has(&["_anon_"]), "{name}");
        assert_eq!(suite.is_export(), has(&["EXPORT"]), "{name}");
        assert_eq!(suite.is_null_encryption(), has(&["WITH_NULL", "TLS_SHA256_", "TLS_SHA384_"]), "{name}");
        assert_eq!(suite.uses_rc4(), has(&["RC4"]), "{name}");
        assert_eq!(suite.uses_3des(), has(&["3DES"]), "{name}");
        assert_eq!(suite.uses_des(), has(&["_DES_", "_DES40_"]), "{name}");
        assert_eq!(suite.uses_psk(), has(&["PSK"]), "{name}");
        let rsa = ["TLS_RSA_", "SSL_RSA_", "RSA_SM"].iter().any(|start| name.starts_with(start));
        assert_eq!(suite.is_static_rsa(), rsa, "{name}");
        let ephemeral = has(&["DHE_", "_anon_", "SRP_", "ECCPWD", "ECJPAKE", "CECPQ1", "IBSDH"]);
        assert_eq!(suite.is_forward_secret(), ephemeral || tls13, "{name}");
        let aead = has(&["GCM", "CCM", "POLY1305", "MGM", "AEGIS", "ASCONAEAD"]);
        assert_eq!(suite.is_aead(), aead, "{name}");
        let tag = if has(&["CCM_8", "MAGMA_MGM"]) { 8 } else { 16 };
        assert_eq!(suite.aead_tag_length(), aead.then_some(tag), "{name}");
        let length = if name.ends_with("SHA512") { 64 } else { 32 + 16 * u8::from(name.ends_with("SHA384")) };
        assert_eq!(suite.hash_length(), tls13.then_some(length), "{name}");
    }
}

/// RFC 10015 lists the suites that it deprecates by key exchange; so many there are of each.
#[test]
fn key_exchanges_are_counted_as_in_rfc_10015() {
    let count = |test: &dyn Fn(&Facts) -> bool| {
        CipherSuite::ALL.iter().filter(|suite| suite.name().is_some() && suite.facts().is_some_and(test)).count()
    };
    use KeyExchange::{Dh, Dhe, DhePsk, Ecdh, Ecdhe, Rsa, RsaPsk};
    let anonymous = |facts: &Facts| facts.authentication == Authentication::Anonymous;
    let dh = count(&|facts| facts.key_exchange == Dh || facts.key_exchange == Dhe && anonymous(facts));
    let ecdh = count(&|facts| facts.key_exchange == Ecdh || facts.key_exchange == Ecdhe && anonymous(facts));
    let dhe = count(&|facts| matches!(facts.key_exchange, Dhe | DhePsk) && !anonymous(facts));
    let rsa = count(&|facts| matches!(facts.key_exchange, Rsa | RsaPsk));
    assert_eq!((dh, ecdh, dhe, rsa), (62, 39, 69, 52));
}

#[test]
fn known_suites() {
    let fact = |key_exchange, authentication, cipher, hash, export| {
        Some(Facts { key_exchange, authentication, cipher, hash, export })
    };
    use {Authentication as A, Cipher as C, Hash as H, KeyExchange as K};
    for (suite, facts) in [
        (CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA, fact(K::Rsa, A::Rsa, C::Aes128Cbc, H::Sha1, false)),
        (CipherSuite::TLS_RSA_EXPORT_WITH_RC4_40_MD5, fact(K::Rsa, A::Rsa, C::Rc4_40, H::Md5, true)),
        (CipherSuite::TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA, fact(K::Dhe, A::Dss, C::TripleDesEdeCbc, H::Sha1, false)),
        (CipherSuite::TLS_DH_ANON_WITH_AES_256_GCM_SHA384, fact(K::Dhe, A::Anonymous, C::Aes256Gcm, H::Sha384, false)),
        (CipherSuite::TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256, fact(K::Ecdh, A::Rsa, C::Aes128Cbc, H::Sha256, false)),
        (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, fact(K::Ecdhe, A::Ecdsa, C::Aes128Ccm8, H::Sha256, false)),
        (CipherSuite::TLS_RSA_PSK_WITH_NULL_SHA384, fact(K::RsaPsk, A::Rsa, C::Null, H::Sha384, false)),
        (CipherSuite::TLS_PSK_DHE_WITH_AES_256_CCM_8, fact(K::DhePsk, A::Psk, C::Aes256Ccm8, H::Sha256, false)),
        (CipherSuite::TLS_SRP_SHA_WITH_AES_256_CBC_SHA, fact(K::Srp, A::Password, C::Aes256Cbc, H::Sha1, false)),
        (CipherSuite::TLS_KRB5_EXPORT_WITH_DES_CBC_40_SHA, fact(K::Krb5, A::Krb5, C::Des40Cbc, H::Sha1, true)),
        (CipherSuite::TLS_CHACHA20_POLY1305_SHA256, fact(K::Tls13, A::Tls13, C::Chacha20Poly1305, H::Sha256, false)),
        (CipherSuite::TLS_SHA384_SHA384, fact(K::Tls13, A::Tls13, C::Null, H::Sha384, false)),
        (
            CipherSuite::TLS_GOSTR341112_256_WITH_MAGMA_MGM_S,
            fact(K::Tls13, A::Tls13, C::MagmaMgmS, H::Streebog256, false),
        ),
        (CipherSuite::ECC_SM4_CBC_SM3, fact(K::Sm2, A::Sm2, C::Sm4Cbc, H::Sm3, false)),
        (CipherSuite::TLS_FALLBACK_SCSV, None),
        (CipherSuite(0x0a0b), None),
    ] {
        assert_eq!(suite.facts().copied(), facts, "{suite}");
    }
    assert_eq!(Cipher::TripleDesEdeCbc.to_string(), "3DES_EDE_CBC");
}

/// The parts of a suite have the names that they have in it.
#[test]
fn parts_are_named_as_in_suites() {
    for &suite in CipherSuite::ALL {
        let (name, Some(facts)) = (any_name(suite), suite.facts()) else { continue };
        let odd_cipher = name.contains("DES_CBC_40") || (facts.cipher == Cipher::Null && suite.is_tls13());
        assert!(odd_cipher || name.contains(facts.cipher.name()), "{name}: {}", facts.cipher);
        let unsaid_hash = ["CCM", "CCM_8", "OMAC", "IMIT", "_MGM_L", "_MGM_S", "_LEGACY", "_DRAFT"];
        let says_hash = !unsaid_hash.iter().any(|end| name.ends_with(end)) && facts.hash != Hash::Streebog256;
        let ending = name.rsplit('_').next().unwrap_or_default();
        assert!(!says_hash || ending == facts.hash.name() || (ending == "SHA1" && facts.hash == Hash::Sha1), "{name}");
    }
}

/// Each group is of one kind, and its size is in its name.
#[test]
fn groups_are_what_their_names_say() {
    for &group in NamedGroup::ALL {
        let name = group.name().or(group.unregistered_name()).unwrap_or_default();
        let kinds = [group.is_post_quantum(), group.is_finite_field(), group.is_elliptic()];
        assert_eq!(kinds.iter().filter(|kind| **kind).count(), 1, "{name}");
        let quantum = ["MLKEM", "Kyber", "CECPQ"].iter().any(|part| name.contains(part));
        assert_eq!(group.is_post_quantum(), quantum, "{name}");
        assert_eq!(group.is_finite_field(), name.starts_with("ffdhe"), "{name}");
        let digits: String =
            name.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        let bits = match name {
            _ if name.starts_with("MLKEM") || name.starts_with("arbitrary") => None,
            _ if name.starts_with("X25519") || name.starts_with("CECPQ2") || name == "x25519" => Some(255),
            _ if name.starts_with("curveSM2") => Some(256),
            _ => digits.parse().ok(),
        };
        assert_eq!(group.bits(), bits, "{name}");
    }
    assert!(!NamedGroup(0x0a0a).is_elliptic() && !NamedGroup(0).is_elliptic());
}

#[test]
fn schemes_are_what_their_names_say() {
    for &scheme in SignatureScheme::ALL {
        let name = scheme.name().or(scheme.unregistered_name()).unwrap_or_default();
        let starts: [(&str, KeyType); 14] = [
            ("rsa_pkcs1_", KeyType::Rsa),
            ("rsa_pss_rsae_", KeyType::Rsa),
            ("rsa_pss_pss_", KeyType::RsaPss),
            ("dsa_", KeyType::Dsa),
            ("ecdsa_", KeyType::Ecdsa),
            ("ed25519", KeyType::Ed25519),
            ("ed448", KeyType::Ed448),
            ("mldsa", KeyType::MlDsa),
            ("slhdsa_", KeyType::SlhDsa),
            ("sm2sig_", KeyType::Sm2),
            ("gostr3410", KeyType::Gost),
            ("eccsi_", KeyType::IdentityBased),
            ("iso_ibs", KeyType::IdentityBased),
            ("iso_chinese_ibs", KeyType::IdentityBased),
        ];
        let expected = starts.iter().find(|(start, _)| name.starts_with(start)).map(|(_, key)| *key);
        assert!(expected.is_some(), "{name}");
        assert_eq!(scheme.key_type(), expected, "{name}");
        assert_eq!(scheme.uses_sha1(), name.ends_with("_sha1"), "{name}");
        assert_eq!(scheme.uses_md5(), name.ends_with("_md5"), "{name}");
    }
    assert_eq!(SignatureScheme(0x0a0a).key_type(), None);
    assert_eq!(SignatureScheme(0x0707).key_type(), Some(KeyType::IdentityBased));
}

/// The Rust files are those that the data gives.
#[test]
fn generated_files_are_current() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/refresh-registries");
    match Command::new("python3").arg(&script).arg("--check").output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => eprintln!("skipped: python3, which runs {}, is not there: {error}", script.display()),
    }
}
