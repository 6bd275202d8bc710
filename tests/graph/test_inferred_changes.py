"""What operations change where nobody says it, and what answers tell of: worked out from contracts and types."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.caching.entity_tags import read_tags, read_tags_of_types
from graph.binding.inferred_changes import inferred
from graph.declaring.schema import Schema
from resolvers.loading.call_tags import Changing, Given
from resolvers.source import BoundOperation, Supplied
from tests.graph.projects import TEXT, an, contract, listed, load, operation, parameter, ref

NUMBER = {"type": "integer", "format": "int32"}
PET = {
    **an({"id": TEXT, "kind": TEXT}),
    "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat"}},
}
SHOP = contract(
    operation("GET /orders/{id}", "getOrder", an({"data": ref("Order"), "seller": ref("User")})),
    operation(
        "GET /orders", "listOrders", an({"items": listed(ref("Order"))}), parameter("ids", listed(TEXT))
    ),
    operation("POST /orders", "createOrder", ref("Order"), body=ref("Line")),
    operation("POST /orders/{order}/cancel", "cancelOrder", ref("Order")),
    operation("DELETE /orders/{order_id}", "deleteOrder"),
    operation("POST /orders/{id}.json", "putOrderFile"),
    operation("GET /users/{id}", "getUser", ref("User")),
    operation("PUT /users/{id}/picture", "putPicture"),
    operation("POST /users/{user_id}/orders", "orderFor", ref("Order")),
    operation("POST /checkout", "checkout", an({"order": ref("Order"), "lines": listed(ref("Line"))})),
    operation("GET /stores/{store}/seats/{row}/{place}", "getSeat", ref("Seat")),
    operation("PUT /stores/{store}/seats/{row}/{place}", "putSeat", body=ref("Seat")),
    operation("DELETE /stores/{store}/seats/{row}", "closeRow"),
    operation("GET /notes", "listNotes", listed(ref("Note"))),
    operation("DELETE /notes/{id}/text", "clearNote"),
    operation("POST /pings", "ping"),
    operation("DELETE /stores/{store}", "closeStore"),
    operation("GET /pets/{id}", "getPet", ref("Pet")),
    operation("DELETE /pets", "deletePets"),
    operation("GET /by-query", "getTicket", ref("Ticket"), parameter("id", required=True)),
    operation("POST /by-query", "putTicket"),
    Order=an({"id": TEXT, "customer": ref("User"), "lines": listed(ref("Line"))}),
    User=an({"id": TEXT, "name": TEXT, "manager": ref("User")}),
    Line=an({"text": TEXT}),
    Seat=an({"row": TEXT, "place": NUMBER}),
    Note=an({"id": TEXT, "text": TEXT}),
    Short=an({"id": TEXT, "name": TEXT}),
    Ticket=an({"id": TEXT, "price": NUMBER}),
    Pet=PET,
    Cat={"allOf": [ref("Pet"), an({"name": TEXT})]},
)
MODULE = """
    import strawberry
    from stolon import rest

    shop = rest.contract("shop")


    @rest.type(shop.schema("Order"), key="id", one=shop.op("getOrder", pick="data"),
               many=shop.op("listOrders", ids=rest.keys))
    class Order:
        id: rest.auto
        lines: rest.auto


    @rest.type(shop.schema("User"), key="id", one=shop.op("getUser"))
    class User:
        id: rest.auto
        name: rest.auto


    @rest.type(shop.schema("Line"))
    class Line:
        text: rest.auto


    @rest.type(shop.schema("Seat"), key=("row", "place"), one=shop.op("getSeat", store="s1"))
    class Seat:
        row: rest.auto
        place: rest.auto


    @rest.type(shop.schema("Note"), key="id")
    class Note:
        id: rest.auto
        text: rest.auto


    @rest.type(shop.schema("Ticket"), key="id", one=shop.op("getTicket"))
    class Ticket:
        id: rest.auto
        price: rest.auto


    @rest.type(shop.schema("Pet"), key="id", one=shop.op("getPet"))
    class Pet:
        id: rest.auto
        kind: rest.auto


    @strawberry.type
    class Query:
        order: Order | None = rest.query(shop.op("getOrder", pick="data"))
        orders: list[Order] | None = rest.query(shop.op("listOrders"))
        seat: Seat | None = rest.query(shop.op("getSeat", store="s1"))
        notes: list[Note] | None = rest.query(shop.op("listNotes"))
        me: User | None = rest.query(shop.op("getUser", id=rest.caller("sub")))
        ticket: Ticket | None = rest.query(shop.op("getTicket"))
        pet: Pet | None = rest.query(shop.op("getPet"))
MORE


    schema = rest.Schema(query=Query)
"""
BRIEF = """
        brief: "Brief | None" = rest.query(shop.op("getUser"))


    @rest.type(shop.schema("Short"), key="id")
    class Brief:
        id: rest.auto
        name: rest.auto
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    return load(tmp_path_factory.mktemp("shop"), MODULE.replace("MORE", ""), {"shop": SHOP})


def changed(schema: Schema, operation_id: str) -> list[str]:
    """What is inferred of an operation, as `Order:{order}` or `Order:*`."""
    read = schema.graph.contracts.all_read["shop"]
    return sorted(map(written, inferred(schema.graph.calls.keyed, read, read.operations[operation_id])))


def written(one: Changing) -> str:
    """As somebody writes it."""
    return f"{one.name}:{','.join('*' if part is None else named(part) for part in one.key or (None,))}"


def named(part: str | Given) -> str:
    assert isinstance(part, Given)
    assert part.parameter is not None
    return f"{{{part.parameter.name}}}"


