# Sourced by the families about failures and their contrary, instead of common.sh: the two ends have a router between them,
# which can lose, refuse and forge. One run is captured in several places at once; each place has a label of its own, since
# what an expert can say differs with what is seen there.
ROUTED=yes
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# No ARP and no neighbour discovery, but ICMP errors.
TRAFFIC="tcp or icmp or (icmp6 and ip6[40] < 5)"

# How long a client waits before it gives up, in seconds.
PATIENCE=8

# fresh: an empty network, so that nothing of the last connection comes late into the next capture
fresh() {
    stop_servers
    net_up
}

over4() { CLIENT=10.8.0.1 SERVER=10.8.1.2; }
over6() { CLIENT=$CLIENT6 SERVER=$SERVER6; }

# The server's address as it stands before a port.
host() { case $SERVER in *:*) echo "[$SERVER]" ;; *) echo $SERVER ;; esac; }

# The firewall of the router, of the address family in use: a rule for packets to the server's port, or from it.
tables() { case $SERVER in *:*) on_router ip6tables "$@" ;; *) on_router iptables "$@" ;; esac; }
to_server() { tables -A FORWARD -p tcp --dport 443 "$@"; }
from_server() { tables -A FORWARD -p tcp --sport 443 "$@"; }
RESET="REJECT --reject-with tcp-reset"
NAMED="-m string --algo bm --string ecdsa.test"

# watch NAME PLACE...: captures at the client, the server, the router (on the client's side of it)
watch() {
    local place
    WATCHED=() NAME=$1
    shift
    PLACES_WATCHED=("$@")
    for place in "$@"; do
        AT=$place capture "$NAME-at-$place" -i eth0 -s "${SNAPLEN:-65535}" "$TRAFFIC"
        WATCHED+=("$CAPTURE $TCPDUMP")
    done
}

# watched: ends all of them
watched() {
    local one
    for one in "${WATCHED[@]}"; do
        read -r CAPTURE TCPDUMP <<< "$one"
        captured
    done
}

# label_at PLACE HOW KEY=VALUE...: the label of what was captured there
label_at() {
    local place=$1
    shift
    CAPTURE=$OUT/$FAMILY/$NAME-at-$place.pcap
    label "$@"
}

# label_all HOW KEY=VALUE...: the same label for every place that was watched, each saying which one it is
label_all() {
    local how=$1 place
    shift
    for place in "${PLACES_WATCHED[@]}"; do label_at "$place" "$how; captured at the $place" "$@"; done
}

# because CAUSE PARTY [OUTCOME]: why it failed, and who has to act
because() { echo "outcome=${3:-failed} failure.cause=$1 failure.party=$2"; }
# fine OUTCOME: nothing failed
fine() { echo "outcome=$1 failure=null"; }

# from STACK VERSION [NAME]: one connection of that stack to port 443, with a line or a request
from() {
    local name=${3:-ecdsa.test} flags
    case $1 in
        curl)
            flags="--tls-max $2"
            [ "$2" = 1.2 ] || flags=--tlsv1.3
            client curl -s --max-time "$PATIENCE" --cacert "$C/root.pem" $flags --resolve "$name:443:$(host)" "https://$name/" ;;
        openssl) ask | client timeout "$PATIENCE" openssl s_client -quiet -connect "$(host):443" -servername "$name" "-tls${2/./_}" ;;
        gnutls)
            { echo hello; sleep 0.5; } | client timeout "$PATIENCE" gnutls-cli --port 443 --sni-hostname "$name" --verify-hostname "$name" \
                --x509cafile "$C/root.pem" --priority "NORMAL:-VERS-ALL:+VERS-TLS$2" $SERVER ;;
        python) client timeout "$PATIENCE" $PEER client $SERVER 443 "$name" --max "$2" --send hello ;;
        java) client timeout "$PATIENCE" java -cp "$RUN/java" Peer client $SERVER 443 "$name" "TLSv$2" - 1 ;;
        rustls) client timeout "$PATIENCE" "$RUSTLS_PEER" client "$(host):443" "$name" "$C/root.pem" "version=$2" ;;
        node)
            client timeout "$PATIENCE" node -e "require('tls').connect({host: '$SERVER', port: 443, servername: '$name', rejectUnauthorized: false,
                maxVersion: 'TLSv$2'}, function () { this.end('hello') }).on('error', console.error).resume()" ;;
    esac
}

# What a label calls a stack.
called() {
    case $1 in
        curl) echo "$CURL (on $OPENSSL)" ;;
        openssl) echo "s_client of $OPENSSL" ;;
        gnutls) echo "gnutls-cli of $GNUTLS" ;;
        python) echo "ssl of $PYTHON" ;;
        java) echo "$JAVA" ;;
        rustls) echo "$RUSTLS" ;;
        node) echo "Node.js $(node --version)" ;;
    esac
}

# web_server: s_server -www with the ECDSA certificate: answers any request with a page and closes
web_server() { serve 443 openssl s_server -accept 443 -www -quiet -cert "$C/ecdsa.pem" -key "$C/ecdsa.key" -cert_chain "$C/inter.pem" "$@"; }

# long_server: the same with a chain that takes many segments
long_server() {
    serve 443 openssl s_server -accept 443 -www -quiet -cert "$C/long.pem" -key "$C/long.key" -cert_chain "$C/long.above.pem"
}

# python_server [ARGUMENTS]: peer.py on port 443 or TLS_PORT with the ECDSA certificate
python_server() { serve "${TLS_PORT:-443}" $PEER server "${TLS_PORT:-443}" --cert "$C/ecdsa.chain.pem,$C/ecdsa.key" "$@"; }
