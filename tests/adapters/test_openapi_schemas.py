"""Schema Objects of both lines of OpenAPI become the same model: kinds, nullability, references and merges."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from adapters.contract.contract import MISSING, Bounds, Kind, Property, Schema, Use
from tests.adapters.contract_documents import document, properties, read, schema, told

THING = "#/components/schemas/Thing"
BOTH = pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])


@BOTH
@pytest.mark.parametrize(
    ("stated", "kind", "json_type"),
    [
        ({"type": "boolean"}, Kind.BOOLEAN, "boolean"),
        ({"type": "integer"}, Kind.INTEGER, "integer"),
        ({"type": "integer", "format": "int32"}, Kind.INTEGER, "integer"),
        ({"type": "integer", "format": "int64"}, Kind.INT64, "integer"),
        ({"type": "integer", "format": "uint32"}, Kind.INT64, "integer"),
        ({"type": "integer", "format": "uint64"}, Kind.INT64, "integer"),
        ({"type": "integer", "format": "unix-time"}, Kind.INT64, "integer"),
        ({"type": "integer", "maximum": 2**31 - 1, "minimum": -(2**31)}, Kind.INTEGER, "integer"),
        ({"type": "integer", "maximum": 2**31}, Kind.INT64, "integer"),
        ({"type": "integer", "format": "int32", "minimum": -(2**31) - 1}, Kind.INT64, "integer"),
        ({"type": "integer", "enum": [1, 2**40]}, Kind.INT64, "integer"),
        ({"type": "integer", "default": 2**40}, Kind.INT64, "integer"),
        ({"type": "number"}, Kind.NUMBER, "number"),
        ({"type": "number", "format": "double"}, Kind.NUMBER, "number"),
        ({"type": "number", "format": "decimal"}, Kind.DECIMAL, "number"),
        ({"type": "string", "format": "decimal"}, Kind.DECIMAL, "string"),
        ({"type": "string", "format": "money"}, Kind.DECIMAL, "string"),
        ({"type": "string"}, Kind.STRING, "string"),
        ({"type": "string", "format": "date"}, Kind.DATE, "string"),
        ({"type": "string", "format": "date-time"}, Kind.DATE_TIME, "string"),
        ({"type": "string", "format": "uuid"}, Kind.UUID, "string"),
        ({"type": "string", "format": "binary"}, Kind.STRING, "string"),
        ({"type": "string", "format": "email"}, Kind.STRING, "string"),
        ({"type": "object"}, Kind.ANY, "object"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, Kind.ANY, "object"),
        ({"additionalProperties": {"type": "string"}}, Kind.ANY, "object"),
        ({"type": "object", "properties": {"a": {}}}, Kind.OBJECT, "object"),
        ({"properties": {"a": {}}}, Kind.OBJECT, "object"),
        ({"type": "array", "items": {}}, Kind.ARRAY, "array"),
        ({"items": {"type": "string"}}, Kind.ARRAY, "array"),
        ({}, Kind.ANY, "any"),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, Kind.ANY, "any"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, Kind.ANY, "any"),
        ({"not": {"type": "string"}}, Kind.ANY, "any"),
        ({"enum": ["a", "b"]}, Kind.STRING, "string"),
        ({"enum": [1, 2]}, Kind.INTEGER, "integer"),
        ({"enum": [1, "a"]}, Kind.ANY, "any"),
        ({"enum": [1, Decimal("1.5")]}, Kind.NUMBER, "number"),
        ({"type": "object", "properties": {"a": {}}, "oneOf": [{"required": ["a"]}]}, Kind.OBJECT, "object"),
        ({"type": "string", "anyOf": [{"minLength": 1}, {"maxLength": 5}]}, Kind.STRING, "string"),
    ],
)
def test_kinds(version: str, stated: dict[str, Any], kind: Kind, json_type: str):
    """A kind is type and format read together, and the limits where an integer may not fit 32 bits."""
    found = schema(stated, version)
    assert (found.kind, found.json_type) == (kind, json_type)


@pytest.mark.parametrize(
    ("stated", "kind", "nullable", "enum"),
    [
        (True, Kind.ANY, True, None),
        (False, Kind.ANY, False, None),
        ({"type": ["string", "null"]}, Kind.STRING, True, None),
        ({"type": ["null", "string"], "enum": ["a", None]}, Kind.STRING, True, ("a",)),
        ({"type": ["string", "null"], "enum": ["a"]}, Kind.STRING, False, ("a",)),
        ({"type": ["integer", "string"]}, Kind.ANY, False, None),
        ({"type": ["integer", "string", "null"]}, Kind.ANY, True, None),
        ({"type": ["integer", "number"]}, Kind.NUMBER, False, None),
        ({"type": "null"}, Kind.ANY, True, None),
        ({"enum": ["a", None]}, Kind.STRING, True, ("a",)),
        ({"const": "a"}, Kind.STRING, False, ("a",)),
        ({"const": None}, Kind.ANY, True, None),
        ({"const": {"a": 1}}, Kind.ANY, False, None),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, Kind.STRING, True, None),
        ({"oneOf": [{"type": "null"}, {"type": "string"}]}, Kind.STRING, True, None),
        ({"anyOf": [{"enum": [None]}, {"type": "string", "enum": ["b"]}]}, Kind.STRING, True, ("b",)),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}, Kind.ANY, True, None),
        ({"oneOf": [{"type": "string"}, {}]}, Kind.ANY, True, None),
        ({"oneOf": [{"type": ["string", "null"]}, {"type": "integer"}]}, Kind.ANY, True, None),
        ({"oneOf": [True, {"type": "integer"}]}, Kind.ANY, True, None),
        ({"allOf": [{"type": ["string", "null"]}, {"maxLength": 3}]}, Kind.STRING, True, None),
        ({"allOf": [{"type": ["string", "null"]}, {"type": "string"}]}, Kind.STRING, False, None),
        ({"type": "string", "nullable": True}, Kind.STRING, False, None),
        ({"enum": [1, 1, True]}, Kind.ANY, False, (1, True)),
    ],
)
def test_nullability_and_enums_of_31(stated: Any, kind: Kind, nullable: bool, enum: Any):
    """From 3.1 on null is a type, a value of an enum, or one of two choices; `nullable` means nothing."""
    found = schema(stated, "3.1.0")
    assert (found.kind, found.nullable, found.enum) == (kind, nullable, enum)


@pytest.mark.parametrize(
    ("stated", "nullable", "enum"),
    [
        ({"type": "string", "nullable": True}, True, None),
        ({"type": "string", "nullable": False}, False, None),
        ({"type": "string", "nullable": True, "enum": ["a", None]}, True, ("a",)),
        ({"type": "string", "nullable": True, "enum": ["a"]}, True, ("a",)),
        ({"enum": ["a", None]}, True, ("a",)),
        ({"oneOf": [{"type": "string", "nullable": True}, {"type": "integer"}]}, True, None),
        ({"nullable": True, "allOf": [{"type": "string"}, {"maxLength": 3}]}, True, None),
        ({"allOf": [{"type": "string", "nullable": True}, {"type": "string"}]}, False, None),
        ({"oneOf": [{"type": "string"}], "nullable": True}, True, None),
    ],
)
def test_nullability_and_enums_of_30(stated: Any, nullable: bool, enum: Any):
    """In 3.0 null is allowed by `nullable`, an enum beside it or not."""
    found = schema(stated, "3.0.3")
    assert (found.nullable, found.enum) == (nullable, enum)


@pytest.mark.parametrize(
    ("version", "stated", "bounds"),
    [
        (
            "3.0.3",
            {"minimum": 1, "exclusiveMinimum": True, "maximum": 9},
            Bounds(exclusive_minimum=1, maximum=9),
        ),
        ("3.0.3", {"maximum": 9, "exclusiveMaximum": True}, Bounds(exclusive_maximum=9)),
        ("3.0.3", {"maximum": 9, "exclusiveMaximum": False}, Bounds(maximum=9)),
        (
            "3.1.0",
            {"exclusiveMinimum": 1, "exclusiveMaximum": 9},
            Bounds(exclusive_minimum=1, exclusive_maximum=9),
        ),
        (
            "3.1.0",
            {"minimum": Decimal("0.10"), "multipleOf": Decimal("0.01")},
            Bounds(minimum=0.1, multiple_of=0.01),
        ),
        (
            "3.1.0",
            {"maximum": Decimal("99999999999999999.99")},
            Bounds(maximum=Decimal("99999999999999999.99")),
        ),
        ("3.1.0", {"maximum": Decimal("5.0"), "minimum": 0.5}, Bounds(maximum=5, minimum=0.5)),
        (
            "3.1.0",
            {"minLength": 1, "maxLength": 5, "pattern": "^a"},
            Bounds(min_length=1, max_length=5, pattern="^a"),
        ),
        (
            "3.1.0",
            {"minItems": 1, "maxItems": 5, "uniqueItems": True},
            Bounds(min_items=1, max_items=5, unique_items=True),
        ),
    ],
)
def test_bounds(version: str, stated: dict[str, Any], bounds: Bounds):
    """Bounds are read in both spellings of exclusive limits, and lose no digit."""
    assert schema(stated, version).bounds == bounds


@BOTH
def test_an_object_in_full(version: str):
    """Properties stand in document order under upstream names, each with what its place says."""
    found = schema(
        {
            "type": "object",
            "title": "It",
            "description": "A thing.",
            "deprecated": True,
            "required": ["id", "elsewhere"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string", "readOnly": True},
                "secret": {"type": "string", "writeOnly": True, "description": "hush", "deprecated": True},
                "size": {"type": "integer", "default": 3},
            },
        },
        version,
    )
    place = "#/components/schemas/It"
    assert found == Schema(
        pointer=place,
        kind=Kind.OBJECT,
        json_type="object",
        name="It",
        title="It",
        description="A thing.",
        deprecated=True,
        additional=False,
        properties=(
            Property("id", Use(f"{place}/properties/id", read_only=True), required=True),
            Property(
                "secret",
                Use(f"{place}/properties/secret", description="hush", deprecated=True, write_only=True),
                required=False,
            ),
            Property("size", Use(f"{place}/properties/size", default=3), required=False),
        ),
    )


@BOTH
def test_references_and_recursion(version: str):
    """A reference has the identity of its target, through chains; schemas may lead back to themselves."""
    contract = read(
        document(
            version,
            schemas={
                "Node": {
                    "type": "object",
                    "properties": {
                        "next": {"$ref": "#/components/schemas/Alias"},
                        "tree": {"$ref": "#/components/schemas/Tree"},
                    },
                },
                "Alias": {"$ref": "#/components/schemas/Alias2"},
                "Alias2": {"$ref": "#/components/schemas/Node"},
                "Tree": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
                "Inside": {"$ref": "#/components/schemas/Tree/items"},
            },
        )
    )
    node, tree = "#/components/schemas/Node", "#/components/schemas/Tree"
    assert dict(contract.components) == {
        "Node": node,
        "Alias": node,
        "Alias2": node,
        "Tree": tree,
        "Inside": node,
    }
    assert set(contract.schemas) == {node, tree}
    assert contract.schemas[node].properties == (
        Property("next", Use(node), required=False),
        Property("tree", Use(tree), required=False),
    )
    assert contract.schemas[tree].items == Use(node)
    assert contract.schema(Use(tree)).items == Use(node)


def test_percent_encoded_references():
    """A reference's fragment is percent-decoded before it is read as a pointer, and a schema may stand anywhere."""
    paths = {
        "/a/{b}": {
            "parameters": [{"name": "b", "in": "path", "required": True, "schema": {"type": "string"}}]
        }
    }
    it = {"properties": {"b": {"$ref": "#/paths/~1a~1%7Bb%7D/parameters/0/schema"}}}
    found = read(document(schemas={"It": it}, paths=paths)).schemas["#/components/schemas/It"]
    assert found.properties[0].use == Use("#/paths/~1a~1{b}/parameters/0/schema")


