# The server's certificate refused: every flaw x TLS 1.2 and 1.3 x every client. In TLS 1.2 the chain is there to be seen, in TLS 1.3
# only an alert is, or not even that; what the client thought of it is then known where a handshake of TLS 1.2 shows the chain.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/stacks.sh"

# What the flaws are, and the cause where the chain is visible.
declare -A FLAW=(
    [expired]="a certificate that expired on 2026-01-01" [future]="a certificate that is valid from 2040 on"
    [misnamed]="a certificate for other.test" [selfsigned]="a self-signed certificate" [incomplete]="a chain without its intermediate"
    [stranger]="a root that the client does not know" [purpose]="a certificate for clients"
)
declare -A CAUSE=(
    [expired]=certificate_expired [future]=certificate_not_yet_valid [misnamed]=certificate_name_mismatch
    [selfsigned]=certificate_untrusted [incomplete]=certificate_untrusted [stranger]=certificate_untrusted [purpose]=certificate_unsupported
)
# What the alerts of OpenSSL 3.0 tell, which sends them in the clear: 42 may be anything.
declare -A ALERT=(
    [expired]=certificate_expired [future]=certificate_rejected [misnamed]=certificate_rejected
    [selfsigned]=certificate_untrusted [incomplete]=certificate_untrusted [stranger]=certificate_untrusted [purpose]=certificate_unsupported
)
# The servers in TLS 1.3, so that encrypted refusals have every length.
declare -A SERVER13=(
    [expired]="openssl -ciphersuites TLS_AES_128_GCM_SHA256" [future]="openssl -ciphersuites TLS_CHACHA20_POLY1305_SHA256"
    [misnamed]="gnutls --disable-client-cert" [selfsigned]="nginx" [incomplete]="python" [stranger]="java" [purpose]="openssl"
)

