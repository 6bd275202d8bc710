"""What the front door costs per request, in CPU, over aiohttp's own bare handler.

    python bench/front_door.py [--requests 4000] [--rounds 5] [--only NAME,...]

Every variant is a server in a process of its own; this process is the load (keep-alive connections, one
request at a time on each), so that only the server's CPU is counted: its own clock of CPU time before and
after, over the requests between. Rounds of all variants follow each other, so that a machine that slows down
slows them all; the quietest round of each counts, since noise only ever adds, and the median stands beside it.
Every variant gets the same bytes, a token among them, but for `cold`.

| variant | what answers |
| --- | --- |
| `bare` | an aiohttp handler that reads the body and answers constant bytes |
| `door` | the endpoint: protocol, checks, request id, trace; a constant executor; nobody signs in |
| `log`, `metrics`, `token` | `door` with one of them on; the token is warm |
| `all` | `door` with all three on: the figure that the target is about |
| `cold` | `all`, with a token that was never seen before in every request (RS256) |
| `spans` | `all`, with OpenTelemetry spans, exported to nobody |
| `graph` | `all`, with graphql-core executing `{ constant }` over a Strawberry schema |
| `project` | a project served as `stolon serve` does, whose own executor executes `{ constant }` |

Three sums are told apart beneath: the door alone (`door` over `bare`), what is switched on (`all` over `door`; a
cold token over a warm one), and executing the constant field (`project` and `graph` over `all`).
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BODY = json.dumps({"query": "query Constant { constant }", "operationName": "Constant"}).encode()
VARIANTS = ("bare", "door", "log", "metrics", "token", "all", "cold", "spans", "graph", "project")
SUMS = (
    ("the door: protocol, checks, request id, trace", "door", "bare"),
    ("switched on: a log line, figures, a warm token", "all", "door"),
    ("a cold token in place of a warm one", "cold", "all"),
    ("spans", "spans", "all"),
    ("executing `{ constant }`: a project's own executor", "project", "all"),
    ("executing `{ constant }`: Strawberry and graphql-core alone", "graph", "all"),
)
CONNECTIONS = 8
TARGET = 15.0


class Client(asyncio.Protocol):
    """One keep-alive connection: sends the next request as soon as the last answer is whole."""

    def __init__(self, requests: Iterator[bytes], done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._done = done
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment] # it is one: a TCP connection
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        if not head.startswith(b"HTTP/1.1 200 "):
            self._fail(RuntimeError(f"not answered with 200: {self._buffer[:500]!r}"))
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
        if len(body) >= length:
            self._buffer = b""
            self._next()

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(error or ConnectionError("the server closed the connection"))

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is not None:
            self._transport.write(request)
            return
        if not self._done.done():
            self._done.set_result(None)
        self._transport.close()

    def _fail(self, error: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(error)


async def load(port: int, requests: Iterator[bytes]) -> None:
    """Send all the requests over a few connections, and wait for every answer."""
    loop = asyncio.get_running_loop()
    ends: list[asyncio.Future[None]] = [loop.create_future() for _ in range(CONNECTIONS)]
    for end in ends:
        await loop.create_connection(partial(Client, requests, end), "127.0.0.1", port)
    await asyncio.gather(*ends)


def request(token: str) -> bytes:
    """The bytes of one request, with the headers that browsers and clients send."""
    lines = [
        "POST /graphql HTTP/1.1",
        "host: 127.0.0.1",
        "accept: application/graphql-response+json, application/json;q=0.9",
        "accept-encoding: gzip, deflate",
        "accept-language: en",
        "user-agent: bench",
        "content-type: application/json",
        f"content-length: {len(BODY)}",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        f"authorization: Bearer {token}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + BODY


def cpu_seconds(pid: int) -> float:
    """The CPU time of another process, all its threads (Linux: clock_getcpuclockid)."""
    return time.clock_gettime((~pid << 3) | 2)


class Server:
    """A variant, served by `bench/front_door_server.py` in a process of its own."""

    def __init__(self, variant: str, tokens: int) -> None:
        self.variant = variant
        # Log lines go through a pipe that somebody empties, as they do in a container.
        self._reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # noqa: S607
        self._process = subprocess.Popen(  # noqa: S603 - this very bench
            [sys.executable, str(ROOT / "bench" / "front_door_server.py"), variant, str(tokens)],
            stdout=subprocess.PIPE,
            stderr=self._reader.stdin,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{variant} did not start: run bench/front_door_server.py {variant} {tokens}")
        told = json.loads(line)
        self._port: int = told["port"]
        self._tokens: Iterator[str] | None = iter(told["tokens"]) if variant == "cold" else None
        self._one = request(told["tokens"][0])

    def measured(self, requests: int) -> float:
        """CPU microseconds for one of so many requests."""
        made: Iterator[bytes]
        if self._tokens is not None:
            made = map(request, list(itertools.islice(self._tokens, requests)))
        else:
            made = itertools.repeat(self._one, requests)
        before = cpu_seconds(self._process.pid)
        asyncio.run(load(self._port, made))
        return (cpu_seconds(self._process.pid) - before) / requests * 1e6

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait(20)
        self._reader.kill()
        self._reader.wait(20)


def main() -> None:
    """Measure, and print the table in Markdown."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--requests", type=int, default=1500)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--only", default=",".join(VARIANTS))
    given = arguments.parse_args()
    few = max(given.requests // 10, 100)  # new tokens are dear to make, and dear to check
    servers = [Server(name, few * (given.rounds + 1)) for name in given.only.split(",")]
    found: dict[str, list[float]] = {server.variant: [] for server in servers}
    try:
        for server in servers:
            server.measured(few)
        for _ in range(given.rounds):
            for server in servers:
                found[server.variant].append(
                    server.measured(few if server.variant == "cold" else given.requests)
                )
    finally:
        for server in servers:
            server.stop()
    least = {name: min(times) for name, times in found.items()}
    bare = least.get("bare")
    print("| variant | µs a request | over bare, µs | times bare | median, µs |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, time_ in least.items():
        over = "" if bare is None else f"{time_ - bare:.1f}"
        times = "" if bare is None else f"{time_ / bare:.2f}"
        print(f"| {name} | {time_:.1f} | {over} | {times} | {statistics.median(found[name]):.1f} |")
    told = [(name, one, other) for name, one, other in SUMS if one in least and other in least]
    if told:
        print("\n| part | µs | median of the rounds, µs |\n| --- | ---: | ---: |")
    for name, one, other in told:
        between = statistics.median(a - b for a, b in zip(found[one], found[other], strict=True))
        print(f"| {name} | {least[one] - least[other]:.1f} | {between:.1f} |")
    if bare is not None and "all" in least:
        beyond = least["all"] - bare
        verdict = "kept" if beyond <= TARGET else "missed"
        print(f"\nall over bare: {beyond:.1f} µs; the target is {TARGET:g} µs: {verdict}")


if __name__ == "__main__":
    main()
