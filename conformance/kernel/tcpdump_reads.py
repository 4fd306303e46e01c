#!/usr/bin/env python3
"""tcpdump reads the captures we write: no bad checksum, no malformed packet, and as many packets as we wrote."""

import re

from capture import frames

import testbed

COMPLAINT = re.compile(r"bad cksum|incorrect|malformed|truncated|invalid|bad hdr|bad length|\[\|", re.I)


class Tcpdump(testbed.Case):
    def read(self, file):
        # As somebody who is not root: tcpdump would want to change its user, which a namespace like ours does not allow.
        text = testbed.run("unshare", "--user", "--map-user=1", "tcpdump", "-nn", "-vv", "-r", file)
        complaints = [line for line in text.split("\n") if COMPLAINT.search(line)]
        self.assertEqual(complaints, [])
        return text

    def traffic(self, server):
        """A bit of everything: verdicts, data both ways, fragments, errors."""
        for data in (b"order: tea", b"spam", b"later", b""):
            client, code = testbed.fast_open(server.address, data) if data else testbed.plain_connect(server.address)
            with client:
                if code == 0:
                    client.sendall(bytes(100_000))
                    client.shutdown(1)
                    while client.recv(1 << 20):
                        pass
        client, _ = testbed.plain_connect((testbed.OURS, 9))
        client.close()
        testbed.run("ping", "-c", "1", "-W", "5", "-s", "4000", testbed.OURS)

    def capture(self, *options):
        file = self.path("capture.pcap")
        rules = ("order:* accept coming up", "spam* reject", "later* defer:50:accept at last")
        with testbed.Served(7, "--service", "echo", "--capture", file, *options, rules=rules) as server:
            self.traffic(server)
            server.stop_cleanly()
        return file

    def test_over_tap(self):
        file = self.capture()
        text = self.read(file)
        self.assertIn("Flags [S.]", text)
        self.assertIn("ARP", text)
        self.assertGreater(sum(1 for _ in frames(file)), 100)

    def test_over_tun(self):
        text = self.read(self.capture("--tun"))
        self.assertIn("Flags [S.]", text)
        self.assertNotIn("ARP", text)

    def test_of_our_client(self):
        file = self.path("capture.pcap")
        with testbed.Process(testbed.program(), "connect", testbed.KERNEL, "9", "--tap", "tap0", "--address",
                             testbed.OURS + testbed.SUBNET, "--host-address", testbed.KERNEL + testbed.SUBNET,
                             "--caller-data", "hello", "--capture", file) as client:
            client.wait()
        self.assertRegex(self.read(file), r"Flags \[S")

    def test_our_own_trace_reads_them_too(self):
        text = testbed.run(testbed.program(), "trace", self.capture())
        self.assertRegex(text, r"S\. ")
        self.assertNotRegex(text, COMPLAINT)


if __name__ == "__main__":
    testbed.main(needs=["tcpdump", "ping"])
