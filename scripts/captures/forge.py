#!/usr/bin/env python3
"""A box beside the wire that forges resets: it sees the packets that pass the router, and ends a connection in the name of
one of its ends, or of both. It cannot hold packets back.

    forge.py PORT WHEN [OPTIONS]

WHEN: synack, ack (the end of the TCP handshake), hello (the client's first data), flight (the server's first data).
"""
import argparse
import ipaddress
import socket
import struct

FIN, SYN, RST, ACK = 1, 2, 4, 16


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("when", choices=["synack", "ack", "hello", "flight"])
    parser.add_argument("--to", choices=["client", "server", "both"], default="client", help="who gets a reset")
    parser.add_argument("--ttl", type=int, default=64)
    parser.add_argument("--id", type=lambda text: int(text, 0), default=0, help="the IPv4 identification")
    parser.add_argument("--no-ack", action="store_true", help="only RST, not RST and ACK")
    parser.add_argument("--count", type=int, default=1, help="resets to each end")
    return parser.parse_args()


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


class Segment:
    """What matters here of one packet: ends, numbers, flags, length."""

    def __init__(self, packet):
        if packet[0] >> 4 == 4:
            start, end = (packet[0] & 15) * 4, struct.unpack_from("!H", packet, 2)[0]
            protocol, self.source, self.target = packet[9], packet[12:16], packet[16:20]
        else:
            start, end = 40, 40 + struct.unpack_from("!H", packet, 4)[0]
            protocol, self.source, self.target = packet[6], packet[8:24], packet[24:40]
        if protocol != 6:
            raise ValueError("not TCP")
        self.sport, self.dport, self.seq, self.ack, offset, self.flags = struct.unpack_from("!HHIIBB", packet, start)
        self.length = end - start - (offset >> 4) * 4
        self.after = self.seq + self.length + (1 if self.flags & (SYN | FIN) else 0) & 0xFFFFFFFF


def reset(source, sport, target, dport, seq, ack, args):
    """An IP packet with a RST."""
    flags = RST if args.no_ack else RST | ACK
    tcp = struct.pack("!HHIIBBHHH", sport, dport, seq, 0 if args.no_ack else ack, 5 << 4, flags, 0, 0, 0)
    sum_of = checksum(source + target + struct.pack("!II", len(tcp), 6) + tcp)
    tcp = tcp[:16] + struct.pack("!H", sum_of) + tcp[18:]
    if len(source) == 4:
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), args.id, 0x4000, args.ttl, 6, 0, source, target)
        return header + tcp
    return struct.pack("!IHBB16s16s", 6 << 28, len(tcp), 6, args.ttl, source, target) + tcp


def send(packet, target):
    family = socket.AF_INET if len(target) == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as out:
        if family == socket.AF_INET6:
            out.setsockopt(socket.IPPROTO_IPV6, 36, 1)  # IPV6_HDRINCL, which Python has no name for
        out.sendto(packet, (str(ipaddress.ip_address(target)), 0))


def stage(seen, of_client, answered):
    """Which of the packets that may be waited for this is, None where it is another one."""
    if seen.flags & SYN:
        return None if of_client else "synack"
    if not of_client:
        return "flight" if seen.length else None
    if answered:
        return None
    return "hello" if seen.length else "ack"


def main():
    args = arguments()
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    # packets as they leave for the other leg are the same ones once more: only what comes in is looked at
    print("ready", flush=True)
    answered = False
    while True:
        packet, (_, kind, direction, *_) = tap.recvfrom(65536)
        if direction == socket.PACKET_OUTGOING or kind not in (0x0800, 0x86DD):
            continue
        try:
            seen = Segment(packet)
        except ValueError:
            continue
        if seen.flags & RST or args.port not in (seen.sport, seen.dport):
            continue
        of_client = seen.dport == args.port
        answered = answered or (not of_client and seen.length > 0)
        if stage(seen, of_client, answered) != args.when:
            continue
        # `seen` went from one end to the other: what its sender says next, and what its receiver would say
        ends = {True: ("server", "client"), False: ("client", "server")}[of_client]
        if args.to in (ends[0], "both"):
            for _ in range(args.count):
                send(reset(seen.source, seen.sport, seen.target, seen.dport, seen.after, seen.ack, args), seen.target)
        if args.to in (ends[1], "both"):
            for _ in range(args.count):
                send(reset(seen.target, seen.dport, seen.source, seen.sport, seen.ack, seen.after, args), seen.source)
        return


main()
