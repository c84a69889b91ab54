#!/usr/bin/env bash
# Measures every budget, prints one table with a verdict for each, and writes docs/benchmarks.md.
#
#   scripts/bench.sh                    all but what takes long to prepare
#   scripts/bench.sh --full             also a registry with a million entries
#   scripts/bench.sh --only STEP,STEP   these again; the other rows stay as they were measured
#   BENCH_PEERS=0 scripts/bench.sh      without MLflow and promptfoo
#
# The steps and their rows are in scripts/bench/. Peers are installed into target/bench-peers once.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "Building in release. The first time takes many minutes."
cargo build --release --package galley-desktop --package registry --bins
cargo build --release --package domain --package store --package evals --package sync \
  --package workbench --package registry --examples
exec node scripts/bench/main.mjs "$@"
