# Names, keys, broken messages and faults; and those who leave.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/stacks.sh"

NAMELESS="no server name" UNKNOWN="a name that the server does not serve"
T="unrecognized_name client" M="sni_missing client"
# nameless STACK VERSION: without SNI
nameless() {
    case $1 in
        openssl) CLIENT_WORDS+="$OPENSSL, TLS $2, -noservername"
            ask | client openssl s_client -connect $SERVER:443 -noservername "$(echo -tls${2/./_})" ;;
        gnutls) dial gnutls "$2" ecdsa.test --disable-sni ;;
        curl) CLIENT_WORDS+="$CURL, TLS $2, by address"
            client curl -s -k --max-time 5 --tls-max "$2" "https://$SERVER/" ;;
    esac
}
known_nameless() { look ecdsa.test; nameless "$@"; }

# Names.
REJECTING="server { listen 443 ssl default_server; ssl_reject_handshake on; }"
for version in 1.2 1.3; do
    tls=tls${version/./}
    listen nginx $version ecdsa "} $REJECTING server { listen 444;"
    [ $version = 1.2 ] && clients="gnutls curl nss java" || clients="openssl wget python rustls"
    for client in $clients; do
        scene "name-nginx-$client-$tls" "$UNKNOWN" "$T" dial $client $version rsa.test
    done
    for client in openssl gnutls curl; do scene "nameless-nginx-$client-$tls" "$NAMELESS" "$M" nameless $client $version; done
    listen gnutls $version ecdsa --disable-client-cert --sni-hostname ecdsa.test --sni-hostname-fatal
    scene "name-gnutls-openssl-$tls" "$UNKNOWN" "$T" dial openssl $version rsa.test
    listen openssl $version ecdsa -servername ecdsa.test -servername_fatal -cert2 "$C/ecdsa.pem" -key2 "$C/ecdsa.key"
    scene "name-openssl-openssl-$tls" "$UNKNOWN" "$T" dial openssl $version rsa.test
    listen java $version ecdsa -Dpeer.name=ecdsa.test
    scene "name-java-openssl-$tls" "$UNKNOWN" "$T" dial openssl $version rsa.test
    listen nss $version ecdsa -a ecdsa.test
    scene "name-nss-openssl-$tls" "$UNKNOWN" "$T" dial openssl $version rsa.test
    listen rustls $version ecdsa name=ecdsa.test
    scene "name-rustls-openssl-$tls" "$UNKNOWN" "access_denied client" dial openssl $version rsa.test
    scene "nameless-rustls-openssl-$tls" "$NAMELESS" "access_denied client" nameless openssl $version
    listen python $version ecdsa --name-alert 112
    scene "name-python-openssl-$tls" "$UNKNOWN" "$T" dial openssl $version rsa.test
    listen python $version ecdsa --name-alert 80
    scene "internal-error-python-$tls" "a server that has an error in choosing a certificate" "internal_error server" dial openssl $version ecdsa.test
    listen python $version ecdsa --name-alert 49
    scene "access-denied-python-$tls" "a server that denies access" "access_denied client" dial openssl $version ecdsa.test
    listen python $version ecdsa --name-alert 40
    scene "handshake-failure-python-$tls" "a server that refuses in choosing a certificate" "handshake_failure both" dial openssl $version ecdsa.test
    listen openssl $version none
    # OpenSSL offers no TLS 1.3 then, and says so
    [ $version = 1.2 ] && truth="handshake_failure both" || truth="version_mismatch server"
    scene "handshake-failure-openssl-$tls" "a server without a certificate" "$truth" dial openssl $version ecdsa.test
    scene "handshake-failure-openssl-curl-$tls" "a server without a certificate" "$truth" dial curl $version ecdsa.test
    listen java $version ecdsa -Dpeer.nokey=yes
    scene "handshake-failure-java-gnutls-$tls" "a server without a certificate" "handshake_failure both" dial gnutls $version ecdsa.test
done
listen rustls any ecdsa name=ecdsa.test
scene name-known-rustls "$UNKNOWN, and another that it serves" "established, $T" look_then ecdsa.test gnutls any rsa.test
scene nameless-known-rustls "$NAMELESS, and a server that a handshake before it shows to serve one" "established, $M" known_nameless openssl 1.3
listen nginx 1.2 ecdsa "} $REJECTING server { listen 444;"
scene name-known-nginx "$UNKNOWN, and another that it serves" "established, $T" look_then ecdsa.test curl any rsa.test

