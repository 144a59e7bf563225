# Handshakes of which nothing bad may be said: what looks like trouble and is how things are done.
. "$(dirname "$0")/routed.sh"

S=sni=ecdsa.test
ESTABLISHED=$(fine established) UNUSED=$(fine unused)
TLS="ssl_certificate $C/ecdsa.chain.pem; ssl_certificate_key $C/ecdsa.key; server_name ecdsa.test; ssl_protocols TLSv1.2 TLSv1.3;"
WORK=$RUN/no-failure
rm -rf "$WORK"
mkdir -p "$WORK/empty"
chmod 711 "$RUN"
cat "$C/ecdsa.chain.pem" "$C/ecdsa.key" > "$WORK/both.pem"

to_python() { client $PEER client $SERVER 443 ecdsa.test "$@"; }

# Mail: the server speaks first.
dovecot_server() {
    cat > "$WORK/dovecot.conf" <<N
base_dir = $WORK/dovecot
log_path = $RUN/log/dovecot
protocols = imap pop3
ssl = yes
ssl_cert = <$C/ecdsa.chain.pem
ssl_key = <$C/ecdsa.key
ssl_min_protocol = TLSv1.2
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$WORK/mail
}
mail_location = maildir:$WORK/mail
N
    mkdir -p "$WORK/mail"
    chown nobody:nogroup "$WORK/mail"
    serve 993 dovecot -F -c "$WORK/dovecot.conf"
}
DOVECOT="Dovecot $(dovecot --version | cut -d' ' -f1)"
fresh
dovecot_server
# mail NAME PORT HOW OUTCOME COMMAND...
mail() {
    local name=$1 port=$2 how=$3 outcome=$4
    shift 4
    watch "$name" client
    client timeout 8 "$@" </dev/null
    watched
    label_at client "$how and $DOVECOT" server.port=$port $(fine $outcome) "$NAMED_OR_NOT"
}
NAMED_OR_NOT=$S
for version in 1.2 1.3; do
    to="curl -s --tls-max $version --cacert $C/root.pem"
    [ $version = 1.2 ] || to="$to --tlsv1.3"
    mail imaps-tls${version/./} 993 "$CURL, TLS $version" established $to --resolve ecdsa.test:993:$SERVER -u a:secret imaps://ecdsa.test/ -X NOOP
    mail pop3s-tls${version/./} 995 "$CURL, TLS $version" established $to --resolve ecdsa.test:995:$SERVER -u a:secret pop3s://ecdsa.test/
    mail imap-starttls-tls${version/./} 143 "$CURL --ssl-reqd, TLS $version" established $to --ssl-reqd --resolve ecdsa.test:143:$SERVER -u a:wrong imap://ecdsa.test/
    mail pop3-stls-tls${version/./} 110 "$CURL --ssl-reqd, TLS $version" established $to --ssl-reqd --resolve ecdsa.test:110:$SERVER -u a:secret pop3://ecdsa.test/
done
mail imaps-greeting-only 993 "s_client of $OPENSSL, which reads the greeting and leaves," established bash -c "sleep 1 | openssl s_client -quiet -no_ign_eof -connect $SERVER:993 -servername ecdsa.test"
stop_servers
TLS_PORT=25 python_server --smtp --answer $'250 OK\r\n' --receive 9
watch smtp-starttls-swaks client
client swaks --tls --server $SERVER --helo client.test --to a@mail.test --from b@mail.test --timeout 3 --tls-sni ecdsa.test --quit-after RCPT
watched
label_at client "swaks --tls and an SMTP server of ours on $PYTHON" $S server.port=25 $ESTABLISHED
stop_servers
TLS_PORT=465 python_server --send $'220 mail.test ESMTP\r\n' --answer $'250 OK\r\n' --receive 9
watch smtps-swaks client
client swaks --tlsc --port 465 --server $SERVER --helo client.test --to a@mail.test --from b@mail.test --timeout 3 --tls-sni ecdsa.test --quit-after RCPT
watched
label_at client "swaks --tls-on-connect and an SMTP server of ours on $PYTHON, which greets" $S server.port=465 $ESTABLISHED
stop_servers

