# Captures without a handshake: nothing must be made of them.
. "$(dirname "$0")/common.sh"


serve 80 $PEER server 80 --after hello --send $'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n'
capture http
client curl -s "http://$SERVER/"
captured
label "$CURL and a server of ours on $PYTHON: plain HTTP" --none
stop_servers

serve 22 $PEER server 22 --send $'SSH-2.0-OpenSSH_9.2\r\n'
capture ssh-banner
{ printf 'SSH-2.0-probe\r\n'; sleep 0.3; } | client socat - TCP:$SERVER:22
captured
label "socat and a server of ours on $PYTHON: the banners of SSH" --none
stop_servers

capture refused
s_client -connect $SERVER:443
captured
label "s_client of $OPENSSL to a port without a server: SYN and RST" --none

serve 443 $PEER server 443
capture connect-and-close
client $PEER client $SERVER 443 ecdsa.test --after connect
captured
label "ssl of $PYTHON connects and closes without a word" --none
stop_servers

openssl_server ecdsa
capture whole
{ for line in 1 2 3 4; do echo "line $line"; done; echo CLOSE; } | client openssl s_client -quiet -connect $SERVER:443 -tls1_3
captured
WHOLE=$RUN/whole.pcap
mv "$CAPTURE" "$WHOLE"
DATA=$(quiet_tshark -r "$WHOLE" -Y "tls.record.opaque_type == 23 && ip.src == $CLIENT" -T fields -e frame.number | sed -n 2p)
CAPTURE=$OUT/$FAMILY/mid-connection.pcap
editcap -F pcap -r "$WHOLE" "$CAPTURE" "$DATA-999"
label "s_client and s_server of $OPENSSL, TLS 1.3, captured from the client's first data on: a connection whose handshake was not seen" --none
