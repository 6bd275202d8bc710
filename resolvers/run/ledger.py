"""The ledger: what a request really did, step by step, for those who asked to see it.

It watches a run and the request's store. Written down are counts, bytes and times; never a key, a value or
anything of another caller: where an answer came from is said only as far as this request can know it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from resolvers.plan.plan import Plan

Served: TypeAlias = Literal["upstream", "flight", "cache"]
"""Where an answer came from: a call of its own; one that another request had under way; or no call at all. Whose call
filled the cache is not said: an answer that is for all callers tells of none of them.
"""

MOST_CALLS: Final = 1_000
"""Calls that are written down one by one; further ones are counted."""

# On whose behalf the store is asked, as numbers of steps: tasks inherit it from who starts them.
_BEHALF: ContextVar[tuple[int, ...]] = ContextVar("stolon_step", default=())
_LOADING: ContextVar[bool] = ContextVar("stolon_loading", default=False)


@dataclass(frozen=True, slots=True)
class CallMade:
    """One call. Times are seconds since the run began; `status` is None where there was no answer. `steps` are
    those that it was made for.
    """

    service: str
    operation: str
    begun: float
    ended: float
    status: int | None
    bytes: int
    served: Served
    steps: tuple[int, ...]


@dataclass(slots=True)
class StepDone:
    """What one step did: for how many `parents` it ran, how many results it `asked` the store for, and how many
    of those were there or under way already. Times as in `CallMade`, None for a step that never began.
    """

    parents: int = 0
    asked: int = 0
    from_store: int = 0
    begun: float | None = None
    ended: float | None = None


@dataclass(slots=True)
class Ledger:
    """What happened while a plan ran. `clock` gives seconds, monotonic."""

    plan: Plan
    clock: Callable[[], float]
    steps: list[StepDone] = field(init=False)
    calls: list[CallMade] = field(default_factory=list)
    more_calls: int = 0
    _zero: float = field(init=False)
    _owners: dict[Hashable, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.steps = [StepDone() for _ in self.plan.steps]
        self._zero = self.clock()

    def now(self) -> float:
        """Seconds since the run began."""
        return self.clock() - self._zero

    # --- told by the run

    def begin(self, step: int, parents: int) -> None:
        """A step starts. One that starts again, for parents that came later, goes on."""
        _BEHALF.set((step,))
        done = self.steps[step]
        done.parents += parents
        done.begun = self.now() if done.begun is None else done.begun

    def enter(self, step: int) -> None:
        """The step goes on in a task of its own."""
        _BEHALF.set((step,))

    def end(self, step: int) -> None:
        """Its values are there."""
        self.steps[step].ended = self.now()

    # --- told by the store

    def asked(self, key: Hashable, *, new: bool) -> None:
        """A result was asked for; `new` where nobody had before."""
        if _LOADING.get():
            return  # what a load asks for is part of what was asked of it
        behalf = _BEHALF.get()
        for step in behalf:
            done = self.steps[step]
            done.asked += 1
            done.from_store += not new
        if new:
            self._owners[key] = behalf

    @contextmanager
    def loading(self, keys: list[Hashable]) -> Iterator[None]:
        """While entered, calls are made for whoever asked for these keys first."""
        owners = {step for key in keys for step in self._owners.get(key, ())}
        behalf, loading = _BEHALF.set(tuple(sorted(owners))), _LOADING.set(True)
        try:
            yield
        finally:
            _BEHALF.reset(behalf)
            _LOADING.reset(loading)

    def called(
        self,
        service: str,
        operation: str,
        begun: float,
        status: int | None,
        size: int,
        *,
        shared: bool,
        cached: bool = False,
    ) -> None:
        """A call ended, which began at `begun` on this ledger's clock; `shared` or `cached` where none was made."""
        if len(self.calls) >= MOST_CALLS:
            self.more_calls += 1
            return
        served: Served = "cache" if cached else "flight" if shared else "upstream"
        made = CallMade(service, operation, begun, self.now(), status, size, served, _BEHALF.get())
        self.calls.append(made)
