"""What must hold when a soak is over: each rule a function of what was heard, kept and measured. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from adapters.policies.retry_decision import Retry
from tests.soak.books import Books, Ledger, Purchase, Told
from tests.soak.gauges import Figures, Gauge

SOCKETS: Final = 8
"""So many more may be open than before: kept connections to services, as chance has it."""
MEMORY: Final = 32 << 20
"""So many bytes more may be resident: caches are bounded, but were not full yet."""
_CANCELLED: Final = "cancelled"
_SERVICE: Final = "service"


@dataclass(frozen=True, slots=True)
class Soaked:
    """All that is known when it is over. `before` the weather and `after` it the same was asked and nothing is under
    way; `unwell` are reads that had errors when all was well again.
    """

    books: Books
    ledger: Ledger
    figures: Figures
    before: Gauge
    after: Gauge
    unwell: tuple[str, ...]
    logged: tuple[str, ...]


def broken(soaked: Soaked) -> Iterator[str]:
    """What did not hold, one line each; nothing where all did."""
    for kind, noted in sorted(soaked.books.wrong.items()):
        yield f"{kind}: {soaked.books.wrongs[kind]} times, such as {noted[0]}"
    yield from _lost_or_doubled(soaked.books, soaked.ledger)
    yield from _changes(soaked.books, soaked.ledger)
    yield from _breakers(soaked.figures)
    yield from _retries(soaked.figures)
    yield from _returned(soaked)
    yield from (f"all is well again, but: {one}" for one in soaked.unwell)
    yield from (f"the gateway logged a defect: {one}" for one in soaked.logged)


def _lost_or_doubled(books: Books, ledger: Ledger) -> Iterator[str]:
    """The payments service's ledger equals what clients were told."""
    for name in ledger.payments.keys() - books.purchases.keys():
        yield f"a payment that nobody asked for: {ledger.payments[name]}"
    for name, purchase in books.purchases.items():
        paid = ledger.payments.get(name)
        captured = paid is not None and paid.state == "captured"
        if purchase.outcome is None:
            yield f"nobody could say what became of a checkout: {purchase}"
        elif (purchase.outcome == "PAID") is not captured:
            yield f"told {purchase.outcome}, but the ledger has {paid}: {purchase}"
        elif "PAID" in purchase.states and purchase.outcome != "PAID":
            yield f"told paid, and then not: {purchase}"
        if paid is not None and Decimal(paid.amount) != Decimal(purchase.amount):
            yield f"another amount was paid: {paid}, {purchase}"
        if captured and paid is not None:
            yield from _of_order(purchase, paid.id, paid.order, ledger)


def _of_order(purchase: Purchase, payment: str, order: str, ledger: Ledger) -> Iterator[str]:
    if purchase.payments - {payment}:
        yield f"another payment was told than the ledger's {payment}: {purchase}"
    status = ledger.orders.get(order)
    if status is None or status == _CANCELLED:
        yield f"paid for an order that is {status}: {purchase}"


def _changes(books: Books, ledger: Ledger) -> Iterator[str]:
    """What was told made is there, once; what was told not made is not; what was left open is there once at most."""
    for change in books.changes:
        found = ledger.marked.get((change.kind, change.mark), ())
        if len(found) > 1:
            yield f"made {len(found)} times: {change}"
        elif change.told is Told.MADE and found != (change.made,):
            yield f"told made, and lost: {change}, found {found}"
        elif change.told is Told.NOT_MADE and found:
            yield f"told not made, and made: {change}, found {found}"


def _breakers(figures: Figures) -> Iterator[str]:
    if not figures.all("stolon_breaker_opened_total"):
        yield "no breaker opened"
    for service, count in figures.by("stolon_breakers_not_closed", _SERVICE).items():
        if count:
            yield f"{service}: a breaker is not closed"


def _retries(figures: Figures) -> Iterator[str]:
    """Retries are at most `burst + share * calls`, of calls that are none themselves (docs/resilience.md)."""
    rule = Retry()
    answers = figures.by("stolon_upstream_calls_total", _SERVICE)
    failures = figures.by("stolon_upstream_failures_total", _SERVICE)
    for service, retried in figures.by("stolon_upstream_retries_total", _SERVICE).items():
        calls = answers.get(service, 0.0) + failures.get(service, 0.0) - retried
        if retried > rule.burst + rule.share * calls + 1e-9:
            yield f"{service}: {retried:g} retries of {calls:g} calls"


def _returned(soaked: Soaked) -> Iterator[str]:
    before, after = soaked.before, soaked.after
    if after.sockets > before.sockets + SOCKETS:
        yield f"sockets did not return: {before.sockets}, then {after.sockets}"
    if after.resident > before.resident + MEMORY:
        yield f"memory did not return: {before.resident >> 20} MiB, then {after.resident >> 20} MiB"
    for name in ("stolon_upstream_in_flight", "stolon_upstream_queued"):
        for service, count in soaked.figures.by(name, _SERVICE).items():
            if count:
                yield f"{service}: {name} is {count:g} though nobody asks"
    if soaked.figures.all("stolon_requests_in_flight"):
        yield "requests are in flight though nobody asks"
