# Sourced by every family. Two network namespaces joined by a veth pair, fixed addresses, no offloads (packets are as they are on
# a wire), tcpdump on the server's end. A family starts servers with `serve`, wraps its clients in `capture` and `captured`, and
# says with `label` what the capture must show. With ROUTED set, a router stands between the two: see routed.sh.
set -eu

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
FAMILY=$(basename "$0" .sh)
C=$RUN/certs
CLIENT=10.8.0.1 SERVER=10.8.0.2 CLIENT6=fd08::1 SERVER6=fd08::2
[ -z "${ROUTED:-}" ] || SERVER=10.8.1.2 SERVER6=fd08:1::2
MADE_BY=scripts/captures/$FAMILY.sh
PEER="python3 $HERE/peer.py"
export MADE_BY CLIENT SERVER
mkdir -p "$OUT/$FAMILY" "$RUN/log"
find "$OUT/$FAMILY" -maxdepth 1 -type f -delete

# What the labels call the stacks.
OPENSSL="OpenSSL $(openssl version | cut -d' ' -f2)"
GNUTLS="GnuTLS $(gnutls-cli --version | sed -n '1s/.* //p')"
CURL="curl $(curl --version | sed -n '1s/^curl \([^ ]*\).*/\1/p')"
WGET="Wget $(wget --version | sed -n '1s/GNU Wget \([^ ]*\).*/\1/p')"
NGINX="nginx $(nginx -v 2>&1 | sed 's/.*nginx.//')"
PYTHON="Python $(python3 -c 'import platform; print(platform.python_version())')"
NSS="NSS $(dpkg-query -W -f '${Version}' libnss3 2>/dev/null | sed 's/^[0-9]*://; s/-.*//')"
JAVA="Java $(java -version 2>&1 | sed -n '1s/.*"\(.*\)".*/\1/p')"
HAPROXY="HAProxy $(haproxy -v 2>/dev/null | sed -n '1s/^HAProxy version \([^ -]*\).*/\1/p')"
RUSTLS="rustls $(sed -n '/^name = "rustls"$/{n;s/version = "\(.*\)"/\1/p}' "$HERE/rustls-peer/Cargo.lock")"

on_client() { ip netns exec tlscribe-client "$@"; }
on_server() { ip netns exec tlscribe-server "$@"; }
on_router() { ip netns exec tlscribe-router "$@"; }

net_down() {
    local name
    for name in client server router; do ip netns del "tlscribe-$name" 2>/dev/null || true; done
}

# One interface of a namespace: its MAC address, IPv4 and IPv6 addresses, its name.
net_end() {
    local dev=${5:-eth0}
    ip -n "$1" link set lo up
    ip -n "$1" link set "$dev" address "$2" addrgenmode none
    ip -n "$1" link set "$dev" up
    ip -n "$1" addr add "$3/24" dev "$dev"
    ip -n "$1" addr add "$4/64" dev "$dev" nodad
    ip netns exec "$1" ethtool -K "$dev" tso off gso off gro off tx off rx off sg off >/dev/null 2>&1
    # no metrics of one connection may shape the next; ports come from a range that tells ours from a server's
    ip netns exec "$1" sysctl -qw net.ipv4.tcp_no_metrics_save=1 net.ipv4.ip_local_port_range="50000 50999"
}

net_up() {
    net_down
    ip netns add tlscribe-client
    ip netns add tlscribe-server
    if [ -n "${ROUTED:-}" ]; then
        router_up
        return
    fi
    ip link add eth0 netns tlscribe-client type veth peer name eth0 netns tlscribe-server
    net_end tlscribe-client 02:00:00:00:00:01 $CLIENT $CLIENT6
    net_end tlscribe-server 02:00:00:00:00:02 $SERVER $SERVER6
    neighbours client eth0 02:00:00:00:00:02 $SERVER $SERVER6
    neighbours server eth0 02:00:00:00:00:01 $CLIENT $CLIENT6
}

# neighbours END INTERFACE MAC ADDRESS...: they are known, so that captures without a filter hold no ARP
neighbours() {
    local end=$1 dev=$2 mac=$3 address
    shift 3
    for address in "$@"; do ip -n "tlscribe-$end" neigh add "$address" lladdr "$mac" dev "$dev"; done
}

