"""Answers that leave at once say on the wire just what aiohttp's own would, and are sent so only where they may."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from multidict import CIMultiDict

from graph.http.whole_answer import WholeAnswer
from graph.serving.server import application, serving
from graph.settings.settings import GraphSettings
from tests.graph.scripted_server import Everybody, Script, Scripted, hello

BODY = b'{"query": "{hello}"}'
DATE = re.compile(rb"(?<=\r\nDate: )[^\r]+")


def head(method: str, target: str = "/graphql", *lines: str, version: str = "1.1") -> bytes:
    first = (f"{method} {target} HTTP/{version}", "Host: here", "X-Request-Id: r")
    return "\r\n".join((*first, *lines, "", "")).encode()


def post(*lines: str, target: str = "/graphql", version: str = "1.1", body: bytes = BODY) -> bytes:
    named = ("Content-Type: application/json", f"Content-Length: {len(body)}", *lines)
    return head("POST", target, *named, version=version) + body


@asynccontextmanager
async def served(
    prepare: Callable[[web.Application], None] = lambda _: None,
    *,
    script: Script = hello,
    body_limit: int = 1000,
) -> AsyncIterator[int]:
    """The port of the edge, whose application somebody may have changed."""
    app = application(Scripted(script), Everybody(), GraphSettings(schema="s:s", body_limit=body_limit))
    prepare(app)
    async with serving(app, "127.0.0.1", 0) as url:
        yield int(url.rpartition(":")[2])


async def said(port: int, *requests: bytes) -> bytes:
    """All that comes back on one connection, until the server closes it; a last request asks for that."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"".join(requests))
        return DATE.sub(b"now", await asyncio.wait_for(reader.read(), 10))
    finally:
        writer.close()


@pytest.fixture
def ways_taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each whole answer whether it left straight; aiohttp sends the others."""
    taken: list[bool] = []
    written, response = WholeAnswer.written, WholeAnswer.response

    def straight(self: WholeAnswer) -> bytes:
        taken.append(True)
        return written(self)

    def left(self: WholeAnswer) -> web.Response:
        taken.append(False)
        return response(self)

    monkeypatch.setattr(WholeAnswer, "written", straight)
    monkeypatch.setattr(WholeAnswer, "response", left)
    return taken


async def nothing(_request: web.Request, _response: web.StreamResponse) -> None:
    """A signal that changes nothing."""


REQUESTS = {
    "answered": (post(), True),
    "accepted": (post("Accept: application/graphql-response+json"), True),
    "refused": (post(body=b"{"), True),
    "too large": (post(body=b'{"query": "' + b"x" * 1000 + b'"}'), True),
    "not at all a query": (head("GET"), True),
    "method": (head("DELETE"), False),
    "head": (head("HEAD"), False),
    "in the URL": (head("GET", "/graphql?query=%7Bhello%7D"), False),
    "absolute": (post(target="http://here/graphql"), False),
    "elsewhere": (head("GET", "/health/live"), None),
    "nowhere": (head("GET", "/graphql/x"), None),
    "told to go on": (post("Expect: 100-continue"), False),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_the_bytes_are_those_of_aiohttp(name, ways_taken):
    """Straight or by the router, an answer has the same head, in the same order, and the same body; only requests for
    the very path of the endpoint, with nothing special about them, go straight.
    """
    request, straight = REQUESTS[name]
    last = post("Connection: close")
    async with served() as port:
        found = await said(port, request, last)
    # The last answer ends the connection, which is not for this way either.
    assert ways_taken == [*([] if straight is None else [straight]), False]
    async with served(lambda app: app.on_response_prepare.append(nothing)) as port:
        assert await said(port, request, last) == found
    assert True not in ways_taken[len(ways_taken) // 2 :]
    assert found.count(b"HTTP/1.1 ") == (3 if name == "told to go on" else 2)


async def test_http_1_0_is_answered_as_aiohttp_does(ways_taken):
    """An old client gets an answer in its version, on a connection that ends unless it asks otherwise."""
    async with served() as port:
        found = await said(port, post("Connection: keep-alive", version="1.0"), post(version="1.0"))
    assert (found.count(b"HTTP/1.0 200 OK"), found.count(b"Connection: keep-alive")) == (2, 1)
    assert ways_taken == [False, False]


@pytest.mark.parametrize("added", ["middleware", "signal"])
async def test_what_an_application_adds_is_never_passed_by(added, ways_taken):
    """With a middleware or a signal every request goes through the router, so that both see it."""

    @web.middleware
    async def marks(request: web.Request, handler: Any) -> web.StreamResponse:
        response: web.StreamResponse = await handler(request)
        response.headers["X-Mark"] = "here"
        return response

    async def signals(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Mark"] = "here"

    def prepare(app: web.Application) -> None:
        if added == "middleware":
            app.middlewares.append(marks)
        else:
            app.on_response_prepare.append(signals)

    async with served(prepare) as port:
        found = await said(port, post(), post("Connection: close"))
    assert found.count(b"X-Mark: here") == 2
    assert ways_taken == [False, False]


def test_a_header_with_a_line_break_is_not_written():
    """Whatever would end a header's line is refused, so that no answer says more than was meant."""
    with pytest.raises(ValueError, match="eader"):
        WholeAnswer(200, b"{}", CIMultiDict({"x-request-id": "a\r\nset-cookie: b"})).written()


async def test_a_client_that_left_fails_nobody(caplog):
    """The connection is gone when the answer comes: nothing is logged, and others are served."""
    async with served() as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post())
        writer.transport.abort()
        assert b'{"data":{"hello":"world"}}' in await said(port, post("Connection: close"))
    assert caplog.text == ""
