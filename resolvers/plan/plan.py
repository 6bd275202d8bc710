"""A plan: a frozen tree of steps and shapes. Caller-independent: who may see what is a mask when it is run.

`resolvers/plan/planning.py` makes plans, `resolvers/run/run.py` runs them, `graph/explain` shows them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLObjectType,
    OperationType,
)
from graphql.execution.collect_fields import FieldDetails

from resolvers.plan.meaning import Meaning


@dataclass(frozen=True, slots=True, eq=False)
class LeafShape:
    """A scalar or an enum."""

    type: GraphQLLeafType
    nullable: bool


@dataclass(frozen=True, slots=True, eq=False)
class ListShape:
    """A list; its items have a shape of their own."""

    item: Shape
    nullable: bool


@dataclass(frozen=True, slots=True, eq=False)
class ObjectShape:
    """An object of a known type. `keys` are the response keys of its fields, in their order. Objects of the schema
    that `schema` points to are of the type, whatever `is_type_of` is asked.
    """

    type: GraphQLObjectType
    fields: tuple[Field, ...]
    keys: tuple[str, ...]
    nullable: bool
    schema: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AbstractShape:
    """An object of an interface or a union: a shape for each type that it may turn out to be, by name."""

    type: GraphQLAbstractType
    cases: Mapping[str, ObjectShape]
    nullable: bool


Shape: TypeAlias = LeafShape | ListShape | ObjectShape | AbstractShape


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One response key of one object type: what serves it, and what leaves of it.

    `step` is the number of the step that serves it, None where the parent holds the value. `details` and
    `nodes` are the selections that were merged into it (GraphQL, section 6.3.2).
    """

    key: str
    parent: GraphQLObjectType
    name: str
    definition: GraphQLField
    meaning: Meaning
    shape: Shape
    step: int | None
    details: tuple[FieldDetails, ...]
    nodes: list[FieldNode]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One kind of upstream call, or one Python resolver, run for all parents together.

    `after` is the step whose values hold its parents, None where the operation's root does. `path` are the
    response keys from the root to its field.
    """

    number: int
    after: int | None
    path: tuple[str, ...]
    field: Field


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Plan:
    """What one operation does, for given values of the booleans in its `@skip` and `@include`.

    `access` is everything that some of its fields ask of callers. `needs` are, per step, the properties of its
    answer that are decoded: those selected, and those that further steps need. `shares` names, per step, an
    earlier one that asks the store for the same: what either gets serves both. `waves` numbers the round of
    upstream calls in which a step can start, from 1.
    """

    kind: OperationType
    name: str | None
    root: ObjectShape
    steps: tuple[Step, ...]
    access: frozenset[Hashable]
    fields: int
    needs: tuple[tuple[str, ...], ...]
    shares: tuple[int | None, ...]
    waves: tuple[int, ...]
