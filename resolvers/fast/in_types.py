"""In types: what is decoded of an answer, as msgspec Structs. Just the properties that a shape shows, and those
that steps below are asked with; each held to its contract's type and nullability while it is decoded, in C.

Only what is right at first sight passes: a value of another type, a null or nothing where the answer must have
something, are errors of decoding. The checked lane then finds out what they are, and GraphQL's rules for them.
`resolvers/fast/builders.py` makes what leaves of what was decoded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Protocol

import msgspec

from adapters.contract.contract import Kind, Schema
from resolvers.fast.uncompiled import NotCompiled, Unhurried

KEY: Final[Any] = int | str | None
"""A property that nobody shows, but that keys are made of. A boolean is none: as a key it would pass for 1."""

_BY_KIND: Final[dict[Kind, Any]] = {
    Kind.BOOLEAN: bool,
    Kind.INTEGER: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)],
    Kind.INT64: int,
    Kind.NUMBER: float,
    Kind.STRING: str,
    Kind.DATE: str,
    Kind.DATE_TIME: str,
    Kind.UUID: str,
    Kind.ANY: Any,
    Kind.UNION: Any,
}


def leaf_type(schema: Schema) -> Any:
    """The type that a leaf of a schema is decoded to. Raises `NotCompiled` for what is no leaf."""
    if schema.kind is Kind.DECIMAL:
        return str if schema.json_type == "string" else Any
    found = _BY_KIND.get(schema.kind)
    if found is None:
        raise NotCompiled(Unhurried.FREE_FORM)
    return found


@dataclass(slots=True, eq=False)
class InValue:
    """What is decoded in one place: a leaf of a `type`, an object, or a list of `items`.

    `may_lack`: nothing may stand there; `nullable`: null may. Whoever insists, wins. `attribute` is its name in
    the Struct of its object: upstream names are anything.
    """

    may_lack: bool
    nullable: bool
    attribute: str = ""
    type: Any = None
    object: InObject | None = None
    items: InValue | None = None

    def insist(self, *, may_lack: bool, nullable: bool) -> None:
        """One more who reads this place, and what it allows there."""
        self.may_lack &= may_lack
        self.nullable &= nullable

    def as_leaf(self, of: Any) -> None:
        """It is read as a leaf of this type."""
        if self.object is not None or self.items is not None or self.type not in (None, KEY, of):
            raise NotCompiled(Unhurried.FREE_FORM)
        self.type = of

    def as_key(self, *, is_key: bool) -> None:
        """Steps are asked with it, whether or not it is shown: as a key, or as whatever it is."""
        if self.object is not None or self.items is not None or self.type is float:
            raise NotCompiled(Unhurried.FREE_FORM)  # decoding a float forgets how it was written
        if self.type is None or (is_key and self.type is Any):
            self.type = KEY if is_key else Any

    def as_object(self) -> InObject:
        """It is read as an object."""
        if self.type is not None or self.items is not None:
            raise NotCompiled(Unhurried.FREE_FORM)
        if self.object is None:
            self.object = InObject()
        return self.object

    def as_list(self, *, nullable: bool) -> InValue:
        """It is read as a list; the value of its items."""
        if self.type is not None or self.object is not None:
            raise NotCompiled(Unhurried.FREE_FORM)
        if self.items is None:
            self.items = InValue(may_lack=False, nullable=nullable)
        self.items.insist(may_lack=False, nullable=nullable)
        return self.items

    def made(self) -> Any:
        """The type, once everybody has said what they read."""
        made = self.type
        if self.object is not None:
            made = self.object.made()
        elif self.items is not None:
            made = list.__class_getitem__(self.items.made())  # a type that is made while the program runs
        return made | None if self.nullable and made is not Any and made is not KEY else made


class Out(Protocol):
    """What an object leaves as."""

    def fields(self) -> list[tuple[str, str]] | None:
        """The fields by attribute and response key, in their order; None where that is a type of its own."""
        ...


@dataclass(slots=True, eq=False)
class InObject:
    """The properties that are decoded of an object, by their upstream names. Where all of them leave, as one `out`
    and no `other`, this type serves for both; fields that are not decoded are filled in later.
    """

    values: dict[str, InValue] = field(default_factory=dict)
    out: Out | None = None
    other: bool = False
    _made: Any = None

    def value(self, name: str, *, may_lack: bool, nullable: bool) -> InValue:
        """The value of a property, and who reads it insists on what they do."""
        found = self.values.get(name)
        if found is None:
            found = self.values[name] = InValue(may_lack, nullable, f"f{len(self.values)}")
        found.insist(may_lack=may_lack, nullable=nullable)
        return found

    def made(self) -> type[msgspec.Struct]:
        """The Struct, made once."""
        if self._made is None:
            names = None if self.out is None or self.other else self.out.fields()
            if names is None:
                names = [(value.attribute, name) for name, value in self.values.items()]
            fields: list[Any] = []
            for attribute, name in names:
                value = self.values.get(name)
                if value is None:
                    fields.append((attribute, Any, None))
                else:
                    of = value.made()
                    fields.append((attribute, of, None) if value.may_lack else (attribute, of))
            self._made = msgspec.defstruct(
                "In",
                fields,
                rename=dict(names),
                kw_only=True,
                gc=False,  # trees without cycles, of which an answer may hold thousands
            )
        return self._made  # type: ignore[no-any-return]
