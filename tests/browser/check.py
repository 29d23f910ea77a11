"""Chromium shows the page of an `Rpcz`, which tests/browser/page.rs serves."""

import base64
import os
import re
import signal
import subprocess
import sys
import time

from driver import Driver, wait_until

METHOD = '#methods tr[data-key="server/DummyService/Execute"]'
ROWS = "#methods tbody tr"
HOSTILE = [
    "<script>window.pwned = 1</script>",
    '<img src=x onerror="window.pwned = 2">',
    '" autofocus onfocus="window.pwned = 3" onmouseover="window.pwned = 4',
    '</bdi></dd></dl><svg onload="window.pwned = 5">',
]


class Program:
    """The program that serves the page and makes its calls."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            [path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.url = self.process.stdout.readline().strip()

    def do(self, *commands):
        for command in commands:
            self.process.stdin.write(command + "\n")
            answer = self.process.stdout.readline()
            assert answer == "done\n", (command, answer)


def started(driver):
    [text] = driver.texts(METHOD + " td.started")
    return int(text.split("\n")[-1])


def milliseconds(text):
    number, unit = text.split(" ")
    return float(number) * {"µs": 0.001, "ms": 1, "s": 1000, "min": 60_000}[unit]


def names(driver):
    return [text.split("/")[-1].split("\n")[0].split("unary")[0] for text in driver.texts(ROWS + " .name")]


def loads(driver, program):
    program.do("call", "call", "streams")
    driver.go(program.url)
    assert len(driver.texts(ROWS)) == 4, driver.texts(ROWS)
    assert driver.run("return document.title") == "rpcz"
    assert started(driver) == 2
    # It loads nothing external, and nothing else except itself.
    loaded = driver.run("return performance.getEntriesByType('resource').map((each) => each.name)")
    assert all(name.startswith(program.url) for name in loaded), loaded


def updates_itself(driver, program):
    driver.run("window.sameDocument = true")
    program.do(*["call"] * 5)
    wait_until("the count goes up", lambda: started(driver) == 7)
    program.do("call")
    wait_until("and again", lambda: started(driver) == 8)
    assert driver.run("return window.sameDocument"), "it was loaded again"
    assert driver.texts("#live") == ["live"]


def filters(driver, program):
    driver.write("#filter", "clientSTREAM")
    wait_until("one row is left", lambda: len(driver.texts(ROWS)) == 1)
    assert names(driver) == ["ExecuteClientStream"], names(driver)
    # It stays that way.
    time.sleep(2.5)
    assert names(driver) == ["ExecuteClientStream"]
    assert driver.run("return document.activeElement.id") == "filter"
    assert "filter=clientSTREAM" in driver.run("return location.search")
    driver.ask("POST", driver.find("#filter") + "/clear", {})
    driver.run("document.getElementById('filter').dispatchEvent(new Event('input'))")
    wait_until("all rows are back", lambda: len(driver.texts(ROWS)) == 4)


def sorts(driver, program):
    driver.click("thead th.started a")
    most_first = ["Execute"]
    wait_until("the most calls first", lambda: names(driver)[:1] == most_first)
    assert driver.run("return document.querySelector('[aria-sort]').className") == "started"
    driver.click("thead th.started a")
    wait_until("and last", lambda: names(driver)[-1:] == most_first)
    driver.ask("POST", "/back", {})
    wait_until("and first again", lambda: names(driver)[:1] == most_first)
    assert driver.run("return window.sameDocument"), "it was loaded again"


def a_click_goes_before_a_filter_that_waits(driver, program):
    type_and = """const filter = document.getElementById("filter");
        filter.value = "nothing";
        filter.dispatchEvent(new Event("input"));"""

    def stays_at_the_method():
        wait_until("the method is shown", lambda: driver.texts("#method h2"))
        time.sleep(0.5)
        assert driver.run("return location.search") == "?method=server/DummyService/Execute"
        assert driver.texts("#method h2")

    driver.go(program.url)
    driver.run(type_and + "document.querySelector(arguments[0]).click();", METHOD + " .name")
    stays_at_the_method()
    # The same when the user navigates back to it.
    driver.click(".back a")
    wait_until("all rows are there", lambda: len(driver.texts(ROWS)) == 4)
    driver.run(type_and + "history.back();")
    stays_at_the_method()
    driver.go(program.url)


def shows_what_hangs(driver, program):
    assert driver.texts("#in-flight .call") == []
    program.do("hang")
    age = lambda: [milliseconds(text) for text in driver.texts("#in-flight .call .time")]
    [first] = wait_until("the call is listed", age)
    later = wait_until("its age grows", lambda: [ms for ms in age() if ms > first + 1500])
    assert len(later) == 1
    [text] = driver.texts("#in-flight .call > p:first-child")
    assert "1 in, 0 out" in text and "127.0.0.1:" in text, text
    program.do("hang", "give up")
    wait_until("what is given up is gone", lambda: not age())


def shows_samples(driver, program):
    program.do("fail", "fail")
    driver.click(METHOD + " .name")
    wait_until("the method is shown", lambda: driver.texts("#method h2"))
    key = '[data-key="NOT_FOUND"]'
    wait_until("its failures are there", lambda: len(driver.texts(key + " .call")) == 2)
    assert "CANCELLED" in " ".join(driver.texts("#errors h3"))
    # The metadata is collapsed, and stays open when the page updates itself.
    assert driver.texts(key + " dd")[0] == ""
    driver.click(key + " .call:first-child summary")
    [opened] = driver.run(
        "return [...document.querySelectorAll('details[open]')].map((each) => each.closest('li').dataset.key)"
    )
    program.do("fail")
    wait_until("one more", lambda: len(driver.texts(key + " .call")) == 3)
    [still] = driver.run(
        "return [...document.querySelectorAll('details[open]')].map((each) => each.closest('li').dataset.key)"
    )
    assert still == opened and driver.texts(key + " .call")[0] != opened

    shown = dict(zip(driver.texts("details[open] dt"), driver.texts("details[open] dd")))
    assert shown["authorization"] == "[redacted]", shown
    assert [shown[f"hostile-{number}"] for number in range(4)] == HOSTILE, shown
    assert driver.texts(key + " .message")[0] == "\n".join(HOSTILE)


def nothing_hostile_runs(driver, program):
    for query in ["", "?method=server/DummyService/Execute", "?filter=%22%3E" + "%3Cscript%3Ewindow.pwned=6%3C/script%3E"]:
        driver.go(program.url + query)
        time.sleep(2.5)
        assert driver.run("return typeof window.pwned") == "undefined"
        assert driver.run("return document.querySelectorAll('img, script, [onerror], [onfocus]').length") == 1


def fits_on_a_phone(driver, program, picture):
    program.do("hang")
    driver.devtools("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2, mobile=True)
    for name, query in [("phone", ""), ("phone-method", "?method=server/DummyService/Execute")]:
        driver.go(program.url + query)
        driver.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        too_wide = driver.run(
            """return [...document.querySelectorAll("body, body *")]
                .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
                .map((each) => each.outerHTML.slice(0, 200))"""
        )
        width = driver.run("return [document.documentElement.scrollWidth, innerWidth]")
        assert width == [360, 360] and not too_wide, (width, too_wide)
        picture(name)
    driver.devtools("Emulation.clearDeviceMetricsOverride")


def is_dark_and_light(driver, program, picture):
    grounds = []
    driver.devtools("Emulation.setDeviceMetricsOverride", width=1280, height=900, deviceScaleFactor=1, mobile=False)
    for scheme in ["light", "dark"]:
        driver.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        for name, query in [("", ""), ("-method", "?method=server/DummyService/Execute")]:
            driver.go(program.url + query)
            picture(scheme + name)
        colours = "const style = getComputedStyle(document.body); return [style.backgroundColor, style.color]"
        grounds.append(driver.run(colours))
    assert grounds[0] != grounds[1], grounds
    assert [sum(brightness(colour)) > 382 for colours in grounds for colour in colours] == [True, False, False, True]
    driver.devtools("Emulation.clearDeviceMetricsOverride")


def brightness(colour):
    return [int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]


def works_without_scripts(driver, program):
    driver.devtools("Emulation.setScriptExecutionDisabled", value=True)
    driver.go(program.url)

    def html(selector):
        while True:
            try:
                return html_now(selector)
            except AssertionError as error:
                # The page was reloaded in the meantime.
                assert "Could not find node" in str(error), error

    def html_now(selector):
        root = driver.devtools("DOM.getDocument")["root"]["nodeId"]
        found = driver.devtools("DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"]
        return [driver.devtools("DOM.getOuterHTML", nodeId=each)["outerHTML"] for each in found]

    assert len(html(ROWS)) == 4
    assert html("#live") == ['<span id="live"></span>'], "a script has run"
    before = html(METHOD + " td.started")
    program.do("call")
    wait_until("it loads itself again", lambda: html(METHOD + " td.started") not in ([], before))
    driver.go(program.url + "?method=server/DummyService/Execute")
    assert html('[data-key="NOT_FOUND"] .call')
    driver.go(program.url + "?sort=-started&filter=execute")
    assert 'data-key="server/DummyService/Execute"' in html(ROWS)[0]
    driver.devtools("Emulation.setScriptExecutionDisabled", value=False)


def says_that_there_is_no_answer(driver, program):
    driver.go(program.url)
    live = lambda: driver.texts("#live")[0]
    # Its connections stay open, but no answer arrives.
    program.process.send_signal(signal.SIGSTOP)
    text = wait_until("it says that the program hangs", lambda: live() != "live" and live())
    assert re.fullmatch(r"no answer since \d+:\d\d:\d\d( [AP]M)?", text), text
    time.sleep(6)
    assert live() == text, (live(), text)
    program.process.send_signal(signal.SIGCONT)
    wait_until("it goes on", lambda: live() == "live")
    program.process.kill()
    wait_until("it says that the program is gone", lambda: live().startswith("no answer since "))


def main(program, chromedriver, chromium, folder):
    program = Program(program)
    with open(os.path.join(folder, "chromedriver.log"), "w") as log:
        driver = Driver(chromedriver, chromium, log)

    def picture(name):
        content = base64.b64decode(driver.ask("GET", "/screenshot"))
        with open(os.path.join(folder, name + ".png"), "wb") as file:
            file.write(content)

    try:
        version = driver.devtools("Browser.getVersion")["product"]
        checks = [loads, updates_itself, filters, sorts, a_click_goes_before_a_filter_that_waits]
        checks += [shows_what_hangs, shows_samples, nothing_hostile_runs]
        for check in checks:
            check(driver, program)
            assert driver.console() == [], check.__name__
        fits_on_a_phone(driver, program, picture)
        is_dark_and_light(driver, program, picture)
        works_without_scripts(driver, program)
        assert driver.console() == []
        says_that_there_is_no_answer(driver, program)
        print(f"{version} shows the page")
    finally:
        driver.close()
        program.process.kill()


main(*sys.argv[1:])
