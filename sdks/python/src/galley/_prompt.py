"""A prompt as an environment serves it: read it, fill it in, send it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

from . import _requests, _spans
from . import _values as values
from ._template import Input, Template
from .errors import RenderError

SLOTS = 10_000

#: What stands in when nothing could be read: a text, messages with ``role`` and ``content``, or a
#: version's whole content.
Fallback = Union[str, Sequence[Mapping[str, str]], Mapping[str, Any]]


@dataclass(frozen=True, repr=False, eq=False)
class Prompt:
    """One version of one prompt. It never changes: keep it for as long as one request takes."""

    #: The prompt's name.
    name: str
    #: The environment that serves it; empty for a fallback.
    environment: str
    #: The version's number; 0 for a fallback.
    version: int
    #: The version's id; empty for a fallback.
    id: str
    #: The SHA-256 of the content's canonical JSON: what was approved is what runs.
    digest: str
    #: The release that put it there.
    release: str
    #: Since when it is served, in milliseconds since 1970.
    since: int
    #: Everything that the version holds: messages, inputs, model, tools, response schema.
    content: Mapping[str, Any]
    #: The content of the snippets that it includes, by digest.
    snippets: Mapping[str, Any] = field(default_factory=dict)
    #: ``registry``, ``kept`` (last known good, from before this program started) or ``fallback``.
    source: str = "registry"

    def __repr__(self) -> str:
        number = f"v{self.version}" if self.source != "fallback" else "fallback"
        return f"<Prompt {self.name} {number} {self.environment}>".replace(" >", ">")

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What the application passes in."""
        return tuple(Input.read(raw) for raw in self.content.get("inputs", ()))

    @property
    def model(self) -> str | None:
        """The model's name, if the version names one."""
        settings = self.content.get("model")
        return settings["model"] if settings else None

    @property
    def attributes(self) -> dict[str, str | int]:
        """What a span says of the version: give it to a span of your own, or let the current one have it."""
        found: dict[str, str | int] = {"galley.prompt.name": self.name, "galley.prompt.source": self.source}
        if self.source != "fallback":
            found["galley.prompt.version"] = self.version
            found["galley.prompt.digest"] = self.digest
            found["galley.environment"] = self.environment
            found["galley.release"] = self.release
        return found

    def render(self, given: Mapping[str, Any] | None = None, /, **inputs: Any) -> list[dict[str, Any]]:
        """The messages with every value filled in, each with ``role`` and ``content``.

        Raises :class:`RenderError` when a value doesn't fit the prompt's inputs.
        """
        messages: list[dict[str, Any]] = []
        for message in self._parts({**(given or {}), **inputs}):
            messages.extend(message["messages"] if "placeholder" in message else [message])
        _spans.mark(self.attributes)
        return messages

    def text(self, given: Mapping[str, Any] | None = None, /, **inputs: Any) -> str:
        """All texts filled in, one after the other: what a prompt of kind ``text`` is for."""
        parts = self._parts({**(given or {}), **inputs})
        _spans.mark(self.attributes)
        return "\n\n".join(part["content"] for part in parts if "placeholder" not in part)

    def openai(self, given: Mapping[str, Any] | None = None, /, **inputs: Any) -> dict[str, Any]:
        """Keyword arguments for ``OpenAI().chat.completions.create``: messages, model, parameters,
        tools, response format."""
        return _requests.openai(self.content, self.render(given, **inputs))

    def anthropic(self, given: Mapping[str, Any] | None = None, /, **inputs: Any) -> dict[str, Any]:
        """Keyword arguments for ``Anthropic().messages.create``. A response schema is asked for as
        the tool ``answer``; the answer is what it is called with."""
        return _requests.anthropic(self.content, self.render(given, **inputs))

    def _parts(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        if self.source == "fallback" and "inputs" not in self.content:
            # A fallback declares nothing: what is passed is what there is.
            kinds = {name: values.kind_of(value) for name, value in given.items()}
            placeholders = {one.get("name") for one in self.content["messages"] if one["type"] == "placeholder"}
            declared = [
                {"name": name, "type": kind}
                for name, kind in kinds.items()
                if kind in values.INPUT_KINDS and name not in placeholders
            ]
            return Template({**self.content, "inputs": declared}, {}).render(given)
        return self._template.render(given)

    @property
    def _template(self) -> Template:
        ready: Template | None = self.__dict__.get("_ready")
        if ready is None:
            ready = Template(self.content, self.snippets)
            self.__dict__["_ready"] = ready
        return ready


def fallback(name: str, given: Fallback) -> Prompt:
    """A prompt out of what the code gives for the worst case."""
    if isinstance(given, str):
        content: Mapping[str, Any] = {"kind": "text", "messages": [{"type": "message", "role": "user", "text": given}]}
    elif isinstance(given, Mapping):
        content = given
    else:
        messages = [{"type": "message", "role": one["role"], "text": one["content"]} for one in given]
        content = {"kind": "chat", "messages": messages}
    if content.get("kind") not in ("text", "chat") or not isinstance(content.get("messages"), list):
        raise RenderError("declaration", f"the fallback for {name} needs a kind and messages")
    return Prompt(name, "", 0, "", "", "", 0, content, source="fallback")


class Served:
    """What an environment serves of one prompt: one version, or a split of several."""

    __slots__ = ("main", "sides", "_runs", "_salted")

    def __init__(self, environment: str, raw: Mapping[str, Any], source: str) -> None:
        #: What callers without a unit get: the largest side.
        self.main: Prompt
        #: More than one where traffic is split.
        self.sides: dict[str, Prompt] = {}
        for side in raw["sides"]:
            version = side["version"]
            prompt = Prompt(
                raw["name"],
                environment,
                version["number"],
                version["id"],
                version["digest"],
                raw["release"],
                raw["since"],
                version["content"],
                version.get("snippets", {}),
                source,
            )
            self.sides[version["id"]] = prompt
        self.main = self.sides[raw["sides"][0]["version"]["id"]]
        self._runs = [(run["from"], run["to"], run["version"]) for run in raw["slots"]]
        self._salted = hashlib.sha256(f"{raw['salt']}\n".encode())

    def slot(self, unit: str) -> int:
        """The slot of a unit, from 0 to 9,999."""
        hashed = self._salted.copy()
        hashed.update(unit.encode("utf-8", "surrogatepass"))
        return int.from_bytes(hashed.digest()[:8], "big") % SLOTS

    def choose(self, unit: str) -> Prompt:
        """What a unit gets: always the same for the same unit."""
        if len(self._runs) == 1:
            return self.sides.get(self._runs[0][2], self.main)
        slot = self.slot(unit)
        for start, end, version in self._runs:
            if start <= slot < end:
                return self.sides.get(version, self.main)
        return self.main
