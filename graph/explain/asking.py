"""From a query's text to its plan, without a server and without a call: parsed within the project's bounds,
validated, its variables coerced, planned.

`graph/cli.py` asks here for `stolon explain`; what comes out is shown by `report.py`, `tree.py`, `mermaid.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    print_ast,
    specified_rules,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues, get_variable_values

from adapters.mistake import nearest, suggested
from graph.declaring.schema import Schema
from graph.documents.documents import Unfit, examined, not_chosen, parsed, pick
from graph.documents.validation import STRAWBERRY_RULES, errors_of
from graph.explain.report import Report, report
from graph.explain.variables import stated
from graph.project.project import Project
from resolvers.plan.coverage import NotCovered, Reason
from resolvers.plan.operation import Operation, conditions
from resolvers.plan.plan import Plan

_NO_VALUES = VariableValues({}, {})


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation with its plan, or the reason why it has none. `variables` are those whose values are known."""

    operation: OperationDefinitionNode
    found: Plan | Reason
    variables: Mapping[str, object]


def explained(
    project: Project, query: str, variables: Mapping[str, Any], operation_name: str | None = None
) -> Report:
    """The report of an operation of a project. Raises `Unfit` with everything that is wrong with it."""
    asked = ask(project, query, variables, operation_name)
    return report(asked.found, None, project.settings.services, asked.operation, asked.variables)


def ask(
    project: Project, query: str, variables: Mapping[str, Any], operation_name: str | None = None
) -> Asked:
    """The plan of an operation of a project. `variables` may leave out what only sizes depend on. Raises `Unfit`."""
    schema, limits = project.schema, project.settings.limits
    read = examined(parsed(query, limits), query)
    names = [one.name.value for one, _ in read.operations if one.name is not None]
    if operation_name is not None and operation_name not in names:
        near = suggested(operation_name, names)
        raise Unfit([not_chosen(f"The document has no operation of the name {operation_name!r}{near}")])
    document, node = read.node, pick(read, operation_name, limits)
    wrong = errors_of(schema._schema, document, (*specified_rules, *STRAWBERRY_RULES))
    if wrong:
        raise Unfit(wrong)
    definitions = {
        one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }
    values = _coerced(schema, node, variables, frozenset(conditions(node, definitions)))
    fragments = {name: FragmentDetails(one, None) for name, one in definitions.items()}
    operation = Operation(schema._schema, node, fragments, values)
    return Asked(node, _found(project, operation), stated(node, variables))


def told(errors: Iterable[GraphQLError]) -> list[str]:
    """One line for each error, with line and column of the query where they are known."""
    lines = []
    for error in errors:
        where = "".join(f"{one.line}:{one.column}: " for one in (error.locations or ())[:1])
        lines.append(f"query:{where or ' '}{' '.join(error.message.splitlines())}")
    return lines


def _found(project: Project, operation: Operation) -> Plan | Reason:
    """What `graph/executing/planned.py` would find for a request."""
    if project.settings.graph.lane == "reference":
        return Reason.SWITCHED_OFF
    schema = project.schema
    executor: Any = schema.execution_context_class
    if executor.own:
        return Reason.OWN_EXECUTOR
    if any(one._implements_resolve() for one in schema.get_extensions()):
        return Reason.RESOLVER_HOOKS
    try:
        return schema.plans.of(operation)
    except NotCovered as found:
        return found.reason


def _coerced(
    schema: Schema, node: OperationDefinitionNode, given: Mapping[str, Any], conditions_: frozenset[str]
) -> VariableValues:
    """The values of the variables that are given or have a default; the others stay open, unless they decide
    what is selected.
    """
    declared = {one.variable.name.value: one for one in node.variable_definitions or ()}
    marked = [f"${name}" for name in declared]
    errors = [
        GraphQLError(f"There is no variable '${name}' in the operation{nearest(f'${name}', marked)}")
        for name in given
        if name not in declared
    ]
    known = [one for name, one in declared.items() if name in given or one.default_value is not None]
    found = get_variable_values(schema._schema, known, dict(given))
    if isinstance(found, list):
        errors += found
    errors += _open_conditions(node, {one.variable.name.value for one in known}, conditions_)
    if errors:
        raise Unfit(errors)
    return found if isinstance(found, VariableValues) else _NO_VALUES


def _open_conditions(
    node: OperationDefinitionNode, known: set[str], conditions_: frozenset[str]
) -> Iterator[GraphQLError]:
    for one in node.variable_definitions or ():
        name = one.variable.name.value
        if name in conditions_ and name not in known:
            message = (
                f"'${name}' decides what is selected: say its value ({print_ast(one.type)}) in the variables"
            )
            yield GraphQLError(message, [one])
