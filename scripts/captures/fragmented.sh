# Handshake messages in many small records, records in many small segments.
. "$(dirname "$0")/common.sh"

T12=(version="TLS 1.2" cipher_suite=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 named_group=x25519 sni=rsa.test resumed=false client_auth=none)
T13=(version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 sni=rsa.test resumed=false hello_retry=false)
python_client() { client python3 "$HERE/peer.py" client $SERVER 443 rsa.test --send $'hello\nCLOSE\n' "$@"; }

openssl_server rsa -max_send_frag 512 -split_send_frag 512
capture openssl-tls12-records-512
s_client -connect $SERVER:443 -servername rsa.test -tls1_2
captured
label "s_client -tls1_2 and s_server -max_send_frag 512 of $OPENSSL: the Certificate in several records" "${T12[@]}"

capture openssl-tls13-records-512
s_client -connect $SERVER:443 -servername rsa.test -tls1_3
captured
label "s_client -tls1_3 and s_server -max_send_frag 512 of $OPENSSL" "${T13[@]}"

capture openssl-maxfraglen
s_client -connect $SERVER:443 -servername rsa.test -tls1_2 -maxfraglen 512
captured
label "s_client -tls1_2 -maxfraglen 512 and s_server of $OPENSSL: the max_fragment_length extension" "${T12[@]}"

# the RFCs do not forbid records of one byte, but OpenSSL wants four for the header of a message
for version in 1.2 1.3; do
    [ $version = 1.2 ] && facts=("${T12[@]}") || facts=("${T13[@]}")
    capture "client-hello-records-7-tls${version/./}"
    python_client --max $version --records 7
    captured
    label "ssl of $PYTHON, its ClientHello cut into records of 7 bytes, and s_server -max_send_frag 512 of $OPENSSL" "${facts[@]}"

    capture "client-hello-segments-11-tls${version/./}"
    python_client --max $version --segments 11
    captured
    label "ssl of $PYTHON, its ClientHello cut into segments of 11 bytes, and s_server -max_send_frag 512 of $OPENSSL" "${facts[@]}"
done
stop_servers

openssl_server rsa
capture small-segments
on_server ip route change 10.8.0.0/24 dev eth0 proto kernel scope link src $SERVER advmss 88
on_client ip route change 10.8.0.0/24 dev eth0 proto kernel scope link src $CLIENT advmss 88
s_client -connect $SERVER:443 -servername rsa.test -tls1_2
on_server ip route change 10.8.0.0/24 dev eth0 proto kernel scope link src $SERVER
on_client ip route change 10.8.0.0/24 dev eth0 proto kernel scope link src $CLIENT
captured
label "s_client -tls1_2 and s_server of $OPENSSL over routes with advmss 88: every record takes many segments" "${T12[@]}"
stop_servers

gnutls_server rsa --disable-client-cert --recordsize 512
capture gnutls-recordsize
gnutls_client rsa.test --recordsize 512 --priority NORMAL:-VERS-ALL:+VERS-TLS1.2
captured
label "gnutls-cli --recordsize 512, TLS 1.2 only, and gnutls-serv --recordsize 512 of $GNUTLS: max_fragment_length or record_size_limit" \
    "${T12[@]}" named_group=secp256r1
stop_servers

for version in 1.2 1.3; do
    rustls_server rsa version=$version fragment=48
    [ $version = 1.2 ] && facts=("${T12[@]}") || facts=("${T13[@]}")
    capture "rustls-records-48-tls${version/./}"
    rustls_client rsa.test version=$version fragment=48 groups=x25519
    captured
    label "rustls-peer ($RUSTLS) on both sides, version=$version fragment=48: every message in records of 48 bytes at most" "${facts[@]}"
    stop_servers
done
