"""The store: per request, every result that was asked for, once. Steps and fields ask it; it alone sends
calls upstream.

Results are keyed by operation and canonical parameters (the whole request); entities by type and key; groups
by operation, other parameters and the parent's value. The store owns its tasks: they end with the request. A
change made upstream empties it, so that what is read afterwards is read anew.
"""

from __future__ import annotations

import logging
from asyncio import AbstractEventLoop, Future, Task, gather
from collections.abc import Callable, Coroutine, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast

import msgspec

from adapters.contract.contract import Parameter
from adapters.messages import Request
from adapters.service import Service
from resolvers.call import Sender, other_parameters, request_of
from resolvers.change_keys import ChangeKeys
from resolvers.errors import incomplete, page_fault
from resolvers.fault import Code, Fault
from resolvers.loading.batch import Batch, Turns
from resolvers.loading.calls import Calls, Upstream
from resolvers.loading.kept_parts import KeptParts
from resolvers.loading.load_entities import load_entities
from resolvers.loading.load_groups import load_groups
from resolvers.loading.settled import Ask, Settled, Slot, derived, together
from resolvers.loading.steps import StepWatch, Watched, watched_step
from resolvers.paging.paging import Incomplete, Page, PageViolation, follow
from resolvers.reading.answered import page_of, value_of
from resolvers.reading.where import down
from resolvers.source import BoundOperation, Entity, Grouped, Supplied

_LOG: Final = logging.getLogger("stolon.store")

Result = TypeVar("Result")
_UNSEEN: Final = nullcontext()


