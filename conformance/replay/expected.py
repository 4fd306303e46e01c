#!/usr/bin/env python3
"""Replays captures and compares what held with expected.csv, row by row: one for each connection and side.

    conformance/replay/expected.py --check NAME=FOLDER...   exits with 1 where a row differs or is missing
    conformance/replay/expected.py --write NAME=FOLDER...   writes their rows anew; reasons of rows that stay are kept

The program is ANTEROOM, by default that of the build with sanitizers. Rows call a folder by its name. One that is not there
is not judged, which is said, and exits with 77 where none is.
"""

import csv
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("ANTEROOM", os.path.join(HERE, "../../build/dev/tools/anteroom/anteroom"))
TABLE = os.path.join(HERE, "expected.csv")
COLUMNS = ["capture", "connection", "as", "mode", "reached", "diverged", "caller_data", "reason"]
JUDGED = ("mode", "reached", "diverged", "caller_data")
# Below these a row says why.
WANTED = ("stream", "handshake")


def replayed(name, folder):
    """The rows of every capture below a folder, those that could not be opened among them."""
    # Causally, too: nothing is expected of that but an end.
    causal = [PROGRAM, "replay", folder, "--as", "both", "--mode", "causal", "--json", "--jobs", "2"]
    ended = subprocess.run(causal, capture_output=True, text=True, timeout=600).returncode
    if ended not in (0, 1, 2):
        raise SystemExit(f"anteroom replay --mode causal ended with {ended}")
    result = subprocess.run([PROGRAM, "replay", folder, "--as", "both", "--json", "--jobs", "2"],
                            capture_output=True, text=True, timeout=600)
    if result.returncode not in (0, 1, 2):
        raise SystemExit(f"anteroom replay ended with {result.returncode}\n{result.stderr}")
    rows = {}
    for line in result.stdout.splitlines():
        report = json.loads(line)
        if "capture" not in report:
            continue
        path = os.path.join(name, os.path.relpath(report["capture"], folder))
        if "unusable" in report:
            rows[path, "", ""] = dict(mode="unusable", reached="", diverged="", caller_data="",
                                      reason=report["unusable"].split(": ", 1)[1].split(";")[0])
        if "connection" not in report:
            continue
        tiers = report["tiers"]
        diverged = [tier for tier, finding in tiers.items() if finding == "diverged"]
        reason = report.get("not_judged", "")
        for tier in WANTED:
            if tiers[tier] != "same" and not reason:
                first = [each["why"] for each in report["divergences"] if each["tier"] == tier]
                why = "nobody sent any data" if tier == "stream" else "; ".join(report.get("notes", []))
                reason = first[0] if first else f"{tier} not judged: {why}"
        # What diverged is worth more than what could not be judged.
        told = [each["why"] for each in report["divergences"] if each["tier"] in WANTED]
        reason = told[0] if told else reason
        rows[path, str(report["connection"]), report["as"]] = dict(
            mode=report["mode"], reached=report["reached"] or "", diverged=" ".join(diverged),
            caller_data=str(report.get("caller_data_bytes", "")), reason=reason)
    return rows


def read_table():
    with open(TABLE, newline="") as file:
        return {(row["capture"], row["connection"], row["as"]): row for row in csv.DictReader(file)}


def write(rows, known, roots):
    others = {key: row for key, row in known.items() if key[0].split(os.sep)[0] not in roots}
    rows.update(others)
    for key, row in rows.items():
        before = known.get(key)
        if before and row["reason"] and before["reason"] and all(before[name] == row[name] for name in JUDGED):
            row["reason"] = before["reason"]
    order = sorted(rows, key=lambda key: (key[0], int(key[1] or 0), key[2]))
    with open(TABLE, "w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        for key in order:
            table.writerow({**rows[key], **dict(zip(COLUMNS, key))})
    print(f"{len(order)} rows written")


def check(rows, known, roots):
    wrong = 0
    expected = {key: row for key, row in known.items() if key[0].split(os.sep)[0] in roots}
    for key in sorted(set(rows) | set(expected)):
        now, before = rows.get(key), expected.get(key)
        if now and before and all(now[name] == before[name] for name in JUDGED):
            if now["reason"] and not before["reason"]:
                print(f"{key}: the row gives no reason; now it is: {now['reason']}")
                wrong += 1
            continue
        wrong += 1
        show = lambda row: " | ".join(row[name] or "-" for name in JUDGED) if row else "nothing"  # noqa: E731
        print(f"{' '.join(key)}: expected {show(before)}, found {show(now)}" + (f" ({now['reason']})" if now else ""))
    print(f"{len(rows)} rows, {wrong} of them not as expected")
    return 1 if wrong else 0


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("--check", "--write"):
        print(__doc__)
        return 2
    folders = dict(argument.split("=", 1) for argument in sys.argv[2:])
    for name in [name for name, folder in folders.items() if not os.path.isdir(folder)]:
        print(f"SKIP: there is no folder {name} of captures beside the project; none of it was replayed")
        del folders[name]
    if not folders:
        return 77
    rows = {}
    for name, folder in folders.items():
        rows.update(replayed(name, folder))
    known = read_table() if os.path.exists(TABLE) else {}
    if sys.argv[1] == "--check":
        return check(rows, known, set(folders))
    write(rows, known, set(folders))
    return 0


if __name__ == "__main__":
    sys.exit(main())
