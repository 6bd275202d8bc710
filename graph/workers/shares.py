"""What each of several workers may use of a limit that lives in a process. Pure.

`graph/workers/worker.py` serves with the settings so divided; `stolon check --workers N` says what they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import msgspec

from adapters.policies.breaker_state import BreakerRule
from adapters.policies.known_keys import Idempotency
from adapters.policies.limit_rule import LimitRule
from adapters.policies.rate import Rate
from adapters.service import OperationRules
from graph.settings.settings import Settings

DIVIDED: Final = ("connections", "streams")
"""Of `[limits]`."""
KEPT: Final = ("documents", "document_bytes")
"""Of `[limits]`, and of a process too: documents are parsed anew by each worker, so that each keeps as many."""


ENOUGH: Final = 5
"""Calls that a worker's breaker judges by at least, where the whole is not less."""


LEAST_MEMORY: Final = 1 << 16
"""Bytes that a worker has for cached answers at least."""


@dataclass(frozen=True, slots=True)
class Share:
    """A limit by its place in the project file: the whole of it, and what each worker has."""

    limit: str
    whole: int | Rate
    each: int | Rate

    def said(self, workers: int) -> str:
        """One line for people."""
        if self.each == self.whole and workers > 1:
            return f"{self.limit}: {self.whole} in each of {workers} workers"
        return f"{self.limit}: {self.whole}, of which each of {workers} workers has {self.each}"


def share(whole: int, workers: int) -> int:
    """What one of so many workers may use: at least 1, and together never less than the whole."""
    return max(1, -(-whole // workers))


def shares(settings: Settings, workers: int) -> Iterator[Share]:
    """Every limit that lives in a process, in the project file's order."""
    for name in DIVIDED:
        whole = getattr(settings.limits, name)
        yield Share(f"limits.{name}", whole, share(whole, workers))
    for name in KEPT:
        whole = getattr(settings.limits, name)
        yield Share(f"limits.{name}", whole, whole)
    yield Share("cache.bytes", settings.cache.bytes, _memory(settings.cache.bytes, workers))
    for name, service in settings.services.items():
        yield Share(f"services.{name}.connections", service.connections, share(service.connections, workers))
        burst = service.retry.burst
        yield Share(f"services.{name}.retry.burst", burst, share(burst, workers))
        memory = service.idempotency.memory
        yield Share(f"services.{name}.idempotency.memory", memory, _keys(service.idempotency, workers).memory)
        yield from _of_guards(f"services.{name}", service.breaker, service.limit, workers)
        for operation, rules in service.operations.items():
            place = f"services.{name}.operations.{operation}"
            yield from _of_guards(place, rules.breaker, rules.limit, workers)


def _of_guards(
    place: str, breaker: BreakerRule | None, limit: LimitRule | None, workers: int
) -> Iterator[Share]:
    if breaker is not None:
        yield Share(f"{place}.breaker.calls", breaker.calls, _breaker(breaker, workers).calls)
    if limit is None:
        return
    each = _limit(limit, workers)
    if limit.calls is not None and each.calls is not None:
        yield Share(f"{place}.limit.calls", limit.calls, each.calls)
    yield Share(f"{place}.limit.queue", limit.queue, each.queue)
    if limit.rate is not None and each.rate is not None:
        yield Share(f"{place}.limit.rate", limit.rate, each.rate)
    if limit.burst is not None and each.burst is not None:
        yield Share(f"{place}.limit.burst", limit.burst, each.burst)


def _breaker(rule: BreakerRule, workers: int) -> BreakerRule:
    """A worker sees its part of the calls, and judges by as many the fewer; but never by next to nothing."""
    return replace(rule, calls=min(rule.calls, max(ENOUGH, share(rule.calls, workers))))


def _keys(rule: Idempotency, workers: int) -> Idempotency:
    """A client's repetition may come to any worker: each remembers the keys that came to it."""
    return replace(rule, memory=max(1 << 10, share(rule.memory, workers)))


def _memory(whole: int, workers: int) -> int:
    return max(LEAST_MEMORY, share(whole, workers))


def _limit(rule: LimitRule, workers: int) -> LimitRule:
    """Rates are rounded down: they are their services' own, and together the workers must keep to them."""
    return replace(
        rule,
        calls=None if rule.calls is None else share(rule.calls, workers),
        queue=-(-rule.queue // workers),
        rate=None if rule.rate is None else rule.rate.shared(workers),
        burst=None if rule.burst is None else max(1, rule.burst // workers),
    )


def _rules(rules: OperationRules, workers: int) -> OperationRules:
    return replace(
        rules,
        breaker=None if rules.breaker is None else _breaker(rules.breaker, workers),
        limit=None if rules.limit is None else _limit(rules.limit, workers),
    )


def divided(settings: Settings, workers: int) -> Settings:
    """The settings of one of so many workers."""
    limits = {name: share(getattr(settings.limits, name), workers) for name in DIVIDED}
    services = {
        name: msgspec.structs.replace(
            service,
            connections=share(service.connections, workers),
            retry=replace(service.retry, burst=share(service.retry.burst, workers)),
            breaker=_breaker(service.breaker, workers),
            idempotency=_keys(service.idempotency, workers),
            limit=_limit(service.limit, workers),
            operations=MappingProxyType(
                {operation: _rules(rules, workers) for operation, rules in service.operations.items()}
            ),
        )
        for name, service in settings.services.items()
    }
    return msgspec.structs.replace(
        settings,
        limits=msgspec.structs.replace(settings.limits, **limits),
        services=MappingProxyType(services),
        cache=msgspec.structs.replace(settings.cache, bytes=_memory(settings.cache.bytes, workers)),
    )
