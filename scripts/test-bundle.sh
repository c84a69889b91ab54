#!/usr/bin/env bash
# Installs the .deb with the system's own dpkg, starts what it installed under a virtual display with a
# keychain, waits until its window is on the screen, and takes it away again. Needs root or sudo.
set -euo pipefail
cd "$(dirname "$0")/.."
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
package=$(find "${CARGO_TARGET_DIR:-target}/release/bundle/deb" -name '*.deb' | sort | tail -n 1)
[ -n "$package" ] || { echo "There is no .deb: run make bundle." >&2; exit 1; }
name=$(dpkg-deb --field "$package" Package)

echo "Installing $package"
"${as_root[@]}" dpkg --install "$package"
trap '"${as_root[@]}" dpkg --purge "$name" >/dev/null' EXIT
for file in /usr/bin/galley-desktop /usr/share/applications/Galley.desktop; do
  [ -e "$file" ] || { echo "$file was not installed" >&2; exit 1; }
done

home=$(mktemp -d)
trap '"${as_root[@]}" dpkg --purge "$name" >/dev/null; rm -rf "$home"' EXIT
export GALLEY_HOME=$home
scripts/with-keychain.sh xvfb-run --auto-servernum bash -euo pipefail -c '
  /usr/bin/galley-desktop & app=$!
  for _ in $(seq 300); do
    if xwininfo -root -tree | grep -q "\"Galley\""; then
      echo "The installed app opened its window."
      kill $app
      exit 0
    fi
    kill -0 $app || { echo "The installed app ended by itself." >&2; exit 1; }
    sleep 0.1
  done
  echo "The installed app showed no window within 30 seconds." >&2
  kill $app
  exit 1
'
