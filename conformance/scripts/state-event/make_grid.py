#!/usr/bin/env python3
"""Writes the grid of states and arriving segments: one script for each cell.

Every state of RFC 9293 3.3.2 meets every kind of segment, in and out of the window; what must come out and which state
follows is worked out here from the text of RFC 9293 3.10.7 and RFC 5961, not from any stack. Each script ends with a
witness: a segment whose answer depends on the state, so that silence is seen too.

  make_grid.py           writes the scripts beside this file
  make_grid.py --check   exit code 1 where they are not what this program writes
  make_grid.py --table   prints the grid, one letter for each cell

exit code: 0 done, 1 the scripts differ, 2 usage
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
WIN = 32792
STATES = ["closed", "listen", "syn-sent", "syn-received", "established", "fin-wait-1", "fin-wait-2", "close-wait",
          "closing", "last-ack", "time-wait"]
TCPI = {"established": "TCP_ESTABLISHED", "fin-wait-1": "TCP_FIN_WAIT1", "fin-wait-2": "TCP_FIN_WAIT2",
        "close-wait": "TCP_CLOSE_WAIT", "closing": "TCP_CLOSING", "last-ack": "TCP_LAST_ACK",
        "time-wait": "TCP_TIME_WAIT", "closed": "TCP_CLOSE"}
SYNCHRONIZED = STATES[4:]
MAY_DELAY = ("established", "fin-wait-1", "fin-wait-2")


class Cell:
    """What our side knows: the numbers are those of the script, our ISN and the peer's are 0."""

    def __init__(self, state, opening):
        self.state, self.opening = state, opening
        self.fin_in = state in ("close-wait", "closing", "last-ack", "time-wait")
        self.fin_out = state in ("fin-wait-1", "fin-wait-2", "closing", "last-ack", "time-wait")
        self.fin_acked = state in ("fin-wait-2", "time-wait")
        self.nxt = 2 if self.fin_in else 1    # RCV.NXT
        self.snd = 2 if self.fin_out else 1   # SND.NXT
        self.una = 1 if self.fin_out and not self.fin_acked else self.snd

    def ack(self, seq=None):
        return f"> . {self.snd}:{self.snd}(0) ack {self.nxt if seq is None else seq}"


def prelude(cell):
    state, lines = cell.state, []
    if state == "closed":
        return lines
    lines.append("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3")
    if state == "syn-sent" or cell.opening == "active":
        lines += ["+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0",
                  "+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)",
                  "+0 > S 0:0(0) <...>"]
        if state == "syn-sent":
            return lines
        if state == "syn-received":  # both sides open at once
            return lines + [f"+.1 < S 0:0(0) win {WIN} <mss 1000>", "+0 > S. 0:0(0) ack 1 <...>"]
        lines += [f"+.1 < S. 0:0(0) ack 1 win {WIN} <mss 1000>", "+0 > . 1:1(0) ack 1"]
        fd = 3
    else:
        lines += ["+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0", "+0 bind(3, ..., ...) = 0",
                  "+0 listen(3, 4) = 0"]
        if state == "listen":
            return lines
        lines += [f"+.1 < S 0:0(0) win {WIN} <mss 1000>", "+0 > S. 0:0(0) ack 1 <mss 1460>"]
        if state == "syn-received":
            return lines
        lines += [f"+.1 < . 1:1(0) ack 1 win {WIN}", "+0 accept(3, ..., ...) = 4"]
        fd = 4
    shut, fin = f"+.01 shutdown({fd}, SHUT_WR) = 0", "+0 > F. 1:1(0) ack 1"
    if state in ("fin-wait-1", "fin-wait-2", "closing", "time-wait"):
        lines += [shut, fin]
    if state in ("fin-wait-2", "time-wait"):
        lines.append(f"+.01 < . 1:1(0) ack 2 win {WIN}")
    if state == "closing":
        lines += [f"+.01 < F. 1:1(0) ack 1 win {WIN}", "+0 > . 2:2(0) ack 2"]
    if state == "time-wait":
        lines += [f"+.01 < F. 1:1(0) ack 2 win {WIN}", "+0 > . 2:2(0) ack 2"]
    if state in ("close-wait", "last-ack"):
        lines += [f"+.01 < F. 1:1(0) ack 1 win {WIN}", "+0 > . 1:1(0) ack 2"]
    if state == "last-ack":
        lines += [shut, "+0 > F. 1:1(0) ack 2"]
    return lines


