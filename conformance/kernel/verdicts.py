#!/usr/bin/env python3
"""What the demonstration leaves out: challenges, handshakes that come first, consumed data, deferral in both orders."""

import errno

from capture import ACK, RST, SYN, conversations
from syn_cookies import FORGED, forge_syns

import testbed

DATA, RESPONSE = b"order: tea", b"coming up"
ACCEPT = r"order:* accept coming\ up"


class Verdicts(testbed.Case):
    def serve(self, *options, rules):
        self.file = self.path("capture.pcap")
        return self.enterContext(testbed.Served(7, "--capture", self.file, *options, rules=rules))

    def segments(self):
        """Of the one connection there is. The capture is whole once the program has ended."""
        (segments,) = conversations(self.file).values()
        return segments

    def decided(self, server, *expected):
        """The verdict on each request, in the order of the requests, once there are so many."""
        def given():
            return [event["verdict"] for event in server.of("verdict")] if len(server.of("verdict")) >= len(expected) else None

        self.assertEqual(testbed.until(given, f"{len(expected)} verdicts"), list(expected))

    def call(self, server, expected, connect=testbed.fast_open):
        """A client that gets `expected`, and its own bytes back after it."""
        client, code = connect(server.address, DATA)
        with client:
            self.assertEqual(code, 0)
            self.assertEqual(testbed.receive_exactly(client, len(expected)), expected)
            client.sendall(b" and cake")
            self.assertEqual(testbed.receive_exactly(client, 9), b" and cake")


class Challenge(Verdicts):
    RULES = ("order:* challenge", ACCEPT, "* reject")

    def check_challenge(self, segments):
        syn, answer, third = segments[:3]
        self.assertEqual((syn.is_only(SYN), syn.payload), (True, DATA))
        self.assertTrue(answer.is_only(SYN, ACK))
        self.assertEqual((answer.ack, answer.payload), ((syn.seq + 1) % 2**32, b""), "only the SYN is acknowledged")
        self.assertEqual((third.seq, third.payload), ((syn.seq + 1) % 2**32, DATA), "the client sends its data again")

    def check_requests(self, server):
        first, second = server.of("request")
        self.assertEqual(first["from"], second["from"])
        self.assertEqual([first["caller_data"], second["caller_data"]], [DATA.decode()] * 2)
        self.assertEqual([first["address_validated"], second["address_validated"]], [False, True])

    def test_the_request_comes_again_and_is_accepted(self):
        server = self.serve(rules=self.RULES)
        self.call(server, RESPONSE + DATA)
        counters = server.stop_cleanly()
        self.decided(server, "challenge", "accept")
        self.check_requests(server)
        self.check_challenge(self.segments())
        self.assertEqual(counters["requests_challenged"], 1)
        self.assertEqual((counters["syn_cookies_sent"], counters["syn_cookies_accepted"]), (1, 1))
        self.assertEqual(counters["syn_cookies_failed"], 0)
        self.assertEqual((counters["requests_accepted"], counters["requests_held"]), (1, 0))
        self.assertEqual(counters["segments_retransmitted"], 0)

    def test_the_request_comes_again_and_is_rejected(self):
        server = self.serve(rules=("order:* challenge", "order:* reject"))
        client, code = testbed.fast_open(server.address, DATA)
        with client:
            # The reset may be there before the client looks.
            if code == 0:
                with self.assertRaises(ConnectionResetError):
                    client.recv(1)
            else:
                self.assertEqual(code, errno.ECONNRESET)
        self.decided(server, "challenge", "reject")
        counters = server.stop_cleanly()
        self.check_requests(server)
        self.check_challenge(self.segments())
        self.assertTrue(self.segments()[3].has(RST))
        self.assertEqual((counters["syn_cookies_accepted"], counters["requests_rejected"]), (1, 1))

    def test_nothing_is_held_for_clients_that_are_not_there(self):
        server = self.serve("--gateway", testbed.KERNEL, rules=("* challenge", ACCEPT))
        forge_syns(server.address, FORGED)
        self.call(server, RESPONSE + DATA)
        counters = server.stop_cleanly()
        self.assertEqual(counters["requests_challenged"], FORGED + 1)
        self.assertEqual((counters["syn_cookies_sent"], counters["syn_cookies_accepted"]), (FORGED + 1, 1))
        self.assertEqual((counters["connections_opened"], counters["requests_held"]), (1, 0))


