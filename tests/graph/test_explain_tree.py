"""Plans as a tree and as a chart: whole texts."""

from __future__ import annotations

from typing import Any

import pytest

from graph.explain.asking import explained
from graph.explain.mermaid import mermaid
from graph.explain.report import report
from graph.explain.tree import REASONS, tree
from graph.explain.words import bound_of, counted, price_of
from graph.project.project import Project
from resolvers.plan.coverage import Reason
from tests.parfinanciero.graph_client import bundled_project
from tests.resolvers.planned import planned
from tests.resolvers.priced import BOUNDS, priced


@pytest.fixture(scope="module")
def bundled() -> Project:
    """The bundled project."""
    return bundled_project()


def asked(project: Project, name: str, **variables: Any) -> dict[str, Any]:
    """The report of one of the bundled operations."""
    (query,) = [one.query for one in project.examples if one.name == name]
    return explained(project, query, variables)


MY_ORDERS = """\
query MyOrders: 3 steps in 3 waves of calls
at most 52 calls = 2 + ceil(3 / 100) * pages(me.orders.edges.node.payments)
  pages(me.orders.edges.node.payments) is at most 50
└─ 1 me (Query.me), wave 1: at most 1 call
   │  users listUsers: GET /v1/users
   │  users getUser: GET /v1/users/{user_id}
   │    ids in query: the keys: claim sub
   │    X-Tenant-ID in header: header x-tenant-id
   │    user_id in path: the key: claim sub
   │  at most 50 keys in a call; getUser for one alone
   │  picks data
   │  reads id, name
   │  needs an authenticated caller
   └─ 2 me.orders (User.orders), wave 2: at most 1 call
      │  orders listOrders: GET /v1/orders
      │    customer_id in query: parent's id
      │    X-Tenant-ID in header: header x-tenant-id
      │    status in query: argument status
      │    offset in query: paging
      │    limit in query: paging
      │  picks items
      │  reads currency, id, placed_at, status, total
      │  needs an authenticated caller
      └─ 3 me.orders.edges.node.payments (Order.payments), wave 3: \
at most 50 calls = ceil(3 / 100) * pages(me.orders.edges.node.payments)
            payments listPayments: GET /v1/payments
              order_ids in query: each parent's id
              X-Tenant-ID in header: header x-tenant-id
              cursor in query: paging
              limit in query: paging
            at most 100 parents in a call
            picks payments
            reads amount, method, order_id, state
            needs payments:read"""


def test_a_tree_tells_who_is_called_with_what_and_how_often(bundled):
    """Step below step: operations, methods and paths, where each parameter comes from, how it batches, what is picked
    and read, who may see it, its wave and its price.
    """
    assert tree(asked(bundled, "MyOrders", first=3)) == MY_ORDERS


CHECKOUT = """\
mutation Checkout: 1 step in 0 waves of calls
at most calls(checkout) calls
  calls(checkout) is not bounded
└─ 1 checkout (Mutation.checkout), wave 1: at most calls(checkout) calls
      resolver in Python
      needs orders:write, payments:read, payments:write"""


def test_what_python_calls_has_no_bound(bundled):
    """A resolver that may call services is told as such; what reads what is there is no step."""
    assert tree(asked(bundled, "Checkout")) == CHECKOUT


BRANCHES = """\
query (no name): 6 steps in 3 waves of calls
at most 12 calls = 8 + 2 * ceil(6 / 3)
├─ 1 staff (Query.staff), wave 1: at most 1 call
│  │  shop listStaff: GET /staff
│  │    level in query: argument level
│  │  reads boss, city
│  ├─ 2 staff.boss (Person.boss), wave 2: at most 2 calls = ceil(6 / 3)
│  │  │  shop listPeople: GET /people
│  │  │  shop getPerson: GET /people/{id}
│  │  │    ids in query: the keys: each parent's boss
│  │  │    id in path: the key: parent's boss
│  │  │  at most 3 keys in a call; getPerson for one alone
│  │  │  reads id, name
│  │  └─ 3 staff.boss.label (Person.label), wave 3: no call
│  │        resolver in Python
│  └─ 4 staff.city (Person.city), wave 2: at most 6 calls
│     │  shop getCity: GET /cities/{id}
│     │    id in path: the key: parent's city
│     │  reads id, mayor
│     └─ 5 staff.city.mayor (City.mayor), wave 3: at most 2 calls = ceil(6 / 3)
│           shop listPeople: GET /people
│           shop getPerson: GET /people/{id}
│             ids in query: the keys: each parent's mayor
│             id in path: the key: parent's mayor
│           at most 3 keys in a call; getPerson for one alone
│           reads id
│           shares what step 2 got; priced as if alone
└─ 6 weather (Query.weather), wave 1: at most 1 call
      shop getWeather: GET /weather
      reads text"""


