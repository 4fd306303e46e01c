#!/usr/bin/env python3
"""What an ordinary host answers: ping, fragments, closed ports; and what withdraws a request that is held."""

import random
import socket
import struct

from capture import ACK, RST, SYN

import testbed

GHOST = "192.0.2.77"  # a neighbor whose segments are made by hand


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def tcp_segment(source, target, flags, seq, ack=0, payload=b""):
    """A segment without options, checksummed; addresses are (text, port)."""
    header = struct.pack(">HHIIBBHHH", source[1], target[1], seq, ack, 5 << 4, flags, 65535, 0, 0)
    ends = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    total = checksum(ends + struct.pack(">HH", 6, len(header) + len(payload)) + header + payload)
    return header[:16] + struct.pack(">H", total) + header[18:] + payload


class Ping(testbed.Case):
    def ping(self, size):
        with testbed.Served(7) as server:
            report = testbed.run("ping", "-c", "3", "-i", "0.2", "-W", "5", "-s", str(size), testbed.OURS)
            self.assertIn("3 received", report)
            return server.stop_cleanly()

    def test_56_bytes(self):
        self.assertEqual(self.ping(56)["echo_replies_out"], 3)

    def test_8000_bytes_in_fragments(self):
        counters = self.ping(8000)
        self.assertEqual(counters["datagrams_reassembled"], 3)
        self.assertGreaterEqual(counters["fragments_out"], 3 * 6)


class ClosedPorts(testbed.Case):
    def test_tcp_answers_with_a_reset(self):
        with testbed.Served(7) as server:
            client, code = testbed.plain_connect((testbed.OURS, 9))
            client.close()
            self.assertEqual(code, 111)
            self.assertEqual(server.stop_cleanly()["resets_out"], 1)

    def test_udp_answers_with_port_unreachable(self):
        with testbed.Served(7) as server, socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(testbed.PATIENCE)
            client.connect((testbed.OURS, 9))
            client.send(b"anybody?")
            with self.assertRaises(ConnectionRefusedError):
                client.recv(1)
            self.assertEqual(server.stop_cleanly()["icmp_errors_out"], 1)


class Withdrawal(testbed.Case):
    """Segments made by hand, in the name of a neighbor that has no TCP of its own."""

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(testbed.Served(7, "--deferral", "independent", rules=["held* defer:60000:accept"]))
        # The kernel answers ARP for the ghost; no socket of its own knows the ghost's segments.
        testbed.run("ip", "address", "add", GHOST + "/32", "dev", "tap0")
        self.raw = self.enterContext(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP))
        self.raw.bind((GHOST, 0))
        self.source = (GHOST, random.randint(20000, 60000))

    def send(self, flags, seq, ack=0, payload=b""):
        self.raw.sendto(tcp_segment(self.source, self.server.address, flags, seq, ack, payload), (testbed.OURS, 0))

    def held(self, count):
        return testbed.until(lambda: len(self.server.of("request")) >= count and self.server.of("request"),
                             f"request number {count}")

    def test_a_reset_withdraws_it(self):
        self.send(SYN, 1000, payload=b"held")
        self.held(1)
        self.send(RST, 5)
        self.send(RST, 1005)
        (gone,) = testbed.until(lambda: self.server.of("withdrawn"), "the request is withdrawn")
        self.assertEqual(gone["reason"], "withdrawn_reset")
        counters = self.server.stop_cleanly()
        self.assertEqual(counters["requests_withdrawn_reset"], 1)
        self.assertEqual(counters["drops"].get("request_reset_unmatched"), 1, "the wrong number withdraws nothing")
        self.assertEqual(counters["connections_opened"], 0)

    def test_a_syn_with_a_new_number_replaces_it(self):
        self.send(SYN, 1000, payload=b"held 1")
        self.held(1)
        self.send(SYN, 1000, payload=b"held 1")
        self.send(SYN, 2000, payload=b"held 2")
        first, second = self.held(2)
        self.assertEqual((first["caller_data"], second["caller_data"]), ("held 1", "held 2"))
        (gone,) = self.server.of("withdrawn")
        self.assertEqual((gone["request"], gone["reason"]), (first["request"], "withdrawn_replaced"))
        counters = self.server.stop_cleanly()
        self.assertEqual((counters["requests"], counters["requests_repeated"]), (2, 1))

    def test_other_segments_for_it_are_dropped(self):
        self.send(SYN, 1000, payload=b"held")
        self.held(1)
        self.send(ACK, 1005, ack=1, payload=b"too early")
        client, code = testbed.plain_connect(self.server.address)  # frames keep their order: it is behind the other
        client.close()
        self.assertEqual(code, 0)
        counters = self.server.stop_cleanly()
        self.assertEqual(counters["drops"].get("request_segment_unexpected"), 1)


if __name__ == "__main__":
    testbed.main(needs=["ping"])
