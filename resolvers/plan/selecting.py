"""Pass: what is selected. Fragments are put in, equal response keys merged, `@skip` and `@include` decided, and
interfaces and unions taken apart into the types that they may turn out to be.

Before everything else, since from here on nothing looks at fragments or directives any more: each field
stands on one object type, under one response key (GraphQL, section 6.3.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    SelectionNode,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)

from resolvers.plan.coverage import NotCovered, Reason
from resolvers.plan.operation import Operation

MOST_FIELDS: Final = 10_000
"""Fields of one plan. Types within each other that may each be one of many multiply."""
MOST_LOOKS: Final = 20_000
"""Selections that are looked at for each type that the value of a field may turn out to have, whatever comes of
it. One look costs some 3 µs, in which nothing else is served.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """A field of an object type, under one response key. `below` are the types that the field's value may turn
    out to have, each with the fields selected of it: none for leaves.
    """

    key: str
    parent: GraphQLObjectType
    name: str
    definition: GraphQLField
    details: tuple[FieldDetails, ...]
    below: tuple[tuple[GraphQLObjectType, tuple[Selected, ...]], ...]


@dataclass(slots=True)
class _Selecting:
    operation: Operation
    count: int = 0
    looks: int = 0

    def fields(self, parent: GraphQLObjectType, grouped: GroupedFieldSet) -> tuple[Selected, ...]:
        found: list[Selected] = []
        for key, details in grouped.items():
            name = details[0].node.name.value
            definition = self.operation.schema.get_field(parent, name)
            if definition is None:
                continue
            self.count += 1
            if self.count > MOST_FIELDS:
                raise NotCovered(Reason.TOO_LARGE)
            found.append(
                Selected(key, parent, name, definition, tuple(details), self._below(definition, details))
            )
        return tuple(found)

    def _below(
        self, definition: GraphQLField, details: list[FieldDetails]
    ) -> tuple[tuple[GraphQLObjectType, tuple[Selected, ...]], ...]:
        of = get_named_type(definition.type)
        if is_object_type(of):
            return ((of, self._subfields(of, details)),)
        if is_abstract_type(of):
            possible = self.operation.schema.get_possible_types(of)
            selections = sum(len(_selections(one)) for one in details)
            self.looks += len(possible) * (1 + selections)
            if self.looks > MOST_LOOKS:
                raise NotCovered(Reason.TOO_LARGE)
            return tuple((one, self._subfields(one, details)) for one in possible)
        return ()

    def _subfields(self, of: GraphQLObjectType, details: list[FieldDetails]) -> tuple[Selected, ...]:
        asked = self.operation
        collected = collect_subfields(
            asked.schema, dict(asked.fragments), asked.variables, asked.node, of, details
        )
        return self.fields(of, collected.grouped_field_set)


def _selections(details: FieldDetails) -> tuple[SelectionNode, ...]:
    found = details.node.selection_set
    return () if found is None else found.selections


def select(operation: Operation, root: GraphQLObjectType) -> tuple[tuple[Selected, ...], int]:
    """The fields selected of the operation's root type, and how many there are in all. Raises `NotCovered`."""
    collected = collect_fields(
        operation.schema, dict(operation.fragments), operation.variables, root, operation.node
    )
    selecting = _Selecting(operation)
    return selecting.fields(root, collected.grouped_field_set), selecting.count
