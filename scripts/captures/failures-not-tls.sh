# Handshakes that cannot be: one side speaks something else, refuses STARTTLS, or a proxy refuses the way.
. "$(dirname "$0")/routed.sh"

S=sni=ecdsa.test
SERVER_NOT_TLS=$(because server_not_tls client)
CLIENT_NOT_TLS=$(because client_not_tls client)
PROXY_HEADER=$(because proxy_protocol_mismatch network)
STARTTLS_REFUSED=$(because starttls_refused server)
PROXY_REFUSED=$(because proxy_refused network)
SERVER_CLOSED=$(because server_closed server)
PATIENCE=4
TLS="ssl_certificate $C/ecdsa.chain.pem; ssl_certificate_key $C/ecdsa.key; server_name ecdsa.test;"

dialogue() { serve "$1" python3 "$HERE/dialogue.py" "$@"; }
haproxy_server() {
    printf 'defaults\n  mode http\n  timeout connect 2s\n  timeout client 10s\n  timeout server 10s\n%s\n' "$1" > "$RUN/haproxy.cfg"
    serve 443 haproxy -db -f "$RUN/haproxy.cfg"
}
WORK=$RUN/not-tls
rm -rf "$WORK"
mkdir -p "$WORK"
chmod 777 "$WORK"

# Servers that do not speak TLS.

# answered NAME STACK VERSION HOW: that stack's hello to the server that listens on port 443 and does not speak TLS
answered() {
    local name=$1 stack=$2 version=$3 how=$4
    watch "$name-$stack-tls${version/./}" client
    from $stack $version
    watched
    label_at client "$(called $stack), TLS $version, and $how" $S $SERVER_NOT_TLS
}

fresh
nginx_server "server { listen 443; listen [::]:443; }"
for try in "curl 1.2" "curl 1.3" "openssl 1.2" "openssl 1.3" "gnutls 1.2" "gnutls 1.3" "python 1.3" "rustls 1.3" "java 1.2" "java 1.3" "node 1.3"; do
    answered http-nginx $try "plain HTTP of $NGINX on port 443"
done
over6
answered http-nginx-ipv6 curl 1.3 "plain HTTP of $NGINX on port 443, IPv6"
over4
stop_servers
haproxy_server "frontend f
  bind :443
  http-request return status 200"
answered http-haproxy openssl 1.3 "plain HTTP of $HAPROXY on port 443"
stop_servers
serve 443 python3 -m http.server 443
answered http-python curl 1.3 "http.server of $PYTHON on port 443, which takes the hello for HTTP 0.9 and sends a page without a header"
stop_servers
serve 443 node -e "require('http').createServer(() => {}).listen(443)"
answered http-node rustls 1.3 "plain HTTP of Node.js $(node --version) on port 443"
stop_servers

mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N '' -f "$WORK/ssh"
serve 443 /usr/sbin/sshd -D -f /dev/null -p 443 -h "$WORK/ssh"
for try in "curl 1.3" "gnutls 1.3" "java 1.2" "openssl 1.2"; do
    answered ssh $try "sshd of $(ssh -V 2>&1 | cut -d' ' -f1 | tr _ ' ' | tr -d ,) on port 443"
done
stop_servers

cat > "$WORK/vsftpd.conf" <<N
listen=YES
listen_port=443
anonymous_enable=YES
background=NO
secure_chroot_dir=$WORK/empty
N
mkdir -p "$WORK/empty"
serve 443 vsftpd "$WORK/vsftpd.conf"
for try in "curl 1.2" "rustls 1.3"; do
    answered ftp $try "vsftpd 3.0.3 on port 443"
done
stop_servers

