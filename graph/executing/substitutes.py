"""How a client is told that a service did not answer for itself: `extensions.stale` and `extensions.constant`.

`graph/executing/lanes.py` adds these to an answer of any lane. What was used stands in the request's lifetime
(`resolvers/loading/lifetime.py`), whether a fallback gave it or the cache did by the service's own leave (RFC 5861).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from resolvers.loading.lifetime import Lifetime

STALE: Final = "stale"
CONSTANT: Final = "constant"
_NONE: Final[Mapping[str, Any]] = {}


def substituted(lifetime: Lifetime, *, detail: bool) -> Mapping[str, Any]:
    """The extensions: under `stale` the `age` of the oldest such answer, in whole seconds, and under `constant` a
    `count` of operations; with `detail` both with `calls`, one for each operation. Empty where all is as services
    answered it.
    """
    used = lifetime.substitutes
    if not used:
        return _NONE
    stale = [(*what[:2], int(age)) for what, age in used.items() if not what[2]]
    constant = [what[:2] for what in used if what[2]]
    told: dict[str, Any] = {}
    if stale:
        told[STALE] = {"age": max(age for _, _, age in stale)}
        if detail:
            told[STALE]["calls"] = _calls(("service", "operation", "age"), stale)
    if constant:
        told[CONSTANT] = {"count": len(constant)}
        if detail:
            told[CONSTANT]["calls"] = _calls(("service", "operation"), constant)
    return told


def _calls(names: tuple[str, ...], used: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(names, one, strict=True)) for one in sorted(used)]
