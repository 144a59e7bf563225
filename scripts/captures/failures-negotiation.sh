# Nothing in common: versions, suites, groups, signature schemes, extensions; and what one side finds too weak.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/stacks.sh"

# Versions. The client's highest is too old, or the server's.
old_client() { scene "version-client-$1-$2" "a client of TLS 1.2 and a server of TLS 1.3" "version_mismatch client" dial $2 1.2 ecdsa.test; }
for server in openssl nginx nss java rustls python; do
    listen $server 1.3 ecdsa
    old_client $server openssl
done
listen openssl 1.3 ecdsa
for client in curl gnutls wget nss java rustls python; do old_client openssl $client; done
for server in openssl gnutls nginx nss java rustls; do
    listen $server 1.2 ecdsa
    scene "version-client-$server-tls10" "a client of TLS 1.0 and a server of TLS 1.2" "version_mismatch client" dial openssl 1.0 ecdsa.test
done
# GnuTLS says handshake_failure, as it says to everything: only what else is known of it tells
listen gnutls 1.3 ecdsa
scene version-client-gnutls-openssl "a client of TLS 1.2 and a server of TLS 1.3" "handshake_failure both" dial openssl 1.2 ecdsa.test
known_new() { dial openssl 1.3 ecdsa.test; dial openssl 1.2 ecdsa.test; }
scene version-client-known-gnutls "a client of TLS 1.2 and a server that a handshake before it shows to speak TLS 1.3" \
    "established, version_mismatch client" known_new
listen gnutls 1.2 ecdsa
scene version-server-known-gnutls "a client of TLS 1.3 and a server that a handshake before it shows to speak TLS 1.2" \
    "established, version_mismatch server" look_then ecdsa.test openssl 1.3 ecdsa.test
listen openssl 1.2 rsa
for client in gnutls nss java; do
    scene "version-client-openssl-$client-tls11" "a client of TLS 1.1 and a server of TLS 1.2" "version_mismatch client" dial $client 1.1 rsa.test
done
for server in openssl nginx nss java rustls python; do
    listen $server 1.2 ecdsa
    scene "version-server-$server-openssl" "a client of TLS 1.3 and a server of TLS 1.2" "version_mismatch server" dial openssl 1.3 ecdsa.test
done
listen openssl 1.2 ecdsa
for client in curl gnutls wget nss java rustls; do
    scene "version-server-openssl-$client" "a client of TLS 1.3 and a server of TLS 1.2" "version_mismatch server" dial $client 1.3 ecdsa.test
done
for version in 1.0 1.1; do
    for server in openssl gnutls java; do
        [ $server/$version != openssl/1.1 ] || continue
        listen $server $version rsa
        for client in openssl curl gnutls nss rustls java; do
            [ $server/$version = openssl/1.0 ] || [ $client = openssl ] || continue
            # the server's alert does not tell whose version is too old, and mostly it is the client's
            [[ $client = rustls || ($server = openssl && $client = java) ]] && party=client || party=server
            scene "version-server-$server-tls${version/./}-$client" "a client of TLS 1.2 and a server of TLS $version" "version_mismatch $party" dial $client 1.2 rsa.test
        done
    done
done

# Suites.
BOTH="cipher_suite_mismatch both"
for server in openssl gnutls nginx java rustls; do
    listen $server 1.2 ecdsa
    [[ openssl,java != *$server* ]] || scene "suite-static-rsa-$server" "only static RSA, and an ECDSA certificate" "$BOTH" dial openssl 1.2 ecdsa.test -cipher kRSA
    scene "suite-ecdhe-rsa-$server" "only ECDHE_RSA, and an ECDSA certificate" "$BOTH" dial openssl 1.2 ecdsa.test -cipher ECDHE-RSA-AES128-GCM-SHA256
done
listen openssl 1.2 rsa
scene suite-rc4-openssl-java "only RC4" "$BOTH" dial java 1.2 rsa.test -Dpeer.suites=TLS_RSA_WITH_RC4_128_SHA,SSL_RSA_WITH_RC4_128_SHA
scene suite-3des-openssl-gnutls "only 3DES" "$BOTH" dial gnutls 1.2 rsa.test :-CIPHER-ALL:+3DES-CBC:+SHA1
scene suite-ecdsa-openssl-gnutls "only ECDHE_ECDSA, and an RSA certificate" "$BOTH" dial gnutls 1.2 rsa.test :-KX-ALL:+ECDHE-ECDSA
scene suite-ecdsa-openssl-java "only one suite, and an RSA certificate" "$BOTH" dial java 1.2 rsa.test -Dpeer.suites=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
scene suite-ecdsa-openssl-rustls "only one suite, and an RSA certificate" "$BOTH" dial rustls 1.2 rsa.test suites=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
scene suite-ecdsa-openssl-curl "only ECDHE_ECDSA, and an RSA certificate" "$BOTH" dial curl 1.2 rsa.test --ciphers ECDHE-ECDSA-AES128-GCM-SHA256
scene suite-ecdsa-openssl-nss "only ECDHE_ECDSA, and an RSA certificate" "$BOTH" dial nss 1.2 rsa.test -c :C02B
scene suite-camellia-openssl-gnutls "only Camellia" "$BOTH" dial gnutls 1.2 rsa.test :-CIPHER-ALL:+CAMELLIA-128-GCM
scene suite-known-rsa "only ECDHE_ECDSA, and an RSA certificate that a handshake before it shows" "established, $BOTH" \
    look_then rsa.test gnutls 1.2 rsa.test :-KX-ALL:+ECDHE-ECDSA
