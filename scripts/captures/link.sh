# Link and network layers: IPv6, extension headers and options, fragments, VLANs, cooked and raw captures, tunnels.
. "$(dirname "$0")/common.sh"

FACTS=(version="TLS 1.2" cipher_suite=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 named_group=x25519 sni=ecdsa.test resumed=false client_auth=none)
BOTH="s_client and s_server of $OPENSSL, TLS 1.2"
connect() { s_client -tls1_2 -servername ecdsa.test "$@"; }

openssl_server ecdsa

capture ipv6
connect -connect "[$SERVER6]:443"
captured
label "$BOTH over IPv6" "${FACTS[@]}" client.ip=$CLIENT6 server.ip=$SERVER6

capture sll -i any -y LINUX_SLL tcp
connect -connect $SERVER:443
captured
label "$BOTH, tcpdump -i any -y LINUX_SLL: Linux cooked capture" "${FACTS[@]}"

capture sll2 -i any -y LINUX_SLL2 tcp
connect -connect "[$SERVER6]:443"
captured
label "$BOTH over IPv6, tcpdump -i any -y LINUX_SLL2: Linux cooked capture, version 2" "${FACTS[@]}" client.ip=$CLIENT6 server.ip=$SERVER6

capture ipv4-options
client python3 "$HERE/peer.py" client $SERVER 443 ecdsa.test --max 1.2 --ip-options --send $'hello\nCLOSE\n'
captured
label "ssl of $PYTHON with IPv4 options on each of its packets, and s_server of $OPENSSL" "${FACTS[@]}"

capture ipv6-destination-options -i eth0 ip6 host $CLIENT6
client python3 "$HERE/peer.py" client $SERVER6 443 ecdsa.test --max 1.2 --ip-options --send $'hello\nCLOSE\n'
captured
label "ssl of $PYTHON with an IPv6 destination options header on each of its packets, and s_server of $OPENSSL" \
    "${FACTS[@]}" client.ip=$CLIENT6 server.ip=$SERVER6

# One handshake in link layers that this kernel lacks.
capture plain
connect -connect $SERVER:443
captured
PLAIN=$RUN/plain.pcap
mv "$CAPTURE" "$PLAIN"
rewrapped() {
    local name=$1 how=$2 text=$3
    shift 3
    CAPTURE=$OUT/$FAMILY/$name.pcap
    python3 "$HERE/rewrap.py" "$how" "$PLAIN" "$CAPTURE"
    label "$BOTH, rewrap.py $how: $text" "${FACTS[@]}" "$@"
}
rewrapped vlan vlan:7 "an 802.1Q tag" 'vlan=[7]'
rewrapped qinq qinq:100:7 "an 802.1ad and an 802.1Q tag" 'vlan=[100,7]'
rewrapped pppoe pppoe "PPP over Ethernet"
rewrapped ppp ppp "PPP with HDLC framing"
rewrapped null null "BSD loopback, little-endian"
rewrapped loop loop "OpenBSD loopback"
rewrapped gre gre "IPv4 in GRE in IPv4"
rewrapped padded pad "short frames padded to 60 bytes"
rewrapped zero-length zero-length "IPv4 total length 0, as captured above a card that segments"

for end in client server; do
    ip -n tlscribe-$end link add vx0 type vxlan id 42 dstport 4789 dev eth0 \
        remote "$([ $end = client ] && echo $SERVER || echo $CLIENT)" udpcsum
    ip -n tlscribe-$end link set vx0 addrgenmode none
    ip -n tlscribe-$end link set vx0 up
    ip -n tlscribe-$end addr add "10.9.0.$([ $end = client ] && echo 1 || echo 2)/24" dev vx0
done
capture vxlan -i eth0 udp port 4789
connect -connect 10.9.0.2:443
captured
label "$BOTH through VXLAN 42, captured outside" "${FACTS[@]}" client.ip=10.9.0.1 server.ip=10.9.0.2 'tunnel=["vxlan:42"]'

serve 5555 socat TCP-LISTEN:5555 TUN:10.10.0.2/24,up,iff-no-pi
(exec ip netns exec tlscribe-client socat TCP:$SERVER:5555 TUN:10.10.0.1/24,up,iff-no-pi) &
SERVERS+=($!)
sleep 0.5
capture raw -i tun0 tcp
connect -connect 10.10.0.2:443
captured
label "$BOTH through a tunnel of socat, tcpdump -i tun0: raw IP without a link layer" "${FACTS[@]}" client.ip=10.10.0.1 server.ip=10.10.0.2
stop_servers

serve 443 openssl s_server -accept 443 -rev -quiet -cert "$C/long.pem" -key "$C/long.key" -cert_chain "$C/long.above.pem"
for end in client server; do ip netns exec tlscribe-$end ethtool -K eth0 tso on gso on gro on tx on rx on sg on >/dev/null 2>&1; done
capture segmentation-offload
connect -connect $SERVER:443 -servername long.test
captured
label "$BOTH with a chain of 25 certificates, segmentation offload on: frames larger than the wire takes, wrong checksums" "${FACTS[@]}" \
    cipher_suite=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 sni=long.test
for end in client server; do ip netns exec tlscribe-$end ethtool -K eth0 tso off gso off gro off tx off rx off sg off >/dev/null 2>&1; done
stop_servers

# A router with a small MTU towards the server; the client does not set DF.
ip netns add tlscribe-router
ip link add to-client netns tlscribe-router type veth peer name eth1 netns tlscribe-client
ip link add to-server netns tlscribe-router type veth peer name eth1 netns tlscribe-server
ip netns exec tlscribe-router sysctl -qw net.ipv4.ip_forward=1
ip -n tlscribe-router addr add 10.11.1.254/24 dev to-client
ip -n tlscribe-router addr add 10.11.2.254/24 dev to-server
ip -n tlscribe-client addr add 10.11.1.1/24 dev eth1
ip -n tlscribe-server addr add 10.11.2.2/24 dev eth1
for end in "router to-client" "router to-server" "client eth1" "server eth1"; do
    set -- $end
    ip netns exec tlscribe-$1 ethtool -K $2 tso off gso off gro off tx off rx off sg off >/dev/null 2>&1
    ip -n tlscribe-$1 link set $2 up
done
# a locked MTU of the route, not of the interface, which would refuse what comes back
ip -n tlscribe-router route change 10.11.2.0/24 dev to-server proto kernel scope link src 10.11.2.254 mtu lock 576
ip -n tlscribe-client route add 10.11.2.0/24 via 10.11.1.254
ip -n tlscribe-server route add 10.11.1.0/24 via 10.11.2.254
on_client sysctl -qw net.ipv4.ip_no_pmtu_disc=1
serve 443 "$RUSTLS_PEER" server 10.11.2.2:443 "$C/ecdsa.chain.pem" "$C/ecdsa.key" groups=X25519MLKEM768
capture ipv4-fragments -i eth1 ip proto 6
client "$RUSTLS_PEER" client 10.11.2.2:443 ecdsa.test "$C/root.pem" groups=X25519MLKEM768
captured
label "rustls-peer ($RUSTLS) on both sides behind a router with an MTU of 576: the ClientHello comes in IPv4 fragments" \
    version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=X25519MLKEM768 sni=ecdsa.test client.ip=10.11.1.1 server.ip=10.11.2.2
