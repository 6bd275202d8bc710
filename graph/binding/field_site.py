"""The site of a source that is being bound: the field, the types at both its ends, and where its mistakes are
told.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from strawberry.types.base import StrawberryObjectDefinition

from graph.binding.bound_types import BoundType
from graph.declaring.annotations import Annotated
from graph.declaring.declare import FieldDeclaration
from graph.declaring.fields import BoundField
from graph.declaring.mistakes import Mistakes


@dataclass(frozen=True, slots=True)
class FieldSite:
    """`parent` is None on plain types. `apart` is what the field's annotation says, None for `rest.auto`.

    `target` is the bound type that the field leads to, by its annotation or by its operation's contract. `unread` are
    the bound types whose contract or schema is wrong: that was told, and what rests on them is not.
    """

    definition: StrawberryObjectDefinition
    field: BoundField
    parent: BoundType | None
    apart: Annotated | None
    target: BoundType | None
    is_list: bool
    mistakes: Mistakes
    unread: AbstractSet[type] = frozenset()

    @property
    def name(self) -> str:
        """What mistakes are about, as `User.orders`."""
        return f"{self.definition.name}.{self.field.python_name}"

    @property
    def declaration(self) -> FieldDeclaration:
        """How the field was declared."""
        return self.field.declaration

    @property
    def nullable(self) -> bool:
        """Whether the field may be null; what nobody annotates may."""
        return self.apart is None or self.apart.nullable

    @property
    def parent_is_unread(self) -> bool:
        """Whether the field stands in a bound type that could not be read."""
        return self.definition.origin in self.unread

    @property
    def target_is_unread(self) -> bool:
        """Whether the field is annotated with a bound type that could not be read."""
        return self.apart is not None and isinstance(self.apart.of, type) and self.apart.of in self.unread

    def wrong(self, message: str) -> None:
        """Note a mistake of this field, where its operation stands, or where it was declared."""
        operation = self.declaration.operation
        position = operation.position if operation else self.declaration.position
        self.mistakes.at(position, self.name, message)
