"""Over whatever clients send, and however it is cut, a connection says what aiohttp's own says, byte for byte."""

from __future__ import annotations

import gzip
import random
from typing import Any, Final

from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from graph.http.whole_answer import Reply, WholeAnswer, response_of
from graph.serving.client_connection import Asked, ClientConnections
from tests.graph.wires import DATE, Replying, made, turns

ASKED: Final = Asked(1 << 24, lambda: 60.0, lambda: 60.0, lambda: False)
METHODS: Final = ("GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE")
PATHS: Final = ("read", "read", "echo", "ignore", "one", "slow", "304", "stream", "big", "raise")
READ: Final = ("read", "echo", "slow")
LINES: Final = (
    *((),) * 12,
    ("Connection: keep-alive",),
    ("Connection: close",),
    ("Connection: Upgrade", "Upgrade: websocket"),
    ("Expect: 100-continue",),
)


def server(is_ours: bool, log: list[str]) -> Replying:
    """What answers on both sides; only ours may give whole answers."""

    async def replying(request: web.BaseRequest) -> Reply:
        log.append(request.path)
        found = await answered(request)
        return found if is_ours else response_of(found)

    return replying


async def answered(request: web.BaseRequest) -> Reply:
    headers = CIMultiDict({"content-type": "text/plain"})
    match request.path:
        case "/ignore":
            return WholeAnswer(401, b"no", headers)
        case "/one":
            await request.content.readany()
            return WholeAnswer(413, b"one", headers)
        case "/304":
            return web.Response(status=304)
        case "/raise":
            raise web.HTTPNotFound
        case "/stream":
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"data")
            return response
        case "/big":
            return WholeAnswer(200, b"z" * 100_000, headers)
        case "/slow":
            await turns()
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
    return WholeAnswer(200, bytes(body) if request.path == "/echo" else b"%d" % len(body), headers)


def request(draw: random.Random) -> bytes:
    method, path, version = draw.choice(METHODS), draw.choice(PATHS), draw.choice(("1.1",) * 15 + ("1.0",))
    lines = [f"{method} /{path} HTTP/{version}", "Host: h", *draw.choice(LINES)]
    body = b""
    if method in ("POST", "PUT"):
        body = b"ab" * draw.choice((0, 1, 10, 150, 1000))
        if path in READ and draw.random() < 0.3:
            lines.append("Content-Encoding: gzip")
            body = gzip.compress(body, mtime=0)
        if draw.random() < 0.4:
            lines.append("Transfer-Encoding: chunked")
            size = draw.choice((1, 7, 50, 1000))
            parts = [body[start : start + size] for start in range(0, len(body), size)]
            body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        else:
            lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode() + body


def script(draw: random.Random) -> list[bytes | str]:
    """What happens on a connection: bytes come, time passes, the client reads or does not."""
    data = b"".join(request(draw) for _ in range(draw.choice((1, 2, 5, 20, 45))))
    most = max(draw.choice((1, 10, 60, 300, 3000, 100_000)), len(data) // 2000)
    found: list[bytes | str] = []
    while data:
        size = draw.randint(1, most)
        found.append(data[:size])
        data = data[size:]
        found.append(draw.choice(("", "", "", "wait", "wait", "pause", "resume", "resume")))
    return found


async def played(connections: web.Server, events: list[bytes | str]) -> tuple[bytes, bool]:
    """What was said to the client, and whether the connection was closed."""
    connection, wire = made(connections)
    for event in events:
        if wire.closing:
            break
        if event == "wait":
            await turns(10)
        elif event == "pause" and not connection.writing_paused:
            connection.pause_writing()
        elif event == "resume" and connection.writing_paused:
            connection.resume_writing()
        elif isinstance(event, bytes):
            if not wire.reading:
                await turns(100)
            if not wire.reading and connection.writing_paused:
                connection.resume_writing()
                await turns(100)
            connection.data_received(event)
    if connection.writing_paused and not wire.closing:
        connection.resume_writing()
    await turns(600)
    told = DATE.sub(b"now", wire.said), wire.closing
    wire.close()
    await turns(10)
    return told


@settings(max_examples=150, deadline=None)
@given(draw=st.randoms(use_true_random=False), held=st.sampled_from((16, 64, 256, 2**18)))
async def test_a_connection_says_what_aiohttps_own_says(draw, held):
    """The same answers in the same order, and the same end, whatever is sent. Packed bodies are read
    here: what is left of one is no matter of agreement.
    """
    events = script(draw)
    options: dict[str, Any] = {"access_log": None, "read_bufsize": held, "handler_cancellation": True}
    ours, theirs = list[str](), list[str]()
    found = await played(ClientConnections(server(True, ours), ASKED, **options), events)
    wanted = await played(web.Server(server(False, theirs), **options), events)  # type: ignore[arg-type] # responses only
    assert (found, ours) == (wanted, theirs)
