#!/usr/bin/env python3
"""What no stack can be told to do: hellos that break the protocol, and what lies in between and changes bytes.

    tamper.py relay PORT TARGET ACTION    passes connections on to a port of this host
        downgrade            without supported_versions, ClientHellos offer TLS 1.2 only
        renegotiation        without renegotiation_info in the ServerHello
        key-exchange         a bit of the signature in ServerKeyExchange is another
        client-finished      a bit of the client's Finished in TLS 1.2
        server-flight        a bit of the server's first encrypted record in TLS 1.3
        client-flight        a bit of the client's first encrypted record in TLS 1.3
    tamper.py client ADDRESS PORT NAME KIND    sends a ClientHello that is wrong, and reads what comes
    tamper.py server PORT KIND                 answers a ClientHello wrongly, and reads what comes
"""
import socket
import ssl
import struct
import sys
import threading
import time

HANDSHAKE, ALERT, DATA, CCS = 22, 21, 23, 20
SUPPORTED_VERSIONS, KEY_SHARE, RENEGOTIATION_INFO, SUPPORTED_GROUPS = 43, 51, 0xFF01, 10


def u8(data):
    return bytes([len(data)]) + data


def u16(data):
    return struct.pack("!H", len(data)) + data


def u24(data):
    return struct.pack("!I", len(data))[1:] + data


def record(kind, body, version=0x0303):
    return struct.pack("!BH", kind, version) + u16(body)


def flipped(data, at=-1):
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


class Hello:
    """A ClientHello in its parts."""

    def __init__(self, message):
        self.version, self.random = message[4:6], message[6:38]
        at = 38
        self.session, at = message[at + 1:at + 1 + message[at]], at + 1 + message[at]
        length = struct.unpack_from("!H", message, at)[0]
        self.suites, at = message[at + 2:at + 2 + length], at + 2 + length
        self.compression, at = message[at + 1:at + 1 + message[at]], at + 1 + message[at]
        at += 2
        self.extensions = []
        while at < len(message):
            kind, length = struct.unpack_from("!HH", message, at)
            self.extensions.append((kind, message[at + 4:at + 4 + length]))
            at += 4 + length

    def encode(self):
        extensions = b"".join(struct.pack("!H", kind) + u16(body) for kind, body in self.extensions)
        return b"\1" + u24(self.version + self.random + u8(self.session) + u16(self.suites) + u8(self.compression) + u16(extensions))

    def change(self, kind, body):
        self.extensions = [(k, body if k == kind else b) for k, b in self.extensions]

    def drop(self, kind):
        self.extensions = [(k, b) for k, b in self.extensions if k != kind]


