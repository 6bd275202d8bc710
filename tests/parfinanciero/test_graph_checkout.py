"""Checkout over the running services: what is ordered, what is paid, what is undone, and what never is."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from strawberry.types.enum import StrawberryEnumDefinition

from examples.parfinanciero.inprocess import Example, example
from graph.app import App
from graph.project.project import Project
from graph.serving.server import serving
from tests.parfinanciero.graph_client import Graph, settled_at

CHECKOUT = """mutation($method: String!, $key: ID, $quantity: Int = 3) {
  checkout(key: $key, cart: {currency: EUR, method: $method, lines: [
    {sku: "A-1", quantity: $quantity, unitPrice: "0.10"}
  ]}) {
    state reason
    order { id status total note version }
    payment { state amount failureCode }
  }
}"""
PAID = {"state": "CAPTURED", "amount": "0.30", "failureCode": None}
Pause = Callable[[float], Awaitable[None]]
Serve = Callable[[Pause], Any]


async def check_out(graph: Graph, method: str, **variables: object) -> Any:
    """The outcome of a checkout that must not be an error."""
    reply = await graph.ask(CHECKOUT, variables={"method": method, **variables})
    assert reply.errors == []
    return reply.data["checkout"]


def outcome(
    order_id: str, state: str, order: str, *, reason: str | None = None, payment: object = None
) -> Any:
    """A whole outcome; a cancelled order has its second version."""
    version = 2 if order == "CANCELLED" else 1
    shown = {"id": order_id, "status": order, "total": "0.30", "note": None, "version": version}
    return {"state": state, "reason": reason, "order": shown, "payment": payment}


async def orders_of_ana(graph: Graph) -> int:
    """How many orders Ana has."""
    reply = await graph.ask("{me{orders(first:1){totalCount}}}")
    assert reply.errors == []
    return int(reply.data["me"]["orders"]["totalCount"])


async def test_a_paid_checkout_is_two_calls(graph: Graph) -> None:
    """An order is made and paid; nothing is looked up, nothing undone."""
    done = await check_out(graph, "pm_ok")
    assert done == outcome(done["order"]["id"], "PAID", "PENDING", payment=PAID)
    assert graph.calls() == {"orders.createOrder": 1, "payments.createPayment": 1}


async def test_a_declined_payment_cancels_the_order(graph: Graph) -> None:
    """402 from payments: the order is cancelled, and the reason is the service's own sentence."""
    done = await check_out(graph, "pm_declined")
    reason = "The payment method was declined; nothing was charged"
    assert done == outcome(done["order"]["id"], "REFUSED", "CANCELLED", reason=reason)
    assert graph.calls() == {
        "orders.createOrder": 1,
        "payments.createPayment": 1,
        "orders.cancelOrder": 1,
    }


async def test_a_lost_payment_is_looked_up_before_the_order_is_cancelled(graph: Graph) -> None:
    """The connection breaks without an answer, also when the payment is tried again under its key, twice: nothing is
    found under the key, so the order is undone.
    """
    done = await check_out(graph, "pm_lost")
    reason = "The service did not say whether the change was made: look before trying again."
    assert done == outcome(done["order"]["id"], "NOT_PAID", "CANCELLED", reason=reason)
    assert graph.calls() == {
        "orders.createOrder": 1,
        "payments.createPayment": 3,
        "payments.findPayment": 1,
        "orders.cancelOrder": 1,
    }


@pytest.fixture
def serve(bundled: Project, seeded_folder: Path, tmp_path: Path, signing_key: rsa.RSAPrivateKey) -> Serve:
    """Serves the graph over services whose `pm_slow` waits by the given pause, longer than the gateway does."""

    @asynccontextmanager
    async def served(pause: Pause) -> AsyncIterator[Graph]:
        shutil.copytree(seeded_folder, tmp_path, dirs_exist_ok=True)
        async with example(tmp_path, pause=pause, make_key=lambda: signing_key) as running:
            app = App(settled_at(bundled, running, payments_timeout=0.5)).application()
            async with serving(app, "127.0.0.1", 0) as url, aiohttp.ClientSession() as session:
                yield Graph(url, running, session)

    return served


async def test_a_slow_payment_is_found_paid_and_the_order_kept(serve: Serve) -> None:
    """The answer comes too late, the lookup by key finds the payment: paid, nothing is undone."""
    late = asyncio.Event()

    async def hold(_seconds: float) -> None:
        await late.wait()

    async with serve(hold) as graph:
        done = await check_out(graph, "pm_slow")
        late.set()
        assert done == outcome(done["order"]["id"], "PAID", "PENDING", payment=PAID)
        assert graph.calls() == {
            "orders.createOrder": 1,
            "payments.createPayment": 1,
            "payments.findPayment": 1,
        }


