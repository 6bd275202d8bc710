"""Bodies that a declaration binds in part, bodies that are no objects, and no bodies at all."""

from __future__ import annotations

from pathlib import Path

from stolon import testing
from tests.graph.projects import (
    data,
    error,
    fields_of,
    load,
    signature,
)
from tests.graph.test_inputs import ORDERS, module, sent, services


async def test_a_partly_bound_body_asks_for_the_rest(tmp_path: Path) -> None:
    """What the declaration binds is no field of the input and may lie deep; the input is the operation's own."""
    mutations = """
update: Order | None = rest.mutation(orders.op("updateOrder", by=rest.caller("sub"), if_match="*"))
deep: Order | None = rest.mutation(orders.op("updateOrder", {"meta.who": "w", "meta.why": "y"}))
whole: Order | None = rest.mutation(
    orders.op("updateOrder", {"meta": {"who": "w", "why": "y"}}, count=1, note=None, by="b"))
"""
    schema = load(tmp_path, module(mutations), {"orders": ORDERS})
    assert signature(schema, "Mutation", "update") == "update(id: ID!, input: UpdateOrderInput!): Order"
    assert fields_of(schema, "UpdateOrderInput") == [
        "note: String",
        "count: Int",
        "meta: UpdateOrderMetaInput!",
    ]
    assert signature(schema, "Mutation", "deep") == (
        "deep(id: ID!, ifMatch: String!, input: UpdateOrderInput2!): Order"
    )
    assert signature(schema, "Mutation", "whole") == "whole(id: ID!, ifMatch: String!): Order"
    scripted = services("updateOrder")
    who = testing.caller("u-1")
    query = 'mutation { update(id: "o-1", input: {meta: {who: "a", why: "b"}}) { id } }'
    await data(schema, query, scripted, caller=who)
    await data(schema, 'mutation { deep(id: "o-1", ifMatch: "e", input: {count: 2}) { id } }', scripted)
    await data(schema, 'mutation { whole(id: "o-1", ifMatch: "e") { id } }', scripted)
    assert sent(scripted) == [
        {"meta": {"who": "a", "why": "b"}, "by": "u-1"},
        {"count": 2, "meta": {"who": "w", "why": "y"}},
        {"meta": {"who": "w", "why": "y"}, "count": 1, "note": None, "by": "b"},
    ]
    assert [one.headers.get("if-match") for one in scripted.requests] == ["*", "e", "e"]


async def test_bodies_that_are_no_objects_and_operations_without_bodies(tmp_path: Path) -> None:
    """A list or a text is the argument `input` itself; an operation that answers nothing gives true."""
    mutations = """
tags: list[str] | None = rest.mutation(orders.op("setTags"))
rename: Order | None = rest.mutation(orders.op("rename"))
touch: rest.auto = rest.mutation(orders.op("touch"))
delete: rest.auto = rest.mutation(orders.op("deleteOrder"))
"""
    schema = load(tmp_path, module(mutations), {"orders": ORDERS})
    assert fields_of(schema, "Mutation") == [
        "tags(id: String!, input: [String!]!): [String!]",
        "rename(id: ID!, input: String): Order",
        "touch: Order",
        "delete(id: String!): Boolean",
    ]
    scripted = services("setTags", ["a"])
    assert await data(schema, 'mutation { tags(id: "1", input: ["a"]) }', scripted) == {"tags": ["a"]}
    found = await error(schema, 'mutation { tags(id: "1", input: []) }', scripted)
    assert found["extensions"]["fields"] == [{"path": ["input"], "message": "must have at least 1 items"}]
    scripted = services("rename")
    await data(
        schema, 'mutation { rename(id: "1") { id } again: rename(id: "1", input: "n") { id } }', scripted
    )
    assert sent(scripted) == [None, "n"]
    scripted = testing.Services()
    scripted.on("orders", "deleteOrder", lambda _: testing.Response(204, {}, b""))
    assert await data(schema, 'mutation { delete(id: "1") }', scripted) == {"delete": True}
