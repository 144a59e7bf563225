# Protocols in which the server speaks first: before the handshake (STARTTLS) or after it, the client sending no data at all.
. "$(dirname "$0")/common.sh"

T12=(version="TLS 1.2" cipher_suite=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 named_group=x25519 sni=ecdsa.test resumed=false client_auth=none)
T13=(version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 sni=ecdsa.test resumed=false hello_retry=false client_auth=none)

for version in 1.2 1.3; do
    [ $version = 1.2 ] && facts=("${T12[@]}") || facts=("${T13[@]}")
    serve 25 $PEER server 25 --cert "$C/ecdsa.chain.pem,$C/ecdsa.key" --smtp --max $version --answer $'250 OK\r\n' --receive 2
    capture "smtp-starttls-tls${version/./}"
    { sleep 0.3; echo NOOP; sleep 0.3; } | client openssl s_client -starttls smtp -connect $SERVER:25 -servername ecdsa.test -crlf -quiet -no_ign_eof
    captured
    label "s_client -starttls smtp of $OPENSSL and an SMTP server of ours on $PYTHON, TLS $version" "${facts[@]}" server.port=25
    stop_servers

    serve 995 $PEER server 995 --cert "$C/ecdsa.chain.pem,$C/ecdsa.key" --max $version --send $'+OK ready\r\n' --stay 0.1
    capture "server-speaks-tls${version/./}"
    client $PEER client $SERVER 995 ecdsa.test
    captured
    label "ssl of $PYTHON on both sides, TLS $version: the server greets, the client sends nothing and closes" "${facts[@]}" server.port=995
    stop_servers
done

serve 990 $PEER server 990 --cert "$C/ecdsa.chain.pem,$C/ecdsa.key" --send "$(seq -s' ' 1000)" --receive 0 --end fin
capture server-sends-and-closes
client $PEER client $SERVER 990 ecdsa.test --receive 100 --end fin
captured
label "ssl of $PYTHON on both sides, TLS 1.3: the server sends a file and closes without close_notify, as some FTP servers do" \
    "${T13[@]}" server.port=990
stop_servers
