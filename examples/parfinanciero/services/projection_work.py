"""The work of the projections service, one piece at a time: what was spent is asked of the expenses service, and
`holt.py` says what will be. What is asked for lies in the store, so that a restart loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from . import holt
from .options import ServiceOptions, timestamp
from .projection_store import Owned, ProjectedMonth, Projection, ProjectionStore
from .service_client import PeerUnavailable, ServiceClient

LOG = logging.getLogger("parfinanciero")
HISTORY = 24
"""Months that are looked back at, from the one of the latest expense."""
CENT = Decimal("0.01")
PAUSE_SECONDS = 1.0
T = TypeVar("T")


class _Newest(msgspec.Struct):
    spent_on: str


class _Expenses(msgspec.Struct):
    expenses: list[_Newest]


class _Total(msgspec.Struct):
    month: str
    total: Decimal


class _Totals(msgspec.Struct):
    totals: list[_Total]


class Work:
    """Works while its block runs. `wake` after something was added to the store."""

    def __init__(self, store: ProjectionStore, expenses: ServiceClient, options: ServiceOptions) -> None:
        self._store = store
        self._expenses = expenses
        self._options = options
        self._more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """There is more to do."""
        self._more.set()

    async def __aenter__(self) -> Work:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._more.clear()
            while (owned := self._store.next_pending()) is not None:
                # A model of the size that people call AI takes its time; this one is told to.
                await self._options.pause(self._options.work_seconds)
                try:
                    self._store.settle(await self._worked_out(owned))
                except PeerUnavailable:
                    LOG.warning("expenses do not answer: projections wait")
                    await self._options.pause(PAUSE_SECONDS)
            await self._more.wait()

    async def _worked_out(self, owned: Owned) -> Projection:
        asked = owned.projection
        values, last = await self._history(owned.tenant, asked.user_id)
        ready_at = timestamp(self._options.now())
        return settled(asked, values, last, ready_at)

    async def _history(self, tenant: str, user_id: str) -> tuple[list[Decimal], str]:
        """What the user spent in each month up to that of the latest expense, and that month."""
        query = {"user_id": user_id, "limit": "1"}
        newest = await self._read("/v1/expenses", tenant, query, _Expenses)
        if not newest.expenses:
            return [], ""
        last = newest.expenses[0].spent_on[:7]
        query = {"user_ids": user_id, "from_month": later(last, 1 - HISTORY), "to_month": last}
        told = await self._read("/v1/totals", tenant, query, _Totals)
        by_month: dict[str, Decimal] = {}
        for one in told.totals:
            by_month[one.month] = by_month.get(one.month, Decimal(0)) + one.total
        return series(by_month, last), last

    async def _read(self, path: str, tenant: str, query: Mapping[str, str], kind: type[T]) -> T:
        answer = await self._expenses.send("GET", path, tenant, query=query)
        if answer.status != 200:
            raise PeerUnavailable(f"expenses answered {answer.status}")
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except msgspec.MsgspecError as error:
            raise PeerUnavailable("expenses answered something else") from error


WORK: Final = web.AppKey("work", Work)


def series(by_month: Mapping[str, Decimal], last: str) -> list[Decimal]:
    """The months from the first with an expense to `last`; one without any counts as nothing spent."""
    first = min(by_month, default=last)
    months = [later(last, -back) for back in range(HISTORY - 1, -1, -1)]
    return [by_month.get(month, Decimal(0)) for month in months if month >= first]


def settled(asked: Projection, values: Sequence[Decimal], last: str, ready_at: str) -> Projection:
    """What comes out of one: ready, or failed where there is too little to tell a trend from."""
    if len(values) < holt.FEWEST:
        reason = f"a projection needs {holt.FEWEST} months with expenses"
        return msgspec.structs.replace(asked, state="failed", ready_at=ready_at, reason=reason)
    model = holt.fit([float(one) for one in values])
    months = [
        ProjectedMonth(
            later(last, step), *(_money(one) for one in (outlook.expected, outlook.low, outlook.high))
        )
        for step, outlook in enumerate(holt.ahead(model, asked.months_asked), 1)
    ]
    return msgspec.structs.replace(asked, state="ready", ready_at=ready_at, months=months)


def later(month: str, months: int) -> str:
    """The month (`YYYY-MM`) that is so many after `month`, or before it where the number is negative."""
    year, number = map(int, month.split("-"))
    year, number = divmod(year * 12 + number - 1 + months, 12)
    return f"{year:04d}-{number + 1:02d}"


def _money(value: float) -> Decimal:
    return Decimal(value).quantize(CENT)
