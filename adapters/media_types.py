"""Which media types carry JSON (RFC 6838, section 4.2.8; RFC 9110, section 8.3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

JSON: Final = "application/json"


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON, its parameters aside: `application/json`, or one that ends in `+json`."""
    named = media_type.partition(";")[0].strip().lower()
    return named == JSON or (named.endswith("+json") and "/" in named)


def first_json(media_types: Iterable[str]) -> str | None:
    """The media type to speak JSON in: `application/json` first, then `+json`, then a range that holds JSON
    (`*/*`)."""
    named = list(media_types)
    exact = [one for one in named if one.partition(";")[0].strip().lower() == JSON]
    ranges = [one for one in named if is_range(one)]
    return next(iter([*exact, *filter(is_json, named), *ranges]), None)


def is_range(media_type: str) -> bool:
    """Whether it is a range rather than a type: frameworks write `*/*` for the JSON that they answer by default."""
    return media_type.partition(";")[0].strip().lower() in ("*/*", "application/*")
