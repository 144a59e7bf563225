//! What a cipher suite is made of, and what follows from that.
//!
//! The parts of every suite are derived from its name by `scripts/refresh-registries`, the unregistered ones included.
//! A suite without facts (unknown, GREASE or an SCSV) answers `false` to every question here: nothing is claimed of it.

use super::generated::{CipherSuite, FACTS};
use std::fmt;

/// Declares an enumeration whose variants have the name that they have in suites.
macro_rules! parts {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$about])* #[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl $name {
            /// The name, as it is written in the names of suites.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

parts! {
    /// How the two ends come to a secret. Anonymous suites are `Dhe` or `Ecdhe` without authentication.
    KeyExchange {
        Null = "NULL",
        Rsa = "RSA",
        Dh = "DH",
        Dhe = "DHE",
        Ecdh = "ECDH",
        Ecdhe = "ECDHE",
        Psk = "PSK",
        RsaPsk = "RSA_PSK",
        DhePsk = "DHE_PSK",
        EcdhePsk = "ECDHE_PSK",
        Srp = "SRP",
        EccPwd = "ECCPWD",
        EcJpake = "ECJPAKE",
        Krb5 = "KRB5",
        Fortezza = "FORTEZZA_KEA",
        /// X25519 with the post-quantum New Hope.
        Cecpq1 = "CECPQ1",
        /// To the server's static key; RFC 9189 and its forerunners.
        Gost = "GOST",
        /// TLCP: encryption to the server's SM2 key.
        Sm2 = "ECC",
        /// TLCP: encryption to the server's identity.
        Sm9 = "IBC",
        /// TLCP: key agreement between identities.
        Sm9Dh = "IBSDH",
        /// Not said by the suite: supported_groups and pre_shared_key do.
        Tls13 = "TLS13",
    }
}

parts! {
    /// What the server proves itself with.
    Authentication {
        Null = "NULL",
        Rsa = "RSA",
        Dss = "DSS",
        Ecdsa = "ECDSA",
        /// Nothing: whoever sits in between can take part.
        Anonymous = "anon",
        Psk = "PSK",
        /// SRP, ECCPWD or ECJPAKE without a certificate.
        Password = "PASSWORD",
        Krb5 = "KRB5",
        Gost = "GOST",
        Sm2 = "SM2",
        Sm9 = "SM9",
        /// Not said by the suite: signature_algorithms and pre_shared_key do.
        Tls13 = "TLS13",
    }
}

parts! {
    /// What encrypts the records.
    Cipher {
        Null = "NULL",
        Rc4_40 = "RC4_40",
        Rc4_56 = "RC4_56",
        Rc4_128 = "RC4_128",
        Rc2Cbc40 = "RC2_CBC_40",
        Rc2Cbc56 = "RC2_CBC_56",
        Des40Cbc = "DES40_CBC",
        DesCbc = "DES_CBC",
        TripleDesEdeCbc = "3DES_EDE_CBC",
        IdeaCbc = "IDEA_CBC",
        FortezzaCbc = "FORTEZZA_CBC",
        Aes128Cbc = "AES_128_CBC",
        Aes256Cbc = "AES_256_CBC",
        Aes128Gcm = "AES_128_GCM",
        Aes256Gcm = "AES_256_GCM",
        Aes128Ccm = "AES_128_CCM",
        Aes256Ccm = "AES_256_CCM",
        Aes128Ccm8 = "AES_128_CCM_8",
        Aes256Ccm8 = "AES_256_CCM_8",
        Chacha20Poly1305 = "CHACHA20_POLY1305",
        Camellia128Cbc = "CAMELLIA_128_CBC",
        Camellia256Cbc = "CAMELLIA_256_CBC",
        Camellia128Gcm = "CAMELLIA_128_GCM",
        Camellia256Gcm = "CAMELLIA_256_GCM",
        Aria128Cbc = "ARIA_128_CBC",
        Aria256Cbc = "ARIA_256_CBC",
        Aria128Gcm = "ARIA_128_GCM",
        Aria256Gcm = "ARIA_256_GCM",
        SeedCbc = "SEED_CBC",
        Salsa20 = "SALSA20",
        EstreamSalsa20 = "ESTREAM_SALSA20",
        Aegis128L = "AEGIS_128L",
        Aegis256 = "AEGIS_256",
        AsconAead128 = "ASCONAEAD128",
        Sm1 = "SM1",
        Sm4Cbc = "SM4_CBC",
        Sm4Gcm = "SM4_GCM",
        Sm4Ccm = "SM4_CCM",
        Gost28147Cnt = "28147_CNT",
        KuznyechikCtr = "KUZNYECHIK_CTR",
        KuznyechikMgmL = "KUZNYECHIK_MGM_L",
        KuznyechikMgmS = "KUZNYECHIK_MGM_S",
        MagmaCtr = "MAGMA_CTR",
        MagmaMgmL = "MAGMA_MGM_L",
        MagmaMgmS = "MAGMA_MGM_S",
    }
}

