"""Operations over Server-Sent Events, driven by the npm client `graphql-sse`; what that client never does is sent by
hand.
"""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from graph.serving.server import STREAMS, application, serving
from graph.settings.settings import GraphSettings
from tests.graph.scripted_server import Everybody, Held, Scripted, edge
from tests.graph.served import until
from tests.protocol import project
from tests.protocol.node import Node
from tests.protocol.project import Front
from tests.protocol.test_websocket import Tokens

EVENTS = {"accept": "text/event-stream"}


async def text_of(front: Front, query: str, **headers: str) -> str:
    async with front.client.post(front.url, json={"query": query}, headers={**EVENTS, **headers}) as response:
        assert response.status == 200, await response.text()
        return await response.text()


# --- by the npm client


async def test_a_subscription_yields_its_events_and_completes(node: Node, front: Front):
    """Each event is a result, and the end of the generator is the end of the stream."""
    script = """
        const client = events();
        say(await all(client, { query: 'subscription C($to: Int!) { count(to: $to) }', variables: { to: 3 } }));
        say(await all(client, { query: '{ user(id: "7") { name } }' }));
        say(await all(client, { query: 'mutation { putUser(id: "7", input: {name: "B"}) { id } }' }));
    """
    assert await node.run(script, url=front.url) == [
        [{"data": {"count": n}} for n in range(3)],
        [{"data": {"user": {"name": "Ada 1"}}}],
        [{"data": {"putUser": {"id": "7"}}}],
    ]
    await until(lambda: front.streams == 0)


async def test_a_bad_document_is_an_event(node: Node, front: Front):
    """What is wrong with the document comes through the stream, where every client can see it."""
    script = "say(await all(events(), { query: '{ nothing }' }));"
    [[result]] = await node.run(script, url=front.url)
    assert result["errors"][0]["message"] == "Cannot query field 'nothing' on type 'Query'."
    assert "data" not in result


async def test_unsubscribing_ends_the_generator(node: Node, front: Front):
    """When the client leaves, the generator's `finally` runs, and no task of it is left."""
    before = front.tasks()
    script = "say(await all(events(), { query: 'subscription { wait }' }, 1));"
    assert await node.run(script, url=front.url) == [[{"data": {"wait": 1}}]]
    await until(lambda: front.log == ["wait begun", "wait ended"])
    await until(lambda: front.streams == 0)
    await until(lambda: front.tasks() <= before)


# --- by hand


async def test_the_stream_on_the_wire(front: Front):
    """Events are `next` with a result each, then `complete` with empty data; nothing may keep them back."""
    async with front.client.post(
        front.url, json={"query": "subscription{count(to: 2)}"}, headers={**EVENTS, "x-request-id": "r"}
    ) as response:
        named = ("Content-Type", "Cache-Control", "X-Accel-Buffering", "X-Request-Id")
        assert {name: response.headers[name] for name in named} == {
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-cache, no-store",
            "X-Accel-Buffering": "no",
            "X-Request-Id": "r",
        }
        assert await response.text() == (
            'event: next\ndata: {"data":{"count":0}}\n\n'
            'event: next\ndata: {"data":{"count":1}}\n\n'
            "event: complete\ndata:\n\n"
        )


async def test_a_get_asks_for_a_stream_too(front: Front):
    """An EventSource gets its stream by URL; mutations are refused there, as they are for any GET."""
    async with front.client.get(
        front.url, params={"query": "subscription{count(to: 1)}"}, headers=EVENTS
    ) as response:
        assert (await response.text()).count("event: next") == 1
    async with front.client.get(front.url, params={"query": "mutation{slow}"}, headers=EVENTS) as response:
        assert (response.status, response.headers["allow"]) == (405, "POST")
    assert front.log == []


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("text/event-stream", "text/event-stream"),
        ("text/event-stream, */*;q=0.1", "text/event-stream"),
        ("application/json;q=0.5, Text/Event-Stream;q=0.9", "text/event-stream"),
        ("application/json, text/event-stream;q=0.5", "application/json"),
        ("*/*", "application/json"),
        ("text/*;q=0.2, application/json;q=0.1", "application/json"),
    ],
)
async def test_a_stream_is_asked_for_by_name(front: Front, accept, content_type):
    """Only who likes text/event-stream best, and says it by name, gets a stream."""
    async with front.client.post(
        front.url, json={"query": "{hello}"}, headers={"accept": accept}
    ) as response:
        assert (response.status, response.content_type) == (200, content_type)


async def test_a_malformed_request_is_refused_as_any_post(front: Front):
    """What is no GraphQL request is refused by status, before a stream begins."""
    async with front.client.post(
        front.url, data=b"{", headers={**EVENTS, "content-type": "application/json"}
    ) as bad:
        assert (bad.status, bad.content_type) == (400, "application/json")
    async with front.client.post(
        front.url, data=b"{}", headers={**EVENTS, "content-type": "text/plain"}
    ) as bad:
        assert bad.status == 415
    assert front.streams == 0


async def test_a_quiet_stream_gives_signs_of_life(tmp_path: Path):
    """While nothing happens comments are sent, so that nothing on the way takes the stream for dead."""
    async with project.front(tmp_path, limits='keep_alive = "20ms"') as front:
        async with front.client.post(
            front.url, json={"query": "subscription{wait}"}, headers=EVENTS
        ) as response:
            expected = b'event: next\ndata: {"data":{"wait":1}}\n\n:\n\n:\n\n'
            async with asyncio.timeout(5):
                assert await response.content.readexactly(len(expected)) == expected
        await until(lambda: front.streams == 0)


