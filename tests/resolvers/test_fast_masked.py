"""Callers who may not see all: a program for each set of what is denied, which decodes and calls nothing for it."""

from __future__ import annotations

from typing import Any

import pytest

from graph.declaring.schema import Schema
from graph.executing import plans as plans_module
from resolvers.fast import masked as masked_module
from resolvers.fast.program import FastStep, Program, compiled
from resolvers.fast.uncompiled import NotCompiled, Unhurried
from stolon.testing import Services, answer, caller
from tests.graph.projects import INT, TEXT, an, contract, listed, operation, parameter, ref
from tests.resolvers.graphs import asked, project
from tests.resolvers.planned import planned
from tests.resolvers.three_lanes import Came, agreed, on_lane

HOUSE = contract(
    operation("GET /rooms", "listRooms", listed(ref("Room"))),
    operation("GET /keys", "listKeys", an({"items": listed(ref("Key")), "total": INT}),
              parameter("room", TEXT), parameter("offset", INT), parameter("limit", {**INT, "maximum": 9})),
    operation("GET /sealed", "getSealed", ref("Safe"), parameter("door", TEXT, required=True)),
    operation("GET /safes", "listSafes", listed(ref("Safe")), parameter("ids", listed(TEXT), required=True,
              explode=False)),
    Room=an({"id": TEXT, "name": TEXT, "safe_id": TEXT, "code": TEXT}),
    Key=an({"id": TEXT, "door": TEXT}),
    Safe=an({"id": TEXT, "holds": TEXT}),
)  # fmt: skip
MODULE = """
@rest.type(house.schema("Safe"), key="id", many=house.op("listSafes", ids=rest.keys))
class Safe:
    id: rest.auto
    holds: str | None = rest.field(scopes=["gold"])

    @rest.field(needs=["id"], scopes=["gold"])
    def opened(self, info: rest.Info) -> str | None:
        info.context.caller.claims["ran"].append(self.id)
        return self.id


@rest.type(house.schema("Key"), scopes=["keys"])
class Key:
    id: rest.auto
    door: rest.auto


@rest.type(house.schema("Room"))
class Room:
    id: rest.auto
    name: str | None = rest.field(scopes=["names"])
    safe_id: str | None = rest.field(scopes=["gold"])
    safe: Safe | None = rest.link(key="safe_id")
    guarded: Safe | None = rest.link(key="safe_id", scopes=["gold"])
    sealed: Safe | None = rest.link(house.op("getSealed"), scopes=["gold"])
    keys: rest.Connection[Key] | None = rest.connection(house.op("listKeys", room=rest.this("id")))


@strawberry.type
class Query:
    rooms: list[Room] | None = rest.query(house.op("listRooms"))
    secrets: list[Room] | None = rest.query(house.op("listRooms"), scopes=["gold"])


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """A house, of which not everybody may see everything."""
    return project(tmp_path_factory.mktemp("house"), MODULE, house=HOUSE)


def house(rooms: int = 2, **more: Any) -> Services:
    """Rooms with a safe each."""
    made = Services()
    made.answer("house", "listRooms", json=[
        {"id": f"r{number}", "name": f"room {number}", "safe_id": f"s{number}", "code": "0"} | more
        for number in range(rooms)
    ])  # fmt: skip
    made.answer("house", "listKeys", json={"items": [{"id": "k", "door": "d"}], "total": 1})
    made.on(
        "house",
        "listSafes",
        lambda one: answer([{"id": key, "holds": f"in {key}"} for key in asked(one, "ids")]),
    )
    return made


def who(*scopes: str) -> Any:
    """A caller with these scopes."""
    return caller("me", scopes=scopes, ran=[])


async def same(schema: Schema, query: str, *scopes: str, lane: str = "fast", **more: Any) -> Came:
    """What all lanes make of it alike, for a caller with these scopes."""
    return await agreed(schema, query, lambda: house(**more), caller=who(*scopes), lanes=(lane,))


FORBIDDEN = "This field needs the scope {}."


async def test_a_denied_property_is_null_at_each_place(schema):
    """With an error at each, as on the other lanes; what is beside it stays."""
    found = await same(schema, "{ rooms { id name } }")
    assert found.data == {"rooms": [{"id": "r0", "name": None}, {"id": "r1", "name": None}]}
    assert found.told == {
        (("rooms", index, "name"), "FORBIDDEN", FORBIDDEN.format("names")): 1 for index in range(2)
    }


async def test_a_denied_link_costs_no_call(schema):
    """It is null with an error wherever it stands, and nothing below it runs."""
    found = await same(schema, "{ rooms { id guarded { id opened } } }")
    assert found.calls == {"house.listRooms": 1}
    assert [path for path, _, _ in found.told] == [("rooms", 0, "guarded"), ("rooms", 1, "guarded")]


async def test_a_denied_property_that_a_link_needs_is_fetched_and_not_shown(schema):
    """The link may be followed by what the caller may not see (DESIGN: "fetched, never rendered")."""
    found = await same(schema, "{ rooms { safeId safe { id holds } } }")
    assert found.data["rooms"][1] == {"safeId": None, "safe": {"id": "s1", "holds": None}}
    assert len(found.errors) == 4
    assert b"in s1" not in found.bytes


async def test_what_is_denied_is_not_decoded(schema):
    """A value that breaks its contract is nobody's business where nobody sees it."""
    found = await same(schema, "{ rooms { id name } }", name=7)
    assert {one["extensions"]["code"] for one in found.errors} == {"FORBIDDEN"}
    assert [one["extensions"]["code"] for one in (await same(schema, "{ rooms { id name } }", "names",
            lane="plan: fault", name=7)).errors] == ["CONTRACT_VIOLATION"] * 2  # fmt: skip


