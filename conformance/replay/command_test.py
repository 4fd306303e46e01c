#!/usr/bin/env python3
"""`anteroom replay` as a user calls it: exit codes, messages, JSON, shares of a corpus, rules and cut-down captures."""

import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
CAPTURES = os.path.join(HERE, "../captures")
ANTEROOM = os.environ.get("ANTEROOM", os.path.join(HERE, "../../build/dev/tools/anteroom/anteroom"))


def anteroom(*words):
    return subprocess.run([ANTEROOM, *words], capture_output=True, text=True, timeout=120)


def capture(name):
    return os.path.join(CAPTURES, name + ".pcap")


def lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def write_conversation(path, exchanges):
    """A capture of one connection: questions of 200 bytes, answers in two segments, acknowledgments."""
    ends = {40_000: ("192.0.2.2", 80, 1_000), 80: ("192.0.2.1", 40_000, 5_000)}
    following = {40_000: 0, 80: 0}
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, 101))
        number = 0

        def say(port, flags, size):
            nonlocal number
            number += 1
            (source, peer, initial), (destination, _, peer_initial) = ends[port], ends[ends[port][1]]
            options = b"\x02\x04\x05\xb4" if flags & 2 else b""
            acknowledged = (peer_initial + following[peer]) % 2**32 if flags & 16 else 0
            segment = struct.pack(">HHIIHHHH", port, peer, (initial + following[port]) % 2**32, acknowledged,
                                  (5 + len(options) // 4) << 12 | flags, 65_000, 0, 0) + options + bytes(size)
            packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), number % 65_536, 0x4000, 64, 6, 0,
                                 socket.inet_aton(source), socket.inet_aton(destination)) + segment
            stamp = number * 200_000
            file.write(struct.pack("<IIII", stamp // 10**9, stamp % 10**9, len(packet), len(packet)) + packet)
            following[port] += size + bool(flags & 3)

        for port, flags in ((40_000, 2), (80, 18), (40_000, 16)):
            say(port, flags, 0)
        for _ in range(exchanges):
            for port, flags, size in ((40_000, 24, 200), (80, 24, 1_460), (80, 24, 1_460), (40_000, 16, 0)):
                say(port, flags, size)
        for port, flags in ((40_000, 17), (80, 17), (40_000, 16)):
            say(port, flags, 0)


class Replay(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="anteroom-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_the_exit_code_is_of_the_chosen_tiers(self):
        self.assertEqual(anteroom("replay", capture("slow-reader")).returncode, 0)
        self.assertEqual(anteroom("replay", capture("slow-reader"), "--tier", "retransmission").returncode, 1)
        self.assertEqual(anteroom("replay", capture("slow-reader"), "--tier", "all").returncode, 1)
        self.assertEqual(anteroom("replay", capture("slow-reader"), "--tier", "stream", "--tier", "close").returncode, 0)

    def test_a_divergence_names_packet_segments_state_and_reason(self):
        result = anteroom("replay", capture("slow-reader"), "--tier", "retransmission")
        self.assertIn("first packet ", result.stdout)
        self.assertIn("retransmission, established: the captured host closed its window; the stack, whose application reads at once, never did", result.stdout)
        self.assertRegex(result.stdout, r"captured  > \. 1:1\(0\) ack \d+ win 0")
        self.assertNotIn("\033", result.stdout)

    def test_every_connection_has_a_line_unless_it_is_to_be_quiet(self):
        result = anteroom("replay", capture("twelve"))
        self.assertEqual(sum(" as server, oracle: " in line for line in result.stdout.splitlines()), 12)
        self.assertIn("; same stream, acknowledgment, handshake, close, retransmission, boundaries, timing\n", result.stdout)
        self.assertEqual(len(anteroom("replay", capture("twelve"), "--quiet").stdout.splitlines()), 4)

    def test_what_cannot_be_used_is_two(self):
        with open(self.path("noise.pcap"), "wb") as file:
            file.write(b"this is no capture at all, whatever its name says")
        for words, sentence in (
            (["no/such.pcap"], "there is no file or folder no/such.pcap"),
            ([self.path("noise.pcap")], "a pcap or pcapng file is needed"),
            ([self.folder + "/.", "--shard", "2/2"], "--shard 2/2: I/N with I from 0 to N-1 was expected"),
            ([capture("reset"), "--tier", "bytes"], "--tier bytes: stream, acknowledgment"),
            ([capture("reset"), "--as", "peer"], "--as peer: server, client or both"),
            ([capture("reset"), "--mode", "fast"], "--mode fast: auto, oracle or causal"),
            ([capture("reset"), "--rule", "* maybe"], "'maybe' is no verdict"),
            ([capture("reset"), "--minimise", self.path("out")], "there is nothing to cut down"),
        ):
            with self.subTest(words=words):
                result = anteroom("replay", *words)
                self.assertEqual(result.returncode, 2)
                self.assertIn(sentence, result.stderr)
                self.assertEqual(len(result.stderr.splitlines()), 1)

    def test_a_file_cut_short_is_used_as_far_as_it_goes(self):
        with open(capture("reset"), "rb") as file:
            whole = file.read()
        with open(self.path("cut.pcap"), "wb") as file:
            file.write(whole[:-7])
        result = anteroom("replay", self.path("cut.pcap"))
        self.assertIn("is damaged behind packet", result.stderr)
        self.assertIn("1 connections", result.stdout)

    def test_json_has_a_line_for_each_connection_and_capture_and_the_sums(self):
        result = anteroom("replay", CAPTURES, "--as", "both", "--json", "--throughput", "--jobs", "2")
        reports = lines(result)
        connections = [report for report in reports if "connection" in report]
        captures = [report for report in reports if "packets" in report and "capture" in report and "connection" not in report]
        self.assertEqual(len(captures), len([name for name in os.listdir(CAPTURES) if name.endswith(".pcap")]))
        self.assertEqual(len(connections), reports[-1]["replays"])
        self.assertGreater(reports[-1]["packets_per_second"], 0)
        self.assertEqual({report["as"] for report in connections}, {"server", "client"})
        for report in connections:
            self.assertEqual(len(report["tiers"]), 7)

    def test_shares_make_up_the_whole(self):
        whole = {report["capture"] for report in lines(anteroom("replay", CAPTURES, "--json")) if "capture" in report}
        parts = []
        for share in ("0/3", "1/3", "2/3"):
            found = lines(anteroom("replay", CAPTURES, "--json", "--shard", share))
            parts.append({report["capture"] for report in found if "capture" in report})
        self.assertEqual(set().union(*parts), whole)
        self.assertEqual(sum(map(len, parts)), len(whole))

    def test_the_bytes_of_a_syn_are_what_a_rule_judges(self):
        result = anteroom("replay", capture("fast-open"), "--json", "--rule", "KNOCK* accept", "--rule", "knock* defer:500:reject")
        report = lines(result)[0]
        self.assertEqual(bytes.fromhex(report["caller_data_hex"]), b"knock, knock")
        self.assertEqual(report["verdict"], "defer 500 ms, then reject")
        self.assertFalse(report["diverged"])

    def test_what_is_cut_down_diverges_by_itself_and_as_a_script(self):
        out = self.path("small")
        result = anteroom("replay", capture("slow-reader"), "--tier", "retransmission", "--minimise", out)
        self.assertEqual(result.returncode, 1, result.stderr)
        again = anteroom("replay", out + ".pcap", "--tier", "retransmission", "--json")
        self.assertEqual(again.returncode, 1)
        self.assertLess(lines(again)[0]["packets"], 40)
        drilled = lines(anteroom("drill", out + ".pkt", "--json"))
        self.assertEqual(drilled[0]["outcome"], "failed")

    def test_memory_does_not_grow_with_the_length(self):
        """One connection, five times as long: what the program holds at most stays what it was."""
        peaks = []
        for exchanges in (2_000, 10_000):
            path = self.path("long.pcap")
            write_conversation(path, exchanges)
            process = subprocess.Popen([ANTEROOM, "replay", path, "--quiet"], stdout=subprocess.PIPE, text=True,
                                       env=dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=1"))
            output = process.stdout.read()
            process.stdout.close()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0, output)
            self.assertIn(f"{exchanges * 4 + 6} segments, 1 connections", output)
            peaks.append(usage.ru_maxrss)
        self.assertLess(peaks[1] - peaks[0], 8 * 1024, "KiB more")

    def test_a_page_is_written_and_one_that_cannot_be_is_named(self):
        page = self.path("page.html")
        self.assertEqual(anteroom("replay", capture("reset"), "--html", page).returncode, 0)
        with open(page, encoding="utf-8") as file:
            data = file.read().split('id="data">', 1)[1].split("</script>", 1)[0]
        self.assertEqual(json.loads(data)["connections"][0]["capture"], capture("reset"))
        result = anteroom("replay", capture("reset"), "--html", self.path("no/such/folder.html"))
        self.assertEqual(result.returncode, 2)
        self.assertIn("cannot write", result.stderr)

    def test_the_built_page_has_the_sources_that_lie_beside_it(self):
        """Without the chart library, which only page/build needs."""
        folder = os.path.join(HERE, "page")
        with open(os.path.join(folder, "page.html"), encoding="utf-8") as file:
            built = file.read()
        for name in ("page.css", "plot.js", "page.js"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                self.assertIn(file.read().strip(), built, f"{name} changed: run conformance/replay/page/build")

    def test_the_help_has_examples(self):
        result = anteroom("replay", "--help")
        self.assertEqual(result.returncode, 0)
        self.assertIn("examples:", result.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
