"""What agreeing means: each way in which two lanes may differ is found, and what may differ is let pass."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.contract.contract import MISSING
from graph.executing.executor import Answer
from tests.lanes.agree import differences, encoded, errors_of, nulled_above
from tests.lanes.services import Call
from tests.lanes.world import Ran


def call(operation: str, *atoms: str, target: str = "/", changes: bool = False) -> Call:
    """A call that asked for these."""
    return Call(operation, target, None, (), changes, frozenset((operation, one) for one in atoms))


def error(path: list[Any] | None, message: str = "no", code: str = "X") -> dict[str, Any]:
    """An error as clients get it."""
    return {"message": message, "extensions": {"code": code}} | ({} if path is None else {"path": path})


def ran(data: Any = None, *errors: dict[str, Any], calls: tuple[Call, ...] = (), resolvers: str = "") -> Ran:
    """What a lane made of a request."""
    return Ran(Answer(data, list(errors)), calls, resolvers.split())


def test_equal_answers_agree() -> None:
    """Equal data, errors in any order, and equal calls in any order are agreement."""
    one, two = call("a", "1"), call("b", "2")
    left = ran({"a": None, "b": None}, error(["a"]), error(["b"]), calls=(one, two), resolvers="r s")
    right = ran({"a": None, "b": None}, error(["b"]), error(["a"]), calls=(two, one), resolvers="s r")
    assert differences(left, right, latency=False) == []


@pytest.mark.parametrize(
    ("left", "right"),
    [({"a": 1, "b": 2}, {"b": 2, "a": 1}), ({"a": 1}, {"a": 1.0}), ({"a": 1}, {"a": True}), (None, MISSING)],
    ids=["order", "kind of number", "boolean", "not executed"],
)
def test_data_are_compared_byte_for_byte(left: Any, right: Any) -> None:
    """What Python calls equal is not the same answer."""
    found = differences(ran(left), ran(right), latency=False)
    assert found == [f"data:\n  reference {encoded(left).decode()}\n  plan      {encoded(right).decode()}"]


def test_errors_are_a_multiset() -> None:
    """An error that one lane tells twice, or with another code or message, is a difference of that lane."""
    left = ran({"a": None}, error(["a"]), error(["a"]))
    right = ran({"a": None}, error(["a"]), error(["a"], code="Y"))
    assert differences(left, right, latency=True) == [
        "errors: only the reference has (('a',), 'X', 'no')",
        "errors: only the plan has (('a',), 'Y', 'no')",
    ]


def test_errors_without_a_path_are_compared_too() -> None:
    """What is wrong with a whole request is told by both."""
    assert differences(ran(MISSING, error(None)), ran(MISSING), latency=False) == [
        "errors: only the reference has (None, 'X', 'no')"
    ]


@pytest.mark.parametrize(
    ("data", "path", "position"),
    [
        (None, ("a",), ()),
        ({"a": None}, ("a",), None),
        ({"a": None}, ("a", 0, "b"), ("a",)),
        ({"a": [{"b": 1}, None]}, ("a", 1, "b"), ("a", 1)),
        ({"a": [{"b": None}]}, ("a", 0, "b"), None),
        ({}, ("a", "b"), None),
        ({"a": "text"}, ("a", "b"), None),
    ],
)
def test_which_null_an_error_is_below(data: Any, path: tuple[Any, ...], position: Any) -> None:
    """An error is below the outermost null strictly above its path; one at its own null is below none."""
    assert nulled_above(data, path) == position


def test_below_a_null_one_reason_is_enough() -> None:
    """Any error below a null explains it: which others a lane still meets is its own."""
    left = ran({"a": None}, error(["a", "b"]))
    both = ran({"a": None}, error(["a", "b"]), error(["a", "c"]))
    other = ran({"a": None}, error(["a", "c"]))
    for latency in (True, False):
        assert differences(left, both, latency=latency) == []
        assert differences(left, other, latency=latency) == []


def test_a_null_that_bubbled_is_explained_by_both() -> None:
    """A lane that nulls a position without an error below it disagrees, with latencies too."""
    explained, silent = ran({"a": None}, error(["a", "b"])), ran({"a": None})
    assert differences(explained, silent, latency=True) == ["['a'] is null: the plan lane does not say why"]
    assert differences(silent, explained, latency=True) == [
        "['a'] is null: the reference lane does not say why"
    ]


def test_the_same_things_are_asked_for() -> None:
    """However batches are cut, each lane asks for everything that the other asks for."""
    two, one = ran({}, calls=(call("many", "1", "2"),)), ran({}, calls=(call("many", "1"),))
    for latency in (True, False):
        assert differences(two, one, latency=latency) == ["the plan did not ask for ('many', '2')"]
        assert differences(one, two, latency=latency) == ["only the plan asked for ('many', '2')"]


@pytest.mark.parametrize(
    ("latency", "resolvers", "more"), [(False, "", True), (True, "", False), (False, "r", False)]
)
def test_the_plan_makes_no_more_calls(latency: bool, resolvers: str, more: bool) -> None:
    """Where answers take no time, and no resolver of the project takes turns of its own, batches are no smaller, but
    for one that branches met in by chance.
    """
    together = ran({}, calls=(call("many", "1", "2", "3"),), resolvers=resolvers)
    parted = ran({}, calls=(call("many", "1", "2"), call("many", "3")), resolvers=resolvers)
    apart = ran({}, calls=tuple(call("many", one) for one in "123"), resolvers=resolvers)
    found = ["calls: only the plan has ('many', '/', '') (2 times)"] if more else []
    assert differences(together, apart, latency=latency) == found
    assert differences(together, parted, latency=latency) == []
    assert differences(apart, together, latency=latency) == []


def test_no_resolver_runs_twice() -> None:
    """The project's resolvers run as often on both lanes."""
    assert differences(ran({}, resolvers="r"), ran({}, resolvers="r r"), latency=True) == [
        "resolvers ran: only the plan has 'r'"
    ]


