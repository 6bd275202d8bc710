"""One token endpoint, asked over a connection of its own. `adapters/credentials/token_slot.py` keeps what comes.

Its failures are those of the call that needed the token, which was never sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from yarl import URL

from adapters.credentials.credential_kinds import TokenEndpoint
from adapters.credentials.held_secret import HeldSecret
from adapters.credentials.token_grant import Form, Refused, granted, token_request
from adapters.credentials.token_life import MOST, Token, pause
from adapters.facts import Clock, Observer, TokenAsked, tell
from adapters.failures import NotSent, Unauthenticated, Unavailable, UpstreamFailure
from adapters.messages import Request, Response
from adapters.policies.deadline import deadline
from adapters.service import base_url, private_enough
from adapters.transport.transport import Transport

TIMEOUT: Final = 5.0
"""Seconds for one answer of a token endpoint."""

_CONNECTIONS: Final = 8
_ANSWER: Final = 64 * 1024
_log: Final = logging.getLogger("stolon.credentials")
_Made = TypeVar("_Made")


class TokenClient:
    """Asks one endpoint for one service's tokens. Owns its connections and tasks: `close` it.

    An endpoint that could not be reached or answered 5xx or 429 is left alone for a pause, which doubles up to half
    a minute. Raises ValueError where the gateway's secret would travel over plain HTTP to another host.
    """

    def __init__(
        self,
        service: str,
        endpoint: TokenEndpoint,
        clock: Clock,
        observers: tuple[Observer, ...],
        chance: Callable[[], float],
        timeout: float = TIMEOUT,
    ) -> None:
        url = base_url(endpoint.url)
        if not private_enough(url):
            raise ValueError(
                f"the token endpoint of service {service!r} would get the gateway's secret over plain HTTP: "
                "it needs an https:// URL, or http:// to localhost, 127.0.0.0/8 or [::1]"
            )
        self.clock = clock
        self.chance = chance
        self._service = service
        self._endpoint = endpoint
        self._observers = observers
        self._secret = HeldSecret(service, endpoint.secret, clock)
        self._transport = Transport(
            str(URL(endpoint.url).origin()), connections=_CONNECTIONS, answer_limit=_ANSWER
        )
        self._deadline = deadline(timeout, clock)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._failures = 0
        self._rests_until: float | None = None

    async def token(self, form: Form, most: float = MOST) -> Token:
        """A token for the form. Raises, all never sent: Unavailable, Unauthenticated where the caller's token is
        refused, NotSent where anything else is.
        """
        started = self.clock()
        if self._rests_until is not None and started < self._rests_until:
            raise Unavailable(f"{self._service}: its token endpoint does not answer", sent=False)
        secret = await self._secret.current()
        outcome = "unavailable"
        try:
            response = await self._answer(token_request(self._service, self._endpoint, secret, form))
            other = await self._secret.renewed(secret) if response.status == 401 else None
            if other is not None:  # the client's secret was rotated since it was last looked at
                response = await self._answer(token_request(self._service, self._endpoint, other, form))
            outcome = "refused"
            token = granted(response, started, most)
            outcome = "granted"
        except Refused as refused:
            if refused.of_subject:
                outcome = "caller_refused"
                raise Unauthenticated(
                    f"{self._service}: its token endpoint refused the caller's token"
                ) from None
            # As for a service that refuses them, somebody has to look: no call of this service gets through.
            _log.error("ALARM: %s: no token from its token endpoint: %s", self._service, refused)
            raise NotSent(f"{self._service}: no token from its token endpoint: {refused}") from None
        finally:
            tell(self._observers, TokenAsked(self._service, outcome, self.clock() - started))
        return token

    async def _answer(self, request: Request) -> Response:
        """An answer that speaks of the request, not of the endpoint's own troubles."""
        if self._closed:
            raise Unavailable(f"{self._service}: it is closed", sent=False)
        await self._transport.open()
        try:
            response = await self._deadline(request, self._transport)
        except UpstreamFailure as failure:
            raise self._failed(type(failure).__name__) from failure
        if response.status >= 500 or response.status == 429:
            raise self._failed(f"it answered {response.status}")
        self._failures, self._rests_until = 0, None
        return response

    def _failed(self, why: str) -> Unavailable:
        now = self.clock()
        if (
            self._rests_until is None or now >= self._rests_until
        ):  # those that failed together are one failure
            self._failures += 1
            self._rests_until = now + pause(self._failures, self.chance)
        _log.warning("%s: no token from its token endpoint: %s", self._service, why)
        return Unavailable(f"{self._service}: no token from its token endpoint: {why}", sent=False)

    def own(self, work: Coroutine[Any, Any, _Made]) -> asyncio.Task[_Made]:
        """The work as a task that ends with the client at the latest."""
        task = asyncio.get_running_loop().create_task(work, name=f"token {self._service}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Ends what is under way and closes the connections."""
        self._closed = True
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._transport.close()
