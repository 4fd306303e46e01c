"""A network namespace of its own with `anteroom` on a TAP in it, and the kernel's own TCP to talk to it.

Every test file here calls main(); it enters a fresh namespace (`unshare -rn`), where the kernel is 192.0.2.2 and
anteroom is 192.0.2.1, over IPv6 2001:db8::1 and 2001:db8::2, and runs the unittest cases of the file. Nothing leaves the namespace. Where the machine does
not allow this the file prints `SKIP: reason` and exits with 77, which CTest reports as skipped.
"""

import errno
import json
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

OURS, KERNEL, SUBNET = "192.0.2.1", "192.0.2.2", "/24"
OURS_V6, KERNEL_V6, SUBNET_V6 = "2001:db8::2", "2001:db8::1", "/64"
# What gives a host of `anteroom` an address of IPv6, too.
OPTIONS_V6 = ("--address", OURS_V6 + SUBNET_V6, "--host-address", KERNEL_V6 + SUBNET_V6)
TCP_FASTOPEN, TCP_FASTOPEN_NO_COOKIE, MSG_FASTOPEN = 23, 34, 0x20000000
PATIENCE = 60.0  # seconds until a wait is a failure; no test asserts how long something took

_INSIDE = "ANTEROOM_NAMESPACE"


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(77)


def run(*command, **options):
    """Runs a command that must succeed and returns what it printed."""
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, **options)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def why_no_namespace():
    """Nothing where a namespace with a TAP can be had, else the reason."""
    if not shutil.which("unshare"):
        return "no `unshare` on this machine (Debian package util-linux)"
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode != 0:
        return "this machine allows no user and network namespaces (unshare -rn)"
    if not os.path.exists("/dev/net/tun"):
        return "no /dev/net/tun on this machine"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "no permission to open /dev/net/tun"
    return None


def enter():
    """Starts this script again in a namespace of its own, unless it is in one."""
    if os.environ.get(_INSIDE):
        run("ip", "link", "set", "lo", "up")
        return
    reason = why_no_namespace()
    if reason:
        skip(reason)
    os.environ[_INSIDE] = "1"
    os.execvp("unshare", ["unshare", "-rn", sys.executable, *sys.argv])


def main(needs=()):
    """Runs the cases of the calling file; `needs` names the programs it cannot do without."""
    for command in needs:
        if not shutil.which(command):
            skip(f"no {command} on this machine; run tools/setup test")
    enter()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    unittest.main(verbosity=2)


def program(kind="dev"):
    """The program: of the build with sanitizers, or with kind="release" the fast one where volume matters."""
    name = {"dev": "ANTEROOM", "release": "ANTEROOM_RELEASE"}[kind]
    path = os.environ.get(name) or os.environ.get("ANTEROOM")
    if not path or not os.access(path, os.X_OK):
        raise AssertionError(f"no program at {name}={path}; build it, or run the test through tools/test")
    return path


def sysctl(name, value):
    with open("/proc/sys/" + name.replace(".", "/"), "w") as file:
        file.write(value)


def kernel_counters():
    """The kernel's own extended TCP counters, in this namespace."""
    with open("/proc/self/net/netstat") as file:
        names, values = (line.split() for line in file if line.startswith("TcpExt"))
    return dict(zip(names[1:], map(int, values[1:])))


def until(condition, what):
    """Waits until condition() is true and returns what it gave."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError("never happened: " + what)


class Process:
    """A child whose output is collected line by line; ends with the block."""

    def __init__(self, *command, stdin=None):
        self.command = command
        self.process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines, self.errors = [], []
        self._threads = [
            threading.Thread(target=self._collect, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.errors))
        ]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def _collect(stream, lines):
        with stream:
            for line in stream:
                lines.append(line.rstrip("\n"))

    def stop(self, number=signal.SIGTERM):
        """Asks it to end and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.wait()

    def wait(self):
        try:
            code = self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"did not end: {' '.join(self.command)}\n" + "\n".join(self.errors)) from None
        for thread in self._threads:
            thread.join()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for thread in self._threads:
            thread.join()
        if self.process.stdin:
            self.process.stdin.close()


