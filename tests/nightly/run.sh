#!/bin/sh
# Tests code that only a nightly compiler accepts. A stable compiler works if it is told to act like nightly.
set -eu
cd "$(dirname "$0")"
cp ../../Cargo.lock .
RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=../../target/nightly cargo test --lib