@pytest.mark.parametrize("key", ["allOf", "oneOf", "anyOf"])
def test_a_reference_in_disguise_in_30(key: str):
    """`allOf: [$ref]` with annotations beside it is the same schema, nullable or described as its place says."""
    found = properties(
        "3.0.3",
        beside={"Thing": {"type": "string", "description": "of the thing"}},
        plain={"$ref": THING, "description": "ignored in 3.0"},
        wrapped={
            key: [{"$ref": THING}],
            "nullable": True,
            "description": "here",
            "deprecated": True,
            "x-a": 1,
        },
        default={key: [{"$ref": THING}], "default": "d", "readOnly": True},
    )
    assert [one.use for one in found.values()] == [
        Use(THING),
        Use(THING, nullable=True, description="here", deprecated=True),
        Use(THING, default="d", read_only=True),
    ]


def test_a_reference_in_disguise_in_31():
    """What stands beside `$ref` counts from 3.1 on; null beside it makes the same schema nullable, in either
    order."""
    stated: dict[str, Any] = {
        "plain": {"$ref": THING},
        "said": {"$ref": THING, "description": "here", "deprecated": True, "default": "mine"},
        "any": {"anyOf": [{"$ref": THING}, {"type": "null"}], "description": "any", "default": None},
        "one": {"oneOf": [{"type": "null"}, {"$ref": THING}]},
        "deep": {"allOf": [{"anyOf": [{"$ref": THING}, {"type": "null"}]}], "title": "t"},
    }
    found = properties(beside={"Thing": {"type": "string", "default": "t", "writeOnly": True}}, **stated)
    assert [one.use for one in found.values()] == [
        Use(THING, default="t", write_only=True),
        Use(THING, default="mine", description="here", deprecated=True, write_only=True),
        Use(THING, nullable=True, default=None, description="any", write_only=True),
        Use(THING, nullable=True, default="t", write_only=True),
        Use(THING, nullable=True, default="t", write_only=True),
    ]


