"""Pass: what serves each field. Fields that their parent holds become parts of its shape; the others become
steps, numbered in the order of the document.

After selecting, since what serves a field depends on the type that it stands on; before all passes that read
steps.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from graphql import (
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    is_abstract_type,
    is_leaf_type,
)

from resolvers.plan.meaning import Attribute, Call, Meanings, Property, Resolver, TypeName
from resolvers.plan.plan import AbstractShape, Field, LeafShape, ListShape, ObjectShape, Shape, Step
from resolvers.plan.selecting import Selected


@dataclass(slots=True)
class Served:
    """The shape of an operation's root, with the steps that serve what is below. `access` as `Plan` has it."""

    meanings: Meanings
    steps: list[Step | None] = field(default_factory=list)
    access: set[Hashable] = field(default_factory=set)

    def object(
        self,
        of: GraphQLObjectType,
        selected: tuple[Selected, ...],
        nullable: bool,
        after: int | None,
        path: tuple[str, ...],
    ) -> ObjectShape:
        """The shape of an object whose values come with the step `after`."""
        fields = tuple(self._field(one, after, (*path, one.key)) for one in selected)
        schema = None if of.is_type_of is None else self.meanings.schema_of(of)
        return ObjectShape(of, fields, tuple(one.key for one in fields), nullable, schema)

    def _field(self, one: Selected, after: int | None, path: tuple[str, ...]) -> Field:
        meaning = (
            TypeName() if one.name == "__typename" else self.meanings.of(one.parent, one.name, one.definition)
        )
        if isinstance(meaning, Attribute | Call | Property) and meaning.access is not None:
            self.access.add(meaning.access)
        number = None
        if isinstance(meaning, Call | Resolver):
            number = len(self.steps)
            self.steps.append(
                None
            )  # its place in the document's order; it is made when what is below is known
        within = after if number is None else number
        made = Field(
            key=one.key,
            parent=one.parent,
            name=one.name,
            definition=one.definition,
            meaning=meaning,
            shape=self._shape(one.definition.type, one, within, path),
            step=number,
            details=one.details,
            nodes=[detail.node for detail in one.details],
        )
        if number is not None:
            self.steps[number] = Step(number, after, path, made)
        return made

    def _shape(self, of: GraphQLOutputType, one: Selected, after: int | None, path: tuple[str, ...]) -> Shape:
        nullable = not isinstance(of, GraphQLNonNull)
        if isinstance(of, GraphQLNonNull):
            of = of.of_type
        if isinstance(of, GraphQLList):
            return ListShape(self._shape(of.of_type, one, after, path), nullable)
        if is_leaf_type(of):
            return LeafShape(of, nullable)
        if not is_abstract_type(of):
            ((found, selected),) = one.below
            return self.object(found, selected, nullable, after, path)
        cases = {
            found.name: self.object(found, selected, nullable, after, path) for found, selected in one.below
        }
        return AbstractShape(of, cases, nullable)
