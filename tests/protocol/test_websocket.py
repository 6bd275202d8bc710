"""Subscriptions, queries and mutations over WebSocket, driven by the npm client `graphql-ws`; what that client never
does is sent by hand.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType
from multidict import MultiMapping
from yarl import URL

from adapters.messages import Identity
from graph.executing.executor import Answer
from graph.http.refused import Refused
from graph.http.socket_session import authorization
from graph.http.streams import Streams, until_refused
from graph.serving.server import application, serving
from graph.settings.settings import GraphSettings
from resolvers.caller import Caller
from tests.graph.scripted_server import Everybody, Held, Scripted, hello
from tests.graph.served import until
from tests.protocol import project
from tests.protocol.node import Node
from tests.protocol.project import Front

SOCKET = "graphql-transport-ws"
INIT = {"type": "connection_init"}


def subscribe(query: str, id_: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": id_, "type": "subscribe", "payload": {"query": query, **more}}


@asynccontextmanager
async def socket(
    front: Front, *, acknowledged: bool = True, headers: dict[str, str] | None = None
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A socket to the project, past the first message where it is `acknowledged`."""
    async with front.client.ws_connect(front.url, protocols=[SOCKET], headers=headers) as made:
        if acknowledged:
            await made.send_json(INIT)
            assert await made.receive_json() == {"type": "connection_ack"}
        yield made


async def closed(made: aiohttp.ClientWebSocketResponse) -> tuple[int | None, str]:
    """With what the server closes the socket."""
    async with asyncio.timeout(10):
        received = await made.receive()
    assert received.type is WSMsgType.CLOSE, received
    return received.data, received.extra or ""


# --- by the npm client


async def test_a_subscription_yields_its_events_and_completes(node: Node, front: Front):
    """Each event is a result, and the end of the generator is the end of the subscription."""
    script = """
        const client = sockets();
        say(await all(client, { query: 'subscription C($to: Int!) { count(to: $to) }', variables: { to: 3 } }));
        await client.dispose();
    """
    assert await node.run(script, url=front.url) == [[{"data": {"count": n}} for n in range(3)]]
    await until(lambda: front.streams == 0)


async def test_queries_and_mutations_go_over_the_socket_too(node: Node, front: Front):
    """A query or a mutation yields one result and completes."""
    script = """
        const client = sockets();
        say(await all(client, { query: '{ user(id: "7") { name } }' }));
        say(await all(client, { query: 'mutation { putUser(id: "7", input: {name: "B"}) { id } }' }));
        await client.dispose();
    """
    assert await node.run(script, url=front.url) == [
        [{"data": {"user": {"name": "Ada 1"}}}],
        [{"data": {"putUser": {"id": "7"}}}],
    ]
    assert front.users.calls == {"GET /users/7": 1, "PUT /users/7": 1}


async def test_each_event_is_read_anew(node: Node, front: Front):
    """What an event and its source read is never what an earlier event had read; within one event it is shared."""
    script = """
        const client = sockets();
        say(await all(client, { query: `subscription {
            queries(times: 2) { a: user(id: "7") { name } b: user(id: "7") { name } }
        }` }));
        say(await all(client, { query: 'subscription { userAgain(id: "7", times: 2) { name } }' }));
        await client.dispose();
    """
    named = [{"name": f"Ada {n}"} for n in range(5)]
    assert await node.run(script, url=front.url) == [
        [{"data": {"queries": {"a": named[n], "b": named[n]}}} for n in (1, 2)],
        [{"data": {"userAgain": named[n]}} for n in (3, 4)],
    ]
    assert front.users.calls == {"GET /users/7": 4}


async def test_a_bad_document_is_an_error_message(node: Node, front: Front):
    """What cannot be executed ends its operation with an error that says why, and leaves the socket open."""
    script = """
        const client = sockets({ lazy: false });
        say(await all(client, { query: '{ nothing }' }));
        say(await all(client, { query: 'subscription { unfit }' }));
        say(await all(client, { query: '{ hello }' }));
        await client.dispose();
    """
    unknown, unfit, fine = await node.run(script, url=front.url)
    assert [(e["message"], e["extensions"]["code"]) for e in unknown[0]["failed"]] == [
        ("Cannot query field 'nothing' on type 'Query'.", "GRAPHQL_VALIDATION_FAILED")
    ]
    assert [(e["message"], e["extensions"]["code"]) for e in unfit[0]["failed"]] == [
        ("Internal error.", "INTERNAL_SERVER_ERROR")
    ]
    assert fine == [{"data": {"hello": "hello world"}}]


