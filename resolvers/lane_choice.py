"""Which lane a request runs on, as the project wishes and as it turned out; and what is to be told of it.

`graph/executing/lanes.py` makes one for each request; `graph/executing/planned.py` reads it and says what it did.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal, TypeAlias

import msgspec

from resolvers.fast.uncompiled import Unhurried
from resolvers.loading.store import Store
from resolvers.plan.coverage import Reason
from resolvers.plan.plan import Plan
from resolvers.run.ledger import Ledger
from resolvers.run.parts import Parts

Lane: TypeAlias = Literal["fast", "plan", "reference"]
Why: TypeAlias = Reason | Unhurried
PlanWatch: TypeAlias = Callable[[Plan], AbstractContextManager[None]]


class LaneChoice(msgspec.Struct, eq=False):
    """`plans`: whether operations run on plans where they can; `unhurried`: why the request's own did not end on its
    compiled program. `told` hears of each operation the lane that it ran on, and why on no faster one; `around` is
    entered while a plan runs. `explains`: what really happens is to be written down, in `ledger`: of the request's
    own operation, of which those that a resolver executes in turn are a part. `parts` of its plan may run on
    their own while a program runs the rest. `clock` gives seconds, finer than a loop's own, which may count whole
    milliseconds.
    """

    plans: bool = True
    told: Callable[[Lane, Why | None], None] | None = None
    around: PlanWatch | None = None
    explains: bool = False
    plan: Plan | None = None
    reason: Reason | None = None
    unhurried: Unhurried | None = None
    ledger: Ledger | None = None
    parts: Parts | None = None
    clock: Callable[[], float] = time.perf_counter

    def __repr__(self) -> str:
        return f"LaneChoice(plans={self.plans}, reason={self.reason}, unhurried={self.unhurried})"

    def ran(self, lane: Lane, reason: Reason | None = None) -> None:
        """An operation of the request runs on a lane, for this reason on the reference lane."""
        if not self._known:
            self.reason = reason
        if self.told is not None:
            self.told(lane, self.unhurried if lane == "plan" else reason)

    def watch(self, plan: Plan, store: Store) -> Ledger | None:
        """What watches the run of a plan, where that is wanted."""
        if self._known:
            return None
        self.plan = plan
        if self.explains:
            self.ledger = store.watched = Ledger(plan, self.clock)
        return self.ledger

    @property
    def _known(self) -> bool:
        return self.plan is not None or self.reason is not None
