# Handshakes that the network ends, and those that an end ends without a word: resets, losses, silence. The router stands for
# everything in between; captures at the client (the server one hop away) and at the server.
. "$(dirname "$0")/routed.sh"

S=sni=ecdsa.test
MIDDLEBOX=$(because middlebox_reset network)
SERVER_CLOSED=$(because server_closed server)
CLIENT_CLOSED=$(because client_closed client)
SERVER_SILENT=$(because server_silent server)
HELLO_LOST=$(because client_hello_lost network)
LARGE_LOST=$(because large_packet_lost network)
FLIGHT_LOST=$(because server_flight_lost network)

# forge WHEN [OPTIONS]: forge.py beside the wire
forge() {
    rm -f "$RUN/log/forge"
    on_router timeout 20 python3 "$HERE/forge.py" 443 "$@" >"$RUN/log/forge" 2>&1 &
    until grep -qs ready "$RUN/log/forge"; do sleep 0.05; done
}

# Middleboxes that reset.

for try in "curl 1.2" "curl 1.3" "openssl 1.3" "gnutls 1.2" "gnutls 1.3" "python 1.3" "rustls 1.3" "java 1.2" "java 1.3" "node 1.3"; do
    read -r stack version <<< "$try"
    fresh
    web_server
    to_server $NAMED -j $RESET
    places=client
    [ $stack = openssl ] && places="client router"
    watch "reset-on-name-$stack-tls${version/./}" $places
    from $stack $version
    watched
    for place in $places; do
        label_at $place "$(called $stack), TLS $version; the router answers a ClientHello for ecdsa.test with a reset to the client (iptables REJECT), captured at the $place" $S $MIDDLEBOX
    done
done

over6
for try in "curl 1.3" "openssl 1.2"; do
    read -r stack version <<< "$try"
    fresh
    web_server
    to_server $NAMED -j $RESET
    watch "reset-on-name-$stack-tls${version/./}-ipv6" client
    from $stack $version
    watched
    label_at client "$(called $stack), TLS $version, IPv6; the router answers a ClientHello for ecdsa.test with a reset to the client (ip6tables REJECT)" $S $MIDDLEBOX
done
over4

# Beside the wire: the hello arrives, and what the server says to it comes after "its" reset.
forged() {
    local name=$1 stack=$2 version=$3 how=$4
    shift 4
    fresh
    python_server --think 0.1
    forge "$@"
    watch "$name" ${PLACES:-client server}
    from $stack $version
    watched
    HOW="$(called $stack), TLS $version, and ssl of $PYTHON, which answers after 0.1 s; a box beside the wire $how"
}

forged forged-to-client-other-ttl openssl 1.3 "resets the client upon the ClientHello, TTL 44" hello --ttl 45
label_at client "$HOW" $S $MIDDLEBOX
label_at server "$HOW; captured at the server, where the client's kernel, which knows no such connection any more, answers the server's flight with a reset without ACK" $S $MIDDLEBOX
forged forged-to-client-same-ttl curl 1.2 "resets the client upon the ClientHello, TTL as the server's: only the data after it tells" hello --ttl 63
label_at client "$HOW" $S $MIDDLEBOX
label_at server "$HOW; captured at the server, where the client's kernel, which knows no such connection any more, answers the server's flight with a reset without ACK" $S $MIDDLEBOX
PLACES=client forged forged-three-to-client rustls 1.3 "sends the client three resets without ACK upon the ClientHello, TTL 117" hello --ttl 117 --count 3 --no-ack --id 0x1234
label_at client "$HOW" $S $MIDDLEBOX
forged forged-to-both gnutls 1.3 "resets both ends upon the ClientHello, TTL 90" hello --ttl 90 --to both
label_at client "$HOW" $S $MIDDLEBOX
label_at server "$HOW; captured at the server" $S $MIDDLEBOX
forged forged-to-both-same-ttl python 1.2 "resets both ends upon the ClientHello, TTL 64, as a router at one hop from both" hello --ttl 64 --to both
label_at client "$HOW" $S $MIDDLEBOX
label_at server "$HOW; captured at the server" $S $MIDDLEBOX
PATIENCE=3
forged forged-to-server curl 1.3 "resets only the server upon the ClientHello, TTL 90" hello --ttl 90 --to server
label_at client "$HOW; captured at the client, which waits for 3 s" $S $SERVER_SILENT
label_at server "$HOW; captured at the server" $S $MIDDLEBOX
PATIENCE=8
over6
PLACES=client forged forged-to-client-ipv6 openssl 1.3 "resets the client upon the ClientHello, hop limit 44, IPv6" hello --ttl 45
label_at client "$HOW" $S $MIDDLEBOX
forged forged-to-both-ipv6 java 1.2 "resets both ends upon the ClientHello, hop limit 200, IPv6" hello --ttl 200 --to both
label_at client "$HOW" $S $MIDDLEBOX
label_at server "$HOW; captured at the server" $S $MIDDLEBOX
over4