class Served(Process):
    """`anteroom serve` on tap0, listening on a port, with its events as they come."""

    def __init__(self, port, *options, rules=(), kind="dev", subnet=SUBNET):
        arguments = [program(kind), "serve", "--tap", "tap0", "--address", OURS + subnet,
                     "--host-address", KERNEL + subnet, "--listen", str(port), "--json"]
        for rule in rules:
            arguments += ["--rule", rule]
        self._events = []
        super().__init__(*arguments, *options)
        self.address = (OURS, port)
        try:
            until(lambda: self.of("ready") or self.process.poll() is not None, "anteroom serve listens")
            if self.process.poll() is not None:
                raise AssertionError("anteroom serve ended: " + "\n".join(self.errors))
        except AssertionError:
            self.process.kill()
            raise

    def events(self):
        """Every event so far, as `--json` printed it."""
        while len(self._events) < len(self.lines):
            self._events.append(json.loads(self.lines[len(self._events)]))
        return self._events

    def of(self, kind):
        return [event for event in self.events() if event["event"] == kind]

    def verdicts(self, request):
        """What has been decided about a request so far, by its number."""
        return [event["verdict"] for event in self.of("verdict") if event["request"] == request]

    def stop_cleanly(self):
        """Ends it by SIGTERM; it must exit with 0. Returns its counters."""
        code = self.stop()
        if code != 0:
            raise AssertionError(f"anteroom serve exited with {code}\n" + "\n".join(self.errors))
        return self.of("counters")[-1]


def socket_for(address):
    """A TCP socket of the family that an address of the socket module needs."""
    return socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)


def wait_connected(client, seconds=PATIENCE):
    """0 once a non-blocking connect is done, else its errno; ETIMEDOUT when nothing happened in time."""
    waiting = select.poll()
    waiting.register(client, select.POLLOUT)
    writable = waiting.poll(seconds * 1000)
    return client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if writable else errno.ETIMEDOUT


def start_fast_open(address, data, **options):
    """Sends a SYN with `data` and no cookie, and does not wait: a socket, and 0 or an errno.

    Options are those of the socket module without their TCP_, and what they are set to.
    """
    client = socket_for(address)
    client.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1)
    for name, value in options.items():
        client.setsockopt(socket.IPPROTO_TCP, getattr(socket, "TCP_" + name), value)
    client.setblocking(False)
    try:
        client.sendto(data, MSG_FASTOPEN, address)
    except OSError as error:
        return client, error.errno
    return client, 0


def fast_open(address, data, seconds=PATIENCE):
    """Connects with `data` in the SYN and no cookie. Returns the socket and 0, or the socket and an errno."""
    client, code = start_fast_open(address, data)
    if code in (0, errno.EINPROGRESS):
        code = wait_connected(client, seconds)
    client.settimeout(PATIENCE)
    return client, code


def start_connect(address):
    """Sends a SYN without data, as any program does, and does not wait: a socket, and 0 or an errno."""
    client = socket_for(address)
    client.setblocking(False)
    return client, client.connect_ex(address)


def plain_connect(address, seconds=PATIENCE):
    """Connects without data and waits for the answer."""
    client, code = start_connect(address)
    if code == errno.EINPROGRESS:
        code = wait_connected(client, seconds)
    client.settimeout(PATIENCE)
    return client, code


def receive_exactly(client, size):
    chunks = bytearray()
    while len(chunks) < size:
        chunk = client.recv(min(size - len(chunks), 1 << 20))
        if not chunk:
            raise AssertionError(f"the stream ended after {len(chunks)} of {size} bytes")
        chunks += chunk
    return bytes(chunks)


class Case(unittest.TestCase):
    """A test with a folder of its own, gone afterwards."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="anteroom-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)
