# The certificates of failures-other-stacks, under $RUN/other: two hierarchies for servers, one for clients, and every way to be wrong.
set -eu
. "$(dirname "$0")/../issue.sh"
rm -rf "$RUN"/nss-* "$RUN/home" # they hold the roots of the time before
mkdir -p "$RUN/other/db" && cd "$RUN/other"
: > db/index.txt
echo 2000 > db/serial
cat > ca.cnf <<C
[ca]
default_ca = ca
[ca]
database = db/index.txt
serial = db/serial
new_certs_dir = db
default_md = sha256
default_crl_days = 7000
policy = policy
unique_subject = no
copy_extensions = none
[policy]
organizationName = optional
organizationalUnitName = optional
commonName = optional
C

CA="basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\nsubjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
LEAF="basicConstraints = CA:FALSE\nkeyUsage = critical, digitalSignature\nsubjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
SHOP="${LEAF}extendedKeyUsage = serverAuth\nsubjectAltName = DNS:www.shop.example, DNS:*.shop.example, DNS:shop.example\n"
RSASHOP="${SHOP/digitalSignature/digitalSignature, keyEncipherment}"
W=/CN=www.shop.example

issue root "$EC" self "/O=Northwind Trust/CN=Northwind Root R1" "$CA"
issue inter "$EC" root "/O=Northwind Trust/CN=Northwind TLS CA 3" "$CA"
issue oldinter "$EC" root "/O=Northwind Trust/CN=Northwind TLS CA 1" "$CA" 20240101000000Z 20260301000000Z
issue otherroot "$RSA" self "/O=Contoso PKI/CN=Contoso Root" "$CA"
issue otherinter "$RSA" otherroot "/O=Contoso PKI/CN=Contoso Issuing CA" "$CA"
issue clientroot "$EC" self "/O=Shop Inc/CN=Shop Client CA" "$CA"
issue proxyroot "$RSA" self "/O=Acme Corp/OU=IT Security/CN=Acme Web Gateway CA" "$CA"

issue good "$EC" inter $W "$SHOP"
issue rsa "$RSA" inter $W "$RSASHOP"
issue p384 "-algorithm EC -pkeyopt ec_paramgen_curve:P-384" inter $W "$SHOP"
issue ed25519 "-algorithm ED25519" inter $W "$SHOP"
issue expired "$EC" inter $W "$SHOP" 20250101000000Z 20260601000000Z
issue notyet "$EC" inter $W "$SHOP" 20270601000000Z 20460101000000Z
issue purpose "$EC" inter $W "${SHOP/serverAuth/clientAuth}"
issue nosan "$EC" inter $W "${LEAF}extendedKeyUsage = serverAuth\n"
issue revoked "$EC" inter $W "$SHOP"
issue unknown "$EC" otherinter $W "$SHOP"
issue selfsigned "$EC" self $W "$SHOP"
issue underold "$EC" oldinter $W "$SHOP"
issue bank "$EC" inter /CN=www.bank.example "${SHOP//shop.example/bank.example}"
issue rsa1024 "-algorithm RSA -pkeyopt rsa_keygen_bits:1024" inter $W "$RSASHOP"
issue sha1 "$RSA" inter $W "$RSASHOP" 20260101000000Z 20460101000000Z sha1
for name in shop bank news; do
    issue proxy-$name "$EC" proxyroot /CN=www.$name.example "${SHOP//shop.example/$name.example}"
    cp proxy-$name.pem proxy-$name.chain.pem
done

CLIENT="${LEAF}extendedKeyUsage = clientAuth\n"
issue client "$EC" clientroot "/O=Shop Inc/CN=till-17" "$CLIENT"
issue client-expired "$EC" clientroot "/O=Shop Inc/CN=till-12" "$CLIENT" 20250101000000Z 20260601000000Z
issue client-unknown "$EC" otherroot "/O=Shop Inc/CN=till-99" "$CLIENT"
issue client-purpose "$EC" clientroot "/O=Shop Inc/CN=till-03" "${CLIENT/clientAuth/serverAuth}"

openssl ca -config ca.cnf -cert inter.pem -keyfile inter.key -revoke revoked.pem 2>/dev/null
openssl ca -config ca.cnf -cert inter.pem -keyfile inter.key -gencrl -out inter.crl 2>/dev/null
openssl ca -config ca.cnf -cert root.pem -keyfile root.key -gencrl -out root.crl 2>/dev/null
cat inter.crl root.crl > all.crl

for leaf in good rsa p384 ed25519 expired notyet purpose nosan revoked bank rsa1024 sha1; do cat $leaf.pem inter.pem > $leaf.chain.pem; done
cat unknown.pem otherinter.pem > unknown.chain.pem
cat underold.pem oldinter.pem > underold.chain.pem
cp selfsigned.pem selfsigned.chain.pem
cp good.pem missing.chain.pem
cp good.key missing.key
for leaf in client client-expired client-unknown client-purpose; do cp $leaf.pem $leaf.chain.pem; done
for leaf in good rsa expired notyet purpose nosan revoked unknown selfsigned missing underold client client-expired client-unknown client-purpose; do
    openssl pkcs12 -export -in $leaf.chain.pem -inkey $leaf.key -name server -passout pass:secret -out $leaf.p12
    cat $leaf.chain.pem $leaf.key > $leaf.both.pem
done
for leaf in proxy-shop proxy-bank proxy-news bank p384 ed25519 rsa1024 sha1; do cat $leaf.chain.pem $leaf.key > $leaf.both.pem; done
