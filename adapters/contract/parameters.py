"""Parameter Objects as the model's parameters (OpenAPI 3.1, section 4.8.12), with the defaults of `style` and
`explode`.

What Stolon cannot send (cookies, parameters that are no JSON) is left out where it is optional; where it is
required, it makes its operation unusable. `adapters/contract/operations.py` asks for the parameters of each
operation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, cast

from adapters.contract.contract import Kind, Location, Parameter, Schema, Style
from adapters.contract.references import References
from adapters.contract.schema_parts import Node
from adapters.contract.schemas import SchemaTable
from adapters.json_path import JsonPath, Tell, json_path, pointer
from adapters.media_types import is_json

_STYLES: Final[dict[str, Style]] = {"path": "simple", "query": "form", "header": "simple"}
_IGNORED_HEADERS: Final = frozenset({"accept", "content-type", "authorization"})
_SHAPES: Final[dict[Style, frozenset[Kind]]] = {
    "deepObject": frozenset({Kind.OBJECT, Kind.UNION, Kind.ANY}),
    "spaceDelimited": frozenset({Kind.ARRAY, Kind.OBJECT, Kind.UNION, Kind.ANY}),
    "pipeDelimited": frozenset({Kind.ARRAY, Kind.OBJECT, Kind.UNION, Kind.ANY}),
}
_LOOSE: Final = frozenset({Kind.UNION, Kind.ANY})


@dataclass(frozen=True, slots=True)
class ReadParameters:
    """The parameters of one operation, and why it cannot be called, if so. `places` tell where each one stands."""

    parameters: tuple[Parameter, ...]
    places: tuple[JsonPath, ...]
    unusable: str | None


class ParameterReader:
    """Reads the parameters of one document."""

    def __init__(self, references: References, table: SchemaTable, tell: Tell, *, old: bool) -> None:
        self._references = references
        self._table = table
        self._tell = tell
        self._old = old
        self.styled: list[tuple[JsonPath, Parameter]] = []

    def read(self, lists: Iterable[tuple[JsonPath, object]]) -> ReadParameters:
        """The parameters of an operation, from the lists of its path and its own; later lists override by
        name and place."""
        found: dict[tuple[str, str], tuple[JsonPath, Node]] = {}
        for path, listed in lists:
            found.update(self._listed(path, listed))
        read = [(path, self._parameter(path, node)) for path, node in found.values()]
        kept = [(path, one) for path, one in read if isinstance(one, Parameter)]
        reasons = [one for _, one in read if isinstance(one, str)]
        return ReadParameters(
            tuple(one for _, one in kept), tuple(path for path, _ in kept), "; ".join(reasons) or None
        )

    def _listed(self, path: JsonPath, listed: object) -> dict[tuple[str, str], tuple[JsonPath, Node]]:
        found: dict[tuple[str, str], tuple[JsonPath, Node]] = {}
        first: dict[tuple[str, str], JsonPath] = {}
        for index, item in enumerate(listed if isinstance(listed, list) else ()):
            place = (*path, index)
            followed = self._references.follow_object(place, item)
            if followed is None:
                continue
            at, node = followed
            name, location = node.get("name"), node.get("in")
            if not isinstance(name, str) or not isinstance(location, str):
                if at != place:
                    self._tell((*place, "$ref"), f"refers to {json_path(at)}, which is no parameter")
                continue
            if (
                not self._old
                and at != place
                and isinstance(item, dict)
                and isinstance(item.get("description"), str)
            ):
                node = {**node, "description": item["description"]}
            key = (name.lower() if location == "header" else name, location)
            if key in first:
                self._tell(place, f"is the {location} parameter {name!r} again, as {json_path(first[key])}")
            first.setdefault(key, place)
            found.setdefault(key, (at, node))
        return found

    def _parameter(self, path: JsonPath, node: Node) -> Parameter | str | None:
        """The parameter; None for one to leave out; or why an operation that requires it cannot be called."""
        name, location = str(node["name"]), str(node["in"])
        required = node.get("required") is True
        if location not in _STYLES:
            sent = "cookies" if location == "cookie" else f"parameters in {location!r}"
            return f"it requires {name!r} in {location!r}, and Stolon sends no {sent}" if required else None
        if location == "header" and name.lower() in _IGNORED_HEADERS:
            return None
        content = node.get("content")
        schema_path, schema = (*path, "schema"), node.get("schema", {})
        if isinstance(content, dict) and content:
            media_type, inner = next(iter(content.items()))
            if not is_json(media_type):
                return f"it requires the parameter {name!r} as {media_type}, not JSON" if required else None
            schema_path = (*path, "content", media_type, "schema")
            schema = inner.get("schema", {}) if isinstance(inner, dict) else {}
        return self._made(path, node, schema_path, schema, isinstance(content, dict))

    def _made(
        self, path: JsonPath, node: Node, schema_path: JsonPath, schema: object, json: bool
    ) -> Parameter:
        location = cast("Location", node["in"])
        use = self._table.use(schema_path, schema)
        description = node.get("description")
        if isinstance(description, str):
            use = replace(use, description=description)
        if node.get("deprecated") is True:
            use = replace(use, deprecated=True)
        stated = node.get("style")
        style = cast("Style", stated if isinstance(stated, str) else _STYLES[location])
        explode = node.get("explode")
        parameter = Parameter(
            name=str(node["name"]),
            location=location,
            required=node.get("required") is True,
            use=use,
            style=style,
            explode=explode if isinstance(explode, bool) else style == "form",
            pointer=pointer(path),
            allow_reserved=node.get("allowReserved") is True,
            json=json,
        )
        self.styled.append((path, parameter))
        return parameter


def check_styles(
    styled: Iterable[tuple[JsonPath, Parameter]], schemas: dict[str, Schema], tell: Tell
) -> None:
    """Tell every parameter whose style cannot write its values, once all schemas are read (section 4.8.12.2)."""
    for path, parameter in styled:
        schema = schemas.get(parameter.use.schema)
        wanted = _SHAPES.get(parameter.style)
        if wanted is None or schema is None or parameter.json or (schema.kind in wanted and _open(schema)):
            continue
        names = " or ".join(sorted(kind.value for kind in wanted - _LOOSE))
        tell(
            (*path, "style"),
            f"{parameter.style} writes an {names}, and {parameter.name!r} is of kind {schema.kind.value}",
        )


def _open(schema: Schema) -> bool:
    return schema.kind is not Kind.ANY or schema.json_type in ("any", "object", "array")
