//! Nothing in common: versions, suites, groups, schemes and what else two hellos have to agree on.

use super::Text;
use crate::diagnosis::Cause as C;
use crate::tls::registry::AlertDescription as A;

pub(super) const VERSION_MISMATCH: Text = Text {
    what: "The two sides have no TLS version in common that both allow. Most often one of them is old and stops at TLS 1.0 or 1.1, which nearly everything has turned off since 2020 (RFC 8996); less often one insists on TLS 1.3 and the other stops at 1.2.",
    wire: "ClientHello, then protocol_version (70) from the server, without a ServerHello; or a ServerHello with an older version, and 70 from the client. Some servers send handshake_failure (40), close, or reset instead. The client's versions are in supported_versions; a hello without that extension offers at most what its legacy_version says.",
    filter: "tls.alert_message.desc == 70",
    stacks: &[
        "OpenSSL 3 allows TLS 1.0 and 1.1 only at security level 0; Debian, Ubuntu and RHEL set TLS 1.2 as the lowest in openssl.cnf or in the crypto policy.",
        "Java refuses TLS 1.0 and 1.1 through jdk.tls.disabledAlgorithms since 8u291, 11.0.11 and 16. Java 7 offers TLS 1.0 alone unless told otherwise.",
        "Go clients have begun at TLS 1.2 since Go 1.18, servers since 1.22. rustls, Chrome, Firefox and Safari know nothing older.",
        "Windows before 8.1 and Server 2012 R2, and .NET Framework before 4.6 without SchUseStrongCrypto, offer TLS 1.0. Schannel as a server often just resets.",
        "Printers, management boards, PLCs, old Android (before 5) and old load balancers are the usual other end.",
    ],
    check: &[
        "Which versions the server takes, one after the other.",
        "$ openssl s_client -connect HOST:443 -servername HOST -tls1_2",
        "$ openssl s_client -connect HOST:443 -tls1 -cipher ALL:@SECLEVEL=0",
        "$ nmap --script ssl-enum-ciphers -p 443 HOST",
        "What the client offers: client_hello.versions of the event. On Debian and RHEL: MinProtocol in openssl.cnf, update-crypto-policies --show.",
    ],
    client: "Update the TLS library or the runtime; in .NET leave the choice to the system (SslProtocols.None). Only where the server cannot be changed, lower the minimum for this one connection: curl --tls-max 1.1 with --ciphers DEFAULT:@SECLEVEL=0, or jdk.tls.disabledAlgorithms in a file of its own.",
    server: "Allow TLS 1.2 and 1.3: ssl_protocols in nginx, SSLProtocol in Apache, ssl-min-ver in HAProxy, tls_minimum_protocol_version in Envoy, the SCHANNEL\\Protocols registry keys in Windows. A server that stops at 1.1 needs an update, or a proxy in front.",
    between: "A proxy, load balancer or CDN that ends TLS has versions of its own on each side: look at its policy for clients and at the one for backends. A proxy for old devices can speak TLS 1.0 to them and 1.2 to the rest.",
    alerts: &[A::PROTOCOL_VERSION, A::HANDSHAKE_FAILURE],
    related: &[C::CipherSuiteMismatch, C::DowngradeDetected, C::InappropriateFallback, C::ServerClosed],
};

