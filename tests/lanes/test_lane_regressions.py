"""Differences and defects that drawing found (`test_lanes_agree.py`), each by a name of its own, on both lanes."""

from __future__ import annotations

from contextlib import closing

import pytest

from graph.declaring.schema import Schema
from stolon.testing import Services, answer, caller, execute
from tests.graph.projects import TEXT, an, contract, listed, operation, parameter, ref
from tests.lanes.cases import Case, judged
from tests.lanes.clock import JumpingLoop
from tests.lanes.operations import Drawn
from tests.lanes.rows import World
from tests.lanes.services import Weather
from tests.lanes.world import somebody
from tests.resolvers.graphs import asked, project

LANES = pytest.mark.parametrize("lane", ["plan", "reference"])

SHOPS = contract(
    operation("GET /shops", "listShops", listed(ref("Shop"))),
    operation(
        "GET /lockers", "listLockers", listed(ref("Locker")), parameter("shops", listed(TEXT), explode=False)
    ),
    Shop=an({"id": TEXT, "name": TEXT}),
    Locker=an({"id": TEXT, "shop": TEXT}),
)

MODULE = """
from strawberry.permission import BasePermission


class Asking(BasePermission):
    message = "not today"

    async def has_permission(self, source, info, **arguments):
        await asyncio.sleep(0)
        return info.context.caller.claims["allowed"]


@rest.type(shops.schema("Locker"))
class Locker:
    id: rest.auto


@rest.type(shops.schema("Shop"))
class Shop:
    id: rest.auto
    locker: Locker | None = rest.link(shops.op("listLockers", shops=rest.each("id")), group_by="shop")
    lockers: list[Locker] | None = rest.link(shops.op("listLockers", shops=rest.each("id")), group_by="shop")


@strawberry.type
class Query:
    every: list[Shop] | None = rest.query(shops.op("listShops"))
    guarded: list[Shop] | None = rest.query(shops.op("listShops"), permission_classes=[Asking])


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """Shops with lockers, and a guard who takes time."""
    return project(tmp_path_factory.mktemp("regressions"), MODULE, shops=SHOPS)


@pytest.fixture
def services() -> Services:
    """Two shops, a locker in each."""
    made = Services()
    made.answer("shops", "listShops", json=[{"id": "s", "name": "S"}, {"id": "t", "name": "T"}])
    made.on(
        "shops",
        "listLockers",
        lambda one: answer([{"id": f"of {key}", "shop": key} for key in asked(one, "shops")]),
    )
    return made


@LANES
async def test_a_permission_that_awaits_stands_before_a_call(schema, services, lane):
    """A bound field behind an asynchronous permission is served, or refused, like any other field."""
    query = "{ guarded { id } }"
    found = await execute(schema, query, services, caller=caller("me", allowed=True), lane=lane)
    assert (found.data, found.errors) == ({"guarded": [{"id": "s"}, {"id": "t"}]}, [])
    found = await execute(schema, query, services, caller=caller("me", allowed=False), lane=lane)
    assert (found.data, [one["message"] for one in found.errors]) == ({"guarded": None}, ["not today"])
    assert services.calls == {"shops.listShops": 1}


@LANES
async def test_two_groupings_of_one_operation_ask_once(schema, services, lane):
    """Fields that group the same operation by the same values share what came, however each shows it."""
    found = await execute(schema, "{ every { locker { id } lockers { id } } }", services, lane=lane)
    assert found.data == {
        "every": [{"locker": {"id": f"of {key}"}, "lockers": [{"id": f"of {key}"}]} for key in "st"]
    }
    assert services.calls == {"shops.listShops": 1, "shops.listLockers": 1}


def test_branches_that_just_miss_each_others_batch_agree_all_the_same():
    """Keys of two unrelated branches left in one batch on one lane, in two on the other."""
    document = """query Main($v0: Boolean!, $v1: Boolean!, $v2: ID!) {
      filed { edges { a1: node { id ... { __typename id id } id above @include(if: true) { id id id } } cursor } }
      ... { ...F0 mustPerson(id: "p1") { nick } }
      staff { homes { city a4: city ...F1 } mustFriends { badges(metal: "") { person { boss { balance } } } }
        badges { ... @include(if: $v1) { person { balance balance name } } } } }
    fragment F0 on Query { a2: __typename me @include(if: $v0) { points name @skip(if: $v1) } team(id: "1") { kind }
      person(id: $v2) { a3: mustFriends { keeper { homes { city } } } } }
    fragment F1 on Home { city geo { lat lat } }"""
    case = Case(
        Drawn(document, {"v0": True, "v1": False, "v2": "p2"}, None, mutates=False),
        somebody("pii", "secrets"),
        Weather(World(seed=5100, wrongness=0.03), failing=0.05, latency=False, steady=True),
    )
    with closing(JumpingLoop()) as loop:
        assert judged(case, loop).differences == []
