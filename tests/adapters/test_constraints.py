"""Values are checked against the contract before they are sent, exactly, safely, and without being repeated."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest

from adapters.contract.constraints import Constraints, Violation
from adapters.contract.contract import Contract, Use
from adapters.contract.json_schema import json_schema
from tests.adapters.contract_documents import document, read

IT = Use("#/components/schemas/It")
SECRET = "hunter2"


def contract(it: Any, **others: Any) -> Contract:
    """A contract whose schema `It` is this one."""
    return read(document(schemas={"It": it, **others}))


def violations(it: Any, value: object, *, nullable: bool = False) -> list[tuple[tuple[str | int, ...], str]]:
    """Path and message of each way in which the value breaks the schema."""
    checked = Constraints(contract(it), Use(IT.schema, nullable=nullable)).check(value)
    return [(one.path, one.message) for one in checked]


def test_the_json_schema_of_a_use():
    """A use becomes one JSON Schema with a definition per schema and nullability, recursion included."""
    it = {
        "type": "object",
        "required": ["id", "name"],
        "additionalProperties": False,
        "properties": {
            "id": {"type": "string", "readOnly": True},
            "name": {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a", "format": "email"},
            "size": {"enum": [1, 2, None]},
            "next": {"anyOf": [{"$ref": "#/components/schemas/It"}, {"type": "null"}]},
            "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": 1},
            "any": {"type": "object"},
            "free": {},
        },
    }
    shape = {
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            "name": {"$ref": "#/$defs/s1"},
            "size": {"$ref": "#/$defs/s2"},
            "next": {"$ref": "#/$defs/s3"},
            "tags": {"$ref": "#/$defs/s4"},
            "any": {"$ref": "#/$defs/s5"},
            "free": {"$ref": "#/$defs/s6"},
        },
    }
    assert json_schema(contract(it), IT) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/$defs/s0",
        "$defs": {
            "s0": {"type": "object", **shape},
            "s1": {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a"},
            "s2": {"type": ["integer", "null"], "enum": [1, 2, None]},
            "s3": {"type": ["object", "null"], **shape},
            "s4": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"$ref": "#/$defs/s7"}},
            "s5": {"type": "object"},
            "s6": {},
            "s7": {"type": "string"},
        },
    }


@pytest.mark.parametrize(
    ("it", "value", "message"),
    [
        ({"type": "integer", "minimum": 5}, 4, "must be at least 5"),
        ({"type": "integer", "maximum": 5}, 6, "must be at most 5"),
        ({"type": "integer", "exclusiveMinimum": 5}, 5, "must be greater than 5"),
        ({"type": "integer", "exclusiveMaximum": 5}, 5, "must be less than 5"),
        ({"type": "integer", "multipleOf": 5}, 6, "must be a multiple of 5"),
        ({"type": "string", "minLength": 9}, SECRET, "must have at least 9 characters"),
        ({"type": "string", "maxLength": 3}, SECRET, "must have at most 3 characters"),
        ({"type": "string", "pattern": "^[a-z]+$"}, SECRET, "must match the pattern ^[a-z]+$"),
        ({"type": "string", "enum": ["a", "b"]}, SECRET, "must be one of: a, b"),
        ({"enum": ["a", None]}, SECRET, "must be one of: a, null"),
        ({"const": "a"}, SECRET, "must be one of: a"),
        (
            {"type": "string", "enum": [f"e{n}" for n in range(30)]},
            SECRET,
            "must be one of: " + ", ".join(f"e{n}" for n in range(20)) + ", …",
        ),
        ({"type": "array", "minItems": 2}, [SECRET], "must have at least 2 items"),
        ({"type": "array", "maxItems": 1}, [SECRET, SECRET], "must have at most 1 items"),
        ({"type": "array", "uniqueItems": True}, [SECRET, SECRET], "must hold no item twice"),
        (
            {"type": "object", "properties": {"a": {}}, "required": ["a"]},
            {SECRET: 1},
            "lacks the property 'a'",
        ),
        (
            {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
            {SECRET: 1},
            "has a property that the contract does not name",
        ),
        ({"type": "integer"}, SECRET, "must be integer"),
        ({"type": ["integer", "null"]}, SECRET, "must be integer or null"),
        ({"type": "boolean"}, 1, "must be boolean"),
        ({"type": "integer"}, True, "must be integer"),
        ({"type": "string"}, None, "must be string"),
        ({"type": "object"}, [SECRET], "must be object"),
    ],
)
def test_what_is_refused_and_how(it: Any, value: object, message: str):
    """Every bound has a message of its own, which never holds the value."""
    nullable = message.endswith("null")
    assert violations(it, value, nullable=nullable) == [((), message)]
    assert SECRET not in message


def test_violations_stand_where_they_are():
    """A violation deep in a value has the path to it; keys that look like numbers stay keys."""
    it = {
        "type": "object",
        "properties": {
            "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "integer"}}}},
            "200": {"type": "object", "properties": {"0": {"type": "string"}}},
        },
    }
    value = {"list": [{"a": 1}, {"a": "x"}], "200": {"0": 5}}
    found = violations(it, value)
    assert sorted(found, key=repr) == [
        (("200", "0"), "must be string"),
        (("list", 1, "a"), "must be integer"),
    ]


def test_null_is_as_the_use_says():
    """Null is refused unless the use or its schema allows it."""
    assert violations({"type": "string"}, None) == [((), "must be string")]
    assert violations({"type": "string"}, None, nullable=True) == []
    assert violations({"enum": ["a"]}, None, nullable=True) == []
    assert violations({}, None) == []


@pytest.mark.parametrize(
    ("it", "value", "well"),
    [
        ({"type": "number", "format": "decimal", "maximum": Decimal("1.1")}, Decimal("1.1"), True),
        (
            {"type": "number", "format": "decimal", "maximum": Decimal("1.1")},
            Decimal("1.10000000000000000000001"),
            False,
        ),
        (
            {"type": "number", "maximum": Decimal("99999999999999999.98")},
            Decimal("99999999999999999.98"),
            True,
        ),
        (
            {"type": "number", "maximum": Decimal("99999999999999999.98")},
            Decimal("99999999999999999.99"),
            False,
        ),
        ({"type": "number", "multipleOf": Decimal("0.01")}, Decimal("12345678901234567890.01"), True),
        ({"type": "number", "multipleOf": Decimal("0.01")}, Decimal("12345678901234567890.015"), False),
        ({"type": "number", "multipleOf": Decimal("0.01")}, Decimal("19.99"), True),
        ({"type": "number", "multipleOf": Decimal("0.1")}, 0.3, True),
        ({"type": "number", "minimum": 0}, Decimal("-1E-400"), False),
        ({"type": "number", "maximum": 5}, Decimal("1E+400"), False),
        ({"type": "number", "minimum": 5}, Decimal("1E+400"), True),
        ({"type": "integer", "maximum": 2**70}, 2**70, True),
        ({"type": "integer", "maximum": 2**70}, 2**70 + 1, False),
        ({"type": "integer", "minimum": -(2**63)}, -(2**63) - 1, False),
        ({"type": "integer", "format": "int64"}, 10**400, True),
        ({"type": "string", "format": "decimal", "pattern": r"^\d+\.\d\d$"}, "1.10", True),
        ({"type": "string", "format": "decimal"}, Decimal("1.10"), False),
        ({"type": "number", "enum": [Decimal("0.1"), 2]}, Decimal("0.10"), True),
        ({"type": "number", "enum": [Decimal("0.1"), 2]}, Decimal("0.11"), False),
    ],
)
def test_numbers_are_compared_exactly(it: Any, value: object, well: bool):
    """Decimals and integers of any size are compared digit by digit."""
    assert (violations(it, value) == []) is well


@pytest.mark.parametrize(
    ("value", "violation"),
    [
        (float("nan"), Violation((), "is no finite number")),
        (Decimal("NaN"), Violation((), "is no finite number")),
        (Decimal("Infinity"), Violation((), "is no finite number")),
        ({"a": [float("-inf")]}, Violation(("a", 0), "is no finite number")),
        ({1: 2}, Violation((), "has a key that is no text")),
        ({"a\ud800": 2}, Violation((), "has a key that is no text")),
        (["\ud800"], Violation((0,), "is no text: it holds half of a surrogate pair")),
        ((UUID(int=0),), Violation((0,), "is no JSON value")),
        ([b"x"], Violation((0,), "is no JSON value")),
    ],
)
def test_what_is_no_json_is_refused(value: object, violation: Violation):
    """NaN, bytes, half characters and foreign objects are violations, never exceptions, in a nullable place too."""
    assert Constraints(contract({}), Use(IT.schema, nullable=True)).check(value) == (violation,)


def test_deep_and_endless_values_are_refused():
    """A value nested too deeply, or within itself, is refused."""
    deep: Any = 1
    for _ in range(101):
        deep = [deep]
    assert violations({}, deep) == [((0,) * 101, "is nested deeper than 100 levels")]
    assert violations({}, deep[0]) == []
    endless: list[Any] = []
    endless.append(endless)
    assert violations({}, endless) == [((0,) * 101, "is nested deeper than 100 levels")]


def test_violations_are_bounded():
    """Of a value that is wrong in a thousand places, a hundred are told."""
    it = {"type": "array", "items": {"type": "integer"}}
    assert len(violations(it, ["x"] * 1000)) == 100
    assert len(violations(it, [float("nan")] * 1000)) == 100


@pytest.mark.parametrize("pattern", [r"^(a+)+$", r"^(?=a)(a+)+$", r"^(a|a)*\1$", r"^(?!x)(.*a){25}$"])
def test_patterns_cannot_be_made_slow(pattern: str):
    """No text makes a pattern backtrack without end: it is refused soon, as unmatched or as beyond bounds."""
    check = Constraints(contract({"type": "string", "pattern": pattern}), IT).check
    started = time.perf_counter()
    [violation] = check("a" * 5000 + "b")
    assert violation.message in (
        f"must match the pattern {pattern}",
        "cannot be matched with its pattern within bounds",
    )
    assert time.perf_counter() - started < 2


def test_patterns_are_those_of_ecma():
    """Patterns of JSON Schema are not anchored, and know lookahead, classes and big counts."""
    assert violations({"type": "string", "pattern": "b"}, "abc") == []
    assert violations({"type": "string", "pattern": r"^(?=.*\d)\w{8,}$"}, "abcdefg1") == []
    assert violations({"type": "string", "pattern": r"^.{0,5000}$"}, "x" * 5000) == []


def test_read_only_properties_are_not_sent():
    """What is read-only need not be sent, and in a closed object must not be."""
    properties = {"id": {"type": "string", "readOnly": True}, "name": {"type": "string"}}
    closed = {
        "type": "object",
        "properties": properties,
        "required": ["id", "name"],
        "additionalProperties": False,
    }
    assert violations(closed, {"name": "x"}) == []
    assert violations(closed, {"name": "x", "id": "1"}) == [
        ((), "has a property that the contract does not name")
    ]


def test_recursive_values_are_checked_to_their_end():
    """A recursive schema checks every level of a value."""
    it = {
        "type": "object",
        "properties": {"n": {"type": "integer"}, "next": {"$ref": "#/components/schemas/It"}},
    }
    assert violations(it, {"n": 1, "next": {"n": 2, "next": {"n": "x"}}}) == [
        (("next", "next", "n"), "must be integer")
    ]


def test_an_unknown_rule_is_told_by_its_name():
    """What the library may come to say beyond this model's bounds is told by its keyword alone."""
    check = Constraints(contract({}), IT)
    check._validator = jsonschema_rs.Draft202012Validator({"minProperties": 2})
    assert check.check({}) == (Violation((), "breaks the contract's minProperties"),)
