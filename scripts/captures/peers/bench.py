"""Makes one capture after the other: a server in its namespace, tcpdump beside it, clients, and the label with the truth.

The truth comes from what was provoked; tshark adds the facts of each connection (ends, name, version, suite) and what a truth may
depend on: whether an alert was in the clear. What tlscribe says plays no part.
"""
import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

# what the labels of the other families share
sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from label import HELLO_RETRY, VERSIONS, suites

OUT = os.path.join(os.environ["OUT"], "failures-other-stacks")
RUN = os.environ["RUN"]
MADE_BY = os.environ["MADE_BY"]
LOG = os.path.join(RUN, "log")

labels = concurrent.futures.ThreadPoolExecutor(1)
pending = []
problems = []


def inside(name, command):
    return ["ip", "netns", "exec", f"tlscribe-{name}", *map(str, command)]


@contextmanager
def serve(*command, port=443, env=None):
    """A server that listens on a port while the block runs."""
    with open(f"{LOG}/server", "ab") as log:
        log.write(f"\n--- {command}\n".encode())
        log.flush()
        process = subprocess.Popen(inside("server", command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                   env={**os.environ, **(env or {})})
    try:
        for _ in range(200):
            if subprocess.run(inside("server", ["ss", "-Hltn", f"sport = :{port}"]), capture_output=True).stdout:
                break
            if process.poll() is not None:
                raise RuntimeError(f"the server ended: {command}")
            time.sleep(0.05)
        else:
            raise RuntimeError(f"nothing listens on {port}: {command}")
        yield process
    finally:
        # the group is this server's own: it was started as a session
        for how in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, how)
                process.wait(2)
                break
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                pass
        for _ in range(40):
            if not subprocess.run(inside("server", ["ss", "-Hltn", f"sport = :{port}"]), capture_output=True).stdout:
                break
            time.sleep(0.05)


