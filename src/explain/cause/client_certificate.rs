//! The client's certificate, where the server asks for one.

use super::Text;
use crate::diagnosis::Cause as C;
use crate::tls::registry::AlertDescription as A;

pub(super) const CLIENT_CERTIFICATE_REQUIRED: Text = Text {
    what: "The server wants a client certificate (mutual TLS), and the client sent none: it has none, was not told to use it, or found none that fits what the server asked for.",
    wire: "CertificateRequest from the server, an empty Certificate from the client, then certificate_required (116, TLS 1.3), handshake_failure (40, OpenSSL in TLS 1.2) or bad_certificate (42, Go). In TLS 1.3 all of it is encrypted and the refusal comes after the client believes that it is connected: a client record of 25 bytes before its Finished, then an alert-sized answer.",
    filter: "tls.handshake.type == 13 || tls.alert_message.desc == 116",
    stacks: &[
        "The client has no certificate set: curl without --cert, a kubeconfig without client-certificate, a Java process without keyStore.",
        "Java, Schannel and browsers send nothing at all if no certificate of theirs has an issuer that the server's CertificateRequest names.",
        "A certificate without extendedKeyUsage clientAuth is not offered by Windows and browsers; public authorities stopped adding it in 2026.",
        "nginx finishes the handshake and answers 400 \"No required SSL certificate was sent\" (496); Apache, Envoy, HAProxy, Go, Kafka and PostgreSQL break it off.",
        "OpenSSL client: \"tlsv13 alert certificate required\"; server: \"peer did not return a certificate\". Go server: \"client didn't provide a certificate\".",
    ],
    check: &[
        "Whether the server asks, and for which issuers (\"Acceptable client certificate CA names\").",
        "$ openssl s_client -connect HOST:443 -servername HOST -tls1_2",
        "$ openssl s_client -connect HOST:443 -cert c.pem -key k.pem",
        "$ curl -v --cert c.pem --key k.pem https://HOST/",
        "$ openssl x509 -in c.pem -noout -issuer -dates -ext extendedKeyUsage",
    ],
    client: "Set certificate, key and intermediates: curl --cert and --key, javax.net.ssl.keyStore, tls.Config.Certificates, load_cert_chain in Python, cert and key in Node.js. Use one whose issuer is among those asked for.",
    server: "If it should be optional: ssl_verify_client optional, SSLVerifyClient optional, verify optional, ClientAuth VerifyClientCertIfGiven. Name the right authorities in the request, or none, so that clients do not hold theirs back.",
    between: "A proxy that ends TLS takes the client's certificate away: it must hold one of its own for the backend (proxy_ssl_certificate, crt on HAProxy's server line), or pass TLS through. Inspection must exempt the destination.",
    alerts: &[A::CERTIFICATE_REQUIRED, A::HANDSHAKE_FAILURE, A::BAD_CERTIFICATE],
    related: &[C::ClientCertificateRejected, C::HandshakeFailure, C::AccessDenied],
};

pub(super) const CLIENT_CERTIFICATE_REJECTED: Text = Text {
    what: "The client sent its certificate and the server refused it: expired, from an authority that the server does not trust, revoked, of the wrong purpose, or without its intermediates.",
    wire: "CertificateRequest, then Certificate and CertificateVerify from the client, then an alert from the server: unknown_ca (48), certificate_expired (45), bad_certificate (42), certificate_unknown (46), unsupported_certificate (43), certificate_revoked (44) or decrypt_error (51). In TLS 1.3 it is encrypted and comes after the client's Finished.",
    filter: "tls.handshake.type == 15 || tls.alert_message.desc == 48",
    stacks: &[
        "An alert about a certificate that a client receives is about its own: OpenSSL \"tlsv1 alert unknown ca\", Go \"remote error: tls: bad certificate\", Java \"Received fatal alert: certificate_unknown\".",
        "The server's list of authorities is not the one that issued it: ssl_client_certificate in nginx, SSLCACertificateFile in Apache, ca-file in HAProxy, truststore in Java and Kafka, ClientCAs in Go.",
        "The authority was rotated and one side still has the old one; device certificates that nobody renews.",
        "nginx answers 400 \"The SSL certificate error\" (495) instead of an alert; ssl_verify_depth 1 refuses chains with two intermediates; an expired ssl_crl refuses everybody.",
        "A server certificate used as a client's, without clientAuth: \"unsuitable certificate purpose\".",
    ],
    check: &[
        "Whether the server's authorities verify it, as a client's certificate.",
        "$ openssl verify -purpose sslclient -CAfile ca.pem -untrusted i.pem c.pem",
        "$ openssl x509 -in c.pem -noout -issuer -dates -ext extendedKeyUsage",
        "$ openssl s_client -connect HOST:443 -cert c.pem -key k.pem",
        "client_certificate of the event, and the server's log with its verify error.",
    ],
    client: "Renew the certificate, with clientAuth; send the intermediates with it; check that certificate and key belong together and that the program reloaded them.",
    server: "Add the issuing authority (the root, and the intermediates if clients do not send them), raise the depth, refresh the CRL, set the clock. Keep old and new authority side by side while you rotate.",
    between: "A proxy that speaks for the client shows its own certificate, not the client's: trust that one, and pass the client's in a header.",
    alerts: &[
        A::UNKNOWN_CA,
        A::BAD_CERTIFICATE,
        A::CERTIFICATE_UNKNOWN,
        A::CERTIFICATE_EXPIRED,
        A::UNSUPPORTED_CERTIFICATE,
        A::CERTIFICATE_REVOKED,
        A::DECRYPT_ERROR,
    ],
    related: &[C::ClientCertificateRequired, C::AccessDenied, C::RevocationUnavailable],
};