# FTP: data connections on which only the server speaks.
ftp_server() {
    mkdir -p "$WORK/ftp"
    chmod 755 "$WORK" "$WORK/ftp"
    seq 500 > "$WORK/ftp/file"
    printf '' > "$WORK/ftp/nothing"
    cat > "$WORK/vsftpd.conf" <<N
listen=YES
listen_port=$1
anonymous_enable=YES
anon_root=$WORK/ftp
no_anon_password=YES
background=NO
secure_chroot_dir=$WORK/empty
ssl_enable=YES
allow_anon_ssl=YES
force_anon_data_ssl=YES
force_anon_logins_ssl=YES
rsa_cert_file=$C/ecdsa.chain.pem
rsa_private_key_file=$C/ecdsa.key
ssl_ciphers=HIGH
pasv_min_port=2121
pasv_max_port=2121
require_ssl_reuse=$2
${3:-}
N
    serve $1 vsftpd "$WORK/vsftpd.conf"
}
# transfer NAME PORT HOW COMMAND...: a control connection and a data connection
transfer() {
    local name=$1 port=$2 how=$3
    shift 3
    watch "$name" client
    client timeout 8 "$@"
    watched
    label_at client "$how and vsftpd 3.0.3" server.port=$port $ESTABLISHED -- server.port=2121 $ESTABLISHED
}
for version in 1.2 1.3; do
    ftp="curl -s --cacert $C/root.pem --disable-epsv --tls-max $version"
    [ $version = 1.2 ] || ftp="$ftp --tlsv1.3"
    ftp_server 21 NO
    transfer ftps-download-tls${version/./} 21 "$CURL --ssl-reqd, TLS $version, which fetches a file," $ftp --ssl-reqd --resolve ecdsa.test:21:$SERVER ftp://ecdsa.test/file
    stop_servers
    ftp_server 990 NO implicit_ssl=YES
    transfer ftps-implicit-tls${version/./} 990 "$CURL, TLS $version, which fetches a file over implicit FTPS," $ftp --resolve ecdsa.test:990:$SERVER ftps://ecdsa.test/file
    stop_servers
done
ftp_server 21 YES
transfer ftps-list-lftp 21 "lftp, which lists a directory, the data connection resuming the control connection's session," \
    lftp -c "set ftp:ssl-allow-anonymous yes; set ftp:ssl-force yes; set ssl:verify-certificate no; set ftp:ssl-protect-data yes; set net:max-retries 1; set net:timeout 3; open $SERVER; ls; bye"
stop_servers
ftp_server 21 NO
watch ftps-empty-file client
client curl -s --cacert "$C/root.pem" --disable-epsv --ssl-reqd --resolve ecdsa.test:21:$SERVER ftp://ecdsa.test/nothing
watched
label_at client "$CURL --ssl-reqd and vsftpd 3.0.3: an empty file, a data connection without data" server.port=21 $ESTABLISHED -- server.port=2121 $UNUSED
stop_servers

# STARTTLS of others.
install -d -o postgres "$WORK/postgres"
runuser -u postgres -- initdb -A trust -D "$WORK/postgres" >/dev/null 2>&1
echo "hostssl all all all trust" >> "$WORK/postgres/pg_hba.conf"
for file in chain.pem key; do install -o postgres -m 600 "$C/ecdsa.$file" "$WORK/postgres.$file"; done
serve 5432 runuser -u postgres -- postgres -D "$WORK/postgres" -c listen_addresses='*' -c unix_socket_directories="$WORK/postgres" -c ssl=on -c ssl_cert_file="$WORK/postgres.chain.pem" -c ssl_key_file="$WORK/postgres.key"
watch postgresql client
PGSSLMODE=require client psql -h $SERVER -U postgres -c 'select 1'
watched
label_at client "psql with sslmode=require and PostgreSQL $(postgres --version | cut -d' ' -f3)" server.port=5432 $ESTABLISHED
watch postgresql-wrong-database client
PGSSLMODE=require client psql -h $SERVER -U postgres nowhere -c 'select 1'
watched
label_at client "psql with sslmode=require and PostgreSQL $(postgres --version | cut -d' ' -f3): no such database, said within TLS" server.port=5432 $ESTABLISHED
stop_servers
printf 'include /etc/ldap/schema/core.schema\npidfile %s/slapd.pid\nTLSCertificateFile %s\nTLSCertificateKeyFile %s\n' "$WORK" "$C/ecdsa.chain.pem" "$C/ecdsa.key" > "$WORK/slapd.conf"
serve 389 slapd -d 0 -f "$WORK/slapd.conf" -h ldap://:389
watch ldap-starttls client
LDAPTLS_REQCERT=never client ldapsearch -x -ZZ -H ldap://$SERVER -b dc=test
watched
label_at client "ldapsearch -ZZ and slapd" server.port=389 $ESTABLISHED
stop_servers