async def test_a_source_that_breaks_ends_its_stream(front: Front):
    """A generator that fails ends the stream with an event that does not hold the failure's words."""
    text = await text_of(front, "subscription{broken}", **{"x-request-id": "r"})
    assert text.endswith("event: complete\ndata:\n\n")
    last = json.loads(text.split("data: ")[2].split("\n")[0])
    assert last["errors"] == [
        {"message": "Internal error.", "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "r"}}
    ]


async def test_an_unforeseen_failure_is_an_event(caplog):
    """What breaks inside once the stream has begun is an event with the request's id alone, and logged."""

    async def script(_document: Any) -> Any:
        raise RuntimeError("inner secret")

    async with edge(script) as one:
        headers = {**EVENTS, "x-request-id": "r"}
        async with one.client.post(f"{one.url}/graphql", json={"query": "{a}"}, headers=headers) as response:
            text = await response.text()
    error = {"message": "The request failed unexpectedly."}
    error["extensions"] = {"code": "INTERNAL_SERVER_ERROR", "requestId": "r"}  # type: ignore[assignment]
    assert json.loads(text.split("data: ")[1].split("\n")[0]) == {"errors": [error], "data": None}
    assert text.endswith("event: complete\ndata:\n\n")
    assert "request r failed unforeseen" in caplog.messages


async def test_an_event_over_the_bound_of_an_answer_is_an_error(tmp_path: Path):
    """An event over the bound of an answer is replaced by an error with the figure and the limit."""
    async with project.front(tmp_path, limits='answer = "1KiB"') as small:
        text = await text_of(small, "{big(size: 2000)}", **{"x-request-id": "r"})
        [error] = json.loads(text.split("data: ")[1].split("\n")[0])["errors"]
        assert error["message"] == "The answer has 2019 bytes; at most 1024 are sent. Ask for less at once."


async def test_streams_are_counted_with_sockets(tmp_path: Path):
    """One stream too many is 503, and says the figure and the limit."""
    async with project.front(tmp_path, limits="streams = 1") as front:
        ask = partial(front.client.post, front.url, headers=EVENTS)
        async with ask(json={"query": "subscription{wait}"}):
            await until(lambda: front.streams == 1)
            async with ask(json={"query": "{hello}"}) as refused:
                assert (refused.status, refused.headers["retry-after"]) == (503, "1")
                [error] = (await refused.json())["errors"]
                assert error["message"] == (
                    "1 streams are open; at most 1 are served at once. Try again later."
                )


async def test_a_client_that_reads_nothing_is_cut_off(tmp_path: Path):
    """A source is asked for an event only when the one before was taken; who takes nothing for long is cut off."""
    async with project.front(tmp_path, limits='send_timeout = "200ms"') as front:
        _, writer = await asyncio.open_connection("127.0.0.1", int(front.gateway.url.rpartition(":")[2]))
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's can
        writer.write(
            b"GET /graphql?query=subscription{flood(size:1000000)} HTTP/1.1\r\n"
            b"Host: x\r\nAccept: text/event-stream\r\n\r\n"
        )
        await until(lambda: front.log[-1:] == ["flood ended"])
        assert front.log.count("flood") < 100
        await until(lambda: front.streams == 0)
        writer.transport.abort()


async def test_a_stream_ends_when_its_token_does(monkeypatch):
    """When the token is no longer good the stream says so in an event, and completes; what ran for it ends."""
    monkeypatch.setattr("graph.http.streams.RECHECK_SECONDS", 0.05)
    tokens, held = Tokens(), Held()
    app = application(Scripted(held), tokens, GraphSettings(schema="s:s"), drain=5.0)
    async with serving(app, "127.0.0.1", 0) as url, aiohttp.ClientSession() as client:
        headers = {**EVENTS, "authorization": "Bearer ada", "x-request-id": "r"}
        async with client.post(f"{url}/graphql", json={"query": "{a}"}, headers=headers) as response:
            await held.begun.wait()
            tokens.now = 3000.0
            async with asyncio.timeout(5):
                text = await response.text()
        error = {"message": "Not you.", "extensions": {"code": "UNAUTHENTICATED", "requestId": "r"}}
        event = json.dumps({"errors": [error], "data": None}, separators=(",", ":"))
        assert text == f"event: next\ndata: {event}\n\nevent: complete\ndata:\n\n"
        assert held.outcome == "cancelled"
        await until(lambda: len(app[STREAMS]) == 0)


async def test_streams_are_cut_off_when_the_server_stops():
    """A server that stops cuts its streams off without `complete`, so that clients take them up elsewhere."""
    held = Held()
    app = application(Scripted(held), Everybody(), GraphSettings(schema="s:s"), drain=5.0)
    async with serving(app, "127.0.0.1", 0) as url, aiohttp.ClientSession() as client:
        async with client.post(f"{url}/graphql", json={"query": "{a}"}, headers=EVENTS) as response:
            await held.begun.wait()
            await app.shutdown()
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.text()
        async with asyncio.timeout(5):
            await held.ended.wait()
        assert held.outcome == "cancelled"
