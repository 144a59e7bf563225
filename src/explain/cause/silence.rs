//! Silence, closes, resets and loss: the transport tells what TLS does not.

use super::Text;
use crate::diagnosis::Cause as C;
use crate::tls::registry::AlertDescription as A;

pub(super) const CONNECTION_REFUSED: Text = Text {
    what: "Nothing listens on this port, or a firewall says so: the TCP connection was refused at once, and TLS never began.",
    wire: "SYN, answered by RST with ACK, or by ICMP port unreachable.",
    filter: "tcp.flags.reset == 1 && tcp.seq == 1 && tcp.ack == 1",
    stacks: &[
        "The service is down, is restarting, or crashed on a certificate that it could not read.",
        "It listens on 127.0.0.1 or on IPv4 only; a container's port is not published.",
        "A firewall with a REJECT rule (tcp-reset), or a wrong port.",
        "nginx: \"connect() failed (111: Connection refused) while connecting to upstream\" and 502; Cloudflare 521; Chrome ERR_CONNECTION_REFUSED; curl exit code 7; Windows 10061.",
    ],
    check: &[
        "Whether something listens, and on which address.",
        "$ ss -ltnp | grep :443",
        "$ nc -vz HOST 443",
        "$ systemctl status SERVICE; nginx -t",
        "IPv4 and IPv6 each by itself.",
    ],
    client: "Check host and port; try again later with growing pauses.",
    server: "Start the service and see why it stopped; bind it to the right addresses; enlarge the listen queue if it refuses under load (Windows does).",
    between: "Firewall and load balancer: allow the port, take dead nodes out by health checks, publish the container's port.",
    alerts: &[],
    related: &[C::ConnectionTimeout, C::MiddleboxReset, C::ServerClosed],
};

pub(super) const CONNECTION_TIMEOUT: Text = Text {
    what: "The TCP connection never came about: no answer to the SYNs, no refusal either.",
    wire: "SYN again and again (after 1, 3, 7 ... seconds), no SYN ACK, perhaps ICMP host unreachable.",
    filter: "tcp.flags.syn == 1 && tcp.analysis.retransmission",
    stacks: &[
        "A firewall or cloud security group that drops instead of rejecting; an address that nobody has; a host that is off.",
        "Routing that goes out one way and back another, past a stateful firewall.",
        "A listen queue that is full: Linux then drops SYNs.",
        "nginx: \"upstream timed out (110: Connection timed out) while connecting to upstream\" and 504; Cloudflare 522; Chrome ERR_CONNECTION_TIMED_OUT; curl exit code 28; Windows 10060.",
    ],
    check: &[
        "How far the SYNs get.",
        "$ traceroute -T -p 443 HOST",
        "$ tcpdump -ni any 'tcp port 443 and tcp[tcpflags] & tcp-syn != 0'",
        "$ nstat -az TcpExtListenDrops TcpExtListenOverflows",
        "Other ports of the host, and other clients.",
    ],
    client: "Check address, VPN and proxy settings; prefer the family (IPv4, IPv6) that works.",
    server: "Allow the port in the host's firewall; enlarge somaxconn and the service's backlog; repair its default route.",
    between: "Allow the port in security groups and firewalls in both directions; Cloudflare's and other CDNs' addresses must not be rate-limited.",
    alerts: &[],
    related: &[C::ConnectionRefused, C::ClientHelloLost, C::UdpBlocked],
};