# Pre-shared keys.
PSK="psk_rejected both"
printf 'client:0123456789abcdef\n' > "$RUN/psk"
listen openssl 1.3 ecdsa -nocert -psk 0123456789abcdef -psk_identity client
scene psk-wrong-openssl-openssl-tls13 "another pre-shared key" "$PSK" dial openssl 1.3 ecdsa.test -psk 00112233 -psk_identity client
scene psk-unknown-openssl-openssl-tls13 "an unknown identity, and a server without a certificate" "handshake_failure both" dial openssl 1.3 ecdsa.test -psk 0123456789abcdef -psk_identity nobody
listen openssl 1.2 ecdsa -nocert -psk 0123456789abcdef -psk_identity client -cipher PSK
scene psk-wrong-openssl-openssl-tls12 "another pre-shared key" "$PSK" dial openssl 1.2 ecdsa.test -psk 00112233 -psk_identity client -cipher PSK
scene psk-wrong-openssl-gnutls-tls12 "another pre-shared key" "$PSK" dial gnutls 1.2 ecdsa.test :-KX-ALL:+ECDHE-PSK:+PSK --pskusername client --pskkey 00112233
for version in 1.2 1.3; do
    listen gnutls $version ecdsa --disable-client-cert --pskpasswd "$RUN/psk" :-KX-ALL:+ECDHE-PSK:+PSK
    scene "psk-wrong-gnutls-gnutls-tls${version/./}" "another pre-shared key" "$PSK" dial gnutls $version ecdsa.test :-KX-ALL:+ECDHE-PSK:+PSK --pskusername client --pskkey 00112233
    scene "psk-unknown-gnutls-gnutls-tls${version/./}" "an unknown identity" "$PSK" dial gnutls $version ecdsa.test :-KX-ALL:+ECDHE-PSK:+PSK --pskusername nobody --pskkey 0123456789abcdef
done

# Something in between that changes bytes. The servers listen on port 8443, the relay on 443.
# behind ACTION STACK VERSION CERTIFICATE [OPTIONS]
behind() {
    local action=$1
    shift
    TLS_PORT=8443 listen "$@"
    SERVER_WORDS+="; in between: tamper.py relay $action"
    serve 443 $TAMPER relay 443 8443 "$action"
}
for server in openssl gnutls nss java rustls; do
    behind downgrade $server any ecdsa
    scene "downgrade-$server-openssl" "supported_versions taken out of the ClientHello" "downgrade_detected network" dial openssl any ecdsa.test
done
behind downgrade openssl any ecdsa
for client in curl gnutls nss java rustls python; do
    scene "downgrade-openssl-$client" "supported_versions taken out of the ClientHello" "downgrade_detected network" dial $client any ecdsa.test
done
behind renegotiation openssl 1.2 ecdsa
for client in openssl curl; do
    scene "renegotiation-$client" "renegotiation_info taken out of the ServerHello" "unsafe_legacy_renegotiation server" dial $client 1.2 ecdsa.test
done
behind key-exchange openssl 1.2 ecdsa
for client in openssl curl gnutls nss java rustls; do
    scene "crypto-signature-$client" "a bit of the signature in ServerKeyExchange changed" "cryptographic_failure both" dial $client 1.2 ecdsa.test
done
for server in openssl gnutls nss java rustls; do
    behind client-finished $server 1.2 ecdsa
    scene "crypto-finished-$server" "a bit of the client's Finished changed" "cryptographic_failure both" dial openssl 1.2 ecdsa.test
done
# an encrypted alert in place of Finished says no more than that the server's flight was refused
behind server-flight openssl 1.3 ecdsa
for client in openssl curl gnutls nss java rustls; do
    case $client in openssl | curl) truth="cryptographic_failure both" ;; *) truth="certificate_rejected server" ;; esac
    scene "crypto-server-flight-$client" "a bit of the server's encrypted flight changed" "$truth" dial $client 1.3 ecdsa.test
done

# Messages that break the protocol.
# breaks KIND: a client whose first words are wrong
breaks() {
    CLIENT_WORDS="tamper.py client $1"
    client $TAMPER client $SERVER 443 ecdsa.test "$1"
}
wrong_hellos() {
    echo "no-null-compression openssl gnutls nss rustls" # JSSE does not look
    echo "extension-twice openssl gnutls nss rustls"     # nor here
    echo "key-share-cut openssl nss java"
    echo "key-share-not-on-curve openssl java rustls"
    echo "key-share-missing openssl gnutls rustls"
    echo "trailing-bytes openssl gnutls nss"
    echo "hello-twice openssl gnutls"
    echo "unknown-record openssl gnutls"
}
while read -r kind servers <&3; do
    for server in $servers; do
        listen $server any ecdsa
        scene "protocol-$kind-$server" "a ClientHello that is wrong: $kind" "protocol_violation client" breaks $kind
    done
