"""JSON values as templates see them: their kinds, their sizes, and how they are written.

Numbers and JSON are written as RFC 8785 says, which is how JavaScript writes them, so that every
SDK gives the same text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

MAX_SAFE = 2**53 - 1
JSON_DEPTH = 64

#: The characters that Unicode calls white space. ``str.strip`` would take four more.
SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

INPUT_KINDS = ("text", "number", "boolean", "list", "object")

NAMED = {
    "text": "a text",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list",
    "object": "an object",
    "nothing": "nothing",
    "foreign": "something that JSON does not have",
}


def kind_of(value: Any) -> str:
    """The kind of a value, as inputs declare it; ``foreign`` if JSON has no such value."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "number" if value.bit_length() < 1024 else "foreign"
    if isinstance(value, float):
        return "number" if math.isfinite(value) else "foreign"
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "object"
    if isinstance(value, (list, tuple)):
        return "list"
    return "foreign"


def utf8(text: str) -> int:
    """How many bytes a text has."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def size(value: Any) -> int:
    """What looking at a value costs."""
    if isinstance(value, str):
        return utf8(value)
    if isinstance(value, Mapping):
        return 8 + sum(utf8(str(key)) + size(field) for key, field in value.items())
    if isinstance(value, (list, tuple)):
        return 8 + sum(map(size, value))
    return 8


def number_text(number: int | float) -> str:
    """A number as JavaScript writes it."""
    if isinstance(number, int):
        return str(number)
    if number == 0:
        return "0"
    sign, digits, exponent = _shortest(number)
    point = len(digits) + exponent  # Where the point stands, counted from the first digit.
    if 0 < point <= 21:
        if exponent >= 0:
            return sign + digits + "0" * exponent
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def _shortest(number: float) -> tuple[str, str, int]:
    """Sign, digits and exponent of the shortest text that reads back as this number."""
    text = repr(number)
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    mantissa, _, power = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    exponent = int(power or 0) - len(fraction)
    digits = (whole + fraction).lstrip("0")
    bare = digits.rstrip("0")
    return sign, bare, exponent + len(digits) - len(bare)


def canonical(value: Any, depth: int = 0) -> str:
    """A value as canonical JSON (RFC 8785). ``ValueError`` says what JSON can't hold."""
    if depth > JSON_DEPTH:
        raise ValueError("the value is nested too deeply")
    kind = kind_of(value)
    if kind == "text":
        return json.dumps(str(value), ensure_ascii=False)
    if kind == "number":
        if isinstance(value, int) and abs(value) > MAX_SAFE or MAX_SAFE < abs(value) < 1e21:
            raise ValueError(f"the number {value} is beyond what JSON can hold exactly (±{MAX_SAFE}); write it as text")
        return number_text(value)
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "nothing":
        return "null"
    if kind == "list":
        return "[" + ",".join(canonical(item, depth + 1) for item in value) + "]"
    if kind == "object":
        keys = sorted((str(key) for key in value), key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        fields = (f"{json.dumps(key, ensure_ascii=False)}:{canonical(value[key], depth + 1)}" for key in keys)
        return "{" + ",".join(fields) + "}"
    raise ValueError("the value holds something that JSON does not have")


def same(left: Any, right: Any) -> bool:
    """Equal in kind and value: 1 and 1.0 are, 1 and "1" or True are not."""
    kind = kind_of(left)
    if kind != kind_of(right):
        return False
    if kind == "list":
        return len(left) == len(right) and all(map(same, left, right))
    if kind == "object":
        return len(left) == len(right) and all(key in right and same(left[key], right[key]) for key in left)
    if kind == "number":
        return float(left) == float(right)
    return bool(left == right)


def written(value: Any) -> str | None:
    """The text of a value that has one. Truth as Jinja writes it; ``tojson`` writes true and false."""
    kind = kind_of(value)
    if kind == "text":
        return str(value)
    if kind == "boolean":
        return "True" if value else "False"
    if kind == "number":
        return number_text(value)
    return None
