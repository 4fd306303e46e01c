#!/usr/bin/env python3
"""Two kernels over `anteroom bridge`: what it carries is intact, and our loss recovery keeps up with Linux' over it."""

import hashlib
import json
import os
import random
import subprocess
import sys

import testbed

SERVER, CLIENT, PORT = "192.0.2.1", "192.0.2.2", 7
SIZE = 4 << 20
GOODPUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../benchmarks/tap/goodput")


class Host:
    """A network namespace with one end of a bridge in it; ends with the block."""

    def __init__(self, interface, address):
        self.interface, self.address = interface, address

    def __enter__(self):
        self.holder = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo here; exec cat"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self.holder.stdout.readline()
        testbed.run("ip", "link", "set", self.interface, "netns", str(self.holder.pid))
        testbed.run(*self.command("ip", "address", "add", self.address + "/24", "dev", self.interface))
        testbed.run(*self.command("ip", "link", "set", self.interface, "up"))
        return self

    def __exit__(self, *_):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()

    def command(self, *words):
        return ["nsenter", "-t", str(self.holder.pid), "-n", *words]


class Bridged(testbed.Process):
    """`anteroom bridge` between left0 and right0."""

    def __init__(self, *options, kind="dev"):
        super().__init__(testbed.program(kind), "bridge", "--tap", "left0", "--tap", "right0", "--json", *options)
        testbed.until(lambda: self.lines or self.process.poll() is not None, "anteroom bridge is ready")
        if not self.lines:
            raise AssertionError("\n".join(self.errors))

    def stop_cleanly(self):
        code = self.stop()
        if code != 0:
            raise AssertionError(f"anteroom bridge exited with {code}\n" + "\n".join(self.errors))
        return json.loads(self.lines[-1])


RECEIVE = f"""
import hashlib, socket
with socket.create_server(("{SERVER}", {PORT})) as listener:
    print("listening", flush=True)
    stream = listener.accept()[0]
digest, count = hashlib.sha256(), 0
while chunk := stream.recv(1 << 16):
    digest.update(chunk)
    count += len(chunk)
stream.sendall(digest.digest())
print(count, digest.hexdigest(), flush=True)
"""
SEND = f"""
import socket, sys
data = sys.stdin.buffer.read()
stream = socket.create_connection(("{SERVER}", {PORT}), timeout={testbed.PATIENCE})
stream.sendall(data)
stream.shutdown(socket.SHUT_WR)
print(stream.recv(64).hex())
"""


class Bridge(testbed.Case):
    def test_a_transfer_between_two_kernels_is_intact(self):
        data = random.Random(1).randbytes(SIZE)
        options = ("--impair", "loss=1%,reorder=2%,duplicate=1%,corrupt=0.1%,delay=1ms", "--capture", self.path("left.pcap"))
        with Bridged(*options) as bridge, Host("left0", CLIENT) as left, Host("right0", SERVER) as right:
            with testbed.Process(*right.command(sys.executable, "-c", RECEIVE)) as receiver:
                testbed.until(lambda: receiver.lines, "the receiver listens")
                answer = subprocess.run(left.command(sys.executable, "-c", SEND), input=data, capture_output=True,
                                        timeout=2 * testbed.PATIENCE, check=True)
                self.assertEqual(receiver.wait(), 0)
            counters = bridge.stop_cleanly()
        expected = hashlib.sha256(data).hexdigest()
        self.assertEqual(receiver.lines[-1], f"{SIZE} {expected}")
        self.assertEqual(answer.stdout.decode().strip(), expected)
        for mishap in ("lost", "reordered", "duplicated", "corrupted"):
            self.assertGreater(counters["impairment"][mishap], 0, mishap)
        self.assertGreater(counters["bytes_to_second"], SIZE)
        self.assertGreater(os.path.getsize(self.path("left.pcap")), SIZE)

    def test_no_frame_is_larger_than_the_mtu(self):
        with Bridged("--mtu", "1000") as bridge, Host("left0", CLIENT) as left, Host("right0", SERVER) as right:
            with testbed.Process(*right.command(sys.executable, "-c", RECEIVE)) as receiver:
                testbed.until(lambda: receiver.lines, "the receiver listens")
                subprocess.run(left.command(sys.executable, "-c", SEND), input=bytes(1 << 20), capture_output=True,
                               timeout=2 * testbed.PATIENCE, check=True)
                self.assertEqual(receiver.wait(), 0)
            counters = bridge.stop_cleanly()
        self.assertLessEqual(counters["bytes_to_second"], counters["frames_to_second"] * (1000 + 14))
        self.assertGreater(counters["frames_to_second"], (1 << 20) // 1000)

    def test_a_second_end_is_needed(self):
        for taps in (["--tap", "left0"], ["--tap", "left0", "--tap", "left0"], ["--tap", "a0", "--tap", "b0", "--tap", "c0"]):
            with self.subTest(taps=taps):
                result = subprocess.run([testbed.program(), "bridge", *taps], capture_output=True, text=True, timeout=60)
                self.assertEqual(result.returncode, 2)
                self.assertIn("twice", result.stderr)


class Goodput(testbed.Case):
    def test_our_loss_recovery_keeps_up_with_linux(self):
        """Ratios within one run; half of Linux is far below what we reach, and far above a recovery that has collapsed."""
        build = os.path.dirname(os.path.dirname(os.path.dirname(testbed.program("release"))))
        testbed.run(sys.executable, "-B", GOODPUT, "--build", build, "--bytes", "4M", "--runs", "2", "--loss", "1", "--limit", "0.5",
                    "--seconds", "120", "--quiet")


if __name__ == "__main__":
    testbed.main(needs=["nsenter"])
