#!/usr/bin/env python3
"""A flood of forged SYNs at an ordinary listener, and a client of the kernel's that gets in by a SYN cookie."""

import socket
import struct

from capture import ACK, SYN, conversations

import testbed

FORGED = 50


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def forge_syns(target, count):
    """SYNs from hosts that are not there. Without a gateway for the answers these fail at once, and hold no place."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for i in range(count):
            source = socket.inet_aton(f"198.51.100.{i + 1}")
            addresses = source + socket.inet_aton(target[0])
            tcp = struct.pack(">HHIIBBHHH", 1024 + i, target[1], i, 0, 5 << 4, SYN, 1000, 0, 0)
            check = checksum(addresses + struct.pack(">HH", 6, len(tcp)) + tcp)
            tcp = tcp[:16] + struct.pack(">H", check) + tcp[18:]
            ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), i, 0, 64, 6, 0) + addresses
            raw.sendto(ip + tcp, (target[0], 0))


class SynCookies(testbed.Case):
    def test_the_kernel_connects_through_a_flood(self):
        data = bytes(range(256)) * 4096  # more than a window without scale
        file = self.path("capture.pcap")
        with testbed.Served(7, "--unconditional", "--overload", "challenge", "--backlog", "8",
                            "--gateway", testbed.KERNEL, "--capture", file) as server:
            forge_syns(server.address, FORGED)
            client, code = testbed.plain_connect(server.address)
            with client:
                self.assertEqual(code, 0)
                for at in range(0, len(data), 32768):
                    client.sendall(data[at:at + 32768])
                    self.assertEqual(testbed.receive_exactly(client, 32768), data[at:at + 32768])
            counters = server.stop_cleanly()
        self.assertEqual(counters["syn_cookies_sent"], FORGED - 8 + 1)
        self.assertEqual(counters["syn_cookies_accepted"], 1)
        self.assertEqual(counters["syn_cookies_failed"], 0)
        segments = next(s for s in conversations(file).values() if s[0].source[0] == testbed.KERNEL)
        answer = segments[1]
        self.assertTrue(answer.is_only(SYN, ACK))
        self.assertEqual(sorted(answer.kinds()), [2, 3, 4, 8], "MSS, scale, SACK and timestamps are agreed on")
        later = [s for s in segments[2:] if s.source[1] == 7 and s.payload]
        self.assertTrue(all(8 in s.kinds() for s in later))


if __name__ == "__main__":
    testbed.main()
