"""How each stack's client and server is started. One vocabulary for all: versions "1.2" and "1.3", files below $RUN/other."""
import json
import os
import shutil
import subprocess

RUN = os.environ["RUN"]
SERVER = os.environ["SERVER"]
HERE = os.path.dirname(os.path.abspath(__file__))
C, BIN = f"{RUN}/other", f"{RUN}/bin"
SHOP = "www.shop.example"


def output(*command):
    try:
        run = subprocess.run(command, capture_output=True, text=True)
        return (run.stdout + run.stderr).strip()
    except OSError:
        return ""


def debian(package):
    version = output("dpkg-query", "-W", "-f", "${Version}", package)
    return version.split(":")[-1].split("-")[0].split("+")[0]


def have(name):
    needs = {
        "go": f"{BIN}/go", "jsse": f"{BIN}/Jsse.class", "mbedtls": f"{BIN}/mbedtls", "wolfssl": f"{BIN}/wolfssl", "bearssl": f"{BIN}/bearssl",
        "erlang": "escript", "nss": "tstclnt", "perl": "perl", "apache": "apache2", "firefox": "firefox-esr", "stunnel": "stunnel4",
    }.get(name, name)
    return os.path.exists(needs) or shutil.which(needs) is not None


def versions():
    return {
        "go": "Go " + output("go", "version").split(" ")[2][2:] if have("go") else "", "node": "Node.js " + output("node", "--version")[1:],
        "erlang": f"Erlang/OTP {debian('erlang-ssl')}", "jsse": f"JSSE of Java {output('java', '--version').split(' ')[1] if have('jsse') else ''}",
        "nss": f"NSS {debian('libnss3')}", "mbedtls": f"Mbed TLS {debian('libmbedtls-dev')}", "wolfssl": f"wolfSSL {debian('libwolfssl-dev')}",
        "bearssl": f"BearSSL {debian('libbearssl-dev')}", "botan": f"Botan {debian('botan')}", "ruby": f"Ruby {debian('ruby')} on OpenSSL",
        "perl": f"IO::Socket::SSL {debian('libio-socket-ssl-perl')} on OpenSSL", "php": f"PHP {debian('php-cli')} on OpenSSL",
        "openssl": os.environ["OPENSSL"], "haproxy": f"HAProxy {debian('haproxy')} on OpenSSL", "stunnel": f"stunnel {debian('stunnel4')} on OpenSSL",
        "lighttpd": f"lighttpd {debian('lighttpd')}", "caddy": f"Caddy {debian('caddy')} on Go", "apache": f"Apache httpd {debian('apache2-bin')} on OpenSSL",
        "chromium": f"Chromium {debian('chromium')}", "firefox": f"Firefox {debian('firefox-esr')}",
        "aiohttp": "aiohttp on Python and OpenSSL",
    }


def words(options):
    return [f"{key}={value}" for key, value in options.items() if value is not None]


def bounds(version):
    """Lowest and highest version of one version, "1.2-1.3" or None."""
    low, _, high = (version or "1.2-1.3").partition("-")
    return low, high or low


NSS_DB = f"sql:{RUN}/nss-other"


def nss_trusting(path, *roots):
    """Makes a database of NSS in a folder, which trusts these roots of ours."""
    os.makedirs(path, exist_ok=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["certutil", "-N", "-d", f"sql:{path}", "--empty-password"], **quiet)
    for root in roots:
        subprocess.run(["certutil", "-A", "-d", f"sql:{path}", "-n", root, "-t", "CT,C,C", "-i", f"{C}/{root}.pem"], **quiet)


def nss_database():
    path = NSS_DB[4:]
    if not os.path.isdir(path):
        nss_trusting(path, "root", "clientroot")


