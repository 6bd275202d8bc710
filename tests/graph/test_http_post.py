"""GraphQL over POST on a real socket: what is executed, what is refused and how, and what a client's
departure ends.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.executing.executor import Answer, GraphQLRequest
from graph.http.media_types import GRAPHQL, JSON, acceptable
from graph.http.refused import Refused
from graph.http.request_id import request_id
from graph.serving.running import Running
from graph.settings.limits import Limits
from resolvers.caller import NOBODY
from tests.graph.scripted_server import Call, Edge, Held, edge, error


@pytest.fixture
async def served() -> AsyncIterator[Edge]:
    async with edge() as one:
        yield one


async def test_a_post_is_executed_with_all_its_parameters(served):
    """Query, variables, operation name and extensions of the body reach the executor, with headers but no
    credentials.
    """
    body = {
        "query": "query A($n: BigInt) {hello}",
        "variables": {"n": 123456789012345678901234567890, "x": None},
        "operationName": "A",
        "extensions": {"e": [1]},
        "unknown": True,
    }
    status, headers, answer = await served.post(
        body, Authorization="Bearer t", Cookie="c=1", X_Request_Id="req-1", Accept_Language="pt"
    )
    assert (status, answer) == (200, {"data": {"hello": "world"}})
    assert {name: headers[name] for name in ("Content-Type", "X-Request-Id", "Cache-Control")} == {
        "Content-Type": "application/json; charset=utf-8",
        "X-Request-Id": "req-1",
        "Cache-Control": "no-store",
    }
    [call] = served.executor.calls
    assert call == Call(
        GraphQLRequest(
            query="query A($n: BigInt) {hello}",
            variables={"n": 123456789012345678901234567890, "x": None},
            operation_name="A",
            extensions={"e": [1]},
        ),
        NOBODY,
        call.headers,
        "req-1",
    )
    assert call.headers["accept-language"] == "pt"
    assert call.headers["x-request-id"] == "req-1"
    assert {"authorization", "cookie"} & call.headers.keys() == set()


async def test_absent_parameters_are_empty(served):
    """A body with a query alone, or with nulls and an empty name, has no variables, name or extensions."""
    await served.post({"query": "{hello}"})
    await served.post({"query": "{hello}", "variables": None, "operationName": "", "extensions": None})
    assert [call.document for call in served.executor.calls] == [GraphQLRequest("{hello}")] * 2


NOT_JSON = "The body is no valid JSON."
NO_REQUEST = "The body is no GraphQL request: "


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", NOT_JSON),
        (b"{", NOT_JSON),
        (b"query=x", NOT_JSON),
        (b'{"query": "{a}"} x', NOT_JSON),
        (b'{"query": NaN}', NOT_JSON),
        (b'{"query": "\\ud800"}', NOT_JSON),
        (b'{"query": "{a}", "other": "\xff"}', "The body is not UTF-8."),
        (b'{"query": "\xff"}', "The body is not UTF-8."),
        (b"{}", f"{NO_REQUEST}Object missing required field `query`."),
        (b'{"query": 1}', f"{NO_REQUEST}Expected `str`, got `int` - at `$.query`."),
        (b'{"query": ""}', f"{NO_REQUEST}query is empty."),
        (
            b'{"query": "{a}", "variables": []}',
            f"{NO_REQUEST}Expected `object | null`, got `array` - at `$.variables`.",
        ),
        (
            b'{"query": "{a}", "operationName": {}}',
            f"{NO_REQUEST}Expected `str | null`, got `object` - at `$.operationName`.",
        ),
        (
            b'{"query": "{a}", "extensions": "x"}',
            f"{NO_REQUEST}Expected `object | null`, got `str` - at `$.extensions`.",
        ),
    ],
)
async def test_a_malformed_body_is_400(served, body, message):
    """What is no JSON in UTF-8, or no GraphQL request, is 400 with GraphQL's error body, in either form of
    answer.
    """
    for accept in (JSON, GRAPHQL):
        status, headers, answer = await served.post(body, Accept=accept, X_Request_Id="r")
        assert (status, answer) == (400, error(message, "BAD_REQUEST", "r"))
        assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert served.executor.calls == []


async def test_endless_nesting_is_400():
    """JSON that is nested without end is refused, and costs no stack."""
    async with edge(body_limit=1_000_000) as one:
        status, _, answer = await one.post(b'{"query":"{a}","x":' + b"[" * 300_000, X_Request_Id="r")
        assert (status, answer) == (400, error(NOT_JSON, "BAD_REQUEST", "r"))


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/graphql",
        "text/plain; application/json",
        "application/jsonp",
    ],
)
async def test_simple_cross_site_content_types_are_415(served, content_type):
    """Only application/json is read: a page of another site cannot send that without being allowed to."""
    status, _, answer = await served.post(b'{"query":"{hello}"}', Content_Type=content_type, X_Request_Id="r")
    message = "The body must be application/json."
    assert (status, answer) == (415, error(message, "UNSUPPORTED_MEDIA_TYPE", "r"))
    assert served.executor.calls == []


async def test_the_content_type_is_needed_and_its_charset_is_utf_8(served):
    """A body without a content type, or in another charset than UTF-8, is 415; UTF-8 may be said in any
    case.
    """
    request = b'{"query":"{hello}"}'
    status, _, _ = await served.post(request, Content_Type="application/json; charset=iso-8859-1")
    assert status == 415
    status, _, _ = await served.post(request, Content_Type='Application/JSON; charset="UTF-8"')
    assert status == 200
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(request), request)
    )
    assert await reader.readline() == b"HTTP/1.1 415 Unsupported Media Type\r\n"
    writer.close()
    assert len(served.executor.calls) == 1


def sized(size: int) -> bytes:
    return b'{"query":"{hello}"}'.ljust(size)


async def test_a_body_over_the_limit_is_413(served):
    """The body's bound counts unpacked bytes, whether or not the length was announced."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 100

    packed = gzip.compress(sized(50_000))
    assert len(packed) < 1000

    def too_large(figure: str) -> object:
        message = f"The request's body has {figure} bytes; at most 1000 are accepted."
        return error(message, "PAYLOAD_TOO_LARGE", "r")

    assert (await served.post(sized(1000)))[0] == 200
    assert (await served.post(sized(1001), X_Request_Id="r"))[::2] == (413, too_large("1001"))
    answer = await served.post(packed, Content_Encoding="gzip", X_Request_Id="r")
    assert answer[::2] == (413, too_large("more than 1000"))
    headers = {"Content-Type": JSON, "X-Request-Id": "r"}
    async with served.client.post(f"{served.url}/graphql", data=chunks(), headers=headers) as response:
        assert (response.status, await response.json()) == (413, too_large("more than 1000"))
    assert len(served.executor.calls) == 1


