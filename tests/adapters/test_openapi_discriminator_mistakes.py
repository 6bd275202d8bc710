"""Discriminators that are wrong: each mistake told at its place, all at once; and any discriminator at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.contract import Kind
from adapters.mistake import ProjectError
from tests.adapters.contract_documents import document, read, told
from tests.adapters.discriminated import (
    BOTH,
    CARD,
    LISTED,
    PET,
    TEXT,
    an,
    at,
    by,
    const,
    extending,
    ref,
)

HERE = "$.components.schemas.It.discriminator"
WRONG: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    (
        "no object",
        {"oneOf": LISTED, "discriminator": "kind"},
        [(HERE, "a discriminator is an object with `propertyName`")],
    ),
    (
        "no property name",
        {"oneOf": LISTED, "discriminator": {"mapping": []}},
        [
            (HERE, "a discriminator names its property by the text `propertyName`"),
            (f"{HERE}.mapping", "a mapping is an object of values and the schemas that they lead to"),
        ],
    ),
    (
        "a mapping to nothing",
        {"oneOf": LISTED, "discriminator": by(a="Carb", b=at("Cards"), c="other.yaml#/Card", d="zzz")},
        [
            (f"{HERE}.mapping.a", "leads to no schema of the components; did you mean 'Card'?"),
            (f"{HERE}.mapping.b", "leads to no schema of the components; did you mean 'Card'?"),
            (f"{HERE}.mapping.c", "leads to no schema of the components; did you mean 'Card'?"),
            (f"{HERE}.mapping.d", "leads to no schema of the components"),
        ],
    ),
    (
        "a mapping that is no text",
        {"oneOf": LISTED, "discriminator": {"propertyName": "kind", "mapping": {"a": 1}}},
        [(f"{HERE}.mapping.a", "leads to no schema of the components")],
    ),
    (
        "past the oneOf",
        {"anyOf": [ref("Card")], "discriminator": by(cash="Cash")},
        [(f"{HERE}.mapping.cash", "leads to 'Cash', which its anyOf does not list")],
    ),
    (
        "a missing property",
        {"oneOf": [*LISTED, ref("Const")], "discriminator": by("kid")},
        [
            (f"{HERE}.propertyName", "'Card' has no property 'kid'; did you mean 'kind'?"),
            (f"{HERE}.propertyName", "'Cash' has no property 'kid'; did you mean 'kind'?"),
            (f"{HERE}.propertyName", "'Const' has no property 'kid'; did you mean 'kind'?"),
        ],
    ),
    (
        "two for one value",
        {"oneOf": [ref("Const"), ref("Same")], "discriminator": by()},
        [(HERE, "'c' leads to 'Const' and to 'Same': say in `mapping` which value leads to which")],
    ),
    (
        "mapped away",
        {"oneOf": LISTED, "discriminator": by(Card="Cash")},
        [(HERE, "'Card' leads to 'Cash' and to 'Card': say in `mapping` which value leads to which")],
    ),
    (
        "never led to",
        {"oneOf": [ref("Card"), ref("Several")], "discriminator": by()},
        [(HERE, "no value of 'kind' leads to 'Several': say in `mapping` which does")],
    ),
]


@pytest.mark.parametrize(("whole", "mistakes"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_mistakes_are_told_with_their_places(whole: dict[str, Any], mistakes: list[tuple[str, str]]):
    """What a discriminator says wrong is told at its own place, with the nearest name, all at once."""
    others = {
        **BOTH,
        "Const": an(kind=const("c")),
        "Same": an(kind=const("c")),
        "Several": an(kind={"type": "string", "enum": ["a", "b"]}),
    }
    assert told(document(schemas={"It": whole, **others})) == mistakes


def test_mistakes_of_a_base_are_told_at_the_base():
    """Two that extend it for one value; one that lacks the property cannot be, since all have the base's."""
    two = {"Pet": PET, "Cat": extending("Pet", kind=const("x")), "Dog": extending("Pet", kind=const("x"))}
    assert told(document(schemas=two)) == [
        (
            "$.components.schemas.Pet.discriminator",
            "'x' leads to 'Cat' and to 'Dog': say in `mapping` which value leads to which",
        )
    ]
    without = {"Pet": an(kind=TEXT) | {"discriminator": by("kinds")}, "Cat": extending("Pet", lives=TEXT)}
    assert told(document(schemas=without)) == [
        (
            "$.components.schemas.Pet.discriminator.propertyName",
            "'Cat' has no property 'kinds'; did you mean 'kind'?",
        )
    ]


@pytest.mark.parametrize(
    "broken", [ref("Cush"), {"allOf": [ref("It")]}, ref("Loop")], ids=["nowhere", "itself", "a circle"]
)
def test_what_leads_nowhere_is_told_once(broken: dict[str, Any]):
    """A member that leads nowhere makes no union; what is wrong with it is told where it stands."""
    whole = {"oneOf": [ref("Card"), ref("Bad")], "discriminator": by()}
    loop = {"allOf": [ref("Loop")]}
    found = told(document(schemas={"It": whole, "Bad": broken, "Loop": loop, **BOTH}))
    assert not [path for path, _ in found if path.startswith("$.components.schemas.It")]


def test_what_follows_from_a_broken_reference_is_not_told_beside_it():
    """A oneOf with a broken member is told once, where it is broken."""
    whole = {"oneOf": [ref("Card"), ref("Cush")], "discriminator": by()}
    assert [path for path, _ in told(document(schemas={"It": whole, **BOTH}))] == [
        "$.components.schemas.It.oneOf[1]['$ref']"
    ]


@given(
    whole=st.fixed_dictionaries(
        {},
        optional={
            "discriminator": st.recursive(
                st.none()
                | st.sampled_from(["kind", "Card", "Pet", "#/components/schemas/Card", "#/nowhere"]),
                lambda inner: st.dictionaries(
                    st.sampled_from(["propertyName", "mapping", "Card", "x"]), inner
                ),
                max_leaves=5,
            ),
            "oneOf": st.lists(st.sampled_from([*LISTED, ref("Pet"), ref("It"), {}, {"type": "null"}])),
            "allOf": st.lists(st.sampled_from([*LISTED, ref("Pet")])),
            "type": st.just("object"),
            "properties": st.just({"kind": TEXT}),
        },
    )
)
def test_any_discriminator_gives_a_contract_or_mistakes(whole: dict[str, Any]):
    """Whatever stands there, every variant is an object of the contract, and nothing else than mistakes is raised."""
    others = {**BOTH, "Pet": PET, "Cat": extending("Pet", lives=TEXT), "More": {"allOf": [ref("It"), CARD]}}
    try:
        contract = read(document(schemas={"It": whole, **others}))
    except ProjectError:
        return
    for one in contract.schemas.values():
        for pointer in one.variants.schemas if one.variants is not None else ():
            assert contract.schema(pointer).kind is Kind.OBJECT