listen nginx 1.2 rsa "ssl_ciphers ECDHE-RSA-AES256-GCM-SHA384;"
scene suite-disjoint-nginx-wget "the server takes one suite" "$BOTH" dial wget 1.2 rsa.test --ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-GCM
scene suite-disjoint-nginx-python "the server takes one suite" "$BOTH" dial python 1.2 rsa.test --ciphers ECDHE-RSA-AES128-GCM-SHA256
scene suite-known-nginx-curl "the server takes one suite, which a handshake before it shows" "established, $BOTH" \
    look_then rsa.test curl 1.2 rsa.test --ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256
# in TLS 1.3 any certificate will do
for server in openssl gnutls nss java rustls python; do
    listen $server 1.3 ecdsa
    scene "suite-tls13-ccm8-$server" "only CCM_8" "$BOTH" dial openssl 1.3 ecdsa.test -ciphersuites TLS_AES_128_CCM_8_SHA256
done
listen openssl 1.3 ecdsa -ciphersuites TLS_AES_256_GCM_SHA384
scene suite-tls13-openssl-gnutls "the server takes one suite" "$BOTH" dial gnutls 1.3 ecdsa.test :-CIPHER-ALL:+CHACHA20-POLY1305
scene suite-tls13-openssl-rustls "the server takes one suite" "$BOTH" dial rustls 1.3 ecdsa.test suites=TLS13_AES_128_GCM_SHA256
scene suite-tls13-openssl-java "the server takes one suite" "$BOTH" dial java 1.3 ecdsa.test -Dpeer.suites=TLS_AES_128_GCM_SHA256
scene suite-tls13-openssl-nss "the server takes one suite" "$BOTH" dial nss 1.3 ecdsa.test -c :1301
scene suite-tls13-openssl-curl "the server takes one suite" "$BOTH" dial curl 1.3 ecdsa.test --tls13-ciphers TLS_CHACHA20_POLY1305_SHA256

# Groups.
BOTH="group_mismatch both"
for each in "gnutls --disable-client-cert :-GROUP-X448" "nss" "java -Djdk.tls.namedGroups=secp521r1" "rustls"; do
    set -- $each
    for version in 1.2 1.3; do
        listen "$1" $version rsa "${@:2}"
        scene "group-$1-openssl-tls${version/./}" "only a group that the server does not take" "$BOTH" dial openssl $version rsa.test \
            -groups X448 $([ $version = 1.3 ] || echo -cipher ECDHE)
    done
done
listen openssl any ecdsa -groups P-521
for each in "gnutls :-GROUP-ALL:+GROUP-X25519" "nss -I x25519" "java -Djdk.tls.namedGroups=x25519" "rustls groups=x25519" "curl --curves X25519"; do
    set -- $each
    scene "group-openssl-$1-tls13" "one group each, and not the same" "$BOTH" dial "$1" 1.3 ecdsa.test "${@:2}"
done
known_group() { dial openssl 1.3 ecdsa.test -groups P-521; dial gnutls 1.3 ecdsa.test :-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1; }
scene group-known-tls13 "groups apart from the server's, which a handshake before it shows" "established, $BOTH" known_group

# Signature schemes.
BOTH="signature_scheme_mismatch both"
for version in 1.2 1.3; do
    for server in openssl gnutls nss java rustls python; do
        [ $server = nss ] && cert=rsa sigalgs=ECDSA+SHA256 || cert=ecdsa sigalgs=RSA-PSS+SHA256
        listen $server $version $cert
        scene "scheme-$server-tls${version/./}" "schemes that the server's key cannot sign with" "$BOTH" dial openssl $version $cert.test -sigalgs $sigalgs
    done
done
listen openssl any ecdsa
scene scheme-known-openssl "only schemes for RSA, and an ECDSA key that a handshake before it shows" "established, $BOTH" \
    look_then ecdsa.test openssl 1.3 ecdsa.test -sigalgs RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512
