"""Provenance and access of bound types: printed, not introspected, and kept however a type is reached."""

from __future__ import annotations

from pathlib import Path

from graphql import build_schema, get_introspection_query

from stolon import testing
from tests.graph.projects import (
    data,
    field_text,
    load,
    type_text,
)
from tests.graph.test_generated_types import B

SCOPED = """
    import strawberry
    from stolon import rest

    api = rest.contract("b")

    @rest.type(api.schema("Address"), scopes=["address"])
    class Address:
        street: rest.auto
        city: rest.auto = rest.field(scopes=["city", "address"])

    @rest.type(api.schema("B"), authenticated=True)
    class B:
        address: rest.auto
        kind: rest.auto

    @strawberry.type
    class Query:
        b: B | None = rest.query(api.op("getB"))
        open: rest.auto = rest.query(api.op("getB"))

    schema = rest.Schema(query=Query)
"""


async def test_provenance_and_access_are_printed_and_not_introspected(tmp_path: Path) -> None:
    """The SDL says service, operations, schema, scopes; introspection knows nothing of those directives' places."""
    schema = load(tmp_path, SCOPED, {"b": B})
    assert (
        type_text(schema, "B").splitlines()[0] == 'type B @source(service: "b", schema: "B") @authenticated {'
    )
    assert field_text(schema, "B", "address") == 'address: Address @requiresScopes(scopes: [["address"]])'
    assert field_text(schema, "B", "kind") == "kind: Kind!"
    assert field_text(schema, "Address", "street") == "street: String!"
    assert (
        field_text(schema, "Address", "city") == 'city: String @requiresScopes(scopes: [["address", "city"]])'
    )
    assert (
        field_text(schema, "Query", "b") == 'b: B @source(service: "b", operations: ["getB"]) @authenticated'
    )
    assert (
        field_text(schema, "Query", "open")
        == 'open: B @source(service: "b", operations: ["getB"]) @authenticated'
    )
    build_schema(schema.as_str())
    answer = await testing.execute(schema, get_introspection_query(), testing.Services())
    assert answer.errors == []
    assert "requiresScopes(" not in str(answer.data)
    assert "service" not in str(answer.data["__schema"]["types"])  # type: ignore[index]


async def test_a_type_that_not_everyone_may_see_is_guarded_however_it_is_reached(tmp_path: Path) -> None:
    """Also by fields whose type the contract says; the fields around it are answered."""
    schema = load(tmp_path, SCOPED, {"b": B})
    scripted = testing.Services()
    scripted.answer(
        "b",
        "getB",
        json={"address": {"street": "s", "city": "c"}, "inner": {"x": {"y": 1}, "xs": []}, "kind": "k"},
    )
    answer = await testing.execute(schema, "{ b { kind } open { kind } }", scripted)
    assert answer.data == {"b": None, "open": None}
    assert [one["extensions"]["code"] for one in answer.errors] == ["UNAUTHENTICATED"] * 2
    assert scripted.calls == {}
    query = "{ open { kind address { street } } }"
    answer = await testing.execute(schema, query, scripted, caller=testing.caller("u"))
    assert answer.data == {"open": {"kind": "K", "address": None}}
    assert [(one["path"], one["extensions"]["code"]) for one in answer.errors] == [
        (["open", "address"], "FORBIDDEN")
    ]
    found = await data(schema, query, scripted, caller=testing.caller("u", scopes=("address",)))
    assert found == {"open": {"kind": "K", "address": {"street": "s"}}}
