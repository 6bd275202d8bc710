"""Discriminators: `oneOf` of objects that one property tells apart, and objects that extend a common base."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.contract.contract import Contract, Kind, Use, Variants
from tests.adapters.contract_documents import document, json_answer, properties, read, schema
from tests.adapters.discriminated import (
    BOTH,
    CASH,
    LISTED,
    PET,
    TEXT,
    VERSIONS,
    an,
    at,
    by,
    const,
    extending,
    ref,
)

# --- oneOf and anyOf


@VERSIONS
@pytest.mark.parametrize("key", ["oneOf", "anyOf"])
def test_names_lead_to_schemas(version: str, key: str):
    """Without a mapping the name of a schema is the value that leads to it."""
    found = schema(
        {key: LISTED, "discriminator": by(), "description": "How it was paid."}, version=version, **BOTH
    )
    assert (found.kind, found.json_type, found.name, found.nullable, found.description, found.properties) == (
        *(Kind.UNION, "any", "It", False, "How it was paid."),
        (),
    )
    assert found.variants == Variants("kind", (("Card", at("Card")), ("Cash", at("Cash"))))
    assert found.variants.schemas == (at("Card"), at("Cash"))


@VERSIONS
def test_a_mapping_leads_by_names_and_references(version: str):
    """Several values may lead to one schema; what is mapped is still led to by its own name, unless that is taken."""
    mapping = by(card=at("Card"), visa="Card", Cash="Card", coins="#/components/schemas/Cash")
    found = schema({"type": "object", "oneOf": LISTED, "discriminator": mapping}, version=version, **BOTH)
    assert (found.kind, found.json_type) == (Kind.UNION, "object")
    assert found.variants == Variants(
        "kind",
        (
            *(("card", at("Card")), ("visa", at("Card")), ("Cash", at("Card")), ("coins", at("Cash"))),
            ("Card", at("Card")),
        ),
    )


@VERSIONS
def test_a_constant_leads_to_its_schema(version: str):
    """A schema whose property admits one text, and not its name, is led to by that text; an enum that admits the
    name leads by the name.
    """
    card, cash = an(kind=const("card")), an(kind={"type": "string", "enum": ["Cash", "Coins"]})
    found = schema({"oneOf": LISTED, "discriminator": by()}, version=version, Card=card, Cash=cash)
    assert found.variants == Variants("kind", (("card", at("Card")), ("Cash", at("Cash"))))


def test_a_mapping_is_stronger_than_a_constant():
    """What the mapping says of a schema is not doubted; its constant leads to it too, where nothing else has it."""
    card, cash = an(kind={"const": "x"}), an(kind={"const": "y"})
    whole = {"oneOf": LISTED, "discriminator": by(x="Cash", z="Card")}
    assert schema(whole, Card=card, Cash=cash).variants == Variants(
        "kind", (("x", at("Cash")), ("z", at("Card")), ("y", at("Cash")))
    )


def test_one_schema_is_enough_and_is_listed_once():
    """A oneOf of one schema with a discriminator is a union of one; twice the same is once."""
    assert schema({"oneOf": [ref("Card")], "discriminator": by()}, **BOTH).variants == Variants(
        "kind", (("Card", at("Card")),)
    )
    assert schema({"oneOf": [*LISTED, ref("Card")], "discriminator": by()}, **BOTH).variants == Variants(
        "kind", (("Card", at("Card")), ("Cash", at("Cash")))
    )


def test_unions_stand_anywhere():
    """Inline in properties, items and answers, by reference, nullable, and under a name of their own."""
    inline = {"oneOf": LISTED, "discriminator": by()}
    found = properties(
        beside={**BOTH, "Paid": inline},
        inline=inline,
        null={"anyOf": [ref("Paid"), {"type": "null"}]},
        inside={"oneOf": [*LISTED, {"type": "null"}], "discriminator": by()},
        many={"type": "array", "items": ref("Paid")},
    )
    here = "#/components/schemas/It/properties"
    assert {name: one.use for name, one in found.items()} == {
        "inline": Use(f"{here}/inline"),
        "null": Use(at("Paid"), nullable=True),
        "inside": Use(f"{here}/inside", nullable=True),
        "many": Use(f"{here}/many"),
    }
    paths = {"/p": {"get": {"operationId": "get", "responses": json_answer(inline)}}}
    contract = read(document(paths=paths, schemas=BOTH))
    success = contract.operations["get"].success
    assert success is not None
    assert success.use is not None
    answered = contract.schema(success.use)
    assert (answered.kind, answered.name) == (Kind.UNION, None)


def test_variants_are_seen_through_disguises():
    """A listed or mapped schema that merely refers to another one is that other one."""
    found = schema(
        {
            "oneOf": [{"allOf": [ref("Card")], "description": "d"}, ref("Alias")],
            "discriminator": by(a="Alias", c=at("Card")),
        },
        **BOTH,
        Alias={"$ref": at("Cash"), "description": "money"},
    )
    assert found.variants == Variants(
        "kind", (("a", at("Cash")), ("c", at("Card")), ("Card", at("Card")), ("Cash", at("Cash")))
    )


FREE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("no discriminator", {"oneOf": LISTED}, {}),
    ("an inline schema", {"oneOf": [ref("Card"), CASH], "discriminator": by()}, {}),
    ("a text", {"oneOf": [ref("Card"), ref("Text")], "discriminator": by()}, {"Text": TEXT}),
    ("free-form", {"oneOf": [ref("Card"), ref("Map")], "discriminator": by()}, {"Map": {"type": "object"}}),
    (
        "a union within",
        {"oneOf": [ref("Card"), ref("Inner")], "discriminator": by()},
        {"Inner": {"oneOf": [ref("Cash")], "discriminator": by()}},
    ),
    ("a number", {"oneOf": [ref("Num")], "discriminator": by()}, {"Num": an(kind={"type": "integer"})}),
    (
        "never answered",
        {"oneOf": [ref("Shy")], "discriminator": by()},
        {"Shy": an(kind={"type": "string", "writeOnly": True})},
    ),
    ("3.2's default", {"oneOf": LISTED, "discriminator": {**by(), "defaultMapping": "Card"}}, {}),
    ("two choices", {"oneOf": LISTED, "anyOf": LISTED, "discriminator": by()}, {}),
    ("nothing listed but null", {"oneOf": [{"type": "null"}], "discriminator": by()}, {}),
]


@pytest.mark.parametrize(("whole", "others"), [one[1:] for one in FREE], ids=[one[0] for one in FREE])
def test_what_cannot_be_told_apart_stays_free_form(whole: dict[str, Any], others: dict[str, Any]):
    """What OpenAPI allows and no discriminator can tell apart is free-form JSON."""
    found = schema(whole, version="3.2.0", **BOTH, **others)
    assert (found.kind, found.variants) == (Kind.ANY, None)


def test_properties_beside_a_choice_are_not_lost():
    """An object with properties and a oneOf has variants where all of them have those properties, too."""
    whole = an(kind=TEXT) | {"oneOf": LISTED, "discriminator": by()}
    found = schema(whole, **BOTH)
    assert (found.kind, [one.name for one in found.properties]) == (Kind.OBJECT, ["kind"])
    assert found.variants == Variants("kind", (("Card", at("Card")), ("Cash", at("Cash"))))
    whole = an(kind=TEXT, at=TEXT) | {"oneOf": LISTED, "discriminator": by()}
    found = schema(whole, **BOTH)
    assert (found.kind, found.variants) == (Kind.OBJECT, None)
    whole = {"type": "string", "oneOf": LISTED, "discriminator": by()}
    assert (schema(whole, **BOTH).kind, schema(whole, **BOTH).variants) == (Kind.STRING, None)


# --- a base and what extends it


def pets(version: str = "3.1.0", base: dict[str, Any] | None = None, **others: Any) -> Contract:
    """A contract of the base `Pet` and others."""
    return read(document(version, schemas={"Pet": base or PET, **others}))


@VERSIONS
def test_a_base_has_those_that_extend_it_as_variants(version: str):
    """The base stays an object; at any depth, and whether by allOf alone or beside other keys, others extend it."""
    contract = pets(
        version,
        Cat=extending("Pet", lives=TEXT),
        Dog={"allOf": [ref("Pet")], "type": "object", "properties": {"bark": TEXT}},
        Puppy=extending("Dog", age=TEXT),
        Stone=an(kind=TEXT),
        Disguised={"allOf": [ref("Pet")], "description": "no kind of its own"},
    )
    base = contract.schema(at("Pet"))
    assert (base.kind, [one.name for one in base.properties]) == (Kind.OBJECT, ["kind", "name"])
    assert base.variants == Variants("kind", (("Cat", at("Cat")), ("Dog", at("Dog")), ("Puppy", at("Puppy"))))
    assert {one.name for one in contract.schemas.values() if one.variants is not None} == {"Pet"}
    assert contract.components["Disguised"] == at("Pet")


def test_a_reference_with_weight_beside_it_extends_too():
    """From 3.1 on properties may stand beside `$ref`."""
    contract = pets(Cat={"$ref": at("Pet"), "properties": {"lives": TEXT}})
    assert contract.schema(at("Pet")).variants == Variants("kind", (("Cat", at("Cat")),))


def test_a_mapping_names_the_base_itself_and_others():
    """The base is a variant where its mapping says so; so is a stranger that has the base's properties."""
    base = an(kind=TEXT) | {"discriminator": by(pet="Pet", cat="Cat", toy="Toy")}
    contract = pets(base=base, Cat=extending("Pet", lives=TEXT), Toy=an(kind=TEXT, price=TEXT))
    assert contract.schema(at("Pet")).variants == Variants(
        "kind",
        (
            *(("pet", at("Pet")), ("cat", at("Cat")), ("toy", at("Toy"))),
            *(("Cat", at("Cat")), ("Pet", at("Pet")), ("Toy", at("Toy"))),
        ),
    )
    contract = pets(base=PET | {"discriminator": by(toy="Toy")}, Toy=an(kind=TEXT))
    assert contract.schema(at("Pet")).variants is None


