"""The price of a plan holds: whatever is asked of services that keep to their contracts and their paging, no more
calls are made than were foreseen.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.declaring.schema import Schema
from resolvers.paging.cursor import InChain, Position, encode
from resolvers.paging.paging import ByCursor
from resolvers.plan.formula import sizes, value
from resolvers.plan.meaning import Call
from resolvers.plan.price import price
from resolvers.source import Pages
from stolon import testing
from tests.resolvers.planned import planned
from tests.resolvers.priced import BOUNDS, priced, rows, services

PEOPLE, ORDERS, VISITS, CITY, PRODUCT, PAYMENTS = "PEOPLE", "ORDERS", "VISITS", "CITY", "PRODUCT", "PAYMENTS"
FIELDS: dict[str, dict[str, str]] = {
    PEOPLE: {
        "boss": PEOPLE,
        "city": CITY,
        "friends": PEOPLE,
        "staff": PEOPLE,
        "orders()": ORDERS,
        "events(>)": VISITS,
        "label": "",
    },
    CITY: {"mayor": PEOPLE},
    ORDERS: {"product": PRODUCT, "payments": PAYMENTS, "notes": PAYMENTS},
    PRODUCT: {"maker": PEOPLE},
    PAYMENTS: {"payer": PEOPLE},
    VISITS: {"who": PEOPLE},
}
ROOTS = {
    "me": PEOPLE,
    "staff": PEOPLE,
    "orders()": ORDERS,
    "visits()": VISITS,
    "calls(>)": VISITS,
    "events(>)": VISITS,
    "ledger": VISITS,
}
FORWARD = ["", "first: $n", "first: 0", "first: 3", 'first: 5, after: "CURSOR"']
WINDOWS = [
    *FORWARD,
    "last: $n",
    'first: 2, after: "CURSOR"',
    'last: 3, before: "CURSOR"',
    'first: 4, before: "CURSOR"',
]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """The graph whose operations are asked."""
    folder: Path = tmp_path_factory.mktemp("priced")
    return priced(folder)


@st.composite
def selection(draw: st.DrawFn, of: dict[str, str], depth: int) -> str:
    """A few fields, and what is below them."""
    chosen = draw(st.lists(st.sampled_from(sorted(of)), min_size=1, max_size=2, unique=True))
    return " ".join(draw(_field(f"f{at}: {one}", of[one], depth)) for at, one in enumerate(chosen))


@st.composite
def _field(draw: st.DrawFn, name: str, of: str, depth: int) -> str:
    if not of:
        return name
    below = draw(selection(FIELDS[of], depth - 1)) if depth else "id"
    if "(" not in name:
        return f"{name} {{ {below} }}"
    window = draw(st.sampled_from(FORWARD if ">" in name else WINDOWS))
    nodes = draw(st.sampled_from(["nodes { %s }", "edges { cursor node { %s } }", "nodes { %s } totalCount"]))
    more = draw(st.sampled_from(["", " pageInfo { hasNextPage }"]))
    arguments = f"({window})" if window else ""
    return f"{name.partition('(')[0]}{arguments} {{ {nodes % below}{more} }}"


def with_cursors(schema: Schema, query: str, at: int) -> str:
    """The query with a cursor of the connection's own in each place of one, in the order of the document."""
    for one in planned(schema, query).steps:
        taken = {each.name.value for each in one.field.nodes[0].arguments or ()} & {"after", "before"}
        if taken:
            meaning = one.field.meaning
            assert isinstance(meaning, Call)
            assert isinstance(meaning.source, Pages)
            paging = meaning.source.call.paging
            assert paging is not None
            place = InChain.of({"cursor": str(at)}, 1) if isinstance(paging, ByCursor) else Position(at)
            query = query.replace("CURSOR", encode(paging, place), 1)
    return query


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(selection(ROOTS, 3), st.integers(0, 8), st.integers(0, 12), st.integers(0, 4))
async def test_no_more_calls_are_made_than_were_foreseen(schema, selected, first, count, at):
    """With the tables' own lengths for what had no figure, the price is never below what is really called: in all,
    and in each step that shares with none.
    """
    head = "query($n: Int = 2)" if "$n" in selected else "query"
    query = with_cursors(schema, f"{head} {{ {selected} }}", at)
    foreseen = price(planned(schema, query), {"shop": BOUNDS}, {"n": first})
    known = {name: count for name in sizes(foreseen.total) if name.startswith("|")}
    scripted = services(rows(count))
    answer = await testing.execute(
        schema, query, scripted, variables={"n": first}, caller=testing.caller("p0"), plan=True
    )
    most = value(foreseen.total, known)
    assert most is not None
    assert len(scripted.requests) <= most, query
    steps = answer.extensions["plan"]["steps"]
    sharing = {number for one in steps if one["shares"] for number in (one["step"], one["shares"])}
    for one, formula in zip(steps, foreseen.steps, strict=True):
        bound = value(formula, known)
        assert bound is not None
        assert one["did"]["calls"] <= bound or one["step"] in sharing, one
