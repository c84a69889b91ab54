#!/usr/bin/env bash
# Sets up and tests the SDKs under sdks/: lints, their shared cases, faults, and the real registry. Beside them the
# calls that they make are fuzzed (scripts/fuzz-http.sh).
# The programs are those in GALLEY_BIN (by default target/debug, built with `cargo build --workspace --bins`).
#
#   scripts/test-sdks.sh [python] [typescript] [rust] [langfuse] [http]
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export GALLEY_BIN=${GALLEY_BIN:-$target/debug}
for program in galley galley-registry; do
  [ -x "$GALLEY_BIN/$program" ] || {
    echo "$program is not built in $GALLEY_BIN: run cargo build --workspace --bins, or set GALLEY_BIN." >&2
    exit 2
  }
done
# One keychain for all of them: the house of the tests signs with keys that are kept in it.
[ "${GALLEY_SDKS_KEYCHAIN:-}" = 1 ] || GALLEY_SDKS_KEYCHAIN=1 exec scripts/with-keychain.sh "$0" "$@"

wanted=("$@")
[ $# -gt 0 ] || wanted=(python typescript rust langfuse http)
work=$target/sdks
mkdir -p "$work"
rm -f "$work"/*.count

python_sdk() {
  local venv=$work/venv pins=sdks/python/tests/requirements.txt
  if ! cmp -s "$pins" "$venv/pins"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$pins"
    cp "$pins" "$venv/pins"
  fi
  cd sdks/python
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
  "$venv/bin/ruff" check . ../testing
  "$venv/bin/ruff" format --check . ../testing
  "$venv/bin/mypy"
  GALLEY_COUNT=$work/python.count "$venv/bin/pytest" --quiet -rP --tb=short
}

typescript_sdk() {
  cd sdks/typescript
  if ! cmp -s package-lock.json node_modules/.pins; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.pins
  fi
  npm run --silent check
  GALLEY_COUNT=$work/typescript.count npm run --silent test
}

rust_sdk() {
  GALLEY_COUNT=$work/rust.count cargo test --package galley-sdk --features opentelemetry
}

# Not ours: the official ones, unmodified, reading from a registry of ours.
langfuse_sdk() {
  local venv=$work/langfuse-venv pins=sdks/langfuse/requirements.txt
  if ! cmp -s "$pins" "$venv/pins"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$pins"
    cp "$pins" "$venv/pins"
  fi
  cd sdks/langfuse
  if ! cmp -s package-lock.json node_modules/.pins; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.pins
  fi
  "$venv/bin/pytest" --quiet -p no:cacheprovider --tb=short
}

http_sdk() {
  scripts/fuzz-http.sh
}

failed=0
declare -A running
for sdk in "${wanted[@]}"; do
  "${sdk}_sdk" >"$work/$sdk.log" 2>&1 &
  running[$sdk]=$!
done
for sdk in "${wanted[@]}"; do
  if wait "${running[$sdk]}"; then
    echo "$sdk: passed"
  else
    failed=1
    tail -n 200 "$work/$sdk.log"
    echo "$sdk: FAILED (all of it: $work/$sdk.log)"
  fi
done
[ $failed = 0 ] || exit 1

# Every SDK ran every case, or this says which did not.
held=$(python3 - <<'COUNT'
import json, pathlib
print(sum(len(json.loads(path.read_text(encoding="utf-8"))) for path in pathlib.Path("sdks/conformance").rglob("*.json")))
COUNT
)
for sdk in "${wanted[@]}"; do
  case $sdk in langfuse | http) continue ;; esac
  ran=$(cat "$work/$sdk.count")
  echo "$sdk ran $ran of $held shared cases"
  [ "$ran" = "$held" ] || failed=1
done
[ $failed = 0 ] || { echo "The SDKs did not run the same cases." >&2; exit 1; }
