"""Changes under idempotency keys, from a client's request to a service's socket and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.messages import Identity
from graph.declaring.schema import Schema
from graph.documents.documents import Documents, Unfit
from graph.http.client_key import client_key
from graph.http.exchange import Exchange
from graph.observing.observe import Watch
from graph.project.project import load_schema
from graph.serving.running import Running
from graph.workers.kept_apart import kept_apart
from resolvers.caller import NOBODY, Caller
from stolon import testing
from tests.adapters import wire
from tests.graph import projects
from tests.graph.projects import INT, TEXT, an, contract, operation, parameter, ref
from tests.graph.served import Asked, Gateway, Reply, Rest, rest, served, toml

LEDGER = contract(
    operation("GET /payments/{id}", "getPayment", ref("Payment")),
    operation(
        "POST /payments",
        "pay",
        ref("Payment"),
        parameter(
            "Idempotency-Key", {**TEXT, "minLength": 8, "maxLength": 64}, place="header", required=True
        ),
        parameter("Accept-Language", place="header"),
        body=an({"amount": INT}),
    ),
    operation(
        "POST /short",
        "payShort",
        ref("Payment"),
        parameter("Idempotency-Key", {**TEXT, "maxLength": 8}, place="header"),
        body=an({"amount": INT}),
    ),
    operation("POST /plain", "payPlain", ref("Payment"), body=an({"amount": INT})),
    Payment=an({"id": TEXT, "amount": INT}),
)
MODULE = """
    import strawberry
    from stolon import rest

    ledger = rest.contract("ledger")


    @rest.type(ledger.schema("Payment"), key="id", one=ledger.op("getPayment"))
    class Payment:
        id: rest.auto
        amount: rest.auto


    @strawberry.type
    class Query:
        payment: Payment | None = rest.query(ledger.op("getPayment"))


    @strawberry.type
    class Mutation:
        pay: Payment | None = rest.mutation(ledger.op("pay"))
        pay_named: Payment | None = rest.mutation(ledger.op("pay", {"Idempotency-Key": "always-this"}))
        pay_short: Payment | None = rest.mutation(ledger.op("payShort"))
        pay_plain: Payment | None = rest.mutation(ledger.op("payPlain"))

        @strawberry.mutation
        async def in_parts(self, info: rest.Info, amount: int, key: str | None = None) -> list[Payment]:
            given = {} if key is None else {"idempotency_key": key}
            call = info.context.call
            return [await call(ledger.op("pay"), body={"amount": amount}, **given) for _ in range(2)]


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
PAY = "mutation ($amount: Int! = 5) { pay(input: {amount: $amount}) { id amount } }"
KEY: dict[str, Any] = {"idempotency_key": '"order-1"'}


class Ledger:
    """The payments that a service really made: one for each key, as its contract says."""

    def __init__(self, service: Rest) -> None:
        self.made: dict[str, dict[str, Any]] = {}
        self.service = service
        for path in ("/payments", "/short", "/plain"):
            service.on(f"POST {path}", self.pay)

    def pay(self, asked: Asked) -> Reply:
        key = asked.headers.get("idempotency-key", f"none-{len(self.made)}")
        payment = {"id": f"p{len(self.made)}", "amount": asked.body["amount"]}
        return Reply(self.made.setdefault(key, payment), 201)

    @property
    def keys(self) -> list[str | None]:
        """The keys that came, in order."""
        return [one.headers.get("idempotency-key") for one in self.service.asked]


@pytest.fixture
async def ledger() -> AsyncIterator[Ledger]:
    async with rest() as made:
        yield Ledger(made)


@pytest.fixture
async def gateway(tmp_path: Path, ledger: Ledger) -> AsyncIterator[Gateway]:
    text = toml({"ledger": ledger.service.url}, credentials='"forward"')
    async with served(tmp_path, MODULE, {"ledger": LEDGER}, text) as made:
        yield made


@pytest.fixture
def schema(tmp_path: Path) -> Schema:
    projects.write(tmp_path, MODULE, {"ledger": LEDGER})
    return load_schema(tmp_path, "schema:schema")


def codes(answer: Any) -> list[tuple[Any, str]]:
    return [(one.get("path"), one["extensions"]["code"]) for one in answer["errors"]]


def test_a_key_is_no_argument(schema: Schema):
    """Requests give keys by themselves; where the contract's own rule admits none of theirs, clients still may."""
    assert projects.fields_of(schema, "Mutation") == [
        "pay(acceptLanguage: String, input: PayInput!): Payment",
        "payNamed(acceptLanguage: String, input: PayInput!): Payment",
        "payShort(idempotencyKey: String, input: PayShortInput!): Payment",
        "payPlain(input: PayPlainInput!): Payment",
        "inParts(amount: Int!, key: String = null): [Payment!]!",
    ]


