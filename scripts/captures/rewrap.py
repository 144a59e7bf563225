#!/usr/bin/env python3
"""Puts the packets of an Ethernet capture into other link layers, for those that this machine's kernel cannot make.

    rewrap.py HOW IN.pcap OUT.pcap

HOW: vlan:ID, qinq:OUTER:INNER, pppoe, ppp, null, loop, gre, pad (short frames to 60 bytes, as a network card does) or
zero-length (IPv4 packets with a total length of 0, as captured above a card that segments for the host).
"""
import struct
import sys

ETHERNET, NULL, PPP, LOOP = 1, 0, 9, 108
PPP_PROTOCOL = {0x0800: 0x0021, 0x86DD: 0x0057}
ADDRESS_FAMILY = {0x0800: 2, 0x86DD: 24}  # IPv6 is 24 on NetBSD and OpenBSD, 28 and 30 elsewhere


def checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def gre(frame, addresses, kind, packet):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 24 + len(packet), 0, 0x4000, 64, 47, 0, bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]))
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return addresses + b"\x08\x00" + header + struct.pack("!HH", 0, kind) + packet


def zero_length(frame, addresses, kind, packet):
    header = packet[:2] + b"\0\0" + packet[4:10] + b"\0\0" + packet[12:20]
    return frame[:14] + header[:10] + struct.pack("!H", checksum(header)) + header[12:] + packet[20:]


def wrapper(how):
    """The new link type and the function that makes the new frame from frame, MAC addresses, EtherType and packet."""
    name, *numbers = how.split(":")
    tags = [int(number) for number in numbers]
    return {
        "vlan": (ETHERNET, lambda f, a, k, p: a + struct.pack("!HH", 0x8100, tags[0]) + f[12:]),
        "qinq": (ETHERNET, lambda f, a, k, p: a + struct.pack("!HHHH", 0x88A8, tags[0], 0x8100, tags[1]) + f[12:]),
        "pppoe": (ETHERNET, lambda f, a, k, p: a + struct.pack("!HBBHHH", 0x8864, 0x11, 0, 7, len(p) + 2, PPP_PROTOCOL[k]) + p),
        "ppp": (PPP, lambda f, a, k, p: struct.pack("!BBH", 0xFF, 3, PPP_PROTOCOL[k]) + p),
        "null": (NULL, lambda f, a, k, p: struct.pack("<I", ADDRESS_FAMILY[k]) + p),
        "loop": (LOOP, lambda f, a, k, p: struct.pack("!I", ADDRESS_FAMILY[k]) + p),
        "gre": (ETHERNET, gre),
        "pad": (ETHERNET, lambda f, a, k, p: f.ljust(60, b"\0")),
        "zero-length": (ETHERNET, zero_length),
    }[name]


def main():
    how, source, target = sys.argv[1:]
    link, wrap = wrapper(how)
    with open(source, "rb") as file:
        data = file.read()
    out = [data[:20], struct.pack("<I", link)]
    at = 24
    while at < len(data):
        seconds, micros, length, _ = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16:at + 16 + length]
        at += 16 + length
        frame = wrap(frame, frame[:12], struct.unpack_from("!H", frame, 12)[0], frame[14:])
        out += [struct.pack("<IIII", seconds, micros, len(frame), len(frame)), frame]
    with open(target, "wb") as file:
        file.write(b"".join(out))


main()
