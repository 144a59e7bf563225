# TLS 1.3: every suite, the groups that the stacks have, each stack once as a client and as a server.
. "$(dirname "$0")/common.sh"

for each in "AES_128_GCM_SHA256 x25519 X25519" "AES_256_GCM_SHA384 secp256r1 P-256" "CHACHA20_POLY1305_SHA256 x448 X448" \
    "AES_128_CCM_SHA256 secp384r1 P-384" "AES_128_CCM_8_SHA256 secp521r1 P-521"; do
    set -- $each
    openssl_server ecdsa -tls1_3 -ciphersuites "TLS_$1"
    capture "openssl-$(tr A-Z_ a-z- <<< "$1")-$2"
    s_client -connect $SERVER:443 -servername ecdsa.test -ciphersuites "TLS_$1" -groups "$3"
    captured
    label "s_client and s_server of $OPENSSL, -ciphersuites TLS_$1 -groups $3" version="TLS 1.3" cipher_suite="TLS_$1" \
        named_group="$2" sni=ecdsa.test resumed=false hello_retry=false client_auth=none "client_hello.named_groups=[\"$2\"]"
    stop_servers
done

openssl_server ecdsa
capture openssl-no-sni
s_client -connect $SERVER:443 -noservername
captured
label "s_client -noservername and s_server of $OPENSSL: no name, TLS 1.0 to 1.3 offered" version="TLS 1.3" \
    cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 resumed=false hello_retry=false client_auth=none \
    'client_hello.versions=["TLS 1.3","TLS 1.2","TLS 1.1","TLS 1.0"]'

capture openssl-no-middlebox-compatibility
s_client -connect $SERVER:443 -servername ecdsa.test -no_middlebox
captured
label "s_client -no_middlebox and s_server of $OPENSSL: no session id, no ChangeCipherSpec from the client" version="TLS 1.3" \
    cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 sni=ecdsa.test resumed=false hello_retry=false client_auth=none

capture openssl-key-update
{ echo hello; sleep 0.3; echo K; sleep 0.3; echo CLOSE; sleep 0.3; } |
    client openssl s_client -connect $SERVER:443 -servername ecdsa.test -ign_eof
captured
label "s_client (command K: a KeyUpdate in mid-connection) and s_server of $OPENSSL" version="TLS 1.3" \
    cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 sni=ecdsa.test resumed=false hello_retry=false client_auth=none
stop_servers

gnutls_server ecdsa --disable-client-cert --priority NORMAL:-VERS-ALL:+VERS-TLS1.3
capture gnutls
gnutls_client ecdsa.test
captured
label "gnutls-cli and gnutls-serv of $GNUTLS" version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=secp256r1 \
    sni=ecdsa.test resumed=false hello_retry=false client_auth=none

capture gnutls-ffdhe2048
gnutls_client ecdsa.test --priority NORMAL:-GROUP-ALL:+GROUP-FFDHE2048
captured
label "gnutls-cli --priority NORMAL:-GROUP-ALL:+GROUP-FFDHE2048 and gnutls-serv of $GNUTLS: a finite-field group of RFC 7919" \
    version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=ffdhe2048 sni=ecdsa.test resumed=false hello_retry=false

capture wget-gnutls
client wget -q -O /dev/null --no-check-certificate --timeout 1 --tries 1 https://$SERVER/
captured
label "$WGET (on GnuTLS) and gnutls-serv --echo of $GNUTLS: a name that is an address is not sent as SNI" version="TLS 1.3" \
    cipher_suite=TLS_AES_256_GCM_SHA384 named_group=secp256r1 resumed=false hello_retry=false
stop_servers

nss_server -V tls1.3:tls1.3
capture nss
nss_client -V tls1.2:tls1.3
captured
label "tstclnt and selfserv of $NSS" version="TLS 1.3" cipher_suite=TLS_AES_128_GCM_SHA256 named_group=x25519 sni=rsa.test \
    resumed=false hello_retry=false
stop_servers

java_server rsa - -
capture java
java_client rsa.test - -
captured
label "JSSE of $JAVA on both sides" version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 sni=rsa.test \
    resumed=false hello_retry=false
stop_servers

PQ=groups=X25519MLKEM768,x25519,secp256r1,secp384r1
rustls_server rsa $PQ
capture rustls-x25519mlkem768
rustls_client rsa.test $PQ
captured
label "rustls-peer ($RUSTLS on aws-lc) on both sides: the ClientHello carries an ML-KEM share and spans two segments" \
    version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=X25519MLKEM768 sni=rsa.test resumed=false hello_retry=false \
    client_auth=none
stop_servers

nginx_server "server { listen 443 ssl http2; server_name rsa.test; ssl_protocols TLSv1.3;
  ssl_certificate $C/rsa.chain.pem; ssl_certificate_key $C/rsa.key; }"
capture curl-nginx-h2
client curl -s --cacert "$C/root.pem" --resolve rsa.test:443:$SERVER https://rsa.test/
captured
label "$CURL (on $OPENSSL) and $NGINX: HTTP/2, whose ALPN is encrypted in TLS 1.3" version="TLS 1.3" \
    cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 sni=rsa.test resumed=false hello_retry=false client_auth=none \
    'client_hello.alpn=["h2","http/1.1"]'

capture rustls-nginx-pq-declined
rustls_client rsa.test $PQ
captured
label "rustls-peer ($RUSTLS) offers X25519MLKEM768 and X25519, $NGINX (on $OPENSSL) knows only the latter" version="TLS 1.3" \
    cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 sni=rsa.test resumed=false hello_retry=false client_auth=none \
    'client_hello.key_shares=["X25519MLKEM768","x25519"]'

capture python-nginx
client python3 "$HERE/peer.py" client $SERVER 443 rsa.test --ca "$C/root.pem" --send $'GET / HTTP/1.0\r\n\r\n'
captured
label "ssl of $PYTHON (on $OPENSSL) and $NGINX" version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 \
    sni=rsa.test resumed=false hello_retry=false client_auth=none
