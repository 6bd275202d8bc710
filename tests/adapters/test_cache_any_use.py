"""Whatever callers read and change and whatever services say of their answers: nobody is given what is not for them,
what is too old, or what has changed.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.caching.cache import Cache
from adapters.caching.cache_rule import CacheRule, Reuse
from adapters.caching.cache_store import InProcessStore
from adapters.messages import Departure, Identity, Request, Response
from adapters.policies.flight import Flights
from adapters.service import OperationRules, Service
from adapters.stack import stack

CALLERS = ("ada", "ben", "cid")
PLACES = ("/a", "/b")
CONTROLS = (
    "no-store", "no-cache", "private, max-age=5", "public, max-age=5", "max-age=5", "s-maxage=3, max-age=9",
    "max-age=2, must-revalidate, stale-while-revalidate=4, stale-if-error=9",
    "max-age=2, stale-while-revalidate=4", "public, max-age=0, stale-if-error=6",
    "private, max-age=3, stale-if-error=9", "",
)  # fmt: skip


@dataclass(frozen=True)
class Read:
    caller: str
    place: str
    control: str
    confirms: bool
    broken: bool


@dataclass(frozen=True)
class Change:
    place: str


@dataclass(frozen=True)
class Passes:
    seconds: int


STEPS = st.one_of(
    st.builds(
        Read,
        st.sampled_from(CALLERS),
        st.sampled_from(PLACES),
        st.sampled_from(CONTROLS),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(Change, st.sampled_from(PLACES)),
    st.builds(Passes, st.integers(1, 6)),
)


def seconds(control: str, name: str) -> int:
    found = re.search(rf"(?:^|[ ,]){name}=(\d+)", control)
    return int(found[1]) if found else 0


@dataclass
class Answering:
    """Its answers hold whom they were made for, which version of their place they tell, and when they were made."""

    now: float = 1_000_000.0
    versions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PLACES, 0))
    step: Read | None = None
    said: dict[str, tuple[float, str]] = field(default_factory=dict)
    told: set[tuple[str, str]] = field(default_factory=set)

    async def __call__(self, request: Request) -> Response:
        request.departure.mark()
        if not request.safe:
            self.versions[request.target] += 1
            return Response(204, {}, b"")
        step = self.step
        assert step is not None
        if step.broken:
            return Response(503, {}, b"broken")
        caller, asked = request.headers["authorization"], request.headers.get("if-none-match", "")
        current = f'"{request.target} {self.versions[request.target]} '
        same = step.confirms and asked.startswith(current)
        tag = asked if same else f'{current}{caller} {self.now}"'
        self.said[tag] = (self.now, step.control)
        self.told.add((tag, caller))
        if same:
            return Response(304, {"cache-control": step.control}, b"")
        return Response(200, {"cache-control": step.control, "etag": tag}, tag.encode())


def check(service: Answering, step: Read, answer: Response, *, shared: bool, limit: int) -> None:
    """What was given is for its caller, of now, and not older than it may be."""
    if answer.status == 503:
        assert step.broken
        return
    tag = answer.body.decode()
    place, version, *_ = tag.strip('"').split(" ")
    since, control = service.said[tag]
    age = service.now - since
    assert place == step.place
    assert int(version) == service.versions[place]
    if (tag, step.caller) not in service.told:
        assert "private" not in control
        assert shared or "public" in control or "s-maxage" in control
    if age > 0:
        assert "no-store" not in control
        for_all = answer.freshness is not None and not answer.freshness.private
        life = (
            seconds(control, "s-maxage") if for_all and "s-maxage" in control else seconds(control, "max-age")
        )
        if "max-age" not in control and "no-cache" not in control:
            life = limit
        strict = "must-revalidate" in control or "no-cache" in control
        window = max(
            seconds(control, "stale-while-revalidate"), step.broken * seconds(control, "stale-if-error")
        )
        assert age < life + (0 if strict else window)


@given(
    st.lists(STEPS, min_size=8, max_size=40),
    st.booleans(),
    st.sampled_from([0, 4]),
    st.sampled_from(["all", "vary"]),
)
@settings(max_examples=400, deadline=None)
async def test_nobody_is_given_what_is_not_for_them_or_too_old(
    steps: list[Any], shared: bool, fresh: int, headers: Any
):
    """Three callers, two places, every kind of answer, changes, errors, confirmations, and time."""
    service = Answering()
    reuse = Reuse(fresh=float(fresh) if fresh else None, shared=shared)
    made = Service(
        "users", "http://u", credentials="forward", cache=CacheRule(headers=headers),
        operations={"read": OperationRules(reuse=reuse)},
    )  # fmt: skip
    store = InProcessStore(1 << 20, lambda: service.now)
    cache = Cache(made, store, asyncio.get_running_loop().time, lambda: service.now)
    send = stack(cache, Flights(lambda: service.now), transport=service)
    read = Request("users", "read", "GET", "/", safe=True)
    for step in steps:
        if isinstance(step, Passes):
            service.now += step.seconds
        elif isinstance(step, Change):
            change = replace(read, method="PUT", safe=False, target=step.place, departure=Departure())
            await send(change)
        else:
            service.step = step
            asked = replace(
                read, target=step.place, identity=Identity(step.caller), headers={"authorization": step.caller},
                departure=Departure(),
            )  # fmt: skip
            check(service, step, await send(asked), shared=shared, limit=fresh)
            await asyncio.gather(*cache._renewals._tasks.values())
    await cache.close()
