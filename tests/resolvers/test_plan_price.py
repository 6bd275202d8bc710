"""The price of a plan: what each kind of step costs at most, as a function of page sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graph.declaring.schema import Schema
from resolvers.paging.walk import MAX_CALLS
from resolvers.plan.formula import sizes, text, value
from resolvers.plan.price import price
from tests.graph.projects import INT, TEXT, an, contract, listed, nullable, operation, parameter, ref
from tests.resolvers.graphs import project
from tests.resolvers.planned import planned
from tests.resolvers.priced import BOUNDS, COUNT, SIZE, priced


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """The graph whose operations are priced."""
    folder: Path = tmp_path_factory.mktemp("priced")
    return priced(folder)


def prices(schema: Schema, query: str, **variables: Any) -> list[str]:
    """The formula of each step, then of all."""
    found = price(planned(schema, query), {"shop": BOUNDS}, variables)
    return [text(one) for one in (*found.steps, found.total)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ weather { text } }", ["1", "1"]),
        ("{ me { name } }", ["1", "1"]),
        ("{ me { boss { boss { name } } } }", ["1", "1", "1", "3"]),
        ("{ staff { name } }", ["1", "1"]),
        ("{ staff { boss { name } } }", ["1", "ceil(6 / 3)", "1 + ceil(6 / 3)"]),
        ("{ staff { city { mayor { id } } } }", ["1", "6", "ceil(6 / 3)", "7 + ceil(6 / 3)"]),
        ("{ staff { friends { id } } }", ["1", "6", "7"]),
        ("{ staff { staff { city { id } } } }", ["1", "1", "36", "38"]),
        (
            "{ staff { friends { boss { id } } } }",
            ["1", "6", "ceil(6 * |staff.friends| / 3)", "7 + ceil(6 * |staff.friends| / 3)"],
        ),
    ],
)
def test_what_hangs_on_known_lists_has_a_figure(schema, query, expected):
    """One call for a root; by many keys `ceil(n / batch)`; by one key, or for each parent, n; and once for all
    parents where nothing of the request depends on them.
    """
    assert prices(schema, query) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", "1"),
        ("(first: 5)", "1"),
        ("(first: 0)", "0"),
        ('(first: 3, after: "x")', "1"),
        ("(last: 3)", "2"),
        ("(last: 0)", "1"),
        ('(last: 3, before: "x")', "1"),
        ("(first: null, last: 3)", "2"),
    ],
)
def test_windows_by_offset(schema, arguments, expected):
    """One call where an offset says where the window is, one more where the end must be learnt first."""
    query = f"{{ orders{arguments} {{ totalCount nodes {{ id }} }} }}"
    assert prices(schema, query)[0] == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("(first: 5)", "1"),
        ('(first: 5, after: "x")', "2"),
        ('(last: 5, before: "x")', "2"),
        ("(last: 5)", "3"),
    ],
)
def test_windows_by_page(schema, arguments, expected):
    """A window in the middle may lie on two pages of which no size makes one."""
    assert prices(schema, f"{{ visits{arguments} {{ nodes {{ id }} }} }}")[0] == expected


@pytest.mark.parametrize(
    ("arguments", "expected"), [("", "1"), ("(first: 5)", "1"), ('(first: 5, after: "x")', "2")]
)
def test_windows_by_cursor(schema, arguments, expected):
    """A cursor names an item inside a page, whose rest may be too short."""
    assert (
        prices(schema, f"{{ events{arguments} {{ pageInfo {{ hasNextPage }} nodes {{ id }} }} }}")[0]
        == expected
    )


@pytest.mark.parametrize(
    ("selection", "arguments", "expected"),
    [
        ("nodes { id }", "(first: 2)", "1"),
        ("nodes { id }", "(first: 3)", "2"),
        ("pageInfo { more: hasNextPage }", "(first: 2)", "2"),
        ("nodes { id } pageInfo { hasNextPage }", "(first: 3)", "3"),
        ("pageInfo { hasNextPage }", "(first: 0)", "2"),
        ("nodes { id }", "(first: 0)", "0"),
    ],
)
def test_what_a_service_does_not_say_costs_a_call(schema, selection, arguments, expected):
    """Where the contract promises neither a total nor a flag, the end is learnt by asking: for `hasNextPage`, and
    where a page is shorter than asked for but as long as any.
    """
    assert prices(schema, f"{{ calls{arguments} {{ {selection} }} }}")[0] == expected


def test_page_sizes_that_nobody_said_are_sizes(schema):
    """A variable without a value keeps its name, with the paging's largest size as its bound; one that is left
    out is the default size, and one that is too large is refused, which costs nothing more.
    """
    query = "query($n: Int) { orders(first: $n) { nodes { product { maker { id } } } } }"
    found = price(planned(schema, query), {"shop": BOUNDS}, {})
    assert text(found.total) == "1 + ceil($n / 7) + ceil($n / 3)"
    assert (value(found.total), sizes(found.total)) == (4, {"$n": 5})
    assert prices(schema, query, n=4)[-1] == "1 + ceil(4 / 7) + ceil(4 / 3)"
    assert prices(schema, query, n=None)[2] == "ceil(2 / 3)"
    assert prices(schema, query, n=99)[2] == "ceil(5 / 3)"
    assert prices(schema, query, n=-1) == ["0", "0", "0", "0"]
    assert prices(schema, query, n="?")[2] == "ceil(5 / 3)"


def test_two_sizes_in_one_window_are_the_largest(schema):
    """Which of `first` and `last` it will be, nobody knows: the larger bound holds."""
    query = "query($n: Int, $m: Int) { orders(first: $n, last: $m) { nodes { product { id } } } }"
    assert prices(schema, query)[1] == "ceil(5 / 7)"
    assert prices(schema, query, m=None)[1] == "ceil($n / 7)"


def test_batches_of_parents(schema):
    """One call for many parents; where its answer is paged, as many pages as are followed."""
    query = "{ orders(first: 5) { nodes { payments { payer { id } } notes { id } } } }"
    found = price(planned(schema, query), {"shop": BOUNDS}, {})
    notes = "ceil(5 / 7) * pages(orders.nodes.notes)"
    payers = "ceil(5 * |orders.nodes.payments| / 3)"
    assert [text(one) for one in found.steps] == ["1", "ceil(5 / 4)", payers, notes]
    assert sizes(found.total) == {"|orders.nodes.payments|": None, "pages(orders.nodes.notes)": 9}


def test_lists_that_are_followed_to_their_end(schema):
    """Up to the service's bound of pages, and as many items as these hold."""
    found = price(planned(schema, "{ ledger { who { id } } }"), {"shop": BOUNDS}, {})
    assert [text(one) for one in found.steps] == ["pages(ledger)", "ceil(|ledger| / 3)"]
    assert sizes(found.total) == {"pages(ledger)": 9, "|ledger|": 45}
    assert value(found.total) == 24


