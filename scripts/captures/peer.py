#!/usr/bin/env python3
"""A small TLS client and server on Python's ssl, for what the stacks' own tools cannot be told to do: who speaks first, who closes
when and how, how a hello is cut into records and segments.

    peer.py client ADDRESS PORT NAME [OPTIONS]
    peer.py server PORT [OPTIONS]
"""
import argparse
import select
import socket
import ssl
import struct
import sys
import time
import warnings


def arguments():
    parser = argparse.ArgumentParser()
    modes = parser.add_subparsers(dest="mode", required=True)
    client = modes.add_parser("client")
    client.add_argument("address")
    client.add_argument("port", type=int)
    client.add_argument("name")
    client.add_argument("--ca", help="check the server's certificate against these roots")
    client.add_argument("--cert", help="chain and key files, with a comma")
    client.add_argument("--think", type=float, default=0, help="seconds between the connection and the ClientHello")
    client.add_argument("--race", help="once the ClientHello is sent, a second connection to this address, which wins")
    client.add_argument("--records", type=int, help="cut the ClientHello into records of so many bytes")
    client.add_argument("--segments", type=int, help="cut the ClientHello into segments of so many bytes")
    client.add_argument("--ip-options", action="store_true", help="IPv4 options or an IPv6 extension header on every packet")
    server = modes.add_parser("server")
    server.add_argument("port", type=int)
    server.add_argument("--cert", help="chain and key files, with a comma; none: no TLS at all")
    server.add_argument("--think", type=float, default=0, help="seconds between the ClientHello and the answer")
    server.add_argument("--backlog", action="store_true", help="accept nobody, and end once somebody has waited for a second")
    server.add_argument("--cut", type=int, help="end after so many bytes of the first flight")
    server.add_argument("--smtp", action="store_true", help="SMTP that offers STARTTLS")
    server.add_argument("--require", help="demand a client certificate that these roots vouch for")
    server.add_argument("--name-alert", type=int, help="refuse every name with this alert")
    for mode in client, server:
        mode.add_argument("--min", default="1.2", help="lowest version")
        mode.add_argument("--max", default="1.3", help="highest version")
        mode.add_argument("--ciphers", help="suites of TLS 1.2 and before, in OpenSSL's words")
        mode.add_argument("--alpn", help="protocols, with commas")
        mode.add_argument("--post-auth", action="store_true", help="a client certificate asked for after the handshake")
        mode.add_argument("--send", help="what to send once the handshake is over")
        mode.add_argument("--answer", help="what to send each time something has been received")
        mode.add_argument("--receive", type=int, default=1, help="how often to read after that")
        mode.add_argument("--stay", type=float, default=0, help="seconds to wait before closing")
        mode.add_argument("--end", choices=["close", "fin", "rst"], default="close", help="close_notify and FIN, only FIN, or RST")
        mode.add_argument("--after", choices=["connect", "hello", "handshake"], default="handshake",
                          help="end there: once connected, once the ClientHello is sent or read, or in the ordinary way")
    return parser.parse_args()