pub(super) const CIPHER_SUITE_MISMATCH: Text = Text {
    what: "No cipher suite that the client offers is one that the server can and will use with the version that they share and the key of its certificate.",
    wire: "ClientHello, then handshake_failure (40) or insufficient_security (71) from the server. The client's list is short or old, or has suites for ECDSA only while the server's certificate is RSA (or the reverse). The suites of TLS 1.3 and those of 1.2 are separate: neither serves for the other.",
    filter: "tls.handshake.type == 1 || tls.alert_message.desc == 40 || tls.alert_message.desc == 71",
    stacks: &[
        "Static RSA (TLS_RSA_...) is gone from rustls, from Go's defaults since 1.22 and from Java's since 24; 3DES from Go's since 1.23, from OpenSSL's since 1.1.0.",
        "Chrome, Firefox, Safari and rustls have no DHE; a server with DHE and static RSA only is lost to rustls and to more and more others.",
        "OpenSSL's log line on the server is \"no shared cipher\"; Java's is \"no cipher suites in common\"; Schannel logs event 36874 and may reset.",
        "A cipher string of ten years ago in nginx, Apache or HAProxy, hardened further by each audit, ends with two suites that some client does not have.",
        "A server without a loaded certificate, or with an ECDSA one alone before old clients, has no suite to choose from.",
    ],
    check: &[
        "What the server takes, and with which key it signs.",
        "$ nmap --script ssl-enum-ciphers -p 443 HOST",
        "$ openssl s_client -connect HOST:443 -servername HOST -cipher ECDHE+aRSA",
        "$ openssl ciphers -v 'DEFAULT'",
        "What the client offers: client_hello.cipher_suites of the event, beside the suites that this server chose for others.",
    ],
    client: "Update it, or take the restriction out of its cipher list: ECDHE with AES-GCM and ChaCha20-Poly1305 for both RSA and ECDSA. In Java look at jdk.tls.disabledAlgorithms and https.cipherSuites, in Go at Config.CipherSuites, in curl at --ciphers.",
    server: "Offer ECDHE-ECDSA and ECDHE-RSA with AES-128-GCM, AES-256-GCM and ChaCha20-Poly1305, and all suites of TLS 1.3. Check that the certificate is loaded for this name. For old clients serve an RSA certificate beside the ECDSA one (nginx, Apache, HAProxy and Envoy can hold both).",
    between: "A load balancer's named policy decides for everything behind it: choose one that still has ECDHE-RSA for TLS 1.2. Inspection boxes often know fewer suites than the two ends.",
    alerts: &[A::HANDSHAKE_FAILURE, A::INSUFFICIENT_SECURITY],
    related: &[C::VersionMismatch, C::GroupMismatch, C::SignatureSchemeMismatch, C::HandshakeFailure],
};

pub(super) const GROUP_MISMATCH: Text = Text {
    what: "The two sides share no group (curve) for the key exchange: one offers, say, only secp521r1 or only a post-quantum hybrid, and the other does not have it.",
    wire: "ClientHello with a short supported_groups, then handshake_failure (40) or illegal_parameter (47) from the server. In TLS 1.3 a HelloRetryRequest that names a group is the remedy and no fault; what fails is an empty intersection. In TLS 1.2 it takes out the ECDHE suites, and static RSA or DHE may still be left.",
    filter: "tls.handshake.extensions_supported_group && tls.handshake.type == 1",
    stacks: &[
        "OpenSSL says \"no suitable key share\" (TLS 1.3) or \"no shared cipher\" (1.2); its Groups or Curves setting in openssl.cnf, ssl_ecdh_curve in nginx, curves in HAProxy narrow the list.",
        "rustls with ring has X25519, secp256r1 and secp384r1, not secp521r1. Go has all four. Chrome has no secp521r1.",
        "FIPS modes leave out X25519 unless the module has it approved; a client with X25519 alone then fails.",
        "Draft hybrids (X25519Kyber768Draft00, 0x6399) have been replaced by X25519MLKEM768 (0x11ec); an end that has only the draft meets nobody.",
        "Java narrows the list by jdk.tls.namedGroups, Windows by the ECC curve order of its policies.",
    ],
    check: &[
        "Try the groups one by one.",
        "$ openssl s_client -connect HOST:443 -servername HOST -groups X25519",
        "$ openssl s_client -connect HOST:443 -servername HOST -groups P-256",
        "client_hello.named_groups of the event, and named_group of handshakes that worked with this server.",
    ],
    client: "Offer X25519, secp256r1 and secp384r1, with X25519MLKEM768 before them if the library has it. Remove a setting that leaves a single one.",
    server: "Take out ssl_ecdh_curve and its like, or list at least X25519:prime256v1:secp384r1. Where a policy demands P-384 or more, keep P-256 for those who have nothing else, or accept that they stay out.",
    between: "An intercepting proxy makes its own hello with its own groups; update it. A box that was put in for post-quantum should be able to fall back to X25519.",
    alerts: &[A::HANDSHAKE_FAILURE, A::ILLEGAL_PARAMETER],
    related: &[C::CipherSuiteMismatch, C::ProtocolViolation, C::LargePacketLost],
};

