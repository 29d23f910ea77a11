# Sourced, from the repository's root.

# Builds one of our programs as `.ci/run` builds the tests, so that nothing is built twice, and says where it is.
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