# After the server's flight: the client is slow.
for version in 1.2 1.3; do
    fresh
    python_server --max $version
    forge flight --ttl 128
    watch "forged-after-flight-tls${version/./}" client
    client $PEER client $SERVER 443 ecdsa.test --after hello --stay 1
    watched
    label_at client "ssl of $PYTHON on both sides, TLS $version, a client that takes a second to think; a box beside the wire resets it upon the server's flight, TTL 128" $S $MIDDLEBOX
done
fresh
web_server
to_server -m connbytes --connbytes 4: --connbytes-dir original --connbytes-mode packets --tcp-flags PSH PSH -j $RESET
watch reset-second-flight-tls12 client
from curl 1.2
watched
label_at client "$CURL (on $OPENSSL) and s_server of $OPENSSL, TLS 1.2; the router answers the client's second flight with a reset to the client" $S 'version="TLS 1.2"' $MIDDLEBOX

for try in "curl 1.2" "java 1.2" "gnutls 1.2"; do
    read -r stack version <<< "$try"
    fresh
    web_server
    from_server -m string --algo bm --string "Test Intermediate" -j $RESET
    PATIENCE=4
    watch "reset-on-certificate-$stack" server
    from $stack $version
    watched
    PATIENCE=8
    label_at server "$(called $stack) and s_server of $OPENSSL, TLS 1.2; the router resets the server upon its certificate; captured at the server" $S $MIDDLEBOX
done

# The ends' own resets and closes, seen through the same router.

for try in "curl 1.3" "openssl 1.2" "rustls 1.3" "java 1.3" "gnutls 1.2" "python 1.2"; do
    read -r stack version <<< "$try"
    fresh
    serve 443 $PEER server 443 --end rst
    places=client
    [ $stack = curl ] && places="client server"
    watch "server-resets-$stack" $places
    from $stack $version
    watched
    label_all "$(called $stack), TLS $version, and a server of ours on $PYTHON that reads the ClientHello and resets (SO_LINGER 0)" $S $SERVER_CLOSED
done
for try in "curl 1.2" "openssl 1.3" "java 1.2" "node 1.3"; do
    read -r stack version <<< "$try"
    fresh
    serve 443 $PEER server 443
    watch "server-closes-$stack" client
    from $stack $version
    watched
    label_at client "$(called $stack), TLS $version, and a server of ours on $PYTHON that reads the ClientHello and closes" $S $SERVER_CLOSED
done

fresh
serve 443 $PEER server 443 --after connect --stay 0.3
watch server-closes-unread client server
from openssl 1.3
watched
label_all "s_client of $OPENSSL and a server of ours on $PYTHON that closes with the ClientHello unread: the kernel resets" $S $SERVER_CLOSED

fresh
serve 443 $PEER server 443 --after connect
watch server-closes-at-accept client
client $PEER client $SERVER 443 ecdsa.test --think 0.2
watched
label_at client "ssl of $PYTHON and a server of ours on $PYTHON that closes as soon as it has accepted: the ClientHello comes after its FIN and is reset" $S $SERVER_CLOSED

fresh
serve 443 $PEER server 443 --backlog
watch server-never-accepted client
from curl 1.3
watched
label_at client "$CURL (on $OPENSSL) and a server of ours on $PYTHON that never accepts and ends: the kernel resets what waited" $S $SERVER_CLOSED

for version in 1.2 1.3; do
    fresh
    python_server --max $version --think 5
    watch "server-killed-tls${version/./}" client server
    (sleep 1; kill -9 "${SERVERS[0]}") &
    from curl $version
    watched
    label_all "$CURL (on $OPENSSL) and ssl of $PYTHON, TLS $version; the server is killed (-9) before it answers" $S $SERVER_CLOSED
    fresh
    python_server --max $version --cut 700
    watch "server-closes-in-flight-tls${version/./}" client
    from openssl $version
    watched
    label_at client "s_client of $OPENSSL and ssl of $PYTHON, TLS $version; the server closes after 700 bytes of its flight" $S "version=\"TLS $version\"" $SERVER_CLOSED
    fresh
    python_server --max $version --cut 700 --end rst --stay 0.1
    watch "server-resets-in-flight-tls${version/./}" client
    from gnutls $version
    watched
    label_at client "gnutls-cli of $GNUTLS and ssl of $PYTHON, TLS $version; the server resets after 700 bytes of its flight" $S "version=\"TLS $version\"" $SERVER_CLOSED
