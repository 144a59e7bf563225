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

# Wget looks at the certificate once the handshake is over, and closes. A visible flaw says why; that a root is not known here does not.
truth() {
    local flaw=$1 version=$2 stack=$3
    case $stack/$version/$flaw in
        wget/1.3/* | wget/1.2/stranger | wget/1.2/incomplete) echo unused ;;
        wget/1.2/*) echo "abandoned ${CAUSE[$flaw]} server" ;;
        curl/1.3/misnamed) echo unused ;;
        curl/1.2/misnamed) echo "abandoned ${CAUSE[$flaw]} server" ;;
        */1.2/*) echo "failed ${CAUSE[$flaw]} server" ;;
        openssl/* | curl/* | python/*) echo "failed ${ALERT[$flaw]} server" ;;
        *) echo "failed certificate_rejected server" ;;
    esac
}

for flaw in ${FLAWS:-expired future misnamed selfsigned incomplete stranger purpose}; do
    for version in 1.2 1.3; do
        set -- openssl
        [ $version = 1.2 ] || set -- ${SERVER13[$flaw]}
        listen "$1" $version $flaw "${@:2}"
        for stack in $STACKS; do
            scene "$flaw-$stack-tls${version/./}" "${FLAW[$flaw]}" "$(truth $flaw $version $stack)" dial $stack $version $flaw.test
        done
    done
done
