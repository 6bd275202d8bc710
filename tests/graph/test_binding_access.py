"""Provenance and access of bound types: printed, not introspected, and kept however a type is reached."""

from __future__ import annotations

from pathlib import Path

from graphql import build_schema, get_introspection_query

from stolon import testing
from tests.graph.projects import (
    TEXT,
    an,
    contract,
    data,
    field_text,
    load,
    operation,
    ref,
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
    assert "service" not in str(answer.data["__schema"]["types"])


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


SHARED = """
    import strawberry
    from stolon import rest

    api = rest.contract("api")
    found = dict(key="id", one=api.op("getThing"))

    @strawberry.interface
    class Noted:
        @strawberry.field
        def note(self) -> str | None:
            return "note"

    @rest.type(api.schema("Thing"), **found)
    class Open(Noted):
        id: rest.auto

    @rest.type(api.schema("Thing"), **found, scopes=["one"])
    class One(Noted):
        id: rest.auto

        @strawberry.field
        def own(self) -> str | None:
            return "own"

    @rest.type(api.schema("Thing"), **found, scopes=["two"])
    class Two(One):
        id: rest.auto

    @rest.type(api.schema("Thing"), **found)
    class Free(One):
        id: rest.auto

    kinds = {one.__name__: one for one in (Open, One, Two, Free)}

    @strawberry.type
    class Query:
        @strawberry.field
        async def noted(self, info: rest.Info, kind: str) -> Noted | None:
            return await info.context.load(kinds[kind], "1")

    schema = rest.Schema(query=Query, types=list(kinds.values()))
"""


async def test_each_type_decides_on_a_field_that_several_have(tmp_path: Path) -> None:
    """A field of an interface or a base class asks on each type what that type asks, whichever was bound first."""
    api = contract(operation("GET /things/{id}", "getThing", ref("Thing")), Thing=an({"id": TEXT}))
    schema = load(tmp_path, SHARED, {"api": api})
    services = testing.Services()
    services.answer("api", "getThing", json={"id": "1"})
    seen = {}
    for scopes in ((), ("one",), ("two",)):
        for kind in ("Open", "One", "Two", "Free"):
            own = "" if kind == "Open" else f"... on {kind} {{ own }}"
            query = f'{{ noted(kind: "{kind}") {{ note {own} }} }}'
            answer = await testing.execute(schema, query, services, caller=testing.caller("u", scopes=scopes))
            values = set(answer.data["noted"].values())
            seen[kind, *scopes] = values != {None}
            assert (None in values) is bool(answer.errors)
    assert [who for who, may in seen.items() if may] == [
        ("Open",),
        ("Free",),
        ("Open", "one"),
        ("One", "one"),
        ("Free", "one"),
        ("Open", "two"),
        ("Two", "two"),
        ("Free", "two"),
    ]
