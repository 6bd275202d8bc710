"""Objects of several kinds on both lanes, told apart by discriminators: wherever they stand, and
whatever is said of their kind.
"""

from __future__ import annotations

import pytest

from tests.lanes.asking import ask, people
from tests.lanes.endpoint import Asked
from tests.lanes.kinds import bond, car, claim, coin, deed, truck
from tests.lanes.world import LANES, LaneName


@pytest.fixture(params=LANES)
def lane(request: pytest.FixtureRequest) -> LaneName:
    name: LaneName = request.param
    return name


KINDS = """
fragment kinds on Asset { __typename ... on Bond { rate } ... on Coin { minted } ...deed }
fragment deed on Deed { of: id }
"""
MORE = "fragment more on HoardAsset { __typename ... on Bond { id } ...deed }"


def test_kinds_are_told_apart_wherever_they_stand(lane: LaneName) -> None:
    """As a property, in lists, in lists of lists, within each other; on unions that are written and that are not."""
    whole = claim(
        "c1",
        main=bond("b", rate=1),
        second=deed("d", within=deed("e", within=coin("f"))),
        all=[coin("g", minted=2**53), bond("h")],
        rows=[[coin("i"), None], []],
        ride=truck("T", load=[bond("j"), deed("k")]),
    )
    query = f"""{{ claim(id: "c1") {{
        main {{ ...kinds }}
        second {{ ...more ... on Deed {{ within {{ ...more ... on Deed {{ within {{ ...more }} }} }} }} }}
        every {{ ...kinds }} rows {{ ...more }}
        ride {{ plate honk(times: 2) ... on Truck {{ load {{ ...kinds }} }} ... on Car {{ seats }} }}
    }} }} {KINDS} {MORE}"""
    given = ask(lane, query, {"getClaim": whole})
    within = {"__typename": "Deed", "of": "e", "within": {"__typename": "Coin"}}
    assert given.data == {
        "claim": {
            "main": {"__typename": "Bond", "rate": "1"},
            "second": {"__typename": "Deed", "of": "d", "within": within},
            "every": [
                {"__typename": "Coin", "minted": "9007199254740992"},
                {"__typename": "Bond", "rate": None},
            ],
            "rows": [[{"__typename": "Coin"}, None], []],
            "ride": {
                "plate": "T",
                "honk": "honk honk ",
                "load": [{"__typename": "Bond", "rate": None}, {"__typename": "Deed", "of": "k"}],
            },
        }
    }
    assert (given.errors, given.calls, given.resolvers) == ([], {"getClaim": 1}, ["honk"])


def test_kinds_come_by_every_way_of_asking(lane: LaneName) -> None:
    """Queries, whole lists, groups of many and of one, links, connections, resolvers, and generated types."""

    def holdings(asked: Asked) -> object:
        return [bond(f"of {key}", owner_id=key) for key in asked.listed("people")]

    answers: dict[str, object] = {
        "getAsset": {"data": deed("a")},
        "getBond": bond("b", form="whatever"),
        "listAssets": [coin("c")],
        "listHoldings": holdings,
        "pageAssets": {"items": [bond("d"), coin("e")], "total": 2},
        "getRide": car("R"),
        "listRides": [truck("S")],
        "listSignals": {"data": [{"sent": "Beep", "pitch": 3}, {"sent": "Flash", "colour": "red"}]},
        **people(p1=None),
    }
    query = f"""{{
        asset(id: "x1") {{ ...kinds }} bond(id: "x1") {{ ...kinds }} listed {{ ...kinds }} found {{ ...kinds }}
        vault {{ totalCount nodes {{ ...kinds }} edges {{ node {{ __typename }} }} }} ride(id: "p1") {{ __typename }}
        signals {{ data {{ ... on Beep {{ pitch }} ... on Flash {{ colour after {{ __typename }} }} }} }}
        person(id: "p1") {{
            holdings {{ ...kinds }} keepsake {{ __typename }} rides {{ plate ... on Car {{ seats }} }}
            ride {{ ... on Car {{ seats }} }} vault(first: 2) {{ nodes {{ ... on Bond {{ id }} }} }}
        }}
    }} {KINDS}"""
    given = ask(lane, query, answers)
    assert given.data == {
        "asset": {"__typename": "Deed", "of": "a"},
        "bond": {"__typename": "Bond", "rate": None},
        "listed": [{"__typename": "Coin", "minted": None}],
        "found": [{"__typename": "Coin", "minted": None}],
        "vault": {
            "totalCount": 2,
            "nodes": [{"__typename": "Bond", "rate": None}, {"__typename": "Coin", "minted": None}],
            "edges": [{"node": {"__typename": "Bond"}}, {"node": {"__typename": "Coin"}}],
        },
        "ride": {"__typename": "Car"},
        "signals": {"data": [{"pitch": 3}, {"colour": "red", "after": None}]},
        "person": {
            "holdings": [{"__typename": "Bond", "rate": None}],
            "keepsake": {"__typename": "Bond"},
            "rides": [{"plate": "S"}],
            "ride": {"seats": 5},
            "vault": {"nodes": [{"id": "d"}, {}]},
        },
    }
    assert given.errors == []
    assert given.calls == {
        "getAsset": 1,
        "getBond": 1,
        "getPerson": 1,
        "getRide": 1,
        "listAssets": 2,
        "listHoldings": 2,
        "listRides": 1,
        "listSignals": 1,
        "pageAssets": 2,
    }


