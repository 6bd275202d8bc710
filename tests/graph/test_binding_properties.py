"""Properties of bound types: what the contract knows is not said again, and what is said must fit it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stolon import testing
from tests.graph.projects import (
    BIG,
    INT,
    MONEY,
    TEXT,
    an,
    contract,
    data,
    error,
    field_text,
    fields_of,
    listed,
    load,
    nullable,
    operation,
    ref,
    refused,
    type_text,
)

COLOR = {"type": "string", "enum": ["red", "dark-blue"]}
THING = an(
    {
        "id": BIG,
        "name": TEXT,
        "count": INT,
        "big": BIG,
        "ratio": {"type": "number"},
        "money": MONEY,
        "cost": {"type": "number", "format": "decimal"},
        "on": {"type": "boolean"},
        "day": {"type": "string", "format": "date"},
        "placedAt": {"type": "string", "format": "date-time"},
        "uuid": {"type": "string", "format": "uuid"},
        "free": {"type": "object", "additionalProperties": True},
        "any": {},
        "color": COLOR,
        "shade": ref("Shade"),
        "place": an({"street": TEXT, "at": an({"lat": {"type": "number"}})}, optional="at"),
        "tags": listed(TEXT),
        "colors": listed(ref("Shade")),
        "parts": listed(ref("Part")),
        "matrix": listed(listed(INT)),
        "holes": listed(nullable(TEXT)),
        "note": nullable(TEXT),
        "extra": TEXT,
        "secret": {"type": "string", "writeOnly": True},
        "old": {"type": "string", "deprecated": True, "description": "As it was."},
    },
    optional="extra secret",
    description="A thing.",
)
PART = an({"label": TEXT, "parts": listed(ref("Part")), "whole": nullable(ref("Thing"))}, optional="whole")
THINGS = contract(
    operation("GET /things/{id}", "getThing", ref("Thing"), statuses=("404",)),
    Thing=THING,
    Part=PART,
    Shade={"type": "string", "enum": ["light", "deep"], "description": "How dark."},
)
ANSWER = {
    "id": 9007199254740993,
    "name": "a",
    "count": 2,
    "big": 9007199254740993,
    "ratio": 0.5,
    "money": "10.10",
    "cost": 12.30,
    "on": True,
    "day": "2026-11-20",
    "placedAt": "2026-11-20T10:00:00.123456789Z",
    "uuid": "01234567-89ab-cdef-0123-456789abcdef",
    "free": {"a": [1, {"b": None}]},
    "any": [1, "x"],
    "color": "dark-blue",
    "shade": "deep",
    "place": {"street": "s", "at": {"lat": 1.5}},
    "tags": ["x", "y"],
    "colors": ["deep", "light"],
    "parts": [{"label": "p", "parts": [{"label": "q", "parts": []}]}],
    "matrix": [[1], [2, 3]],
    "holes": ["h", None],
    "note": None,
    "old": "o",
}


def module(fields: str, more: str = "", decorator: str = 'things.schema("Thing"), key="id"') -> str:
    """A module with one bound type over things."""
    body = "\n".join(f"    {line}" for line in fields.strip().splitlines())
    return f"""
import enum
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from stolon import rest

things = rest.contract("things")
{more}

@rest.type({decorator})
class Thing:
{body}

@strawberry.type
class Query:
    thing: Thing | None = rest.query(things.op("getThing"))

