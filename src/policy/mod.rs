//! Findings: what is weak in what was negotiated, by codes from one closed list.
//!
//! Only what the two ends agreed on counts, never what was merely offered: a client that still lists RC4 and gets AES is
//! in order. The list is short on purpose. A finding has to mean that somebody should change something, so what is
//! common in healthy TLS 1.2 (CBC suites, no extended master secret) is not on it.

use crate::tls::registry::{
    Cipher, CipherSuite, CompressionMethod, KeyExchange, NamedGroup, ProtocolVersion, SignatureScheme,
};
use crate::x509::{CertificateFacts, WeakDigest};
use std::fmt;
use std::sync::Arc;

/// A finite-field group of fewer bits is weak (RFC 7919, RFC 9325 4.1).
pub const MIN_DH_BITS: u32 = 2048;
/// An RSA key of fewer bits is short (RFC 9325 4.5).
pub const MIN_RSA_BITS: u32 = 2048;
/// A curve over a field of fewer bits is weak (RFC 8422 5.1.1 dropped them all).
pub const MIN_CURVE_BITS: u16 = 224;

/// Declares the list: variant, code, and one line that says what it is.
macro_rules! findings {
    ($($variant:ident = $code:literal, $summary:literal;)*) => {
        /// One weakness. The order is that of the list, worst first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Finding {
            $(#[doc = $summary] $variant,)*
        }

        impl Finding {
            /// The whole list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code that events carry.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What it is, in one line.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)* }
            }
        }
    };
}

findings! {
    WeakCipherSuite = "weak_cipher_suite", "The cipher suite is broken; the codes beside this one say why.";
    NullEncryption = "null_encryption", "Records are not encrypted: everybody on the path can read them.";
    AnonymousKeyExchange = "anonymous_key_exchange", "Neither side proves who it is: anybody on the path can take the server's place.";
    ExportCipher = "export_cipher", "An export suite of the 1990s with keys of 40 or 56 bits, broken in seconds to hours.";
    Rc4 = "rc4", "RC4, whose biases give away repeated plaintext (RFC 7465 forbids it).";
    Des = "des", "Single DES with keys of 56 bits or less, broken by trying them all.";
    TripleDes = "3des", "Triple DES: blocks of 64 bits collide after some gigabytes (Sweet32).";
    Idea = "idea", "IDEA: blocks of 64 bits collide after some gigabytes (Sweet32).";
    ObsoleteVersion = "obsolete_version", "SSL 2.0, SSL 3.0, TLS 1.0, TLS 1.1 or DTLS 1.0, all withdrawn.";
    WeakDhGroup = "weak_dh_group", "Diffie-Hellman in a group of less than 2048 bits (Logjam).";
    WeakCurve = "weak_curve", "A curve of less than 224 bits.";
    StaticRsa = "static_rsa", "RSA key transport: whoever gets the server's key later reads what was recorded today.";
    StaticDh = "static_dh", "Diffie-Hellman with the key in the certificate: no forward secrecy.";
    Md5Signature = "md5_signature", "The server signed the handshake over an MD5 digest (SLOTH).";
    Sha1Signature = "sha1_signature", "The server signed the handshake over a SHA-1 digest (RFC 9155 forbids it).";
    Md5Certificate = "md5_certificate", "A certificate of the chain is signed over an MD5 digest, so it can be forged.";
    Sha1Certificate = "sha1_certificate", "A certificate of the chain is signed over a SHA-1 digest, for which collisions are bought.";
    ShortRsaKey = "short_rsa_key", "A certificate of the chain has an RSA key of less than 2048 bits.";
    Compression = "compression", "TLS compression, which gives away secrets by length (CRIME).";
    NoSecureRenegotiation = "no_secure_renegotiation", "The server does not know secure renegotiation (RFC 5746); modern clients refuse it.";
}

