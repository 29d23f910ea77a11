#!/usr/bin/env bash
# Checks the packages for crates.io: they contain the right files, and build with all features and with the lowest
# dependency versions that their manifests allow.
#
# Cargo's own verification is skipped. It builds the same files with default features and the latest dependencies.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-$PWD/target}
unpacked=$target/packages
version=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/\1/p' Cargo.toml)
packages=(
    grpc-interceptor
    grpc-interceptor-catalog
    grpc-interceptor-macros
    grpc-interceptor-runtime
    grpc-interceptor-testing
)

# Hides cargo's warnings about tests and examples that aren't packaged. That is intended.
without_expected_warnings() {
    grep -v '^warning: ignoring \(test\|example\)'
}
cargo publish --workspace --dry-run --no-verify --allow-dirty 2>&1 | without_expected_warnings
# Packages the same files again, because the dry run doesn't keep them.
cargo package --quiet --no-verify --allow-dirty "${packages[@]/#/--package=}" 2>&1 | without_expected_warnings || true

rm -rf "$unpacked"
mkdir -p "$unpacked"
{
    printf '[workspace]\nresolver = "3"\nmembers = ["*-%s"]\n\n[patch.crates-io]\n' "$version"
    for package in "${packages[@]}"; do
        printf '%s = { path = "%s-%s" }\n' "$package" "$package" "$version"
    done
} >"$unpacked/Cargo.toml"

for package in "${packages[@]}"; do
    folder=$unpacked/$package-$version
    tar -xzf "$target/package/$package-$version.crate" -C "$unpacked"

    # The top level of the package.
    expected='.cargo_vcs_info.json Cargo.lock Cargo.toml Cargo.toml.orig LICENSE-APACHE LICENSE-MIT README.md src'
    case $package in
        grpc-interceptor) expected+=' CHANGELOG.md' ;;
        # For calling the dummy service from other languages.
        grpc-interceptor-testing) expected+=' proto' ;;
    esac
    diff <(tr ' ' '\n' <<<"$expected" | LC_ALL=C sort) <(ls -A "$folder" | LC_ALL=C sort) \
        || { echo "$package: files marked < are missing, files marked > don't belong there"; exit 1; }
    for field in description documentation license readme repository rust-version; do
        grep -q "^$field = " "$folder/Cargo.toml" || { echo "$package: no $field"; exit 1; }
    done

    # Users never build a package's dev-dependencies, so their versions don't matter.
    awk '/^\[/ { dev = /^\[\[?dev-dependencies/ } !dev' "$folder/Cargo.toml" >"$folder/Cargo.toml.new"
    mv "$folder/Cargo.toml.new" "$folder/Cargo.toml"
    rm "$folder/Cargo.lock"
done

# The flag is unstable. A stable cargo accepts it if it is told to act like nightly.
cd "$unpacked"
RUSTC_BOOTSTRAP=1 cargo -Z direct-minimal-versions generate-lockfile
CARGO_TARGET_DIR=$target/lowest cargo check --workspace --all-features --locked