async def test_a_source_that_breaks_ends_its_subscription(node: Node, front: Front):
    """When a generator fails between events the client gets an error without the failure's words."""
    script = """
        const client = sockets();
        say(await all(client, { query: 'subscription { broken }' }));
        await client.dispose();
    """
    [[first, last]] = await node.run(script, url=front.url)
    assert first == {"data": {"broken": 1}}
    assert [(e["message"], e["extensions"]["code"]) for e in last["failed"]] == [
        ("Internal error.", "INTERNAL_SERVER_ERROR")
    ]


async def test_unsubscribing_ends_the_generator(node: Node, front: Front):
    """When the client unsubscribes the generator's `finally` runs, and no task of it is left."""
    before = front.tasks()
    script = """
        const client = sockets();
        say(await all(client, { query: 'subscription { wait }' }, 1));
        say(await all(client, { query: '{ hello }' }));
        await client.dispose();
    """
    assert await node.run(script, url=front.url) == [
        [{"data": {"wait": 1}}],
        [{"data": {"hello": "hello world"}}],
    ]
    await until(lambda: front.log == ["wait begun", "wait ended"])
    await until(lambda: front.streams == 0)
    assert front.tasks() <= before | {"Front.tasks"}


async def test_a_client_that_vanishes_ends_its_subscriptions(node: Node, front: Front):
    """A client that is killed leaves neither generator nor stream behind; its mutation runs to its end."""
    script = """
        const client = sockets();
        client.subscribe({ query: 'mutation { slow }' }, { next() {}, error() {}, complete() {} });
        client.subscribe({ query: 'subscription { wait }' }, { next() { say('begun'); }, error() {}, complete() {} });
        await new Promise(() => { setInterval(() => {}, 1000); });
    """
    process = await node.start(script, url=front.url)
    assert process.stdout is not None
    assert await process.stdout.readline() == b'"begun"\n'
    await until(lambda: "slow begun" in front.log)
    assert front.gateway.running == 1
    process.kill()
    await process.wait()
    await until(lambda: front.streams == 0)
    # The two are begun side by side, in either order.
    assert sorted(front.log) == ["slow begun", "wait begun", "wait ended"]
    front.module.GO.set()
    await until(lambda: front.gateway.running == 0)
    assert front.log[-1] == "slow ended"


# --- the protocol, by hand


async def test_another_subprotocol_is_not_acceptable(front: Front):
    """A socket that speaks another subprotocol, or none, is closed with 4406."""
    for protocols in (["graphql-ws"], []):
        async with front.client.ws_connect(front.url, protocols=protocols) as made:
            assert await closed(made) == (4406, "Subprotocol not acceptable")
    async with front.client.ws_connect(front.url, protocols=["graphql-ws", SOCKET]) as made:
        assert made.protocol == SOCKET


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "No CONNECTION upgrade hdr"),
        ({"connection": "upgrade"}, "Unsupported version"),
        (
            {"connection": "upgrade", "sec-websocket-version": "13", "sec-websocket-key": "k"},
            "Handshake error",
        ),
    ],
)
async def test_a_bad_handshake_is_400(front: Front, caplog, more, said):
    """A request to become a WebSocket that is not made as RFC 6455 wants it is the client's mistake, and no error
    here.
    """
    found = [
        b"GET /graphql HTTP/1.1",
        b"Host: h",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Protocol: graphql-transport-ws",
    ]
    lines = [*found, *(f"{name}: {value}".encode() for name, value in more.items()), b"", b""]
    reader, writer = await asyncio.open_connection("127.0.0.1", URL(front.url).port)
    writer.write(b"\r\n".join(lines))
    head, _, body = (await asyncio.wait_for(reader.readuntil(b"}]}"), 5)).partition(b"\r\n\r\n")
    writer.close()
    [error] = json.loads(body)["errors"]
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert (error["extensions"]["code"], said in error["message"]) == ("BAD_REQUEST", True)
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