done
fresh
web_server
kill -STOP "${SERVERS[0]}"
watch server-killed-unread client
(sleep 1; kill -9 "${SERVERS[0]}") &
from rustls 1.3
watched
label_at client "$RUSTLS and s_server of $OPENSSL, which is stopped and then killed with the ClientHello unread" $S $SERVER_CLOSED

# A load balancer that passes TLS through, and has nobody to pass it to.
balancer() {
    cat > "$RUN/haproxy.cfg" <<N
defaults
  mode tcp
  timeout connect 2s
  timeout client 20s
  timeout server 20s
frontend f
  bind :::443 v4v6
$1
backend b
  server s 127.0.0.1:4430
N
    serve 443 haproxy -db -f "$RUN/haproxy.cfg"
}
for try in "curl 1.3" "java 1.2"; do
    read -r stack version <<< "$try"
    fresh
    balancer "  default_backend b"
    watch "balancer-without-servers-$stack" client
    from $stack $version
    watched
    label_at client "$(called $stack), TLS $version, and $HAPROXY in TCP mode, whose only server refuses connections" $S $SERVER_CLOSED
done
fresh
balancer "  tcp-request inspect-delay 5s
  tcp-request content reject if { req_ssl_sni -i ecdsa.test }
  tcp-request content accept if { req_ssl_hello_type 1 }
  default_backend b"
watch balancer-rejects-name client
from openssl 1.3
watched
label_at client "s_client of $OPENSSL and $HAPROXY in TCP mode, which rejects the name (tcp-request content reject)" $S $SERVER_CLOSED

# Clients that leave.
for version in 1.2 1.3; do
    fresh
    python_server --max $version
    watch "client-closes-tls${version/./}" client server
    client $PEER client $SERVER 443 ecdsa.test --after hello --stay 0.3
    watched
    label_all "ssl of $PYTHON on both sides, TLS $version: the client closes once the server's flight has come" $S "version=\"TLS $version\"" $CLIENT_CLOSED
    fresh
    web_server
    watch "client-resets-tls${version/./}" client server
    client $PEER client $SERVER 443 ecdsa.test --after hello --stay 0.3 --end rst --max $version
    watched
    label_all "ssl of $PYTHON, TLS $version, which resets once the server's flight has come, and s_server of $OPENSSL" $S "version=\"TLS $version\"" $CLIENT_CLOSED
done
over6
fresh
web_server
watch client-resets-ipv6 server
client $PEER client $SERVER 443 ecdsa.test --after hello --stay 0.3 --end rst
watched
label_at server "ssl of $PYTHON, TLS 1.3, which resets once the server's flight has come, and s_server of $OPENSSL; IPv6, captured at the server" $S $CLIENT_CLOSED
over4
fresh
python_server --think 0.5
watch client-killed server
(exec ip netns exec tlscribe-client $PEER client $SERVER 443 ecdsa.test --after hello --stay 5 >/dev/null 2>&1) &
KILLED=$!
sleep 1.5
kill -9 $KILLED
wait $KILLED 2>/dev/null || true
watched
label_at server "ssl of $PYTHON on both sides; the client is killed (-9) after the server's flight; captured at the server" $S $CLIENT_CLOSED

# Lost races: the client tries two addresses, one wins, the other is dropped after its hello.
for version in 1.2 1.3; do
    fresh
    python_server --think 0.3 --max $version --send hello
    watch "superseded-tls${version/./}" client
    client $PEER client $SERVER6 443 ecdsa.test --after hello --stay 0.1 --race $SERVER
    watched
    label_at client "ssl of $PYTHON on both sides, TLS $version: two connections at once, over IPv6 and IPv4; the one whose ClientHello was sent first is dropped, the other finishes" \
        $S client.ip=$CLIENT6 server.ip=$SERVER6 $(because client_closed none) -- $S outcome=established failure=null
done

