"""How one service of the example calls another: its token got, kept, renewed; and what is no answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from examples.parfinanciero.services.service_client import MOST_BYTES, PeerUnavailable, ServiceClient


class Peer:
    """A service and an identity provider in one: what they answer, and how often they are asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.granted = 0
        self.seconds = 0.0
        self.taken = {"token-1", "token-2", "token-3"}
        self.grant: Callable[[], web.Response] = lambda: web.json_response(
            {"access_token": f"token-{self.granted}", "expires_in": 300}
        )
        self.body = b"{}"

    async def token(self, request: web.Request) -> web.Response:
        self.granted += 1
        assert request.headers["Authorization"] == "Basic bWU6czNjcmV0JTJG"  # me:s3cret%2F
        assert dict(await request.post()) == {"grant_type": "client_credentials"}
        return self.grant()

    async def thing(self, request: web.Request) -> web.Response:
        self.asked += 1
        known = request.headers["Authorization"].removeprefix("Bearer ") in self.taken
        tenant = {"X-Tenant": request.headers["X-Tenant-ID"]}
        return web.Response(status=200 if known else 401, body=self.body, headers=tenant)

    def clock(self) -> float:
        """The time that the test sets."""
        return self.seconds


@pytest.fixture
async def called() -> AsyncIterator[tuple[Peer, ServiceClient]]:
    """A peer on a socket, and a client of it."""
    peer = Peer()
    app = web.Application()
    app.router.add_post("/token", peer.token)
    app.router.add_get("/thing", peer.thing)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield (
            peer,
            ServiceClient(
                session,
                peer.clock,
                base_url=str(server.make_url("")).rstrip("/"),
                token_url=str(server.make_url("/token")),
                client_id="me",
                secret="s3cret/",
            ),
        )


async def test_calls_share_a_token_until_shortly_before_its_end(called: tuple[Peer, ServiceClient]) -> None:
    """Calls at the same time wait for one token; it is kept for its life less half a minute, then got anew."""
    peer, client = called
    answers = await asyncio.gather(*(client.send("GET", "/thing", "acme") for _ in range(5)))
    assert {(one.status, one.headers["X-Tenant"], one.body) for one in answers} == {(200, "acme", b"{}")}
    assert (peer.granted, peer.asked) == (1, 5)
    peer.seconds = 269.9
    await client.send("GET", "/thing", "acme")
    assert peer.granted == 1
    peer.seconds = 270.0
    await client.send("GET", "/thing", "acme")
    assert peer.granted == 2


async def test_a_refused_token_is_replaced_once(called: tuple[Peer, ServiceClient]) -> None:
    """A 401 gets the call a new token, and no third try: what is refused again is the answer."""
    peer, client = called
    peer.taken = {"token-2"}
    assert (await client.send("GET", "/thing", "acme")).status == 200
    assert (peer.granted, peer.asked) == (2, 2)
    peer.taken = set()
    assert (await client.send("GET", "/thing", "acme")).status == 401
    assert (peer.granted, peer.asked) == (3, 4)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: web.Response(status=401), "the identity provider grants no token"),
        (lambda: web.Response(status=302, headers={"Location": "/thing"}), "the identity provider grants no token"),
        (lambda: web.Response(body=b'{"access_token": 5}'), "the identity provider's answer is no token"),
    ],
)  # fmt: skip
async def test_without_a_token_nothing_is_called(
    called: tuple[Peer, ServiceClient], answer: Callable[[], web.Response], said: str
) -> None:
    """A refusal, a redirect or another document from the token endpoint ends the call before it is made."""
    peer, client = called
    peer.grant = answer
    with pytest.raises(PeerUnavailable, match=f"^{said}$"):
        await client.send("GET", "/thing", "acme")
    assert peer.asked == 0


async def test_an_answer_has_an_end(called: tuple[Peer, ServiceClient]) -> None:
    """An answer of more than two mebibytes is none."""
    peer, client = called
    peer.body = bytes(MOST_BYTES)
    assert len((await client.send("GET", "/thing", "acme")).body) == MOST_BYTES
    peer.body += b"!"
    with pytest.raises(PeerUnavailable, match=r"^the answer is too large$"):
        await client.send("GET", "/thing", "acme")
