"""What is called, on both lanes: links, keys, groups, connections, whole lists; and what waits for what."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.messages import Response
from tests.lanes.asking import ask, order, people, person
from tests.lanes.world import LANES, LaneName


@pytest.fixture(params=LANES)
def lane(request: pytest.FixtureRequest) -> LaneName:
    name: LaneName = request.param
    return name


PAGE = {"data": [order(1), order(2)], "total": 5}


def test_a_connections_totals_and_page_info_come_with_its_page(lane: LaneName) -> None:
    """What the page says already costs no call of its own, however it is selected."""
    query = """{ orders(first: 2) { totalCount __typename edges { cursor node { number } } nodes { state }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    given = ask(lane, query, {"listOrders": PAGE})
    first, second = (edge["cursor"] for edge in given.data["orders"]["edges"])
    assert given.data == {
        "orders": {
            "totalCount": 5,
            "__typename": "OrderConnection",
            "edges": [
                {"cursor": first, "node": {"number": "1"}},
                {"cursor": second, "node": {"number": "2"}},
            ],
            "nodes": [{"state": "NEW"}, {"state": "NEW"}],
            "pageInfo": {
                "hasNextPage": True,
                "hasPreviousPage": False,
                "startCursor": first,
                "endCursor": second,
            },
        }
    }
    assert (given.errors, given.targets) == ([], ["/orders?page=1&per_page=2"])


@pytest.mark.parametrize(("asked", "calls"), [("hasNextPage", 1), ("hasPreviousPage", 0)])
def test_whether_more_follows_is_asked_only_where_it_is_selected(
    lane: LaneName, asked: str, calls: int
) -> None:
    """A window of nothing calls nothing, unless somebody wants to know what follows: then once."""
    query = f"{{ orders(first: 0) {{ nodes {{ number }} pageInfo {{ {asked} a: {asked} }} }} }}"
    given = ask(lane, query, {"listOrders": PAGE})
    assert given.data == {"orders": {"nodes": [], "pageInfo": {asked: calls == 1, "a": calls == 1}}}
    assert (given.errors, given.calls) == ([], {"listOrders": 1} if calls else {})


def test_the_four_ways_of_paging_in_one_operation(lane: LaneName) -> None:
    """By page, offset, cursor and link: one call each for a window that one page holds."""
    query = """{ orders(first: 1) { nodes { number } } payments(first: 1) { totalCount nodes { amount } }
        events(first: 1) { pageInfo { hasNextPage } nodes { what } } reviews(first: 1) { nodes { stars } } }"""
    answers = {
        "listOrders": {"data": [order(1)], "total": 1},
        "listPayments": {"items": [{"id": "1", "amount": "1.10"}], "total": 9},
        "listEvents": {
            "data": [{"at": "2026-01-02T03:04:05Z", "what": "w", "who_id": None}],
            "next_cursor": "c1",
        },
        "listReviews": [{"id": "1", "stars": 5, "author_id": "p1"}],
    }
    given = ask(lane, query, answers)
    assert given.data == {
        "orders": {"nodes": [{"number": "1"}]},
        "payments": {"totalCount": 9, "nodes": [{"amount": "1.10"}]},
        "events": {"pageInfo": {"hasNextPage": True}, "nodes": [{"what": "w"}]},
        "reviews": {"nodes": [{"stars": 5}]},
    }
    assert given.errors == []
    assert given.calls == {"listEvents": 1, "listOrders": 1, "listPayments": 1, "listReviews": 1}


def test_connections_below_a_list_take_each_parents_value(lane: LaneName) -> None:
    """Each parent's window is a call of its own; equal ones are one; a parent without the value has none to ask."""
    staff = [person("p1", boss_id="b"), person("p2", boss_id="b"), person("p3")]
    query = "{ staff { events(first: 1) { nodes { what } totalCount } } }"
    event = {"at": "2026-01-02T03:04:05Z", "what": "w", "who_id": None}
    given = ask(lane, query, {"listStaff": staff, "listEvents": {"data": [event]}})
    page = {"nodes": [{"what": "w"}], "totalCount": None}
    assert given.data == {"staff": [{"events": page}] * 3}
    assert given.errors == []
    assert given.targets == ["/staff?role=maker&level=1", "/events?limit=1&about=b", "/events?limit=1"]


def test_links_below_links_batch_by_level(lane: LaneName) -> None:
    """Each level of links is one call for all its parents, however many branches lead there."""
    staff = [person(f"p{n}", boss_id=f"b{n}") for n in (1, 2)]
    bosses = people(b1="c1", b2="c2", c1=None, c2=None)
    query = "{ staff { boss { name boss { id } } again: boss { id } } }"
    given = ask(lane, query, {"listStaff": staff, **bosses})
    assert given.data == {
        "staff": [
            {"boss": {"name": f"name of b{n}", "boss": {"id": f"c{n}"}}, "again": {"id": f"b{n}"}}
            for n in (1, 2)
        ]
    }
    assert given.errors == []
    assert given.targets == ["/staff?role=maker&level=1", "/people?ids=b1,b2", "/people?ids=c1,c2"]


def test_many_is_split_and_missing_keys_are_null(lane: LaneName) -> None:
    """Four keys where three fit make two even calls; a key that nobody answers is null without an error."""
    staff = [person(f"p{n}", boss_id=f"b{n}") for n in range(4)]
    query = "{ staff { boss { id } } }"
    given = ask(lane, query, {"listStaff": staff, **people(b0=None, b1=None, b3=None)})
    assert given.data == {
        "staff": [{"boss": one} for one in ({"id": "b0"}, {"id": "b1"}, None, {"id": "b3"})]
    }
    assert given.errors == []
    assert sorted(given.targets[1:]) == ["/people?ids=b0,b1", "/people?ids=b2,b3"]


def test_grouped_links_as_lists_and_as_one(lane: LaneName) -> None:
    """One call for all parents: each gets its own items, or its only one; two where one may be is a violation."""
    badges = [
        {"id": key, "person_id": one, "metal": "m"} for key, one in (("x", "p2"), ("y", "p1"), ("z", "p2"))
    ]
    lockers = [{"number": n, "person_id": one, "open": True} for n, one in enumerate(("p1", "p3", "p3"))]
    staff = [person(f"p{n}") for n in (1, 2, 3)]
    query = '{ staff { badges { id } locker { number } gold: badges(metal: "gold") { id } } }'
    answers = {
        "listStaff": staff,
        "listBadges": lambda asked: [] if "metal" in asked.query else badges,
        "listLockers": lambda asked: [one for one in lockers if one["person_id"] in asked.listed("people")],
    }
    given = ask(lane, query, answers)
    assert given.data == {
        "staff": [
            {"badges": [{"id": "y"}], "locker": {"number": "0"}, "gold": []},
            {"badges": [{"id": "x"}, {"id": "z"}], "locker": None, "gold": []},
            {"badges": [], "locker": None, "gold": []},
        ]
    }
    assert [(path, code) for path, code, _ in given.errors] == [
        (["staff", 2, "locker"], "CONTRACT_VIOLATION")
    ]
    assert given.calls == {"listBadges": 2, "listLockers": 2, "listStaff": 1}


def test_grouped_by_a_value_that_a_parent_lacks(lane: LaneName) -> None:
    """A list that insists is empty there, and no key is asked for it."""
    staff = [person("p1", boss_id="b"), person("p2")]
    badge = {"id": "x", "person_id": "b", "metal": "gold"}
    given = ask(lane, "{ staff { mustBadges { metal } } }", {"listStaff": staff, "listBadges": [badge]})
    assert given.data == {"staff": [{"mustBadges": [{"metal": "gold"}]}, {"mustBadges": []}]}
    assert (given.errors, given.targets[1:]) == ([], ["/badges?people=b&metal=gold"])


def test_composite_keys(lane: LaneName) -> None:
    """A link by two properties and a query through the type's own `one` share the entity; equal keys are one."""
    numbers = (1, 2, 1)
    entries = [{"id": n, "amount": n, "order": number, "tenant": "t1"} for n, number in enumerate(numbers)]
    query = (
        '{ ledger { amount order { number } } order(tenant: "t1", number: "2") { state parent { number } } }'
    )
    bodies: list[Any] = []

    def found(asked: Any) -> object:
        bodies.append(asked.body)
        return {"found": [order(one["number"]) for one in asked.body["keys"]]}

    given = ask(lane, query, {"listLedger": {"data": entries, "total": 3}, "findOrders": found})
    assert given.data == {
        "ledger": [{"amount": str(n), "order": {"number": str(number)}} for n, number in enumerate(numbers)],
        "order": {"state": "NEW", "parent": None},
    }
    assert (given.errors, given.targets) == ([], ["/ledger?page=1&per_page=5", "/orders/find"])
    assert bodies == [{"keys": [{"tenant": "t1", "number": 2}, {"tenant": "t1", "number": 1}]}]


def test_a_whole_list_is_followed_to_its_end(lane: LaneName) -> None:
    """A list that its service pages is read page by page, once for two fields that ask for it."""
    rows = [{"id": n, "amount": 1, "order": 1, "tenant": "t1"} for n in range(7)]

    def page(asked: Any) -> object:
        start = (int(asked.query["page"]) - 1) * 5
        return {"data": rows[start : start + 5], "total": 7}

    given = ask(lane, "{ ledger { id } again: ledger { amount } }", {"listLedger": page})
    assert given.data == {"ledger": [{"id": n} for n in range(7)], "again": [{"amount": "1"}] * 7}
    assert (given.errors, given.targets) == ([], ["/ledger?page=1&per_page=5", "/ledger?page=2&per_page=5"])


def test_a_step_waits_for_nothing_but_its_own_parents(lane: LaneName) -> None:
    """A slow branch holds nobody back: links of the fast one are asked for as soon as their own parents are there."""
    query = "{ feed { poster { boss { id } } } staff { team { title } } }"
    answers = {
        "listFeed": [{"id": "1", "kind": "k", "of": "o", "poster_id": "p1"}],
        **people(p1="p2", p2=None),
        "listStaff": [person("p3", team_id=1)],
        "getTeam": {"id": 1, "title": "one", "lead_id": "p1"},
    }
    given = ask(lane, query, answers, delays={"listFeed": 1, "getPerson": 1, "listStaff": 60})
    assert given.data == {
        "feed": [{"poster": {"boss": {"id": "p2"}}}],
        "staff": [{"team": {"title": "one"}}],
    }
    assert given.begun == [
        (0, "listFeed"),
        (0, "listStaff"),
        (1, "getPerson"),
        (2, "getPerson"),
        (60, "getTeam"),
    ]


def test_a_failed_step_is_null_at_each_place_that_needed_it(lane: LaneName) -> None:
    """One failed call is told at every path that waited for it, and its neighbours answer."""
    staff = [person("p1", boss_id="b1"), person("p2", boss_id="b2"), person("p3")]
    answers = {"listStaff": staff, "listPeople": lambda _: Response(503, {}, b"")}
    given = ask(lane, "{ staff { id boss { id } } }", answers)
    assert given.data == {"staff": [{"id": f"p{n}", "boss": None} for n in (1, 2, 3)]}
    told = ("UPSTREAM_UNAVAILABLE", "The service can't be reached.")
    assert given.errors == [(["staff", n, "boss"], *told) for n in (0, 1)]
    assert given.calls == {"listPeople": 1, "listStaff": 1}
