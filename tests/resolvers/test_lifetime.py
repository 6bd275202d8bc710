"""How long all that a request was answered with may be used again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.caching.cache_keys import place_tag
from adapters.messages import Freshness, Request, Response
from resolvers.loading.lifetime import Lifetime

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


ASKED = Request("users", "getUser", "GET", "/users/1?full=1", tags=("User:1",))
PLACE = place_tag("users", "/users/1")
FRESH = Freshness(50, 10, private=False)


def answer(freshness: Freshness | None = FRESH, *, shared: bool = False, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(200, named, b"", shared=shared, freshness=freshness)


def heard(*answers: Response) -> Lifetime:
    whole = Lifetime()
    for one in answers:
        whole.answered(ASKED, one)
    return whole


def test_a_fresh_answer_has_the_tags_of_its_entry() -> None:
    """A change of its place drops an answer; so what it went into has the tag of that place, beside its own."""
    whole = heard(answer())
    assert (whole.left, whole.age, whole.private, whole.alone) == (50, 10, False, False)
    assert whole.tags == {PLACE, "User:1"}


@pytest.mark.parametrize(
    "freshness", [None, Freshness(0, 10, private=True), Freshness(-5, 10, private=True, stale=True)]
)
def test_what_is_not_fresh_has_its_own_tags(freshness: Freshness | None) -> None:
    """Nothing is kept of it, so that there is nothing to drop by place."""
    whole = heard(answer(freshness), answer())
    assert (whole.left, whole.tags) == (0.0, {PLACE, "User:1"})
    assert heard(answer(freshness)).tags == {"User:1"}


@pytest.mark.parametrize(
    ("vary", "alone"),
    [("accept-language", False), ("Authorization", True), ("accept, authorization", True), ("*", True)],
)
def test_what_varies_by_what_is_in_no_key_is_not_kept(vary: str, alone: bool) -> None:
    """Headers that are in keys tell answers apart; the token itself is in none."""
    whole = heard(answer(vary=vary), answer())
    assert (whole.alone, whole.private) == (alone, alone)


def test_what_another_request_fetched_is_not_kept() -> None:
    """Its call may have begun before this request did; how long it lasts is known all the same."""
    whole = heard(answer(shared=True), answer())
    assert (whole.left, whole.alone, whole.private) == (50, True, False)


@pytest.mark.parametrize(
    ("control", "client", "strict"),
    [
        ("max-age=60", None, False),
        ("max-age=60, stale-while-revalidate=5", None, False),
        ("max-age=60, must-revalidate", None, True),
        ("max-age=60, proxy-revalidate", None, True),
        ("max-age=15, s-maxage=60", 5.0, False),
        ("max-age=5, s-maxage=60", 0.0, False),
        ("s-maxage=60", 0.0, False),
        ("Max-Age=15, S-MaxAge=60, Must-Revalidate", 5.0, True),
        ("MAX-AGE=60, PROXY-REVALIDATE", None, True),
        ('max-age=60, private="s-maxage, must-revalidate"', None, False),
    ],
)
def test_what_is_stricter_for_clients(control: str, client: float | None, strict: bool) -> None:
    """What shared caches alone may keep for long is short-lived at clients; who wants to be asked is asked. Names of
    directives are the same in any case (RFC 9111, section 5.2).
    """
    whole = heard(answer(cache_control=control))
    assert (whole.client, whole.strict) == (client, strict)
    assert heard(answer(Freshness(50, 10, private=True), cache_control=control)).client is None


def test_the_shortest_life_at_clients_decides() -> None:
    """Of several parts with lives of their own at clients, the first that is over."""
    controls = ("max-age=40, s-maxage=90", "max-age=20, s-maxage=90", "max-age=30, s-maxage=90")
    assert heard(*(answer(cache_control=one) for one in controls)).client == 10.0


def test_a_call_that_failed_ends_the_whole() -> None:
    """What was made without it is not what would have been made with it."""
    whole = heard(answer())
    whole.failed()
    assert whole.left == 0.0
