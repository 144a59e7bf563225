//! Names that are not served, keys that are not known, and faults of one of the two ends.

use super::Text;
use crate::diagnosis::Cause as C;
use crate::tls::registry::AlertDescription as A;

pub(super) const UNRECOGNIZED_NAME: Text = Text {
    what: "The server does not serve the name that the client asks for in server_name (SNI), and refuses rather than show a certificate for another.",
    wire: "ClientHello, then unrecognized_name (112), fatal; from others handshake_failure (40), internal_error (80), a close or a reset. The same server accepts other names at the same time.",
    filter: "tls.alert_message.desc == 112 || tls.handshake.extensions_server_name",
    stacks: &[
        "nginx with ssl_reject_handshake on, HAProxy with strict-sni, Caddy (80), Traefik with sniStrict, Envoy without a matching filter chain (a close), and CDNs for domains that were not added (40).",
        "Java servers through an SNIMatcher; Java clients end on a warning 112 too: \"handshake alert: unrecognized_name\", where others go on.",
        "Kubernetes: no ingress or gateway route has this host. DNS already leads to a new server that does not know the name yet.",
        "IIS with SNI bindings and no default one resets the connection.",
        "A typing mistake, a trailing dot or a port inside the name; an address in SNI, which RFC 6066 forbids.",
    ],
    check: &[
        "The name asked for beside a name that works.",
        "$ openssl s_client -connect ADDRESS:443 -servername NAME",
        "$ openssl s_client -connect ADDRESS:443 -servername OTHER",
        "$ dig +short NAME A NAME AAAA",
        "Whether all nodes behind the address know it.",
    ],
    client: "Correct the name, or the address that it is sent to (hosts file, stale DNS, a wrong --resolve).",
    server: "Add the name to a virtual host with a certificate: server_name, crt-list, filter_chain_match, a host rule. Or give a default certificate to names without one.",
    between: "A proxy must ask the upstream for a name that it serves: nginx sends none unless proxy_ssl_server_name is on, and then the one of proxy_pass. At a CDN add the domain before DNS leads there.",
    alerts: &[A::UNRECOGNIZED_NAME, A::HANDSHAKE_FAILURE, A::INTERNAL_ERROR],
    related: &[C::SniMissing, C::CertificateNameMismatch, C::HandshakeFailure],
};

pub(super) const SNI_MISSING: Text = Text {
    what: "The client sends no server_name (SNI), and this server, which serves many names on one address, refuses hellos without one.",
    wire: "ClientHello without server_name, then handshake_failure (40), missing_extension (109), unrecognized_name (112), internal_error (80), a close or a reset; the same server accepts hellos with a name.",
    filter: "tls.handshake.type == 1 && !tls.handshake.extensions_server_name",
    stacks: &[
        "nginx as a proxy: proxy_ssl_server_name is off by default. HAProxy's server line and its health checks send none without sni and check-sni.",
        "Clients that connect by address: SNI carries names only, so there is nothing to send.",
        "Java with jsse.enableSNIExtension=false, or with a hostname without a dot; raw sockets wrapped without a name (Python wrap_socket without server_hostname); old MQTT, LDAP and embedded stacks; Java 6, Internet Explorer on Windows XP.",
        "openssl s_client before 1.1.1, or with -noservername; monitoring checks.",
    ],
    check: &[
        "With and without, against the same address.",
        "$ openssl s_client -connect ADDRESS:443 -noservername",
        "$ openssl s_client -connect ADDRESS:443 -servername NAME",
        "sni of the event: absent.",
    ],
    client: "Connect by name, or set it: -servername, server_hostname in Python, servername in Node.js, ServerName in Go, SSL_set_tlsext_host_name in C, check_http --sni.",
    server: "Give a default certificate for hellos without a name, if such clients have to be served: default_server in nginx, no strict-sni in HAProxy.",
    between: "proxy_ssl_server_name on and proxy_ssl_name in nginx; sni req.hdr(host) or sni str(NAME) and check-sni in HAProxy; sni or auto_sni in Envoy.",
    alerts: &[A::HANDSHAKE_FAILURE, A::MISSING_EXTENSION, A::UNRECOGNIZED_NAME, A::INTERNAL_ERROR],
    related: &[C::UnrecognizedName, C::CertificateNameMismatch],
};