pub(super) const SERVER_CLOSED: Text = Text {
    what: "The server ended the connection before the handshake was over, without an alert, and everything about that packet says that it was the server itself.",
    wire: "FIN or RST from the server after ClientHello (or before it), with the TTL, IP ID and sequence numbers of its other packets.",
    filter: "tcp.flags.fin == 1 || tcp.flags.reset == 1",
    stacks: &[
        "Schannel and IIS reset where others send an alert: no common version or suite, no binding for the name.",
        "Envoy and TCP proxies close if no filter chain or backend fits; HAProxy in tcp mode when no server is up; Kubernetes services without endpoints behind a proxy.",
        "Limits: nginx limit_conn, sshd-like penalties, fail2ban, mail servers that drop after too many connections, TLS handshake timeouts.",
        "The process crashed, or restarted in the middle; a TLS wrapper whose plain service behind it is down (stunnel).",
        "People see \"unexpected eof while reading\", \"Connection reset by peer\", \"Remote host terminated the handshake\", ERR_CONNECTION_CLOSED, \"non-properly terminated\".",
    ],
    check: &[
        "The server's log first. Then whether it depends on name, version or client.",
        "$ openssl s_client -connect HOST:443 -servername NAME -tls1_2",
        "$ openssl s_client -connect HOST:443 -noservername",
        "$ dmesg | tail; journalctl -u SERVICE --since -10min",
        "When it closed: at once, or after a round number of seconds (a time limit).",
    ],
    client: "Offer what the server wants: a name, TLS 1.2, its suites. Retry with pauses if it is a limit.",
    server: "Mend what its log says; raise limits; have it send alerts, where it can. On Windows look at Schannel's events 36871 to 36888.",
    between: "A TCP load balancer closes on behalf of a backend that is down: look at its health checks and at its log.",
    alerts: &[A::CLOSE_NOTIFY],
    related: &[C::MiddleboxReset, C::ServerSilent, C::VersionMismatch, C::UnrecognizedName],
};

pub(super) const SERVER_SILENT: Text = Text {
    what: "The server's TCP took the whole ClientHello and acknowledged it, and then nothing came until the client gave up. The kernel lives, the program does not answer.",
    wire: "ClientHello, ACK for all of it, silence for seconds, then FIN or RST from the client.",
    filter: "tls.handshake.type == 1 && !tcp.analysis.retransmission",
    stacks: &[
        "The accept queue takes connections that no worker ever serves: a thread pool or event loop that hangs, a stopped process, a debugger.",
        "The server waits for something first: a PROXY header, a plain greeting of the client, a lookup of the client's name in DNS, an OCSP responder, an HSM, a slow database of certificates.",
        "A TCP proxy that waits for its backend; a tarpit or a firewall that plays server (SYN proxy).",
        "Go: \"net/http: TLS handshake timeout\". Envoy: \"connection timeout\". ALB: 502 after 10 seconds. curl: exit code 28, \"SSL connection timeout\". Java: \"Read timed out\".",
    ],
    check: &[
        "Whether it answers at all, and how long it takes.",
        "$ curl -so /dev/null -w '%{time_connect} %{time_appconnect}' https://HOST",
        "$ ss -ltn 'sport = :443'",
        "$ openssl s_client -connect HOST:443 -groups X25519 -tls1_2",
        "Recv-Q of the listening socket: above 0 means connections that nobody accepts.",
    ],
    client: "A longer time limit only hides it. If a small hello is answered and a large one is not, see large_packet_lost.",
    server: "Find what it waits for (a stack dump, strace); add workers; make lookups asynchronous; set a time limit for handshakes.",
    between: "Send the PROXY header if the server waits for it. Let health checks make a TLS handshake and not just connect.",
    alerts: &[],
    related: &[C::ProxyProtocolMismatch, C::LargePacketLost, C::ServerClosed, C::ServerFlightLost],
};

