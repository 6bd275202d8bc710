"""Python beside contracts, on both lanes: interfaces, unions, resolvers, plain types, access, mutations."""

from __future__ import annotations

import pytest

from tests.lanes.asking import ask, people, person
from tests.lanes.world import LANES, LaneName, somebody


@pytest.fixture(params=LANES)
def lane(request: pytest.FixtureRequest) -> LaneName:
    name: LaneName = request.param
    return name


WISHES = '[{kind: "article", of: "a1"}, {kind: "video", of: "v1"}, {kind: "note", of: "n"}, {kind: "none"}]'


KINDS = (("article", "a1"), ("video", "v1"), ("article", "a2"), ("note", "n"))


def test_an_interface_over_bound_and_plain_types(lane: LaneName) -> None:
    """Fragments on variants and on a second interface select by the object's own type."""
    query = f"""{{ titled(wishes: {WISHES}) {{ __typename title ... on Article {{ words }} ... on Note {{ lines }}
        ... on Made {{ maker {{ name }} }} shout(mark: "?") }} }}"""
    answers = {
        **people(p1=None),
        "getArticle": {"id": "a1", "title": "A", "words": 3, "author_id": None},
        "getVideo": {"id": "v1", "title": None, "seconds": 1, "maker_id": "p1"},
    }
    given = ask(lane, query, answers)
    assert given.data == {
        "titled": [
            {"__typename": "Article", "title": "A", "words": 3, "shout": "A?"},
            {"__typename": "Video", "title": None, "maker": {"name": "name of p1"}, "shout": "None?"},
            {"__typename": "Note", "title": "n", "lines": [[1, None], [1]], "shout": "n?"},
            None,
        ]
    }
    assert given.calls == {"getArticle": 1, "getPerson": 1, "getVideo": 1}
    assert (given.errors, given.resolvers) == ([], ["maker", "shout", "shout", "shout", "titled"])


def test_a_union_below_a_list(lane: LaneName) -> None:
    """Each item's resolver gives a variant of its own; one name may be another field on each variant."""
    rows = [{"id": str(n), "kind": kind, "of": of, "poster_id": "p1"} for n, (kind, of) in enumerate(KINDS)]
    query = """{ feed { content { __typename ... on Article { x: title } ... on Note { x: shout }
        ... on Video { maker { id } } } poster { id } } }"""
    answers = {
        **people(p1=None),
        "listFeed": rows,
        "listArticles": lambda asked: [
            {"id": key, "title": key.upper(), "author_id": None} for key in asked.listed("ids")
        ],
        "getVideo": {"id": "v1", "title": "V", "seconds": 1, "maker_id": "p1"},
    }
    given = ask(lane, query, answers)
    poster = {"poster": {"id": "p1"}}
    assert given.data == {
        "feed": [
            {"content": {"__typename": "Article", "x": "A1"}, **poster},
            {"content": {"__typename": "Video", "maker": {"id": "p1"}}, **poster},
            {"content": {"__typename": "Article", "x": "A2"}, **poster},
            {"content": {"__typename": "Note", "x": "n!"}, **poster},
        ]
    }
    assert given.errors == []
    assert sorted(given.targets) == [
        "/articles?ids=a1,a2",
        "/feed",
        "/people/p1",
        "/videos/v1",
    ]


def test_python_resolvers_run_once_for_each_parent_with_what_they_need(lane: LaneName) -> None:
    """Sync and async, with needs and with `load`: their loads are batched, their failures theirs alone."""
    staff = [person("p1", boss_id="b1", age=1), person("p2", boss_id="b2", age=2)]
    query = '{ staff { label(prefix: "> ") mentor { id } } a: staff { fussy } b: mustStaff { cry } }'
    given = ask(lane, query, {"listStaff": staff, **people(b1=None, b2=None)})
    assert given.data == {
        "staff": [
            {"label": "> name of p1 1", "mentor": {"id": "b1"}},
            {"label": "> name of p2 2", "mentor": {"id": "b2"}},
        ],
        "a": None,
        "b": [{"cry": None}, {"cry": None}],
    }
    assert given.errors == [(["a", 0, "fussy"], "INTERNAL_SERVER_ERROR", "Internal error.")]
    assert given.targets == ["/staff?role=maker&level=1", "/people?ids=b1,b2"]
    assert given.resolvers == ["label", "label", "mentor", "mentor"]


