#!/usr/bin/env bash
# Everything that can be said about the tree without running it.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }

step "format" && cargo fmt --all -- --check
step "lints" && cargo clippy --quiet --locked --workspace --exclude vedetta-node-agent-ebpf --all-targets -- -D warnings
step "docs" && RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --no-deps --workspace --exclude vedetta-node-agent-ebpf
# Licences of what other platforms would need are judged too, so they have to be here.
step "dependencies" && cargo fetch --quiet --locked && cargo deny --offline --log-level error check bans licenses sources
step "schema is fresh" && cargo run --quiet --locked -p vedetta-query --bin vedetta-schema | diff -u web-ui/schema.graphql - ||
  { echo "error: web-ui/schema.graphql is stale: run \`make gen\`" >&2; exit 1; }
step "console: types, lints, generated files" && npm --prefix web-ui run --silent check
