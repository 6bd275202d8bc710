"""What a whole request costs: the fast lane, the reference lane, and plain Strawberry, side by side.

    python bench/gateway.py [--rounds 5] [--seconds 3] [--only posts,parfinanciero,micro,growth]

For each operation of `bench/gateway_operations.py`: CPU time of the server's process (user and system) for each
answered request, requests a second on one core (wrk), calls to the upstream for each request, and peak memory
(VmHWM, of the stretch). 48 keep-alive connections ask, eight for the wide operation. Every request carries a bearer
token that the next ones do not, which is passed on, and really goes upstream. The servers run all the time and take
turns, in rounds, so that a machine that slows down slows them all; what is told are medians of the rounds, and of
each round's ratio to the fast lane. Answers are compared before anything is measured.

After that, executing alone (`bench/gateway_micro.py`), and growth (`bench/growth.py`). How Stolon stands beside other
gateways is measured with another program: `bench/peers.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import platform
import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import aiohttp
import msgspec
import uvloop

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import gateway_micro, growth  # noqa: E402  # after the path
from bench.gateway_load import body_of, told_of_wrk  # noqa: E402
from bench.gateway_operations import POSTS, WIDE, Operation, objects, squeezed  # noqa: E402
from bench.gateway_servers import Measured, Server, on, upstream  # noqa: E402
from bench.gateway_upstream import Told  # noqa: E402

VARIANTS: Final = ("fast", "reference", "strawberry")
OPERATIONS: Final = {"posts": POSTS, "parfinanciero": (WIDE,)}
EXACT: Final = 12  # requests, one after the other, that calls are counted over
HEAD: Final = (
    "| operation | served by | CPU, ms | least | times fast | req/s | times fast | calls upstream | peak, MiB |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


@dataclass(frozen=True, slots=True)
class Result:
    """What was found of one operation on one server: each round, and calls upstream for each request."""

    operation: str
    variant: str
    rounds: Sequence[Measured]
    calls: float

    def row(self, fast: Result) -> str:
        """The line of the table, beside what the fast lane did in the same rounds."""
        pairs = list(zip(self.rounds, fast.rounds, strict=True))
        cells = (
            self.operation,
            self.variant,
            f"{statistics.median(one.cpu for one in self.rounds):.3f}",
            f"{min(one.cpu for one in self.rounds):.3f}",
            f"{statistics.median(one.cpu / other.cpu for one, other in pairs):.2f}",
            f"{statistics.median(one.rate for one in self.rounds):,.0f}",
            f"{statistics.median(one.rate / other.rate for one, other in pairs):.3f}",
            f"{self.calls:g}",
            f"{max(one.peak for one in self.rounds):.0f}",
        )
        return f"| {' | '.join(cells)} |"


async def calls_of(session: aiohttp.ClientSession, told: Told) -> dict[str, int]:
    """How many calls each service has got."""
    async with session.get(told.calls) as answer:
        return msgspec.json.decode(await answer.read(), type=dict[str, int])


async def agreed(servers: Sequence[Server], body: bytes, told: Told) -> dict[str, float]:
    """By variant, the calls upstream for one request. Raises RuntimeError where answers have errors or differ."""
    found: dict[str, float] = {}
    wanted: object = None
    async with aiohttp.ClientSession() as session:
        for server in servers:
            for number in range(2):
                answer = msgspec.json.decode(await server.answer(session, body, number))
                wanted = wanted or answer.get("data")
                if answer.get("errors") or answer["data"] != wanted:
                    raise RuntimeError(f"{server.variant} answers otherwise: {str(answer)[:2000]}")
            before = await calls_of(session, told)
            for number in range(EXACT):
                await server.answer(session, body, number)
            after = await calls_of(session, told)
            found[server.variant] = (sum(after.values()) - sum(before.values())) / EXACT
        services = ", ".join(f"{name} {count}" for name, count in (await calls_of(session, told)).items())
    print(f"{objects(wanted) - 1} objects an answer; calls until now: {services or 'none'}", file=sys.stderr)
    return found


def compared(kind: str, operations: Sequence[Operation], rounds: int, seconds: float) -> list[Result]:
    """All that is measured of the operations of one project."""
    found: list[Result] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        told = upstream(kind, folder, stack)
        servers = [Server(variant, kind, told, folder, stack) for variant in VARIANTS]
        bodies = {one.name: body_of(squeezed(one.text)) for one in operations}
        # Before any load: what a load left behind in a slow server would still call.
        counted = {name: asyncio.run(agreed(servers, body, told)) for name, body in bodies.items()}
        for operation in operations:
            body, calls = bodies[operation.name], counted[operation.name]
            measured: dict[str, list[Measured]] = {variant: [] for variant in VARIANTS}
            for server in servers:  # warm: connections, plans, what tokens say
                server.measured(body, min(seconds, 2.0), operation.connections)
            for _ in range(rounds):
                for server in servers:
                    measured[server.variant].append(server.measured(body, seconds, operation.connections))
            found += [Result(operation.name, one, measured[one], calls[one]) for one in VARIANTS]
    return found


def rows(results: Sequence[Result]) -> list[str]:
    """The lines of the table, the fast lane first for each operation."""
    fast = {one.operation: one for one in results if one.variant == VARIANTS[0]}
    return [one.row(fast[one.operation]) for one in results]


def machine() -> str:
    """On what this was measured, as far as a program knows."""
    versions = (
        f"Python {platform.python_version()}, aiohttp {aiohttp.__version__}, uvloop {version('uvloop')}"
    )
    return f"{versions}, msgspec {msgspec.__version__}, {platform.system()} {platform.machine()}"


def main() -> None:
    """Measure what is asked for, and print tables in Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--only", default="posts,parfinanciero,micro,growth")
    given = parser.parse_args()
    only = given.only.split(",")
    told_of_wrk()
    logging.getLogger().addHandler(logging.NullHandler())  # what a service broke is no news here
    print(f"{machine()}; {given.rounds} rounds of {given.seconds:g} s")
    if any(kind in only for kind in OPERATIONS):
        on(1, 0)
        print(f"\n{HEAD}")
    for kind, operations in OPERATIONS.items():
        if kind in only:
            found = compared(kind, operations, given.rounds, given.seconds)
            print(*rows(found), sep="\n", flush=True)
    if "micro" in only:
        print("", *gateway_micro.table(uvloop.run(gateway_micro.measured(POSTS, given.rounds))), sep="\n")
    if "growth" in only:
        print("", *growth.table(uvloop.run(growth.measured(growth.SIZES, given.rounds))), sep="\n")


if __name__ == "__main__":
    main()
