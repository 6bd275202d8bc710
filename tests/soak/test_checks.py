"""What a soak looks at: each rule is broken once, and seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.soak.answers import faults
from tests.soak.books import Books, Change, Ledger, Paid, Purchase, Told
from tests.soak.checks import MEMORY, SOCKETS, Soaked, broken
from tests.soak.gauges import Figures, Gauge
from tests.soak.questions import ANA, BRUNO

NAMES = {"u-0001": "Ana", "u-0002": "Bruno"}


def bought(*states: str, payments: set[str] | None = None) -> Purchase:
    return Purchase("u-0001", "k", "1.10", "pm_ok", list(states), payments or set())


def soaked(
    purchase: Purchase | None = None,
    paid: Paid | None = None,
    change: Change | None = None,
    made: tuple[str, ...] = (),
    samples: Mapping[tuple[str, str], float] | None = None,
    **more: Any,
) -> Soaked:
    """A soak in which all held, but for what is said."""
    books = Books()
    if purchase is not None:
        books.purchases[purchase.name] = purchase
    if change is not None:
        books.changes.append(change)
    payments = {} if paid is None else {bought().name: paid}
    marked = {} if change is None else {(change.kind, change.mark): made}
    told = {("stolon_breaker_opened_total", "users"): 1.0, **(samples or {})}
    figures = Figures({(name, frozenset({("service", one)})): value for (name, one), value in told.items()})
    whole = Soaked(
        books, Ledger(payments, {"o1": "pending"}, marked), figures, Gauge(0, 0), Gauge(0, 0), (), ()
    )
    return replace(whole, **more)


CAPTURED = Paid("p1", "o1", "captured", "1.1")


@pytest.mark.parametrize(
    ("purchase", "paid"),
    [
        (bought("PAID", payments={"p1"}), CAPTURED),
        (bought("UNKNOWN", "PAID", payments={"p1"}), CAPTURED),
        (bought("PAID", "UNKNOWN", payments={"p1"}), CAPTURED),
        (bought("REFUSED"), Paid("p1", "o1", "failed", "1.10")),
        (bought("NOT_PAID"), None),
    ],
)
def test_what_was_told_and_what_is_so_may_be_one(purchase: Purchase, paid: Paid | None):
    """Then there is nothing to tell."""
    assert list(broken(soaked(purchase, paid))) == []


@pytest.mark.parametrize(
    ("purchase", "paid", "begins"),
    [
        (bought("PAID", payments={"p1"}), None, "told PAID, but the ledger has None"),
        (bought("NOT_PAID"), CAPTURED, "told NOT_PAID, but the ledger has Paid"),
        (bought("PAID", "NOT_PAID"), None, "told paid, and then not"),
        (bought("UNKNOWN"), CAPTURED, "nobody could say what became of a checkout"),
        (None, CAPTURED, "a payment that nobody asked for"),
        (bought("PAID"), replace(CAPTURED, amount="2"), "another amount was paid"),
        (bought("PAID", payments={"p2"}), CAPTURED, "another payment was told than the ledger's p1"),
        (bought("PAID"), replace(CAPTURED, order="o2"), "paid for an order that is None"),
    ],
)
def test_a_ledger_that_says_otherwise_is_seen(purchase: Purchase | None, paid: Paid | None, begins: str):
    """A lost payment, one too many, and one that is not what was told."""
    (found,) = broken(soaked(purchase, paid))
    assert found.startswith(begins)


@pytest.mark.parametrize(
    ("told", "made", "begins"),
    [
        (Told.MADE, ("a",), None),
        (Told.MADE, (), "told made, and lost"),
        (Told.MADE, ("b",), "told made, and lost"),
        (Told.MADE, ("a", "b"), "made 2 times"),
        (Told.NOT_MADE, (), None),
        (Told.NOT_MADE, ("a",), "told not made, and made"),
        (Told.OPEN, (), None),
        (Told.OPEN, ("a",), None),
        (Told.OPEN, ("a", "b"), "made 2 times"),
    ],
)
def test_a_change_is_what_was_told_of_it(told: Told, made: tuple[str, ...], begins: str | None):
    """Once, not at all, or either."""
    found = list(broken(soaked(change=Change("order", "m", told, "a"), made=made)))
    assert [one.startswith(begins or "?") for one in found] == ([] if begins is None else [True])


@pytest.mark.parametrize(
    ("samples", "begins"),
    [
        ({("stolon_breaker_opened_total", "users"): 0.0}, "no breaker opened"),
        ({("stolon_breakers_not_closed", "users"): 1.0}, "users: a breaker is not closed"),
        (
            {("stolon_upstream_in_flight", "users"): 1.0},
            "users: stolon_upstream_in_flight is 1 though nobody asks",
        ),
        ({("stolon_requests_in_flight", "users"): 1.0}, "requests are in flight though nobody asks"),
        (
            {
                ("stolon_upstream_retries_total", "users"): 31.0,
                ("stolon_upstream_calls_total", "users"): 231.0,
            },
            "users: 31 retries of 200 calls",
        ),
    ],
)
def test_figures_that_must_not_be_are_seen(samples: Mapping[tuple[str, str], float], begins: str):
    """Breakers, what is under way, and the budget of retries: 10 and a tenth."""
    assert list(broken(soaked(samples=samples))) == [begins]
    within = {
        ("stolon_upstream_retries_total", "users"): 30.0,
        ("stolon_upstream_calls_total", "users"): 230.0,
    }
    assert list(broken(soaked(samples=within))) == []


@pytest.mark.parametrize(
    ("more", "begins"),
    [
        ({"after": Gauge(0, SOCKETS + 1)}, "sockets did not return"),
        ({"after": Gauge(MEMORY + 1, 0)}, "memory did not return"),
        ({"unwell": ("me of ana",)}, "all is well again, but: me of ana"),
        ({"logged": ("{}",)}, "the gateway logged a defect: {}"),
    ],
)
def test_what_does_not_return_is_seen(more: dict[str, Any], begins: str):
    """Memory, sockets, and the services' health as clients see it."""
    (found,) = broken(soaked(**more))
    assert found.startswith(begins)


