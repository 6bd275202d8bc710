"""The transport on real sockets: what goes over the wire, what comes back, and every way in which nothing
does.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from yarl import URL

import adapters.transport.connection
from adapters.failures import BadAnswer, NotSent, TimedOut, Unavailable, UpstreamFailure
from adapters.messages import Departure, Identity, Request, Response
from adapters.service import base_url
from adapters.transport.body import Body
from adapters.transport.redirect import followed
from adapters.transport.transport import Transport
from tests.adapters.wire import Act, Connection, answer, says, says_and_closes, says_and_resets, serving

GET = Request("users", "listUsers", "GET", "/users", safe=True)
POST = Request("users", "createUser", "POST", "/users", body=b'{"name":"A"}')


def fresh(request: Request) -> Request:
    return replace(request, departure=Departure())


@asynccontextmanager
async def opened(
    url: str, *, connections: int = 4, answer_limit: int = 1000, connect_timeout: float = 3.0
) -> AsyncIterator[Transport]:
    before = asyncio.all_tasks()
    async with Transport(
        url, connections=connections, answer_limit=answer_limit, connect_timeout=connect_timeout
    ) as transport:
        yield transport
    left = asyncio.all_tasks() - before
    assert [
        one for one in left if "accept" not in repr(one) and "stuck" not in repr(one)
    ] == []  # the servers' own handlers may still be there


async def failure(transport: Transport, request: Request) -> UpstreamFailure:
    with pytest.raises(UpstreamFailure) as caught:
        await transport(fresh(request))
    return caught.value


def described(found: UpstreamFailure) -> tuple[str, bool]:
    return type(found).__name__, found.sent


# What goes out


async def test_a_get_is_sent_as_it_is():
    """A GET carries the target, the host of the base URL, the defaults, and nothing that nobody asked for."""
    async with serving(says(answer())) as server, opened(server.url) as transport:
        response = await transport(fresh(GET))
    assert response == Response(200, {"content-length": "2"}, b"{}")
    assert server.lines == ["GET /users HTTP/1.1"]
    headers = server.headers()
    agent = headers.pop("user-agent")
    assert agent.startswith("stolon/")
    assert headers == {
        "host": server.url.removeprefix("http://"),
        "accept": "application/json, application/problem+json",
        "accept-encoding": "gzip, deflate",
    }


async def test_a_body_is_sent_with_its_type_and_length():
    """A POST carries its body, `application/json` and the length; without a body no type is said."""
    async with serving(says(answer())) as server, opened(server.url) as transport:
        await transport(fresh(POST))
        await transport(fresh(replace(POST, body=None)))
    assert server.body(0) == b'{"name":"A"}'
    assert server.headers(0)["content-type"] == "application/json"
    assert server.headers(0)["content-length"] == "12"
    assert "content-type" not in server.headers(1)


async def test_an_operations_headers_replace_the_defaults():
    """Headers of the request win over defaults."""
    request = replace(GET, headers={"accept": "text/csv", "x-tenant": "t1", "authorization": "Bearer x"})
    async with serving(says(answer())) as server, opened(server.url) as transport:
        await transport(request)
    headers = server.headers()
    assert (headers["accept"], headers["x-tenant"], headers["authorization"]) == (
        "text/csv",
        "t1",
        "Bearer x",
    )


@pytest.mark.parametrize(
    "target",
    [
        "/users/a%2Fb?x=%20+&y=%2B&z=a%2Cb,c",
        "/%C3%A9/%c3%a9;v=1/.x?filter[a]=1&filter%5Bb%5D=2",
        "/a//b/../c?q=%25&r=%2525",
        "/?a=1&b",
        "/x?u=http://other/?y",
    ],
)
@pytest.mark.parametrize("prefix", ["", "/", "/api/v1", "/api/v1/"])
async def test_percent_encoding_arrives_as_it_was_given(target: str, prefix: str):
    """The target arrives byte for byte after the base URL's path, with no slash doubled."""
    async with serving(says(answer())) as server, opened(server.url + prefix) as transport:
        await transport(replace(GET, target=target))
    assert server.lines == [f"GET {prefix.rstrip('/')}{target} HTTP/1.1"]


