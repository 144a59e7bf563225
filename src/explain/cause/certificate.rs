//! The server's certificate: what a client may dislike about it.

use super::Text;
use crate::diagnosis::Cause as C;
use crate::tls::registry::AlertDescription as A;

pub(super) const CERTIFICATE_EXPIRED: Text = Text {
    what: "A certificate in the server's chain is past its notAfter date at the time of the handshake: the server's own, or an intermediate that it still sends.",
    wire: "TLS 1.2: Certificate in the clear, then certificate_expired (45), certificate_unknown (46) or bad_certificate (42) from the client. TLS 1.3 hides both the chain and, with most clients, the alert: an alert-sized record takes the place of the client's Finished.",
    filter: "tls.alert_message.desc == 45 || tls.alert_message.desc == 46",
    stacks: &[
        "Every verifying client refuses it. OpenSSL: \"certificate has expired\" (10); Go: \"certificate has expired or is not yet valid\", sent as bad_certificate; Java: \"validity check failed\", sent as certificate_unknown.",
        "Chrome: NET::ERR_CERT_DATE_INVALID, Firefox: SEC_ERROR_EXPIRED_CERTIFICATE, Windows: SEC_E_CERT_EXPIRED, Node.js: CERT_HAS_EXPIRED.",
        "Renewed on disk, but nginx, Apache, HAProxy or the Java process was never reloaded.",
        "One node of several, or one of IPv4 and IPv6, still has the old file.",
        "Public certificates live at most 200 days since March 2026, and less from 2027: renewal by hand does not keep up.",
    ],
    check: &[
        "The dates of what is served now, and of every certificate of the chain.",
        "$ openssl s_client -connect HOST:443 -servername HOST </dev/null \\",
        "> | openssl x509 -noout -subject -issuer -dates",
        "$ openssl s_client -connect HOST:443 -servername HOST -showcerts",
        "Every address of the name, each by itself; then the clock of the client.",
    ],
    client: "Set its clock (NTP) if it is wrong. If an old intermediate or root in its own store is what expired, update the store. Do not turn verification off.",
    server: "Renew, install certificate and chain, reload the service, and look again from outside. Let ACME renew (certbot, lego, cert-manager, Caddy) with a hook that reloads, and watch the date from outside.",
    between: "A CDN, load balancer or ingress holds a copy of its own: renew it there. A proxy that verifies its upstream fails when the upstream's expires (Cloudflare 526, nginx 502).",
    alerts: &[A::CERTIFICATE_EXPIRED, A::CERTIFICATE_UNKNOWN, A::BAD_CERTIFICATE],
    related: &[C::CertificateNotYetValid, C::RevocationUnavailable, C::CertificateRejected],
};

pub(super) const CERTIFICATE_NOT_YET_VALID: Text = Text {
    what: "A certificate in the server's chain begins to be valid later than the time of the handshake. Nearly always a clock is wrong: the client's, or that of the machine that issued it.",
    wire: "As for an expired one, since there is no alert of its own: certificate_expired (45), certificate_unknown (46) or bad_certificate (42) from the client after a Certificate whose notBefore lies ahead.",
    filter: "tls.handshake.type == 11 || tls.alert_message.desc == 45",
    stacks: &[
        "Devices that start with the clock at 1970 or at the date of their firmware: routers, cameras, single-board computers without a battery.",
        "Virtual machines that were suspended, containers whose host has a wrong clock, phones set by hand.",
        "A private authority whose clock runs ahead, or that puts the local time where UTC belongs, and a certificate used within seconds of its making.",
        "OpenSSL: \"certificate is not yet valid\" (9), Java: CertificateNotYetValidException, Node.js: CERT_NOT_YET_VALID, Firefox: MOZILLA_PKIX_ERROR_NOT_YET_VALID_CERTIFICATE.",
    ],
    check: &[
        "The client's idea of the time first.",
        "$ date -u; timedatectl",
        "$ openssl s_client -connect HOST:443 </dev/null | openssl x509 -dates",
        "The capture's time, if it comes from another machine than the client.",
    ],
    client: "Set the clock before the first TLS connection: NTP with a server given by address, or a time kept across restarts.",
    server: "Wait until the date, or issue it anew with a notBefore an hour back, as public authorities do. Set the clock of the authority.",
    between: "A proxy that issues certificates as it goes must run on the right time, and should date them back by a day.",
    alerts: &[A::CERTIFICATE_EXPIRED, A::CERTIFICATE_UNKNOWN, A::BAD_CERTIFICATE],
    related: &[C::CertificateExpired, C::CertificateRejected],
};

