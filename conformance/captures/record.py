#!/usr/bin/env python3
"""Records the captures of this folder: two Linux hosts in network namespaces, joined by `anteroom bridge`.

    ANTEROOM=build/release/tools/anteroom/anteroom conformance/captures/record.py [NAME...]

Each is seen from the server's end of the cable, as the capture of a server is. Nothing leaves the namespaces that this
makes. Not part of the tests, which read what it has written: a kernel never does the same thing twice.
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../kernel"))

import bridge  # noqa: E402
import testbed  # noqa: E402

SERVER, CLIENT, PORT = "192.0.2.1", "192.0.2.2", 80

# What stands in front of every program that runs in a host.
PROLOGUE = f"""
import socket, struct, sys, time
SERVER, PORT = "{SERVER}", {PORT}
def listen():
    listener = socket.create_server((SERVER, PORT), backlog=64)
    print("listening", flush=True)
    return listener
def connect():
    return socket.create_connection((SERVER, PORT), timeout=60)
def exactly(stream, size):
    data = b""
    while len(data) < size:
        chunk = stream.recv(size - len(data))
        if not chunk:
            break
        data += chunk
    return data
def rest(stream):
    while stream.recv(1 << 16):
        pass
"""


class Scene:
    def __init__(self, server, client, impair="delay=2ms"):
        self.server, self.client, self.impair = PROLOGUE + server, PROLOGUE + client, impair


SCENES = {
    # Twenty questions, each answered before the next.
    "questions": Scene(
        """
stream = listen().accept()[0]
for number in range(20):
    exactly(stream, 30)
    stream.sendall(b"answer %03d " % number * (1 + number * 7))
rest(stream)
""",
        """
stream = connect()
for number in range(20):
    stream.sendall(b"question %03d, if you please.\\n\\n" % number)
    exactly(stream, 11 * (1 + number * 7))
stream.shutdown(socket.SHUT_WR)
rest(stream)
""",
    ),
    # The server sends over a bad cable: its loss recovery.
    "download-loss": Scene(
        """
stream = listen().accept()[0]
exactly(stream, 4)
stream.sendall(bytes(i * 7 % 251 for i in range(120_000)))
stream.shutdown(socket.SHUT_WR)
rest(stream)
""",
        """
stream = connect()
stream.sendall(b"send")
rest(stream)
""",
        "loss=4%,reorder=2%,duplicate=1%,delay=5ms,seed=42",
    ),
    # It receives over one: SACK blocks, duplicates reported, data out of order.
    "upload-loss": Scene(
        """
stream = listen().accept()[0]
rest(stream)
stream.sendall(b"thank you")
""",
        """
stream = connect()
stream.sendall(bytes(i * 5 % 251 for i in range(120_000)))
stream.shutdown(socket.SHUT_WR)
rest(stream)
""",
        "loss=3%,reorder=2%,duplicate=1%,delay=5ms,seed=7",
    ),
    # Nobody listens.
    "refused": Scene(
        """
print("listening", flush=True)
time.sleep(1)
""",
        """
try:
    connect()
except ConnectionRefusedError:
    pass
""",
    ),
    # The server throws the connection away.
    "reset": Scene(
        """
stream = listen().accept()[0]
exactly(stream, 5)
stream.sendall(b"no more of that")
time.sleep(0.05)
stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
stream.close()
""",
        """
stream = connect()
stream.sendall(b"hello")
try:
    rest(stream)
except ConnectionResetError:
    pass
""",
    ),
    # The server reads late: its window closes and opens.
    "slow-reader": Scene(
        """
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
listener.bind((SERVER, PORT))
listener.listen()
print("listening", flush=True)
stream = listener.accept()[0]
time.sleep(0.6)
rest(stream)
""",
        """
stream = connect()
stream.sendall(bytes(40_000))
stream.shutdown(socket.SHUT_WR)
rest(stream)
""",
    ),
    # Data in the SYN, taken without a cookie.
    "fast-open": Scene(
        """
listener = socket.socket()
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
listener.bind((SERVER, PORT))
listener.listen()
print("listening", flush=True)
stream = listener.accept()[0]
exactly(stream, 12)
stream.sendall(b"who is there?")
rest(stream)
""",
        """
stream = socket.socket()
stream.setsockopt(socket.IPPROTO_TCP, 34, 1)
stream.sendto(b"knock, knock", 0x20000000, (SERVER, PORT))
exactly(stream, 13)
stream.close()
""",
    ),
    # Twelve at once, closed from either end.
    "twelve": Scene(
        """
listener = listen()
streams = [listener.accept()[0] for _ in range(12)]
for number, stream in enumerate(streams):
    stream.sendall(bytes(200 * number + 1))
    if number % 2:
        stream.close()
for stream in streams[::2]:
    rest(stream)
    stream.close()
time.sleep(0.1)
""",
        """
streams = [connect() for _ in range(12)]
for number, stream in enumerate(streams):
    exactly(stream, 200 * number + 1)
for stream in streams:
    stream.close()
time.sleep(0.1)
""",
    ),
}


def record(name, scene):
    path = os.path.join(HERE, name + ".pcap")
    options = ["--impair", scene.impair, "--capture", path]
    with bridge.Bridged(*options) as cable:
        # The first end of the bridge is the one whose capture is written.
        with bridge.Host("left0", SERVER) as right, bridge.Host("right0", CLIENT) as left:
            for host in (left, right):
                testbed.run(*host.command("sysctl", "-qw", "net.ipv4.tcp_fastopen=0x203"))
            with testbed.Process(*right.command(sys.executable, "-c", scene.server)) as server:
                testbed.until(lambda: server.lines, "the server is ready")
                subprocess.run(left.command(sys.executable, "-c", scene.client), check=True, timeout=120)
                if server.wait() != 0:
                    raise AssertionError("\n".join(server.errors))
            # What is still on its way, the last acknowledgments among it.
            subprocess.run(["sleep", "0.3"], check=True)
            cable.stop_cleanly()
    print(f"{name}: {os.path.getsize(path)} bytes")


def main():
    testbed.enter()
    for name in sys.argv[1:] or SCENES:
        record(name, SCENES[name])


if __name__ == "__main__":
    main()
