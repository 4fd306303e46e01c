#!/usr/bin/env python3
"""Requests that are held for long: a client that repeats its SYN and is accepted in the end, and clients that give up."""

import errno

from capture import ACK, SYN, conversations

import testbed

DATA = b"patience"


class Held(testbed.Case):
    def serve(self, rule):
        self.file = self.path("capture.pcap")
        return self.enterContext(testbed.Served(7, "--capture", self.file, rules=(rule, "* accept next\\ please")))

    def conversations(self):
        return list(conversations(self.file).values())

    def check_copies(self, segments, at_least):
        """The copies of one SYN, up to the answer if there is one; the first alone brings the data."""
        copies = [s for s in segments if s.is_only(SYN)]
        self.assertGreaterEqual(len(copies), at_least)
        self.assertEqual({s.seq for s in copies}, {copies[0].seq}, "the same request")
        self.assertEqual([s.payload for s in copies], [DATA] + [b""] * (len(copies) - 1))
        return copies


class Patient(Held):
    def test_ten_seconds_and_then_accepted_with_the_response_data(self):
        server = self.serve("pat* defer:10000:accept at last")
        client, code = testbed.fast_open(server.address, DATA)
        with client:
            self.assertEqual(code, 0)
            self.assertEqual(testbed.receive_exactly(client, 7 + len(DATA)), b"at last" + DATA)
        counters = server.stop_cleanly()
        (segments,) = self.conversations()
        copies = self.check_copies(segments, at_least=4)
        answer = segments[len(copies)]
        self.assertTrue(answer.is_only(SYN, ACK), "nothing was answered before")
        self.assertEqual((answer.ack, answer.payload), ((copies[0].seq + 1 + len(DATA)) % 2**32, b"at last"))
        self.assertEqual(len(server.of("request")), 1)
        self.assertEqual(server.verdicts(1), ["defer", "accept"])
        self.assertGreaterEqual(server.of("verdict")[1]["held_seconds"], 10)
        self.assertEqual((counters["requests"], counters["requests_accepted"]), (1, 1))
        self.assertEqual(counters["requests_repeated"], len(copies) - 1)
        self.assertEqual(counters["requests_held"], 0)


class Impatient(Held):
    """The request expires in silence; what stood behind it comes next, and nothing is left of it."""

    def give_up(self, **options):
        server = self.serve("pat* defer:60000:accept too late")
        first, code = testbed.start_fast_open(server.address, DATA, **options)
        self.assertIn(code, (0, errno.EINPROGRESS))
        testbed.until(lambda: server.verdicts(1), "the first client is deferred")
        second, code = testbed.start_fast_open(server.address, b"me too", SYNCNT=6)
        self.assertIn(code, (0, errno.EINPROGRESS))
        with first, second:
            self.assertEqual(testbed.wait_connected(first), errno.ETIMEDOUT)
            testbed.until(lambda: server.of("withdrawn"), "the request expires")
            self.assertEqual(testbed.wait_connected(second), 0)
            second.settimeout(testbed.PATIENCE)
            self.assertEqual(testbed.receive_exactly(second, 11), b"next please")
        counters = server.stop_cleanly()
        told = [(event["event"], event["request"]) for event in server.events() if "request" in event]
        self.assertEqual(told, [("request", 1), ("verdict", 1), ("withdrawn", 1), ("request", 2), ("verdict", 2)])
        self.assertEqual(server.of("withdrawn")[0]["reason"], "withdrawn_expired")
        self.assertEqual((server.verdicts(1), server.verdicts(2)), (["defer"], ["accept"]))
        segments = self.conversations()[0]
        self.assertEqual([s for s in segments if s.source[1] == 7], [], "not a word to who has given up")
        self.check_copies(segments, at_least=2)
        self.assertEqual((counters["requests"], counters["requests_withdrawn_expired"]), (2, 1))
        self.assertEqual((counters["requests_accepted"], counters["requests_rejected"]), (1, 0), "none was left for the end")
        self.assertEqual((counters["requests_held"], counters["connections_opened"]), (0, 1))

    def test_after_few_repeats(self):
        self.give_up(SYNCNT=2)

    def test_after_a_time_of_its_own(self):
        self.give_up(USER_TIMEOUT=1500)

    def test_because_the_whole_namespace_is_impatient(self):
        testbed.sysctl("net.ipv4.tcp_syn_retries", "1")
        self.addCleanup(testbed.sysctl, "net.ipv4.tcp_syn_retries", "6")
        self.give_up()


if __name__ == "__main__":
    testbed.main()