impl Finding {
    /// The finding with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|finding| finding.code() == code)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// What was agreed in one handshake, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Agreed<'a> {
    /// The version.
    pub version: Option<ProtocolVersion>,
    /// The cipher suite.
    pub cipher_suite: Option<CipherSuite>,
    /// The group of the key exchange.
    pub named_group: Option<NamedGroup>,
    /// Bits of the prime in a DHE ServerKeyExchange.
    pub dh_bits: Option<u32>,
    /// The scheme of the server's signature over the handshake.
    pub signature_scheme: Option<SignatureScheme>,
    /// The compression method.
    pub compression: Option<CompressionMethod>,
    /// Whether the server answered the client's renegotiation_info; absent where the client did not ask, and in TLS 1.3.
    pub secure_renegotiation: Option<bool>,
    /// The server's certificates, its own first.
    pub server_chain: &'a [Arc<CertificateFacts>],
}

/// What is weak in it, in the order of the list, each once.
pub fn findings(agreed: &Agreed<'_>) -> Vec<Finding> {
    Finding::ALL.iter().copied().filter(|finding| applies(*finding, agreed)).collect()
}

/// The rule behind each finding.
fn applies(finding: Finding, agreed: &Agreed<'_>) -> bool {
    let suite = |test: fn(CipherSuite) -> bool| agreed.cipher_suite.is_some_and(test);
    let scheme = |test: fn(SignatureScheme) -> bool| agreed.signature_scheme.is_some_and(test);
    let certificate = |test: fn(&CertificateFacts) -> bool| judged(agreed.server_chain).any(test);
    match finding {
        Finding::WeakCipherSuite => suite(is_broken),
        Finding::NullEncryption => suite(CipherSuite::is_null_encryption),
        Finding::AnonymousKeyExchange => suite(CipherSuite::is_anonymous),
        Finding::ExportCipher => suite(CipherSuite::is_export),
        Finding::Rc4 => suite(CipherSuite::uses_rc4),
        Finding::Des => suite(CipherSuite::uses_des),
        Finding::TripleDes => suite(CipherSuite::uses_3des),
        Finding::Idea => suite(uses_idea),
        Finding::ObsoleteVersion => agreed.version.is_some_and(is_obsolete),
        Finding::WeakDhGroup => agreed.dh_bits.is_some_and(|bits| bits < MIN_DH_BITS),
        Finding::WeakCurve => agreed.named_group.is_some_and(is_weak_curve),
        Finding::StaticRsa => suite(CipherSuite::is_static_rsa),
        Finding::StaticDh => suite(is_static_dh),
        Finding::Md5Signature => scheme(SignatureScheme::uses_md5),
        Finding::Sha1Signature => scheme(SignatureScheme::uses_sha1),
        Finding::Md5Certificate => certificate(|facts| facts.weak_digest == Some(WeakDigest::Md5)),
        Finding::Sha1Certificate => certificate(|facts| facts.weak_digest == Some(WeakDigest::Sha1)),
        Finding::ShortRsaKey => certificate(has_short_rsa_key),
        Finding::Compression => agreed.compression.is_some_and(|method| method != CompressionMethod::NULL),
        Finding::NoSecureRenegotiation => agreed.secure_renegotiation == Some(false),
    }
}

/// Versions that RFC 6176, RFC 7568 and RFC 8996 withdraw.
pub fn is_obsolete(version: ProtocolVersion) -> bool {
    matches!(
        version,
        ProtocolVersion::SSL_2_0
            | ProtocolVersion::SSL_3_0
            | ProtocolVersion::TLS_1_0
            | ProtocolVersion::TLS_1_1
            | ProtocolVersion::DTLS_1_0
    )
}

/// A suite that protects nothing, or no longer.
pub fn is_broken(suite: CipherSuite) -> bool {
    suite.is_null_encryption()
        || suite.is_anonymous()
        || suite.is_export()
        || suite.uses_rc4()
        || suite.uses_des()
        || suite.uses_3des()
        || uses_idea(suite)
}

/// The key of the certificate is itself the Diffie-Hellman share.
pub fn is_static_dh(suite: CipherSuite) -> bool {
    matches!(suite.key_exchange(), Some(KeyExchange::Dh | KeyExchange::Ecdh))
}

