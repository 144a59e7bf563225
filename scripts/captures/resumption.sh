# Sessions taken up again: by session id, by ticket, by PSK; refused; with early data accepted and refused.
. "$(dirname "$0")/common.sh"

SESSION=$RUN/session
T12=(version="TLS 1.2" cipher_suite=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 sni=ecdsa.test client_auth=none)
T13=(version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 sni=ecdsa.test hello_retry=false client_auth=none)

# a session is saved by a first connection, which is part of the capture, and used by a second one
twice() {
    rm -f "$SESSION"
    s_client -connect $SERVER:443 -servername ecdsa.test -sess_out "$SESSION" "$@"
    s_client -connect $SERVER:443 -servername ecdsa.test -sess_in "$SESSION" "$@"
}

openssl_server ecdsa -tls1_2 -no_ticket
capture tls12-session-id
twice
captured
label "s_client -sess_out, then -sess_in, and s_server -tls1_2 -no_ticket of $OPENSSL" \
    "${T12[@]}" resumed=false named_group=x25519 -- "${T12[@]}" resumed=true
stop_servers

openssl_server ecdsa -tls1_2
capture tls12-ticket
twice
captured
label "s_client -sess_out, then -sess_in, and s_server -tls1_2 of $OPENSSL" \
    "${T12[@]}" resumed=false named_group=x25519 -- "${T12[@]}" resumed=true

stop_servers
openssl_server ecdsa -tls1_2
capture tls12-ticket-refused
s_client -connect $SERVER:443 -servername ecdsa.test -sess_in "$SESSION"
captured
label "s_client -sess_in with a ticket of an s_server -tls1_2 that has been restarted since ($OPENSSL): a full handshake" \
    "${T12[@]}" resumed=false named_group=x25519
stop_servers

openssl_server rsa -tls1 -no_ticket -cipher ALL:@SECLEVEL=0
capture tls10-session-id
twice -servername rsa.test -tls1 -cipher AES128-SHA:@SECLEVEL=0
captured
T10=(version="TLS 1.0" cipher_suite=TLS_RSA_WITH_AES_128_CBC_SHA sni=rsa.test client_auth=none)
label "s_client -sess_out, then -sess_in, and s_server -tls1 -no_ticket of $OPENSSL" "${T10[@]}" resumed=false -- "${T10[@]}" resumed=true
stop_servers

openssl_server ecdsa -tls1_3
capture tls13-psk-dhe
twice
captured
label "s_client -sess_out, then -sess_in, and s_server -tls1_3 of $OPENSSL: a PSK with a fresh key exchange" \
    "${T13[@]}" resumed=false -- "${T13[@]}" resumed=true
stop_servers

openssl_server ecdsa -tls1_3
capture tls13-psk-refused
s_client -connect $SERVER:443 -servername ecdsa.test -sess_in "$SESSION"
captured
label "s_client -sess_in with a ticket of an s_server -tls1_3 that has been restarted since ($OPENSSL): a full handshake" \
    "${T13[@]}" resumed=false
stop_servers

openssl_server ecdsa -tls1_3 -allow_no_dhe_kex -groups X25519
capture tls13-psk-only
s_client -connect $SERVER:443 -servername ecdsa.test -sess_out "$SESSION" -groups X25519
s_client -connect $SERVER:443 -servername ecdsa.test -sess_in "$SESSION" -groups P-256 -allow_no_dhe_kex
captured
label "s_client -groups X25519 -sess_out, then -groups P-256 -sess_in -allow_no_dhe_kex, and s_server -groups X25519 -allow_no_dhe_kex \
of $OPENSSL: with no group in common the PSK alone makes the keys" "${T13[@]}" resumed=false -- "${T13[@]}" named_group= resumed=true
stop_servers

openssl_server ecdsa -tls1_3 -psk 0123456789abcdef
capture tls13-external-psk
s_client -connect $SERVER:443 -servername ecdsa.test -tls1_3 -psk 0123456789abcdef -ciphersuites TLS_AES_128_GCM_SHA256
captured
label "s_client and s_server of $OPENSSL with -psk: a PSK given beforehand, which looks like a resumption on the wire" \
    version="TLS 1.3" cipher_suite=TLS_AES_128_GCM_SHA256 named_group=x25519 sni=ecdsa.test hello_retry=false client_auth=none
stop_servers

