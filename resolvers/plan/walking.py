"""Walking a plan's shapes: what the passes after serving have in common."""

from __future__ import annotations

from collections.abc import Iterator

from resolvers.plan.plan import AbstractShape, Field, ListShape, ObjectShape, Shape


def objects(shape: Shape) -> Iterator[ObjectShape]:
    """The shapes of the objects that a value of this shape is, or is a list of."""
    while isinstance(shape, ListShape):
        shape = shape.item
    if isinstance(shape, ObjectShape):
        yield shape
    elif isinstance(shape, AbstractShape):
        yield from shape.cases.values()


def held(shape: Shape) -> Iterator[Field]:
    """The fields of those objects, whether they hold the value or a step serves it."""
    for one in objects(shape):
        yield from one.fields