pub(super) const CLIENT_CLOSED: Text = Text {
    what: "The client left before it had finished, without an alert, and nothing in what the server sent explains why.",
    wire: "FIN or RST from the client after ClientHello or after the server's flight, before its own Finished. If another connection of the same client to the same name finished within a second, it was a lost race and no fault.",
    filter: "tls.handshake.type == 1 || tcp.flags.fin == 1 || tcp.flags.reset == 1",
    stacks: &[
        "A time limit of the program that is shorter than the handshake: see whether it is a round number of milliseconds.",
        "A person closed the page, a program was stopped, a context was canceled (Go: \"context canceled\").",
        "Happy eyeballs, preconnects and connection pools that drop what they do not need.",
        "Apple and Java clients that dislike a certificate and close without an alert; scanners that have seen the certificate (ssl_exporter, Censys).",
        "Servers log \"peer closed connection in SSL handshake\" (nginx), \"Connection closed during SSL handshake\" (HAProxy), \"TLS handshake error ... EOF\" (Go).",
    ],
    check: &[
        "After how long it left, what it had received, and whether it comes back.",
        "$ tlscribe read capture.pcap --only failed",
        "$ curl -v --connect-timeout 30 https://HOST/",
        "The client's own log.",
    ],
    client: "Raise its time limit; look in its log for a refusal that it did not tell. Lost races need nothing.",
    server: "Answer faster if the server is what takes so long; otherwise nothing.",
    between: "Look for delay: inspection that fetches the certificate first, a long path, loss.",
    alerts: &[],
    related: &[C::UserCanceled, C::CertificateRejected, C::NoClientHello, C::ServerSilent],
};

pub(super) const NO_CLIENT_HELLO: Text = Text {
    what: "A connection was opened and closed again, and the client never said a word. That is how port checks and preconnects look; as a rule nothing is wrong.",
    wire: "SYN, SYN ACK, ACK, and FIN or RST from the client without a byte of payload.",
    filter: "tcp.flags.syn == 1 || tcp.flags.fin == 1 || tcp.flags.reset == 1",
    stacks: &[
        "TCP health checks: HAProxy check without check-ssl, AWS NLB, kubelet tcpSocket, Keepalived, Zabbix, nc -z.",
        "Browsers that open a connection ahead and do not use it.",
        "Scanners (SYN or connect scans of nmap and masscan).",
        "Clients where the name resolves and connects, and whose own TLS setup then fails: a CA file that is not there (curl 77), \"no protocols available\", \"no ciphers available\", a key that does not load.",
        "Go servers log \"TLS handshake error from ...: EOF\" for each of them.",
    ],
    check: &[
        "Who it is and how regular: every few seconds from one address is a check.",
        "$ tshark -r capture.pcap -q -z conv,tcp",
        "$ curl -v https://HOST/",
        "If it is a client that should work: its own error, before anything is sent.",
    ],
    client: "For a check: let it make a TLS handshake, so that it sees more and fills no log. For a program: repair its TLS settings.",
    server: "Leave the addresses of checks out of the log; nothing else.",
    between: "Set the load balancer's check to TLS or HTTPS (check-ssl, HTTPS health check).",
    alerts: &[],
    related: &[C::ClientClosed, C::ServerClosed, C::ClientNotTls],
};

pub(super) const MIDDLEBOX_RESET: Text = Text {
    what: "The connection was reset by a packet that bears the name of one of the ends but does not come from it: a firewall, filter, IPS or censor in between put it there.",
    wire: "An RST whose TTL or hop limit is unlike that host's other packets, that comes without ACK after an acknowledged exchange, that goes to both sides at once, or that is followed by more data from the same host. One sign is a hint, two independent ones are telling. Often it follows the ClientHello, whose name it read.",
    filter: "tcp.flags.reset == 1",
    stacks: &[
        "Content filters and next-generation firewalls (Palo Alto, Fortinet, Check Point, Cisco) that block by SNI with a reset to both sides.",
        "National filters, which send several resets with differing sequence numbers; Suricata and Snort with reject; Kubernetes network policies of some CNIs.",
        "Firewalls and NATs whose state has expired or was lost in a failover, and cloud load balancers after their idle timeout.",
        "Boxes that do not understand a hello in two segments, ECH, or TLS 1.3, and reset what they cannot read.",
        "People see ECONNRESET, \"Connection reset by peer\", ERR_CONNECTION_RESET, PR_CONNECT_RESET_ERROR, curl exit code 35.",
    ],
    check: &[
        "The TTL of the reset beside that of the other packets of the same address.",
        "$ tshark -r c.pcap -Y tcp -T fields -e ip.src -e ip.ttl -e tcp.flags.str",
        "$ openssl s_client -connect ADDRESS:443 -servername example.com",
        "$ traceroute -T -p 443 HOST",
        "Captures at both ends: did the end whose address it bears ever send it?",
    ],
    client: "Try another network or name to confirm it; ask the network's owner to allow the destination. A proxy or VPN that is allowed goes around it.",
    server: "Nothing in TLS helps. If the box is on the server's side (IPS, DDoS protection), look into its log for the client's address.",
    between: "Find the device by the hops that its TTL implies, look up the block in its log, and allow the name or update its TLS decoding. Raise idle timeouts.",
    alerts: &[],
    related: &[C::ServerClosed, C::TlsInterception, C::LargePacketLost, C::ClientHelloLost],
};

