"""One call made, and what its answer settles: a success, nothing, or the fault that stands in its place.

`resolvers/store.py` calls here; `resolvers/errors.py` holds the table of errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from adapters.failures import UpstreamFailure
from adapters.messages import Request, Send
from adapters.service import Service
from resolvers.answered import Answered
from resolvers.errors import fault_of_failure, fault_of_response
from resolvers.lifetime import Lifetime
from resolvers.settled import ABSENT, Settled
from resolvers.source import BoundOperation
from resolvers.steps import Watched


class Upstream(Protocol):
    """A service that calls can be sent to, with the settings that batches need."""

    @property
    def service(self) -> Service: ...

    @property
    def send(self) -> Send: ...


async def sent(
    upstream: Upstream,
    call: BoundOperation,
    request: Request,
    *,
    epoch: Callable[[], float],
    request_id: str | None,
    watched: Watched | None,
    lifetime: Lifetime,
) -> Settled:
    """What a request settles: `Answered`, or nothing for a declared 404. `watched` is told of the call, `lifetime`
    how long its answer may be used again.
    """
    begun = 0.0 if watched is None else watched.now()
    try:
        response = await upstream.send(request)
    except UpstreamFailure as failure:
        if watched is not None:
            watched.called(call.service, call.operation.id, begun, None, 0, shared=False)
        return Settled(fault=fault_of_failure(call, failure, request_id))
    if watched is not None:
        size, cached = len(response.body), response.freshness is not None and response.freshness.cached
        service, operation, status = call.service, call.operation.id, response.status
        watched.called(service, operation, begun, status, size, shared=response.shared, cached=cached)
    lifetime.heard(response.freshness, request.tags)
    if 200 <= response.status < 300:
        return Settled(Answered(call, response))
    forwarded = upstream.service.of_caller
    fault = fault_of_response(call, response, forwarded=forwarded, now=epoch(), request_id=request_id)
    return ABSENT if fault is None else Settled(fault=fault)
