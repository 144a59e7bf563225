"""Offers that do not meet: versions, suites, groups, signature schemes, ALPN, and what a side holds too weak."""
import sys

from bench import ESTABLISHED, client, fail, record, serve
from stacks import client as command, have, server, versions

GCM_EC, GCM_RSA, CBC_RSA, STATIC_RSA = "0xc02b", "0xc02f", "0xc013", "0x009c"
SUITES, GROUPS, SIGNATURES, BOTH = "cipher_suite_mismatch", "group_mismatch", "signature_scheme_mismatch", "both"

CASES = [
    # name, server (stack, options), client (stack, options), truth, what is provoked
    ("go/version-client-old", ("go", {"version": "1.3"}), ("erlang", {"version": "1.2"}), fail("version_mismatch", "client"), "the server takes TLS 1.3 only"),
    ("node/version-client-old", ("node", {"version": "1.3"}), ("go", {"version": "1.1-1.2"}), fail("version_mismatch", "client"), "the server takes TLS 1.3 only"),
    ("erlang/version-client-old", ("erlang", {"version": "1.3"}), ("nss", {"version": "1.2"}), fail("version_mismatch", "client"), "the server takes TLS 1.3 only"),
    ("jsse/version-client-old", ("jsse", {"version": "1.3"}), ("go", {"version": "1.2"}), fail("version_mismatch", "client"), "the server takes TLS 1.3 only"),
    ("jsse/version-client-oldest", ("jsse", {}), ("go", {"version": "1.0-1.1"}), fail("version_mismatch", "client"), "the server takes TLS 1.2 and 1.3, the client up to 1.1"),
    ("nss/version-client-old", ("nss", {"version": "1.3"}), ("mbedtls", {}), fail("version_mismatch", "client"), "the server takes TLS 1.3 only"),
    ("mbedtls/version-client-old", ("mbedtls", {"version": "1.2"}), ("go", {"version": "1.0-1.1"}), fail("version_mismatch", "client"), "the server takes TLS 1.2 only"),
    ("wolfssl/version-client-old", ("wolfssl", {"version": "1.3"}), ("go", {"version": "1.2"}), fail("version_mismatch", "client"), "the server takes TLS 1.3 only"),
    ("bearssl/version-client-old", ("bearssl", {}), ("go", {"version": "1.0-1.1"}), fail("version_mismatch", "client"), "the server takes TLS 1.2 only"),
    ("botan/version-client-old", ("botan", {}), ("go", {"version": "1.0-1.1"}), fail("version_mismatch", "client"), "the server takes TLS 1.2 only"),
    ("haproxy/version-client-old", ("haproxy", {"version": "1.3"}), ("mbedtls", {}), fail("version_mismatch", "client"), "the server takes TLS 1.3 only"),
    ("apache/version-client-old", ("apache", {"version": "1.3"}), ("wolfssl", {"version": "1.2"}), fail("version_mismatch", "client"), "the server takes TLS 1.3 only"),
    ("caddy/version-client-old", ("caddy", {"version": "1.3"}), ("node", {"version": "1.2"}), fail("version_mismatch", "client"), "the server takes TLS 1.3 only"),
    ("stunnel/version-client-old", ("stunnel", {"version": "1.3"}), ("jsse", {"version": "1.2"}), fail("version_mismatch", "client"), "the server takes TLS 1.3 only"),
    ("lighttpd-gnutls/version-client-old", ("lighttpd-gnutls", {"version": "1.3"}), ("go", {"version": "1.2"}), fail(["server_closed", "version_mismatch"], ["server", "client"]), "the server takes TLS 1.3 only"),
    # a client that takes nothing as old as the server
    ("go/version-server-old", ("bearssl", {}), ("go", {"version": "1.3"}), fail("version_mismatch", "server"), "the client takes TLS 1.3 only, the server has none"),
    ("node/version-server-old", ("mbedtls", {"version": "1.2"}), ("node", {"version": "1.3"}), fail(["version_mismatch", "handshake_failure"], ["server", "both"]), "the client takes TLS 1.3 only, the server has none"),
    ("erlang/version-server-old", ("go", {"version": "1.2"}), ("erlang", {"version": "1.3"}), fail("version_mismatch", "server"), "the client takes TLS 1.3 only, the server has none"),
    ("jsse/version-server-old", ("go", {"version": "1.2"}), ("jsse", {"version": "1.3"}), fail("version_mismatch", "server"), "the client takes TLS 1.3 only, the server has none"),
    ("nss/version-server-old", ("node", {"version": "1.2"}), ("nss", {"version": "1.3"}), fail("version_mismatch", "server"), "the client takes TLS 1.3 only, the server has none"),
    ("wolfssl/version-server-old", ("botan", {}), ("wolfssl", {"version": "1.3"}), fail("version_mismatch", "server"), "the client takes TLS 1.3 only, the server has none"),
    ("go/version-10-from-server", ("go", {"version": "1.0-1.1"}), ("node", {}), fail("version_mismatch", "server"), "the server has TLS 1.1 at most, the client takes 1.2 and 1.3"),
    ("jsse/version-11-from-server", ("go", {"version": "1.0-1.1"}), ("jsse", {}), fail("version_mismatch", "server"), "the server has TLS 1.1 at most, the client takes 1.2 and 1.3"),
    ("mbedtls/version-11-from-server", ("go", {"version": "1.0-1.1"}), ("mbedtls", {"version": "1.2"}), fail("version_mismatch", "server"), "the server has TLS 1.1 at most, the client takes 1.2"),
    ("erlang/version-11-from-server", ("go", {"version": "1.0-1.1"}), ("erlang", {"version": "1.2"}), fail("version_mismatch", "server"), "the server has TLS 1.1 at most, the client takes 1.2"),
    ("wolfssl/version-11-from-server", ("go", {"version": "1.0-1.1"}), ("wolfssl", {"version": "1.2"}), fail("version_mismatch", "server"), "the server has TLS 1.1 at most, the client takes 1.2"),
    ("nss/version-11-from-server", ("go", {"version": "1.0-1.1"}), ("nss", {}), fail("version_mismatch", "server"), "the server has TLS 1.1 at most, the client takes 1.2 and 1.3"),
    # suites
    ("go/suite-ecdsa-only", ("go", {"cert": "rsa"}), ("go", {"version": "1.2", "suites": GCM_EC}), fail(SUITES, BOTH), "the client offers one suite for ECDSA, the server has an RSA certificate"),
    ("node/suite-rsa-only", ("node", {}), ("go", {"version": "1.2", "suites": GCM_RSA}), fail(SUITES, BOTH), "the client offers one suite for RSA, the server has an ECDSA certificate"),
    ("erlang/suite-rsa-only", ("erlang", {}), ("mbedtls", {"suites": GCM_RSA}), fail(SUITES, BOTH), "the client offers one suite for RSA, the server has an ECDSA certificate"),
    ("jsse/suite-rsa-only", ("jsse", {}), ("go", {"version": "1.2", "suites": GCM_RSA}), fail(SUITES, BOTH), "the client offers one suite for RSA, the server has an ECDSA certificate"),
    ("jsse/suite-rc4", ("jsse", {"cert": "rsa"}), ("go", {"version": "1.2", "suites": "0x0005,0xc011"}), fail(SUITES, BOTH), "the client offers RC4 only"),
    ("nss/suite-rsa-only", ("nss", {}), ("go", {"version": "1.2", "suites": GCM_RSA}), fail(SUITES, BOTH), "the client offers one suite for RSA, the server has an ECDSA certificate"),
    ("mbedtls/suite-static-rsa", ("mbedtls", {}), ("go", {"version": "1.2", "suites": STATIC_RSA}), fail(SUITES, BOTH), "the client offers static RSA, the server has an ECDSA certificate"),
    ("wolfssl/suite-3des", ("wolfssl", {"cert": "rsa"}), ("go", {"version": "1.2", "suites": "0x000a,0xc012"}), fail(SUITES, BOTH), "the client offers 3DES only"),
    ("bearssl/suite-rsa-only", ("bearssl", {}), ("node", {"version": "1.2", "suites": "ECDHE-RSA-AES128-GCM-SHA256"}), fail(SUITES, BOTH), "the client offers one suite for RSA, the server has an ECDSA certificate"),
    ("botan/suite-static-rsa", ("botan", {"cert": "rsa"}), ("go", {"version": "1.2", "suites": STATIC_RSA}), fail(SUITES, BOTH), "the client offers static RSA"),
    ("haproxy/suite-cbc-only", ("haproxy", {"cert": "rsa", "suites": "ECDHE-RSA-AES256-GCM-SHA384"}), ("go", {"version": "1.2", "suites": CBC_RSA}), fail(SUITES, BOTH), "the server takes one suite, the client offers another one"),
    ("apache/suite-cbc-only", ("apache", {"cert": "rsa", "suites": "ECDHE+AESGCM"}), ("jsse", {"version": "1.2", "suites": "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"}), fail(SUITES, BOTH), "the server takes AES-GCM, the client offers CBC"),
    ("caddy/suite-dhe-only", ("caddy", {"cert": "rsa"}), ("node", {"version": "1.2", "suites": "DHE-RSA-AES256-GCM-SHA384"}), fail(SUITES, BOTH), "the client offers DHE, which the server does not have"),
    ("stunnel/suite-static-rsa-ecdsa", ("stunnel", {}), ("erlang", {"version": "1.2", "suites": "AES128-GCM-SHA256"}), fail(SUITES, BOTH), "the client offers static RSA, the server has an ECDSA certificate"),
    ("node/suite-13-differs", ("node", {"version": "1.3", "suites": "TLS_AES_256_GCM_SHA384"}), ("openssl", {"version": "1.3", "extra13": "TLS_CHACHA20_POLY1305_SHA256"}), fail(SUITES, BOTH), "TLS 1.3: the server takes AES-256, the client offers ChaCha20"),
    # groups
    ("go/group-p521", ("go", {"version": "1.2-1.3", "groups": "23"}), ("node", {"groups": "P-521"}), fail("group_mismatch", BOTH), "the server has P-256 only, the client offers P-521"),
    ("go/group-p521-tls12", ("go", {"version": "1.2", "groups": "23"}), ("node", {"version": "1.2", "groups": "P-521"}), fail(GROUPS, BOTH), "TLS 1.2: the server has P-256 only, the client offers P-521"),
    ("node/group-x25519", ("node", {"groups": "P-384", "cert": "rsa"}), ("go", {"groups": "29"}), fail([GROUPS, "handshake_failure"], BOTH), "the server has P-384 only, the client offers X25519"),
    ("erlang/group-x25519", ("erlang", {"groups": "secp384r1", "version": "1.3", "cert": "rsa"}), ("go", {"groups": "29", "version": "1.3"}), fail([GROUPS, "handshake_failure"], BOTH), "the server has P-384 only, the client offers X25519"),
    ("jsse/group-x25519", ("jsse", {"groups": "secp384r1", "cert": "rsa"}), ("go", {"groups": "29"}), fail([GROUPS, "handshake_failure", "protocol_violation"], [BOTH, "client"]), "the server has P-384 only, the client offers X25519"),
    ("nss/group-x25519", ("nss", {"groups": "P384", "cert": "rsa"}), ("go", {"groups": "29"}), fail([GROUPS, "handshake_failure"], BOTH), "the server has P-384 only, the client offers X25519"),
    ("mbedtls/group-x25519", ("mbedtls", {"groups": "4", "cert": "rsa"}), ("go", {"groups": "29", "version": "1.2"}), fail(["server_closed", GROUPS, SUITES], ["server", BOTH]), "the server has P-384 only, the client offers X25519"),
    ("haproxy/group-p521", ("haproxy", {"groups": "P-256"}), ("node", {"groups": "P-521"}), fail(GROUPS, BOTH), "the server has P-256 only, the client offers P-521"),
    ("wolfssl/group-p521", ("wolfssl", {}), ("node", {"groups": "P-521", "version": "1.3"}), None, "the client offers P-521"),
    # signature schemes
    ("go/signature-ed25519", ("go", {"cert": "ed25519"}), ("jsse", {}), None, "the server has an Ed25519 certificate"),
    ("wolfssl/signature-ed25519", ("go", {"cert": "ed25519"}), ("wolfssl", {}), None, "the server has an Ed25519 certificate"),
    ("mbedtls/signature-ed25519", ("go", {"cert": "ed25519", "version": "1.2"}), ("mbedtls", {}), fail(SIGNATURES, BOTH), "the server has an Ed25519 certificate, of which the client knows nothing"),
    ("nss/signature-ed25519", ("node", {"cert": "ed25519"}), ("nss", {}), fail([SIGNATURES, "handshake_failure"], BOTH), "the server has an Ed25519 certificate, of which the client knows nothing"),
    ("bearssl/signature-ed25519", ("haproxy", {"cert": "ed25519"}), ("bearssl", {}), fail([SIGNATURES, SUITES, "handshake_failure"], BOTH), "the server has an Ed25519 certificate, of which the client knows nothing"),
    # ALPN
    ("go/alpn", ("go", {"alpn": "h2"}), ("go", {"alpn": "http/1.1"}), fail("alpn_mismatch", BOTH), "the server speaks h2, the client http/1.1"),
    ("go/alpn-tls12", ("go", {"alpn": "h2"}), ("node", {"alpn": "imap", "version": "1.2"}), fail("alpn_mismatch", BOTH), "the server speaks h2, the client imap"),
    ("node/alpn", ("node", {"alpn": "h2"}), ("erlang", {"alpn": "mqtt"}), fail("alpn_mismatch", BOTH), "the server speaks h2, the client mqtt"),
    ("erlang/alpn", ("erlang", {"alpn": "h2"}), ("go", {"alpn": "http/1.1"}), fail("alpn_mismatch", BOTH), "the server speaks h2, the client http/1.1"),
    ("jsse/alpn", ("jsse", {"alpn": "h2"}), ("go", {"alpn": "http/1.1"}), fail("alpn_mismatch", BOTH), "the server speaks h2, the client http/1.1"),
    ("mbedtls/alpn", ("mbedtls", {"alpn": "h2"}), ("go", {"alpn": "http/1.1", "version": "1.2"}), fail("alpn_mismatch", BOTH), "the server speaks h2, the client http/1.1"),
    ("wolfssl/alpn", ("wolfssl", {"alpn": "h2"}), ("go", {"alpn": "http/1.1"}), fail("alpn_mismatch", BOTH), "the server speaks h2, the client http/1.1"),
    ("haproxy/alpn", ("haproxy", {"alpn": "h2"}), ("go", {"alpn": "http/1.1"}), None, "the server speaks h2, the client http/1.1, and the server does not mind"),
    ("caddy/alpn", ("caddy", {"alpn": "h2"}), ("node", {"alpn": "http/1.1"}), fail("alpn_mismatch", BOTH), "the server speaks h2, the client http/1.1"),
    # what the client holds too weak
    ("jsse/weak-rsa1024-tls12", ("erlang", {"cert": "rsa1024"}), ("jsse", {"version": "1.2"}), fail(["weak_parameters", "certificate_unsupported"], "server"), "an RSA key of 1024 bits"),
    ("jsse/weak-sha1-tls12", ("erlang", {"cert": "sha1"}), ("jsse", {"version": "1.2"}), fail(["weak_parameters", "certificate_unsupported"], "server"), "a certificate signed with SHA-1"),
    ("go/weak-sha1-tls12", ("go", {"cert": "sha1"}), ("go", {"version": "1.2"}), fail(["weak_parameters", "certificate_unsupported"], "server"), "a certificate signed with SHA-1"),
    ("mbedtls/weak-sha1-tls12", ("go", {"cert": "sha1"}), ("mbedtls", {}), fail(["weak_parameters", "certificate_unsupported"], "server"), "a certificate signed with SHA-1"),
    ("mbedtls/weak-rsa1024-tls12", ("go", {"cert": "rsa1024"}), ("mbedtls", {}), fail(["weak_parameters", "certificate_unsupported"], "server"), "an RSA key of 1024 bits"),
    ("go/weak-rsa1024-tls12", ("go", {"cert": "rsa1024"}), ("go", {"version": "1.2"}), None, "an RSA key of 1024 bits, which the client takes"),
    ("nss/weak-sha1-tls12", ("go", {"cert": "sha1"}), ("nss", {"version": "1.2"}), fail(["weak_parameters", "certificate_unsupported"], "server", None), "a certificate signed with SHA-1"),
    ("nss/weak-rsa1024-tls12", ("go", {"cert": "rsa1024"}), ("nss", {"version": "1.2"}), fail(["weak_parameters", "certificate_unsupported"], "server", None), "an RSA key of 1024 bits"),
    ("node/weak-rsa1024-tls12", ("go", {"cert": "rsa1024"}), ("node", {"version": "1.2"}), fail(["weak_parameters", "certificate_unsupported"], "server"), "an RSA key of 1024 bits"),
    ("wolfssl/weak-rsa1024-tls12", ("go", {"cert": "rsa1024"}), ("wolfssl", {"version": "1.2"}), None, "an RSA key of 1024 bits"),
    ("botan/weak-rsa1024-tls12", ("go", {"cert": "rsa1024"}), ("botan", {}), fail(["weak_parameters", "certificate_unsupported"], "server"), "an RSA key of 1024 bits"),
    ("perl/weak-rsa1024-tls12", ("go", {"cert": "rsa1024"}), ("perl", {"version": "1.2"}), fail(["weak_parameters", "certificate_unsupported"], "server"), "an RSA key of 1024 bits"),
]


