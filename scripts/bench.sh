#!/usr/bin/env bash
# Figures as ratios against a named baseline that runs beside them, so that a noisy host hurts both.
#   scripts/bench.sh [log|kafka|store|cql|detects|recovery|rules|agent|system|stages]…     all but kafka, store, cql, detects and stages when none is named
set -euo pipefail
cd "$(dirname "$0")/.."
parts=("$@"); [ $# -gt 0 ] || parts=(log recovery rules agent system)
run() { printf '\033[1m== %s\033[0m\n' "$1" >&2; shift; "$@"; }
for part in "${parts[@]}"; do
  case "$part" in
    log) run "log append against raw fdatasync" cargo bench --quiet --locked -p vedetta-log-embedded --bench append ;;
    kafka) run "appends to Kafka against librdkafka's plain producer" cargo bench --quiet --locked -p vedetta-log-kafka --bench append ;;
    store) run "view store" cargo bench --quiet --locked -p vedetta-store-embedded --bench ingest ;;
    cql) run "blocks over CQL against plain inserts" cargo bench --quiet --locked -p vedetta-store-scylla --bench blocks ;;
    detects)
      cargo build --quiet --locked --release -p vedetta-load
      run "two processes of detect beside one" "${CARGO_TARGET_DIR:-target}/release/vedetta-load" bench detects ;;
    recovery) run "opening after a kill" cargo bench --quiet --locked -p vedetta-embedded --bench recovery ;;
    rules) run "rule evaluation against a naive tree walker" cargo bench --quiet --locked -p vedetta-rules --bench evaluate ;;
    agent) run "time added by the agent" cargo run --quiet --locked --release -p vedetta-node-agent --example overhead ;;
    system)
      # Engines that keeping and searching are compared with; without them the other figures still come.
      peers="${CARGO_TARGET_DIR:-target}/bench-peers"
      if { [ -x "$peers/bin/python" ] || python3 -m venv "$peers"; } &&
        "$peers/bin/pip" install -q duckdb==2.0.0 chdb==4.4.0 rocksdict==0.3.29; then
        export VEDETTA_BENCH_PYTHON="$peers/bin/python"
      else
        echo "no figures of DuckDB, chDB and RocksDB: they could not be installed (python3-venv, pip)" >&2
      fi
      # The real agent stands beside the driver, built alike.
      cargo build --quiet --locked --release -p vedetta-node-agent -p vedetta-load
      run "the whole way: events/s at the first loss, system call to finding" \
        cargo run --quiet --locked --release -p vedetta-load -- bench ;;
    stages)
      command -v perf >/dev/null || { echo "stages needs perf (linux-perf), and root" >&2; exit 1; }
      cargo build --quiet --locked --release -p vedetta-load
      scratch=$(mktemp -d)
      trap 'rm -rf "$scratch"' EXIT
      hertz=99
      run "where an event's processor time goes" \
        perf record -q -F "$hertz" --call-graph dwarf,65528 -o "$scratch/samples" \
        "${CARGO_TARGET_DIR:-target}/release/vedetta-load" run load/scenarios/heavy.toml --json "$scratch/report.json"
      events=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["rounds"][0]["counts"]["accepted"])' "$scratch/report.json")
      perf script -i "$scratch/samples" --no-inline -F comm,pid,tid,ip,sym 2>/dev/null | python3 scripts/stages.py "$events" "$hertz" ;;
    *) echo "usage: $0 [log|kafka|store|cql|detects|recovery|rules|agent|system|stages]…" >&2; exit 2 ;;
  esac
done
