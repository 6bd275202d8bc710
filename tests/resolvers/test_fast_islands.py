"""Islands: what has no program runs on the checked lane within a run of the program, at its own places, once."""

from __future__ import annotations

import asyncio
from operator import itemgetter
from typing import Any

import pytest

from adapters.contract.contract import Kind
from graph.declaring.schema import Schema
from resolvers.fast import islands
from resolvers.fast.islands import Island
from resolvers.fast.program import FastStep, Program, compiled
from resolvers.fast.uncompiled import NotCompiled, Troubled, Unhurried
from resolvers.loading import keys
from stolon.testing import Request, Response, Services, answer
from tests.resolvers.blog import BLOG, MODULE, asking, blog, fast, same
from tests.resolvers.graphs import Gate, project, turns
from tests.resolvers.planned import planned


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """Posts, whose authors say hello."""
    return project(tmp_path_factory.mktemp("blog"), MODULE, blog=BLOG)


def program(schema: Schema, query: str) -> Program:
    """The program of an operation. Raises `NotCompiled`."""
    return compiled(planned(schema, query, {}))


# --- what is an island


def test_an_island_is_the_step_that_yields_what_has_no_program(schema):
    """What stands above it and beside it is compiled; what stands below belongs to it."""
    made = program(schema, "{ posts { title author { hello boss { name } } day { first writer { name } } } }")
    kinds = [type(one).__name__ for one in made.steps]
    # posts, author, hello, boss, day, writer
    assert kinds == ["FastStep", "Island", "NoneType", "NoneType", "FastStep", "FastStep"]
    assert made.has_islands


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("{ plain { word } }", Unhurried.RESOLVER),
        ('{ user(id: "u1") { hello } }', Unhurried.RESOLVER),
        ('{ user(id: "u1") { hello } plain { word } }', Unhurried.RESOLVER),
    ],
)
def test_a_program_of_nothing_but_islands_is_none(schema, query, reason):
    """The checked lane runs such a plan as it is."""
    with pytest.raises(NotCompiled) as refused:
        program(schema, query)
    assert refused.value.reason is reason


def test_a_batch_that_a_resolver_may_add_to_leaves_when_the_loop_is_quiet(schema):
    """Only where nothing else of the plan can ask for a user does a batch of users wait for nothing."""

    def alone(query: str) -> list[bool]:
        steps = program(schema, query).steps
        return [one.alone for one in steps if isinstance(one, FastStep) and one.field.name == "author"]

    assert alone("{ posts { author { name } } }") == [True]
    assert alone("{ posts { author { name } } plain { word } }") == [False]


# --- running


async def test_a_resolver_runs_for_each_place(schema):
    """Though two posts share an author: each place has its own path, its own value, and what it leads to."""
    query = "{ posts { id author { hello(loud: true) name } } }"
    found = await same(schema, query)
    assert found.data["posts"] == [
        {"id": "p1", "author": {"hello": "User ana!", "name": "ana"}},
        {"id": "p2", "author": {"hello": "User bo!", "name": "bo"}},
        {"id": "p3", "author": {"hello": "User ana!", "name": "ana"}},
        {"id": "p4", "author": None},
    ]
    _, ran = await fast(schema, query)
    assert sorted(ran) == [f"posts.{index}.author.hello" for index in range(3)]


async def test_an_island_below_a_shared_object_runs_for_each_place(schema):
    """A day's writer stands below each post; a boss below each author, who is one and the same."""
    query = "{ posts { day { first writer { hello } } author { boss { name } } again: author { boss { hello } } } }"
    found = await same(schema, query)
    assert found.calls == {"blog.listPosts": 1, "blog.getDay": 4, "blog.listUsers": 1}
    posts = found.data["posts"]
    assert [one["day"]["writer"]["hello"] for one in posts] == ["User bo"] * 4
    assert [one["again"] and one["again"]["boss"]["hello"] for one in posts] == ["User ana"] * 3 + [None]


async def test_objects_of_several_kinds_are_islands(schema):
    """Told apart as on the checked lane, with the steps of each kind; the rest is the program's."""
    query = """{ posts { id title pets { __typename ... on Cat { lives } ... on Dog { barks owner { name } } }
        author { name } } }"""
    found = await same(schema, query)
    assert [one["pets"] for one in found.data["posts"][:2]] == [
        [{"__typename": "Cat", "lives": 9}],
        [{"__typename": "Dog", "barks": True, "owner": {"name": "bo"}}],
    ]


async def test_islands_at_the_root_run_beside_the_program(schema):
    """A Python resolver of the query, and what it returns."""
    found = await same(schema, "{ plain { word user { name } } posts { id } other: plain { word } }")
    assert found.data["plain"] == {"word": "w", "user": {"name": "ana"}}
    assert list(found.data) == ["plain", "posts", "other"]


# --- keys of parents