# name: (what it is, segment as a function of the cell); SEG.SEQ, SEG.LEN and flags are told beside it for the oracle.
def segments(cell):
    n, a, far = cell.nxt, cell.una, 200_000
    return {
        "ack-current": ("an acknowledgment that says nothing new", ".", n, 0, a),
        "ack-unsent": ("an acknowledgment of what was never sent", ".", n, 0, cell.snd + 1000),
        "ack-old": ("an acknowledgment from far behind", ".", n, 0, (a - 100_000) % 2**32),
        "ack-before-window": ("an acknowledgment with a sequence number before the window", ".", (n - 1) % 2**32, 0, a),
        "ack-beyond-window": ("an acknowledgment with a sequence number beyond the window", ".", n + far, 0, a),
        "data": ("data in order", "P.", n, 100, a),
        "data-out-of-order": ("data behind a gap", "P.", n + 500, 100, a),
        "data-old": ("data from before the window", "P.", (n - 101) % 2**32, 100, a),
        "data-beyond-window": ("data beyond the window", "P.", n + far, 100, a),
        "data-ack-unsent": ("data with an acknowledgment of what was never sent", "P.", n, 100, cell.snd + 1000),
        "data-without-ack": ("data without ACK", "P", n, 100, None),
        "no-flags": ("a segment without any flag", "-", n, 0, None),
        "urgent": ("urgent data in order", "PU.", n, 100, a),
        "fin": ("FIN in order", "F.", n, 0, a),
        "fin-old": ("FIN again, from before the window", "F.", (n - 1) % 2**32, 0, a),
        "fin-with-data": ("data and FIN in order", "FP.", n, 100, a),
        "fin-out-of-order": ("FIN behind a gap", "F.", n + 500, 0, a),
        "fin-beyond-window": ("FIN beyond the window", "F.", n + far, 0, a),
        "fin-without-ack": ("FIN without ACK", "F", n, 0, None),
        "syn": ("SYN in the window", "S", n, 0, None),
        "syn-old": ("SYN before the window", "S", (n - 1) % 2**32, 0, None),
        "syn-beyond-window": ("SYN beyond the window", "S", n + far, 0, None),
        "syn-ack": ("SYN with ACK in the window", "S.", n, 0, a),
        "syn-ack-unsent": ("SYN with ACK of what was never sent", "S.", n, 0, cell.snd + 1000),
        "rst": ("RST at the next sequence number", "R", n, 0, None),
        "rst-ack": ("RST with ACK at the next sequence number", "R.", n, 0, a),
        "rst-in-window": ("RST inside the window", "R", n + 100, 0, None),
        "rst-old": ("RST before the window", "R", (n - 1) % 2**32, 0, None),
        "rst-beyond-window": ("RST beyond the window", "R", n + far, 0, None),
        "rst-ack-unsent": ("RST with ACK of what was never sent", "R.", n, 0, cell.snd + 1000),
    }


def oracle_closed(flags, seq, length, ack):
    """RFC 9293 3.10.7.1."""
    if "R" in flags:
        return [], "closed", "RFC 9293 3.10.7.1"
    if "." in flags:
        return [f"> R {ack}:{ack}(0)"], "closed", "RFC 9293 3.10.7.1"
    end = seq + length + ("S" in flags) + ("F" in flags)
    return [f"> R. 0:0(0) ack {end}"], "closed", "RFC 9293 3.10.7.1"


def oracle_listen(flags, seq, length, ack):
    """RFC 9293 3.10.7.2: first RST, second ACK, third SYN, else dropped."""
    clause = "RFC 9293 3.10.7.2"
    if "R" in flags:
        return [], "listen", clause
    if "." in flags:
        return [f"> R {ack}:{ack}(0)"], "listen", clause
    if "S" in flags:
        return [f"> S. 0:0(0) ack {seq + 1} <mss 1460>"], "syn-received", clause
    return [], "listen", clause


