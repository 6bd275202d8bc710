"""The load of the benchmark: wrk (`apt-get install -y wrk`) for requests a second, a client of its own for CPU time.

wrk goes away while requests run, which slow servers have spent time on and nobody counts; the client of its own waits
for every answer. It needs about as much CPU time as a fast server, so that where wrk is not installed, requests per
second are at most those that it can ask for.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

import msgspec

from bench.front_door import Client

SCRIPT: Final = Path(__file__).with_name("gateway.lua")
WRK: Final = shutil.which("wrk")
NO_WRK: Final = (
    "wrk is not installed: requests per second are at most what the bench's own client can ask for"
)
_DONE: Final = re.compile(r"(\d+) requests in ([\d.]+)(ms|s|m)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Load:
    """How much was asked: answered requests, and the seconds that they took."""

    requests: int
    seconds: float


def body_of(text: str) -> bytes:
    """The body of a request for this document."""
    return msgspec.json.encode({"query": text})


def request(body: bytes, token: str) -> bytes:
    """The bytes of one request, as wrk sends them."""
    lines = [
        "POST /graphql HTTP/1.1",
        "host: 127.0.0.1",
        "content-type: application/json",
        "accept: application/json",
        f"content-length: {len(body)}",
        f"authorization: Bearer {token}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def rushed(port: int, body: bytes, tokens: Sequence[str], seconds: float, connections: int) -> Load | None:
    """Ask a server with wrk for so many seconds; None where it is not installed. Raises RuntimeError where not
    everything was answered with 200.
    """
    if WRK is None:
        return None
    with NamedTemporaryFile("w", suffix=".tokens") as file:
        file.write("\n".join(tokens) + "\n")
        file.flush()
        return _wrk(WRK, port, body, file.name, seconds, connections)


def _wrk(program: str, port: int, body: bytes, tokens: str, seconds: float, connections: int) -> Load:
    options = [
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "20s",
        "-s",
        str(SCRIPT),
    ]
    told = subprocess.run(  # noqa: S603 - a load generator
        [program, *options, f"http://127.0.0.1:{port}/graphql"],
        env={**os.environ, "BENCH_BODY": body.decode(), "BENCH_TOKENS": tokens},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return load_of(told)


def load_of(told: str) -> Load:
    """What wrk says that it did. Raises RuntimeError where not everything was answered with 200."""
    done = _DONE.search(told)
    if done is None or "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(f"not everything was answered with 200:\n{told}")
    return Load(int(done[1]), float(done[2]) * _SECONDS[done[3]])


async def asked(port: int, body: bytes, tokens: Sequence[str], seconds: float, connections: int) -> Load:
    """Ask a server for so many seconds, and wait for all answers. Raises what went wrong where one is not 200."""
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    made = 0

    def requests() -> Iterator[bytes]:
        nonlocal made
        for token in itertools.cycle(tokens):
            if time.perf_counter() - begun >= seconds:
                return
            made += 1
            yield request(body, token)

    ends: list[asyncio.Future[None]] = [loop.create_future() for _ in range(connections)]
    shared = requests()
    for end in ends:
        await loop.create_connection(partial(Client, shared, end), "127.0.0.1", port)
    await asyncio.gather(*ends)
    return Load(made, time.perf_counter() - begun)


def told_of_wrk() -> None:
    """Say clearly that there is no wrk, where there is none."""
    if WRK is None:
        print(NO_WRK, file=sys.stderr)