pub(super) const CLIENT_HELLO_LOST: Text = Text {
    what: "The TCP connection stands, but the ClientHello never arrives: it is sent again and again and never acknowledged. Something lets small packets pass and drops this one.",
    wire: "SYN, SYN ACK, ACK, then the same ClientHello at growing intervals without any ACK of it.",
    filter: "tls.handshake.type == 1 && tcp.analysis.retransmission",
    stacks: &[
        "Filters that drop what they block instead of resetting it, by the name in the hello.",
        "A path MTU problem when the hello fills a whole segment: then only large packets are lost.",
        "Asymmetric routing: a stateful firewall sees one direction only and drops what follows the SYN.",
        "A server or load balancer that died right after the SYN ACK, or a SYN proxy before a server that is down.",
        "People see time-outs: ERR_TIMED_OUT, \"TLS handshake timeout\", curl exit code 28.",
    ],
    check: &[
        "Whether a small hello with a harmless name arrives.",
        "$ openssl s_client -connect ADDRESS:443 -noservername -tls1_2",
        "$ openssl s_client -connect ADDRESS:443 -servername NAME",
        "$ ping -M do -s 1372 HOST",
        "A capture at the server: does it arrive there?",
    ],
    client: "Try another network; lower the MTU of the interface or tunnel to see whether size is what matters.",
    server: "Look whether the segment arrives at its interface and whether its own firewall drops it.",
    between: "Find the hop behind which it is missing; look for drops by policy, by conntrack (state INVALID) and by MTU.",
    alerts: &[],
    related: &[C::LargePacketLost, C::MiddleboxReset, C::ConnectionTimeout, C::CaptureIncomplete],
};

pub(super) const LARGE_PACKET_LOST: Text = Text {
    what: "Small packets pass and large ones do not: a path MTU black hole, or a box that cannot take a ClientHello in two segments, as post-quantum key shares make it.",
    wire: "The full-sized segments are sent again and again while smaller ones are acknowledged, the receiver asks for what is missing (duplicate ACKs, SACK), or a router answers ICMP \"fragmentation needed\" (type 3, code 4; IPv6 \"packet too big\", type 2).",
    filter: "(icmp.type == 3 && icmp.code == 4) || icmpv6.type == 2 || tcp.analysis.retransmission",
    stacks: &[
        "VPNs and tunnels (IPsec, WireGuard, GRE, VXLAN, PPPoE) with a smaller MTU, and a firewall that drops the ICMP which would say so. Cloud networks of 1,460 or 1,450 bytes; Docker's 1,500 on top of them.",
        "Servers with long chains: the client's small hello arrives, the server's large flight does not.",
        "X25519MLKEM768 makes hellos of 1,700 bytes and more: Chrome since 131, Firefox since 132, OpenSSL 3.5, Go 1.24. Old boxes that read a name from the first segment alone drop or reset it.",
        "It begins with an update of the client and ends with another network.",
    ],
    check: &[
        "The largest packet that passes.",
        "$ ping -M do -s 1472 HOST",
        "$ tracepath -n HOST",
        "$ openssl s_client -connect HOST:443 -groups X25519",
        "$ openssl s_client -connect HOST:443 -groups X25519MLKEM768",
    ],
    client: "Lower the MTU of the tunnel (1,400, or 1,280 for IPv6). To confirm a post-quantum matter: security.tls.enable_kyber or PostQuantumKeyAgreementEnabled off; not as a cure.",
    server: "net.ipv4.tcp_mtu_probing = 1; a shorter chain, ECDSA certificates. Make sure that the server reads hellos in several segments.",
    between: "Let ICMP type 3 code 4 and ICMPv6 type 2 through; clamp the MSS at the tunnel (iptables TCPMSS --clamp-mss-to-pmtu). Update boxes that parse hellos.",
    alerts: &[],
    related: &[C::ClientHelloLost, C::ServerFlightLost, C::ServerSilent, C::ProtocolViolation],
};

