#!/usr/bin/env bash
# `Trace` and the Python package opentelemetry-instrumentation-grpc create a single trace for a call that goes through
# both languages. If the package can't be installed, the script prints why and succeeds; after that, any failure is an
# error.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/python/environment.sh
. tests/program.sh

environment python-trace tests/python/trace-requirements.txt
peer=$(program python_trace_peer)
"$python" -u tests/python/trace.py "$peer"
