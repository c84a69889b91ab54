"""Bodies of commands that are nearly right: what is right is known, the rest comes from the seed."""

from __future__ import annotations

import hashlib
import uuid
import zlib
from collections.abc import Callable
from typing import Any

Known = dict[str, str]

#: What people and programs type as names, and what an attacker would.
WORDS = [
    "a",
    "triage",
    "a/b/c",
    "a//b",
    "..",
    "x" * 200,
    "x" * 201,
    "é",
    "e\u0301",
    "\u202etxt",
    "a\r\nset-cookie: b=1",
    "\x00",
    "%2F",
    "<script>",
    "{{ x }}",
    "",
    " ",
]


def word(seed: str) -> str:
    return WORDS[zlib.crc32(seed.encode()) % len(WORDS)]


def some(seed: str, known: Known, what: str) -> str:
    """What is known, or an id that names nothing."""
    if zlib.crc32((what + seed).encode()) % 3:
        return known[what]
    return str(uuid.UUID(bytes=hashlib.sha256(seed.encode()).digest()[:16]))


def hashed(seed: str) -> str:
    return hashlib.sha256(seed.encode()).hexdigest()


def number(seed: str) -> int:
    return [0, 1, 5_000, 9_999, 10_000, 10_001, 2**31, 2**53 - 1][zlib.crc32(seed.encode()) % 8]


def _release(seed: str, known: Known) -> dict[str, Any]:
    side = {"version": some(seed, known, "version"), "weight": number(seed)}
    change = {
        "environment": some(seed, known, "environment"),
        "prompt": some(seed, known, "prompt"),
        "sides": [side] * (len(seed) % 3),
        "replaces": None if len(seed) % 2 else some(seed, known, "version"),
    }
    return {"type": "release", "changes": [change] * (len(seed) % 3), "reason": known["text"]}


def _saved(seed: str, known: Known) -> dict[str, Any]:
    content = known["content"] if len(seed) % 2 else known["text"]
    return {
        "type": "save_version",
        "prompt": some(seed, known, "prompt"),
        "parents": [some(seed, known, "version")] * (len(seed) % 3),
        "content": content,
        "message": known["text"],
    }


BODIES: list[Callable[[str, Known], dict[str, Any]]] = [
    lambda seed, known: {"type": "create_prompt", "name": word(seed) + seed[:3]},
    lambda seed, known: {"type": "rename_project", "name": word(seed)},
    lambda seed, known: {
        "type": "rename_prompt",
        "prompt": some(seed, known, "prompt"),
        "name": word(seed),
        "replaces": "triage",
    },
    lambda seed, known: {"type": "archive_prompt", "prompt": some(seed, known, "prompt")},
    lambda seed, known: {"type": "restore_prompt", "prompt": some(seed, known, "prompt")},
    lambda seed, known: {
        "type": "set_label",
        "prompt": some(seed, known, "prompt"),
        "label": word(seed),
        "version": some(seed, known, "version"),
        "replaces": None,
    },
    lambda seed, known: {"type": "add_environment", "name": word(seed), "after": some(seed, known, "environment")},
    lambda seed, known: {
        "type": "rename_environment",
        "environment": some(seed, known, "environment"),
        "name": word(seed),
        "replaces": "development",
    },
    lambda seed, known: {"type": "reorder_environments", "order": [some(seed, known, "environment")]},
    lambda seed, known: {
        "type": "issue_environment_key",
        "environment": some(seed, known, "environment"),
        "name": word(seed),
        "hash": hashed(seed),
        "expires": number(seed),
    },
    lambda seed, known: {"type": "revoke_key", "key": some(seed, known, "version")},
    lambda seed, known: {"type": "redact", "content": known["content"], "reason": known["text"]},
    lambda seed, known: {"type": word(seed)},
    _release,
    _saved,
]
