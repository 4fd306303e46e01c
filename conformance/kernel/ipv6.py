#!/usr/bin/env python3
"""Over IPv6: every verdict with data on the SYN, a megabyte each way, ping in fragments, closed ports, both versions
at one listener, and our connect to a kernel server. The neighbors find each other by themselves.
"""

import errno
import os
import socket
import subprocess
import threading

from capture import ACK, RST, SYN, conversations

import testbed

PORT = 7
ADDRESS = (testbed.OURS_V6, PORT)
RULES = (
    r"HELLO* accept welcome\r\n",
    "BAD* reject",
    r"slow* defer:200:accept better\ late",
    "nobody* ignore",
    "order* challenge",
    r"order* accept coming\ up",
)


class Ipv6(testbed.Case):
    def serve(self, *options, rules=()):
        self.file = self.path("capture.pcap")
        return self.enterContext(
            testbed.Served(PORT, *testbed.OPTIONS_V6, "--capture", self.file, *options, rules=rules))

    def calls(self, data, expected):
        """A client with data in its SYN gets the response and its own bytes back."""
        client, code = testbed.fast_open(ADDRESS, data)
        with client:
            self.assertEqual(code, 0)
            self.assertEqual(testbed.receive_exactly(client, len(expected) + len(data)), expected + data)
            return client.getsockname()[1]


class Verdicts(Ipv6):
    def test_accept_sends_the_response_in_the_syn_ack(self):
        server = self.serve(rules=RULES)
        port = self.calls(b"HELLO there", b"welcome\r\n")
        server.stop_cleanly()  # its events are all there then
        (request,) = server.of("request")
        self.assertEqual(request["caller_data"], "HELLO there")
        self.assertEqual(request["from"], f"[{testbed.KERNEL_V6}]:{port}")
        syn, answer = conversations(self.file)[port][:2]
        self.assertEqual((syn.source[0], syn.payload), (testbed.KERNEL_V6, b"HELLO there"))
        self.assertTrue(answer.is_only(SYN, ACK))
        self.assertEqual(answer.payload, b"welcome\r\n")
        self.assertEqual(answer.ack, (syn.seq + 1 + len(syn.payload)) % 2**32)

    def test_reject_is_a_reset(self):
        server = self.serve(rules=RULES)
        client, code = testbed.fast_open(ADDRESS, b"BAD idea")
        client.close()
        self.assertEqual(code, errno.ECONNREFUSED)
        self.assertEqual(server.stop_cleanly()["requests_rejected"], 1)
        (segments,) = conversations(self.file).values()
        self.assertTrue(segments[1].is_only(RST, ACK))

    def test_defer_answers_later(self):
        server = self.serve(rules=RULES)
        self.calls(b"slow tea", b"better late")
        server.stop_cleanly()
        self.assertEqual([event["verdict"] for event in server.of("verdict")], ["defer", "accept"])

    def test_ignore_is_silence(self):
        server = self.serve(rules=RULES)
        client, code = testbed.start_fast_open(ADDRESS, b"nobody")
        with client:
            self.assertIn(code, (0, errno.EINPROGRESS))
            testbed.until(lambda: server.of("verdict"), "a verdict")
            self.assertEqual(testbed.wait_connected(client, 0.1), errno.ETIMEDOUT)
        server.stop_cleanly()
        (segments,) = conversations(self.file).values()
        self.assertFalse([s for s in segments if s.source[0] == testbed.OURS_V6])

    def test_challenge_brings_the_request_again(self):
        server = self.serve(rules=RULES)
        self.calls(b"order: tea", b"coming up")
        counters = server.stop_cleanly()
        self.assertEqual([event["verdict"] for event in server.of("verdict")], ["challenge", "accept"])
        self.assertEqual((counters["syn_cookies_sent"], counters["syn_cookies_accepted"]), (1, 1))

    def test_a_listener_takes_both_versions(self):
        server = self.serve("--unconditional")
        for address in (ADDRESS, server.address):
            client, code = testbed.plain_connect(address)
            with client:
                self.assertEqual(code, 0)
                client.sendall(b"echo")
                self.assertEqual(testbed.receive_exactly(client, 4), b"echo")
        self.assertEqual(server.stop_cleanly()["connections_opened"], 2)


class Cookies(Ipv6):
    def test_the_kernel_gets_a_cookie_and_uses_it(self):
        testbed.sysctl("net.ipv4.tcp_fastopen", "3")
        self.addCleanup(testbed.sysctl, "net.ipv4.tcp_fastopen", "1")
        server = self.serve("--fast-open", "--unconditional")
        for data in b"the first", b"the second":
            with testbed.socket_for(ADDRESS) as client:
                client.sendto(data, testbed.MSG_FASTOPEN, ADDRESS)
                client.settimeout(testbed.PATIENCE)
                self.assertEqual(testbed.receive_exactly(client, len(data)), data)
        counters = server.stop_cleanly()
        self.assertEqual((counters["fast_open_cookies_out"], counters["fast_open_accepted"]), (1, 1))
        second = list(conversations(self.file).values())[1]
        self.assertEqual(second[0].payload, b"the second")


