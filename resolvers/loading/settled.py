"""Settled results and the slots that hold them: one slot for each thing asked for, however many fields ask.

Every waiter has a future of its own, so that the cancellation of one never reaches another; a failure settles
like any other result.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

import msgspec

from resolvers.fault import Fault, FieldError

Value = TypeVar("Value")


class Settled(msgspec.Struct, frozen=True):
    """A value (None where there is nothing) or the fault that stands in its place.

    A Struct, since there is one for each key: a frozen dataclass would take several times as long.
    """

    value: Any = None
    fault: Fault | None = None

    def unwrap(self) -> Any:
        """The value. Raises a FieldError of its own for every caller."""
        if self.fault is not None:
            raise FieldError(self.fault)
        return self.value


ABSENT = Settled()


class Waiter(Protocol):
    """Who waits for a slot: a future, or what stands for one."""

    def done(self) -> bool: ...

    def set_result(self, result: Settled, /) -> None: ...

    def cancel(self) -> object: ...


Ask: TypeAlias = "Settled | Future[Settled]"
"""What asking gives: at once what is settled already, else a future of the asker's own."""


class Slot(msgspec.Struct, eq=False):
    """The place of one result: `settled` once, read by any number of waiters. (A Struct, as `Settled` is.)"""

    _loop: AbstractEventLoop
    settled: Settled | None = None
    _ended: bool = False
    _waiters: list[Waiter] | None = None

    def __repr__(self) -> str:
        return f"Slot(is_over={self.is_over})"

    @property
    def is_over(self) -> bool:
        """Whether there is a result, or never will be one."""
        return self._ended or self.settled is not None

    def ask(self) -> Ask:
        """The result, or a new future for it."""
        if self.settled is not None:
            return self.settled
        waiter: Future[Settled] = self._loop.create_future()
        self.tell(waiter)
        return waiter

    def tell(self, waiter: Waiter) -> None:
        """One more who waits for the result, which is not there yet."""
        if self._ended:
            waiter.cancel()
        elif self._waiters is None:
            self._waiters = [waiter]
        else:
            self._waiters.append(waiter)

    def settle(self, result: Settled) -> None:
        """Set the result and wake every waiter that still waits."""
        self.settled = result
        waiters = self._waiters
        if waiters is not None:
            self._waiters = None
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(result)

    def abandon(self) -> None:
        """The request ended: nobody will settle this slot."""
        self._ended = True
        waiters, self._waiters = self._waiters, None
        for waiter in waiters or ():
            waiter.cancel()

    def land(self, done: Future[Settled], broken: Callable[[BaseException], Fault]) -> None:
        """Settle from a finished load; what it raised is a defect, and settles as `broken` says."""
        if done.cancelled():
            self.abandon()
            return
        raised = done.exception()
        if raised is None:
            self.settle(done.result())
        else:
            self.fail(raised, broken)

    def fail(self, raised: BaseException, broken: Callable[[BaseException], Fault]) -> None:
        """Settle with what a load raised: a fault, or a defect, which is the fault that `broken` says."""
        self.settle(Settled(fault=raised.fault if isinstance(raised, FieldError) else broken(raised)))


class Landing:
    """A slot as aiodataloader sees it: where the result of one key lands, in the manner of a future."""

    __slots__ = ("_broken", "_slot")

    def __init__(self, slot: Slot, broken: Callable[[BaseException], Fault]) -> None:
        self._slot = slot
        self._broken = broken

    def done(self) -> bool:
        """Whether nothing can land any more."""
        return self._slot.is_over

    def set_result(self, result: Settled) -> None:
        """The key's result."""
        self._slot.settle(result)

    def set_exception(self, raised: BaseException) -> None:
        """What the load raised in its place."""
        self._slot.fail(raised, self._broken)

    def cancel(self) -> None:
        """The request ended."""
        if not self._slot.is_over:
            self._slot.abandon()


class _Countdown:
    """Waits for many slots with one future."""

    __slots__ = ("_future", "_left")

    def __init__(self, count: int, future: Future[None]) -> None:
        self._left = count
        self._future = future

    def done(self) -> bool:
        return self._future.done()

    def set_result(self, _: Settled) -> None:
        self._left -= 1
        if not self._left:
            self._future.set_result(None)

    def cancel(self) -> object:
        return self._future.cancel()


def together(slots: Sequence[Slot], loop: AbstractEventLoop) -> Future[None]:
    """A future of when all of these slots, none of which is settled, are."""
    future: Future[None] = loop.create_future()
    countdown = _Countdown(len(slots), future)
    for slot in slots:
        slot.tell(countdown)
    return future


def derived(
    asked: Future[Settled],
    use: Callable[[Settled], Settled],
    broken: Callable[[BaseException], Fault],
    loop: AbstractEventLoop,
) -> Future[Settled]:
    """A future of `use` of a result; what that raises is a defect, which settles as `broken` says."""
    made: Future[Settled] = loop.create_future()

    def landed(done: Future[Settled]) -> None:
        if made.done():
            return
        if done.cancelled():
            made.cancel()
            return
        try:
            found = use(done.result())
        except Exception as raised:  # noqa: BLE001 - whoever waits for it would wait for ever
            found = Settled(fault=broken(raised))
        made.set_result(found)

    asked.add_done_callback(landed)
    return made


def then(ask: Ask, use: Callable[[Settled], Value]) -> Any:
    """`use` of the result: at once where it is settled, else an awaitable of it."""
    if isinstance(ask, Settled):
        return use(ask)
    return _later(ask, use)


async def _later(ask: Future[Settled], use: Callable[[Settled], Value]) -> Value:
    return use(await ask)