pub(super) const CERTIFICATE_NAME_MISMATCH: Text = Text {
    what: "The server's certificate is in order, but for other names than the one that the client asked for. Only subjectAltName counts (RFC 9525); the common name does not, and a wildcard stands for exactly one label.",
    wire: "The names of the Certificate do not cover server_name, and the client refuses with bad_certificate (42, OpenSSL and Go), certificate_unknown (46, browsers and Java) or handshake_failure (40, Erlang), or finishes and leaves (Node.js).",
    filter: "tls.handshake.extensions_server_name || x509ce.dNSName",
    stacks: &[
        "The default virtual host of nginx, Apache or IIS answered, since none has the name, or since the client sent no SNI.",
        "www without example.org or the reverse; *.example.org does not cover a.b.example.org.",
        "The client connects by address or by an internal alias. Go: \"doesn't contain any IP SANs\"; Java: \"No subject alternative names matching IP address\".",
        "A certificate with a common name alone: Go since 1.15, Chrome since 58, Python since 3.7 and others refuse it.",
        "DNS leads to another server: parked domain, captive portal, an old address, an ingress with its fake certificate.",
    ],
    check: &[
        "Which names the certificate has that this name gets.",
        "$ openssl s_client -connect HOST:443 -servername NAME </dev/null \\",
        "> | openssl x509 -noout -ext subjectAltName",
        "$ curl -v --resolve NAME:443:ADDRESS https://NAME/",
        "The same without -servername, which shows the default certificate.",
    ],
    client: "Use a name that the certificate has, or map it in DNS or hosts to the server's address. Check that the library sends SNI. Switching the name check off leaves everything open.",
    server: "Issue a certificate with all names in use (www, bare, internal, addresses if clients use them), and bind it to the virtual host of this name.",
    between: "A proxy must send to the upstream the name that it verifies: proxy_ssl_name and proxy_ssl_server_name in nginx, sni and verifyhost in HAProxy, sni with match_typed_subject_alt_names in Envoy. At a CDN, add the name to the certificate there.",
    alerts: &[A::BAD_CERTIFICATE, A::CERTIFICATE_UNKNOWN, A::HANDSHAKE_FAILURE],
    related: &[C::UnrecognizedName, C::SniMissing, C::TlsInterception, C::CertificateRejected],
};

pub(super) const CERTIFICATE_UNTRUSTED: Text = Text {
    what: "The chain that the server sent does not lead to a root that the client trusts: the intermediate is missing, the certificate is self-signed, or the root is private, new, or removed.",
    wire: "unknown_ca (48) from the client after Certificate, or certificate_unknown (46, Java and Chrome), or bad_certificate (42, Go). A single certificate whose issuer is not itself means a missing intermediate; issuer equal to subject means self-signed.",
    filter: "tls.alert_message.desc == 48",
    stacks: &[
        "Browsers fetch or remember missing intermediates, while curl, OpenSSL, Java, Go, Python and Node.js do not: \"it works in the browser\".",
        "OpenSSL: \"unable to get local issuer certificate\" (20), \"unable to verify the first certificate\" (21), \"self-signed certificate\" (18), the same \"in certificate chain\" (19).",
        "Each stack has its own store: Java cacerts, Python certifi, Node.js built in (NODE_EXTRA_CA_CERTS), Firefox NSS, Go and curl that of the system, containers often none at all (ca-certificates is missing).",
        "Java: \"PKIX path building failed\". Go: \"certificate signed by unknown authority\". rustls: UnknownIssuer. Schannel: SEC_E_UNTRUSTED_ROOT. Chrome: ERR_CERT_AUTHORITY_INVALID.",
        "Old systems lack new roots: Android before 7.1.1 lacks ISRG Root X1.",
    ],
    check: &[
        "The chain as sent, and what a common store makes of it (\"Verify return code\").",
        "$ openssl s_client -connect HOST:443 -servername HOST -showcerts",
        "$ openssl verify -CAfile root.pem -untrusted intermediate.pem cert.pem",
        "$ keytool -list -cacerts | grep -i NAME",
        "chain_status of the event: self_signed, incomplete or untrusted.",
    ],
    client: "For a private authority install its root, in the store that this program uses: update-ca-certificates, keytool -importcert, NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, REQUESTS_CA_BUNDLE, curl --cacert. Update ca-certificates and old runtimes. Never fix it by verify=False or -k.",
    server: "Send the whole chain without the root: fullchain.pem in nginx and HAProxy, SSLCertificateFile with the intermediates in Apache, a keystore with the chain in Java. Replace a self-signed certificate with one of an authority.",
    between: "An inspecting proxy needs its root in every store on every client. A proxy that verifies its upstream needs the upstream's authority: proxy_ssl_trusted_certificate, ca-file, trusted_ca.",
    alerts: &[A::UNKNOWN_CA, A::CERTIFICATE_UNKNOWN, A::BAD_CERTIFICATE],
    related: &[C::TlsInterception, C::CertificateRejected, C::RevocationUnavailable, C::CertificateUnsupported],
};