schema = rest.Schema(query=Query)
"""


EVERY = "\n".join(
    f"{name}: rest.auto"
    for name in (
        *("id", "name", "count", "big", "ratio", "money", "cost", "on", "day", "placed_at", "uuid", "free"),
        *(
            "any",
            "color",
            "shade",
            "place",
            "tags",
            "colors",
            "parts",
            "matrix",
            "holes",
            "note",
            "extra",
            "old",
        ),
    )
)


def services(answer: object = ANSWER) -> testing.Services:
    """A service that answers one thing."""
    made = testing.Services()
    made.answer("things", "getThing", json=answer)
    return made


def test_auto_takes_type_nullability_description_and_deprecation_from_the_contract(tmp_path: Path) -> None:
    """Every kind of value has its GraphQL type; null is allowed exactly where the contract allows it."""
    schema = load(tmp_path, module(EVERY), {"things": THINGS})
    assert fields_of(schema, "Thing") == [
        "id: ID!",
        "name: String!",
        "count: Int!",
        "big: BigInt!",
        "ratio: Float!",
        "money: Decimal!",
        "cost: Decimal!",
        "on: Boolean!",
        "day: Date!",
        "placedAt: DateTime!",
        "uuid: UUID!",
        "free: JSON!",
        "any: JSON",
        "color: ThingColor!",
        "shade: Shade!",
        "place: ThingPlace!",
        "tags: [String!]!",
        "colors: [Shade!]!",
        "parts: [Part!]!",
        "matrix: [[Int!]!]!",
        "holes: [String]!",
        "note: String",
        "extra: String",
        "old: String!",
    ]
    assert fields_of(schema, "ThingPlace") == ["street: String!", "at: ThingPlaceAt"]
    assert fields_of(schema, "Part") == ["label: String!", "parts: [Part!]!", "whole: Thing"]
    assert type_text(schema, "ThingColor") == "enum ThingColor {\n  RED\n  DARK_BLUE\n}"
    assert type_text(schema, "Shade").startswith('"""How dark."""\nenum Shade')
    assert type_text(schema, "Thing").startswith(
        '"""A thing."""\ntype Thing @source(service: "things", schema: "Thing")'
    )
    assert '"""As it was."""' in type_text(schema, "Thing")
    assert (
        field_text(schema, "Thing", "old")
        == 'old: String! @deprecated(reason: "Deprecated by its contract.")'
    )


async def test_auto_answers_every_kind_of_value(tmp_path: Path) -> None:
    """Big integers, decimals and times keep every digit; enums have their names; nested things are objects."""
    schema = load(tmp_path, module(EVERY), {"things": THINGS})
    query = """{ thing(id: "9007199254740993") {
        id name count big ratio money cost on day placedAt uuid free any color shade tags colors matrix holes
        note extra old place { street at { lat } } parts { label parts { label } }
    } }"""
    scripted = services()
    assert await data(schema, query, scripted) == {
        "thing": {
            "id": "9007199254740993",
            "name": "a",
            "count": 2,
            "big": "9007199254740993",
            "ratio": 0.5,
            "money": "10.10",
            "cost": "12.3",
            "on": True,
            "day": "2026-11-20",
            "placedAt": "2026-11-20T10:00:00.123456789Z",
            "uuid": "01234567-89ab-cdef-0123-456789abcdef",
            "free": {"a": [1, {"b": None}]},
            "any": [1, "x"],
            "color": "DARK_BLUE",
            "shade": "DEEP",
            "tags": ["x", "y"],
            "colors": ["DEEP", "LIGHT"],
            "matrix": [[1], [2, 3]],
            "holes": ["h", None],
            "note": None,
            "extra": None,
            "old": "o",
            "place": {"street": "s", "at": {"lat": 1.5}},
            "parts": [{"label": "p", "parts": [{"label": "q"}]}],
        }
    }
    assert [request.target for request in scripted.requests] == ["/things/9007199254740993"]


async def test_written_types_that_fit_the_contract_are_kept(tmp_path: Path) -> None:
    """A project may write the type itself: a wider one, its own enum, text instead of a scalar, an ID."""
    fields = """
id: int | None
name: strawberry.ID
count: float
big: rest.BigInt
money: str
cost: Decimal
day: date
placed_at: datetime | None
uuid: str
free: JSON
color: Color
colors: list[Deep]
holes: list[str | None]
matrix: list[list[int]]
street: str = rest.field(path="place.street", description="Where.")
latitude: float | None = rest.field(path=("place", "at", "lat"))
"""
    more = """
