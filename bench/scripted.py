"""The blog without any HTTP: bodies are handed out as bytes, in the same turn of the loop.

`bench/gateway_micro.py` and `bench/growth.py` execute over it, on Stolon's lanes and on plain Strawberry.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
import strawberry

from adapters.messages import Request, Response
from adapters.service import Service
from bench.plain_strawberry import blog_of, make_schema
from graph.executing.executor import GraphQLRequest
from graph.executing.lanes import Lanes
from graph.project.project import load_project
from resolvers.caller import NOBODY

PROJECT: Final = Path(__file__).resolve().parent / "posts"
LANES: Final = ("fast", "reference", "strawberry")
_HEADERS: Final = {"content-type": "application/json"}

Run = Callable[[str], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Scripted:
    """The blog's service: what each path answers. It may be told other bodies at any time."""

    bodies: dict[str, bytes]
    service: Service = field(default_factory=lambda: Service("blog", "http://127.0.0.1:1"))

    @property
    def entities(self) -> None:
        """Nothing is kept of it."""

    async def send(self, request: Request) -> Response:
        """What its path answers, whatever is asked of it."""
        return Response(200, _HEADERS, self.bodies[request.target.partition("?")[0]])

    async def fetch(self, path: str) -> bytes:
        """The same for plain Strawberry."""
        return self.bodies[path.partition("?")[0]]


@dataclass(frozen=True, slots=True)
class Runs:
    """How a document is executed and its answer encoded, by the lane that is wanted; and, by document, the lane
    that Stolon really took when it was left to itself.
    """

    by_lane: Mapping[str, Run]
    taken: dict[str, str]


def runs(bodies: dict[str, bytes]) -> Runs:
    """Everything that can execute over these bodies."""
    upstream = Scripted(bodies)
    schema = load_project(PROJECT, {}).schema
    told: list[str] = []
    taken: dict[str, str] = {}
    fast = Lanes(schema, {"blog": upstream}, told=lambda lane, _: told.append(str(lane)))
    reference = Lanes(schema, {"blog": upstream}, plans=False, fast=False)
    plain: strawberry.Schema = make_schema()

    async def of_fast(text: str) -> bytes:
        body = await _executed(fast, text)
        taken[text] = told.pop()
        return body

    async def of_reference(text: str) -> bytes:
        return await _executed(reference, text)

    async def of_strawberry(text: str) -> bytes:
        result = await plain.execute(text, context_value=blog_of(upstream.fetch))
        errors = [error.formatted for error in result.errors or ()]
        return msgspec.json.encode({"data": result.data} | ({"errors": errors} if errors else {}))

    return Runs(dict(zip(LANES, (of_fast, of_reference, of_strawberry), strict=True)), taken)


async def _executed(lanes: Lanes, text: str) -> bytes:
    answer = await lanes.execute(GraphQLRequest(text), NOBODY, {}, "bench")
    return msgspec.json.encode({"data": answer.data} | ({"errors": answer.errors} if answer.errors else {}))