pub(super) const SIGNATURE_SCHEME_MISMATCH: Text = Text {
    what: "The signature schemes that one side accepts do not fit the key with which the other has to sign: no RSA-PSS for an RSA key in TLS 1.3, no Ed25519 for an Ed25519 key, only SHA-1 before a peer that refuses SHA-1.",
    wire: "ClientHello with a narrow signature_algorithms, then handshake_failure (40) or unsupported_certificate (43) from the server. TLS 1.3 has no SHA-1 and no PKCS#1 v1.5 in CertificateVerify (RFC 8446, section 4.2.3). The same goes for CertificateRequest and the client's key.",
    filter: "tls.handshake.sig_hash_alg && tls.handshake.type == 1",
    stacks: &[
        "OpenSSL says \"no suitable signature algorithm\" or \"no shared signature algorithms\"; at security level 2 SHA-1 is out, on RHEL 9 and later by the crypto policy.",
        "Go says \"peer doesn't support any of the certificate's signature algorithms\".",
        "Smart cards and old HSMs that cannot do PSS fail as soon as TLS 1.3 is on; Windows keys in a legacy CSP likewise.",
        "Chrome and Firefox do not offer Ed25519 for certificates, and Chrome no longer offers SHA-1.",
        "An RSA key of 512 bits is too short for PSS with SHA-256, one of 1024 bits for PSS with SHA-512.",
    ],
    check: &[
        "With which key the server signs, and with what.",
        "$ openssl s_client -connect HOST:443 -sigalgs RSA-PSS+SHA256",
        "$ openssl x509 -in cert.pem -noout -text | grep -A1 'Public Key Algorithm'",
        "client_hello.signature_schemes of the event against the key of server_certificate.",
    ],
    client: "Take the restriction out of its list; offer ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256 and rsa_pkcs1_sha256 at the least. With a card that cannot do PSS, stay at TLS 1.2 or change the card's driver.",
    server: "Use an ECDSA P-256 or RSA 2048 key, which everybody takes, and keep Ed25519 for closed circles. If old clients accept SHA-1 only, they need an update rather than you a setting.",
    between: "A box that strips or rewrites signature_algorithms, or that signs with a key type of its own, has to be updated.",
    alerts: &[A::HANDSHAKE_FAILURE, A::UNSUPPORTED_CERTIFICATE],
    related: &[C::CertificateUnsupported, C::CipherSuiteMismatch, C::WeakParameters],
};

