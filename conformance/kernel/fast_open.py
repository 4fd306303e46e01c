#!/usr/bin/env python3
"""Fast Open with cookies, RFC 7413, against the kernel: its client and our server, our client and its server.

Which segment brings the cookie and which one the data is read off the capture.
"""

import json
import socket
import subprocess

from capture import ACK, SYN, conversations

import testbed

KIND, EXPERIMENTAL, EX_ID = 34, 254, b"\xf9\x89"
CLIENT_AND_SERVER = "3"  # net.ipv4.tcp_fastopen: both, with cookies


def cookie_of(segment):
    """The cookie of a segment's Fast Open option: b"" where it asks for one, None where there is no option."""
    kinds = segment.kinds()
    if kinds.get(EXPERIMENTAL, b"").startswith(EX_ID):
        return kinds[EXPERIMENTAL][2:]
    return kinds.get(KIND)


def call(source, address, data):
    """Connects with MSG_FASTOPEN: the kernel asks for a cookie, or sends the data behind the one that it has."""
    client = socket.socket()
    client.bind((source, 0))
    client.sendto(data, testbed.MSG_FASTOPEN, address)
    client.settimeout(testbed.PATIENCE)
    return client


class FastOpen(testbed.Case):
    def setUp(self):
        super().setUp()
        testbed.sysctl("net.ipv4.tcp_fastopen", CLIENT_AND_SERVER)
        self.addCleanup(testbed.sysctl, "net.ipv4.tcp_fastopen", "1")

    def check_request(self, segments):
        """The connection that fetches the cookie; returns it."""
        syn, answer = segments[:2]
        self.assertEqual((cookie_of(syn), syn.payload), (b"", b""))
        self.assertTrue(answer.is_only(SYN, ACK))
        self.assertIn(len(cookie_of(answer)), range(4, 17))
        return cookie_of(answer)

    def check_use(self, segments, cookie, data):
        """The connection that uses it; returns the SYN-ACK, which acknowledges the data."""
        syn, answer = segments[:2]
        self.assertEqual((cookie_of(syn), syn.payload), (cookie, data))
        self.assertTrue(answer.is_only(SYN, ACK))
        self.assertEqual(answer.ack, (syn.seq + 1 + len(data)) % 2**32, "the data was taken from the SYN")
        self.assertIsNone(cookie_of(answer))
        return answer


class KernelClient(FastOpen):
    def calls(self, source, *options, talk, rules=()):
        """Two calls of the kernel's, which `talk` goes on with; the segments of both, and our counters.

        The kernel keeps cookies by both addresses, and forgets none here: each test has a source of its own.
        """
        file = self.path("capture.pcap")
        with testbed.Served(7, "--capture", file, "--fast-open", *options, rules=rules) as server:
            testbed.run("ip", "address", "add", source + testbed.SUBNET, "dev", "tap0")
            for data in b"the first", b"the second":
                with call(source, server.address, data) as client:
                    talk(client, data)
            counters = server.stop_cleanly()
            self.requests = [(event["caller_data"], event["address_validated"]) for event in server.of("request")]
            self.decided = [event["verdict"] for event in server.of("verdict")]
        first, second = conversations(file).values()
        return first, second, counters

    def test_an_ordinary_listener_answers_before_the_handshake_is_complete(self):
        def talk(client, data):
            self.assertEqual(testbed.receive_exactly(client, len(data)), data)

        first, second, counters = self.calls("192.0.2.3", "--unconditional", talk=talk)
        answer = self.check_use(second, self.check_request(first), b"the second")
        echo = next(s for s in second if s.source[1] == 7 and s.payload)
        self.assertEqual((echo.payload, echo.seq), (b"the second", (answer.seq + 1) % 2**32))
        before = second[:second.index(echo)]
        self.assertFalse([s for s in before if s.target[1] == 7 and s.has(ACK)], "nor does it wait for the client's ACK")
        self.assertEqual(counters["fast_open_cookies_out"], 1)
        self.assertEqual(counters["fast_open_accepted"], 1)
        self.assertEqual(counters["segments_retransmitted"], 0)

    def test_a_cookie_lets_a_conditional_listener_answer_at_length(self):
        response = b"r" * 1200  # more than three times the SYN

        def talk(client, data):
            expected = response if data == b"the second" else b"go on"
            self.assertEqual(testbed.receive_exactly(client, len(expected)), expected)

        rules = ["the\\ second accept " + response.decode(), "* accept go\\ on"]
        first, second, counters = self.calls("192.0.2.4", "--service", "discard", talk=talk, rules=rules)
        answer = self.check_use(second, self.check_request(first), b"the second")
        self.assertEqual(answer.payload, response)
        self.assertEqual(self.requests, [("", False), ("the second", True)])
        self.assertEqual((counters["fast_open_cookies_out"], counters["fast_open_accepted"]), (1, 1))
        self.assertEqual(counters["response_data_resent"], 0)

    def test_a_challenge_brings_the_cookie_that_saves_the_next_one(self):
        def talk(client, data):
            self.assertEqual(testbed.receive_exactly(client, 5), b"go on")

        rules = ["* challenge", "* accept go\\ on"]
        first, second, counters = self.calls("192.0.2.5", "--service", "discard", talk=talk, rules=rules)
        answer = self.check_use(second, self.check_request(first), b"the second")
        self.assertEqual(answer.payload, b"go on")
        self.assertEqual(self.decided, ["challenge", "accept", "accept"])
        self.assertEqual(self.requests, [("", False), ("the first", True), ("the second", True)])
        self.assertEqual((counters["fast_open_cookies_out"], counters["fast_open_accepted"]), (1, 1))
        self.assertEqual((counters["syn_cookies_sent"], counters["syn_cookies_accepted"]), (1, 1))


class KernelServer(FastOpen):
    def test_a_cookie_is_fetched_and_used(self):
        with socket.socket() as listener:
            listener.bind(("0.0.0.0", 0))
            listener.setsockopt(socket.IPPROTO_TCP, testbed.TCP_FASTOPEN, 16)
            listener.listen()
            listener.settimeout(testbed.PATIENCE)
            before = testbed.kernel_counters()["TCPFastOpenPassive"]
            file = self.path("capture.pcap")
            with testbed.Process(
                    testbed.program(), "connect", testbed.KERNEL, str(listener.getsockname()[1]), "--tap", "tap0",
                    "--address", testbed.OURS + testbed.SUBNET, "--host-address", testbed.KERNEL + testbed.SUBNET,
                    "--capture", file, "--fast-open", "--caller-data", "in the SYN", "--no-stdin", "--json",
                    stdin=subprocess.PIPE) as client:
                with listener.accept()[0] as fetching:
                    fetching.settimeout(testbed.PATIENCE)
                    self.assertEqual(fetching.recv(1), b"", "that connection is there for the cookie alone")
                with listener.accept()[0] as accepted:
                    accepted.settimeout(testbed.PATIENCE)
                    self.assertEqual(testbed.receive_exactly(accepted, 10), b"in the SYN")
                    accepted.sendall(b"from the kernel\n")
                self.assertEqual(client.wait(), 0, client.errors)
            self.assertEqual(client.lines, ["from the kernel"])
            connected = json.loads(client.errors[0])
            self.assertEqual((connected["fast_open"], connected["caller_data_taken_bytes"]), (True, 10))
            self.assertEqual(testbed.kernel_counters()["TCPFastOpenPassive"], before + 1)
        first, second = conversations(file).values()
        self.check_use(second, self.check_request(first), b"in the SYN")


if __name__ == "__main__":
    testbed.main()
