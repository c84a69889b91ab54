"""Galley: what an environment serves, in memory, whatever happens to the registry."""

from __future__ import annotations

from ._client import AsyncGalley, Galley, Status
from ._keeper import Timing
from ._prompt import Fallback, Prompt
from ._template import Input
from .errors import (
    GalleyError,
    NotReadyError,
    NotServedError,
    RenderError,
    RequestError,
    SettingsError,
)

__all__ = [
    "AsyncGalley",
    "Fallback",
    "Galley",
    "GalleyError",
    "Input",
    "NotReadyError",
    "NotServedError",
    "Prompt",
    "RenderError",
    "RequestError",
    "SettingsError",
    "Status",
    "Timing",
]
__version__ = "0.1.0"
