"""What customers pay with: cards and accounts, each known to the payments service by a token.

The tokens are the test methods of `payments.py`, so that what is shown at checkout does what its label says.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import msgspec
from aiohttp import web

from .application import answer
from .checks import Parameters
from .database import marks
from .security import CALLER
from .seed import CALLERS, SeedUser

TABLE = """
    CREATE TABLE methods (
        tenant TEXT NOT NULL, customer_id TEXT NOT NULL, token TEXT NOT NULL, method TEXT NOT NULL,
        PRIMARY KEY (tenant, customer_id, token)
    ) STRICT, WITHOUT ROWID
    """
MOST_CUSTOMERS = 50


class Card(msgspec.Struct, frozen=True, tag_field="kind", tag="card"):
    """A payment card; `expires` is a month."""

    token: str
    customer_id: str
    label: str
    last_four: str
    expires: str


class Account(msgspec.Struct, frozen=True, tag_field="kind", tag="account"):
    """A bank account."""

    token: str
    customer_id: str
    label: str
    iban: str


Method: TypeAlias = Card | Account


class PaymentMethods:
    """The methods of all tenants, in the payments service's own database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def of_customers(self, tenant: str, customer_ids: Sequence[str]) -> list[Method]:
        """What these customers of the tenant pay with, by customer and token."""
        rows = self._connection.execute(
            "SELECT method FROM methods "
            f"WHERE tenant = ? AND customer_id IN ({marks(customer_ids)}) "  # Question marks only.
            "ORDER BY customer_id, token",
            [tenant, *customer_ids],
        )
        return [msgspec.json.decode(row["method"], type=Method) for row in rows]


PAYMENT_METHODS = web.AppKey("methods", PaymentMethods)


async def list_methods(request: web.Request) -> web.Response:
    """`listMethods`: what the named customers pay with."""
    parameters = Parameters(request)
    customer_ids = parameters.listed("customer_ids", most=MOST_CUSTOMERS, required=True)
    parameters.done()
    return answer(
        {"methods": request.app[PAYMENT_METHODS].of_customers(request[CALLER].tenant, customer_ids or [])}
    )


def fill(connection: sqlite3.Connection, customers: Iterable[SeedUser]) -> None:
    """Puts the methods of these customers into a new database."""
    connection.executemany(
        "INSERT INTO methods VALUES (?, ?, ?, ?)",
        [
            (customer.tenant, customer.id, method.token, msgspec.json.encode(method).decode())
            for number, customer in enumerate(customers, 1)
            for method in _methods(number, customer)
        ],
    )


def _methods(number: int, customer: SeedUser) -> Iterator[Method]:
    digits = f"{number * 7919 % 10_000:04d}"
    yield Card("pm_ok", customer.id, "My card", digits, "2029-04")
    if number in CALLERS:
        yield Card("pm_declined", customer.id, "A card that was blocked", digits[::-1], "2026-12")
    if number % 2:
        # No bank has the number 00000000.
        iban = f"DE0000000000{number:010d}"
        yield Account("pm_slow", customer.id, "My account, which takes its time", iban)