async def test_a_body_that_is_announced_too_large_is_not_waited_for(served):
    """A body whose announced length is over the limit is refused before any of it has come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    head = (
        "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1001\r\n\r\n"
    )
    writer.write(head.encode())
    async with asyncio.timeout(5):
        line = await reader.readline()
    writer.close()
    # The reason phrase depends on Python's version, and means nothing (RFC 9110, section 15.1).
    assert line.startswith(b"HTTP/1.1 413 ")


async def test_a_body_that_cannot_be_unpacked_is_400(served):
    """A body whose content encoding is a lie is the client's mistake."""
    status, _, answer = await served.post(b"no gzip at all", Content_Encoding="gzip", X_Request_Id="r")
    assert status == 400
    assert answer == error("The request's body cannot be unpacked.", "BAD_REQUEST", "r")


async def test_a_body_that_does_not_come_is_408():
    """A client that announces a body and sends none is not waited for without end."""
    async with edge(limits=Limits(body_timeout=0.02)) as one:
        reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nHost: x\r\n"
            b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
        assert await reader.readline() == b"HTTP/1.1 408 Request Timeout\r\n"
        writer.close()


FAILED = {"message": "no such field", "locations": [{"line": 1, "column": 2}], "extensions": {"code": "V"}}


@pytest.mark.parametrize(
    ("answer", "accept", "status", "body"),
    [
        (Answer(errors=[FAILED]), JSON, 200, {}),
        (Answer(errors=[FAILED]), GRAPHQL, 400, {}),
        (Answer(data=None, errors=[FAILED]), JSON, 200, {"data": None}),
        (Answer(data=None, errors=[FAILED]), GRAPHQL, 200, {"data": None}),
        (Answer(data={"a": None}, errors=[FAILED]), GRAPHQL, 200, {"data": {"a": None}}),
        (
            Answer(data={"a": 1}, errors=[FAILED], extensions={"x": 1}),
            GRAPHQL,
            200,
            {"data": {"a": 1}, "extensions": {"x": 1}},
        ),
    ],
)
async def test_the_status_follows_the_form_of_answer(answer, accept, status, body):
    """Errors before execution are 400 in application/graphql-response+json; all else is 200."""

    async def script(_document: GraphQLRequest) -> Answer:
        return answer

    async with edge(script) as one:
        found, headers, answered = await one.post({"query": "{a}"}, Accept=accept, X_Request_Id="r")
    failed = {**FAILED, "extensions": {"code": "V", "requestId": "r"}}
    assert (found, answered) == (status, {"errors": [failed], **body})
    assert headers["Content-Type"] == f"{accept}; charset=utf-8"


