"""The upstream of the benchmark, in a process of its own, so that its CPU time is nobody's: answers that are made
once and written as they are.

    python bench/gateway_upstream.py posts
    python bench/gateway_upstream.py parfinanciero

It prints one line of JSON (`Told`) and serves until its stdin ends. For `parfinanciero` the example's services are
started besides; each is asked once for what it is asked, and answered for from then on, since the gateway is
measured and not they. What such an answer says of rates and freshness is left out: every request shall go upstream.
The identity provider is the example's own, and the calls to it are not counted.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import aiohttp
import msgspec
import uvloop

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.blog_data import bodies, posts  # noqa: E402  # after the path
from examples.parfinanciero.launch import launch  # noqa: E402

TOKENS: Final = 97
CALLS: Final = b"/-/calls"
_KEPT_HEADERS: Final = ("content-type", "etag", "link", "location")

Key = tuple[bytes, bytes, bytes]  # method, target, body
Ask = Callable[[Key, Mapping[str, str]], Awaitable[bytes]]


class Told(msgspec.Struct, frozen=True):
    """What the process says when it is ready: variables for the project's `stolon.toml`, and bearer tokens that
    the project takes (none where it takes any). `calls` is the URL at which calls are counted by service.
    """

    environ: dict[str, str]
    tokens: list[str]
    calls: str


def response(status: int, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A whole HTTP/1.1 response."""
    lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join([*lines, f"content-length: {len(body)}"]) + "\r\n\r\n").encode() + body


class Answering(asyncio.Protocol):
    """One connection. What is known is written at once; what is not is asked for, where there is somebody to ask."""

    def __init__(
        self, service: str, known: dict[Key, bytes], calls: Counter[str], ask: Ask | None = None
    ) -> None:
        self._service = service
        self._known = known
        self._calls = calls
        self._ask = ask
        self._buffer = b""
        self._asking: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment] # it is one: a TCP connection

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = int(head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r")[0] or 0)
            if len(self._buffer) < end + 4 + length:
                return
            body, self._buffer = self._buffer[end + 4 : end + 4 + length], self._buffer[end + 4 + length :]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        method, target, _ = head.split(b" ", 2)
        if target == CALLS:
            self._transport.write(response(200, msgspec.json.encode(self._calls), {}))
            return
        self._calls[self._service] += 1
        key = method, target if self._ask else target.partition(b"?")[0], body
        found = self._known.get(key)
        if found is not None:
            self._transport.write(found)
        elif self._ask is None:
            self._transport.write(response(404, b"", {}))
        else:
            work = asyncio.ensure_future(self._asked(self._ask, key, head))
            self._asking.add(work)
            work.add_done_callback(self._asking.discard)

    async def _asked(self, ask: Ask, key: Key, head: bytes) -> None:
        lines = (line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:])
        self._known[key] = await ask(key, {line[0].lower(): line[1] for line in lines})
        self._transport.write(self._known[key])


async def listen(make: Callable[[], Answering], stack: AsyncExitStack) -> str:
    """Serve on a free port of loopback as long as the stack is open: the base URL."""
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0, backlog=1024)
    stack.callback(server.close)
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def blog(stack: AsyncExitStack) -> Told:
    """The posts and users. Which ids are asked for does not matter: the users are ten, and all of them are."""
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    known = {
        (b"GET", path.encode(), b""): response(200, body, headers) for path, body in bodies(posts()).items()
    }
    url = await listen(partial(Answering, "blog", known, Counter()), stack)
    return Told({"BLOG_URL": url}, [], url + CALLS.decode())


async def parfinanciero(stack: AsyncExitStack) -> Told:
    """The bundled example, each service behind what was once heard of it."""
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
    launched = await stack.enter_async_context(launch(folder))
    session = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))

    async def ask(base: str, key: Key, headers: Mapping[str, str]) -> bytes:
        method, target, body = key
        sent = {name: value for name, value in headers.items() if name not in ("host", "connection")}
        async with session.request(
            method.decode(), base + target.decode(), data=body, headers=sent | {"accept-encoding": "identity"}
        ) as answer:
            kept = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
            return response(answer.status, await answer.read(), kept | {"cache-control": "no-store"})

    calls: Counter[str] = Counter()
    environ = dict(launched.environ)
    url = ""
    for name, service in launched.services.items():
        if name != "identity":
            url = await listen(partial(Answering, name, {}, calls, partial(ask, service.url)), stack)
            environ[f"{name.upper()}_URL"] = url
    tokens = [await _token(session, launched.issuer) for _ in range(TOKENS)]
    return Told(environ, tokens, url + CALLS.decode())


async def _token(session: aiohttp.ClientSession, issuer: str) -> str:
    async with session.post(f"{issuer}/internal/tokens/ana") as answer:
        answer.raise_for_status()
        return str((await answer.json())["token"])


async def main(kind: str) -> None:
    """Serve until stdin ends."""
    async with AsyncExitStack() as stack:
        told = await {"posts": blog, "parfinanciero": parfinanciero}[kind](stack)
        print(msgspec.json.encode(told).decode(), flush=True)
        await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
