"""What can go wrong, in words for the people who read logs at night."""

from __future__ import annotations


class GalleyError(Exception):
    """Anything that this package raises on purpose. ``code`` is for programs, the text for people."""

    code = "galley"


class SettingsError(GalleyError):
    """The address or the key can't be used as it was given."""

    code = "settings"


class NotReadyError(GalleyError):
    """Nothing was read from the registry yet, nothing is on disk, and no fallback was given."""

    code = "not_ready"


class NotServedError(GalleyError):
    """The environment is known, and it serves no prompt of this name."""

    code = "not_served"


class RequestError(GalleyError):
    """The prompt has no request for this provider: it names no model, or has what the provider lacks."""

    code = "request"


class RenderError(GalleyError):
    """A value doesn't fit the prompt's inputs, or the template can't be filled in with it."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        input: str | None = None,
        message_index: int | None = None,
        line: int | None = None,
        column: int | None = None,
        snippet: str | None = None,
    ) -> None:
        super().__init__(message)
        #: What kind of thing is wrong: ``input_missing``, ``input_kind``, ``undefined`` …
        self.code = code
        #: Which input, when it is about one.
        self.input = input
        #: Which message, counted from 0, when it is in a text.
        self.message_index = message_index
        #: The line, counted from 1.
        self.line = line
        #: The character in that line, counted from 1.
        self.column = column
        #: The snippet's name, when the place is in an included snippet.
        self.snippet = snippet
