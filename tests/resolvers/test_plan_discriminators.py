"""Pass `needs`, where objects are of several types: what tells them apart is decoded, selected or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.declaring.schema import Schema
from tests.graph.payments import AUTO, BOUND, PAYMENTS, ROOTS
from tests.graph.projects import TEXT, an, contract, listed, operation, ref
from tests.resolvers.graphs import project
from tests.resolvers.planned import planned


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """Payments of several kinds, by bound types."""
    return project(tmp_path_factory.mktemp("bound"), BOUND + ROOTS, api=PAYMENTS)


def needs_of(schema: Schema, query: str) -> dict[str, tuple[str, ...]]:
    """The needs of each step, by its path."""
    plan = planned(schema, query)
    return {".".join(step.path): plan.needs[step.number] for step in plan.steps}


def test_a_union_is_told_apart_by_a_property_that_nobody_selected(bound: Schema) -> None:
    """Each call that answers objects of several types needs their discriminator: one, a list, a group, a page, a
    change.
    """
    query = """{
        payments { __typename } payment(id: "1") { ...on Card { digits } } paged { totalCount }
        orders { paid { ...on Cash { amount } } }
    }"""
    assert needs_of(bound, query) == {
        "payments": ("kind",),
        "payment": ("digits", "kind"),
        "paged": ("kind",),
        "orders": ("id",),
        "orders.paid": ("amount", "kind", "order_id"),
    }
    assert needs_of(bound, "mutation { pay(input: {}) { ...on Cash { id } } }") == {"pay": ("id", "kind")}


def test_a_union_within_an_object_is_told_apart_at_its_own_place(bound: Schema) -> None:
    """A property and a list, beside what links and resolvers of the members need."""
    query = """{ orders {
        main { __typename } second { ...on Coupon { bank { name } } } every { ...on Cash { id } ...on Card { last } }
    } }"""
    assert needs_of(bound, query) == {
        "orders": ("all.digits", "all.id", "all.kind", "main.kind", "second.bank_id", "second.kind"),
        "orders.second.bank": ("id", "name"),
        "orders.every.last": (),
    }


def test_generated_types_are_told_apart_likewise(tmp_path: Path) -> None:
    """By the unions that nobody wrote."""
    schema = project(tmp_path, AUTO, api=PAYMENTS)
    query = '{ order(id: "1") { all { ...on Cash { amount } } refund { __typename } } }'
    assert needs_of(schema, query) == {"order": ("all.amount", "all.kind", "refund.kind")}


def test_what_is_of_one_type_needs_no_discriminator(bound: Schema) -> None:
    """Even where the field's own type is a union: the contract says which member it is."""
    assert needs_of(bound, '{ card(id: "1") { ...on Card { id } } }') == {"card": ("id",)}


def test_json_in_the_place_of_a_union_needs_all_of_it(tmp_path: Path) -> None:
    """Nobody tells it apart: it is taken as it is."""
    module = """
    from strawberry.scalars import JSON

    @rest.type(api.schema("Order"))
    class Order:
        main: JSON
        second: rest.auto

    @strawberry.type
    class Query:
        orders: list[Order] | None = rest.query(api.op("listOrders"))

    schema = rest.Schema(query=Query)
    """
    schema = project(tmp_path, module, api=PAYMENTS)
    assert needs_of(schema, "{ orders { main second { __typename } } }") == {
        "orders": ("main", "second.kind")
    }


def test_what_resolvers_need_is_said_in_the_services_words(tmp_path: Path) -> None:
    """A resolver names attributes as Python spells them; what is decoded are properties."""
    people = contract(
        operation("GET /people", "listPeople", listed(ref("Person"))),
        Person=an({"id": TEXT, "firstName": TEXT, "last-name": TEXT}),
    )
    module = """
    @rest.type(people.schema("Person"))
    class Person:
        id: rest.auto

        @rest.field(needs=["first_name", "last_name"])
        def whole(self) -> str:
            return f"{self.first_name} {self.last_name}"

    @strawberry.type
    class Query:
        people: list[Person] | None = rest.query(people.op("listPeople"))

    schema = rest.Schema(query=Query)
    """
    schema = project(tmp_path, module, people=people)
    assert needs_of(schema, "{ people { whole } }") == {
        "people": ("firstName", "last-name"),
        "people.whole": (),
    }
