"""Types that a project writes itself must fit the contract; values that break it are told at their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from stolon import testing
from tests.graph.projects import (
    error,
    load,
    refused,
)
from tests.graph.test_binding_properties import ANSWER, module, services
from tests.graph.things import THINGS


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
