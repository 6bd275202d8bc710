"""What the three stories of the bundled project cost their callers, and what of it is the gateway's: `make load`.

    python bench/load.py [--seconds 60] [--rate 20] [--workers 1]

The services run as processes of their own, `stolon serve` over them, on loopback. Callers of two tenants, each with a
token of its own, tell a dashboard, a checkout and a month's review (`load_stories.py`), so many a second, whether or
not the ones before have ended (`load_drive.py`). Latency is what the caller waited; overhead is what of a request
no call to a service was under way (`load_spans.py`), with spans of all requests switched on.

It ends with code 1 where anything was answered with an error, or where of any story the overhead's 95th percentile
is not under the target; with 2 where it could not be measured.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import aiohttp

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.load_drive import Drive, Told, quantile, turns  # noqa: E402  # after the path
from bench.load_gateway import gateway, tokens  # noqa: E402
from bench.load_spans import Traces, collector  # noqa: E402
from bench.load_stories import CALLERS, stories  # noqa: E402
from examples.parfinanciero.launch import launch  # noqa: E402

TARGET: Final = 100.0
"""Milliseconds: the overhead's 95th percentile is under it."""
FEWEST_WHOLE: Final = 0.9
"""The share of answered requests whose spans must be there, or nothing is said of the overhead."""
SIGN_IN: Final = '{me{name spending(fromMonth: "2026-10", toMonth: "2026-10"){total} projection{id}}}'
HEAD: Final = (
    "| story | told | errors | latency p50 | p95 | p99 | overhead p50 | p95 | p99 |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A story's turns, and the gateway's own milliseconds of those whose spans are there."""

    name: str
    told: Told
    overheads: list[float]

    @property
    def measured(self) -> bool:
        """Whether enough is known of the gateway's own time to speak of it."""
        answered = len(self.told.traces)
        return answered > 0 and len(self.overheads) >= FEWEST_WHOLE * answered

    @property
    def slow(self) -> bool:
        """Whether the gateway itself took too long."""
        return quantile(self.overheads, 0.95) >= TARGET


async def loaded(seconds: float, rate: float, workers: int) -> list[Outcome]:
    """Put the load on a gateway of its own. Raises RuntimeError where it cannot begin."""
    with TemporaryDirectory(prefix="load-") as name:
        folder = Path(name)
        async with (
            launch(folder) as launched,
            collector() as (otlp, traces),
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        ):
            async with gateway(launched, otlp, folder, workers) as url:
                drive = Drive(url, await tokens(launched, session), session)
                wrong = await drive.signed_in(SIGN_IN)
                if wrong:
                    raise RuntimeError(f"the callers could not sign in: {wrong[0]}")
                told = await drive.drive(turns(stories(rate), seconds))
            return outcomes(told, traces)


def outcomes(told: Mapping[str, Told], traces: Traces) -> list[Outcome]:
    """What came of each story."""
    return [Outcome(name, one, traces.overheads(one.traces)) for name, one in told.items()]


def rows(found: Iterable[Outcome]) -> Iterator[str]:
    """The table, and beneath it what went wrong."""
    found = list(found)
    yield HEAD
    for one in found:
        figures = [
            f"{quantile(values, share):.1f}"
            for values in (one.told.milliseconds, one.overheads)
            for share in (0.5, 0.95, 0.99)
        ]
        cells = [one.name, str(one.told.turns), str(one.told.errors.total()), *figures]
        yield f"| {' | '.join(cells)} |"
    for one in found:
        for error, count in one.told.errors.most_common():
            yield f"error in {one.name}: {error} x {count}"


def verdict(found: Iterable[Outcome]) -> tuple[int, str]:
    """The exit code, and why."""
    found = list(found)
    errors = sum(one.told.errors.total() for one in found)
    every = [value for one in found for value in one.overheads]
    p95 = f"internal overhead p95 {quantile(every, 0.95):.1f} ms (target: under {TARGET:.0f} ms)"
    if errors:
        return 1, f"{errors} errors; {p95}"
    unknown = [one.name for one in found if not one.measured]
    if unknown or not found:
        return 2, f"spans are missing, so that the overhead is not known: {', '.join(unknown)}"
    slow = [one.name for one in found if one.slow]
    return (1, f"too slow: {', '.join(slow)}; {p95}") if slow else (0, p95)


def main() -> int:
    """Put on the load, and tell what came of it."""
    parser = argparse.ArgumentParser(description="The stories of the bundled project under load.")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (%(default)s)")
    parser.add_argument("--rate", type=float, default=20.0, help="stories a second (%(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="processes of the gateway (%(default)s)")
    given = parser.parse_args()
    if given.seconds < 1 or given.rate < 1 or given.workers < 1:
        parser.error("--seconds, --rate and --workers are at least 1")
    tenants = sorted({one.tenant for one in CALLERS})
    print(
        f"{given.rate:g} stories a second for {given.seconds:g} s, {len(CALLERS)} callers of "
        f"{len(tenants)} tenants ({', '.join(tenants)}); milliseconds:",
        flush=True,
    )
    try:
        found = asyncio.run(loaded(given.seconds, given.rate, given.workers))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(rows(found)))
    code, why = verdict(found)
    print(why)
    return code


if __name__ == "__main__":
    sys.exit(main())
