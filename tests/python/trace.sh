#!/usr/bin/env bash
# `Trace` and the Python package opentelemetry-instrumentation-grpc make one trace of a call that goes through both
# languages. If the package can't be installed, this says why and succeeds; after that, whatever goes wrong is an error.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/python/environment.sh

environment python-trace tests/python/trace-requirements.txt
peer=$(program python_trace_peer)
"$python" -u tests/python/trace.py "$peer"
