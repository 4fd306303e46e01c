#!/usr/bin/env python3
"""20,000 connections one after another and 2,000 at once: none lost, none leaked, under the address sanitizer."""

import selectors

import testbed

ONE_AFTER_ANOTHER = 20_000
AT_ONCE = 2_000


class ManyConnections(testbed.Case):
    def check(self, counters, connections):
        self.assertEqual(counters["requests"], connections)
        self.assertEqual(counters["requests_accepted"], connections)
        self.assertEqual(counters["connections_opened"], connections)
        self.assertEqual(counters["connections_closed"], connections)
        for gone in ("connections_failed", "connections", "requests_held", "buffer_bytes"):
            self.assertEqual(counters[gone], 0, gone)

    def test_20000_one_after_another(self):
        testbed.sysctl("net.ipv4.ip_local_port_range", "2000 65000")
        with testbed.Served(7, "--service", "echo") as server:
            for number in range(ONE_AFTER_ANOTHER):
                client, code = testbed.plain_connect(server.address)
                self.assertEqual(code, 0, number)
                client.close()
            testbed.until(lambda: len(server.of("closed")) == ONE_AFTER_ANOTHER, "all are closed")
            self.check(server.stop_cleanly(), ONE_AFTER_ANOTHER)

    def test_2000_at_once(self):
        testbed.sysctl("net.ipv4.ip_local_port_range", "2000 65000")
        with testbed.Served(7, "--service", "echo") as server:
            clients = [testbed.start_connect(server.address)[0] for _ in range(AT_ONCE)]
            self.assertEqual({testbed.wait_connected(client) for client in clients}, {0})
            testbed.until(lambda: len(server.of("established")) == AT_ONCE, "all are established")
            self.assertEqual(server.of("closed"), [])
            with selectors.DefaultSelector() as waiting:
                for number, client in enumerate(clients):
                    client.settimeout(testbed.PATIENCE)
                    client.sendall(b"%06d" % number)
                    waiting.register(client, selectors.EVENT_READ, number)
                while waiting.get_map():
                    ready = waiting.select(testbed.PATIENCE)
                    self.assertTrue(ready, f"{len(waiting.get_map())} echoes never came")
                    for key, _ in ready:
                        self.assertEqual(testbed.receive_exactly(key.fileobj, 6), b"%06d" % key.data)
                        waiting.unregister(key.fileobj)
            for client in clients:
                client.close()
            testbed.until(lambda: len(server.of("closed")) == AT_ONCE, "all are closed")
            self.check(server.stop_cleanly(), AT_ONCE)


if __name__ == "__main__":
    testbed.main()