def oracle_syn_sent(flags, seq, length, ack):
    """RFC 9293 3.10.7.3."""
    clause = "RFC 9293 3.10.7.3"
    if "." in flags and ack != 1:
        return ([] if "R" in flags else [f"> R {ack}:{ack}(0)"]), "syn-sent", clause
    if "R" in flags:
        return [], ("closed" if "." in flags else "syn-sent"), clause
    if "S" in flags:
        if "." in flags:
            return [f"> . 1:1(0) ack {seq + 1}"], "established", clause
        return [f"> S. 0:0(0) ack {seq + 1} <...>"], "syn-received", clause
    return [], "syn-sent", clause


def oracle_synchronized(cell, flags, seq, length, ack):
    """RFC 9293 3.10.7.4 with RFC 5961; also SYN-RECEIVED."""
    state = cell.state
    answer = [cell.ack()]
    seg_len = length + ("S" in flags) + ("F" in flags)
    distance = (seq - cell.nxt + 2**31) % 2**32 - 2**31
    acceptable = 0 <= distance < 65535 or (seg_len > 0 and 0 <= distance + seg_len - 1 < 65535)
    if state == "syn-received" and flags == "S" and distance == -1:
        # The SYN again: the acknowledgment to send is the SYN-ACK, which was lost.
        return ["> S. 0:0(0) ack 1 <...>"], state, "RFC 9293 3.10.7.4, first check; 3.8.1"
    if state == "time-wait" and flags == "S" and distance > 0 and cell.opening == "passive":
        return ["> S. ...(0) ack %d <mss 1460>" % (seq + 1)], "reopened", "RFC 9293 3.10.7.4 [MAY-2]; RFC 6191 2"
    if not acceptable:
        if "R" in flags:
            return [], state, "RFC 9293 3.10.7.4, first check"
        return answer, state, "RFC 9293 3.10.7.4, first check"
    if "R" in flags:
        if distance == 0 and state == "time-wait":
            return [], state, "RFC 1337 3: a stray RST does not cut TIME-WAIT short"
        if distance == 0:
            after = "listen" if state == "syn-received" and cell.opening == "passive" else "closed"
            return [], after, "RFC 9293 3.10.7.4, second check; RFC 5961 3.2"
        return answer, state, "RFC 9293 3.10.7.4, second check; RFC 5961 3.2"
    if "S" in flags:
        return answer, state, "RFC 9293 3.10.7.4, fourth check; RFC 5961 4.2"
    if "." not in flags:
        return [], state, "RFC 9293 3.10.7.4, fifth check"
    return oracle_ack_and_text(cell, flags, distance, length, ack)


def oracle_ack_and_text(cell, flags, distance, length, ack):
    state, answer = cell.state, [cell.ack()]
    ahead = (ack - cell.snd + 2**31) % 2**32 - 2**31
    if state == "syn-received":
        if not ahead == 0:
            return [f"> R {ack}:{ack}(0)"], state, "RFC 9293 3.10.7.4, fifth check"
        state = cell.state = "established"
    elif ahead > 0:
        return answer, state, "RFC 9293 3.10.7.4, fifth check"
    elif ahead < -WIN:
        return answer, state, "RFC 9293 3.10.7.4, fifth check; RFC 5961 5.2"
    clause = "RFC 9293 3.10.7.4, seventh and eighth check"
    if state == "time-wait" and "F" in flags:
        return answer, state, "RFC 9293 3.10.7.4, fifth check: a FIN is acknowledged"
    if cell.fin_in:  # nothing can follow the peer's FIN
        return [], state, clause
    out, fin = [], "F" in flags
    if distance > 0:
        return (answer if length or fin else []), state, "RFC 9293 3.10.7.4, seventh check; RFC 5681 4.2"
    if length or fin:
        cell.nxt += length + fin
        out = [cell.ack()]
    if fin:
        state = {"established": "close-wait", "fin-wait-1": "closing", "fin-wait-2": "time-wait"}[state]
    return out, state, clause


def oracle(cell, flags, seq, length, ack):
    if cell.state == "closed":
        return oracle_closed(flags, seq, length, ack)
    if cell.state == "listen":
        return oracle_listen(flags, seq, length, ack)
    if cell.state == "syn-sent":
        return oracle_syn_sent(flags, seq, length, ack)
    return oracle_synchronized(cell, flags, seq, length, ack)


