"""What scripts/bench and scripts/bench-live share: the big captures, and what is true of them."""

import json
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
FOLDER = TARGET / "bench/captures"
SHARED = ROOT.parent / "shared"


def tlscribe(program):
    """tlscribe, as an absolute path: this program, or where none is given a new build."""
    if program is None:
        subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
        program = TARGET / "release/tlscribe"
    return str(Path(program).resolve())


def make(shared, folder):
    """Makes the captures of ../shared/bench/gen in a folder."""
    generator = folder / "gen"
    shutil.copytree(shared / "bench/gen", generator, dirs_exist_ok=True)
    script = """
        set -e
        for program in pcaptool smallpkt; do rustc --edition 2021 -C opt-level=3 -A warnings $program.rs; done
        (cd tlsgen && cargo build --release --locked --target-dir target)
        ./net.sh up; ./certs.sh; ./servers.sh start
        for capture in handshakes failures bulk mixed small; do ./$capture.sh; done
        ./pcaptool replicate $OUT/failures.pcap $OUT/failures-50k.pcap 27 700000
        ./servers.sh stop; ./net.sh down"""
    subprocess.run(["bash", "-c", script], cwd=generator, env={**os.environ, "OUT": str(folder)}, check=True)


def truth(capture):
    """Streams with a ClientHello and with a ServerHello by tshark; kept beside the capture, for it takes a minute."""
    kept = capture.with_suffix(".truth.json")
    if kept.exists():
        return json.loads(kept.read_text())
    if not shutil.which("tshark"):
        return None
    print(f"counting the handshakes of {capture.name} with tshark ...", flush=True)
    command = ["tshark", "-n", "-r", str(capture), "-d", "tcp.port==8441-8448,tls", "-o", "tcp.reassemble_out_of_order:TRUE",
               "-Y", "tls.handshake.type == 1 || tls.handshake.type == 2",
               "-T", "fields", "-e", "tcp.stream", "-e", "tls.handshake.type"]
    streams = {"1": set(), "2": set()}
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        stream, types = line.split("\t")
        for kind in {"1", "2"} & set(types.split(",")):
            streams[kind].add(stream)
    counted = {"client_hello": len(streams["1"]), "server_hello": len(streams["2"])}
    kept.write_text(json.dumps(counted) + "\n")
    return counted


def counted(output):
    """tlscribe's handshakes with a ClientHello and with a ServerHello, and all of them by outcome."""
    hellos, outcomes = Counter(client_hello=0, server_hello=0), Counter()
    with open(output, encoding="utf-8") as file:
        for line in file:
            event = json.loads(line)
            if event["event_type"] != "handshake":
                continue
            # tshark counts no hello in the middle of which the client left, and no length is told of one.
            whole = "bytes" in event.get("client_hello", {})
            hellos.update(client_hello=whole, server_hello="server_hello" in event)
            outcomes[event["outcome"]] += 1
    return dict(hellos), outcomes
