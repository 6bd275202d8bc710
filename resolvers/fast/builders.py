"""Builders: from what was decoded to what leaves, many objects at a time.

A builder takes a list of decoded values and gives the list of what leaves in their places: Structs of an Out type
whose fields are the shape's response keys in their order, encoded straight to bytes. It works column by column, so
that its loops are C's. Where In and Out are the same, nothing is built. Objects that steps hang on are handed on
with the Structs whose field the step will fill (`resolvers/fast/run.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import chain, repeat
from operator import attrgetter
from typing import Any, Final, TypeAlias

import msgspec
from graphql import Undefined

from resolvers.fast.in_types import InObject, InValue
from resolvers.fast.leaves import Convert
from resolvers.fast.typed_rows import TypedRows
from resolvers.fast.uncompiled import Troubled


@dataclass(slots=True)
class Hanging:
    """The objects that a step runs for: what was decoded of each, and the Struct that waits for its value."""

    parents: list[Any] = field(default_factory=list)
    outs: list[Any] = field(default_factory=list)


_NOTHING: Final = frozenset({type(None), type(Undefined)})

Hung: TypeAlias = dict[int, Hanging]
"""By the number of the step."""
Builder: TypeAlias = Callable[[list[Any], Hung], list[Any]]
Column: TypeAlias = Callable[[list[Any], Hung], Iterable[Any]]


def as_decoded(values: list[Any], hung: Hung) -> list[Any]:
    """The builder of what leaves as it came."""
    return values


def leaves(convert: Convert, of: InValue | None = None) -> Builder:
    """Leaves that have to be converted, by one function after the other. Decoding lets null through wherever anything
    may stand: where none may be, `of` says so. Raises `Troubled`, and what the functions raise.
    """

    def made_of(values: Iterable[Any]) -> list[Any]:
        for one in convert:
            values = map(one, values)
        made = list(values)
        if not _NOTHING.isdisjoint(map(type, made)):
            raise Troubled  # a scalar that gives nothing for a value
        return made

    def built(values: list[Any], hung: Hung) -> list[Any]:
        if None not in values:
            return made_of(values)
        if of is not None and not (of.nullable or of.may_lack):
            raise Troubled
        made = iter(made_of(value for value in values if value is not None))
        return [None if value is None else next(made) for value in values]

    return built


def sparse(build: Builder) -> Builder:
    """The same, where some of the values are null."""

    def built(values: list[Any], hung: Hung) -> list[Any]:
        made = iter(build([value for value in values if value is not None], hung))
        return [None if value is None else next(made) for value in values]

    return built


def lists(build: Builder) -> Builder:
    """Lists of what `build` makes, all their items at a time; null for null."""

    def built(values: list[Any], hung: Hung) -> list[Any]:
        if len(values) == 1:
            return [None if values[0] is None else build(values[0], hung)]
        made = build(list(chain.from_iterable(one for one in values if one is not None)), hung)
        found: list[Any] = []
        start = 0
        for one in values:
            end = start + (0 if one is None else len(one))
            found.append(None if one is None else made[start:end])
            start = end
        return found

    return built


def constant(value: object) -> Column:
    """A column of one value."""
    return lambda values, hung: repeat(value, len(values))


def property_column(path: tuple[str, ...], build: Builder) -> Column:
    """A column of the attributes at a path, built."""
    get = getter(path)
    if build is as_decoded:
        return lambda values, hung: map(get, values)
    return lambda values, hung: build(list(map(get, values)), hung)


def getter(path: tuple[str, ...]) -> Callable[[Any], Any]:
    """What stands at a path of attributes; None below a null."""
    if len(path) == 1:
        return attrgetter(path[0])

    def get(value: Any) -> Any:
        for attribute in path:
            value = getattr(value, attribute)
            if value is None:
                return None
        return value

    return get


def read_column(read: Callable[[Any], Any], build: Builder, *, nullable: bool) -> Column:
    """A column of what is read of Python objects, built. Raises `Troubled` for a null where none may be."""

    def column(values: list[Any], hung: Hung) -> list[Any]:
        found = list(map(read, values))
        if not nullable and any(one is None for one in found):
            raise Troubled
        return build(found, hung)

    return column


def converted(of: InValue, build: Builder) -> Builder:
    """Rows, or lists of them, decoded to their In type; what was decoded without types is held to it. Raises
    msgspec.ValidationError, and what else rows that are no JSON raise.
    """

    typed = TypedRows(of)
    return lambda values, hung: build(typed(values), hung)


@dataclass(slots=True, eq=False)
class ObjectBuilder:
    """Builds objects of one shape. `decoded` is their In type, None for Python objects; `as_is`: every field is a
    property as it came, by the names `same`, or `filled` by a step, so that one type may serve for In and Out.
    `steps` hang on these objects; `islands` are those of the plan.
    """

    keys: tuple[str, ...]
    decoded: InObject | None = None
    columns: list[Column] = field(default_factory=list)
    as_is: bool = True
    same: list[str] = field(default_factory=list)
    filled: tuple[str, ...] = ()
    islands: Collection[int] = ()
    steps: list[int] = field(default_factory=list)
    out: Any = None

    def __call__(self, values: list[Any], hung: Hung) -> list[Any]:
        """The Structs of these objects, none of which is null."""
        if self.out is None:
            self._finish()
        if self.as_is:
            outs = values
        elif self.columns:
            outs = list(map(self.out, *(column(values, hung) for column in self.columns)))
        else:  # everything was skipped
            outs = [self.out() for _ in values]
        for number in self.steps:
            one = hung.get(number)
            if one is None:
                one = hung[number] = Hanging()
            one.parents += values
            one.outs += outs
        return outs

    def __post_init__(self) -> None:
        if self.decoded is not None:
            self.decoded.other = self.decoded.out is not None
            self.decoded.out = self

    def fields(self) -> list[tuple[str, str]] | None:
        """The fields of a type that serves for In and Out, by attribute and response key; None where there is none
        such. Not before everybody has said what they read of these objects.
        """
        decoded = self.decoded
        shown = [key for key in self.keys if key not in self.filled]
        if decoded is None or not self.as_is or not list(decoded.values) == self.same == shown:
            return None
        if self.filled and self.islands:  # these look for the objects that they stand in
            return None
        return [
            (filled_by(index) if key in self.filled else decoded.values[key].attribute, key)
            for index, key in enumerate(self.keys)
        ]

    def _finish(self) -> None:
        decoded = self.decoded
        self.as_is = decoded is not None and not decoded.other and self.fields() is not None
        self.out = out_type(self.keys)


def filled_by(index: int) -> str:
    """The attribute of the field at an index of a shape, in the Structs that a step fills."""
    return f"f{index}_"


def out_type(keys: tuple[str, ...]) -> Any:
    """A Struct whose fields leave under these response keys, in this order."""
    names = [filled_by(index) for index in range(len(keys))]
    return msgspec.defstruct(
        "Out",
        [(name, Any) for name in names],
        rename=dict(zip(names, keys, strict=True)),
        gc=False,  # as In types
    )
