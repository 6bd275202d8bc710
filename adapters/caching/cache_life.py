"""Whether an answer may be kept, for whom and for how long (RFC 9111, sections 3, 4.2 and 5.2; RFC 5861). Pure: the
clock's readings are arguments, in seconds since 1970.

`adapters/caching/cache.py` asks for each answer to a read. The stricter of service and project holds: a project
adds where the service is silent, and never overrules `no-store`, `private` or a life that is stated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters.caching.cache_control import Directives, delta_seconds, directives
from adapters.caching.cache_rule import CacheRule, Reuse
from adapters.http_date import http_date
from adapters.messages import Response

UNDERSTOOD: Final = frozenset({200, 203, 204, 300, 301, 308, 404, 405, 410, 414})
"""Statuses of answers that are kept: they tell of the resource. Others tell of a caller, a moment or a trouble; a
service that marks all it sends alike would have those kept by accident."""

_SHARE_OF_AGE: Final = 0.1  # RFC 9111, section 4.2.2, has it for typical
_FOR_VALIDATION: Final = 3600.0
"""Seconds that an answer with a validator is kept beyond its life, for a 304 is cheaper than the answer anew."""


@dataclass(frozen=True, slots=True)
class Life:
    """How an answer may be used. `age` is what it had when it was received, and `fresh` the age at which it is no
    longer fresh; then it may be used for `meanwhile` seconds while another is fetched, and for `on_error` where none
    can be had; not at all where it is `never_stale`. `as_stated`: the answer's own windows are all there is, whatever
    a caller or a project would put up with. `shared`: by all callers, not by its own alone. `fallback`: seconds past
    its freshness for which declared fallbacks may use it.
    """

    age: float
    fresh: float
    meanwhile: float
    on_error: float
    never_stale: bool
    as_stated: bool
    shared: bool
    fallback: float = 0.0


def may_be_kept(response: Response, rule: CacheRule, reuse: Reuse) -> bool:
    """Whether it is worth asking for the answer's life: a quick no for those that say nothing, which are most."""
    headers = response.headers
    stated = "cache-control" in headers or "expires" in headers
    return (
        stated
        or reuse.fresh is not None
        or reuse.fallback > 0
        or (rule.heuristic and "last-modified" in headers)
    )


def life_of(
    response: Response, rule: CacheRule, reuse: Reuse, *, authorized: bool, asked: float, received: float
) -> Life | None:
    """How the answer may be used; None where it must not be kept, or not by this cache.

    `authorized`: the request carried somebody's credentials, or would have if its caller had any, so that the answer
    is for its caller alone unless it says otherwise (RFC 9111, section 3.5). `asked` and `received` are when the
    request left and the answer came.
    """
    said = directives(response.headers.get("cache-control"))
    if response.status not in UNDERSTOOD or response.moved or len(response.body) > rule.largest:
        return None
    if "no-store" in said and "must-understand" not in said:  # section 5.2.2.3
        return None
    if "*" in response.headers.get("vary", ""):  # section 4.1: no request matches it
        return None
    if not _legible(response.headers):
        return None
    shared = _shared(said, reuse, authorized=authorized)
    if not shared and not rule.private:
        return None
    fresh = _fresh(response, said, rule, reuse, shared=shared, received=received)
    if fresh is None:
        return None
    strict = "must-revalidate" in said or "no-cache" in said or (shared and "proxy-revalidate" in said)
    # Section 5.2.2.10: as strict, but for what the answer itself allows.
    as_stated = shared and "s-maxage" in said
    life = Life(
        age=initial_age(response.headers, asked, received),
        fresh=min(fresh, rule.longest),
        meanwhile=_window(
            said, "stale-while-revalidate", None if as_stated else reuse.stale_while_revalidate
        ),
        on_error=_window(said, "stale-if-error", None if as_stated else reuse.stale_if_error),
        never_stale=strict,
        as_stated=as_stated,
        shared=shared,
        fallback=window_of_fallback(said, reuse.fallback, as_stated=as_stated),
    )
    return life if kept_for(life, response.headers, rule) > 0 else None


def kept_for(life: Life, headers: Mapping[str, str], rule: CacheRule) -> float:
    """Seconds from now for which the answer may be of any use."""
    stale = 0.0 if life.never_stale else max(life.meanwhile, life.on_error, life.fallback)
    if "etag" in headers or "last-modified" in headers:
        stale = max(stale, _FOR_VALIDATION)
    return min(max(life.fresh - life.age, 0.0) + stale, rule.longest)


def initial_age(headers: Mapping[str, str], asked: float, received: float) -> float:
    """The age of an answer when it was received (RFC 9111, section 4.2.3), in seconds. Both readings of it are
    taken, by `Date` and by `Age` and the time of the exchange, and the greater holds.
    """
    date = http_date(headers.get("date", ""), received)
    # A date is cut to whole seconds: what is less than one is no age.
    apparent = 0.0 if date is None else float(max(0, int(received) - int(date)))
    # Section 5.1: of several the first, and none of what is no number.
    told = delta_seconds(headers.get("age", "").partition(",")[0].strip()) or 0
    return max(apparent, told + max(0.0, received - asked))


def _shared(said: Directives, reuse: Reuse, *, authorized: bool) -> bool:
    if "private" in said:
        return False
    # Section 3.5 would let `must-revalidate` share it too. Services say that of every answer and mean no such thing.
    return not authorized or "public" in said or "s-maxage" in said or reuse.shared


def _legible(headers: Mapping[str, str]) -> bool:
    """Whether the headers are text: a byte that is no UTF-8, as it may come from a wire, has no place in an entry."""
    try:
        "".join((*headers, *headers.values())).encode()
    except UnicodeEncodeError:
        return False
    return True


def _fresh(
    response: Response, said: Directives, rule: CacheRule, reuse: Reuse, *, shared: bool, received: float
) -> float | None:
    """The age at which it is no longer fresh (RFC 9111, section 4.2.1); None for an answer not to be kept."""
    headers = response.headers
    if (
        "no-cache" in said
    ):  # section 5.2.2.4: never without asking, and what it says of fields is meant for all
        return 0.0
    stated = said.seconds("s-maxage") if shared else None
    stated = said.seconds("max-age") if stated is None else stated
    if stated is not None:
        return float(stated)
    if "expires" in headers:
        expires = http_date(headers["expires"], received)
        date = http_date(headers.get("date", ""), received)
        return 0.0 if expires is None else max(0.0, expires - (int(received) if date is None else date))
    if reuse.fresh is not None and 200 <= response.status < 300:
        return reuse.fresh
    changed = http_date(headers.get("last-modified", ""), received) if rule.heuristic else None
    if changed is not None:
        return max(0.0, received - changed) * _SHARE_OF_AGE
    # It says something, if not how long: kept to be asked about, which needs a validator. Where it says nothing, its
    # status lets it be kept (section 3), which is done for the sake of fallbacks alone.
    kept = said.said or (reuse.fallback > 0 and 200 <= response.status < 300)
    return 0.0 if kept else None


def window_of_fallback(said: Directives, declared: float, *, as_stated: bool) -> float:
    """Seconds past its freshness for which an answer may stand in for another, as a project declares it: what the
    service says of that holds, and what it shuts out is shut out (RFC 5861, section 4; RFC 9111, section 5.2.2.10).
    """
    stated = said.seconds("stale-if-error")
    if stated is not None:
        return float(stated)
    return 0.0 if as_stated else declared


def _window(said: Directives, name: str, project: float | None) -> float:
    stated = said.seconds(name)
    return float(stated) if stated is not None else (project or 0.0)
