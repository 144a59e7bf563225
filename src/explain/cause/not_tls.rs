//! Not TLS: another protocol on this port, a step before TLS that failed, and QUIC's own.

use super::Text;
use crate::diagnosis::Cause as C;
use crate::tls::registry::AlertDescription as A;

pub(super) const SERVER_NOT_TLS: Text = Text {
    what: "The client began TLS and something that is not TLS answered: this port speaks plain HTTP, SSH, SMTP, a database protocol, or an error page.",
    wire: "ClientHello, answered by bytes that are no TLS record: \"HTTP/1.1 400 Bad Request\", \"220 mail ESMTP\", \"SSH-2.0-\". The client then sends protocol_version (70), unexpected_message (10) or record_overflow (22), or just closes.",
    filter: "tcp.payload[0:4] == 48:54:54:50 || tcp.payload[0:4] == 53:53:48:2d || tcp.payload[0:3] == 32:32:30",
    stacks: &[
        "https:// with the port of a plain service (80, 8080, 3000, 9200), or a TLS listener that lost its ssl keyword: listen 443 without ssl in nginx.",
        "Implicit TLS where STARTTLS is meant: 587, 143, 110, 21, 389, 5432, 3306 begin in plain text.",
        "A proxy given as https:// though it speaks plain HTTP (HTTPS_PROXY=https://...): the most common one with curl, pip, Python and Docker.",
        "OpenSSL: \"wrong version number\", \"packet length too long\". Go: \"first record does not look like a TLS handshake\". Java: \"Unsupported or unrecognized SSL message\". Firefox: SSL_ERROR_RX_RECORD_TOO_LONG. GnuTLS: \"An unexpected TLS packet was received\". Node.js: EPROTO.",
        "A captive portal or firewall that answers every port with a page.",
    ],
    check: &[
        "What the port says in plain text.",
        "$ curl -v http://HOST:PORT/",
        "$ nc -v HOST PORT",
        "$ openssl s_client -connect HOST:PORT -starttls smtp",
        "$ env | grep -i proxy",
    ],
    client: "Use the right scheme and port, STARTTLS where the port has it, and http:// for a proxy that speaks plain HTTP.",
    server: "Turn TLS on for this port: listen 443 ssl, SSLEngine on, ssl crt on HAProxy's bind line, smtps_wrappermode for 465.",
    between: "A load balancer that ends TLS and speaks plain to its backend must not be told that the backend is HTTPS (proxy_pass https://, ssl on the server line, transport_socket in Envoy).",
    alerts: &[A::PROTOCOL_VERSION, A::UNEXPECTED_MESSAGE, A::RECORD_OVERFLOW],
    related: &[C::StarttlsRefused, C::ProxyRefused, C::ProxyProtocolMismatch, C::ClientNotTls],
};

pub(super) const CLIENT_NOT_TLS: Text = Text {
    what: "The server expects TLS and the client speaks something else: mostly plain HTTP, or garbage of a scanner.",
    wire: "The first bytes of the client are text (\"GET / HTTP/1.1\") and not 16 03. The server answers 400 in plain text, an alert (unexpected_message 10, decode_error 50, protocol_version 70), or closes.",
    filter: "tcp.payload[0:4] == 47:45:54:20 && tcp.dstport == 443",
    stacks: &[
        "http://host:443, or a redirect that forgets the scheme; health checks in plain HTTP against a TLS port.",
        "nginx: 400 \"The plain HTTP request was sent to HTTPS port\" (497). Apache: \"You're speaking plain HTTP to an SSL-enabled server port\". Go: \"Client sent an HTTP request to an HTTPS server\".",
        "OpenSSL servers log \"http request\", for CONNECT \"https proxy request\"; Java logs \"Unrecognized SSL message, plaintext connection?\".",
        "A proxy in front that ended TLS and passes plain text on to a TLS backend.",
        "Port scanners, SSLv2 hellos, RDP probes (\"Cookie: mstshash\").",
    ],
    check: &[
        "What the client sent first.",
        "$ tshark -r capture.pcap -Y 'tcp.len > 0' -T fields -e tcp.payload -c 1",
        "$ curl -v http://HOST:443/",
        "Who the client is: a health check, a proxy, a scanner.",
    ],
    client: "Use https:// or the program's TLS option; set the health check to HTTPS.",
    server: "Where people arrive by mistake, answer with a redirect (error_page 497 in nginx). For scanners do nothing.",
    between: "Make the proxy speak TLS to the backend: proxy_pass https://, ssl verify on HAProxy's server line, UpstreamTlsContext in Envoy, HTTPS as the target group's protocol.",
    alerts: &[A::UNEXPECTED_MESSAGE, A::DECODE_ERROR, A::PROTOCOL_VERSION],
    related: &[C::ServerNotTls, C::ProxyProtocolMismatch, C::NoClientHello],
};