# Losses.
PATIENCE=4
for try in "curl 1.3" "openssl 1.2" "gnutls 1.3" "python 1.3" "rustls 1.3" "java 1.2" "node 1.2"; do
    read -r stack version <<< "$try"
    fresh
    web_server
    to_server $NAMED -j DROP
    places=client
    [ $stack = curl ] && places="client router"
    watch "hello-lost-$stack-tls${version/./}" $places
    from $stack $version
    watched
    label_all "$(called $stack), TLS $version; the router drops ClientHellos for ecdsa.test, the client gives up after 4 s" $S $HELLO_LOST
done
over6
for try in "openssl 1.3" "gnutls 1.2"; do
    read -r stack version <<< "$try"
    fresh
    web_server
    to_server $NAMED -j DROP
    watch "hello-lost-$stack-ipv6" client
    from $stack $version
    watched
    label_at client "$(called $stack), TLS $version, IPv6; the router drops ClientHellos for ecdsa.test, the client gives up after 4 s" $S $HELLO_LOST
done
over4
fresh
web_server
to_server $NAMED -j REJECT --reject-with icmp-admin-prohibited
watch hello-prohibited client
from curl 1.3
watched
label_at client "$CURL (on $OPENSSL); the router answers ClientHellos for ecdsa.test with ICMP: communication administratively prohibited" $S $HELLO_LOST

# The hello with a post-quantum share takes two segments.
post_quantum() { client timeout "$PATIENCE" "$RUSTLS_PEER" client "$(host):443" ecdsa.test "$C/root.pem" groups=X25519MLKEM768,x25519 "alpn=$LONG_ALPN"; }
LONG_ALPN=http/1.1,$(printf 'x%.0s' $(seq 200)),h2
fresh
rustls_server ecdsa groups=X25519MLKEM768,x25519
to_server -m length --length 1000: -j DROP
watch post-quantum-large-lost client
post_quantum
watched
label_at client "$RUSTLS on both sides, a ClientHello with X25519MLKEM768 in two segments; the router drops packets of 1000 bytes and more to the server" $S $LARGE_LOST
fresh
rustls_server ecdsa groups=X25519MLKEM768,x25519
to_server --tcp-flags PSH PSH -m string --algo bm ! --hex-string '|160301|' -j DROP
watch post-quantum-second-lost client
post_quantum
watched
label_at client "$RUSTLS on both sides, a ClientHello with X25519MLKEM768 in two segments; the router drops the second one, as boxes do that look for a whole ClientHello in one" $S $LARGE_LOST
over6
fresh
serve 443 "$RUSTLS_PEER" server "[$SERVER]:443" "$C/ecdsa.chain.pem" "$C/ecdsa.key" groups=X25519MLKEM768,x25519
to_server -m length --length 1000: -j DROP
watch post-quantum-large-lost-ipv6 client
post_quantum
watched
label_at client "$RUSTLS on both sides, IPv6, a ClientHello with X25519MLKEM768 in two segments; the router drops packets of 1000 bytes and more to the server" $S $LARGE_LOST
over4

# The server's chain takes many segments.
for try in "curl 1.2" "curl 1.3" "openssl 1.3" "java 1.2" "gnutls 1.3"; do
    read -r stack version <<< "$try"
    fresh
    long_server
    from_server -m length --length 1400: -j DROP
    places=client
    [ $stack = curl ] && places="client server"
    watch "large-flight-lost-$stack-tls${version/./}" $places
    from $stack $version long.test
    watched
    label_all "$(called $stack), TLS $version, and s_server of $OPENSSL with a chain of 25 certificates; the router drops packets of 1400 bytes and more to the client" sni=long.test $LARGE_LOST
done
# A route with a smaller MTU, and nobody told.
for ip in 4 6; do
    over$ip
    fresh
    long_server
    if [ $ip = 4 ]; then
        ip -n tlscribe-router route replace 10.8.0.0/24 dev eth0 mtu lock 1400
        on_router iptables -A OUTPUT -p icmp -j DROP
    else
        ip -n tlscribe-router link set eth0 mtu 1400
        on_router ip6tables -A OUTPUT -p icmpv6 --icmpv6-type packet-too-big -j DROP
    fi
    watch "mtu-black-hole-ipv$ip" client server
    from curl 1.3 long.test
    watched
    label_all "$CURL (on $OPENSSL) and s_server of $OPENSSL with a chain of 25 certificates, IPv$ip; the router's MTU towards the client is 1400 and its ICMP errors are dropped" sni=long.test $LARGE_LOST
