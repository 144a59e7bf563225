# A server that wants another key share: one handshake of two ClientHellos.
. "$(dirname "$0")/common.sh"

RETRIED=(version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 hello_retry=true resumed=false client_auth=none)

openssl_server ecdsa -tls1_3 -groups P-384
capture openssl
s_client -connect $SERVER:443 -servername ecdsa.test -groups X25519:P-384
captured
label "s_client -groups X25519:P-384 and s_server -groups P-384 of $OPENSSL" "${RETRIED[@]}" named_group=secp384r1 sni=ecdsa.test

capture gnutls-openssl
{ printf 'hello\nCLOSE\n'; sleep 0.5; } | client gnutls-cli --port 443 --sni-hostname ecdsa.test --no-ca-verification $SERVER
captured
label "gnutls-cli of $GNUTLS and s_server -groups P-384 of $OPENSSL" "${RETRIED[@]}" named_group=secp384r1 sni=ecdsa.test

capture no-common-group
s_client -connect $SERVER:443 -servername ecdsa.test -groups X25519:P-256
captured
label "s_client -groups X25519:P-256 and s_server -groups P-384 of $OPENSSL: no group to ask for, so an alert instead" \
    outcome=failed version= sni=ecdsa.test close.by=alert close.side=server \
    'alerts=[{"from":"server","level":"fatal","code":40,"name":"handshake_failure","visibility":"plaintext"}]'
stop_servers

nginx_server "server { listen 443 ssl; server_name rsa.test; ssl_protocols TLSv1.2 TLSv1.3; ssl_ecdh_curve secp256r1;
  ssl_certificate $C/rsa.chain.pem; ssl_certificate_key $C/rsa.key; }"
capture rustls-nginx
rustls_client rsa.test groups=x25519,secp256r1
captured
label "rustls-peer groups=x25519,secp256r1 ($RUSTLS) and $NGINX with ssl_ecdh_curve secp256r1" "${RETRIED[@]}" named_group=secp256r1 sni=rsa.test
capture rustls-nginx-pq
rustls_client rsa.test groups=X25519MLKEM768,secp256r1
captured
label "rustls-peer groups=X25519MLKEM768,secp256r1 ($RUSTLS) and $NGINX with ssl_ecdh_curve secp256r1: the second ClientHello is the small one" \
    "${RETRIED[@]}" named_group=secp256r1 sni=rsa.test
capture tls12-instead
s_client -connect $SERVER:443 -servername rsa.test -groups X25519:P-256 -tls1_2
captured
label "s_client -tls1_2 -groups X25519:P-256 ($OPENSSL) and $NGINX with ssl_ecdh_curve secp256r1: TLS 1.2 needs no retry" \
    version="TLS 1.2" cipher_suite=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 named_group=secp256r1 sni=rsa.test resumed=false client_auth=none
stop_servers

rustls_server ecdsa groups=X25519MLKEM768
capture rustls-to-pq
rustls_client ecdsa.test groups=x25519,X25519MLKEM768
captured
label "rustls-peer ($RUSTLS) on both sides, the client with groups=x25519,X25519MLKEM768, the server with X25519MLKEM768 only" \
    "${RETRIED[@]}" named_group=X25519MLKEM768 sni=ecdsa.test
stop_servers

JAVA_TOOL_OPTIONS=-Djdk.tls.namedGroups=secp521r1 java_server rsa - -
capture openssl-java-cookie
ask | client openssl s_client -connect $SERVER:443 -servername rsa.test -groups X25519:P-521 -quiet
captured
label "s_client -groups X25519:P-521 ($OPENSSL) and JSSE of $JAVA with secp521r1 only, which sends a cookie with its HelloRetryRequest" \
    "${RETRIED[@]}" named_group=secp521r1 sni=rsa.test
