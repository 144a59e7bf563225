"""Servers and clients that are not what the other end expects.

    odd.py server PORT [--banner TEXT] [--answer TEXT] [--end fin|rst] [--stay SECONDS]     one answer to the first bytes, then the end
    odd.py client ADDRESS PORT [--say TEXT] [--end fin|rst] [--stay SECONDS]
    odd.py connect PROXY_PORT [--status LINE]                                                an HTTP proxy that refuses every CONNECT
    odd.py relay PORT TO_ADDRESS TO_PORT [--cut BYTES] [--end fin|rst]                       ends both sides after so many bytes of the server
"""
import argparse
import socket
import struct
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("role")
parser.add_argument("where", nargs="+")
parser.add_argument("--banner", default="")
parser.add_argument("--answer", default="")
parser.add_argument("--say", default="")
parser.add_argument("--status", default="HTTP/1.1 403 Forbidden")
parser.add_argument("--end", default="fin")
parser.add_argument("--stay", type=float, default=0)
parser.add_argument("--cut", type=int, default=0)
words = parser.parse_args()


def text(given):
    return given.encode().decode("unicode_escape").encode("latin-1")


def end(connection):
    if words.end == "rst":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def serve(connection):
    try:
        if words.banner:
            connection.sendall(text(words.banner))
        if words.role == "connect":
            words.answer = words.status + "\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"
        connection.recv(8192)
        if words.answer:
            connection.sendall(text(words.answer))
        time.sleep(words.stay)
    except OSError:
        pass
    end(connection)


def relay(near):
    far = socket.create_connection((words.where[1], int(words.where[2])))

    def forth():
        while data := near.recv(4096):
            far.sendall(data)
    thread = threading.Thread(target=forth, daemon=True)
    thread.start()
    left = words.cut
    while left > 0 and (data := far.recv(min(left, 4096))):
        near.sendall(data)
        left -= len(data)
    time.sleep(0.05)
    # a socket is not closed while a thread still reads from it
    near.shutdown(socket.SHUT_RD)
    thread.join()
    far.close()
    end(near)


if words.role == "client":
    connection = socket.create_connection((words.where[0], int(words.where[1])))
    connection.sendall(text(words.say))
    connection.settimeout(2)
    try:
        while connection.recv(4096):
            pass
    except OSError:
        pass
    time.sleep(words.stay)
    end(connection)
else:
    listener = socket.create_server(("0.0.0.0", int(words.where[0])))
    while True:
        accepted, _ = listener.accept()
        threading.Thread(target=relay if words.role == "relay" else serve, args=(accepted,), daemon=True).start()