pub(super) const ECH_REJECTED: Text = Text {
    what: "The client offered Encrypted Client Hello with a key that the server no longer has; the server answered for the outer, public name and sent fresh keys, and the client comes back at once. A retry by design (RFC 9849), and no fault.",
    wire: "ClientHello with encrypted_client_hello (0xfe0d), a complete handshake for the outer name, ech_required (121) as an alert-sized record after Finished, and at once a new connection to the same outer name that succeeds.",
    filter: "tls.handshake.extension.type == 65037",
    stacks: &[
        "Chrome and Firefox get the key from the HTTPS record in DNS; a cached record is older than the server's last change of keys.",
        "One address of a CDN has ECH and the next has not. After a move to another provider DNS still advertises the old one's keys.",
        "An inspecting proxy cannot decrypt the inner hello, and answers with a certificate for the public name that is not valid: ERR_ECH_FALLBACK_CERTIFICATE_INVALID.",
        "Most hellos with this extension only pretend (GREASE ECH); nothing is refused there.",
    ],
    check: &[
        "What DNS says, and for how long.",
        "$ dig +short HTTPS NAME",
        "Whether the second connection succeeds: then nothing is to be done.",
        "Whether each of the addresses has the same keys.",
    ],
    client: "Nothing, as long as the retry works. If it does not: empty the DNS cache, or turn ECH off by policy (EncryptedClientHelloEnabled, network.dns.echconfig.enabled).",
    server: "Keep old keys for longer than the TTL of the HTTPS record, give all nodes the same keys, and hold a valid certificate for the public name.",
    between: "Where hellos must be readable, take ech out of HTTPS records at the resolver; breaking the handshake instead gives users an error.",
    alerts: &[A::ECH_REQUIRED],
    related: &[C::TlsInterception, C::UnrecognizedName, C::CertificateNameMismatch],
};

pub(super) const PSK_REJECTED: Text = Text {
    what: "The pre-shared key with which the client wants to prove itself is not known to the server, or the two keys are not the same.",
    wire: "unknown_psk_identity (115) from the server; or decrypt_error (51), bad_record_mac (20) or illegal_parameter (47), if the identity is known and the key differs. A refused ticket is no failure: the server just makes a full handshake.",
    filter: "tls.alert_message.desc == 115 || tls.handshake.extension.type == 41",
    stacks: &[
        "IoT and DTLS: Mbed TLS, wolfSSL, tinydtls, Californium, LwM2M and CoAP devices; MQTT with psk_file (Mosquitto); Zabbix agents (TLSPSKIdentity); stunnel with PSKsecrets.",
        "OpenSSL server: \"psk identity not found\", \"binder does not verify\"; client: \"tlsv1 alert unknown psk identity\".",
        "A key written as text on one side and as hexadecimal on the other; a new line at the end of the file.",
        "A device that was provisioned anew, or for another environment.",
    ],
    check: &[
        "Identity and key on both sides, byte by byte.",
        "$ openssl s_client -connect HOST:8883 -psk_identity ID -psk HEXKEY -tls1_2",
        "$ openssl s_server -accept 8883 -nocert -psk HEXKEY -tls1_2",
        "In TLS 1.3 also the hash that the key is bound to (RFC 8446, section 4.2.11).",
    ],
    client: "Set the identity and key that the server has, as bytes. Provision the device again if its memory was erased.",
    server: "Add the identity; look at the format of its key file and at whether it was read again. Have it log identities that are unknown.",
    between: "A proxy cannot take part in a PSK handshake without the key: pass it through. Several servers behind one address need the same list.",
    alerts: &[A::UNKNOWN_PSK_IDENTITY, A::DECRYPT_ERROR, A::BAD_RECORD_MAC, A::ILLEGAL_PARAMETER],
    related: &[C::CryptographicFailure, C::CipherSuiteMismatch, C::HandshakeFailure],
};

