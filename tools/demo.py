"""The client and the picture of `tools/demo`: four callers, what became of each, and the packets between.

What is judged comes from three witnesses that know nothing of each other: the events of `anteroom serve --json`,
what the client's socket said, and the capture.
"""

import argparse
import errno
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "conformance", "kernel"))

import testbed  # noqa: E402
from capture import ACK, FIN, PSH, RST, SYN, conversations  # noqa: E402

PORT = 7
DEFERRAL = 1.3  # seconds: longer than the kernel waits before it repeats a SYN
GIVES_UP = 1.5  # seconds that the ignored client waits


@dataclass
class Call:
    title: str
    caller_data: bytes
    rule: str
    verdicts: list
    result: int = 0  # what connect() said: 0 or an errno
    response: bytes = b""
    seconds: float = 0.0  # until connect() said it
    read: bytes = b""
    local: tuple = ()
    requests: list = field(default_factory=list)
    given: list = field(default_factory=list)
    segments: list = field(default_factory=list)


def four_calls():
    return [
        Call("accepted, with an answer in the SYN-ACK", b"order: two teas", "order:* accept coming right up",
             ["accept"], 0, b"coming right up"),
        Call("refused", b"spam: buy now", "spam* reject", ["reject"], errno.ECONNREFUSED),
        Call("deferred, then accepted", b"later, if you can", f"later* defer:{DEFERRAL * 1000:.0f}:accept at last",
             ["defer", "accept"], 0, b"at last"),
        Call("ignored", b"anybody home?", "* ignore", ["ignore"], errno.ETIMEDOUT),
    ]


# --- Running -------------------------------------------------------------------------------------------------------

def make_call(call, address):
    """Connects with the kernel's TCP, the caller data in the SYN, and reads what comes."""
    start = time.monotonic()
    client, code = testbed.fast_open(address, call.caller_data, GIVES_UP if call.result == errno.ETIMEDOUT else 20)
    call.seconds = time.monotonic() - start
    with client:
        call.local = client.getsockname()
        if code == 0:
            call.read = testbed.receive_exactly(client, len(call.response))
    return code


def run_calls(calls, file):
    """All calls in a row against one server; fills in what the three witnesses saw."""
    rules = [call.rule for call in calls]
    results = []
    with testbed.Served(PORT, "--service", "discard", "--capture", file, rules=rules, kind="release") as server:
        for call in calls:
            results.append(make_call(call, server.address))
        server.stop_cleanly()
        requests, verdicts = server.of("request"), server.of("verdict")
    by_port = conversations(file)
    for call in calls:
        call.segments = by_port.get(call.local[1], [])
        call.requests = [r for r in requests if r["from"].endswith(f":{call.local[1]}")]
        numbers = {request["request"] for request in call.requests}
        call.given = [v for v in verdicts if v["request"] in numbers]
        if call.segments and call.requests:  # the SYN and the request that it became have the same time on two clocks
            shift = call.segments[0].time - call.requests[0]["time"]
            for event in call.requests + call.given:
                event["time"] += shift
    return results


# --- Judging -------------------------------------------------------------------------------------------------------

