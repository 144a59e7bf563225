#!/usr/bin/env python3
"""Writes the label of a capture, after asking tshark whether it agrees.

    label.py CAPTURE HOW [KEY=VALUE...] [-- KEY=VALUE...]...

HOW says how the capture was made. The KEY=VALUEs of one handshake follow, those of the next one after `--`, in the order of
their ClientHellos. A key is a path into the event (`server.port`), a value is JSON where it parses as JSON and text otherwise;
an empty value removes one of the defaults below. `--none` instead: the capture holds no handshake. `--cut` in front: no
hello is whole in it, or it stands where tshark sees none. `--no-hello` in front: the connections have none; `--tcp`: moreover they show
only with that option.
The frame numbers of alerts are filled in; a label about a failure may leave them out.
"""
import json
import os
import re
import subprocess
import sys

DEFAULTS = [
    f"client.ip={os.environ['CLIENT']}", f"server.ip={os.environ['SERVER']}", "server.port=443",
    "protocol=tls", "transport=tcp", "outcome=established",
]
VERSIONS = {0x0002: "SSL 2.0", 0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}
GROUPS = {
    21: "secp224r1", 23: "secp256r1", 24: "secp384r1", 25: "secp521r1", 26: "brainpoolP256r1", 29: "x25519", 30: "x448",
    256: "ffdhe2048", 257: "ffdhe3072", 4588: "X25519MLKEM768",
}
SIGNATURES = {
    0x0401: "rsa_pkcs1_sha256", 0x0501: "rsa_pkcs1_sha384", 0x0601: "rsa_pkcs1_sha512", 0x0403: "ecdsa_secp256r1_sha256",
    0x0503: "ecdsa_secp384r1_sha384",
    0x0804: "rsa_pss_rsae_sha256", 0x0805: "rsa_pss_rsae_sha384", 0x0806: "rsa_pss_rsae_sha512", 0x0807: "ed25519",
}
CLIENT_HELLO, SERVER_HELLO, SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE, PRE_SHARED_KEY = "1", "2", "12", "14", "41"
HELLO_RETRY = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"


def handshake(pairs):
    """The subset of an event that KEY=VALUE pairs describe."""
    event = {}
    for pair in DEFAULTS + pairs:
        key, _, text = pair.partition("=")
        *path, last = key.split(".")
        inner = event
        for name in path:
            inner = inner.setdefault(name, {})
        if text == "":
            inner.pop(last, None)
            continue
        try:
            inner[last] = json.loads(text)
        except ValueError:
            inner[last] = text
    return event


# Protocols that ask for TLS on their own ports: tshark follows them, unless it is told that they are TLS from the start.
ASKING_PORTS = {21, 110, 143, 389, 5432}


def tshark(capture, ports, *arguments):
    decode = [word for port in sorted(ports - {25, 443}) for word in ("-d", f"tcp.port=={port},tls")]
    command = ["tshark", "-r", capture, "-o", "tcp.desegment_tcp_streams:TRUE", "-o", "tcp.reassemble_out_of_order:TRUE", "--disable-protocol", "vnc", *decode, *arguments]
    run = subprocess.run(command, capture_output=True, text=True)
    return run.stdout.splitlines()


def suites():
    """Suite numbers to IANA's names, from tshark's own table, which takes a second to print and is kept for the next label."""
    kept = os.path.join(os.environ["RUN"], "suites")
    if not os.path.exists(kept):
        out = subprocess.run(["tshark", "-G", "values"], capture_output=True, text=True).stdout
        rows = re.findall(r"^V\ttls\.handshake\.ciphersuite\t(\w+)\t(\S+)", out, re.M)
        with open(kept, "w") as file:
            file.writelines(f"{number} {name}\n" for number, name in rows)
    with open(kept) as file:
        return {int(number, 0): name for number, name in map(str.split, file)}


CHECKED = {"client", "server", "sni", "version", "cipher_suite", "named_group", "signature_scheme", "alpn", "hello_retry", "resumed"}
FIELDS = [
    "tcp.stream", "tls.handshake.type", "tls.handshake.extension.type", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "tcp.dstport", "tls.handshake.extensions_server_name",
    "tls.handshake.version", "tls.handshake.extensions.supported_version", "tls.handshake.ciphersuite", "tls.handshake.random",
    "tls.handshake.extensions_key_share_group", "tls.handshake.server_named_curve",
    "tls.handshake.extensions_alpn_str", "tls.handshake.sig_hash_alg",
]


def first(text):
    return text.split(",")[0]


def innermost(text):
    return text.split(",")[-1]


def version_and_suite(row, names):
    """What every ServerHello says that is not a HelloRetryRequest."""
    version = VERSIONS[int(first(row["tls.handshake.extensions.supported_version"]) or first(row["tls.handshake.version"]), 0)]
    return {"version": version, "cipher_suite": names[int(first(row["tls.handshake.ciphersuite"]), 0)]}


def server_hello(row, names):
    """The facts of a frame with a ServerHello that is not a HelloRetryRequest."""
    facts = version_and_suite(row, names)
    if facts["version"] == "TLS 1.3":
        facts["resumed"] = PRE_SHARED_KEY in row["tls.handshake.extension.type"].split(",")
    if group := row["tls.handshake.extensions_key_share_group"]:
        facts["named_group"] = GROUPS[int(first(group), 0)]
    if alpn := row["tls.handshake.extensions_alpn_str"]:
        facts["alpn"] = alpn
    return facts


