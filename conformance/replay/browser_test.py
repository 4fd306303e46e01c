#!/usr/bin/env python3
"""The page of `anteroom replay --html` in a headless Chromium: it loads, a diverging packet is reached by one click and by keyboard,
plots zoom and tell what is under the mouse, light and dark. Says so, and exits with 77, where there is no Chromium.

--picture FILE writes the picture of the README instead."""

import os
import subprocess
import sys
import tempfile
import unittest

import browser

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.normpath(os.path.join(HERE, "../.."))
CAPTURES = "conformance/captures"
ANTEROOM = os.environ.get("ANTEROOM", os.path.join(HERE, "../../build/dev/tools/anteroom/anteroom"))


def write_page(path, *more):
    words = ["replay", CAPTURES, "--as", "both", "--tier", "all", "--html", path, *more]
    result = subprocess.run([ANTEROOM, *words], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    if result.returncode != 1:
        sys.exit(f"replay ended with {result.returncode}: {result.stderr}")


class InTheBrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.page = os.path.join(cls.folder.name, "page.html")
        write_page(cls.page, "--rule", "knock* accept", "--rule", "* reject")
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.folder.cleanup()

    def setUp(self):
        self.browser.colours("light")
        self.browser.troubles.clear()
        self.browser.requests.clear()
        self.browser.open(self.page)

    def tearDown(self):
        self.assertEqual(self.browser.troubles, [])

    def value(self, expression):
        return self.browser.evaluate(expression)

    def middle(self, selector):
        self.value(f"document.querySelector('{selector}').scrollIntoView({{block: 'center'}})")
        return self.value(f"(() => {{ const box = document.querySelector('{selector}').getBoundingClientRect();"
                          "return [box.x + box.width / 2, box.y + box.height / 2]; })()")

    def test_it_loads_and_asks_for_nothing_else(self):
        self.assertGreater(self.value("replay.connections.length"), 10)
        self.assertEqual([url for url in self.browser.requests if url != "about:blank" and not url.startswith("file://")], [])
        self.assertEqual(len([url for url in self.browser.requests if url.startswith("file://")]), 1)
        self.assertEqual(self.value("document.querySelectorAll('.plot canvas').length"), 2)

    def test_every_connection_can_be_shown(self):
        shown = self.value("replay.connections.map((one, i) => { open(i); return shown.rungs.length >= one.packets; })")
        self.assertNotIn(False, shown)

    def test_one_click_in_the_list_leads_to_the_packet(self):
        self.browser.click(*self.middle("#list .row:not(.chosen) .first"))
        self.assertEqual(self.value("document.activeElement.id"), "ladder")
        packet = self.value("firstOf(replay.connections[shown.index]).packet")
        chosen = "document.querySelector('#ladder .rung.chosen')"
        self.assertEqual(self.value("shown.rungs[shown.rung].main.packet"), packet)
        self.assertTrue(self.value(f"{chosen}.classList.contains('marked')"))
        self.assertTrue(self.value(f"(() => {{ const a = {chosen}.getBoundingClientRect(), b = byId('ladder').getBoundingClientRect();"
                                   "return a.top >= b.top && a.bottom <= b.bottom; })()"))

    def test_so_does_the_keyboard(self):
        self.value("open(0)")
        for _ in range(200):
            if self.value("document.activeElement.classList.contains('first')"):
                break
            self.browser.key("Tab")
        self.browser.key("Enter", "\r")
        self.assertEqual(self.value("document.activeElement.id"), "ladder")
        self.assertTrue(self.value("document.querySelector('#ladder .rung.chosen').classList.contains('marked')"))
        before = self.value("shown.rung")
        self.browser.key("ArrowDown")
        self.browser.key("ArrowDown")
        self.browser.key("ArrowUp")
        self.assertEqual(self.value("shown.rung"), before + 1)

    def test_letters_go_through_connections_and_divergences(self):
        self.value("open(0)")
        self.browser.key("j", "j")
        self.browser.key("j", "j")
        self.browser.key("k", "k")
        self.assertEqual(self.value("shown.index"), 1)
        self.value("open(replay.connections.findIndex((one) => one.divergences.length > 1))")
        self.browser.key("n", "n")
        self.browser.key("n", "n")
        self.assertEqual(self.value("shown.divergence"), 1)
        self.browser.key("p", "p")
        self.assertEqual(self.value("document.querySelector('#divergences [aria-current=true]').textContent.startsWith('first: ')"), True)

    def test_plots_zoom_together_by_key_wheel_and_drag(self):
        width = "(plot => plot.sight[1] - plot.sight[0])"
        whole = self.value(f"{width}(host)")
        self.value("byId('plot-stack').focus()")
        self.browser.key("+", "+")
        self.assertAlmostEqual(self.value(f"{width}(host)"), whole / 2)
        self.browser.key("0", "0")
        self.assertAlmostEqual(self.value(f"{width}(stack)"), whole)
        x, y = self.middle("#plot-host .u-over")
        self.browser.mouse("mouseWheel", x, y, deltaX=0, deltaY=-100)
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.assertLess(self.value(f"{width}(stack)"), whole)
        self.value("byId('unzoom').click()")
        self.browser.mouse("mousePressed", x, y, button="left", clickCount=1)
        self.browser.mouse("mouseMoved", x + 60, y, button="left", buttons=1)
        self.browser.mouse("mouseReleased", x + 60, y, button="left", clickCount=1)
        self.assertLess(self.value(f"{width}(host)"), whole * 0.5)
        self.assertAlmostEqual(self.value(f"{width}(host)"), self.value(f"{width}(stack)"))

    def test_the_mouse_over_a_segment_tells_of_it_and_a_click_chooses_it(self):
        place = self.value("""(() => { const plot = stack, one = plot.shown.sent.find((segment) => segment.bytes > 0);
            const box = plot.chart.over.getBoundingClientRect();
            return [box.x + plot.chart.valToPos(one.at, 'x'), box.y + plot.chart.valToPos((one.seq + one.end) / 2, 'y')]; })()""")
        self.browser.mouse("mouseMoved", *place)
        self.browser.mouse("mouseMoved", place[0], place[1] + 1)
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.assertFalse(self.value("byId('tip').hidden"))
        self.assertRegex(self.value("byId('tip').textContent"), r"(?s)packet \d+, .* ack ")
        self.browser.click(*place)
        self.assertGreaterEqual(self.value("shown.rung"), 0)

    def test_an_address_with_a_packet_opens_there(self):
        number = self.value("open(1), shown.rungs[3].main.packet")
        self.browser.open(self.page, f"#c1p{number}")
        self.assertEqual(self.value("[shown.index, shown.rung]"), [1, 3])

    def test_light_and_dark_are_two_pictures(self):
        light = self.browser.picture()
        paper = self.value("getComputedStyle(document.body).backgroundColor")
        self.browser.colours("dark")
        self.assertNotEqual(self.value("getComputedStyle(document.body).backgroundColor"), paper)
        dark = self.browser.picture()
        self.assertNotEqual(light, dark)
        folder = os.environ.get("PICTURES")
        for name, picture in (("light", light), ("dark", dark)) if folder else ():
            with open(os.path.join(folder, name + ".png"), "wb") as file:
                file.write(picture)


def write_picture(path):
    with tempfile.TemporaryDirectory() as folder:
        page = os.path.join(folder, "page.html")
        write_page(page)
        one = browser.Browser(1240, 920)
        one.open(page)
        one.evaluate("open(replay.connections.findIndex((one) => one.capture.includes('upload-loss') && one.diverged)), goTo(0), scrollTo(0, 0)")
        with open(path, "wb") as file:
            file.write(one.picture())
        one.close()


if __name__ == "__main__":
    reason = browser.why_not()
    if reason:
        print(f"SKIP: the page was not tested in a browser: {reason}")
        sys.exit(77)
    if sys.argv[1:2] == ["--picture"] and len(sys.argv) == 3:
        write_picture(sys.argv[2])
    else:
        unittest.main(verbosity=2)
