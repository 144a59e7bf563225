#!/bin/bash
# The certificates of all families, under $RUN/certs: root -> intermediate -> leaves, valid from 2026 to 2046 so that a
# capture made today looks the same in any later year. Their private keys are never kept.
set -euo pipefail
. "$(dirname "$0")/issue.sh"
mkdir -p "$RUN/certs/db" && cd "$RUN/certs"
: > db/index.txt
echo 1000 > db/serial
cat > ca.cnf <<C
[ca]
default_ca = ca
[ca]
database = db/index.txt
serial = db/serial
new_certs_dir = db
default_md = sha256
policy = policy
unique_subject = no
[policy]
countryName = optional
organizationName = optional
commonName = supplied
C

CA="basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\nsubjectKeyIdentifier = hash\n"
SERVER="basicConstraints = CA:FALSE\nkeyUsage = critical, digitalSignature, keyEncipherment\nextendedKeyUsage = serverAuth\n"

issue root "$EC" self "/O=tlscribe captures/CN=Test Root" "$CA"
issue inter "$EC" root "/O=tlscribe captures/CN=Test Intermediate" "$CA"
issue rsa "$RSA" inter /CN=rsa.test "${SERVER}subjectAltName = DNS:rsa.test, DNS:*.rsa.test\n"
issue ecdsa "$EC" inter /CN=ecdsa.test "${SERVER}subjectAltName = DNS:ecdsa.test, DNS:*.ecdsa.test\n"
issue ed25519 "-algorithm ED25519" inter /CN=ed25519.test "${SERVER}subjectAltName = DNS:ed25519.test\n"
issue expired "$EC" inter /CN=expired.test "${SERVER}subjectAltName = DNS:expired.test\n" 20250101000000Z 20260101000000Z
issue client "$EC" inter "/CN=Test Client" "basicConstraints = CA:FALSE\nextendedKeyUsage = clientAuth\n"
for leaf in rsa ecdsa ed25519 expired client; do cat $leaf.pem inter.pem > $leaf.chain.pem; done

# a chain longer than a record can hold: 24 intermediates of RSA 2048, each signed by the one before
above=root
for n in $(seq 24); do
    issue "step$n" "$RSA" "$above" "/O=tlscribe captures/OU=One of many intermediates, to make the chain long/CN=Step $n" "$CA"
    above=step$n
done
issue long "$RSA" "$above" /CN=long.test "${SERVER}subjectAltName = DNS:long.test\n"
cp long.pem long.chain.pem
for n in $(seq 24 -1 1); do cat "step$n.pem"; done | tee long.above.pem >> long.chain.pem

# What clients and servers object to. `above` is what a server sends above its leaf.
CLIENT="basicConstraints = CA:FALSE\nextendedKeyUsage = clientAuth\n"
for leaf in rsa ecdsa ed25519 expired client; do cp inter.pem $leaf.above.pem; done
# refused NAME KEY ISSUER SAN EXTENSIONS [FROM [TO [DIGEST]]]: a leaf, its chain beside it
refused() {
    local san=
    [ -z "$4" ] || san="subjectAltName = DNS:$4\n"
    issue "$1" "$2" "$3" "/CN=${4:-$1}" "$5$san" "${@:6}"
    cp "$1.pem" "$1.chain.pem"
    [ "$3" = self ] || { cp "$3.pem" "$1.above.pem" && cat "$3.pem" >> "$1.chain.pem"; }
}
issue strangers "$EC" self "/O=strangers/CN=Root of Strangers" "$CA"
issue weakling "$RSA" root "/O=tlscribe captures/CN=Intermediate with SHA-1" "$CA" 20260101000000Z 20460101000000Z sha1
refused future "$EC" inter future.test "$SERVER" 20400101000000Z
refused misnamed "$EC" inter other.test "$SERVER"
refused selfsigned "$EC" self selfsigned.test "$SERVER"
refused incomplete "$EC" inter incomplete.test "$SERVER"
cp incomplete.pem incomplete.chain.pem && rm incomplete.above.pem
refused stranger "$EC" strangers stranger.test "$SERVER"
refused purpose "$EC" inter purpose.test "$CLIENT"
refused revoked "$EC" inter revoked.test "$SERVER"
refused staple "$EC" inter staple.test "${SERVER}tlsfeature = status_request\n"
refused rsa1024 "-algorithm RSA -pkeyopt rsa_keygen_bits:1024" inter rsa1024.test "$SERVER"
refused sha1 "$RSA" weakling sha1.test "$SERVER" 20260101000000Z 20460101000000Z sha1
refused p521 "-algorithm EC -pkeyopt ec_paramgen_curve:P-521" inter p521.test "$SERVER"
refused client-expired "$EC" inter "" "$CLIENT" 20250101000000Z 20260101000000Z
refused client-future "$EC" inter "" "$CLIENT" 20400101000000Z
refused client-purpose "$EC" inter "" "$SERVER"
refused client-stranger "$EC" strangers "" "$CLIENT"
refused client-selfsigned "$EC" self "" "$CLIENT"
refused client-revoked "$EC" inter "" "$CLIENT"

# revocation: lists of the root and the intermediate, one that has run out, and a stapled answer
revocation() { openssl "$1" -config ca.cnf -cert "$2.pem" -keyfile "$2.key" "${@:3}" 2>/dev/null; }
revocation ca inter -revoke revoked.pem
revocation ca inter -revoke client-revoked.pem
revocation ca root -gencrl -crl_lastupdate 20260101000000Z -crl_nextupdate 20460101000000Z -out root.crl
revocation ca inter -gencrl -crl_lastupdate 20260101000000Z -crl_nextupdate 20460101000000Z -out inter.crl
revocation ca inter -gencrl -crl_lastupdate 20260101000000Z -crl_nextupdate 20260201000000Z -out stale.crl
openssl ocsp -index db/index.txt -CA inter.pem -rsigner inter.pem -rkey inter.key -issuer inter.pem -cert revoked.pem \
    -ndays 7000 -respout revoked.ocsp >/dev/null 2>&1
openssl dhparam -out dh1024.pem 1024 2>/dev/null
