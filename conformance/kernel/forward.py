#!/usr/bin/env python3
"""Real servers behind conditional accept: curl and iperf3 through --service forward, every byte compared."""

import hashlib
import http.server
import json
import os
import threading

import testbed

SIZE = 200 * 1000 * 1000


def checksum(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Files(http.server.SimpleHTTPRequestHandler):
    """The standard file server, and PUT."""

    def do_PUT(self):
        with open(self.translate_path(self.path), "wb") as file:
            left = int(self.headers["Content-Length"])
            while left:
                chunk = self.rfile.read(min(left, 1 << 20))
                if not chunk:
                    break
                file.write(chunk)
                left -= len(chunk)
        self.send_response(201 if left == 0 else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Forward(testbed.Case):
    def serve_files(self):
        """An HTTP server of the kernel's TCP on the loopback, over the files of this test's folder."""
        handler = lambda *args: Files(*args, directory=self.folder)  # noqa: E731
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_address[1]

    def big_file(self):
        with open(self.path("big"), "wb") as file:
            for _ in range(SIZE // 1_000_000):
                file.write(os.urandom(1_000_000))
        return checksum(self.path("big"))

    def test_curl_fetches_and_uploads_200_megabytes(self):
        expected = self.big_file()
        port = self.serve_files()
        with testbed.Served(80, "--service", f"forward:127.0.0.1:{port}", kind="release") as server:
            url = f"http://{testbed.OURS}/"
            testbed.run("curl", "-sSf", "--noproxy", "*", "-o", self.path("fetched"), url + "big")
            self.assertEqual(checksum(self.path("fetched")), expected)
            testbed.run("curl", "-sSf", "--noproxy", "*", "-T", self.path("big"), url + "uploaded")
            self.assertEqual(checksum(self.path("uploaded")), expected)
            counters = server.stop_cleanly()
        self.assertEqual(counters["connections_opened"], 2)

    def iperf3(self, *options):
        """Runs iperf3 through the stack and returns the bytes that the receiving side counted."""
        with testbed.Process("iperf3", "-s", "-B", "127.0.0.1", "-p", "5201", "--forceflush") as target:
            testbed.until(lambda: any("listening" in line for line in target.lines), "iperf3 listens")
            with testbed.Served(5201, "--service", "forward:127.0.0.1:5201", kind="release") as server:
                report = json.loads(testbed.run("iperf3", "-c", testbed.OURS, "-p", "5201", "-n", "200M", "--json", *options))
                server.stop_cleanly()
        return report["end"]["sum_received"]["bytes"]

    def test_iperf3_sends(self):
        self.assertGreaterEqual(self.iperf3(), 190 << 20)

    def test_iperf3_receives(self):
        self.assertGreaterEqual(self.iperf3("-R"), 190 << 20)


if __name__ == "__main__":
    testbed.main(needs=["curl", "iperf3"])