pub(super) const PROXY_PROTOCOL_MISMATCH: Text = Text {
    what: "A load balancer puts a PROXY header with the client's address before the hello and the server does not expect it, or the server waits for the header and gets a hello.",
    wire: "\"PROXY TCP4 ...\" (version 1) or 0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a (version 2) before ClientHello, answered by an alert, a 400 or a close; or a plain ClientHello answered by a close without a word.",
    filter: "proxy || tcp.payload[0:6] == 50:52:4f:58:59:20",
    stacks: &[
        "AWS NLB, HAProxy (send-proxy), Cloudflare Spectrum, Azure and OCI load balancers send it where it is switched on.",
        "nginx: \"broken header ... while reading PROXY protocol\". HAProxy: \"Received something which does not look like a PROXY protocol header\". Server without it: \"wrong version number\", \"http request\".",
        "Kubernetes: use-proxy-protocol in the ingress controller and the annotation of the load balancer service were not changed together.",
        "Health checks and pods that go to the server directly, without the header, while it demands one.",
        "Postfix and Dovecot behind HAProxy: postscreen_upstream_proxy_protocol, haproxy = yes for one listener only.",
    ],
    check: &[
        "Whether the header is there, right after the TCP handshake.",
        "$ curl -vk --haproxy-protocol https://BACKEND/",
        "$ openssl s_client -connect BACKEND:443",
        "The settings of both ends, listener by listener.",
    ],
    client: "Nothing; clients do not send it. A monitoring client that goes past the load balancer needs a port without it.",
    server: "Accept it from the load balancer's addresses, and from nobody else: listen 443 ssl proxy_protocol with set_real_ip_from, accept-proxy, RemoteIPProxyProtocol, the proxy_protocol listener filter.",
    between: "Send it only to listeners that expect it; turn it on or off at both ends in one step. Health checks need send-proxy too (check-send-proxy).",
    alerts: &[A::UNEXPECTED_MESSAGE, A::PROTOCOL_VERSION],
    related: &[C::ClientNotTls, C::ServerClosed, C::ServerNotTls],
};

pub(super) const STARTTLS_REFUSED: Text = Text {
    what: "The client wanted to turn a plain connection into a TLS one (STARTTLS, AUTH TLS, SSLRequest), and the server did not offer it or refused.",
    wire: "Plain text first: EHLO without 250-STARTTLS, or STARTTLS answered by 454, 502 or 503; CAPABILITY without STARTTLS; AUTH TLS answered by 500, 502 or 534; for PostgreSQL one byte N. No ClientHello follows.",
    filter: "smtp.req.command == \"STARTTLS\" || ftp.request.command == \"AUTH\" || imap || pgsql",
    stacks: &[
        "Postfix: 454 4.7.0 \"TLS not available due to local problem\" (key or certificate did not load). Exim, Sendmail and Exchange without a certificate do not offer it.",
        "Cisco ASA and other firewalls with SMTP inspection overwrite 250-STARTTLS by XXXXXXXX: a downgrade by a box.",
        "PostgreSQL with ssl = off: \"server does not support SSL, but SSL was required\". MySQL without a certificate: \"SSL is required, but the server does not support it\" (2026).",
        "LDAP: \"Protocol error\" or \"TLS already started\" for StartTLS on 636. FTP: 534 or 530 for AUTH TLS without a certificate.",
        "Too early or twice: before EHLO, or on a port that has TLS from the first byte.",
    ],
    check: &[
        "What it offers.",
        "$ openssl s_client -connect HOST:587 -starttls smtp",
        "$ openssl s_client -connect HOST:5432 -starttls postgres",
        "$ printf 'EHLO x\\r\\nQUIT\\r\\n' | nc HOST 25",
        "The same from inside and outside the firewall: if it differs, the box takes it out.",
    ],
    client: "Use the port with implicit TLS where there is one (465, 993, 995, 990, 636). Do not fall back to plain text.",
    server: "Give the service a certificate and key that it can read, and turn it on: smtpd_tls_security_level = may, ssl = yes in Dovecot, ssl = on in postgresql.conf, ssl_cert and ssl_key in MySQL.",
    between: "Turn SMTP inspection off, or let it pass STARTTLS (allow-tls in the ASA). Publish MTA-STS or DANE so that senders notice a downgrade.",
    alerts: &[],
    related: &[C::ServerNotTls, C::ServerClosed, C::DowngradeDetected],
};

