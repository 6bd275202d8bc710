"""The benchmark of the gateway runs: its servers answer alike and can be measured. No figure is asserted."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from graphql import parse, validate

from bench import gateway_load, gateway_micro, growth
from bench.gateway import HEAD, compared, rows
from bench.gateway_load import Load, load_of
from bench.gateway_operations import POSTS, WIDE, objects, squeezed
from bench.gateway_servers import ROOT
from bench.gateway_upstream import Answering, Key, blog, listen, response
from bench.peer_project import make_project, make_tokens
from bench.scripted import LANES
from graph.project.project import load_project
from graph.settings.settings import read_settings


def test_every_server_is_measured_beside_the_fast_lane(monkeypatch: pytest.MonkeyPatch):
    """One tiny round: three servers answer alike, go upstream once for each request, and make rows of the table."""
    monkeypatch.setattr(gateway_load, "WRK", None)
    found = compared("posts", POSTS[:1], rounds=1, seconds=0.1)
    assert [(one.operation, one.variant, one.calls) for one in found] == [
        ("posts, title", "fast", 1.0),
        ("posts, title", "reference", 1.0),
        ("posts, title", "strawberry", 1.0),
    ]
    cells = [row.count("|") for row in rows(found)]
    assert cells == [HEAD.splitlines()[0].count("|")] * 3
    assert all(math.isfinite(one.peak) and one.cpu > 0 < one.rate for each in found for one in each.rounds)


async def test_the_micro_figure_is_of_each_lane():
    """Executing alone is measured for what has an upstream on the fast lane itself, and for both others."""
    found = await gateway_micro.measured(POSTS[1:2], 1)
    assert {name: list(lanes) for name, lanes in found.items()} == {POSTS[1].name: list(LANES)}
    assert len(gateway_micro.table(found)) == 2 + len(LANES)


async def test_growth_is_told_by_lane_body_and_size():
    """Good bodies and one with a wrong value are measured for each lane, and the verdict stands beneath."""
    found = await growth.measured((20,), 1)
    assert list(found) == [(lane, good, 20) for good in (True, False) for lane in LANES]
    assert growth.table(found)[-1].startswith("The fast lane held the loop for ")


async def test_the_upstream_answers_what_it_knows_and_counts():
    """Whatever is asked for in the query, a path has one answer; what nobody knows is 404; calls are counted."""
    async with AsyncExitStack() as stack, aiohttp.ClientSession() as session:
        told = await blog(stack)
        asked = []
        for path in ("/users?id=1,2", "/posts/7", "/nothing"):
            async with session.get(told.environ["BLOG_URL"] + path) as answer:
                asked.append((answer.status, len(await answer.json()) if answer.status == 200 else None))
        assert asked == [(200, 10), (200, 4), (404, None)]
        async with session.get(told.calls) as answer:
            assert await answer.json(content_type=None) == {"blog": 3}


async def test_an_upstream_that_asks_is_asked_once_for_the_same():
    """What a service once said is said again, without asking it; another body is another question."""
    asked: list[Key] = []

    async def ask(key: Key, _: object) -> bytes:
        asked.append(key)
        return response(200, b"heard", {})

    async with AsyncExitStack() as stack, aiohttp.ClientSession() as session:
        url = await listen(partial(Answering, "one", {}, Counter(), ask), stack)
        for body in (b"a", b"a", b"b"):
            async with session.post(f"{url}/x?y=1", data=body) as answer:
                assert await answer.read() == b"heard"
    assert asked == [(b"POST", b"/x?y=1", b"a"), (b"POST", b"/x?y=1", b"b")]


def test_what_wrk_says_is_read():
    """Requests and seconds are taken from wrk's lines; answers that are not 200 are no result."""
    assert load_of("  1530 requests in 1.50m, 3.2MB read\n") == Load(1530, 90.0)
    with pytest.raises(RuntimeError, match="not everything"):
        load_of("  1530 requests in 1.50s, 3.2MB read\n  Non-2xx or 3xx responses: 4\n")


def test_the_wide_operation_is_valid():
    """It asks for nothing that the bundled project does not have."""
    schema = load_project(ROOT / "examples" / "parfinanciero", {}).schema
    assert validate(schema._schema, parse(squeezed(WIDE.text))) == []
    assert objects({"a": [{"b": {}}, {}], "c": 1}) == 4


def test_the_peers_project_checks_tokens_of_its_own(tmp_path: Path):
    """The variant for the peers' benchmark has an identity, and as many tokens as were asked for."""
    make_tokens(tmp_path, 2)
    settings = read_settings(make_project(tmp_path, 9999), {})
    assert settings.identity is not None
    assert settings.identity.jwks == "http://127.0.0.1:9999/jwks.json"
    assert len((tmp_path / "tokens.txt").read_text(encoding="ascii").split()) == 2


def test_a_server_that_does_not_come_up_is_an_error(monkeypatch: pytest.MonkeyPatch):
    """What it wrote is said, and nothing is measured."""
    monkeypatch.setattr("bench.gateway_servers.command_of", lambda *_: ("sh", "-c", "echo no such thing >&2"))
    with pytest.raises(RuntimeError, match="fast did not start:\nno such thing"):
        compared("posts", POSTS[:1], rounds=1, seconds=0.1)
