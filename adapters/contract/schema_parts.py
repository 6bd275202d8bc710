"""What one schema is made of: its own object, its `allOf` members and what it refers to, laid side by side.

A schema may be another one in disguise (`allOf: [$ref]` with a description, `anyOf: [$ref, {type: null}]`):
`alias` sees through it. `adapters/contract/schemas.py` merges the parts into the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from adapters.contract.references import References
from adapters.json_path import JsonPath, Tell, json_path, pointer

Node: TypeAlias = Mapping[str, object]

MOST_NESTED: Final = 50
"""Levels of `allOf` and references within one schema: real documents have a handful."""

_ANNOTATIONS: Final = frozenset(
    (
        *("title", "description", "summary", "default", "deprecated", "readOnly", "writeOnly", "nullable"),
        *("example", "examples", "externalDocs", "xml", "$comment"),
    )
)
_CHOICES: Final = ("allOf", "anyOf", "oneOf")
_SHAPING: Final = frozenset(
    (
        *("type", "properties", "items", "enum", "const", "additionalProperties", "prefixItems"),
        *("anyOf", "oneOf", "not"),
    )
)


class Part(NamedTuple):
    """One schema object that a schema is made of, and where it stands. A boolean schema is an empty object here."""

    path: JsonPath
    node: Node


@dataclass(frozen=True, slots=True)
class Parts:
    """All parts of a schema, each once. `nullable` is None where none of them says whether null is a value."""

    parts: tuple[Part, ...] = ()
    nullable: bool | None = None


class Alias(NamedTuple):
    """Where a schema in disguise leads, and whether the disguise adds null. `place` is None for a broken
    reference."""

    place: tuple[JsonPath, object] | None
    nullable: bool


class PartReader:
    """Takes schemas apart. `old` is true for OpenAPI 3.0, where `nullable` counts and nothing beside `$ref`
    does.

    `targets` are the places that references of schemas led to.
    """

    def __init__(self, references: References, tell: Tell, *, old: bool) -> None:
        self._references = references
        self._tell = tell
        self._old = old
        self._known: dict[str, Parts] = {}
        self.targets: set[JsonPath] = set()

    def alias(self, path: JsonPath, node: object) -> Alias | None:
        """The schema that this one merely refers to, or None for a schema of its own."""
        if not isinstance(node, dict):
            return None
        if "$ref" in node and (self._old or self._only_annotates(node, "$ref")):
            target = self._target(path, node)
            return Alias(None if target is None else self._references.at(target), False)
        inner = self._single(path, node)
        if inner is None:
            return None
        (place, member), nullable = inner
        further = self.alias(place, member)
        return None if further is None else Alias(further.place, nullable or further.nullable)

    def annotations(self, node: object) -> Node:
        """What a place says of the schema that it refers to."""
        if not isinstance(node, dict) or (self._old and "$ref" in node):
            return {}
        return node

    def parts(self, sources: Iterable[tuple[JsonPath, object]]) -> Parts:
        """The parts of a schema that must be all of the sources at once."""
        return _all([self._take(path, node, ()) for path, node in sources])

    def _take(self, path: JsonPath, node: object, trail: tuple[str, ...]) -> Parts:
        if not isinstance(node, dict):
            return Parts((Part(path, {}),), node if isinstance(node, bool) else None)
        here = pointer(path)
        if here in self._known:
            return self._known[here]
        if here in trail:
            self._tell(path, "is made of itself (by allOf or references), so that it has no shape")
            return Parts()
        if len(trail) >= MOST_NESTED:
            self._tell(path, f"is made of more than {MOST_NESTED} levels of allOf and references")
            return Parts()
        self._known[here] = found = self._open(path, node, (*trail, here))
        return found

    def _target(self, path: JsonPath, node: Node) -> JsonPath | None:
        target = self._references.target(node["$ref"])
        if target is None:
            return None
        if self._references.wrong_section(target, "schemas"):
            self._tell((*path, "$ref"), f"refers to {json_path(target)}, which is no schema")
            return None
        self.targets.add(target)
        return target

    def _open(self, path: JsonPath, node: Node, trail: tuple[str, ...]) -> Parts:
        if "$ref" in node:
            target = self._target(path, node)
            referred = Parts() if target is None else self._take(*self._references.at(target), trail)
            if self._old or target is None:
                return referred
            own = {key: value for key, value in node.items() if key != "$ref"}
            return _all([referred, self._own(path, own, trail)])
        inner = self._single(path, node)
        if inner is None:
            return self._own(path, node, trail)
        (place, member), nullable = inner
        taken = self._take(place, member, trail)
        own = {key: value for key, value in node.items() if key in _ANNOTATIONS}
        return Parts((*taken.parts, Part(path, own)), True if nullable else taken.nullable)

    def _own(self, path: JsonPath, node: Node, trail: tuple[str, ...]) -> Parts:
        members = node.get("allOf")
        taken = [
            self._take((*path, "allOf", index), member, trail)
            for index, member in enumerate(members if isinstance(members, list) else ())
        ]
        own = Parts((Part(path, node),), self._says_null(path, node))
        whole = _all([*taken, own])
        # `nullable` beside a real allOf is how 3.0 documents say it, though strictly each member would have
        # to allow null.
        return Parts(whole.parts, True) if self._old and node.get("nullable") is True else whole

    def _says_null(self, path: JsonPath, node: Node) -> bool | None:
        """Whether this object alone allows null; None where it says nothing of it."""
        values = stated_values(node)
        if self._old:
            if node.get("nullable") is True:
                return True
            if values is not None and None in values and "type" not in node:
                return True
        stated = node.get("type")
        if stated is not None:
            named = stated if isinstance(stated, list) else [stated]
            return "null" in named and (values is None or None in values)
        if values is not None:
            return None in values
        for key in ("anyOf", "oneOf"):
            choices = node.get(key)
            if isinstance(choices, list):
                return any(self._choice_allows_null(path, one) for one in choices)
        return None if says_nothing(node) or "allOf" in node else False

    def _choice_allows_null(self, path: JsonPath, choice: object) -> bool:
        # One level deep: a choice may lead back here (a base whose oneOf names the schemas that extend it).
        found = self._references.follow(path, choice)
        node = found[1] if found is not None else None
        if not isinstance(node, dict):
            return node is True
        if says_nothing(node) and "allOf" not in node:
            return True
        stated = node.get("type")
        return (
            is_null(node)
            or (self._old and node.get("nullable") is True)
            or (isinstance(stated, list) and "null" in stated)
            or (stated is None and None in (stated_values(node) or ()))
        )

    def _only_annotates(self, node: Node, but: str) -> bool:
        return all(key == but or key in _ANNOTATIONS or key.startswith("x-") for key in node)

    def _single(self, path: JsonPath, node: Node) -> tuple[tuple[JsonPath, object], bool] | None:
        """The one member of allOf, anyOf or oneOf, null left out, where nothing but annotations stands beside it."""
        stated = [key for key in _CHOICES if key in node]
        if len(stated) != 1 or not self._only_annotates(node, stated[0]):
            return None
        members = node[stated[0]]
        if not isinstance(members, list):
            return None
        real = [((*path, stated[0], at), one) for at, one in enumerate(members) if not is_null(one)]
        if len(real) != 1 or (stated[0] == "allOf" and len(members) > 1):
            return None
        null = len(members) > 1 or (self._old and node.get("nullable") is True)
        return real[0], null


def stated_values(node: Node) -> list[object] | None:
    """The only values that a schema object allows, by `enum` or `const`, or None where it lists none."""
    if "const" in node:
        return [node["const"]]
    values = node.get("enum")
    return values if isinstance(values, list) else None


def says_nothing(node: Node) -> bool:
    """Whether a schema object, its `allOf` aside, leaves open what its values are."""
    return _SHAPING.isdisjoint(node)


def is_null(node: object) -> bool:
    """Whether a schema object allows null alone."""
    if not isinstance(node, dict):
        return False
    return node.get("type") in ("null", ["null"]) or stated_values(node) == [None]


def _all(taken: list[Parts]) -> Parts:
    """Parts that hold at once: null is allowed where one allows it and none forbids it."""
    once: dict[str, Part] = {}
    for one in taken:
        for part in one.parts:
            once.setdefault(pointer(part.path), part)
    said = [one.nullable for one in taken if one.nullable is not None]
    return Parts(tuple(once.values()), all(said) if said else None)
