"""Server certificates that clients refuse: each client stack against a server of another one, every defect, TLS 1.2 and 1.3."""
import sys

import bench
from bench import client, record, serve
from stacks import C, client as command, have, server, versions

CLIENTS = {  # client: (its versions, the server against which it runs)
    "go": (["1.2", "1.3"], "haproxy"), "node": (["1.2", "1.3"], "go"), "erlang": (["1.2", "1.3"], "caddy"), "jsse": (["1.2", "1.3"], "erlang"),
    "nss": (["1.2", "1.3"], "jsse"), "mbedtls": (["1.2"], "node"), "wolfssl": (["1.2", "1.3"], "go"), "bearssl": (["1.2"], "haproxy"),
    "botan": (["1.2"], "apache"), "ruby": (["1.2", "1.3"], "go"), "perl": (["1.2", "1.3"], "erlang"), "php": (["1.2", "1.3"], "caddy"),
    "aiohttp": (["1.2", "1.3"], "jsse"),
}
KINDS = {  # defect: (certificate, name asked for, what is wrong)
    "expired": ("expired", None, "the certificate expired on 2026-06-01"),
    "not-yet-valid": ("notyet", None, "the certificate is valid from 2027-06-01"),
    "wrong-name": ("good", "www.other.example", "the certificate is for www.shop.example"),
    "self-signed": ("selfsigned", None, "the certificate is signed by itself"),
    "unknown-root": ("unknown", None, "the chain ends in a root that the client does not have"),
    "missing-intermediate": ("missing", None, "the server leaves out the intermediate certificate"),
    "wrong-purpose": ("purpose", None, "the certificate is for clients only"),
    "expired-intermediate": ("underold", None, "the intermediate certificate expired on 2026-03-01"),
    "revoked": ("revoked", None, "the certificate is revoked, and the client has the list"),
}
REVOKING = {"jsse": f"{C}/all.crl", "mbedtls": f"{C}/all.crl", "node": f"{C}/all.crl"}

def server_certificates():
    names = versions()
    for kind, (certificate, name, wrong) in KINDS.items():
        for stack, (speaks, against) in CLIENTS.items():
            if not have(stack) and stack != "aiohttp" or not have(against):
                if kind == "expired":
                    print(f"failures-other-stacks: {stack} or {against} is missing: left out", file=sys.stderr)
                continue
            if kind == "revoked" and stack not in REVOKING:
                continue
            try:
                with serve(*server(against, certificate)):
                    for version in speaks:
                        words, say = command(stack, version=version, crl=REVOKING.get(stack) if kind == "revoked" else None, **({"name": name} if name else {}))
                        judge = bench.server_certificate(kind)
                        record(f"{stack}/{kind}-tls{version.replace('.', '')}", f"{names[stack]} and a server of {names[against]}, TLS {version}",
                               lambda: client(*words, say=say), [judge], wrong)
            except RuntimeError as error:
                print(f"failures-other-stacks: {stack} {kind}: {error}", file=sys.stderr)
