#!/usr/bin/env python3
"""Writes the label of a failure.

    label-failure.py CAPTURE HOW PROVOKED TRUTH

HOW says who talked to whom, PROVOKED what was done to make it fail. TRUTH has the outcome (`failed` where it is left out), the cause
and the party of each handshake, in the order of their ClientHellos and with commas between: `established, certificate_expired
server`. It is what can be known from the packets: where two things look the same, they have the same truth. Ends, name, version,
suite and alerts are what tshark sees.
"""
import os
import sys

from label import CLIENT_HELLO, HELLO_RETRY, SERVER_HELLO, save, suites, tshark, version_and_suite

OUTCOMES = {"established", "unused", "abandoned", "failed", "unfinished"}
FIELDS = [
    "frame.number", "tcp.stream", "ip.src", "ip.dst", "tcp.srcport", "tcp.dstport", "tls.handshake.type",
    "tls.handshake.extensions_server_name", "tls.handshake.version", "tls.handshake.extensions.supported_version",
    "tls.handshake.ciphersuite", "tls.handshake.random", "tls.alert_message.level", "tls.alert_message.desc",
]


def handshakes(capture, ports):
    """The beginnings of labels, by the time of their ClientHellos."""
    names, streams = suites(), {}
    arguments = [word for field in FIELDS for word in ("-e", field)]
    for line in tshark(capture, ports, "-Y", "tls.handshake.type || tls.alert_message.desc", "-T", "fields", *arguments):
        row = dict(zip(FIELDS, line.split("\t")))
        types = row["tls.handshake.type"].split(",")
        event = streams.get(row["tcp.stream"])
        if event is None:
            if CLIENT_HELLO not in types:
                continue
            event = {
                "client": {"ip": row["ip.src"], "port": int(row["tcp.srcport"])},
                "server": {"ip": row["ip.dst"], "port": int(row["tcp.dstport"])},
                "protocol": "tls", "transport": "tcp",
            }
            # a hello may have it twice, on purpose
            if (name := row["tls.handshake.extensions_server_name"]) and "," not in name:
                event["sni"] = name
            streams[row["tcp.stream"]] = event
        if SERVER_HELLO in types and not row["tls.handshake.random"].startswith(HELLO_RETRY) and "version" not in event:
            try:
                # groups and ALPN are other families' business
                event |= version_and_suite(row, names)
            except (KeyError, ValueError):
                # no hello that could be read: some of them are broken on purpose
                pass
        levels, codes = (row[f"tls.alert_message.{field}"].split(",") for field in ("level", "desc"))
        for level, code in zip(levels, codes):
            if code:
                sender = "client" if int(row["tcp.srcport"]) == event["client"]["port"] else "server"
                alert = {"from": sender, "level": {"1": "warning", "2": "fatal"}[level], "code": int(code)}
                event.setdefault("alerts", []).append(alert | {"visibility": "plaintext", "frame": int(row["frame.number"])})
    return list(streams.values())


def verdict(words):
    """Outcome and failure of one handshake."""
    outcome = words.pop(0) if words[0] in OUTCOMES else "failed"
    if not words:
        return {"outcome": outcome}
    cause, party = words
    return {"outcome": outcome, "failure": {"cause": cause, "party": party}}


def main():
    capture, how, provoked, truth = sys.argv[1:]
    truths = [part.split() for part in truth.split(",")]
    events = handshakes(capture, {int(port) for port in os.environ.get("PORTS", "443").split()})
    if len(events) != len(truths):
        sys.exit(f"{capture}: the label has {len(truths)} handshakes, tshark sees {len(events)}: {events}")
    for event, words in zip(events, truths):
        del event["client"]["port"]
        event |= verdict(words)
    save(capture, {"made_by": os.environ["MADE_BY"], "how": how, "provoked": provoked, "handshakes": events})


main()
