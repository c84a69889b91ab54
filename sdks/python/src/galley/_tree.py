"""The template language as a tree: what can't be written here, no template can do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Union


@dataclass(frozen=True)
class Literal:
    value: Any


@dataclass(frozen=True)
class Path:
    root: str
    fields: tuple[str, ...]
    at: int

    @property
    def written(self) -> str:
        return ".".join((self.root, *self.fields))


Base = Union[Literal, Path]


@dataclass(frozen=True)
class Filter:
    name: str
    argument: Base | None
    at: int


@dataclass(frozen=True)
class Operand:
    base: Base
    filters: tuple[Filter, ...]
    at: int


@dataclass(frozen=True)
class Defined:
    path: Path


@dataclass(frozen=True)
class Not:
    inner: Condition


@dataclass(frozen=True)
class Both:
    word: str  # and, or
    left: Condition
    right: Condition


@dataclass(frozen=True)
class Compare:
    left: Operand
    how: str
    right: Operand


Condition = Union[Operand, Defined, Not, Both, Compare]


@dataclass
class If:
    branches: list[tuple[Condition, list[Node]]] = field(default_factory=list)
    otherwise: list[Node] = field(default_factory=list)


@dataclass
class For:
    variable: str
    items: Path
    at: int
    body: list[Node] = field(default_factory=list)
    otherwise: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Include:
    name: str
    at: int


#: A piece of a text: characters, a value, or a tag.
Node = Union[str, Operand, If, For, Include]
