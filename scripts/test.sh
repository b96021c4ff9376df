#!/usr/bin/env bash
# Sets everything up and runs every test: nothing is skipped for a missing tool.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '\033[1m== %s (%ss)\033[0m\n' "$*" "$SECONDS" >&2; }

scripts/setup.sh test
[ "$(id -u)" = 0 ] || { echo "error: the kernel tests load programs into the kernel: run \`sudo -E make test\`" >&2; exit 1; }

step "console: build" && make --no-print-directory console
step "console: unit tests" && npm --prefix web-ui run --silent test
scripts/check.sh
step "build" && cargo build --quiet --locked --workspace --exclude vedetta-node-agent-ebpf --all-targets
step "tests" && cargo nextest run --locked --run-ignored all --workspace --exclude vedetta-node-agent-ebpf --profile ci
step "examples in the docs" && cargo test --quiet --locked --workspace --exclude vedetta-node-agent-ebpf --doc
step "conformance" && cargo run --quiet --locked -p vedetta-conformance -- engine-vectors falco/rules captures k8saudit regression
step "console: browser tests" && npm --prefix web-ui run --silent e2e
step "done"