# Wget looks at the certificate once the handshake is over, and closes; curl looks at the name then. A visible flaw says why; that a
# chain does not lead to a root that is known here does not, for private authorities are common. Wget takes any purpose.
truth() {
    local flaw=$1 version=$2 stack=$3
    case $stack/$version/$flaw in
        wget/*/purpose) echo established ;;
        wget/1.3/* | wget/1.2/incomplete) echo unused ;;
        wget/1.2/*) echo "abandoned ${CAUSE[$flaw]} server" ;;
        curl/1.3/misnamed) echo unused ;;
        curl/1.2/misnamed) echo "abandoned ${CAUSE[$flaw]} server" ;;
        */1.2/*) echo "failed ${CAUSE[$flaw]} server" ;;
        openssl/* | curl/* | python/*) echo "failed ${ALERT[$flaw]} server" ;;
        *) echo "failed certificate_rejected server" ;;
    esac
}

for flaw in expired future misnamed selfsigned incomplete stranger purpose; do
    for version in 1.2 1.3; do
        set -- openssl
        [ $version = 1.2 ] || set -- ${SERVER13[$flaw]}
        listen "$1" $version $flaw "${@:2}"
        for stack in $STACKS; do
            # what OpenSSL decides is the same in curl and Python
            [[ $flaw = expired || $flaw = misnamed || ($stack != curl && $stack != python) ]] || continue
            # Wget closes after a ticket of 1 KB, which looks like data, and a chain that some take for objectionable and others do not;
            # or with tickets unread, and then its Finished is lost or not, as it happens
            [[ $stack/$flaw/$version != wget/stranger/* && $stack/$flaw/$version != wget/misnamed/1.3 ]] || continue
            scene "$flaw-$stack-tls${version/./}" "${FLAW[$flaw]}" "$(truth $flaw $version $stack)" dial $stack $version $flaw.test
        done
    done
done

# A handshake of TLS 1.2 shows what clients of TLS 1.3 refuse.
before_a_look() { dial "$2" 1.3 "$1"; look "$1"; }
for flaw in expired future misnamed selfsigned incomplete stranger purpose; do
    listen openssl any $flaw
    # a chain without its intermediate and the like: two stacks will do
    [[ $flaw = expired || $flaw = misnamed ]] && stacks="gnutls nss java rustls" || stacks="gnutls rustls"
    for stack in $stacks; do
        scene "known-$flaw-$stack" "${FLAW[$flaw]}" "established, ${CAUSE[$flaw]} server" look_then $flaw.test $stack 1.3 $flaw.test
    done
    scene "known-$flaw-python" "${FLAW[$flaw]}" "established, ${CAUSE[$flaw]} server" look_then $flaw.test python 1.3 $flaw.test
    scene "known-later-$flaw-gnutls" "${FLAW[$flaw]}" "${CAUSE[$flaw]} server, established" before_a_look $flaw.test gnutls
done

# NSS, told to check while the handshake goes on: refused in an encrypted alert after Finished.
nss_later() {
    CLIENT_WORDS="$NSS, TLS $1, checking the certificate while the handshake goes on"
    ask | client tstclnt -h $SERVER -p 443 -a "$2" -d "sql:$RUN/nss-client" -V "tls$1:tls$1"
}
nss_database client
for flaw in expired misnamed selfsigned; do
    listen openssl 1.2 $flaw
    scene "$flaw-nss-later-tls12" "${FLAW[$flaw]}" "abandoned ${CAUSE[$flaw]} server" nss_later 1.2 $flaw.test
    listen nss 1.3 $flaw
    scene "$flaw-nss-later-tls13" "${FLAW[$flaw]}" "certificate_rejected server" nss_later 1.3 $flaw.test
done

# Revocation. Where a list is missing, OpenSSL says unknown_ca, which looks like an unknown root; where a list has run out, it says
# certificate_expired, and only a visible chain tells which. What JSSE and GnuTLS say could be anything.
# seen_as VERSION VISIBLE INVISIBLE: what it looks like
seen_as() { [ $1 = 1.2 ] && echo "$2" || echo "$3"; }
for version in 1.2 1.3; do
    tls=tls${version/./} rejected="certificate_rejected server"
    listen openssl $version revoked
    scene "revoked-openssl-$tls" "a CRL with this certificate" "certificate_revoked server" dial openssl $version revoked.test -crl_check -CRL "$C/inter.crl"
    scene "revoked-curl-$tls" "a CRL with this certificate" "certificate_revoked server" dial curl $version revoked.test --crlfile "$C/inter.crl"
    listen openssl $version revoked -status_file "$C/revoked.ocsp"
    scene "revoked-staple-gnutls-$tls" "a stapled response that says revoked" "$(seen_as $version "certificate_revoked server" "$rejected")" \
        dial gnutls $version revoked.test
    scene "revoked-staple-java-$tls" "a stapled response that says revoked" "$(seen_as $version "certificate_revoked server" "$rejected")" \
        dial java $version revoked.test -Dcom.sun.net.ssl.checkRevocation=true -Djdk.tls.client.enableStatusRequestExtension=true
    scene "revoked-staple-wget-$tls" "a stapled response that says revoked" "$(seen_as $version "abandoned certificate_revoked server" unused)" \
        dial wget $version revoked.test
    listen openssl $version ecdsa
    scene "no-crl-openssl-$tls" "a CRL that is missing" "certificate_untrusted server" dial openssl $version ecdsa.test -crl_check
    scene "stale-crl-openssl-$tls" "a CRL that has expired" "$(seen_as $version "revocation_unavailable server" "certificate_expired server")" \
        dial openssl $version ecdsa.test -crl_check -CRL "$C/stale.crl"
    scene "stale-crl-curl-$tls" "a CRL that has expired" "$(seen_as $version "revocation_unavailable server" "certificate_expired server")" \
        dial curl $version ecdsa.test --crlfile "$C/stale.crl"
    scene "no-revocation-java-$tls" "neither CRL nor OCSP" "$(seen_as $version "certificate_untrusted server" "$rejected")" \
        dial java $version ecdsa.test -Dcom.sun.net.ssl.checkRevocation=true
    # curl asks for it when the handshake is over
    scene "no-staple-curl-$tls" "no stapled response" unused dial curl $version ecdsa.test --cert-status
    listen openssl $version staple
    scene "must-staple-gnutls-$tls" "no stapled response to a certificate that demands one" \
        "$(seen_as $version "revocation_unavailable server" "$rejected")" dial gnutls $version staple.test
    scene "must-staple-wget-$tls" "no stapled response to a certificate that demands one" unused dial wget $version staple.test
done
listen openssl any ecdsa
scene known-stale-crl-openssl "a CRL that has expired" "established, revocation_unavailable server" \
    look_then ecdsa.test openssl 1.3 ecdsa.test -crl_check -CRL "$C/stale.crl"

# Pinned keys are compared once the handshake is over.
listen openssl 1.3 ecdsa
scene pinned-curl-tls13 "a key that is not the pinned one" unused dial curl 1.3 ecdsa.test --pinnedpubkey sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

# GnuTLS sends a certificate whose curve the client has not offered; other servers refuse.
listen gnutls 1.2 p521
scene key-p521-gnutls-openssl-tls12 "a key on a curve that the client does not take" "certificate_unsupported server" dial openssl 1.2 p521.test -groups X25519:P-256

# Encrypted alerts with a tag of eight bytes.
listen openssl 1.3 expired -ciphersuites TLS_AES_128_CCM_8_SHA256
scene expired-gnutls-ccm8 "${FLAW[expired]}" "certificate_rejected server" dial gnutls 1.3 expired.test :+AES-128-CCM-8
listen openssl 1.3 expired -ciphersuites TLS_AES_128_CCM_SHA256
scene expired-gnutls-ccm "${FLAW[expired]}" "certificate_rejected server" dial gnutls 1.3 expired.test :+AES-128-CCM
listen rustls 1.3 expired suites=TLS13_CHACHA20_POLY1305_SHA256
scene expired-rustls-chacha20 "${FLAW[expired]}" "certificate_rejected server" dial rustls 1.3 expired.test
