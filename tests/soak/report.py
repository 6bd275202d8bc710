"""A soak's outcome in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from tests.soak.soak import Outcome

_MOST: Final = 30


def report(outcome: Outcome) -> Iterator[str]:
    """Line by line: what happened, what was measured, and what did not hold."""
    soaked = outcome.soaked
    books, told = soaked.books, soaked.figures
    yield f"{outcome.spells} spells in {outcome.seconds:g} seconds of weather"
    yield f"answers: {_counts(books.answers)}; {books.stale} of them with something stale"
    yield f"errors: {_counts(books.codes) or 'none'}"
    yield f"checkouts: {_counts(Counter(str(one.outcome) for one in books.purchases.values()))}"
    yield f"other changes: {_counts(Counter(one.told.value for one in books.changes))}"
    yield f"payments in the ledger: {len(soaked.ledger.payments)}"
    retries = told.all("stolon_upstream_retries_total")
    calls = told.all("stolon_upstream_calls_total") + told.all("stolon_upstream_failures_total")
    kept = told.by("stolon_upstream_cache_total", "outcome")
    yield f"calls: {calls:g}, of which {retries:g} tried again; the caches: {_figures(kept)}"
    yield f"breakers opened: {told.all('stolon_breaker_opened_total'):g}"
    before, after = soaked.before, soaked.after
    yield f"memory: {before.resident / 2**20:.1f} MiB before, {after.resident / 2**20:.1f} MiB after"
    yield f"sockets: {before.sockets} before, {after.sockets} after"
    if not outcome.broken:
        yield "everything held"
    for one in outcome.broken[:_MOST]:
        yield f"DID NOT HOLD: {one}"
    if len(outcome.broken) > _MOST:
        yield f"and {len(outcome.broken) - _MOST} more"


def _counts(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items()))


def _figures(told: Mapping[str, float]) -> str:
    return ", ".join(f"{count:g} {name}" for name, count in sorted(told.items()))
