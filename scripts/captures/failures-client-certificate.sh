# The client's certificate missing or refused: every server x TLS 1.2 and 1.3, and every client. In TLS 1.3 it is the lengths of records
# that tell.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/stacks.sh"

# demanding STACK VERSION [OPTIONS]: a server that demands a certificate that our root vouches for
demanding() {
    local stack=$1 version=$2
    shift 2
    case $stack in
        openssl) listen openssl $version ecdsa -Verify 3 -verify_return_error -CAfile "$C/root.pem" "$@" ;;
        gnutls) listen gnutls $version ecdsa --require-client-cert --verify-client-cert --x509cafile "$C/root.pem" "$@" ;;
        python) listen python $version ecdsa --require "$C/root.pem" "$@" ;;
        rustls) listen rustls $version ecdsa "require=$C/root.pem" "$@" ;;
        nss) listen nss $version ecdsa -r -r "$@" ;;
        java) listen java $version ecdsa "-Dpeer.roots=$C/root.pem" "$@" ;;
    esac
}

# bearing STACK VERSION CERTIFICATE [OPTIONS]: a client with a certificate
bearing() {
    local stack=$1 version=$2 cert=$3
    shift 3
    local chain=$C/$cert.chain.pem key=$C/$cert.key
    case $stack in
        openssl) dial openssl $version ecdsa.test -cert "$C/$cert.pem" -key "$key" \
            $([ ! -f "$C/$cert.above.pem" ] || echo "-cert_chain $C/$cert.above.pem") "$@" ;;
        curl) dial curl $version ecdsa.test --cert "$chain" --key "$key" "$@" ;;
        gnutls) dial gnutls $version ecdsa.test --x509certfile "$chain" --x509keyfile "$key" "$@" ;;
        wget) dial wget $version ecdsa.test --certificate "$chain" --private-key "$key" "$@" ;;
        python) dial python $version ecdsa.test --cert "$chain,$key" "$@" ;;
        rustls) dial rustls $version ecdsa.test "auth=$chain,$key" "$@" ;;
        nss) nss_key client "$cert"; dial nss $version ecdsa.test -n "$cert" "$@" ;;
        java)
            openssl pkcs12 -export -in "$chain" -inkey "$key" -name client -passout pass:secret -out "$RUN/$cert.p12"
            dial java $version ecdsa.test "-Dpeer.key=$RUN/$cert.p12" "$@" ;;
    esac
}

declare -A FLAW=(
    [client-expired]="a client's certificate that expired on 2026-01-01" [client-future]="a client's certificate that is valid from 2040 on"
    [client-purpose]="a client's certificate that is for servers" [client-stranger]="a client's certificate of a root that the server does not know"
    [client-selfsigned]="a self-signed client's certificate"
)
# In TLS 1.3 both sides have finished when the server refuses.
for version in 1.2 1.3; do
    tls=tls${version/./}
    [ $version = 1.2 ] && outcome=failed || outcome=abandoned
    REQUIRED="$outcome client_certificate_required client" REJECTED="$outcome client_certificate_rejected client"
    for server in openssl gnutls python rustls nss java; do
        demanding $server $version
        scene "required-$server-openssl-$tls" "no client's certificate, and a server that demands one" "$REQUIRED" dial openssl $version ecdsa.test
        for cert in client-expired client-purpose client-stranger; do
            # gnutls-serv takes any purpose
            [ $server/$cert != gnutls/client-purpose ] || continue
            [[ openssl,java = *$server* || $cert != client-purpose ]] || continue
            scene "rejected-$server-$cert-$tls" "${FLAW[$cert]}" "$REJECTED" bearing openssl $version $cert
        done
    done
    demanding openssl $version
    for client in curl gnutls wget python rustls nss java; do
        scene "required-openssl-$client-$tls" "no client's certificate, and a server that demands one" "$REQUIRED" dial $client $version ecdsa.test
        scene "rejected-openssl-$client-$tls" "${FLAW[client-expired]}" "$REJECTED" bearing $client $version client-expired
    done
    for cert in client-future client-selfsigned; do
        scene "rejected-openssl-$cert-$tls" "${FLAW[$cert]}" "$REJECTED" bearing openssl $version $cert
    done
    scene "rejected-openssl-java-unknown-$tls" "${FLAW[client-stranger]}: JSSE keeps it to itself" "$REQUIRED" bearing java $version client-stranger
    demanding openssl $version -CRL "$C/inter.crl" -crl_check
    scene "rejected-openssl-revoked-$tls" "a revoked client's certificate" "$REJECTED" bearing openssl $version client-revoked
    scene "accepted-openssl-$tls" "nothing: a client's certificate that is in order" established bearing openssl $version client
done

# The lengths of other suites.
for suite in TLS_AES_128_GCM_SHA256 TLS_CHACHA20_POLY1305_SHA256 TLS_AES_128_CCM_8_SHA256; do
    demanding openssl 1.3 -ciphersuites $suite
    scene "required-$suite" "no client's certificate, and a server that demands one" "$REQUIRED" dial openssl 1.3 ecdsa.test -ciphersuites $suite
    scene "rejected-$suite" "${FLAW[client-expired]}" "$REJECTED" bearing openssl 1.3 client-expired -ciphersuites $suite
done
demanding rustls 1.3 suites=TLS13_CHACHA20_POLY1305_SHA256
scene required-rustls-rustls "no client's certificate, and a server that demands one" "$REQUIRED" dial rustls 1.3 ecdsa.test
scene rejected-rustls-rustls "${FLAW[client-expired]}" "$REJECTED" bearing rustls 1.3 client-expired

# A server that asks and makes do without.
for version in 1.2 1.3; do
    listen openssl $version ecdsa -verify 3 -CAfile "$C/root.pem"
    for client in openssl gnutls rustls java; do
        scene "optional-openssl-$client-tls${version/./}" "nothing: no client's certificate, and a server that does not insist" established \
            dial $client $version ecdsa.test
    done
done
