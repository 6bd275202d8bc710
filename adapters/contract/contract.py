"""The frozen model of one contract: what an OpenAPI document promises, with every reference followed.

`adapters/contract/openapi.py` makes it from a document; `graph/` binds Strawberry types to it; `resolvers/` reads it
to build calls and to check answers. Nothing here does I/O.

Schemas live in one table, keyed by the JSON pointer of where they stand in the document
(`#/components/schemas/User`, `#/paths/~1users/get/responses/200/content/application~1json/schema`);
everything else names them by that pointer, so that recursive schemas need no special care and two contracts
can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal, final


@final
class Missing:
    """The type of `MISSING`: nothing was stated, which is not the same as null."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()


class Kind(StrEnum):
    """What a JSON value of a schema is, after its `type` and `format` were read together."""

    BOOLEAN = "boolean"
    INTEGER = "integer"  # fits 32 bits, as GraphQL's Int does
    INT64 = "int64"  # format int64, or bounds beyond 32 bits
    NUMBER = "number"
    DECIMAL = "decimal"  # format decimal, as a JSON string or a JSON number (see `Schema.json_type`)
    STRING = "string"
    DATE = "date"
    DATE_TIME = "date-time"
    UUID = "uuid"
    OBJECT = "object"  # has properties
    ARRAY = "array"
    UNION = "union"  # an object of one of the schemas in `Schema.variants`
    ANY = "any"  # free-form: additionalProperties only, no type, or a construct that is not read yet


JsonType = Literal["boolean", "integer", "number", "string", "object", "array", "any"]
Number = int | float | Decimal  # Decimal only where a float would lose digits
Scalar = str | Number | bool


@dataclass(frozen=True, slots=True)
class Bounds:
    """JSON Schema's validation keywords; None where the document says nothing. Lengths in characters and
    items.
    """

    minimum: Number | None = None
    maximum: Number | None = None
    exclusive_minimum: Number | None = None
    exclusive_maximum: Number | None = None
    multiple_of: Number | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    min_items: int | None = None
    max_items: int | None = None
    unique_items: bool = False


NO_BOUNDS: Final = Bounds()


@dataclass(frozen=True, slots=True)
class Use:
    """A place where a schema stands: what it says there beside the schema itself.

    `nullable` is the sum of what the place and the schema say. `default` is MISSING where none is stated.
    """

    schema: str
    nullable: bool = False
    description: str | None = None
    deprecated: bool = False
    default: object = field(default=MISSING, hash=False)  # a default may be a list, which has no hash
    read_only: bool = False
    write_only: bool = False


@dataclass(frozen=True, slots=True)
class Property:
    """A property of an object schema, under its upstream name."""

    name: str
    use: Use
    required: bool


@dataclass(frozen=True, slots=True)
class Variants:
    """The object schemas that a value may be of (Discriminator Object: OpenAPI 3.0, section 4.7.25; 3.1, section
    4.8.25).

    `discriminator` is the upstream name of the property whose text tells which; `values` are its texts, each with
    the pointer of the schema that it leads to.
    """

    discriminator: str
    values: tuple[tuple[str, str], ...]

    @property
    def schemas(self) -> tuple[str, ...]:
        """The pointers of the schemas, each once. A base that is a variant of itself is among them."""
        return tuple(dict.fromkeys(pointer for _, pointer in self.values))


@dataclass(frozen=True, slots=True)
class Schema:
    """One schema. `pointer` is its identity; `name` is the component's name, or None for one that stands
    inline.

    `enum` never holds null (that is `nullable`). `properties` are merged over `allOf`, in document order.
    `additional` is true where an object may hold properties that it does not name (the JSON Schema default).
    `variants` are those of a union, and of an object that others extend by `allOf`: what answers give there is
    one of them, what is sent there is free-form JSON, or just that object.
    """

    pointer: str
    kind: Kind
    json_type: JsonType
    name: str | None = None
    title: str | None = None
    nullable: bool = False
    description: str | None = None
    deprecated: bool = False
    enum: tuple[Scalar, ...] | None = None
    bounds: Bounds = NO_BOUNDS
    properties: tuple[Property, ...] = ()
    items: Use | None = None
    additional: bool = True
    variants: Variants | None = None

    def property(self, name: str) -> Property | None:
        """The property of that upstream name, or None."""
        for one in self.properties:
            if one.name == name:
                return one
        return None


