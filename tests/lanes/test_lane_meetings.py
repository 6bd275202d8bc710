"""One thing reached in several ways at once, on both lanes, and what hangs on what hangs on it."""

from __future__ import annotations

import pytest

from tests.lanes.asking import ask, people, person
from tests.lanes.endpoint import Asked
from tests.lanes.kinds import car, claim, coin
from tests.lanes.world import LANES, LaneName


@pytest.fixture(params=LANES)
def lane(request: pytest.FixtureRequest) -> LaneName:
    name: LaneName = request.param
    return name


def test_one_link_under_two_aliases_and_two_arguments(lane: LaneName) -> None:
    """Each argument is a call of its own, for all parents together; equal ones are one, however they are said."""

    def badges(asked: Asked) -> object:
        metal = asked.query.get("metal", "none")
        return [{"id": f"{metal} {key}", "person_id": key, "metal": metal} for key in asked.listed("people")]

    query = """query ($gold: String = "gold", $first: Int) { staff {
        a: badges(metal: "gold") { id } b: badges(metal: "tin") { id } c: badges(metal: $gold) { id } badges { id }
        d: vault(first: $first) { totalCount } e: vault(first: 1) { nodes { __typename } } f: vault { totalCount }
    } }"""
    answers: dict[str, object] = {
        "listStaff": [person("p1"), person("p2")],
        "listBadges": badges,
        "pageAssets": {"items": [coin("x")], "total": 1},
    }
    given = ask(lane, query, answers)
    assert given.data == {
        "staff": [
            {
                "a": [{"id": f"gold {key}"}],
                "b": [{"id": f"tin {key}"}],
                "c": [{"id": f"gold {key}"}],
                "badges": [{"id": f"none {key}"}],
                "d": {"totalCount": 1},
                "e": {"nodes": [{"__typename": "Coin"}]},
                "f": {"totalCount": 1},
            }
            for key in ("p1", "p2")
        ]
    }
    assert (given.errors, given.calls) == ([], {"listStaff": 1, "listBadges": 3, "pageAssets": 4})


def test_one_entity_by_link_by_query_and_by_load_is_asked_for_once(lane: LaneName) -> None:
    """Whoever asks first asks for all: two queries, a resolver, a link and a resolver below another query."""
    query = """{
        me { id } person(id: "p1") { name } loaded(ids: ["p1", "p1"]) { points } first { id }
        ride(id: "x") { driver { name } } team(id: 1) { lead { id } }
    }"""
    answers: dict[str, object] = {
        "getRide": car("R", driver_id="p1"),
        "getTeam": {"id": 1, "title": "T", "lead_id": "p1"},
        **people(p1=None),
    }
    given = ask(lane, query, answers)
    assert given.data["loaded"] == [{"points": "1"}, {"points": "1"}]
    assert (given.data["ride"], given.data["team"]) == (
        {"driver": {"name": "name of p1"}},
        {"lead": {"id": "p1"}},
    )
    assert given.calls == {"getRide": 1, "getTeam": 1, "getPerson": 1}


def test_a_chain_below_a_connection_goes_on_link_by_link(lane: LaneName) -> None:
    """Each link starts when its own parent is there, whatever its neighbours still wait for."""
    query = """{ filed(first: 2) { nodes {
        id claimant { ride { driver { boss { id } } } } above { main { __typename } }
    } } }"""
    answers: dict[str, object] = {
        "listFiled": {"data": [claim("c1", above_id="c2"), claim("c2")]},
        "getClaim": claim("c2"),
        "getRide": car("R", driver_id="p2"),
        **people(p1=None, p2="p3", p3=None),
    }
    delays = {"listFiled": 1.0, "getClaim": 9.0, "getPerson": 2.0, "getRide": 3.0}
    given = ask(lane, query, answers, delays=delays)
    chain = {"ride": {"driver": {"boss": {"id": "p3"}}}}
    assert given.data == {
        "filed": {
            "nodes": [
                {"id": "c1", "claimant": chain, "above": {"main": {"__typename": "Coin"}}},
                {"id": "c2", "claimant": chain, "above": None},
            ]
        }
    }
    assert sorted(given.begun) == [
        (0.0, "listFiled"),
        (1.0, "getClaim"),
        (1.0, "getPerson"),
        (3.0, "getRide"),
        (6.0, "getPerson"),
        (8.0, "getPerson"),
    ]