def test_changes_are_made_in_the_same_order() -> None:
    """The calls of a mutation that change something are the same sequence, whatever else happened."""
    one, two = call("a", changes=True), call("b", changes=True)
    assert differences(ran({}, calls=(one, two)), ran({}, calls=(two, one)), latency=True) == [
        "changes:\n  reference [('a', '/', ''), ('b', '/', '')]\n  plan      [('b', '/', ''), ('a', '/', '')]"
    ]


def test_beside_a_null_that_bubbled_calls_are_each_lanes_own_but_for_changes() -> None:
    """What is still asked for there may differ; what is changed may not."""
    null: dict[str, Any] = {"a": None}
    less = ran(null, error(["a", "b"]), calls=(call("x", "1"),))
    more = ran(null, error(["a", "b"]), calls=(call("x", "1"), call("x", "2")), resolvers="r")
    changed = ran(null, error(["a", "b"]), calls=(call("y", changes=True),))
    for latency in (True, False):
        assert differences(less, more, latency=latency) == differences(more, less, latency=latency) == []
        assert differences(less, changed, latency=latency) == [
            "changes:\n  reference []\n  plan      [('y', '/', '')]"
        ]


def test_where_in_a_batch_an_item_stood_counts_only_where_batches_are_cut_alike() -> None:
    """The JSON path of a broken contract names an item of the call's own answer."""
    text = "The upstream's answer breaks its contract at {}: expected Int, found null."
    left = ran({"a": None}, error(["a"], text.format("$[0].x")))
    right = ran({"a": None}, error(["a"], text.format("$.x")))
    assert differences(left, right, latency=True) == []
    assert len(differences(left, right, latency=False)) == 2
    [told] = errors_of(left, loose=True).at
    assert told == (("a",), "X", text.format("…"))


def test_unsteady_cases_that_were_cut_differently_say_nothing() -> None:
    """What goes wrong with one cut of a batch goes otherwise with another; after a null that is nobody's fault."""
    left = ran({"a": None, "d": 1}, error(["a", "b"]), calls=(call("x", "1"),))
    right = ran({"a": None, "d": 2}, error(["a", "c"]), calls=(call("x", "1"), call("x", "2")))
    assert differences(left, right, latency=False, steady=False) == []
    assert differences(left, right, latency=False, steady=True) != []


def test_batches_that_met_by_chance_are_broken_otherwise() -> None:
    """Unsteady, one call more or less may be broken otherwise than the other lane's; two are no chance any more."""
    left = ran({"d": 1}, calls=(call("x", "1,2"),))
    right = ran({"d": 2}, calls=(call("x", "1"), call("x", "2")))
    assert differences(left, right, latency=False, steady=False) == []
    assert differences(left, right, latency=False, steady=True) != []
    more = ran({"d": 2}, calls=(call("x", "1"), call("x", "2"), call("x", "3")))
    assert differences(left, more, latency=False, steady=False) != []