def test_an_inline_choice_with_null_keeps_its_place():
    """A nullable schema written out in place stands at that place, with the title beside it."""
    found = schema({"anyOf": [{"type": "object", "properties": {"a": {}}}, {"type": "null"}], "title": "T"})
    assert (found.name, found.title, found.kind, found.nullable) == ("It", "T", Kind.OBJECT, True)
    assert [one.name for one in found.properties] == ["a"]


@BOTH
def test_all_of_merges(version: str):
    """allOf merges properties in order, requirements, bounds, texts and openness; what stands beside it comes
    last."""
    base = {
        "type": "object",
        "description": "base",
        "required": ["id"],
        "properties": {"id": {"type": "integer", "minimum": 1}, "kind": {"type": "string"}},
    }
    whole = {
        "description": "whole",
        "allOf": [
            {"$ref": "#/components/schemas/Base"},
            {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer"}}},
        ],
        "properties": {"id": {"maximum": 9, "description": "narrowed"}, "own": {}},
        "additionalProperties": False,
    }
    contract = read(document(version, schemas={"It": whole, "Base": base}))
    it = contract.schemas["#/components/schemas/It"]
    merged = "#/components/schemas/It/allOf/properties/id"
    place = "#/components/schemas/It"
    assert (it.kind, it.description, it.additional, it.name) == (Kind.OBJECT, "whole", False, "It")
    assert it.properties == (
        Property("id", Use(merged, description="narrowed"), required=True),
        Property("kind", Use("#/components/schemas/Base/properties/kind"), required=False),
        Property("size", Use(f"{place}/allOf/1/properties/size"), required=True),
        Property("own", Use(f"{place}/properties/own", nullable=True), required=False),
    )
    assert contract.schemas[merged].kind is Kind.INTEGER
    assert contract.schemas[merged].bounds == Bounds(minimum=1, maximum=9)


def test_merged_bounds_are_the_narrower_ones():
    """Of two bounds both hold; of two patterns or steps the later one is kept; enums are cut."""
    one = {"type": "number", "minimum": 1, "maximum": 9, "multipleOf": 2, "enum": [2, 4, 6]}
    other = {"type": "integer", "minimum": 3, "maximum": 12, "multipleOf": 3, "enum": [4, 6, 8]}
    found = schema({"allOf": [one, other]})
    assert (found.kind, found.enum) == (Kind.INTEGER, (4, 6))
    assert found.bounds == Bounds(minimum=3, maximum=9, multiple_of=3)


def test_merges_of_recursive_schemas_end():
    """Two recursive schemas merged make one recursive schema, not an endless row."""
    one = {
        "type": "object",
        "properties": {"next": {"$ref": "#/components/schemas/A"}, "a": {"type": "string"}},
    }
    other = {
        "type": "object",
        "properties": {"next": {"$ref": "#/components/schemas/B"}, "b": {"type": "string"}},
    }
    both = {"allOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]}
    contract = read(document(schemas={"It": both, "A": one, "B": other}))
    merged = "#/components/schemas/It/allOf/properties/next"
    names = ["next", "a", "b"]
    for place in ("#/components/schemas/It", merged):
        assert [prop.name for prop in contract.schemas[place].properties] == names
        assert contract.schemas[place].properties[0].use == Use(merged)


def test_items_are_merged_or_open():
    """Array items of allOf members are merged; a tuple's items are of any kind."""
    found = read(
        document(
            schemas={
                "It": {"allOf": [{"type": "array", "items": {"type": "string"}}, {"items": {"maxLength": 3}}]}
            }
        )
    )
    items = found.schemas["#/components/schemas/It"].items
    assert items == Use("#/components/schemas/It/allOf/items")
    assert found.schema(items).bounds == Bounds(max_length=3)
    assert schema({"type": "array", "prefixItems": [{"type": "string"}], "items": False}).items is None
    assert schema({"type": "array"}).items is None


def test_a_base_may_name_its_children():
    """A base whose oneOf names the schemas that extend it is no circle."""
    shape = {
        "type": "object",
        "properties": {"kind": {"type": "string"}},
        "oneOf": [{"$ref": "#/components/schemas/Circle"}],
    }
    circle = {"allOf": [{"$ref": "#/components/schemas/Shape"}, {"properties": {"r": {"type": "number"}}}]}
    contract = read(document("3.0.3", schemas={"Shape": shape, "Circle": circle}))
    assert {
        name: [one.name for one in contract.schema(at).properties] for name, at in contract.components.items()
    } == {
        "Shape": ["kind"],
        "Circle": ["kind", "r"],
    }


def test_siblings_with_weight_beside_a_reference_make_a_schema():
    """From 3.1 on `$ref` with more than annotations beside it is both at once, and stands at its own place."""
    found = schema(
        {"$ref": THING, "required": ["b"], "properties": {"b": {"type": "string"}}},
        Thing={"type": "object", "properties": {"a": {"type": "string"}}},
    )
    assert (found.name, [(one.name, one.required) for one in found.properties]) == (
        "It",
        [("a", False), ("b", True)],
    )


def test_defaults_keep_their_digits():
    """A default of a decimal is a Decimal with all its digits; of any other number a float or int."""
    found = properties(
        money={"type": "number", "format": "decimal", "default": Decimal("0.10")},
        list={"type": "array", "items": {"type": "number"}, "default": [Decimal("0.5"), 1]},
        map={"type": "object", "default": {"a": Decimal("2.5")}},
        none={"type": "string"},
        day={"type": "string", "format": "date", "default": "2020-01-01"},
    )
    assert repr([one.use.default for one in found.values()]) == repr(
        [Decimal("0.10"), [0.5, 1], {"a": 2.5}, MISSING, "2020-01-01"]
    )


def test_names_that_look_like_keywords():
    """Properties may be called `$ref`, `default`, `example` or `200`."""
    found = properties(
        "3.1.0",
        **{"$ref": {"type": "string"}, "default": {"$ref": THING}, "200": {}, "x-a": {"$ref": THING}},
        beside={"Thing": {"type": "integer"}},
    )
    assert [(one.name, one.use.schema) for one in found.values()] == [
        ("$ref", "#/components/schemas/It/properties/$ref"),
        ("default", THING),
        ("200", "#/components/schemas/It/properties/200"),
        ("x-a", THING),
    ]


def test_references_in_data_are_data():
    """`$ref` in an example, a default, an enum or an extension refers to nothing."""
    away = {"$ref": "https://evil.example/x"}
    found = schema(
        {
            "type": "object",
            "default": away,
            "example": away,
            "enum": [away],
            "x-any": away,
            "examples": [away],
        }
    )
    assert (found.kind, found.enum) == (Kind.ANY, None)


@pytest.mark.parametrize(
    ("schemas", "mistakes"),
    [
        (
            {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
            [
                (
                    "$.components.schemas.A['$ref']",
                    "refers to itself: $.components.schemas.A -> $.components.schemas.B"
                    " -> $.components.schemas.A",
                ),
                (
                    "$.components.schemas.B['$ref']",
                    "refers to itself: $.components.schemas.B -> $.components.schemas.A"
                    " -> $.components.schemas.B",
                ),
            ],
        ),
        (
            {"A": {"allOf": [{"$ref": "#/components/schemas/A"}]}},
            [
                (
                    "$.components.schemas.A",
                    "is made of itself (by allOf or references), so that it has no shape",
                )
            ],
        ),
        (
            {"A": {"allOf": [{"$ref": "#/components/schemas/A"}, {"type": "object"}]}},
            [
                (
                    "$.components.schemas.A",
                    "is made of itself (by allOf or references), so that it has no shape",
                )
            ],
        ),
        (
            {"A": {"allOf": [{"type": "string"}, {"type": "integer"}]}},
            [
                (
                    "$.components.schemas.A.allOf[1]",
                    "is integer where $.components.schemas.A.allOf[0], which it must be too, is string",
                )
            ],
        ),
        (
            {
                "A": {
                    "allOf": [
                        {"properties": {"p": {"type": "string"}}},
                        {"properties": {"p": {"type": "array"}}},
                    ]
                }
            },
            [
                (
                    "$.components.schemas.A.allOf[1].properties.p",
                    "is array where"
                    " $.components.schemas.A.allOf[0].properties.p, which it must be too, is string",
                )
            ],
        ),
        (
            {"A": {"type": "string", "enum": ["on", False, None]}},
            [("$.components.schemas.A.enum[1]", "is no string, as its schema asks")],
        ),
        (
            {"A": {"type": "string", "pattern": "["}},
            [("$.components.schemas.A.pattern", "is no regular expression of ECMA-262 that can be checked")],
        ),
        (
            {
                "A": {"type": "integer", "default": "x"},
                "B": {"type": "array", "items": {"type": "string"}, "default": [1]},
            },
            [
                ("$.components.schemas.A.default", "the default breaks its own schema: it must be integer"),
                ("$.components.schemas.B.default[0]", "the default breaks its own schema: it must be string"),
            ],
        ),
        (
            {"A": {"type": "string", "default": None}},
            [("$.components.schemas.A.default", "the default breaks its own schema: it must be string")],
        ),
    ],
)
def test_contradictions_are_told(schemas: dict[str, Any], mistakes: list[tuple[str, str]]):
    """Circles without a shape, members that exclude each other, and values that their own schema refuses."""
    assert told(document("3.1.0", schemas=schemas)) == mistakes


def test_a_default_is_told_once():
    """A component's default is told once, however many places use the component."""
    uses = {f"p{index}": {"$ref": THING} for index in range(5)}
    mistakes = told(
        document(schemas={"Thing": {"type": "integer", "default": "x"}, "It": {"properties": uses}})
    )
    assert mistakes == [
        ("$.components.schemas.Thing.default", "the default breaks its own schema: it must be integer")
    ]


def test_long_rows_of_all_of_are_refused():
    """A schema made of more than fifty levels is refused instead of exhausting the stack."""
    row = {
        f"A{n}": {"allOf": [{"$ref": f"#/components/schemas/A{n + 1}"}, {"type": "object"}]}
        for n in range(400)
    }
    mistakes = told(document(schemas={**row, "A400": {"type": "object"}}))
    assert {message for _, message in mistakes} == {"is made of more than 50 levels of allOf and references"}


def test_diamonds_of_all_of_cost_little():
    """Members that are reached by many ways are merged once."""
    rows = {
        f"{letter}{n}": {"allOf": [{"$ref": f"#/components/schemas/{below}{n + 1}"} for below in "AB"]}
        for n in range(20)
        for letter in "AB"
    }
    ends = {f"{letter}20": {"type": "object", "properties": {letter: {}}} for letter in "AB"}
    contract = read(document(schemas={**rows, **ends}))
    assert [one.name for one in contract.schemas["#/components/schemas/A0"].properties] == ["A", "B"]
