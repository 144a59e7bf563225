# TLS 1.2: every kind of key exchange and signature that the stacks still have, each stack once.
. "$(dirname "$0")/common.sh"

# openssl NAME CERTIFICATE SUITE "ARGUMENTS" LABEL...: both sides OpenSSL with one suite
openssl_pair() {
    local name=$1 certificate=$2 suite=$3 arguments=$4
    shift 4
    openssl_server "$certificate" -tls1_2 -cipher "$suite:@SECLEVEL=0" $arguments
    capture "$name"
    s_client -connect $SERVER:443 -servername "$certificate.test" -tls1_2 -cipher "$suite:@SECLEVEL=0" $arguments
    captured
    label "s_client and s_server of $OPENSSL, -tls1_2 -cipher $suite $arguments" version="TLS 1.2" sni="$certificate.test" \
        resumed=false client_auth=none "$@"
    stop_servers
}

openssl_pair ecdhe-rsa-x25519 rsa ECDHE-RSA-AES128-GCM-SHA256 "-groups X25519 -sigalgs RSA-PSS+SHA256" \
    cipher_suite=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 named_group=x25519 signature_scheme=rsa_pss_rsae_sha256
openssl_pair ecdhe-rsa-pkcs1 rsa ECDHE-RSA-AES256-GCM-SHA384 "-groups P-384 -sigalgs RSA+SHA512:ECDSA+SHA256" \
    cipher_suite=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 named_group=secp384r1 signature_scheme=rsa_pkcs1_sha512
openssl_pair ecdhe-ecdsa-chacha20 ecdsa ECDHE-ECDSA-CHACHA20-POLY1305 "-groups P-256 -sigalgs ECDSA+SHA256" \
    cipher_suite=TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 named_group=secp256r1 signature_scheme=ecdsa_secp256r1_sha256
openssl_pair ecdhe-ed25519 ed25519 ECDHE-ECDSA-AES128-GCM-SHA256 "-groups X448 -sigalgs ed25519:ECDSA+SHA256" \
    cipher_suite=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 named_group=x448 signature_scheme=ed25519
openssl_pair ecdhe-rsa-cbc rsa ECDHE-RSA-AES128-SHA "-groups P-521 -sigalgs RSA+SHA256" \
    cipher_suite=TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA named_group=secp521r1 signature_scheme=rsa_pkcs1_sha256
openssl_pair ecdhe-ecdsa-ccm8 ecdsa ECDHE-ECDSA-AES128-CCM8 "-groups brainpoolP256r1:P-256 -sigalgs ECDSA+SHA256" \
    cipher_suite=TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 named_group=brainpoolP256r1 signature_scheme=ecdsa_secp256r1_sha256
openssl_pair dhe-rsa rsa DHE-RSA-AES128-GCM-SHA256 "-sigalgs RSA+SHA256" \
    cipher_suite=TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 signature_scheme=rsa_pkcs1_sha256
openssl_pair rsa-key-exchange rsa AES256-GCM-SHA384 "" cipher_suite=TLS_RSA_WITH_AES_256_GCM_SHA384
openssl_pair null-cipher rsa NULL-SHA256 "" cipher_suite=TLS_RSA_WITH_NULL_SHA256
openssl_pair anonymous rsa ADH-AES128-GCM-SHA256 "" cipher_suite=TLS_DH_anon_WITH_AES_128_GCM_SHA256
openssl_pair psk rsa PSK-AES128-GCM-SHA256 "-psk 0123456789abcdef" cipher_suite=TLS_PSK_WITH_AES_128_GCM_SHA256
openssl_pair ecdhe-psk rsa ECDHE-PSK-CHACHA20-POLY1305 "-psk 0123456789abcdef -groups X25519" \
    cipher_suite=TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256 named_group=x25519

openssl_server rsa -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256 -client_renegotiation
capture renegotiation-encrypted
{ echo hello; sleep 0.3; echo R; sleep 0.3; echo CLOSE; sleep 0.3; } |
    client openssl s_client -connect $SERVER:443 -servername rsa.test -tls1_2 -ign_eof
captured
label "s_client (command R) and s_server -client_renegotiation of $OPENSSL: the second handshake is encrypted and not an event" \
    version="TLS 1.2" cipher_suite=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 named_group=x25519 sni=rsa.test resumed=false client_auth=none
stop_servers

