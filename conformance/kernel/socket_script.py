#!/usr/bin/env python3
"""The four verdicts again, for a client program that knows nothing of us: only the standard `socket` module.

The client below is a script of its own, as a user would write it; the test starts it and reads what it prints.
"""

import subprocess
import sys

import testbed

CLIENT = """
import socket

def call(text):
    client = socket.socket()
    client.settimeout(1.5)
    client.setsockopt(socket.IPPROTO_TCP, 34, 1)         # TCP_FASTOPEN_NO_COOKIE
    try:
        client.sendto(text, 0x20000000, ("192.0.2.1", 7))  # MSG_FASTOPEN: the text rides in the SYN
    except BlockingIOError:
        pass                                             # a socket with a time-out connects in the background
    try:
        print(client.recv(100).decode())
    except ConnectionRefusedError:
        print("refused")
    except TimeoutError:
        print("no answer")

for text in b"order: tea", b"spam spam", b"later, please", b"quiet now":
    call(text)
"""


class SocketScript(testbed.Case):
    def test_a_script_with_the_socket_module_alone(self):
        rules = ("order:* accept coming up", "spam* reject", "later* defer:300:accept at last", "* ignore")
        with testbed.Served(7, "--service", "discard", rules=rules) as server:
            answers = subprocess.run([sys.executable, "-c", CLIENT], capture_output=True, text=True, timeout=60)
            self.assertEqual(answers.stderr, "")
            self.assertEqual(answers.stdout.split("\n")[:4], ["coming up", "refused", "at last", "no answer"])
            server.stop_cleanly()


if __name__ == "__main__":
    testbed.main()
