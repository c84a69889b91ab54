"""The conformance suite that all SDKs share, read from its files and counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "conformance"


def files() -> list[Path]:
    return sorted(FOLDER.rglob("*.json"))


def expanded(value: Any) -> Any:
    """Large values are written short in the files."""
    if isinstance(value, dict):
        if set(value) == {"$text"}:
            count, text = value["$text"]
            return text * count
        if set(value) == {"$list"}:
            count, item = value["$list"]
            return [expanded(item)] * count
        return {name: expanded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [expanded(item) for item in value]
    return value


def cases(path: Path) -> Iterator[dict[str, Any]]:
    for case in json.loads(path.read_text(encoding="utf-8")):
        yield expanded(case)
