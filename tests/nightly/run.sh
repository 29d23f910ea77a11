#!/bin/sh
# Tests what only a nightly compiler takes. One of the stable ones will do, if it is told to act like it.
set -eu
cd "$(dirname "$0")"
cp ../../Cargo.lock .
RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=../../target/nightly cargo test --lib