UNKNOWN = [
    pytest.param({"form": "gold"}, "another text", id="unknown"),
    pytest.param({}, "nothing", id="missing"),
    pytest.param({"form": None}, "null", id="null"),
    pytest.param({"form": 7}, "integer", id="a number"),
    pytest.param({"form": ["bond"]}, "array", id="a list"),
]


@pytest.mark.parametrize(("wrong", "found"), UNKNOWN)
def test_an_object_of_no_known_kind_is_an_error_at_its_place(
    lane: LaneName, wrong: dict[str, object], found: str
) -> None:
    """Its neighbours stay where null may stand there; where it may not, what holds it goes."""
    query = """{
        listed { __typename } must: mustListed { __typename } vault { totalCount nodes { __typename } }
    }"""
    rows = [coin("a"), wrong, bond("b")]
    given = ask(lane, query, {"listAssets": rows, "pageAssets": {"items": rows, "total": 3}})
    assert given.data is None

    def message(at: str) -> str:
        expected = "the text for one of Bond, Coin, Deed"
        return f"The upstream's answer breaks its contract at {at}: expected {expected}, found {found}."

    assert (["must", 1], "CONTRACT_VIOLATION", message("$[1].form")) in given.errors
    given = ask(
        lane,
        query.replace("must: mustListed { __typename }", ""),
        {"listAssets": rows, "pageAssets": {"items": rows, "total": 3}},
    )
    assert given.data == {
        "listed": [{"__typename": "Coin"}, None, {"__typename": "Bond"}],
        "vault": None,
    }
    assert given.errors == [
        (["listed", 1], "CONTRACT_VIOLATION", message("$[1].form")),
        (["vault", "nodes", 1], "CONTRACT_VIOLATION", message("$.items[1].form")),
    ]


def test_a_change_that_answers_no_known_kind_was_made(lane: LaneName) -> None:
    """The change is not repeated, and what comes after it is still made, unless what it answers insists."""
    query = """mutation ($of: AddAssetInput!) {
        a: addAsset(input: $of) { __typename } tow(id: "p1", input: {by: "p1"}) { ... on Car { seats } }
        b: mustAdd(input: $of) { __typename } never: addAsset(input: $of) { __typename }
    }"""
    answers: dict[str, object] = {"addAsset": {"form": "gold"}, "tow": car("T")}
    given = ask(lane, query, answers, variables={"of": {"form": "coin", "of": "p1"}})
    assert given.data is None
    assert [(path, code) for path, code, _ in given.errors] == [
        (["a"], "CONTRACT_VIOLATION"),
        (["b"], "CONTRACT_VIOLATION"),
    ]
    assert given.calls == {"addAsset": 2, "tow": 1}


def test_links_of_different_kinds_leave_in_one_batch(lane: LaneName) -> None:
    """What bonds, coins and resolvers on trucks lead to is asked for once; for kinds that are not there, nothing."""
    query = """{
        listed { ... on Bond { issuer { id } claim { id } }
            ... on Coin { finder { id } } ... on Deed { claim { id } } }
        vault { nodes { ... on Bond { issuer { boss { id } } } } } ride(id: "p1") { driver { id } }
    }"""
    answers: dict[str, object] = {
        "listAssets": [bond("a", issuer_id="p2"), coin("b", owner_id="p3")],
        "pageAssets": {"items": [bond("c", issuer_id="p3")], "total": 1},
        "getRide": truck("T", driver_id="p4"),
        **people(p1=None, p2=None, p3="p2", p4=None),
    }
    given = ask(lane, query, answers)
    assert given.data == {
        "listed": [{"issuer": {"id": "p2"}, "claim": None}, {"finder": {"id": "p3"}}],
        "vault": {"nodes": [{"issuer": {"boss": {"id": "p2"}}}]},
        "ride": {"driver": {"id": "p4"}},
    }
    asked = [one for one in given.targets if one.startswith("/people")]
    assert (given.errors, sorted(",".join(asked).replace("/people?ids=", "").split(","))) == (
        [],
        ["p2", "p3", "p4"],
    )
