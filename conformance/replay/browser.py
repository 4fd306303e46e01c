"""A headless Chromium, spoken to through a pipe in the DevTools protocol: no port, and no network of the machine's.

For browser_test.py and for the picture of the README. Not here: what is tested."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")


def why_not():
    """Why no browser can be started; empty where one can."""
    if not any(map(shutil.which, NAMES)):
        return "Chromium is not installed (Debian: chromium)"
    if subprocess.run(["unshare", "--map-root-user", "--net", "true"], capture_output=True).returncode != 0:
        return "no network namespace can be made for the browser"
    return ""


class Browser:
    """One page. Messages end with a zero byte; answers carry the number of what they answer, events none."""

    def __init__(self, width=1400, height=1000):
        self.profile = tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)
        to_it, self.out = os.pipe()
        self.input, from_it = os.pipe()
        words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
                 "--disable-background-networking", "--remote-debugging-pipe", f"--user-data-dir={self.profile.name}", "about:blank"]
        # The shell gives the pipe the two numbers that Chromium expects.
        self.process = subprocess.Popen(
            ["unshare", "--map-root-user", "--net", "sh", "-c", f'exec "$@" 3<&{to_it} 4>&{from_it}', "sh",
             next(filter(None, map(shutil.which, NAMES))), *words],
            pass_fds=(to_it, from_it), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_it)
        os.close(from_it)
        self.unread = b""
        self.number = 0
        self.session = None
        self.troubles = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for name in ("Page", "Runtime", "Log", "Network"):
            self.call(name + ".enable")
        self.requests = []
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def message(self):
        while b"\0" not in self.unread:
            part = os.read(self.input, 1 << 20)
            if not part:
                raise EOFError("the browser has gone")
            self.unread += part
        text, self.unread = self.unread.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.take_event(answer)

    def take_event(self, event):
        kind, what = event.get("method"), event.get("params", {})
        if kind == "Runtime.exceptionThrown":
            self.troubles.append(json.dumps(what["exceptionDetails"]))
        elif kind == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning", "assert"):
            self.troubles.append(json.dumps(what["args"]))
        elif kind == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.troubles.append(what["entry"]["text"])
        elif kind == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"]))
        return result["result"].get("value")

    def open(self, path, fragment=""):
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url="file://" + os.path.abspath(path) + fragment)
        end = time.monotonic() + 60
        while self.evaluate("document.body ? document.body.dataset.ready : null") != "yes":
            if time.monotonic() > end:
                raise TimeoutError(f"the page is not ready; {self.troubles}")
            time.sleep(0.05)

    def colours(self, scheme):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def key(self, name, text=""):
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            codes = {"Enter": 13, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38}
            self.call("Input.dispatchKeyEvent", type=kind, key=name, windowsVirtualKeyCode=codes.get(name, 0), **more)

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y):
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)

    def picture(self):
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(20)
        except (EOFError, OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.out)
        os.close(self.input)
        self.profile.cleanup()
