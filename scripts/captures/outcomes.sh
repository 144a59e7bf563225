# How handshakes end: used, unused, failed by an alert, a close or a reset, left unfinished by the capture.
. "$(dirname "$0")/common.sh"

T12=(version="TLS 1.2" cipher_suite=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 named_group=x25519 sni=ecdsa.test resumed=false)
T13=(version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 sni=ecdsa.test resumed=false hello_retry=false)
connect() { s_client -connect $SERVER:443 -servername ecdsa.test "$@"; }
curl_to() { client curl -s --resolve "$1:443:$SERVER" "${@:2}" "https://$1/"; }

# alerted FROM CODE NAME: a handshake that a fatal alert in the clear ends
alerted() {
    echo "outcome=failed" "close.by=alert" "close.side=$1" \
        "alerts=[{\"from\":\"$1\",\"level\":\"fatal\",\"code\":$2,\"name\":\"$3\",\"visibility\":\"plaintext\"}]"
}

openssl_server ecdsa
for version in 1.2 1.3; do
    [ $version = 1.2 ] && facts=("${T12[@]}") || facts=("${T13[@]}")
    option=-tls${version/./_} name=tls${version/./}

    capture "established-$name"
    connect $option
    captured
    label "s_client $option and s_server of $OPENSSL: a line and its answer" "${facts[@]}"

    capture "unused-$name"
    client openssl s_client -connect $SERVER:443 -servername ecdsa.test $option </dev/null
    captured
    label "s_client $option with nothing to say and s_server of $OPENSSL: finished, then closed" "${facts[@]}" outcome=unused

    capture "unknown-ca-$name"
    curl_to ecdsa.test --tls-max $version
    captured
    label "$CURL (on $OPENSSL), which does not know the root, and s_server of $OPENSSL, TLS $version" "${facts[@]}" $(alerted client 48 unknown_ca)
done

capture unknown-ca-tls13-encrypted
gnutls_client ecdsa.test --x509cafile "$C/client.pem" --priority NORMAL:-GROUP-ALL:+GROUP-X25519
captured
label "gnutls-cli of $GNUTLS, which does not know the root, and s_server of $OPENSSL, TLS 1.3: the alert is encrypted" "${T13[@]}" outcome=failed
stop_servers

openssl_server expired
capture expired
curl_to expired.test --tls-max 1.2 --cacert "$C/root.pem"
captured
label "$CURL (on $OPENSSL) and s_server of $OPENSSL, TLS 1.2: the certificate expired on 2026-01-01" "${T12[@]}" sni=expired.test \
    $(alerted client 45 certificate_expired)
stop_servers

openssl_server ecdsa -tls1_3
capture version-too-old
connect -tls1_2
captured
label "s_client -tls1_2 and s_server -tls1_3 of $OPENSSL" sni=ecdsa.test $(alerted server 70 protocol_version)
stop_servers

openssl_server ecdsa -tls1_2
capture version-too-new
connect -tls1_3
captured
label "s_client -tls1_3 and s_server -tls1_2 of $OPENSSL" sni=ecdsa.test $(alerted server 70 protocol_version)

capture no-shared-cipher
connect -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256
captured
label "s_client -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256 and s_server with an ECDSA certificate, $OPENSSL" sni=ecdsa.test \
    $(alerted server 40 handshake_failure)
stop_servers

openssl_server ecdsa
capture inappropriate-fallback
connect -tls1_2 -fallback_scsv
captured
label "s_client -tls1_2 -fallback_scsv and s_server with TLS 1.3 of $OPENSSL" sni=ecdsa.test $(alerted server 86 inappropriate_fallback)

capture reset-by-client
client $PEER client $SERVER 443 ecdsa.test --after hello --stay 0.1 --end rst
captured
label "ssl of $PYTHON, which resets once the server's flight has come, and s_server of $OPENSSL, TLS 1.3" "${T13[@]}" outcome=failed \
    close.by=rst close.side=client