def client(*command, seconds=10, say=b"", env=None):
    """Runs a client; how it ends does not matter, the capture shows what came of it."""
    with open(f"{LOG}/client", "ab") as log:
        log.write(f"\n--- {command}\n".encode())
        log.flush()
        process = subprocess.Popen(inside("client", command), stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
                                   env={**os.environ, **(env or {})})
        try:
            process.communicate(say, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_quiet(path):
    before = 0
    for _ in range(40):
        time.sleep(0.25)
        now = os.path.getsize(path)
        if now > 24 and now == before:
            return
        before = now


def record(name, how, act, truth, provoked, filter="tcp or icmp"):
    """Captures what `act` does as NAME.pcap. `truth` has an entry for each TCP connection, in the order of their first packets: None
    where there is no handshake to report, or {"outcome": ..., "failure": ...}; or it is a function from the facts of all to that."""
    path = os.path.join(OUT, f"{name}.pcap")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.exists(path[:-5] + ".json"):
        os.remove(path[:-5] + ".json")
    dump = subprocess.Popen(inside("server", ["tcpdump", "--immediate-mode", "-U", "-n", "-s", "65535", "-Z", "root", "-w", path, "-i", "eth0", filter]),
                            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while b"listening on" not in (line := dump.stderr.readline()):
        if not line:
            raise RuntimeError("tcpdump does not start")
    try:
        act()
        wait_quiet(path)
    finally:
        dump.send_signal(signal.SIGINT)
        dump.communicate()
    pending.append(labels.submit(label, path, name, how, truth, provoked))


FIELDS = [
    "frame.number", "tcp.stream", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "tcp.srcport", "tcp.dstport", "tcp.flags", "tcp.len",
    "tls.record.content_type", "tls.record.opaque_type", "tls.record.length", "tls.handshake.type", "tls.handshake.extensions_server_name",
    "tls.handshake.version", "tls.handshake.extensions.supported_version", "tls.handshake.ciphersuite", "tls.handshake.random",
    "tls.alert_message.desc", "tls.handshake.certificates_length",
]


def facts_of(path):
    """What tshark says of each TCP connection, in the order of their first packets."""
    arguments = [word for field in FIELDS for word in ("-e", field)]
    out = subprocess.run(["tshark", "-r", path, "-o", "tcp.desegment_tcp_streams:TRUE",
                          *(word for port in (8443, 8444, 8445, 9443) for word in ("-d", f"tcp.port=={port},tls")), "-Y", "tcp && !icmp", "-T", "fields", *arguments],
                         capture_output=True, text=True).stdout
    names, streams = suites(), {}
    for line in out.splitlines():
        row = dict(zip(FIELDS, line.split("\t")))
        source = row["ip.src"] or row["ipv6.src"], int(row["tcp.srcport"])
        target = row["ip.dst"] or row["ipv6.dst"], int(row["tcp.dstport"])
        fact = streams.setdefault(row["tcp.stream"], {"client": source, "server": target, "hello": False, "client_certificate": None, "alerts": [], "trace": []})
        side = "C" if source == fact["client"] else "S"
        flags = int(row["tcp.flags"], 0)
        types = (row["tls.record.opaque_type"] if row["tls.record.opaque_type"] else row["tls.record.content_type"]).split(",")
        types = row["tls.record.content_type"].split(",") if len(types) != len(row["tls.record.length"].split(",")) else types
        messages = row["tls.handshake.type"].split(",")
        if row["tls.record.length"]:
            lengths = row["tls.record.length"].split(",")
            kinds = (types + ["23"] * len(lengths))[:len(lengths)]
            fact["trace"] += [f"{side}{kind}:{length}" for kind, length in zip(kinds, lengths)]
        elif row["tcp.len"] not in ("", "0"):
            fact["trace"].append(f"{side}({row['tcp.len']})")
        if flags & 4:
            fact["trace"].append(f"{side}RST")
        elif flags & 1:
            fact["trace"].append(f"{side}FIN")
        for code in filter(None, row["tls.alert_message.desc"].split(",")):
            if code != "0":
                fact["alerts"].append((side, int(code)))
            fact["trace"].append(f"{side}alert {code}")
        if "1" in messages and not fact["hello"]:
            fact["hello"] = True
            if row["tls.handshake.extensions_server_name"]:
                fact["sni"] = row["tls.handshake.extensions_server_name"]
        if side == "C" and "11" in messages:
            fact["client_certificate"] = int(row["tls.handshake.certificates_length"].split(",")[0])
        if "2" in messages and not row["tls.handshake.random"].startswith(HELLO_RETRY) and "version" not in fact:
            version = row["tls.handshake.extensions.supported_version"] or row["tls.handshake.version"]
            fact["version"] = VERSIONS[int(version.split(",")[0], 0)]
            fact["cipher_suite"] = names.get(int(row["tls.handshake.ciphersuite"].split(",")[0], 0))
    return list(streams.values())


def label(path, name, how, truth, provoked):
    facts = facts_of(path)
    truths = truth(facts) if callable(truth) else [each(fact) if callable(each) else each for each, fact in zip(truth, facts)]
    if not callable(truth) and len(facts) != len(truth):
        problems.append(f"{name}: {len(facts)} connections, {len(truth)} expected: {[' '.join(fact['trace']) for fact in facts]}")
        os.remove(path)
        return
    handshakes = []
    for fact, said in zip(facts, truths):
        if said is None:
            continue
        event = {
            "client": {"ip": fact["client"][0], "port": fact["client"][1]}, "server": {"ip": fact["server"][0], "port": fact["server"][1]},
            "protocol": "tls", "transport": "tcp",
        }
        for key in ("sni", "version", "cipher_suite"):
            if fact.get(key):
                event[key] = fact[key]
        handshakes.append(event | said)
    said = {"made_by": MADE_BY, "how": how, "provoked": provoked}
    if not any(fact["hello"] for fact, truth in zip(facts, truths) if truth):
        said["hello"] = False
    with open(path[:-5] + ".json", "w") as file:
        json.dump(said | {"handshakes": handshakes}, file, indent=2)
        file.write("\n")


def finish():
    for done in pending:
        try:
            done.result()
        except Exception as error:  # the other captures are fine
            problems.append(repr(error))
    for problem in problems:
        print(f"failures-other-stacks: {problem}", file=sys.stderr)


# What may be said of a handshake.
def fail(cause, party, outcome="failed"):
    event = {"outcome": outcome, "failure": {"cause": cause, "party": party}}
    if outcome is None:
        del event["outcome"]
    return event


ESTABLISHED = {"outcome": "established", "failure": None}
UNUSED = {"outcome": "unused", "failure": None}

UNTRUSTED, REJECTED = "certificate_untrusted", "certificate_rejected"
VISIBLE = {
    "expired": "certificate_expired", "expired-intermediate": "certificate_expired", "not-yet-valid": "certificate_not_yet_valid",
    "wrong-name": "certificate_name_mismatch", "self-signed": UNTRUSTED, "unknown-root": UNTRUSTED, "missing-intermediate": UNTRUSTED,
    "wrong-purpose": "certificate_unsupported", "no-san": "certificate_name_mismatch",
}


def server_certificate(kind):
    """The truth of a server's certificate that its client refuses, as far as the wire can tell."""
    def judge(fact):
        codes = [code for side, code in fact["alerts"] if side == "C"]
        code = codes[0] if codes else None
        records = [item for item in fact["trace"] if item[0] == "C" and ":" in item]
        sealed = [int(item.split(":")[1]) for item in records if item.startswith("C23")]
        if fact.get("version") == "TLS 1.3":
            return judge_13(kind, code, sealed)
        if "C23" in " ".join(fact["trace"]):
            return ESTABLISHED  # the client takes it
        finished = any(item.startswith("C20") for item in records)
        if kind == "revoked" and code != 44:
            # a chain in order, but for its private root; dropped without an alert it can as well be a connection not used
            causes = ["certificate_revoked", "revocation_unavailable", UNTRUSTED, REJECTED]
            return fail(causes if code else [*causes, None], "server" if code else ["server", None], None)
        cause = "certificate_revoked" if kind == "revoked" else VISIBLE[kind]
        answered = any(item.startswith("S20") for item in fact["trace"])
        # refused after both have finished: abandoned; where the refusal crosses the server's Finished, either may be said
        sent = " ".join(fact["trace"])
        crossed = finished and answered and "C21" in sent and sent.index("C21") < sent.index("S20") + 14
        return fail(cause, "server", None if crossed else "abandoned" if finished and answered else "failed")
    return judge


def judge_13(kind, code, sealed):
    """Nothing of the chain is seen: an alert in the clear, or the length of a record, is all there is."""
    if code:
        cause = {44: "certificate_revoked", 45: "certificate_expired", 48: UNTRUSTED, 43: "certificate_unsupported"}.get(code, REJECTED)
        if code == 80:
            return fail(["internal_error", REJECTED], ["client", "server"])
        return fail([cause, "revocation_unavailable"] if code == 48 and kind == "revoked" else cause, "server")
    if not sealed:
        # gone without a word: that it was the certificate can only be supposed
        return fail(["client_closed", REJECTED], ["client", "server"])
    if any(length >= 53 for length in sealed):
        if len(sealed) > 1:
            return ESTABLISHED
        return {"failure": {"cause": [None, REJECTED, "client_closed"], "party": [None, "server", "client"]}}  # finished, and dropped
    return fail(REJECTED, "server")


def handshakes(judge):
    """The same truth for every connection with a ClientHello, and nothing of the others."""
    return lambda facts: [(judge(fact) if callable(judge) else judge) if fact["hello"] else None for fact in facts]
