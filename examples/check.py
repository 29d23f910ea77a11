#!/usr/bin/env python3
"""Runs each example and checks that it exits by itself and prints what README.md says.

Times, ports and ids are ignored, as are log levels, which depend on how long a call takes, and the order of lines,
because a server and its client print concurrently. Consecutive lines that are otherwise the same are shown once.
`--write` updates the output in README.md.
"""

import json
import os
import re
import subprocess
import sys
from itertools import groupby
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
README = FOLDER / "README.md"

# The same options as in `.ci/run`, so that nothing is built twice.
BUILD = "cargo build --workspace --exclude grpc-interceptor-benches --all-features --examples"

# An example's section in README.md: its title, its command and its output.
PART = re.compile(
    r"^## `(?P<name>\w+)`$.*?^```sh\ncargo run --example (?P<run>\w+)$.*?^```text\n(?P<output>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)

COLOR = r"\x1b\[[0-9;]*m"

CHANGES = [
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<now>"),
    (r"127\.0\.0\.1:\d+", "<address>"),
    (r"\b[0-9a-f]{32}\b", "<trace>"),
    (r"[\d.]+(ns|µs|ms|s)\b", "<time>"),
    (r"(elapsed_ms|deadline_ms)=[\d.]+", r"\1=<time>"),
    (r"^<now> +(INFO|WARN|ERROR) ", "<now> <level> "),
    # A stream can be dropped after any number of messages.
    (r'(cause="cancelled".*response_messages)=\d+', r"\1=<count>"),
]


def comparable(line):
    for pattern, name in CHANGES:
        line = re.sub(pattern, name, line)
    return line


def lines_of(text):
    lines = [line.rstrip() for line in re.sub(COLOR, "", text).splitlines()]
    return [next(group) for _, group in groupby(lines, comparable)]


def files():
    single = {path.stem for path in FOLDER.glob("*.rs")}
    return single | {path.parent.name for path in FOLDER.glob("*/main.rs")}


def programs():
    built = subprocess.run(
        [*BUILD.split(), "--message-format", "json-render-diagnostics"],
        check=True,
        stdout=subprocess.PIPE,
    )
    artifacts = map(json.loads, built.stdout.splitlines())
    return {each["target"]["name"]: each["executable"] for each in artifacts if each.get("executable")}


def output(program):
    # An intended panic prints one line to stderr rather than a backtrace.
    quiet = {**os.environ, "RUST_BACKTRACE": "0"}
    return subprocess.run(
        [program], env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=60, check=True
    ).stdout


def with_output(part, printed):
    start, end = (place - part.start() for place in part.span("output"))
    return part[0][:start] + printed.get(part["name"], part["output"]) + part[0][end:]


def main():
    readme = README.read_text()
    parts = {part["name"]: part for part in PART.finditer(readme)}
    wrong = [f"{name}: README.md has no section for it" for name in sorted(files() - set(parts))]
    wrong += [f"{name}: in README.md, but there is no such example" for name in sorted(set(parts) - files())]
    wrong += [f"{name}: its command runs another example" for name, part in parts.items() if part["run"] != name]
    wrong += [f"{name}: missing in the table in README.md" for name in parts if f"| [`{name}`](" not in readme]

    built, printed = programs(), {}
    for name in sorted(files() & set(parts)):
        prints = output(built[name])
        if "--write" in sys.argv:
            printed[name] = "".join(f"{line}\n" for line in lines_of(prints))
            continue
        said, prints = ({*map(comparable, lines_of(text))} for text in (parts[name]["output"], prints))
        wrong += [f"{name}: in README.md, but not printed: {line}" for line in sorted(said - prints)]
        wrong += [f"{name}: printed, but not in README.md: {line}" for line in sorted(prints - said)]
        print(f"{name}: {len(prints)} lines")
    if "--write" in sys.argv:
        README.write_text(PART.sub(lambda part: with_output(part, printed), readme))
    if wrong:
        sys.exit("\n".join(wrong))


main()
