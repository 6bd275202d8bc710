"""The plans of one schema: kept by the document's text, the operation's name and the values of the booleans
that decide what is selected.

`graph/executing/planned.py` asks for every request; `graph/explain` for what it shows.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable
from typing import Any, Final, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

from cachetools import LRUCache
from graphql import GraphQLError

from graph.executing.meanings import SchemaMeanings
from resolvers.fast.program import Program, compiled
from resolvers.fast.uncompiled import NotCompiled, Unhurried
from resolvers.plan.cache import MOST_BYTES, PlanCache, Variants, alive
from resolvers.plan.coverage import NotCovered, Reason
from resolvers.plan.operation import Operation
from resolvers.plan.plan import Plan
from resolvers.plan.planning import plan_of

_LOG: Final = logging.getLogger("stolon.graphql")


MOST_MASKED: Final = MOST_BYTES // 4
"""Bytes of programs for callers who may not see all, by the estimate that plans are kept by."""


_Mask: TypeAlias = tuple[Plan, frozenset[Hashable]]


class _Kept(NamedTuple):
    program: Program | Unhurried
    size: int


class Plans:
    """Makes plans, and keeps them; that an operation has none is kept too."""

    def __init__(self, schema: Any, kept: PlanCache | None = None) -> None:
        self.kept = PlanCache() if kept is None else kept
        self._meanings = SchemaMeanings(schema)
        # By the plans themselves: a program goes when its plan does. (It holds parts of it, never the plan.)
        self._programs: WeakKeyDictionary[Plan, Program | Unhurried] = WeakKeyDictionary()
        self._masked: LRUCache[_Mask, _Kept] = LRUCache(MOST_MASKED, lambda kept: kept.size)

    def of(self, operation: Operation) -> Plan:
        """The plan of a valid operation. Raises `NotCovered`."""
        location = operation.node.loc
        if location is None:  # parsed by somebody who keeps no text: there is nothing to know it by
            return self._made(operation)
        name = operation.node.name
        key = (location.source.body, None if name is None else name.value)
        variants = self.kept.get(key)
        if variants is None:
            variants = Variants.of(operation, location)
        elif not variants.are_of(operation):
            return self._made(operation)
        values: tuple[Hashable, ...] = ()
        if variants.conditions:
            values = tuple(map(operation.variables.coerced.get, variants.conditions))
        found = variants.plans.get(values)
        if found is None:
            try:
                found = self._made(operation)
            except NotCovered as refused:
                found = refused.reason
            self.kept.keep(key, variants, values, found)
        if isinstance(found, Reason):
            raise NotCovered(found)
        return found

    def program(self, plan: Plan) -> Program | Unhurried:
        """The plan compiled, as long as the plan is kept; or why it is not."""
        found = self._programs.get(plan)
        if found is None:
            found = self._programs[plan] = _compiled(plan, frozenset())
        return found

    def masked(self, plan: Plan, denied: frozenset[Hashable]) -> Program | Unhurried:
        """The same for callers to whom so much is denied. How many are kept is bounded by itself, with their plans:
        scopes go together in more ways than there are operations.
        """
        kept = self._masked.get((plan, denied))
        if kept is None:
            kept = _Kept(_compiled(plan, denied), alive(plan))
            if kept.size <= MOST_MASKED:
                self._masked[plan, denied] = kept
        return kept.program

    def _made(self, operation: Operation) -> Plan:
        try:
            return plan_of(operation, self._meanings)
        except GraphQLError:
            # A condition without a value: graphql-core says so at the field that it stands on.
            raise NotCovered(Reason.CONDITION) from None
        except RecursionError:
            raise NotCovered(Reason.TOO_LARGE) from None


def _compiled(plan: Plan, denied: frozenset[Hashable]) -> Program | Unhurried:
    try:
        return compiled(plan, denied)
    except NotCompiled as refused:
        return refused.reason
    except Exception:  # noqa: BLE001 - the checked lane runs the plan as well
        _LOG.exception("a plan could not be compiled: it is run value by value")
        return Unhurried.DEFECT
