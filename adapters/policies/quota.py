"""What a service's answers tell of how much it may still be asked, before it has to answer 429. Pure.

`adapters/policies/limit.py` reads it from each answer, and keeps it until it ends. The spellings, the newer first:

| header | form |
| --- | --- |
| `ratelimit` | `"name";r=5;t=30` (draft-ietf-httpapi-ratelimit-headers-08 and later; `ratelimit-policy` has `w`) |
| `ratelimit` | `limit=100, remaining=5, reset=30` (draft 07) |
| `ratelimit-remaining`, `ratelimit-reset` | numbers, seconds from now (drafts 00 to 06) |
| `x-ratelimit-*`, `x-rate-limit-*` | the same, where the reset may be a time since 1970, in s or ms; `-reset-after` |
| `retry-after` | of a 429: nothing is left until then (RFC 6585, section 4; RFC 9110, section 10.2.3) |

What is not understood tells nothing. No service can stop calls to it for longer than `LONGEST`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from adapters.messages import Response
from adapters.problem import retry_after

LONGEST: Final = 300.0
"""Seconds that anything told is believed at most: a clock that goes wrong, or a wrong unit, ends by itself."""
_CHARACTERS: Final = 1024
"""Of one header's text that are read."""
_ITEMS: Final = 16
_PAIRS: Final = (
    ("ratelimit-remaining", "ratelimit-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset-after"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
)
_TELLING: Final = frozenset({"ratelimit", "retry-after", *(remaining for remaining, _ in _PAIRS)})
_SINCE_1970: Final = 1e9
"""A reset from here on is a time since 1970, not a time to wait: 30 years."""
_SINCE_1970_MS: Final = 1e12
_NUMBER: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class Quota:
    """So many further calls are answered within the next `reset` seconds."""

    remaining: int
    reset: float


def quota(response: Response, epoch: float) -> Quota | None:
    """The tightest that the answer tells, or None where it tells nothing. `epoch` is seconds since 1970."""
    headers = response.headers
    if _TELLING.isdisjoint(headers):  # as it mostly is
        return None
    if response.status == 429:
        asked = retry_after(response, epoch)
        if asked is not None:
            return Quota(0, float(min(asked, LONGEST)))
    told = headers.get("ratelimit")
    found = None if told is None else _tightest(_of_structure(told, headers.get("ratelimit-policy", "")))
    if found is not None:
        return found
    for remaining, reset in _PAIRS:
        if remaining in headers and reset in headers:
            return _tightest(_of_pair(headers[remaining], headers[reset], epoch))
    return None


def _tightest(found: Iterator[Quota]) -> Quota | None:
    return min(found, key=lambda one: (one.remaining, -one.reset), default=None)


def _of_structure(told: str, policies: str) -> Iterator[Quota]:
    members = _split(told, ",")
    named = dict(_pair(one) for one in members)
    if "remaining" in named:
        yield from _quota(named["remaining"], named.get("reset", ""))
        return
    windows = {name: parameters.get("w", "") for name, parameters in map(_item, _split(policies, ","))}
    for name, parameters in map(_item, members):
        yield from _quota(parameters.get("r", ""), parameters.get("t") or windows.get(name, ""))


def _of_pair(remaining: str, reset: str, epoch: float) -> Iterator[Quota]:
    # Several limits are told in equal order: `59, 4999` with `60, 3600`.
    for left, until in zip(_split(remaining, ","), _split(reset, ","), strict=False):
        yield from _quota(left, until, epoch)


def _quota(remaining: str, reset: str, epoch: float | None = None) -> Iterator[Quota]:
    if not (_NUMBER.fullmatch(remaining) and _NUMBER.fullmatch(reset)):
        return
    seconds = float(reset)
    if epoch is not None and seconds >= _SINCE_1970:
        seconds = seconds / (1000 if seconds >= _SINCE_1970_MS else 1) - epoch
    yield Quota(int(float(remaining)), min(max(0.0, seconds), LONGEST))


def _item(text: str) -> tuple[str, Mapping[str, str]]:
    """An item of a structured list with its parameters (RFC 9651, sections 3.1 and 3.1.2), leniently."""
    name, *parameters = _split(text, ";") or [""]
    return name.strip('"'), dict(_pair(one) for one in parameters)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _split(text: str, at: str) -> list[str]:
    """The parts between the separators that stand in no quotes, without blanks around them."""
    parts, quoted, start = list[str](), False, 0
    text = text[:_CHARACTERS]
    for index, character in enumerate(text):
        if character == '"' and text[index - 1 : index] != "\\":
            quoted = not quoted
        elif character == at and not quoted:
            parts.append(text[start:index].strip())
            start = index + 1
    parts.append(text[start:].strip())
    return parts[:_ITEMS]
