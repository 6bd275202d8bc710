"""Calls made, and what each answer settles: a success, nothing, or the fault that stands in its place.

`resolvers/loading/store.py` calls here; `resolvers/errors.py` holds the table of errors.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Protocol

from msgspec.structs import replace

from adapters.failures import UpstreamFailure
from adapters.messages import Request, Send
from adapters.service import Service
from resolvers.call import Sender
from resolvers.errors import fault_of_failure, fault_of_response
from resolvers.loading.kept_parts import Entities, KeptParts
from resolvers.loading.lifetime import Lifetime
from resolvers.loading.settled import ABSENT, Settled
from resolvers.loading.steps import Watched
from resolvers.reading.answered import Answered
from resolvers.source import BoundOperation, Supplied


class Upstream(Protocol):
    """A service that calls can be sent to, with the settings that batches need."""

    @property
    def service(self) -> Service: ...

    @property
    def send(self) -> Send: ...

    @property
    def entities(self) -> Entities | None: ...


class Calls:
    """The calls of one request, on its caller's behalf. `lifetime` hears how long answers may be used again; `anew`:
    something was changed, and services themselves are to be asked. `watched` is told of each call.
    """

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        sender: Sender,
        *,
        epoch: Callable[[], float],
        request_id: str | None,
    ) -> None:
        self._upstreams = upstreams
        self.sender = sender
        self._epoch = epoch
        self._request_id = request_id
        self.lifetime = Lifetime()
        self.watched: Watched | None = None
        self.anew = False

    def limits(self, call: BoundOperation) -> Service:
        """The settings of the service that a call goes to."""
        return self._upstreams[call.service].service

    def kept(self, call: BoundOperation, supplied: Supplied, apart: Hashable) -> KeptParts | None:
        """What of a batched operation need not be asked for; None where nothing is kept, and where the service's
        credentials are not for this caller. `apart` tells its parts from those of other batches of the operation.
        """
        upstream = self._upstreams[call.service]
        if upstream.entities is None:
            return None
        if upstream.service.lends and not (call.public or self.sender.caller.authenticated):
            return None
        return KeptParts(
            upstream.entities,
            call,
            supplied,
            apart,
            self.sender,
            self.lifetime,
            self._epoch,
            anew=self.anew,
        )

    async def send(self, call: BoundOperation, request: Request) -> Settled:
        """What a request settles: `Answered`, or nothing for a declared 404."""
        if self.anew and request.safe:
            request = replace(request, anew=True)
        upstream, watched = self._upstreams[call.service], self.watched
        begun = 0.0 if watched is None else watched.now()
        try:
            response = await upstream.send(request)
        except UpstreamFailure as failure:
            self.lifetime.failed()
            if watched is not None:
                watched.called(call.service, call.operation.id, begun, None, 0, shared=False)
            return Settled(fault=fault_of_failure(call, failure, self._request_id))
        if watched is not None:
            size, cached = len(response.body), response.freshness is not None and response.freshness.cached
            service, operation, status = call.service, call.operation.id, response.status
            watched.called(service, operation, begun, status, size, shared=response.shared, cached=cached)
        self.lifetime.answered(request, response)
        if 200 <= response.status < 300:
            return Settled(Answered(call, request, response))
        forwarded, now = upstream.service.of_caller, self._epoch()
        fault = fault_of_response(call, response, forwarded=forwarded, now=now, request_id=self._request_id)
        return ABSENT if fault is None else Settled(fault=fault)