pub(super) const CERTIFICATE_REVOKED: Text = Text {
    what: "The issuer has withdrawn the server's certificate, or an intermediate above it, before its time, and the client found out by a CRL, an OCSP response or a list of its own.",
    wire: "certificate_revoked (44) from the client after Certificate; or bad_certificate_status_response (113) after a stapled response that says revoked; or certificate_unknown (46).",
    filter: "tls.alert_message.desc == 44 || tls.alert_message.desc == 113",
    stacks: &[
        "Firefox (CRLite, OneCRL), Chrome (CRLSets) and Apple carry lists along; Windows asks CRL and OCSP by itself. OpenSSL, Go, Python and curl look only when told to.",
        "Mass withdrawals: an authority found a fault in its checks and revoked thousands within five days, sometimes within one.",
        "The key was leaked (in a repository, an image) and somebody reported it; authorities must revoke within 24 hours.",
        "Somebody revoked the old certificate after renewal, and one server still has it.",
        "Chrome: ERR_CERT_REVOKED, Firefox: SEC_ERROR_REVOKED_CERTIFICATE, Windows: CRYPT_E_REVOKED, Java: \"Certificate has been revoked\".",
    ],
    check: &[
        "The status at its issuer, by OCSP where it still has it, else by CRL.",
        "$ openssl x509 -in cert.pem -noout -serial -ext crlDistributionPoints",
        "$ openssl ocsp -issuer issuer.pem -cert cert.pem -url URL -text",
        "$ curl -s CRL_URL | openssl crl -inform DER -noout -text | grep -i SERIAL",
        "The serial on every node, and the authority's mail.",
    ],
    client: "Nothing; it is right to refuse. If it alone does, its list may be newer or more complete than the others'.",
    server: "Get a new certificate with a new key, install it on every node, and find out why the old one was revoked. ACME clients with ARI (RFC 9773) renew before the authority revokes.",
    between: "Replace it at CDN and load balancer as well. A proxy that inspects should check revocation towards the server, since its clients no longer can.",
    alerts: &[A::CERTIFICATE_REVOKED, A::BAD_CERTIFICATE_STATUS_RESPONSE, A::CERTIFICATE_UNKNOWN],
    related: &[C::RevocationUnavailable, C::CertificateRejected],
};

