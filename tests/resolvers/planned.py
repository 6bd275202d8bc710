"""Plans for tests: an operation of a small project, planned as a request's would be, and shown in a few words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues, get_variable_values

from graph.declaring.schema import Schema
from resolvers.plan.operation import Operation
from resolvers.plan.plan import AbstractShape, LeafShape, ListShape, Plan, Shape


def operation(schema: Schema, query: str, variables: Mapping[str, Any] | None = None) -> Operation:
    """The one operation of a document, with its variables coerced."""
    document = parse(query)
    (node,) = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    fragments = {
        one.name.value: FragmentDetails(one, None)
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    given = dict(variables or {})
    declared = [
        one
        for one in node.variable_definitions or ()
        if one.variable.name.value in given or one.default_value is not None
    ]
    values = get_variable_values(schema._schema, declared, given)
    assert isinstance(values, VariableValues), values
    return Operation(schema._schema, node, fragments, values)


def planned(schema: Schema, query: str, variables: Mapping[str, Any] | None = None) -> Plan:
    """The plan of the one operation of a document. Raises `NotCovered`."""
    return schema.plans.of(operation(schema, query, variables))


def shown(shape: Shape) -> str:
    """A shape in a few words: `User{id orders@1:[Order{…}]}`, where `@1` is a step and `!` is not nullable."""
    return _shown(shape) + ("" if shape.nullable else "!")


def _shown(shape: Shape) -> str:
    if isinstance(shape, LeafShape):
        return shape.type.name
    if isinstance(shape, ListShape):
        return f"[{shown(shape.item)}]"
    if isinstance(shape, AbstractShape):
        return f"{shape.type.name}({' | '.join(_shown(one) for one in shape.cases.values())})"
    fields = " ".join(
        f"{one.key}{'' if one.step is None else f'@{one.step}'}:{shown(one.shape)}" for one in shape.fields
    )
    return f"{shape.type.name}{{{fields}}}"


def steps(plan: Plan) -> Iterator[tuple[int, int | None, str]]:
    """Number, parent's number and path of each step."""
    for one in plan.steps:
        yield one.number, one.after, ".".join(one.path)
