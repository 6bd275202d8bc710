"""The fast lane's gate: which requests run on their compiled plan at once, past Strawberry's machinery.

`graph/lanes.py` asks here first. What is let through has a document that was found valid under the schema's own
rules, and nothing of the project's takes part in executing; everything else goes the usual way, for a reason that
is counted (`resolvers/fast/uncompiled.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql.execution.values import VariableValues, get_variable_values

from graph.document_rules import DocumentRules
from graph.documents import Chosen
from graph.introspection import ClosedIntrospection
from graph.planned import mask
from graph.schema import Schema
from resolvers.context import Context
from resolvers.fast.program import Program
from resolvers.fast.run import FastRun
from resolvers.fast.uncompiled import Unhurried
from resolvers.plan.coverage import NotCovered
from resolvers.plan.operation import Operation
from resolvers.plan.plan import Plan

# They say what documents are valid, and do nothing while one is executed.
_OURS: Final = frozenset({DocumentRules, ClosedIntrospection})
_NO_VARIABLES: Final = VariableValues({}, {})


@dataclass(frozen=True, slots=True)
class Ready:
    """A request that can run at once."""

    plan: Plan
    program: Program
    variables: VariableValues


class FastLane:
    """The gate of one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._built = schema._schema
        own = type(schema) is not Schema or schema.own_executor or schema.exception_handlers
        self._open = not own and all(one in _OURS for one in schema.extensions)

    def ready(
        self, chosen: Chosen, variables: Mapping[str, Any], context: Context
    ) -> Ready | Unhurried | None:
        """The request made ready; why it is to run on its plan unhurried; None where it has no plan."""
        if not self._open:
            return Unhurried.EXTENSIONS
        if context.lane.explains:
            return Unhurried.EXPLAINED
        if chosen.document.valid_under is None:
            return Unhurried.FIRST
        coerced = self._coerced(chosen, variables)
        if coerced is None:
            return Unhurried.VARIABLES
        fragments = chosen.document.fragments
        if fragments is None:
            return None
        operation = Operation(self._built, chosen.operation, fragments, coerced)
        try:
            plan = self._schema.plans.of(operation)
        except NotCovered:
            return None
        if plan.access and mask(plan, context.caller):
            return Unhurried.MASKED
        program = self._schema.plans.program(plan)
        return program if isinstance(program, Unhurried) else Ready(plan, program, coerced)

    def _coerced(self, chosen: Chosen, variables: Mapping[str, Any]) -> VariableValues | None:
        definitions = chosen.operation.variable_definitions
        if not definitions:
            return _NO_VARIABLES
        found = get_variable_values(self._built, definitions, dict(variables))
        return None if isinstance(found, list) else found


async def run(ready: Ready, context: Context) -> Any:
    """The data of the answer, a Struct. Raises `Troubled`."""
    return await FastRun(ready.program, ready.variables, context.store).execute()