dovecot_server() {
    cat > "$WORK/dovecot.conf" <<N
base_dir = $WORK/dovecot
log_path = $RUN/log/dovecot
protocols = imap pop3
ssl = no
disable_plaintext_auth = no
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/tmp
}
service imap-login {
  inet_listener imap {
    port = 143
  }
  inet_listener imaps {
    port = 0
  }
}
service pop3-login {
  inet_listener pop3 {
    port = 110
  }
  inet_listener pop3s {
    port = 0
  }
}
N
    serve 143 dovecot -F -c "$WORK/dovecot.conf"
}
DOVECOT="Dovecot $(dovecot --version | cut -d' ' -f1)"
dovecot_server
for try in "imap 143 openssl" "pop3 110 curl"; do
    read -r protocol port stack <<< "$try"
    watch "$protocol-$stack" client
    case $stack in
        openssl) ask | client timeout 4 openssl s_client -quiet -connect $SERVER:$port -servername ecdsa.test ;;
        curl) client curl -s --max-time 4 --resolve ecdsa.test:$port:$SERVER https://ecdsa.test:$port/ ;;
    esac
    watched
    label_at client "$(called $stack), TLS 1.3, to port $port of $DOVECOT: $protocol without TLS" $S server.port=$port $SERVER_NOT_TLS
done
stop_servers

dialogue 443 '220 mail.test ESMTP\r\n' '500 5.5.2 Error: bad syntax\r\n' --close
answered smtp python 1.3 "an SMTP server of ours on port 443"
answered smtp node 1.2 "an SMTP server of ours on port 443"
stop_servers
serve 6379 redis-server --port 6379 --save '' --dir "$WORK" --protected-mode no
watch redis-openssl client
ask | client timeout 4 openssl s_client -quiet -connect $SERVER:6379 -servername ecdsa.test
watched
label_at client "s_client of $OPENSSL to Redis $(redis-server --version | sed 's/.*v=\([^ ]*\).*/\1/') without TLS" $S server.port=6379 $(because server_closed server)
stop_servers
serve 6379 redis-server --port 6379 --save '' --dir "$WORK"
watch redis-protected-openssl client
ask | client timeout 4 openssl s_client -quiet -connect $SERVER:6379 -servername ecdsa.test
watched
label_at client "s_client of $OPENSSL to Redis $(redis-server --version | sed 's/.*v=\([^ ]*\).*/\1/') in protected mode: -DENIED" $S server.port=6379 $SERVER_NOT_TLS
stop_servers
dialogue 3306 'J\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00abcdefgh\x00\xff\xff\xff\x02\x00\xff\xdf\x15\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00ijklmnopqrst\x00caching_sha2_password\x00' \
    '!\x00\x00\x01\xff\x84\x04#08S01Got packets out of order' --close
watch mysql-curl client
client curl -s --max-time 4 --resolve ecdsa.test:3306:$SERVER https://ecdsa.test:3306/
watched
label_at client "$CURL (on $OPENSSL), TLS 1.3, and the greeting of MySQL by a server of ours" $S server.port=3306 $SERVER_NOT_TLS
stop_servers
dialogue 443 '' 'AMQP\x00\x00\x09\x01' --close
answered amqp openssl 1.3 "the answer of an AMQP broker to what is no AMQP, by a server of ours"
stop_servers
dialogue 443 'RFB 003.008\n'
answered vnc curl 1.3 "the greeting of VNC by a server of ours"
stop_servers
dialogue 443 '' 'ERROR\r\n' --loop
answered memcached gnutls 1.2 "the answer of memcached by a server of ours"
stop_servers
dialogue 443 '\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64\x00\x04\x00\x10\x00\x00\x00\x06\x00\x00\x40\x00' '\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01' --close
answered http2-clear java 1.3 "the SETTINGS and GOAWAY of HTTP/2 without TLS by a server of ours"
stop_servers
dialogue 443 '' "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams'><stream:error><not-well-formed/></stream:error></stream:stream>" --close
answered xmpp python 1.2 "the stream error of an XMPP server by a server of ours"
stop_servers
dialogue 443 '\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27' 'login: '
answered telnet openssl 1.2 "the options of telnet by a server of ours"
stop_servers
serve 443 socat TCP-LISTEN:443,reuseaddr,fork EXEC:cat
for try in "curl 1.3" "gnutls 1.2" "rustls 1.3"; do
    answered echo $try "an echo server (socat): the client hears its own hello"