pub(super) const WEAK_PARAMETERS: Text = Text {
    what: "The server chose something that the client knows but holds to be too weak: a Diffie-Hellman group of 1024 bits or less, an RSA key under 2048, a signature with SHA-1.",
    wire: "The server's flight arrives (ServerHello to ServerHelloDone), and the client refuses it with handshake_failure (40), illegal_parameter (47) or insufficient_security (71). ServerKeyExchange shows the size of the group, Certificate that of the key.",
    filter: "tls.handshake.type == 12 || tls.alert_message.desc == 71",
    stacks: &[
        "OpenSSL clients: \"dh key too small\" below the bits of the security level (1024 at level 1, 2048 at level 2, the default of Debian and Ubuntu), \"ee key too small\" for the certificate's key, \"ca md too weak\" for SHA-1.",
        "Java refuses DH below 1024 bits through jdk.tls.disabledAlgorithms; Chrome has dropped DHE altogether.",
        "GnuTLS: \"The Diffie-Hellman prime sent by the server is not acceptable\". NSS: SSL_ERROR_WEAK_SERVER_EPHEMERAL_DH_KEY.",
        "Servers: old Java (DH 768 and 1024), old Cisco, IPMI and printer firmware, Apache before 2.4.7, mail servers with a dhparam file of 2010.",
    ],
    check: &[
        "The line \"Server Temp Key\" (\"Peer Temp Key\" in newer versions).",
        "$ openssl s_client -connect HOST:443 -cipher DHE:@SECLEVEL=0 -tls1_2",
        "$ openssl s_client -connect HOST:443 </dev/null | openssl x509 -text",
        "Which alert the client sent, right after which of the server's messages.",
    ],
    client: "Take DHE out of what it offers, so that ECDHE is chosen: in OpenSSL DEFAULT:!DHE. Lowering the level (DEFAULT@SECLEVEL=1) for this one host is the stopgap, for all hosts a mistake.",
    server: "Turn DHE off in favour of ECDHE, or give it ffdhe2048 (ssl_dhparam in nginx, tune.ssl.default-dh-param 2048 in HAProxy, jdk.tls.ephemeralDHKeySize=2048). Make a new key and certificate where the key is short.",
    between: "An intercepting proxy that signs with SHA-1 or makes keys of 1024 bits has to be set to 2048 and SHA-256.",
    alerts: &[A::HANDSHAKE_FAILURE, A::ILLEGAL_PARAMETER, A::INSUFFICIENT_SECURITY],
    related: &[C::CertificateUnsupported, C::SignatureSchemeMismatch, C::VersionMismatch],
};

pub(super) const UNSAFE_LEGACY_RENEGOTIATION: Text = Text {
    what: "The server does not know secure renegotiation (RFC 5746, of 2010), and the client insists on it. Without it somebody on the path can put a request of his own before the client's.",
    wire: "TLS 1.2 or older: a ServerHello without renegotiation_info (0xff01), answered at once by handshake_failure (40) from the client, although the client's hello had the extension or the suite TLS_EMPTY_RENEGOTIATION_INFO_SCSV.",
    filter: "tls.handshake.type == 2 && !(tls.handshake.extension.type == 65281)",
    stacks: &[
        "OpenSSL 3 clients (curl, Python, Ruby, PHP, Node.js 17 and later): \"unsafe legacy renegotiation disabled\". OpenSSL 1.1.1 let it pass.",
        "GnuTLS refuses with %SAFE_RENEGOTIATION; Firefox with security.ssl.require_safe_negotiation: SSL_ERROR_UNSAFE_NEGOTIATION.",
        "Servers: appliances and load balancers with firmware of before 2011, old F5 and Citrix settings, some payment and government gateways.",
        "An inspecting firewall that leaves the extension out makes every server behind it look so.",
    ],
    check: &[
        "\"Secure Renegotiation IS NOT supported\" is the sign.",
        "$ openssl s_client -connect HOST:443 -legacy_server_connect -tls1_2",
        "Whether it is so from another network too: if not, something in between takes it out.",
    ],
    client: "Until the server is mended: Options = UnsafeLegacyServerConnect in an openssl.cnf for this one program (OPENSSL_CONF), ssl.OP_LEGACY_SERVER_CONNECT in Python 3.12 and later, SSL_OP_LEGACY_SERVER_CONNECT in the secureOptions of Node.js.",
    server: "Update its TLS library or firmware; every release of the last fifteen years has RFC 5746. Look for a setting that turns it off. TLS 1.3, which has no renegotiation, ends the matter.",
    between: "Update the firewall or proxy, or exempt the destination from inspection.",
    alerts: &[A::HANDSHAKE_FAILURE],
    related: &[C::WeakParameters, C::VersionMismatch, C::TlsInterception],
};

