"""The cache over real sockets: what goes out on the wire, and what does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from adapters.caching.cache_rule import CacheRule, Reuse
from adapters.caching.cache_store import InProcessStore
from adapters.failures import Unavailable
from adapters.messages import Identity, Request
from adapters.policies.retry_decision import Retry
from adapters.service import OperationRules, Service
from adapters.stack import Upstream, open_service
from tests.adapters.wire import Act, Connection, Server, answer, says, says_and_resets, serving

READ = Request("users", "getUser", "GET", "/users/1", {}, safe=True, identity=Identity("ada", "t"))


def fresh(*headers: str, body: bytes = b'{"id":1}') -> bytes:
    return answer(body, "200 OK", *headers)


@asynccontextmanager
async def upstream(
    *acts: Act, reuse: Reuse | None = None, rule: CacheRule | None = None
) -> AsyncIterator[tuple[Upstream, Server]]:
    rules = {} if reuse is None else {"getUser": OperationRules(reuse=reuse)}
    loop = asyncio.get_running_loop()
    async with serving(*acts) as server:
        service = Service(
            "users",
            server.url,
            timeout=2.0,
            operations=rules,
            cache=rule or CacheRule(),
            retry=Retry(retries=0),
        )
        store = InProcessStore(1 << 20, loop.time)
        async with open_service(service, loop.time, store=store) as opened:
            yield opened, server


async def test_fifty_reads_at_once_and_fifty_after_are_one_request():
    """While one request is on its way and as long as its answer is fresh, nothing else goes out."""
    async with upstream(says(fresh("cache-control: max-age=60"))) as (service, server):
        first = await asyncio.gather(*(service.send(READ) for _ in range(50)))
        later = [await service.send(READ) for _ in range(50)]
    assert {one.body for one in (*first, *later)} == {b'{"id":1}'}
    assert (server.lines, server.connections) == (["GET /users/1 HTTP/1.1"], 1)


async def test_a_validator_goes_out_and_a_304_brings_no_body():
    """RFC 9111, section 4.3: the next request asks by ETag and date, and the empty answer renews the whole one."""
    acts = [
        says(fresh("cache-control: no-cache", 'etag: "a"', "last-modified: Sat, 21 Nov 2026 00:00:00 GMT")),
        says(b'HTTP/1.1 304 Not Modified\r\netag: "a"\r\ncache-control: max-age=60\r\n\r\n'),
    ]
    async with upstream(*acts) as (service, server):
        answers = [await service.send(READ) for _ in range(3)]
    assert [one.body for one in answers] == [b'{"id":1}'] * 3
    assert len(server.requests) == 2
    asked = server.headers(1)
    assert (asked["if-none-match"], asked["if-modified-since"]) == ('"a"', "Sat, 21 Nov 2026 00:00:00 GMT")


async def test_a_service_that_dies_leaves_its_last_answer():
    """RFC 5861, section 4: a reset finds the stale answer within its window; what was never asked finds none."""
    acts = [says(fresh("cache-control: max-age=0, stale-if-error=60")), says_and_resets()]
    async with upstream(*acts) as (service, _):
        await service.send(READ)
        stale = await service.send(READ)
        with pytest.raises(Unavailable):
            await service.send(replace(READ, target="/users/2"))
    assert stale.body == b'{"id":1}'
    assert stale.freshness is not None
    assert (stale.freshness.stale, stale.headers["age"]) == (True, "0")


async def test_a_renewal_goes_out_behind_the_stale_answer_and_ends_with_the_service():
    """RFC 5861, section 3: the stale answer does not wait for the request that it caused; closing leaves no task."""

    async def stall(connection: Connection) -> None:
        await connection.reader.read(1)

    window = Reuse(fresh=0.0, stale_while_revalidate=60.0)
    before = asyncio.all_tasks()
    async with upstream(says(fresh()), stall, reuse=window) as (service, server):
        await service.send(READ)
        server.arrived.clear()
        stale = await service.send(READ)
        assert (stale.body, len(server.requests)) == (b'{"id":1}', 1)
        await server.arrived.wait()
    assert len(server.requests) == 2
    assert {one.get_name() for one in asyncio.all_tasks() - before if "renewal" in one.get_name()} == set()


async def test_what_another_place_answered_is_not_kept():
    """A redirect of the moment is no answer to keep: tomorrow it may lead elsewhere."""
    acts = [
        says(answer(b"", "302 Found", "location: /users/one")),
        says(fresh("cache-control: max-age=60")),
        says(fresh("cache-control: max-age=60", body=b"2")),
    ]
    async with upstream(*acts) as (service, server):
        bodies = [(await service.send(READ)).body for _ in range(2)]
    assert bodies == [b'{"id":1}', b"2"]
    assert server.lines == ["GET /users/1 HTTP/1.1", "GET /users/one HTTP/1.1", "GET /users/1 HTTP/1.1"]


async def test_a_service_without_a_cache_is_asked_each_time():
    """`enabled = false` takes the policy out of the stack."""
    async with upstream(says(fresh("cache-control: max-age=60")), rule=CacheRule(enabled=False)) as (
        service,
        server,
    ):
        await service.send(READ)
        await service.send(READ)
    assert len(server.requests) == 2
