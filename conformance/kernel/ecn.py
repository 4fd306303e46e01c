#!/usr/bin/env python3
"""Congestion marks instead of losses, RFC 3168, between the kernel's TCP and ours, both ways at once."""

import hashlib
import random
import threading

import testbed

SIZE = 4 << 20
ASKS, ANSWERS = "1", "2"  # net.ipv4.tcp_ecn


class Ecn(testbed.Case):
    def test_marks_reach_both_senders_and_nothing_is_lost(self):
        testbed.sysctl("net.ipv4.tcp_ecn", ASKS)
        self.addCleanup(testbed.sysctl, "net.ipv4.tcp_ecn", ANSWERS)
        data = random.Random(1).randbytes(SIZE)
        received = hashlib.sha256()
        before = testbed.kernel_counters()
        with testbed.Served(7, "--service", "echo", "--impair", "mark=5%", kind="release") as server:
            client, code = testbed.plain_connect(server.address)
            self.assertEqual(code, 0)

            def send():
                client.sendall(data)
                client.shutdown(1)

            with client:
                sender = threading.Thread(target=send, daemon=True)
                sender.start()
                while chunk := client.recv(1 << 20):
                    received.update(chunk)
                sender.join()
            counters = server.stop_cleanly()
        after = testbed.kernel_counters()
        self.assertEqual(received.digest(), hashlib.sha256(data).digest())
        self.assertGreater(counters["ecn_marks_in"], 0, "the kernel's segments were marked")
        self.assertGreater(after["TCPDeliveredCE"], before["TCPDeliveredCE"], "and the kernel heard of it from us")
        self.assertGreater(counters["ecn_reductions"], 0, "ours were marked too, and the kernel told us")
        self.assertEqual((counters["fast_retransmits"], counters["retransmit_timeouts"]), (0, 0), "no loss was needed")
        # On a machine with other work an acknowledgment comes late enough for a probe.
        self.assertLessEqual(counters["segments_retransmitted"], counters["tail_loss_probes"])

    def test_a_kernel_that_does_not_ask_gets_none(self):
        testbed.sysctl("net.ipv4.tcp_ecn", ANSWERS)
        with testbed.Served(7, "--service", "echo", "--impair", "mark=50%") as server:
            client, code = testbed.plain_connect(server.address)
            self.assertEqual(code, 0)
            with client:
                client.sendall(b"hello")
                self.assertEqual(testbed.receive_exactly(client, 5), b"hello")
            counters = server.stop_cleanly()
        self.assertEqual((counters["ecn_marks_in"], counters["ecn_reductions"]), (0, 0))


if __name__ == "__main__":
    testbed.main()
