# One handshake in every file format that must be read.
. "$(dirname "$0")/common.sh"

FACTS=(version="TLS 1.3" cipher_suite=TLS_AES_256_GCM_SHA384 named_group=x25519 sni=ecdsa.test resumed=false hello_retry=false)
BOTH="s_client and s_server of $OPENSSL, TLS 1.3"
FOLDER=$OUT/$FAMILY

openssl_server ecdsa -tls1_3 -num_tickets 0
capture pcap-microseconds
s_client -connect $SERVER:443 -servername ecdsa.test -keylogfile "$RUN/keys"
captured
label "$BOTH; pcap as tcpdump writes it" "${FACTS[@]}"
MICROS=$CAPTURE

capture pcap-nanoseconds --time-stamp-precision nano -i eth0 tcp
s_client -connect $SERVER:443 -servername ecdsa.test
captured
label "$BOTH; pcap with nanoseconds, tcpdump --time-stamp-precision nano" "${FACTS[@]}"

NANOS=$CAPTURE

capture sll2 -i any -y LINUX_SLL2 tcp
s_client -connect "[$SERVER6]:443" -servername ecdsa.test
captured
COOKED=$RUN/sll2.pcap
mv "$CAPTURE" "$COOKED"
IPV6=(client.ip=$CLIENT6 server.ip=$SERVER6)

# file NAME: the next label is for that one
file() { CAPTURE=$FOLDER/$1; }

file pcap-big-endian.pcap
python3 "$HERE/big-endian.py" "$MICROS" "$CAPTURE"
label "$BOTH; pcap in big-endian byte order" "${FACTS[@]}"

file pcap-gzip.pcap.gz
gzip -9n < "$MICROS" > "$CAPTURE"
label "$BOTH; pcap, compressed by gzip" "${FACTS[@]}"

file pcap-zstd.pcap.zst
zstd -q -19 < "$MICROS" > "$CAPTURE"
label "$BOTH; pcap, compressed by zstd" "${FACTS[@]}"

file pcap-cut.pcap
head -c -30 "$MICROS" > "$CAPTURE"
label "$BOTH; pcap without its last 30 bytes: the file ends in the middle of a packet" "${FACTS[@]}"

file pcap-snaplen-96.pcap
editcap -F pcap -s 96 "$MICROS" "$CAPTURE"
label "$BOTH; frames cut off after 96 bytes: not even the ClientHello is whole" --cut outcome=unfinished

# ServerHello and all records that follow the server's flight are whole; of that flight's encrypted part the end is missing
file pcap-snaplen-512.pcap
editcap -F pcap -s 512 "$MICROS" "$CAPTURE"
label "$BOTH; frames cut off after 512 bytes, in the encrypted part of the server's flight" "${FACTS[@]}" outcome=

file pcapng.pcapng
editcap -F pcapng "$MICROS" "$CAPTURE"
label "$BOTH; pcapng" "${FACTS[@]}"

file pcapng-gzip.pcapng.gz
gzip -9n < "$FOLDER/pcapng.pcapng" > "$CAPTURE"
label "$BOTH; pcapng, compressed by gzip" "${FACTS[@]}"

file pcapng-secrets.pcapng
editcap -F pcapng --inject-secrets "tls,$RUN/keys" "$MICROS" "$CAPTURE"
label "$BOTH; pcapng with a Decryption Secrets Block, editcap --inject-secrets" "${FACTS[@]}"

file pcapng-two-link-types.pcapng
mergecap -F pcapng -w "$CAPTURE" "$MICROS" "$COOKED"
label "$BOTH; pcapng of two interfaces, Ethernet and Linux cooked capture, with a handshake each, mergecap" \
    "${FACTS[@]}" -- "${FACTS[@]}" "${IPV6[@]}"

# as a tap with a port for each direction gives it
file pcapng-direction-per-interface.pcapng
for side in $CLIENT $SERVER; do quiet_tshark -r "$MICROS" -Y "ip.src == $side" -F pcap -w "$RUN/from-$side.pcap"; done
mergecap -F pcapng -w "$CAPTURE" "$RUN/from-$CLIENT.pcap" "$RUN/from-$SERVER.pcap"
label "$BOTH; pcapng of two interfaces, one with the client's packets, one with the server's, mergecap" "${FACTS[@]}"

file pcapng-two-sections.pcapng
editcap -F pcapng "$NANOS" "$RUN/nanos.pcapng"
cat "$FOLDER/pcapng.pcapng" "$RUN/nanos.pcapng" > "$CAPTURE"
label "$BOTH; two pcapng files in one, the second one with nanoseconds: two sections" "${FACTS[@]}" -- "${FACTS[@]}"