pub(super) const REVOCATION_UNAVAILABLE: Text = Text {
    what: "The client insists on knowing whether the certificate is revoked and cannot find out: the CRL or OCSP response is missing, cannot be fetched, or is itself out of date.",
    wire: "A chain that is in order, then certificate_expired (45) for an expired CRL, unknown_ca (48) for a missing one (both OpenSSL), or bad_certificate_status_response (113) for a stale or missing staple. Before it the client may try an HTTP connection to the responder.",
    filter: "ocsp || http.content_type == \"application/pkix-crl\" || tls.alert_message.desc == 113",
    stacks: &[
        "OpenSSL with crl_check: \"unable to get certificate CRL\" (3), \"CRL has expired\" (12). nginx ssl_crl and HAProxy crl-file with a file that nobody refreshes refuse every client certificate likewise.",
        "Schannel and curl on Windows: CRYPT_E_NO_REVOCATION_CHECK, CRYPT_E_REVOCATION_OFFLINE, typically behind a proxy that blocks plain HTTP.",
        "Java with com.sun.net.ssl.checkRevocation: \"Unable to determine revocation status\". Firefox with a must-staple certificate: MOZILLA_PKIX_ERROR_REQUIRED_TLS_FEATURE_MISSING.",
        "nginx staples nothing on the first connection after a start, since it fetches the response only then.",
        "Let's Encrypt ended OCSP in 2025: certificates asked for with must-staple, and clients that demand OCSP, are left without.",
    ],
    check: &[
        "Whether a response is stapled, and until when it is valid.",
        "$ openssl s_client -connect HOST:443 -servername HOST -status",
        "$ curl -sv CRL_URL -o list.crl",
        "$ openssl crl -in list.crl -inform DER -noout -lastupdate -nextupdate",
        "Whether the client's network lets it reach the responder on port 80.",
    ],
    client: "Open the way to the CRL and OCSP addresses, refresh local CRLs by a timer well before nextUpdate, or make the check soft (curl --ssl-revoke-best-effort).",
    server: "Repair stapling: ssl_stapling with resolver and ssl_trusted_certificate in nginx, SSLStaplingCache in Apache. If the authority has no OCSP any more, get a certificate without must-staple.",
    between: "Let plain HTTP to the authority's hosts through firewall and proxy. A private authority must publish its CRL in time, where clients can reach it.",
    alerts: &[A::BAD_CERTIFICATE_STATUS_RESPONSE, A::CERTIFICATE_EXPIRED, A::UNKNOWN_CA],
    related: &[C::CertificateRevoked, C::CertificateExpired, C::CertificateUntrusted],
};

pub(super) const CERTIFICATE_UNSUPPORTED: Text = Text {
    what: "The server's certificate is of a kind that the client does not take: key type or size, curve, signature algorithm, a purpose that is not serverAuth, an unknown critical extension, or too long a lifetime.",
    wire: "unsupported_certificate (43) from the client, or bad_certificate (42), certificate_unknown (46) or insufficient_security (71). The chain shows why: key, signatureAlgorithm, extendedKeyUsage, keyUsage.",
    filter: "tls.alert_message.desc == 43",
    stacks: &[
        "extendedKeyUsage with clientAuth alone. OpenSSL: \"unsuitable certificate purpose\" (26); Go: \"incompatible key usage\"; Windows and Java likewise.",
        "keyUsage without digitalSignature, of which Chrome (ERR_SSL_KEY_USAGE_INCOMPATIBLE) and BoringSSL complain; a CA certificate used as the server's own (rustls CaUsedAsEndEntity, Firefox MOZILLA_PKIX_ERROR_CA_CERT_USED_AS_END_ENTITY).",
        "SHA-1 or MD5 in a signature, RSA under 2048 bits: OpenSSL \"ca md too weak\" and \"ee key too small\", Java \"Algorithm constraints check failed\".",
        "Ed25519, P-521, brainpool or ML-DSA keys that browsers do not know.",
        "Python 3.13 verifies strictly: \"Missing Authority Key Identifier\". Apple refuses server certificates that live longer than 825 days, from public roots than 398.",
    ],
    check: &[
        "Key, signature, keyUsage, extendedKeyUsage and basicConstraints of each certificate.",
        "$ openssl x509 -in cert.pem -noout -text",
        "$ openssl verify -purpose sslserver -CAfile root.pem cert.pem",
        "client_hello.signature_schemes of the event against the key.",
    ],
    client: "Update it if the kind is current and the client is old. If a policy of its own is too strict (security level, disabledAlgorithms, strict X.509 flag), set it for this purpose.",
    server: "Issue it anew: RSA 2048 or ECDSA P-256, SHA-256, extendedKeyUsage serverAuth, keyUsage digitalSignature, basicConstraints CA:FALSE, key identifiers, a lifetime that all clients take.",
    between: "The issuing profile of a private authority or of an inspecting proxy is often what is wrong: mend it there, for all certificates at once.",
    alerts: &[A::UNSUPPORTED_CERTIFICATE, A::BAD_CERTIFICATE, A::CERTIFICATE_UNKNOWN, A::INSUFFICIENT_SECURITY],
    related: &[C::SignatureSchemeMismatch, C::WeakParameters, C::CertificateUntrusted],
};

