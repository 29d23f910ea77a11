#!/usr/bin/env bash
# Tests the page of an `Rpcz` in Chromium: it loads, updates itself, can be filtered and sorted, and shows a method's
# samples and the age of a hanging call. Nothing that a caller sends is executed. The page fits on a phone, has a light
# and a dark theme, and works without scripts. Chromium and its driver come from Debian. If they can't be installed, the
# script prints why and succeeds; after that, any failure is an error. Screenshots are in `browser` in the target
# folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/program.sh

skip() {
    echo "skipped: $*"
    exit 0
}

command -v python3 >/dev/null || skip "python3 isn't installed"

target=$(cargo metadata --format-version 1 --no-deps |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
folder=$target/browser
mkdir -p "$folder"

if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
    command -v apt-get >/dev/null || skip "chromium isn't installed, and this isn't Debian"
    [ "$(id -u)" = 0 ] || skip "chromium and chromium-driver aren't installed, and only root may install them"
    echo "installing Debian's chromium"
    DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends chromium chromium-driver \
        >"$folder/log" 2>&1 || skip "chromium couldn't be installed: $(tail -n 1 "$folder/log")"
fi

page=$(program rpcz_page)
if ! python3 tests/browser/check.py "$page" \
    "$(command -v chromedriver)" "$(command -v chromium)" "$folder"; then
    tail -n 20 "$folder/chromedriver.log"
    exit 1
fi
