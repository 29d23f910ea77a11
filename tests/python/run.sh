#!/usr/bin/env bash
# Our testing kit's client and server against those of the Python package grpc-interceptor: each
# client calls the other's server. If the package can't be installed, the script prints why and
# succeeds; after that, any failure is an error.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/python/environment.sh
. tests/program.sh

environment python tests/python/requirements.txt
peer=$(program python_peer)
"$python" -u tests/python/check.py "$peer"
