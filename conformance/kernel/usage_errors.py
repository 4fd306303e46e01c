#!/usr/bin/env python3
"""Bad command lines and missing privileges: one line that says what to do, and exit code 2."""

import subprocess

import testbed

SERVE = ["serve", "--tap", "tap0", "--address", "192.0.2.1/24", "--listen", "7"]


class UsageErrors(testbed.Case):
    def complain(self, *arguments, **options):
        """Runs the program, which must refuse; returns its one line."""
        result = subprocess.run([testbed.program(), *arguments], capture_output=True, text=True, timeout=60, **options)
        self.assertEqual(result.returncode, 2, (arguments, result.stdout, result.stderr))
        lines = result.stderr.strip().split("\n")
        self.assertEqual(len(lines), 1, lines)
        self.assertEqual(result.stdout, "")
        return lines[0]

    def test_every_bad_value_is_named(self):
        for option, value in (
            ("--address", "192.0.2.300/24"),
            ("--address", "192.0.2.1/64"),
            ("--listen", "70000"),
            ("--listen", "http"),
            ("--rule", "* maybe"),
            ("--rule", "*"),
            ("--rule", "* defer:soon:accept"),
            ("--service", "forward:127.0.0.1"),
            ("--service", "telnet"),
            ("--impair", "loss=200%"),
            ("--impair", "rain=1%"),
            ("--mtu", "12"),
        ):
            with self.subTest(option=option, value=value):
                arguments = list(SERVE)
                if option in arguments:
                    arguments[arguments.index(option) + 1] = value
                else:
                    arguments += [option, value]
                line = self.complain(*arguments)
                self.assertTrue(option in line or value in line, line)

    def test_missing_and_unknown(self):
        self.assertIn("--address", self.complain("serve", "--tap", "tap0", "--listen", "7"))
        self.assertIn("sevre", self.complain("sevre"))
        self.assertIn("--bsuy-poll", self.complain(*SERVE, "--bsuy-poll"))
        self.complain()

    def test_files_that_cannot_be_used(self):
        nowhere = self.path("missing/capture.pcap")
        self.assertIn(nowhere, self.complain("trace", nowhere))
        with open(self.path("text"), "w") as file:
            file.write("this is no capture\n")
        self.assertIn("text", self.complain("trace", self.path("text")))
        self.assertIn(nowhere, self.complain(*SERVE, "--capture", nowhere))

    def test_without_the_privilege_to_make_a_device(self):
        command = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs", testbed.program(), *SERVE]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 2, result.stderr)
        (line,) = result.stderr.strip().split("\n")
        self.assertRegex(line, "(?i)permi|privilege|unshare|root")

    def test_help_has_examples(self):
        for command in ([], ["serve"], ["connect"], ["bridge"], ["trace"]):
            with self.subTest(command=command):
                text = testbed.run(testbed.program(), *command, "--help")
                self.assertRegex(text, "(?i)example")


if __name__ == "__main__":
    testbed.main(needs=["setpriv"])
