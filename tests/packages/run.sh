#!/usr/bin/env bash
# The packages as crates.io would get them: what is in each, and that they build, with all features and with the lowest
# versions of dependencies that their manifests allow.
#
# Cargo's own verification is left out. It builds each package with its default features and the newest dependencies;
# what is built here is the same files, with more features.
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

# Which tests stay at home is no news.
without_news() {
    grep -v '^warning: ignoring \(test\|example\)'
}
cargo publish --workspace --dry-run --no-verify --allow-dirty 2>&1 | without_news
# The same files once more, as the dry run keeps none.
cargo package --quiet --no-verify --allow-dirty "${packages[@]/#/--package=}" 2>&1 | without_news || true

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

    # At the top of the package.
    expected='.cargo_vcs_info.json Cargo.lock Cargo.toml Cargo.toml.orig LICENSE-APACHE LICENSE-MIT README.md src'
    case $package in
        grpc-interceptor) expected+=' CHANGELOG.md' ;;
        # For those who call the dummy service from another language.
        grpc-interceptor-testing) expected+=' proto' ;;
    esac
    diff <(tr ' ' '\n' <<<"$expected" | LC_ALL=C sort) <(ls -A "$folder" | LC_ALL=C sort) \
        || { echo "$package: < should be in the package, > should not"; exit 1; }
    for field in description documentation license readme repository rust-version; do
        grep -q "^$field = " "$folder/Cargo.toml" || { echo "$package: no $field"; exit 1; }
    done

    # Nobody who depends on a package builds its dev-dependencies, so their versions don't count.
    awk '/^\[/ { dev = /^\[\[?dev-dependencies/ } !dev' "$folder/Cargo.toml" >"$folder/Cargo.toml.new"
    mv "$folder/Cargo.toml.new" "$folder/Cargo.toml"
    rm "$folder/Cargo.lock"
done

# The flag is an unstable one of cargo's. A stable cargo takes it, if it is told to act like a nightly one.
cd "$unpacked"
RUSTC_BOOTSTRAP=1 cargo -Z direct-minimal-versions generate-lockfile
CARGO_TARGET_DIR=$target/lowest cargo check --workspace --all-features --locked
