//! Protocol versions. IANA has no registry for them: the numbers are in the protocols' own specifications.

use std::fmt;

/// A protocol version as in records, hellos and supported_versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProtocolVersion(pub u16);

impl ProtocolVersion {
    /// SSL 2.0, as in its own ClientHello.
    pub const SSL_2_0: Self = Self(0x0002);
    /// SSL 3.0 (RFC 6101).
    pub const SSL_3_0: Self = Self(0x0300);
    /// TLS 1.0 (RFC 2246).
    pub const TLS_1_0: Self = Self(0x0301);
    /// TLS 1.1 (RFC 4346).
    pub const TLS_1_1: Self = Self(0x0302);
    /// TLS 1.2 (RFC 5246).
    pub const TLS_1_2: Self = Self(0x0303);
    /// TLS 1.3 (RFC 8446).
    pub const TLS_1_3: Self = Self(0x0304);
    /// DTLS 1.0 (RFC 4347).
    pub const DTLS_1_0: Self = Self(0xfeff);
    /// DTLS 1.2 (RFC 6347).
    pub const DTLS_1_2: Self = Self(0xfefd);
    /// DTLS 1.3 (RFC 9147).
    pub const DTLS_1_3: Self = Self(0xfefc);

    /// TLS 1.3, or one of its drafts (also Facebook's). DTLS 1.3 is not.
    pub const fn is_tls13(self) -> bool {
        self.0 == Self::TLS_1_3.0 || self.draft().is_some()
    }

    /// The number of the TLS 1.3 draft, 28 for 0x7f1c; Facebook's own are 0xfb followed by the draft they grew from.
    pub const fn draft(self) -> Option<u8> {
        match self.0.to_be_bytes() {
            [0x7f | 0xfb, draft] => Some(draft),
            _ => None,
        }
    }

    /// A version that has a name.
    pub const fn is_known(self) -> bool {
        self.name().is_some() || self.draft().is_some()
    }

    /// A value reserved by RFC 8701, which a client sends to see that unknown values are ignored.
    pub const fn is_grease(self) -> bool {
        super::is_grease(self.0)
    }

    /// The name, unless it is a draft: those have a number in them, see [`fmt::Display`].
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::SSL_2_0 => "SSL 2.0",
            Self::SSL_3_0 => "SSL 3.0",
            Self::TLS_1_0 => "TLS 1.0",
            Self::TLS_1_1 => "TLS 1.1",
            Self::TLS_1_2 => "TLS 1.2",
            Self::TLS_1_3 => "TLS 1.3",
            Self::DTLS_1_0 => "DTLS 1.0",
            Self::DTLS_1_2 => "DTLS 1.2",
            Self::DTLS_1_3 => "DTLS 1.3",
            _ => return None,
        })
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), self.0.to_be_bytes()) {
            (Some(name), _) => f.pad(name),
            (None, [0x7f, draft]) => write!(f, "TLS 1.3 draft-{draft:02}"),
            (None, [0xfb, draft]) => write!(f, "TLS 1.3 draft-{draft:02} (Facebook)"),
            (None, _) => super::fmt_u16(self.0, f),
        }
    }
}
