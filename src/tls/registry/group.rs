//! The kind and size of a named group.

use super::generated::NamedGroup;

impl NamedGroup {
    /// Holds against a quantum computer: ML-KEM or its forerunners, alone or beside a curve.
    pub const fn is_post_quantum(self) -> bool {
        matches!(
            self,
            Self::MLKEM512
                | Self::MLKEM768
                | Self::MLKEM1024
                | Self::SECP256R1MLKEM768
                | Self::X25519MLKEM768
                | Self::SECP384R1MLKEM1024
                | Self::CURVESM2MLKEM768
                | Self::X25519KYBER768DRAFT00
                | Self::SECP256R1KYBER768DRAFT00
                | Self::X25519KYBER512DRAFT00
                | Self::X25519KYBER768DRAFT00OLD
                | Self::CECPQ2
                | Self::CECPQ2B
        )
    }

    /// A finite field group of RFC 7919, or of the range that it keeps for private use.
    pub const fn is_finite_field(self) -> bool {
        matches!(self.0, 0x0100..=0x0104 | 0x01fc..=0x01ff)
    }

    /// An elliptic curve and nothing else.
    pub const fn is_elliptic(self) -> bool {
        matches!(self, Self::ARBITRARY_EXPLICIT_PRIME_CURVES | Self::ARBITRARY_EXPLICIT_CHAR2_CURVES)
            || matches!(self.0, 0x0001..=0x0029)
    }

    /// The size of the field in bits, of a hybrid that of its curve; `None` where the number does not say, and for a
    /// post-quantum KEM alone.
    pub const fn bits(self) -> Option<u16> {
        Some(match self {
            Self::SECP160K1 | Self::SECP160R1 | Self::SECP160R2 => 160,
            Self::SECT163K1 | Self::SECT163R1 | Self::SECT163R2 => 163,
            Self::SECP192K1 | Self::SECP192R1 => 192,
            Self::SECT193R1 | Self::SECT193R2 => 193,
            Self::SECP224K1 | Self::SECP224R1 => 224,
            Self::SECT233K1 | Self::SECT233R1 => 233,
            Self::SECT239K1 => 239,
            Self::X25519
            | Self::X25519MLKEM768
            | Self::X25519KYBER768DRAFT00
            | Self::X25519KYBER512DRAFT00
            | Self::X25519KYBER768DRAFT00OLD
            | Self::CECPQ2
            | Self::CECPQ2B => 255,
            Self::SECP256K1
            | Self::SECP256R1
            | Self::BRAINPOOLP256R1
            | Self::BRAINPOOLP256R1TLS13
            | Self::GC256A
            | Self::GC256B
            | Self::GC256C
            | Self::GC256D
            | Self::CURVESM2
            | Self::SECP256R1MLKEM768
            | Self::CURVESM2MLKEM768
            | Self::SECP256R1KYBER768DRAFT00 => 256,
            Self::SECT283K1 | Self::SECT283R1 => 283,
            Self::SECP384R1 | Self::BRAINPOOLP384R1 | Self::BRAINPOOLP384R1TLS13 | Self::SECP384R1MLKEM1024 => 384,
            Self::SECT409K1 | Self::SECT409R1 => 409,
            Self::X448 => 448,
            Self::BRAINPOOLP512R1 | Self::BRAINPOOLP512R1TLS13 | Self::GC512A | Self::GC512B | Self::GC512C => 512,
            Self::SECP521R1 => 521,
            Self::SECT571K1 | Self::SECT571R1 => 571,
            Self::FFDHE2048 => 2048,
            Self::FFDHE3072 => 3072,
            Self::FFDHE4096 => 4096,
            Self::FFDHE6144 => 6144,
            Self::FFDHE8192 => 8192,
            _ => return None,
        })
    }
}
