# Sourced by the families of failures, after common.sh: every stack as a client and as a server under one command line, and scenes
# of what they make of each other. ONLY=PATTERN makes those scenes only.
#
#   listen STACK VERSION CERTIFICATE [OPTIONS]   a server on port 443, or TLS_PORT
#   dial STACK VERSION NAME [OPTIONS]            a client that checks the certificate and the name against our root
#   scene NAME PROVOKED TRUTH COMMAND...         a capture of the command, and its label
#
# VERSION is 1.0 to 1.3, or `any` for what the stack offers by itself. OPTIONS are the stack's own; those of GnuTLS that begin with a
# colon go behind the priority string, those of Java are properties.

STACKS="openssl curl python gnutls wget nss java rustls"
TAMPER="python3 $HERE/tamper.py"

# certutil, tstclnt and the peers read these
[ -d "$RUN/hosts.d" ] || {
    mkdir "$RUN/hosts.d"
    for name in "$C"/*.csr; do echo "$SERVER $(basename "$name" .csr).test"; done > "$RUN/hosts.d/hosts"
}

stack_name() {
    case $1 in
        openssl) echo "$OPENSSL" ;;
        curl) echo "$CURL (on $OPENSSL)" ;;
        python) echo "ssl of $PYTHON (on $OPENSSL)" ;;
        gnutls) echo "$GNUTLS" ;;
        wget) echo "$WGET (on $GNUTLS)" ;;
        nss) echo "$NSS" ;;
        java) echo "JSSE of $JAVA" ;;
        rustls) echo "rustls-peer ($RUSTLS)" ;;
        nginx) echo "$NGINX (on $OPENSSL)" ;;
    esac
}

# in_words STACK VERSION OPTIONS: how a label tells of it, without the temporary folder
in_words() {
    local stack=$1 version="TLS $2" options=${*:3}
    [ "$2" = any ] && version="any TLS"
    options=${options//"$C/"/}
    options=${options//"$RUN/"/}
    echo "$(stack_name "$stack"), $version${options:+, $options}"
}

openssl_version() {
    case $1 in
        1.[01]) echo "-tls${1/./_} -cipher ALL:@SECLEVEL=0" | sed s/1_0/1/ ;;
        1.[23]) echo "-tls${1/./_}" ;;
    esac
}
gnutls_priority() {
    local priority=NORMAL
    [ "$1" = any ] || priority=$priority:-VERS-ALL:+VERS-TLS$1
    [[ $1 != 1.[01] ]] || priority=$priority:%COMPAT:+SHA1
    echo "$priority${2:-}"
}
java_protocols() {
    case $1 in any) echo - ;; 1.0) echo TLSv1 ;; *) echo "TLSv$1" ;; esac
}
# colons OPTIONS: splits GnuTLS's into SUFFIX (with a colon in front) and REST
colons() {
    SUFFIX='' REST=()
    local word
    for word in "$@"; do
        if [[ $word = :* ]]; then SUFFIX+=$word; else REST+=("$word"); fi
    done
}

dial() {
    local stack=$1 version=$2 name=$3 spoken=()
    shift 3
    CLIENT_WORDS+=${CLIENT_WORDS:+; then }$(in_words "$stack" "$version" "$@")
    case $stack in
        openssl)
            { ask; printf 'CLOSE\n'; sleep 0.3; } | client openssl s_client -connect $SERVER:443 -servername "$name" -verify_hostname "$name" \
                -verify_return_error -CAfile "$C/root.pem" $(openssl_version "$version") "$@" ;;
        curl)
            [ "$version" = any ] || spoken=("--tlsv$version" --tls-max "$version")
            client curl -s --max-time 5 "${spoken[@]}" --cacert "$C/root.pem" --resolve "$name:443:$SERVER" "$@" "https://$name/" ;;
        python)
            [ "$version" = any ] || spoken=(--min "$version" --max "$version")
            client $PEER client $SERVER 443 "$name" --ca "$C/root.pem" "${spoken[@]}" --send $'GET / HTTP/1.0\r\n\r\n' "$@" ;;
        gnutls)
            colons "$@"
            gnutls_client "$name" --priority "$(gnutls_priority "$version" "$SUFFIX")" "${REST[@]}" ;;
        wget)
            [ "$version" = any ] || spoken=(--ciphers "$(gnutls_priority "$version")")
            client sh -c 'mount --bind "$0" /etc/hosts && exec wget "$@"' "$RUN/hosts.d/hosts" -q -T 5 -t 1 -O /dev/null \
                --ca-certificate "$C/root.pem" "${spoken[@]}" "$@" "https://$name/" ;;
        nss)
            nss_database client
            [ "$version" = any ] || spoken=(-V "tls$version:tls$version")
            ask | client tstclnt -h $SERVER -p 443 -a "$name" -d "sql:$RUN/nss-client" -O "${spoken[@]}" "$@" ;;
        java)
            JAVA_TOOL_OPTIONS="-Dpeer.roots=$C/root.pem $*" java_client "$name" "$(java_protocols "$version")" - ;;
        rustls)
            [ "$version" = any ] || spoken=("version=$version")
            rustls_client "$name" "${spoken[@]}" "$@" ;;
    esac
}

listen() {
    local stack=$1 version=$2 cert=$3 spoken=() above=() port=${TLS_PORT:-443}
    shift 3
    stop_servers
    SERVER_WORDS=$(in_words "$stack" "$version" "$@")
    case $stack in
        openssl)
            [ ! -f "$C/$cert.above.pem" ] || above=(-cert_chain "$C/$cert.above.pem")
            [ "$cert" = none ] && above=(-nocert) || above+=(-cert "$C/$cert.pem" -key "$C/$cert.key")
            serve $port openssl s_server -accept $port -rev -quiet "${above[@]}" $(openssl_version "$version") "$@" ;;
        gnutls)
            colons "$@"
            gnutls_server "$cert" --priority "$(gnutls_priority "$version" "$SUFFIX")" "${REST[@]}" ;;
        nginx)
            [ "$version" = any ] && version="1 TLSv1.1 TLSv1.2 TLSv1.3"
            nginx_server "ssl_protocols TLSv$version; ssl_certificate $C/$cert.chain.pem; ssl_certificate_key $C/$cert.key;
                server { listen 443 ssl; server_name $cert.test; $* }" ;;
        python)
            [ "$version" = any ] || spoken=(--min "$version" --max "$version")
            serve $port $PEER server $port --cert "$C/$cert.chain.pem,$C/$cert.key" "${spoken[@]}" --answer pong "$@" ;;
        nss)
            nss_key server "$cert"
            [ "$version" = any ] || spoken=(-V "tls$version:tls$version")
            serve $port selfserv -p $port -d "sql:$RUN/nss-server" -n "$cert" "${spoken[@]}" "$@" ;;
        java)
            JAVA_TOOL_OPTIONS="$*" java_server "$cert" "$(java_protocols "$version")" - ;;
        rustls)
            [ "$version" = any ] || spoken=("version=$version")
            rustls_server "$cert" "${spoken[@]}" "$@" ;;
    esac
}

# NSS's databases, one for each side: our root is trusted, keys come by their names
nss_database() {
    local folder=$RUN/nss-$1
    [ ! -d "$folder" ] || return 0
    mkdir "$folder"
    certutil -N -d "sql:$folder" --empty-password
    certutil -A -d "sql:$folder" -n root -t CT,, -i "$C/root.pem"
}
nss_key() {
    local folder=$RUN/nss-$1 cert=$2
    nss_database "$1"
    [ ! -f "$folder/$cert.p12" ] || return 0
    openssl pkcs12 -export -in "$C/$cert.chain.pem" -inkey "$C/$cert.key" -name "$cert" -passout pass: -out "$folder/$cert.p12"
    pk12util -i "$folder/$cert.p12" -d "sql:$folder" -W '' >/dev/null
}

# look NAME: a client of TLS 1.2 that does not mind, so that the capture shows the server's certificate
look() {
    CLIENT_WORDS+=${CLIENT_WORDS:+; then }"s_client -tls1_2 of $OPENSSL, not checking the certificate"
    s_client -connect $SERVER:443 -servername "$1" -tls1_2
}

# look_then NAME STACK VERSION NAME [OPTIONS]: a look first, then a client of a server that has shown itself
look_then() { look "$1"; dial "${@:2}"; }

# scene NAME PROVOKED TRUTH COMMAND...: TRUTH is one word or more for each handshake, with commas between: the outcome unless it
# is `failed`, the cause and the party. It says what can be known from the packets, not what was done.
scene() {
    local name=$1 provoked=$2 truth=$3
    shift 3
    [[ $name =~ ${ONLY:-} ]] || return 0
    CLIENT_WORDS=
    capture "$name"
    "$@"
    captured
    python3 "$HERE/label-failure.py" "$CAPTURE" "$CLIENT_WORDS; server: $SERVER_WORDS" "$provoked" "$truth"
}
