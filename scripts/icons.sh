#!/usr/bin/env bash
# Draws the app's icons anew from src-tauri/icons/icon.svg. They are committed; run this after changing the drawing.
set -euo pipefail
cd "$(dirname "$0")/../src-tauri/icons"
command -v rsvg-convert >/dev/null || { echo "rsvg-convert is missing: apt-get install librsvg2-bin" >&2; exit 1; }
for size in 32 64 128 256 512; do
  rsvg-convert --width "$size" --height "$size" icon.svg --output "${size}x${size}.png"
done
cp 512x512.png icon.png
cp 256x256.png "128x128@2x.png"
# Windows wants an .ico: here one that holds a PNG, which every Windows since Vista reads.
python3 - <<'PY'
import struct
png = open("256x256.png", "rb").read()
with open("icon.ico", "wb") as ico:
    ico.write(struct.pack("<HHH", 0, 1, 1))
    ico.write(struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(png), 22))
    ico.write(png)
with open("icon.icns", "wb") as icns:
    parts = b"".join(kind + struct.pack(">I", len(data) + 8) + data
                     for kind, data in ((b"ic08", png), (b"ic09", open("512x512.png", "rb").read())))
    icns.write(b"icns" + struct.pack(">I", len(parts) + 8) + parts)
PY