pub(super) const EXTENDED_MASTER_SECRET_REQUIRED: Text = Text {
    what: "One side accepts TLS 1.2 only with the extended master secret (RFC 7627), which ties the keys to the whole handshake, and the other does not offer or confirm it. FIPS 140-3 rules are why.",
    wire: "TLS 1.2: a hello without extended_master_secret (23), then handshake_failure (40). If the ClientHello lacks it, the server refuses; if only the ServerHello lacks it, the client does.",
    filter: "tls.handshake.type <= 2 && !(tls.handshake.extension.type == 23)",
    stacks: &[
        "RHEL 9.2 and later in FIPS mode (OpenSSL, GnuTLS, NSS) demand it on both sides.",
        "OpenSSL's FIPS provider from 3.1 has the check (tls1-prf-ems-check): \"ems not enabled\". Go in FIPS 140-3 mode and rustls with require_ems refuse likewise.",
        "Without it: OpenSSL before 1.1.0, Java 7 and early 8, Windows before its updates of 2015 and 2019, many embedded stacks and old load balancers.",
        "Java with jdk.tls.allowLegacyMasterSecret=false.",
    ],
    check: &[
        "The line \"Extended master secret: yes\" in what s_client prints with TLS 1.2.",
        "$ openssl s_client -connect HOST:443 -tls1_2 </dev/null | grep -i extended",
        "$ fips-mode-setup --check",
        "client_hello.extensions and server_hello.extensions of the event.",
    ],
    client: "If the client lacks it: update its library. If the client demands it: use TLS 1.3 with this server. RHEL has the policy FIPS:NO-ENFORCE-EMS for the time until the other end is updated; it is then no longer validated.",
    server: "Update the server's library; OpenSSL 1.1.0 (2016) and later confirm it by themselves. TLS 1.3 does not need it, so turning that on is often the shortest way.",
    between: "A load balancer in front of a modern server may be what lacks it; its firmware decides. An inspecting proxy has to confirm it on both sides.",
    alerts: &[A::HANDSHAKE_FAILURE],
    related: &[C::UnsafeLegacyRenegotiation, C::CipherSuiteMismatch],
};

pub(super) const ALPN_MISMATCH: Text = Text {
    what: "None of the application protocols that the client offers in ALPN (h2, http/1.1, ...) is one that this server speaks on this port.",
    wire: "ClientHello with application_layer_protocol_negotiation, then no_application_protocol (120) from the server (RFC 7301, section 3.2). Lenient servers leave ALPN out of their answer instead, and the client may leave by itself.",
    filter: "tls.alert_message.desc == 120 || tls.handshake.extensions_alpn_str",
    stacks: &[
        "nginx (1.21.4 and later), Go (1.17 and later), Java, rustls and Node.js send 120; Apache and older servers go on with HTTP/1.1.",
        "gRPC clients offer h2 alone and fail before a server or proxy with HTTP/1.1 only; grpc-go 1.67 and later insist on an answer.",
        "ACME checks (acme-tls/1), DNS over TLS (dot), PostgreSQL 17 with sslnegotiation=direct (postgresql), XMPP and MQTT have names of their own; a web server on that port refuses them.",
        "A client that sends http/1.0 or a misspelt name, set by hand in a library.",
    ],
    check: &[
        "What the server chooses.",
        "$ openssl s_client -connect HOST:443 -servername HOST -alpn h2,http/1.1",
        "$ curl -v --http2 https://HOST/ 2>&1 | grep -i alpn",
        "client_hello.alpn of the event, and alpn of handshakes that worked.",
    ],
    client: "Offer what the server has: h2 and http/1.1 together for HTTP. For gRPC see that the address is that of the gRPC port and not of a web front end.",
    server: "Turn on what clients need: http2 on in nginx, Protocols h2 http/1.1 in Apache, alpn h2,http/1.1 on HAProxy's bind line, alpn_protocols in Envoy. Accept http/1.1 unless there is a reason not to.",
    between: "A proxy that ends TLS must take h2 itself and speak h2 to the backend (gRPC needs both). One that passes TLS through should not choose backends by ALPN unless each has an owner.",
    alerts: &[A::NO_APPLICATION_PROTOCOL],
    related: &[C::HandshakeFailure, C::ServerNotTls, C::UnrecognizedName],
};

