# Messages that span records and segments: long certificate chains, many names, large hellos.
. "$(dirname "$0")/common.sh"

T12=(version="TLS 1.2" cipher_suite=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 named_group=x25519 resumed=false)
T13=(version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 resumed=false hello_retry=false)

serve 443 openssl s_server -accept 443 -rev -quiet -cert "$C/long.pem" -key "$C/long.key" -cert_chain "$C/long.above.pem"
capture tls12-chain
s_client -connect $SERVER:443 -servername long.test -tls1_2
captured
label "s_client and s_server of $OPENSSL, TLS 1.2: a chain of 25 certificates, more than a record can hold" "${T12[@]}" sni=long.test \
    client_auth=none

capture tls13-chain
s_client -connect $SERVER:443 -servername long.test -tls1_3
captured
label "s_client and s_server of $OPENSSL, TLS 1.3: a chain of 25 certificates, more than a record can hold" "${T13[@]}" sni=long.test
stop_servers

openssl_server ecdsa -verify 3 -CAfile "$C/root.pem"
capture tls12-client-chain
s_client -connect $SERVER:443 -servername ecdsa.test -tls1_2 -cert "$C/long.pem" -key "$C/long.key" -cert_chain "$C/long.above.pem"
captured
label "s_client -cert and s_server -verify of $OPENSSL, TLS 1.2: the client's chain of 25 certificates" "${T12[@]}" sni=ecdsa.test \
    cipher_suite=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 client_auth=sent
stop_servers

openssl_server rsa -www
capture client-hello-two-records
many=$(seq -f 'protocol-number-%04g' -s, 900)
client python3 "$HERE/peer.py" client $SERVER 443 rsa.test --alpn "$many" --send $'GET / HTTP/1.0\r\n\r\n'
captured
label "ssl of $PYTHON offering 900 ALPN protocols to s_server of $OPENSSL: a ClientHello of 18 KB in two records" "${T13[@]}" sni=rsa.test
stop_servers

rustls_server ecdsa groups=X25519MLKEM768
capture client-hello-two-segments
rustls_client ecdsa.test groups=X25519MLKEM768
captured
label "rustls-peer ($RUSTLS) on both sides, X25519MLKEM768 only: the ClientHello takes a segment and a bit" "${T13[@]}" \
    named_group=X25519MLKEM768 sni=ecdsa.test
stop_servers
