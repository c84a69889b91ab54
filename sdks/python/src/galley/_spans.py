"""Says on the current OpenTelemetry span which version was used, where OpenTelemetry is installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

try:
    from opentelemetry import trace as _trace
except ImportError:
    _trace = None  # type: ignore[assignment]


def mark(attributes: Mapping[str, Any]) -> None:
    """Puts the attributes on the span that runs now, if one does."""
    if _trace is None:
        return
    span = _trace.get_current_span()
    if span.is_recording():
        span.set_attributes(attributes)
