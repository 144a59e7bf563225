"""Names, what is not TLS, closes and silence, proxies, browsers, and what must not be taken for a failure."""
import os
import sys
import time

import bench
from bench import ESTABLISHED, UNUSED, client, fail, handshakes, record, serve
from stacks import C, HERE, RUN, SERVER, SHOP, client as command, have, nss_trusting, server, versions, write

ODD = ["python3", f"{HERE}/odd.py"]
ALL = ["go", "node", "erlang", "jsse", "nss", "mbedtls", "wolfssl", "bearssl", "botan", "ruby", "perl", "php", "aiohttp"]
OLD = {"mbedtls", "bearssl", "botan"}
REFUSED = ["unrecognized_name", "handshake_failure", "internal_error"]


def able(*stacks):
    missing = [stack for stack in stacks if stack != "aiohttp" and not have(stack.split("-")[0])]
    if missing:
        print(f"failures-other-stacks: {', '.join(missing)} missing: left out", file=sys.stderr)
    return not missing


def run(stack, **options):
    line, say = command(stack, **options)
    client(*line, say=say)


def attempt(make):
    try:
        make()
    except RuntimeError as error:
        print(f"failures-other-stacks: {error}", file=sys.stderr)


# Stacks in turn, so that every one meets several situations without all of them meeting all.
def closes():
    names = versions()
    situations = [
        ("server-closes", [*ODD, "server", "443"], fail("server_closed", "server"), "the server closes after the ClientHello"),
        ("server-resets", [*ODD, "server", "443", "--end", "rst"], fail("server_closed", "server"), "the server resets after the ClientHello"),
        ("answer-http", [*ODD, "server", "443", "--answer", "HTTP/1.1 400 Bad Request\\r\\nServer: nginx\\r\\nConnection: close\\r\\n\\r\\n<html>Bad Request</html>"],
         fail("server_not_tls", "client"), "an HTTP server answers the ClientHello"),
        ("answer-ssh", [*ODD, "server", "443", "--banner", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\\r\\n", "--stay", "0.2"], fail("server_not_tls", "client"), "an SSH server"),
        ("answer-smtp", [*ODD, "server", "443", "--banner", "220 mail.shop.example ESMTP Exim 4.96 ready\\r\\n", "--answer", "500 unrecognized command\\r\\n", "--stay", "0.2"],
         fail("server_not_tls", "client"), "an SMTP server, implicit TLS expected"),
        ("answer-redis", [*ODD, "server", "443", "--answer", "-ERR Protocol error: unbalanced quotes in request\\r\\n"], fail("server_not_tls", "client"), "a Redis server without TLS"),
    ]
    for situation, listener, truth, wrong in situations:
        def make():
            with serve(*listener):
                for stack in ALL:
                    if able(stack):
                        record(f"{stack}/{situation}", f"{names.get(stack)} and a server of ours on Python", lambda: run(stack), [truth], wrong)
        attempt(make)

    # a server that says nothing at all: only clients that give up by themselves or are ended
    def silent():
        with serve(*ODD, "server", "443", "--stay", "30"):
            for stack, seconds in (("go", 8), ("erlang", 9), ("node", 3), ("nss", 3), ("jsse", 3), ("mbedtls", 3), ("perl", 9), ("aiohttp", 9)):
                if able(stack):
                    line, say = command(stack)
                    record(f"{stack}/server-silent", f"{names[stack]} and a server of ours on Python that reads and says nothing", lambda: client(*line, say=say, seconds=seconds),
                           [fail("server_silent", "server")], "the server never answers; the client gives up or is ended")
    attempt(silent)

    # the server goes away in the middle of its flight
    for stack, kept, ending in (("go", 100, "fin"), ("node", 700, "rst"), ("erlang", 100, "rst"), ("jsse", 700, "fin"), ("nss", 100, "fin"), ("wolfssl", 700, "fin"), ("mbedtls", 400, "rst"), ("php", 100, "fin")):
        def cut():
            with serve(*server("go", port=8443), port=8443), serve(*ODD, "relay", "443", "127.0.0.1", "8443", "--cut", str(kept), "--end", ending):
                record(f"{stack}/server-leaves-in-flight-{ending}", f"{names[stack]} and Go behind a relay of ours that ends after {kept} bytes", lambda: run(stack),
                       [fail(["server_closed", "internal_error"], "server")], "the server goes away in the middle of its flight")
        if able(stack, "go"):
            attempt(cut)

    # clients that leave before they have finished
    def leaves():
        with serve(*ODD, "server", "443", "--stay", "6"):
            for stack, seconds in (("ruby", 1), ("wolfssl", 1.2)):
                line, say = command(stack)
                record(f"{stack}/client-ended", f"{names[stack]}, ended after {seconds} s, and a server of ours that says nothing", lambda: client(*line, say=say, seconds=seconds),
                       [fail(["server_silent", "client_closed"], ["server", "client"])], "the client is ended before the server has said anything")
    attempt(leaves)


def answered(fact):
    """What a server makes of text tells that it wanted TLS; selfserv just waits for more."""
    first = next((item for item in fact["trace"] if item[0] == "S" or item == "CFIN"), "")
    return fail("client_not_tls", "client") if first != "CFIN" else {"failure": {"cause": ["client_not_tls", None], "party": ["client", None]}}


def text_to_tls():
    names = versions()
    for stack in ("go", "node", "erlang", "jsse", "nss", "mbedtls", "wolfssl", "bearssl", "haproxy", "apache", "caddy", "stunnel", "lighttpd-gnutls", "lighttpd-mbedtls"):
        if not able(stack):
            continue

        def make():
            with serve(*server(stack)):
                record(f"{stack}/plain-http-to-tls", f"an HTTP request of ours and a server of {names[stack.split('-')[0]]} ({stack})",
                       lambda: client(*ODD, "client", SERVER, "443", "--say", "GET /status HTTP/1.1\\r\\nHost: www.shop.example\\r\\n\\r\\n"),
                       [answered], "plain HTTP to a TLS port")
        attempt(make)
    for stack, said, what in (("go", "EHLO till-17.shop.example\\r\\n", "SMTP"), ("haproxy", "SSH-2.0-PuTTY_Release_0.78\\r\\n", "SSH"), ("apache", "PROXY TCP4 10.8.0.1 10.8.0.2 50000 443\\r\\n", "a PROXY header"),
                              ("node", "PROXY TCP4 10.8.0.1 10.8.0.2 50000 443\\r\\n", "a PROXY header")):
        def make():
            with serve(*server(stack)):
                proxy = said.startswith("PROXY")
                record(f"{stack}/plain-{what.split()[-1].lower()}-to-tls", f"{what} of ours and a server of {names[stack]}", lambda: client(*ODD, "client", SERVER, "443", "--say", said),
                       [fail(["proxy_protocol_mismatch", "client_not_tls"] if proxy else "client_not_tls", ["network", "client"] if proxy else "client")], f"{what} to a TLS port")
        if able(stack):
            attempt(make)

    def waiting():
        with serve(*server("haproxy", extra="accept-proxy")):
            for stack in ("go", "node", "jsse"):
                record(f"{stack}/server-waits-for-proxy-header", f"{names[stack]} and a server of {names['haproxy']} with accept-proxy", lambda: run(stack),
                       [fail(["proxy_protocol_mismatch", "server_closed"], ["network", "server"])], "the server waits for a PROXY header before TLS")
    if able("haproxy"):
        attempt(waiting)


def names_and_faults():
    names = versions()
    for stack, by in (("go", "erlang"), ("node", "go"), ("jsse", "go"), ("caddy", "go"), ("haproxy", "go"), ("haproxy", "node")):
        if not able(stack, by):
            continue
        options = {"extra": "strict-sni"} if stack == "haproxy" else {"only": SHOP}
        def make():
            with serve(*server(stack, **options)):
                for version in ("1.2", "1.3"):
                    tag = f"tls{version.replace('.', '')}"
                    def cause(fact):
                        code = next((code for side, code in fact["alerts"] if side == "S"), None)
                        return fail("unrecognized_name" if code == 112 else [*REFUSED, "server_closed"] if code is None else REFUSED, "client" if code == 112 else ["client", "both", "server"])
                    how = f"{names[by]} and a server of {names[stack]} that serves www.shop.example only, TLS {version}"
                    record(f"{stack}/unrecognized-name-{by}-{tag}", how, lambda: run(by, version=version, name="www.other.example"), [cause], "a name that the server does not serve")
                    # the same after another client has been served under its name: what is known of the server decides
                    record(f"{stack}/unrecognized-name-known-{by}-{tag}", how, lambda: [run(by, version=version), run(by, version=version, name="www.other.example")],
                           [ESTABLISHED, fail("unrecognized_name", "client")], "a name that the server does not serve, after one that it does")
                    record(f"{stack}/sni-missing-known-{by}-{tag}", how, lambda: [run(by, version=version), run(by, version=version, sni=False)],
                           [ESTABLISHED, lambda fact: fail("sni_missing", "client") if "version" not in fact else ESTABLISHED], "no name, after one that the server serves")
        attempt(make)

    def broken():
        with serve(*server("go", extra=["-broken"])):
            for by, version in (("erlang", "1.2"), ("node", "1.3"), ("nss", "1.2"), ("jsse", "1.3"), ("mbedtls", "1.2")):
                record(f"go/internal-error-{by}-tls{version.replace('.', '')}", f"{names[by]} and a server of {names['go']}, TLS {version}", lambda: run(by, version=version),
                       [fail("internal_error", "server")], "the server fails to find its own certificate")
    if able("go"):
        attempt(broken)

    # one TLS 1.2 client shows the certificate that the TLS 1.3 client refuses in the dark
    for stack, kind, cert, name, cause in (("go", "expired", "expired", None, "certificate_expired"), ("erlang", "wrong-name", "good", "www.other.example", "certificate_name_mismatch"),
                                           ("jsse", "unknown-root", "unknown", None, "certificate_untrusted"), ("nss", "expired", "expired", None, "certificate_expired"),
                                           ("wolfssl", "self-signed", "selfsigned", None, "certificate_untrusted"), ("go", "not-yet-valid", "notyet", None, "certificate_not_yet_valid"),
                                           ("jsse", "wrong-purpose", "purpose", None, "certificate_unsupported")):
        def known():
            with serve(*server("caddy", cert)):
                extra = {"name": name} if name else {}
                record(f"{stack}/{kind}-seen-before", f"{names['mbedtls']} that takes every certificate, TLS 1.2, then {names[stack]}, TLS 1.3, and a server of {names['caddy']}",
                       lambda: [run("mbedtls", insecure=True, **extra), run(stack, version="1.3", **extra)],
                       [ESTABLISHED, fail(cause, "server")], f"{kind}: seen in the clear by another client before")
        if able(stack, "mbedtls", "caddy"):
            attempt(known)

    # a server that has shown TLS 1.3 and closes without a word on 1.2
    def quiet_close():
        with serve(*server("lighttpd-gnutls", version="1.3")):
            record("lighttpd-gnutls/version-client-old-known", f"{names['go']}, TLS 1.3, then TLS 1.2, and lighttpd on GnuTLS with TLS 1.3 only",
                   lambda: [run("go", version="1.3"), run("go", version="1.2")], [ESTABLISHED, fail(["version_mismatch", "server_closed"], ["client", "server"])],
                   "the server takes TLS 1.3 only and closes without an alert")
    if able("lighttpd", "go"):
        attempt(quiet_close)

    # interception: one private issuer for unrelated names, where another client sees public-looking ones
    for stack in ("go", "erlang", "jsse", "mbedtls", "php"):
        if not able(stack):
            continue
        def intercepted():
            with serve(*server("haproxy", "proxy-shop", port=443)), serve(*server("go", "proxy-bank", port=8443), port=8443), serve(*server("go", "proxy-news", port=9443), port=9443):
                record(f"{stack}/interception-tls12", f"{names[stack]} and three servers whose certificates one gateway makes up, TLS 1.2",
                       lambda: [run(stack, version="1.2", name=name, port=port) for name, port in ((SHOP, 443), ("www.bank.example", 8443), ("www.news.example", 9443))],
                       [fail(["tls_interception", "certificate_untrusted"], ["network", "server"])] * 3, "a gateway signs unrelated names with an authority that the client does not know")
        attempt(intercepted)


def no_failures():
    names = versions()
    for stack in ALL:
        if not able(stack):
            continue
        def requests():
            against = "haproxy" if stack != "bearssl" else "bearssl"
            with serve(*server(against)):
                for version in ("1.2",) if stack in OLD else ("1.2", "1.3"):
                    record(f"{stack}/request-tls{version.replace('.', '')}", f"{names.get(stack)} and a server of {names[against]}, TLS {version}", lambda: run(stack, version=version), [ESTABLISHED], "nothing: a request and its answer")
        attempt(requests)
    for stack in ("go", "node", "jsse"):
        def resumed():
            with serve(*server("caddy")):
                record(f"{stack}/resumption", f"{names[stack]} three times, and a server of {names['caddy']}", lambda: run(stack, times=3), [ESTABLISHED] * 3, "nothing: sessions taken up")
        if able(stack, "caddy"):
            attempt(resumed)
    for stack, version in (("go", "1.2"), ("go", "1.3"), ("node", "1.2"), ("node", "1.3"), ("mbedtls", "1.2"), ("wolfssl", "1.2"), ("wolfssl", "1.3")):
        def probes():
            with serve(*server("apache")):
                record(f"{stack}/probe-tls{version.replace('.', '')}", f"{names[stack]}, which finishes and closes, and a server of {names['apache']}",
                       lambda: run(stack, version=version, quiet=True), [UNUSED], "nothing: a probe that asks for nothing")
        if able(stack, "apache"):
            attempt(probes)

    def health():
        conf = write("check", f"""
global
  log stderr local0
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend dummy
  bind 127.0.0.1:9999
  default_backend shop
backend shop
  option httpchk GET /
  server a {SERVER}:443 check check-ssl inter 700 verify required ca-file {C}/root.pem verifyhost {SHOP} check-sni {SHOP}
backend tcp
  mode tcp
  server b {SERVER}:443 check check-ssl inter 700 verify none
""")
        with serve(*server("go")):
            record("haproxy/health-checks", f"{names['haproxy']} checking a server of {names['go']}, with a request and without", lambda: client("haproxy", "-db", "-f", conf, seconds=2.2),
                   handshakes(lambda fact: {"failure": None}), "nothing: health checks")
        with serve(*server("go", "expired")):
            record("haproxy/health-checks-expired", f"{names['haproxy']} checking a server of {names['go']} whose certificate has expired", lambda: client("haproxy", "-db", "-f", conf, seconds=2.2),
                   handshakes(lambda fact: (fail({45: "certificate_expired"}.get(fact["alerts"][0][1], "certificate_rejected"), "server", None) if fact["alerts"] else {"failure": None})), "the checks with verification meet an expired certificate")
    if able("haproxy", "go"):
        attempt(health)

    def polling():
        with serve(*server("go", extra=["-wait", "7s"])):
            record("go/long-poll", f"{names['node']} and a server of {names['go']} that answers after 7 s", lambda: run("node"), [ESTABLISHED], "nothing: a long poll")
    if able("go"):
        attempt(polling)

    # two addresses at once, the slower one is let go
    def race():
        script = os.path.join(RUN, "race.js")
        with open(script, "w") as file:
            file.write("""
const tls = require('tls'), fs = require('fs');
const options = { host: process.argv[2], port: 443, servername: 'www.shop.example', ca: fs.readFileSync(process.argv[3]) };
const first = tls.connect(options), second = tls.connect({ ...options, port: 8443 });
first.on('secureConnect', () => { second.destroy(); first.write('GET / HTTP/1.0\\r\\n\\r\\n'); });
first.on('data', () => {}); first.on('end', () => first.end()); second.on('error', () => {});
""")
        with serve(*server("go")), serve(*ODD, "server", "8443", "--stay", "3", port=8443):
            record("node/lost-race", f"{names['node']} trying two ports at once, dropping the one that is silent", lambda: client("node", script, SERVER, f"{C}/root.pem"),
                   lambda facts: [ESTABLISHED if fact["server"][1] == 443 else {"failure": {"cause": ["client_closed", None, "server_silent"], "party": ["none", None, "server"]}} for fact in facts],
                   "nothing: of two connections for one name the faster wins")
    if able("node", "go"):
        attempt(race)


def starttls_and_proxies():
    names = versions()
    for status in ("HTTP/1.1 403 Forbidden", "HTTP/1.1 407 Proxy Authentication Required", "HTTP/1.1 502 Bad Gateway"):
        def refused():
            with serve(*ODD, "connect", "3128", "--status", status, port=3128):
                record(f"curl/proxy-{status.split()[1]}", f"curl through a proxy of ours that says {status}",
                       lambda: client("curl", "-sk", "-x", f"http://{SERVER}:3128", f"https://{SHOP}/"), [fail("proxy_refused", "network")], f"the proxy refuses CONNECT: {status}")
        attempt(refused)
    for name, port, banner, answer, line in (
        ("smtp", 25, "220 mail.shop.example ESMTP\\r\\n", "250-mail.shop.example\\r\\n250 SIZE 1000000\\r\\n", ["curl", "-sk", "--ssl-reqd", f"smtp://{SERVER}:25/till", "--mail-from", "a@shop.example", "--mail-rcpt", "b@shop.example", "-T", "/etc/hostname"]),
        ("ftp", 21, "220 FTP ready\\r\\n", "500 AUTH not understood\\r\\n", ["curl", "-sk", "--ssl-reqd", f"ftp://{SERVER}:21/x"]),
        ("imap", 143, "* OK IMAP4rev1 ready\\r\\n", "* CAPABILITY IMAP4rev1\\r\\nA001 OK done\\r\\n", ["curl", "-sk", "--ssl-reqd", f"imap://{SERVER}:143/INBOX"]),
    ):
        def starttls():
            with serve(*ODD, "server", str(port), "--banner", banner, "--answer", answer, "--stay", "0.3", port=port):
                record(f"curl/starttls-refused-{name}", f"curl --ssl-reqd and a server of ours without STARTTLS ({name})", lambda: client(*line),
                       [fail("starttls_refused", "server")], "TLS is asked for and not to be had")
        attempt(starttls)


def browse(name, start, listeners, truth, how, wrong, seconds):
    def make():
        opened = []
        for listener, port in listeners:
            context = serve(*listener, port=port)
            context.__enter__()
            opened.append(context)
        try:
            record(name, how, lambda: client(*start(), seconds=seconds, env={"HOME": f"{RUN}/home", "MOZ_CRASHREPORTER_DISABLE": "1"}), truth, wrong, filter=f"tcp and host {SERVER}")
        finally:
            for context in opened:
                context.__exit__(None, None, None)
    attempt(make)


def chromium(url):
    profile = f"{RUN}/chromium-{time.monotonic_ns()}"
    return ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={profile}", f"--host-resolver-rules=MAP *.example {SERVER}, MAP * ~NOTFOUND", "--dump-dom", url]


def firefox(url):
    profile = f"{RUN}/firefox-{time.monotonic_ns()}"
    nss_trusting(profile, "root")
    with open(f"{profile}/user.js", "w") as prefs:
        for key, value in {"network.captive-portal-service.enabled": "false", "network.connectivity-service.enabled": "false", "app.update.enabled": "false", "datareporting.policy.dataSubmissionEnabled": "false",
                           "browser.safebrowsing.update.enabled": "false", "services.settings.server": '"data:,"', "network.trr.mode": "5", "toolkit.telemetry.enabled": "false",
                           "browser.shell.checkDefaultBrowser": "false", "network.http.http3.enable": "false"}.items():
            prefs.write(f'user_pref("{key}", {value});\n')
    return ["firefox-esr", "--headless", "--profile", profile, "--screenshot", f"{profile}/shot.png", url]


def visited(fact):
    """A page, or a connection kept ready: the browser may leave one of these before it has finished."""
    finished = any(item.startswith("S20") for item in fact["trace"]) if fact.get("version") != "TLS 1.3" else any(
        item.startswith("C23") and int(item.split(":")[1]) >= 53 for item in fact["trace"])
    return {"failure": None} if finished else {"failure": {"cause": ["client_closed", None], "party": ["none", "client", None]}}


def browsers():
    names = versions()
    nss_trusting(f"{RUN}/home/.pki/nssdb", "root")
    for browser, start in (("chromium", chromium), ("firefox", firefox)):
        if not able(browser):
            continue
        for kind, cert, name, wrong in (("expired", "expired", SHOP, "the certificate has expired"), ("wrong-name", "good", "www.other.example", "the certificate is for another name"),
                                        ("unknown-root", "unknown", SHOP, "the chain ends in a root that the browser does not have"), ("self-signed", "selfsigned", SHOP, "signed by itself")):
            for version in ("1.2", "1.3"):
                # a browser tries again by itself: each of its connections is refused, or left before it was used
                def refused(fact, kind=kind):
                    done = any(item.startswith("C20") for item in fact["trace"]) and any(item.startswith("S23") and item != "S23:19" for item in fact["trace"])
                    judged = bench.server_certificate(kind)(fact)
                    return judged if judged["failure"] else {"failure": None} if done else judged
                browse(f"{browser}/{kind}-tls{version.replace('.', '')}", lambda: start(f"https://{name}/"), [(server("caddy" if version == "1.3" else "go", cert, version=version), 443)],
                       handshakes(refused), f"{names[browser]} and Go's TLS {version}", wrong, 9)
        for tag, cert, version in (("tls13", "good", "1.3"), ("tls12", "rsa", "1.2")):
            browse(f"{browser}/page-{tag}", lambda: start(f"https://{SHOP}/"), [(server("caddy", cert, version=version), 443)],
                   handshakes(visited), f"{names[browser]} and a server of {names['caddy']}", "nothing: a page, and connections kept ready", 9)
        browse(f"{browser}/client-certificate-missing-tls12", lambda: start(f"https://{SHOP}/"), [(server("haproxy", version="1.2", ca="clientroot"), 443)],
               handshakes(lambda fact: fail("client_certificate_required", "client", None) if fact["alerts"] else fail(["client_closed", "client_certificate_required"], "client", None)),
               f"{names[browser]} and a server of {names['haproxy']}", "the server demands a client certificate", 8)
        browse(f"{browser}/client-certificate-missing-tls13", lambda: start(f"https://{SHOP}/"), [(server("go", version="1.3", ca="clientroot"), 443)],
               handshakes(lambda fact: fail(["client_certificate_required"] + ([] if any(i.startswith("S23:19") for i in fact["trace"]) else ["client_closed"]), "client", None)),
               f"{names[browser]} and a server of {names['go']}", "the server demands a client certificate", 8)
        browse(f"{browser}/version-server-old", lambda: start(f"https://{SHOP}/"), [(server("go", "rsa", version="1.0-1.1"), 443)],
               handshakes(lambda fact: fail("version_mismatch", "server")), f"{names[browser]} and a server of {names['go']} with TLS 1.1 at most", "the server is too old", 8)
        browse(f"{browser}/server-closes", lambda: start(f"https://{SHOP}/"), [([*ODD, "server", "443"], 443)],
               handshakes(lambda fact: fail("server_closed", "server")), f"{names[browser]} and a server of ours that closes", "the server closes after the ClientHello", 8)
        browse(f"{browser}/answer-http", lambda: start(f"https://{SHOP}/"), [([*ODD, "server", "443", "--answer", "HTTP/1.1 400 Bad Request\\r\\n\\r\\nno"], 443)],
               handshakes(lambda fact: fail("server_not_tls", "client")), f"{names[browser]} and a server of ours that answers in HTTP", "an HTTP server answers the ClientHello", 8)
        browse(f"{browser}/suite-cbc-only", lambda: start(f"https://{SHOP}/"), [(server("apache", "rsa", version="1.2", suites="DHE-RSA-AES256-GCM-SHA384"), 443)],
               handshakes(lambda fact: fail(["cipher_suite_mismatch", "handshake_failure"], "both")), f"{names[browser]} and a server of {names['apache']} with DHE only", "the server has DHE suites only", 8)
