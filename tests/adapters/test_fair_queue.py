"""The queue in which each party has a line of its own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.policies.fair_queue import FairQueue


def everything(queue: FairQueue[str]) -> list[str]:
    found = []
    while (one := queue.take(lambda _: True)) is not None:
        found.append(one[1])
    return found


def filled(most: int, *items: str) -> FairQueue[str]:
    """A queue into which `a1` was put by `a`."""
    queue: FairQueue[str] = FairQueue(most)
    for item in items:
        assert queue.put(item[0], item) is None
    return queue


def test_parties_take_turns():
    """Whoever came first begins; then one of each party goes, each party's own in their order."""
    queue = filled(10, "a1", "a2", "a3", "b1", "c1", "c2")
    assert list(queue.parties) == ["a", "b", "c"]
    assert everything(queue) == ["a1", "b1", "c1", "a2", "c2", "a3"]
    assert (len(queue), list(queue.parties)) == (0, [])


def test_who_may_not_go_holds_up_nobody():
    """A party that may not have its turn keeps its place, and the next one goes."""
    queue = filled(10, "a1", "b1", "b2", "c1")
    assert queue.take(lambda party: party != "a") == ("b", "b1")
    assert queue.take(lambda party: party == "z") is None
    assert everything(queue) == ["a1", "c1", "b2"]


def test_who_has_most_gives_way_where_it_is_full():
    """In a full queue a newcomer takes the place of the last in the longest line, unless its own would be as long."""
    queue = filled(4, "a1", "a2", "a3", "b1")
    assert queue.put("c", "c1") == "a3"
    assert queue.put("c", "c2") == "c2"
    assert queue.put("a", "a4") == "a4"
    assert queue.put("d", "d1") == "a2"
    assert queue.put("e", "e1") == "e1"  # everybody has one
    assert len(queue) == 4
    assert everything(queue) == ["a1", "b1", "c1", "d1"]


def test_a_queue_without_places_takes_nobody():
    """With no places everything comes back."""
    queue: FairQueue[str] = FairQueue(0)
    assert queue.put("a", "a1") == "a1"
    assert len(queue) == 0


def test_what_is_taken_out_is_gone():
    """An item can leave from anywhere in its line, once."""
    queue = filled(4, "a1", "a2", "b1")
    assert [queue.remove("a", "a1"), queue.remove("a", "a1"), queue.remove("z", "z1")] == [True, False, False]
    assert queue.remove("b", "b1")
    assert (len(queue), everything(queue)) == (1, ["a2"])


@given(st.lists(st.sampled_from("abc"), max_size=40), st.sampled_from("abcd"))
def test_how_many_go_before_is_known(parties: list[str], newcomer: str):
    """What is said to go before a newcomer's item does, as long as no one else comes."""
    queue: FairQueue[str] = FairQueue(1_000)
    for index, party in enumerate(parties):
        queue.put(party, f"{party}{index}")
    ahead = queue.ahead(newcomer)
    queue.put(newcomer, "it")
    position = everything(queue).index("it")
    assert position <= ahead


@given(
    st.integers(0, 8),
    st.lists(
        st.tuples(st.sampled_from(["put", "take", "remove"]), st.sampled_from("abcd"), st.integers(0, 9))
    ),
)
def test_nothing_is_lost_or_doubled(most: int, moves: list[tuple[str, str, int]]):
    """Whatever is done in whatever order: what went in and did not come out is in the queue, never more than its
    bound, and each party's in their order.
    """
    queue: FairQueue[tuple[str, int]] = FairQueue(most)
    inside: list[tuple[str, int]] = []
    for number, (move, party, choice) in enumerate(moves):
        if move == "put":
            inside.append((party, number))
            back = queue.put(party, (party, number))
            if back is not None:
                inside.remove(back)
        elif move == "take":
            found = queue.take(lambda _: True)
            if found is None:
                assert inside == []
            else:
                assert found[1] == next(one for one in inside if one[0] == found[0])
                inside.remove(found[1])
        else:
            mine = [one for one in inside if one[0] == party]
            gone = mine[choice % len(mine)] if mine else (party, -1)
            assert queue.remove(party, gone) is bool(mine)
            inside = [one for one in inside if one != gone]
        assert len(queue) == len(inside) <= most
        assert set(queue.parties) == {one[0] for one in inside}
