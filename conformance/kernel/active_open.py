#!/usr/bin/env python3
"""Our own connect() against a server of the kernel: plain, and with caller data taken by its Fast Open."""

import socket
import subprocess

import testbed

NO_COOKIE_NEEDED = "0x602"  # server on, no cookie wanted, for every listener


class ActiveOpen(testbed.Case):
    def connect(self, port, *options):
        return testbed.Process(
            testbed.program(), "connect", testbed.KERNEL, str(port), "--tap", "tap0", "--address",
            testbed.OURS + testbed.SUBNET, "--host-address", testbed.KERNEL + testbed.SUBNET, *options,
            stdin=subprocess.PIPE)

    def server(self):
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        listener.settimeout(testbed.PATIENCE)
        return listener, listener.getsockname()[1]

    def talk(self, client, accepted, first):
        """Both directions and an end in order, after the server has read `first`."""
        with accepted:
            accepted.settimeout(testbed.PATIENCE)
            self.assertEqual(testbed.receive_exactly(accepted, len(first)), first)
            accepted.sendall(b"from the kernel\n")
            testbed.until(lambda: "from the kernel" in client.lines, "our client prints what the server said")
            client.process.stdin.write("from us\n")
            client.process.stdin.close()
            self.assertEqual(testbed.receive_exactly(accepted, 8), b"from us\n")
            self.assertEqual(accepted.recv(1), b"", "the end of our input is the end of the stream")
        self.assertEqual(client.wait(), 0, client.errors)

    def test_plain(self):
        listener, port = self.server()
        with self.connect(port) as client:
            self.talk(client, listener.accept()[0], b"")

    def test_with_caller_data_against_fast_open_without_cookies(self):
        testbed.sysctl("net.ipv4.tcp_fastopen", NO_COOKIE_NEEDED)
        self.addCleanup(testbed.sysctl, "net.ipv4.tcp_fastopen", "1")
        listener, port = self.server()
        listener.setsockopt(socket.IPPROTO_TCP, testbed.TCP_FASTOPEN, 16)
        before = testbed.kernel_counters()["TCPFastOpenPassive"]
        with self.connect(port, "--caller-data", "in the SYN") as client:
            self.talk(client, listener.accept()[0], b"in the SYN")
        self.assertEqual(testbed.kernel_counters()["TCPFastOpenPassive"], before + 1, "the kernel took the data from the SYN")

    def test_caller_data_that_the_server_leaves_follows_as_stream(self):
        listener, port = self.server()
        before = testbed.kernel_counters()["TCPFastOpenPassive"]
        with self.connect(port, "--caller-data", "in the SYN") as client:
            self.talk(client, listener.accept()[0], b"in the SYN")
        self.assertEqual(testbed.kernel_counters()["TCPFastOpenPassive"], before)

    def test_nobody_listens(self):
        with self.connect(9) as client:
            self.assertEqual(client.wait(), 1)
        self.assertEqual(len(client.errors), 1, client.errors)
        self.assertIn("refused", client.errors[0])


if __name__ == "__main__":
    testbed.main()