Location = Literal["path", "query", "header"]
Style = Literal["simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "deepObject"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A path, query or header parameter (OpenAPI 3.1, section 4.8.12). `json` is true where it is sent as
    JSON text.
    """

    name: str
    location: Location
    required: bool
    use: Use
    style: Style
    explode: bool
    pointer: str
    allow_reserved: bool = False
    json: bool = False

    def __hash__(self) -> int:
        # Each call's values are kept by their parameters: all of a parameter need not be looked at for that.
        return hash((self.name, self.location, self.pointer))


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON request body. `media_type` as the document writes it."""

    use: Use
    required: bool
    media_type: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers under one status. `use` is None where it has no JSON body. Header names in
    lower case.
    """

    status: str  # "200", "2XX", "default"
    use: Use | None
    media_type: str | None
    headers: frozenset[str]
    description: str | None
    pointer: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint. `id` is its operationId, or `METHOD /path` where it has none. `path` is the template from
    the contract.

    `unusable` is why Stolon cannot call it (a body that is not JSON, a required cookie); using it is then the
    mistake.
    """

    contract: str
    id: str
    method: str  # upper case
    path: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    answers: tuple[Answer, ...]
    pointer: str
    summary: str | None = None
    description: str | None = None
    deprecated: bool = False
    unusable: str | None = None
    in_query: tuple[Parameter, ...] = field(init=False, repr=False, compare=False)
    """Those of its parameters, in the contract's order."""
    in_headers: tuple[Parameter, ...] = field(init=False, repr=False, compare=False)
    """The same."""

    def __post_init__(self) -> None:
        # Asked with every call.
        object.__setattr__(self, "in_query", tuple(one for one in self.parameters if one.location == "query"))
        object.__setattr__(
            self, "in_headers", tuple(one for one in self.parameters if one.location == "header")
        )

    def parameter(self, name: str, location: Location | None = None) -> Parameter | None:
        """The parameter of that upstream name (and location), or None."""
        for one in self.parameters:
            if one.name == name and location in (None, one.location):
                return one
        return None

    def answer(self, status: int) -> Answer | None:
        """The answer declared for a status: exact, then its class (`2XX`), then `default` (OpenAPI 3.1,
        section 4.8.16).
        """
        declared = {one.status.upper(): one for one in self.answers}
        return declared.get(str(status)) or declared.get(f"{status // 100}XX") or declared.get("DEFAULT")

    @property
    def success(self) -> Answer | None:
        """The answer that a result is read from: the lowest declared 2xx, else `2XX`, else `default`, else
        None.
        """
        numbered = sorted(
            (one for one in self.answers if one.status.isdigit() and one.status[0] == "2"), key=_status
        )
        if numbered:
            return next((one for one in numbered if one.use is not None), numbered[0])
        named = {one.status.upper(): one for one in self.answers}
        return named.get("2XX") or named.get("DEFAULT")


def _status(answer: Answer) -> str:
    return answer.status


@dataclass(frozen=True, slots=True)
class Contract:
    """One version of one service's OpenAPI document, read and checked.

    `operations` by id, `components` from component name to pointer, `schemas` by pointer.
    """

    name: str
    file: Path
    title: str
    version: str
    openapi: str
    operations: Mapping[str, Operation] = field(repr=False)
    schemas: Mapping[str, Schema] = field(repr=False)
    components: Mapping[str, str] = field(repr=False)
    description: str | None = None

    def schema(self, use: Use | str) -> Schema:
        """The schema that a use or a pointer names. Raises KeyError for a pointer that is not of this
        contract.
        """
        return self.schemas[use if isinstance(use, str) else use.schema]