pub(super) const ACCESS_DENIED: Text = Text {
    what: "The client proved who it is, and the server does not let it in: a valid certificate or key, but no right.",
    wire: "access_denied (49) from the server, after the client's Certificate or after a hello whose address or name is not allowed. Most servers say it one layer up instead (HTTP 403).",
    filter: "tls.alert_message.desc == 49",
    stacks: &[
        "Servers with a list of subjects or fingerprints: etcd, Kafka and Envoy by RBAC, service meshes by SPIFFE identity, Syslog over TLS, RADIUS over TLS, SIP and telephony gateways.",
        "Content filters and firewalls that answer for the server, for a category or a country that is blocked.",
        "Cloud services that allow certain networks or private endpoints only.",
        "OpenSSL shows \"tlsv1 alert access denied\", Firefox SSL_ERROR_ACCESS_DENIED_ALERT, Go \"remote error: tls: access denied\".",
    ],
    check: &[
        "Who the server thinks that the client is.",
        "$ openssl x509 -in c.pem -noout -subject -ext subjectAltName -fingerprint",
        "$ openssl s_client -connect HOST:443 -cert c.pem -key k.pem",
        "Whether another client, or the same one from another network, is let in.",
    ],
    client: "Use the identity that has the right, or ask for it; do not retry.",
    server: "Add the subject, SAN or fingerprint to the access list; after a renewal the fingerprint is another. Look at the log for the name that it compared.",
    between: "Ask whoever runs the filter to allow the name. A proxy with its own certificate has its own rights, not the client's.",
    alerts: &[A::ACCESS_DENIED],
    related: &[C::ClientCertificateRejected, C::MiddleboxReset, C::ProxyRefused],
};

pub(super) const PROTOCOL_VIOLATION: Text = Text {
    what: "A message breaks the rules of the protocol: wrong order, a field out of range, a length that does not fit, an extension that was not offered, a group that was not asked for.",
    wire: "unexpected_message (10), record_overflow (22), illegal_parameter (47), decode_error (50), missing_extension (109) or unsupported_extension (110), right after the message that is at fault. Who has to act is the side whose message was refused.",
    filter: "tls.alert_message.desc in {10, 22, 30, 47, 50, 109, 110}",
    stacks: &[
        "Version and extension intolerance: old servers and boxes that fail on unknown extensions, on GREASE, on long hellos or on padding.",
        "Boxes that cannot put together a ClientHello in two segments or two records, as post-quantum shares make it.",
        "Inspecting proxies that change half of a hello: a session id that is not echoed, a HelloRetryRequest for a group that has a share already.",
        "OpenSSL: \"bad extension\", \"length mismatch\", \"unexpected message\". Chrome: ERR_SSL_PROTOCOL_ERROR. Go: \"received unexpected handshake message\". rustls: \"peer misbehaved\".",
        "Two processes that read from one socket, or a STARTTLS client that leaves plain text in the buffer.",
    ],
    check: &[
        "The message before the alert, field by field.",
        "$ tshark -r capture.pcap -Y tls.handshake -V",
        "$ openssl s_client -connect HOST:443 -servername HOST -msg -trace",
        "Whether a smaller hello passes.",
        "$ openssl s_client -connect HOST:443 -groups X25519 -tls1_2",
    ],
    client: "Update it if its message was refused. To go on meanwhile, offer less: no hybrid group, TLS 1.2.",
    server: "Update it if its message was refused, or if it refuses what the standard allows: unknown extensions and GREASE must be ignored (RFC 8701).",
    between: "Update or exempt whatever rewrites hellos; compare captures from both sides of it.",
    alerts: &[
        A::UNEXPECTED_MESSAGE,
        A::RECORD_OVERFLOW,
        A::DECOMPRESSION_FAILURE,
        A::ILLEGAL_PARAMETER,
        A::DECODE_ERROR,
        A::MISSING_EXTENSION,
        A::UNSUPPORTED_EXTENSION,
    ],
    related: &[C::LargePacketLost, C::TlsInterception, C::ServerNotTls, C::InternalError],
};

