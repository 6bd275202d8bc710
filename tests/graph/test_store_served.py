"""Two replicas of one project over one shared store: sockets on all sides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from adapters.sharing.store_facts import StoreBypassed, StoreTurned
from graph.app import App, load
from graph.observing.integrations import Integrations
from graph.observing.store_counts import StoreCounts
from graph.serving.server import RUNNING, serving
from graph.workers.figures import as_one, summed, taken
from tests.adapters.store_server import ValkeyServer, new_prefix, until, valkey
from tests.faults.proxy import Proxy
from tests.graph import projects
from tests.graph.projects import INT, TEXT, an, contract, operation, parameter, ref
from tests.graph.served import Gateway, Reply, Rest, rest, toml

LEDGER = contract(
    operation("GET /payments/{id}", "getPayment", ref("Payment")),
    operation(
        "POST /payments",
        "pay",
        ref("Payment"),
        parameter(
            "Idempotency-Key", {**TEXT, "minLength": 8, "maxLength": 64}, place="header", required=True
        ),
        body=an({"amount": INT}),
    ),
    operation("PUT /payments/{id}", "change", ref("Payment"), body=an({"amount": INT})),
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
        change: Payment | None = rest.mutation(ledger.op("change"))


    schema = rest.Schema(query=Query, mutation=Mutation)
"""
PAY = "mutation ($amount: Int! = 5) { pay(input: {amount: $amount}) { id amount } }"
READ = '{ payment(id: "p1") { amount } }'
KEY: dict[str, Any] = {"idempotency_key": '"order-1"', "token": "token-ana"}


@pytest.fixture(scope="module")
def server() -> Iterator[ValkeyServer]:
    with valkey() as made:
        yield made


@pytest.fixture
async def ledger() -> AsyncIterator[Rest]:
    async with rest() as made:
        made.on("POST /payments", lambda asked: Reply({"id": "p1", "amount": asked.body["amount"]}, 201))
        fresh = {"cache-control": "public, max-age=60"}
        made.on("GET /payments/p1", lambda _: Reply({"id": "p1", "amount": len(made.asked)}, headers=fresh))
        yield made