def server_key_exchange(row):
    facts = {}
    if curve := row["tls.handshake.server_named_curve"]:
        facts["named_group"] = GROUPS[int(first(curve), 0)]
    if signature := row["tls.handshake.sig_hash_alg"]:
        facts["signature_scheme"] = SIGNATURES[int(first(signature), 0)]
    return facts


def seen(capture, ports):
    """What tshark says of each TCP stream with a ClientHello, by the time of that hello."""
    names, streams = suites(), {}
    arguments = [word for field in FIELDS for word in ("-e", field)]
    for line in tshark(capture, ports, "-Y", "tls.handshake.type", "-T", "fields", *arguments):
        row = dict(zip(FIELDS, line.split("\t")))
        types = row["tls.handshake.type"].split(",")
        facts = streams.get(row["tcp.stream"])
        if CLIENT_HELLO in types and facts is None:
            source, destination = (innermost(row[f"ip.{end}"] or row[f"ipv6.{end}"]) for end in ("src", "dst"))
            facts = {"client": {"ip": source}, "server": {"ip": destination, "port": int(row["tcp.dstport"])}, "hello_retry": False}
            if name := row["tls.handshake.extensions_server_name"]:
                facts["sni"] = name
            streams[row["tcp.stream"]] = facts
        elif facts is None:
            continue
        if SERVER_HELLO in types:
            if row["tls.handshake.random"].startswith(HELLO_RETRY):
                facts["hello_retry"] = True
            elif "version" not in facts:
                facts |= server_hello(row, names)
        if SERVER_KEY_EXCHANGE in types:
            facts |= server_key_exchange(row)
        if "version" in facts and facts["version"] != "TLS 1.3":
            # a server that takes up a session says Finished instead of ServerHelloDone
            facts["resumed"] = facts.get("resumed", True) and SERVER_HELLO_DONE not in types
    return list(streams.values())


def seen_alerts(capture, ports):
    """The alerts in the clear, but for close_notify: frame number, sender's address, level and code."""
    fields = ("frame.number", "ip.src", "ipv6.src", "tls.alert_message.level", "tls.alert_message.desc")
    arguments = [word for field in fields for word in ("-e", field)]
    for line in tshark(capture, ports, "-Y", "tls.alert_message.desc > 0", "-T", "fields", *arguments):
        frame, source4, source6, level, code = line.split("\t")
        yield int(frame), source4 or source6, {"1": "warning", "2": "fatal"}[level], int(code)


def place_alerts(events, alerts):
    """Puts frame numbers into the labels' alerts; yields what does not fit."""
    for event in events:
        for alert in event.get("alerts", []):
            frame, source, level, code = next(alerts, (None, None, None, None))
            if (source, level, code) != (event[alert["from"]]["ip"], alert["level"], alert["code"]):
                yield f"the label has alert {alert['code']} of the {alert['from']}, tshark {level} {code} of {source}"
            alert["frame"] = frame
    if any("failure" in event for event in events) and not any("alerts" in event for event in events):
        return
    yield from (f"an alert that no label has: {alert}" for alert in alerts)


def differences(label, facts):
    """Where a label says something that tshark does not see, or sees otherwise. A label may leave out what it does not care for."""
    # tshark does not look into the ServerKeyExchange of ECDHE_PSK
    blind = {"named_group"} if "ECDHE_PSK" in label.get("cipher_suite", "") else set()
    for key in sorted(label.keys() & CHECKED - blind):
        if label[key] != facts.get(key):
            yield f"{key}: the label says {label[key]}, tshark {facts.get(key)}"


def save(capture, label):
    """Writes a label beside its capture."""
    path = re.sub(r"\.pcap(ng)?(\.gz|\.zst)?$", ".json", capture)
    with open(path, "w") as file:
        json.dump(label, file, indent=2)
        file.write("\n")


def main():
    capture, how, *rest = sys.argv[1:]
    tcp = rest[:1] == ["--tcp"]
    no_hello = tcp or rest[:1] == ["--no-hello"]
    cut = no_hello or rest[:1] == ["--cut"]
    if cut:
        rest = rest[1:]
    groups = [[]]
    for word in rest:
        if word == "--":
            groups.append([])
        else:
            groups[-1].append(word)
    events = [] if rest == ["--none"] else [handshake(group) for group in groups]
    ports = {event["server"]["port"] for event in events}

    problems = list(place_alerts(events, seen_alerts(capture, ports)))
    facts = [] if no_hello else seen(capture, ports - ASKING_PORTS)
    if len(facts) != len(events) and not cut and ports & ASKING_PORTS:
        facts = seen(capture, ports)
    if len(facts) != len(events) and not cut:
        problems.append(f"the label has {len(events)} handshakes, tshark sees {len(facts)}")
    for number, (event, fact) in enumerate(zip(events, facts), 1):
        problems += [f"handshake {number}: {line}" for line in differences(event, fact)]
    if problems:
        sys.exit("\n".join(f"{capture}: {line}" for line in problems))

    label = {"made_by": os.environ["MADE_BY"], "how": how}
    if tcp:
        label["options"] = ["--tcp"]
    if no_hello:
        label["hello"] = False
    label["handshakes"] = events
    save(capture, label)


if __name__ == "__main__":
    main()