def test_plain_types_hold_records(lane: LaneName) -> None:
    """A plain object's fields are read, its resolvers run, and the record in it goes on through its own links."""
    query = """{ person(id: "p1") { twins(count: 3) { text kind of { boss { id } } deeper { text } failing } }
        grid(size: 1) { text of { id } } }"""
    given = ask(lane, query, people(p1="p2", p2=None))
    twins = [
        {
            "text": text,
            "kind": "FILM",
            "of": {"boss": {"id": "p2"}},
            "deeper": {"text": f"{text}."},
            "failing": None,
        }
        for text in ("0", "2")
    ]
    assert given.data == {
        "person": {"twins": [twins[0], None, twins[1]]},
        "grid": [[{"text": "00", "of": None}], [{"text": "10", "of": None}]],
    }
    assert given.errors == [(["person", "twins", n, "failing"], "LUCK", "no such luck") for n in (0, 2)]
    assert given.calls == {"getPerson": 2}


def test_what_a_resolver_may_not_give_nulls_the_nearest_that_may(lane: LaneName) -> None:
    """None where a value must be, and a fault that a resolver raises, go up to the nearest nullable position."""
    query = '{ a: person(id: "p1") { id card { nothing } } b: person(id: "p1") { card { refused } } }'
    given = ask(lane, query, people(p1=None))
    null = "Cannot return null for non-nullable field Card.nothing."
    assert (given.data, given.errors) == (
        {"a": None, "b": None},
        [
            (["a", "card", "nothing"], "INTERNAL_SERVER_ERROR", null),
            (["b", "card", "refused"], "CONFLICT", "not now"),
        ],
    )
    assert given.calls == {"getPerson": 1}


def test_denied_fields_cost_no_call(lane: LaneName) -> None:
    """What a caller may not see is null with an error, before anything is called for it."""
    query = '{ person(id: "p1") { email guarded salary secret { text } } }'
    answers = {**people(p1=None), "getSecret": {"data": {"id": "p1", "text": "s"}}}
    given = ask(lane, query, answers, caller=somebody())
    assert given.data == {"person": {"email": None, "guarded": None, "salary": None, "secret": None}}
    assert given.errors == [
        (["person", "email"], "FORBIDDEN", "This field needs the scope pii."),
        (["person", "guarded"], "FORBIDDEN", "This field needs the scope pii."),
        (["person", "salary"], "FORBIDDEN", "Staff only."),
        (["person", "secret"], "FORBIDDEN", "This field needs the scope secrets."),
    ]
    assert given.calls == {"getPerson": 1}
    allowed = ask(lane, query, answers, caller=somebody("pii", "secrets", staff=True))
    assert allowed.data == {
        "person": {"email": None, "guarded": "guarded p1", "salary": 10, "secret": {"text": "s"}}
    }
    assert (allowed.errors, allowed.calls) == ([], {"getPerson": 1, "getSecret": 1})


def test_a_field_extension_changes_what_is_asked(lane: LaneName) -> None:
    """Strawberry's extensions of a bound field run before its call, those of a resolver around it."""
    given = ask(lane, '{ lower(id: "P1") { id cry } }', {"getPerson": person("p1", nick="Oh")})
    assert given.data == {"lower": {"id": "p1", "cry": "Oh!"}}
    assert (given.errors, given.targets) == ([], ["/people/p1"])


def test_mutations_run_their_root_fields_in_order(lane: LaneName) -> None:
    """Each change waits for all that the one before led to; what was read before a change is read anew."""
    query = """mutation { a: rename(id: "p1", input: "x") { name boss { name } }
        b: dismiss(id: "p1") c: rename(id: "p1", input: "y") { boss { name } } count(by: 2) }"""
    answers = {"rename": person("p1", boss_id="p2"), "dismiss": None, **people(p2=None)}
    given = ask(lane, query, answers, caller=somebody("pii"), delays={"rename": 5, "getPerson": 1})
    boss = {"boss": {"name": "name of p2"}}
    assert given.data == {"a": {"name": "name of p1", **boss}, "b": True, "c": boss, "count": 2}
    assert given.errors == []
    assert given.begun == [(0, "rename"), (5, "getPerson"), (6, "dismiss"), (6, "rename"), (11, "getPerson")]
    assert given.resolvers == ["count"]
