"""Requests: where each value comes from, how it is sent, and what is never sent (design, sections 3 and 9)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.contract.openapi import read_contract
from graph.declaring.schema import Schema
from resolvers.call import Sender, request_of
from resolvers.caller import Caller
from resolvers.source import Argument, Binding, BoundOperation, Constant, Supplied, Target
from stolon.testing import Services, caller, execute
from tests.graph.projects import (
    BIG,
    INT,
    MONEY,
    TEXT,
    an,
    contract,
    data,
    listed,
    nullable,
    operation,
    parameter,
    ref,
)
from tests.resolvers.graphs import codes, project

NUMBER = {"type": "number", "format": "decimal"}
FREE = {"type": "object"}
CONTRACT = contract(
    operation("GET /parents", "listParents", listed(ref("Parent"))),
    operation("GET /needed/{id}", "needed", ref("Child"), parameter("q", TEXT, required=True), statuses=("404",)),
    operation("GET /optional", "optional", ref("Child"), parameter("q", TEXT), parameter("n", INT)),
    operation("GET /group", "group", listed(ref("Child")), parameter("ids", listed(TEXT), explode=False),
              parameter("q", TEXT, required=True)),
    operation("GET /passed", "passed", ref("Child"), parameter("X-Locale", TEXT, "header"),
              parameter("X-Kind", TEXT, "header")),
    operation("POST /lookup", "lookup", ref("Child"), body=an({"q": TEXT, "deep": an({"tenant": TEXT}), "n": INT},
                                                              optional="n deep")),
    operation("POST /small", "small", ref("Child"), body=an({"q": TEXT, "deep": an({"tenant": TEXT})})),
    operation("POST /free", "free", ref("Child"), body=FREE),
    operation("GET /typed", "typed", ref("Child"), parameter("big", BIG), parameter("money", MONEY),
              parameter("amount", NUMBER), parameter("at", {"type": "string", "format": "date-time"}),
              parameter("day", {"type": "string", "format": "date"}),
              parameter("code", {"type": "string", "format": "uuid"}), parameter("short", {**TEXT, "maxLength": 2})),
    Parent=an({"id": TEXT, "q": nullable(TEXT), "nested": nullable(an({"q": TEXT}))}),
    Child=an({"id": TEXT}),
)  # fmt: skip

MODULE = """
@rest.type(shop.schema("Child"))
class Child:
    id: rest.auto


@rest.type(shop.schema("Parent"))
class Parent:
    needed: Child | None = rest.link(shop.op("needed", id=rest.this("id"), q=rest.this("q")))
    nested: Child | None = rest.link(shop.op("needed", id=rest.this("id"), q=rest.this("nested.q")))
    optional: Child | None = rest.link(shop.op("optional", q=rest.this("q")))
    group: list[Child] | None = rest.link(
        shop.op("group", ids=rest.each("id"), q=rest.this("q")), group_by="id")
    lookup: Child | None = rest.link(shop.op("small", {"q": rest.this("q"), "deep.tenant": "t"}, safe=True))


@strawberry.type
class Query:
    parents: list[Parent] | None = rest.query(shop.op("listParents"))
    passed: Child | None = rest.query(shop.op("passed"))
    typed: Child | None = rest.query(shop.op("typed"))
    bound: Child | None = rest.query(
        shop.op("lookup", {"deep.tenant": rest.caller("tenant.id"), "q": "always"}, safe=True))


@strawberry.type
class Mutation:
    send: Child | None = rest.mutation(shop.op("lookup", {"deep.tenant": rest.caller("tenant.id")}))
    free: Child | None = rest.mutation(shop.op("free"))
    named: Child | None = rest.mutation(shop.op("lookup", {"deep.tenant": rest.caller("https://a.example/tenant")}))


schema = rest.Schema(query=Query, mutation=Mutation)
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """Calls with suppliers of every kind."""
    toml = '[headers]\nforward = ["x-locale"]\n'
    return project(tmp_path_factory.mktemp("calls"), MODULE, toml, shop=CONTRACT)


def services_of(*parents: dict[str, Any]) -> Services:
    """Services that answer everything with one child."""
    services = Services()
    services.answer("shop", "listParents", json=list(parents))
    for name in ("needed", "optional", "passed", "lookup", "small", "typed", "free"):
        services.answer("shop", name, json={"id": "c"})
    services.answer("shop", "group", json=[{"id": "p"}])
    return services


def parent(q: str | None = None, nested: str | None = None) -> dict[str, Any]:
    """A parent."""
    return {"id": "p", "q": q, "nested": None if nested is None else {"q": nested}}


async def test_what_needs_a_null_property_is_null_without_a_call(schema):
    """A required parameter, in the path, the query, a body or beside a group, that would come from null."""
    services = services_of(parent())
    query = "{ parents { needed { id } nested { id } group { id } lookup { id } } }"
    found = await data(schema, query, services)
    assert found == {"parents": [{"needed": None, "nested": None, "group": None, "lookup": None}]}
    assert services.calls == {"shop.listParents": 1}


