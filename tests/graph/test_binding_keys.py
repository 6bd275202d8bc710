"""Composite keys: as objects in a body, as lists of one part, or one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from stolon import testing
from tests.graph.projects import (
    BIG,
    TEXT,
    an,
    contract,
    data,
    listed,
    load,
    operation,
    parameter,
    ref,
    signature,
)

COMPOSITE = contract(
    operation("GET /t/{tenant}/things/{id}", "getThing", ref("Thing"), statuses=("404",)),
    operation(
        "POST /things/find",
        "findThings",
        listed(ref("Thing")),
        body=an({"keys": listed(an({"tenant": TEXT, "id": BIG}))}),
    ),
    operation(
        "GET /t/{tenant}/things",
        "listThings",
        listed(ref("Thing")),
        parameter("ids", listed(BIG), explode=False),
    ),
    operation("GET /notes", "listNotes", listed(ref("Note"))),
    Thing=an({"tenant": TEXT, "id": BIG, "name": TEXT}),
    Note=an({"tenant": TEXT, "thing": BIG}),
)


@pytest.mark.parametrize(
    ("many", "calls", "sent"),
    [
        (
            'many=things.op("findThings", keys=rest.keys, safe=True)',
            {"things.listNotes": 1, "things.findThings": 1},
            [b'{"keys":[{"tenant":"a","id":1},{"tenant":"b","id":2},{"tenant":"a","id":3}]}'],
        ),
        (
            'many=things.op("listThings", tenant=rest.key("tenant"), ids=rest.keys("id"))',
            {"things.listNotes": 1, "things.listThings": 2},
            ["/t/a/things?ids=1,3", "/t/b/things?ids=2"],
        ),
        (
            'one=things.op("getThing")',
            {"things.listNotes": 1, "things.getThing": 3},
            ["/t/a/things/1", "/t/b/things/2", "/t/a/things/3"],
        ),
    ],
)
async def test_keys_may_be_composite(tmp_path: Path, many: str, calls: dict, sent: list) -> None:
    """As objects in a body, as a list of one part for each value of the other, or one by one."""
    text = f"""
        import strawberry
        from stolon import rest

        things = rest.contract("things")

        @rest.type(things.schema("Thing"), key=("tenant", "id"), {many})
        class Thing:
            tenant: rest.auto
            id: rest.auto
            name: rest.auto

        @rest.type(things.schema("Note"))
        class Note:
            thing: Thing | None = rest.link(key=("tenant", "thing"))

        @strawberry.type
        class Query:
            notes: list[Note] | None = rest.query(things.op("listNotes"))

        schema = rest.Schema(query=Query)
    """
    schema = load(tmp_path, text, {"things": COMPOSITE})
    assert signature(schema, "Thing", "tenant") == "tenant: ID!"
    scripted = testing.Services()
    notes = [{"tenant": "a", "thing": 1}, {"tenant": "b", "thing": 2}, {"tenant": "a", "thing": 3}]
    rows = [
        {"tenant": "a", "id": 3, "name": "z"},
        {"tenant": "a", "id": 1, "name": "x"},
        {"tenant": "b", "id": 2, "name": "y"},
    ]
    scripted.answer("things", "listNotes", json=notes)
    scripted.answer("things", "findThings", json=rows)
    scripted.on(
        "things",
        "listThings",
        lambda request: testing.answer([row for row in rows if f"/t/{row['tenant']}/" in request.target]),
    )
    scripted.on(
        "things",
        "getThing",
        lambda request: testing.answer(next(row for row in rows if request.target.endswith(f"/{row['id']}"))),
    )
    assert await data(schema, "{ notes { thing { id name } } }", scripted) == {
        "notes": [{"thing": {"id": str(n), "name": name}} for n, name in ((1, "x"), (2, "y"), (3, "z"))]
    }
    assert scripted.calls == calls
    assert [one.body or one.target for one in scripted.requests[1:]] == sent