def test_branches_are_drawn_side_by_side(tmp_path):
    """Steps of one parent stand below each other; what is shared, and what anyone may read, is said."""
    query = "{ staff { boss { label } city { mayor { id } } } weather { text } }"
    told = tree(report(planned(priced(tmp_path), query), None, {"shop": BOUNDS}))
    assert told == BRANCHES


def test_without_a_plan_the_reason_is_told_in_words(bundled):
    """Every reason has its words; what was not executed has no plan to tell of."""
    assert tree(explained(bundled, "{ __schema { queryType { name } } }", {})) == (
        "query (no name): no plan, since it asks for the schema itself; graphql-core executes it field by field"
    )
    assert set(REASONS) == {one.value for one in Reason}
    assert tree(report(Reason.DIRECTIVE, None, {})).startswith(
        "operation: no plan, since it uses a directive"
    )
    assert tree(report(None, None, {})) == "The operation was not executed: there is no plan."


def test_what_needs_a_verified_caller_or_everything_says_so():
    """Rarer lines of a step."""
    step = {
        "step": 1,
        "after": None,
        "path": "a",
        "field": "Query.a",
        "kind": "resolver",
        "operations": [],
        "parameters": [],
        "batch": None,
        "pick": None,
        "properties": ["*"],
        "wave": 1,
        "shares": None,
        "scopes": [],
        "authenticated": True,
        "calls": {"atMost": 0, "formula": "0", "where": {}},
    }
    told = {
        "operation": {"kind": "query", "name": None},
        "lane": "plan",
        "waves": 0,
        "calls": step["calls"],
        "steps": [step],
    }
    assert tree(told) == (
        "query (no name): 1 step in 0 waves of calls\n"
        "no call\n"
        "└─ 1 a (Query.a), wave 1: no call\n"
        "      resolver in Python\n"
        "      reads everything\n"
        "      needs an authenticated caller"
    )


CHART = """\
flowchart TD
  subgraph wave1["wave 1"]
    step1["1 staff<br/>shop listStaff: GET /staff<br/>at most 1 call"]
  end
  subgraph wave2["wave 2"]
    step2["2 staff.boss<br/>shop listPeople: GET /people<br/>shop getPerson: GET /people/#123;id#125;<br/>\
at most 2 calls #61; ceil#40;6 / 3#41;"]
  end
  subgraph wave3["wave 3"]
    step3["3 staff.boss.label<br/>resolver Person.label<br/>no call"]
    step4["4 staff.boss.boss<br/>shop listPeople: GET /people<br/>shop getPerson: GET /people/#123;id#125;<br/>\
at most 2 calls #61; ceil#40;6 / 3#41;"]
  end
  step1 --> step2
  step2 --> step3
  step2 --> step4
  step2 -. shared .- step4"""


def test_a_chart_has_a_box_for_each_step_and_a_frame_for_each_wave(tmp_path):
    """Arrows lead from parents, dotted lines join what shares; whatever means something to Mermaid is escaped."""
    query = "{ staff { boss { label boss { id } } } }"
    assert mermaid(report(planned(priced(tmp_path), query), None, {"shop": BOUNDS})) == CHART


def test_a_chart_of_nothing_says_why(bundled):
    """What has no plan is a chart of one box."""
    assert mermaid(report(Reason.SWITCHED_OFF, None, {})) == (
        'flowchart TD\n  reason["operation: no plan, since the project#39;s file says lane #61; '
        '#34;reference#34;#59; graphql-core executes it field by field"]'
    )
    assert mermaid(report(None, None, {})) == (
        'flowchart TD\n  reason["The operation was not executed: there is no plan."]'
    )


@pytest.mark.parametrize(
    ("calls", "said", "of_step"),
    [
        ({"atMost": 0, "formula": "0"}, "0 calls", "no call"),
        ({"atMost": 1, "formula": "1"}, "1 call", "at most 1 call"),
        ({"atMost": 3, "formula": "1 + $n"}, "3 calls = 1 + $n", "at most 3 calls = 1 + $n"),
        ({"atMost": None, "formula": "|a|"}, "|a| calls", "at most |a| calls"),
    ],
)
def test_prices_in_words(calls, said, of_step):
    """The figure, and the formula where that says more."""
    assert (price_of(calls), bound_of(calls)) == (said, of_step)
    assert counted(2, "key") == "2 keys"
