"""The context that resolvers are handed: who asks, and the same way upstream that bound fields use.

Plain Strawberry resolvers reach it as `info.context`; `load` and `call` give them the batching, identity and
errors of bound fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol, TypeVar, cast

from resolvers.caller import Caller
from resolvers.fault import Code, Fault, FieldError
from resolvers.lane_choice import LaneChoice
from resolvers.loading.keys import canonical
from resolvers.loading.settled import Settled
from resolvers.loading.store import Store
from resolvers.reading.reader import Reader
from resolvers.resolve import read_pair
from resolvers.source import BoundOperation, Entity, Supplied

T = TypeVar("T")
_NOT_ENTITLED: Final = Fault(Code.UNAUTHENTICATED, "This call needs an authenticated caller.")


class Declared(Protocol):
    """What the graph knows of its own declarations."""

    def entity_of(self, bound: type) -> Entity: ...

    def call_of(
        self, operation: Any, values: Mapping[str, object], body: object
    ) -> tuple[BoundOperation, Reader | None, Supplied]: ...


class Context:
    """Made for each request. `caller` is who asks; `request_id` names the request in logs and errors."""

    def __init__(
        self,
        *,
        caller: Caller,
        store: Store,
        declared: Declared,
        request_id: str,
        lane: LaneChoice | None = None,
    ) -> None:
        self.lane = LaneChoice() if lane is None else lane
        self.caller = caller
        self.request_id = request_id
        self.store = store
        self._declared = declared

    async def load(self, bound: type[T], key: object) -> T | None:
        """The object of a bound type by its key (a tuple for a composite one), or None where there is none.

        Shares the batch and the result with every field that asks for the same key. Raises FieldError as a
        field would, TypeError for a type without `one` and `many` or a key that can be none of it.
        """
        entity = self._declared.entity_of(bound)
        parts = key if isinstance(key, tuple) else (key,)
        texts = [canonical(kind, part) for kind, part in zip(entity.kinds, parts, strict=False)]
        if None in texts or len(parts) != len(entity.kinds):
            raise TypeError(f"{entity.name} has no such key: expected {', '.join(map(str, entity.kinds))}")
        self._entitled(*entity.operations)
        asked = self.store.entity(entity, tuple(cast("list[str]", texts)))
        settled = asked if isinstance(asked, Settled) else await asked
        return cast("T | None", read_pair(entity.reader, True, settled))

    async def call(self, operation: Any, /, *, body: object = None, **values: object) -> Any:
        """Call an operation: its answer's picked value, an object as a record. None where there is nothing.

        `values` are parameters by name, beside those bound in `op(...)`; names that are no identifiers are
        bound there. Reads are shared within the request, changes never are. Raises FieldError.
        """
        call, read, supplied = self._declared.call_of(operation, values, body)
        self._entitled(call)
        if call.safe:
            asked = self.store.value(call, supplied)
            settled = asked if isinstance(asked, Settled) else await asked
        else:
            settled = await self.store.change(call, supplied)
        found = settled.unwrap()
        if found is None:
            return None
        value, where = found
        return value if read is None else read(value, where)

    def _entitled(self, *calls: BoundOperation) -> None:
        """A resolver's calls are for verified callers where the gateway would lend them credentials of its own.

        Decided before the store is asked, which would keep the refusal for fields that are public.
        """
        if not self.caller.authenticated and any(self.store.limits(call).lends for call in calls):
            raise FieldError(_NOT_ENTITLED)

    async def close(self) -> None:
        """End what still runs for this request."""
        await self.store.close()
        if self.lane.parts is not None:
            await self.lane.parts.close()
