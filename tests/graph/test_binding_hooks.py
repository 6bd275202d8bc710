"""Properties with names that mean something to Strawberry or to Python mean nothing but themselves."""

from __future__ import annotations

import json
from pathlib import Path

from stolon import testing
from tests.graph.projects import (
    TEXT,
    an,
    contract,
    data,
    load,
    operation,
    ref,
)


async def test_properties_named_like_hooks_of_strawberry_and_python_are_plain_properties(
    tmp_path: Path,
) -> None:
    """`is_type_of`, `resolve_type`, `self`, `info`, `input`, `data` and the like mean nothing but themselves."""
    names = (
        "is_type_of",
        "resolve_type",
        "self",
        "info",
        "input",
        "data",
        "mro",
        "__init__",
        "class",
        "root",
    )
    inner = an(dict.fromkeys(names, TEXT))
    things = contract(
        operation("GET /thing", "getThing", ref("Thing")),
        operation("POST /thing", "makeThing", ref("Thing"), body=ref("Thing")),
        Thing=an({**dict.fromkeys(names, TEXT), "inner": inner}),
    )
    text = """
        import strawberry
        from stolon import rest

        things = rest.contract("things")

        @rest.type(things.schema("Thing"))
        class Thing:
            is_type_of: rest.auto
            resolve_type: rest.auto
            self: rest.auto
            info: rest.auto
            input: rest.auto
            data: rest.auto
            mro: rest.auto
            init: rest.auto
            class_: rest.auto
            root: rest.auto
            inner: rest.auto

        @strawberry.type
        class Query:
            thing: Thing | None = rest.query(things.op("getThing"))

        @strawberry.type
        class Mutation:
            make: Thing | None = rest.mutation(things.op("makeThing"))

        schema = rest.Schema(query=Query, mutation=Mutation)
    """
    schema = load(tmp_path, text, {"things": things})
    shown = "isTypeOf resolveType self info input data mro init class root"
    values = {name: f"v-{name}" for name in names}
    scripted = testing.Services()
    scripted.answer("things", "getThing", json={**values, "inner": values})
    scripted.answer("things", "makeThing", json={**values, "inner": values})
    expected = dict(zip(shown.split(), values.values(), strict=True))
    whole = {**expected, "inner": expected}
    selection = f"{{ {shown} inner {{ {shown} }} }}"
    assert await data(schema, f"{{ thing {selection} }}", scripted) == {"thing": whole}
    query = f"mutation($in: ThingInput!) {{ make(input: $in) {selection} }}"
    assert await data(schema, query, scripted, variables={"in": whole}) == {"make": whole}
    assert sent(scripted.requests[1]) == {**values, "inner": values}


def sent(request: testing.Request) -> object:
    """The JSON body of a request."""
    return json.loads(request.body or b"null")
