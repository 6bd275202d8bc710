"""One request on each lane, over the same services: what came, what was called, on which lanes it ran and why.

`on_lane` answers a request on one; `agreed` on all three, and holds them to the reference lane.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import msgspec

from adapters.contract.contract import Missing
from graph.declaring.schema import Schema
from graph.documents.documents import Documents
from graph.documents.validation import errors_of
from graph.executing.executor import GraphQLRequest
from graph.executing.lanes import Lanes
from resolvers.caller import Caller
from stolon.testing import Services

Lane: TypeAlias = Literal["reference", "plan", "fast"]
LANES: Final[tuple[Lane, ...]] = ("reference", "plan", "fast")


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a request. `lanes` are those that were told, in order, each with the reason where there is one."""

    data: Any
    errors: list[dict[str, Any]]
    lanes: list[str]
    calls: dict[str, int]
    bytes: bytes

    @property
    def told(self) -> Counter[tuple[object, ...]]:
        """Path, code and message of each error, in no order."""
        return Counter(
            (tuple(one.get("path", ())), one["extensions"]["code"], one["message"]) for one in self.errors
        )


def lanes_of(schema: Schema, services: Services, lane: Lane, told: list[str], **options: Any) -> Lanes:
    """The executor that runs on one lane, or on what is slower."""

    def tell(by: str, reason: object) -> None:
        told.append(by if reason is None else f"{by}: {reason}")

    upstreams = services.upstreams(schema)
    return Lanes(schema, upstreams, plans=lane != "reference", fast=lane == "fast", told=tell, **options)


def valid(schema: Schema, query: str, documents: Documents | None = None) -> GraphQLRequest:
    """The request of a document that somebody has validated before."""
    chosen = (documents or Documents()).choose(query, None)
    assert errors_of(schema._schema, chosen.document.node, ()) == []
    chosen.found_valid(())
    return GraphQLRequest(query, chosen=chosen)


async def on_lane(
    lane: Lane,
    schema: Schema,
    query: str,
    services: Services,
    variables: Mapping[str, Any] | None = None,
    caller: Caller | None = None,
    **options: Any,
) -> Came:
    """Answer one request."""
    told: list[str] = []
    request = msgspec.structs.replace(valid(schema, query), variables=variables or {})
    made = lanes_of(schema, services, lane, told, **options)
    answer = await made.execute(request, caller or Caller(), {}, "r-1")
    data = b"" if isinstance(answer.data, Missing) else msgspec.json.encode(answer.data)
    return Came(msgspec.json.decode(data) if data else None, answer.errors, told, services.calls, data)


async def agreed(
    schema: Schema,
    query: str,
    services: Callable[[], Services],
    variables: Mapping[str, Any] | None = None,
    caller: Caller | None = None,
    *,
    lanes: tuple[str, ...] = ("fast",),
) -> Came:
    """What the fast lane makes of a request: what the reference lane does, byte for byte, with as many calls.

    `lanes` are the lanes that it was told to run on.
    """
    reference, plan, fast = [
        await on_lane(lane, schema, query, services(), variables, caller) for lane in LANES
    ]
    for one in (plan, fast):
        assert (one.bytes, one.told, one.calls) == (reference.bytes, reference.told, reference.calls)
    assert tuple(fast.lanes) == lanes
    return fast
