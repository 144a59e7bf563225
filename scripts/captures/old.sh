# SSL 2.0 to TLS 1.1, from the stacks that still speak them: OpenSSL and GnuTLS down to TLS 1.0, NSS likewise, JSSE down to SSL 3.0
# and with the ClientHello of SSL 2.0. No stack at hand speaks SSL 2.0 itself.
. "$(dirname "$0")/common.sh"

for each in "tls1 TLS 1.0" "tls1_1 TLS 1.1"; do
    set -- $each
    openssl_server rsa "-$1" -cipher ALL:@SECLEVEL=0
    capture "openssl-tls${3/./}"
    s_client -connect $SERVER:443 -servername rsa.test "-$1" -cipher ECDHE-RSA-AES128-SHA:@SECLEVEL=0 -groups X25519
    captured
    label "s_client and s_server of $OPENSSL, -$1 -cipher ECDHE-RSA-AES128-SHA:@SECLEVEL=0" version="$2 $3" \
        cipher_suite=TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA named_group=x25519 sni=rsa.test resumed=false client_auth=none
    stop_servers
done

gnutls_server rsa --disable-client-cert --priority NORMAL:+VERS-TLS1.0:+VERS-TLS1.1:+3DES-CBC:+ARCFOUR-128:+SHA1:+MD5:%COMPAT
for each in "TLS 1.0 DHE-RSA AES-128-CBC TLS_DHE_RSA_WITH_AES_128_CBC_SHA" "TLS 1.1 RSA 3DES-CBC TLS_RSA_WITH_3DES_EDE_CBC_SHA"; do
    set -- $each
    capture "gnutls-tls${2/./}"
    gnutls_client rsa.test --priority "NORMAL:-VERS-ALL:+VERS-$1$2:-KX-ALL:+$3:-CIPHER-ALL:+$4:+SHA1"
    captured
    label "gnutls-cli --priority NORMAL:-VERS-ALL:+VERS-$1$2:-KX-ALL:+$3:-CIPHER-ALL:+$4:+SHA1 and gnutls-serv of $GNUTLS" \
        version="$1 $2" cipher_suite="$5" sni=rsa.test resumed=false client_auth=none
done
stop_servers

nss_server -V tls1.0:tls1.2
for version in 1.0 1.1; do
    capture "nss-tls${version/./}"
    nss_client -V "tls$version:tls$version" -c v
    captured
    label "tstclnt -V tls$version:tls$version -c v and selfserv of $NSS" version="TLS $version" \
        cipher_suite=TLS_RSA_WITH_AES_128_CBC_SHA sni=rsa.test resumed=false client_auth=none
done
stop_servers

java_server rsa SSLv2Hello,SSLv3,TLSv1,TLSv1.1,TLSv1.2 \
    SSL_RSA_WITH_RC4_128_SHA,SSL_RSA_WITH_3DES_EDE_CBC_SHA,SSL_RSA_EXPORT_WITH_RC4_40_MD5,SSL_RSA_WITH_DES_CBC_SHA,TLS_RSA_WITH_AES_128_CBC_SHA

capture java-ssl30
java_client rsa.test SSLv3 SSL_RSA_WITH_RC4_128_SHA
captured
label "JSSE of $JAVA on both sides, SSLv3" version="SSL 3.0" cipher_suite=TLS_RSA_WITH_RC4_128_SHA resumed=false client_auth=none

capture java-tls10-export
java_client rsa.test TLSv1 SSL_RSA_EXPORT_WITH_RC4_40_MD5
captured
label "JSSE of $JAVA on both sides, TLSv1 with an export suite" version="TLS 1.0" cipher_suite=TLS_RSA_EXPORT_WITH_RC4_40_MD5 \
    sni=rsa.test resumed=false client_auth=none

capture java-tls10-des
java_client rsa.test TLSv1 SSL_RSA_WITH_DES_CBC_SHA
captured
label "JSSE of $JAVA on both sides, TLSv1 with single DES" version="TLS 1.0" cipher_suite=TLS_RSA_WITH_DES_CBC_SHA sni=rsa.test \
    resumed=false client_auth=none

capture java-ssl20-hello
java_client rsa.test SSLv2Hello,SSLv3,TLSv1 TLS_RSA_WITH_AES_128_CBC_SHA,SSL_RSA_WITH_3DES_EDE_CBC_SHA
captured
label "JSSE of $JAVA on both sides, SSLv2Hello: TLS 1.0 asked for in the ClientHello of SSL 2.0, which has no extensions" \
    version="TLS 1.0" cipher_suite=TLS_RSA_WITH_3DES_EDE_CBC_SHA resumed=false client_auth=none
