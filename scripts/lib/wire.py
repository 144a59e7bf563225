"""Two network namespaces and the cable between them: what is sent at one end is sniffed at the other.

The script runs in a mount namespace of its own, in which alone its namespaces have names: nothing of them is left when it
and the programs that it has started have ended.
"""

import atexit
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

MARK = "TLSCRIBE_APART"
SENDER, SNIFFED = "sent", "seen"


def apart():
    """Starts this script again where it can make network namespaces that nobody else sees."""
    if os.geteuid() != 0:
        sys.exit(f"{sys.argv[0]}: network namespaces need root")
    if os.environ.get(MARK) != str(os.getpid()):
        os.environ[MARK] = str(os.getpid())
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])
    # What was begun is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    Path("/run/netns").mkdir(exist_ok=True)
    call("mount", "-t", "tmpfs", "none", "/run/netns")


def call(*command):
    subprocess.run([str(word) for word in command], check=True)


class Wire:
    """A cable from the namespace `sender` to the namespace `sensor`, in which there is nothing but what is sent."""

    def __init__(self):
        self.sender, self.sensor = (f"{end}-{os.getpid()}" for end in ("sender", "sensor"))
        for space in (self.sender, self.sensor):
            call("ip", "netns", "add", space)
            # Without IPv6 and ARP the two ends have nothing to say of their own.
            call("ip", "netns", "exec", space, "sysctl", "-q", "-w", "net.ipv6.conf.default.disable_ipv6=1")
        call("ip", "-n", self.sender, "link", "add", SENDER, "type", "veth", "peer", "name", SNIFFED, "netns", self.sensor)
        for space, interface in ((self.sender, SENDER), (self.sensor, SNIFFED)):
            offloads = [word for name in ("tso", "gso", "gro", "tx", "rx", "sg") for word in (name, "off")]
            subprocess.run(["ip", "netns", "exec", space, "ethtool", "-K", interface, *offloads], check=True, capture_output=True)
            call("ip", "-n", space, "link", "set", interface, "arp", "off", "up")

    def replay(self, capture, *options):
        """Sends a capture as fast as it goes: packets, bytes and seconds."""
        command = ["tcpreplay", "--intf1", SENDER, "--topspeed", "--no-flow-stats", *options, str(capture)]
        told = subprocess.run(["ip", "netns", "exec", self.sender, *command], check=True, capture_output=True, text=True)
        sent = re.search(r"Actual: (\d+) packets \((\d+) bytes\) sent in ([\d.]+) seconds", told.stdout)
        failed = re.search(r"Failed packets:\s+(\d+)", told.stdout)
        if sent is None or (failed and int(failed[1])):
            sys.exit(f"tcpreplay could not send all of {capture}:\n{told.stdout}{told.stderr}")
        return int(sent[1]), int(sent[2]), float(sent[3])


class Listener:
    """A program that sniffs at the end of a wire."""

    def __init__(self, wire, command, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["ip", "netns", "exec", wire.sensor, *command], stdout=log, stderr=log, cwd=folder)
        atexit.register(self.process.kill)
        self.folder = Path(f"/proc/{self.process.pid}")
        deadline = time.monotonic() + 60
        while self._sockets() == 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"it does not sniff: {' '.join(command)}\n{self.log.read_text(errors='replace')}")
            time.sleep(0.05)
        # Sockets are there a little before they are read.
        time.sleep(1)
        self.before = self._cpu()

    def _sockets(self):
        """Packet sockets that sniff in its namespace: nobody else is there."""
        try:
            own = os.readlink(self.folder / "ns/net") != os.readlink("/proc/self/ns/net")
            return len((self.folder / "net/packet").read_text().splitlines()) - 1 if own else 0
        except OSError:
            return 0

    def _cpu(self):
        fields = (self.folder / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, field="VmHWM"):
        """Resident memory in MiB: the most there was, or `VmRSS` for what there is."""
        status = (self.folder / "status").read_text()
        return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) / 1024

    def end(self):
        """Ends it in good order: CPU seconds since it was ready."""
        self.process.send_signal(signal.SIGINT)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime - self.before