# A router with a leg in each end's network: what passes it has one hop less to live.
router_up() {
    ip netns add tlscribe-router
    ip link add eth0 netns tlscribe-client type veth peer name eth0 netns tlscribe-router
    ip link add eth0 netns tlscribe-server type veth peer name eth1 netns tlscribe-router
    net_end tlscribe-client 02:00:00:00:00:01 10.8.0.1 fd08::1
    net_end tlscribe-server 02:00:00:00:00:02 10.8.1.2 fd08:1::2
    net_end tlscribe-router 02:00:00:00:01:01 10.8.0.254 fd08::fe eth0
    net_end tlscribe-router 02:00:00:00:01:02 10.8.1.254 fd08:1::fe eth1
    on_router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    neighbours client eth0 02:00:00:00:01:01 10.8.0.254 fd08::fe
    neighbours server eth0 02:00:00:00:01:02 10.8.1.254 fd08:1::fe
    neighbours router eth0 02:00:00:00:00:01 10.8.0.1 fd08::1
    neighbours router eth1 02:00:00:00:00:02 10.8.1.2 fd08:1::2
    ip -n tlscribe-client route add default via 10.8.0.254
    ip -n tlscribe-client route add default via fd08::fe
    ip -n tlscribe-server route add default via 10.8.1.254
    ip -n tlscribe-server route add default via fd08:1::fe
}

SERVERS=()
TCPDUMP=

cleanup() {
    stop_servers
    [ -z "$TCPDUMP" ] || kill "$TCPDUMP" 2>/dev/null || true
    net_down
}
trap cleanup EXIT

# serve PORT COMMAND...: a server in the background, ready when this returns
serve() {
    local port=$1 try
    shift
    # exec, so that the process to end is the server itself
    (exec ip netns exec tlscribe-server "$@") </dev/null >>"$RUN/log/$FAMILY.server" 2>&1 &
    SERVERS+=($!)
    for try in $(seq 100); do
        [ -z "$(on_server ss -Hltn "sport = :$port")" ] || return 0
        sleep 0.1
    done
    echo "$FAMILY: nothing listens on port $port after 10 s: $*" >&2
    tail -5 "$RUN/log/$FAMILY.server" >&2
    return 1
}

stop_servers() {
    local pid
    for pid in "${SERVERS[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    SERVERS=()
}

# client COMMAND...: how it ends does not matter here, the label's check sees what came of it
client() { on_client timeout 10 "$@" >>"$RUN/log/$FAMILY.client" 2>&1 || true; }

# A small request for servers that speak HTTP.
ask() { printf 'GET / HTTP/1.0\r\n\r\n'; }

# s_client against openssl_server: a line, and the word upon which that server closes
s_client() { printf 'hello\nCLOSE\n' | client openssl s_client -quiet "$@"; }

