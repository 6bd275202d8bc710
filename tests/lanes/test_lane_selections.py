"""What is selected and how it reads, on both lanes: fragments, variables, conditions, lists, enums, scalars."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.messages import Response
from tests.lanes.asking import ask, people, person
from tests.lanes.world import LANES, LaneName


@pytest.fixture(params=LANES)
def lane(request: pytest.FixtureRequest) -> LaneName:
    name: LaneName = request.param
    return name


def test_fragments_of_every_kind_are_one_selection(lane: LaneName) -> None:
    """Named, nested and inline fragments merge with the fields beside them, in the order of first appearance."""
    query = """query { person(id: "p1") { name ...A ... { id name } ... on Person { role boss { id } } } }
        fragment A on Person { points ...B boss { name } }
        fragment B on Person { name boss { __typename } }"""
    given = ask(lane, query, people(p1="p2", p2=None))
    boss = {"__typename": "Person", "name": "name of p2", "id": "p2"}
    assert list(given.data["person"].items()) == [
        ("name", "name of p1"),
        ("points", "1"),
        ("boss", boss),
        ("id", "p1"),
        ("role", "MAKER"),
    ]
    assert list(given.data["person"]["boss"]) == ["__typename", "name", "id"]
    assert (given.errors, given.calls) == ([], {"getPerson": 2})


def test_aliases_and_one_field_under_different_arguments(lane: LaneName) -> None:
    """Each alias has its own arguments; those that come to the same call share it."""
    query = """{ a: person(id: "p1") { x: name y: name } b: person(id: "p2") { name }
        c: person(id: "p1") { hi: label(prefix: "hi ") ho: label } }"""
    given = ask(lane, query, people(p1=None, p2=None))
    assert given.data == {
        "a": {"x": "name of p1", "y": "name of p1"},
        "b": {"name": "name of p2"},
        "c": {"hi": "hi name of p1 None", "ho": "name of p1 None"},
    }
    assert (given.errors, given.calls, given.targets) == ([], {"listPeople": 1}, ["/people?ids=p1,p2"])


def test_keys_are_coerced_values(lane: LaneName) -> None:
    """`7`, `"7"`, `"007"` and a variable's default are one key: one call."""
    query = """query($a: ID!, $b: ID = "1") { a: team(id: $a) { title } b: team(id: $b) { title }
        c: team(id: "001") { id } d: team(id: 1) { id } }"""
    given = ask(lane, query, {"getTeam": {"id": 1, "title": "one", "lead_id": "p1"}}, variables={"a": 1})
    assert given.data == {"a": {"title": "one"}, "b": {"title": "one"}, "c": {"id": "1"}, "d": {"id": "1"}}
    assert (given.errors, given.targets) == ([], ["/teams/1"])


def test_variables_absent_null_and_by_default(lane: LaneName) -> None:
    """An absent variable leaves the argument its default, null is null, and the variable's own default wins."""
    query = """query($none: Float, $null: Float, $own: Float = 2.5) {
        a: echo(value: $none) b: echo(value: $null) c: echo(value: $own) d: echo }"""
    given = ask(lane, query, variables={"null": None})
    assert given.data == {"a": "1.5 None", "b": "None None", "c": "2.5 None", "d": "1.5 None"}
    assert (given.errors, given.calls) == ([], {})


def test_null_for_what_insists_is_said_at_its_field(lane: LaneName) -> None:
    """A nullable variable with a default may stand where null may not: the field says so, its neighbours answer."""
    query = 'query($id: ID = "p1") { person(id: $id) { name } echo }'
    given = ask(lane, query, variables={"id": None})
    assert given.data == {"person": None, "echo": "1.5 None"}
    assert [(path, code) for path, code, _ in given.errors] == [(["person"], "BAD_USER_INPUT")]
    assert given.calls == {}


def test_skip_and_include_by_variables_decide_what_is_called(lane: LaneName) -> None:
    """What is left out costs no call; a selection of nothing is an empty object."""
    query = """query($yes: Boolean!, $no: Boolean = false) { person(id: "p1") {
        name @skip(if: $yes) boss @include(if: $no) { name } ... @include(if: $no) { team { title } } }
        feed @skip(if: $yes) { id } a: person(id: "p1") @include(if: $yes) { id @skip(if: $no) } }"""
    given = ask(lane, query, people(p1="p2"), variables={"yes": True})
    assert given.data == {"person": {}, "a": {"id": "p1"}}
    assert (given.errors, given.calls) == ([], {"getPerson": 1})