done
over4
fresh
long_server
ip -n tlscribe-router route replace 10.8.0.0/24 dev eth0 mtu lock 1400
on_server iptables -A INPUT -p icmp -j DROP
watch mtu-icmp-ignored server
from curl 1.2 long.test
watched
label_at server "$CURL (on $OPENSSL) and s_server of $OPENSSL with a chain of 25 certificates; the router's MTU towards the client is 1400 and it says so by ICMP, which the server's firewall drops; captured at the server" sni=long.test $LARGE_LOST

# All of the server's answer is lost.
for try in "curl 1.3" "openssl 1.2" "java 1.3" "rustls 1.3"; do
    read -r stack version <<< "$try"
    fresh
    web_server
    from_server --tcp-flags PSH PSH -j DROP
    from_server -m length --length 200: -j DROP
    watch "flight-lost-$stack-tls${version/./}" client server
    from $stack $version
    watched
    label_all "$(called $stack), TLS $version, and s_server of $OPENSSL; the router drops what the server says" $S $FLIGHT_LOST
done
over6
fresh
web_server
from_server --tcp-flags PSH PSH -j DROP
from_server -m length --length 200: -j DROP
watch flight-lost-ipv6 server
from gnutls 1.2
watched
label_at server "gnutls-cli of $GNUTLS, TLS 1.2, and s_server of $OPENSSL, IPv6; the router drops what the server says; captured at the server" $S $FLIGHT_LOST
over4

# Servers that say nothing.
PATIENCE=3
for try in "curl 1.3" "openssl 1.2" "gnutls 1.3" "python 1.2" "java 1.3" "rustls 1.3" "node 1.3"; do
    read -r stack version <<< "$try"
    fresh
    serve 443 $PEER server 443 --stay 6
    places=client
    [ $stack = curl ] && places="client server"
    watch "server-silent-$stack-tls${version/./}" $places
    from $stack $version
    watched
    label_all "$(called $stack), TLS $version, and a server of ours on $PYTHON that reads the ClientHello and says nothing; the client gives up after 3 s" $S $SERVER_SILENT
done
over6
fresh
web_server
kill -STOP "${SERVERS[0]}"
watch server-stopped-ipv6 client
from curl 1.2
watched
kill -CONT "${SERVERS[0]}"
label_at client "$CURL (on $OPENSSL), TLS 1.2, and s_server of $OPENSSL, which is stopped (SIGSTOP), IPv6; the client gives up after 3 s" $S $SERVER_SILENT
over4
fresh
nss_server
kill -STOP "${SERVERS[0]}"
watch server-stopped-nss server
from openssl 1.3
watched
kill -CONT "${SERVERS[0]}"
label_at server "s_client of $OPENSSL and selfserv of $NSS, which is stopped (SIGSTOP); the client gives up after 3 s; captured at the server" $S $SERVER_SILENT
fresh
balancer "  tcp-request inspect-delay 5s
  tcp-request content silent-drop if { req_ssl_sni -i ecdsa.test }
  tcp-request content accept if { req_ssl_hello_type 1 }
  default_backend b"
watch balancer-drops-silently client
from curl 1.3
watched
label_at client "$CURL (on $OPENSSL) and $HAPROXY in TCP mode, which drops the name without a word (silent-drop)" $S $SERVER_SILENT

# Without a ClientHello: only with --tcp.
PATIENCE=3
fresh
watch tcp-refused client
from curl 1.3
watched
label_at client "$CURL to a port without a server: SYN and RST" --tcp $(because connection_refused server)
over6
fresh
watch tcp-refused-ipv6 client
from openssl 1.3
watched
label_at client "s_client of $OPENSSL to a port without a server, IPv6: SYN and RST" --tcp $(because connection_refused server)
over4
fresh
web_server
to_server -j DROP
watch tcp-timeout client
from curl 1.3
watched
label_at client "$CURL; the router drops all packets to the server's port" --tcp $(because connection_timeout network)
fresh
web_server
from_server -j DROP
watch tcp-answer-lost client server
from openssl 1.2
watched
label_at client "s_client of $OPENSSL; the router drops all packets from the server's port" --tcp $(because connection_timeout network)
label_at server "s_client of $OPENSSL; the router drops all packets from the server's port; captured at the server, whose SYN-ACKs nobody answers" --tcp $(because connection_timeout network)
fresh
web_server
forge synack --ttl 200
watch tcp-forged-after-synack client
from curl 1.3
watched
label_at client "$CURL; a box beside the wire resets the client upon the server's SYN-ACK, TTL 200" --tcp $(because middlebox_reset network)
fresh
serve 443 $PEER server 443 --after connect --stay 1
forge ack --ttl 200 --to both
watch tcp-forged-after-ack client server
client $PEER client $SERVER 443 ecdsa.test --after connect --stay 0.5
watched
label_all "ssl of $PYTHON, which connects and says nothing; a box beside the wire resets both ends once they are connected, TTL 200" --tcp $(because middlebox_reset network)
fresh
web_server
watch tcp-no-hello client
client $PEER client $SERVER 443 ecdsa.test --after connect
watched
label_at client "ssl of $PYTHON connects and closes without a word" --tcp $(because no_client_hello none)
fresh
serve 443 $PEER server 443 --after connect
watch tcp-server-closes client
client $PEER client $SERVER 443 ecdsa.test --after connect --stay 0.5
watched
label_at client "ssl of $PYTHON connects and says nothing; the server closes at once" --tcp $(because server_closed server)

