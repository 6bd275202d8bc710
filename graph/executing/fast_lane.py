"""The fast lane's gate: which requests run on their compiled plan at once, past Strawberry's machinery.

`graph/executing/lanes.py` asks here first. What is let through has a document that was found valid under the
schema's own rules, and nothing of the project's takes part in executing; everything else goes the usual way, for a
reason that is counted (`resolvers/fast/uncompiled.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Hashable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import msgspec
from graphql import ExecutionResult, GraphQLError, default_field_resolver, default_type_resolver
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.execution import optimized_is_awaitable

from graph.declaring.schema import Schema
from graph.documents.document_rules import DocumentRules
from graph.documents.documents import Chosen
from graph.executing.ending import Begun
from graph.executing.introspection import ClosedIntrospection
from graph.executing.planned import mask, run_plan
from graph.http.error_form import log_errors
from resolvers.context import Context
from resolvers.fast.masked import errors_of
from resolvers.fast.program import Program
from resolvers.fast.run import FastRun
from resolvers.fast.uncompiled import Troubled, Unhurried
from resolvers.fault import Fault
from resolvers.plan.coverage import NotCovered
from resolvers.plan.operation import Operation
from resolvers.plan.plan import Plan
from resolvers.run.parts import Parts

# They say what documents are valid, and do nothing while one is executed.
_OURS: Final = frozenset({DocumentRules, ClosedIntrospection})
_NOTHING: Final[Mapping[Hashable, Fault]] = MappingProxyType({})
_NO_VARIABLES: Final = VariableValues({}, {})


class Ready(msgspec.Struct, frozen=True, eq=False):
    """A request that can run at once, past Strawberry's machinery: on the program, or, where there is a reason in its
    place, on the plan unhurried. `denied` are the faults of what the caller may not see.
    """

    plan: Plan
    program: Program | Unhurried
    operation: Operation
    denied: Mapping[Hashable, Fault]


class FastLane:
    """The gate of one schema. Without `fast` no program is run."""

    def __init__(self, schema: Schema, *, fast: bool = True) -> None:
        self._schema = schema
        self._fast = fast
        own = type(schema) is not Schema or schema.own_executor or schema.exception_handlers
        self._open = not own and all(one in _OURS for one in schema.extensions)

    def ready(
        self, chosen: Chosen, variables: Mapping[str, Any], context: Context, *, explained: bool = False
    ) -> Ready | Unhurried | None:
        """The request made ready; why it goes the usual way; None where it has no plan. `explained`: it asked for
        its plan.
        """
        if not self._open:
            return Unhurried.EXTENSIONS
        if chosen.document.valid_under is None:
            return Unhurried.FIRST
        coerced = self._coerced(chosen, variables)
        if coerced is None:
            return Unhurried.VARIABLES
        fragments = chosen.document.fragments
        if fragments is None:
            return None
        operation = Operation(self._schema._schema, chosen.operation, fragments, coerced)
        try:
            plan = self._schema.plans.of(operation)
        except NotCovered:
            return None
        denied = mask(plan, context.caller) if plan.access else _NOTHING
        program = Unhurried.EXPLAINED if explained else self._program(plan, denied)
        return Ready(plan, program, operation, denied)

    def _program(self, plan: Plan, denied: Mapping[Hashable, Fault]) -> Program | Unhurried:
        if not self._fast:
            return Unhurried.SWITCHED_OFF
        plans = self._schema.plans
        return plans.masked(plan, frozenset(denied)) if denied else plans.program(plan)

    def _coerced(self, chosen: Chosen, variables: Mapping[str, Any]) -> VariableValues | None:
        definitions = chosen.operation.variable_definitions
        if not definitions:
            return _NO_VARIABLES
        found = get_variable_values(self._schema._schema, definitions, dict(variables))
        return None if isinstance(found, list) else found

    async def run(
        self, program: Program, ready: Ready, carried: Mapping[str, Any], context: Context
    ) -> ExecutionResult:
        """The result of running the program, its data a Struct. Raises `Troubled`; what parts of the plan the checked
        lane ran meanwhile, its own run then finds in `context`.
        """
        store = context.store
        parts = None
        if program.has_islands:
            host = partial(self._executor, ready.operation, carried, context)
            parts = context.lane.parts = Parts(ready.plan, host, store, ready.denied)
        try:
            data = await FastRun(program, ready.operation.variables, store, parts).execute()
            errors: list[GraphQLError] = []
            if program.masked:
                errors += errors_of(program.masked, data, ready.denied, ready.operation.variables)
        except Troubled:
            if parts is not None:
                parts.leave()
            raise
        if parts is not None:
            errors += parts.errors
        if errors:
            log_errors(errors, context.request_id)
        return ExecutionResult(data, errors or None)

    def unhurried(self, ready: Ready, carried: Mapping[str, Any], context: Context) -> Begun[ExecutionResult]:
        """The result of running on the plan, value by value, as graphql-core's executor
        (`graph/executing/planned.py`).
        """
        host = self._executor(ready.operation, carried, context)
        try:
            found = run_plan(ready.plan, host, context, ready.denied)
        except Exception as raised:  # noqa: BLE001 - as in `_awaited`
            found = _defect(raised)
        return _logged(found, context) if isinstance(found, ExecutionResult) else _awaited(found, context)

    def _executor(self, operation: Operation, carried: Mapping[str, Any], context: Context) -> Any:
        kind: Any = self._schema.execution_context_class  # Strawberry's, which takes the extensions too
        return kind(
            operation.schema,
            {name: one.definition for name, one in operation.fragments.items()},
            dict(operation.fragments),
            None,
            context,
            operation.node,
            operation.variables,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            is_awaitable=optimized_is_awaitable,
            operation_extensions=carried,
        )


async def _awaited(found: Awaitable[ExecutionResult], context: Context) -> ExecutionResult:
    try:
        result = await found
    except Exception as raised:  # noqa: BLE001 - an answer, as Strawberry makes it of a defect of executing
        result = _defect(raised)
    return _logged(result, context)


def _defect(raised: Exception) -> ExecutionResult:
    return ExecutionResult(None, [GraphQLError("Internal error.", original_error=raised)])


def _logged(result: ExecutionResult, context: Context) -> ExecutionResult:
    if result.errors:
        log_errors(result.errors, context.request_id)
    return result
