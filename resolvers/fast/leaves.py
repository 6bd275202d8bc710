"""Leaves of the fast lane: from what was decoded to what leaves, where the two are not the same.

The meaning is the checked lane's: the contract's strict check (`resolvers/leaf.py`), then GraphQL's own
serialising. Where decoding has done both already, nothing is left to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from graphql import GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLLeafType, GraphQLString
from graphql.execution import Executor

from adapters.contract import Kind, Schema
from resolvers.leaf import leaf
from resolvers.reader import plain

Convert: TypeAlias = Callable[[Any], Any]
"""From a decoded value that is not null; raises whatever is wrong with it."""

# What GraphQL serialises as itself once it was decoded as this kind.
_SAME: Final = (
    (GraphQLBoolean, Kind.BOOLEAN),
    (GraphQLInt, Kind.INTEGER),
    (GraphQLFloat, Kind.NUMBER),
    (GraphQLString, Kind.STRING),
    (GraphQLID, Kind.STRING),
)


def conversion(schema: Schema, of: GraphQLLeafType) -> Convert | None:
    """What has to be done to a decoded leaf; None: nothing."""
    if schema.kind in (Kind.ANY, Kind.UNION):
        return lambda value: Executor.complete_leaf_value(of, plain(value))
    if schema.enum is None:
        if any(of is scalar and schema.kind is kind for scalar, kind in _SAME):
            return None
        if of is GraphQLID and schema.kind is Kind.INTEGER:
            return str
    check = leaf(schema)

    def converted(value: Any) -> Any:
        return Executor.complete_leaf_value(of, check(value))

    return converted


def completed(of: GraphQLLeafType) -> Convert:
    """GraphQL's own serialising of a Python value."""
    return lambda value: Executor.complete_leaf_value(of, value)
