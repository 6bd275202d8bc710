"""Schema Objects as the contract's table of schemas: every reference followed, every `allOf` merged, each
schema read once.

`SchemaTable.use` says which schema stands at a place and puts it on the list; `SchemaTable.read` reads the
list to its end. `adapters/contract/operations.py` and `adapters/contract/openapi.py` ask for uses. What stands
beside a `discriminator` is for `adapters/contract/discriminators.py` to look at, when every schema is read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from adapters.contract.contract import NO_BOUNDS, Bounds, JsonType, Kind, Property, Scalar, Schema, Use
from adapters.contract.kinds import JSON_TYPES, bounds_of, fits, narrower, scalar_kind, thawed, type_of_values
from adapters.contract.references import References
from adapters.contract.schema_parts import Node, Part, PartReader, Parts, says_nothing, stated_values
from adapters.json_path import JsonPath, Tell, json_path, pointer

MOST_SCHEMAS: Final = 100_000
"""Schemas of one contract. Only merges that breed merges come near it."""

_COMPONENTS: Final = ("components", "schemas")
Place = tuple[JsonPath, object]


@dataclass(frozen=True, slots=True)
class StatedDefault:
    """A default, where it stands, and the use that it must suit."""

    path: JsonPath
    use: Use


class SchemaTable:
    """The schemas of one document, read on demand. `old` is true for OpenAPI 3.0."""

    def __init__(self, references: References, tell: Tell, *, old: bool) -> None:
        self.schemas: dict[str, Schema] = {}
        self.defaults: list[StatedDefault] = []
        self.patterns: list[tuple[JsonPath, str]] = []
        self.discriminated: list[tuple[JsonPath, Node]] = []
        self._parts = PartReader(references, tell, old=old)
        self._tell = tell
        self._waiting: deque[tuple[str, JsonPath, tuple[Place, ...]]] = deque()
        self._asked: set[str] = set()
        self._merges: dict[tuple[str, ...], str] = {}

    @property
    def targets(self) -> frozenset[JsonPath]:
        """The places that references of schemas led to."""
        return frozenset(self._parts.targets)

    def use(self, path: JsonPath, node: object) -> Use:
        """The use of a schema at a place. The schema itself is read later, by `read`."""
        return self._use([(path, node)], path)

    def free(self, path: JsonPath) -> Use:
        """The use of a schema that allows everything, at a place where the document states none."""
        return self.use(path, {})

    def read(self) -> None:
        """Read every schema that was asked for, and those that they ask for."""
        while self._waiting:
            if len(self.schemas) >= MOST_SCHEMAS:
                self._tell((), f"has more than {MOST_SCHEMAS} schemas once every allOf is merged")
                return
            name, path, sources = self._waiting.popleft()
            self.schemas[name] = self._schema(name, path, sources)

    def _use(self, places: list[Place], at: JsonPath) -> Use:
        """The use of a schema that all the places describe; `at` is where the merged schema stands if it
        needs a place."""
        said: list[Part] = []
        targets: dict[str, Place] = {}
        added = False
        for path, node in places:
            target, null = self._resolve(path, node, said)
            targets.setdefault(pointer(target[0]), target)
            added = added or null
        sources = tuple(targets.values())
        if len(sources) == 1:
            at = sources[0][0]
            name = pointer(at)
        else:
            name = self._merges.setdefault(tuple(targets), pointer(at))
        if name not in self._asked:
            self._asked.add(name)
            self._waiting.append((name, at, sources))
        parts = self._parts.parts(sources)
        shape = _Shape(parts, _silent)
        whole = (*parts.parts, *said)
        use = Use(
            schema=name,
            nullable=added or (shape.free if parts.nullable is None else parts.nullable),
            description=_text("description", said),
            deprecated=_flag("deprecated", said),
            read_only=_flag("readOnly", whole),
            write_only=_flag("writeOnly", whole),
        )
        stated = [part for part in whole if "default" in part.node]
        if not stated:
            return use
        use = replace(use, default=thawed(stated[-1].node["default"], shape.kind is Kind.DECIMAL))
        self.defaults.append(StatedDefault((*stated[-1].path, "default"), use))
        return use

    def _resolve(self, path: JsonPath, node: object, said: list[Part]) -> tuple[Place, bool]:
        """The schema behind every alias, and whether a place on the way added null.

        What the places on the way say goes to `said`, the outermost last, so that it wins; a schema that
        stands at the place itself is its own place.
        """
        added = False
        seen = [path]
        found: list[Part] = []
        while True:
            found.insert(0, Part(path, self._parts.annotations(node)))
            alias = self._parts.alias(path, node)
            if alias is None:
                said += found if len(found) == 1 else found[1:]
                return (path, node), added
            if alias.place is None:
                return (path, {}), added
            path, node = alias.place
            added = added or alias.nullable
            if path in seen:
                self._tell(path, "is made of itself (by allOf or references), so that it has no shape")
                said += found
                return (path, {}), added
            seen.append(path)

    def _schema(self, name: str, path: JsonPath, sources: tuple[Place, ...]) -> Schema:
        parts = self._parts.parts(sources)
        shape = _Shape(parts, self._tell)
        for part in parts.parts:
            self._check(part, shape)
        node = sources[0][1]
        if len(sources) == 1 and isinstance(node, dict) and "discriminator" in node:
            self.discriminated.append((path, node))
        steps = path[2:] if path[:2] == _COMPONENTS and pointer(path) == name else ()
        return Schema(
            pointer=name,
            kind=shape.kind,
            json_type=shape.json_type,
            name=str(steps[0]) if len(steps) == 1 else None,
            title=_text("title", parts.parts),
            nullable=shape.free if parts.nullable is None else parts.nullable,
            description=_text("description", parts.parts),
            deprecated=_flag("deprecated", [part for part in parts.parts if part.path == path]),
            enum=shape.enum,
            bounds=shape.bounds,
            properties=self._properties(path, parts) if shape.kind is Kind.OBJECT else (),
            items=self._items(path, parts) if shape.kind is Kind.ARRAY else None,
            additional=not any(
                part.node.get(key) is False
                for part in parts.parts
                for key in ("additionalProperties", "unevaluatedProperties")
            ),
        )

    def _check(self, part: Part, shape: _Shape) -> None:
        pattern = part.node.get("pattern")
        if isinstance(pattern, str):
            self.patterns.append(((*part.path, "pattern"), pattern))
        values = part.node.get("enum")
        for index, value in enumerate(values if isinstance(values, list) else ()):
            if not fits(value, shape.json_type):
                self._tell((*part.path, "enum", index), f"is no {shape.json_type}, as its schema asks")

    def _properties(self, path: JsonPath, parts: Parts) -> tuple[Property, ...]:
        places: dict[str, list[Place]] = {}
        required: set[object] = set()
        for part in parts.parts:
            names = part.node.get("required")
            if isinstance(names, list):
                required.update(one for one in names if isinstance(one, str))
            properties = part.node.get("properties")
            if isinstance(properties, dict):
                for name, node in properties.items():
                    places.setdefault(name, []).append(((*part.path, "properties", name), node))
        return tuple(
            # A property that several parts describe stands at a place that no document has.
            Property(name, self._use(found, (*path, "allOf", "properties", name)), name in required)
            for name, found in places.items()
        )

    def _items(self, path: JsonPath, parts: Parts) -> Use | None:
        if any("prefixItems" in part.node for part in parts.parts):
            return None
        places: list[Place] = [
            ((*part.path, "items"), part.node["items"]) for part in parts.parts if "items" in part.node
        ]
        return self._use(places, (*path, "allOf", "items")) if places else None


class _Shape:
    """What all parts of a schema say together of its type. A contradiction is told with both places."""

    def __init__(self, parts: Parts, tell: Tell) -> None:
        self.free = True
        self.json_type: JsonType = "any"
        self.bounds: Bounds = NO_BOUNDS
        self.enum: tuple[Scalar, ...] | None = None
        self._tell = tell
        self._format: str | None = None
        self._numbers: list[object] = []
        self._typed: Part | None = None
        self._mixed = False
        self._named = False
        values: list[object] | None = None
        for part in parts.parts:
            self._add_type(part)
            stated = bounds_of(part.node)
            self.bounds = narrower(self.bounds, stated)
            self._numbers += [
                stated.minimum,
                stated.maximum,
                stated.exclusive_minimum,
                stated.exclusive_maximum,
            ]
            self._numbers.append(part.node.get("default"))
            format_ = part.node.get("format")
            self._format = format_ if isinstance(format_, str) else self._format
            listed = stated_values(part.node)
            if listed is not None:
                values = listed if values is None else [one for one in values if one in listed]
            self._named = self._named or bool(part.node.get("properties"))
            self.free = self.free and says_nothing(part.node)
        self._settle(values)
        self.kind = self._kind()

    def _add_type(self, part: Part) -> None:
        types, mixed = _types(part.node)
        self._mixed = self._mixed or mixed
        if types is None:
            return
        if self._typed is None or types == self.json_type or {types, self.json_type} == {"integer", "number"}:
            # An integer is a number too: both at once is an integer.
            self.json_type = "integer" if "integer" in (types, self.json_type) else types
            self._typed = self._typed or part
        else:
            self._tell(
                part.path,
                f"is {types} where {json_path(self._typed.path)}, which it must be too, is {self.json_type}",
            )

    def _settle(self, values: list[object] | None) -> None:
        if values is None:
            return
        listed = [one for one in values if one is not None]
        self._numbers += listed
        if self._typed is None and not self._mixed:
            self.json_type = type_of_values(listed)
        if listed and all(isinstance(one, Scalar) for one in listed):
            # True equals 1 in Python, so that a value is known by its type too.
            once = {(type(one), one): thawed(one, decimals=False) for one in listed}
            self.enum = tuple(cast("Scalar", one) for one in once.values())

    def _kind(self) -> Kind:
        if self.json_type == "any":
            return Kind.ANY
        if self.json_type == "object":
            return Kind.OBJECT if self._named else Kind.ANY
        return scalar_kind(self.json_type, self._format, self._numbers)


def _types(node: Node) -> tuple[JsonType | None, bool]:
    """The JSON type that one schema object states or shows, null aside; and whether it allows several."""
    stated = node.get("type")
    named = [
        one
        for one in (stated if isinstance(stated, list) else [stated])
        if one != "null" and one in JSON_TYPES
    ]
    if len(named) == 1:
        return cast("JsonType", named[0]), False
    if len(named) > 1:
        return ("number", False) if set(named) == {"integer", "number"} else (None, True)
    if stated is not None:
        return None, False
    if "properties" in node or "additionalProperties" in node:
        return "object", False
    return ("array", False) if "items" in node or "prefixItems" in node else (None, False)


def _text(key: str, said: Sequence[Part]) -> str | None:
    """The last text under a key: what stands nearest to the use, or beside an allOf, wins."""
    texts = [value for part in said if isinstance(value := part.node.get(key), str)]
    return texts[-1] if texts else None


def _flag(key: str, said: Sequence[Part]) -> bool:
    return any(part.node.get(key) is True for part in said)


def _silent(path: JsonPath, message: str) -> None:
    """`SchemaTable.read` tells the contradiction when it reads the schema."""