async def test_who_does_not_begin_is_closed(tmp_path: Path):
    """A socket without connection_init within the time for it is closed with 4408; pings do not help."""
    async with project.front(tmp_path, limits='init_timeout = "50ms"') as front:
        async with socket(front, acknowledged=False) as made:
            await made.send_json({"type": "ping"})
            assert await made.receive_json() == {"type": "pong"}
            assert await closed(made) == (4408, "Connection initialisation timeout")
        async with socket(front) as made:
            await made.send_json(subscribe("subscription { wait }"))
            assert (await made.receive_json())["type"] == "next"


@pytest.mark.parametrize(
    ("messages", "code", "reason"),
    [
        ([subscribe("{hello}")], 4401, "Unauthorized"),
        ([INIT, INIT], 4429, "Too many initialisation requests"),
        ([{"type": "connection_init", "payload": []}], 4400, "The payload of connection_init is no object"),
        (["{"], 4400, "The message is no JSON object with a type"),
        (["[]"], 4400, "The message is no JSON object with a type"),
        (['{"type":1}'], 4400, "The message is no JSON object with a type"),
        ([{"type": "start"}], 4400, "Unknown message type 'start'"),
        ([b"{}"], 4400, "Messages are text"),
        ([INIT, {"type": "subscribe"}], 4400, "A message of type subscribe needs an id"),
        ([INIT, {"type": "complete", "id": ""}], 4400, "A message of type complete needs an id"),
        (
            [INIT, {"type": "subscribe", "id": "1", "payload": {}}],
            4400,
            "The payload is no GraphQL request: Object missing required field `query`.",
        ),
        ([INIT, subscribe("")], 4400, "The payload is no GraphQL request: query is empty."),
        (
            [INIT, subscribe("subscription{wait}"), subscribe("{hello}")],
            4409,
            "Subscriber for 1 already exists",
        ),
    ],
)
async def test_what_breaks_the_protocol_closes_the_socket(front: Front, messages, code, reason):
    """Each breach has the close code that the protocol gives it, and says what was wrong."""
    async with socket(front, acknowledged=False) as made:
        for message in messages:
            if isinstance(message, bytes):
                await made.send_bytes(message)
            else:
                await made.send_str(message if isinstance(message, str) else json.dumps(message))
        while (received := await made.receive()).type is WSMsgType.TEXT:
            assert received.json()["type"] in {"connection_ack", "next"}
        assert (received.data, received.extra) == (code, reason)
    await until(lambda: front.streams == 0)


async def test_pings_are_answered_and_pongs_are_taken(front: Front):
    """A ping gets its pong at any time; a pong gets nothing."""
    async with socket(front) as made:
        await made.send_json({"type": "pong"})
        await made.send_json({"type": "ping", "payload": {"x": 1}})
        assert await made.receive_json() == {"type": "pong"}


async def test_an_id_is_free_again_after_its_operation(front: Front):
    """An id may be taken again once its operation completed, or the client completed it."""
    async with socket(front) as made:
        for _ in range(2):
            await made.send_json(subscribe("{hello}"))
            assert await made.receive_json() == {
                "id": "1",
                "type": "next",
                "payload": {"data": {"hello": "hello world"}},
            }
            assert await made.receive_json() == {"id": "1", "type": "complete"}
        for _ in range(2):
            await made.send_json(subscribe("subscription{wait}"))
            assert (await made.receive_json())["type"] == "next"
            await made.send_json({"id": "1", "type": "complete"})
        await made.send_json({"id": "unknown", "type": "complete"})
        await made.send_json({"type": "ping"})
        assert await made.receive_json() == {"type": "pong"}