async def test_answers_keep_order_and_every_digit():
    """Fields keep the order of the query; big integers are exact, decimals and dates are text, marked text
    is text.
    """

    class Marked(str):
        __slots__ = ()

    async def script(_document: GraphQLRequest) -> Answer:
        data = {"z": 2**70, "a": Decimal("1.10"), "m": Marked("é"), "d": date(2026, 11, 20), "f": 0.1}
        return Answer(data=data, errors=[{"message": "bare"}])

    async with edge(script) as one:
        url, headers = f"{one.url}/graphql", {"X-Request-Id": "r"}
        async with one.client.post(url, json={"query": "{z a}"}, headers=headers) as response:
            assert (await response.read()).decode() == (
                '{"errors":[{"message":"bare","extensions":{"requestId":"r"}}],'
                '"data":{"z":1180591620717411303424,"a":"1.10","m":"é","d":"2026-11-20","f":0.1}}'
            )


@pytest.mark.parametrize("value", [object(), "\ud800", RuntimeError("inner secret")])
async def test_an_unforeseen_failure_says_nothing_but_the_request_id(caplog, value):
    """Whatever breaks inside, in execution or in writing its answer, is a 500 with the request's id alone."""

    async def script(_document: GraphQLRequest) -> Answer:
        if isinstance(value, Exception):
            raise value
        return Answer(data={"x": value})

    async with edge(script) as one:
        status, _, answer = await one.post({"query": "{a}"}, X_Request_Id="r", Accept=GRAPHQL)
    assert (status, answer) == (500, error("The request failed unexpectedly.", "INTERNAL_SERVER_ERROR", "r"))
    assert [record.getMessage() for record in caplog.records] == ["request r failed unforeseen"]
    assert caplog.records[0].exc_info is not None


async def test_refused_callers_are_answered_before_their_body_is_read(served):
    """What the authenticator refuses is answered with its status, challenge and code, and nothing is
    executed.
    """
    status, headers, answer = await served.post(b"{", Authorization="no", X_Request_Id="r")
    assert (status, answer) == (401, error("Not you.", "UNAUTHENTICATED", "r"))
    assert headers["WWW-Authenticate"] == "Bearer"
    assert served.executor.calls == []


async def test_subscriptions_are_refused(served):
    """A subscription over a plain request is refused clearly; the executor is not asked."""
    status, _, answer = await served.post({"query": "subscription {a}"}, X_Request_Id="r")
    message = (
        "Subscriptions are not served over plain GET and POST requests: use the WebSocket protocol "
        "graphql-transport-ws, or accept text/event-stream."
    )
    assert (status, answer) == (400, error(message, "BAD_REQUEST", "r"))
    assert served.executor.calls == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_other_methods_are_405(served, method):
    """The endpoint says which methods it accepts."""
    async with served.client.request(method, f"{served.url}/graphql") as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET, POST")


async def test_what_the_client_does_not_accept_is_406(served):
    """A client that wants neither form of JSON gets neither, and nothing is executed."""
    status, _, answer = await served.post({"query": "{a}"}, Accept="text/html", X_Request_Id="r")
    message = "Answers are application/graphql-response+json or application/json."
    assert (status, answer) == (406, error(message, "NOT_ACCEPTABLE", "r"))
    assert served.executor.calls == []


@pytest.mark.parametrize("given_id", ["", "a b", "x" * 65, "a\u00e9", "a;b"])
async def test_an_unsafe_request_id_is_replaced(served, given_id):
    """Only 1 to 64 letters, digits, dots, underscores and hyphens are taken over as the request's id."""
    _, headers, _ = await served.post({"query": "{a}"}, X_Request_Id=given_id)
    assert headers["X-Request-Id"] != given_id
    assert served.executor.calls[0].request_id == headers["X-Request-Id"]
    assert served.executor.calls[0].headers["x-request-id"] == headers["X-Request-Id"]


async def gone(one: Edge, query: str, held: Held) -> None:
    """Sends the query, waits until it is executed, and closes the socket."""
    body = json.dumps({"query": query}).encode()
    _, writer = await asyncio.open_connection("127.0.0.1", one.port)
    head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    writer.write((head % len(body)).encode() + body)
    await held.begun.wait()
    writer.close()


