"""A projection while it is worked out: the service says 202 and where to look, the graph looks, and tells.

Plain Strawberry: a subscription is a generator. Its reads through the context are new ones each time.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry
from spending import Projection, projections

from stolon import rest

SECONDS = 0.5
LOOKS = 240

_Id = Annotated[strawberry.ID, strawberry.argument(description="The id that askProjection gave.")]


async def projection_progress(info: rest.Info, projection_id: _Id) -> AsyncGenerator[Projection | None, None]:
    """The projection now, and again when it is ready or has failed; then, or after two minutes, it ends."""
    told = None
    for _ in range(LOOKS):
        found = await info.context.call(projections.op("getProjection"), projection_id=projection_id)
        state = None if found is None else found.state
        if state != told or found is None:
            yield found
            told = state
        if state != "pending":
            return
        await asyncio.sleep(SECONDS)
