"""Which media type a GraphQL answer gets, by the client's `Accept` header and its q-values (RFC 9110, section
12.5.1). Pure.

The transports ask it first; `graph/http/exchange.py` gives the answer in that form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

GRAPHQL: Final = "application/graphql-response+json"
JSON: Final = "application/json"
_QUALITY: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_MOST_RANGES: Final = 50


def acceptable(
    accept: str | None, offered: Sequence[str] = (GRAPHQL, JSON), *, otherwise: str = JSON
) -> str | None:
    """The offered media type that the client likes best, or None where it likes none.

    Among equals a type that is named goes before one that a wildcard admits, then the offered order decides;
    where only wildcards admit them, or the header is missing, it is `otherwise` (GraphQL over HTTP, section
    6.1: JSON for clients that do not ask). Ranges after the 50th are not read.
    """
    if accept is None or not accept.strip():
        return otherwise
    ranges = [_media_range(text) for text in accept.split(",")[:_MOST_RANGES]]
    best: tuple[float, int, bool] = (0.0, 0, False)
    chosen = None
    for offer in offered:
        # The most specific range that matches says the quality, whatever the order in the header.
        matches = [(specific, quality) for name, quality in ranges if (specific := _specificity(name, offer))]
        if not matches:
            continue
        specific, quality = max(matches)
        rank = (quality, specific, specific < 3 and offer == otherwise)
        if quality > 0 and rank > best:
            best, chosen = rank, offer
    return chosen


def _media_range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            value = value.strip()
            quality = float(value) if _QUALITY.fullmatch(value) else 0.0
    return name, quality


def _specificity(media_range: str, offer: str) -> int:
    """3 for the type itself, 2 for its family (`application/*`), 1 for `*/*`, 0 where the range does not
    match.
    """
    if media_range == offer:
        return 3
    if media_range == offer.partition("/")[0] + "/*":
        return 2
    return 1 if media_range == "*/*" else 0