done 3< <(wrong_hellos)
wrong_answers() {
    echo "retry-group-not-offered openssl gnutls nss java rustls"
    echo "retry-nothing-changes openssl gnutls rustls"
    echo "suite-not-offered openssl gnutls nss java rustls"
    echo "session-not-echoed openssl nss" # the others do not look
    echo "compression openssl java"
    echo "extension-not-asked-for nss rustls" # nor here
    echo "no-key-share openssl gnutls java"
    echo "share-of-zeros openssl java rustls"
    echo "done-first gnutls nss java"
    echo "cut-short openssl nss rustls"
    echo "version-not-offered openssl gnutls nss java rustls"
    echo "ssl30 openssl nss java"
}
while read -r kind clients <&3; do
    stop_servers
    serve 443 $TAMPER server 443 $kind
    SERVER_WORDS="tamper.py server $kind"
    truth="protocol_violation server"
    case $kind in version-not-offered | ssl30) truth="version_mismatch server" ;; esac
    for client in $clients; do
        scene "protocol-$kind-$client" "a server that answers wrongly: $kind" "$truth" dial $client any ecdsa.test
    done
done 3< <(wrong_answers)

# Those who leave, politely or not.
for version in 1.2 1.3; do
    tls=tls${version/./}
    listen openssl $version ecdsa
    scene "canceled-rustls-$tls" "a client that says close_notify in place of its second flight" "user_canceled client" dial rustls $version ecdsa.test cancel=yes
done
listen openssl any ecdsa
for kind in close-notify user-canceled; do
    scene "canceled-$kind" "a client that cancels: $kind" "user_canceled client" breaks $kind
done
stop_servers
serve 443 $PEER server 443 --stay 3 --after hello
SERVER_WORDS="a server of ours on $PYTHON that reads the ClientHello and says nothing"
scene canceled-java "a client that closes while it waits for the server" "user_canceled client" dial java any ecdsa.test -Dpeer.close=1000
# a certificate of our root would be a reason to leave: none is visible here
leave() { CLIENT_WORDS="ssl of $PYTHON, TLS $1, which leaves when the server's flight has come"; client $PEER client $SERVER 443 ecdsa.test --min $1 --max $1 --after hello --stay 0.3 "${@:2}"; }
for server in openssl gnutls rustls nginx; do
    listen $server 1.3 ecdsa
    scene "client-closed-$server-tls13" "a client that leaves when the server's flight has come" "client_closed client" leave 1.3
done
listen openssl 1.2 ecdsa -cipher ADH:@SECLEVEL=0
scene client-closed-openssl-tls12 "a client that leaves when the server's flight has come, which has no certificate" "client_closed client" leave 1.2 --ciphers ADH:@SECLEVEL=0
stop_servers
serve 443 $TAMPER server 443 silent-close
SERVER_WORDS="tamper.py server silent-close"
for client in $STACKS; do
    scene "server-closed-$client" "a server that reads the ClientHello and closes" "server_closed server" dial $client any ecdsa.test
done

# FTPS: the data connection must take up the session of the control connection.
export PORTS="990 2020"
mkdir -p "$RUN/ftp/empty"
chmod go+x "$RUN" # for the user that vsftpd becomes
cat > "$RUN/ftp/vsftpd.conf" <<V
listen=YES
listen_port=990
background=NO
anonymous_enable=YES
anon_root=$RUN/nginx/www
secure_chroot_dir=$RUN/ftp/empty
seccomp_sandbox=NO
pasv_min_port=2020
pasv_max_port=2020
ssl_enable=YES
implicit_ssl=YES
allow_anon_ssl=YES
require_ssl_reuse=YES
rsa_cert_file=$C/rsa.chain.pem
rsa_private_key_file=$C/rsa.key
ssl_ciphers=HIGH
V
stop_servers
serve 990 vsftpd "$RUN/ftp/vsftpd.conf"
SERVER_WORDS="vsftpd $(dpkg-query -W -f '${Version}' vsftpd 2>/dev/null) with require_ssl_reuse"
ftps() {
    CLIENT_WORDS="$CURL, FTPS, TLS $*"
    client curl -s --max-time 5 --tls-max "$1" --cacert "$C/root.pem" --resolve "rsa.test:990:$SERVER" "${@:2}" ftps://rsa.test/
}
for version in 1.2 1.3; do
    scene "session-reuse-curl-tls${version/./}" "a data connection without the session of the control connection" \
        "established, abandoned session_reuse_required client" ftps $version --no-sessionid
done
scene session-reused-curl-tls12 "nothing: a data connection with the session of the control connection" "established, established" ftps 1.2
