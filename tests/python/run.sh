#!/usr/bin/env bash
# Our testing kit's client and server against those of the Python package grpc-interceptor: each
# client calls the other's server. Where the package can't be installed, this says why and succeeds;
# from there on, whatever goes wrong is an error.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() {
    echo "skipped: $*"
    exit 0
}

# Runs a command for that many seconds at most: not every system has `timeout`.
limited() {
    python3 -c '
import subprocess, sys
try:
    sys.exit(subprocess.run(sys.argv[2:], timeout=float(sys.argv[1])).returncode)
except subprocess.TimeoutExpired:
    sys.exit(f"{sys.argv[2]} takes longer than {sys.argv[1]} seconds")
' "$@"
}

command -v python3 >/dev/null || skip "there is no python3"

target=$(cargo metadata --format-version 1 --no-deps |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
environment=$target/python
python=$environment/bin/python
log=$environment.log
mkdir -p "$target"

# What is left of a run that was broken off, or of other requirements, is made anew.
if ! cmp -s tests/python/requirements.txt "$environment/installed"; then
    echo "installing the Python package into $environment"
    limited 60 python3 -m venv --clear "$environment" >"$log" 2>&1 ||
        skip "no virtual environment could be made: $(tail -n 1 "$log")"
    # Nothing is compiled: that would take longer than all other tests.
    limited 300 "$python" -m pip install --disable-pip-version-check --no-input --timeout 15 \
        --retries 2 --only-binary :all: -r tests/python/requirements.txt >"$log" 2>&1 ||
        skip "the package could not be installed: $(tail -n 1 "$log")"
    cp tests/python/requirements.txt "$environment/installed"
fi

# As `cargo test --workspace` builds it, so that nothing is built twice.
peer=$(cargo build --workspace --example python_peer --message-format json-render-diagnostics |
    python3 -c '
import json, sys
artifacts = map(json.loads, sys.stdin)
[program] = [each["executable"] for each in artifacts if each.get("executable")]
print(program)
')

"$python" -u tests/python/check.py "$peer"
