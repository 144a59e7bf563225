"""Client certificates: asked for and missing, expired, of an unknown issuer, for another purpose; declined where they are optional; taken."""
import sys
from functools import partial

from bench import ESTABLISHED, client, fail, record, serve
from stacks import client as command, have, server, versions

# server: its versions, the client against it
SERVERS = {
    "go": (["1.2", "1.3"], "erlang"), "node": (["1.2", "1.3"], "go"), "erlang": (["1.2", "1.3"], "go"), "jsse": (["1.2", "1.3"], "node"),
    "nss": (["1.2", "1.3"], "go"), "mbedtls": (["1.2"], "go"), "wolfssl": (["1.2", "1.3"], "mbedtls"), "haproxy": (["1.2", "1.3"], "jsse"),
    "apache": (["1.2", "1.3"], "go"), "caddy": (["1.2", "1.3"], "wolfssl"), "stunnel": (["1.2", "1.3"], "go"), "lighttpd-gnutls": (["1.2", "1.3"], "erlang"),
    "lighttpd-mbedtls": (["1.2"], "node"),
}
KINDS = {
    "missing": (None, "the server demands a client certificate, the client has none"),
    "expired": ("client-expired", "the client's certificate expired on 2026-06-01"),
    "unknown": ("client-unknown", "the client's certificate is of an issuer that the server does not know"),
    "purpose": ("client-purpose", "the client's certificate is for servers only"),
}


def sent_in_13(fact):
    """Lengths of the client's sealed records before its Finished tell an empty Certificate (25, or 61 and 77 with the Finished) from one that was sent."""
    lengths = [int(item.split(":")[1]) for item in fact["trace"] if item.startswith("C23:")]
    return bool(lengths) and not (lengths[0] == 25 or lengths[0] == 41 or lengths[0] in (61, 77))


def served(fact):
    """Whether the server takes it: its Finished (TLS 1.2), or more than an alert after the client's flight (TLS 1.3)."""
    trace = fact["trace"]
    flight = [i for i, item in enumerate(trace) if item.startswith("C2")]
    after = trace[flight[1]:] if len(flight) > 1 else []
    if fact.get("version") == "TLS 1.3":
        return any(item.startswith("S23") and int(item.split(":")[1]) > 35 for item in after)
    return any(item.startswith("S20") for item in after)


def judge(fact, expired=False):
    """Each of these is what the server made of it: most demand where some make do without, and some look at less than others."""
    if served(fact):
        return ESTABLISHED
    if fact.get("version") == "TLS 1.3":
        sent = sent_in_13(fact)
    else:
        sent = bool(fact["client_certificate"])
    if sent and ("S", 49) in fact["alerts"] and not expired:
        # says that it has no access; nothing that is seen speaks against that
        return fail(["client_certificate_rejected", "access_denied"], "client")
    return fail("client_certificate_rejected" if sent else "client_certificate_required", "client", None if fact.get("version") == "TLS 1.3" else "failed")


def client_certificates():
    names = versions()
    for stack, (speaks, against) in SERVERS.items():
        program = stack.split("-")[0]
        if not have(program) or not have(against):
            print(f"failures-other-stacks: {stack} or {against} is missing: left out", file=sys.stderr)
            continue
        for optional in (False, True):
            try:
                with serve(*server(stack, ca="clientroot", optional=optional)):
                    for version in speaks:
                        if against == "mbedtls" and version == "1.3":
                            by = "go"
                        else:
                            by = against
                        how = f"{names[by]} and a server of {names[program]} ({stack}), TLS {version}"
                        name = f"{stack}/client-certificate-%s-tls{version.replace('.', '')}"
                        if optional:
                            words, say = command(by, version=version)
                            record(name % "optional-declined", how, lambda: client(*words, say=say), [judge],
                                   "the server asks for a client certificate and makes do without, the client has none")
                            continue
                        for kind, (cert, wrong) in KINDS.items():
                            words, say = command(by, version=version, cert=cert)
                            record(name % kind, how, lambda: client(*words, say=say), [partial(judge, expired=kind == "expired")], wrong)
                        words, say = command(by, version=version, cert="client")
                        record(name % "accepted", how, lambda: client(*words, say=say), [judge], "nothing: the client's certificate is taken")
            except RuntimeError as error:
                print(f"failures-other-stacks: {stack}: {error}", file=sys.stderr)
