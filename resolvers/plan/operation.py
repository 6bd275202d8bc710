"""The operation that is planned, and which of its variables decide what is selected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues

CONDITIONS: Final = frozenset({"skip", "include"})


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One valid operation with the fragments of its document and its coerced variables.

    Of the variables, planning reads only those that `@skip` and `@include` use.
    """

    schema: GraphQLSchema
    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDetails]
    variables: VariableValues


def conditions(
    node: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[str, ...]:
    """The variables that the operation's `@skip` and `@include` use, sorted: their values are part of what a
    plan is cached by.
    """
    found: set[str] = set()
    for selection in selections(node, fragments):
        for directive in selection.directives or ():
            if directive.name.value in CONDITIONS:
                found |= {
                    one.value.name.value
                    for one in directive.arguments or ()
                    if isinstance(one.value, VariableNode)
                }
    return tuple(sorted(found))


def selections(
    node: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode | InlineFragmentNode | FragmentSpreadNode]:
    """Every selection of an operation, those of each fragment once."""
    waiting: list[SelectionSetNode] = [node.selection_set]
    spread: set[str] = set()
    while waiting:
        for selection in waiting.pop().selections:
            assert isinstance(selection, FieldNode | InlineFragmentNode | FragmentSpreadNode)
            yield selection
            if isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name not in spread and name in fragments:
                    spread.add(name)
                    waiting.append(fragments[name].selection_set)
            elif selection.selection_set is not None:
                waiting.append(selection.selection_set)
