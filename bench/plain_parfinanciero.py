"""The bundled project as somebody writes it by hand with plain Strawberry, as far as the wide operation asks for it.

    USERS_URL=… python bench/plain_parfinanciero.py PORT

Rows stay the dictionaries that services answer, and batches go through aiodataloaders. The caller's token is read and
not checked; nobody's rights are; no value is checked against a contract. So it does less than the project does.
A part of `bench/gateway_operations.py` that is new needs its types here.
"""

# ruff: noqa: D101 - the types are those that the contracts describe

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import aiohttp
import strawberry
import uvloop
from strawberry.schema.config import StrawberryConfig

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.plain_loads import Parfinanciero, Row  # noqa: E402  # after the path
from bench.plain_services import Services, Tokens  # noqa: E402
from bench.plain_strawberry import CACHES, PlainView, serve  # noqa: E402
from bench.plain_types import (  # noqa: E402
    ArticleFigures,
    Category,
    ComparedMonth,
    Line,
    OrderFigures,
    PaymentFigures,
    Profile,
    ProjectedMonth,
    Receipt,
    Turnover,
)

Info = strawberry.Info[Parfinanciero, None]


def read(row: Any, name: str) -> Any:
    """A member of a row; absent ones are null."""
    return row.get(name)


def nodes(rows: Iterable[Row], total: int | None = None) -> Row:
    """A connection."""
    return {"nodes": list(rows), "total_count": total}


def shouted(name: str) -> Callable[[Any], str]:
    """A resolver of an enum's word, as GraphQL writes it."""

    def resolve(root: Any) -> str:
        return str(root[name]).upper()

    return resolve


async def _category(root: Any, info: Info) -> Any:
    return await info.context.categories.load(root["category_id"])


async def _receipt(root: Any, info: Info) -> Any:
    return await info.context.objects.load(root["receipt_id"]) if root["receipt_id"] else None


@strawberry.type
class Expense:
    id: strawberry.ID
    amount: str
    merchant: str
    category: Category | None = strawberry.field(resolver=_category)
    receipt: Receipt | None = strawberry.field(resolver=_receipt)


@strawberry.type
class Expenses:
    nodes: list[Expense]


@strawberry.type
class Spending:
    month: strawberry.ID
    total: str
    count: int
    category: Category | None = strawberry.field(resolver=_category)


async def _compared(root: Any, info: Info) -> Any:
    months = root["months"]
    span = f"&from_month={months[0]['month']}&to_month={months[-1]['month']}"
    totals = (await info.context.get("expenses", f"/v1/totals?user_ids={root['user_id']}{span}"))["totals"]
    spent: dict[str, Decimal] = {}
    for one in totals:
        spent[one["month"]] = spent.get(one["month"], Decimal(0)) + Decimal(one["total"])
    return [{"month": one["month"], "actual": spent.get(one["month"])} for one in months]


@strawberry.type
class Projection:
    id: strawberry.ID
    state: str = strawberry.field(resolver=shouted("state"))
    months: list[ProjectedMonth]
    compared: list[ComparedMonth] = strawberry.field(resolver=_compared)


@strawberry.type
class Email:
    id: strawberry.ID
    subject: str
    state: str = strawberry.field(resolver=shouted("state"))
    created_at: str


@strawberry.type
class Emails:
    nodes: list[Email]


@strawberry.type
class Payment:
    id: strawberry.ID
    state: str = strawberry.field(resolver=shouted("state"))
    amount: str
    method: str


async def _customer(root: Any, info: Info) -> Any:
    return await info.context.users.load(root["customer_id"])


async def _paid(root: Any, info: Info) -> Any:
    return await info.context.payments.load(root["id"])


async def _owner(root: Any, info: Info) -> Any:
    return await info.context.users.load(root["owner_id"]) if root["owner_id"] else None