@pytest.fixture
def canonical(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Values whose texts were asked for."""
    values: list[object] = []

    def noted(kind: Kind, value: object) -> str | None:
        values.append(value)
        return keys.canonical(kind, value)

    monkeypatch.setattr(islands, "canonical", noted)
    return values


def island(*given: str, key: tuple[str, ...]) -> Island:
    """An island whose call is asked with one property as a key; parents are dicts."""
    field: Any = None
    paths = tuple(((one,), itemgetter(one)) for one in given)
    return Island(0, field, "f0", (), paths, ((Kind.INTEGER, key),))


def test_each_distinct_key_is_checked_once(canonical):
    """However many parents have it; null is none to check."""
    island("other", "of", key=("of",)).check([{"of": index % 3 or None} for index in range(1000)])
    assert sorted(canonical, key=repr) == [1, 2]


@pytest.mark.parametrize("odd", [True, "x", 1.0, [1], {"a": 1}])
def test_a_parent_whose_key_is_none_is_trouble(odd):
    """Wherever it stands among good ones; also where Python takes it for the same as a good one."""
    with pytest.raises(Troubled):
        island("of", key=("of",)).check([{"of": 1}, {"of": odd}, {"of": 2}])


def test_a_key_within_what_is_given_is_checked(canonical):
    """The key's path may lead further down than what is given; where there is nothing, there is nothing to check."""
    one = island("of", key=("of", "id"))
    one.check([{"of": {"id": 1}}, {"of": {"id": 1}}, {"of": None}])
    assert canonical == [1]
    with pytest.raises(Troubled):
        one.check([{"of": {"id": "x"}}])
    island("other", key=("of",)).check([{}])


# --- what goes wrong


def bad(*_: object) -> Services:
    """The third post's author is bad."""
    return blog([("p1", "u1"), ("p2", "u2"), ("p3", "u3")])


async def test_an_error_within_an_island_is_told_and_nothing_runs_again(schema):
    """The answer stays on the fast lane, with the errors at their places."""
    found = await same(schema, "{ posts { id author { name hello } } }", bad)
    assert found.told == {(("posts", 2, "author", "hello"), "CONFLICT", "not this one"): 1}
    assert [one["author"] for one in found.data["posts"]] == [
        {"name": "ana", "hello": "User ana"},
        {"name": "bo", "hello": "User bo"},
        {"name": "bad", "hello": None},
    ]


async def test_a_null_within_an_island_takes_as_much_as_it_must(schema):
    """An author without a sure hello is null, and so far nothing is the program's business."""
    found = await same(schema, "{ posts { id author { sureHello } } }", bad)
    assert [one["author"] for one in found.data["posts"]] == [{"sureHello": "ana"}, {"sureHello": "bo"}, None]
    assert {(path, code) for path, code, _ in found.told} == {
        (("posts", 2, "author", "sureHello"), "INTERNAL_SERVER_ERROR")
    }


async def test_an_island_that_insists_takes_what_is_above(schema):
    """The checked lane takes over with what each resolver gave, so that none runs again."""
    query = "{ posts { id sureAuthor { sureHello } } }"
    found = await same(schema, query, bad, "plan: fault")
    assert found.data == {"posts": None}
    _, ran = await fast(schema, query, bad())
    assert sorted(ran) == ["sure ana", "sure bad", "sure bo"]


@pytest.mark.parametrize("operation", ["getDay", "listPets"])
async def test_a_fault_beside_an_island_runs_no_resolver_twice(schema, operation):
    """What the islands yielded, with the errors that it has, is taken over."""

    def services() -> Services:
        return blog([("p1", "u1"), ("p2", "u3")], **{operation: lambda _: answer({"detail": "no"}, 500)})

    query = "{ posts { day { first } pets { __typename } author { name hello } } }"
    lane = "plan: fault" if operation == "getDay" else "fast"
    found = await same(schema, query, services, lane)
    assert ["posts", 1, "author"] in [one["path"][:3] for one in found.errors]
    assert [one["author"]["name"] for one in found.data["posts"]] == ["ana", "bad"]
    _, ran = await fast(schema, query, services())
    assert sorted(ran) == ["posts.0.author.hello", "posts.1.author.hello"]


async def test_a_plan_that_is_no_longer_kept_is_the_same_plan_for_its_request(schema):
    """Where the plan is let go while its request runs, what the islands yielded is taken over all the same."""

    def gone(_: Request) -> Response:
        schema.plans.kept._kept.clear()
        return answer({"detail": "no"}, 500)

    query = "{ posts { day { first } pets { __typename } author { name hello } } }"
    found, ran = await fast(schema, query, blog([("p1", "u1"), ("p2", "u2")], getDay=gone))
    assert found.lanes == ["plan: fault"]
    assert sorted(ran) == ["posts.0.author.hello", "posts.1.author.hello"]


async def test_an_island_that_is_under_way_when_a_branch_fails_is_waited_for(schema):
    """It is neither cancelled nor run again."""
    gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    who = asking("posts.1.author.hello", gate=gate)
    held = Gate(lambda _: answer({"detail": "no"}, 500))
    running = asyncio.ensure_future(
        fast(schema, "{ posts { day { first } author { hello } } }", blog(getDay=held), caller=who)
    )
    await turns()
    assert sorted(who.claims["ran"]) == [f"posts.{index}.author.hello" for index in range(3)]
    held.open()
    await turns()
    assert not running.done()
    gate.set_result(None)
    found, ran = await running
    assert (found.lanes, len(ran), len(found.errors)) == (["plan: fault"], 3, 4)
    assert [one["author"] and one["author"]["hello"] for one in found.data["posts"]] == [
        "User ana",
        "User bo",
        "User ana",
        None,
    ]


@pytest.mark.parametrize("pets", ["pets { __typename }", ""])
@pytest.mark.parametrize("author", ["author { hello }", ""])
async def test_a_key_that_is_none_is_told_where_it_stands(schema, pets, author):
    """Before anything of the island is asked."""
    rows = [{"id": "p1", "title": "t", "author_id": {"no": "key"}}]
    lane = "plan: fault" if pets or author else "fast"
    found = await same(
        schema,
        f"{{ posts {{ id {author} {pets} }} }}",
        lambda: blog(listPosts=lambda _: answer(rows)),
        lane,
    )
    assert {path for path, _, _ in found.told} == {
        ("posts", 0, name.split()[0]) for name in (author, pets) if name
    }


async def test_what_a_resolver_executes_in_turn_takes_nothing_over(schema):
    """A resolver that executes the very same operation gets an answer of its own."""
    query = '{ posts { id author { name } plain: author { hello } } user(id: "u1") { again } }'
    inner = "{ posts { plain: author { hello } } }"
    found, ran = await fast(schema, query, caller=asking(query=inner))
    assert (found.lanes, found.errors) == (["plan", "fast"], [])
    assert sorted(ran) == sorted([f"posts.{index}.plain.hello" for index in range(3)] * 2)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("after", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 200])
