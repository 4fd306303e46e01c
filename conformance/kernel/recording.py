#!/usr/bin/env python3
"""A recording in pcapng: comments where a verdict or a state changed, seed and configuration in the section header; and the stack, put
in its own place by `anteroom replay`, does again what it did, in every tier."""

import json
import struct
import subprocess

import testbed

SECTION, PACKET = 0x0A0D0D0A, 6
COMMENT = 1
TIERS = ("stream", "acknowledgment", "handshake", "close", "retransmission", "boundaries", "timing")


def blocks(path):
    """Every block: its type and what stands between its lengths."""
    with open(path, "rb") as file:
        content = file.read()
    at = 0
    while at < len(content):
        kind, length = struct.unpack_from("=II", content, at)
        assert length % 4 == 0 and struct.unpack_from("=I", content, at + length - 4)[0] == length
        yield kind, content[at + 8 : at + length - 4]
        at += length


def comment(options):
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from("=HH", options, at)
        if code == COMMENT:
            return options[at + 4 : at + 4 + length].decode()
        at += 4 + (length + 3) // 4 * 4
    return ""


def comments(path):
    """Of each packet that has one."""
    found = []
    for kind, body in blocks(path):
        if kind == PACKET:
            size = struct.unpack_from("=I", body, 12)[0]
            found.append(comment(body[20 + (size + 3) // 4 * 4 :]))
    return [text for text in found if text]


class Recording(testbed.Case):
    def section(self, path):
        kind, body = next(iter(blocks(path)))
        self.assertEqual(kind, SECTION)
        return comment(body[16:])

    def replayed(self, path, side):
        """One report for each connection; nothing may have diverged."""
        words = [word for tier in TIERS for word in ("--tier", tier)]
        result = subprocess.run([testbed.program(), "replay", path, "--as", side, "--json", *words],
                                capture_output=True, text=True, timeout=60)
        reports = [json.loads(line) for line in result.stdout.splitlines()]
        connections = [report for report in reports if "connection" in report]
        for report in connections:
            self.assertEqual([each for each in report["divergences"] if each["tier"] in TIERS], [])
            self.assertEqual(report["mode"], "oracle")
        self.assertEqual(result.returncode, 0, result.stderr)
        return connections

    def test_of_the_server(self):
        file = self.path("server.pcapng")
        rules = ("order:* accept coming up", "spam* reject", "later* defer:50:accept at last")
        with testbed.Served(7, "--service", "echo", "--capture", file, "--seed", "c0ffee", rules=rules) as server:
            for data in (b"order: tea", b"spam", b"later", b""):
                client, code = testbed.fast_open(server.address, data) if data else testbed.plain_connect(server.address)
                with client:
                    if code == 0:
                        client.sendall(bytes(3_000))
                        client.shutdown(1)
                        while client.recv(1 << 20):
                            pass
            server.stop_cleanly()
        self.assertTrue(self.section(file).startswith("seed=c0ffee0000"))
        self.assertIn("order:* accept coming up", self.section(file))
        found = comments(file)
        self.assertEqual(sum("verdict accept, 9 bytes of response data; state syn_received" in text for text in found), 1, found)
        self.assertEqual(sum("verdict reject" in text for text in found), 1, found)
        self.assertEqual(sum("verdict defer" in text for text in found), 1, found)
        self.assertEqual(sum("state established, was syn_received" in text for text in found), 3, found)
        connections = self.replayed(file, "server")
        self.assertEqual([report["caller_data_bytes"] for report in connections if "caller_data_bytes" in report], [10, 4, 5])
        for report in connections:
            if report["bytes_in"] > 0:
                self.assertEqual([tier for tier in TIERS if report["tiers"][tier] != "same"], [], report)

    def test_of_the_client(self):
        file = self.path("client.pcapng")
        with testbed.Process(testbed.program(), "connect", testbed.KERNEL, "9", "--tap", "tap0", "--address",
                             testbed.OURS + testbed.SUBNET, "--host-address", testbed.KERNEL + testbed.SUBNET,
                             "--capture", file) as client:
            client.wait()
        self.assertEqual(comments(file)[0], "state syn_sent")
        self.assertTrue(any("state closed, was syn_sent" in text for text in comments(file)), comments(file))
        self.assertEqual(len(self.section(file).split("\n")[0]), len("seed=") + 64)
        self.assertEqual(len(self.replayed(file, "client")), 1)


if __name__ == "__main__":
    testbed.main()
