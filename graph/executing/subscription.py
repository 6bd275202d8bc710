"""One subscription: a context for what its events are read from, and a new one for each event.

Events of one subscription may be hours apart, and each says that something happened. What it is answered with is
asked of the services themselves, as after a change, over a store that ends with the event;
`graph/executing/lanes.py` says when that is. `graph/declaring/schema.py` gives graphql-core the executor that asks
for these contexts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from graphql.execution import Executor
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from resolvers.context import Context
from resolvers.loading.lifetime import Lifetime

T = TypeVar("T")


class SubscriptionContext(Context):
    """What a subscription's own generator gets as `info.context`: each of its reads is a new one, so that a
    loop which asks until something changes sees the change. `make` makes an event's context.
    """

    def __init__(self, make: Callable[[], Context]) -> None:
        own = make()
        super().__init__(
            caller=own.caller, store=own.store, declared=own._declared, request_id=own.request_id
        )
        self._make = make
        self._event: Context | None = None

    async def load(self, bound: type[T], key: object) -> T | None:
        """As `Context.load`, but never what was read before."""
        self.store.forget()
        return await super().load(bound, key)

    async def call(self, operation: Any, /, *, body: object = None, **values: object) -> Any:
        """As `Context.call`, but never what was read before."""
        self.store.forget()
        return await super().call(operation, body=body, **values)

    def begin_event(self) -> Context:
        """A context for the next event, which no kept answer has a part in: it may be from before what happened.
        Events come one after another: the one before has been answered.
        """
        self._event = self._make()
        self._event.store.forget()
        return self._event

    @property
    def lifetime(self) -> Lifetime | None:
        """That of all that the event was read from, as far as it is known."""
        return None if self._event is None else self._event.store.lifetime

    async def end_event(self) -> None:
        """End what still runs for the event."""
        ended, self._event = self._event, None
        if ended is not None:
            await ended.close()

    async def close(self) -> None:
        """End what still runs for the subscription."""
        await self.end_event()
        await super().close()


class _PerEvent:
    """What gives each event its own context, over any of graphql-core's executors."""

    def build_per_event_executor(self, payload: Any) -> Any:
        """The executor of one event."""
        made = super().build_per_event_executor(payload)  # type: ignore[misc]  # the executor that this stands on
        if isinstance(made.context_value, SubscriptionContext):
            made.context_value = made.context_value.begin_event()
        return made


def for_events(given: type[Executor[Any]] | None) -> type[Executor[Any]]:
    """The executor class of a schema: Strawberry's, or the one that a project gave, with contexts for events."""
    given = given or StrawberryGraphQLCoreExecutionContext
    return type(f"{given.__name__}PerEvent", (_PerEvent, given), {})