done
stop_servers

# A PostgreSQL server takes a hello for a broken startup packet and closes without a word.
chmod 711 "$RUN"
install -d -o postgres "$WORK/postgres"
runuser -u postgres -- initdb -A trust -D "$WORK/postgres" >/dev/null 2>&1
echo "host all all all trust" >> "$WORK/postgres/pg_hba.conf"
serve 5432 runuser -u postgres -- postgres -D "$WORK/postgres" -c listen_addresses='*' -c unix_socket_directories="$WORK"
POSTGRES="PostgreSQL $(postgres --version | cut -d' ' -f3)"
watch postgresql-curl client
client curl -s --max-time 4 --resolve ecdsa.test:5432:$SERVER https://ecdsa.test:5432/
watched
label_at client "$CURL (on $OPENSSL), TLS 1.3, and $POSTGRES, which takes the hello for a broken startup packet and closes without a word" $S server.port=5432 $SERVER_CLOSED

# STARTTLS refused or not offered.
watch starttls-postgresql client
PGSSLMODE=require PGCONNECT_TIMEOUT=4 client psql -h $SERVER -U postgres -c 'select 1'
watched
label_at client "psql with sslmode=require and $POSTGRES without TLS: N" --no-hello server.port=5432 $STARTTLS_REFUSED
stop_servers