scene scheme-known-gnutls "only schemes for RSA, and an ECDSA key that a handshake before it shows" "established, $BOTH" \
    look_then ecdsa.test gnutls 1.3 ecdsa.test :-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-SHA256
scene scheme-known-nss "only schemes for RSA, and an ECDSA key that a handshake before it shows" "established, $BOTH" \
    look_then ecdsa.test nss 1.3 ecdsa.test -J rsa_pss_rsae_sha256

# Too weak for the client.
WEAK="weak_parameters server"
listen openssl 1.2 rsa -dhparam "$C/dh1024.pem" -cipher DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0
for each in "openssl -cipher DHE" "curl --ciphers DHE" "python --ciphers DHE" "gnutls --dh-bits 2048 :-KX-ALL:+DHE-RSA"; do
    set -- $each
    scene "weak-dh-$1" "a DH group of 1024 bits" "$WEAK" dial "$1" 1.2 rsa.test "${@:2}"
done
# OpenSSL calls such a certificate bad, rustls the signature; in TLS 1.3 it is not to be seen
for cert in rsa1024 sha1; do
    for version in 1.2 1.3; do
        [ $version = 1.2 ] && truth=$WEAK || truth="certificate_rejected server"
        listen openssl $version $cert -cipher ALL:@SECLEVEL=0
        for client in openssl curl python gnutls rustls; do
            # GnuTLS takes a short key
            [ $client/$cert != gnutls/rsa1024 ] || continue
            scene "weak-$cert-$client-tls${version/./}" "a weak certificate" "$truth" dial $client $version $cert.test
        done
    done
    listen openssl any $cert -cipher ALL:@SECLEVEL=0
    scene "weak-known-$cert-rustls" "a weak certificate that a handshake before it shows" "established, $WEAK" look_then $cert.test rustls 1.3 $cert.test
done

# Extensions that one side insists upon.
listen gnutls 1.2 rsa --disable-client-cert :%DISABLE_SAFE_RENEGOTIATION
for client in openssl curl python; do
    scene "renegotiation-gnutls-$client" "a server that leaves out renegotiation_info" "unsafe_legacy_renegotiation server" dial $client 1.2 rsa.test
done
REQUIRED=-Djdk.tls.allowLegacyMasterSecret=false
listen gnutls 1.2 rsa --disable-client-cert :%NO_SESSION_HASH
scene master-secret-gnutls-java "a client that requires extended_master_secret of a server without it" "extended_master_secret_required server" \
    dial java 1.2 rsa.test $REQUIRED
listen java 1.2 rsa $REQUIRED
for each in "gnutls :%NO_SESSION_HASH" "java -Djdk.tls.useExtendedMasterSecret=false"; do
    set -- $each
    scene "master-secret-java-$1" "a server that requires extended_master_secret of a client without it" "extended_master_secret_required client" \
        dial "$1" 1.2 rsa.test "${@:2}"
done

# ALPN.
BOTH="alpn_mismatch both"
for version in 1.2 1.3; do
    listen openssl $version ecdsa -alpn h2
    for each in "openssl -alpn imap" "gnutls --alpn imap" "python --alpn imap" "java -Dpeer.alpn=imap" "rustls alpn=imap"; do
        [[ $version = 1.3 || $each = openssl* ]] || continue
        set -- $each
        scene "alpn-openssl-$1-tls${version/./}" "no application protocol in common" "$BOTH" dial "$1" $version ecdsa.test "${@:2}"
    done
    for each in "gnutls --alpn h2 --alpn-fatal" "nginx" "java -Dpeer.alpn=h2" "rustls alpn=h2" "nss -Q"; do
        [[ $version = 1.2 || $each = rustls* ]] || continue
        set -- $each
        listen "$1" $version rsa "${@:2}"
        scene "alpn-$1-openssl-tls${version/./}" "no application protocol in common" "$BOTH" dial openssl $version rsa.test -alpn imap
    done
done

# A client that says that it has fallen back, and servers that know better.
# (JSSE and rustls do not know it: there it is the client that stumbles over the sentinel)
for server in openssl gnutls nginx nss java rustls; do
    listen $server any rsa
    scene "fallback-$server-openssl" "TLS_FALLBACK_SCSV in an offer of TLS 1.2" "inappropriate_fallback client" dial openssl 1.2 rsa.test -fallback_scsv
done
listen openssl any rsa
scene fallback-openssl-gnutls "TLS_FALLBACK_SCSV in an offer of TLS 1.2" "inappropriate_fallback client" dial gnutls 1.2 rsa.test :%FALLBACK_SCSV
scene fallback-openssl-nss "TLS_FALLBACK_SCSV in an offer of TLS 1.2" "inappropriate_fallback client" dial nss 1.2 rsa.test -K