def test_lists_of_lists_null_only_what_is_wrong(lane: LaneName) -> None:
    """A wrong item nulls the nearest list that may be null; one that may not be takes its object along."""
    marks = [[{"label": "a"}, {"label": "b", "size": 2}], []]
    good = person("p1", matrix=[[1, 2.0], []], homes=[{"city": "Lima", "geo": {"lat": 1, "marks": marks}}])
    bad = person("p2", homes=[{"city": "Lima", "geo": {"lat": 2, "marks": [[], [{}]]}}])
    query = "{ staff { matrix homes { geo { lat marks { label size } } } } }"
    given = ask(lane, query, {"listStaff": [good, bad]})
    read = [[{"label": "a", "size": None}, {"label": "b", "size": 2}], []]
    assert given.data == {
        "staff": [
            {"matrix": [[1, 2], []], "homes": [{"geo": {"lat": 1.0, "marks": read}}]},
            {"matrix": [], "homes": [{"geo": {"lat": 2.0, "marks": None}}]},
        ]
    }
    broken = "The upstream's answer breaks its contract at "
    label = f"{broken}$[1].homes[0].geo.marks[1][0].label: expected a value, found nothing."
    path = ["staff", 1, "homes", 0, "geo", "marks", 1, 0, "label"]
    assert (given.errors, given.calls) == ([(path, "CONTRACT_VIOLATION", label)], {"listStaff": 1})
    worse = ask(lane, query, {"listStaff": [good, person("p2", matrix=[[1], [2, "3"]])]})
    cell = f"{broken}$[1].matrix[1][1]: expected Int (32 bits), found string."
    assert worse.data == {"staff": None}
    assert worse.errors == [(["staff", 1, "matrix", 1, 1], "CONTRACT_VIOLATION", cell)]


def test_enums_by_their_graphql_names(lane: LaneName) -> None:
    """Members of strings and of integers have GraphQL's names; a value that is no member is a violation."""
    teams = {"1": 3, "2": 4}

    def team(asked: Any) -> object:
        key = asked.path[-1]
        return {"id": int(key), "title": key, "lead_id": "p1", "kind": teams[key]}

    rows = [person("p1", role="team-lead", roles=["maker", "team-lead"])]
    query = "{ staff(role: TEAM_LEAD) { role roles } a: team(id: 1) { kind } b: team(id: 2) { title kind } }"
    given = ask(lane, query, {"listStaff": rows, "getTeam": team})
    assert given.data == {
        "staff": [{"role": "TEAM_LEAD", "roles": ["MAKER", "TEAM_LEAD"]}],
        "a": {"kind": "_3"},
        "b": {"title": "2", "kind": None},
    }
    message = (
        "The upstream's answer breaks its contract at $.kind: expected one of the values of Kind, "
        "found integer."
    )
    assert given.errors == [(["b", "kind"], "CONTRACT_VIOLATION", message)]
    assert given.targets[0] == "/staff?role=team-lead&level=1"


def test_every_scalar_keeps_its_digits(lane: LaneName) -> None:
    """Big integers, decimals as number and as text, dates, UUIDs and free JSON leave as they came."""
    body = (
        b'{"id":"p1","name":"n","points":12345678901234567890,"balance":"1.100","rate":0.10,"height":2,'
        b'"joinedAt":"2026-01-02t03:04:05.123456789+01:00","born":"2026-02-28","active":false,'
        b'"uid":"6F1C1A52-0d2e-4f5a-9d0c-0a0b0c0d0e0f","extra":{"a":[1.50,null]},"anything":[0.1],"role":"guest",'
        b'"tags":[null,"x"],"matrix":[],"home":{"city":"c","geo":null},"team_id":null}'
    )
    query = """{ person(id: "p1") {
        points balance rate height joinedAt born uid active extra anything tags nick } }"""
    headers = {"content-type": "application/json"}
    given = ask(lane, query, {"getPerson": lambda _: Response(200, headers, body)})
    assert given.data == {
        "person": {
            "points": "12345678901234567890",
            "balance": "1.100",
            "rate": "0.10",
            "height": 2.0,
            "joinedAt": "2026-01-02t03:04:05.123456789+01:00",
            "born": "2026-02-28",
            "uid": "6F1C1A52-0d2e-4f5a-9d0c-0a0b0c0d0e0f",
            "active": False,
            "extra": {"a": [1.5, None]},
            "anything": [0.1],
            "tags": [None, "x"],
            "nick": None,
        }
    }
    assert (given.errors, given.calls) == ([], {"getPerson": 1})


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        (b'{"id":"p1"', "$", "expected JSON, found what is no JSON"),
        (b"[]", "$", "expected object, found array"),
        (b"null", "$", "expected a value, found null"),
        (b"", "$", "expected a JSON body, found nothing"),
    ],
    ids=["truncated", "another type", "null", "empty"],
)
def test_bodies_that_break_their_contract(lane: LaneName, body: bytes, path: str, expected: str) -> None:
    """A body that is not what was promised is one error at the field that asked for it."""
    given = ask(lane, '{ person(id: "p1") { id } fact }', {"getPerson": lambda _: Response(200, {}, body)})
    message = f"The upstream's answer breaks its contract at {path}: {expected}."
    assert given.data == {"person": None, "fact": 42}
    assert given.errors == [(["person"], "CONTRACT_VIOLATION", message)]