# refused NAME PORT HOW COMMAND...: s_client says its hello even so
refused() {
    local name=$1 port=$2 how=$3 behind
    shift 3
    watch "starttls-$name" client
    client "$@" </dev/null
    watched
    case $name in *openssl*) behind=--cut ;; *) behind=--no-hello ;; esac
    label_at client "$how" $behind server.port=$port $STARTTLS_REFUSED
}
SWAKS="swaks --to a@mail.test --from b@mail.test --timeout 3 --helo client.test"
dialogue 25 '220 mail.test ESMTP\r\n' '250-mail.test\r\n250 STARTTLS\r\n' '454 4.7.0 TLS not available due to local problem\r\n' '221 Bye\r\n' --loop
refused smtp-454-swaks 25 "swaks --tls and an SMTP server of ours that offers STARTTLS and answers 454" $SWAKS --tls --server $SERVER
refused smtp-454-curl 25 "$CURL --ssl-reqd and an SMTP server of ours that offers STARTTLS and answers 454" curl -s --max-time 4 --ssl-reqd smtp://$SERVER --mail-from b@mail.test --mail-rcpt a@mail.test -T /dev/null
over6
refused smtp-454-openssl-ipv6 25 "s_client -starttls smtp of $OPENSSL, IPv6, and an SMTP server of ours that offers STARTTLS and answers 454" timeout 4 openssl s_client -starttls smtp -connect "[$SERVER]:25"
over4
stop_servers
dialogue 25 '220 mail.test ESMTP\r\n' '250-mail.test\r\n250 8BITMIME\r\n' '221 Bye\r\n' --loop
refused smtp-not-offered-swaks 25 "swaks --tls and an SMTP server of ours that does not offer STARTTLS" $SWAKS --tls --server $SERVER
refused smtp-not-offered-curl 25 "$CURL --ssl-reqd and an SMTP server of ours that does not offer STARTTLS" curl -s --max-time 4 --ssl-reqd smtp://$SERVER --mail-from b@mail.test --mail-rcpt a@mail.test -T /dev/null
stop_servers
dialogue 25 '220 mail.test ESMTP\r\n' '250 mail.test\r\n' '502 5.5.1 Command not implemented\r\n' --loop
refused smtp-502-gnutls 25 "gnutls-cli --starttls-proto=smtp of $GNUTLS and an SMTP server of ours that answers 502" timeout 4 gnutls-cli --starttls-proto=smtp --port 25 $SERVER
stop_servers
dovecot_server
refused imap-dovecot-curl 143 "$CURL --ssl-reqd and $DOVECOT without TLS, which does not offer STARTTLS" curl -s --max-time 4 --ssl-reqd -u a:secret imap://$SERVER
refused pop3-dovecot-curl 110 "$CURL --ssl-reqd and $DOVECOT without TLS, which does not offer STLS" curl -s --max-time 4 --ssl-reqd -u a:secret pop3://$SERVER
refused pop3-dovecot-openssl 110 "s_client -starttls pop3 of $OPENSSL and $DOVECOT without TLS: -ERR" timeout 4 openssl s_client -starttls pop3 -connect $SERVER:110
stop_servers
dialogue 143 '* OK IMAP4rev1 ready\r\n' '* CAPABILITY IMAP4rev1 STARTTLS\r\n. OK done\r\n' '. NO STARTTLS failed\r\n' --loop
refused imap-no-openssl 143 "s_client -starttls imap of $OPENSSL and an IMAP server of ours that offers STARTTLS and answers NO" timeout 4 openssl s_client -starttls imap -connect $SERVER:143
stop_servers
sed -i 's/listen_port=443/listen_port=21/' "$WORK/vsftpd.conf"
serve 21 vsftpd "$WORK/vsftpd.conf"
refused ftp-vsftpd-curl 21 "$CURL --ssl-reqd and vsftpd 3.0.3 without TLS" curl -s --max-time 4 --ssl-reqd ftp://$SERVER/
refused ftp-vsftpd-lftp 21 "lftp with ftp:ssl-force and vsftpd 3.0.3 without TLS" lftp -c "set ftp:ssl-allow-anonymous yes; set ftp:ssl-force yes; set net:max-retries 1; set net:timeout 3; open $SERVER; ls"
stop_servers
cat > "$WORK/slapd.conf" <<N
include /etc/ldap/schema/core.schema
pidfile $WORK/slapd.pid
N
serve 389 slapd -d 0 -f "$WORK/slapd.conf" -h ldap://:389
refused ldap-slapd 389 "ldapsearch -ZZ and slapd without TLS" ldapsearch -x -ZZ -H ldap://$SERVER -b dc=test
watch ldap-openssl client
ask | client timeout 4 openssl s_client -quiet -connect $SERVER:389 -servername ecdsa.test
watched
label_at client "s_client of $OPENSSL, TLS 1.3, and slapd without TLS, which takes the hello for broken LDAP and closes without a word" $S server.port=389 $SERVER_CLOSED
stop_servers

# Clients that do not speak TLS.