/// A curve over a field of less than [`MIN_CURVE_BITS`].
pub fn is_weak_curve(group: NamedGroup) -> bool {
    group.is_elliptic() && group.bits().is_some_and(|bits| bits < MIN_CURVE_BITS)
}

fn uses_idea(suite: CipherSuite) -> bool {
    suite.cipher() == Some(Cipher::IdeaCbc)
}

fn has_short_rsa_key(facts: &CertificateFacts) -> bool {
    facts.key.as_ref().and_then(crate::x509::PublicKey::rsa_bits).is_some_and(|bits| bits < MIN_RSA_BITS)
}

/// The server's own certificate and those that vouch for it. A root among them is trusted for itself, not for its
/// signature, and clients use the one that they have.
fn judged(chain: &[Arc<CertificateFacts>]) -> impl Iterator<Item = &CertificateFacts> {
    let own = chain.first();
    let issuers = chain.iter().skip(1).filter(|facts| facts.self_signed != Some(true));
    own.into_iter().chain(issuers).map(Arc::as_ref)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::PublicKey;

    fn codes(agreed: &Agreed<'_>) -> Vec<&'static str> {
        findings(agreed).into_iter().map(Finding::code).collect()
    }

    fn of_suite(cipher_suite: CipherSuite) -> Vec<&'static str> {
        codes(&Agreed { cipher_suite: Some(cipher_suite), ..Agreed::default() })
    }

    fn certificate(key: PublicKey, weak_digest: Option<WeakDigest>, self_signed: bool) -> Arc<CertificateFacts> {
        let unread = CertificateFacts::read(&[]);
        Arc::new(CertificateFacts { key: Some(key), weak_digest, self_signed: Some(self_signed), ..unread })
    }

    #[test]
    fn a_modern_handshake_has_no_findings() {
        let chain = [certificate(PublicKey::Rsa(2048), None, false)];
        let agreed = Agreed {
            version: Some(ProtocolVersion::TLS_1_3),
            cipher_suite: Some(CipherSuite::TLS_AES_128_GCM_SHA256),
            named_group: Some(NamedGroup::X25519MLKEM768),
            signature_scheme: Some(SignatureScheme::RSA_PSS_RSAE_SHA256),
            compression: Some(CompressionMethod::NULL),
            server_chain: &chain,
            ..Agreed::default()
        };
        assert!(codes(&agreed).is_empty());
    }

    #[test]
    fn what_is_not_known_is_not_found() {
        assert!(codes(&Agreed::default()).is_empty());
        assert!(of_suite(CipherSuite(0x1a2b)).is_empty());
    }

    #[test]
    fn broken_suites_have_the_umbrella_and_their_reasons() {
        use CipherSuite as S;
        assert_eq!(of_suite(S::TLS_RSA_WITH_RC4_128_SHA), ["weak_cipher_suite", "rc4", "static_rsa"]);
        assert_eq!(of_suite(S::TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA), ["weak_cipher_suite", "3des"]);
        assert_eq!(of_suite(S::TLS_RSA_WITH_NULL_SHA256), ["weak_cipher_suite", "null_encryption", "static_rsa"]);
        assert_eq!(of_suite(S::TLS_SHA256_SHA256), ["weak_cipher_suite", "null_encryption"]);
        assert_eq!(
            of_suite(S::TLS_DH_ANON_EXPORT_WITH_DES40_CBC_SHA),
            ["weak_cipher_suite", "anonymous_key_exchange", "export_cipher", "des"]
        );
        assert_eq!(of_suite(S::TLS_RSA_WITH_IDEA_CBC_SHA), ["weak_cipher_suite", "idea", "static_rsa"]);
    }

    #[test]
    fn a_suite_without_forward_secrecy_is_weak_but_not_broken() {
        assert_eq!(of_suite(CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256), ["static_rsa"]);
        assert_eq!(of_suite(CipherSuite::TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA), ["static_dh"]);
        assert!(of_suite(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA).is_empty());
        assert!(of_suite(CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256).is_empty());
    }

    #[test]
    fn versions_before_1_2_are_obsolete_and_drafts_of_1_3_are_not() {
        let found = |code| codes(&Agreed { version: Some(ProtocolVersion(code)), ..Agreed::default() });
        for code in [0x0002, 0x0300, 0x0301, 0x0302, 0xfeff] {
            assert_eq!(found(code), ["obsolete_version"], "{code:#06x}");
        }
        for code in [0x0303, 0x0304, 0x7f1c, 0xfb1a, 0xfefd, 0xfefc, 0x0305] {
            assert!(found(code).is_empty(), "{code:#06x}");
        }
    }

    #[test]
    fn small_groups_are_weak() {
        let dh = |bits| codes(&Agreed { dh_bits: Some(bits), ..Agreed::default() });
        assert_eq!(dh(1024), ["weak_dh_group"]);
        assert_eq!(dh(2047), ["weak_dh_group"]);
        assert!(dh(2048).is_empty());
        let curve = |group| codes(&Agreed { named_group: Some(group), ..Agreed::default() });
        assert_eq!(curve(NamedGroup::SECP192R1), ["weak_curve"]);
        assert_eq!(curve(NamedGroup::SECT163K1), ["weak_curve"]);
        for group in [NamedGroup::SECP224R1, NamedGroup::X25519, NamedGroup::FFDHE2048, NamedGroup::MLKEM768] {
            assert!(curve(group).is_empty(), "{group}");
        }
    }

    #[test]
    fn signatures_over_weak_digests_are_found() {
        let found = |scheme| codes(&Agreed { signature_scheme: Some(scheme), ..Agreed::default() });
        assert_eq!(found(SignatureScheme::RSA_PKCS1_SHA1), ["sha1_signature"]);
        assert_eq!(found(SignatureScheme(0x0101)), ["md5_signature"]);
        assert!(found(SignatureScheme::ECDSA_SECP256R1_SHA256).is_empty());
    }

    #[test]
    fn the_chain_is_judged_but_for_its_root() {
        let found = |chain: &[Arc<CertificateFacts>]| codes(&Agreed { server_chain: chain, ..Agreed::default() });
        let good = certificate(PublicKey::Rsa(2048), None, false);
        let old = |self_signed| certificate(PublicKey::Rsa(1024), Some(WeakDigest::Sha1), self_signed);
        assert_eq!(found(&[good.clone(), old(false)]), ["sha1_certificate", "short_rsa_key"]);
        assert!(found(&[good.clone(), good.clone(), old(true)]).is_empty(), "a root");
        assert_eq!(found(&[old(true)]), ["sha1_certificate", "short_rsa_key"], "the server's own");
        let md5 = certificate(PublicKey::Ec(None), Some(WeakDigest::Md5), false);
        assert_eq!(found(&[md5]), ["md5_certificate"]);
    }

    #[test]
    fn compression_and_insecure_renegotiation_are_found() {
        let compressed = Agreed { compression: Some(CompressionMethod(1)), ..Agreed::default() };
        assert_eq!(codes(&compressed), ["compression"]);
        let insecure = Agreed { secure_renegotiation: Some(false), ..Agreed::default() };
        assert_eq!(codes(&insecure), ["no_secure_renegotiation"]);
        assert!(codes(&Agreed { secure_renegotiation: Some(true), ..Agreed::default() }).is_empty());
    }

    #[test]
    fn every_finding_has_its_own_code_and_one_line() {
        let mut seen = std::collections::HashSet::new();
        for finding in Finding::ALL {
            let code = finding.code();
            assert!(seen.insert(code), "{code}");
            assert!(
                code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
                "{code}"
            );
            assert!(finding.summary().ends_with('.') && !finding.summary().contains('\n'), "{code}");
            assert_eq!(Finding::from_code(code), Some(*finding));
        }
    }
}