def complaints(call, result):
    """Everything that is not as it should be, in words."""
    ours = [s for s in call.segments if s.source[1] == PORT]
    syn = call.segments[0] if call.segments else None
    answer = ours[0] if ours else None
    given = [event["verdict"] for event in call.given]
    accepted = call.verdicts[-1] == "accept"

    def name(code):
        return errno.errorcode.get(code, "OK")

    checks = [
        (result == call.result, f"connect() said {name(result)}, not {name(call.result)}"),
        (call.read == call.response, f"the client read {call.read}, not {call.response}"),
        (bool(call.requests) and call.requests[0].get("caller_data") == call.caller_data.decode(),
         "the condition function did not see the caller data"),
        (given == call.verdicts or set(given) == set(call.verdicts) == {"ignore"}, f"the verdicts were {given}"),
        (syn is not None and syn.is_only(SYN) and syn.payload == call.caller_data, "the SYN did not carry the caller data"),
    ]
    if syn is not None and answer is not None:
        acknowledged = (answer.ack - syn.seq - 1) % 2**32
        checks.append((acknowledged == len(call.caller_data), f"{acknowledged} bytes of caller data were acknowledged"))
    if accepted:
        checks.append((answer is not None and answer.is_only(SYN, ACK) and answer.payload == call.response,
                       "the SYN-ACK did not carry the response data"))
    elif call.verdicts == ["reject"]:
        checks.append((len(ours) == 1 and answer.is_only(RST, ACK), "the answer was not one RST"))
    else:
        checks.append((not ours, "something was sent to a client that was to be ignored"))
    if "defer" in call.verdicts and syn is not None and answer is not None:
        waited = answer.time - syn.time
        checks.append((waited >= DEFERRAL - 0.001, f"the answer left after {waited:.3f} s"))
        checks.append((len(call.requests) == 1, "the repeated SYN was taken for a second request"))
    return [words for holds, words in checks if not holds]


# --- Drawing -------------------------------------------------------------------------------------------------------