# Health checks: HAProxy on the client's side looks after nginx.
checker() { printf 'defaults\n  mode http\n  timeout connect 2s\n  timeout client 5s\n  timeout server 5s\nfrontend f\n  bind 127.0.0.1:8080\n  default_backend b\nbackend b\n%s\n' "$1" > "$WORK/haproxy.cfg"; client timeout 2 haproxy -db -f "$WORK/haproxy.cfg"; }
for version in 1.2 1.3; do
    nginx_server "server { listen 443 ssl; ${TLS/TLSv1.2 TLSv1.3/TLSv$version} }"
    watch "health-check-ssl-tls${version/./}" client
    checker "  server s $SERVER:443 check check-ssl check-sni ecdsa.test verify none inter 60s"
    watched
    label_at client "$HAPROXY with check-ssl and $NGINX, TLS $version: finished, then closed" $S version="TLS $version" $UNUSED
    watch "health-check-http-tls${version/./}" client
    checker "  option httpchk GET /
  server s $SERVER:443 check check-ssl check-sni ecdsa.test verify none inter 60s"
    watched
    label_at client "$HAPROXY with check-ssl and httpchk and $NGINX, TLS $version" $S version="TLS $version" $ESTABLISHED
    stop_servers
done
nginx_server "server { listen 443 ssl; $TLS }"
watch health-check-tcp client
checker "  server s $SERVER:443 check inter 60s"
watched
label_at client "$HAPROXY with a TCP check and $NGINX: connected, then reset" --none
watch health-check-nc client
client ncat -z $SERVER 443
watched
label_at client "ncat -z and $NGINX: connected, then closed" --none
stop_servers

# Preconnects, and what only looks at the certificate.
for try in "openssl 1.2" "openssl 1.3" "gnutls 1.3" "nginx 1.2" "nginx 1.3" "java 1.3"; do
    read -r kind version <<< "$try"
    case $kind in
        openssl) web_server ;;
        gnutls) gnutls_server ecdsa ;;
        nginx) nginx_server "server { listen 443 ssl; $TLS }" ;;
        java) java_server ecdsa - - ;;
    esac
    # the Java server says a line even to who has said nothing and closes, used or not
    [ $kind = java ] && silent="outcome= failure=null" || silent=$UNUSED
    watch "preconnect-$kind-tls${version/./}" client
    to_python --max $version --receive 0 --stay 2
    watched
    label_at client "ssl of $PYTHON, TLS $version, and a server on $kind: finished, and closed 2 s later without a word" $S version="TLS $version" $silent
    watch "glance-$kind-tls${version/./}" client server
    client openssl s_client -connect $SERVER:443 -servername ecdsa.test -tls${version/./_} </dev/null
    watched
    label_all "s_client of $OPENSSL without input, TLS $version, and a server on $kind: finished, and closed at once, tickets or not" $S version="TLS $version" $silent
    stop_servers
done

