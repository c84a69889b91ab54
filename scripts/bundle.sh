#!/usr/bin/env bash
# Makes the packages that people install, under target/release/bundle/: a .deb, and an AppImage where
# its tools can be had (they are downloaded by Tauri and need a network beyond the package registries).
set -euo pipefail
cd "$(dirname "$0")/.."
tauri=ui/node_modules/.bin/tauri
"$tauri" build --bundles deb
if [ "${GALLEY_APPIMAGE:-}" = 1 ]; then
  "$tauri" build --bundles appimage
else
  echo "AppImage: not made. GALLEY_APPIMAGE=1 make bundle makes one where Tauri can download its tools."
fi
find "${CARGO_TARGET_DIR:-target}/release/bundle" -name '*.deb' -o -name '*.AppImage'