class Store:
    """Made for one request, inside its loop; closed at its end."""

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        sender: Sender,
        *,
        loop: AbstractEventLoop,
        epoch: Callable[[], float],
        request_id: str | None = None,
        steps: tuple[StepWatch, ...] = (),
        change_keys: ChangeKeys | None = None,
    ) -> None:
        self.sender = sender
        self.change_keys = ChangeKeys(sender.caller) if change_keys is None else change_keys
        self._calls = Calls(upstreams, sender, epoch=epoch, request_id=request_id)
        self._loop = loop
        self.lifetime = self._calls.lifetime
        """Of all that was asked for."""
        self._steps = steps
        self._slots: dict[Hashable, Slot] = {}
        self._batches: dict[Hashable, Batch] = {}
        self._tasks: set[Task[Any]] = set()
        self._closed = False
        self._turns: Turns | None = None  # most requests have no batch that waits

    @property
    def watched(self) -> Watched | None:
        """Who is told what is asked and called."""
        return self._calls.watched

    @watched.setter
    def watched(self, watched: Watched) -> None:
        self._calls.watched = watched

    # --- asking

    def answer(self, call: BoundOperation, request: Request) -> Ask:
        """The answer to one safe request, called once however often it is asked: `Answered`, or None for a
        declared 404.
        """
        slot, new = self._slot(_identity(request))
        if new:
            self._task(slot, self._calls.send(call, request))
        return slot.ask()

    def value(self, call: BoundOperation, supplied: Supplied) -> Ask:
        """What `pick` names in the answer of a safe call: a pair of value and place, or None where there is
        nothing.
        """
        request = request_of(call, supplied, self.sender)
        asked = self.answer(call, request)
        if isinstance(asked, Settled):
            return value_of(call, asked)
        return derived(asked, partial(value_of, call), _defect, self._loop)

    async def read(
        self,
        call: BoundOperation,
        supplied: Supplied,
        values: Mapping[Parameter | str, object] = MappingProxyType({}),
    ) -> Settled:
        """The answer, or one page of it, for a load, which has a task of the store already: nothing else may await
        it. Raises FieldError for what cannot be sent.
        """
        return await self.sent(call, request_of(call, supplied, self.sender, values))

    async def sent(self, call: BoundOperation, request: Request) -> Settled:
        """What `answer` gives, sent by the one who awaits this, unless it was asked for before."""
        slot, new = self._slot(_identity(request))
        if not new:
            asked = slot.ask()
            return asked if isinstance(asked, Settled) else await asked
        try:
            slot.settle(await self._calls.send(call, request))
        except Exception as raised:  # noqa: BLE001 - a defect settles as one, whoever asked
            slot.fail(raised, _defect)
        except BaseException:
            slot.abandon()
            raise
        assert slot.settled is not None  # one way or the other
        return slot.settled

    def whole(self, call: BoundOperation, supplied: Supplied) -> Ask:
        """A list, followed to its end where it is paged: a pair of list and place."""
        if call.paging is None:
            return self.value(call, supplied)
        first = _identity(request_of(call, supplied, self.sender))
        # Two fields may read one operation's pages differently, as their paging= and pick= say.
        key = ("whole", *first, call.paging, call.pick)
        slot, new = self._slot(key)
        if new:
            self._task(slot, self._follow(call, supplied, key))
        return slot.ask()

    def entity(self, entity: Entity, key: tuple[str, ...]) -> Ask:
        """The object of a key: a pair of object and place, or None. All fields that ask for one key share it."""
        slot, new = self._slot((entity.slot, key))
        if new:
            batch = self._batch(entity.slot, partial(self._load_entities, entity))
            batch.add(key, slot)
        return slot.ask()

    def entities(
        self, entity: Entity, keys: Sequence[tuple[str, ...]], *, alone: bool = False
    ) -> list[Settled] | Future[None]:
        """The same for many keys at a time: their results, in order, or a future of when all of them are there (ask
        again then). `alone`: nobody else will ask for more of them, so that the batch need wait for nothing.
        """
        settled: list[Settled] = []
        waiting: list[Slot] = []
        batch: Batch | None = None
        of = entity.slot
        for key in keys:
            slot, new = self._slot((of, key))
            if new:
                batch = batch or self._batch(of, partial(self._load_entities, entity))
                batch.add(key, slot, waits=not alone)
            found = slot.settled
            if found is None:
                waiting.append(slot)
            else:
                settled.append(found)
        if not waiting:
            return settled
        if alone and batch is not None:
            batch.leave(self._own)
        return together(waiting, self._loop)

    async def loaded(self, entity: Entity, keys: Sequence[tuple[str, ...]]) -> list[Settled]:
        """The same, loaded by the one who awaits this, where nobody else will ask for more of them and nobody but the
        end of the request can end the wait.
        """
        of = entity.slot
        names = [(of, key) for key in keys]
        if not self._slots.keys().isdisjoint(names):
            landing = self.entities(entity, keys, alone=True)
            if isinstance(landing, Future):
                await landing
            return [cast("Settled", self._slots[name].settled) for name in names]
        self._still_open()
        slots = {name: Slot(self._loop) for name in names}
        if self.watched is not None:
            for name in slots:
                self.watched.asked(name, new=True)
        self._slots.update(slots.items())
        try:
            results = await self._load_entities(entity, [key for _, key in slots])
        except Exception as raised:  # noqa: BLE001 - a defect settles as one, whoever asked
            for slot in slots.values():
                slot.fail(raised, _defect)
        except BaseException:
            for slot in slots.values():
                slot.abandon()
            raise
        else:
            for slot, result in zip(slots.values(), results, strict=True):
                slot.settle(result)
        found: list[Any] = [slots[name].settled for name in names]
        return found

    def group(self, grouped: Grouped, supplied: Supplied, each: str) -> Ask:
        """The items of a grouped operation that belong to one parent's value: a list of pairs of item and
        place.
        """
        others = other_parameters(grouped.call, supplied, self.sender)
        asks = grouped.asks
        slot, new = self._slot((asks, others, each))
        if new:
            batch = self._batch((asks, others), partial(self._load_groups, grouped, supplied))
            batch.add(each, slot)
        return slot.ask()

    async def page(
        self, call: BoundOperation, supplied: Supplied, values: Mapping[Parameter | str, object]
    ) -> Page:
        """One page of a paged operation. Raises FieldError."""
        request = request_of(call, supplied, self.sender, values)
        asked = self.answer(call, request)
        answered = (asked if isinstance(asked, Settled) else await asked).unwrap()
        return page_of(call, answered)

    def limits(self, call: BoundOperation) -> Service:
        """The settings of the service that a call goes to."""
        return self._calls.limits(call)

    def kept(self, call: BoundOperation, supplied: Supplied, apart: Hashable) -> KeptParts | None:
        """What of a batched operation need not be asked for: see `Calls`."""
        return self._calls.kept(call, supplied, apart)

    async def change(self, call: BoundOperation, supplied: Supplied) -> Settled:
        """Make a call that changes something: never shared, never repeated. What was read before is
        forgotten.
        """
        if call.change_key is not None:
            supplied = msgspec.structs.replace(
                supplied, change=self.change_keys.next(call.service, call.operation.id)
            )
        request = request_of(call, supplied, self.sender)
        self._still_open()
        try:
            return value_of(call, await self._calls.send(call, request))
        finally:
            self.forget()

    def forget(self) -> None:
        """Forget every settled result; what is under way goes on for those who wait. What is read from here on comes
        from the services themselves.
        """
        self._slots = {}
        self._calls.anew = True

    async def close(self) -> None:
        """End every task and wait until they have ended. Who waits is cancelled; who asks later: RuntimeError."""
        self._closed = True
        if self._turns is not None:
            self._turns.abandon()
        # They hold this store, and it them: what is let go here need not be found by the garbage collector.
        self._batches.clear()
        tasks = list(self._tasks)
        if not tasks:
            return
        for task in tasks:
            task.cancel()
        await gather(*tasks, return_exceptions=True)

    # --- loading

    async def _follow(self, call: BoundOperation, supplied: Supplied, key: Hashable) -> Settled:
        paging = call.paging
        assert paging is not None  # asked for by `whole` alone, which looked
        try:
            with watched_step(self._steps, "list", call, 0), self._loading([key]):
                items = await follow(paging, partial(self.page, call, supplied), self.limits(call).page_limit)
        except Incomplete as ended:
            return Settled(fault=incomplete(call, ended.pages))
        except PageViolation as broken:
            return Settled(fault=page_fault(call, broken))
        return Settled((items, down(call.root, call.pick)))

    async def _load_entities(self, entity: Entity, keys: Sequence[Hashable]) -> list[Settled]:
        texts = cast("list[tuple[str, ...]]", keys)
        if self.watched is None and not self._steps:  # nobody looks on
            return await load_entities(self, entity, texts)
        one = entity.one if entity.many is None else entity.many
        with (
            watched_step(self._steps, "entities", one, len(keys)),
            self._loading((entity.slot, key) for key in keys),
        ):
            return await load_entities(self, entity, texts)

    async def _load_groups(self, grouped: Grouped, supplied: Supplied, keys: list[Hashable]) -> list[Settled]:
        others = other_parameters(grouped.call, supplied, self.sender) if self.watched else b""
        owned = ((grouped.asks, others, key) for key in keys)
        with watched_step(self._steps, "groups", grouped.call, len(keys)), self._loading(owned):
            return await load_groups(self, grouped, supplied, cast("list[str]", keys))

    def _loading(self, keys: Iterable[Hashable]) -> AbstractContextManager[object]:
        return _UNSEEN if self.watched is None else self.watched.loading(list(keys))

    # --- tasks

    def _slot(self, key: Hashable) -> tuple[Slot, bool]:
        found = self._slots.get(key)
        if self._calls.watched is not None:
            self._calls.watched.asked(key, new=found is None)
        if found is not None:
            return found, False
        self._still_open()
        made = self._slots[key] = Slot(self._loop)
        return made, True

    def _still_open(self) -> None:
        if self._closed:
            raise RuntimeError("the request has ended: nothing can be asked for it any more")

    def _batch(
        self, key: Hashable, load: Callable[[list[Hashable]], Coroutine[Any, Any, list[Settled]]]
    ) -> Batch:
        found = self._batches.get(key)
        if found is None:
            self._turns = self._turns or Turns(self._loop, self._own)
            found = self._batches[key] = Batch(load, self._turns.added, _defect, self._loop)
        return found

    def _task(self, slot: Slot, work: Coroutine[Any, Any, Settled]) -> None:
        self._own(work).add_done_callback(partial(slot.land, broken=_defect))

    def _own(self, work: Coroutine[Any, Any, Result]) -> Task[Result]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _identity(one: Request) -> tuple[Hashable, ...]:
    """What makes two requests of one caller the same."""
    headers = tuple(sorted(one.headers.items())) if one.headers else ()
    return (one.service, one.operation, one.target, headers, one.body, one.fallback)


def _defect(raised: BaseException) -> Fault:
    _LOG.error("a load raised what no load may raise", exc_info=raised)
    return Fault(Code.INTERNAL_SERVER_ERROR, "Internal error.")