@dataclass
class Served:
    """A replica that is served."""

    app: App
    gateway: Gateway

    def figure(self, name: str) -> str | None:
        """One line of /metrics."""
        lines = generate_latest(self.app.seeing.metrics.registry).decode().splitlines()
        return next((line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")), None)

    @property
    def health(self) -> dict[str, Any]:
        return self.app.seeing.integrations.report()


@asynccontextmanager
async def replica(folder: Path, ledger: Rest, store: int, prefix: str) -> AsyncIterator[Served]:
    """The project, served over the store at the port."""
    cache = f'[cache]\nurl = "${{STORE}}"\nprefix = "{prefix}"\nwait = "1s"\n'
    projects.write(folder, MODULE, {"ledger": LEDGER}, toml({"ledger": ledger.url}, cache))
    app = App(load(folder, {"STORE": f"redis://127.0.0.1:{store}"}).project)
    application = app.application()
    async with serving(application, "127.0.0.1", 0) as url, aiohttp.ClientSession() as client:
        yield Served(app, Gateway(url, client, application))


async def test_a_mutation_is_made_once_by_two_replicas(tmp_path: Path, ledger: Rest, server: ValkeyServer):
    """Two equal mutations with one client's key, one at each replica and at once, have one effect and one answer."""
    prefix = new_prefix()
    async with (
        replica(tmp_path, ledger, server.port, prefix) as one,
        replica(tmp_path, ledger, server.port, prefix) as two,
    ):
        asking = [each.gateway.ask(PAY, **KEY) for each in (one, two, one, two)]
        answers = await asyncio.gather(*asking)
        other = await two.gateway.ask(PAY, {"amount": 6}, **KEY)
    assert answers == [{"data": {"pay": {"id": "p1", "amount": 5}}}] * 4
    assert ledger.calls == {"POST /payments": 1}
    assert other["errors"][0]["extensions"]["problem"]["status"] == 422


async def test_an_answer_of_one_replica_is_there_for_the_other(
    tmp_path: Path, ledger: Rest, server: ValkeyServer
):
    """What one replica fetched and may keep is no call for the other."""
    prefix = new_prefix()
    async with (
        replica(tmp_path, ledger, server.port, prefix) as one,
        replica(tmp_path, ledger, server.port, prefix) as two,
    ):
        answers = [await each.gateway.ask(READ) for each in (one, two, two)]
    assert answers == [{"data": {"payment": {"amount": 1}}}] * 3
    assert ledger.calls == {"GET /payments/p1": 1}


async def test_a_change_at_one_replica_is_seen_by_the_other(
    tmp_path: Path, ledger: Rest, server: ValkeyServer
):
    """What a mutation changed is read anew by the other replica within a second, though it had kept it."""
    ledger.on("PUT /payments/p1", lambda asked: Reply({"id": "p1", "amount": asked.body["amount"]}))
    prefix = new_prefix()
    async with (
        replica(tmp_path, ledger, server.port, prefix) as one,
        replica(tmp_path, ledger, server.port, prefix) as two,
    ):
        assert await two.gateway.ask(READ) == {"data": {"payment": {"amount": 1}}}
        changed = await one.gateway.ask('mutation { change(id: "p1", input: {amount: 9}) { amount } }')
        assert changed == {"data": {"change": {"amount": 9}}}
        async with asyncio.timeout(1.0):
            answer = await two.gateway.ask(READ)
            while answer["data"] == {"payment": {"amount": 1}}:
                answer = await two.gateway.ask(READ)
    assert ledger.calls == {"GET /payments/p1": 2, "PUT /payments/p1": 1}


async def test_a_lost_store_is_seen_and_stops_nothing(tmp_path: Path, ledger: Rest, server: ValkeyServer):
    """Metrics and the health of integrations say that the store is away, and that it is back; queries and mutations
    go on meanwhile.
    """
    proxy = Proxy(server.port)
    await proxy.listen()
    try:
        async with replica(tmp_path, ledger, proxy.port, new_prefix()) as one:
            assert one.figure("stolon_store_up") == "1.0"
            assert one.health["store"]["status"] == "healthy"
            proxy.refuse()
            proxy.cut()
            await until(lambda: one.figure("stolon_store_up") == "0.0")
            assert (await one.gateway.ask(PAY, **KEY))["data"] == {"pay": {"id": "p1", "amount": 5}}
            assert "data" in await one.gateway.ask(READ)
            assert (one.health["status"], one.health["store"]["status"]) == ("degraded", "unhealthy")
            assert one.figure("stolon_store_lost_total") == "1.0"
            assert one.figure('stolon_store_bypassed_total{what="key"}') == "1.0"
            await proxy.listen()
            await until(lambda: one.figure("stolon_store_up") == "1.0")
            assert (one.health["status"], one.health["store"]["status"]) == ("healthy", "healthy")
    finally:
        await proxy.stop()


async def test_a_store_that_was_never_there_stops_no_start(tmp_path: Path, ledger: Rest):
    """A project whose store is away is served all the same."""
    proxy = Proxy(1)
    try:
        async with replica(tmp_path, ledger, proxy.port, new_prefix()) as one:
            assert "data" in await one.gateway.ask(READ)
            assert one.figure("stolon_store_up") == "0.0"
            assert len(one.gateway.app[RUNNING]) == 0
    finally:
        await proxy.stop()


async def test_check_has_nothing_to_say_of_replicas_that_share(tmp_path: Path, ledger: Rest):
    """With a shared store no contract's keys are kept apart; without one check says so."""
    text = toml({"ledger": ledger.url})
    projects.write(tmp_path, MODULE, {"ledger": LEDGER}, text)
    (note,) = load(tmp_path, {}).notes(2)
    assert note.startswith("services.ledger: each worker remembers clients' idempotency keys alone (pay)")
    (tmp_path / "stolon.toml").write_text(f'{text}\n[cache]\nurl = "redis://cache.example"\n')
    loaded = load(tmp_path, {})
    assert loaded.notes(2) == ()
    assert [one for one in loaded.warnings if one.startswith("cache.url")] == [
        "cache.url: answers, and a password if there is one, travel to the shared store in clear; prefer a rediss:// "
        "URL"
    ]


def test_figures_of_a_store_that_there_is_not():
    """Without a shared store there is nothing to count and nothing in the health; nor after it was given up."""
    now = [0.0]
    counts = StoreCounts(lambda: now[0])
    report = Integrations({}, lambda: 0.0, lambda: 0.0, lambda: counts.turned).report
    assert [one.samples for one in counts.collect()] == [[]] * 3
    assert report() == {"status": "unknown", "services": {}}
    counts.observe(StoreTurned(True, ""))
    now[0] = 60.0
    counts.observe(StoreTurned(True, ""))
    assert report()["store"] == {"status": "healthy", "since": "1970-01-01T00:00:00Z"}
    counts.observe(StoreTurned(False, "silence"))
    counts.observe(StoreBypassed("get", waited=True))
    assert report() == {
        "status": "degraded",
        "services": {},
        "store": {"status": "unhealthy", "since": "1970-01-01T00:01:00Z"},
    }
    samples = [(one.name, one.value) for family in counts.collect() for one in family.samples]
    assert samples == [
        ("stolon_store_up", 0.0),
        ("stolon_store_lost_total", 1.0),
        ("stolon_store_bypassed_total", 1.0),
    ]
    counts.expect(True)
    assert counts.turned == (False, 60.0)
    counts.expect(False)
    assert counts.turned is None


def test_workers_tell_of_one_store():
    """The store of several workers is there if it is for all, and degraded where some are without it."""
    here = {
        "status": "healthy",
        "services": {},
        "store": {"status": "healthy", "since": "2026-01-01T00:00:00Z"},
    }
    gone = {
        "status": "degraded",
        "services": {},
        "store": {"status": "unhealthy", "since": "2026-01-02T00:00:00Z"},
    }
    late = "2026-01-02T00:00:00Z"
    assert as_one([here, gone])["store"] == {"status": "degraded", "since": late}
    assert [as_one(each)["status"] for each in ([here], [here, gone], [gone])] == [
        "unknown",
        "degraded",
        "degraded",
    ]
    assert as_one([gone])["store"] == {"status": "unhealthy", "since": late}
    counts = [StoreCounts(lambda: 0.0), StoreCounts(lambda: 0.0)]
    for each, up in zip(counts, (True, False), strict=True):
        each.observe(StoreTurned(True, ""))
        each.observe(StoreTurned(up, ""))
    registries = [CollectorRegistry() for _ in counts]
    for registry, each in zip(registries, counts, strict=True):
        registry.register(each)
    families = summed(taken(registry) for registry in registries)
    assert [(one.name, [value for _, _, value in one.samples]) for one in families] == [
        ("stolon_store_up", [0.0]),
        ("stolon_store_lost", [1.0]),
        ("stolon_store_bypassed", []),
    ]
