"""How long all that a request was answered with may be used again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.messages import Freshness
from resolvers.lifetime import Lifetime

PARTS = st.lists(
    st.builds(
        Freshness,
        left=st.floats(0, 1000),
        age=st.floats(0, 1000),
        private=st.booleans(),
        stale=st.booleans(),
    ),
    min_size=1,
)


def test_nothing_heard_says_nothing() -> None:
    """Before any part is heard there is no lifetime at all."""
    assert Lifetime().left is None


@given(PARTS)
def test_the_shortest_part_decides(parts: list[Freshness]) -> None:
    """A whole lives as long as its shortest-lived part, is as old as its oldest, as private as any of them."""
    whole = Lifetime()
    for part in parts:
        whole.heard(part, ("User:*",))
    assert (whole.left, whole.age, whole.private, whole.stale, whole.tags) == (
        min(part.left for part in parts),
        max(part.age for part in parts),
        any(part.private for part in parts),
        any(part.stale for part in parts),
        {"User:*"},
    )


@given(PARTS)
def test_one_part_that_may_not_be_kept_ends_the_whole(parts: list[Freshness]) -> None:
    """With a part that must not be used again, the whole has no time left, whatever is heard before and after it."""
    whole = Lifetime()
    for part in parts:
        whole.heard(part, ())
    whole.heard(None, ())
    for part in parts:
        whole.heard(part, ())
    assert whole.left == 0.0