def test_connections_of_many_parents(schema):
    """A window for each parent, and the sizes multiply; a page shorter than a batch is followed by another."""
    query = "{ staff { orders(first: 4) { edges { node { product { id } } } } } }"
    assert prices(schema, query) == ["1", "6", "2 * ceil(24 / 7)", "7 + 2 * ceil(24 / 7)"]


def test_resolvers_cost_what_they_call(schema):
    """A resolver that is handed `info` may call whatever it likes; one that sees a record alone calls nothing."""
    query = "{ staff { label chief { name city { id } } } team { boss { id } } }"
    found = price(planned(schema, query), {"shop": BOUNDS}, {})
    assert [text(one) for one in found.steps] == [
        "1",
        "0",
        "6 * calls(staff.chief)",
        "6",
        "calls(team)",
        "ceil(|team| / 3)",
    ]
    assert value(found.total) is None


def test_changes_are_never_shared(schema):
    """Each change is a call of its own, and what hangs on it comes on top."""
    query = 'mutation { a: addVisit(input: {who: "x"}) { who { id } } b: addVisit(input: {who: "x"}) { id } }'
    assert prices(schema, query) == ["1", "1", "1", "3"]


def test_without_a_word_on_the_service_its_defaults_hold(schema):
    """A service that nobody says anything of has the bounds of one whose settings say nothing."""
    found = price(planned(schema, "{ orders(first: 5) { nodes { notes { id } } } }"), {}, {})
    assert text(found.steps[1]) == "ceil(5 / 100) * pages(orders.nodes.notes)"
    assert sizes(found.total) == {"pages(orders.nodes.notes)": 50}


FEEDS = contract(
    operation("GET /linked", "listLinked", listed(ref("Post")), parameter("limit", SIZE), headers=("Link",)),
    operation(
        "GET /chained",
        "listChained",
        an({"data": listed(ref("Post")), "next_cursor": nullable(TEXT)}),
        parameter("cursor"),
    ),
    operation(
        "GET /paged", "listPaged", an({"data": listed(ref("Post")), "total": COUNT}), parameter("page", INT)
    ),
    operation(
        "GET /flagged",
        "listFlagged",
        an({"data": listed(ref("Post")), "has_more": {"type": "boolean"}}),
        parameter("page", INT),
        parameter("per_page", SIZE),
    ),
    Post=an({"id": TEXT}),
)
FEEDS_MODULE = """
@rest.type(feeds.schema("Post"))
class Post:
    id: rest.auto


@strawberry.type
class Query:
    linked: rest.Connection[Post] | None = rest.connection(feeds.op("listLinked"))
    chained: rest.Connection[Post] | None = rest.connection(feeds.op("listChained"))
    paged: rest.Connection[Post] | None = rest.connection(feeds.op("listPaged"))
    flagged: rest.Connection[Post] | None = rest.connection(feeds.op("listFlagged"))


schema = rest.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """Lists whose pages the services cut as they like, and one with a flag."""
    return project(tmp_path_factory.mktemp("feeds"), FEEDS_MODULE, feeds=FEEDS)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("linked(first: 5)", "1"),
        ('linked(first: 5, after: "x")', str(MAX_CALLS)),
        ("chained(first: 5)", str(MAX_CALLS)),
        ("paged(first: 5)", str(MAX_CALLS + 1)),
        ("flagged(first: 5)", "1"),
    ],
)
def test_pages_of_a_length_of_their_own_are_read_up_to_the_bound(feeds, query, expected):
    """Where nobody asks for a size, or the URL of the next page has its own, a window is read page by page; a flag
    saves the call that `hasNextPage` would cost.
    """
    assert prices(feeds, f"{{ {query} {{ nodes {{ id }} pageInfo {{ hasNextPage }} }} }}")[0] == expected
