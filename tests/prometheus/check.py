"""Asks Prometheus for the counts of the calls that examples/observed.rs made."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

METRICS = "http://127.0.0.1:9464/metrics"
QUERY = "http://127.0.0.1:9465/api/v1/query?"
# The example's calls take about a second.
PATIENCE = 60

HANDLED = {
    ("greeter.v1.Greeter", "SayHello", "unary", "OK"): 10,
    ("greeter.v1.Greeter", "SayHello", "unary", "NotFound"): 3,
    ("greeter.v1.Greeter", "SayHello", "unary", "DeadlineExceeded"): 2,
    ("greeter.v1.Greeter", "SayHello", "unary", "Canceled"): 4,
    ("greeter.v1.Greeter", "SayHello", "unary", "Internal"): 1,
    ("greeter.v1.Greeter", "GreetManyTimes", "server_stream", "OK"): 1,
    ("greeter.v1.Greeter", "GreetManyTimes", "server_stream", "Canceled"): 1,
    ("other", "other", "unknown", "Unimplemented"): 1,
}


def get(url):
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.read()


def query(text):
    """Returns the series of an instant query, with their labels and values."""
    answer = json.loads(get(QUERY + urllib.parse.urlencode({"query": text})))
    assert answer["status"] == "success", answer
    return [(series["metric"], float(series["value"][1])) for series in answer["data"]["result"]]


def handled():
    labels = ["grpc_service", "grpc_method", "grpc_type", "grpc_code"]
    found = query("grpc_server_handled_total > 0")
    return {tuple(metric[label] for label in labels): value for metric, value in found}


def wait_until(is_done):
    """Retries until the result is true: at first there may be no server, or no scrape after the last call."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            value = is_done()
        except (urllib.error.URLError, ConnectionError):
            value = None
        if value or time.monotonic() > until:
            return value
        time.sleep(0.5)


def main(promtool):
    wait_until(lambda: handled() == HANDLED)
    assert handled() == HANDLED, handled()

    checked = subprocess.run(
        [promtool, "check", "metrics"], input=get(METRICS), capture_output=True, check=False
    )
    assert checked.returncode == 0 and not checked.stderr, checked

    # Every call that started has ended, and each has a duration.
    assert query("grpc_server_in_flight != 0") == []
    [(_, started)] = query("sum(grpc_server_started_total)")
    [(_, timed)] = query("sum(grpc_server_handling_seconds_count)")
    assert started == timed == sum(HANDLED.values()), (started, timed)
    # The two calls with deadlines of 100 ms take at least that long; those cancelled after 50 ms are in between.
    [(_, quick)] = query('sum(grpc_server_handling_seconds_bucket{le="0.025"})')
    [(_, within)] = query('sum(grpc_server_handling_seconds_bucket{le="0.1"})')
    assert quick <= timed - 6 and within >= quick, (quick, within)
    # An RPC that was never called is present, at zero.
    assert query('grpc_server_started_total{grpc_method="Chat"}')[0][1] == 0
    print(f"Prometheus saw {int(started)} calls, each with its end")


main(sys.argv[1])