class HandshakeFirst(Verdicts):
    def test_accepted(self):
        server = self.serve("--handshake-first", rules=(ACCEPT, "* reject"))
        self.call(server, RESPONSE + DATA)
        counters = server.stop_cleanly()
        self.decided(server, "accept")
        (request,) = server.of("request")
        self.assertEqual((request["caller_data"], request["address_validated"]), (DATA.decode(), True))
        syn, answer, third = self.segments()[:3]
        self.assertEqual((answer.ack, answer.payload), ((syn.seq + 1) % 2**32, b""), "the SYN's data is left for later")
        self.assertEqual(third.payload, DATA, "the first segment of the connection brings the caller data")
        response = next(s for s in self.segments()[3:] if s.source[1] == 7 and s.payload)
        self.assertEqual((response.seq, response.payload[:9]), ((answer.seq + 1) % 2**32, RESPONSE))
        self.assertEqual((counters["requests"], counters["requests_accepted"], counters["syn_cookies_sent"]), (1, 1, 0))

    def test_rejected_after_the_client_has_connected(self):
        server = self.serve("--handshake-first", rules=("order:* defer:2000:reject",))
        client, code = testbed.fast_open(server.address, DATA)
        with client:
            self.assertEqual(code, 0, "to the client the connection is there")
            with self.assertRaises(ConnectionResetError):
                client.recv(1)
        self.decided(server, "defer", "reject")
        counters = server.stop_cleanly()
        answer, third = self.segments()[1:3]
        self.assertTrue(answer.is_only(SYN, ACK))
        self.assertTrue(third.is_only(ACK))
        (reset,) = [s for s in self.segments() if s.has(RST)]
        self.assertEqual(reset.source[1], 7)
        self.assertEqual((counters["requests_rejected"], counters["requests_held"], counters["connections"]), (1, 0, 0))

    def test_a_client_without_data_is_judged_when_it_is_connected(self):
        server = self.serve("--handshake-first", rules=(" reject",))
        client, code = testbed.plain_connect(server.address)
        with client:
            if code == 0:
                with self.assertRaises(ConnectionResetError):
                    client.recv(1)
            else:
                self.assertEqual(code, errno.ECONNRESET, "not refused: the reset followed the handshake")
        self.decided(server, "reject")
        server.stop_cleanly()
        self.assertEqual(server.of("request")[0]["caller_data"], "")
        syn, answer, third, reset = self.segments()
        self.assertTrue(syn.is_only(SYN) and answer.is_only(SYN, ACK) and third.is_only(ACK) and reset.has(RST))

    def test_ignored(self):
        server = self.serve("--handshake-first", rules=("order:* ignore",))
        client, code = testbed.fast_open(server.address, DATA)
        with client:
            self.decided(server, "ignore")
        counters = server.stop_cleanly()
        self.assertIn(code, (0, errno.ECONNRESET), "what it sends later belongs to nobody")
        self.assertEqual((counters["requests_ignored"], counters["requests_held"], counters["connections"]), (1, 0, 0))


class Consume(Verdicts):
    def test_the_data_of_the_syn_is_not_in_the_stream(self):
        server = self.serve("--consume", rules=(ACCEPT,))
        self.call(server, RESPONSE)  # and nothing of DATA before the echo of what follows
        counters = server.stop_cleanly()
        self.assertEqual(server.of("request")[0]["caller_data"], DATA.decode())
        self.assertEqual(counters["caller_data_bytes"], len(DATA))
        syn, answer = self.segments()[:2]
        self.assertEqual(answer.ack, (syn.seq + 1 + len(DATA)) % 2**32)

    def test_nor_is_that_of_the_first_segment(self):
        server = self.serve("--consume", "--handshake-first", rules=(ACCEPT,))
        self.call(server, RESPONSE)
        server.stop_cleanly()

    def test_nor_is_that_of_a_challenged_client(self):
        server = self.serve("--consume", rules=Challenge.RULES)
        self.call(server, RESPONSE)
        server.stop_cleanly()


class Deferral(Verdicts):
    def two_clients(self, *options):
        """One that is deferred and one behind it: what was decided about whom, in order."""
        server = self.serve(*options, rules=("later* defer:3000:accept at last", ACCEPT))
        first, code = testbed.start_fast_open(server.address, b"later, please")
        self.assertIn(code, (0, errno.EINPROGRESS))
        with first:
            testbed.until(lambda: server.verdicts(1), "the first client is deferred")
            second, code = testbed.fast_open(server.address, DATA)
            with second:
                self.assertEqual(code, 0)
                self.assertEqual(testbed.receive_exactly(second, 9), RESPONSE)
            self.assertEqual(testbed.wait_connected(first), 0)
            first.settimeout(testbed.PATIENCE)
            self.assertEqual(testbed.receive_exactly(first, 7), b"at last")
        counters = server.stop_cleanly()
        self.assertEqual((counters["requests"], counters["requests_accepted"], counters["requests_held"]), (2, 2, 0))
        return [(event["request"], event["verdict"]) for event in server.of("verdict")]

    STRICT = [(1, "defer"), (1, "accept"), (2, "accept")]

    def test_strict_the_second_waits_behind_a_deferred_head(self):
        self.assertEqual(self.two_clients("--strict"), self.STRICT)

    def test_strict_is_what_it_does_unless_told_otherwise(self):
        self.assertEqual(self.two_clients(), self.STRICT)

    def test_independent_the_second_goes_first(self):
        self.assertEqual(self.two_clients("--deferral", "independent"), [(1, "defer"), (2, "accept"), (1, "accept")])


if __name__ == "__main__":
    testbed.main()
