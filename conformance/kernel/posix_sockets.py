#!/usr/bin/env python3
"""Programs over anteroom's POSIX calls against the kernel's own sockets: epoll, poll, accept_if, both ways."""

import errno
import hashlib
import os
import random
import socket
import threading

import testbed

PROGRAM = os.environ.get("POSIX_PROGRAM", "")
MIB = 1 << 20


class Program(testbed.Process):
    def __init__(self, *arguments):
        super().__init__(PROGRAM, *arguments)

    def ready(self):
        testbed.until(lambda: "ready" in self.lines or self.process.poll() is not None, "the program listens")
        if self.process.poll() is not None:
            raise AssertionError("the program ended: " + "\n".join(self.errors))

    def ends_well(self, case):
        case.assertEqual(self.wait(), 0, self.errors)


def echo_hash(address, data, hashes, slot):
    """Sends and receives at once, then the end in order; the hash of what came back."""
    with socket.create_connection(address, timeout=testbed.PATIENCE) as client:
        def send():
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        heard = hashlib.sha256()
        while chunk := client.recv(MIB):
            heard.update(chunk)
        sender.join()
        hashes[slot] = heard.hexdigest()


class OurServer(testbed.Case):
    def test_many_clients_of_the_kernel_get_back_what_they_sent(self):
        sizes = [0, 1, 1000, 100_000, MIB, 8 * MIB]
        data = [random.Random(size).randbytes(size) for size in sizes]
        hashes = [None] * len(data)
        with Program("serve", "80", str(len(data))) as server:
            server.ready()
            # One socket of AF_INET6 serves both.
            hosts = (testbed.OURS, testbed.OURS_V6)
            clients = [threading.Thread(target=echo_hash, args=((hosts[slot % 2], 80), piece, hashes, slot))
                       for slot, piece in enumerate(data)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            server.ends_well(self)
        self.assertEqual(hashes, [hashlib.sha256(piece).hexdigest() for piece in data])


class OurCondition(testbed.Case):
    def test_the_condition_function_decides_before_the_answer(self):
        self.decides((testbed.OURS, 80))

    def test_and_over_ipv6(self):
        self.decides((testbed.OURS_V6, 80))

    def decides(self, address):
        with Program("judge", "80", "3") as server:
            server.ready()
            client, code = testbed.fast_open(address, b"friend of the house")
            self.assertEqual(code, 0)
            with client:
                self.assertEqual(testbed.receive_exactly(client, 7), b"welcome")
                self.assertEqual(client.recv(1), b"")
            client, code = testbed.fast_open(address, b"foe")
            client.close()
            self.assertEqual(code, errno.ECONNREFUSED)
            client, code = testbed.plain_connect(address)
            client.close()
            self.assertEqual(code, errno.ECONNREFUSED)
            server.ends_well(self)
        self.assertEqual(server.lines[1:],
                         ["accepted: friend of the house", "refused: Connection refused", "refused: Connection refused"])


class OurClient(testbed.Case):
    def serve_once(self, listener):
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(testbed.PATIENCE)
            while chunk := connection.recv(MIB):
                connection.sendall(chunk)

    def test_a_server_of_the_kernel_echoes(self):
        for size, host in ((1, testbed.KERNEL), (8 * MIB, testbed.KERNEL), (1, testbed.KERNEL_V6), (MIB, testbed.KERNEL_V6)):
            with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener:
                listener.settimeout(testbed.PATIENCE)
                server = threading.Thread(target=self.serve_once, args=(listener,))
                server.start()
                with Program("call", host, str(listener.getsockname()[1]), str(size)) as client:
                    client.ends_well(self)
                server.join()
                self.assertEqual(client.lines, [f"heard {size} of {size}"])

    def test_a_refusal_is_an_errno(self):
        for host in (testbed.KERNEL, testbed.KERNEL_V6):
            with Program("call", host, "9", "1") as client:
                self.assertEqual(client.wait(), 1)
                self.assertEqual(client.errors, ["connect: Connection refused"])


if __name__ == "__main__":
    testbed.main()
