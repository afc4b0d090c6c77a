#!/usr/bin/env bash
# Everything that a change has to pass: formatting, lints and tests of the tool, and whether
# the fixtures compile. Installs what a fresh Debian lacks.
set -euo pipefail
cd "$(dirname "$0")"

step() {
    printf '\n==> %s\n' "$*"
    "$@"
}

step scripts/setup
step scripts/format --check
step cargo clippy --workspace --all-targets --locked -- -D warnings
# Every feature of the store is on in its tests; this is how most users have it.
step cargo clippy -p stateless-store --no-default-features --features redis --locked -- -D warnings
# The linter alone, without the part that runs services.
step cargo clippy -p cargo-stateless --no-default-features --locked -- -D warnings
step cargo test --workspace --locked --no-fail-fast
step scripts/deploy-edits --least 12
step cargo check --workspace --locked --manifest-path fixtures/Cargo.toml
step cargo test -p shop-after --locked --manifest-path fixtures/Cargo.toml

printf '\nall checks passed\n'
