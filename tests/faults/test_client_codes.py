"""What a client of the gateway sees of each fault between the gateway and a service: the code, at its field, and the
rest of the answer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults.leftovers import nothing_left
from tests.faults.proxy import (
    FAITHFUL,
    Fault,
    close,
    corrupt,
    garbage,
    half_open,
    proxied,
    reset,
    reset_request,
    stall,
    wrong_length,
)
from tests.graph.projects import INT, TEXT, contract, operation
from tests.graph.served import Reply, rest, served, toml

NOTES = contract(operation("GET /notes", "countNotes", INT), operation("POST /notes", "addNote", INT))
CALM = contract(operation("GET /calm", "getCalm", TEXT))
MODULE = """
    import strawberry
    from stolon import rest

    notes = rest.contract("notes")
    calm = rest.contract("calm")


    @strawberry.type
    class Query:
        calm: str | None = rest.query(calm.op("getCalm"))
        notes: int | None = rest.query(notes.op("countNotes"))


    @strawberry.type
    class Mutation:
        add: int | None = rest.mutation(notes.op("addNote"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
REFUSES = "refuses"


@dataclass(frozen=True)
class Seen:
    """An error's code, whether the client is told to try again, and how often the service was really asked."""

    code: str
    retryable: bool = False
    asked: int = 1


DOWN = Seen("UPSTREAM_UNAVAILABLE", retryable=True, asked=3)
WRONG = Seen("UPSTREAM_ERROR")
LATE = Seen("UPSTREAM_TIMEOUT", retryable=True)
UNKNOWN = Seen("OUTCOME_UNKNOWN")


@pytest.mark.parametrize(
    ("fault", "read", "change"),
    [
        (REFUSES, Seen("UPSTREAM_UNAVAILABLE", True, 0), Seen("UPSTREAM_UNAVAILABLE", True, 0)),
        (reset(), DOWN, UNKNOWN),
        (reset(20), DOWN, UNKNOWN),
        (reset_request(20), Seen("UPSTREAM_UNAVAILABLE", True, 0), Seen("OUTCOME_UNKNOWN", asked=0)),
        (close(), DOWN, UNKNOWN),
        (garbage(), WRONG, UNKNOWN),
        (corrupt(0), WRONG, UNKNOWN),
        (wrong_length(-1), WRONG, UNKNOWN),
        (stall(), LATE, UNKNOWN),
        (stall(20), LATE, UNKNOWN),
        (half_open(20), LATE, UNKNOWN),
    ],
    ids=["refused", "reset", "reset in the head", "reset in the request", "closed", "garbage", "no HTTP",
         "too short a length", "silence", "silence in the head", "half-open"],
)  # fmt: skip
async def test_what_a_client_sees(tmp_path, fault: Fault | str, read: Seen, change: Seen):
    """The field is null with the fault's code and its neighbour is there; a change that may have been made is never
    said to have failed; once the fault is gone, all is well.
    """
    async with nothing_left(), rest() as notes, rest() as calm, proxied(notes.url) as proxy:
        notes.on("GET /notes", Reply(12))
        notes.on("POST /notes", Reply(13))
        calm.on("GET /calm", Reply("calm"))
        project = toml(
            {"notes": f"http://127.0.0.1:{proxy.port}", "calm": calm.url},
            timeout='"1s"',
            retry='{ first = "0ms" }',
        )
        async with served(tmp_path, MODULE, {"notes": NOTES, "calm": CALM}, project) as gateway:
            if isinstance(fault, Fault):
                proxy.behave(fault)
            else:
                proxy.refuse()
            got, made = await asyncio.gather(gateway.ask("{ calm notes }"), gateway.ask("mutation { add }"))
            assert _seen(got, "notes", notes.calls.get("GET /notes", 0)) == read
            assert _seen(made, "add", notes.calls.get("POST /notes", 0)) == change
            assert [got["data"], made["data"]] == [{"calm": "calm", "notes": None}, {"add": None}]
            proxy.behave(FAITHFUL)
            proxy.cut()
            if fault == REFUSES:
                await proxy.listen()
            assert await gateway.ask("{ calm notes }") == {"data": {"calm": "calm", "notes": 12}}
            assert await gateway.ask("mutation { add }") == {"data": {"add": 13}}


def _seen(answer: dict[str, Any], field: str, asked: int) -> Seen:
    [error] = answer["errors"]
    assert error["path"] == [field]
    return Seen(error["extensions"]["code"], error["extensions"]["retryable"], asked)
