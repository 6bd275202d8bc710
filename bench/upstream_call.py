"""What one upstream call costs in CPU over loopback HTTP: by a bare aiohttp session, by the transport alone, and by a
service's whole stack.

    python bench/upstream_call.py [--calls 2000] [--rounds 9] [--at-once 1,16]

The service is a process of its own, which answers constant bytes; only this process's CPU time is counted, that of
the kernel on its behalf too. Rounds of all variants follow each other, so that a machine that slows down slows them
all. Per variant the least of all rounds counts, since noise only ever adds; the ratio is the median of the rounds'.

| variant | a call is |
| --- | --- |
| `loop` | bytes written to a kept connection and a future awaited: what the loop and the kernel cost, no HTTP |
| `aiohttp` | `session.get(url)` and `await answer.read()`, with a session of aiohttp's own manners |
| `transport` | `adapters/transport/transport.py` |
| `probe` | the transport under a deadline alone: a service's health probe |
| `read`, `change` | a service's whole stack; every read at once is another one, so that none flies with another |
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, TypeAlias

import aiohttp
import uvloop

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from adapters.messages import Identity, Request  # noqa: E402  # after the path
from adapters.service import Service  # noqa: E402
from adapters.stack import open_service  # noqa: E402
from adapters.transport.transport import Transport  # noqa: E402

BODY: Final = b'{"data":[' + b",".join(b'{"id":%d,"name":"user %d"}' % (n, n) for n in range(10)) + b"]}"
ANSWER: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n"
    b"Date: Sat, 21 Nov 2026 05:00:00 GMT\r\nServer: users/1\r\n\r\n%b" % (len(BODY), BODY)
)
CALLER: Final = Identity("caller", token="t0ken")  # noqa: S106  # made up
Call: TypeAlias = Callable[[int], Awaitable[bytes]]
"""One call of the nth worker; gives the answer's body."""


class Answering(asyncio.Protocol):
    """One connection of the service: the constant answer to every request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment] # it is one: a TCP connection
        self._held = b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        head, ended, rest = self._held.partition(b"\r\n\r\n")
        if not ended:
            return
        _, _, length = head.lower().partition(b"content-length:")
        if len(rest) >= int(length.partition(b"\r")[0] or 0):
            self._held = b""
            self._transport.write(ANSWER)


class Speaking(asyncio.Protocol):
    """A client that knows no HTTP: whatever comes after a write is the answer to it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment] # as above
        self._answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self._answer.set_result(data)

    async def ask(self, request: bytes) -> bytes:
        """The next bytes after these."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Hangs up."""
        self._transport.close()


async def serve() -> None:
    """The service: tells its port, and ends when its input does."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


async def variants(port: int, at_once: int, stack: AsyncExitStack) -> dict[str, Call]:
    """Each way to call, over connections of its own."""
    loop = asyncio.get_running_loop()
    url = f"http://127.0.0.1:{port}"
    spoken = b"GET /users/1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    lines = [(await loop.create_connection(Speaking, "127.0.0.1", port))[1] for _ in range(at_once)]
    for line in lines:
        stack.callback(line.close)
    session = await stack.enter_async_context(aiohttp.ClientSession())
    transport = await stack.enter_async_context(Transport(url, connections=64, answer_limit=1_000_000))
    upstream = await stack.enter_async_context(
        open_service(Service("users", url, credentials="forward"), loop.time)
    )
    headers = {"authorization": "Bearer t0ken", "accept": "application/json"}
    bare = Request("users", "getUser", "GET", "/users/1", headers, safe=True)
    reads = [
        Request("users", "getUser", "GET", f"/users/{n}", safe=True, identity=CALLER) for n in range(at_once)
    ]
    change = Request("users", "createUser", "POST", "/users", body=b'{"name":"A"}', identity=CALLER)

    async def by_loop(worker: int) -> bytes:
        return await lines[worker].ask(spoken)

    async def by_aiohttp(worker: int) -> bytes:
        async with session.get(f"{url}/users/{worker}", headers=headers) as answer:
            return await answer.read()

    async def by_transport(worker: int) -> bytes:
        return (await transport(bare)).body

    async def by_probe(worker: int) -> bytes:
        return (await upstream.probe(bare)).body

    async def by_read(worker: int) -> bytes:
        return (await upstream.send(reads[worker])).body

    async def by_change(worker: int) -> bytes:
        return (await upstream.send(change)).body

    return {
        "loop": by_loop,
        "aiohttp": by_aiohttp,
        "transport": by_transport,
        "probe": by_probe,
        "read": by_read,
        "change": by_change,
    }


async def once(call: Call, calls: int, at_once: int) -> float:
    """Microseconds of CPU time for one call, of so many in all, so many at once."""

    async def worker(number: int) -> None:
        for _ in range(calls // at_once):
            await call(number)

    gc.collect()
    started = time.process_time_ns()
    await asyncio.gather(*(worker(number) for number in range(at_once)))
    return (time.process_time_ns() - started) / (calls // at_once * at_once) / 1_000


async def measured(port: int, calls: int, rounds: int, at_once: int) -> dict[str, tuple[float, float]]:
    """Of each variant the least microseconds, and the median of its ratios to aiohttp."""
    async with AsyncExitStack() as stack:
        ways = await variants(port, at_once, stack)
        for name, call in ways.items():
            found = await call(0)
            if name != "loop" and found != BODY:
                raise RuntimeError(f"{name} got another answer")
            await once(call, at_once * 20, at_once)  # connections are made, and code is warm
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, call in ways.items():
                times[name].append(await once(call, calls, at_once))
    ratios = {
        name: statistics.median(one / bare for one, bare in zip(found, times["aiohttp"], strict=True))
        for name, found in times.items()
    }
    return {name: (min(found), ratios[name]) for name, found in times.items()}


async def main(options: argparse.Namespace) -> None:
    """Measure, and print a table."""
    widths = [int(one) for one in options.at_once.split(",")]
    service = subprocess.Popen(  # noqa: ASYNC220, S603 - before anything is measured; this very file
        [sys.executable, __file__, "--serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert service.stdout is not None
        port = int(service.stdout.readline())
        columns = [await measured(port, options.calls, options.rounds, width) for width in widths]
    finally:
        service.communicate()  # its input ends, and so does it
    print("| a call by | " + " | ".join(f"{width} at once, µs | of aiohttp's" for width in widths) + " |")
    print("| --- |" + " ---: |" * 2 * len(widths))
    for name in columns[0]:
        cells = (f"{column[name][0]:.1f} | {column[name][1]:.2f}" for column in columns)
        print(f"| `{name}` | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--at-once", default="1,16")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    uvloop.run(serve() if arguments.serve else main(arguments))
