#!/usr/bin/env python3
"""big-endian.py IN.pcap OUT.pcap: the same pcap file as a big-endian machine would have written it."""
import struct
import sys


def main():
    source, target = sys.argv[1:]
    with open(source, "rb") as file:
        data = file.read()
    header = "IHHiIII"
    out = [struct.pack(">" + header, *struct.unpack_from("<" + header, data))]
    at = 24
    while at < len(data):
        record = struct.unpack_from("<IIII", data, at)
        out += [struct.pack(">IIII", *record), data[at + 16:at + 16 + record[2]]]
        at += 16 + record[2]
    with open(target, "wb") as file:
        file.write(b"".join(out))


main()