pub(super) const INAPPROPRIATE_FALLBACK: Text = Text {
    what: "The client came back with a lower version after a first try failed, and said so; the server speaks a higher one and refuses, since the first try should have worked (RFC 7507).",
    wire: "A ClientHello with TLS_FALLBACK_SCSV (0x5600) among its suites and a highest version below the server's, answered by inappropriate_fallback (86). A failed try of the same client precedes it.",
    filter: "tls.alert_message.desc == 86 || tls.handshake.ciphersuite == 0x5600",
    stacks: &[
        "Browsers fell back by themselves until about 2016; today it is old Android, old Java applications and clients that fall back by a setting.",
        "OpenSSL sends the value only if asked (SSL_MODE_SEND_FALLBACK_SCSV, s_client -fallback_scsv); its servers since 1.0.1j check it.",
        "Loss, a reset by a box on the path, or a server that was just restarting made the first try fail.",
        "Vulnerability scanners send it on purpose, to see that the server refuses.",
    ],
    check: &[
        "Why the first try failed: find it by the same client address, seconds before.",
        "$ openssl s_client -connect HOST:443 -tls1_1 -fallback_scsv",
        "Whether it comes from a scanner: then the alert is the right answer.",
    ],
    client: "Turn the fallback off; a version that the server does not know is negotiated down without it. Look at what broke the first connection.",
    server: "Nothing, the refusal is right. If first tries keep failing here, look for resets, timeouts and version intolerance in front of it.",
    between: "A firewall or proxy that drops newer or larger hellos starts all this: update it. An attacker who wants the lower version does the same.",
    alerts: &[A::INAPPROPRIATE_FALLBACK],
    related: &[C::DowngradeDetected, C::MiddleboxReset, C::VersionMismatch, C::LargePacketLost],
};

pub(super) const DOWNGRADE_DETECTED: Text = Text {
    what: "Client and server both speak a higher version than the one that came out, and the client noticed: the server wrote a mark into its random that says it could do better. Something on the path changed the hello.",
    wire: "ServerHello.random ends in 44 4f 57 4e 47 52 44 01 (TLS 1.2 chosen) or 00 (1.1 or older), although the client offered more (RFC 8446, section 4.1.3); then illegal_parameter (47) or a close from the client.",
    filter: "tls.handshake.random[24:7] == 44:4f:57:4e:47:52:44",
    stacks: &[
        "Intercepting proxies and firewalls that pass the server's random through while they negotiate an older version themselves: Palo Alto, Cisco Firepower and others did until their updates of 2018 to 2020.",
        "Chrome: ERR_TLS13_DOWNGRADE_DETECTED. Go: \"downgrade attempt detected\". OpenSSL: \"inappropriate fallback\" with alert 47. rustls: AttemptedDowngradeToTls12WhenTls13IsSupported.",
        "A server farm in which TLS 1.3 was switched on and off between a HelloRetryRequest and the answer.",
        "An attacker, though a real one is rare.",
    ],
    check: &[
        "Whether the ClientHello at the server is that which the client sent: capture at both ends and compare.",
        "$ openssl s_client -connect HOST:443 -servername HOST -tls1_3",
        "Whether it happens on one network only.",
    ],
    client: "Do not turn the check off. Use another path (mobile network, VPN) to confirm that the network is what does it.",
    server: "Nothing, unless the box that does it stands before the server: then it is its owner who must update.",
    between: "Update the inspecting device, or let it end TLS properly with a random of its own; exempt the destination until then.",
    alerts: &[A::ILLEGAL_PARAMETER],
    related: &[C::TlsInterception, C::InappropriateFallback, C::ProtocolViolation],
};