def test_what_no_value_leads_to_is_no_variant():
    """An abstract schema between base and variants, by an enum that leaves its name out or an inherited constant."""
    kinds = {"type": "string", "enum": ["cat", "dog"]}
    base = an(kind=kinds) | {"discriminator": by(cat="Cat", dog="Dog")}
    contract = pets(
        base=base,
        Furry=extending("Pet"),
        Cat=extending("Furry", lives=TEXT),
        Dog=extending("Furry", bark=TEXT),
    )
    assert contract.schema(at("Pet")).variants == Variants("kind", (("cat", at("Cat")), ("dog", at("Dog"))))
    contract = pets(Dog=extending("Pet", kind=const("dog")), Puppy=extending("Dog", age=TEXT))
    assert contract.schema(at("Pet")).variants == Variants("kind", (("dog", at("Dog")),))


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"Cat": {"allOf": [ref("Pet")], "type": "object", "properties": {"kind": {"writeOnly": True}}}},
        {"Cat": extending("Pet", kind={"type": "string", "enum": ["a", "b"]})},
    ],
    ids=["nobody extends it", "never answered", "no value leads anywhere"],
)
def test_a_base_without_variants_is_an_object(others: dict[str, Any]):
    """As it was read before anyone extended it."""
    base = pets(**others).schema(at("Pet"))
    assert (base.kind, base.variants) == (Kind.OBJECT, None)


def test_a_base_without_properties_is_a_union():
    """It has nothing that could be read of it alone."""
    contract = pets(base={"type": "object", "discriminator": by()}, Cat=extending("Pet", kind=TEXT))
    base = contract.schema(at("Pet"))
    assert (base.kind, base.json_type, base.variants) == (
        *(Kind.UNION, "object"),
        Variants("kind", (("Cat", at("Cat")),)),
    )


def test_an_inline_schema_with_a_discriminator_is_nobodys_base():
    """Only components have names that others can extend."""
    found = properties(pet=PET)
    assert found["pet"].use == Use("#/components/schemas/It/properties/pet")
    contract = read(document(schemas={"It": an(pet=PET)}))
    assert contract.schema(found["pet"].use).variants is None
