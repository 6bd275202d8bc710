"""What a project says about caching a service's answers: `[services.NAME.cache]`, and for single operations.

`graph/settings/service_tables.py` reads them; `adapters/caching/cache_life.py` and `adapters/caching/cache.py`
keep to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class CacheRule:
    """`[services.NAME.cache]`. On where a project says nothing: only what an answer allows is kept, for as long as
    it allows, within a bound, and apart for each caller unless the answer says that it is for all.

    `private` also keeps answers for one caller alone. `heuristic` also keeps answers that say when they changed but
    not how long they last (RFC 9111, section 4.2.2). `headers` says which of a request's headers tell answers apart:
    `all` of them but those of tracing, or those that the answer names in `Vary`. No answer of more than `largest`
    bytes is kept, and none for more than `longest` seconds. Raises ValueError for what cannot work.
    """

    enabled: bool = True
    private: bool = True
    heuristic: bool = False
    headers: Literal["all", "vary"] = "all"
    largest: int = 1 << 20
    longest: float = 86_400.0

    def __post_init__(self) -> None:
        if self.largest < 1 or not self.longest > 0:
            raise ValueError("cache: largest is at least 1 byte, and longest more than 0 seconds")


@dataclass(frozen=True, slots=True)
class Reuse:
    """`[services.NAME.operations.OPERATION]`: what a service does not say of an operation's answers, in seconds.

    They stay `fresh` for so long where the answer does not say how long; with it, safe lookups by POST are kept too.
    `shared`: they are the same for every caller, whose credentials then tell no answers apart. They may be used stale
    while another is fetched (`stale_while_revalidate`) or where none can be had (`stale_if_error`), unless the answer
    says otherwise (RFC 5861). `fallback` is for how long they are kept so that fallbacks find them; the table does
    not say that. Raises ValueError for less than nothing.
    """

    fresh: float | None = None
    shared: bool = False
    stale_while_revalidate: float | None = None
    stale_if_error: float | None = None
    fallback: float = 0.0

    def __post_init__(self) -> None:
        for stated in (self.fresh, self.stale_while_revalidate, self.stale_if_error):
            if stated is not None and stated < 0:
                raise ValueError("fresh and the windows of stale answers are not less than 0 seconds")


UNSAID = Reuse()
"""Of an operation of which a project says nothing."""