# plain NAME HOW COMMAND...: a client without TLS to the server on port 443
plain() {
    local name=$1 how=$2
    shift 2
    watch "plain-$name" client
    client timeout 4 "$@" </dev/null
    watched
    label_at client "$how" --no-hello $CLIENT_NOT_TLS
}
HTTP="curl -s --max-time 4 http://$SERVER:443/"
nginx_server "server { listen 443 ssl; listen [::]:443 ssl; $TLS }"
plain http-nginx "$CURL with plain HTTP and $NGINX with TLS: its 400" $HTTP
over6
plain http-nginx-ipv6 "$CURL with plain HTTP and $NGINX with TLS, IPv6: its 400" curl -s --max-time 4 "http://$(host):443/"
over4
plain ssh-nginx "ssh to port 443 of $NGINX with TLS" ssh -p 443 -o BatchMode=yes -o StrictHostKeyChecking=no $SERVER
plain redis-nginx "redis-cli to port 443 of $NGINX with TLS" redis-cli -h $SERVER -p 443 ping
stop_servers
openssl_server ecdsa
plain http-openssl "$CURL with plain HTTP and s_server of $OPENSSL" $HTTP
plain ssh-openssl "ssh to s_server of $OPENSSL" ssh -p 443 -o BatchMode=yes -o StrictHostKeyChecking=no $SERVER
plain psql-openssl "psql without TLS to s_server of $OPENSSL" env PGSSLMODE=disable PGCONNECT_TIMEOUT=3 psql -h $SERVER -p 443 -U postgres
plain post-openssl "$WGET with a POST in plain HTTP and s_server of $OPENSSL" wget -q -O - --tries=1 --timeout=3 --post-data a=b http://$SERVER:443/
stop_servers
gnutls_server ecdsa
plain http-gnutls "$CURL with plain HTTP and gnutls-serv of $GNUTLS" $HTTP
stop_servers
rustls_server ecdsa
plain http-rustls "$CURL with plain HTTP and $RUSTLS" $HTTP
stop_servers
java_server ecdsa - -
plain http-java "$CURL with plain HTTP and $JAVA" $HTTP
stop_servers
nss_server
plain http-nss "$CURL with plain HTTP and selfserv of $NSS" $HTTP
stop_servers
python_server
plain http-python "$CURL with plain HTTP and ssl of $PYTHON" $HTTP
stop_servers
serve 443 node -e "require('https').createServer({cert: require('fs').readFileSync('$C/ecdsa.chain.pem'), key: require('fs').readFileSync('$C/ecdsa.key')}).listen(443)"
plain http-node "$CURL with plain HTTP and Node.js $(node --version) with TLS" $HTTP
stop_servers
cat "$C/ecdsa.chain.pem" "$C/ecdsa.key" > "$WORK/haproxy.pem"
haproxy_server "frontend f
  bind :443 ssl crt $WORK/haproxy.pem
  http-request return status 200"
plain http-haproxy "$CURL with plain HTTP and $HAPROXY with TLS" $HTTP

# PROXY headers where none are expected, and none where they are.

# headed NAME HOW COMMAND...: the hello stands behind the header
headed() {
    local name=$1 how=$2
    shift 2
    watch "proxy-header-$name" client
    client "$@"
    watched
    label_at client "$how" --cut $S $PROXY_HEADER
}
V1="curl -s --max-time 4 --haproxy-protocol --resolve ecdsa.test:443:$SERVER --cacert $C/root.pem https://ecdsa.test/"
headed v1-haproxy "$CURL --haproxy-protocol (PROXY v1) and $HAPROXY that expects no header" $V1
stop_servers
# sends the header of version 2 in front of what curl says
cat > "$WORK/sender.cfg" <<N
defaults
  mode tcp
  timeout connect 2s
  timeout client 10s
  timeout server 10s
listen f
  bind 127.0.0.1:4443
  server s $SERVER:443 send-proxy-v2
N
v2() { headed "$1" "$HAPROXY in TCP mode with send-proxy-v2, $CURL behind it, and $2" bash -c "haproxy -db -f $WORK/sender.cfg & sleep 0.5; curl -s --max-time 3 --resolve ecdsa.test:4443:127.0.0.1 --cacert $C/root.pem https://ecdsa.test:4443/; kill \$!"; }
for kind in nginx openssl gnutls java rustls; do
    case $kind in
        nginx) nginx_server "server { listen 443 ssl; $TLS }" ;;
        openssl) openssl_server ecdsa ;;
        gnutls) gnutls_server ecdsa ;;
        java) java_server ecdsa - - ;;
        rustls) rustls_server ecdsa ;;
    esac
    headed v1-$kind "$CURL --haproxy-protocol (PROXY v1) and a server that expects no header: $kind" $V1
    [ $kind = java ] || [ $kind = gnutls ] || v2 v2-$kind "a server that expects no header: $kind"
    stop_servers
