#!/usr/bin/env bash
# Builds Galley and opens its window. Where there is no display it opens the window on a virtual one
# and plays the main job in it, step by step, with a screenshot of each step in target/tour/.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "$(uname -s)" != Linux ]; then
  echo "Building Galley. The first time takes some minutes."
  cargo build --package cli --package galley-desktop --bins
  # Whoever has no project yet is shown the sample; the window says it if that can't be had.
  galley() { cargo run --quiet --package cli --bin galley -- "$@"; }
  galley status >/dev/null 2>&1 || galley login sample || true
  exec cargo run --bin galley-desktop
fi
echo "There is no display here: Galley's main job is played in the real window on a virtual one."
tests/model/setup.sh
echo "Building first. The first time takes some minutes."
cargo build --workspace --bins --test tour
exec scripts/with-keychain.sh cargo test --quiet --workspace --test tour