def context(args, side):
    made = ssl.SSLContext(side)
    if args.ciphers:
        made.set_ciphers(args.ciphers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.minimum_version, made.maximum_version = (ssl.TLSVersion["TLSv" + text.replace(".", "_").removesuffix("_0")] for text in (args.min, args.max))
    if args.alpn:
        made.set_alpn_protocols(args.alpn.split(","))
    if args.cert:
        made.load_cert_chain(*args.cert.split(","))
    made.post_handshake_auth = args.post_auth
    return made


def split_records(hello, size):
    """The same handshake bytes in records of `size` bytes; the transcript does not see the difference."""
    body = hello[5:]
    pieces = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(hello[:3] + struct.pack("!H", len(piece)) + piece for piece in pieces)


class Wire:
    """A TLS object over a socket, with its bytes in our hands."""

    def __init__(self, sock, made, **kind):
        self.sock, self.into, self.out = sock, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = made.wrap_bio(self.into, self.out, **kind)

    def flush(self, send=None):
        if data := self.out.read():
            (send or self.sock.sendall)(data)

    def run(self, step, *words):
        """Runs one step of the TLS object to its end; None if the other side is gone."""
        while True:
            try:
                result = step(*words)
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                try:
                    data = self.sock.recv(65536)
                except ConnectionResetError:
                    return None
                if not data:
                    return None
                self.into.write(data)
            except ssl.SSLError as error:
                self.flush()
                print(error, file=sys.stderr)
                return None


def end(sock, how):
    if how == "rst":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def converse(wire, args):
    """After the handshake: send, receive, wait, and close as asked."""
    if args.send:
        wire.run(wire.tls.write, args.send.encode())
    for _ in range(args.receive):
        if not wire.run(wire.tls.read, 4096):
            break
        if args.answer:
            wire.run(wire.tls.write, args.answer.encode())
    time.sleep(args.stay)
    if args.end == "close":
        try:
            wire.tls.unwrap()
        except ssl.SSLError:
            pass
        wire.flush()


def client(args):
    made = context(args, ssl.PROTOCOL_TLS_CLIENT)
    if args.ca:
        made.load_verify_locations(args.ca)
    else:
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    sock = socket.socket(socket.AF_INET6 if ":" in args.address else socket.AF_INET)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if args.ip_options and sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([1, 1, 1, 0]))
    elif args.ip_options:
        # destination options: next header and length are the kernel's, then four bytes of padding (PadN)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, bytes([0, 0, 1, 4, 0, 0, 0, 0]))
    sock.connect((args.address, args.port))
    time.sleep(args.think)
    wire = Wire(sock, made, server_hostname=args.name)

    def send(hello):
        if args.records:
            hello = split_records(hello, args.records)
        for at in range(0, len(hello), args.segments or len(hello)):
            sock.sendall(hello[at:at + (args.segments or len(hello))])
            time.sleep(0.002 if args.segments else 0)

    if args.after != "connect":
        try:
            wire.tls.do_handshake()
        except ssl.SSLWantReadError:
            wire.flush(send)
    if args.after == "handshake" and wire.run(wire.tls.do_handshake) is None and wire.tls.version():
        converse(wire, args)
    else:
        time.sleep(args.stay)
    if args.race:
        winner = socket.create_connection((args.race, args.port))
        second = Wire(winner, made, server_hostname=args.name)
        try:
            second.tls.do_handshake()
        except ssl.SSLWantReadError:
            second.flush()
        sock.close()
        second.run(second.tls.do_handshake)
        second.run(second.tls.read, 4096)
        winner.close()
    end(sock, args.end)


def smtp(sock):
    """The lines of an SMTP server up to the ClientHello."""
    sock.sendall(b"220 mail.test ESMTP\r\n")
    sock.recv(1024)
    sock.sendall(b"250-mail.test\r\n250-STARTTLS\r\n250 8BITMIME\r\n")
    sock.recv(1024)
    sock.sendall(b"220 Ready to start TLS\r\n")


def serve_one(sock, args, made):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if args.smtp:
        smtp(sock)
    if made is None:
        if args.send and args.after != "hello":
            sock.sendall(args.send.encode())
        if args.after != "connect":
            sock.recv(65536)
        if args.send and args.after == "hello":
            sock.sendall(args.send.encode())
        time.sleep(args.stay)
    elif args.cut:
        wire = Wire(sock, made, server_side=True)
        wire.into.write(sock.recv(65536))
        try:
            wire.tls.do_handshake()
        except ssl.SSLWantReadError:
            sock.sendall(wire.out.read()[:args.cut])
        time.sleep(args.stay)
    else:
        wire = Wire(sock, made, server_side=True)
        if args.think:
            wire.into.write(sock.recv(65536))
            time.sleep(args.think)
        wire.run(wire.tls.do_handshake)
        if args.post_auth:
            wire.tls.context.verify_mode = ssl.CERT_OPTIONAL
            wire.run(wire.tls.verify_client_post_handshake)
        converse(wire, args)
    end(sock, args.end)


def server(args):
    made = None
    if args.cert:
        made = context(args, ssl.PROTOCOL_TLS_SERVER)
        if args.require:
            made.verify_mode = ssl.CERT_REQUIRED
            made.load_verify_locations(args.require)
        if args.name_alert is not None:
            made.sni_callback = lambda *_: args.name_alert
    listener = socket.create_server(("::", args.port), family=socket.AF_INET6, dualstack_ipv6=True)
    if args.backlog:
        select.select([listener], [], [])
        time.sleep(1)
        return
    while True:
        sock, _ = listener.accept()
        try:
            serve_one(sock, args, made)
        except OSError as error:
            print(error, file=sys.stderr)


def main():
    args = arguments()
    (client if args.mode == "client" else server)(args)


main()