def witness(cell, before, after, seq):
    """Lines that only a stack in the state `after` answers so."""
    lines, fd = [], 3 if cell.opening == "active" or before == "syn-sent" else 4
    if after in TCPI and before in SYNCHRONIZED:
        lines.append(f"+0 %{{ assert tcpi_state == {TCPI[after]}, tcpi_state }}%")
    if after == "reopened":
        return lines
    if after == "syn-sent":
        return lines + ["1.0 > S 0:0(0) <...>"]
    if after == "closed":
        return lines + [f"+.1 < . {cell.nxt}:{cell.nxt}(0) ack 77 win {WIN}", "+0 > R 77:77(0)"]
    if after == "listen":
        if before == "listen":  # a SYN of the same client
            return [f"+.1 < S 0:0(0) win {WIN} <mss 1000>", "+0 > S. 0:0(0) ack 1 <mss 1460>"]
        return [f"+.1 < . 1:1(0) ack 77 win {WIN}", "+0 > R 77:77(0)"]
    if before in ("listen", "syn-sent") and after == "syn-received":
        return [f"+.1 < . 1:1(0) ack 500 win {WIN}", "+0 > R 500:500(0)"]
    old = (cell.nxt - 1) % 2**32
    return lines + [f"+.01 < . {old}:{old}(0) ack {cell.una} win {WIN}", "+0 " + cell.ack()]


def script(state, opening, name):
    cell = Cell(state, opening)
    what, flags, seq, length, ack = segments(cell)[name]
    if state in ("closed", "listen", "syn-sent"):  # numbers of a peer of whom nothing is known
        seq = 0
        ack = None if ack is None else {"ack-unsent": 900}.get(name, 1 if state == "syn-sent" else 700)
        if name.endswith("unsent"):
            ack = 900
    lines = prelude(cell)
    gap = "+.01" if state in SYNCHRONIZED else "+.1"  # before anything is sent again
    out, after, clause = oracle(cell, flags, seq, length, ack)
    time = gap if lines else "0"
    text = f"{time} < {flags} {seq}:{(seq + length) % 2**32}({length})"
    if ack is not None:
        text += f" ack {ack}"
    text += f" win {0 if 'R' in flags else WIN}"
    if "U" in flags:
        text += " urg 100"
    if "S" in flags:
        text += " <mss 1000>"
    lines.append(text)
    # Data in order may be acknowledged after a while, RFC 9293 3.8.6.3 [MUST-40].
    late = "+0~+.5 " if flags in ("P.", "PU.") and after in MAY_DELAY and seq == Cell(state, opening).nxt else "+0 "
    lines += [late + line for line in out]
    side = {"active": " (we connected)", "passive": ""}[opening]
    head = [f"// {state.upper()}{side}: {what}.", f"// {clause}."]
    return "\n".join(head + lines + witness(cell, state, after, seq)) + "\n"


def grid():
    for state in STATES:
        openings = ["passive"]
        if state in SYNCHRONIZED or state == "syn-received":
            openings.append("active")
        for opening in openings:
            for name in segments(Cell(state, opening)):
                if state in ("closed", "listen", "syn-sent") and name.split("-")[-1] in ("window", "old", "order"):
                    continue  # no window, no order yet
                prefix = "active-" if opening == "active" else ""
                yield HERE / state / f"{prefix}{name}.pkt", script(state, opening, name)


def print_table():
    names = list(segments(Cell("established", "passive")))
    cells = {(path.parent.name, path.stem) for path, _ in grid()}
    print(f"{'':20}" + " ".join(f"{state:>12}" for state in STATES))
    for name in names:
        row = []
        for state in STATES:
            both = [(state, name) in cells, (state, "active-" + name) in cells]
            row.append("pa" if all(both) else "p" if both[0] else "no window")
        print(f"{name:20}" + " ".join(f"{mark:>12}" for mark in row))
    print(f"{len(cells)} scripts; p: after a passive opening, a: after an active one")


def main(arguments):
    if arguments == ["--table"]:
        return print_table()
    check = arguments == ["--check"]
    if arguments and not check:
        print(__doc__)
        return 0 if arguments[0] in ("--help", "-h") else 2
    wanted = dict(grid())
    wrong = [path for path in HERE.glob("*/*.pkt") if path not in wanted]
    for path, text in wanted.items():
        if not path.exists() or path.read_text() != text:
            wrong.append(path)
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    if check and wrong:
        print("\n".join(f"{path.relative_to(HERE)} is not what make_grid.py writes; run it" for path in wrong))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
