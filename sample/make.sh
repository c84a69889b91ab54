#!/usr/bin/env bash
# Produces sample/answers.jsonl: a real, small model answers every question of the sample project.
# Answers that are there are kept; --fresh asks all again (about five minutes on two cores).
set -euo pipefail
cd "$(dirname "$0")/.."
tests/model/setup.sh
venv=${GALLEY_MODEL_VENV:-target/model-venv}
cargo build --quiet -p evals --example fill_sample
coproc MODEL { exec "$venv/bin/python" tests/model/serve.py 2>/dev/null; }
trap 'kill "$MODEL_PID" 2>/dev/null || true' EXIT
read -r address <&"${MODEL[0]}"
echo "SmolLM2-135M-Instruct answers at $address."
cargo run --quiet -p evals --example fill_sample -- "$address" "$@"
