"""Which fields may stand under one response name at one place of an answer (GraphQL, section 5.3.2), so that what
`operations.py` draws is valid.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphql import GraphQLNamedType, GraphQLObjectType


@dataclass(frozen=True, slots=True)
class Served:
    """A field of a type under its arguments, as they are written."""

    parent: GraphQLNamedType
    name: str
    arguments: str

    def beside(self, other: Served, *, leaf: bool) -> bool:
        """Whether both may stand under one name: they are the same field, or leaves of types that exclude each
        other.
        """
        if (self.name, self.arguments) == (other.name, other.arguments):
            return True
        apart = self.parent is not other.parent
        objects = isinstance(self.parent, GraphQLObjectType) and isinstance(other.parent, GraphQLObjectType)
        return leaf and apart and objects


@dataclass(slots=True)
class Entry:
    """What stands under one response name: its type, the fields that serve it, and what is below."""

    of: str
    leaf: bool
    served: list[Served]
    below: Scope


@dataclass(slots=True)
class Scope:
    """One place of the answer with the response names in it."""

    names: dict[str, Entry] = field(default_factory=dict)

    def fits(self, name: str, served: Served, of: str, *, leaf: bool) -> bool:
        """Whether a field of this type may stand here under this name."""
        entry = self.names.get(name)
        if entry is None:
            return True
        return entry.of == of and all(served.beside(other, leaf=leaf) for other in entry.served)

    def add(self, name: str, served: Served, of: str, *, leaf: bool) -> Entry:
        """Let it stand here."""
        entry = self.names.setdefault(name, Entry(of, leaf, [], Scope()))
        if served not in entry.served:
            entry.served.append(served)
        return entry

    def takes_in(self, other: Scope) -> bool:
        """Whether everything of another place, as of a fragment's, may stand here too."""
        return all(
            all(self.fits(name, served, entry.of, leaf=entry.leaf) for served in entry.served)
            and (name not in self.names or self.names[name].below.takes_in(entry.below))
            for name, entry in other.names.items()
        )

    def take_in(self, other: Scope) -> None:
        """Let all of it stand here."""
        for name, entry in other.names.items():
            for served in entry.served:
                self.add(name, served, entry.of, leaf=entry.leaf)
            self.names[name].below.take_in(entry.below)
