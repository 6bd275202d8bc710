"""How clients are told of answers that are not their services' own."""

from __future__ import annotations

from adapters.messages import Freshness, Request, Response
from graph.executing.substitutes import substituted
from resolvers.loading.lifetime import Lifetime


def heard(lifetime: Lifetime, operation: str, freshness: Freshness | None) -> None:
    request = Request("users", operation, "GET", "/", safe=True)
    lifetime.answered(request, Response(200, {}, b"", freshness=freshness))


def stale(age: float) -> Freshness:
    return Freshness(0.0, age, private=True, cached=True, stale=True)


CONSTANT = Freshness(0.0, 0.0, private=False, cached=True, constant=True)


def test_where_services_answered_there_is_nothing_to_tell():
    """Answers that may not be used again, fresh ones, and kept ones that are."""
    lifetime = Lifetime()
    assert substituted(lifetime, detail=True) == {}
    for freshness in (
        None,
        Freshness(0.0, 9.0, private=True),
        Freshness(5.0, 9.0, private=True, cached=True),
    ):
        heard(lifetime, "getUser", freshness)
    assert substituted(lifetime, detail=True) == {}


def test_the_oldest_stale_answer_counts():
    """In whole seconds; whose it is stands there for those who may see detail."""
    lifetime = Lifetime()
    for operation, age in (("listUsers", 3.2), ("getUser", 7.9), ("getUser", 5.0)):
        heard(lifetime, operation, stale(age))
    assert substituted(lifetime, detail=False) == {"stale": {"age": 7}}
    calls = [
        {"service": "users", "operation": "getUser", "age": 7},
        {"service": "users", "operation": "listUsers", "age": 3},
    ]
    assert substituted(lifetime, detail=True) == {"stale": {"age": 7, "calls": calls}}


def test_constants_are_counted_by_operation():
    """Beside what is stale; an operation may be both."""
    lifetime = Lifetime()
    for operation, freshness in (("a", CONSTANT), ("a", CONSTANT), ("b", CONSTANT), ("a", stale(1.0))):
        heard(lifetime, operation, freshness)
    assert substituted(lifetime, detail=False) == {"stale": {"age": 1}, "constant": {"count": 2}}
    calls = [{"service": "users", "operation": "a"}, {"service": "users", "operation": "b"}]
    assert substituted(lifetime, detail=True)["constant"] == {"count": 2, "calls": calls}


def test_an_answer_with_a_substitute_is_not_to_be_used_again():
    """Whoever keeps whole answers, and whoever tells clients how long they may, sees that nothing is left."""
    for freshness in (stale(1.0), CONSTANT):
        lifetime = Lifetime()
        heard(lifetime, "a", Freshness(60.0, 0.0, private=False))
        heard(lifetime, "b", freshness)
        assert lifetime.left == 0.0