pub(super) const SERVER_FLIGHT_LOST: Text = Text {
    what: "The server answers, and its answer does not reach the client: the flight is sent again and again and never acknowledged.",
    wire: "ServerHello and what follows, retransmitted by the server at growing intervals; from the client no ACK, or the ClientHello once more.",
    filter: "tls.handshake.type == 2 && tcp.analysis.retransmission",
    stacks: &[
        "Asymmetric routing or a NAT that forgot the connection, on the way back.",
        "Path MTU on the way back: ServerHello and Certificate are the first large packets in that direction.",
        "A client that vanished: a phone between networks, a laptop lid, a container that was stopped.",
        "Policies that block by the server's certificate (TLS 1.2) and drop it silently.",
    ],
    check: &[
        "Whether only large segments are lost, or all.",
        "$ tracepath -n CLIENT",
        "$ ping -M do -s 1372 CLIENT",
        "$ conntrack -L -s CLIENT",
        "A capture at the client: does the flight arrive there?",
    ],
    client: "Try another network; check its firewall; lower the MTU.",
    server: "Check its route back to the client, MTU and MSS, and that the answer leaves by the interface on which the hello came.",
    between: "Make routing symmetric, or firewalls share their state; clamp the MSS; look for drops on the way from server to client.",
    alerts: &[],
    related: &[C::LargePacketLost, C::ClientHelloLost, C::ClientClosed, C::CaptureIncomplete],
};

pub(super) const CAPTURE_INCOMPLETE: Text = Text {
    what: "The capture lacks packets that would be needed to tell why; neither end is blamed. The network may be in perfect order: what is missing, is missing here.",
    wire: "Gaps that the receiver acknowledges all the same, one direction only, segments that are cut off by a snap length, a start in the middle of the connection, or an end of the capture before the end of the handshake.",
    filter: "tcp.analysis.ack_lost_segment || tcp.analysis.lost_segment || frame.cap_len < frame.len",
    stacks: &[
        "A kernel buffer that overflows (tcpdump: \"packets dropped by kernel\"), a slow disk, a virtual machine without CPU.",
        "SPAN ports that are overbooked, taps with one of two cables, asymmetric paths, load sharing over two links.",
        "tcpdump with -s 68 or 96; filters that lose fragments, VLAN tags, tunnels or IPv6.",
        "Offload: frames larger than 64 KB, or checksum and segmentation done by the card; Wireshark says \"ACKed unseen segment\", \"Previous segment not captured\".",
    ],
    check: &[
        "What the capture itself says.",
        "$ capinfos capture.pcap",
        "$ tcpdump -i IFACE -s 0 -B 65536 -w capture.pcap tcp port 443",
        "$ ethtool -S IFACE | grep -i drop",
        "capture.missing of the event, and the record of type stats.",
    ],
    client: "If the capture can be taken on the client itself, do that.",
    server: "If it can be taken on the server itself, nothing on the path can be missed there.",
    between: "Enlarge the buffer (-B), filter to what is needed, take both directions, full length. Replace an overbooked SPAN port by a tap.",
    alerts: &[],
    related: &[C::ClientHelloLost, C::ServerFlightLost, C::LargePacketLost],
};