def nss_certificate(name):
    """A database with the certificate under the nickname NAME: all leaves have one subject, which a database keeps under one nickname."""
    base = f"{RUN}/nss-{name}"
    if not os.path.isdir(base):
        nss_database()
        shutil.copytree(NSS_DB[4:], base)
        subprocess.run(["pk12util", "-i", f"{C}/{name}.p12", "-d", f"sql:{base}", "-W", "secret"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return f"sql:{base}"


# --- clients: the command, and what to say to it on standard input

def client(stack, name=SHOP, ca="root", version=None, cert=None, port=443, alpn=None, sni=True, insecure=False, suites=None, groups=None, crl=None,
           times=1, quiet=False):
    low, high = bounds(version)
    chain, key = (f"{C}/{cert}.chain.pem", f"{C}/{cert}.key") if cert else (None, None)
    root = f"{C}/{ca}.pem"
    say = b""
    if stack == "go":
        command = [f"{BIN}/go", "client", "-name", name, "-ca", root, "-min", low, "-max", high, "-times", times]
        command += ["-chain", chain, "-key", key] if cert else []
        command += ["-alpn", alpn] if alpn else []
        command += ["-suites", suites] if suites else []
        command += ["-groups", groups] if groups else []
        command += ["-no-sni"] if not sni else []
        command += ["-insecure"] if insecure else []
        command += ["-quiet"] if quiet else []
        command += [f"{SERVER}:{port}"]
    elif stack == "node":
        options = {"host": SERVER, "port": port, "servername": name if sni else "", "ca": root, "minVersion": f"TLSv{low}", "maxVersion": f"TLSv{high}",
                   "times": times, "quiet": quiet, "rejectUnauthorized": not insecure}
        options |= {"cert": chain, "key": key} if cert else {}
        options |= {"ALPNProtocols": alpn.split(",")} if alpn else {}
        options |= {"ciphers": suites} if suites else {}
        options |= {"ecdhCurve": groups} if groups else {}
        options |= {"crl": crl} if crl else {}
        command = ["node", f"{HERE}/peer.js", "client", json.dumps(options)]
    elif stack == "erlang":
        parts = [f"{{versions,[{','.join(sorted({repr('tlsv' + v) for v in (low, high)}, reverse=True))}]}}"]
        parts.append("{verify,verify_none}" if insecure else f'{{verify,verify_peer}},{{cacertfile,"{root}"}},{{depth,4}}')
        parts.append(f'{{server_name_indication,"{name}"}}' if sni else "{server_name_indication,disable}")
        if cert:
            parts.append(f'{{certfile,"{chain}"}},{{keyfile,"{key}"}}')
        if alpn:
            parts.append("{alpn_advertised_protocols,[%s]}" % ",".join(f'<<"{p}">>' for p in alpn.split(",")))
        if suites:
            parts.append('{ciphers,"%s"}' % suites)
        if groups:
            parts.append("{supported_groups,[%s]}" % groups)
        command = ["escript", f"{HERE}/peer.escript", "client", SERVER, port, "[" + ",".join(parts) + "]"]
    elif stack == "jsse":
        options = {"address": SERVER, "port": port, "name": name, "ca": root, "store": f"{C}/{cert}.p12" if cert else None, "alpn": alpn, "suites": suites,
                   "protocols": ",".join(sorted({f"TLSv{low}", f"TLSv{high}"})), "crl": crl, "times": times, "sni": None if sni else "no", "nocheck": "1" if insecure or not sni else None}
        command = ["java", *([f"-Djdk.tls.namedGroups={groups}"] if groups else []), "-cp", BIN, "Jsse", "client", *words(options)]
    elif stack == "nss":
        nss_database()
        say = b"GET / HTTP/1.0\r\n\r\n"
        database = nss_certificate(cert) if cert else NSS_DB
        command = ["tstclnt", "-h", SERVER, "-p", port, "-a", name, "-d", database, "-V", f"tls{low}:tls{high}"]
        command += ["-n", "server"] if cert else []
        command += ["-o"] if insecure else []
        command += ["-c", suites] if suites else []
        command += ["-I", groups] if groups else []
        command += ["-Q"] if quiet else []
    elif stack == "mbedtls":
        minor = {"1.0": 1, "1.1": 2, "1.2": 3, "1.3": 3}
        options = {"address": SERVER, "port": port, "name": name if sni else None, "ca": root, "chain": chain, "key": key, "alpn": alpn, "suite": suites, "group": groups,
                   "crl": crl, "insecure": "1" if insecure else None, "min": minor[low], "max": minor[high], "quiet": "1" if quiet else None}
        command = [f"{BIN}/mbedtls", "client", *words(options)]
    elif stack == "wolfssl":
        options = {"address": SERVER, "port": port, "name": name if sni else None, "ca": root, "chain": chain, "key": key, "alpn": alpn, "suites": suites,
                   "insecure": "1" if insecure else None, "version": high[2] if version and low == high else None, "quiet": "1" if quiet else None}
        command = [f"{BIN}/wolfssl", "client", *words(options)]
    elif stack == "bearssl":
        command = [f"{BIN}/bearssl", "client", *words({"address": SERVER, "port": port, "name": name, "ca": root})]
    elif stack == "botan":
        say = b"GET / HTTP/1.0\r\n\r\n"
        command = ["botan", "tls_client", name, f"--port={port}", "--skip-system-cert-store", f"--trusted-cas={root}", *([f"--next-protocols={alpn}"] if alpn else []),
                   *([f"--client-cert={chain}", f"--client-cert-key={key}"] if cert else [])]
    elif stack == "ruby":
        command = ["ruby", f"{HERE}/request.rb", SERVER, port, name, root, high]
    elif stack == "perl":
        command = ["perl", f"{HERE}/request.pl", SERVER, port, name, root, f"TLSv{high.replace('.', '_')}"]
    elif stack == "php":
        command = ["php", f"{HERE}/request.php", SERVER, port, name, root, f"tlsv{high}"]
    elif stack == "aiohttp":
        command = [os.environ.get("AIOHTTP_PYTHON", "python3"), f"{HERE}/request.aiohttp.py", SERVER, port, name, root, high]
    elif stack == "openssl":
        say = b"GET / HTTP/1.0\r\n\r\n"
        command = ["openssl", "s_client", "-quiet", "-connect", f"{SERVER}:{port}", "-CAfile", root, *(["-servername", name] if sni else ["-noservername"])]
        command += [] if insecure else ["-verify_return_error", "-verify_hostname", name]
        command += {"1.2": ["-tls1_2"], "1.3": ["-tls1_3"], "1.1": ["-tls1_1"], "1.0": ["-tls1"]}.get(version, [])
        command += ["-cert", chain, "-key", key] if cert else []
        command += ["-alpn", alpn] if alpn else []
        command += ["-cipher", suites] if suites else []
        command += ["-groups", groups] if groups else []
    else:
        raise KeyError(stack)
    return command, say


# --- servers

def write(name, text):
    path = f"{RUN}/other-{name}.conf"
    with open(path, "w") as file:
        file.write(text)
    return path


def server(stack, cert="good", version=None, ca=None, optional=False, port=443, alpn=None, suites=None, groups=None, only=None, extra=None):
    """The command of a server; `ca` makes it ask for a client certificate of that root, `only` serves no other name."""
    low, high = bounds(version)
    chain, key, both = f"{C}/{cert}.chain.pem", f"{C}/{cert}.key", f"{C}/{cert}.both.pem"
    roots = f"{C}/{ca}.pem" if ca else None
    os.makedirs(f"{RUN}/www", exist_ok=True)
    with open(f"{RUN}/www/index.html", "w") as page:
        page.write("hello\n")
    if stack == "go":
        return [f"{BIN}/go", "server", "-chain", chain, "-key", key, "-min", low, "-max", high, *(["-ca", roots] if ca else []), *(["-optional"] if optional else []),
                *(["-alpn", alpn] if alpn else []), *(["-suites", suites] if suites else []), *(["-groups", groups] if groups else []), *(["-name", only] if only else []),
                *(extra or []), f"0.0.0.0:{port}"]
    if stack == "node":
        options = {"port": port, "cert": chain, "key": key, "minVersion": f"TLSv{low}", "maxVersion": f"TLSv{high}"}
        options |= {"ca": roots, "requestCert": True, "rejectUnauthorized": not optional} if ca else {}
        options |= {"ALPNProtocols": alpn.split(",")} if alpn else {}
        options |= {"ciphers": suites} if suites else {}
        options |= {"ecdhCurve": groups} if groups else {}
        options |= {"onlyName": only} if only else {}
        return ["node", f"{HERE}/peer.js", "server", json.dumps(options)]
    if stack == "erlang":
        parts = [f'{{certfile,"{chain}"}},{{keyfile,"{key}"}}', f"{{versions,[{','.join(sorted({repr('tlsv' + v) for v in (low, high)}, reverse=True))}]}}"]
        if ca:
            parts.append(f'{{cacertfile,"{roots}"}},{{verify,verify_peer}},{{fail_if_no_peer_cert,{"false" if optional else "true"}}}')
        if alpn:
            parts.append("{alpn_preferred_protocols,[%s]}" % ",".join(f'<<"{p}">>' for p in alpn.split(",")))
        if suites:
            parts.append('{ciphers,"%s"}' % suites)
        if groups:
            parts.append("{supported_groups,[%s]}" % groups)
        return ["escript", f"{HERE}/peer.escript", "server", port, "[" + ",".join(parts) + "]"]
    if stack == "jsse":
        options = {"port": port, "store": f"{C}/{cert}.p12", "ca": roots, "protocols": ",".join(sorted({f"TLSv{low}", f"TLSv{high}"})), "alpn": alpn, "suites": suites, "only": only,
                   "need": "1" if ca and not optional else None, "want": "1" if ca and optional else None}
        return ["java", *([f"-Djdk.tls.namedGroups={groups}"] if groups else []), *(extra or []), "-cp", BIN, "Jsse", "server", *words(options)]
    if stack == "nss":
        return ["selfserv", "-n", "server", "-p", port, "-d", nss_certificate(cert), "-V", f"tls{low}:tls{high}", *({None: [], False: ["-r", "-r"], True: ["-r"]}[optional if ca else None]),
                *(["-c", suites] if suites else []), *(["-I", groups] if groups else [])]
    if stack == "mbedtls":
        minor = {"1.0": 1, "1.1": 2, "1.2": 3, "1.3": 3}
        return [f"{BIN}/mbedtls", "server", *words({"port": port, "chain": chain, "key": key, "ca": roots, "need": "1" if ca and not optional else None,
                "want": "1" if ca and optional else None, "alpn": alpn, "suite": suites, "group": groups, "min": minor[low], "max": minor[high]})]
    if stack == "wolfssl":
        return [f"{BIN}/wolfssl", "server", *words({"port": port, "chain": chain, "key": key, "ca": roots, "need": "1" if ca and not optional else None, "suites": suites,
                "want": "1" if ca and optional else None, "alpn": alpn, "version": high[2] if version and low == high else None})]
    if stack == "bearssl":
        return [f"{BIN}/bearssl", "server", *words({"port": port, "chain": chain, "key": key})]
    if stack == "botan":
        return ["botan", "tls_server", chain, key, f"--port={port}"]
    if stack == "haproxy":
        ask = f" ca-file {roots} verify {'optional' if optional else 'required'}" if ca else ""
        return ["haproxy", "-db", "-f", write("haproxy", f"""
global
  log stderr local0
  ssl-default-bind-options ssl-min-ver TLSv{low} ssl-max-ver TLSv{high}
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend in
  bind :{port} ssl crt {both}{ask}{f' alpn {alpn}' if alpn else ''}{f' ciphers {suites}' if suites else ''}{f' curves {groups}' if groups else ''} {extra or ''}
  http-request return status 200 content-type text/plain string hello
""")]
    if stack == "stunnel":
        return ["stunnel4", write("stunnel", f"""
foreground = yes
pid =
socket = l:TCP_NODELAY=1
[tls]
accept = {port}
connect = 127.0.0.1:8080
cert = {chain}
key = {key}
sslVersionMin = TLSv{low}
sslVersionMax = TLSv{high}
{f'CAfile = {roots}' if ca else ''}
{'verifyChain = yes' if ca else ''}
{'requireCert = yes' if ca and not optional else ''}
""")]
    if stack.startswith("lighttpd"):
        module = stack.partition("-")[2] or "openssl"
        ask = f'ssl.verifyclient.activate = "enable"\nssl.verifyclient.enforce = "{"disable" if optional else "enable"}"\nssl.verifyclient.ca-file = "{roots}"' if ca else ""
        return ["lighttpd", "-D", "-f", write(stack, f"""
server.document-root = "{RUN}/www"
server.port = {port}
server.bind = "0.0.0.0"
index-file.names = ("index.html")
server.modules += ("mod_{module}")
ssl.engine = "enable"
ssl.pemfile = "{both}"
ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv{low}", "MaxProtocol" => "TLSv{high}")
{ask}
""")]
    if stack == "apache":
        modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in ("mpm_event", "ssl", "authz_core", "dir", "mime"))
        ask = f"SSLCACertificateFile {roots}\nSSLVerifyClient {'optional' if optional else 'require'}" if ca else ""
        protocols = " ".join(f"+TLSv{v}" for v in sorted({low, high})).replace("+TLSv1.0", "+TLSv1")
        return ["apache2", "-X", "-f", write("apache", f"""
ServerRoot {RUN}
PidFile {RUN}/apache.pid
ErrorLog {RUN}/log/apache
ServerName {SHOP}
Listen {port}
{modules}
TypesConfig /etc/mime.types
DocumentRoot {RUN}/www
<Directory {RUN}/www>
Require all granted
</Directory>
User www-data
Group www-data
SSLEngine on
SSLCertificateFile {chain}
SSLCertificateKeyFile {key}
SSLProtocol -all {protocols}
{f'SSLCipherSuite {suites}' if suites else ''}
{ask}
{extra or ''}
""")]
    if stack == "caddy":
        policy = {"certificate_selection": {"any_tag": ["it"]}, "protocol_min": f"tls{low}", "protocol_max": f"tls{high}"}
        if only:
            policy["match"] = {"sni": [only]}
        if alpn:
            policy["alpn"] = alpn.split(",")
        if ca:
            policy["client_authentication"] = {"trusted_ca_certs_pem_files": [roots], "mode": "verify_if_given" if optional else "require_and_verify"}
        return ["caddy", "run", "--adapter", "", "--config", write("caddy", json.dumps({
            "admin": {"disabled": True, "config": {"persist": False}},
            "apps": {"tls": {"certificates": {"load_files": [{"certificate": chain, "key": key, "tags": ["it"]}]}},
                     "http": {"servers": {"s": {"listen": [f":{port}"], "automatic_https": {"disable": True}, "tls_connection_policies": [policy],
                              "routes": [{"handle": [{"handler": "static_response", "body": "hello\n"}]}]}}}},
        }))]
    raise KeyError(stack)
