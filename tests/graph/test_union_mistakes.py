"""What is wrong with unions and interfaces that projects write over contracts, told with place and remedy."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.graph.payments import BY, PAYMENTS
from tests.graph.projects import TEXT, an, contract, fields_of, listed, operation, parameter, ref, refused
from tests.graph.test_union_bases import NAMED, PETS
from tests.resolvers.graphs import HEAD, project

TYPES = """
@rest.type(api.schema("Card"))
class Card:
    id: rest.auto


@rest.type(api.schema("Cash"))
class Cash:
    id: rest.auto


"""
ROOT = """
@strawberry.type
class Query:
    {field}


schema = rest.Schema(query=Query)
"""


def wrong(folder: Path, field: str, types: str = TYPES, api: object = PAYMENTS) -> list[str]:
    """What is told of one field of the query, without file and line."""
    module = HEAD + 'api = rest.contract("api")\n' + types + ROOT.format(field=field)
    told = refused(folder, module, {"api": api}, "[graph]\n")  # type: ignore[dict-item]
    return [one.partition(": ")[2] for one in told]


LOOSE = contract(
    operation("GET /a", "getA", {"oneOf": [ref("Card"), ref("Cash")]}),
    operation("GET /b", "getB", an({"one": ref("Paid"), "two": ref("Paid")})),
    operation("GET /c", "getC", TEXT),
    operation("GET /d", "getD", an({"card": an({"x": TEXT})})),
    Card=an({"kind": TEXT, "id": TEXT}),
    Cash=an({"kind": TEXT, "id": TEXT}),
    Paid={"oneOf": [ref("Card"), ref("Cash")], "discriminator": BY},
)
FIELDS = [
    (
        "lacks one",
        PAYMENTS,
        'p: "Card | Cash | None" = rest.query(api.op("getPayment"))',
        ["Query.p: Card | Cash lacks the contract's 'Voucher': bind a type to each that is a member of it"],
    ),
    (
        "lacks two",
        PAYMENTS,
        'p: "list[Annotated[Card | Query, strawberry.union(\'Mine\')]] | None" = rest.query(api.op("listPayments"))',
        ["Query.p: Mine lacks the contract's 'Cash', 'Voucher': bind a type to each that is a member of it"],
    ),
    (
        "a connection",
        PAYMENTS,
        'p: "rest.Connection[Card | Cash] | None" = rest.connection(api.op("pagePayments"))',
        ["Query.p: Card | Cash lacks the contract's 'Voucher': bind a type to each that is a member of it"],
    ),
    (
        "an answer of one schema",
        PAYMENTS,
        'p: "Cash | Query | None" = rest.query(api.op("getCard"))',
        ["Query.p: the answer of 'getCard' holds no Cash | Query: say where it lies with pick= "
         "(it holds properties 'kind', 'id', 'order_id', 'bank_id', 'digits')"],
    ),
    (
        "one picked",
        PAYMENTS,
        'p: "Cash | Query | None" = rest.query(api.op("listOrders", pick="main"))',
        ["Query.p: pick='main': there is no 'main' (the answer is array there)"],
    ),
    (
        "free-form",
        LOOSE,
        'p: "Card | Cash | None" = rest.query(api.op("getA"))',
        ["Query.p: the answer of 'getA' holds no Card | Cash: say where it lies with pick= (it holds any)"],
    ),
    (
        "two places",
        LOOSE,
        'p: "Card | Cash | None" = rest.query(api.op("getB"))',
        ["Query.p: the answer of 'getB' holds Card | Cash in several places: say pick= one of 'one', 'two'"],
    ),
    (
        "a text",
        LOOSE,
        'p: "Card | Cash | None" = rest.query(api.op("getC"))',
        ["Query.p: the answer of 'getC' holds no Card | Cash: say where it lies with pick= (it holds string)"],
    ),
    (
        "an inline object",
        LOOSE,
        'p: "Card | Cash | None" = rest.query(api.op("getD", pick="card"))',
        ["Query.p: pick='card' is no Card | Cash, but properties 'x'"],
    ),
    (
        "a type that is no union",
        PAYMENTS,
        'p: "str | None" = rest.query(api.op("getPayment", pick="data"))',
        ["Query.p: the contract says union, which is no str: write rest.auto"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("api", "field", "told"), [one[1:] for one in FIELDS], ids=[one[0] for one in FIELDS]
)
def test_every_schema_that_may_stand_there_needs_a_member(
    tmp_path: Path, api: object, field: str, told: list[str]
) -> None:
    """What is lacking is named, and what would mend it."""
    assert wrong(tmp_path, field, "from typing import Annotated\n" + TYPES, api) == told


def test_a_free_form_property_is_no_union(tmp_path: Path) -> None:
    """A oneOf without a discriminator is free-form JSON, and the mistake says why."""
    types = (
        TYPES
        + '@rest.type(api.schema("Holder"))\nclass Holder:\n    any: Card | Cash\n    one: Card | Cash\n\n\n'
    )
    holder = an({"any": {"oneOf": [ref("Card"), ref("Cash")]}, "one": ref("Card")})
    loose = contract(
        operation("GET /h", "getHolder", ref("Holder")), **LOOSE["components"]["schemas"], Holder=holder
    )
    assert wrong(tmp_path, 'h: Holder | None = rest.query(api.op("getHolder"))', types, loose) == [
        "Holder.any: the contract says any (nothing tells its objects apart), which is no Card | Cash"
    ]


def test_properties_are_told_like_sources(tmp_path: Path) -> None:
    """A property that a union does not fit, and a path into a union."""
    types = TYPES + dedent(
        """
        @rest.type(api.schema("Order"))
        class Order:
            main: Card | Cash
            second: "Card | Cash | None"
            id: Card | Cash
            code: str | None = rest.field(path="main.id")


        """
    )
    lacks = "Card | Cash lacks the contract's 'Voucher': bind a type to each that is a member of it"
    assert wrong(tmp_path, 'o: Order | None = rest.query(api.op("getOrder"))', types) == [
        f"Order.main: {lacks}",
        f"Order.second: {lacks}",
        "Order.id: the contract says string, which is no Card | Cash",
        "Order.code: path='main.id': schema 'Payment' has no property 'id'",
    ]


GROUPED = contract(
    operation("GET /owners", "listOwners", listed(ref("Owner"))),
    operation(
        "GET /things",
        "listThings",
        listed(ref("Thing")),
        parameter("ids", listed(TEXT), required=True, explode=False),
    ),
    Owner=an({"id": TEXT}),
    Thing={"oneOf": [ref("A"), ref("B")], "discriminator": BY},
    A=an({"kind": TEXT, "owner": TEXT, "mine": TEXT}),
    B=an({"kind": TEXT, "owner": {"type": "integer"}, "yours": TEXT}),
)


@pytest.mark.parametrize(
    ("group_by", "told"),
    [
        ("mine", "schema 'B' has no property 'mine'"),
        (
            "owner",
            "all variants must have it by one name and kind, and it is 'owner' (string) in 'A' and 'owner' (integer) "
            "in 'B'",
        ),
    ],
)
def test_what_groups_must_be_the_same_in_all_variants(tmp_path: Path, group_by: str, told: str) -> None:
    """The property that repeats the parents' value, by name and kind."""
    types = f"""
@rest.type(api.schema("Owner"))
class Owner:
    id: rest.auto
    things: rest.auto = rest.link(api.op("listThings", ids=rest.each("id")), group_by={group_by!r})


"""
    field = 'owners: list[Owner] | None = rest.query(api.op("listOwners"))'
    assert wrong(tmp_path, field, types, GROUPED) == [f"Owner.things: group_by={group_by!r}: {told}"]
    schema = project(
        tmp_path / "right",
        types.replace(f"group_by={group_by!r}", "group_by='kind'") + ROOT.format(field=field),
        api=GROUPED,
    )
    assert fields_of(schema, "Owner") == ["id: String!", "things: [Thing!]"]


