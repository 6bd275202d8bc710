"""The component schemas of one document by name: which one a place means, and which of them extend which.

`adapters/contract/discriminators.py` asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from adapters.contract.references import References
from adapters.contract.schema_parts import MOST_NESTED, PartReader
from adapters.json_path import JsonPath, pointer

_PLACE: Final = ("components", "schemas")


def component_pointer(name: str) -> str:
    """The pointer of a component schema."""
    return pointer((*_PLACE, name))


class Components:
    """`nodes` are the component schemas as the document writes them; `old` is true for OpenAPI 3.0."""

    def __init__(self, references: References, nodes: Mapping[str, object], *, old: bool) -> None:
        self.nodes = nodes
        self._references = references
        self._parts = PartReader(references, _silent, old=old)

    def at(self, path: JsonPath, node: object) -> str | None:
        """The name of the component that the schema at a place is, seen through references and disguises; None
        where it is a schema of its own.
        """
        for _ in range(MOST_NESTED):
            alias = self._parts.alias(path, node)
            if alias is None:
                return str(path[2]) if path[:2] == _PLACE and len(path) == 3 else None
            if alias.place is None:
                return None
            path, node = alias.place
        return None

    def meant(self, text: str) -> str | None:
        """The component that a text of a discriminator means: a name, or else a reference (OpenAPI 3.1, section
        4.8.25.1).
        """
        if text in self.nodes:
            return self.at((*_PLACE, text), self.nodes[text])
        target = self._references.target(text)
        return None if target is None else self.at(*self._references.at(target))

    def extending(self, base: str) -> dict[str, frozenset[str]]:
        """The components that extend one by `allOf`, at any depth, nearest first; with each the components between
        it and the base.
        """
        found: dict[str, frozenset[str]] = {}
        waiting = [(name, frozenset[str]()) for name in self._extended.get(base, ())]
        for name, between in waiting:  # it grows while it is read, by each name once
            if name not in found and name != base:
                found[name] = between
                waiting += [(one, between | {name}) for one in self._extended.get(name, ())]
        return found

    @cached_property
    def _extended(self) -> dict[str, list[str]]:
        """The components that extend each one directly, in document order."""
        extended: dict[str, list[str]] = {}
        for name, node in self.nodes.items():
            here: JsonPath = (*_PLACE, name)
            if not isinstance(node, dict) or self._parts.alias(here, node) is not None:
                continue
            members = node.get("allOf")
            for one in (node, *(members if isinstance(members, list) else ())):
                if isinstance(one, dict) and "$ref" in one:
                    # What else stands beside the reference is the child's own.
                    base = self.at(here, {"$ref": one["$ref"]})
                    if base is not None and base != name:
                        extended.setdefault(base, []).append(name)
        return extended


def _silent(path: JsonPath, message: str) -> None:
    """What is wrong with references was told when the schemas were read."""