def genuine_hello(name):
    """A ClientHello as OpenSSL makes it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    out = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()[5:]


def read_record(sock):
    head = b""
    while len(head) < 5:
        more = sock.recv(5 - len(head))
        if not more:
            return None
        head += more
    body = b""
    length = struct.unpack("!H", head[3:])[0]
    while len(body) < length:
        more = sock.recv(length - len(body))
        if not more:
            return None
        body += more
    return head[0], head[1:3], body


def messages(body):
    """The whole handshake messages in a record."""
    at = 0
    while at + 4 <= len(body):
        length = 4 + int.from_bytes(body[at + 1:at + 4], "big")
        yield body[at:at + length]
        at += length


def without_renegotiation_info(hello):
    """A ServerHello without that extension."""
    at = 38 + 1 + hello[38] + 3
    extensions, rest = b"", hello[at + 2:]
    while rest:
        kind, length = struct.unpack_from("!HH", rest)
        if kind != RENEGOTIATION_INFO:
            extensions += rest[:4 + length]
        rest = rest[4 + length:]
    return b"\2" + u24(hello[4:at] + u16(extensions))


class Change:
    """What a relay does to the records of one connection."""

    def __init__(self, action):
        self.action, self.done, self.ciphers = action, False, False

    def each(self, body, kind, change):
        found = list(messages(body))
        if any(message[0] == kind for message in found):
            self.done = True
            return b"".join(change(message) if message[0] == kind else message for message in found)
        return body

    def __call__(self, from_client, kind, body):
        if self.done:
            return body
        clear = kind == HANDSHAKE
        if self.action == "downgrade" and from_client and clear:
            hello = Hello(body)
            hello.drop(SUPPORTED_VERSIONS)
            self.done = True
            return hello.encode()
        if self.action == "renegotiation" and not from_client and clear:
            return self.each(body, 2, without_renegotiation_info)
        if self.action == "key-exchange" and not from_client and clear:
            return self.each(body, 12, flipped)
        if self.action == "client-finished" and from_client and clear and self.ciphers:
            self.done = True
            return flipped(body)
        if kind == DATA and self.action == ("client-flight" if from_client else "server-flight"):
            self.done = True
            return flipped(body)
        self.ciphers |= from_client and kind == CCS
        return body


def pump(source, sink, from_client, change):
    try:
        while (read := read_record(source)) is not None:
            kind, version, body = read
            sink.sendall(bytes([kind]) + version + u16(change(from_client, kind, body)))
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def relay(port, target, action):
    listener = socket.create_server(("", port))
    while True:
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", target))
        change = Change(action)
        for words in (client, server, True, change), (server, client, False, change):
            threading.Thread(target=pump, args=words, daemon=True).start()


def wrong_hello(name, kind):
    """The records of a client that does one thing wrong."""
    hello = Hello(genuine_hello(name))
    if kind == "no-null-compression":
        hello.compression = b"\1"
    elif kind == "extension-twice":
        hello.extensions.insert(0, hello.extensions[0])
    elif kind == "key-share-cut":
        hello.change(KEY_SHARE, dict(hello.extensions)[KEY_SHARE][:-3])
    elif kind == "key-share-not-on-curve":
        hello.change(KEY_SHARE, u16(struct.pack("!H", 23) + u16(b"\4" + b"\7" * 64)))
        hello.change(SUPPORTED_GROUPS, u16(struct.pack("!H", 23)))
    elif kind == "key-share-missing":
        hello.drop(KEY_SHARE)
    elif kind == "trailing-bytes":
        message = hello.encode()
        return record(HANDSHAKE, b"\1" + u24(message[4:] + b"\0\0\0"), 0x0301)
    elif kind == "hello-twice":
        return record(HANDSHAKE, hello.encode(), 0x0301) * 2
    elif kind == "unknown-record":
        return record(HANDSHAKE, hello.encode(), 0x0301) + record(99, b"what is this")
    elif kind == "close-notify":
        return record(HANDSHAKE, hello.encode(), 0x0301) + record(ALERT, b"\1\0")
    elif kind == "user-canceled":
        return record(HANDSHAKE, hello.encode(), 0x0301) + record(ALERT, b"\1\x5a") + record(ALERT, b"\1\0")
    return record(HANDSHAKE, hello.encode(), 0x0301)


def client(address, port, name, kind):
    with socket.create_connection((address, port)) as sock:
        sock.sendall(wrong_hello(name, kind))
        sock.settimeout(2)
        try:
            while sock.recv(65536):
                pass
        except OSError:
            pass


RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
X25519_SHARE = struct.pack("!HH", KEY_SHARE, 36) + struct.pack("!H", 29) + u16(b"\x09" * 32)
TLS13 = struct.pack("!HHH", SUPPORTED_VERSIONS, 2, 0x0304)


def server_hello(hello, random=b"\x55" * 32, suite=0x1301, extensions=TLS13 + X25519_SHARE, session=None, version=0x0303, compression=0):
    session = hello.session if session is None else session
    body = struct.pack("!H", version) + random + u8(session) + struct.pack("!HB", suite, compression) + u16(extensions)
    return record(HANDSHAKE, b"\2" + u24(body))


def wrong_answer(hello, kind):
    """What a server says that does one thing wrong."""
    if kind == "retry-group-not-offered":
        return server_hello(hello, RETRY, extensions=TLS13 + struct.pack("!HHH", KEY_SHARE, 2, 26))
    if kind == "retry-nothing-changes":
        return server_hello(hello, RETRY, extensions=TLS13)
    if kind == "suite-not-offered":
        return server_hello(hello, suite=0x00FF)
    if kind == "session-not-echoed":
        return server_hello(hello, session=b"\x33" * 32)
    if kind == "compression":
        return server_hello(hello, compression=1)
    if kind == "extension-not-asked-for":
        return server_hello(hello, extensions=TLS13 + X25519_SHARE + struct.pack("!HH", 0xFE77, 0))
    if kind == "no-key-share":
        return server_hello(hello, extensions=TLS13)
    if kind == "share-of-zeros":
        return server_hello(hello, extensions=TLS13 + struct.pack("!HHH", KEY_SHARE, 36, 29) + u16(b"\0" * 32))
    if kind == "version-not-offered":
        return server_hello(hello, extensions=struct.pack("!HHH", SUPPORTED_VERSIONS, 2, 0x0305) + X25519_SHARE)
    if kind == "ssl30":
        return server_hello(hello, suite=0x002F, extensions=b"", version=0x0300)
    if kind == "done-first":
        return record(HANDSHAKE, b"\x0e" + u24(b""))
    if kind == "cut-short":
        return record(HANDSHAKE, b"\2" + u24(b"\3\3" + b"\x55" * 20))
    raise SystemExit(f"tamper.py: no kind {kind}")


def server(port, kind):
    listener = socket.create_server(("", port))
    while True:
        sock, _ = listener.accept()
        with sock:
            sock.settimeout(3)
            try:
                _, _, body = read_record(sock)
                if kind == "silent-close":
                    continue
                sock.sendall(wrong_answer(Hello(body), kind))
                while sock.recv(65536):
                    pass
            except OSError:
                pass
            time.sleep(0.05)


def main():
    mode, *words = sys.argv[1:]
    if mode == "relay":
        relay(int(words[0]), int(words[1]), words[2])
    elif mode == "client":
        client(words[0], int(words[1]), *words[2:])
    else:
        server(int(words[0]), words[1])


main()
