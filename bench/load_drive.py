"""The load: each story begins when its time has come, whether or not the ones before have ended, so that a slow
answer hides no other. A latency counts from when the story should have begun.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from bench.load_stories import CALLERS, Caller, Story

MOST_AT_ONCE: Final = 500
SECONDS_PATIENT: Final = 30
SEED: Final = 20261121


@dataclass(slots=True)
class Told:
    """What came of a story's turns: milliseconds and trace ids of those that were answered, errors by what they were,
    and turns by tenant.
    """

    milliseconds: list[float] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    tenants: Counter[str] = field(default_factory=Counter)

    @property
    def turns(self) -> int:
        """How often the story was told."""
        return self.tenants.total()


@dataclass(frozen=True, slots=True)
class Turn:
    """One telling of a story. `at` is seconds from the beginning of the load."""

    at: float
    story: Story
    number: int
    caller: Caller


def turns(stories: Sequence[Story], seconds: float, seed: int = SEED) -> list[Turn]:
    """All turns of a load by their time: as many as the rates say, each somewhere in its own interval."""
    draw = random.Random(seed)  # noqa: S311 - repeatable on purpose
    found: list[Turn] = []
    for story in stories:
        for number in range(round(story.rate * seconds)):
            at = (number + draw.random()) / story.rate
            found.append(Turn(min(at, seconds), story, number, draw.choice(CALLERS)))
    return sorted(found, key=lambda one: one.at)


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of all are not above; not a number where there are none."""
    found = sorted(values)
    return found[max(0, -(-int(share * 1000) * len(found) // 1000) - 1)] if found else float("nan")


def trace_ids(seed: int = SEED) -> Iterator[str]:
    """Ids of traces (W3C Trace Context, section 3.2.2.3), none twice."""
    draw = random.Random(seed)  # noqa: S311 - repeatable on purpose
    while True:
        yield f"{draw.getrandbits(128) or 1:032x}"


class Drive:
    """Tells stories to a gateway. `tokens` are the callers' own."""

    def __init__(self, url: str, tokens: dict[Caller, str], session: aiohttp.ClientSession) -> None:
        self._url = url
        self._tokens = tokens
        self._session = session
        self._ids = trace_ids()

    async def drive(self, planned: Sequence[Turn]) -> dict[str, Told]:
        """Tell all of it, each at its time, and wait for all answers."""
        told = {name: Told() for name in sorted({one.story.name for one in planned})}
        begun = time.perf_counter()
        running: set[asyncio.Task[None]] = set()
        for turn in planned:
            await asyncio.sleep(max(0.0, begun + turn.at - time.perf_counter()))
            into = told[turn.story.name]
            into.tenants[turn.caller.tenant] += 1
            if len(running) >= MOST_AT_ONCE:
                into.errors["too many at once"] += 1
                continue
            task = asyncio.create_task(self._tell(turn, begun + turn.at, into))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)
        return told

    async def signed_in(self, document: str) -> list[Any]:
        """Ask once for each caller, so that what is got once for each token is there; the answers' errors."""
        answers = [await self._asked(document, {}, one, next(self._ids)) for one in CALLERS]
        return [error for one in answers for error in one.get("errors", [])]

    async def _tell(self, turn: Turn, due: float, into: Told) -> None:
        trace = next(self._ids)
        try:
            answer = await self._asked(turn.story.document, turn.story.told(turn.number), turn.caller, trace)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            into.errors[type(error).__name__] += 1
            return
        into.milliseconds.append((time.perf_counter() - due) * 1e3)
        into.traces.append(trace)
        codes = [str(one.get("extensions", {}).get("code")) for one in answer.get("errors", [])]
        wrong = None if codes else turn.story.wrong(answer.get("data"))
        into.errors.update(codes[:1] or ([] if wrong is None else [wrong]))

    async def _asked(self, document: str, variables: dict[str, Any], caller: Caller, trace: str) -> Any:
        headers = {
            "authorization": f"Bearer {self._tokens[caller]}",
            "x-tenant-id": caller.tenant,
            "traceparent": f"00-{trace}-{trace[:15]}1-01",
        }
        body = {"query": document, "variables": variables}
        timeout = aiohttp.ClientTimeout(total=SECONDS_PATIENT)
        async with self._session.post(self._url, json=body, headers=headers, timeout=timeout) as response:
            answer: Any = await response.json(content_type=None)
        if not isinstance(answer, dict):
            raise ValueError("no answer in GraphQL's form")  # noqa: TRY004 - it came from outside
        return answer
