"""The tables within `[services.NAME]`, one for each policy of `adapters/stack.py` that has settings of its own,
and those within `[services.NAME.operations.OPERATION]`.

`graph/settings/settings.py` reads them with the service; each becomes the frozen settings of its policy as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from adapters.caching.cache_rule import CacheRule, Reuse
from adapters.policies.breaker_state import BreakerRule
from adapters.policies.fallback_rule import LONGEST, Fallback
from adapters.policies.known_keys import Idempotency
from adapters.policies.limit_rule import LimitRule
from adapters.policies.retry_decision import Retry
from adapters.service import OperationRules
from graph.settings import setting_kinds as kinds
from graph.settings.toml_document import Document


@dataclass(frozen=True, slots=True)
class _Table:
    """`silent` gives what an operation has whose table says nothing, of what the service has."""

    made: Callable[..., Any]
    readers: Mapping[str, kinds.Reader]
    silent: Callable[[Any], Any] = lambda settings: settings


TABLES: Final[Mapping[str, _Table]] = MappingProxyType(
    {
        "retry": _Table(
            Retry,
            {
                "retries": kinds.whole(0, 10),
                "share": kinds.share,
                "burst": kinds.whole(1, 10_000),
                "first": kinds.duration(0, 60),
                "longest": kinds.duration(0, 60),
                "retry_after": kinds.duration(0, 3600),
            },
        ),
        "breaker": _Table(
            BreakerRule,
            {
                "enabled": kinds.truth,
                "window": kinds.duration(1, 3600),
                "calls": kinds.whole(1, 1_000_000),
                "failures": kinds.share_of_some,
                "slow_after": kinds.duration(0.001, 3600),
                "slow": kinds.share_of_some,
                "pause": kinds.duration(0.1, 3600),
                "probes": kinds.whole(1, 1_000),
            },
        ),
        "limit": _Table(
            LimitRule,
            {
                "calls": kinds.whole(1, 100_000),
                "queue": kinds.whole(0, 1_000_000),
                "rate": kinds.rate,
                "burst": kinds.whole(1, 1_000_000),
                "learn": kinds.truth,
            },
            LimitRule.with_service,
        ),
        "idempotency": _Table(
            Idempotency, {"keep": kinds.duration(1, 86_400), "memory": kinds.size(1 << 10, 1 << 30)}
        ),
        "cache": _Table(
            CacheRule,
            {
                "enabled": kinds.truth,
                "private": kinds.truth,
                "heuristic": kinds.truth,
                "headers": kinds.one_of("all", "vary"),
                "largest": kinds.size(1, 1 << 30),
                "longest": kinds.duration(1, 31_536_000),
            },
        ),
    }
)
"""By the name of the table; also the name of the setting in `Service`. Every one has defaults for all its keys."""


OPERATIONS: Final = "operations"
"""The table of a service's operations that have something of their own."""
_OF_OPERATIONS: Final = ("breaker", "limit")
"""Which of the tables an operation may have."""
_FALLBACK: Final = "fallback"
_OF_FALLBACK: Final[Mapping[str, kinds.Reader]] = {
    "stale": kinds.duration(0.001, LONGEST),
    "constant": kinds.json_value,
}
"""What stands in the place of an operation's answers: `adapters.policies.fallback_rule.Fallback`."""
_REUSE: Final[Mapping[str, kinds.Reader]] = {
    "fresh": kinds.duration(0, 86_400),
    "shared": kinds.truth,
    "stale_while_revalidate": kinds.duration(0, 86_400),
    "stale_if_error": kinds.duration(0, 86_400),
}
"""What stands in an operation's own table of its answers: `adapters.caching.cache_rule.Reuse`."""
_OPERATION: Final[Mapping[str, kinds.Reader]] = {"timeout": kinds.duration(0.001, 3600), **_REUSE}


def tables_of(document: Document, path: tuple[str, ...]) -> dict[str, Any]:
    """What the tables within the service at `path` say, by name, without those that it has not."""
    made = {
        name: _made(document, (*path, name), table, table.made())
        for name, table in TABLES.items()
        if document.has(*path, name)
    }
    if document.has(*path, OPERATIONS):
        made[OPERATIONS] = MappingProxyType(dict(_operations(document, path, made)))
    return made


def _operations(
    document: Document, path: tuple[str, ...], service: Mapping[str, Any]
) -> Iterator[tuple[str, OperationRules]]:
    """The operations' own rules. What an operation's table does not say is as the service's table says."""
    for name in document.table((*path, OPERATIONS)):
        own = (*path, OPERATIONS, name)
        values = document.values(own, _OPERATION, (*_OF_OPERATIONS, _FALLBACK))
        for one in _OF_OPERATIONS:
            if document.has(*own, one):
                table = TABLES[one]
                silent = table.silent(service.get(one) or table.made())
                values[one] = _made(document, (*own, one), table, silent)
        if document.has(*own, _FALLBACK):
            values[_FALLBACK] = _fallback(document, (*own, _FALLBACK))
        values["reuse"] = Reuse(**{one: values.pop(one) for one in _REUSE if one in values})
        yield name, OperationRules(**values)


def _fallback(document: Document, path: tuple[str, ...]) -> Fallback | None:
    before = len(document.mistakes)
    values = document.values(path, _OF_FALLBACK)
    if not values and len(document.mistakes) == before:
        document.wrong(path, "expected stale, constant or both")
    return Fallback(**values) if values else None


def _made(document: Document, path: tuple[str, ...], table: _Table, silent: Any) -> Any:
    """The settings `silent` with what the table at the path says. What can't be together is the table's mistake."""
    before = len(document.mistakes)
    values = document.values(path, table.readers)
    try:
        return replace(silent, **values)
    except ValueError as wrong:
        if len(document.mistakes) == before:  # else it may be what is missing that does not fit
            document.wrong(path, str(wrong))
        return silent