parts! {
    /// The hash: of the records' HMAC; with an AEAD, of the key derivation (SHA-256 where the name has none).
    Hash {
        Null = "NULL",
        Md5 = "MD5",
        Sha1 = "SHA",
        Sha256 = "SHA256",
        Sha384 = "SHA384",
        Sha512 = "SHA512",
        Sm3 = "SM3",
        AsconHash256 = "ASCONHASH256",
        /// GOST R 34.11-94.
        Gostr3411 = "GOSTR3411",
        /// GOST R 34.11-2012; the records have OMAC, IMIT or an AEAD.
        Streebog256 = "STREEBOG256",
    }
}

impl Cipher {
    /// The length of the tag that an AEAD adds to a record, in bytes.
    pub const fn aead_tag_length(self) -> Option<u8> {
        match self {
            // RFC 6655 section 4; Magma's tag is as long as its block (RFC 9367 section 4.1).
            Self::Aes128Ccm8 | Self::Aes256Ccm8 | Self::MagmaMgmL | Self::MagmaMgmS => Some(8),
            Self::Aes128Gcm
            | Self::Aes256Gcm
            | Self::Aes128Ccm
            | Self::Aes256Ccm
            | Self::Chacha20Poly1305
            | Self::Camellia128Gcm
            | Self::Camellia256Gcm
            | Self::Aria128Gcm
            | Self::Aria256Gcm
            | Self::Aegis128L
            | Self::Aegis256
            | Self::AsconAead128
            | Self::Sm4Gcm
            | Self::Sm4Ccm
            | Self::KuznyechikMgmL
            | Self::KuznyechikMgmS => Some(16),
            _ => None,
        }
    }
}

impl Hash {
    /// The length of its output, in bytes; 0 for none.
    pub const fn length(self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 | Self::Sm3 | Self::AsconHash256 | Self::Gostr3411 | Self::Streebog256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// What the name of a suite says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Facts {
    /// How the two ends come to a secret.
    pub key_exchange: KeyExchange,
    /// What the server proves itself with.
    pub authentication: Authentication,
    /// What encrypts the records.
    pub cipher: Cipher,
    /// The hash of the HMAC or of the key derivation.
    pub hash: Hash,
    /// Weakened on purpose, for the export rules of the 1990s.
    pub export: bool,
}

/// For the generated table: one line an entry.
pub(super) const fn fact(
    key_exchange: KeyExchange,
    authentication: Authentication,
    cipher: Cipher,
    hash: Hash,
    export: bool,
) -> Facts {
    Facts { key_exchange, authentication, cipher, hash, export }
}

impl CipherSuite {
    /// What the suite is made of; `None` for a suite that is not known, for GREASE and for an SCSV.
    pub fn facts(self) -> Option<&'static Facts> {
        let index = FACTS.binary_search_by_key(&self.0, |entry| entry.0).ok()?;
        FACTS.get(index).map(|entry| &entry.1)
    }