pub(super) const TLS_INTERCEPTION: Text = Text {
    what: "Something between client and server ends TLS and shows certificates of its own making, signed by a private authority that this client does not trust: a security proxy, an antivirus program, a captive portal, or an attacker.",
    wire: "The same private issuer signs certificates for unrelated names, where other clients see public issuers, and the client refuses (48, 46 or 42). The answer may come from fewer hops away and with other TLS parameters than the real server's.",
    filter: "tls.handshake.type == 11",
    stacks: &[
        "Companies: Zscaler, Netskope, Palo Alto, Fortinet, Sophos, Cisco Umbrella, Squid with ssl-bump. On the machine: Kaspersky, ESET, Avast, Fiddler, Charles, mitmproxy.",
        "Browsers work, since the company put its root into the system's store, while Java, Python, Node.js, Git, containers and virtual machines with stores of their own fail.",
        "Programs with pinned keys (banking apps, updaters, Docker registries) fail although the root is installed.",
        "Chrome: ERR_CERT_AUTHORITY_INVALID, Firefox: MOZILLA_PKIX_ERROR_MITM_DETECTED or SEC_ERROR_UNKNOWN_ISSUER, Apple apps: -9807.",
    ],
    check: &[
        "Who issued it as seen from here, and as seen from elsewhere.",
        "$ openssl s_client -connect HOST:443 -servername HOST </dev/null \\",
        "> | openssl x509 -noout -issuer -fingerprint -sha256",
        "$ openssl s_client -proxy PROXY:3128 -connect HOST:443",
        "The same name over a mobile network; public logs (crt.sh) know the true certificate.",
    ],
    client: "If the interception is meant: install the proxy's root in the store of the program that fails (NODE_EXTRA_CA_CERTS, REQUESTS_CA_BUNDLE, keytool, git http.sslCAInfo, the container's image). If it is not meant: stop and change the network.",
    server: "Nothing can be done from here; it is not its certificate that was refused.",
    between: "Distribute the root to all stores, exempt destinations with pinning and client certificates from inspection, and send the whole chain.",
    alerts: &[A::UNKNOWN_CA, A::CERTIFICATE_UNKNOWN, A::BAD_CERTIFICATE],
    related: &[C::CertificateUntrusted, C::DowngradeDetected, C::MiddleboxReset],
};

pub(super) const CERTIFICATE_REJECTED: Text = Text {
    what: "The client refused the server's certificate, and what was captured does not show why, mostly because TLS 1.3 encrypts both the certificate and the alert.",
    wire: "TLS 1.3: in place of the client's Finished an alert-sized record (type 23, length 19 with most suites), then the end. TLS 1.2: bad_certificate (42) or certificate_unknown (46) about a chain that looks in order: pins, a policy, a person who said no.",
    filter: "tls.record.opaque_type == 23 && tls.record.length == 19",
    stacks: &[
        "Go, GnuTLS, NSS, Java and Erlang encrypt their alert in TLS 1.3; OpenSSL 3.0 clients sent certificate alerts in the clear.",
        "Node.js finishes the handshake first, checks the certificate, and then drops the connection unused; browsers close it likewise while they show their warning.",
        "Apps with pinned keys after a renewal with another key: Chrome ERR_SSL_PINNED_KEY_NOT_IN_CERT_CHAIN, curl exit code 90.",
        "Certificate Transparency: Chrome ERR_CERTIFICATE_TRANSPARENCY_REQUIRED, Apple and Firefox likewise, for public certificates without enough SCTs.",
    ],
    check: &[
        "The certificate itself, from where the client is.",
        "$ openssl s_client -connect HOST:443 -servername HOST -showcerts",
        "$ curl -vI https://HOST/",
        "$ tshark -r c.pcap -o tls.keylog_file:keys.txt -Y tls.alert_message",
        "The client's log: it alone knows the reason. SSLKEYLOGFILE makes the next capture readable.",
    ],
    client: "Read its error: expired, name, issuer or pin. Update pins before the server's key changes, and keep a spare pin.",
    server: "Check dates, names, chain, revocation and SCTs as for a visible certificate. With pinned clients renew with the same key, or ship the new pin first.",
    between: "A proxy that replaces certificates is refused by whoever pins or does not have its root: exempt or install.",
    alerts: &[A::BAD_CERTIFICATE, A::CERTIFICATE_UNKNOWN],
    related: &[C::CertificateExpired, C::CertificateNameMismatch, C::CertificateUntrusted, C::TlsInterception],
};
