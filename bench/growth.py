"""How an answer's cost grows with its length, and how long one answer holds the loop, good or bad.

    python -m bench.growth

Posts with their users, 100, 1,000 and 10,000 of them, executed and encoded without HTTP. Another task of the loop
wakes at every turn and notes how long it waited: by the CPU time of this thread, which a busy machine does not
lengthen, and by the clock. The bad body has one title that is no string, in the middle. (Plain Strawberry makes a
string of it and knows no better.)
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import uvloop

from bench.blog_data import bodies, posts
from bench.gateway_operations import POSTS
from bench.scripted import LANES, Run, runs

SIZES: Final = (100, 1_000, 10_000)
TARGET: Final = 10.0  # ms, the longest that one answer may hold the loop
TEXT: Final = POSTS[1].text


@dataclass(frozen=True, slots=True)
class Grown:
    """One execution, in milliseconds: its CPU time, and the longest time between two turns of the loop, by CPU time
    and by the clock.
    """

    cpu: float
    held: float
    held_wall: float


async def watched(run: Run, text: str) -> Grown:
    """One execution, beside a task that wakes at every turn."""
    held = held_wall = 0.0
    over = False

    async def watch() -> None:
        nonlocal held, held_wall
        last, last_wall = time.thread_time(), time.perf_counter()
        while not over:
            await asyncio.sleep(0)
            now, now_wall = time.thread_time(), time.perf_counter()
            held, held_wall = max(held, now - last), max(held_wall, now_wall - last_wall)
            last, last_wall = now, now_wall

    watching = asyncio.ensure_future(watch())
    await asyncio.sleep(0)
    begun = time.process_time()
    await run(text)
    spent = time.process_time() - begun
    await asyncio.sleep(0)  # what was held at the end, encoding, is seen by the watch
    over = True
    await watching
    return Grown(spent * 1e3, held * 1e3, held_wall * 1e3)


def body(count: int, *, good: bool) -> dict[str, bytes]:
    """The blog with so many posts; one that is not good has a wrong title in the middle."""
    rows = posts(count)
    if not good:
        rows[count // 2]["title"] = 7
    return bodies(rows) | {"/posts": msgspec.json.encode(rows)}


async def measured(sizes: Sequence[int], rounds: int) -> dict[tuple[str, bool, int], list[Grown]]:
    """By lane, whether the body is good, and size: each round."""
    found: dict[tuple[str, bool, int], list[Grown]] = {}
    for good in (True, False):
        for count in sizes:
            lanes = runs(body(count, good=good)).by_lane
            for name, run in lanes.items():
                for _ in range(2):
                    await run(TEXT)
                found[name, good, count] = []
            for _ in range(rounds):
                for name, run in lanes.items():
                    found[name, good, count].append(await watched(run, TEXT))
    return found


def table(found: dict[tuple[str, bool, int], list[Grown]]) -> list[str]:
    """The lines of the table: medians of the rounds, and whether the loop was held for longer than it may be."""
    lines = [
        "| posts | body | lane | CPU, ms | µs a post | loop held, ms | by the clock, least |",
        "| ---: | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for (name, good, count), rounds in found.items():
        cpu = statistics.median(one.cpu for one in rounds)
        held = statistics.median(one.held for one in rounds)
        wall = min(one.held_wall for one in rounds)
        kind = "good" if good else "one bad value"
        lines.append(
            f"| {count:,} | {kind} | {name} | {cpu:,.2f} | {cpu * 1e3 / count:.2f} | {held:,.2f} | {wall:,.2f} |"
        )
    worst = max(
        statistics.median(one.held for one in rounds)
        for (name, *_), rounds in found.items()
        if name == LANES[0]
    )
    verdict = "kept" if worst <= TARGET else "missed"
    return [
        *lines,
        "",
        f"The fast lane held the loop for {worst:.1f} ms; the target is {TARGET:g} ms: {verdict}.",
    ]


if __name__ == "__main__":
    logging.getLogger().addHandler(logging.NullHandler())  # what the services broke is no news here
    print(*table(uvloop.run(measured(SIZES, 7))), sep="\n")
