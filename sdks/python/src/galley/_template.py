"""A version's texts, checked once and filled in often.

``null`` counts as not there, at every depth: as an input, as a field, as an item.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import _values as values
from ._parse import FILTERS, RESERVED, Parser
from ._tokens import Fault
from ._tree import Base, Compare, Condition, Defined, For, If, Include, Node, Not, Operand, Path
from .errors import RenderError

RENDERED_BYTES = 1 << 20
RENDER_STEPS = 1_000_000
INCLUDE_DEPTH = 8
UNKNOWN = "this version holds something that this SDK does not know: update it"
ROLES = ("system", "developer", "user", "assistant", "tool")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_NOTHING: dict[str, Any] = {"text": "", "number": "", "boolean": False, "list": (), "object": {}}


@dataclass(frozen=True)
class Input:
    """One value that the application passes in."""

    name: str
    kind: str
    required: bool
    default: Any
    has_default: bool

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Input:
        default = raw.get("default")
        return cls(raw["name"], raw["type"], bool(raw.get("required", False)), default, default is not None)


@dataclass
class _Snippet:
    """An included text, read once however often it is included."""

    source: str
    inputs: Sequence[Input]
    includes: Mapping[str, str]
    tree: list[Node] = field(default_factory=list)
    #: How many includes deep it goes on, and how many loops.
    reach: int = 0
    loops: int = 0
    fault: Fault | None = None


class _Scope:
    """What names mean in one text: its inputs, and the snippets that it includes."""

    def __init__(self, library: _Library, inputs: Sequence[Input], includes: Mapping[str, str], depth: int) -> None:
        self.library, self.includes, self.depth = library, includes, depth
        self.kinds = {one.name: one.kind for one in inputs}
        self.reach = 0

    def kind(self, name: str) -> str | None:
        return self.kinds.get(name)

    def include(self, name: str, loops: int, at: int) -> int:
        """Holds an include to the rules; gives how many loops deep its snippet goes."""
        digest = self.includes.get(name)
        if digest is None:
            raise Fault("include_missing", f"there is no snippet “{name}” to include", at)
        too_deep = Fault("too_deep", f"snippets include one another more than {INCLUDE_DEPTH} deep", at)
        if self.depth >= INCLUDE_DEPTH:
            raise too_deep
        snippet = self.library.learn(digest, name, self.depth, at)
        for wanted in snippet.inputs:
            given = self.kinds.get(wanted.name)
            if given is None and wanted.required and not wanted.has_default:
                raise Fault(
                    "include_input", f"the snippet “{name}” needs the input “{wanted.name}”: declare it here too", at
                )
            if given is not None and given != wanted.kind:
                message = f"the snippet “{name}” takes {wanted.name} as {values.NAMED[wanted.kind]}; here it is {values.NAMED[given]}"
                raise Fault("include_input", message, at)
        if snippet.fault:
            raise Fault(snippet.fault.code, f"the snippet “{name}” can't be used: {snippet.fault.message}", at)
        if loops + snippet.loops > 2:
            raise Fault("too_deep", f"loops can be two deep, counting those of the snippet “{name}”", at)
        if self.depth + 1 + snippet.reach > INCLUDE_DEPTH:
            raise too_deep
        self.reach = max(self.reach, 1 + snippet.reach)
        return snippet.loops


class _Library:
    """The snippets that came with a version, by digest."""

    def __init__(self, contents: Mapping[str, Any]) -> None:
        self.contents = contents
        self.known: dict[str, _Snippet] = {}

    def learn(self, digest: str, name: str, depth: int, at: int) -> _Snippet:
        if digest in self.known:
            return self.known[digest]
        content = self.contents.get(digest)
        if content is None:
            raise Fault("include_missing", f"there is no snippet “{name}” to include", at)
        messages = content["messages"]
        if content["kind"] != "text" or len(messages) != 1 or messages[0]["type"] != "message":
            raise Fault("include_missing", f"“{name}” is a conversation: only a text can be included", at)
        inputs = [Input.read(raw) for raw in content.get("inputs", ())]
        if not _known(content, inputs):
            raise Fault("include_missing", f"in the snippet “{name}”: {UNKNOWN}", at)
        snippet = _Snippet(messages[0]["text"], inputs, content.get("includes", {}))
        scope = _Scope(self, inputs, snippet.includes, depth + 1)
        parser = Parser(snippet.source, scope)
        try:
            snippet.tree = parser.document()
        except Fault as fault:
            snippet.fault = fault
        snippet.reach, snippet.loops = scope.reach, parser.deepest
        self.known[digest] = snippet
        return snippet


def _known(content: Mapping[str, Any], inputs: Sequence[Input]) -> bool:
    """Whether this SDK knows everything that the content is made of: later versions may have more."""
    messages = all(
        one["type"] == "placeholder" or (one["type"] == "message" and one["role"] in ROLES)
        for one in content["messages"]
    )
    return messages and content["kind"] in ("text", "chat") and all(one.kind in values.INPUT_KINDS for one in inputs)


def _declared(content: Mapping[str, Any], inputs: Sequence[Input]) -> None:
    seen: set[str] = set()
    if not _known(content, inputs):
        raise RenderError("declaration", UNKNOWN)

    def wrong(name: str, message: str) -> RenderError:
        return RenderError("declaration", message, input=name)

    for one in inputs:
        if not _NAME.fullmatch(one.name) or one.name in RESERVED:
            raise wrong(one.name, f"“{one.name}” can't name an input")
        if one.name in seen:
            raise wrong(one.name, f"the input {one.name} is declared twice: remove one")
        seen.add(one.name)
        if one.has_default and values.kind_of(one.default) != one.kind:
            raise wrong(one.name, f"the default of {one.name} is not {values.NAMED[one.kind]}")
    for message in content["messages"]:
        if message["type"] == "placeholder":
            name = message["name"]
            if not _NAME.fullmatch(name) or name in RESERVED or name in seen:
                raise wrong(name, f"the placeholder “{name}” needs a name of its own")
            seen.add(name)
    if content["kind"] == "text" and [one["type"] for one in content["messages"]] != ["message"]:
        raise RenderError("declaration", "a text has exactly one message")


def _located(fault: Fault, source: str, index: int | None, snippet: str | None = None) -> RenderError:
    line = source.count("\n", 0, fault.at) + 1
    column = fault.at - (source.rfind("\n", 0, fault.at) + 1) + 1
    return RenderError(fault.code, fault.message, message_index=index, line=line, column=column, snippet=snippet)


class Template:
    """A checked version, ready to be filled in many times."""

    def __init__(self, content: Mapping[str, Any], snippets: Mapping[str, Any]) -> None:
        self.inputs = [Input.read(raw) for raw in content.get("inputs", ())]
        self.includes: Mapping[str, str] = content.get("includes", {})
        self.library = _Library(snippets)
        self.parts: list[tuple[Mapping[str, Any], list[Node]]] = []
        _declared(content, self.inputs)
        for index, message in enumerate(content["messages"]):
            tree: list[Node] = []
            if message["type"] == "message":
                scope = _Scope(self.library, self.inputs, self.includes, 0)
                try:
                    tree = Parser(message["text"], scope).document()
                except Fault as fault:
                    raise _located(fault, message["text"], index) from None
            self.parts.append((message, tree))

    def render(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The messages with every value filled in: ``{"role", "content"}``; what was passed for a
        placeholder is ``{"placeholder", "messages"}``."""
        inputs = _resolved(self.inputs, {name: value for name, value in given.items() if value is not None})
        budget = _Budget()
        messages: list[dict[str, Any]] = []
        for index, (message, tree) in enumerate(self.parts):
            if message["type"] == "placeholder":
                name = message["name"]
                messages.append({"placeholder": name, "messages": _passed(name, given.get(name), budget)})
                continue
            render = _Render(self.library, budget, inputs, self.includes, 0, [])
            try:
                render.nodes(tree)
            except _Within as within:
                raise _located(within.fault, within.source, index, within.name) from None
            except Fault as fault:
                raise _located(fault, message["text"], index) from None
            messages.append({"role": message["role"], "content": "".join(render.output)})
        return messages


