#!/usr/bin/env bash
# Our testing kit's client and server against those of the Python package grpc-interceptor: each
# client calls the other's server. Where the package can't be installed, this says why and succeeds;
# from there on, whatever goes wrong is an error.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/python/environment.sh

environment python tests/python/requirements.txt
peer=$(program python_peer)
"$python" -u tests/python/check.py "$peer"
