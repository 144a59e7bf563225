//! The closed list of causes: one for each way in which a handshake can end badly.

use std::fmt;

/// Declares the list: variant, code, and a title of a few words for tables.
macro_rules! causes {
    ($($variant:ident = $code:literal, $title:literal;)*) => {
        /// Why a handshake failed or was abandoned. Consumers must expect the list to grow.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Cause {
            $(#[doc = $title] $variant,)*
        }

        impl Cause {
            /// The whole list, by family.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code that events carry.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What it is, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

causes! {
    VersionMismatch = "version_mismatch", "no TLS version in common";
    CipherSuiteMismatch = "cipher_suite_mismatch", "no cipher suite in common";
    GroupMismatch = "group_mismatch", "no key exchange group in common";
    SignatureSchemeMismatch = "signature_scheme_mismatch", "no signature scheme in common";
    WeakParameters = "weak_parameters", "the server's parameters are too weak for the client";
    UnsafeLegacyRenegotiation = "unsafe_legacy_renegotiation", "the server lacks secure renegotiation";
    ExtendedMasterSecretRequired = "extended_master_secret_required", "extended master secret is required";
    AlpnMismatch = "alpn_mismatch", "no application protocol in common";
    InappropriateFallback = "inappropriate_fallback", "the client fell back to a lower version";
    DowngradeDetected = "downgrade_detected", "something in between lowered the version";
    SessionReuseRequired = "session_reuse_required", "the data connection must resume the session";
    HandshakeFailure = "handshake_failure", "the server refused, for no visible reason";

    CertificateExpired = "certificate_expired", "the server's certificate has expired";
    CertificateNotYetValid = "certificate_not_yet_valid", "the server's certificate is not valid yet";
    CertificateNameMismatch = "certificate_name_mismatch", "the server's certificate is for another name";
    CertificateUntrusted = "certificate_untrusted", "the server's certificate is not trusted";
    CertificateRevoked = "certificate_revoked", "the server's certificate is revoked";
    RevocationUnavailable = "revocation_unavailable", "revocation of the server's certificate cannot be checked";
    CertificateUnsupported = "certificate_unsupported", "the server's certificate is of a kind the client does not take";
    TlsInterception = "tls_interception", "something in between replaces certificates";
    CertificateRejected = "certificate_rejected", "the client refused the server's certificate";

    ClientCertificateRequired = "client_certificate_required", "the server demands a client certificate";
    ClientCertificateRejected = "client_certificate_rejected", "the server refused the client's certificate";

    UnrecognizedName = "unrecognized_name", "the server does not serve this name";
    SniMissing = "sni_missing", "the client names no server";
    EchRejected = "ech_rejected", "Encrypted Client Hello was refused";
    PskRejected = "psk_rejected", "the pre-shared key was refused";
    AccessDenied = "access_denied", "access denied";
    ProtocolViolation = "protocol_violation", "a message breaks the protocol";
    CryptographicFailure = "cryptographic_failure", "a cryptographic check failed";
    InternalError = "internal_error", "an internal error";
    UserCanceled = "user_canceled", "canceled";

    ServerNotTls = "server_not_tls", "the server does not speak TLS here";
    ClientNotTls = "client_not_tls", "the client does not speak TLS";
    ProxyProtocolMismatch = "proxy_protocol_mismatch", "PROXY header where none is expected, or none where one is";
    StarttlsRefused = "starttls_refused", "STARTTLS was refused";
    ProxyRefused = "proxy_refused", "the proxy refused";
    QuicVersionMismatch = "quic_version_mismatch", "no QUIC version in common";
    UdpBlocked = "udp_blocked", "UDP does not get through";

    ConnectionRefused = "connection_refused", "the connection was refused";
    ConnectionTimeout = "connection_timeout", "the server did not answer";
    ServerClosed = "server_closed", "the server closed the connection";
    ServerSilent = "server_silent", "the server said nothing";
    ClientClosed = "client_closed", "the client left";
    NoClientHello = "no_client_hello", "nothing was said";
    MiddleboxReset = "middlebox_reset", "something in between reset the connection";
    ClientHelloLost = "client_hello_lost", "the ClientHello did not arrive";
    LargePacketLost = "large_packet_lost", "large packets do not get through";
    ServerFlightLost = "server_flight_lost", "the server's answer did not arrive";
    CaptureIncomplete = "capture_incomplete", "the capture lacks what would tell";
}

impl Cause {
    /// The cause with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.code() == code)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}
