"""Cuts a template into tokens, as every Jinja does it: raw blocks, comments, and the minus that
swallows white space. Line breaks are kept, the last one too."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from ._values import SPACE


class Fault(Exception):
    """What is wrong at one place of one text."""

    def __init__(self, code: str, message: str, at: int) -> None:
        super().__init__(message)
        self.code, self.message, self.at = code, message, at


class Token(NamedTuple):
    kind: str  # text {{ }} {% %} name string number op bad end
    value: object
    start: int
    end: int


_OPEN = re.compile(r"\{([{%#])([-+]?)")
_RAW = re.compile(r"[\t\n\f\r ]*raw[\t\n\f\r ]*([-+]?)%\}")
_ENDRAW = re.compile(r"\{%([-+]?)[\t\n\f\r ]*endraw[\t\n\f\r ]*([-+]?)%\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RADIX = re.compile(r"0(?:[xX][0-9a-fA-F_]+|[oO][0-7_]+|[bB][01_]+)")
_NUMBER = re.compile(r"[0-9][0-9_]*(?:(\.(?![A-Za-z_])[0-9_]*)?([eE][+-]?[0-9_]+)?)")
_DIGITS = re.compile(r"[0-9]+")
_OPERATOR = re.compile(r"//|\*\*|[=!<>]=|[-+*/%.,:~|=<>()\[\]{}]")
_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{1,3})|([^ux]))",
    re.S,
)
_PLAIN_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "/": "/", "\\": "\\"}


def cut(text: str) -> list[Token]:
    """The tokens of a text. Where it can't be cut the last one but the end is ``bad``."""
    found: list[Token] = []
    at, swallow = 0, False
    try:
        while at < len(text):
            if swallow:
                at += len(text) - at - len(text[at:].lstrip(SPACE))
                swallow = False
            opening = _OPEN.search(text, at)
            end = opening.start() if opening else len(text)
            lead = text[at:end]
            if opening and opening[2] == "-":
                lead = lead.rstrip(SPACE)
            if lead:
                found.append(Token("text", lead, at, at + len(lead)))
            if not opening:
                break
            at, mark = opening.end(), opening[1]
            if mark == "#":
                close = text.find("#}", at)
                if close < 0:
                    raise Fault("syntax", "this comment is not closed: add #} after it", opening.start())
                swallow = close > at and text[close - 1] == "-"
                at = close + 2
            elif mark == "%" and (raw := _RAW.match(text, at)):
                closing = _ENDRAW.search(text, raw.end())
                if closing is None:
                    message = "this raw block is not closed: add {% endraw %} after it"
                    raise Fault("syntax", message, opening.start())
                inside = text[raw.end() : closing.start()]
                inside = inside.lstrip(SPACE) if raw[1] == "-" else inside
                inside = inside.rstrip(SPACE) if closing[1] == "-" else inside
                found.append(Token("text", inside, raw.end(), closing.start()))
                at, swallow = closing.end(), closing[2] == "-"
            else:
                close_mark = "}}" if mark == "{" else "%}"
                found.append(Token("{" + mark, None, opening.start(), at))
                at, swallow = _inside(text, at, close_mark, found)
    except Fault as fault:
        found.append(Token("bad", fault, fault.at, fault.at))
    found.append(Token("end", None, len(text), len(text)))
    return found


def _inside(text: str, at: int, close: str, found: list[Token]) -> tuple[int, bool]:
    """What stands in one tag. Gives the place behind it, and whether it swallows the space there."""
    brackets = 0
    while True:
        while at < len(text) and text[at] in "\t\n\f\r ":
            at += 1
        if at == len(text):
            return at, False
        if brackets == 0:
            minus = text[at] in "-+"
            if text.startswith(close, at + minus):
                end = at + minus + 2
                found.append(Token(close, None, at, end))
                return end, text[at] == "-"
        token = _one(text, at, at > 0 and text[at - 1] == ".")
        if token.kind == "op":
            brackets += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(str(token.value), 0)
        found.append(token)
        at = token.end


def _one(text: str, at: int, after_dot: bool) -> Token:
    if matched := _OPERATOR.match(text, at):
        return Token("op", matched[0], at, matched.end())
    if matched := _NAME.match(text, at):
        return Token("name", matched[0], at, matched.end())
    character = text[at]
    if character in "'\"":
        return _quoted(text, at, character)
    if character in "0123456789":
        return _number(text, at, after_dot)
    if character.isalpha():
        message = f"“{character}” can't stand in a name: names are made of the letters a to z, digits and _"
    else:
        message = f"“{character}” has no meaning here"
    raise Fault("syntax", message, at)


def _quoted(text: str, at: int, quote: str) -> Token:
    end = at + 1
    while end < len(text) and text[end] != quote:
        end += 2 if text[end] == "\\" else 1
    if end >= len(text):
        raise Fault("syntax", "this text in quotes is not closed: add the closing quote", at)
    inside = text[at + 1 : end]
    return Token("string", _unescaped(inside, at) if "\\" in inside else inside, at, end + 1)


def _unescaped(inside: str, at: int) -> str:
    def plain(matched: re.Match[str]) -> str:
        high, low, unit, byte, octal, other = matched.groups()
        if high:
            return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
        if unit and 0xD800 <= int(unit, 16) < 0xE000 or octal and int(octal, 8) > 255:
            raise Fault("syntax", "this escape stands for no character", at)
        if code := unit or byte:
            return chr(int(code, 16))
        if octal:
            return chr(int(octal, 8))
        return _PLAIN_ESCAPES.get(other, "\\" + other)

    if re.search(r"\\[ux]", _ESCAPE.sub("", inside)):
        raise Fault("syntax", "this escape stands for no character", at)
    return _ESCAPE.sub(plain, inside)


def _number(text: str, at: int, after_dot: bool) -> Token:
    """A number; its value is ``None`` where it is too large to be exact."""
    if not after_dot and (radix := _RADIX.match(text, at)):
        whole = int(radix[0].replace("_", ""), 0)
        return Token("number", whole if whole < 2**53 else None, at, radix.end())
    matched = (_DIGITS if after_dot else _NUMBER).match(text, at)
    assert matched is not None
    bare = matched[0].replace("_", "")
    if matched[0].endswith("_"):
        raise Fault("syntax", "a number can't end in _", at)
    if bare.isdigit():
        whole = int(bare)
        return Token("number", whole if whole < 2**53 else None, at, matched.end())
    value = float(bare)
    return Token("number", value if math.isfinite(value) else None, at, matched.end())