pub(super) const CRYPTOGRAPHIC_FAILURE: Text = Text {
    what: "A check of a signature, a Finished message or a record failed: the two sides do not have the same keys or the same view of the handshake.",
    wire: "bad_record_mac (20) or decrypt_error (51), about CertificateVerify, ServerKeyExchange, Finished, or the first encrypted record. Everything before looks in order.",
    filter: "tls.alert_message.desc == 20 || tls.alert_message.desc == 21 || tls.alert_message.desc == 51",
    stacks: &[
        "A private key that does not belong to the certificate, in a server that does not check it when it loads (HSMs, engines, custom code).",
        "Smart cards and TPMs that sign with another scheme than the one they were asked for; faulty RSA-PSS in drivers.",
        "Memory and network card faults: TLS or checksum offload, bad RAM. A record that was changed on the path passes TCP's weak checksum now and then.",
        "Session tickets between nodes with different keys under one name; TLS contexts shared by threads without locks.",
        "OpenSSL: \"bad signature\", \"digest check failed\", \"decryption failed or bad record mac\". Go: \"invalid signature by the server certificate\". Firefox: SSL_ERROR_BAD_MAC_ALERT.",
    ],
    check: &[
        "Whether key and certificate belong together: both must print the same.",
        "$ openssl x509 -in cert.pem -noout -pubkey | sha256sum",
        "$ openssl pkey -in key.pem -pubout | sha256sum",
        "Whether it is always so, or now and then: the second points to hardware or to one of several nodes.",
        "Whether both ends saw the same bytes: capture at each.",
    ],
    client: "Update library and card driver; turn offload off (ethtool -K) to see; test memory.",
    server: "Install the key and certificate that belong together. Look at the node, card or HSM that all failures share.",
    between: "A box that changes hellos makes the two transcripts differ, and Finished then fails: exempt the destination. Replace what damages packets.",
    alerts: &[A::BAD_RECORD_MAC, A::DECRYPTION_FAILED, A::DECRYPT_ERROR],
    related: &[C::PskRejected, C::TlsInterception, C::ProtocolViolation, C::InternalError],
};

pub(super) const INTERNAL_ERROR: Text = Text {
    what: "One side failed for a reason of its own that has nothing to do with the other's messages, and said so.",
    wire: "internal_error (80), most often from the server right after ClientHello.",
    filter: "tls.alert_message.desc == 80",
    stacks: &[
        "No certificate for the name: Go and Caddy when GetCertificate fails, some CDNs while the certificate is being issued.",
        "A key that cannot be used: HSM or PKCS#11 session lost, token removed, wrong permissions, KMS out of reach. Schannel logs 36870 when the service may not read the key.",
        "A callback of the application that failed: SNI, ALPN, PSK, verification.",
        "Memory or entropy that ran out; a FIPS provider that did not start.",
        "OpenSSL shows \"tlsv1 alert internal error\", Firefox SSL_ERROR_INTERNAL_ERROR_ALERT, Go \"remote error: tls: internal error\".",
    ],
    check: &[
        "The log of the side that sent it, at that second.",
        "$ openssl s_client -connect HOST:443 -servername NAME",
        "$ openssl s_client -connect HOST:443 -servername OTHER",
        "$ journalctl -u SERVICE --since -10min",
        "Whether it depends on the name, the node, or the time.",
    ],
    client: "Nothing, unless the client sent it: then its token, key store or callback. A retry may reach another node.",
    server: "Repair what its log names: load certificate and key, log in to the HSM again, correct permissions, finish issuing. Refuse unknown names in a way that says so.",
    between: "At a CDN wait until the certificate is active. A proxy that sends it may have failed towards its own key store.",
    alerts: &[A::INTERNAL_ERROR],
    related: &[C::UnrecognizedName, C::HandshakeFailure, C::CryptographicFailure],
};

pub(super) const USER_CANCELED: Text = Text {
    what: "One side called the handshake off without a fault: a person declined a prompt, or the program was told to stop.",
    wire: "user_canceled (90) as a warning with close_notify after it, or close_notify (0) alone, before Finished.",
    filter: "tls.alert_message.desc == 90",
    stacks: &[
        "Browsers and Windows when the choice of a client certificate or the PIN of its card is declined.",
        "Java sends it when a socket is closed during the handshake (JDK 11 and later).",
        "Programs that are stopped, or whose own time limit runs out, and that close in an orderly way.",
        "Happy eyeballs and pools, which open two connections and drop the slower.",
    ],
    check: &[
        "Whether it recurs from the same client, and how long after the hello.",
        "$ tlscribe read capture.pcap --only failed",
        "Whether the server asks for a client certificate that nobody has.",
    ],
    client: "If nobody declined anything: raise the time limit, and look at why the program gave up.",
    server: "If prompts are what people decline, do not ask for a certificate on this name or path.",
    between: "Nothing, unless it makes the handshake so slow that people and programs give up.",
    alerts: &[A::USER_CANCELED, A::CLOSE_NOTIFY],
    related: &[C::ClientClosed, C::ClientCertificateRequired],
};
