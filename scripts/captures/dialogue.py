#!/usr/bin/env python3
"""A server without TLS that says its lines, for protocols whose real servers are large, or are too polite to refuse.

    dialogue.py PORT [--close] [--loop] LINE...

Each LINE (with \\r\\n, \\x00 and the like) is said once the client has said something; the first one at once. An empty LINE
says nothing. --close: then it closes; otherwise it waits for the client to do that. --loop: the last line again and again.
"""
import socket
import sys


def serve_one(sock, lines, loop, close):
    sock.settimeout(20)
    while lines:
        sock.sendall(lines[0])
        if len(lines) > 1 or not loop:
            lines = lines[1:]
        if (lines or not close) and not sock.recv(65536):
            return
    while not close and sock.recv(65536):
        pass


def main():
    port, *words = sys.argv[1:]
    lines = [word.encode("latin-1").decode("unicode_escape").encode("latin-1") for word in words if word not in ("--close", "--loop")]
    listener = socket.create_server(("::", int(port)), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        sock, _ = listener.accept()
        with sock:
            try:
                serve_one(sock, list(lines), "--loop" in words, "--close" in words)
            except OSError as error:
                print(error, file=sys.stderr)


main()