gnutls_server ecdsa --disable-client-cert
GNUTLS_13=(version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=secp256r1 sni=ecdsa.test hello_retry=false)
capture gnutls-tls13
gnutls_client ecdsa.test --resume --waitresumption
captured
label "gnutls-cli --resume and gnutls-serv of $GNUTLS" "${GNUTLS_13[@]}" outcome=unused resumed=false -- "${GNUTLS_13[@]}" resumed=true

GNUTLS_12=(version="TLS 1.2" cipher_suite=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 sni=ecdsa.test)
capture gnutls-tls12
gnutls_client ecdsa.test --resume --priority NORMAL:-VERS-ALL:+VERS-TLS1.2
captured
label "gnutls-cli --resume --priority NORMAL:-VERS-ALL:+VERS-TLS1.2 and gnutls-serv of $GNUTLS" \
    "${GNUTLS_12[@]}" outcome=unused resumed=false named_group=secp256r1 -- "${GNUTLS_12[@]}" resumed=true
stop_servers

java_server rsa - -
JAVA_12=(version="TLS 1.2" cipher_suite=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 sni=rsa.test client_auth=none)
capture java-tls12
java_client rsa.test TLSv1.2 - 2
captured
label "JSSE of $JAVA on both sides, TLSv1.2, two connections" "${JAVA_12[@]}" resumed=false -- "${JAVA_12[@]}" resumed=true
stop_servers

rustls_server ecdsa early=yes
RUSTLS_13=(version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 sni=ecdsa.test hello_retry=false client_auth=none)
capture rustls-early-data-accepted
rustls_client ecdsa.test connections=2 early=yes
captured
label "rustls-peer ($RUSTLS) on both sides, two connections, the second one with 0-RTT data" \
    "${RUSTLS_13[@]}" resumed=false -- "${RUSTLS_13[@]}" resumed=true early_data=accepted
stop_servers

# nginx with early data on port 443 and without on port 444, the tickets of one good for the other
openssl rand -out "$RUN/ticket.key" 80
both="server_name ecdsa.test; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_ticket_key $RUN/ticket.key;
  ssl_certificate $C/ecdsa.chain.pem; ssl_certificate_key $C/ecdsa.key;"
nginx_server "server { listen 443 ssl; ssl_early_data on; $both } server { listen 444 ssl; $both }
  server { listen 445 ssl; ssl_ecdh_curve secp384r1; ssl_early_data on; $both }"
ask > "$RUN/early"
https() { ask | client openssl s_client -quiet -servername ecdsa.test "$@"; }

capture early-data-accepted
https -connect $SERVER:443 -sess_out "$SESSION"
client openssl s_client -connect $SERVER:443 -servername ecdsa.test -sess_in "$SESSION" -early_data "$RUN/early" -quiet </dev/null
captured
label "s_client -sess_out, then -sess_in -early_data ($OPENSSL), and $NGINX with ssl_early_data on" \
    "${T13[@]}" resumed=false -- "${T13[@]}" resumed=true early_data=accepted

https -connect $SERVER:443 -sess_out "$SESSION"
capture early-data-rejected
https -connect $SERVER:444 -sess_in "$SESSION" -early_data "$RUN/early"
captured
label "s_client -sess_in -early_data ($OPENSSL) and $NGINX without ssl_early_data: the PSK is taken, the early data is not" \
    "${T13[@]}" server.port=444 resumed=true early_data=rejected

https -connect $SERVER:443 -sess_out "$SESSION"
capture early-data-rejected-hello-retry
https -connect $SERVER:445 -sess_in "$SESSION" -early_data "$RUN/early" -groups X25519:P-384
captured
label "s_client -sess_in -early_data -groups X25519:P-384 ($OPENSSL) and $NGINX with secp384r1 only: a HelloRetryRequest refuses early data" \
    "${T13[@]}" server.port=445 named_group=secp384r1 hello_retry=true resumed=true early_data=rejected

https -connect $SERVER:443 -sess_out "$SESSION"
stop_servers
openssl rand -out "$RUN/ticket.key" 80
nginx_server "server { listen 443 ssl; ssl_early_data on; $both }"
capture early-data-rejected-with-psk
https -connect $SERVER:443 -sess_in "$SESSION" -early_data "$RUN/early"
captured
label "s_client -sess_in -early_data ($OPENSSL) and $NGINX with another ticket key since: a full handshake" \
    "${T13[@]}" resumed=false early_data=rejected
