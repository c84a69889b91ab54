"""Reads the template language from tokens into a tree, and holds it to the declared inputs.

The registry checks a version when it is saved; this checks again, so that an application never
sends what it could not have tested. It stops at the first thing that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ._tokens import Fault, Token, cut
from ._tree import Base, Both, Compare, Condition, Defined, Filter, For, If, Include, Literal, Node, Not, Operand, Path
from ._values import NAMED, kind_of

DEPTH = 32
PARTS = 100
LOOPS = 2

FILTERS = {
    "default": None,
    "join": ("list",),
    "length": ("text", "list", "object"),
    "lower": ("text",),
    "tojson": None,
    "trim": ("text",),
    "upper": ("text",),
}
WORDS = {"and", "or", "not", "in", "is", "if", "else"}
RESERVED = WORDS | {"true", "True", "false", "False", "none", "None", "loop", "self"}
LEFT_OUT = {
    "set", "macro", "call", "import", "from", "extends", "block", "with", "filter", "autoescape",
    "do", "break", "continue", "trans",
}  # fmt: skip
NO_SUMS = "calculations are not part of the template language: let the application pass the result"
LOOP_FORM = "a loop is written {% for item in items %}"
INCLUDE_FORM = 'an include names one snippet in quotes: {% include "snippets/tone" %}'


class Scope(Protocol):
    """What names mean in a text, and what an include of a snippet brings with it."""

    def kind(self, name: str) -> str | None: ...
    def include(self, name: str, loops: int, at: int) -> int: ...


class Parser:
    """Reads one text."""

    def __init__(self, text: str, scope: Scope) -> None:
        self.tokens = cut(text)
        self.at = 0
        self.scope = scope
        self.loops: list[str] = []
        self.open: list[tuple[str, int]] = []
        #: How many loops deep the text goes, counting those of its snippets.
        self.deepest = 0

    def document(self) -> list[Node]:
        nodes, _ = self.body()
        return nodes

    # Tokens

    @property
    def next(self) -> Token:
        token = self.tokens[self.at]
        if token.kind == "bad":
            assert isinstance(token.value, Fault)
            raise token.value
        return token

    def is_op(self, *operators: str) -> bool:
        return self.next.kind == "op" and self.next.value in operators

    def is_word(self, *words: str) -> bool:
        return self.next.kind == "name" and self.next.value in words

    def take_word(self, word: str) -> bool:
        found = self.is_word(word)
        self.at += found
        return found

    def close(self, end: str, start: int) -> None:
        """The tag's end must come next; ``start`` is where the tag or bracket began."""
        token = self.next
        if token.kind == end or (token.kind == "op" and token.value == end):
            self.at += 1
            return
        if token.kind == "end":
            raise Fault("syntax", f"this is not closed: add {end}", start)
        if self.is_op("+", "-", "*", "/", "//", "**", "%"):
            raise Fault("not_allowed", NO_SUMS, token.start)
        if self.is_op("~"):
            raise Fault("not_allowed", "~ is not part of the template language", token.start)
        if self.is_word("if", "is", "and", "or", "not", "in") or self.is_op("==", "!=", "<", "<=", ">", ">="):
            raise Fault("not_allowed", "a comparison or a condition stands in an {% if %}", token.start)
        if self.is_op("="):
            raise Fault("syntax", "two equals signs compare: ==", token.start)
        raise Fault("syntax", f"{end} is expected here", token.start)

    # Texts and tags

    def body(self) -> tuple[list[Node], str]:
        """What stands up to the tag that ends it, and that tag's word."""
        nodes: list[Node] = []
        while True:
            token = self.next
            self.at += 1
            if token.kind == "end":
                if self.open:
                    word, at = self.open[-1]
                    raise Fault("syntax", f"this {{% {word} %}} is not closed: add {{% end{word} %}}", at)
                return nodes, ""
            if token.kind == "text":
                nodes.append(str(token.value))
            elif token.kind == "{{":
                operand = self.operand()
                self.close("}}", token.start)
                operand = Operand(operand.base, operand.filters, token.start)
                kind = self.check(operand)
                if kind in ("list", "object"):
                    message = f"{NAMED[kind]} can't be written as it is: name a field, use join or tojson"
                    raise Fault("wrong_kind", message, token.start)
                nodes.append(operand)
            elif token.kind == "{%":
                ending = self.tag(token.start, nodes)
                if ending:
                    return nodes, ending
            else:
                raise Fault("syntax", "this tag can't be read", token.start)

    def tag(self, start: int, nodes: list[Node]) -> str | None:
        token = self.next
        if token.kind != "name":
            raise Fault("syntax", "a tag begins with if, for or include, as in {% if name %}", start)
        word = str(token.value)
        self.at += 1
        if word in ("if", "for"):
            if len(self.open) >= DEPTH:
                raise Fault("too_deep", f"this is nested more than {DEPTH} deep: take it apart", start)
            self.open.append((word, start))
            nodes.append(self.if_block(start) if word == "if" else self.for_block(start))
            self.open.pop()
            return None
        if word == "include":
            nodes.append(self.include(start))
            return None
        if word in ("else", "elif", "endif", "endfor"):
            return self.ending(word, start)
        if word in LEFT_OUT:
            raise Fault("not_allowed", f"{{% {word} %}} is not part of the template language", start)
        raise Fault("syntax", f"there is no tag “{word}”; there are if, for and include", start)

    def ending(self, word: str, start: int) -> str:
        closes = {"endif": ("if",), "elif": ("if",), "endfor": ("for",), "else": ("if", "for")}[word]
        if self.open and self.open[-1][0] in closes:
            return word
        if any(kind in closes for kind, _ in self.open):
            kind, at = self.open[-1]
            raise Fault("syntax", f"this {{% {kind} %}} is not closed: add {{% end{kind} %}}", at)
        raise Fault("syntax", f"this {{% {word} %}} belongs to nothing before it: remove it", start)

    def if_block(self, start: int) -> If:
        block = If()
        while True:
            condition = self.condition()
            self.close("%}", start)
            self.check_condition(condition)
            body, ending = self.body()
            block.branches.append((condition, body))
            if ending != "elif":
                block.otherwise = self.last_body(ending, start)
                return block

    def for_block(self, start: int) -> For:
        token = self.next
        if token.kind != "name" or token.value in RESERVED:
            raise Fault("syntax", LOOP_FORM, token.start)
        variable = str(token.value)
        self.at += 1
        if self.is_op(","):
            raise Fault("not_allowed", "a loop has one variable: {% for item in items %}", self.next.start)
        if not self.take_word("in"):
            raise Fault("syntax", LOOP_FORM, self.next.start)
        items = self.operand()
        if self.is_word("if"):
            raise Fault("not_allowed", "a loop can't choose among its items: put {% if %} inside it", self.next.start)
        if self.is_word("recursive"):
            raise Fault("not_allowed", "loops can't be recursive", self.next.start)
        if isinstance(items.base, Literal) or items.filters:
            message = "a loop runs over an input that is a list, by its plain name or path"
            raise Fault("not_allowed", message, items.at)
        self.close("%}", start)
        if len(self.loops) >= LOOPS:
            raise Fault("too_deep", "loops can be two deep, not deeper", start)
        if self.scope.kind(variable) or variable in self.loops:
            raise Fault(
                "not_allowed", f"{variable} means something already: give the loop's variable another name", start
            )
        kind = self.check_path(items.base)
        if kind not in ("list", None):
            message = f"{items.base.written} is {NAMED[kind]}: a loop runs over a list"
            raise Fault("wrong_kind", message, items.base.at)
        block = For(variable, items.base, start)
        self.loops.append(variable)
        self.deepest = max(self.deepest, len(self.loops))
        block.body, ending = self.body()
        self.loops.pop()
        block.otherwise = self.last_body(ending, start)
        return block

    def last_body(self, ending: str, start: int) -> list[Node]:
        """What follows ``else``, if that is how the body before ended; and the block's own end."""
        nodes: list[Node] = []
        if ending == "else":
            self.close("%}", start)
            nodes, ending = self.body()
            if ending in ("else", "elif"):
                raise Fault(
                    "syntax", "nothing but the block's end can follow {% else %}", self.tokens[self.at - 2].start
                )
        self.close("%}", start)
        return nodes

    def include(self, start: int) -> Include:
        token = self.next
        if token.kind in ("%}", "end"):
            raise Fault("syntax", INCLUDE_FORM, token.start)
        if token.kind != "string":
            raise Fault("not_allowed", INCLUDE_FORM, token.start)
        self.at += 1
        if self.next.kind not in ("%}", "end"):
            raise Fault("not_allowed", INCLUDE_FORM, self.next.start)
        self.close("%}", start)
        name = str(token.value)
        loops = self.scope.include(name, len(self.loops), start)
        self.deepest = max(self.deepest, len(self.loops) + loops)
        return Include(name, start)

    # Values

    def operand(self) -> Operand:
        start = self.next.start
        base = self.base()
        self.refuse_behind(start)
        filters: list[Filter] = []
        while self.is_op("|"):
            found = self.filter()
            if len(filters) >= PARTS:
                raise Fault("too_deep", f"at most {PARTS} filters can follow one value", found.at)
            if found.name == "default" and (filters or isinstance(base, Literal)):
                message = 'default stands directly behind a name: {{ name|default("…")|upper }}'
                raise Fault("not_allowed", message, found.at)
            filters.append(found)
        return Operand(base, tuple(filters), start)

    def base(self) -> Base:
        token = self.next
        if token.kind == "name":
            word = str(token.value)
            if word in ("none", "None", "self"):
                raise Fault("not_allowed", f"{word} is not part of the template language", token.start)
            if word in WORDS:
                raise Fault("syntax", "a name or a value is missing here", token.start)
            if word in ("true", "True", "false", "False"):
                self.at += 1
                return Literal(word in ("true", "True"))
            return self.path()
        if token.kind == "string":
            self.at += 1
            return Literal(token.value)
        if token.kind == "number":
            return self.number(1)
        if self.is_op("-"):
            self.at += 1
            return self.number(-1)
        if self.is_op("("):
            raise Fault("not_allowed", "brackets only group the conditions of an {% if %}", token.start)
        if self.is_op("[", "{"):
            raise Fault(
                "not_allowed", "a list or an object can't be written in a text: pass it as an input", token.start
            )
        raise Fault("syntax", "a name or a value is missing here", token.start)

    def number(self, sign: int) -> Literal:
        token = self.next
        if token.kind != "number":
            raise Fault("not_allowed", NO_SUMS, token.start)
        if token.value is None:
            raise Fault("not_allowed", "this number is too large to be exact", token.start)
        assert isinstance(token.value, (int, float))
        self.at += 1
        return Literal(sign * token.value)

    def path(self) -> Path:
        start = self.next.start
        root = str(self.next.value)
        self.at += 1
        fields: list[str] = []
        while self.is_op("."):
            self.at += 1
            token = self.next
            if token.kind == "number":
                message = "the items of a list have no number here: use {% for item in list %}"
                raise Fault("not_allowed", message, token.start)
            if token.kind != "name":
                raise Fault("syntax", "a name is missing behind the dot", token.start)
            if len(fields) >= PARTS:
                raise Fault("too_deep", f"a path has at most {PARTS} parts", token.start)
            fields.append(str(token.value))
            self.at += 1
        return Path(root, tuple(fields), start)

    def refuse_behind(self, start: int) -> None:
        """What Jinja lets follow a value and this language doesn't."""
        if self.is_op("("):
            raise Fault(
                "not_allowed", "functions can't be called in a text: let the application pass the result", start
            )
        if self.is_op("["):
            raise Fault("not_allowed", "write a path with dots, as in customer.name", start)
        if self.next.kind == "string":
            raise Fault("not_allowed", "two values stand side by side: something is missing between them", start)

    def filter(self) -> Filter:
        start = self.next.start
        self.at += 1
        token = self.next
        if token.kind != "name":
            raise Fault("syntax", "the name of a filter is missing behind |", token.start)
        name = str(token.value)
        if name not in FILTERS:
            raise Fault("not_allowed", f"there is no filter “{name}”; there are {', '.join(FILTERS)}", start)
        self.at += 1
        if not self.is_op("("):
            if name == "default":
                raise Fault("not_allowed", 'default needs the value that stands in: default("…")', start)
            return Filter(name, None, start)
        if name not in ("default", "join"):
            raise Fault("not_allowed", f"{name} takes nothing in brackets", start)
        self.at += 1
        argument = self.base()
        self.refuse_behind(start)
        if self.is_op(",", "=", "|"):
            raise Fault("not_allowed", f"{name} takes one plain value in brackets", start)
        self.close(")", start)
        return Filter(name, argument, start)

    # Conditions

    def condition(self) -> Condition:
        return self.any(Count())

    def any(self, parts: Count) -> Condition:
        left = self.all(parts)
        while self.take_word("or"):
            left = Both("or", left, self.all(parts))
        return left

    def all(self, parts: Count) -> Condition:
        left = self.negation(parts)
        while self.take_word("and"):
            left = Both("and", left, self.negation(parts))
        return left

    def negation(self, parts: Count) -> Condition:
        start = self.next.start
        parts.up(start)
        if self.take_word("not"):
            return Not(parts.deeper(len(self.open), start, lambda: self.negation(parts)))
        if not self.is_op("("):
            return self.comparison()
        self.at += 1
        inner = parts.deeper(len(self.open), start, lambda: self.any(parts))
        self.close(")", start)
        if self.next.kind not in ("%}", "end") and not self.is_op(")") and not self.is_word("and", "or"):
            raise Fault("not_allowed", "brackets only group conditions: nothing but and, or may follow them", start)
        return inner

    def comparison(self) -> Condition:
        left = self.operand()
        if self.take_word("is"):
            negated = self.take_word("not")
            if not self.take_word("defined"):
                raise Fault("not_allowed", "behind is only defined can stand: {% if name is defined %}", left.at)
            if isinstance(left.base, Literal) or left.filters:
                raise Fault("not_allowed", "only a plain name or path can be defined or not", left.at)
            return Not(Defined(left.base)) if negated else Defined(left.base)
        how = self.take_comparison()
        if how is None:
            return left
        right = self.operand()
        if self.take_comparison() is not None:
            raise Fault("not_allowed", "compare two values at a time, joined by and", left.at)
        return Compare(left, how, right)

    def take_comparison(self) -> str | None:
        if self.is_op("==", "!=", "<", "<=", ">", ">=") or self.is_word("in"):
            self.at += 1
            return str(self.tokens[self.at - 1].value)
        if not self.take_word("not"):
            return None
        if not self.take_word("in"):
            raise Fault("syntax", "behind not stands in: {% if word not in text %}", self.next.start)
        return "not in"

    # What the declarations tell before there are values

    def check_path(self, path: Path) -> str | None:
        """The kind of what a path leads to, as far as it is known."""
        if path.root in self.loops:
            return None
        if path.root == "loop":
            if not self.loops:
                raise Fault("unknown_name", "loop has a meaning only inside a {% for %}", path.at)
            if path.fields not in (("index",), ("first",), ("last",)):
                raise Fault("not_allowed", "of a loop there are loop.index, loop.first and loop.last", path.at)
            return "number" if path.fields == ("index",) else "boolean"
        kind = self.scope.kind(path.root)
        if kind is None:
            raise Fault("unknown_name", f"there is no input “{path.root}”: declare it, or correct the name", path.at)
        if not path.fields:
            return kind
        if kind != "object":
            message = f"{path.root} is {NAMED[kind]}: only an object has fields behind a dot"
            raise Fault("wrong_kind", message, path.at)
        return None

    def check(self, operand: Operand) -> str | None:
        kind = self.check_base(operand.base)
        for found in operand.filters:
            if found.argument:
                self.check_base(found.argument)
            takes = FILTERS[found.name]
            if takes and kind and kind not in takes:
                raise Fault("wrong_kind", f"{found.name} can't take {NAMED[kind]}", found.at)
            if found.name != "default":
                kind = "number" if found.name == "length" else "text"
        return kind

    def check_base(self, base: Base) -> str | None:
        return self.check_path(base) if isinstance(base, Path) else kind_of(base.value)

    def check_condition(self, condition: Condition) -> None:
        if isinstance(condition, Operand):
            self.check(condition)
        elif isinstance(condition, Defined):
            self.check_path(condition.path)
        elif isinstance(condition, Not):
            self.check_condition(condition.inner)
        else:
            for side in (condition.left, condition.right):
                self.check_condition(side)


class Count:
    """How many parts a condition has, and how deep they nest."""

    def __init__(self) -> None:
        self.parts = 0
        self.depth = 0

    def up(self, at: int) -> None:
        self.parts += 1
        if self.parts > PARTS:
            raise Fault("too_deep", f"a condition has at most {PARTS} parts", at)

    def deeper(self, around: int, at: int, inner: Callable[[], Condition]) -> Condition:
        if around + self.depth >= DEPTH:
            raise Fault("too_deep", f"this is nested more than {DEPTH} deep: take it apart", at)
        self.depth += 1
        result = inner()
        self.depth -= 1
        return result
