#!/usr/bin/env python3
"""Where the response data travels: in the SYN-ACK, and in the very next segment for a client that threw it away."""

from capture import ACK, RST, SYN, conversations

import testbed

RESPONSE = b"response data"


class ResponseData(testbed.Case):
    def conversation(self, connect):
        """The segments of one connection; `connect` makes it from an address."""
        file = self.path("capture.pcap")
        with testbed.Served(7, "--service", "discard", "--capture", file, rules=[f"* accept {RESPONSE.decode()}"]) as server:
            client, code = connect(server.address)
            with client:
                self.assertEqual(code, 0)
                self.assertEqual(testbed.receive_exactly(client, len(RESPONSE)), RESPONSE)
            counters = server.stop_cleanly()
        (segments,) = conversations(file).values()
        return segments, counters

    def test_a_fast_open_client_takes_it_from_the_syn_ack(self):
        segments, counters = self.conversation(lambda address: testbed.fast_open(address, b"caller data"))
        syn, answer, third = segments[:3]
        self.assertTrue(syn.is_only(SYN))
        self.assertEqual(syn.payload, b"caller data")
        self.assertTrue(answer.is_only(SYN, ACK))
        self.assertEqual(answer.payload, RESPONSE)
        self.assertEqual(answer.ack, (syn.seq + 1 + len(syn.payload)) % 2**32, "SYN and caller data acknowledged together")
        self.assertEqual(third.ack, (answer.seq + 1 + len(RESPONSE)) % 2**32, "the client took all of it")
        again = [s for s in segments[2:] if s.source[1] == 7 and s.payload]
        self.assertEqual(again, [], "nothing is sent twice")
        self.assertEqual(counters["response_data_resent"], 0)

    def test_a_client_that_throws_it_away_gets_it_in_the_next_segment(self):
        segments, counters = self.conversation(testbed.plain_connect)
        syn, answer, third, fourth = segments[:4]
        self.assertTrue(syn.is_only(SYN))
        self.assertEqual(syn.payload, b"")
        self.assertEqual(answer.payload, RESPONSE)
        self.assertTrue(third.is_only(ACK))
        self.assertEqual(third.ack, (answer.seq + 1) % 2**32, "the client acknowledges the SYN alone")
        self.assertEqual(fourth.source[1], 7)
        self.assertTrue(fourth.is_only(ACK))
        self.assertEqual((fourth.seq, fourth.payload), ((answer.seq + 1) % 2**32, RESPONSE))
        self.assertFalse([s for s in segments if s.has(RST)])
        self.assertEqual(counters["response_data_resent"], 1)
        self.assertEqual(counters["retransmit_timeouts"], 0, "no timer was involved")


if __name__ == "__main__":
    testbed.main()