def _resolved(inputs: Sequence[Input], given: Mapping[str, Any]) -> dict[str, tuple[Any, bool]]:
    """Each input's value, and whether it was left out."""
    found: dict[str, tuple[Any, bool]] = {}
    for one in inputs:
        if one.name in given:
            value = given[one.name]
            kind = values.kind_of(value)
            if kind != one.kind:
                message = f"the input {one.name} is {values.NAMED[one.kind]}, but {values.NAMED[kind]} was given"
                raise RenderError("input_kind", message, input=one.name)
            found[one.name] = value, False
        elif one.has_default:
            found[one.name] = one.default, False
        elif one.required:
            raise RenderError("input_missing", f"the input {one.name} is required and was not given", input=one.name)
        else:
            found[one.name] = _NOTHING[one.kind], True
    return found


def _passed(name: str, given: Any, budget: _Budget) -> list[Any]:
    """The messages that were passed for a placeholder, unchanged."""
    if given is None:
        return []
    if values.kind_of(given) != "list":
        raise RenderError("input_kind", f"{name} takes a list of messages", input=name)
    for message in given:
        fine = isinstance(message, Mapping) and message.get("role") in ROLES and "content" in message
        if not fine:
            raise RenderError("input_kind", f"each message of {name} needs a role and a content", input=name)
        try:
            written = json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            budget.write(values.utf8(written), 0)
        except (TypeError, ValueError):
            raise RenderError(
                "input_kind", f"a message of {name} holds something that JSON does not have", input=name
            ) from None
        except Fault as fault:
            raise RenderError(fault.code, fault.message, input=name) from None
    return list(given)


