#!/usr/bin/env bash
# Runs a command with a keychain of its own: a session bus, a real Secret Service (gnome-keyring) that is
# unlocked, and folders that vanish afterwards. The person's own keychain is never touched.
#
#   scripts/with-keychain.sh cargo test --workspace
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: $0 COMMAND…" >&2; exit 2; }

if [ "${GALLEY_INSIDE_KEYCHAIN:-}" != 1 ]; then
  rooms=$(mktemp -d)
  # A document portal may have mounted itself in there: it goes with the session, and a folder that is busy is no failure.
  trap 'rm -rf "$rooms" 2>/dev/null || true' EXIT
  mkdir -p "$rooms/run" "$rooms/data/keyrings" "$rooms/cache" "$rooms/config"
  chmod 700 "$rooms/run"
  # cargo and npm keep their own caches: only the folders of the desktop session are replaced.
  export CARGO_HOME=${CARGO_HOME:-$HOME/.cargo} RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}
  export XDG_RUNTIME_DIR=$rooms/run XDG_DATA_HOME=$rooms/data XDG_CACHE_HOME=$rooms/cache XDG_CONFIG_HOME=$rooms/config
  GALLEY_INSIDE_KEYCHAIN=1 dbus-run-session -- "$0" "$@"
  exit
fi
unset GALLEY_INSIDE_KEYCHAIN

printf 'a password for tests' | gnome-keyring-daemon --unlock --components=secrets >/dev/null
for _ in $(seq 200); do
  if dbus-send --session --print-reply --dest=org.freedesktop.DBus / \
    org.freedesktop.DBus.GetNameOwner string:org.freedesktop.secrets >/dev/null 2>&1; then
    exec "$@"
  fi
  sleep 0.05
done
echo "The keychain did not start: gnome-keyring-daemon owns no name on the session bus after 10 seconds." >&2
exit 1