async def test_operations_of_one_connection_are_bounded(tmp_path: Path):
    """One operation too many gets an error that says the figure and the limit; one that ended makes room."""
    async with project.front(tmp_path, limits="operations = 2") as front, socket(front) as made:
        for number in ("1", "2"):
            await made.send_json(subscribe("subscription{wait}", number))
            assert (await made.receive_json())["type"] == "next"
        await made.send_json(subscribe("{hello}", "3"))
        refused = await made.receive_json()
        assert (refused["id"], refused["type"]) == ("3", "error")
        [error] = refused["payload"]
        assert error["message"] == "3 operations would run on this connection; at most 2 may."
        assert {k: v for k, v in error["extensions"].items() if k != "requestId"} == {
            "code": "LIMIT_EXCEEDED",
            "limit": "operations",
            "figure": 3,
            "most": 2,
        }
        await made.send_json({"id": "1", "type": "complete"})
        await until(lambda: front.log.count("wait ended") == 1)
        await made.send_json(subscribe("{hello}", "3"))
        assert (await made.receive_json())["type"] == "next"


async def test_a_message_over_the_limit_closes_the_socket(tmp_path: Path):
    """A message larger than may be closes the socket with 1009."""
    async with project.front(tmp_path, limits='message = "1KiB"') as front, socket(front) as made:
        await made.send_json(subscribe("{hello}" + " " * 1000))
        assert (await closed(made))[0] == 1009


async def test_streams_of_one_process_are_bounded(tmp_path: Path):
    """One socket too many is 503 before the upgrade, and says the figure and the limit."""
    async with project.front(tmp_path, limits="streams = 1") as front:
        async with socket(front):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await front.client.ws_connect(front.url, protocols=[SOCKET])
            assert caught.value.status == 503
            assert caught.value.headers is not None
            assert caught.value.headers["retry-after"] == "1"
        await until(lambda: front.streams == 0)
        async with socket(front) as made:
            assert not made.closed


async def test_limits_hold_for_documents_on_sockets(tmp_path: Path):
    """A document over a limit is refused over a socket as over HTTP, before anything is called."""
    async with project.front(tmp_path, limits="depth = 2") as front, socket(front) as made:
        await made.send_json(subscribe('{again{user(id: "7"){name}}}'))
        refused = await made.receive_json()
        assert refused["type"] == "error"
        assert refused["payload"][0]["message"] == "The operation is 3 levels deep; at most 2 are accepted."
        assert front.users.calls == {}


