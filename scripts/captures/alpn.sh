# ALPN: selected in the clear (TLS 1.2), not selected, selected but encrypted (TLS 1.3), refused.
. "$(dirname "$0")/common.sh"

T12=(version="TLS 1.2" cipher_suite=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 named_group=x25519 sni=ecdsa.test resumed=false)
T13=(version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 sni=ecdsa.test resumed=false)
connect() { s_client -connect $SERVER:443 -servername ecdsa.test "$@"; }

openssl_server ecdsa -alpn http/1.1,h2
capture tls12-selected
connect -tls1_2 -alpn h2,http/1.1
captured
label "s_client -tls1_2 -alpn h2,http/1.1 and s_server -alpn http/1.1,h2 of $OPENSSL: the server's order counts" \
    "${T12[@]}" alpn=http/1.1 'client_hello.alpn=["h2","http/1.1"]'

capture tls13-encrypted
connect -tls1_3 -alpn h2,http/1.1
captured
label "s_client -tls1_3 -alpn h2,http/1.1 and s_server -alpn http/1.1,h2 of $OPENSSL: the selection is encrypted" \
    "${T13[@]}" 'client_hello.alpn=["h2","http/1.1"]'

for version in 1.2 1.3; do
    capture "tls${version/./}-refused"
    connect "-tls${version/./_}" -alpn imap,pop3
    captured
    label "s_client -tls${version/./_} -alpn imap,pop3 and s_server -alpn http/1.1,h2 of $OPENSSL: no common protocol" \
        outcome=failed sni=ecdsa.test close.by=alert close.side=server 'client_hello.alpn=["imap","pop3"]' \
        'alerts=[{"from":"server","level":"fatal","code":120,"name":"no_application_protocol","visibility":"plaintext"}]'
done
stop_servers

openssl_server ecdsa
capture tls12-ignored
connect -tls1_2 -alpn h2,http/1.1
captured
label "s_client -tls1_2 -alpn h2,http/1.1 and s_server without ALPN of $OPENSSL: offered, not negotiated" \
    "${T12[@]}" 'client_hello.alpn=["h2","http/1.1"]'
stop_servers

gnutls_server ecdsa --disable-client-cert --alpn acme-tls/1
capture gnutls-tls12
gnutls_client ecdsa.test --alpn acme-tls/1 --alpn dot --priority NORMAL:-VERS-ALL:+VERS-TLS1.2
captured
label "gnutls-cli --alpn acme-tls/1 --alpn dot, TLS 1.2 only, and gnutls-serv --alpn acme-tls/1 of $GNUTLS" \
    "${T12[@]}" named_group=secp256r1 alpn=acme-tls/1 'client_hello.alpn=["acme-tls/1","dot"]'
stop_servers

rustls_server ecdsa version=1.2 alpn=h2
capture rustls-tls12
rustls_client ecdsa.test alpn=h2 version=1.2
captured
label "rustls-peer ($RUSTLS) on both sides, version=1.2 alpn=h2" "${T12[@]}" alpn=h2 'client_hello.alpn=["h2"]'
