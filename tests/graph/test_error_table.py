"""The table of errors (DESIGN section 10), row by row: a real answer on a socket, what the client gets, and the
data around it.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.adapters import wire
from tests.graph.projects import INT, TEXT, an, contract, listed, operation, parameter, ref
from tests.graph.served import Gateway, Reply, Rest, rest, served, toml

PROBLEM = an(
    {"type": TEXT, "title": TEXT, "detail": TEXT, "stock": INT},
    optional="type title detail stock",
)
SHOP = contract(
    operation("GET /things/{id}", "getThing", ref("Thing"), statuses=("404",)),
    operation("GET /plain/{id}", "getPlain", ref("Plain")),
    operation(
        "GET /search",
        "searchThings",
        ref("Found"),
        parameter("text_query", required=True),
        parameter("depth", INT),
    ),
    operation("GET /own", "getOwn", ref("Plain"), parameter("kind", required=True)),
    operation(
        "POST /orders",
        "createOrder",
        ref("Plain"),
        parameter("x-order-source", place="header"),
        body=ref("NewOrder"),
        statuses=("404",),
    ),
    operation("PUT /orders/{id}", "replaceOrder", ref("Plain"), body=ref("NewOrder")),
    operation(
        "GET /many", "listMany", ref("ManyPage"), parameter("ids", listed(TEXT)), parameter("page", INT)
    ),
    Thing=an({"id": TEXT, "name": TEXT, "part_id": TEXT}, optional="part_id"),
    Part=an({"id": TEXT, "name": TEXT}),
    Plain=an({"id": TEXT, "name": TEXT, "count": INT}, optional="count"),
    Found=an({"things": listed(ref("Thing"))}),
    ManyPage=an({"data": listed(ref("Part")), "page": INT, "total_pages": INT}),
    Line=an({"sku": TEXT, "unit_qty": INT}),
    Address=an({"postal_code": TEXT}),
    NewOrder=an({"customer_email": TEXT, "lines": listed(ref("Line")), "address": ref("Address")}),
    Problem=PROBLEM,
)
SHOP["paths"]["/plain/{id}"]["get"]["responses"]["402"] = {
    "description": "declared",
    "content": {"application/problem+json": {"schema": ref("Problem")}},
}
CALM = contract(operation("GET /calm", "getCalm", ref("Calm")), Calm=an({"name": TEXT}))
MODULE = """
    import strawberry
    from graphql import GraphQLError
    from stolon import rest

    shop = rest.contract("shop")
    calm = rest.contract("calm")


    @rest.type(shop.schema("Part"), key="id", many=shop.op("listMany", ids=rest.keys,
               paging=rest.by_page(page="page", items="data")))
    class Part:
        id: rest.auto
        name: rest.auto


    @rest.type(shop.schema("Thing"), key="id", one=shop.op("getThing"))
    class Thing:
        id: rest.auto
        name: rest.auto
        part: Part | None = rest.link(key="part_id")


    @rest.type(shop.schema("Plain"))
    class Plain:
        id: rest.auto
        name: rest.auto
        count: rest.auto


    @rest.type(calm.schema("Calm"))
    class Calm:
        name: rest.auto


    @strawberry.type
    class Nest:
        insisted: Thing = rest.query(shop.op("getThing"))


    @strawberry.type
    class Query:
        calm: Calm | None = rest.query(calm.op("getCalm"))
        thing: Thing | None = rest.query(shop.op("getThing"))
        plain: Plain | None = rest.query(shop.op("getPlain"))
        search: list[Thing] | None = rest.query(shop.op("searchThings"))
        own: Plain | None = rest.query(shop.op("getOwn", kind="gold"))

        @strawberry.field
        def nest(self) -> Nest | None:
            return Nest()

        @strawberry.field
        def broken(self) -> str | None:
            raise RuntimeError("password=hunter2")

        @strawberry.field
        def many_broken(self) -> list[int | None]:
            return ["hunter2"] * 250

        @strawberry.field
        def refused(self) -> str | None:
            raise GraphQLError("Not on Sundays.", extensions={"code": "CLOSED", "opens": "Monday"})

        @strawberry.field
        def plainly_refused(self) -> str | None:
            raise GraphQLError("Not on Sundays.")


    @strawberry.type
    class Mutation:
        create_order: Plain | None = rest.mutation(shop.op("createOrder"))
        replace_order: Plain | None = rest.mutation(shop.op("replaceOrder"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
CALMLY = {"name": "calm"}
THING = 'query { calm { name } thing(id: "t1") { name } }'
PLAIN = 'query { calm { name } plain(id: "p1") { name } }'
OWN = "query { calm { name } own { name } }"
ORDER = """
mutation ($input: NewOrderInput!, $key: String) { createOrder(input: $input, xOrderSource: $key) { name } }
"""
INPUT = {
    "customerEmail": "ana",
    "lines": [{"sku": "a", "unitQty": 1}, {"sku": "b", "unitQty": -1}],
    "address": {"postalCode": "x"},
}
ID = "r-1"


@pytest.fixture
async def shop() -> AsyncIterator[Rest]:
    """The service that fails."""
    async with rest() as service:
        yield service


@pytest.fixture
async def calm() -> AsyncIterator[Rest]:
    """The service beside it, which is well."""
    async with rest() as service:
        service.on("GET /calm", Reply(CALMLY))
        yield service


@pytest.fixture
async def gateway(tmp_path, shop: Rest, calm: Rest) -> AsyncIterator[Gateway]:
    """The project over both, forwarding tokens."""
    text = toml({"shop": shop.url, "calm": calm.url}, credentials='"forward"', timeout='"2s"')
    async with served(tmp_path, MODULE, {"shop": SHOP, "calm": CALM}, text) as made:
        yield made


def extensions(code: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "retryable": False, "requestId": ID, **more}


async def asked(gateway: Gateway, query: str, variables: Any = None, **headers: str) -> Any:
    """The answer, without the places in the document."""
    answer = await gateway.ask(query, variables, x_request_id=ID, **headers)
    for error in answer.get("errors", ()):
        error.pop("locations", None)
    return answer


async def fails(gateway: Gateway, query: str, message: str, ext: dict[str, Any]) -> None:
    """The second field of the query is null with exactly this error; the calm one is there."""
    field = query.split("}")[1].split("(")[0].split("{")[0].strip()
    assert await asked(gateway, query) == {
        "errors": [{"message": message, "path": [field], "extensions": ext}],
        "data": {"calm": CALMLY, field: None},
    }


# --- 400 and 422

SHAPES: list[tuple[str, Any, str]] = [
    (
        "RFC 9457 with JSON pointers",
        {
            "title": "Your input is wrong.",
            "errors": [
                {"detail": "is no address", "pointer": "#/customer_email"},
                {"detail": "must be positive", "pointer": "#/lines/1/unit_qty"},
                {"detail": "is unknown", "pointer": "/address/postal_code"},
            ],
        },
        "Your input is wrong.",
    ),
    (
        "FastAPI",
        {
            "detail": [
                {"loc": ["body", "customer_email"], "msg": "is no address", "type": "value_error"},
                {"loc": ["body", "lines", 1, "unit_qty"], "msg": "must be positive", "type": "value_error"},
                {"loc": ["body", "address", "postal_code"], "msg": "is unknown", "type": "value_error"},
            ]
        },
        "The service refused the input.",
    ),
    (
        "JSON:API",
        {
            "errors": [
                {"detail": "is no address", "source": {"pointer": "/customer_email"}},
                {"detail": "must be positive", "source": {"pointer": "/lines/1/unit_qty"}},
                {"detail": "is unknown", "source": {"pointer": "/address/postal_code"}},
            ]
        },
        "is no address",
    ),
    (
        "Spring",
        {
            "status": 400,
            "error": "Bad Request",
            "message": "Validation failed",
            "errors": [
                {"field": "customer_email", "defaultMessage": "is no address"},
                {"field": "lines[1].unit_qty", "defaultMessage": "must be positive"},
                {"field": "address.postal_code", "defaultMessage": "is unknown"},
            ],
        },
        "Validation failed",
    ),
    (
        "ASP.NET and Rails",
        {
            "title": "One or more validation errors occurred.",
            "errors": {
                "customer_email": ["is no address"],
                "lines[1].unit_qty": ["must be positive"],
                "address.postal_code": ["is unknown"],
            },
        },
        "One or more validation errors occurred.",
    ),
    (
        "an error in an envelope",
        {
            "error": {
                "code": "invalid",
                "message": "Bad order",
                "details": [
                    {"field": "customer_email", "message": "is no address"},
                    {"field": "lines[1].unit_qty", "message": "must be positive"},
                    {"field": "address.postal_code", "message": "is unknown"},
                ],
            }
        },
        "Bad order",
    ),
]
AT_PATHS = [
    {"path": ["input", "customerEmail"], "message": "is no address"},
    {"path": ["input", "lines", 1, "unitQty"], "message": "must be positive"},
    {"path": ["input", "address", "postalCode"], "message": "is unknown"},
]


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(("body", "message"), [one[1:] for one in SHAPES], ids=[one[0] for one in SHAPES])
async def test_each_field_error_stands_at_its_input_path(gateway, shop, status, body, message):
    """400 and 422 on what the client supplied: BAD_USER_INPUT, each complaint at the path of its GraphQL input."""
    shop.on("POST /orders", Reply(body, status))
    answer = await asked(gateway, ORDER, {"input": INPUT})
    (error,) = answer["errors"]
    assert answer["data"] == {"createOrder": None}
    assert (error["message"], error["path"]) == (message, ["createOrder"])
    problem = error["extensions"].pop("problem")
    assert problem["status"] == status
    assert error["extensions"] == extensions("BAD_USER_INPUT", fields=AT_PATHS)


@pytest.mark.parametrize(
    "complaint",
    [
        {"errors": [{"detail": "too long", "in": "query", "name": "text_query"}]},
        {"detail": [{"loc": ["query", "text_query"], "msg": "too long"}]},
        {"errors": [{"detail": "too long", "source": {"parameter": "text_query"}}]},
        {"errors": {"text_query": ["too long"]}},
        {"invalid-params": [{"name": "text_query", "reason": "too long"}]},
        {"text_query": ["too long"]},
    ],
)
async def test_a_parameter_is_named_as_the_client_wrote_it(gateway, shop, complaint):
    """A complaint about a parameter stands at the argument that supplied it, under its GraphQL name."""
    shop.on("GET /search", Reply(complaint, 422))
    answer = await asked(gateway, '{ calm { name } search(textQuery: "x") { name } }')
    assert answer["data"] == {"calm": CALMLY, "search": None}
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["fields"] == [{"path": ["textQuery"], "message": "too long"}]


async def test_a_refusal_without_fields_is_the_clients_where_it_supplied_anything(gateway, shop):
    """A 400 that names no value is BAD_USER_INPUT where the client supplied one, UPSTREAM_ERROR where none."""
    shop.on("GET /things/t1", Reply({"detail": "No such form of id."}, 400))
    more = {
        "problem": {"status": 400, "detail": "No such form of id."},
        "fields": [{"path": ["id"], "message": "No such form of id."}],
    }
    await fails(gateway, THING, "No such form of id.", extensions("BAD_USER_INPUT", **more))
    shop.on("GET /own", Reply({"detail": "No such kind."}, 400))
    problem = {"status": 400, "detail": "No such kind."}
    await fails(gateway, OWN, "No such kind.", extensions("UPSTREAM_ERROR", problem=problem))
    shop.on("GET /own", Reply(None, 422, text="<h1>no</h1>"))
    await fails(gateway, OWN, "The service could not answer.", extensions("UPSTREAM_ERROR"))


async def test_a_value_that_stolon_supplied_is_not_the_clients_fault(gateway, shop):
    """A 422 about nothing but a value that the client never gave is UPSTREAM_ERROR."""
    shop.on("POST /orders", Reply({"errors": [{"detail": "is unknown", "pointer": "#/internal_id"}]}, 422))
    answer = await asked(gateway, ORDER, {"input": INPUT})
    assert answer["errors"][0]["extensions"]["code"] == "UPSTREAM_ERROR"
    assert "fields" not in answer["errors"][0]["extensions"]


async def test_what_breaks_the_contract_is_refused_before_it_is_sent(gateway, shop):
    """An argument that the contract's own type refuses is BAD_USER_INPUT at its path, and nothing is called."""
    answer = await asked(gateway, ORDER, {"input": INPUT, "key": "a\nb"})
    (error,) = answer["errors"]
    assert error["path"] == ["createOrder"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert [one["path"] for one in error["extensions"]["fields"]] == [["xOrderSource"]]
    assert shop.calls == {}


# --- other answers


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (402, "UPSTREAM_ERROR", "The service could not answer."),
        (405, "UPSTREAM_ERROR", "The service could not answer."),
        (410, "UPSTREAM_ERROR", "The service could not answer."),
        (418, "UPSTREAM_ERROR", "The service could not answer."),
        (409, "CONFLICT", "The service refused the change: it conflicts with the present state."),
        (412, "CONFLICT", "The service refused the change: it conflicts with the present state."),
        (401, "UNAUTHENTICATED", "The service did not accept the caller's token."),
        (403, "FORBIDDEN", "The caller may not do this."),
        (404, "UPSTREAM_ERROR", "The service could not answer."),
        (300, "UPSTREAM_ERROR", "The service could not answer."),
        (304, "UPSTREAM_ERROR", "The service could not answer."),
        (500, "UPSTREAM_ERROR", "The service could not answer."),
        (501, "UPSTREAM_ERROR", "The service could not answer."),
        (599, "UPSTREAM_ERROR", "The service could not answer."),
    ],
)
async def test_a_status_has_its_code(gateway, shop, status, code, message):
    """Each status that is no success becomes its row's code at the field that needed it; the rest is there."""
    shop.on("GET /plain/p1", Reply(None, status, text=""))
    await fails(gateway, PLAIN, message, extensions(code))
    assert shop.calls == {"GET /plain/p1": 1}


@pytest.mark.parametrize(("status", "code"), [(409, "CONFLICT"), (412, "CONFLICT"), (403, "FORBIDDEN")])
async def test_the_services_words_reach_the_client(gateway, shop, status, code):
    """Of a 4xx problem clients get the RFC's members, and no extension member that the contract does not declare."""
    body = {"type": "urn:x", "title": "No", "detail": "It changed.", "instance": "/1", "balance": 30}
    shop.on("GET /plain/p1", Reply(body, status))
    shown = {"type": "urn:x", "title": "No", "status": status, "detail": "It changed.", "instance": "/1"}
    await fails(gateway, PLAIN, "It changed.", extensions(code, problem=shown))


async def test_declared_members_of_a_problem_reach_the_client(gateway, shop):
    """Extension members that the contract declares for the status are shown, others are not."""
    shop.on("GET /plain/p1", Reply({"detail": "Pay.", "stock": 3, "debug": "secret"}, 402))
    shown = {"status": 402, "detail": "Pay.", "stock": 3}
    await fails(gateway, PLAIN, "Pay.", extensions("UPSTREAM_ERROR", problem=shown))


async def test_problems_are_bounded(gateway, shop):
    """However long a service talks, an error stays small."""
    shop.on("GET /plain/p1", Reply({"detail": "x" * 100_000, "title": "y" * 9_000}, 409))
    async with gateway.post(PLAIN) as response:
        assert len(await response.read()) < 8_000


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_to_another_origin_are_errors(gateway, shop, calm, status):
    """A redirect that leads to another origin is not followed: UPSTREAM_ERROR."""
    shop.on("GET /plain/p1", Reply(None, status, {"location": f"{calm.url}/calm"}))
    await fails(gateway, PLAIN, "The service could not answer.", extensions("UPSTREAM_ERROR"))
    assert calm.calls == {"GET /calm": 1}


async def test_a_redirect_of_a_change_is_not_followed(gateway, shop):
    """A redirect never repeats a change elsewhere, not even within the origin."""
    shop.on("POST /orders", Reply(None, 307, {"location": "/other"}))
    answer = await asked(gateway, ORDER, {"input": INPUT})
    assert answer["errors"][0]["extensions"] == extensions("UPSTREAM_ERROR")
    assert shop.calls == {"POST /orders": 1}


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_of_the_gateway_itself_raises_an_alarm(tmp_path, shop, calm, status, caplog):
    """401 and 403 where the caller's token was not sent: UPSTREAM_ERROR without the service's words, and an alarm."""
    text = toml({"shop": shop.url, "calm": calm.url})
    shop.on("GET /plain/p1", Reply({"detail": "Key 7 is revoked."}, status))
    async with served(tmp_path, MODULE, {"shop": SHOP, "calm": CALM}, text) as gateway:
        await fails(gateway, PLAIN, "The service could not answer.", extensions("UPSTREAM_ERROR"))
    (alarm,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert alarm.getMessage() == (
        f"request r-1: shop: getPlain: ALARM: it refused the gateway's own credentials with {status}: "
        "Key 7 is revoked."
    )
    assert "authorization" not in shop.asked[0].headers


async def test_nothing_where_the_contract_says_so(gateway, shop):
    """A declared 404 of a lookup is null without an error."""
    shop.on("GET /things/t1", Reply({"detail": "Gone"}, 404))
    assert await asked(gateway, THING) == {"data": {"calm": CALMLY, "thing": None}}


async def test_nothing_where_a_value_is_insisted_on(gateway, shop):
    """A declared 404 is NOT_FOUND where the field is not nullable, and nulls what stands around it, no more."""
    shop.on("GET /things/t1", Reply({"detail": "Gone"}, 404))
    assert await asked(gateway, '{ calm { name } nest { insisted(id: "t1") { name } } }') == {
        "errors": [
            {"message": "Not found.", "path": ["nest", "insisted"], "extensions": extensions("NOT_FOUND")}
        ],
        "data": {"calm": CALMLY, "nest": None},
    }


@pytest.mark.parametrize(
    ("query", "endpoint", "code"),
    [
        (ORDER, "POST /orders", "NOT_FOUND"),
        (ORDER.replace("createOrder(", 'replaceOrder(id: "o1", ').replace(", xOrderSource: $key", "").replace(
            ", $key: String", ""), "PUT /orders/o1", "UPSTREAM_ERROR"),
    ],
    ids=["declared", "undeclared"],
)  # fmt: skip
async def test_a_404_of_a_change_is_an_error(gateway, shop, query, endpoint, code):
    """A change that found nothing was not made: NOT_FOUND where the contract declares it, else UPSTREAM_ERROR."""
    shop.on(endpoint, Reply({"detail": "No such customer."}, 404))
    answer = await asked(gateway, query, {"input": INPUT})
    assert [one["extensions"]["code"] for one in answer["errors"]] == [code]
    assert list(answer["data"].values()) == [None]


@pytest.mark.parametrize("header", ["7", "date", "soon", None])
async def test_a_limit_tells_when_to_come_back(gateway, shop, header):
    """429 is RATE_LIMITED and may be tried again; `retryAfter` is in seconds, from seconds or from an HTTP-date."""
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    headers = {} if header is None else {"retry-after": when if header == "date" else header}
    shop.on("GET /plain/p1", Reply(None, 429, headers, text=""))
    answer = await asked(gateway, PLAIN)
    (error,) = answer["errors"]
    after = error["extensions"].pop("retryAfter", None)
    assert error["extensions"] == extensions("RATE_LIMITED", retryable=True)
    assert answer["data"] == {"calm": CALMLY, "plain": None}
    expected: dict[str | None, list[int | None]] = {"7": [7], "date": [*range(60, 91)]}
    assert after in expected.get(header, [None])


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_service_that_is_away(gateway, shop, status):
    """502, 503 and 504 are UPSTREAM_UNAVAILABLE; a query may be tried again, a change may not."""
    shop.on("GET /plain/p1", Reply({"detail": "pod shop-7 is down"}, status))
    shop.on("POST /orders", Reply({"detail": "pod shop-7 is down"}, status))
    message = "The service can't be reached."
    await fails(gateway, PLAIN, message, extensions("UPSTREAM_UNAVAILABLE", retryable=True))
    answer = await asked(gateway, ORDER, {"input": INPUT})
    assert answer["errors"][0]["extensions"] == extensions("UPSTREAM_UNAVAILABLE")


@pytest.mark.parametrize(
    "body", [{"detail": "SELECT hunter2"}, {"errors": {"id": ["hunter2"]}}, "hunter2 at line 3"]
)
@pytest.mark.parametrize("status", [500, 503, 507])
async def test_nothing_of_a_5xx_reaches_the_client(gateway, shop, status, body, caplog):
    """What a 5xx says, in whatever form, is logged with the request's id and kept from the client."""
    text = body if isinstance(body, str) else None
    shop.on("GET /plain/p1", Reply(body, status, {"x-debug": "hunter2"}, text=text))
    async with gateway.post(PLAIN, x_request_id=ID) as response:
        whole = await response.text() + str(response.headers)
    assert "hunter2" not in whole
    (told,) = [one.getMessage() for one in caplog.records if one.name == "stolon.upstream"]
    assert told.startswith(f"request r-1: shop: getPlain: it answered {status}: ")
    assert "hunter2" in told


async def test_a_token_that_a_service_repeats_is_not_logged(gateway, shop, caplog):
    """Credentials that a failing service echoes are cut out of the log."""
    shop.on("GET /plain/p1", lambda one: Reply(None, 500, text=f"Headers: {one.headers}"))
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbmEifQ.c2lnbmVk"
    await gateway.ask(PLAIN, token=token)
    assert "[token]" in caplog.text
    assert "eyJ" not in caplog.text
    assert "c2lnbmVk" not in caplog.text


# --- calls that brought no answer


@pytest.fixture
async def raw(tmp_path, calm: Rest) -> Any:
    """Serves the project over a shop at any address."""

    def made(url: str, **more: Any) -> Any:
        # Short waits between attempts: all of them fit into the short time.
        shop = f'[services.shop]\nurl = "{url}"\ntimeout = "0.2s"\nretry = {{ first = "1ms" }}\n'
        lines = toml({"calm": calm.url}) + shop
        return served(tmp_path, MODULE, {"shop": SHOP, "calm": CALM}, lines, **more)

    return made


async def silent(connection: wire.Connection) -> None:
    """Never answers; ends when the client goes."""
    await connection.reader.read()


@pytest.mark.parametrize(
    ("act", "for_query", "message"),
    [
        (silent, "UPSTREAM_TIMEOUT", "The service did not answer in time."),
        (wire.says_and_resets(), "UPSTREAM_UNAVAILABLE", "The service can't be reached."),
        (wire.says_and_closes(), "UPSTREAM_UNAVAILABLE", "The service can't be reached."),
        (
            wire.says_and_resets(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"),
            "UPSTREAM_ERROR",
            "The service could not answer.",
        ),
        (
            wire.says_and_closes(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"),
            "UPSTREAM_ERROR",
            "The service could not answer.",
        ),
        (wire.says_and_closes(b"SSH-2.0-OpenSSH\r\n\r\n"), "UPSTREAM_ERROR", "The service could not answer."),
    ],
    ids=["silence", "reset", "hung up", "reset midway", "cut short", "no HTTP"],
)
async def test_a_sent_call_without_an_answer(raw, act, for_query, message):
    """Without an answer a query failed, and may be tried again; a change that was sent has an unknown outcome."""
    async with wire.serving(act) as service, raw(service.url) as gateway:
        retryable = for_query != "UPSTREAM_ERROR"
        await fails(gateway, PLAIN, message, extensions(for_query, retryable=retryable))
        answer = await asked(gateway, ORDER, {"input": INPUT})
        assert answer == {
            "errors": [
                {
                    "message": "The service did not say whether the change was made: look before trying again.",
                    "path": ["createOrder"],
                    "extensions": extensions("OUTCOME_UNKNOWN"),
                }
            ],
            "data": {"createOrder": None},
        }
        # Reads are tried again where that may help (`adapters/policies/retry.py`), the change never.
        reads = 3 if for_query == "UPSTREAM_UNAVAILABLE" else 1
        assert [line.split()[0] for line in service.lines] == ["GET"] * reads + ["POST"]


@pytest.mark.parametrize("url", ["refused", "http://no-such-host.invalid"], ids=["refused", "DNS"])
async def test_a_call_that_never_left(raw, url):
    """Refused connections and unknown hosts are UPSTREAM_UNAVAILABLE; what never left, even a change, may be
    tried again.
    """
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}" if url == "refused" else url
        async with raw(url) as gateway:
            ext = extensions("UPSTREAM_UNAVAILABLE", retryable=True)
            await fails(gateway, PLAIN, "The service can't be reached.", ext)
            answer = await asked(gateway, ORDER, {"input": INPUT})
            assert answer["errors"][0]["extensions"] == ext


# --- answers that are not what they should be


@pytest.mark.parametrize(
    ("body", "path", "expected", "found"),
    [
        ({"name": "x", "id": "1", "count": "hunter2"}, "$.count", "Int (32 bits)", "string"),
        ({"name": "x", "id": "1", "count": True}, "$.count", "Int (32 bits)", "boolean"),
    ],
)
async def test_a_value_that_breaks_its_contract(gateway, shop, body, path, expected, found):
    """CONTRACT_VIOLATION names the JSON path and both types, never the value; its neighbours stay."""
    shop.on("GET /plain/p1", Reply(body))
    assert await asked(gateway, '{ calm { name } plain(id: "p1") { name count } }') == {
        "errors": [
            {
                "message": f"The upstream's answer breaks its contract at {path}: "
                f"expected {expected}, found {found}.",
                "path": ["plain", "count"],
                "extensions": extensions(
                    "CONTRACT_VIOLATION", violation={"path": path, "expected": expected, "found": found}
                ),
            }
        ],
        "data": {"calm": CALMLY, "plain": {"name": "x", "count": None}},
    }


@pytest.mark.parametrize("text", ["<html>hunter2</html>", "", "[]", '{"name": "x", "id"'])
async def test_a_success_that_is_no_such_object(gateway, shop, text):
    """A success that is no JSON, no object or empty is a CONTRACT_VIOLATION at the whole field."""
    shop.on("GET /plain/p1", Reply(text=text))
    async with gateway.post(PLAIN, x_request_id=ID) as response:
        whole = await response.text()
        answer = await response.json()
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["CONTRACT_VIOLATION"]
    assert answer["data"] == {"calm": CALMLY, "plain": None}
    assert "hunter2" not in whole


async def test_a_batch_that_its_service_never_ends(tmp_path, shop, calm):
    """A paged batch with keys still missing when no further page may be read is INCOMPLETE_BATCH, never nulls."""
    things = [{"id": str(one), "name": "t", "part_id": f"p{one}"} for one in range(2)]
    shop.on("GET /search", Reply({"things": things}))
    shop.on("GET /many", Reply({"data": [{"id": "p0", "name": "found"}], "page": 1, "total_pages": 99}))
    text = toml({"shop": shop.url, "calm": calm.url}, page_limit="2")
    async with served(tmp_path, MODULE, {"shop": SHOP, "calm": CALM}, text) as gateway:
        answer = await asked(gateway, '{ calm { name } search(textQuery: "x") { part { name } } }')
    assert answer["data"] == {"calm": CALMLY, "search": [{"part": {"name": "found"}}, {"part": None}]}
    assert [(one["path"], one["extensions"]) for one in answer["errors"]] == [
        (["search", 1, "part"], extensions("INCOMPLETE_BATCH"))
    ]


# --- detail, bounds, and what a client must not see


async def test_detail_names_service_and_operation(raw, calm):
    """Service and operation stand in an error where the project shows detail, and nowhere else."""
    calm.on("GET /calm", Reply(None, 500, text=""))
    for detail, more in ((False, {}), (True, {"service": "calm", "operation": "getCalm"})):
        async with raw("http://127.0.0.1:9", detail=detail) as gateway:
            answer = await asked(gateway, "{ calm { name } }")
            assert answer["errors"][0]["extensions"] == extensions("UPSTREAM_ERROR", **more)
    # Also of a value deep in an answer that went well.
    calm.on("GET /calm", Reply({"name": 5}))
    async with raw("http://127.0.0.1:9", detail=True) as gateway:
        (error,) = (await asked(gateway, "{ calm { name } }"))["errors"]
    assert error["path"] == ["calm", "name"]
    assert error["extensions"].pop("violation")["path"] == "$.name"
    assert error["extensions"] == extensions("CONTRACT_VIOLATION", service="calm", operation="getCalm")


@pytest.mark.parametrize(
    ("reply", "level", "said"),
    [
        (Reply({"detail": "hunter2"}, 409), logging.INFO, "CONFLICT at plain"),
        (Reply({"detail": "hunter2"}, 403), logging.INFO, "FORBIDDEN at plain"),
        (Reply(None, 429, {"retry-after": "7"}, text=""), logging.INFO, "RATE_LIMITED at plain"),
        (Reply({"detail": "hunter2"}, 422), logging.INFO, "BAD_USER_INPUT at plain"),
        (Reply({"detail": "hunter2"}, 500), logging.WARNING, "it answered 500: hunter2"),
        (
            Reply("hunter2"),
            logging.WARNING,
            "The upstream's answer breaks its contract at $: expected object, found string.",
        ),
    ],
    ids=["409", "403", "429", "422", "500", "violation"],
)
async def test_service_and_operation_are_always_logged(gateway, shop, reply, level, said, caplog):
    """Whatever a field's error is, one line of the log names the request, the service and the operation; the
    words of a service stand there only where it failed.
    """
    shop.on("GET /plain/p1", reply)
    with caplog.at_level(logging.INFO, "stolon"):
        await asked(gateway, PLAIN)
    of = [one for one in caplog.records if getattr(one, "service", None) == "shop"]
    assert [(one.levelno, one.getMessage()) for one in of] == [
        (level, f"request r-1: shop: getPlain: {said}")
    ]
    assert [one.operation for one in of] == ["getPlain"]


async def test_errors_of_one_step_are_capped(gateway, shop):
    """Of one failed step 100 places are told, then one says how many more; another step's are told apart."""
    things = [{"id": str(one), "name": 5 if one == 7 else "t", "part_id": f"p{one}"} for one in range(250)]
    shop.on("GET /search", Reply({"things": things}))
    shop.on("GET /many", Reply(None, 500, text=""))
    answer = await asked(gateway, '{ calm { name } search(textQuery: "x") { id part { name } } }')
    assert len(answer["data"]["search"]) == 250
    assert answer["data"]["search"][249] == {"id": "249", "part": None}
    places = [one["path"] for one in answer["errors"]]
    assert places == [["search", at, "part"] for at in range(101)]
    assert answer["errors"][100]["message"] == "The same at 150 more places: The service could not answer."
    assert answer["errors"][100]["extensions"] == extensions("UPSTREAM_ERROR", morePlaces=150)


async def test_unforeseen_failures_say_nothing(gateway, caplog):
    """What a resolver raises unforeseen is told as an internal error at its path; the log has the rest."""
    answer = await asked(gateway, "{ calm { name } broken }")
    assert answer == {
        "errors": [
            {
                "message": "Internal error.",
                "path": ["broken"],
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": ID},
            }
        ],
        "data": {"calm": CALMLY, "broken": None},
    }
    (record,) = caplog.records
    assert record.getMessage() == "request r-1: a resolver failed at broken"
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "password=hunter2"


async def test_a_value_that_no_scalar_can_write_is_unforeseen(gateway, caplog):
    """A resolver's value of another type is never shown, and 250 places of it are one record of the log."""
    async with gateway.post("{ manyBroken }") as response:
        whole, answer = await response.text(), await response.json()
    assert "hunter2" not in whole
    assert answer["data"] == {"manyBroken": [None] * 250}
    assert {one["extensions"]["code"] for one in answer["errors"]} == {"INTERNAL_SERVER_ERROR"}
    assert len(answer["errors"]) == 101
    assert len(caplog.records) == 1


async def test_errors_that_a_resolver_words_itself_pass(gateway, caplog):
    """A GraphQLError of a resolver's own reaches the client with its message and its extensions."""
    answer = await asked(gateway, "{ refused plainlyRefused }")
    assert answer["errors"] == [
        {
            "message": "Not on Sundays.",
            "path": ["refused"],
            "extensions": {"code": "CLOSED", "opens": "Monday", "requestId": ID},
        },
        {
            "message": "Not on Sundays.",
            "path": ["plainlyRefused"],
            "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": ID},
        },
    ]
    assert caplog.records == []


# --- requests that are not executed


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"query": "{ calm"}, "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>."),
        (
            {"query": "{" + "calm " * 20_000 + "}"},
            "LIMIT_EXCEEDED",
            "The document has more than 10000 tokens; at most 10000 are accepted.",
        ),
        (
            {"query": "{calm" * 5_000 + "}" * 5_000},
            "GRAPHQL_PARSE_FAILED",
            "Syntax Error: Document is nested too deeply. Parsing aborted.",
        ),
        ({"query": "{ zzz }"}, "GRAPHQL_VALIDATION_FAILED", "Cannot query field 'zzz' on type 'Query'."),
        (
            {"query": "query ($x: Int) { calm { name } }", "variables": {"x": 1}},
            "GRAPHQL_VALIDATION_FAILED",
            "Variable '$x' is never used.",
        ),
        (
            {"query": "query ($x: ID!) { thing(id: $x) { name } }"},
            "BAD_USER_INPUT",
            "Variable '$x' has invalid value: Expected a value of non-null type 'ID!' to be provided.",
        ),
        (
            {"query": "query ($x: ID!) { thing(id: $x) { name } }", "variables": {"x": {}}},
            "BAD_USER_INPUT",
            "Variable '$x' has invalid value: ID cannot represent value: {}",
        ),
        (
            {"query": "query A { broken } mutation B { __typename }"},
            "OPERATION_RESOLUTION_FAILURE",
            "The document has 2 operations: say operationName.",
        ),
        (
            {"query": "query A { broken } query B { broken }", "operationName": "C"},
            "OPERATION_RESOLUTION_FAILURE",
            "The document has no operation of the name 'C'.",
        ),
        (
            {"query": "fragment F on Calm { name }"},
            "OPERATION_RESOLUTION_FAILURE",
            "The document has no operation.",
        ),
    ],
)  # fmt: skip
async def test_a_request_that_is_not_executed_has_no_data(gateway, shop, body, code, message, caplog):
    """Errors of syntax, validation, variables and the choice of operation have their codes; data is not there, not
    even null; nothing is called; nothing of them is logged.
    """
    async with gateway.client.post(f"{gateway.url}/graphql", json=body) as response:
        answer = await response.json()
    assert list(answer) == ["errors"]
    assert [(one["message"], one["extensions"]["code"]) for one in answer["errors"]] == [(message, code)]
    assert "path" not in answer["errors"][0]
    assert shop.calls == {}
    assert caplog.records == []


async def test_a_query_is_not_a_mutation_in_disguise(gateway, shop):
    """A GET whose document names no operation of several runs none: the first might be a mutation."""
    query = "mutation A { __typename } query B { calm { name } }"
    async with gateway.client.get(f"{gateway.url}/graphql", params={"query": query}) as response:
        answer = await response.json()
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["OPERATION_RESOLUTION_FAILURE"]
    assert "data" not in answer