@pytest.mark.parametrize("target", ["users", "", "/a b", "/a#b", "/é", "/a\r\nx: y", "//evil\x00"])
async def test_a_target_that_is_no_encoded_path_is_not_sent(target: str):
    """A target with a blank, a control character, a fragment or text beyond ASCII is refused."""
    async with serving(says(answer())) as server, opened(server.url) as transport:
        found = await failure(transport, replace(GET, target=target))
    assert described(found) == ("NotSent", False)
    assert server.connections == 0


async def test_a_target_with_two_slashes_stays_at_its_host():
    """`//evil/x` is a path here, never another host."""
    async with serving(says(answer())) as server, opened(server.url) as transport:
        await transport(replace(GET, target="//evil.example/x"))
    assert server.lines == ["GET //evil.example/x HTTP/1.1"]
    assert server.headers()["host"] == server.url.removeprefix("http://")


@pytest.mark.parametrize(
    "name",
    [
        "host",
        "Host",
        "content-length",
        "transfer-encoding",
        "connection",
        "cookie",
        "expect",
        "a b",
        "x:y",
        "",
    ],
)
async def test_headers_of_the_transport_cannot_be_set(name: str):
    """What frames or routes a message is the transport's own, and a name must be one."""
    async with serving(says(answer())) as server, opened(server.url) as transport:
        found = await failure(transport, replace(GET, headers={name: "1"}))
    assert described(found) == ("NotSent", False)
    assert server.connections == 0


@pytest.mark.parametrize("method", ["", "G ET", "GET / HTTP/1.1\r\nx: y\r\n\r\nGET", "GÉT"])
async def test_a_method_cannot_add_anything(method: str):
    """RFC 9110, section 9.1: a method is a token, or nothing is sent; it is sent in capitals."""
    async with serving(says(answer())) as server, opened(server.url) as transport:
        found = await failure(transport, replace(GET, method=method))
        assert (described(found), server.connections) == (("NotSent", False), 0)
        await transport(replace(GET, method="options"))
    assert server.lines == ["OPTIONS /users HTTP/1.1"]


@pytest.mark.parametrize("text", ["a\r\nx-evil: 1", "a\nb", "a\0b", "é", "\u2028", "\x7f"])
async def test_a_header_value_cannot_add_a_header(text: str):
    """A value with a control character or beyond ASCII is refused, and not repeated in the message."""
    async with serving(says(answer())) as server, opened(server.url) as transport:
        found = await failure(transport, replace(GET, headers={"x-a": text}))
    assert described(found) == ("NotSent", False)
    assert text not in str(found)
    assert server.connections == 0


# What comes back


async def test_any_status_is_an_answer():
    """A 5xx is a response like others, its headers in lower case, equal ones joined, cookies left out."""
    said = answer(b"no", "503 Busy", "Retry-After: 5", "Vary: a", "vary: b", "Set-Cookie: s=1")
    async with serving(says(said)) as server, opened(server.url) as transport:
        response = await transport(GET)
        await transport(fresh(GET))
    assert response == Response(503, {"content-length": "2", "retry-after": "5", "vary": "a, b"}, b"no")
    assert "cookie" not in server.headers(1)


async def test_a_connection_is_kept_and_used_again():
    """Calls in a row share one connection."""
    async with serving(says(answer())) as server, opened(server.url) as transport:
        for _ in range(3):
            await transport(fresh(GET))
        assert (len(server.requests), server.connections) == (3, 1)


async def test_connections_are_bounded():
    """A call beyond the bound waits until a connection is free."""
    release = asyncio.Event()

    async def waits(connection: Connection) -> None:
        await release.wait()
        await connection.say(answer())

    async with serving(waits, says(answer())) as server, opened(server.url, connections=1) as transport:
        calls = [asyncio.create_task(transport(fresh(GET))) for _ in range(5)]
        await server.arrived.wait()
        assert len(server.requests) == 1
        release.set()
        assert [one.status for one in await asyncio.gather(*calls)] == [200] * 5
    assert server.connections == 1


async def test_an_answer_without_a_body_has_none():
    """204 and an answer to HEAD have an empty body, whatever length the latter names."""
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\ncontent-encoding: gzip\r\n\r\n"
    async with (
        serving(says(b"HTTP/1.1 204 No Content\r\n\r\n"), says(head)) as server,
        opened(server.url) as transport,
    ):
        assert await transport(fresh(GET)) == Response(204, {}, b"")
        assert (await transport(fresh(replace(GET, method="HEAD")))).body == b""
    assert server.connections == 1