class Volume(Ipv6):
    def test_a_megabyte_each_way(self):
        server = self.serve("--unconditional")
        sent = os.urandom(1 << 20)
        client, code = testbed.plain_connect(ADDRESS)
        with client:
            self.assertEqual(code, 0)
            sender = threading.Thread(target=client.sendall, args=(sent,))
            sender.start()
            self.assertEqual(testbed.receive_exactly(client, len(sent)), sent)
            sender.join()
        server.stop_cleanly()
        (segments,) = conversations(self.file).values()
        # The larger header leaves 1440, and time-stamps 1428.
        self.assertEqual(max(len(s.payload) for s in segments if s.source[0] == testbed.OURS_V6), 1428)

    def test_a_link_that_is_narrower(self):
        # What the kernel announces is what its side takes: 1280 less 60, and 12 for time-stamps.
        server = self.serve("--unconditional")
        testbed.run("ip", "link", "set", "tap0", "mtu", "1280")
        client, code = testbed.plain_connect(ADDRESS)
        with client:
            self.assertEqual(code, 0)
            client.sendall(b"x" * 50_000)
            self.assertEqual(len(testbed.receive_exactly(client, 50_000)), 50_000)
        server.stop_cleanly()
        (segments,) = conversations(self.file).values()
        self.assertEqual(max(len(s.payload) for s in segments), 1208)


class Host(Ipv6):
    def ping(self, size):
        server = self.serve()
        report = testbed.run("ping", "-6", "-c", "3", "-i", "0.2", "-W", "5", "-s", str(size), testbed.OURS_V6)
        self.assertIn("3 received", report)
        return server.stop_cleanly()

    def test_ping(self):
        self.assertEqual(self.ping(56)["echo_replies_out"], 3)

    def test_ping_in_fragments(self):
        counters = self.ping(8000)
        self.assertEqual(counters["datagrams_reassembled"], 3)
        self.assertGreaterEqual(counters["fragments_out"], 3 * 6)

    def test_closed_ports(self):
        server = self.serve()
        client, code = testbed.plain_connect((testbed.OURS_V6, 9))
        client.close()
        self.assertEqual(code, errno.ECONNREFUSED)
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
            client.settimeout(testbed.PATIENCE)
            client.connect((testbed.OURS_V6, 9))
            client.send(b"anybody?")
            with self.assertRaises(ConnectionRefusedError):
                client.recv(1)
        counters = server.stop_cleanly()
        self.assertEqual((counters["resets_out"], counters["icmp_errors_out"]), (1, 1))


class Client(Ipv6):
    def test_connects_to_the_kernel_with_data(self):
        testbed.sysctl("net.ipv4.tcp_fastopen", "1539")  # 0x603: servers take data without a cookie
        self.addCleanup(testbed.sysctl, "net.ipv4.tcp_fastopen", "1")
        with socket.socket(socket.AF_INET6) as listener:
            listener.bind(("::", 0))
            listener.listen()
            listener.settimeout(testbed.PATIENCE)
            command = (testbed.program(), "connect", testbed.KERNEL_V6, str(listener.getsockname()[1]), "--tap", "tap0",
                       *testbed.OPTIONS_V6, "--caller-data", "in the SYN", "--no-stdin", "--json")
            with testbed.Process(*command, stdin=subprocess.PIPE) as client:
                with listener.accept()[0] as accepted:
                    self.assertEqual(accepted.getpeername()[0], testbed.OURS_V6)
                    accepted.settimeout(testbed.PATIENCE)
                    self.assertEqual(testbed.receive_exactly(accepted, 10), b"in the SYN")
                    accepted.sendall(b"from the kernel\n")
                self.assertEqual(client.wait(), 0, client.errors)
            self.assertEqual(client.lines, ["from the kernel"])


class Trace(Ipv6):
    def test_tells_neighbors_and_segments(self):
        server = self.serve(rules=RULES)
        port = self.calls(b"HELLO", b"welcome\r\n")
        server.stop_cleanly()
        text = testbed.run(testbed.program(), "trace", self.file)
        self.assertIn(f"NDP who has {testbed.OURS_V6}? tell {testbed.KERNEL_V6}", text)
        self.assertIn(f"NDP {testbed.OURS_V6} is at ", text)
        self.assertRegex(text, rf"\[{testbed.KERNEL_V6}\]:{port} > \[{testbed.OURS_V6}\]:{PORT} S 0:5\(5\)")
        self.assertNotIn("checksum", text)


if __name__ == "__main__":
    testbed.main(needs=["ping"])