pub(super) const SESSION_REUSE_REQUIRED: Text = Text {
    what: "FTP over TLS: the server wants the data connection to resume the TLS session of the control connection, as proof that the same client is at the other end, and the client started a fresh one.",
    wire: "On the control connection all is well; on the data connection a full handshake (no session id or ticket of the control connection) that the server ends, followed by a reply 425, 450 or 522 on the control connection, which is encrypted.",
    filter: "tls.handshake.session_id_length == 0 && tls.handshake.type == 1",
    stacks: &[
        "vsftpd demands it unless require_ssl_reuse=NO, ProFTPD unless TLSOptions NoSessionReuseRequired, FileZilla Server since 1.0 as well.",
        "Python's ftplib, Apache commons-net, older PHP and many embedded clients do not resume; lftp, FileZilla and curl do.",
        "TLS 1.3 gives tickets only after the handshake, so that clients written for 1.2 have none at hand in time.",
        "A session cache that expired during a long transfer, or a server farm whose nodes do not share ticket keys.",
    ],
    check: &[
        "Whether it is the data connection that fails, and whether a client known to resume works.",
        "$ curl -v --ssl-reqd ftp://HOST/ --user NAME",
        "$ lftp -e 'debug 9; set ftp:ssl-protect-data yes; ls; bye' ftp://HOST",
        "The server's log: \"client did not reuse SSL session\".",
    ],
    client: "Use a client that resumes. In Python override ntransfercmd of FTP_TLS so that wrap_socket gets the session of the control connection; in Java set the session of the data socket, and limit to TLS 1.2 if the library cannot do it with tickets.",
    server: "Where clients cannot be changed: require_ssl_reuse=NO (vsftpd), NoSessionReuseRequired (ProFTPD); the check protects against stolen data connections, so restrict passive ports to known addresses. Lengthen the session timeout.",
    between: "A load balancer must send control and data connections of a client to the same node. A firewall that helps FTP cannot read it under TLS: open the passive range.",
    alerts: &[],
    related: &[C::ServerClosed, C::ClientClosed, C::StarttlsRefused],
};

pub(super) const HANDSHAKE_FAILURE: Text = Text {
    what: "One side, nearly always the server, refused with handshake_failure, and nothing that is visible says why. The alert stands for \"I found nothing acceptable\" and for \"I will not say\".",
    wire: "ClientHello, handshake_failure (40), end. If what the client offers is modern and wide, the likeliest is a name that the server does not serve, then a client certificate that it wants. After the client's second flight it is about that certificate.",
    filter: "tls.alert_message.desc == 40",
    stacks: &[
        "Cloudflare and other CDNs refuse a name that they have no certificate for in this way. nginx with ssl_reject_handshake sends 112 instead, Envoy without a matching filter chain closes.",
        "OpenSSL and Java servers send it for no common suite, no certificate loaded, a missing client certificate in TLS 1.2.",
        "Erlang sends it for a wrong name in the certificate, too.",
        "Chrome shows ERR_SSL_VERSION_OR_CIPHER_MISMATCH, Firefox SSL_ERROR_HANDSHAKE_FAILURE_ALERT, OpenSSL \"sslv3 alert handshake failure\", whatever the version.",
    ],
    check: &[
        "The name first, then versions, suites and groups, then the client certificate.",
        "$ openssl s_client -connect HOST:443 -servername NAME",
        "$ openssl s_client -connect HOST:443 -servername NAME -tls1_2 -state",
        "$ openssl s_client -connect HOST:443 -cert c.pem -key k.pem",
        "What other clients of this server, which succeed, offer and this one does not.",
    ],
    client: "Send the right name, update the library, undo restrictions of versions, suites and groups, and set a client certificate where one is wanted.",
    server: "Its own log says what the alert hides: \"no shared cipher\", \"no suitable key share\", \"peer did not return a certificate\". Give it a certificate for the name and a current TLS policy.",
    between: "At a CDN: the name must be added and its certificate issued before traffic arrives. A proxy to an upstream must pass the name (proxy_ssl_server_name on in nginx, sni in HAProxy and Envoy).",
    alerts: &[A::HANDSHAKE_FAILURE],
    related: &[
        C::VersionMismatch,
        C::CipherSuiteMismatch,
        C::UnrecognizedName,
        C::SniMissing,
        C::ClientCertificateRequired,
    ],
};