# Captures of failures that lack what would tell.
PATIENCE=8
# without NAME FILTER: the whole capture but for the frames of a display filter
without() {
    CAPTURE=$OUT/$FAMILY/$1.pcap
    quiet_tshark -r "$WHOLE" -Y "!($2)" -F pcap -w "$CAPTURE"
}
INCOMPLETE=$(because capture_incomplete sensor unfinished)
# whole COMMAND...: a failing handshake to take from
whole() {
    watch whole client
    "$@"
    watched
    WHOLE=$RUN/whole.pcap
    mv "$OUT/$FAMILY/whole-at-client.pcap" "$WHOLE"
}
TO_CLIENT="tcp.srcport == 443 && tcp.len > 0"
TO_SERVER="tcp.dstport == 443 && tcp.len > 0"

fresh
openssl_server ecdsa
for version in 1.2 1.3; do
    whole client curl -s --tls-max $version --resolve "ecdsa.test:443:$SERVER" https://ecdsa.test/
    HOW="$CURL (on $OPENSSL), which does not know the root, and s_server of $OPENSSL, TLS $version"
    name=incomplete-tls${version/./}
    without $name-alert "tls.alert_message"
    label "$HOW; the frame with the client's alert taken out" $S $INCOMPLETE
    without $name-flight-and-alert "$TO_CLIENT || tls.alert_message"
    label "$HOW; all that the server said and the client's alert taken out" $S $INCOMPLETE
    without $name-server "tcp.srcport == 443 || tls.alert_message"
    label "$HOW; all packets of the server and the client's alert taken out" $S $INCOMPLETE
    without $name-but-alert "$TO_CLIENT"
    label "$HOW; all that the server said taken out, the client's alert is there: it says what it says" $S $(because certificate_untrusted server)
done
whole gnutls_client ecdsa.test --x509cafile "$C/client.pem" --priority NORMAL:-VERS-ALL:+VERS-TLS1.3
HOW="gnutls-cli of $GNUTLS, which does not know the root, and s_server of $OPENSSL, TLS 1.3"
without incomplete-tls13-encrypted "$TO_CLIENT"
label "$HOW; all that the server said taken out, so that nobody can tell what the client's encrypted record is" $S $INCOMPLETE
without incomplete-tls13-encrypted-alert "$TO_SERVER && tls.app_data"
label "$HOW; the client's encrypted alert taken out" $S $INCOMPLETE
fresh
web_server -tls1_3
whole from openssl 1.2
HOW="s_client -tls1_2 and s_server -tls1_3 of $OPENSSL"
without incomplete-server-alert "$TO_CLIENT"
label "$HOW; the server's alert taken out, acknowledged by the client" $S $INCOMPLETE
without incomplete-no-ack "tcp.dstport == 443 && tcp.len == 0 && tcp.ack > 1"
label "$HOW; only the client's acknowledgement of the alert taken out, which silences nothing" $S $(because version_mismatch client)
fresh
web_server
SNAPLEN=700 watch incomplete-snaplen client
client curl -s --tls-max 1.3 --resolve "ecdsa.test:443:$SERVER" https://ecdsa.test/
watched
label_at client "$CURL (on $OPENSSL), which does not know the root, and s_server of $OPENSSL, TLS 1.3; 700 bytes of each packet captured, the client's alert among them" $S $(because certificate_untrusted server)