async def test_without_a_client_s_key_each_change_has_a_new_one(gateway: Gateway, ledger: Ledger):
    """Two equal mutations are two changes, each under a random key of its own."""
    answers = [await gateway.ask(PAY) for _ in range(2)]
    assert [one["data"]["pay"]["id"] for one in answers] == ["p0", "p1"]
    assert len(set(ledger.keys)) == 2
    assert [UUID(one or "").version for one in ledger.keys] == [4, 4]


async def test_equal_mutations_with_one_key_are_one(gateway: Gateway, ledger: Ledger):
    """The second gets the first's answer, and the service no second call; quotes around the key mean nothing."""
    first = await gateway.ask(PAY, **KEY)
    second = await gateway.ask(PAY, idempotency_key="order-1")
    assert first == second == {"data": {"pay": {"id": "p0", "amount": 5}}}
    assert len(ledger.keys) == 1
    assert UUID(ledger.keys[0] or "").version == 8
    assert "order-1" not in str(ledger.keys)


async def test_a_key_with_another_payload_is_a_422(gateway: Gateway, ledger: Ledger):
    """Reuse is refused at the field, by the draft's status, and nothing is called (section 2.7)."""
    await gateway.ask(PAY, **KEY)
    answer = await gateway.ask(PAY, {"amount": 6}, x_request_id="r-1", **KEY)
    (error,) = answer["errors"]
    said = "The Idempotency-Key was used before, for another change."
    assert (error["path"], error["message"]) == (["pay"], said)
    assert error["extensions"] == {
        "code": "BAD_USER_INPUT",
        "retryable": False,
        "requestId": "r-1",
        "problem": {"title": said, "status": 422},
    }
    assert len(ledger.keys) == 1


async def test_a_key_belongs_to_its_caller(gateway: Gateway, ledger: Ledger):
    """One caller's key is never another's: both payments are made, and neither sees the other's."""
    ana, bob = [await gateway.ask(PAY, token=one, **KEY) for one in ("token-ana", "token-bob")]
    assert (ana["data"]["pay"]["id"], bob["data"]["pay"]["id"]) == ("p0", "p1")
    assert len(set(ledger.keys)) == 2


async def test_each_field_and_each_call_has_its_own_key(gateway: Gateway, ledger: Ledger):
    """One key of a client serves a whole request: aliases and the calls of a resolver are told apart, and come again
    as they were.
    """
    document = """mutation {
        a: pay(input: {amount: 1}) { id }  b: pay(input: {amount: 1}) { id }
        parts: inParts(amount: 1) { id }   plain: payPlain(input: {amount: 1}) { id }
    }"""
    first = await gateway.ask(document, **KEY)
    assert first["data"]["parts"] == [{"id": "p2"}, {"id": "p3"}]
    keys = ledger.keys
    assert len(set(keys[:4])) == 4
    assert keys[4] is None
    second = await gateway.ask(document, **KEY)
    del first["data"]["plain"], second["data"]["plain"]  # takes no key, and so is made again
    assert first == second
    assert ledger.service.calls == {"POST /payments": 4, "POST /plain": 2}


async def test_both_lanes_make_the_same_keys(schema: Schema):
    """A mutation that comes again on the other lane is the same change."""
    services = testing.Services()
    services.answer("ledger", "pay", json={"id": "p", "amount": 1}, status=201)
    document = "mutation { a: pay(input: {amount: 1}) { id } b: inParts(amount: 1) { id } }"
    for lane in ("plan", "reference"):
        answer = await testing.execute(
            schema, document, services, headers={"idempotency-key": "k"}, lane=lane
        )
        assert answer.errors == []
    once = [one.once for one in services.requests]
    assert once[:3] == once[3:]
    assert len({one.key for one in once[:3] if one}) == 3
    assert all(one.keyed for one in services.requests)


async def test_given_keys_win(gateway: Gateway, ledger: Ledger):
    """A key that the declaration binds or a resolver gives goes as it is, and is the service's own affair."""
    await gateway.ask("mutation { payNamed(input: {amount: 1}) { id } }", **KEY)
    await gateway.ask('mutation { inParts(amount: 1, key: "resolver-1") { id } }', **KEY)
    assert ledger.keys == ["always-this", "resolver-1", "resolver-1"]
    await gateway.ask('mutation { payShort(input: {amount: 1}, idempotencyKey: "short") { id } }', **KEY)
    assert ledger.keys[3:] == ["short"]


async def test_a_passed_on_language_makes_no_other_payload(tmp_path: Path, ledger: Ledger):
    """What a project passes on with any call is no part of a change, though the contract declares it."""
    text = toml({"ledger": ledger.service.url}, '[headers]\nforward = ["accept-language"]')
    async with served(tmp_path, MODULE, {"ledger": LEDGER}, text) as gateway:
        answers = [await gateway.ask(PAY, accept_language=one, **KEY) for one in ("de", "fr")]
    assert answers[0] == answers[1]
    assert [one.headers["accept-language"] for one in ledger.service.asked] == ["de"]


