//! Extensions: what each is for.

use super::Explanation;
use super::registered::row;
use crate::tls::registry::ExtensionType;

pub(super) fn explain(extension: ExtensionType) -> Explanation {
    let name = extension.name().or(extension.unregistered_name()).unwrap_or("unnamed");
    let row = row("extension_type", extension.0);
    Explanation::new(format!("{name}, extension {} ({:#06x})", extension.0, extension.0))
        .with("What it is", text(extension))
        .with("Defined in", row.map_or("", |row| row.reference))
        .with("Note", row.map_or("", |row| row.note))
}

#[rustfmt::skip]
fn text(extension: ExtensionType) -> &'static str {
    use ExtensionType as E;
    match extension {
        E::SERVER_NAME => "The host name that the client wants (SNI), in the clear. Servers with several certificates choose by it; without it, or with a name that they do not serve, they send a default one or refuse.",
        E::MAX_FRAGMENT_LENGTH => "The client asks for records of 512 to 4096 bytes at the most. record_size_limit has taken its place.",
        E::CLIENT_CERTIFICATE_URL => "The client may send a URL in place of its certificate. Hardly used.",
        E::TRUSTED_CA_KEYS => "The authorities that the client trusts. Hardly used; certificate_authorities has taken its place.",
        E::TRUNCATED_HMAC => "A MAC of 10 bytes. Withdrawn: it is too short.",
        E::STATUS_REQUEST => "The client asks for an OCSP response beside the certificate (stapling), to see whether it was revoked.",
        E::SUPPORTED_GROUPS => "The groups for the key exchange that the client can use, best first. Called elliptic_curves before TLS 1.3.",
        E::EC_POINT_FORMATS => "How points on curves may be written. Only uncompressed points are in use; TLS 1.3 does without it.",
        E::SRP => "The user name for SRP suites.",
        E::SIGNATURE_ALGORITHMS => "The signatures that the sender can verify. A server without a certificate that fits refuses with handshake_failure.",
        E::USE_SRTP => "DTLS keys media streams of RTP with it (WebRTC).",
        E::HEARTBEAT => "Keep-alive messages, mostly for DTLS. The Heartbleed fault of OpenSSL was in it.",
        E::APPLICATION_LAYER_PROTOCOL_NEGOTIATION => "The application protocols that the client speaks (ALPN): h2, http/1.1 and so on. The server selects one, or refuses with no_application_protocol.",
        E::STATUS_REQUEST_V2 => "As status_request, for the whole chain. Withdrawn with TLS 1.3.",
        E::SIGNED_CERTIFICATE_TIMESTAMP => "Certificate Transparency: proofs that the certificate was entered into public logs.",
        E::CLIENT_CERTIFICATE_TYPE => "The forms in which the client can show its key: X.509, or a raw public key.",
        E::SERVER_CERTIFICATE_TYPE => "The forms in which the server may show its key: X.509, or a raw public key.",
        E::PADDING => "Zeros that bring the ClientHello to another length, past faults of old servers and load balancers.",
        E::ENCRYPT_THEN_MAC => "CBC suites with the MAC over the encrypted bytes, which ends the padding attacks. TLS 1.2 and before.",
        E::EXTENDED_MASTER_SECRET => "The master secret depends on the whole handshake, which ends the triple-handshake attack. TLS 1.2 and before; servers under FIPS rules require it.",
        E::TOKEN_BINDING => "Ties cookies and tokens to the connection. Given up by browsers.",
        E::CACHED_INFO => "The client knows the certificate already, so the server need not send it. Hardly used.",
        E::TLS_LTS => "A profile of TLS 1.2 for long-lived devices. Hardly used.",
        E::COMPRESS_CERTIFICATE => "The sender can unpack compressed certificates (zlib, brotli, zstd). TLS 1.3.",
        E::RECORD_SIZE_LIMIT => "The largest record that the sender will take.",
        E::DELEGATED_CREDENTIAL => "The client accepts short-lived keys that the certificate's own key has signed.",
        E::SESSION_TICKET => "Resumption by ticket in TLS 1.2: the server gives the client its state, encrypted. TLS 1.3 does it with pre_shared_key.",
        E::PRE_SHARED_KEY => "TLS 1.3: keys that both sides have already, from an earlier connection (resumption) or from outside. Always the last extension of ClientHello.",
        E::EARLY_DATA => "TLS 1.3: the client sends application data with its first flight (0-RTT). Such data can be replayed.",
        E::SUPPORTED_VERSIONS => "The versions that the client speaks; in ServerHello the one that was selected. Without it the highest is TLS 1.2.",
        E::COOKIE => "TLS 1.3: a value of the HelloRetryRequest that the client has to bring back.",
        E::PSK_KEY_EXCHANGE_MODES => "TLS 1.3: whether a pre-shared key is used alone (psk_ke, no forward secrecy) or with a new key exchange (psk_dhe_ke).",
        E::CERTIFICATE_AUTHORITIES => "TLS 1.3: the authorities that the sender accepts, for the other side to choose its certificate by.",
        E::OID_FILTERS => "TLS 1.3: what a client certificate has to contain.",
        E::POST_HANDSHAKE_AUTH => "TLS 1.3: the client can be asked for a certificate later in the connection.",
        E::SIGNATURE_ALGORITHMS_CERT => "The signatures that the sender can verify in certificates, where they differ from signature_algorithms.",
        E::KEY_SHARE => "TLS 1.3: public keys for the groups that the client bets on; in ServerHello the server's. A lost bet costs a round trip (HelloRetryRequest).",
        E::CONNECTION_ID => "DTLS: an id that outlives a change of address.",
        E::QUIC_TRANSPORT_PARAMETERS | E::QUIC_TRANSPORT_PARAMETERS_DRAFT => "The parameters of the QUIC connection; QUIC only.",
        E::TICKET_REQUEST => "TLS 1.3: how many tickets the client would like.",
        E::DNSSEC_CHAIN => "The DNSSEC records that vouch for the server's key (DANE).",
        E::TLS_FLAGS => "One-bit extensions, packed into one.",
        E::NEXT_PROTOCOL_NEGOTIATION => "The forerunner of ALPN, for SPDY. Obsolete.",
        E::APPLICATION_SETTINGS | E::APPLICATION_SETTINGS_OLD => "Settings of the application protocol within the handshake (ALPS), for HTTP/2 of Chrome.",
        E::CHANNEL_ID | E::CHANNEL_ID_OLD => "A key of the client that cookies can be tied to. Given up.",
        E::TRUST_ANCHORS => "The roots that the client trusts, by short ids, for the server to choose its chain by.",
        E::ECH_OUTER_EXTENSIONS => "Within an encrypted ClientHello: extensions that are the same outside.",
        E::ENCRYPTED_CLIENT_HELLO => "The real ClientHello, encrypted, server name included (ECH), inside one that anybody may see. Browsers also send it without meaning, as GREASE.",
        E::ENCRYPTED_SERVER_NAME => "The encrypted server name (ESNI), the forerunner of ECH. Obsolete.",
        E::RENEGOTIATION_INFO => "Secure renegotiation: ties a second handshake to the first. Clients of today refuse servers without it.",
        _ => "An extension that is rare on the open Internet.",
    }
}
