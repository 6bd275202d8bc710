"""Execution alone, without HTTP: a document that is known, executed over bodies that are there, and encoded.

`bench/gateway.py` prints it; `python -m bench.gateway_micro` does nothing else.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Final

import msgspec
import uvloop

from bench.blog_data import bodies, posts
from bench.gateway_operations import POSTS, Operation
from bench.scripted import LANES, Run, runs

STRETCH: Final = 0.1  # seconds of one measured stretch


async def microseconds(run: Run, text: str, times: int) -> float:
    """CPU microseconds for one of so many executions."""
    begun = time.process_time()
    for _ in range(times):
        await run(text)
    return (time.process_time() - begun) / times * 1e6


async def measured(operations: Sequence[Operation], rounds: int) -> dict[str, dict[str, list[float]]]:
    """By operation and lane, the microseconds of each round; lanes take turns. Raises RuntimeError where lanes
    do not answer alike.
    """
    made = runs(bodies(posts()))
    lanes = made.by_lane
    found: dict[str, dict[str, list[float]]] = {}
    for one in operations:
        answers = [msgspec.json.decode(await run(one.text)) for run in lanes.values() for _ in range(3)]
        if any("errors" in answer or answer != answers[0] for answer in answers):
            raise RuntimeError(f"the lanes do not answer alike: {one.text}")
        times = {
            name: max(1, int(STRETCH * 1e6 / await microseconds(run, one.text, 5)))
            for name, run in lanes.items()
        }
        taken = made.taken[one.text]
        name_of = {
            name: f"fast (took {taken})" if (name, taken) == (LANES[0], "plan") else name for name in lanes
        }
        found[one.name] = {name: [] for name in name_of.values()}
        for _ in range(rounds):
            for name, run in lanes.items():
                found[one.name][name_of[name]].append(await microseconds(run, one.text, times[name]))
    return found


def table(found: dict[str, dict[str, list[float]]]) -> list[str]:
    """The lines of the table: least and median of the rounds, and how often the fast lane's median goes into it."""
    lines = ["| execution alone | lane | µs | median | times fast |", "| --- | --- | ---: | ---: | ---: |"]
    for operation, lanes in found.items():
        fast = statistics.median(next(iter(lanes.values())))
        for name, times in lanes.items():
            middle = statistics.median(times)
            lines.append(
                f"| {operation} | {name} | {min(times):,.1f} | {middle:,.1f} | {middle / fast:.2f} |"
            )
    return lines


if __name__ == "__main__":
    print(*table(uvloop.run(measured(POSTS, 7))), sep="\n")
