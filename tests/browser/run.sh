#!/usr/bin/env bash
# Chromium shows the page of an `Rpcz`: it loads, updates itself, is filtered and sorted, shows a method's samples and the
# age of a call that hangs; nothing that a caller sends is run; it fits on a phone, is light and dark, and works without
# scripts. Chromium and its driver are Debian's. If they aren't installed and can't be, this says why and succeeds; from
# there on, whatever goes wrong is an error. Pictures of the page are left in the target's folder `browser`.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() {
    echo "skipped: $*"
    exit 0
}

command -v python3 >/dev/null || skip "there is no python3"

target=$(cargo metadata --format-version 1 --no-deps |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
folder=$target/browser
mkdir -p "$folder"

if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
    command -v apt-get >/dev/null || skip "there is no chromium, and this isn't Debian"
    [ "$(id -u)" = 0 ] || skip "chromium and chromium-driver aren't installed, and only root may install them"
    echo "installing Debian's chromium"
    DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends chromium chromium-driver \
        >"$folder/log" 2>&1 || skip "chromium can't be had: $(tail -n 1 "$folder/log")"
fi

cargo build --example rpcz_page
if ! python3 tests/browser/check.py "$target/debug/examples/rpcz_page" \
    "$(command -v chromedriver)" "$(command -v chromium)" "$folder"; then
    tail -n 20 "$folder/chromedriver.log"
    exit 1
fi
