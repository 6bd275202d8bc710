"""Properties of bound types: what the contract knows is not said again, and what is said must fit it."""

from __future__ import annotations

from pathlib import Path

from stolon import testing
from tests.graph.projects import (
    INT,
    data,
    field_text,
    fields_of,
    load,
    type_text,
)
from tests.graph.things import THING, THINGS

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
