#!/usr/bin/env python3
"""The four verdicts, seen by the kernel's own TCP: accepted with response data, refused, deferred, ignored."""

import errno

import testbed

RULES = (
    "order:* accept coming up",
    "spam* reject",
    "later* defer:1300:accept at last",
    "* ignore",  # the kernel repeats its SYN without the data: a rule for `quiet*` would not see it again
)


class FourVerdicts(testbed.Case):
    def setUp(self):
        super().setUp()
        self.server = self.enterContext(testbed.Served(7, rules=RULES))

    def check_verdicts(self, data, *expected):
        """The verdicts on the first request that brought these bytes; the program reports them in its own time."""
        def given():
            requests = [event["request"] for event in self.server.of("request") if event["caller_data"] == data]
            verdicts = [event["verdict"] for event in self.server.of("verdict") if event["request"] in requests[:1]]
            return verdicts if len(verdicts) >= len(expected) else None

        self.assertEqual(testbed.until(given, f"a verdict on {data!r}"), list(expected))

    def test_accepted_with_response_data(self):
        client, code = testbed.fast_open(self.server.address, b"order: tea")
        with client:
            self.assertEqual(code, 0)
            self.assertEqual(testbed.receive_exactly(client, 9), b"coming up")
        self.check_verdicts("order: tea", "accept")

    def test_refused(self):
        client, code = testbed.fast_open(self.server.address, b"spam spam")
        client.close()
        self.assertEqual(code, errno.ECONNREFUSED)
        self.check_verdicts("spam spam", "reject")

    def test_deferred_then_accepted(self):
        client, code = testbed.fast_open(self.server.address, b"later, please")
        with client:
            self.assertEqual(code, 0)
            self.assertEqual(testbed.receive_exactly(client, 7), b"at last")
        self.check_verdicts("later, please", "defer", "accept")

    def test_ignored(self):
        client, code = testbed.fast_open(self.server.address, b"quiet now", seconds=1.5)
        client.close()
        self.assertEqual(code, errno.ETIMEDOUT)
        self.check_verdicts("quiet now", "ignore")

    def test_the_repeat_of_a_deferred_request_is_absorbed(self):
        client, code = testbed.fast_open(self.server.address, b"later, please")  # repeats its SYN after a second
        client.close()
        self.assertEqual(code, 0)
        counters = self.server.stop_cleanly()
        self.assertEqual((counters["requests"], counters["requests_repeated"]), (1, 1))


class NoRule(testbed.Case):
    def test_everybody_is_accepted(self):
        with testbed.Served(7) as server:
            client, code = testbed.plain_connect(server.address)
            client.close()
            self.assertEqual(code, 0)
            self.assertEqual(server.stop_cleanly()["requests_accepted"], 1)


if __name__ == "__main__":
    testbed.main()
