"""What tools/requirements must find: each mistake of the tree in testdata/requirements, and none in what is right there."""

import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "requirements")
BROKEN = os.path.join(HERE, "testdata", "requirements")
LEDGER = "conformance/requirements/rfc9293.csv"

# The row and a part of what is said of it.
MISTAKES = {
    "MUST-4": "implemented_at is empty",
    "MUST-5": "tested_by is empty",
    "MUST-6": "there is no stack/watch.h",
    "MUST-7": "stack/clock.h has no tocks",
    "MUST-8": "stack/clock.h has no phantom",
    "MUST-9": "names no symbol",
    "MUST-10": "there is no test Clock.Tocks",
    "MUST-11": "there is no test conformance/scripts/none.pkt",
    "MUST-12": "there is no test kernel.none",
    "MUST-13": "stands behind MUST-14",
    "MUST-17": "MUST-16 has no row",
    "MUST-15": "id, section and requirement are never empty",
}


def run(*arguments):
    return subprocess.run([sys.executable, PROGRAM, *arguments], capture_output=True, text=True, timeout=60)


class BrokenTree(unittest.TestCase):
    def setUp(self):
        self.result = run("--root", BROKEN)

    def test_each_mistake_is_told_by_its_row(self):
        self.assertEqual(self.result.returncode, 1)
        for row, message in MISTAKES.items():
            with self.subTest(row):
                said = [line for line in self.result.stderr.splitlines() if f": {row}: " in line and line.startswith(LEDGER)]
                self.assertEqual(len(said), 1, self.result.stderr)
                self.assertIn(message, said[0])

    def test_an_unquoted_comma_an_id_twice_and_an_unknown_one(self):
        self.assertIn(f"{LEDGER}:17: 7 cells instead of 6", self.result.stderr)
        self.assertIn(f"rfc9999.csv:2: MUST-1: is in {LEDGER}:2 too", self.result.stderr)
        self.assertIn("stack/clock.h:2: cites [MUST-77]", self.result.stderr)

    def test_nothing_is_said_of_what_is_right(self):
        self.assertEqual(len(self.result.stderr.splitlines()), len(MISTAKES) + 3)


class Selection(unittest.TestCase):
    def rows(self, *arguments):
        return json.loads(run("--json", "--root", BROKEN, *arguments).stdout)["rows"]

    def test_states(self):
        states = {row["id"]: row["state"] for row in self.rows("--rfc", "9293")}
        self.assertEqual([states[f"MUST-{n}"] for n in (1, 2, 3, 4, 5)], ["done", "excepted", "open", "empty", "empty"])

    def test_filters(self):
        self.assertEqual([row["id"] for row in self.rows("--empty")], ["MUST-4", "MUST-5"])
        self.assertEqual([row["id"] for row in self.rows("--open")], ["MUST-3"])
        self.assertEqual([row["rfc"] for row in self.rows("--rfc", "9999")], [9999])
        self.assertEqual(self.rows("--only", "MAY"), [])

    def test_usage(self):
        for arguments in (["--only", "MIGHT"], ["--rfc", "1"], ["--root", HERE]):
            self.assertEqual(run(*arguments).returncode, 2, arguments)
        self.assertIn("exit code: 0", run("--help").stdout)


if __name__ == "__main__":
    unittest.main()
