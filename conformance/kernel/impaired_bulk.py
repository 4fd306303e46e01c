#!/usr/bin/env python3
"""64 MiB each way at once over a link that loses, reorders and duplicates: intact, and it finishes."""

import hashlib
import random
import threading

import testbed

SIZE = 64 << 20


class ImpairedBulk(testbed.Case):
    def test_64_mebibytes_each_way_at_once(self):
        data = random.Random(1).randbytes(1 << 20)
        sent, received = hashlib.sha256(), hashlib.sha256()
        options = ("--service", "echo", "--impair", "loss=1%,reorder=2%,duplicate=1%")
        with testbed.Served(7, *options, kind="release") as server:
            client, code = testbed.plain_connect(server.address)
            self.assertEqual(code, 0)

            def send():
                for _ in range(SIZE >> 20):
                    client.sendall(data)
                    sent.update(data)
                client.shutdown(1)

            with client:
                client.settimeout(None)
                sender = threading.Thread(target=send, daemon=True)
                sender.start()
                count = 0
                while chunk := client.recv(1 << 20):
                    received.update(chunk)
                    count += len(chunk)
                sender.join()
            counters = server.stop_cleanly()
        self.assertEqual(count, SIZE)
        self.assertEqual(received.digest(), sent.digest())
        self.assertGreater(counters["segments_retransmitted"], 0, "the impairment was at work")
        self.assertEqual(counters["connections_failed"], 0)


if __name__ == "__main__":
    testbed.main()