def test_what_must_not_be_is_told_with_how_often_and_an_example():
    """One line a kind."""
    made = soaked()
    for number in range(100):
        made.books.note("somebody else's data", f"case {number}")
    assert list(broken(made)) == ["somebody else's data: 100 times, such as case 0"]


def seen(answer: dict[str, Any], caller: Any = ANA) -> list[str]:
    return [kind for kind, _ in faults(answer, caller, NAMES, stale=60, nullable={"reason"})]


def error(*path: str | int, code: str = "UPSTREAM_ERROR") -> dict[str, Any]:
    return {"path": list(path), "extensions": {"code": code}}


@pytest.mark.parametrize(
    "answer",
    [
        {"data": {"me": {"id": "u-0001", "name": "Ana", "email": "a@b"}}},
        {"data": {"me": {"id": "u-0001", "reason": None}}},
        {"data": None, "errors": [error("me")]},
        {"data": {"orders": [{"customer": None}]}, "errors": [error("orders", 0, "customer", "name")]},
        {"data": {"me": {"orders": [{"customer": {"id": "u-0001", "name": "Ana"}}]}}},
        {"data": {"orders": [{"customer": {"id": "u-0002", "name": "Bruno"}}]}},
        {"data": {"x": 1}, "extensions": {"stale": {"age": 60}}},
    ],
)
def test_an_answer_as_it_must_be_is_none_to_tell_of(answer: dict[str, Any]):
    """Whole or in part."""
    assert seen(answer) == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"data": {"me": None}}, "a failed field without an error"),
        ({"data": {"me": {"a": None}}, "errors": [error("me", "b")]}, "an error of a field that has a value"),
        (
            {"data": {"a": 1, "b": None}, "errors": [error("b"), error("a")]},
            "an error of a field that has a value",
        ),
        ({"data": {}, "errors": [{"extensions": {"code": "CONFLICT"}}]}, "an error of no field"),
        (
            {"data": {"a": None}, "errors": [error("a", code="INTERNAL_SERVER_ERROR")]},
            "an error of a code that no service causes",
        ),
        ({"data": {"me": {"id": "u-0002"}}}, "somebody else's data"),
        ({"data": {"me": {"orders": [{"customer": {"id": "u-0002"}}]}}}, "somebody else's data"),
        ({"data": {"x": {"customer": {"id": "u-0001", "name": "Bruno"}}}}, "somebody has another's name"),
        ({"data": {"x": 1}, "extensions": {"stale": {"age": 61}}}, "an answer was staler than may be"),
    ],
)
def test_an_answer_that_must_not_be_is_told_of(answer: dict[str, Any], kind: str):
    """By what is wrong with it."""
    assert kind in seen(answer)


def test_mail_addresses_are_for_those_who_may_see_them():
    """Whoever is shown another's, or its own without the right, is told of."""
    answer = {"data": {"me": {"id": "u-0002", "email": "b@c"}}}
    assert seen(answer, BRUNO) == ["a mail address is shown to whom it is not for"]
