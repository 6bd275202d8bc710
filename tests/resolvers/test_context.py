"""`info.context.load` and `.call`: the same way upstream for hand-written resolvers (design, section 3)."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import pytest

from adapters.failures import TimedOut
from graph.declaring.schema import Schema
from graph.executing.lanes import Lanes
from resolvers.context import Context
from resolvers.fault import Code, FieldError
from stolon.testing import Caller, Services, answer
from tests.graph.projects import INT, TEXT, an, contract, listed, nullable, operation, parameter, ref
from tests.resolvers.graphs import asked, project

CONTRACT = contract(
    operation("GET /items/{id}", "getItem", ref("Item"), parameter("id", INT, "path"), statuses=("404",)),
    operation("GET /items", "listItems", listed(ref("Item")), parameter("ids", listed(INT), explode=False)),
    operation("PUT /items/{id}", "putItem", ref("Item"), parameter("if-match", TEXT, "header"),
              body=an({"name": TEXT})),
    operation("DELETE /items/{id}", "deleteItem"),
    operation("GET /count", "count", an({"n": INT})),
    Item=an({"id": INT, "name": TEXT, "_odd": TEXT, "maker": nullable(ref("Maker"))}, optional="maker _odd"),
    Maker=an({"name": TEXT, "homePage": TEXT}, optional="homePage"),
)  # fmt: skip

MODULE = """
@rest.type(shop.schema("Item"), key="id", one=shop.op("getItem"), many=shop.op("listItems", ids=rest.keys))
class Item:
    id: rest.auto
    name: rest.auto

    def shout(self) -> str:
        return self.name.upper()


@rest.type(shop.schema("Maker"))
class Maker:
    name: rest.auto


@strawberry.type
class Query:
    item: Item | None = rest.query(shop.op("getItem"))
    maker: Maker | None


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """Items by number."""
    return project(tmp_path_factory.mktemp("items"), MODULE, shop=CONTRACT)


@pytest.fixture(scope="module")
def module(schema) -> ModuleType:
    """The project's module."""
    return sys.modules["schema"]


def item(key: int) -> dict[str, Any]:
    """One row."""
    return {"id": key, "name": f"n{key}", "maker": {"name": "m", "homePage": "x"}}


@pytest.fixture
def services() -> Services:
    """Items of any number but 404."""
    made = Services()
    made.on("shop", "getItem", lambda one: answer(status=404) if one.target.endswith("404")
            else answer(item(int(one.target.rpartition("/")[2]))))  # fmt: skip
    made.on("shop", "listItems", lambda one: answer([item(int(key)) for key in asked(one, "ids")]))
    made.answer("shop", "putItem", json=item(1))
    made.answer("shop", "deleteItem", status=204)
    made.answer("shop", "count", json={"n": 7})
    return made


@pytest.fixture
async def context(schema, services) -> AsyncIterator[Context]:
    """A request's context."""
    made = Lanes(schema, services.upstreams(schema)).context(Caller(), {}, "r")
    yield made
    await made.close()


async def test_load_gives_a_record_of_the_type(context, services, module):
    """A loaded object is an instance of the bound type: its methods work, its properties are attributes."""
    loaded = await context.load(module.Item, "01")
    assert isinstance(loaded, module.Item)
    assert (loaded.id, loaded.name, loaded.shout()) == (1, "n1", "N1")
    assert (loaded.maker.name, loaded.maker.home_page, loaded.maker.homePage) == ("m", "x", "x")
    assert await context.load(module.Item, 1) == loaded
    assert services.calls == {"shop.getItem": 1}


async def test_load_of_nothing_is_none(context, module):
    """A key that the service does not have is None."""
    assert await context.load(module.Item, 404) is None


@pytest.mark.parametrize("key", ["x", "", None, True, 1.5, (1, 2), (), [1], object()])
async def test_load_refuses_what_is_no_key(context, services, module, key):
    """A key of another kind or count is a TypeError of the resolver's, and costs no call."""
    with pytest.raises(TypeError, match="Item has no such key: expected integer"):
        await context.load(module.Item, key)
    assert services.calls == {}


async def test_load_refuses_a_type_without_a_way_to_it(context, module):
    """A type that nothing fetches by key, or that is not bound, can't be loaded."""
    for bound in (module.Maker, module.Query, int):
        with pytest.raises(TypeError, match="can't be loaded"):
            await context.load(bound, 1)


async def test_call_gives_the_answer_as_records(context, services, module):
    """A call's answer is a record; equal reads are one call, and share with nothing that is keyed."""
    called = await context.call(module.shop.op("getItem"), id=3)
    again = await context.call(module.shop.op("getItem", id=3))
    assert called.name == again.name == "n3"
    assert (await context.call(module.shop.op("count"))).n == 7
    assert await context.call(module.shop.op("count", pick="n")) == 7
    assert services.calls == {"shop.getItem": 1, "shop.count": 1}


async def test_call_makes_changes_each_time(context, services, module):
    """A change is made as often as it is called, with its headers and body; one that answers no body gives True."""
    put = module.shop.op("putItem")
    for _ in range(2):
        assert (await context.call(put, id=1, if_match='"1"', body={"name": "x"})).name == "n1"
    assert await context.call(module.shop.op("deleteItem"), id=1) is True
    assert services.calls == {"shop.putItem": 2, "shop.deleteItem": 1}
    assert (services.requests[0].headers["if-match"], services.requests[0].body) == ('"1"', b'{"name":"x"}')


async def test_call_refuses_names_that_the_operation_does_not_have(context, module):
    """A parameter of no such name is a TypeError that lists those there are."""
    with pytest.raises(TypeError, match="'getItem' has no 'ident'"):
        await context.call(module.shop.op("getItem"), ident=1)


async def test_failures_are_field_errors_with_their_fault(context, services, module):
    """What fails upstream is raised as a FieldError, each time a new one, whose fault a resolver can read."""
    services.answer("shop", "getItem", status=503)
    raised = []
    for _ in range(2):
        with pytest.raises(FieldError) as caught:
            await context.load(module.Item, 9)
        raised.append(caught.value)
    assert [one.fault.code for one in raised] == [Code.UPSTREAM_UNAVAILABLE] * 2
    assert raised[0] is not raised[1]
    assert raised[0].fault is raised[1].fault
    assert services.calls == {"shop.getItem": 1}


async def test_a_change_without_an_answer_is_unknown(context, services, module):
    """A change that was sent and not answered is OUTCOME_UNKNOWN, and is not tried again."""

    def lost(_: object) -> Any:
        raise TimedOut("gone", sent=True)

    services.on("shop", "putItem", lost)
    with pytest.raises(FieldError) as caught:
        await context.call(module.shop.op("putItem"), id=1, body={"name": "x"})
    assert caught.value.fault.code is Code.OUTCOME_UNKNOWN
    assert services.calls == {"shop.putItem": 1}
