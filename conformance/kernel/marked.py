#!/usr/bin/env python3
"""Connect data outside the stream: two programs of ours with the kernel as a router between them, and the kernel as peer.

The server is 192.0.2.1 on tap0 as ever, the client 192.0.2.129 on tap1; the kernel forwards what they say.
"""

import json
import socket
import subprocess

from capture import ACK, SYN, conversations

import testbed

SUBNET, CLIENT, ROUTER = "/25", "192.0.2.129", "192.0.2.130"
ROUTED = ("--tap", "tap1", "--address", CLIENT + SUBNET, "--host-address", ROUTER + SUBNET, "--gateway", ROUTER)
CONNECT_DATA, EX_ID = 253, b"ante"
HELLO, WELCOME, STREAM = "HELLO", "welcome", "from us"
RULES = ("HELLO* accept welcome", "* reject")


def announced(segment):
    """The length in a segment's option for connect data, None where there is no such option."""
    option = segment.kinds().get(CONNECT_DATA, b"")
    return int.from_bytes(option[4:6], "big") if option.startswith(EX_ID) else None


class Connecting(testbed.Process):
    """`anteroom connect`; its messages are JSON, its standard output is the stream."""

    def __init__(self, remote, *options):
        super().__init__(testbed.program(), "connect", remote[0], str(remote[1]), "--json", *options, stdin=subprocess.PIPE)

    def messages(self, event):
        return [line for line in map(json.loads, list(self.errors)) if line["event"] == event]

    def connected(self):
        testbed.until(lambda: self.messages("connected") or self.process.poll() is not None, "it connects")
        if not self.messages("connected"):
            raise AssertionError("\n".join(self.errors))
        return self.messages("connected")[0]

    def send(self, text):
        """The last that it sends."""
        self.process.stdin.write(text + "\n")
        self.process.stdin.close()


class TwoPrograms(testbed.Case):
    def setUp(self):
        super().setUp()
        testbed.sysctl("net.ipv4.ip_forward", "1")

    def serve(self, *options, rules=RULES):
        self.file = self.path("server.pcap")
        options = ("--gateway", testbed.KERNEL, "--capture", self.file, *options)
        return self.enterContext(testbed.Served(7, *options, rules=rules, subnet=SUBNET))

    def connect(self, *options):
        return self.enterContext(Connecting((testbed.OURS, 7), *ROUTED, "--caller-data", HELLO, *options))

    def talk(self, *options, marked, echoed):
        """A client of an echo server: `echoed` is all that its stream brings. What it said when it was connected."""
        client = self.connect(*options)
        connected = client.connected()
        client.send(STREAM)
        self.assertEqual(client.wait(), 0, client.errors)
        self.assertEqual("\n".join(client.lines), echoed)
        self.assertEqual((connected["marked"], connected["response_data"]), (marked, WELCOME))
        return connected

    def syn_and_answer(self):
        (segments,) = conversations(self.file).values()
        self.assertTrue(segments[0].is_only(SYN) and segments[1].is_only(SYN, ACK))
        return segments[:2]

    def check_request(self, server, *validated):
        """What the condition saw, as often as it was asked."""
        self.assertEqual([(event["caller_data"], event["address_validated"]) for event in server.of("request")],
                         [(HELLO, known) for known in validated])


class BothMark(TwoPrograms):
    def test_the_stream_has_none_of_it(self):
        server = self.serve("--marked")
        connected = self.talk("--marked", marked=True, echoed=STREAM)
        counters = server.stop_cleanly()
        self.assertEqual(connected["caller_data_taken_bytes"], len(HELLO))
        self.check_request(server, False)
        syn, answer = self.syn_and_answer()
        self.assertEqual((announced(syn), syn.payload), (len(HELLO), HELLO.encode()))
        self.assertEqual((announced(answer), answer.payload), (len(WELCOME), WELCOME.encode()))
        self.assertEqual(answer.ack, (syn.seq + 1 + len(HELLO)) % 2**32)
        self.assertEqual((counters["requests"], counters["requests_accepted"]), (1, 1))
        self.assertEqual((counters["caller_data_bytes"], counters["response_data_bytes"]), (len(HELLO), len(WELCOME)))
        self.assertEqual(counters["response_data_resent"], 0)

    def test_required(self):
        server = self.serve("--marked")
        self.talk("--require-marked", marked=True, echoed=STREAM)
        server.stop_cleanly()
        self.check_request(server, False)

    def test_after_a_deferral(self):
        server = self.serve("--marked", rules=("HELLO* defer:2000:accept welcome",))
        self.talk("--require-marked", marked=True, echoed=STREAM)
        counters = server.stop_cleanly()
        self.check_request(server, False)
        self.assertEqual((counters["requests_accepted"], counters["requests_repeated"]), (1, 1))

    def test_handshake_first(self):
        server = self.serve("--marked", "--handshake-first")
        self.talk("--require-marked", marked=True, echoed=STREAM)
        counters = server.stop_cleanly()
        self.check_request(server, True)
        syn, answer = self.syn_and_answer()
        self.assertEqual((answer.ack, answer.payload), ((syn.seq + 1) % 2**32, b""), "the data comes again")
        self.assertIsNotNone(announced(answer))
        self.assertEqual((counters["requests"], counters["requests_accepted"]), (1, 1))

    def test_challenged(self):
        server = self.serve("--marked", rules=("HELLO* challenge", *RULES))
        self.talk("--require-marked", marked=True, echoed=STREAM)
        counters = server.stop_cleanly()
        self.check_request(server, False, True)
        syn, answer = self.syn_and_answer()
        self.assertEqual((answer.ack, answer.payload), ((syn.seq + 1) % 2**32, b""))
        self.assertEqual((counters["requests_challenged"], counters["syn_cookies_accepted"]), (1, 1))
        self.assertEqual((counters["requests_accepted"], counters["requests_held"]), (1, 0))

    def test_with_a_fast_open_cookie(self):
        server = self.serve("--marked", "--fast-open", rules=("HELLO* accept welcome", "* accept"))
        connected = self.talk("--require-marked", "--fast-open", marked=True, echoed=STREAM)
        counters = server.stop_cleanly()
        self.assertEqual((connected["fast_open"], connected["caller_data_taken_bytes"]), (True, len(HELLO)))
        self.assertEqual([(event["caller_data"], event["address_validated"]) for event in server.of("request")],
                         [("", False), (HELLO, True)], "the first call is for the cookie alone")
        _, second = conversations(self.file).values()
        self.assertEqual([announced(segment) for segment in second[:2]], [len(HELLO), len(WELCOME)])
        self.assertEqual((counters["fast_open_cookies_out"], counters["fast_open_accepted"]), (1, 1))

    def test_an_answer_of_more_than_the_syn_ack_may_take_is_still_no_stream(self):
        answer = "w" * 1000  # more than three times the SYN, and nothing has proven the address
        server = self.serve("--marked", rules=("HELLO* accept " + answer,))
        client = self.connect("--require-marked")
        self.assertEqual(client.connected()["response_data"], answer)
        client.send(STREAM)
        self.assertEqual(client.wait(), 0, client.errors)
        self.assertEqual(client.lines, [STREAM])
        server.stop_cleanly()

    def test_rejected(self):
        server = self.serve("--marked", rules=("HELLO* reject",))
        client = self.connect("--marked")
        self.assertEqual(client.wait(), 1)
        self.assertEqual((client.messages("closed")[0]["how"], client.lines), ("refused", []))
        server.stop_cleanly()


