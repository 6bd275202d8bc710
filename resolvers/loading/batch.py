"""Batches: keys asked for one by one, loaded together, by aiodataloader with the store's own timing and
ownership.

There is no timer. A batch leaves when the loop has nothing else to add to it: after turns of the loop in
which no key was added to any batch of the request. aiodataloader by itself would split keys that arrive in
different turns, and start tasks that outlive the request.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future, Task
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Final, TypeAlias

from aiodataloader import DataLoader, Loader, dispatch_queue_batch

from resolvers.fault import Fault
from resolvers.loading.settled import Landing, Settled, Slot

# What a landed answer leads to is asked within the turn in which its waiters wake, at whatever depth. Resolvers of
# Python in between take turns: for their own tasks, for each await that waits for nothing outside, and, on a plan,
# for all of one step to have ended. Sixteen are room for three such levels on either lane; an idle loop turns that
# often in some ten microseconds, and a busy one is what a batch may wait for.
QUIET_TURNS: Final = 16
# Other work on the loop must not hold a batch back for ever.
MOST_TURNS: Final = 128

Start: TypeAlias = "Callable[[Coroutine[Any, Any, None]], Task[None]]"
"""Makes a task of a load, and owns it."""


class Batch(DataLoader[Hashable, Settled]):
    """The keys that wait to be loaded together. Results are kept by slots; `broken` makes the fault of what a load
    must not raise.
    """

    cache = False

    def __init__(
        self,
        load: Callable[[list[Hashable]], Coroutine[Any, Any, list[Settled]]],
        added: Callable[[Batch], None],
        broken: Callable[[BaseException], Fault],
        loop: AbstractEventLoop,
    ) -> None:
        super().__init__(load, loop=loop)
        self._added = added
        self._broken = broken

    def add(self, key: Hashable, slot: Slot, *, waits: bool = True) -> None:
        """Queue a key whose result lands in a slot, without a future in between. Not `waits`: whoever adds says
        when the batch leaves.
        """
        self._queue.append(Loader(key=key, future=Landing(slot, self._broken)))
        if waits:
            self._added(self)

    def do_resolve_reject(self, key: Hashable, future: Future[Settled]) -> None:
        """Queue a key; the turns decide when it leaves."""
        self._queue.append(Loader(key=key, future=future))
        self._added(self)

    def leave(self, start: Start) -> None:
        """Load all that waits, in a task that `start` makes and owns."""
        queue, self._queue = self._queue, []
        if not queue:
            return
        # aiodataloader leaves the futures of a cancelled load pending: who awaits them would wait for ever.
        start(dispatch_queue_batch(self, queue)).add_done_callback(lambda _: _cancel(queue))

    def abandon(self) -> None:
        """The request ended: what waits will not be loaded."""
        queue, self._queue = self._queue, []
        _cancel(queue)


def _cancel(queue: list[Loader]) -> None:
    for waiting in queue:
        waiting.future.cancel()


def _over(work: Coroutine[Any, Any, None]) -> Task[None]:
    work.close()
    raise RuntimeError("the request has ended: no batch leaves any more")


class Turns:
    """Counts quiet turns of the loop over all batches of one request, then lets all of them leave at once."""

    def __init__(self, loop: AbstractEventLoop, start: Start) -> None:
        self._loop = loop
        self._start = start
        self._waiting: dict[Batch, None] = {}
        self._arrivals = 0
        self._seen = 0
        self._quiet = 0
        self._turns = 0
        self._scheduled = False

    def added(self, batch: Batch) -> None:
        """A key was added to this batch."""
        self._arrivals += 1
        self._waiting[batch] = None
        if not self._scheduled:
            self._scheduled = True
            self._turns = self._quiet = 0
            self._loop.call_soon(self._turn)

    def abandon(self) -> None:
        """The request ended: no batch leaves any more."""
        self._start = _over
        waiting, self._waiting = self._waiting, {}
        for batch in waiting:
            batch.abandon()

    def _turn(self) -> None:
        self._turns += 1
        self._quiet = self._quiet + 1 if self._arrivals == self._seen else 0
        self._seen = self._arrivals
        if self._quiet < QUIET_TURNS and self._turns < MOST_TURNS:
            self._loop.call_soon(self._turn)
            return
        self._scheduled = False
        waiting, self._waiting = self._waiting, {}
        for batch in waiting:
            batch.leave(self._start)
