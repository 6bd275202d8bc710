"""Meanings: what serves a field of the schema, as the graph tells the planner.

`graph/executing/meanings.py` reads them off the bound schema, once per field; `resolvers/plan/serving.py` makes steps
and shapes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from graphql import GraphQLField, GraphQLObjectType

from resolvers.source import Source


@dataclass(frozen=True, slots=True, eq=False)
class TypeName:
    """`__typename`: the name of the object's type (GraphQL, section 4.2)."""


@dataclass(frozen=True, slots=True, eq=False)
class Property:
    """A property of the parent's record, at a path of `upstream` names. `access` says who may see it, None: all.

    `discriminator` is the property of the value, or of its items, that tells of which type it is; None where the
    contract says one type. `schema` points to the schema that it is read by, where a type was bound to one: objects
    of another may fit that type too.
    """

    read: Callable[[Any], Any]
    upstream: tuple[str, ...]
    access: Hashable | None = None
    discriminator: str | None = None
    schema: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """A value that the parent holds already: of a plain Strawberry type, or a part of a connection.

    `read` may give an awaitable, which is awaited like any other value. `part` names the part of a connection.
    `access` says who may see it, None: all.
    """

    read: Callable[[Any], Any]
    part: str | None = None
    access: Hashable | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """Operations of a contract, as the source says. `arguments` makes the source's arguments of GraphQL's.
    `discriminator` as `Property` has it.
    """

    source: Source
    arguments: Callable[[dict[str, Any]], Mapping[str, object]]
    access: Hashable | None = None
    discriminator: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Resolver:
    """A Python resolver, called as graphql-core would. `needs` are the upstream properties of the parent that it
    sees; None: any. `may_call`: whether it can call services itself, for all that is known.
    """

    resolve: Callable[..., Any]
    name: str
    needs: tuple[str, ...] | None = None
    may_call: bool = True


Meaning: TypeAlias = TypeName | Property | Attribute | Call | Resolver


class Meanings(Protocol):
    """What the graph knows of its fields."""

    def of(self, parent: GraphQLObjectType, name: str, definition: GraphQLField) -> Meaning:
        """What serves a field of an object type."""
        ...

    def schema_of(self, parent: GraphQLObjectType) -> str | None:
        """The pointer of the schema whose objects are all of this type; None where nothing says so."""
        ...
