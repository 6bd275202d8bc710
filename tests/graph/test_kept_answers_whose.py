"""Whose kept answers are: an answer of one caller never reaches another, over real sockets on both sides."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.graph.answering import ASK, FRESH, PUBLIC, Answering, answering
from tests.graph.served import Asked, Reply

PLAIN = '{ user(id: "1") { id } }'
PII = '{ user(id: "1") { email } }'
OF_CALLER = "accept, accept-language, authorization, x-tenant-id"


def by_locale(made: Answering, control: dict[str, str]) -> None:
    """Let users be named in the language that is asked for."""

    def get(asked: Asked) -> Reply:
        return Reply({"id": "1", "name": asked.headers.get("accept-language"), "email": ""}, headers=control)

    made.users.service.on("GET /users/1", get)


def by_tenant(asked: Asked) -> Reply:
    """A user who is named after the tenant that asks."""
    return Reply({"id": "1", "name": asked.headers.get("x-tenant-id", "none"), "email": ""}, headers=PUBLIC)


@pytest.mark.parametrize("control", [FRESH, {"cache-control": "private, max-age=60"}])
async def test_what_is_private_stays_with_its_caller(tmp_path: Path, control: dict[str, str]):
    """Each token has an answer of its own, and so have those without one, be it kept or not."""
    async with answering(tmp_path) as made:
        made.users.control = dict(control)
        assert await made.names(*["ana", None, "ben"] * 2) == ["ana", "nobody", "ben"] * 2
        assert made.came() == {"stored": 3, "missed": 2, "hit": 3}
        assert (await made.get(token="ana")).control == "private, max-age=59"


async def test_what_is_for_all_is_said_to_be(tmp_path: Path):
    """A public answer of a project that asks nobody for a token is public to clients, and one for all callers."""
    async with answering(tmp_path) as made:
        made.users.control = dict(PUBLIC)
        found = [await made.get(token=token) for token in ("ana", "ben", None)]
        assert {one.body for one in found} == {b'{"data":{"user":{"name":"ana"}}}'}
        assert [one.control for one in found] == ["public, max-age=59"] * 3
        assert [one.headers["vary"] for one in found] == ["accept, accept-language"] * 3
        assert (made.users.calls, made.came()) == (1, {"stored": 1, "hit": 2})


async def test_one_private_part_makes_all_private(tmp_path: Path):
    """An answer of a part for all and one for its caller is for its caller."""
    async with answering(tmp_path) as made:
        made.users.service.on("GET /users/2", Reply({"id": "2", "name": "all", "email": ""}, headers=PUBLIC))
        query = '{ b: user(id: "2") { name } a: user(id: "1") { name } }'
        found = [json.loads((await made.get(query, token)).body)["data"] for token in ("ana", "ben", "ana")]
        assert found == [{"b": {"name": "all"}, "a": {"name": who}} for who in ("ana", "ben", "ana")]


async def test_what_varies_by_the_token_itself_is_not_kept(tmp_path: Path):
    """`Vary: Authorization` on a public answer: the upstream cache tells tokens apart, and no whole answer does."""
    async with answering(tmp_path) as made:
        made.users.control = {**PUBLIC, "vary": "Authorization"}
        assert await made.names("ana", "ben", "ana", "ben") == ["ana", "ben"] * 2
        assert (made.users.calls, made.came()) == (2, {})
        assert (await made.get(token="ana")).control == "private, max-age=59"


@pytest.mark.parametrize("control", [FRESH, PUBLIC])
async def test_headers_that_services_see_tell_answers_apart(tmp_path: Path, control: dict[str, str]):
    """A caller who asks in another language is not given what was kept in the first; clients are told by `Vary`."""
    async with answering(tmp_path, '[headers]\nforward = ["accept-language", "traceparent"]\n') as made:
        by_locale(made, control)
        for _ in range(2):
            for language in ("pt", "en"):
                found = await made.get(token="ana", accept_language=language)
                assert json.loads(found.body) == {"data": {"user": {"name": language}}}
                assert "accept-language" in found.headers["vary"]
        assert made.came() == {"stored": 2, "missed": 1, "hit": 2}


# --- verified callers


async def test_a_token_that_is_refused_finds_nothing(tmp_path: Path):
    """Authorisation comes first: without a good token there is no answer, though one is kept for all."""
    async with answering(tmp_path, identity="") as made:
        made.users.control = dict(PUBLIC)
        good = made.token()
        found = [await made.get(PLAIN, token) for token in (good, None, "forged", f"{good}x", good)]
        assert [one.status for one in found] == [200, 401, 401, 401, 200]
        assert [one.control for one in found[1:4]] == ["no-store"] * 3
        assert made.came() == {"stored": 1, "hit": 1}


async def test_no_cache_before_this_one_spares_a_client_its_token(tmp_path: Path):
    """Where every caller needs a token, what is for all callers is kept once for them, and private to clients."""
    async with answering(tmp_path, identity="") as made:
        made.users.control = dict(PUBLIC)
        found = [await made.get(PLAIN, made.token(who)) for who in ("ana", "ben")]
        assert [one.control for one in found] == ["private, max-age=59"] * 2
        assert [one.headers["vary"] for one in found] == [OF_CALLER] * 2
        assert (made.users.calls, made.came()) == (1, {"stored": 1, "hit": 1})


async def test_where_anybody_may_ask_what_is_for_all_is_public(tmp_path: Path):
    """With `anonymous = true` a public answer is public, and the same for who has a token without a tenant and who
    has none; a cache that stands before the gateway asks for each token, which may name a tenant.
    """
    async with answering(tmp_path, identity="anonymous = true") as made:
        made.users.control = dict(PUBLIC)
        found = [await made.get(PLAIN, token) for token in (made.token(), None)]
        assert [one.control for one in found] == ["public, max-age=59"] * 2
        assert [one.headers["vary"] for one in found] == [OF_CALLER] * 2
        assert made.came() == {"stored": 1, "hit": 1}


async def test_a_cache_before_this_one_keeps_tenants_apart(tmp_path: Path):
    """Of one URL those who have a tenant are answered otherwise than everybody else: each answer names the header
    that decides it (RFC 9110, section 12.5.5), so that no cache gives one in the other's place.
    """
    async with answering(tmp_path, identity="anonymous = true") as made:
        made.users.service.on("GET /users/1", by_tenant)
        found = [await made.get(ASK, token) for token in (None, made.token(tenant="acme"), None)]
        names = [json.loads(one.body)["data"]["user"]["name"] for one in found]
        assert names == ["none", "acme", "none"]
        assert [one.control.partition(",")[0] for one in found] == ["public", "private", "public"]
        assert [one.headers["vary"] for one in found] == [OF_CALLER] * 3
        assert made.users.calls == 2


async def test_a_new_token_of_the_same_caller_finds_the_answer(tmp_path: Path):
    """Callers are told by what their tokens say, not by the tokens."""
    async with answering(tmp_path, identity="") as made:
        assert [(await made.get(PLAIN, made.token())).status for _ in range(3)] == [200] * 3
        assert (made.users.calls, made.came()) == (1, {"stored": 1, "hit": 2})


@pytest.mark.parametrize("control", [FRESH, PUBLIC])
async def test_who_may_not_see_a_field_is_not_given_it(tmp_path: Path, control: dict[str, str]):
    """A caller without the scope is refused the field, though the answer is kept for another, or was for itself
    before its token lost the scope; and its own answer is kept for nobody.
    """
    async with answering(tmp_path, identity="") as made:
        made.users.control = dict(control)
        may, may_not = made.token("ana", "pii"), made.token("ana")
        found = [json.loads((await made.get(PII, one)).body) for one in (may, may_not, may, may_not)]
        assert [one["data"]["user"]["email"] is None for one in found] == [False, True, False, True]
        assert [one["errors"][0]["extensions"]["code"] for one in found[1::2]] == ["FORBIDDEN"] * 2
        assert found[0] == found[2]
        assert made.came() == {"stored": 1, "hit": 1}
        assert (await made.get(PII, may)).control == "private, max-age=59"
        assert (await made.get(PII, may_not)).control == "no-store"


async def test_tenants_are_apart(tmp_path: Path):
    """What is public is kept for each tenant, who is told to services, and for its callers alone."""
    async with answering(tmp_path, identity="") as made:
        made.users.service.on("GET /users/1", by_tenant)
        tokens = [made.token("ana", tenant="acme"), made.token("ana", tenant="bolt"), made.token("ana")]
        assert await made.names(*tokens * 2) == ["acme", "bolt", "none"] * 2
        assert made.came() == {"stored": 3, "missed": 2, "hit": 3}
        refused = await made.get(ASK, tokens[0], x_tenant_id="bolt")
        assert refused.status == 403


async def test_who_asks_for_itself_is_told_of_itself(tmp_path: Path):
    """A call made from a claim is one caller's, though its service says that its answers are for all."""
    async with answering(tmp_path, identity="") as made:
        made.users.control = dict(PUBLIC)
        tokens = [made.token("1"), made.token("2")]
        query = "{ me { id } }"
        found = [json.loads((await made.get(query, one)).body)["data"]["me"]["id"] for one in tokens * 2]
        assert found == ["1", "2"] * 2
        assert (await made.get(query, tokens[0])).control == "private, max-age=59"


CALLER = st.sampled_from(["ana", "ben", None])
QUERIES = [ASK, '{ user(id: "2") { name } }', '{ a: user(id: "1") { name } }', "{ users { name } }"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(CALLER, st.sampled_from(QUERIES), st.booleans()), min_size=2, max_size=24),
    st.sampled_from([FRESH, {"cache-control": "private, max-age=9"}]),
)
def test_whatever_is_asked_by_whom_each_is_told_of_itself(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[str | None, str, bool]], control: dict[str, str]
):  # fmt: skip
    """In any order of callers and queries, over GET and POST, the name that a caller is told is its own."""

    async def run() -> None:
        async with answering(tmp_path_factory.mktemp("project")) as made:
            made.users.control = dict(control)
            for who, query, by_get in asked:
                found = await (made.get(query, who) if by_get else made.post(query, who))
                assert found.body.count(f'"name":"{who or "nobody"}"'.encode()) == 1
                assert b"errors" not in found.body

    asyncio.run(run())
