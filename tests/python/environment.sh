# Source this from the repository root.

skip() {
    echo "skipped: $*"
    exit 0
}

# Runs a command with a time limit in seconds. Not every system has `timeout`.
limited() {
    python3 -c '
import subprocess, sys
try:
    sys.exit(subprocess.run(sys.argv[2:], timeout=float(sys.argv[1])).returncode)
except subprocess.TimeoutExpired:
    sys.exit(f"{sys.argv[2]} took longer than {sys.argv[1]} seconds")
' "$@"
}

# Installs requirements into a virtual environment under `target`, and sets `python`. If that isn't possible, it prints why,
# and the script succeeds.
#     environment NAME REQUIREMENTS
environment() {
    local requirements=$2 target environment log
    command -v python3 >/dev/null || skip "python3 isn't installed"
    target=$(cargo metadata --format-version 1 --no-deps |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
    environment=$target/$1
    log=$environment.log
    python=$environment/bin/python
    mkdir -p "$target"

    # An environment from an interrupted run, or for other requirements, is recreated.
    if ! cmp -s "$requirements" "$environment/installed"; then
        echo "installing $requirements into $environment"
        limited 60 python3 -m venv --clear "$environment" >"$log" 2>&1 ||
            skip "a virtual environment couldn't be created: $(tail -n 1 "$log")"
        # Nothing is compiled: that would take longer than all the other tests.
        limited 300 "$python" -m pip install --disable-pip-version-check --no-input --timeout 15 \
            --retries 2 --only-binary :all: -r "$requirements" >"$log" 2>&1 ||
            skip "$requirements couldn't be installed: $(tail -n 1 "$log")"
        cp "$requirements" "$environment/installed"
    fi
}