    /// How the two ends come to a secret.
    pub fn key_exchange(self) -> Option<KeyExchange> {
        self.facts().map(|facts| facts.key_exchange)
    }

    /// What the server proves itself with.
    pub fn authentication(self) -> Option<Authentication> {
        self.facts().map(|facts| facts.authentication)
    }

    /// What encrypts the records.
    pub fn cipher(self) -> Option<Cipher> {
        self.facts().map(|facts| facts.cipher)
    }

    /// The hash of the HMAC or of the key derivation.
    pub fn hash(self) -> Option<Hash> {
        self.facts().map(|facts| facts.hash)
    }

    /// For TLS 1.3 only.
    pub fn is_tls13(self) -> bool {
        self.key_exchange() == Some(KeyExchange::Tls13)
    }

    /// The server proves nothing.
    pub fn is_anonymous(self) -> bool {
        self.authentication() == Some(Authentication::Anonymous)
    }

    /// Weakened on purpose, for the export rules of the 1990s.
    pub fn is_export(self) -> bool {
        self.facts().is_some_and(|facts| facts.export)
    }

    /// Records are readable by anyone.
    pub fn is_null_encryption(self) -> bool {
        self.cipher() == Some(Cipher::Null)
    }

    /// RC4 (RFC 7465).
    pub fn uses_rc4(self) -> bool {
        matches!(self.cipher(), Some(Cipher::Rc4_40 | Cipher::Rc4_56 | Cipher::Rc4_128))
    }

    /// Single DES, of 40 or 56 bits.
    pub fn uses_des(self) -> bool {
        matches!(self.cipher(), Some(Cipher::Des40Cbc | Cipher::DesCbc))
    }

    /// Triple DES, whose 64-bit block lets Sweet32 work.
    pub fn uses_3des(self) -> bool {
        self.cipher() == Some(Cipher::TripleDesEdeCbc)
    }

    /// The client encrypts the secret to the server's RSA key, alone or beside a PSK: no forward secrecy (RFC 10015).
    pub fn is_static_rsa(self) -> bool {
        matches!(self.key_exchange(), Some(KeyExchange::Rsa | KeyExchange::RsaPsk))
    }

    /// A key stolen later does not open what was recorded today. True of TLS 1.3, unless it resumes with psk_ke, which
    /// the suite does not say.
    pub fn is_forward_secret(self) -> bool {
        use KeyExchange::{Cecpq1, Dhe, DhePsk, EcJpake, EccPwd, Ecdhe, EcdhePsk, Sm9Dh, Srp, Tls13};
        matches!(
            self.key_exchange(),
            Some(Cecpq1 | Dhe | DhePsk | EcJpake | EccPwd | Ecdhe | EcdhePsk | Sm9Dh | Srp | Tls13)
        )
    }

    /// Encryption and integrity in one.
    pub fn is_aead(self) -> bool {
        self.aead_tag_length().is_some()
    }

    /// A PSK takes part in the key exchange. TLS 1.3 suites do not say.
    pub fn uses_psk(self) -> bool {
        use KeyExchange::{DhePsk, EcdhePsk, Psk, RsaPsk};
        matches!(self.key_exchange(), Some(DhePsk | EcdhePsk | Psk | RsaPsk))
    }

    /// The length of the tag that an AEAD adds to a record, in bytes: 16, or 8 for CCM_8 and Magma.
    pub fn aead_tag_length(self) -> Option<u8> {
        self.cipher().and_then(Cipher::aead_tag_length)
    }

    /// The length of the hash of a TLS 1.3 suite, and so of its Finished, in bytes: 32, 48, or 64.
    pub fn hash_length(self) -> Option<u8> {
        self.facts().filter(|_| self.is_tls13()).map(|facts| facts.hash.length())
    }

    /// A signaling value among the offers: it says something of the client, and no server can select it.
    pub fn is_signaling(self) -> bool {
        matches!(self, Self::TLS_EMPTY_RENEGOTIATION_INFO_SCSV | Self::TLS_FALLBACK_SCSV)
    }
}
