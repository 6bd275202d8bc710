"""What clients ask: reads by whom they are for, and changes with a mark by which they are found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.soak.answers import Caller

ANA: Final = Caller("ana", "u-0001", sees_mail=True)
BRUNO: Final = Caller("bruno", "u-0002", sees_mail=False)
CARLA: Final = Caller("carla", "u-0003", sees_mail=False)
CALLERS: Final = (ANA, BRUNO, CARLA)


@dataclass(frozen=True, slots=True)
class Read:
    """A query, and who may send it; None is a visitor."""

    name: str
    query: str
    callers: tuple[Caller | None, ...]


READS: Final = (
    Read("me", "{ me { id name email city label } }", CALLERS),
    Read(
        "my orders",
        "{ me { id name orders(first: 4) { nodes { id status total customer { id name } } } } }",
        CALLERS,
    ),
    Read(
        "my payments",
        "{ me { id orders(first: 4) { nodes { id payments { id state amount } } } } }",
        (ANA, CARLA),
    ),
    Read(
        "my expenses",
        "{ me { id expenses(first: 4) { nodes { id amount merchant user { id name } category { name } } } } }",
        (ANA, CARLA),
    ),
    Read("my mail", "{ me { id emails(first: 3) { nodes { id subject } } } }", (ANA,)),
    Read(
        "orders of all",
        "{ orders(first: 8) { nodes { id total customer { id name city } } } }",
        CALLERS,
    ),
    Read("some people", '{ users(ids: ["u-0001", "u-0002", "u-0003"]) { nodes { id name } } }', CALLERS),
    Read(
        "spending",
        '{ me { id spending(fromMonth: "2026-08", toMonth: "2026-10") { month total category { name } } } }',
        (ANA, CARLA),
    ),
    Read("month", '{ monthlyReport(month: "2026-10") { month orders { count } owner { id name } } }', (ANA,)),
    Read("window", '{ bestsellers(month: "2026-10") { sku quantity } }', (None, BRUNO)),
)

EVERYBODY: Final = """
query($after: String) { users(first: 100, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } } }
"""
CHECKOUT: Final = """
mutation($key: ID, $method: String!, $price: Decimal!) {
  checkout(key: $key, cart: {currency: EUR, method: $method, lines: [{sku: "S-1", quantity: 1, unitPrice: $price}]}) {
    state reason order { id status } payment { id state amount }
  }
}"""
NULLABLE: Final = frozenset({"reason", "payment", "order"})
"""Of a checkout, without an error."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A change that carries a mark; `field` is its root field."""

    kind: str
    field: str
    query: str


MARKED: Final = (
    Marked(
        "order",
        "createOrder",
        'mutation($mark: String!) { createOrder(input: {customerId: "u-0001", currency: EUR, note: $mark, '
        'lines: [{sku: "S-2", quantity: 2, unitPrice: "1.25"}]}) { id } }',
    ),
    Marked(
        "expense",
        "noteExpense",
        'mutation($mark: String!) { noteExpense(input: {categoryId: "housing", amount: "3.10", '
        'spentOn: "2026-09-30", merchant: $mark}) { id } }',
    ),
    Marked(
        "email",
        "sendEmail",
        'mutation($mark: String!) { sendEmail(input: {recipientId: "u-0001", to: "ana@example.org", '
        'subject: $mark, text: "."}) { id } }',
    ),
)


def document(query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A request's body."""
    return {"query": query, "variables": dict(variables or {})}
