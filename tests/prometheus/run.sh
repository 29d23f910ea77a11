#!/usr/bin/env bash
# Prometheus itself scrapes the metrics of examples/observed.rs: promtool accepts them, and queries return the counts of
# the example's calls. Prometheus comes from Debian's packages and is unpacked rather than installed. If it isn't
# available, the script prints why and succeeds; after that, any failure is an error.
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
folder=$target/prometheus
mkdir -p "$folder"

if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
    programs=$(dirname "$(command -v prometheus)")
else
    programs=$folder/package/usr/bin
    if ! [ -x "$programs/promtool" ]; then
        command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
            skip "prometheus isn't installed, and this isn't Debian"
        echo "fetching Debian's prometheus into $folder"
        (cd "$folder" && rm -f prometheus_*.deb && apt-get -q download prometheus) >"$folder/log" 2>&1 ||
            skip "prometheus couldn't be downloaded: $(tail -n 1 "$folder/log")"
        dpkg-deb -x "$folder"/prometheus_*.deb "$folder/package"
    fi
fi

observed=$(program observed)
"$observed" --serve >"$folder/observed.log" 2>&1 &
example=$!
cat >"$folder/prometheus.yml" <<'END'
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: observed
    static_configs:
      - targets: ["127.0.0.1:9464"]
END
rm -rf "$folder/data"
"$programs/prometheus" --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" \
    --web.listen-address=127.0.0.1:9465 >"$folder/prometheus.log" 2>&1 &
prometheus=$!
trap 'kill $example $prometheus 2>/dev/null || true' EXIT

if ! python3 tests/prometheus/check.py "$programs/promtool"; then
    tail -n 20 "$folder/observed.log" "$folder/prometheus.log"
    exit 1
fi
