"""The project that both lanes are asked about, loaded once: `contracts.py` and `module.py`, over `services.py`.

`run_lane` answers one request on a lane and tells what was called.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec
from graphql import GraphQLSchema

from adapters.messages import Identity
from graph.declaring.schema import Schema
from graph.documents.documents import Documents, Unfit
from graph.documents.validation import errors_of
from graph.executing.executor import Answer, Executor, GraphQLRequest
from graph.executing.lanes import Lanes
from resolvers.caller import Caller
from tests.graph.projects import load
from tests.lanes.clock import JumpingLoop
from tests.lanes.contracts import CONTRACTS
from tests.lanes.module import MODULE
from tests.lanes.rows import World
from tests.lanes.services import Call, Services, Weather

LaneName: TypeAlias = Literal["reference", "plan", "fast"]
LANES: Final[tuple[LaneName, ...]] = ("reference", "plan", "fast")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a lane made of one request: the answer, what it called, and which of the project's resolvers ran."""

    answer: Answer
    calls: Sequence[Call]
    resolvers: Sequence[str] = ()
    lanes: Sequence[str] = ()
    """The lane that it really ran on, and why not on a plan where it did not."""
    told: Sequence[str] = field(default=(), compare=False)


@cache
def schema() -> Schema:
    """The world's schema."""
    with tempfile.TemporaryDirectory() as folder:
        return load(Path(folder), MODULE, CONTRACTS, "[graph]\n")


def graphql_schema() -> GraphQLSchema:
    """The same as graphql-core has it."""
    made: GraphQLSchema = schema()._schema
    return made


def executor(
    lane: LaneName, upstreams: Mapping[str, Any], documents: Documents, told: Callable[..., None]
) -> Executor:
    """The lane over these services: the one place that knows how lanes are made."""
    plans, fast = lane != "reference", lane == "fast"
    return Lanes(schema(), upstreams, documents=documents, plans=plans, fast=fast, told=told)


async def run_lane(
    lane: LaneName,
    request: GraphQLRequest,
    services: Services,
    caller: Caller | None = None,
    documents: Documents | None = None,
) -> Ran:
    """Answer one request. `documents` may be shared by lanes, so that parsing and validating is done once."""
    ran: list[str] = []
    asks = caller or somebody()
    noting = Caller(asks.identity, asks.authenticated, asks.scopes, asks.roles, {**asks.claims, "ran": ran})
    lanes: list[str] = []

    def told(by: str, reason: object) -> None:
        lanes.append(by if reason is None else f"{by}: {reason}")

    documents = documents or Documents()
    if lane == "fast":
        _validate(request, documents)
    made = executor(lane, services.upstreams(), documents, told)
    answer = await made.execute(request, noting, {}, "test-request")
    if isinstance(answer.data, msgspec.Struct):
        answer = Answer(msgspec.to_builtins(answer.data), answer.errors)
    return Ran(answer, services.calls, ran, lanes, services.told)


def _validate(request: GraphQLRequest, documents: Documents) -> None:
    """As a request before this one did: only what is known to be valid runs on the fast lane."""
    try:
        chosen = documents.choose(request.query, request.operation_name)
    except Unfit:
        return
    if not errors_of(graphql_schema(), chosen.document.node, ()):
        chosen.found_valid(())


def somebody(*scopes: str, subject: str = "p1", **claims: object) -> Caller:
    """A verified caller with these scopes."""
    identity = Identity(partition=f"test:{subject}", token="token")
    return Caller(identity, True, frozenset(scopes), frozenset(), {"sub": subject, **claims})


_EDGES: Final = "{ edges { cursor } }"
_CONNECTIONS: Final = ("orders", "payments", "events", "reviews", "vault", "filed")


@cache
def cursors() -> Mapping[str, Sequence[str]]:
    """Cursors that the connections of the world gave out, by the field's name."""
    query = " ".join(f"{name}(first: 3) {_EDGES}" for name in _CONNECTIONS)
    loop = JumpingLoop()
    try:
        work = run_lane("reference", GraphQLRequest(f"{{ {query} }}"), Services(Weather(World(_FULL))))
        data: Any = loop.complete(work).answer.data
    finally:
        loop.close()
    return {name: [edge["cursor"] for edge in data[name]["edges"]] for name in _CONNECTIONS}


_FULL: Final = 17
"""A seed whose world has several of everything."""
