//! The key behind a signature scheme, and the hashes that are too weak to sign with.

use super::generated::{HashAlgorithm, SignatureScheme};

/// The type of key that signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// RSA, with an rsaEncryption key: PKCS #1 v1.5 or PSS.
    Rsa,
    /// RSA, with a key that is for PSS alone.
    RsaPss,
    /// DSA.
    Dsa,
    /// ECDSA; in TLS 1.3 the scheme names the curve as well.
    Ecdsa,
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// ML-DSA (FIPS 204).
    MlDsa,
    /// SLH-DSA (FIPS 205).
    SlhDsa,
    /// SM2.
    Sm2,
    /// GOST R 34.10 of 2001 or 2012.
    Gost,
    /// Identity-based, without a certificate.
    IdentityBased,
}

impl SignatureScheme {
    /// The type of key that signs; `None` for a scheme that is not known.
    pub const fn key_type(self) -> Option<KeyType> {
        Some(match self {
            Self::RSA_PKCS1_SHA256_LEGACY
            | Self::RSA_PKCS1_SHA384_LEGACY
            | Self::RSA_PKCS1_SHA512_LEGACY
            | Self::RSA_PSS_RSAE_SHA256
            | Self::RSA_PSS_RSAE_SHA384
            | Self::RSA_PSS_RSAE_SHA512 => KeyType::Rsa,
            Self::RSA_PSS_PSS_SHA256 | Self::RSA_PSS_PSS_SHA384 | Self::RSA_PSS_PSS_SHA512 => KeyType::RsaPss,
            Self::ECDSA_BRAINPOOLP256R1TLS13_SHA256
            | Self::ECDSA_BRAINPOOLP384R1TLS13_SHA384
            | Self::ECDSA_BRAINPOOLP512R1TLS13_SHA512 => KeyType::Ecdsa,
            Self::ED25519 => KeyType::Ed25519,
            Self::ED448 => KeyType::Ed448,
            Self::SM2SIG_SM3 => KeyType::Sm2,
            Self::ECCSI_SHA256 | Self::ISO_IBS1 | Self::ISO_IBS2 | Self::ISO_CHINESE_IBS => KeyType::IdentityBased,
            _ => match self.0.to_be_bytes() {
                // The pairs of RFC 5246 section 7.4.1.4.1: MD5 to SHA-512, then the signature.
                [1..=6, 1] => KeyType::Rsa,
                [1..=6, 2] => KeyType::Dsa,
                [1..=6, 3] => KeyType::Ecdsa,
                [0x07, 0x09..=0x0f] | [0x08, 0x40 | 0x41] | [0xed, 0xed] | [0xee, 0xee] | [0xef, 0xef] => KeyType::Gost,
                [0x09, 0x04..=0x06] => KeyType::MlDsa,
                [0x09, 0x11..=0x1c] => KeyType::SlhDsa,
                _ => return None,
            },
        })
    }

    /// Signs a SHA-1 hash (RFC 9155).
    pub const fn uses_sha1(self) -> bool {
        self.is_pair_with(HashAlgorithm::SHA1)
    }

    /// Signs an MD5 hash (RFC 9155).
    pub const fn uses_md5(self) -> bool {
        self.is_pair_with(HashAlgorithm::MD5)
    }

    const fn is_pair_with(self, hash: HashAlgorithm) -> bool {
        let [high, low] = self.0.to_be_bytes();
        high == hash.0 && matches!(low, 1..=3)
    }
}