# Client certificates that are optional.
for version in 1.2 1.3; do
    nginx_server "server { listen 443 ssl; ssl_verify_client optional; ssl_client_certificate $C/root.pem; ssl_verify_depth 3; $TLS }"
    for stack in curl gnutls python; do
        watch "optional-certificate-$stack-tls${version/./}" client
        case $stack in python) to_python --max $version --send $'GET / HTTP/1.0\r\n\r\n' --receive 9 ;; gnutls) from curl $version ;; *) from $stack $version ;; esac
        watched
        label_at client "$(called ${stack/gnutls/curl}), TLS $version, and $NGINX with ssl_verify_client optional: declined, and served" $S version="TLS $version" $ESTABLISHED
    done
    stop_servers
    openssl_server ecdsa -verify 3 -CAfile "$C/root.pem"
    watch "optional-certificate-openssl-tls${version/./}" client
    s_client -connect $SERVER:443 -servername ecdsa.test -tls${version/./_}
    watched
    label_at client "s_client and s_server -verify of $OPENSSL, TLS $version: declined, and served" $S version="TLS $version" $ESTABLISHED
    stop_servers
    nginx_server "server { listen 443 ssl; ssl_verify_client on; ssl_client_certificate $C/root.pem; ssl_verify_depth 3; $TLS }"
    for stack in curl rustls; do
        watch "certificate-400-$stack-tls${version/./}" client
        from $stack $version
        watched
        label_at client "$(called $stack), TLS $version, and $NGINX with ssl_verify_client on: it finishes and answers 400 in TLS" $S version="TLS $version" $ESTABLISHED
    done
    stop_servers
done

# Ends of ordinary connections.
for version in 1.2 1.3; do
    nginx_server "server { listen 443 ssl; $TLS keepalive_timeout 1s; location /closes { return 444; } location /large { lingering_close off; return 413; } }"
    web="curl -s -k --tls-max $version --resolve ecdsa.test:443:$SERVER"
    [ $version = 1.2 ] || web="$web --tlsv1.3"
    watch "nginx-444-tls${version/./}" client
    client $web https://ecdsa.test/closes
    watched
    label_at client "$CURL (on $OPENSSL), TLS $version, and $NGINX, which closes upon the request (444)" $S version="TLS $version" $ESTABLISHED
    watch "nginx-resets-upload-tls${version/./}" client
    head -c 60000 /dev/zero | client $web -H Expect: --data-binary @- https://ecdsa.test/large
    watched
    label_at client "$CURL (on $OPENSSL), TLS $version, and $NGINX, which refuses an upload (413) without reading it: a reset" $S version="TLS $version" $ESTABLISHED
    watch "nginx-keepalive-ends-tls${version/./}" client
    to_python --max $version --send $'GET / HTTP/1.1\r\nHost: ecdsa.test\r\n\r\n' --receive 1 --stay 2 --end rst
    watched
    label_at client "ssl of $PYTHON, TLS $version, and $NGINX, which closes an idle connection, and the client resets" $S version="TLS $version" $ESTABLISHED
    watch "client-resets-after-data-tls${version/./}" client
    to_python --max $version --send $'GET / HTTP/1.1\r\nHost: ecdsa.test\r\n\r\n' --receive 1 --end rst
    watched
    label_at client "ssl of $PYTHON, TLS $version, which resets once it has its answer, and $NGINX" $S version="TLS $version" $ESTABLISHED
    fresh
    web_server
    to_server -m connbytes --connbytes 6: --connbytes-dir original --connbytes-mode packets --tcp-flags PSH PSH -m length --length 200: -j $RESET
    watch "middlebox-resets-data-tls${version/./}" client
    { printf 'GET / HTTP/1.0\r\nX: %0300d\r\n\r\n' 0; sleep 1; } | client openssl s_client -quiet -connect $SERVER:443 -servername ecdsa.test -tls${version/./_}
    watched
    label_at client "s_client and s_server of $OPENSSL, TLS $version; the router resets the connection upon a large request: the handshake is over" $S version="TLS $version" $ESTABLISHED
    stop_servers
    python_server --max $version --send hello --receive 0 --end rst
    watch "server-resets-after-data-tls${version/./}" client
    to_python --stay 0.5
    watched
    label_at client "ssl of $PYTHON on both sides, TLS $version; the server sends a line and resets" $S version="TLS $version" $ESTABLISHED
    stop_servers
    python_server --max $version --stay 8 --receive 0
    watch "idle-tls${version/./}" client
    to_python --receive 0 --stay 6 --end fin
    watched
    label_at client "ssl of $PYTHON on both sides, TLS $version; nothing is said for 6 s, then the client closes without close_notify" $S version="TLS $version" $ESTABLISHED
    stop_servers
    # the first records are as long as alerts: in TLS 1.3 they may be close_notify, and the handshake unused
    [ $version = 1.2 ] && tiny=$ESTABLISHED || tiny="outcome= failure=null"
    python_server --max $version --answer ok --receive 1
    watch "tiny-request-tls${version/./}" client
    to_python --send hi
    watched
    label_at client "ssl of $PYTHON on both sides, TLS $version; two bytes each way: records as long as alerts" $S version="TLS $version" $tiny
    stop_servers
    python_server --max $version --send ok --receive 0 --stay 0.5
    watch "tiny-greeting-tls${version/./}" client
    to_python --receive 2
    watched
    label_at client "ssl of $PYTHON on both sides, TLS $version; the server greets with two bytes, the client says nothing" $S version="TLS $version" $tiny
    stop_servers
    # what is lost comes again
    fresh
    web_server
    to_server -m connbytes --connbytes 3:3 --connbytes-dir original --connbytes-mode packets -j DROP
    watch "hello-lost-once-tls${version/./}" client router
    from curl $version
    watched
    label_all "$CURL (on $OPENSSL), TLS $version; the router drops the ClientHello once" $S version="TLS $version" $ESTABLISHED
    fresh
    web_server
    from_server -m connbytes --connbytes 3:3 --connbytes-dir reply --connbytes-mode packets -j DROP
    watch "flight-lost-once-tls${version/./}" client server
    from openssl $version
    watched
    label_all "s_client and s_server of $OPENSSL, TLS $version; the router drops the server's flight once" $S version="TLS $version" $ESTABLISHED