def test_an_interface_needs_all_that_extend_the_base(tmp_path: Path) -> None:
    """One that does not implement it is named; so is one that no field leads to, since no answer could give it."""
    other = NAMED.replace("class Dog(Named):", "class Dog:")
    assert wrong(tmp_path / "a", 'pet: Named | None = rest.query(api.op("getPet"))', other, PETS) == [
        "Query.pet: Named lacks the contract's 'Dog': bind a type to each that implements it"
    ]
    field = 'pet: Named | None = rest.query(api.op("getPet"))\n    cat: Cat | None = None'
    message = "it is answered as Named alone: add it to types= of rest.Schema"
    assert wrong(tmp_path / "b", field, NAMED, PETS) == [f"Dog: {message}"]
    field = 'pets: rest.auto = rest.query(api.op("listPets"))'
    assert wrong(tmp_path / "c", field, NAMED, PETS) == [f"Cat: {message}", f"Dog: {message}"]


def test_what_follows_from_a_type_that_cannot_be_read_is_not_told(tmp_path: Path) -> None:
    """A member whose schema is not there is told once, at the member."""
    types = TYPES.replace('api.schema("Cash")', 'api.schema("Coins")')
    assert wrong(tmp_path / "a", 'p: "Card | Cash | None" = rest.query(api.op("getPayment"))', types) == [
        "Cash: contract 'api' has no schema 'Coins'"
    ]
    pets = NAMED.replace('api.schema("Dog")', 'api.schema("Dig")')
    assert wrong(tmp_path / "b", 'pet: Named | None = rest.query(api.op("getPet"))', pets, PETS) == [
        "Dog: contract 'api' has no schema 'Dig'; did you mean 'Dog'?"
    ]