@strawberry.type
class User:
    id: strawberry.ID
    name: str
    email: str | None
    status: str = strawberry.field(resolver=shouted("status"))
    profile: Profile | None

    @strawberry.field
    @staticmethod
    def city(root: strawberry.Parent[Any]) -> str | None:
        """Where the customer lives."""
        return root["profile"]["address"]["city"] if root.get("profile") else None

    @strawberry.field
    @staticmethod
    def loyalty_points(root: strawberry.Parent[Any]) -> str:
        """More than 32 bits."""
        return str(root["loyalty_points"])

    @strawberry.field
    @staticmethod
    async def orders(root: strawberry.Parent[Any], info: Info, first: int) -> Orders:
        """The newest first."""
        page = await info.context.get("orders", f"/v1/orders?customer_id={root['id']}&limit={first}")
        return nodes(page["items"], page["total"])  # type: ignore[return-value] # rows stand for objects

    @strawberry.field
    @staticmethod
    async def expenses(root: strawberry.Parent[Any], info: Info, first: int) -> Expenses:
        """The newest first."""
        page = await info.context.get("expenses", f"/v1/expenses?user_id={root['id']}&limit={first}")
        return nodes(page["expenses"])  # type: ignore[return-value] # rows stand for objects

    @strawberry.field
    @staticmethod
    async def spending(
        root: strawberry.Parent[Any], info: Info, from_month: str, to_month: str
    ) -> list[Spending]:
        """By month and category."""
        span = f"&from_month={from_month}&to_month={to_month}"
        found = await info.context.get("expenses", f"/v1/totals?user_ids={root['id']}{span}")
        return found["totals"]  # type: ignore[no-any-return] # rows stand for objects

    @strawberry.field
    @staticmethod
    async def projection(root: strawberry.Parent[Any], info: Info) -> Projection | None:
        """The latest."""
        found = await info.context.get("projections", f"/v1/projections?user_ids={root['id']}")
        return next(iter(found["projections"]), None)

    @strawberry.field
    @staticmethod
    async def emails(root: strawberry.Parent[Any], info: Info, first: int) -> Emails:
        """The newest first."""
        path = f"/v1/emails?filter[recipient]={root['id']}&amount={first}"
        return nodes((await info.context.get("notifications", path))["emails"])  # type: ignore[return-value] # rows


@strawberry.type
class Order:
    id: strawberry.ID
    status: str = strawberry.field(resolver=shouted("status"))
    currency: str
    total: str
    placed_at: str
    lines: list[Line]
    customer: User | None = strawberry.field(resolver=_customer)
    payments: list[Payment] | None = strawberry.field(resolver=_paid)


@strawberry.type
class Orders:
    nodes: list[Order]
    total_count: int | None


@strawberry.type
class MonthlyReport:
    month: strawberry.ID
    turnover: list[Turnover]
    orders: OrderFigures
    payments: PaymentFigures
    top_articles: list[ArticleFigures]
    owner: User | None = strawberry.field(resolver=_owner)


@strawberry.type
class Reports:
    nodes: list[MonthlyReport]


@strawberry.type
class Query:
    @strawberry.field
    async def me(self, info: Info) -> User | None:
        """The caller."""
        found = await info.context.get("users", f"/v1/users/{info.context.services.subject}")
        return found["data"]  # type: ignore[no-any-return] # rows stand for objects

    @strawberry.field
    async def orders(self, info: Info, first: int) -> Orders:
        """The newest first."""
        page = await info.context.get("orders", f"/v1/orders?limit={first}")
        return nodes(page["items"], page["total"])  # type: ignore[return-value] # rows stand for objects

    @strawberry.field
    async def monthly_reports(self, info: Info, first: int) -> Reports:
        """The newest first."""
        return nodes(await info.context.get("reports", f"/v2/reports?limit={first}"))  # type: ignore[return-value] # rows


async def main(port: int) -> None:
    """Serve Parfinanciero."""
    async with aiohttp.ClientSession() as session:
        tokens = Tokens(session, os.environ)
        schema = strawberry.Schema(
            Query, config=StrawberryConfig(default_resolver=read), extensions=list(CACHES)
        )
        view = PlainView(schema, lambda token: Parfinanciero(Services(session, tokens, os.environ, token)))
        await serve(view, port)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
