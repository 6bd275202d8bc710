"""The request's context out of a Strawberry context value, whichever integration serves the schema."""

from __future__ import annotations

from typing import Any

from resolvers.context import Context


def found_context(value: Any) -> Context | None:
    """The `stolon.Context` that a context value is, or holds under `"stolon"`; None where there is none."""
    held = value.get("stolon") if isinstance(value, dict) else value
    return held if isinstance(held, Context) else None


def context_of(value: Any) -> Context:
    """The same. Raises TypeError where the schema is executed without one."""
    found = found_context(value)
    if found is None:
        raise TypeError("bound fields need a stolon.Context as the context value, or under its key 'stolon'")
    return found
