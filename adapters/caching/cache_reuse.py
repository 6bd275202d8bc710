"""Whether a kept answer may be used for a request (RFC 9111, sections 4 and 5.2.1; RFC 5861). Pure: `now` is in
seconds since 1970.

`adapters/caching/cache.py` asks for what it finds. What a caller asks by `Cache-Control` counts where a project
passes that header on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from adapters.caching.cache_control import directives
from adapters.caching.cache_entry import Entry
from adapters.caching.cache_life import window_of_fallback

_CONDITIONS: Final = frozenset(
    {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range"}
)


class Use(Enum):
    """What to do with a kept answer."""

    AS_IS = "fresh, or stale with the caller's leave"
    MEANWHILE = "use it, and fetch another"
    ASK = "not without asking the service"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks of caches (RFC 9111, section 5.2.1), in seconds; None where it asks nothing of the kind."""

    ask: bool = False
    no_store: bool = False
    only_if_cached: bool = False
    max_age: int | None = None
    min_fresh: int = 0
    max_stale: int | None = None


ANYTHING: Final = Wanted()
_ANEW: Final = Wanted(ask=True)


def wanted(headers: Mapping[str, str], *, anew: bool = False) -> Wanted:
    """What the request's headers ask; `anew` that the service be asked in any case. `Pragma: no-cache` counts where
    there is no `Cache-Control` (section 5.4).
    """
    if "cache-control" not in headers:
        return _ANEW if anew or "no-cache" in headers.get("pragma", "").lower() else ANYTHING
    said = directives(headers["cache-control"])
    # Without an argument: however stale (section 5.2.1.2).
    any_stale = "max-stale" in said and said.said["max-stale"] is None
    return Wanted(
        ask=anew or "no-cache" in said,
        no_store="no-store" in said,
        only_if_cached="only-if-cached" in said,
        max_age=said.seconds("max-age"),
        min_fresh=said.seconds("min-fresh") or 0,
        max_stale=1 << 31 if any_stale else said.seconds("max-stale"),
    )


def conditional(headers: Mapping[str, str]) -> bool:
    """Whether the request asks for a part of an answer, or for one on conditions: such pass by."""
    return not _CONDITIONS.isdisjoint(headers)


def use(entry: Entry, want: Wanted, now: float) -> Use:
    """What to do with a kept answer for such a request."""
    age = entry.age(now)
    left = entry.fresh - age
    if want.ask or (want.max_age is not None and age > want.max_age):
        return Use.ASK
    if left > 0 and left >= want.min_fresh:
        return Use.AS_IS
    if entry.never_stale or want.min_fresh:
        return Use.ASK
    # RFC 9111, section 4.2.4: a caller's leave counts for nothing where the service shuts it out.
    if want.max_stale is not None and not entry.as_stated and -left <= want.max_stale:
        return Use.AS_IS
    return Use.MEANWHILE if -left < entry.meanwhile else Use.ASK


def on_error(entry: Entry, want: Wanted, now: float) -> bool:
    """Whether the answer may be used where no other can be had (RFC 5861, section 4; RFC 9111, section 4.2.4)."""
    age = entry.age(now)
    if entry.never_stale or want.ask or (want.max_age is not None and age > want.max_age):
        return False
    return age - entry.fresh < entry.on_error


def instead(entry: Entry, want: Wanted, now: float, within: float) -> bool:
    """Whether the answer may stand in for one that was not given, where a fallback lets it for so many seconds past
    its freshness. One that is still fresh may.
    """
    age = entry.age(now)
    if entry.never_stale or want.ask or (want.max_age is not None and age > want.max_age):
        return False
    said = directives(entry.headers.get("cache-control"))
    window = window_of_fallback(said, within, as_stated=entry.as_stated)
    return age - entry.fresh < max(window, entry.on_error)