async def test_an_optional_parameter_is_left_out(schema):
    """An optional parameter that would come from null is not sent; what is there is, from nested objects as well."""
    services = services_of(parent(), parent("x", "y"))
    found = await data(schema, "{ parents { optional { id } nested { id } needed { id } } }", services)
    assert found["parents"][1] == {"optional": {"id": "c"}, "nested": {"id": "c"}, "needed": {"id": "c"}}
    assert sorted(one.target for one in services.requests[1:]) == [
        "/needed/p?q=x", "/needed/p?q=y", "/optional", "/optional?q=x",
    ]  # fmt: skip


async def test_headers_that_the_project_passes_on_are_no_arguments(schema):
    """A header parameter that the project forwards comes from the caller's request; any other is an argument."""
    services = services_of()
    await data(schema, '{ passed(xKind: "k") { id } }', services, headers={"X-Locale": "de"})
    sent = services.requests[0].headers
    assert (sent["x-locale"], sent["x-kind"]) == ("de", "k")


async def test_constants_and_claims_go_where_they_are_bound(schema):
    """Constants and claims are placed into the body, nested objects made as needed, over what the client sends."""
    services = services_of(parent("x"))
    await data(schema, "{ parents { lookup { id } } }", services)
    who = caller("a", tenant={"id": "mine"})
    await data(schema, "{ bound(input: {n: 3}) { id } }", services, caller=who)
    query = 'mutation { a: send(input: {q: "x"}) { id } b: send(input: {q: "y", n: 1}) { id } }'
    await data(schema, query, services, caller=who)
    assert [json.loads(one.body or b"") for one in services.requests[1:]] == [
        {"q": "x", "deep": {"tenant": "t"}},
        {"n": 3, "deep": {"tenant": "mine"}, "q": "always"},
        {"q": "x", "deep": {"tenant": "mine"}},
        {"q": "y", "n": 1, "deep": {"tenant": "mine"}},
    ]


async def test_a_claim_may_have_dots_in_its_name(schema):
    """A claim of the very name goes before a path of the same letters, as providers name theirs by URL."""
    services = services_of()
    claims: dict[str, Any] = {"https://a.example/tenant": "mine"}
    who = caller("a", **claims)
    await data(schema, 'mutation { named(input: {q: "x"}) { id } }', services, caller=who)
    assert [json.loads(one.body or b"") for one in services.requests] == [
        {"q": "x", "deep": {"tenant": "mine"}}
    ]


async def test_a_missing_claim_makes_no_change(schema):
    """A mutation that needs a claim which is not there fails before it is sent."""
    services = services_of()
    found = await execute(schema, 'mutation { send(input: {q: "x"}) { id } }', services, caller=caller("a"))
    assert (codes(found), services.calls) == ([(["send"], "FORBIDDEN")], {})


async def test_values_are_sent_with_every_digit(schema):
    """Big integers, decimals and date-times go upstream as the client wrote them."""
    services = services_of()
    query = """{ typed(big: "123456789012345678901234567890", money: "1.10", amount: "0.10", day: "2026-01-02",
        at: "2026-01-02T03:04:05.123456789+02:00", code: "0123ABCD-0000-4000-8000-00000000000A") { id } }"""
    await data(schema, query, services)
    assert services.requests[0].target == (
        "/typed?big=123456789012345678901234567890&money=1.10&amount=0.10&at=2026-01-02T03%3A04%3A05.123456789%2B02%3A00"
        "&day=2026-01-02&code=0123abcd-0000-4000-8000-00000000000a"
    )


async def test_bounds_are_checked_on_inputs_before_any_call(schema):
    """What the client sends beyond the contract's bounds is refused at its argument, without the value."""
    services = services_of()
    found = await execute(schema, '{ typed(short: "hunter2") { id } }', services)
    assert (codes(found), services.calls) == ([(["typed"], "BAD_USER_INPUT")], {})
    assert found.errors[0]["extensions"]["fields"][0]["path"] == ["short"]
    assert "hunter2" not in json.dumps(found.errors)


async def test_a_free_form_body_goes_as_it_is(schema):
    """A body without named properties is the client's JSON."""
    services = services_of()
    await data(schema, "mutation { free(input: {a: [1, null, {b: true}]}) { id } }", services)
    assert json.loads(services.requests[0].body or b"") == {"a": [1, None, {"b": True}]}


def test_what_an_upstream_says_never_replaces_what_is_bound(tmp_path: Path) -> None:
    """Parameters that a service's own address brings fill in what the client left out, and replace nothing."""
    file = tmp_path / "shop.yaml"
    file.write_text(json.dumps(CONTRACT))
    document = read_contract("shop", file)
    made = document.operations["optional"]
    q, n = made.parameters
    bindings = (
        Binding(Target(q, None, q.use), Argument("q")),
        Binding(Target(n, None, n.use), Argument("n")),
    )
    call = BoundOperation("shop", document, made, bindings, (), None, safe=True, exact=False)

    def asked(**arguments: object) -> str:
        return request_of(
            call, Supplied(arguments=arguments), Sender(Caller()), {"q": "theirs", "page": "2"}
        ).target

    assert asked(n=1) == "/optional?n=1&q=theirs&page=2"
    assert asked(q="ours") == "/optional?q=ours&page=2"
    bound = replace(call, bindings=(Binding(Target(q, None, q.use), Constant("ours")), bindings[1]))
    assert request_of(bound, Supplied(), Sender(Caller()), {"q": "theirs"}).target == "/optional?q=ours"