async def test_a_client_that_goes_cancels_its_query():
    """Closing the socket in the middle of a query ends the query at once."""
    held = Held()
    async with edge(held) as one:
        await gone(one, "{held}", held)
        async with asyncio.timeout(5):
            await held.ended.wait()
        assert (held.outcome, one.running) == ("cancelled", 0)


async def test_a_client_that_goes_does_not_cancel_its_mutation():
    """Closing the socket in the middle of a mutation leaves the mutation running to its end."""
    held = Held()
    async with edge(held) as one:
        await gone(one, "mutation {held}", held)
        # A second request, begun and ended after the first client went, shows that the server saw it go.
        async with one.client.get(f"{one.url}/health/live") as response:
            assert response.status == 200
        assert (held.outcome, one.running) == ("", 1)
        held.let_go.set()
        async with asyncio.timeout(5):
            await held.ended.wait()
        assert held.outcome == "finished"


async def test_a_mutation_that_fails_unseen_is_logged(caplog):
    """When a mutation fails after its client went, the log says so, without the failure's words."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await go.wait()
        raise ValueError("inner secret")

    running = Running()
    waiter = asyncio.create_task(running.to_its_end(work()))
    await begun.wait()
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    go.set()
    assert await running.drained(5) == 0
    await asyncio.sleep(0)
    assert caplog.messages == ["a mutation failed after its client had gone: ValueError"]
    assert len(running) == 0


async def test_mutations_under_way_are_bounded():
    """A mutation over the bound is refused before it starts, and says when to try again."""
    started: list[str] = []

    async def work(name: str) -> str:
        started.append(name)
        await go.wait()
        return name

    go = asyncio.Event()
    running = Running(most=1)
    first = asyncio.create_task(running.to_its_end(work("first")))
    await asyncio.sleep(0)
    with pytest.raises(Refused) as caught:
        await running.to_its_end(work("second"))
    assert (caught.value.status, caught.value.headers) == (503, {"retry-after": "1"})
    go.set()
    assert await first == "first"
    assert await running.to_its_end(work("third")) == "third"
    assert started == ["first", "third"]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON};q=0.9", JSON),
        (f"{GRAPHQL}; charset=utf-8; Q=0.8, {JSON};q=0.7", GRAPHQL),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"{GRAPHQL}, */*;q=0.1", GRAPHQL),
        (f"{JSON};q=0.1, */*", GRAPHQL),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ("APPLICATION/JSON", JSON),
        ("text/html", None),
        ("text/*", None),
        (f"{JSON};q=0", None),
        ("*/*;q=0", None),
        (f"{JSON};q=2", None),
        (f"{JSON};q=x", None),
        (";;,=,q", None),
        (", ".join(["text/html"] * 50 + [JSON]), None),
    ],
)
def test_which_form_of_answer_is_chosen(accept, chosen):
    """The best q-value wins; a named type goes before a wildcard; who does not ask gets plain JSON."""
    assert acceptable(accept) == chosen


@given(st.text(";,=q01./*jsonapplict ", max_size=60))
def test_any_accept_header_is_answered(accept):
    """Whatever a client writes, one of the offered types or none comes of it."""
    assert acceptable(accept) in {JSON, GRAPHQL, None}


@given(st.text(max_size=70))
def test_request_ids_are_safe(given_id):
    """Whatever a client sends, the id is short and of safe characters."""
    found = request_id(given_id, lambda: "made")
    assert found in {given_id, "made"}
    assert 1 <= len(found) <= 64
    assert found.isascii()
    assert found.replace(".", "").replace("_", "").replace("-", "").isalnum() or not found.strip("._-")


def test_requests_are_equal_by_what_they_say_and_show_no_values():
    """Two requests of the same parameters are equal, whatever operation was chosen for them; a repr shows the text of
    the query alone, for variables and extensions are the client's.
    """
    one = GraphQLRequest("{a}", {"x": "zqsecret"}, "A", {"y": "zqtoo"})
    assert one == GraphQLRequest("{a}", {"x": "zqsecret"}, "A", {"y": "zqtoo"})
    assert one != GraphQLRequest("{a}", {"x": "other"}, "A", {"y": "zqtoo"})
    assert one != ("{a}", {"x": "zqsecret"}, "A", {"y": "zqtoo"})
    assert repr(one) == "GraphQLRequest(query='{a}', operation_name='A')"
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)
