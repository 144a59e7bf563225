# The client's certificate: asked for or not, sent or not, demanded, refused.
. "$(dirname "$0")/common.sh"

T12=(version="TLS 1.2" cipher_suite=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 named_group=x25519 sni=ecdsa.test)
T13=(version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 sni=ecdsa.test hello_retry=false)
CERTIFICATE="-cert $C/client.pem -key $C/client.key -cert_chain $C/inter.pem"
connect() { s_client -connect $SERVER:443 -servername ecdsa.test "$@"; }
alert() { echo "alerts=[{\"from\":\"$1\",\"level\":\"fatal\",\"code\":$2,\"name\":\"$3\",\"visibility\":\"plaintext\"}]"; }

openssl_server ecdsa -verify 3 -CAfile "$C/root.pem"
capture tls12-sent
connect -tls1_2 $CERTIFICATE
captured
label "s_client -tls1_2 -cert and s_server -verify of $OPENSSL" "${T12[@]}" resumed=false client_auth=sent

capture tls12-empty
connect -tls1_2
captured
label "s_client -tls1_2 without a certificate and s_server -verify of $OPENSSL, which makes do without" "${T12[@]}" resumed=false client_auth=empty

capture tls13-sent
connect -tls1_3 $CERTIFICATE
captured
label "s_client -tls1_3 -cert and s_server -verify of $OPENSSL" "${T13[@]}" resumed=false client_auth=sent

capture tls13-empty
connect -tls1_3
captured
label "s_client -tls1_3 without a certificate and s_server -verify of $OPENSSL, which makes do without" \
    "${T13[@]}" resumed=false client_auth=empty
stop_servers

openssl_server ecdsa -Verify 3 -verify_return_error -CAfile "$C/root.pem"
capture tls12-required-empty
connect -tls1_2
captured
label "s_client -tls1_2 without a certificate and s_server -Verify of $OPENSSL, which demands one" \
    "${T12[@]}" outcome=failed resumed=false client_auth=empty close.by=alert close.side=server "$(alert server 40 handshake_failure)"

capture tls12-required-unknown-issuer
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$RUN/stranger.key" -out "$RUN/stranger.pem" -days 7300 \
    -subj "/CN=Stranger" 2>/dev/null
connect -tls1_2 -cert "$RUN/stranger.pem" -key "$RUN/stranger.key"
captured
label "s_client -tls1_2 with a self-signed certificate and s_server -Verify of $OPENSSL, which does not know it" \
    "${T12[@]}" outcome=failed resumed=false client_auth=sent close.by=alert close.side=server "$(alert server 48 unknown_ca)"

# In TLS 1.3 the client has finished before the refusal, which is encrypted: whether that is a failed handshake or an
# abandoned one is for the reader to say, so these two labels have no outcome.
capture tls13-required-empty
connect -tls1_3
captured
label "s_client -tls1_3 without a certificate and s_server -Verify of $OPENSSL: refused by an encrypted alert after the client's Finished" \
    "${T13[@]}" outcome= resumed=false client_auth=empty

capture tls13-required-unknown-issuer
connect -tls1_3 -cert "$RUN/stranger.pem" -key "$RUN/stranger.key"
captured
label "s_client -tls1_3 with a self-signed certificate and s_server -Verify of $OPENSSL: refused by an encrypted alert after the \
client's Finished" "${T13[@]}" outcome= resumed=false client_auth=sent
stop_servers

gnutls_server ecdsa --verify-client-cert --x509cafile "$C/root.pem"
GNUTLS_13=(version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=secp256r1 sni=ecdsa.test hello_retry=false)
capture gnutls-tls13-sent
gnutls_client ecdsa.test --x509certfile "$C/client.chain.pem" --x509keyfile "$C/client.key"
captured
label "gnutls-cli --x509certfile and gnutls-serv --verify-client-cert of $GNUTLS" "${GNUTLS_13[@]}" resumed=false client_auth=sent

capture gnutls-tls13-empty
gnutls_client ecdsa.test
captured
label "gnutls-cli and gnutls-serv --verify-client-cert of $GNUTLS" "${GNUTLS_13[@]}" resumed=false client_auth=empty

capture gnutls-tls12-sent
gnutls_client ecdsa.test --priority NORMAL:-VERS-ALL:+VERS-TLS1.2 --x509certfile "$C/client.chain.pem" --x509keyfile "$C/client.key"
captured
label "gnutls-cli --x509certfile, TLS 1.2 only, and gnutls-serv --verify-client-cert of $GNUTLS" "${T12[@]}" named_group=secp256r1 \
    resumed=false client_auth=sent
stop_servers

nginx_server "server { listen 443 ssl; server_name ecdsa.test; ssl_protocols TLSv1.2 TLSv1.3; ssl_verify_client on; ssl_verify_depth 3;
  ssl_client_certificate $C/root.pem; ssl_certificate $C/ecdsa.chain.pem; ssl_certificate_key $C/ecdsa.key; }"
for version in 1.2 1.3; do
    [ $version = 1.2 ] && facts=("${T12[@]}") || facts=("${T13[@]}")
    capture "nginx-tls${version/./}-missing"
    client curl -s --tls-max $version --cacert "$C/root.pem" --resolve ecdsa.test:443:$SERVER https://ecdsa.test/
    captured
    label "$CURL without a certificate and $NGINX with ssl_verify_client on, TLS $version: the handshake succeeds, the answer is 400" \
        "${facts[@]}" resumed=false client_auth=empty
done
capture nginx-tls13-sent
client curl -s --cert "$C/client.chain.pem" --key "$C/client.key" --cacert "$C/root.pem" --resolve ecdsa.test:443:$SERVER https://ecdsa.test/
captured
label "$CURL --cert and $NGINX with ssl_verify_client on" "${T13[@]}" resumed=false client_auth=sent
