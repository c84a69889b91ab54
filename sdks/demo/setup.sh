#!/usr/bin/env bash
# Puts what the demonstration applications need into target/demo-venv, from PyPI. Does nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=${GALLEY_DEMO_VENV:-target/demo-venv}
pins=sdks/demo/requirements.txt
if cmp -s "$pins" "$venv/pins"; then exit 0; fi
python3 -c 'import venv, ensurepip' 2>/dev/null || {
  echo "Python's venv is missing: on Debian and Ubuntu install python3-venv." >&2
  exit 1
}
mkdir -p "$(dirname "$venv")"
# Two test runs at once set up once.
exec 9>"$venv.lock"
flock 9
if cmp -s "$pins" "$venv/pins"; then exit 0; fi
rm -rf "$venv"
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$pins"
cp "$pins" "$venv/pins"