@strawberry.enum
class Color(enum.Enum):
    ROT = "red"
    BLAU = "dark-blue"
    MORE = "more"

@strawberry.enum
class Deep(enum.Enum):
    HELL = "light"
    TIEF = "deep"
"""
    things = {**THINGS, "components": {"schemas": {**THINGS["components"]["schemas"]}}}
    things["components"]["schemas"]["Thing"] = {**THING, "properties": {**THING["properties"], "id": INT}}
    schema = load(tmp_path, module(fields, more), {"things": things})
    assert fields_of(schema, "Thing") == [
        "id: Int",
        "name: ID!",
        "count: Float!",
        "big: BigInt!",
        "money: String!",
        "cost: Decimal!",
        "day: Date!",
        "placedAt: DateTime",
        "uuid: String!",
        "free: JSON!",
        "color: Color!",
        "colors: [Deep!]!",
        "holes: [String]!",
        "matrix: [[Int!]!]!",
        "street: String!",
        "latitude: Float",
    ]
    query = """{ thing(id: "7") { id name count big money cost day placedAt uuid color colors holes matrix
        street latitude } }"""
    assert await data(schema, query, services({**ANSWER, "id": 7})) == {
        "thing": {
            "id": 7,
            "name": "a",
            "count": 2.0,
            "big": "9007199254740993",
            "money": "10.10",
            "cost": "12.3",
            "day": "2026-11-20",
            "placedAt": "2026-11-20T10:00:00.123456789Z",
            "uuid": "01234567-89ab-cdef-0123-456789abcdef",
            "color": "BLAU",
            "colors": ["TIEF", "HELL"],
            "holes": ["h", None],
            "matrix": [[1], [2, 3]],
            "street": "s",
            "latitude": 1.5,
        }
    }


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("nam: rest.auto", "schema 'Thing' of contract 'things' has no property 'nam'; did you mean 'name'?"),
        ("note: str", "the contract lets 'note' be null: write `… | None`"),
        ("extra: str", "the contract lets 'extra' be null: write `… | None`"),
        ("name: int", "the contract says string, which is no int: write rest.auto, or one of str, ID"),
        ("big: int", "the contract says int64, which is no int: write rest.auto, or one of BigInt, ID"),
        (
            "money: float",
            "the contract says decimal, which is no float: write rest.auto, or one of Decimal, str",
        ),
        ("place: str", "the contract says object, which is no str: write rest.auto"),
        (
            "place: Other",
            "Other is not bound to the schema '#/components/schemas/Thing/properties/place' that stands here",
        ),
        ("name: Other", "the contract says string, which is no Other"),
        ("tags: str", "the contract says array, the annotation no list"),
        ("name: list[str]", "the contract says string, the annotation a list"),
        ("holes: list[str]", "the contract lets items be null: write `list[… | None]`"),
        (
            "matrix: list[list[str]]",
            "the contract says integer, which is no str: write rest.auto, or one of int, BigInt, float, ID",
        ),
        ("color: Color", "the enum Color lacks the contract's 'dark-blue'"),
        ("name: Color", "the contract has no enum here, but string"),
        ("secret: rest.auto", "'secret' is write-only: services do not answer it"),
        (
            "x: str = rest.field(path='place.stret')",
            "path='place.stret': schema '#/components/schemas/Thing/properties/place' has no property 'stret'; "
            "did you mean 'street'?",
        ),
        (
            "x: float = rest.field(path='place.at.lat')",
            "the contract lets 'place.at.lat' be null: write `… | None`",
        ),
        (
            "name: str = rest.field(scopes=['s'])",
            "a field that not everyone may see must be nullable: write `… | None`",
        ),
    ],
)
def test_a_written_type_that_does_not_fit_is_a_mistake(tmp_path: Path, field: str, told: str) -> None:
    """The line is the field's own; the message says what the contract says."""
    more = """
@strawberry.enum
class Color(enum.Enum):
    RED = "red"

@rest.type(things.schema("Part"))
class Other:
    label: rest.auto
"""
    name = field.split(":")[0]
    text = module(field, more)
    line = text.lstrip("\n").splitlines().index(f"    {field}") + 1
    assert refused(tmp_path, text, {"things": THINGS}) == [f"schema.py:{line}: Thing.{name}: {told}"]


