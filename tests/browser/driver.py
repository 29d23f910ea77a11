"""A minimal WebDriver client: each command is a request to chromedriver."""

import json
import re
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Driver:
    def __init__(self, chromedriver, chromium, log):
        self.process = subprocess.Popen(
            [chromedriver, "--port=0"], stdout=subprocess.PIPE, stderr=log, text=True
        )
        self.url = self.find_url()
        options = {
            "binary": chromium,
            # A container has no namespaces for a sandbox, and little shared memory.
            "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1280,900"],
        }
        capabilities = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self.url += "/session/" + session["sessionId"]

    def find_url(self):
        for line in self.process.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return "http://127.0.0.1:" + found[1]
        raise AssertionError("chromedriver doesn't start")

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read().decode()}") from None

    def close(self):
        try:
            self.ask("DELETE", "")
        finally:
            self.process.kill()

    def go(self, url):
        self.ask("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def find(self, selector):
        found = self.ask("POST", "/element", {"using": "css selector", "value": selector})
        return f"/element/{found[ELEMENT]}"

    def click(self, selector):
        self.ask("POST", self.find(selector) + "/click", {})

    def write(self, selector, text):
        self.ask("POST", self.find(selector) + "/value", {"text": text})

    def texts(self, selector):
        return self.run(
            "return [...document.querySelectorAll(arguments[0])].map((each) => each.innerText.trim())",
            selector,
        )

    def console(self):
        """Returns what was logged since the last call."""
        return self.ask("POST", "/se/log", {"type": "browser"})


def wait_until(what, is_so, patience=15):
    until = time.monotonic() + patience
    while True:
        value = is_so()
        if value:
            return value
        assert time.monotonic() < until, f"{what}: not within {patience} s"
        time.sleep(0.1)