def outcome(truth):
    """What is said, unless the two agree after all: then there is no failure."""
    def judge(fact):
        trace = " ".join(fact["trace"])
        if "alert" in trace.replace("alert 0", "") and truth:
            return truth
        data = [item for item in fact["trace"] if item.startswith(("C23", "S23"))]
        done = "C23" in trace and "S23" in trace if fact.get("version") != "TLS 1.3" else len([d for d in data if d.startswith("C23")]) > 1
        return ESTABLISHED if done or not truth and fact.get("version") else truth or fail("handshake_failure", BOTH)
    return judge


def negotiations():
    names, botan_ports = versions(), iter((8443, 8444, 8445))
    for name, (stack, options), (by, words), truth, wrong in CASES:
        program = stack.split("-")[0]
        words = dict(words)
        extra = ["-ciphersuites", suite] if (suite := words.pop("extra13", None)) else []
        if not have(program) or not have(by):
            print(f"failures-other-stacks: {name}: {stack} or {by} is missing: left out", file=sys.stderr)
            continue
        try:
            # Botan's server cannot take a port that was used a moment ago
            port = next(botan_ports) if stack == "botan" else 443
            with serve(*server(stack, port=port, **options), port=port):
                line, say = command(by, port=port, **words)
                record(name, f"{names[by]} ({words or 'as it comes'}) and a server of {names[program]} ({options or 'as it comes'})",
                       lambda: client(*line, *extra, say=say), [outcome(truth)], wrong)
        except RuntimeError as error:
            print(f"failures-other-stacks: {name}: {error}", file=sys.stderr)