async def test_a_method_is_the_one_that_is_sent():
    """Whatever its letters, `head` is HEAD: its answer has no body, and the request says no length of one."""
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n"
    async with serving(says(head)) as server, opened(server.url) as transport:
        assert (await transport(fresh(replace(GET, method="head")))).body == b""
    assert (server.lines, "content-length" in server.headers()) == (["HEAD /users HTTP/1.1"], False)


async def test_a_compressed_answer_is_unfolded():
    """gzip is undone, in chunks too."""
    packed = gzip.compress(b'{"a":1}')
    said = answer(packed, "200 OK", "Content-Encoding: gzip")
    chunked = (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-encoding: gzip\r\n\r\n"
        + b"".join(b"1\r\n" + packed[at : at + 1] + b"\r\n" for at in range(len(packed)))
        + b"0\r\n\r\n"
    )
    async with serving(says(said), says(chunked)) as server, opened(server.url) as transport:
        assert (await transport(fresh(GET))).body == b'{"a":1}'
        assert (await transport(fresh(GET))).body == b'{"a":1}'


# What goes wrong

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(says_and_closes(b"not http at all\r\n\r\n"), id="garbage"),
        pytest.param(says_and_closes(b"HTTP/1.1 abc OK\r\n\r\n"), id="no status"),
        pytest.param(says_and_closes(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"), id="no length"),
        pytest.param(
            says_and_closes(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"), id="closed mid-body"
        ),
        pytest.param(says_and_resets(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"), id="reset mid-body"),
        pytest.param(says_and_closes(CHUNKED + b"5\r\nab"), id="closed mid-chunk"),
        pytest.param(says_and_closes(CHUNKED + b"zz\r\nab\r\n"), id="bad chunk"),
        pytest.param(says(answer(b"x" * 1001)), id="too long"),
        pytest.param(says(CHUNKED + b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n"), id="too long in chunks"),
        pytest.param(says_and_closes(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001), id="too long until closed"),
        pytest.param(says(answer(gzip.compress(b"x" * 1001), "200 OK", "content-encoding: gzip")), id="bomb"),
        pytest.param(
            says(answer(gzip.compress(b"x")[:-4], "200 OK", "content-encoding: gzip")), id="cut gzip"
        ),
        pytest.param(says(answer(b"x", "200 OK", "content-encoding: br")), id="encoding not offered"),
        pytest.param(says(answer(b"x", "200 OK", "x-big: " + "y" * 20_000)), id="header too long"),
        pytest.param(says(answer(b"x", "200 OK", *(f"x-{n}: 1" for n in range(200)))), id="too many headers"),
    ],
)
async def test_what_is_no_usable_answer_is_a_bad_answer(act: Act):
    """Malformed, cut short or oversize answers are BadAnswer, sent; the next call is served again."""
    async with serving(act, says(answer())) as server, opened(server.url) as transport:
        assert described(await failure(transport, POST)) == ("BadAnswer", True)
        assert (await transport(fresh(GET))).status == 200
        assert len(server.requests) == 2


async def test_a_body_over_the_bound_is_not_read_on():
    """An endless body ends at the bound, and the service sees the connection close."""

    async def endless(connection: Connection) -> None:
        await connection.say(CHUNKED)
        while True:
            await connection.say(b"400\r\n" + b"x" * 1024 + b"\r\n")

    async with serving(endless) as server, opened(server.url) as transport:
        assert described(await failure(transport, GET)) == ("BadAnswer", True)
        await asyncio.wait_for(server.hung_up.wait(), 5)


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
@pytest.mark.parametrize("act", [says_and_closes(), says_and_resets()], ids=["closed", "reset"])
async def test_a_service_that_hangs_up_is_asked_once(act: Act, request_: Request):
    """A connection that ends before an answer is Unavailable, sent, and nothing is repeated behind the
    stack's back.
    """
    async with serving(act) as server, opened(server.url) as transport:
        assert described(await failure(transport, request_)) == ("Unavailable", True)
        assert len(server.requests) == 1


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
async def test_a_kept_connection_that_closes_is_not_retried(request_: Request):
    """On a kept connection too, one call is one attempt: aiohttp's own silent retry of GETs is off."""
    async with serving(says(answer()), says_and_closes()) as server, opened(server.url) as transport:
        await transport(fresh(GET))
        assert described(await failure(transport, request_)) == ("Unavailable", True)
        assert (len(server.requests), server.connections) == (2, 1)


async def test_a_refused_connection_was_not_sent():
    """Where nobody listens, the failure is Unavailable and nothing was sent."""
    async with serving(says(answer())) as server:
        url = server.url
    request = fresh(POST)
    async with opened(url) as transport:
        with pytest.raises(Unavailable) as caught:
            await transport(request)
    assert (caught.value.sent, request.departure.sent) == (False, False)


async def test_an_unknown_host_was_not_sent(monkeypatch: pytest.MonkeyPatch):
    """A name that does not resolve is Unavailable, not sent; the message does not repeat it."""

    async def unknown(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    async with opened("http://secret-host.example") as transport:
        found = await failure(transport, POST)
    assert described(found) == ("Unavailable", False)
    assert "secret-host" not in str(found)


async def test_a_failed_tls_handshake_was_not_sent():
    """A service that does not speak TLS at an https URL is Unavailable, not sent."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer())
        writer.close()

    listening = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with opened(f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}") as transport:
        found = await failure(transport, POST)
    listening.close()
    assert described(found) == ("Unavailable", False)


async def test_connecting_is_bounded():
    """A service that accepts and then never shakes hands is TimedOut, not sent."""
    accepted: list[asyncio.StreamWriter] = []

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer)

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with opened(url, connect_timeout=0.05) as transport:
        found = await failure(transport, POST)
    for writer in accepted:
        writer.close()
    listening.close()
    assert described(found) == ("TimedOut", False)
    assert isinstance(found, TimedOut)


@pytest.mark.parametrize(
    "begun", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"], ids=["silent", "mid-body"]
)
async def test_cancelling_closes_the_connection(begun: bytes):
    """A cancelled call hangs up at once, tells that it was sent, leaves no task, and frees its place."""
    async with serving(says(begun), says(answer())) as server, opened(server.url, connections=1) as transport:
        request = fresh(POST)
        before = asyncio.all_tasks()
        call = asyncio.create_task(transport(request))
        await server.arrived.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert request.departure.sent is True
        await asyncio.wait_for(server.hung_up.wait(), 5)
        assert asyncio.all_tasks() <= before
        assert (await transport(fresh(GET))).status == 200


async def test_a_large_body_arrives_whole():
    """A body of megabytes arrives byte for byte, with its length."""
    body = bytes(range(256)) * 8192
    async with serving(says(answer())) as server, opened(server.url) as transport:
        await transport(replace(POST, body=body))
    assert server.body() == body
    assert server.headers()["content-type"] == "application/json"


async def test_cancelling_in_the_middle_of_a_large_body_leaves_no_task():
    """A call that is still writing ends with its writer."""
    reading, over = asyncio.Event(), asyncio.Event()

    async def stuck(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        reading.set()
        await over.wait()
        writer.transport.abort()

    listening = await asyncio.start_server(stuck, "127.0.0.1", 0)
    async with opened(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}") as transport:
        before = asyncio.all_tasks()
        call = asyncio.create_task(transport(fresh(replace(POST, body=b"x" * 20_000_000))))
        await reading.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        for _ in range(3):  # the writer's own cancellation
            await asyncio.get_running_loop().run_in_executor(None, int)
        assert {one for one in asyncio.all_tasks() - before if "stuck" not in repr(one)} == set()
        over.set()
    listening.close()


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch):
    """`HTTP_PROXY` says nothing to a service's transport."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with serving(says(answer())) as server, opened(server.url) as transport:
        assert (await transport(GET)).status == 200


# Opening and closing


async def test_a_transport_that_is_not_open_refuses():
    """Before it is opened and after it was closed, a call is Unavailable, not sent; closing twice is fine."""
    transport = Transport("http://127.0.0.1:1", connections=1, answer_limit=10)
    assert described(await failure(transport, GET)) == ("Unavailable", False)
    assert await transport.open() is await transport.open()
    await transport.close()
    await transport.close()
    assert described(await failure(transport, GET)) == ("Unavailable", False)
    assert repr(transport) == "Transport(connections=1, open=False)"


async def test_closing_ends_calls_under_way():
    """A call that waits when its transport closes is Unavailable, sent."""
    async with serving(says()) as server, opened(server.url) as transport:
        call = asyncio.create_task(transport(fresh(GET)))
        await server.arrived.wait()
        await transport.close()
        with pytest.raises(Unavailable) as caught:
            await call
    assert caught.value.sent is True


async def test_closing_in_the_middle_of_a_body_ends_the_call(monkeypatch: pytest.MonkeyPatch):
    """A call that is reading a body when its transport closes is Unavailable, sent."""
    feed, fed = Body.feed, asyncio.Event()

    def feed_and_tell(body: Body, data: bytes) -> None:
        feed(body, data)
        fed.set()

    monkeypatch.setattr(Body, "feed", feed_and_tell)
    said = says(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")
    async with serving(said) as server, opened(server.url) as transport:
        call = asyncio.create_task(transport(fresh(GET)))
        await fed.wait()
        await transport.close()
        with pytest.raises(Unavailable) as caught:
            await call
    assert caught.value.sent is True


async def test_closing_just_after_the_head_of_an_answer_ends_the_call(monkeypatch: pytest.MonkeyPatch):
    """A call whose answer has begun, but was not looked at when its transport closed, is Unavailable, sent."""
    async with serving(says(answer())) as server, opened(server.url) as transport:
        real = adapters.transport.connection.Connection.ask

        async def answered_and_closed(
            asked: adapters.transport.connection.Connection, *request: Any, **options: Any
        ) -> Any:
            found = await real(asked, *request, **options)
            await transport.close()
            return found

        monkeypatch.setattr(adapters.transport.connection.Connection, "ask", answered_and_closed)
        assert described(await failure(transport, POST)) == ("Unavailable", True)


async def test_closing_ends_calls_that_wait_for_a_connection():
    """A call that is queueing when its transport closes is Unavailable, not sent, and no cancellation."""
    async with serving(says()) as server, opened(server.url, connections=1) as transport:
        first = asyncio.create_task(transport(fresh(GET)))
        await server.arrived.wait()
        second = asyncio.create_task(transport(fresh(GET)))
        await asyncio.get_running_loop().run_in_executor(None, int)  # long enough for it to queue
        await transport.close()
        found = await asyncio.gather(first, second, return_exceptions=True)
    assert [(type(one).__name__, getattr(one, "sent", None)) for one in found] == [
        ("Unavailable", True),
        ("Unavailable", False),
    ]


async def test_no_failure_repeats_what_was_sent():
    """Messages name service, operation and kind: no URL, header, body or token."""
    secret = "s3cret"
    request = replace(
        POST,
        target=f"/u?k={secret}",
        headers={"x-k": secret},
        body=secret.encode(),
        identity=Identity("p", secret),
    )
    async with serving(says_and_closes()) as server, opened(server.url) as transport:
        found = await failure(transport, request)
    assert str(found) == "users: createUser: ServerDisconnectedError"
    assert secret not in repr(request.identity)


# Redirects


def moved(to: str, status: int = 302) -> bytes:
    return answer(b"moved", f"{status} Moved", f"Location: {to}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_within_the_origin_is_followed(status: int):
    """A safe GET follows a relative redirect of any kind, as the same request, and the answer says so."""
    acts = says(moved("/new/a%2Fb?x=%20", status)), says(answer())
    request = replace(GET, headers={"authorization": "Bearer x"})
    async with serving(*acts) as server, opened(server.url + "/api") as transport:
        response = await transport(request)
        assert (response.status, response.moved) == (200, True)
    assert server.lines == ["GET /api/users HTTP/1.1", "GET /new/a%2Fb?x=%20 HTTP/1.1"]
    assert server.headers(1) == server.headers(0)


async def test_a_redirect_to_another_origin_is_the_answer():
    """The other origin, here just another port, sees nothing; the 3xx comes back as it is."""
    async with (
        serving(says(answer())) as other,
        serving(says(moved(other.url + "/x"))) as server,
        opened(server.url) as transport,
    ):
        response = await transport(replace(GET, headers={"authorization": "Bearer x"}))
    assert (response.status, response.body, response.headers["location"]) == (302, b"moved", other.url + "/x")
    assert response.moved is False
    assert (len(server.requests), other.connections) == (1, 0)


@pytest.mark.parametrize(
    "request_",
    [POST, replace(GET, safe=False), replace(POST, safe=True)],
    ids=["POST", "unsafe GET", "lookup"],
)
async def test_only_safe_gets_follow(request_: Request):
    """A redirect of anything but a safe GET or HEAD is the answer."""
    async with serving(says(moved("/new", 307))) as server, opened(server.url) as transport:
        assert (await transport(request_)).status == 307
        assert len(server.requests) == 1


async def test_redirects_are_followed_five_times():
    """After five hops the next redirect is the answer."""
    async with serving(says(moved("/again"))) as server, opened(server.url) as transport:
        assert (await transport(GET)).status == 302
        assert len(server.requests) == 6


@pytest.mark.parametrize(
    ("location", "onward"),
    [
        ("http://h/x", "http://h/x"),
        ("http://h:80/x?y#z", "http://h/x?y"),
        ("http://H/x", "http://h/x"),
        ("http:///x", "http://h/x"),
        ("http://user:pw@h/x", "http://h/x"),
        ("../x", "http://h/x"),
        ("?p=2", "http://h/a/b?p=2"),
        ("https://h/x", None),
        ("http://h.evil/x", None),
        ("http://h:81/x", None),
        ("//evil/x", None),
        ("/\\evil/x", None),
        ("\\\\evil/x", None),
        ("javascript:alert(1)", None),
        ("http://[bad/x", None),
        ("/a b", None),
        ("/é", None),
        ("", None),
    ],
)
def test_where_a_redirect_leads(location: str, onward: str | None):
    """Only the same scheme, host and port are followed, without user information and fragment."""
    found = followed(GET, URL("http://h/a/b"), Response(302, {"location": location}, b""))
    assert (None if found is None else str(found)) == onward


@pytest.mark.parametrize(
    "response",
    [Response(200, {"location": "/x"}, b""), Response(302, {}, b""), Response(304, {"location": "/x"}, b"")],
)
def test_what_is_no_redirect_is_not_followed(response: Response):
    """Another status, or no location, leads nowhere."""
    assert followed(GET, URL("http://h/a"), response) is None


@given(st.text(max_size=40) | st.text("/\\:@?#%.[]hev1", max_size=30))
def test_no_location_leads_to_another_origin(location: str):
    """Whatever a service says, the next request goes to the same origin or nowhere."""
    url = URL("http://h/a/b")
    found = followed(GET, url, Response(302, {"location": location}, b""))
    assert found is None or found.origin() == url.origin()


# Base URLs


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("http://h", "http://h"),
        ("https://h:8443/", "https://h:8443"),
        ("http://h/api/v1/", "http://h/api/v1"),
        ("http://h/a%2Fb", "http://h/a%2Fb"),
        ("http://[::1]:80/x", "http://[::1]/x"),
    ],
)
def test_a_base_url_may_have_a_path(text: str, base: str):
    """http or https, a host, maybe a port and a path prefix, of which a trailing slash is no part."""
    found = base_url(text)
    assert f"{found.origin()}{found.raw_path.rstrip('/')}" == base


@pytest.mark.parametrize(
    "text",
    ["", "h", "/x", "ftp://h", "file:///x", "http://", "http://u:secret@h", "http://@h", "http://h?q", "http://h/?",
     "http://h#f", "http://h:0", "http://h:99999", "http://h:x", "http://[h"],
)  # fmt: skip
@pytest.mark.parametrize("made", [base_url, lambda text: Transport(text, connections=1, answer_limit=1)])
def test_what_is_no_base_url_is_refused(text: str, made: Callable[[str], object]):
    """Anything else is refused when the transport is made, without repeating it."""
    with pytest.raises(ValueError, match="a service's URL must") as caught:
        made(text)
    assert "secret" not in str(caught.value)


def test_failures_tell_whether_they_were_sent():
    """NotSent is never sent; the others say."""
    assert NotSent("x").sent is False
    assert BadAnswer("x", sent=True).sent is True
