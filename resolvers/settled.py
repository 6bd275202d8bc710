"""Settled results and the slots that hold them: one slot for each thing asked for, however many fields ask.

Every waiter has a future of its own, so that the cancellation of one never reaches another; a failure settles
like any other result.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from resolvers.fault import Fault, FieldError

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Settled:
    """A value (None where there is nothing) or the fault that stands in its place."""

    value: Any = None
    fault: Fault | None = None

    def unwrap(self) -> Any:
        """The value. Raises a FieldError of its own for every caller."""
        if self.fault is not None:
            raise FieldError(self.fault)
        return self.value


ABSENT = Settled()

Ask: TypeAlias = "Settled | Future[Settled]"
"""What asking gives: at once what is settled already, else a future of the asker's own."""


class Slot:
    """The place of one result: settled once, read by any number of waiters."""

    __slots__ = ("_ended", "_loop", "_settled", "_waiters")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._settled: Settled | None = None
        self._ended = False
        self._waiters: list[Future[Settled]] = []

    def ask(self) -> Ask:
        """The result, or a new future for it."""
        if self._settled is not None:
            return self._settled
        waiter: Future[Settled] = self._loop.create_future()
        if self._ended:
            waiter.cancel()
        else:
            self._waiters.append(waiter)
        return waiter

    def settle(self, result: Settled) -> None:
        """Set the result and wake every waiter that still waits."""
        self._settled = result
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(result)

    def abandon(self) -> None:
        """The request ended: nobody will settle this slot."""
        self._ended = True
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.cancel()

    def land(self, done: Future[Settled], broken: Callable[[BaseException], Fault]) -> None:
        """Settle from a finished load; what it raised is a defect, and settles as `broken` says."""
        if done.cancelled():
            self.abandon()
            return
        raised = done.exception()
        if raised is None:
            self.settle(done.result())
        elif isinstance(raised, FieldError):
            self.settle(Settled(fault=raised.fault))
        else:
            self.settle(Settled(fault=broken(raised)))


def then(ask: Ask, use: Callable[[Settled], Value]) -> Any:
    """`use` of the result: at once where it is settled, else an awaitable of it."""
    if isinstance(ask, Settled):
        return use(ask)
    return _later(ask, use)


async def _later(ask: Future[Settled], use: Callable[[Settled], Value]) -> Value:
    return use(await ask)