class Paint:
    CODES = {"bold": "1", "faint": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

    def __init__(self, stream):
        self.on = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def __call__(self, text, *names):
        if not self.on or not names:
            return text
        return f"\033[{';'.join(self.CODES[name] for name in names)}m{text}\033[0m"


VERDICT_COLOURS = {"accept": "green", "reject": "red", "defer": "yellow", "ignore": "yellow"}


def quoted(data):
    text = data.decode("ascii", "backslashreplace") if isinstance(data, bytes) else data
    return f'"{text}"'


def notation(segment, first_ours, first_theirs):
    """`S. 0:15(15) ack 16`: flags, sequence numbers from the first one, length."""
    letters = "".join(letter for flag, letter in ((SYN, "S"), (FIN, "F"), (RST, "R"), (PSH, "P")) if segment.flags & flag)
    letters += "." if segment.flags & ACK else ""
    start = (segment.seq - first_ours) % 2**32 if first_ours is not None else segment.seq
    size = len(segment.payload)
    text = f"{letters} {start}:{start + size}({size})" if size or segment.flags & (SYN | FIN | RST) else letters
    if segment.flags & ACK and first_theirs is not None:
        text += f" ack {(segment.ack - first_theirs) % 2**32}"
    return text


def in_order(call):
    """Times and segments as captured, each verdict behind the SYN it judges and before the answer it gives."""
    waiting = sorted(call.given, key=lambda event: event["time"])
    for segment in call.segments:
        margin = 2e-6 if segment.source[1] == PORT else -2e-6  # the events' times are whole microseconds
        while waiting and waiting[0]["time"] <= segment.time + margin:
            yield waiting[0]["time"], waiting.pop(0)
        yield segment.time, segment
    for event in waiting:
        yield event["time"], event


class Picture:
    """Two lifelines with the client on the left, and what happened between them, from the top down."""

    def __init__(self, out):
        self.out = out
        self.paint = Paint(out)
        self.inner = max(48, min(shutil.get_terminal_size((100, 24)).columns, 104) - 34)

    def line(self, text=""):
        print(text.rstrip(), file=self.out)

    def row(self, at, left, middle, right, beside=""):
        stamp = f"{at * 1000:10.3f} " if at is not None else " " * 11
        self.line(f"{self.paint(stamp, 'faint')} {left}{middle}{right} {beside}")

    def arrow(self, at, segment, text, to_right):
        data = f" {quoted(segment.payload)}" if segment.payload else ""
        room = self.inner - 6 - len(text)
        data = data if len(data) <= room else data[: room - 2] + '…"'
        tail = "─" * (self.inner - len(text) - len(data) - 4)
        colour = ["red"] if segment.has(RST) else []
        body = self.paint(text, "bold", *colour) + self.paint(data, "cyan" if to_right else "green")
        if to_right:
            self.row(at, "├", f"─ {body} {tail}▶", "│")
        else:
            self.row(at, "│", f"◀{tail} {body} ─", "┤")

    def decision(self, at, text, verdict):
        self.row(at, "│", f"{text:>{self.inner}}", "◆", self.paint(verdict, "bold", VERDICT_COLOURS[verdict]))

    def ladder(self, call):
        zero = call.segments[0].time if call.segments else 0
        first = {}
        news = {request["request"]: request.get("caller_data") for request in call.requests}
        for at, step in in_order(call):
            at -= zero
            if isinstance(step, dict):
                data = news.pop(step["request"], None)
                sees = "asked again" if data is None else f"condition function sees {quoted(data) if data else 'no data'}"
                self.decision(at, sees + " ", step["verdict"])
                continue
            mine, theirs = step.source[1], step.target[1]
            if step.has(SYN):
                first[mine] = step.seq
            text = notation(step, first.get(mine, 0 if step.has(RST) else None), first.get(theirs))
            self.arrow(at, step, text, to_right=mine != PORT)

    def call(self, number, call, result, problems):
        paint = self.paint
        self.line()
        self.line(f" {paint(f'{number}  {call.title}', 'bold')}    {paint('--rule ' + repr(call.rule), 'faint')}")
        self.line()
        self.line(f"{'ms':>10}  Linux client{'anteroom':>{self.inner - 6}}")
        self.ladder(call)
        known = {0: "connected", errno.ECONNREFUSED: "was refused", errno.ETIMEDOUT: "gave up"}
        said = known.get(result) or f"met {errno.errorcode[result]}"
        said += f" after {call.seconds * 1000:.1f} ms"
        if call.read:
            said += f" and read {paint(quoted(call.read), 'green')}"
        mark = paint("✗", "red", "bold") if problems else paint("✓", "green", "bold")
        self.line(f"            {mark} the client {said}")
        for problem in problems:
            self.line(f"              {paint(problem, 'red')}")


# --- The whole -----------------------------------------------------------------------------------------------------

def over_memory(options, reason):
    print(f"No TAP here: {reason}.")
    print("The same four over a link in memory, with anteroom's own client in place of the kernel's:\n", flush=True)
    command = [testbed.program("release"), "demo", *(["--check"] if options.check else [])]
    os.execv(command[0], command)


def main():
    parser = argparse.ArgumentParser(prog="tools/demo", usage="tools/demo [--check] [--memory] [--capture FILE]")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--capture", default=os.path.join(ROOT, "build", "demo.pcap"))
    options = parser.parse_args()
    options.capture = os.path.abspath(options.capture)
    reason = "asked for with --memory" if options.memory else testbed.why_no_namespace()
    if reason:
        over_memory(options, reason)
    testbed.enter()

    calls = four_calls()
    try:
        results = run_calls(calls, options.capture)
    except AssertionError as error:
        print(f"tools/demo: {error}", file=sys.stderr)
        return 2
    picture = Picture(sys.stdout)
    picture.line(f" A client of the Linux kernel ({testbed.KERNEL}) calls anteroom ({testbed.OURS}) over a TAP, in a network namespace of its own.")
    picture.line(" What it sends rides in its SYN. Nothing is answered before the condition function has decided.")
    failures = 0
    for number, (call, result) in enumerate(zip(calls, results), 1):
        problems = complaints(call, result)
        failures += bool(problems)
        picture.call(number, call, result, problems)
    picture.line()
    picture.line(" Between two of these stacks connect data can be marked: then it is no part of the stream, at either end.")
    sys.stdout.flush()
    marked = subprocess.run([testbed.program("release"), "demo", "--case", "marked", "--check"]).returncode
    picture.line(f" capture: {os.path.relpath(options.capture)} (read it with `anteroom trace` or tcpdump)")
    if options.check:
        picture.line(f" check: {4 - failures} of 4 as they should be, and the marked exchange {'is NOT' if marked else 'is'}")
        return 1 if failures or marked else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
