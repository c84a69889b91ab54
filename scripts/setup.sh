#!/usr/bin/env bash
# Puts on this machine what Galley needs to be built and, with `test`, to be tested.
#
#   scripts/setup.sh run     a window to build and open
#   scripts/setup.sh test    also: a virtual display, a driver for the window, a keychain, a browser
#
# It says what it installs before it does, asks for sudo only where it must, and does nothing when
# everything is there. On macOS and Windows it only says what to install.
set -euo pipefail
purpose=${1:-run}

say() { printf '\033[1m%s\033[0m\n' "$*"; }
stop() { printf '%s\n' "$@" >&2; exit 1; }

case "$(uname -s)" in
  Linux) ;;
  Darwin)
    say "On macOS Galley needs: the Xcode command line tools (xcode-select --install), Rust (https://rustup.rs) and Node 20.19 or newer."
    [ "$purpose" = run ] && exit 0
    stop "The window's own tests run on Linux: they drive WebKitGTK. Everything else: cargo test --workspace --exclude galley-desktop";;
  *)
    say "On Windows Galley needs: the Visual Studio C++ build tools, WebView2 (part of Windows 11), Rust (https://rustup.rs) and Node 20.19 or newer."
    [ "$purpose" = run ] && exit 0
    stop "The window's own tests run on Linux: they drive WebKitGTK. Everything else: cargo test --workspace --exclude galley-desktop";;
esac

command -v cargo >/dev/null || stop "Rust is missing. Install it from https://rustup.rs and start again."
command -v node >/dev/null && command -v npm >/dev/null || stop "Node is missing. Install Node 20.19 or newer (https://nodejs.org) and start again."
node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' \
  || stop "Node $(node --version) is too old: the window's build wants 20.19 or newer."

# The window: WebKitGTK and what it is built with.
packages=(build-essential pkg-config libwebkit2gtk-4.1-dev)
# Without a display the window is opened on a virtual one and driven from outside; every test is.
if [ "$purpose" = test ] || [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  # python3-venv: a small language model answers there, in llama.cpp's own server.
  packages+=(xvfb xauth webkit2gtk-driver dbus dbus-x11 gnome-keyring python3-venv)
fi
if [ "$purpose" = test ]; then
  # chromium: a hostile page in a real browser must not get through to the registry.
  packages+=(chromium dpkg-dev x11-utils)
fi

command -v dpkg-query >/dev/null || stop \
  "This system has no apt. Install what Debian calls:" "  ${packages[*]}" "and start again."
missing=()
for package in "${packages[@]}"; do
  # Ubuntu's chromium is a snap with another package name for the driver; any browser of the family will do.
  if [ "$package" = chromium ] && { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; then continue; fi
  dpkg-query --show --showformat '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  say "Everything that Galley needs from the system is here."
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || stop "These packages are missing and there is no sudo to install them:" "  ${missing[*]}"
  as_root=(sudo)
fi
say "Galley needs these packages of your system and installs them now${as_root:+ (sudo may ask for your password)}: ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
