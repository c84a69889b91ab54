#!/usr/bin/env bash
# Calls of every kind to a real registry, from its OpenAPI document: no fault of its own, no answer that the document
# does not declare, nobody in by another's door. The programs are those in GALLEY_BIN (by default target/debug).
#
#   scripts/fuzz-http.sh          a short run, always the same
#   scripts/fuzz-http.sh 200      so many examples for each call
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export PYTHONDONTWRITEBYTECODE=1 HYPOTHESIS_STORAGE_DIRECTORY=$target/sdks/hypothesis
export GALLEY_BIN=${GALLEY_BIN:-$target/debug}
[ -x "$GALLEY_BIN/galley-registry" ] || {
  echo "galley-registry is not built in $GALLEY_BIN: run cargo build --workspace --bins, or set GALLEY_BIN." >&2
  exit 2
}
venv=$target/sdks/fuzz-venv pins=tests/fuzz/requirements.txt
if ! cmp -s "$pins" "$venv/pins"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$pins"
  cp "$pins" "$venv/pins"
fi
cd tests/fuzz
[ $# -eq 0 ] || export GALLEY_FUZZ=$1
"$venv/bin/ruff" check --config ../../sdks/python/pyproject.toml .
"$venv/bin/ruff" format --check --config ../../sdks/python/pyproject.toml .
exec "$venv/bin/pytest" --quiet -p no:cacheprovider --tb=short