async def test_a_client_that_reads_nothing_is_waited_for_and_then_cut_off(tmp_path: Path):
    """The source of a subscription is asked for an event only when the one before has been taken; a client that
    takes nothing for too long is cut off.
    """
    async with project.front(tmp_path, limits='send_timeout = "200ms"') as front:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(front.gateway.url.rpartition(":")[2]))
        writer.write(
            b"GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's can
        for message in (INIT, subscribe("subscription{flood(size: 1000000)}")):
            data = json.dumps(message).encode()
            writer.write(bytes([0x81, 0x80 | len(data)]) + bytes(4) + data)
        await until(lambda: front.log[-1:] == ["flood ended"])
        assert front.log.count("flood") < 100
        await until(lambda: front.streams == 0)
        writer.transport.abort()


async def test_sockets_end_when_the_server_stops(tmp_path: Path):
    """A server that stops closes its sockets with 1001, so that they do not hold it up."""
    async with project.front(tmp_path) as front:
        made = await front.client.ws_connect(front.url, protocols=[SOCKET])
        await made.send_json(INIT)
        await made.receive_json()
        await made.send_json(subscribe("subscription{wait}"))
        await made.receive_json()
        reading = asyncio.create_task(closed(made))
        await asyncio.sleep(0)
        stopped = asyncio.get_running_loop().time()
        await front.gateway.app.shutdown()
        assert await reading == (1001, "The server is going away")
        assert asyncio.get_running_loop().time() - stopped < 5
        await until(lambda: front.log == ["wait begun", "wait ended"])
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await front.client.ws_connect(front.url, protocols=[SOCKET])


# --- who asks


class Tokens(Everybody):
    """Lets `Bearer NAME` in as that caller, until the token's `expires`; nobody without a token."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.expires = 2000.0
        self.status = 401
        self.asked: list[str | None] = []

    async def caller(self, headers: MultiMapping[str]) -> Caller:
        value = headers.get("authorization")
        self.asked.append(value)
        if value is None or not value.startswith("Bearer ") or self.now >= self.expires:
            raise Refused(self.status, "UNAUTHENTICATED", "Not you.")
        claims = {"sub": value.removeprefix("Bearer "), "exp": self.expires}
        return Caller(Identity(partition=value), authenticated=True, claims=claims)


@asynccontextmanager
async def guarded(script: Callable[..., Any] = hello) -> AsyncIterator[tuple[str, Tokens, Scripted]]:
    tokens, executor = Tokens(), Scripted(script)
    app = application(executor, tokens, GraphSettings(schema="s:s"), drain=5.0)
    async with serving(app, "127.0.0.1", 0) as url:
        yield f"{url}/graphql", tokens, executor


@pytest.mark.parametrize(
    "given",
    [
        {"connectionParams": {"authorization": "Bearer ada"}},
        {"connectionParams": {"Authorization": "Bearer ada"}},
        {"connectionParams": {"token": "ada"}},
        {"connectionParams": {"headers": {"Authorization": "Bearer ada"}}},
        {"headers": {"Authorization": "Bearer ada"}},
        {"headers": {"Authorization": "Bearer eve"}, "connectionParams": {"authorization": "Bearer ada"}},
    ],
)
async def test_the_token_comes_with_the_first_message_or_the_upgrade(node: Node, given):
    """The caller is whom connection_init names, else the upgrade's header; the message wins."""
    script = """
        const client = sockets(given.options);
        say(await all(client, { query: '{ hello }' }));
        await client.dispose();
    """
    async with guarded() as (url, _, executor):
        assert await node.run(script, url=url, options=given) == [[{"data": {"hello": "world"}}]]
        assert [call.caller.subject for call in executor.calls] == ["ada"]


async def test_who_is_not_let_in_is_closed_with_forbidden(node: Node):
    """A socket whose first message brings no good token is closed with 4403; nothing is executed."""
    script = """
        for (const connectionParams of [undefined, { authorization: 'Basic x' }]) {
          const client = sockets({ connectionParams });
          say(await all(client, { query: '{ hello }' }));
        }
    """
    async with guarded() as (url, _, executor):
        refused = [{"failed": {"code": 4403, "reason": "Not you."}}]
        assert await node.run(script, url=url) == [refused, refused]
        assert executor.calls == []


async def test_keys_that_cannot_be_fetched_ask_for_another_try(node: Node):
    """Where tokens cannot be checked just now the socket is closed with 1013: the client may try again."""
    async with guarded() as (url, tokens, _):
        tokens.status, tokens.expires = 503, 0
        async with aiohttp.ClientSession() as client, client.ws_connect(url, protocols=[SOCKET]) as made:
            await made.send_json({**INIT, "payload": {"token": "ada"}})
            assert await closed(made) == (1013, "Not you.")


async def test_a_bad_token_of_the_upgrade_is_refused_before_it():
    """A bad token in the header is 401 before there is a socket."""
    async with guarded() as (url, _, _), aiohttp.ClientSession() as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await client.ws_connect(url, protocols=[SOCKET], headers={"authorization": "Basic x"})
        assert caught.value.status == 401


async def test_a_socket_ends_when_its_token_does(monkeypatch):
    """When the token is no longer good the socket is closed with 4403, and what ran on it ends."""
    monkeypatch.setattr("graph.http.streams.RECHECK_SECONDS", 0.05)
    held = Held()
    async with guarded(held) as (url, tokens, _), aiohttp.ClientSession() as client:
        async with client.ws_connect(url, protocols=[SOCKET]) as made:
            await made.send_json({**INIT, "payload": {"authorization": "Bearer ada"}})
            assert (await made.receive_json())["type"] == "connection_ack"
            await made.send_json(subscribe("{hello}"))
            await held.begun.wait()
            tokens.now = 3000.0
            assert await closed(made) == (4403, "Not you.")
        async with asyncio.timeout(5):
            await held.ended.wait()
        assert held.outcome == "cancelled"


async def test_a_token_is_looked_at_when_it_expires_and_every_five_minutes(monkeypatch):
    """The next look is when the token expires, in five minutes at the latest and a second at the soonest; keys that
    cannot be fetched refuse nobody.
    """
    tokens, waits = Tokens(), []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        tokens.now += seconds

    monkeypatch.setattr("graph.http.streams.asyncio.sleep", sleep)
    tokens.now, tokens.expires, tokens.status = 1000.0, 1420.5, 401
    headers: Any = {"authorization": "Bearer ada"}
    caller = await tokens.caller(headers)
    refused = await until_refused(tokens, headers, caller, lambda: tokens.now)
    assert (refused.status, waits) == (401, [300.0, 120.5])

    statuses = iter([503, 401])
    waits.clear()

    class Unsure(Tokens):
        async def caller(self, headers: MultiMapping[str]) -> Caller:
            raise Refused(next(statuses), "X", "x")

    refused = await until_refused(Unsure(), headers, Caller(claims={"exp": 999.0}), lambda: 1000.0)
    assert (refused.status, waits) == (401, [1.0, 1.0])
    statuses = iter([401])
    waits.clear()
    await until_refused(Unsure(), headers, Caller(), lambda: 1000.0)
    assert waits == [300.0]


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({}, None),
        ({"authorization": ""}, None),
        ({"authorization": 1, "token": None}, None),
        ({"AUTHORIZATION": "Bearer a"}, "Bearer a"),
        ({"authToken": "a"}, "Bearer a"),
        ({"accessToken": "bearer a"}, "bearer a"),
        ({"headers": "x", "token": "a"}, "Bearer a"),
        ({"headers": {"authorization": "Bearer a"}}, "Bearer a"),
    ],
)
def test_where_a_payload_holds_its_token(payload, found):
    """The names that clients of this protocol use are understood; what is no text is passed over."""
    assert authorization(payload) == found