PAID = wire.answer(b'{"id":"p0","amount":5}', "201 Created", "content-type: application/json")


async def test_a_lost_answer_is_had_by_asking_again(tmp_path: Path):
    """The connection ends before the answer: the outcome is unknown; sent again by the client, the same key goes to
    the service, and then the answer is there for good.
    """
    async with wire.serving(wire.says_and_resets(), wire.says(PAID)) as server:
        text = toml({"ledger": server.url}, "", retry="{retries = 0}")
        async with served(tmp_path, MODULE, {"ledger": LEDGER}, text) as gateway:
            lost = await gateway.ask(PAY, **KEY)
            found = [await gateway.ask(PAY, **KEY) for _ in range(2)]
    assert codes(lost) == [(["pay"], "OUTCOME_UNKNOWN")]
    assert found == [{"data": {"pay": {"id": "p0", "amount": 5}}}] * 2
    assert len(server.requests) == 2
    assert server.headers(0)["idempotency-key"] == server.headers(1)["idempotency-key"]


async def test_a_generated_key_stays_over_retries(tmp_path: Path):
    """A POST under a key is tried again by the gateway itself, under that key."""
    async with (
        wire.serving(wire.says_and_resets(), wire.says(PAID)) as server,
        served(tmp_path, MODULE, {"ledger": LEDGER}, toml({"ledger": server.url})) as gateway,
    ):
        answer = await gateway.ask(PAY)
    assert answer == {"data": {"pay": {"id": "p0", "amount": 5}}}
    assert len(server.requests) == 2
    assert server.headers(0)["idempotency-key"] == server.headers(1)["idempotency-key"]


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ('"abc"', "abc"),
        ("abc", "abc"),
        ("  abc ", "abc"),
        ('"a, \\"b\\" \\\\ c"', 'a, "b" \\ c'),
        ("8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324"),
        ("x" * 255, "x" * 255),
        ("", None),
        ('""', None),
        ("x" * 256, None),
        ("a b", None),
        ("a, b", None),
        ('"a", "b"', None),
        ('"a', None),
        ('"a\\b"', None),
        ("ä", None),
    ],
)
def test_what_a_client_s_key_may_be(sent: str, key: str | None):
    """A string as RFC 8941, section 3.3.3, writes it, with or without its quotes; anything else is told."""
    if key is not None:
        assert client_key({"idempotency-key": sent}) == key
        return
    with pytest.raises(Unfit) as caught:
        client_key({"idempotency-key": sent})
    said = "Idempotency-Key: expected one key of 1 to 255 printable ASCII characters, in quotes."
    assert [one.message for one in caught.value.errors] == [said]


async def test_a_key_that_cannot_be_one_stops_the_mutation(gateway: Gateway, ledger: Ledger):
    """Nothing is changed under a key that is none; a query needs none, and does not look at it."""
    answer = await gateway.ask(PAY, idempotency_key="a, b")
    assert codes(answer) == [(None, "BAD_USER_INPUT")]
    assert "data" not in answer
    ledger.service.on("GET /payments/p", Reply({"id": "p", "amount": 1}))
    query = await gateway.ask('{ payment(id: "p") { id } }', idempotency_key="a, b")
    assert query == {"data": {"payment": {"id": "p"}}}
    assert ledger.service.calls == {"GET /payments/p": 1}


def test_a_key_of_a_socket_names_none_of_its_operations():
    """A header of a WebSocket's upgrade is not a key of the many operations that come over it."""
    exchange = Exchange(
        executor=None,  # type: ignore[arg-type]  # nothing is executed here
        running=Running(),
        documents=Documents(),
        request_id="r",
        media_type="application/json",
        caller=NOBODY,
        watch=Watch(),
        headers={"idempotency-key": "k", "accept-language": "de"},
    )
    one = exchange.identified(Caller(Identity("p")), "r.1")
    assert dict(one.headers) == {"accept-language": "de", "x-request-id": "r.1"}


def test_check_says_what_workers_keep_apart(schema: Schema):
    """A contract whose operations take keys is named where no store is shared; others are not, and one process keeps
    nothing apart.
    """
    contracts = schema.graph.contracts.all_read.values()
    assert list(kept_apart(contracts, 2)) == [
        "services.ledger: each worker remembers clients' idempotency keys alone (pay, payShort); a shared store, "
        "[cache] url, makes them known to all"
    ]
    assert list(kept_apart(contracts, 1)) == list(kept_apart(contracts, 2, shared=True)) == []
    unkeyed = [replace(one, operations={"payPlain": one.operations["payPlain"]}) for one in contracts]
    assert list(kept_apart(unkeyed, 2)) == []