echo "client:0123456789abcdef" > "$RUN/gnutls.psk"
gnutls_server rsa --disable-client-cert --pskpasswd "$RUN/gnutls.psk" \
    --priority NORMAL:-VERS-ALL:+VERS-TLS1.2:+ARCFOUR-128:+3DES-CBC:+SHA1:+DHE-RSA:+RSA:+ECDHE-RSA:%SERVER_PRECEDENCE
gnutls_pair() {
    local name=$1 priority=NORMAL:-VERS-ALL:+VERS-TLS1.2:$2
    shift 2
    capture "$name"
    gnutls_client rsa.test --priority "$priority"
    captured
    label "gnutls-cli --priority $priority and gnutls-serv of $GNUTLS" version="TLS 1.2" sni=rsa.test resumed=false client_auth=none "$@"
}
gnutls_pair gnutls-ecdhe-rsa -KX-ALL:+ECDHE-RSA:-GROUP-ALL:+GROUP-X25519:-CIPHER-ALL:+AES-256-CCM:+AES-256-GCM:-SIGN-ALL:+SIGN-RSA-SHA384 \
    cipher_suite=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 named_group=x25519 signature_scheme=rsa_pkcs1_sha384
gnutls_pair gnutls-dhe-ffdhe3072 -KX-ALL:+DHE-RSA:-GROUP-ALL:+GROUP-FFDHE3072:-CIPHER-ALL:+CHACHA20-POLY1305 \
    cipher_suite=TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256
gnutls_pair gnutls-rc4 -KX-ALL:+RSA:-CIPHER-ALL:+ARCFOUR-128:+SHA1 cipher_suite=TLS_RSA_WITH_RC4_128_SHA
gnutls_pair gnutls-3des -KX-ALL:+ECDHE-RSA:-GROUP-ALL:+GROUP-SECP256R1:-CIPHER-ALL:+3DES-CBC:+SHA1 \
    cipher_suite=TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA named_group=secp256r1
stop_servers

nss_server -V tls1.2:tls1.2
capture nss
nss_client -V tls1.2:tls1.2
captured
label "tstclnt and selfserv of $NSS" version="TLS 1.2" cipher_suite=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 named_group=x25519 \
    sni=rsa.test resumed=false client_auth=none
stop_servers

java_server rsa - -
capture java
java_client rsa.test TLSv1.2 -
captured
label "JSSE of $JAVA on both sides, TLSv1.2" version="TLS 1.2" cipher_suite=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 \
    named_group=x25519 sni=rsa.test resumed=false client_auth=none
stop_servers

rustls_server ecdsa version=1.2
capture rustls
rustls_client ecdsa.test version=1.2 groups=secp384r1
captured
label "rustls-peer ($RUSTLS) on both sides, version=1.2 groups=secp384r1" version="TLS 1.2" \
    cipher_suite=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 named_group=secp384r1 sni=ecdsa.test resumed=false client_auth=none
stop_servers

nginx_server "server { listen 443 ssl http2; server_name rsa.test; ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;
  ssl_certificate $C/rsa.chain.pem; ssl_certificate_key $C/rsa.key; }"
capture curl-nginx-h2
client curl -s --cacert "$C/root.pem" --resolve rsa.test:443:$SERVER https://rsa.test/
captured
label "$CURL (on $OPENSSL) and $NGINX with TLS 1.2 only, HTTP/2" version="TLS 1.2" \
    cipher_suite=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 named_group=x25519 sni=rsa.test alpn=h2 resumed=false client_auth=none

capture python-nginx
client python3 "$HERE/peer.py" client $SERVER 443 rsa.test --ca "$C/root.pem" --send $'GET / HTTP/1.0\r\n\r\n'
captured
label "ssl of $PYTHON (on $OPENSSL), TLS 1.2 and 1.3 offered, and $NGINX with TLS 1.2 only" version="TLS 1.2" \
    cipher_suite=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 named_group=x25519 sni=rsa.test resumed=false client_auth=none \
    'client_hello.versions=["TLS 1.3","TLS 1.2"]'

capture wget-nginx
client wget -q -O /dev/null --no-check-certificate https://$SERVER/
captured
label "$WGET (on $GNUTLS), all versions from 1.0 offered, and $NGINX with TLS 1.2 only" version="TLS 1.2" \
    cipher_suite=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 named_group=secp256r1 resumed=false client_auth=none
