"""Leaves of the fast lane: from what was decoded to what leaves, where the two are not the same.

The meaning is the checked lane's: the contract's strict check (`resolvers/reading/leaf.py`), then GraphQL's own
serialising. Where decoding has done both already, nothing is left to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
)

from adapters.contract.contract import Kind, Schema
from resolvers.reading.leaf import WrongLeaf, leaf
from resolvers.reading.reader import plain

Convert: TypeAlias = tuple[Callable[[Any], Any], ...]
"""From decoded values that are not null, one function after the other; each raises whatever is wrong with its."""

# What GraphQL serialises as itself once it was decoded as this kind.
_SAME: Final = (
    (GraphQLBoolean, Kind.BOOLEAN),
    (GraphQLInt, Kind.INTEGER),
    (GraphQLFloat, Kind.NUMBER),
    (GraphQLString, Kind.STRING),
    (GraphQLID, Kind.STRING),
)
# What is decoded to text or to an integer, and read as that.
_TOLD_APART: Final = frozenset({Kind.STRING, Kind.DATE, Kind.DATE_TIME, Kind.UUID, Kind.INTEGER, Kind.INT64})


def conversion(schema: Schema, of: GraphQLLeafType) -> Convert:
    """What has to be done to decoded leaves: nothing, where they leave as they came."""
    if schema.kind in (Kind.ANY, Kind.UNION):
        return (plain, of.coerce_output_value)
    if schema.enum is not None and schema.kind in _TOLD_APART:
        return (_written(schema, of).__getitem__,)
    if schema.enum is None:
        if any(of is scalar and schema.kind is kind for scalar, kind in _SAME):
            return ()
        if of is GraphQLID and schema.kind is Kind.INTEGER:
            return (str,)
    return (leaf(schema), of.coerce_output_value)


def completed(of: GraphQLLeafType) -> Convert:
    """GraphQL's own serialising of Python values."""
    return (of.coerce_output_value,)


def _written(schema: Schema, of: GraphQLLeafType) -> dict[Any, Any]:
    """What leaves of each member of an enumerated leaf; nothing of what the contract, or the type, does not admit."""
    check, found = leaf(schema), dict[Any, Any]()
    for member in schema.enum or ():
        try:
            found[member] = of.coerce_output_value(check(member))
        except (WrongLeaf, GraphQLError, TypeError, ValueError):
            continue  # whoever meets it in an answer is told why
    return found