async def test_what_cant_be_looked_up_is_not_undone(serve: Serve) -> None:
    """Payments goes away after it charged: nobody knows, so the order stands and the state is UNKNOWN."""
    running: list[Example] = []
    stopping: list[asyncio.Task[None]] = []

    async def go_away(_seconds: float) -> None:
        stopping.append(asyncio.create_task(running[0].stop("payments")))
        await asyncio.Event().wait()

    async with serve(go_away) as graph:
        running.append(graph.running)
        done = await check_out(graph, "pm_slow")
        reason = "The service did not say whether the change was made: look before trying again."
        assert done == outcome(done["order"]["id"], "UNKNOWN", "PENDING", reason=reason)
        assert graph.calls() == {"orders.createOrder": 1}
        await stopping[0]
        await graph.running.start("payments")
        found = await graph.ask(
            "query($id: ID!) {order(orderId: $id){status payments{state amount}}}",
            variables={"id": done["order"]["id"]},
        )
        assert found.data == {
            "order": {"status": "PENDING", "payments": [{"state": "CAPTURED", "amount": "0.30"}]}
        }


async def test_a_payment_that_was_never_sent_is_not_paid(graph: Graph) -> None:
    """Payments is down: nothing can have been charged, so the order is cancelled without a lookup."""
    await graph.running.stop("payments")
    done = await check_out(graph, "pm_ok")
    assert done == outcome(
        done["order"]["id"], "NOT_PAID", "CANCELLED", reason="The service can't be reached."
    )
    assert graph.calls() == {"orders.createOrder": 1, "orders.cancelOrder": 1}


async def test_nothing_is_paid_where_nothing_is_ordered(graph: Graph) -> None:
    """Orders is down: checkout is null with the error of the order, and payments is not called."""
    await graph.running.stop("orders")
    reply = await graph.ask(CHECKOUT, variables={"method": "pm_ok"})
    assert (reply.data, reply.failed) == ({"checkout": None}, [("checkout", "UPSTREAM_UNAVAILABLE")])
    assert graph.calls() == {}


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"method": "cash"}, ["cart", "method"]),
        ({"method": "pm_ok", "quantity": 0}, ["cart", "lines", 0, "quantity"]),
    ],
)
async def test_a_wrong_cart_calls_nobody(graph: Graph, variables: dict[str, Any], path: list[Any]) -> None:
    """What is wrong with a cart is told at the cart's own path before anything is ordered."""
    reply = await graph.ask(CHECKOUT, variables=variables)
    assert (reply.data, reply.failed) == ({"checkout": None}, [("checkout", "BAD_USER_INPUT")])
    assert [one["path"] for one in reply.errors[0]["extensions"]["fields"]] == [path]
    assert graph.calls() == {}


async def test_a_method_that_payments_refuses_undoes_the_order(graph: Graph) -> None:
    """A method of the right form that payments does not know is 422 there: refused, and the order cancelled."""
    done = await check_out(graph, "pm_unheard_of")
    assert (done["state"], done["order"]["status"], done["payment"]) == ("REFUSED", "CANCELLED", None)


@pytest.mark.parametrize(("method", "state"), [("pm_ok", "PAID"), ("pm_declined", "REFUSED")])
async def test_a_checkout_that_is_sent_again_is_made_once(graph: Graph, method: str, state: str) -> None:
    """The client's key gets the first outcome again: one order, one payment, however often it is sent."""
    before = await orders_of_ana(graph)
    first = await check_out(graph, method, key="phone-1 #42")
    second = await check_out(graph, method, key="phone-1 #42")
    assert graph.calls() == {"payments.findPayment": 1, "orders.getOrder": 1}
    assert (first["state"], second["state"]) == (state, state)
    assert second["order"] == first["order"]
    assert await orders_of_ana(graph) == before + 1
    other = await check_out(graph, "pm_ok", key="phone-1 #43")
    assert other["order"]["id"] != first["order"]["id"]


async def test_two_checkouts_of_one_key_at_once_charge_once(graph: Graph) -> None:
    """Sent twice at the same time, the second payment is a conflict: its order is cancelled, one is paid."""
    sent = [graph.ask(CHECKOUT, variables={"method": "pm_ok", "key": "twice"}) for _ in range(2)]
    states = sorted(reply.data["checkout"]["state"] for reply in await asyncio.gather(*sent))
    again = await check_out(graph, "pm_ok", key="twice")
    assert states in (["PAID", "PAID"], ["PAID", "REFUSED"])
    assert (again["state"], again["payment"]) == ("PAID", PAID)


def test_the_carts_currencies_are_the_contracts(bundled: Project) -> None:
    """The currencies of the hand-written input are those that orders and payments know."""
    currency = bundled.schema.get_type_by_name("Currency")
    assert isinstance(currency, StrawberryEnumDefinition)
    mine = tuple(one.value for one in currency.values)
    contracts = bundled.schema.graph.contracts.all_read
    theirs = [
        contracts[name].schema(contracts[name].components["Currency"]) for name in ("orders", "payments")
    ]
    assert [one.enum for one in theirs] == [mine, mine]
