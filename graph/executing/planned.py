"""Requests on plans: graphql-core's executor, standing in for itself where the operation has a plan.

Every `rest.Schema` executes with this, whichever server serves it. Parsing, validation, variables and
Strawberry's extensions are as always; then the operation runs on its plan over the request's store
(`resolvers/run`), or, where plans do not cover it, on the reference lane: graphql-core itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Hashable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from graphql import ExecutionResult
from graphql.execution import Executor
from graphql.pyutils import Path

from graph.declaring.access import denial
from graph.declaring.declare import Access
from graph.executing.context_value import found_context
from graph.executing.plans import Plans
from resolvers.caller import Caller
from resolvers.context import Context
from resolvers.fault import Fault
from resolvers.plan.coverage import NotCovered, Reason
from resolvers.plan.operation import Operation
from resolvers.plan.plan import Plan
from resolvers.run.run import Host, Run


class _OnPlans:
    """Runs operations on plans, over any of graphql-core's executors."""

    own: bool

    def execute_operation(self, serially: bool | None = None) -> Any:
        """The result of the operation, or an awaitable of it."""
        executor: Any = self
        context = found_context(executor.context_value)
        plan = planned(executor, context)
        if isinstance(plan, Reason):
            if context is not None:
                context.lane.ran("reference", plan)
            return super().execute_operation(serially)  # type: ignore[misc]  # the executor that this stands on
        assert context is not None  # without one, nothing is planned
        return run_plan(plan, executor, context, mask(plan, context.caller))

    def execute_field(self, parent_type: Any, source: Any, details: Any, path: Path, deferred: Any) -> Any:
        """The value of one field on the reference lane, or an awaitable of it."""
        if path.prev is None:
            context = found_context(self.context_value)  # type: ignore[attr-defined]  # as every executor has
            if context is not None:
                context.store.change_keys.enter(str(path.key))
        made: Any = super()
        return made.execute_field(parent_type, source, details, path, deferred)


def run_plan(
    plan: Plan, host: Host, context: Context, denied: Mapping[Hashable, Fault]
) -> ExecutionResult | Coroutine[Any, Any, ExecutionResult]:
    """The result of an operation on its plan, or what is left to do. `denied` are the faults of what the caller may
    not see.
    """
    lane = context.lane
    lane.ran("plan")
    watch = lane.watch(plan, context.store)
    # Another plan may be kept by now than the one whose parts these are: its steps have other numbers.
    kept = {} if lane.parts is None else lane.parts.taken(plan)
    run = Run(plan, host, context.store, denied, watch, kept)
    if lane.around is not None:
        return _watched(run, lane.around(plan))
    left = run.execute()
    return _result(run) if left is None else _awaited(run, left)


async def _awaited(run: Run, left: Awaitable[None]) -> ExecutionResult:
    await left
    return _result(run)


async def _watched(run: Run, around: AbstractContextManager[None]) -> ExecutionResult:
    with around:
        left = run.execute()
        if left is not None:
            await left
    return _result(run)


def _result(run: Run) -> ExecutionResult:
    return ExecutionResult(run.data, run.errors or None)


def mask(plan: Plan, caller: Caller) -> Mapping[Hashable, Fault]:
    """The faults of what the caller may not see, by what the plan's fields ask."""
    return {
        access: fault
        for access in plan.access
        if isinstance(access, Access) and (fault := denial(access, caller)) is not None
    }


def planned(executor: Any, context: Context | None) -> Plan | Reason:
    """The plan of the operation that an executor was built for, kept or made now; or why it has none."""
    if context is None:
        return Reason.NO_CONTEXT
    if not context.lane.plans:
        return Reason.SWITCHED_OFF
    if executor.own:
        return Reason.OWN_EXECUTOR
    manager = executor.middleware_manager
    if manager is not None and manager.middlewares:
        return Reason.RESOLVER_HOOKS
    plans: Plans = executor.schema._strawberry_schema.plans
    try:
        return plans.of(
            Operation(executor.schema, executor.operation, executor.fragments, executor.variable_values)
        )
    except NotCovered as found:
        return found.reason


def on_plans(given: type[Executor[Any]], *, own: bool) -> type[Executor[Any]]:
    """The executor class that runs on plans where it can, and as the one given where not; always so where that is
    the project's `own`, which may execute as it likes.
    """
    return type(f"{given.__name__}OnPlans", (_OnPlans, given), {"own": own})
