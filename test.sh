#!/usr/bin/env bash
# Everything that a change has to pass. Installs what a fresh Debian lacks, then checks
# formatting, lints and tests of the tool and that the fixtures compile.
set -euo pipefail
cd "$(dirname "$0")"

step() { printf '\n==> %s\n' "$*"; "$@"; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Rust needs a C compiler to link, and nothing here needs more than that.
if ! command -v cc >/dev/null; then
    as_root apt-get update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends gcc libc6-dev
fi
# The minimal toolchain comes without these two.
cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
cargo clippy --version >/dev/null 2>&1 || rustup component add clippy

step cargo fmt --all --check
step cargo fmt --all --check --manifest-path fixtures/Cargo.toml
step cargo clippy --workspace --all-targets --locked -- -D warnings
step cargo test --workspace --locked
step cargo check --workspace --locked --manifest-path fixtures/Cargo.toml

printf '\nall checks passed\n'
