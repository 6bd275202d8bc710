"""Connections and paged lists on the fast lane."""

from __future__ import annotations

import pytest

from graph.declaring.schema import Schema
from stolon.testing import Services, answer
from tests.resolvers import town
from tests.resolvers.graphs import asked, project
from tests.resolvers.test_fast_run import data, some
from tests.resolvers.three_lanes import agreed


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Schema:
    """The town."""
    return project(tmp_path_factory.mktemp("town"), town.MODULE, **town.CONTRACTS)


async def test_connections(schema):
    """Edges, nodes, totals and page info of one page; links below nodes and edges share what they ask for."""
    query = """{ walks(first: 2) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { id to { name } } } nodes { km to { id } } } }"""
    found = await agreed(schema, query, some)
    walks = found.data["walks"]
    cursors = [edge.pop("cursor") for edge in walks["edges"]]
    assert walks == {
        "totalCount": 4,
        "pageInfo": {
            "hasNextPage": True,
            "hasPreviousPage": False,
            "startCursor": cursors[0],
            "endCursor": cursors[1],
        },
        "edges": [{"node": {"id": f"w{to}", "to": {"name": f"name of {to}"}}} for to in (1, 2)],
        "nodes": [{"km": to / 2, "to": {"id": f"{to}"}} for to in (1, 2)],
    }
    assert found.calls == {"people.listWalks": 1, "people.listPeople": 1}


async def test_a_connection_of_each_parent(schema):
    """Each has a page of its own; one of nothing is empty."""
    empty = {
        "walks": {
            "totalCount": 0,
            "edges": [],
            "nodes": [],
            "pageInfo": {"endCursor": None, "hasNextPage": False},
        }
    }

    def services() -> Services:
        made = some()
        made.on("people", "listWalks", town.window([]))
        return made

    query = "{ all { walks { totalCount edges { node { id } } nodes { id } pageInfo { endCursor hasNextPage } } } }"
    assert await data(schema, query, services) == {"all": [empty] * 4}


async def test_whether_more_follows_is_left_to_the_checked_lane_where_it_costs_a_call(schema):
    """Where the page does not tell, the checked lane makes the one call more; the page is not fetched again."""

    def services() -> Services:
        made = some()
        made.on("people", "listWalks", town.window([{"id": "w", "to": 1}] * 3, total=False))
        return made

    query = "{ walks(first: 2) { nodes { id } totalCount pageInfo { hasNextPage } } }"
    found = await agreed(schema, query, services, lanes=("plan: fault",))
    assert found.data["walks"]["pageInfo"] == {"hasNextPage": True}
    assert found.calls == {"people.listWalks": 2}


async def test_a_list_is_followed_to_its_end(schema):
    """Pages of a list come together, and links below are asked for once."""

    def services() -> Services:
        made = some()
        pages = {"1": [{"id": f"r{n}", "of": 1, "by": 2} for n in range(50)], "2": [{"id": "last", "of": 1}]}
        made.on("people", "listRows", lambda one: answer(pages.get((asked(one, "page") or ["1"])[0], [])))
        return made

    found = await agreed(schema, "{ rows { id by { name } } }", services)
    assert found.data["rows"][-2:] == [{"id": "r49", "by": {"name": "name of 2"}}, {"id": "last", "by": None}]
    assert found.calls["people.listRows"] == 2