done
stop_servers

# Path MTU discovery as it should be.
for ip in 4 6; do
    over$ip
    fresh
    long_server
    if [ $ip = 4 ]; then ip -n tlscribe-router route replace 10.8.0.0/24 dev eth0 mtu lock 1400; else ip -n tlscribe-router link set eth0 mtu 1400; fi
    watch "mtu-discovered-ipv$ip" server
    from curl 1.3 long.test
    watched
    label_at server "$CURL (on $OPENSSL) and s_server of $OPENSSL with a chain of 25 certificates, IPv$ip; the router's MTU is 1400, it says so by ICMP, and the server listens" sni=long.test $ESTABLISHED
done
over4
fresh

# Things that happen within TLS.
openssl_server ecdsa -client_renegotiation
watch renegotiation client
{ sleep 0.5; echo R; sleep 0.5; echo hello; sleep 0.3; } | client openssl s_client -connect $SERVER:443 -servername ecdsa.test -tls1_2
watched
label_at client "s_client and s_server -client_renegotiation of $OPENSSL: a second handshake within the first one's protection" $S $ESTABLISHED
watch key-update client
{ sleep 0.5; echo K; sleep 0.5; echo hello; sleep 0.3; } | client openssl s_client -connect $SERVER:443 -servername ecdsa.test -tls1_3
watched
label_at client "s_client and s_server of $OPENSSL: the client updates its keys and asks for the same" $S $ESTABLISHED
watch key-update-first client
{ sleep 0.5; echo K; sleep 0.3; } | client openssl s_client -connect $SERVER:443 -servername ecdsa.test -tls1_3
watched
label_at client "s_client and s_server of $OPENSSL: the client updates its keys, says nothing else and closes" $S failure=null outcome=
stop_servers
python_server --post-auth --answer ok
watch post-handshake-auth client
to_python --post-auth --send hello
watched
label_at client "ssl of $PYTHON on both sides: a client certificate asked for after the handshake, and declined" $S $ESTABLISHED
stop_servers
rustls_server ecdsa early=yes version=1.3
watch early-data client
rustls_client ecdsa.test early=yes connections=2 version=1.3
watched
label_at client "$RUSTLS on both sides: two connections, the second with early data, accepted" $S $ESTABLISHED -- $S $ESTABLISHED early_data=accepted
stop_servers
openssl_server ecdsa -groups P-384
watch hello-retry client server
s_client -connect $SERVER:443 -servername ecdsa.test -tls1_3
watched
label_all "s_client and s_server -groups P-384 of $OPENSSL: HelloRetryRequest" $S hello_retry=true $ESTABLISHED
stop_servers
nginx_server "server { listen 443 ssl http2; $TLS }"
watch http2 client
client curl -s --http2 --cacert "$C/root.pem" --resolve ecdsa.test:443:$SERVER https://ecdsa.test/ https://ecdsa.test/nothing
watched
label_at client "$CURL (on $OPENSSL) and $NGINX: HTTP/2, one connection for two requests" $S $ESTABLISHED
watch local-port-again client
for n in 1 2; do client curl -s --tls-max 1.3 --cacert "$C/root.pem" --local-port 50500 --resolve ecdsa.test:443:$SERVER -H "Connection: close" --http1.1 https://ecdsa.test/; done
watched
label_at client "$CURL (on $OPENSSL) and $NGINX: two connections, one after the other, from the same port" $S $ESTABLISHED -- $S $ESTABLISHED
watch half-close client
ask | client socat -t 2 - OPENSSL:$SERVER:443,verify=0,snihost=ecdsa.test
watched
label_at client "socat (on $OPENSSL), which closes its half once it has asked, and $NGINX" $S $ESTABLISHED
stop_servers
serve 443 node -e "require('https').createServer({cert: require('fs').readFileSync('$C/ecdsa.chain.pem'), key: require('fs').readFileSync('$C/ecdsa.key')})
    .on('upgrade', (request, socket) => { socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'); setTimeout(() => socket.write(Buffer.from([0x81, 2, 104, 105])), 300); setTimeout(() => socket.destroy(), 600); }).listen(443)"
watch websocket client
client curl -s --http1.1 --max-time 3 --cacert "$C/root.pem" --resolve ecdsa.test:443:$SERVER -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' https://ecdsa.test/
watched
label_at client "$CURL (on $OPENSSL) and Node.js $(node --version): a WebSocket, which the server destroys" $S $ESTABLISHED
for stack in java node gnutls; do
    watch "node-server-$stack" client
    from $stack 1.3
    watched
    label_at client "$(called $stack), TLS 1.3, and Node.js $(node --version)" $S $ESTABLISHED
done
stop_servers

# Lost races: IPv6 does not answer, or answers too late to be spoken to.
web_server
on_router ip6tables -A FORWARD -p tcp --dport 443 -j DROP
watch race-without-ipv6 client
client curl -s --cacert "$C/root.pem" --resolve "ecdsa.test:443:[$SERVER6],$SERVER" https://ecdsa.test/
watched
label_at client "$CURL (on $OPENSSL): IPv6 does not answer, IPv4 does" $S $ESTABLISHED
on_router ip6tables -F
watch race-lost client
client $PEER client $SERVER6 443 ecdsa.test --after connect --stay 0.1 --race $SERVER
watched
label_at client "ssl of $PYTHON connects over IPv6 and IPv4, and says its hello only over IPv4, and nothing after it" $S $UNUSED
stop_servers

# Through proxies that let it pass.
fresh
web_server
serve 8888 microsocks -p 8888
watch through-socks client
client curl -s --cacert "$C/root.pem" --socks5-hostname $SERVER:8888 --connect-to ecdsa.test:443:$SERVER:443 https://ecdsa.test/
watched
label_at client "$CURL (on $OPENSSL) through microsocks" --cut server.port=8888 $S $ESTABLISHED
printf 'Port 8889\nTimeout 10\n' > "$WORK/tinyproxy.conf"
serve 8889 tinyproxy -d -c "$WORK/tinyproxy.conf"
watch through-connect client
client curl -s --cacert "$C/root.pem" -x http://$SERVER:8889 --connect-to ecdsa.test:443:$SERVER:443 https://ecdsa.test/
watched
label_at client "$CURL (on $OPENSSL) through Tinyproxy (CONNECT)" --cut server.port=8889 $S $ESTABLISHED
stop_servers
nginx_server "server { listen 443 ssl proxy_protocol; $TLS }"
watch proxy-header client
client curl -s --cacert "$C/root.pem" --haproxy-protocol --resolve ecdsa.test:443:$SERVER https://ecdsa.test/
watched
label_at client "$CURL --haproxy-protocol (on $OPENSSL) and $NGINX with proxy_protocol" --cut $S $ESTABLISHED
stop_servers