class _Within(Exception):
    """A fault in an included snippet."""

    def __init__(self, fault: Fault, name: str, source: str) -> None:
        self.fault, self.name, self.source = fault, name, source


class _Budget:
    """What bounds a rendering: bytes, counted while they are written, and steps."""

    def __init__(self) -> None:
        self.bytes, self.steps = RENDERED_BYTES, RENDER_STEPS

    def step(self, size: int, at: int) -> None:
        self.steps -= 1 + size // 64
        if self.steps < 0:
            raise Fault("too_long", "this template repeats too much: shorten its lists or its loops", at)

    def write(self, size: int, at: int) -> None:
        self.bytes -= size
        if self.bytes < 0:
            raise _too_large(at)


def _too_large(at: int) -> Fault:
    return Fault("too_large", f"the finished text is larger than {RENDERED_BYTES >> 10} KiB", at)


_MISSING = object()


@dataclass
class _Render:
    """One text being written."""

    library: _Library
    budget: _Budget
    inputs: Mapping[str, tuple[Any, bool]]
    includes: Mapping[str, str]
    depth: int
    output: list[str]
    #: The loops that run: variable, item, index, count.
    loops: list[tuple[str, Any, int, int]] = field(default_factory=list)

    def nodes(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            if isinstance(node, str):
                self.write(node, 0)
            elif isinstance(node, Operand):
                self.write(self.printed(node), node.at)
            elif isinstance(node, If):
                chosen = next((body for condition, body in node.branches if self.holds(condition)), node.otherwise)
                self.nodes(chosen)
            elif isinstance(node, For):
                self.loop(node)
            else:
                self.include(node)

    def write(self, text: str, at: int) -> None:
        self.budget.write(values.utf8(text), at)
        self.output.append(text)

    def loop(self, node: For) -> None:
        items, _ = self.find(node.items)
        if items is _MISSING:
            raise self.undefined(node.items)
        kind = values.kind_of(items)
        if kind != "list":
            message = f"{node.items.written} is {values.NAMED[kind]}: a loop runs over a list"
            raise Fault("wrong_kind", message, node.items.at)
        self.budget.step(values.size(items), node.items.at)
        if not items:
            self.nodes(node.otherwise)
        for index, item in enumerate(items):
            self.budget.step(0, node.at)
            self.loops.append((node.variable, item, index, len(items)))
            self.nodes(node.body)
            self.loops.pop()

    def include(self, node: Include) -> None:
        self.budget.step(0, node.at)
        snippet = self.library.known[self.includes[node.name]]
        around = {name: value for name, (value, left_out) in self.inputs.items() if not left_out}
        try:
            inputs = _resolved(snippet.inputs, around)
        except RenderError as error:
            raise Fault(error.code, f"in the snippet “{node.name}”: {error}", node.at) from None
        inner = _Render(self.library, self.budget, inputs, snippet.includes, self.depth + 1, self.output)
        try:
            inner.nodes(snippet.tree)
        except Fault as fault:
            raise _Within(fault, node.name, snippet.source) from None

    # Values

    def find(self, path: Path) -> tuple[Any, bool]:
        """What a path leads to, and whether it is an input that was left out."""
        for variable, item, _, _ in reversed(self.loops):
            if variable == path.root:
                return _below(item, path.fields), False
        if path.root == "loop" and self.loops:
            _, _, index, count = self.loops[-1]
            return {"index": index + 1, "first": index == 0, "last": index + 1 == count}[path.fields[0]], False
        value, left_out = self.inputs[path.root]
        if left_out and not path.fields:
            return value, True
        return _below(value, path.fields), False

    def base(self, base: Base) -> Any:
        if not isinstance(base, Path):
            return base.value
        value, _ = self.find(base)
        if value is _MISSING:
            raise self.undefined(base)
        return value

    def undefined(self, path: Path) -> Fault:
        written = path.written
        if path.fields:
            parent, _, name = written.rpartition(".")
            message = f'{parent} has no “{name}” here: correct the path, or write {{{{ {written}|default("…") }}}}'
        else:
            message = f"{written} has no value here"
        return Fault("undefined", message, path.at)

    def operand(self, operand: Operand) -> Any:
        filters = operand.filters
        if filters and filters[0].name == "default" and isinstance(operand.base, Path):
            value, left_out = self.find(operand.base)
            if value is _MISSING or left_out:
                assert filters[0].argument is not None
                value = self.base(filters[0].argument)
            filters = filters[1:]
        else:
            value = self.base(operand.base)
        for one in filters:
            value = self.filtered(value, one.name, one.argument, one.at)
        return value

    def filtered(self, value: Any, name: str, argument: Base | None, at: int) -> Any:
        kind = values.kind_of(value)
        takes = FILTERS[name]
        if takes and kind not in takes:
            takes_named = " or ".join(values.NAMED[one] for one in takes)
            raise Fault("wrong_kind", f"{name} takes {takes_named}, not {values.NAMED[kind]}", at)
        if name == "lower":
            return value.lower()
        if name == "upper":
            return value.upper()
        if name == "trim":
            return value.strip(values.SPACE)
        if name == "length":
            return len(value)
        if name == "tojson":
            try:
                text = values.canonical(value)
            except ValueError as error:
                raise Fault("wrong_kind", str(error), at) from None
            if values.utf8(text) > RENDERED_BYTES:
                raise _too_large(at)
            return text
        if name == "join":
            return self.joined(value, "" if argument is None else self.base(argument), at)
        return value

    def joined(self, items: Sequence[Any], separator: Any, at: int) -> str:
        if not isinstance(separator, str):
            raise Fault("wrong_kind", 'join puts a text between the items: join(", ")', at)
        parts: list[str] = []
        size = 0
        for index, item in enumerate(items):
            text = values.written(item)
            if text is None:
                what = values.NAMED[values.kind_of(item)]
                raise Fault(
                    "wrong_kind", f"join can't write {what}: item {index + 1} of the list is no text or number", at
                )
            size += values.utf8(text) + (values.utf8(separator) if index else 0)
            if size > RENDERED_BYTES:
                raise _too_large(at)
            parts.append(text)
        return separator.join(parts)

    def printed(self, operand: Operand) -> str:
        self.charge(operand)
        if isinstance(operand.base, Path) and not operand.filters and self.find(operand.base)[1]:
            return ""
        value = self.operand(operand)
        text = values.written(value)
        if text is None:
            what = values.NAMED[values.kind_of(value)]
            raise Fault("wrong_kind", f"{what} can't be written as it is: name a field, use join or tojson", operand.at)
        return text

    def charge(self, operand: Operand) -> None:
        """Reading a value costs by its size, and so does every filter that it goes through."""
        value = self.find(operand.base)[0] if isinstance(operand.base, Path) else operand.base.value
        size = 0 if value is _MISSING else values.size(value)
        self.budget.step(size * (1 + len(operand.filters)), operand.at)

    # Conditions

    def holds(self, condition: Condition) -> bool:
        if isinstance(condition, Operand):
            self.charge(condition)
            return bool(self.operand(condition))
        if isinstance(condition, Defined):
            self.budget.step(0, condition.path.at)
            value, left_out = self.find(condition.path)
            return value is not _MISSING and not left_out
        if isinstance(condition, Not):
            return not self.holds(condition.inner)
        if isinstance(condition, Compare):
            return self.compared(condition)
        if condition.word == "and":
            return self.holds(condition.left) and self.holds(condition.right)
        return self.holds(condition.left) or self.holds(condition.right)

    def compared(self, condition: Compare) -> bool:
        self.charge(condition.left)
        self.charge(condition.right)
        left, right, how = self.operand(condition.left), self.operand(condition.right), condition.how
        kinds = values.kind_of(left), values.kind_of(right)
        if how in ("==", "!="):
            return values.same(left, right) == (how == "==")
        if how in ("in", "not in"):
            if kinds == ("text", "text"):
                found = left in right
            elif kinds[1] == "list":
                found = any(values.same(item, left) for item in right)
            else:
                message = f"in looks for a text in a text or for a value in a list, not for {values.NAMED[kinds[0]]} in {values.NAMED[kinds[1]]}"
                raise Fault("wrong_kind", message, condition.left.at)
            return found == (how == "in")
        if kinds != ("number", "number"):
            message = (
                f"only numbers can be larger or smaller, not {values.NAMED[kinds[0]]} and {values.NAMED[kinds[1]]}"
            )
            raise Fault("wrong_kind", message, condition.left.at)
        if how == "<":
            return bool(left < right)
        if how == "<=":
            return bool(left <= right)
        return bool(left > right if how == ">" else left >= right)


def _below(value: Any, fields: Sequence[str]) -> Any:
    for one in fields:
        if not isinstance(value, Mapping) or one not in value:
            return _MISSING
        value = value[one]
    return _MISSING if value is None else value