stop_servers

nginx_server "server { listen 443 ssl; ssl_reject_handshake on; }"
capture unrecognized-name
connect -servername nobody.test
captured
label "s_client of $OPENSSL and $NGINX with ssl_reject_handshake: a name that it does not serve" sni=nobody.test \
    $(alerted server 112 unrecognized_name)
stop_servers

serve 443 $PEER server 443
capture closed-by-server
client $PEER client $SERVER 443 ecdsa.test --after hello --stay 0.3
captured
label "ssl of $PYTHON and a server of ours on $PYTHON that reads the ClientHello and closes" sni=ecdsa.test outcome=failed \
    close.by=fin close.side=server

capture closed-by-server-then-alert
connect
captured
label "s_client of $OPENSSL and a server of ours on $PYTHON that reads the ClientHello and closes: the client's alert comes after the close" \
    sni=ecdsa.test outcome=failed close.by=fin close.side=server \
    'alerts=[{"from":"client","level":"fatal","code":50,"name":"decode_error","visibility":"plaintext"}]'
stop_servers

serve 443 $PEER server 443 --end rst
capture reset-by-server
connect
captured
label "s_client of $OPENSSL and a server of ours on $PYTHON that reads the ClientHello and resets" sni=ecdsa.test outcome=failed \
    close.by=rst close.side=server
stop_servers

serve 443 $PEER server 443 --stay 5
capture silent-server
client $PEER client $SERVER 443 ecdsa.test --after hello --stay 1
captured
label "ssl of $PYTHON and a server of ours on $PYTHON that reads the ClientHello and says nothing, until the client closes" \
    sni=ecdsa.test outcome=failed close.by=fin close.side=client
stop_servers

serve 443 $PEER server 443 --after hello --send $'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'
capture answered-in-http
client $PEER client $SERVER 443 ecdsa.test --after hello --stay 0.2
captured
label "ssl of $PYTHON and a server of ours on $PYTHON that answers the ClientHello with an HTTP error and closes" \
    sni=ecdsa.test outcome=failed
stop_servers

# The same handshake with parts of it not captured.
openssl_server ecdsa
capture whole
connect -tls1_2
captured
WHOLE=$RUN/whole.pcap
mv "$CAPTURE" "$WHOLE"
frame_of() { quiet_tshark -r "$WHOLE" -Y "$1" -T fields -e frame.number | head -1; }
# part NAME FRAMES...: only those frames of the whole
part() {
    CAPTURE=$OUT/$FAMILY/$1.pcap
    shift
    editcap -F pcap -r "$WHOLE" "$CAPTURE" "$@"
}
HELLO=$(frame_of tls.handshake.type==1) SERVER_FLIGHT=$(frame_of tls.handshake.type==2) CLIENT_FLIGHT=$(frame_of tls.handshake.type==16)

part unfinished-after-client-hello "1-$HELLO"
label "s_client -tls1_2 and s_server of $OPENSSL, captured up to the ClientHello" sni=ecdsa.test outcome=unfinished
part unfinished-after-server-hello "1-$SERVER_FLIGHT"
label "s_client -tls1_2 and s_server of $OPENSSL, captured up to the server's flight" "${T12[@]}" outcome=unfinished
part unfinished-after-client-finished "1-$CLIENT_FLIGHT"
label "s_client -tls1_2 and s_server of $OPENSSL, captured up to the client's Finished" "${T12[@]}" outcome=unfinished
part start-missing "$HELLO-999"
label "s_client -tls1_2 and s_server of $OPENSSL, captured from the ClientHello on, without the TCP handshake" "${T12[@]}"
CAPTURE=$OUT/$FAMILY/client-side-only.pcap
quiet_tshark -r "$WHOLE" -Y "ip.src == $CLIENT" -F pcap -w "$CAPTURE"
label "s_client -tls1_2 and s_server of $OPENSSL, only the client's packets captured" sni=ecdsa.test outcome=unfinished