done
nginx_server "server { listen 443 ssl proxy_protocol; $TLS }"
watch proxy-header-missing-nginx client
from curl 1.3
watched
label_at client "$CURL (on $OPENSSL), TLS 1.3, and $NGINX with proxy_protocol, which waits for the header: it closes, and nothing on the wire says why" $S $SERVER_CLOSED
watch proxy-header-and-none-nginx client
client $V1
from openssl 1.3
watched
label_at client "$NGINX with proxy_protocol: $CURL with the header is served, s_client of $OPENSSL without it is not" --cut \
    $S outcome=established failure=null -- $S $PROXY_HEADER
stop_servers
haproxy_server "frontend f
  bind :443 accept-proxy ssl crt $WORK/haproxy.pem
  http-request return status 200"
watch proxy-header-missing-haproxy client
from openssl 1.2
watched
label_at client "s_client of $OPENSSL, TLS 1.2, and $HAPROXY with accept-proxy, which waits for the header: it closes, and nothing on the wire says why" $S $SERVER_CLOSED
stop_servers

# Proxies that refuse.

# barred NAME PORT HOW COMMAND...
barred() {
    local name=$1 port=$2 how=$3
    shift 3
    watch "proxy-$name" client
    client "$@"
    watched
    label_at client "$how" --no-hello server.port=$port $PROXY_REFUSED
}
TINYPROXY="Tinyproxy $(tinyproxy -v | cut -d' ' -f2)"
THROUGH="curl -s --max-time 4 -x http://$SERVER:8888 https://"
tinyproxy_server() {
    printf 'Port 8888\nTimeout 10\n%s\n' "$1" > "$WORK/tinyproxy.conf"
    serve 8888 tinyproxy -d -c "$WORK/tinyproxy.conf"
}
tinyproxy_server "Allow 10.99.0.1"
barred 403 8888 "$CURL through $TINYPROXY, which does not allow this client: 403" ${THROUGH}ecdsa.test/
stop_servers
tinyproxy_server "BasicAuth user secret"
barred 407 8888 "$CURL through $TINYPROXY, which wants a password: 407 (401 in its words)" ${THROUGH}ecdsa.test/
barred 407-wget 8888 "$WGET through $TINYPROXY, which wants a password" env https_proxy=http://$SERVER:8888 wget -q -O - --tries=1 --timeout=3 https://ecdsa.test/
stop_servers
tinyproxy_server ""
barred unreachable 8888 "$CURL through $TINYPROXY, which cannot reach the host: 500" ${THROUGH}127.0.0.1:9/
stop_servers
dialogue 3128 '' 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n' --close
barred 502 3128 "$CURL through a proxy of ours that answers 502" curl -s --max-time 4 -x http://$SERVER:3128 https://ecdsa.test/
over6
barred 502-ipv6 3128 "$CURL through a proxy of ours that answers 502, IPv6" curl -s --max-time 4 -x "http://[$SERVER]:3128" https://ecdsa.test/
over4
stop_servers
dialogue 3128 '' 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\nContent-Length: 0\r\n\r\n' --loop
barred 407-openssl 3128 "s_client -proxy of $OPENSSL through a proxy of ours that wants a password: 407" timeout 4 openssl s_client -proxy $SERVER:3128 -connect ecdsa.test:443
stop_servers
nginx_server "server { listen 443; }"
barred 405-nginx 443 "$CURL with $NGINX as proxy, which knows no CONNECT" curl -s --max-time 4 -x http://$SERVER:443 https://ecdsa.test/
stop_servers
serve 1080 microsocks -u user -P secret
barred socks-authentication 1080 "$CURL through microsocks, which wants a password: no acceptable method" curl -s --max-time 4 --socks5 $SERVER:1080 https://10.8.1.2/
stop_servers
serve 1080 microsocks
barred socks-refused 1080 "$CURL through microsocks, to a port that refuses" curl -s --max-time 4 --socks5 $SERVER:1080 https://127.0.0.1:9/
stop_servers