class OneMarks(TwoPrograms):
    IN_STREAM = WELCOME + HELLO + STREAM  # the echo server takes the caller data for the start of the stream

    def test_the_server_does_not_and_the_client_does_with_stream_bytes(self):
        server = self.serve()
        self.talk("--marked", marked=False, echoed=self.IN_STREAM)
        server.stop_cleanly()
        syn, answer = self.syn_and_answer()
        self.assertEqual((announced(syn), announced(answer)), (len(HELLO), None))

    def test_the_client_does_not(self):
        server = self.serve("--marked")
        self.talk(marked=False, echoed=self.IN_STREAM)
        server.stop_cleanly()
        self.assertEqual([announced(segment) for segment in self.syn_and_answer()], [None, None])

    def test_the_client_requires_it(self):
        server = self.serve()
        client = self.connect("--require-marked")
        self.assertEqual(client.wait(), 1)
        self.assertEqual([json.loads(line) for line in client.errors], [{"event": "closed", "how": "not_marked"}])
        self.assertEqual(client.lines, [])
        (closed,) = testbed.until(lambda: server.of("closed"), "the server hears of it")
        self.assertEqual(closed["how"], "reset_by_peer")
        server.stop_cleanly()

    def test_what_a_person_reads_says_why(self):
        self.serve()
        result = subprocess.run(
            [testbed.program(), "connect", testbed.OURS, "7", *ROUTED, "--caller-data", HELLO, "--require-marked"],
            capture_output=True, text=True, timeout=testbed.PATIENCE)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (1, "", "cannot connect: not_marked\n"))


class KernelServer(testbed.Case):
    def setUp(self):
        super().setUp()
        self.listener = self.enterContext(socket.create_server(("0.0.0.0", 0)))
        self.listener.settimeout(testbed.PATIENCE)

    def connect(self, *options):
        return self.enterContext(Connecting(
            (testbed.KERNEL, self.listener.getsockname()[1]), "--tap", "tap0", "--address", testbed.OURS + testbed.SUBNET,
            "--host-address", testbed.KERNEL + testbed.SUBNET, "--caller-data", HELLO, *options))

    def check_stream(self, taken_bytes):
        """The kernel's program reads the caller data once, in front of the stream."""
        client = self.connect("--marked")
        with self.listener.accept()[0] as accepted:
            accepted.settimeout(testbed.PATIENCE)
            connected = client.connected()
            client.send(STREAM)
            expected = f"{HELLO}{STREAM}\n".encode()
            self.assertEqual(testbed.receive_exactly(accepted, len(expected)), expected)
            self.assertEqual(accepted.recv(1), b"")
            accepted.sendall(b"from the kernel\n")
        self.assertEqual(client.wait(), 0, client.errors)
        self.assertEqual(client.lines, ["from the kernel"])
        self.assertEqual((connected["marked"], connected["response_data_bytes"]), (False, 0))
        self.assertEqual(connected["caller_data_taken_bytes"], taken_bytes)

    def test_marked_where_the_server_can(self):
        self.check_stream(taken_bytes=0)

    def test_the_same_where_the_kernel_takes_the_data_from_the_syn(self):
        testbed.sysctl("net.ipv4.tcp_fastopen", "0x602")
        self.addCleanup(testbed.sysctl, "net.ipv4.tcp_fastopen", "1")
        self.listener.setsockopt(socket.IPPROTO_TCP, testbed.TCP_FASTOPEN, 16)
        self.check_stream(taken_bytes=len(HELLO))

    def test_required(self):
        client = self.connect("--require-marked")
        self.assertEqual(client.wait(), 1)
        self.assertEqual([json.loads(line) for line in client.errors], [{"event": "closed", "how": "not_marked"}])
        self.assertEqual(client.lines, [])
        self.listener.setblocking(False)
        with self.assertRaises(BlockingIOError, msg="the handshake was never completed"):
            self.listener.accept()


if __name__ == "__main__":
    testbed.main()
