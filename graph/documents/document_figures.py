"""How much a document asks for, counted on its syntax tree before it is validated: depth, aliases, fields.

`graph/documents/documents.py` counts each document once; `graph/documents/bounds.py` compares the figures with the
project's limits. Every selection is visited once and every fragment's figures are kept, so that counting takes
time in proportion to the document's length, whatever its fragments spread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

CEILING: Final = 1_000_000_000
"""Counts stop here: fragments that double each other would make numbers of a thousand digits."""

_INTROSPECTION: Final = frozenset({"__schema", "__type"})
_LISTS: Final = frozenset({"fields", "interfaces", "possibleTypes", "inputFields"})


@dataclass(frozen=True, slots=True)
class Figures:
    """What one operation comes to, its fragments put in wherever they are spread; at most `CEILING` each.

    `introspection_depth` counts the lists of `__Type` within each other, as graphql-js's
    MaxIntrospectionDepthRule does: each multiplies the answer by the size of the schema.
    """

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    root_fields: int = 0
    introspection_depth: int = 0


@dataclass(slots=True)
class _Part:
    """The figures of one selection set. `lists` are those of `__Type` were it inside introspection,
    `introspection` those that are.
    """

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    root_fields: int = 0
    lists: int = 0
    introspection: int = 0

    def add(self, other: _Part) -> None:
        """Put the selections of a fragment in."""
        self.depth = max(self.depth, other.depth)
        self.aliases += other.aliases
        self.fields += other.fields
        self.root_fields += other.root_fields
        self.lists = max(self.lists, other.lists)
        self.introspection = max(self.introspection, other.introspection)

    def add_field(self, node: FieldNode, below: _Part) -> None:
        """Put a field in, with what is selected below it."""
        name = node.name.value
        lists = below.lists + (name in _LISTS)
        self.depth = max(self.depth, below.depth + 1)
        self.fields += below.fields + 1
        self.root_fields += 1
        self.aliases += below.aliases + (node.alias is not None)
        if lists:
            self.lists = max(self.lists, lists)
            inside = lists if name in _INTROSPECTION else below.introspection
            self.introspection = max(self.introspection, inside)

    def cap(self) -> None:
        """Bound the counts, once all of the selection set is in."""
        self.aliases = min(self.aliases, CEILING)
        self.fields = min(self.fields, CEILING)
        self.root_fields = min(self.root_fields, CEILING)


_NOTHING: Final = _Part()


def figures_of(document: DocumentNode) -> tuple[list[tuple[OperationDefinitionNode, Figures]], int]:
    """Each operation with its figures, and how many fields are written in the whole document.

    A spread within the fragment itself counts nothing: validation refuses it.
    """
    fragments = {
        one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }
    parts: dict[str, _Part] = {}
    for name in _inside_first(fragments):
        parts[name] = _part(fragments[name].selection_set, parts)
    found = []
    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode):
            part = _part(one.selection_set, parts)
            found.append(
                (one, Figures(part.depth, part.aliases, part.fields, part.root_fields, part.introspection))
            )
    return found, sum(_written(document))


def _part(selection_set: SelectionSetNode | None, parts: Mapping[str, _Part]) -> _Part:
    """The figures of a selection set. The parser bounds how deep selections nest, and so this recursion."""
    part = _Part()
    for one in () if selection_set is None else selection_set.selections:
        if isinstance(one, FieldNode):
            part.add_field(one, _part(one.selection_set, parts))
        elif isinstance(one, InlineFragmentNode):
            part.add(_part(one.selection_set, parts))
        elif isinstance(one, FragmentSpreadNode):
            part.add(parts.get(one.name.value, _NOTHING))
    part.cap()
    return part


def _inside_first(fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[str]:
    """The fragments' names, each after those that it spreads; of a cycle, in some order."""
    begun: set[str] = set()
    for first in fragments:
        stack: list[tuple[str, Iterator[str]]] = []
        following: str | None = first
        while following is not None or stack:
            if following is not None and following not in begun:
                begun.add(following)
                stack.append((following, _spreads(fragments[following])))
            current, inside = stack[-1] if stack else ("", iter(()))
            following = next((one for one in inside if one in fragments and one not in begun), None)
            if following is None and stack:
                stack.pop()
                yield current


def _spreads(fragment: FragmentDefinitionNode) -> Iterator[str]:
    waiting = [fragment.selection_set]
    while waiting:
        for one in waiting.pop().selections:
            if isinstance(one, FragmentSpreadNode):
                yield one.name.value
            elif isinstance(one, (FieldNode, InlineFragmentNode)) and one.selection_set is not None:
                waiting.append(one.selection_set)


def _written(document: DocumentNode) -> Iterator[int]:
    waiting = [
        one.selection_set
        for one in document.definitions
        if isinstance(one, (OperationDefinitionNode, FragmentDefinitionNode))
    ]
    while waiting:
        for one in waiting.pop().selections:
            if isinstance(one, FieldNode):
                yield 1
            if isinstance(one, (FieldNode, InlineFragmentNode)) and one.selection_set is not None:
                waiting.append(one.selection_set)
