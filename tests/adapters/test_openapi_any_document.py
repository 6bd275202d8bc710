"""Whatever a document holds, it is read or refused with a ProjectError; what is read says what was written."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.contract import Contract, Kind, Schema, Use
from adapters.contract.openapi import read_contract
from adapters.mistake import ProjectError
from tests.adapters.contract_documents import FILE, OK, document, json_answer, read

NAMES = st.sampled_from(["A", "B", "C"])
REFERENCES = st.builds(lambda name: {"$ref": f"#/components/schemas/{name}"}, NAMES)
SCALARS = st.sampled_from(
    [
        ({"type": "string"}, Kind.STRING),
        ({"type": "string", "format": "date"}, Kind.DATE),
        ({"type": "integer"}, Kind.INTEGER),
        ({"type": "integer", "format": "int64"}, Kind.INT64),
        ({"type": "number", "format": "decimal"}, Kind.DECIMAL),
        ({"type": "boolean"}, Kind.BOOLEAN),
    ]
)


@st.composite
def written(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """A schema of the common idioms in 3.1, and what reading it must give: kind, nullable, and what is inside."""
    shape = draw(st.sampled_from(["scalar", "array", "object", "reference"]))
    if shape == "scalar":
        scalar, kind = draw(SCALARS)
        return _nullable(draw, scalar, (kind, None))
    if shape == "array":
        items, inside = draw(written())
        return _nullable(draw, {"type": "array", "items": items}, (Kind.ARRAY, inside))
    if shape == "object":
        names = draw(
            st.lists(
                st.sampled_from(["a", "b/c", "$ref", "default", "0"]), unique=True, min_size=1, max_size=3
            )
        )
        found = {name: draw(written()) for name in names}
        required = draw(st.lists(st.sampled_from(names), unique=True))
        stated: dict[str, Any] = {
            "type": "object",
            "properties": {name: one for name, (one, _) in found.items()},
            "required": required,
        }
        inside = {name: (name in required, one) for name, (_, one) in found.items()}
        return _nullable(draw, stated, (Kind.OBJECT, inside))
    name = draw(NAMES)
    return _nullable(draw, {"$ref": f"#/components/schemas/{name}"}, (name, None))


def _nullable(
    draw: st.DrawFn, stated: dict[str, Any], expected: tuple[Any, Any]
) -> tuple[dict[str, Any], Any]:
    how = draw(st.sampled_from(["no", "anyOf", "oneOf", "type"]))
    if how in ("anyOf", "oneOf"):
        members = draw(st.permutations([stated, {"type": "null"}]))
        return {how: members, "description": "maybe"}, (*expected, True)
    if how == "type" and "type" in stated:
        return {**stated, "type": [stated["type"], "null"]}, (*expected, True)
    return stated, (*expected, False)


def said(contract: Contract, use: Use) -> Any:
    """What a use of the model says, in the form of `written`."""
    schema: Schema = contract.schema(use)
    if schema.name is not None:
        return (schema.name, None, use.nullable)
    if schema.kind is Kind.ARRAY:
        assert schema.items is not None
        return (schema.kind, said(contract, schema.items), use.nullable)
    if schema.kind is Kind.OBJECT:
        inside = {one.name: (one.required, said(contract, one.use)) for one in schema.properties}
        return (schema.kind, inside, use.nullable)
    return (schema.kind, None, use.nullable)


@given(stated=written())
def test_what_is_written_is_what_is_read(stated: tuple[dict[str, Any], Any]):
    """Kinds, nullability, requirements, order and identity of any schema come out as they were put in."""
    whole, expected = stated
    base = {name: {"type": "object", "properties": {"x": {"type": "string"}}} for name in "ABC"}
    contract = read(document(schemas=base, paths={"/a": {"get": {"responses": json_answer(whole)}}}))
    answer = contract.operations["GET /a"].success
    assert answer is not None
    assert answer.use is not None
    assert said(contract, answer.use) == expected
    assert contract.file == FILE


WHOLE: dict[str, Any] = document(
    "3.1.0",
    schemas={
        "A": {
            "type": "object",
            "required": ["b"],
            "properties": {"b": {"$ref": "#/components/schemas/B"}, "c": {"type": "integer", "default": 1}},
        },
        "B": {
            "allOf": [
                {"$ref": "#/components/schemas/C"},
                {"type": "object", "properties": {"d": {"type": "array", "items": {"type": "string"}}}},
            ]
        },
        "C": {
            "type": "object",
            "properties": {
                "e": {"enum": ["x", "y"]},
                "f": {"anyOf": [{"type": "string", "pattern": "^a"}, {"type": "null"}]},
            },
        },
    },
    parameters={"P": {"name": "p", "in": "query", "schema": {"type": "string"}}},
    paths={
        "/a/{id}": {
            "parameters": [
                {
                    "name": "id",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "integer", "format": "int64"},
                }
            ],
            "get": {
                "operationId": "getA",
                "parameters": [{"$ref": "#/components/parameters/P"}],
                "responses": {
                    **json_answer({"$ref": "#/components/schemas/A"}),
                    "404": {"description": "none"},
                },
            },
            "put": {
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/B"}}},
                },
                "responses": OK,
            },
        }
    },
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in _places(one, (*path, key)))]


PLACES = [place for place in _places(WHOLE) if place]
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(
        ["", "x", "3.0.0", "3.1.0", "string", "object", "null", "query", "path", "#/", "#", "{id}"]
    ),
    st.sampled_from(PLACES).map(
        lambda place: {
            "$ref": "#/" + "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in place)
        }
    ),
    st.sampled_from(PLACES).map(lambda place: _at(WHOLE, place)),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "type",
                        "$ref",
                        "allOf",
                        "anyOf",
                        "oneOf",
                        "items",
                        "properties",
                        "enum",
                        "a",
                        "default",
                        "name",
                        "in",
                    ]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=6,
    ),
)


def _at(value: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        value = value[step]
    return value


@given(data=st.data())
def test_a_document_changed_at_will_raises_nothing_else(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
):
    """Values taken out, replaced or put in anywhere in a document give a contract or a ProjectError with mistakes."""
    whole = copy.deepcopy(WHOLE)
    whole["openapi"] = data.draw(st.sampled_from(["3.0.3", "3.1.0", "3.2.0"]))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(PLACES))
        try:
            holder = _at(whole, place[:-1])
            action = data.draw(st.sampled_from(["replace", "remove", "add"]))
            if action == "replace":
                holder[place[-1]] = copy.deepcopy(data.draw(JUNK))
            elif action == "remove":
                del holder[place[-1]]
            elif isinstance(holder[place[-1]], dict):
                key = data.draw(
                    st.sampled_from(["$ref", "allOf", "type", "nullable", "items", "default", "x-a", "enum"])
                )
                holder[place[-1]][key] = copy.deepcopy(data.draw(JUNK))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    file = tmp_path_factory.mktemp("changed") / "it.json"
    file.write_text(json.dumps(whole), encoding="utf-8")
    try:
        contract = read_contract("it", file)
    except ProjectError as error:
        told = error.mistakes
    else:
        told = ()
        for schema in contract.schemas.values():
            uses = [one.use for one in schema.properties] + ([schema.items] if schema.items else [])
            assert all(use.schema in contract.schemas for use in uses)
    assert all(mistake.file == file and mistake.message for mistake in told)
    assert all(mistake.line > 0 for mistake in told)


def test_a_big_document_is_read_in_seconds(tmp_path: Path):
    """A document of a megabyte is read in well under ten seconds on any machine."""
    thing = {
        "type": "object",
        "properties": {f"p{n}": {"type": "string", "description": "x" * 60} for n in range(40)},
    }
    schemas = {f"T{n}": {**thing, "required": ["p0"]} for n in range(260)}
    paths = {
        f"/t{n}": {"get": {"responses": json_answer({"$ref": f"#/components/schemas/T{n}"})}}
        for n in range(260)
    }
    file = tmp_path / "big.json"
    file.write_text(json.dumps(document(schemas=schemas, paths=paths)), encoding="utf-8")
    assert file.stat().st_size > 1_000_000
    started = time.perf_counter()
    assert len(read_contract("big", file).schemas) == 260 * 41
    assert time.perf_counter() - started < 10
