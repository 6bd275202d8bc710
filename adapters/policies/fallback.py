"""The fallback policy: a read that its service does not answer is answered by a kept answer or by a constant.

Outermost, so that whatever goes wrong below has its say first, running out of time too. The next place down is
`adapters/policies/deadline.py`. What was kept is asked of `adapters/caching/cache.py`, for the same caller under
the same rules as ever.

| the call ends with | then |
| --- | --- |
| no answer: refused, reset, cut short, out of time; an open breaker, a full queue, a used up rate | the fallback |
| 5xx, 408, 429 | the fallback |
| any other status: 401, 403, 404, 409 too | that: it is the service's answer |
| a refusal of the gateway's own, as for want of credentials | that |

What breaks its contract is an answer too, and a fault to be seen.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from adapters.credentials.credential_kinds import ClientCredentials, TokenExchange
from adapters.facts import FellBack, Observer, tell
from adapters.failures import NotSent, UpstreamFailure
from adapters.messages import Freshness, Policy, Request, Response, Send
from adapters.policies.fallback_rule import Fallback
from adapters.service import Service

Kept: TypeAlias = Callable[[Request, float], Awaitable[Response | None]]
"""What is kept for a request, at most so many seconds past its freshness; None where there is nothing."""

_TROUBLE: Final = frozenset({408, 429})
_CONSTANT: Final = Freshness(left=0.0, age=0.0, private=False, cached=True, constant=True)


def in_trouble(outcome: Response | UpstreamFailure) -> bool:
    """Whether a call ended so that something else will do."""
    if isinstance(outcome, Response):
        return outcome.status >= 500 or outcome.status in _TROUBLE
    return not isinstance(outcome, NotSent)


def fallback(
    own: Mapping[str, Fallback], kept: Kept | None = None, observers: tuple[Observer, ...] = ()
) -> Policy:
    """The policy. Operations in `own` have the fallback there, by id, unless a request brings one of its own.

    What it gives in place of an answer says so by its `freshness`: it is `stale`, or `constant`. Raises what the call
    raised where there is nothing to give.
    """

    async def guarded(request: Request, send: Send, rule: Fallback) -> Response:
        try:
            response = await send(request)
        except UpstreamFailure as failure:
            if not in_trouble(failure):
                raise
            instead = await given(request, rule, type(failure).__name__)
            if instead is None:
                raise
            return instead
        if not in_trouble(response):
            return response
        return await given(request, rule, str(response.status)) or response

    async def given(request: Request, rule: Fallback, reason: str) -> Response | None:
        found = None
        if rule.stale is not None and kept is not None:
            found = await kept(request, rule.stale)
        to = "stale"
        if found is None and rule.constant is not None:
            found, to = Response(200, _JSON, rule.constant, freshness=_CONSTANT), "constant"
        if found is not None:
            tell(observers, FellBack(request.service, request.operation, to, reason))
        return found

    def policy(request: Request, send: Send) -> Awaitable[Response]:
        rule = request.fallback or own.get(request.operation)
        return send(request) if rule is None or not request.safe else guarded(request, send, rule)

    return policy


_JSON: Final[Mapping[str, str]] = {"content-type": "application/json"}


def with_credentials(service: Service, credentials: Policy, kept: Kept) -> Kept:
    """The same for requests that carry no credentials yet, as they are above the policy that adds those.

    A key in a header or in the query tells kept answers apart, and is at hand. A token does not; getting one may take
    as long as the call that failed, so that none is got for this.
    """
    if isinstance(service.credentials, ClientCredentials | TokenExchange):
        return kept

    async def found(request: Request, within: float) -> Response | None:
        answer: Response | None = None

        async def look(credited: Request) -> Response:
            nonlocal answer
            answer = await kept(credited, within)
            return answer or _NOTHING

        try:
            sent = await credentials(request, look)
        except UpstreamFailure:  # its key cannot be read: there is no telling whose answers these are
            return None
        return None if answer is None else sent

    return found


_NOTHING: Final = Response(504, {}, b"")
