"""Bound fields: Strawberry fields whose type, arguments and value come from a contract once the schema is
built.

Until then a bound field only carries its declaration. `graph/binding/binding.py` fills in the rest;
`resolvers/resolve.py` serves the value.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import InitVar
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from strawberry.annotation import StrawberryAnnotation
from strawberry.types.base import StrawberryObjectDefinition, StrawberryType
from strawberry.types.field import UNRESOLVED, StrawberryField
from strawberry.types.info import Info
from strawberry.types.private import is_private

from graph.binding.arguments import plain_arguments
from graph.declaring.access import authorise
from graph.declaring.declare import AUTO, OPEN, Access, FieldDeclaration
from graph.executing.context_value import context_of
from resolvers.reading.record import Record, limited
from resolvers.resolve import resolve
from resolvers.source import Source

if TYPE_CHECKING:
    from strawberry.types.field import FieldType


def is_auto(annotation: StrawberryAnnotation) -> bool:
    """Whether an annotation is `rest.auto`. One that can't be evaluated yet is a type that comes later, so it
    is not.
    """
    try:
        evaluated: object = annotation.evaluate()
    except Exception:  # noqa: BLE001 - see below
        # Whatever is wrong with it, Strawberry or the binding says so when the type is needed.
        return False
    return evaluated is AUTO or evaluated is Any


def is_property(annotation: StrawberryAnnotation) -> bool:
    """Whether an annotation is a field's, and not of what GraphQL does not show: Private, ClassVar, InitVar."""
    try:
        evaluated: object = annotation.evaluate()
    except Exception:  # noqa: BLE001 - it names what is defined later
        evaluated = annotation.raw_annotation
    text = str(evaluated)
    return not (is_private(evaluated) or text.startswith(_NO_FIELDS) or isinstance(evaluated, InitVar))


_NO_FIELDS: Final = (
    *("strawberry.Private[", "Private["),
    *("typing.ClassVar", "ClassVar", "dataclasses.InitVar", "InitVar"),
)


class LateField(StrawberryField):
    """A field whose type is known only when the schema is built."""

    _kept: ClassVar[tuple[str, ...]] = ("bound_type",)
    bound_type: StrawberryType | type | None = None

    def __copy__(self) -> Self:
        # StrawberryField's copy makes a new field from the arguments that it knows: ours would be lost.
        made = super().__copy__()
        for name in self._kept:
            if name in self.__dict__:
                setattr(made, name, self.__dict__[name])
        return made

    @property
    def inherits_type(self) -> bool:
        """Whether the contract says the type: the annotation is `rest.auto`, or the field was generated."""
        return self.type_annotation is None or is_auto(self.type_annotation)

    def bind_type(self, annotation: Any) -> None:
        """Set the type, as an annotation."""
        self.bound_type = StrawberryAnnotation(annotation).resolve()

    def resolve_type(self, *, type_definition: StrawberryObjectDefinition | None = None) -> FieldType:
        """The bound type; before binding, what the annotation says, if it says a type."""
        if self.bound_type is not None:
            return self.bound_type
        if self.inherits_type:
            return UNRESOLVED  # type: ignore[return-value]  # Strawberry's own word for a type that is not there yet
        return super().resolve_type(type_definition=type_definition)


class BoundField(LateField):
    """A field of a contract: a property, or a source that calls operations.

    `declaration` says how it was declared; binding sets `bound_type`, `access`, and either `read`,
    `upstream` and `discriminator` (properties) or `source`.
    """

    _kept = (*LateField._kept, "declaration", "access", "read", "source", "upstream", "discriminator")
    declaration: FieldDeclaration
    access: Access = OPEN
    read: Callable[[Record], Any] | None = None
    source: Source | None = None
    upstream: tuple[str, ...] = ()
    discriminator: str | None = None
    """What property of the value tells its type, where the contract lets it be one of several."""
    copied: BoundField | None = None
    """The field of a base class or of an extension that this one is a type's own copy of."""

    def __init__(self, *args: Any, declaration: FieldDeclaration | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if declaration is not None:
            self.declaration = declaration
        # A bound value never comes from a constructor.
        self.init = False

    def __getattr__(self, name: str) -> Any:
        if name in ("op", "schema"):
            raise AttributeError(
                f"'.{name}' of a field: in a class body, a field hides the contract of the same name from the lines "
                "below it; give the contract another name"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def is_basic_field(self) -> bool:
        """A property that anyone may see needs neither context nor arguments."""
        return not self.base_resolver and not self.extensions and self.source is None and not self.access

    @property
    def is_async(self) -> bool:
        """Async resolvers, and sources behind an extension that can only await: other sources give a value at once
        where the store has it, else an awaitable.
        """
        awaits = any(one.has_resolver and not one.supports_sync for one in self.extensions)
        return self._has_async_base_resolver or (self.source is not None and awaits)

    def get_result(
        self, source: Any, info: Info | None, args: list[Any], kwargs: Any
    ) -> Awaitable[Any] | Any:
        """The value for GraphQL, or an awaitable of it. Raises FieldError."""
        if info is not None:
            context = context_of(info.context)
            if self.access:
                authorise(self.access, context.caller)
            if self.source is not None:
                return resolve(self.source, source, plain_arguments(kwargs), context.store)
        if self.base_resolver is not None:
            needs = self.declaration.needs
            if needs is not None and args and args[0] is source:
                args = [limited(source, needs), *args[1:]]
            return self.base_resolver(*args, **kwargs)
        if not isinstance(source, Record):
            raise TypeError(
                f"{self.python_name!r} is a bound field: its parent must come from its contract (a bound field, "
                f"context.load or context.call), not from {type(source).__name__}(...)"
            )
        assert self.read is not None  # a bound field has a source, a resolver or a property
        return self.read(source)
