"""What a change makes stale is dropped: by place (RFC 9111, section 4.4), and by entity
(`adapters/caching/entity_tags.py`).

`adapters/caching/cache.py` sends changes through here; `adapters/stack.py` puts it in the place of the cache where a
service's own answers are not kept, since its changes may concern others'. One store keeps the answers of all
services, and the whole answers that are made of them, with the same tags: what is dropped here is gone for all.

| the change | then |
| --- | --- |
| succeeded, failed (5xx), or led elsewhere | what it changes is dropped, before its answer is given on |
| may have reached the service, and has no answer | the same: it may have been made |
| was answered 404, 409, 410, 412 | the same: the service holds something else than its caller was shown |
| was refused with another 4xx, or never left | nothing is dropped |
"""

from __future__ import annotations

from typing import Final

from adapters.caching.cache_keys import changed_places
from adapters.caching.cache_store import Store
from adapters.messages import Request, Response, Send

_OTHERWISE: Final = frozenset({404, 409, 410, 412})
"""Statuses that say that things are not as the caller took them to be (RFC 9110, section 15.5)."""


class Invalidation:
    """The policy of one service. `base` is its base URL."""

    def __init__(self, base: str, store: Store) -> None:
        self._base = base
        self._store = store

    async def __call__(self, request: Request, send: Send) -> Response:
        """Sends a request, and drops what it made stale. Raises what the call raised."""
        if request.safe:
            return await send(request)
        response: Response | None = None
        try:
            response = await send(request)
        finally:
            if _may_have_changed(request, response):
                places = changed_places(request, response, self._base)
                await self._store.drop_tags((*places, *request.tags))
        return response


def _may_have_changed(request: Request, response: Response | None) -> bool:
    if response is None:
        return request.departure.sent
    return not 400 <= response.status < 500 or response.status in _OTHERWISE