# capture NAME [TCPDUMP ARGUMENTS]: starts the capture $OUT/$FAMILY/NAME.pcap, on the server or where AT says
capture() {
    CAPTURE=$OUT/$FAMILY/$1.pcap
    shift
    local log=$RUN/log/tcpdump try
    [ $# -gt 0 ] || set -- -i eth0 tcp
    : > "$log"
    (exec ip netns exec "tlscribe-${AT:-server}" tcpdump --immediate-mode -U -n -s 65535 -Z root -w "$CAPTURE" "$@") 2>"$log" &
    TCPDUMP=$!
    for try in $(seq 100); do
        ! grep -q '^tcpdump: listening' "$log" || return 0
        sleep 0.05
    done
    echo "$FAMILY: tcpdump does not start: $(cat "$log")" >&2
    return 1
}

# captured: ends the capture once there are packets and no more of them come
captured() {
    local before=0 now try
    for try in $(seq 30); do
        sleep 0.3
        now=$(stat -c %s "$CAPTURE")
        [ "$now" -gt 24 ] && [ "$now" = "$before" ] && break
        before=$now
    done
    kill "$TCPDUMP"
    wait "$TCPDUMP" || true
    TCPDUMP=
}

# tshark without its warning that root should not run it
quiet_tshark() { tshark "$@" 2>/dev/null; }

# label HOW [KEY=VALUE...] [-- KEY=VALUE...]: the label of the last capture, see label.py
label() { python3 "$HERE/label.py" "$CAPTURE" "$@"; }

# openssl_server CERTIFICATE [ARGUMENTS]: s_server on port 443, sending lines back reversed
openssl_server() {
    local name=$1
    shift
    serve 443 openssl s_server -accept 443 -rev -quiet -cert "$C/$name.pem" -key "$C/$name.key" -cert_chain "$C/inter.pem" "$@"
}

# gnutls_server CERTIFICATE [ARGUMENTS]: gnutls-serv on port 443 or TLS_PORT, sending back what it gets
gnutls_server() {
    local name=$1
    shift
    serve "${TLS_PORT:-443}" gnutls-serv --port "${TLS_PORT:-443}" --echo --quiet --x509certfile "$C/$name.chain.pem" --x509keyfile "$C/$name.key" "$@"
}

# gnutls_client NAME [ARGUMENTS]: says hello, waits for the echo, closes
gnutls_client() {
    local name=$1
    shift
    { echo hello; sleep 0.5; } | client gnutls-cli --port 443 --sni-hostname "$name" --verify-hostname "$name" --x509cafile "$C/root.pem" "$@" $SERVER
}

# nginx_server DIRECTIVES...: nginx on port 443 with the lines given inside its `server`
nginx_server() {
    local run=$RUN/nginx directives=$1
    mkdir -p "$run/www"
    echo ok > "$run/www/index.html"
    cat > "$run/nginx.conf" <<N
daemon off; master_process off; user root; pid $run/pid; error_log $RUN/log/nginx.error info;
events {}
http {
  access_log off; root $run/www; default_type text/plain; keepalive_timeout 5;
  client_body_temp_path $run; proxy_temp_path $run; fastcgi_temp_path $run; uwsgi_temp_path $run; scgi_temp_path $run;
  $directives
}
N
    serve 443 nginx -c "$run/nginx.conf" -e "$RUN/log/nginx.error"
}

# java_server CERTIFICATE PROTOCOLS SUITES: Peer.java on port 443 or TLS_PORT, sending back a line
java_server() {
    openssl pkcs12 -export -in "$C/$1.chain.pem" -inkey "$C/$1.key" -name server -passout pass:secret -out "$RUN/$1.p12"
    serve "${TLS_PORT:-443}" java -cp "$RUN/java" Peer server "${TLS_PORT:-443}" "$RUN/$1.p12" "$2" "$3"
}

# java_client NAME PROTOCOLS SUITES [CONNECTIONS]
java_client() { client java -cp "$RUN/java" Peer client $SERVER 443 "$1" "$2" "$3" "${4:-1}"; }

# nss_server [ARGUMENTS]: selfserv on port 443 with the RSA certificate; it answers a request with a page and closes
nss_server() {
    if [ ! -d "$RUN/nss" ]; then
        mkdir "$RUN/nss"
        certutil -N -d "sql:$RUN/nss" --empty-password
        openssl pkcs12 -export -in "$C/rsa.chain.pem" -inkey "$C/rsa.key" -name rsa.test -passout pass: -out "$RUN/nss/rsa.p12"
        pk12util -i "$RUN/nss/rsa.p12" -d "sql:$RUN/nss" -W '' >/dev/null
    fi
    serve 443 selfserv -n rsa.test -p 443 -d "sql:$RUN/nss" "$@"
}

# nss_client [ARGUMENTS]: tstclnt, not checking the certificate
nss_client() { ask | client tstclnt -h $SERVER -p 443 -a rsa.test -d "sql:$RUN/nss" -o "$@"; }

# rustls_server CERTIFICATE [OPTIONS] on port 443 or TLS_PORT, rustls_client NAME [OPTIONS]: see rustls-peer
rustls_server() {
    local name=$1
    shift
    serve "${TLS_PORT:-443}" "$RUSTLS_PEER" server "0.0.0.0:${TLS_PORT:-443}" "$C/$name.chain.pem" "$C/$name.key" "$@"
}
rustls_client() {
    local name=$1
    shift
    client "$RUSTLS_PEER" client $SERVER:443 "$name" "$C/root.pem" "$@"
}

net_up
