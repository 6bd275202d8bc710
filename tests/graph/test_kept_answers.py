"""Whole answers that are kept, over real sockets on both sides: what is kept, and for how long."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.graph.answering import ASK, CHANGE, FRESH, answering
from tests.graph.served import Asked, Reply, until

MANY = '{ user(id: "1") { ' + " ".join(f"name{at}: name" for at in range(20)) + " } }"
FOR_CLIENT = "private, max-age=59"


async def test_a_kept_answer_is_no_call_and_nothing_is_executed(tmp_path: Path):
    """From the second request on the same bytes come from the store, over POST and GET, and clients are told how long
    they may use them.
    """
    async with answering(tmp_path) as made:
        found = [await made.post(token="ana"), await made.post(token="ana"), await made.get(token="ana")]
        assert {one.body for one in found} == {b'{"data":{"user":{"name":"ana"}}}'}
        assert [one.control for one in found] == [FOR_CLIENT] * 3
        assert [one.headers["vary"] for one in found] == ["accept, accept-language, authorization"] * 3
        assert [one.headers["age"] for one in found] == ["0"] * 3
        assert made.came() == {"stored": 1, "hit": 2}
        assert made.users.calls == 1
        assert len({one.headers["x-request-id"] for one in found}) == 3


@pytest.mark.parametrize(("lane", "came"), [("fast", {"stored": 1, "hit": 1}), ("plan", {"stored": 1, "hit": 1}),
                                            ("reference", {})])  # fmt: skip
async def test_answers_of_plans_are_kept(tmp_path: Path, lane: str, came: dict[str, int]):
    """Whichever lane a plan runs on, its answer is kept; without plans nobody knows what an answer is made of."""
    async with answering(tmp_path, lane=lane) as made:
        assert await made.names("ana", "ana") == ["ana", "ana"]
        assert made.came() == came
        assert made.users.calls == 1


@pytest.mark.parametrize("control", ["", "no-store", "max-age=0", "no-cache, max-age=60"])
async def test_without_freshness_nothing_is_kept(tmp_path: Path, control: str):
    """What a service does not let be used again is executed each time, and clients are told not to keep it."""
    async with answering(tmp_path) as made:
        made.users.control = {"cache-control": control} if control else {}
        found = [await made.get(token="ana"), await made.get(token="ana")]
        assert [one.control for one in found] == ["no-store"] * 2
        assert not any(name in one.headers for one in found for name in ("etag", "age", "vary"))
        assert made.came() == {}
        assert made.users.calls == 2


async def test_the_shortest_part_decides(tmp_path: Path):
    """An answer of several parts lives as long as the first that is over, and is as old as the oldest."""
    async with answering(tmp_path) as made:
        kept = {"1": {"cache-control": "max-age=600", "age": "100"}, "2": {"cache-control": "max-age=30"}}

        def get(asked: Asked) -> Reply:
            number = asked.path[-1]
            return Reply({"id": number, "name": number, "email": ""}, headers=kept[number])

        for number in kept:
            made.users.service.on(f"GET /users/{number}", get)
        found = await made.post('{ a: user(id: "1") { name } b: user(id: "2") { name } }')
        assert (found.control, found.headers["age"]) == ("private, max-age=129", "100")


async def test_clients_are_told_what_services_say_for_them(tmp_path: Path):
    """What a service lets shared caches keep for longer is shorter-lived at clients, whose caches nobody can reach;
    and what wants to be asked about when it is over says so on its way.
    """
    async with answering(tmp_path) as made:
        made.users.control = {"cache-control": "public, max-age=10, s-maxage=60, must-revalidate"}
        expected = "public, max-age=9, s-maxage=59, must-revalidate"
        assert [(await made.get()).control for _ in range(2)] == [expected] * 2
        assert made.came() == {"stored": 1, "hit": 1}


async def test_one_part_that_may_not_be_kept_is_enough(tmp_path: Path):
    """With a part that is not fresh, or that no service has any part in, the answer is not kept."""
    async with answering(tmp_path) as made:
        made.users.service.on("GET /users/2", Reply({"id": "2", "name": "b", "email": ""}))
        two = '{ a: user(id: "1") { name } b: user(id: "2") { name } }'
        found = [await made.get(query) for query in (two, two, f"{ASK[:-1]} hello }}", "{ __typename }")]
        assert [one.control for one in found] == ["no-store"] * 4
        assert made.came() == {}


async def test_answers_with_errors_are_not_kept(tmp_path: Path):
    """Not while a part of it fails, however fresh the others are; and from when none does."""
    async with answering(tmp_path) as made:
        made.users.failing = {"2"}
        query = "{ posts { id author { name } } }"
        failed = [await made.get(query, "ana"), await made.get(query, "ana")]
        assert [one.control for one in failed] == ["no-store"] * 2
        assert [len(json.loads(one.body)["errors"]) for one in failed] == [1, 1]
        made.users.failing = set()
        assert [(await made.get(query, "ana")).control for _ in range(2)] == [FOR_CLIENT] * 2
        assert made.came() == {"stored": 1, "hit": 1}


async def test_what_is_over_the_limit_says_so_each_time(tmp_path: Path):
    """An answer that is larger than the project allows is an error, which has no life; nothing of it is kept."""
    async with answering(tmp_path, '[limits]\nanswer = "64KiB"\n') as made:
        made.users.changed["1"] = "a" * 4000
        found = [await made.get(query, "ana") for query in (MANY, MANY, "{ nothing }", "{")]
        assert [one.control for one in found] == ["no-store"] * 4
        assert not any("etag" in one.headers for one in found)
        errors = [json.loads(one.body)["errors"][0]["extensions"]["code"] for one in found]
        assert errors == ["LIMIT_EXCEEDED"] * 2 + ["GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"]
        assert (made.users.calls, made.came()) == (1, {})


async def test_variables_and_conditions_tell_answers_apart(tmp_path: Path):
    """Each set of variables has an answer of its own, and so has each name of an operation."""
    query = "query A($id: ID!, $with: Boolean!) { user(id: $id) { id name @include(if: $with) } }"
    both = f'{query} query B {{ user(id: "3") {{ id }} }}'
    async with answering(tmp_path) as made:
        asked = [{"id": "1", "with": True}, {"id": "2", "with": True}, {"id": "1", "with": False}]
        found = [await made.post(query, "ana", variables) for variables in asked * 2]
        told = [json.loads(one.body)["data"]["user"] for one in found]
        assert told == [{"id": "1", "name": "ana"}, {"id": "2", "name": "ana"}, {"id": "1"}] * 2
        assert made.came() == {"missed": 1, "stored": 3, "hit": 3}
        named = []
        for name in ("A", "B", "A", "B"):
            asked_for = {"query": both, "operationName": name, "variables": asked[0]}
            async with made.gateway.client.post(f"{made.gateway.url}/graphql", json=asked_for) as response:
                named.append((await response.json())["data"]["user"]["id"])
        assert named == ["1", "3"] * 2


async def test_a_client_is_told_that_it_has_the_answer(tmp_path: Path):
    """A GET has an ETag, and is answered with 304 and no body where the client names it; kept or made anew."""
    async with answering(tmp_path) as made:
        first = await made.get(token="ana")
        tag = first.headers["etag"]
        again = await made.get(token="ana", if_none_match=f'"other", W/{tag}')
        assert (again.status, again.body) == (304, b"")
        assert {name: again.headers[name] for name in ("etag", "cache-control", "age", "vary")} == {
            "etag": tag,
            "cache-control": FOR_CLIENT,
            "age": "0",
            "vary": "accept, accept-language, authorization",
        }
        assert "content-type" not in again.headers
        assert (await made.get(token="ana", if_none_match='"other"')).status == 200
        assert (await made.get(token="ben", if_none_match=tag)).status == 200
        assert made.users.calls == 2


async def test_forms_have_tags_of_their_own(tmp_path: Path):
    """One kept answer serves both media types; each has its own ETag."""
    async with answering(tmp_path) as made:
        forms = ["application/json", "application/graphql-response+json"]
        found = [await made.get(token="ana", accept=form) for form in forms]
        assert [one.headers["content-type"] for one in found] == [f"{form}; charset=utf-8" for form in forms]
        assert found[0].body == found[1].body
        assert found[0].headers["etag"] != found[1].headers["etag"]
        assert made.came() == {"stored": 1, "hit": 1}


async def test_a_post_has_no_conditions(tmp_path: Path):
    """A POST has no ETag, and `If-None-Match` says nothing of it: 304 is an answer to GET (RFC 9110, 13.1.2)."""
    async with answering(tmp_path) as made:
        found = [await made.post(token="ana", if_none_match="*") for _ in range(2)]
        assert [(one.status, "etag" in one.headers) for one in found] == [(200, False)] * 2


async def test_what_a_client_asks_of_caches_counts_where_it_is_passed_on(tmp_path: Path):
    """By default a client's `no-cache` is not obeyed: else anybody could send each request to the services. Where the
    project passes the header on, it is.
    """
    async with answering(tmp_path / "a") as made:
        await made.post(token="ana")
        await made.post(token="ana", cache_control="no-cache")
        assert (made.users.calls, made.came()) == (1, {"stored": 1, "hit": 1})
    async with answering(tmp_path / "b", '[headers]\nforward = ["cache-control"]\n') as made:
        await made.post(token="ana")
        await made.post(token="ana", cache_control="no-cache")
        assert (made.users.calls, made.came()) == (2, {"stored": 1})


async def test_a_change_drops_what_tells_of_it(tmp_path: Path):
    """After a mutation of its place nobody is given the old answer."""
    async with answering(tmp_path) as made:
        assert await made.names("ana", "ben", "ana", "ben") == ["ana", "ben"] * 2
        assert (await made.gateway.ask(CHANGE, token="ana"))["data"] == {"putUser": {"name": "new"}}
        assert await made.names("ana", "ben", "ana") == ["new"] * 3
        assert made.came() == {"stored": 4, "hit": 3, "missed": 3}


@pytest.mark.parametrize("query", ["{ users { name } }", "{ posts { author { name } } }"])
async def test_a_change_of_an_entity_drops_what_tells_of_it(tmp_path: Path, query: str):
    """An answer from another place than the one that changed, a list or a link, is dropped by what it tells of."""
    async with answering(tmp_path) as made:
        for _ in range(2):
            assert b'"ana"' in (await made.post(query, "ana")).body
        await made.gateway.ask(CHANGE, token="ben")
        assert b'"new"' in (await made.post(query, "ana")).body
        assert made.came() == {"stored": 2, "hit": 1, "missed": 1}


async def test_what_is_dropped_while_it_is_executed_is_not_kept(tmp_path: Path):
    """A query that read the old state before a change, and ended after it, leaves nothing."""
    async with answering(tmp_path) as made:
        asked, let_go = asyncio.Event(), asyncio.Event()

        async def slow(_: Asked) -> Reply:
            asked.set()
            await let_go.wait()
            return Reply({"id": "2", "name": "b", "email": ""}, headers=FRESH)

        made.users.service.on("GET /users/2", slow)
        two = '{ a: user(id: "1") { name } b: user(id: "2") { name } }'
        async with asyncio.TaskGroup() as group:
            late = group.create_task(made.gateway.ask(two, token="ana"))
            await asked.wait()
            await until(lambda: made.users.calls == 2)
            await made.gateway.ask(CHANGE, token="ana")
            let_go.set()
        assert late.result()["data"]["a"] == {"name": "ana"}
        assert (await made.gateway.ask(two, token="ana"))["data"]["a"] == {"name": "new"}


async def test_answers_that_came_with_anothers_call_are_left_to_that(tmp_path: Path):
    """Of equal queries at once one makes the call and keeps the answer; those that joined it, which may have begun
    before a change that they know of, keep nothing, and all are told how long it lasts.
    """
    async with answering(tmp_path) as made:
        let_go = asyncio.Event()

        async def slow(_: Asked) -> Reply:
            await let_go.wait()
            return Reply({"id": "1", "name": "a", "email": ""}, headers=FRESH)

        made.users.service.on("GET /users/1", slow)
        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(made.post(token="ana")) for _ in range(3)]
            await until(lambda: made.users.calls == 1 and made.app.seeing.metrics.in_flight() == 3)
            let_go.set()
        assert {one.result().control for one in asking} == {FOR_CLIENT}
        assert (made.users.calls, made.came()) == (1, {"stored": 1})
        assert (await made.post(token="ana")).body == asking[0].result().body
        assert made.came() == {"stored": 1, "hit": 1}


async def test_a_plan_is_told_of_what_was_done(tmp_path: Path):
    """Who asks for the plan is answered by executing, whatever is kept, and that answer is not kept."""
    async with answering(tmp_path) as made:
        await made.post(token="ana")
        asked = {"query": ASK, "extensions": {"plan": True}}
        for _ in range(2):
            sent = {"authorization": "Bearer ana"}
            url = f"{made.gateway.url}/graphql"
            async with made.gateway.client.post(url, json=asked, headers=sent) as response:
                assert "plan" in (await response.json())["extensions"]
                assert response.headers["cache-control"] == "no-store"
        assert made.came() == {"stored": 1}


async def test_streams_are_answered_from_what_is_kept(tmp_path: Path):
    """A query over server-sent events is answered with the kept data, too."""
    async with answering(tmp_path) as made:
        await made.post(token="ana")
        found = await made.post(token="ana", accept="text/event-stream")
        assert b'data: {"data":{"user":{"name":"ana"}}}' in found.body
        assert made.came() == {"stored": 1, "hit": 1}


async def test_large_answers_are_not_kept(tmp_path: Path):
    """An answer of more than a MiB is given with its life and made anew each time."""
    async with answering(tmp_path, '[services.users.cache]\nlargest = "4MiB"\n') as made:
        made.users.service.on(
            "GET /users", Reply([{"id": "1", "name": "x" * (1 << 20), "email": ""}], headers=FRESH)
        )
        found = [await made.get("{ users { name } }", "ana") for _ in range(2)]
        assert [one.control for one in found] == [FOR_CLIENT] * 2
        assert found[0].headers["etag"] == found[1].headers["etag"]
        assert made.came() == {}


async def test_a_project_may_keep_no_whole_answers(tmp_path: Path):
    """With `[cache] answers = false` each query is executed, over what is kept of the services' answers; and clients
    are told to keep nothing.
    """
    async with answering(tmp_path, "[cache]\nanswers = false\n") as made:
        found = [await made.get(token="ana") for _ in range(2)]
        assert [one.control for one in found] == ["no-store"] * 2
        assert (made.users.calls, made.came()) == (1, {})
