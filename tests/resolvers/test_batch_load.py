"""Batches against a plain dict: whatever the keys, the limits and the order of answers, the same results."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.service import Service
from graph.declaring.schema import Schema
from graph.executing.lanes import Lanes
from resolvers.caller import Caller
from resolvers.loading.load import bounded, split
from resolvers.loading.load_entities import load_entities
from resolvers.reading.row import plain
from resolvers.source import Entity
from stolon.testing import Answer, Request, Response, Services, answer, execute
from tests.resolvers.graphs import PEOPLE, POSTS, SOCIAL, asked, person, post, project, turns


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """People, posts and comments."""
    return project(tmp_path_factory.mktemp("social"), SOCIAL, people=PEOPLE, posts=POSTS)


@given(keys=st.lists(st.integers(), unique=True), most=st.integers(1, 50))
def test_runs_are_whole_even_and_bounded(keys, most):
    """Runs hold every key once in order, none more than the limit, as few as can be."""
    runs = split(keys, most)
    assert [key for run in runs for key in run] == keys
    assert all(1 <= len(run) <= most for run in runs)
    assert len(runs) == -(-len(keys) // most)


class Slow(Services):
    """Services that answer in an order of chance, each after some turns of the loop and no time."""

    def __init__(self, chance: random.Random, **settings: Service) -> None:
        super().__init__(**settings)
        self.chance = chance

    def held(self, service: str, operation: str, handler: Any) -> None:
        """Answer by this handler, some turns later."""

        async def later(request: Request) -> Response:
            for _ in range(self.chance.randrange(40)):
                await asyncio.sleep(0)
            given: Response = handler(request)
            return given

        self.on(service, operation, later)


def run(work: Any) -> Any:
    """Run in a loop of its own, as hypothesis calls plain functions."""
    return asyncio.run(work)


@given(
    keys=st.lists(st.integers(0, 30).map(str), min_size=1, max_size=25, unique=True),
    there=st.sets(st.integers(0, 30).map(str)),
    seed=st.integers(0, 1000),
    limit=st.integers(1, 9),
)
def test_a_batch_equals_a_dict(schema, keys, there, seed, limit):
    """`load_entities` over any keys, limits and orders gives what looking them up in a dict gives."""
    chance = random.Random(seed)  # noqa: S311
    rows = {key: person(key) for key in there}
    services = Slow(
        chance, people=Service("people", "http://localhost", batch_limit=limit, concurrency=limit)
    )

    def many(request: Request) -> Response:
        found = [rows[key] for key in asked(request, "ids") if key in rows]
        chance.shuffle(found)
        return answer([*found, person("nobody asked"), *found[:1]])

    services.held("people", "listPeople", many)
    services.held("people", "getPerson", lambda one: _one(rows, one))
    bound = next(one for one in schema.graph.types.bound if one.__name__ == "Person")
    entity: Entity = schema.graph.entity_of(bound)

    async def load() -> list[Any]:
        context = Lanes(schema, services.upstreams(schema)).context(Caller(), {}, "r")
        settled = await load_entities(context.store, entity, [(key,) for key in keys])
        await context.close()
        return [None if one.unwrap() is None else plain(one.unwrap()[0]) for one in settled]

    assert run(load()) == [rows.get(key) for key in keys]


def _one(rows: dict[str, Any], request: Request) -> Response:
    found = rows.get(request.target.rpartition("/")[2])
    return answer(status=404) if found is None else answer(found)


LETTERS = st.sampled_from("abcdefg")
TREE = st.recursive(
    st.just("id"), lambda inner: st.builds("id boss {{ {} }}".format, inner), max_leaves=4
)  # fmt: skip


@given(
    bosses=st.dictionaries(LETTERS, st.none() | LETTERS),
    rows=st.lists(st.tuples(LETTERS, st.none() | LETTERS), max_size=6),
    trees=st.tuples(TREE, TREE, TREE, TREE),
    seed=st.integers(0, 10_000),
)
def test_any_query_gives_what_a_naive_loader_gives(schema, bosses, rows, trees, seed):
    """Random people, posts, queries and latencies: the data of a loader that asks for each thing alone, and no key
    asked twice.
    """
    people = {key: person(key, boss) for key, boss in bosses.items()}
    posts = [post(str(at), author, reviewer) for at, (author, reviewer) in enumerate(rows)]
    a, b, c, d = trees
    query = f"""{{ posts {{ author {{ {a} }} reviewer {{ {b} }} comments {{ person {{ {c} }} }}
        slowAuthor(turns: 3) {{ id }} }} x: person(id: "a") {{ {d} }} }}"""
    chance = random.Random(seed)  # noqa: S311
    services = Slow(chance)
    services.held("people", "getPerson", lambda one: _one(people, one))
    services.held(
        "people",
        "listPeople",
        lambda one: answer([people[key] for key in asked(one, "ids") if key in people]),
    )
    services.held("posts", "listPosts", lambda _: answer(posts))
    comments = [{"id": str(at), "post_id": str(at % 3), "person_id": key} for at, key in enumerate("abcd")]
    services.held(
        "posts",
        "listComments",
        lambda one: answer([row for row in comments if row["post_id"] in asked(one, "post_ids")]),
    )

    def shown(key: str | None, tree: str) -> Any:
        row = None if key is None else people.get(key)
        if row is None:
            return None
        inside = tree.removeprefix("id").strip()
        nested = (
            {}
            if not inside
            else {"boss": shown(row["boss_id"], inside.removeprefix("boss {").removesuffix("}").strip())}
        )
        return {"id": row["id"], **nested}

    expected = {
        "posts": [
            {
                "author": shown(one["author_id"], a),
                "reviewer": shown(one["reviewer_id"], b),
                "comments": [
                    {"person": shown(row["person_id"], c)} for row in comments if row["post_id"] == one["id"]
                ],
                "slowAuthor": shown(one["author_id"], "id"),
            }
            for one in posts
        ],
        "x": shown("a", d),
    }
    found: Answer = run(execute(schema, query, services))
    assert (found.data, found.errors) == (expected, [])
    keys = [key for one in services.requests if one.operation == "listPeople" for key in asked(one, "ids")]
    keys += [one.target.rpartition("/")[2] for one in services.requests if one.operation == "getPerson"]
    assert len(keys) == len(set(keys))


async def test_works_are_bounded_and_keep_their_order():
    """At most so many works run at once; results stand in the order of the works."""
    running: list[int] = []
    most: list[int] = []

    async def work(number: int) -> int:
        running.append(number)
        most.append(len(running))
        await turns(10 - number)
        running.remove(number)
        return number

    assert await bounded([partial(work, at) for at in range(8)], 3) == list(range(8))
    assert max(most) == 3


async def test_works_end_before_a_defect_is_told():
    """A work that raises leaves no other running behind it."""
    ended: list[int] = []

    async def work(number: int) -> None:
        await turns(number)
        ended.append(number)
        if number == 1:
            raise ValueError("a defect")

    with pytest.raises(ValueError, match="a defect"):
        await bounded([partial(work, at) for at in (1, 5, 9)], 3)
    assert ended == [1, 5, 9]