async def test_a_denied_field_of_an_island_is_told_there(schema):
    """The checked lane runs what has no program, and knows what is denied as well."""
    query = "{ rooms { name safe { holds opened } } }"
    found = await same(schema, query)
    assert found.calls == {"house.listRooms": 1, "house.listSafes": 1}
    assert sorted({one["path"][-1] for one in found.errors}) == ["holds", "name", "opened"]


async def test_connections_of_what_not_everybody_may_see_are_compiled(schema):
    """With their parts; who may not see these gets null for the connection, as on the other lanes."""
    query = "{ rooms { id keys(first: 1) { totalCount nodes { id } edges { cursor node { door } } } } }"
    found = await same(schema, query, "keys")
    assert found.data["rooms"][0]["keys"]["nodes"] == [{"id": "k"}]
    program = schema.plans.program(planned(schema, query))
    assert isinstance(program, Program)
    assert [type(one) for one in program.steps] == [FastStep, FastStep]
    denied = await same(schema, query)
    assert [one["keys"] for one in denied.data["rooms"]] == [None, None]
    assert denied.calls == {"house.listRooms": 1}


async def test_a_denied_root_field_leaves_the_others(schema):
    """Even where nothing else is asked for."""
    assert (await same(schema, "{ secrets { id } }")).data == {"secrets": None}
    found = await same(schema, "{ secrets { id } rooms { id } }")
    assert (found.data["secrets"], len(found.data["rooms"]), found.calls) == (None, 2, {"house.listRooms": 1})


@pytest.mark.parametrize(("value", "code"), [("a", "FORBIDDEN"), (None, "BAD_USER_INPUT")])
async def test_arguments_that_cannot_be_coerced_are_told_first(schema, value, code):
    """As where their field is not denied: what is wrong with them is said before anybody asks who may see it."""
    query = 'query ($d: String = "x") { rooms { id sealed(door: $d) { id } } }'
    made = await agreed(
        schema, query, house, {"d": value}, who(), lanes=("fast",) if value else ("plan: fault",)
    )
    assert {one["extensions"]["code"] for one in made.errors} == {code}


async def test_errors_of_very_many_places_are_the_checked_lanes(schema, monkeypatch):
    """It tells them in slices, so that the loop is not held; and nothing is fetched twice."""
    monkeypatch.setattr(masked_module, "MOST", 2)
    found = await same(schema, "{ rooms { name } }", lane="plan: fault", rooms=3)
    assert (len(found.errors), found.calls) == (3, {"house.listRooms": 1})


def test_there_is_a_program_for_each_set_of_what_is_denied(schema, monkeypatch):
    """Made once, and kept in a bound of their own."""
    plan = planned(schema, "{ rooms { name guarded { id } } }")
    names, gold = (frozenset({one}) for one in sorted(plan.access, key=str))
    first, other = schema.plans.masked(plan, names), schema.plans.masked(plan, gold)
    assert isinstance(first, Program)
    assert isinstance(other, Program)
    assert [len(one.masked) for one in (first, other)] == [1, 1]
    assert schema.plans.masked(plan, names) is first
    monkeypatch.setattr(plans_module, "MOST_MASKED", 1)
    anew = planned(schema, "{ rooms { guarded { id } } }")
    gone = schema.plans.masked(anew, frozenset(anew.access))
    assert schema.plans.masked(anew, frozenset(anew.access)) is not gone


async def test_a_program_for_some_shows_nothing_to_others(schema):
    """Callers of every kind, one after the other: each sees what is theirs."""
    query = "{ rooms { name guarded { holds } } }"
    shown = {"name": "room 0", "guarded": {"holds": "in s0"}}
    for scopes in [(), ("names",), ("gold",), ("names", "gold")] * 2:
        found = await on_lane("fast", schema, query, house(1), caller=who(*scopes))
        assert found.lanes == ["fast"]
        assert found.data["rooms"] == [
            {
                "name": shown["name"] if "names" in scopes else None,
                "guarded": shown["guarded"] if "gold" in scopes else None,
            }
        ]


def test_what_insists_on_a_value_has_none_to_be_denied_with(schema):
    """Its error takes what is above, which the checked lane works out."""
    plan = planned(schema, "{ rooms { name } }")
    shape: Any = plan.root.fields[0].shape
    object.__setattr__(shape.item.fields[0].shape, "nullable", False)
    with pytest.raises(NotCompiled) as refused:
        compiled(plan, plan.access)
    object.__setattr__(shape.item.fields[0].shape, "nullable", True)
    assert refused.value.reason is Unhurried.MASKED
