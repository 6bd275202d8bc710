"""The API key way: the service's key in a header, or in a query parameter.

A key in a query is what some services ask for; it stands in their access logs, which `stolon check` warns of. Here
no log and no `repr` holds a target, and where the service repeats its URL in an answer, the key is taken out.
"""

from __future__ import annotations

from adapters.credentials.carried import key_of, scrubbed, with_header, with_query
from adapters.credentials.credential_kinds import ApiKey
from adapters.credentials.held_secret import HeldSecret
from adapters.credentials.renewal import Put, sent_with
from adapters.facts import Clock
from adapters.messages import Policy, Request, Response, Send


def api_key(service: str, way: ApiKey, clock: Clock) -> Policy:
    """The policy that puts the key in. Raises NotSent where the key cannot be had."""
    holder = HeldSecret(service, way.secret, clock)
    put = _place(way)

    async def policy(request: Request, send: Send) -> Response:
        return await sent_with(request, send, holder, put)

    async def scrubbing(request: Request, send: Send) -> Response:
        async def sent(carrying: Request) -> Response:
            return scrubbed(await send(carrying), key_of(carrying.target))

        return await sent_with(request, sent, holder, put)

    return policy if way.query is None else scrubbing


def _place(way: ApiKey) -> Put:
    header, query = way.header, way.query
    before = "" if way.prefix is None else f"{way.prefix} "
    if header is not None:
        return lambda request, key: with_header(request, header, before + key)
    assert query is not None  # one of the two, as ApiKey sees to
    return lambda request, key: with_query(request, query, key)
