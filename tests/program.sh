# Source this from the repository root.

# Builds an example with the same options as `.ci/run`, so that nothing is built twice, and prints its path.
program() {
    cargo build --workspace --exclude grpc-interceptor-benches --all-features --example "$1" \
        --message-format json-render-diagnostics |
        python3 -c '
import json, sys
artifacts = map(json.loads, sys.stdin)
[program] = [each["executable"] for each in artifacts if each.get("executable")]
print(program)
'
}