pub(super) const PROXY_REFUSED: Text = Text {
    what: "A forward proxy did not open the way: it refused CONNECT or the SOCKS request, and TLS to the destination never began.",
    wire: "CONNECT host:443, answered by 407, 403, 502, 503 or 504 instead of 200; or a SOCKS reply with a code other than 0. No ClientHello follows, and the refusal is the proxy's and not the server's.",
    filter: "http.request.method == \"CONNECT\" || http.response.code == 407 || socks",
    stacks: &[
        "407: the proxy wants a login that the program does not have. NTLM and Kerberos proxies need a helper for curl, Java, Git and Node.js.",
        "403: the destination or port is not allowed (Squid's SSL_ports has 443 alone), or a filter blocks its category.",
        "502, 503 and 504: the proxy cannot reach the destination or resolve its name.",
        "curl: exit code 56 \"CONNECT tunnel failed, response 407\", 97 for SOCKS. Java: \"Unable to tunnel through proxy\". Chrome: ERR_TUNNEL_CONNECTION_FAILED. Firefox: \"The proxy server is refusing connections\".",
    ],
    check: &[
        "What the proxy says.",
        "$ curl -v -x http://PROXY:3128 https://HOST/",
        "$ openssl s_client -proxy PROXY:3128 -connect HOST:443",
        "$ env | grep -i _proxy",
        "Whether this destination ought to go through the proxy at all (NO_PROXY, PAC file).",
    ],
    client: "Set the login (curl --proxy-user, --proxy-anyauth), the right proxy, or an exception. Since Java 8u111 Basic authentication for tunnels needs jdk.http.auth.tunneling.disabledSchemes emptied.",
    server: "Nothing, if the request never arrived. If the proxy's address is blocked at the destination, allow it.",
    between: "Allow the destination, port and user on the proxy; repair its DNS and its own way out. In Squid look at access.log for TCP_DENIED.",
    alerts: &[],
    related: &[C::ServerNotTls, C::ConnectionTimeout, C::AccessDenied],
};

pub(super) const QUIC_VERSION_MISMATCH: Text = Text {
    what: "Client and server have no version of QUIC in common, so that HTTP/3 does not come about. Browsers then use TCP.",
    wire: "An Initial with the client's version, answered by a Version Negotiation packet (version 0, RFC 8999) whose list has none that the client knows. It is not authenticated, and the client drops one that lists its own version.",
    filter: "quic.version == 0 || quic.long.packet_type == 0",
    stacks: &[
        "Drafts (h3-29, 0xff00001d) and Google's own versions (Q050) against servers that have version 1 alone.",
        "A client that insists on version 2 (RFC 9369) before a server of 2021.",
        "An Alt-Svc or HTTPS record that promises h3 for a server, or one node of it, that was changed since.",
        "Chrome: ERR_QUIC_PROTOCOL_ERROR with QUIC_INVALID_VERSION; curl: exit code 96.",
    ],
    check: &[
        "Which versions the server lists in its answer.",
        "$ curl -v --http3-only https://HOST/",
        "$ curl -sI https://HOST/ | grep -i alt-svc",
        "$ dig +short HTTPS HOST",
    ],
    client: "Update it; every current stack has version 1 (RFC 9000). Emptying the Alt-Svc cache makes a browser forget the promise.",
    server: "Offer version 1 on every node, and announce only what is there (h3, not h3-29).",
    between: "A load balancer for UDP must send packets to nodes by connection id, and not mix those with old and new software.",
    alerts: &[],
    related: &[C::UdpBlocked, C::VersionMismatch],
};

pub(super) const UDP_BLOCKED: Text = Text {
    what: "Packets over UDP (QUIC, DTLS) do not get through, while TCP to the same host works. Browsers fall back to TCP after a moment, other programs fail.",
    wire: "Initials (or DTLS ClientHellos) again and again at growing intervals, nothing back, or ICMP \"administratively prohibited\" or \"port unreachable\"; soon a TCP connection to port 443 of the same host that succeeds.",
    filter: "quic.long.packet_type == 0 || dtls.handshake.type == 1 || icmp.type == 3",
    stacks: &[
        "Company firewalls block UDP 443 on purpose, to inspect HTTPS over TCP; hotel and mobile networks drop or throttle it.",
        "The server's firewall or cloud security group has TCP 443 and not UDP 443, and Alt-Svc announces h3 all the same.",
        "Paths with an MTU below 1,280 bytes, through tunnels: QUIC's Initials are padded to 1,200 bytes and may not be fragmented.",
        "VPNs over DTLS (AnyConnect, GlobalProtect, OpenConnect) go on over TLS and get slow. WebRTC has no media.",
        "Chrome: ERR_QUIC_PROTOCOL_ERROR, QUIC_NETWORK_IDLE_TIMEOUT; curl --http3-only: exit code 28 or 96.",
    ],
    check: &[
        "UDP and TCP to the same host, from the same place.",
        "$ curl -v --http3-only https://HOST/",
        "$ nc -vzu HOST 443",
        "$ traceroute -U -p 443 HOST",
        "A capture at the server: do the packets arrive, and does the answer leave?",
    ],
    client: "Go by TCP: nothing to do in a browser. For DTLS and WebRTC use TURN over TLS.",
    server: "Open UDP 443 in firewall and security group (both directions), bind the listener (listen 443 quic in nginx), or stop announcing h3.",
    between: "Allow UDP 443 with its state kept for 30 seconds and more; if it is meant to be blocked, reject with ICMP instead of dropping, so that clients fall back at once.",
    alerts: &[],
    related: &[C::QuicVersionMismatch, C::ClientHelloLost, C::LargePacketLost],
};
