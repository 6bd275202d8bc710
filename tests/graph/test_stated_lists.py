"""A list of which the project says how it pages, and the contract alone of what: `rest.auto`."""

from __future__ import annotations

from pathlib import Path

import pytest

from stolon import testing
from tests.graph.projects import (
    INT,
    TEXT,
    an,
    contract,
    data,
    listed,
    load,
    nullable,
    operation,
    parameter,
    ref,
    signature,
)

EVENTS = contract(
    operation(
        "GET /events",
        "listEvents",
        an({"events": listed(ref("Event")), "last": nullable(INT)}),
        parameter("since", INT),
        parameter("most", INT),
    ),
    Event=an({"number": INT, "text": TEXT}),
)


@pytest.mark.parametrize("stated", ['items="events", size="most", ', ""])
async def test_what_stands_on_the_pages_is_the_list(tmp_path: Path, stated: str) -> None:
    """Where its items lie is said in the paging: the field is a list of those, followed to its end, no envelope.
    Where that is not said the whole answer is what was asked for.
    """
    text = f"""
        import strawberry
        from stolon import rest

        log = rest.contract("log")

        @strawberry.type
        class Query:
            events: rest.auto = rest.query(
                log.op("listEvents", paging=rest.by_cursor(cursor="since", {stated}next="last"))
            )

        schema = rest.Schema(query=Query)
    """
    schema = load(tmp_path, text, {"log": EVENTS})
    if not stated:
        assert signature(schema, "Query", "events").endswith(": ListEvents")
        return
    assert signature(schema, "Query", "events") == "events: [Event!]"
    scripted = testing.Services()

    def part(request: testing.Request) -> testing.Response:
        begin = int(request.target.partition("since=")[2].partition("&")[0] or 0)
        more = begin + 2 if begin < 4 else None
        rows = [{"number": one, "text": "x"} for one in (begin + 1, begin + 2)]
        return testing.answer({"events": rows, "last": more})

    scripted.on("log", "listEvents", part)
    answer = await data(schema, "{ events { number } }", scripted)
    assert answer == {"events": [{"number": number} for number in range(1, 7)]}
    assert scripted.calls == {"log.listEvents": 3}