def one_of(schema: Schema, name: str) -> BoundOperation:
    found = schema.graph.calls.keyed.by_name[name].one
    assert found is not None
    return found


def tags(call: BoundOperation, supplied: Supplied) -> tuple[str, ...]:
    """The tags of one call's request."""
    assert call.tags is not None
    return call.tags(supplied, {}, None)


def call_of(schema: Schema, operation_id: str) -> BoundOperation:
    """The bound operation of a field, which is no `one` or `many`."""
    entities = [bound.entity for bound in schema.graph.types.bound.values() if bound.entity is not None]
    keyed = {id(call) for entity in entities for call in entity.operations}
    [found] = [
        one for one in schema.graph.calls.bound if one.operation.id == operation_id and id(one) not in keyed
    ]
    return found


@pytest.mark.parametrize(
    ("operation_id", "expected"),
    [
        ("cancelOrder", ["Order:{order}"]),
        ("deleteOrder", ["Order:{order_id}"]),
        ("putPicture", ["User:{id}"]),
        ("putSeat", ["Seat:{row},{place}"]),
    ],
)
def test_what_stands_at_an_entity_or_below_changes_that_one(
    shop: Schema, operation_id: str, expected: list[str]
) -> None:
    """The path of a `one`, whatever its parameters are called, names the entity that is changed."""
    assert changed(shop, operation_id) == expected


@pytest.mark.parametrize(
    ("operation_id", "expected"),
    [
        ("createOrder", ["Order:*"]),
        ("checkout", ["Order:*"]),
        ("clearNote", ["Note:*"]),
        ("putOrderFile", ["Order:*"]),
        ("putTicket", ["Ticket:*"]),
        ("closeRow", ["Seat:*"]),
        ("deletePets", ["Pet:*"]),
    ],
)
def test_what_names_no_entity_changes_any_of_what_is_there(
    shop: Schema, operation_id: str, expected: list[str]
) -> None:
    """What an operation answers with counts, what GET answers at its path or the nearest above, and what stands right
    below it under a key.
    """
    assert changed(shop, operation_id) == expected


def test_what_is_below_an_entity_and_answers_with_others_changes_both(shop: Schema) -> None:
    """An entity's own operation that answers with another type may have made one."""
    assert changed(shop, "orderFor") == ["Order:*", "User:{user_id}"]


@pytest.mark.parametrize("operation_id", ["ping", "closeStore"])
def test_what_leads_to_no_type_changes_nothing(shop: Schema, operation_id: str) -> None:
    """Where neither path nor answer lead to a type with a key, no entity is said to change."""
    assert changed(shop, operation_id) == []


def test_an_answer_by_key_tells_of_its_keys_and_of_what_stands_beside(shop: Schema) -> None:
    """A lookup's answer has the tags of its keys, and of the other types that its contract shows anywhere in it."""
    users = read_tags_of_types(["User"])
    assert tags(one_of(shop, "Order"), Supplied(key=("42",))) == ("Order:*", "Order:42", *users)
    many = shop.graph.entity_of(_type(shop, "Order")).many
    assert many is not None
    supplied = Supplied(key=("1",), keys=(("1",), ("2",)))
    assert tags(many, supplied) == ("Order:*", "Order:1", "Order:2", *users)
    assert tags(one_of(shop, "Seat"), Supplied(key=("a", "7"))) == ("Seat:*", "Seat:a,7")


def test_a_lookup_that_is_asked_for_no_key_tells_of_none(shop: Schema) -> None:
    """What is common to all batches of a lookup tells of its type, and of no key of it."""
    assert tags(one_of(shop, "Seat"), Supplied()) == ("Seat:*",)


def test_an_entity_that_holds_others_of_its_type_tells_of_any(shop: Schema) -> None:
    """A user's answer that shows a manager, who is a user too, may tell of any."""
    assert tags(one_of(shop, "User"), Supplied(key=("42",))) == read_tags("User")


def test_an_answer_of_variants_tells_of_its_keys(shop: Schema) -> None:
    """What an answer's variants have in common is the entity itself, and no other one beside it."""
    assert tags(one_of(shop, "Pet"), Supplied(key=("42",))) == ("Pet:*", "Pet:42")


def test_other_answers_tell_of_any_of_what_they_show(shop: Schema) -> None:
    """Lists and what is asked for in another way than by key tell of types, not of keys."""
    assert tags(call_of(shop, "listNotes"), Supplied()) == read_tags("Note")
    assert tags(call_of(shop, "listOrders"), Supplied()) == read_tags_of_types(["Order", "User"])
    [me] = [
        one
        for one in shop.graph.calls.bound
        if one.operation.id == "getUser" and one is not one_of(shop, "User")
    ]
    assert tags(me, Supplied()) == read_tags("User")


def test_what_one_field_shows_of_an_operation_counts_for_all_that_read_it(tmp_path: Path) -> None:
    """A kept answer serves every field, so that it tells of a type that any of them takes it for."""
    shop = load(tmp_path, MODULE.replace("MORE", BRIEF), {"shop": SHOP})
    both = set(read_tags_of_types(["Brief", "User"]))
    assert set(tags(one_of(shop, "User"), Supplied(key=("42",)))) == both
    brief = [one for one in shop.graph.calls.bound if one.operation.id == "getUser"]
    assert [set(tags(one, Supplied())) for one in brief] == [both] * 3


def _type(schema: Schema, name: str) -> type:
    [found] = [one.cls for one in schema.graph.types.bound.values() if one.definition.name == name]
    return found