async def test_a_value_that_breaks_its_contract_is_null_with_an_error_at_its_place(tmp_path: Path) -> None:
    """The error names the JSON path and types, never the value."""
    schema = load(tmp_path, module("note: rest.auto\nextra: rest.auto"), {"things": THINGS})
    answer = await testing.execute(
        schema, '{ thing(id: "1") { note extra } }', services({**ANSWER, "note": 5})
    )
    assert answer.data == {"thing": {"note": None, "extra": None}}
    assert [(one["path"], one["extensions"]["violation"]) for one in answer.errors] == [
        (["thing", "note"], {"path": "$.note", "expected": "string", "found": "integer"})
    ]


async def test_properties_named_like_hooks_of_strawberry_and_python_are_plain_properties(
    tmp_path: Path,
) -> None:
    """`is_type_of`, `resolve_type`, `self`, `info`, `input`, `data` and the like mean nothing but themselves."""
    names = (
        "is_type_of",
        "resolve_type",
        "self",
        "info",
        "input",
        "data",
        "mro",
        "__init__",
        "class",
        "root",
    )
    inner = an(dict.fromkeys(names, TEXT))
    things = contract(
        operation("GET /thing", "getThing", ref("Thing")),
        operation("POST /thing", "makeThing", ref("Thing"), body=ref("Thing")),
        Thing=an({**dict.fromkeys(names, TEXT), "inner": inner}),
    )
    text = """
        import strawberry
        from stolon import rest

        things = rest.contract("things")

        @rest.type(things.schema("Thing"))
        class Thing:
            is_type_of: rest.auto
            resolve_type: rest.auto
            self: rest.auto
            info: rest.auto
            input: rest.auto
            data: rest.auto
            mro: rest.auto
            init: rest.auto
            class_: rest.auto
            root: rest.auto
            inner: rest.auto

        @strawberry.type
        class Query:
            thing: Thing | None = rest.query(things.op("getThing"))

        @strawberry.type
        class Mutation:
            make: Thing | None = rest.mutation(things.op("makeThing"))

        schema = rest.Schema(query=Query, mutation=Mutation)
    """
    schema = load(tmp_path, text, {"things": things})
    shown = "isTypeOf resolveType self info input data mro init class root"
    values = {name: f"v-{name}" for name in names}
    scripted = testing.Services()
    scripted.answer("things", "getThing", json={**values, "inner": values})
    scripted.answer("things", "makeThing", json={**values, "inner": values})
    expected = dict(zip(shown.split(), values.values(), strict=True))
    whole = {**expected, "inner": expected}
    selection = f"{{ {shown} inner {{ {shown} }} }}"
    assert await data(schema, f"{{ thing {selection} }}", scripted) == {"thing": whole}
    query = f"mutation($in: ThingInput!) {{ make(input: $in) {selection} }}"
    assert await data(schema, query, scripted, variables={"in": whole}) == {"make": whole}
    assert sent(scripted.requests[1]) == {**values, "inner": values}


def sent(request: testing.Request) -> object:
    """The JSON body of a request."""
    return json.loads(request.body or b"null")


async def test_a_field_of_a_bound_type_needs_a_record(tmp_path: Path) -> None:
    """An object that a resolver made by hand has no properties of a contract: the error is the resolver's."""
    text = module("name: rest.auto").replace(
        "schema = rest.Schema",
        "    @strawberry.field\n    def made(self) -> Thing | None:\n        return Thing()\n\nschema = rest.Schema",
    )
    schema = load(tmp_path, text, {"things": THINGS})
    assert await error(schema, "{ made { name } }", testing.Services()) == {
        "message": "Internal error.",
        "path": ["made", "name"],
        "extensions": {"code": "INTERNAL_SERVER_ERROR"},
    }
