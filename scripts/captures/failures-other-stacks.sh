# Failures and their absence with stacks that the other families do not use: Go, Node.js, Erlang, JSSE, NSS, Mbed TLS, wolfSSL,
# BearSSL, Botan, browsers, and servers and clients built on them. A stack that is not installed is said aloud and left out.
# shellcheck disable=SC2034 # read by common.sh

# a mount namespace of its own: names go to the server without touching this machine's /etc/hosts
[ -n "${OTHER_STACKS:-}" ] || OTHER_STACKS=1 exec unshare -m bash "$0" "$@"
. "$(dirname "$0")/common.sh"
cd "$HERE/peers"
bash certificates.sh

printf '127.0.0.1 localhost\n' > "$RUN/hosts"
for name in www.shop.example www.other.example api.shop.example www.bank.example www.news.example mail.shop.example; do
    printf '%s %s\n' $SERVER $name >> "$RUN/hosts"
done
mount --bind "$RUN/hosts" /etc/hosts

# built where they can be; matrix.py leaves out what is not there
mkdir -p "$RUN/bin"
! command -v go >/dev/null || GOCACHE=$RUN/go GO111MODULE=off go build -o "$RUN/bin/go" peer.go
! command -v javac >/dev/null || javac -d "$RUN/bin" Jsse.java
for library in mbedtls:mbedtls,mbedx509,mbedcrypto wolfssl:wolfssl bearssl:bearssl; do
    name=${library%:*} link=$(printf ' -l%s' $(echo "${library#*:}" | tr , ' '))
    # shellcheck disable=SC2086 # several libraries
    cc -O1 -o "$RUN/bin/$name" $name.c $link 2>>"$RUN/log/build" || rm -f "$RUN/bin/$name"
done

export OPENSSL
python3 matrix.py ${STACKS:-}