async def test_a_stream_that_opens_while_the_server_stops_is_refused():
    """No stream is opened once streams have been told to end."""
    streams = Streams(5)
    await streams.stop()

    async def end() -> None: ...

    with pytest.raises(Refused, match=r"about to stop; at most 5 are served"):
        async with streams.opened(end):
            raise AssertionError("it was opened")
    assert len(streams) == 0


# --- what breaks inside


async def test_an_unforeseen_failure_ends_one_operation(caplog):
    """What breaks inside ends its operation with an error that holds the request's id alone, and is logged; the
    socket goes on.
    """

    async def script(document: Any) -> Any:
        if document.query == "{bad}":
            raise RuntimeError("inner secret")
        return Answer(data={"a": object()} if document.query == "{odd}" else {"a": 1})

    headers = {"x-request-id": "c"}
    async with (
        guarded(script) as (url, _, _),
        aiohttp.ClientSession() as client,
        client.ws_connect(url, protocols=[SOCKET], headers=headers) as made,
    ):
        await made.send_json({**INIT, "payload": {"token": "ada"}})
        assert await made.receive_json() == {"type": "connection_ack"}
        answers = []
        for query in ("{bad}", "{odd}", "{fine}"):
            await made.send_json(subscribe(query))
            answers.append(await made.receive_json())
            if query != "{bad}":
                assert await made.receive_json() == {"id": "1", "type": "complete"}

    def failed(id_: str) -> list[dict[str, Any]]:
        extensions = {"code": "INTERNAL_SERVER_ERROR", "requestId": id_}
        return [{"message": "The request failed unexpectedly.", "extensions": extensions}]

    assert answers == [
        {"id": "1", "type": "error", "payload": failed("c.1")},
        {"id": "1", "type": "next", "payload": {"errors": failed("c.2"), "data": None}},
        {"id": "1", "type": "next", "payload": {"data": {"a": 1}}},
    ]
    assert caplog.messages[-2:] == [
        "request c.1 failed unforeseen",
        "an event of request c.2 cannot be written",
    ]


async def test_too_many_mutations_are_refused_on_a_socket(monkeypatch):
    """A mutation that would be one too many for the server is an error on its socket, and was not begun."""
    monkeypatch.setattr("graph.serving.running.Running.__init__.__defaults__", (0,))
    async with (
        guarded() as (url, _, executor),
        aiohttp.ClientSession() as client,
        client.ws_connect(url, protocols=[SOCKET]) as made,
    ):
        await made.send_json({**INIT, "payload": {"token": "ada"}})
        await made.receive_json()
        await made.send_json(subscribe("mutation {a}"))
        refused = await made.receive_json()
    assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "OVERLOADED")
    assert executor.calls == []