async def test_a_cancelled_request_leaves_no_island(schema, after):
    """Cancelled at any turn, while resolvers wait or a branch has failed, it ends with every task of its own."""
    for wrong in (False, True):
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        who = asking(*(f"posts.{index}.author.hello" for index in range(3)), gate=gate)
        more: dict[str, Any] = {"getDay": lambda _: answer({"detail": "no"}, 500)} if wrong else {}
        before = asyncio.all_tasks()
        query = "{ posts { day { first } author { hello } pets { __typename } } }"
        running = asyncio.ensure_future(fast(schema, query, blog(**more), caller=who))
        await turns(after)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert asyncio.all_tasks() == before


@pytest.mark.filterwarnings("error")
async def test_a_cancelled_request_begins_no_more_of_an_island(schema):
    """Cancelled while some of a thousand places were begun, it ends those."""
    before, who = asyncio.all_tasks(), asking()
    posts = [(f"p{number}", f"u{number % 3 + 1}") for number in range(1000)]
    query = "{ posts { author { boss { sureHello hello } } } }"
    running = asyncio.ensure_future(fast(schema, query, blog(posts), caller=who))
    for _ in range(500):
        if who.claims["ran"]:
            break
        await turns(1)
    running.cancel()
    await asyncio.wait({running})
    assert asyncio.all_tasks() == before
    assert 0 < len(who.claims["ran"]) < 1000


async def test_an_island_of_many_objects_gives_the_loop_its_turns(schema):
    """A thousand places are begun in slices, and asked for in one batch all the same."""
    posts = [(f"p{number}", f"u{number % 3 + 1}") for number in range(1000)]
    seen = 0

    async def count() -> None:
        nonlocal seen
        while True:
            seen += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count())
    try:
        found, ran = await fast(schema, "{ posts { author { boss { hello } } } }", blog(posts))
    finally:
        counting.cancel()
    assert (found.lanes, len(ran), seen > 20) == (["fast"], 1000, True)
    assert found.calls == {"blog.listPosts": 1, "blog.listUsers": 1}
    assert [one["author"]["boss"]["hello"] for one in found.data["posts"]] == ["User ana"] * 1000


def test_an_island_knows_what_calls_are_made_from(schema):
    """The properties of the parent, and those that have to be keys."""
    made = program(schema, "{ posts { pets { __typename } author { hello } } }")
    found = {one.field.name: one for one in made.steps if isinstance(one, Island)}
    assert {name: [path for path, _ in one.given] for name, one in found.items()} == {
        "pets": [("author_id",)],
        "author": [("author_id",)],
    }
    assert {name: [path for _, path in one.keys] for name, one in found.items()} == {
        "pets": [("author_id",)],
        "author": [("author_id",)],
    }
