"""Time kept by a stated rate, and by what each party was told; a clock moved by hand, and nothing else."""

from __future__ import annotations

from adapters.policies.pacing import MOST_PARTIES, Beat, Pacing
from adapters.policies.quota import Quota
from adapters.policies.rate import Pace

NOW = 1_000.0


def told(remaining: int, reset: float = 30.0, party: str = "a") -> Pacing:
    """A pacing without a rate, of which an answer told this."""
    made = Pacing(Beat(None))
    assert made.go(NOW, party) is None
    made.ended(NOW, party, None, Quota(remaining, reset))
    return made


def test_nothing_stated_and_nothing_told_holds_nobody():
    """Without a rate, and before anything was told, everybody may go."""
    made = Pacing(Beat(None))
    assert [made.wait(NOW, "a"), made.beat.wait(NOW), made.certain(NOW, "a", 1_000)] == [0.0, 0.0, 0.0]
    assert made.go(NOW, "a") is None
    made.ended(NOW, "a", None, None)
    assert len(made) == 0


def test_a_stated_pace_holds_everybody():
    """A rate counts all parties together."""
    made = Pacing(Beat(Pace(interval=2.0, ahead=0.0)))
    assert made.may(NOW, "a")
    made.go(NOW, "a")
    assert [made.wait(NOW, "a"), made.wait(NOW, "b"), made.beat.wait(NOW, 3)] == [2.0, 2.0, 8.0]
    assert made.certain(NOW, "b", 1) == 4.0
    assert not made.may(NOW + 1.5, "b")
    assert made.may(NOW + 2.0, "b")


def test_a_beat_may_be_shared():
    """Pacings of one beat count calls together, and what each was told by itself."""
    beat = Beat(Pace(interval=2.0, ahead=0.0))
    one, other = Pacing(beat), Pacing(beat)
    one.ended(NOW, "a", one.go(NOW, "a"), Quota(0, 30.0))
    assert (one.wait(NOW, "a"), other.wait(NOW, "a")) == (30.0, 2.0)


def test_what_one_party_used_up_is_no_others_loss():
    """Who was told that nothing is left waits until the quota is renewed; others go."""
    made = told(0)
    assert [made.wait(NOW, "a"), made.certain(NOW, "a", 0), made.wait(NOW, "b")] == [30.0, 30.0, 0.0]
    assert [made.wait(NOW + 29.0, "a"), made.wait(NOW + 30.0, "a")] == [1.0, 0.0]


def test_calls_under_way_may_be_counted_or_not():
    """As many may be under way as are left: whoever comes then waits, though an answer may let it go sooner."""
    made = told(2)
    first, _second = made.go(NOW, "a"), made.go(NOW, "a")
    assert (made.wait(NOW, "a"), made.certain(NOW, "a", 0)) == (30.0, 0.0)
    made.ended(NOW, "a", first, Quota(2, 30.0))  # the second is not counted in it yet, or the first was not
    assert made.may(NOW, "a")


def test_a_call_without_an_answer_may_have_been_counted():
    """What ended without a word of the quota is taken off it, down to nothing."""
    made = told(2)
    for left in (1, 0, 0):
        made.ended(NOW, "a", made.go(NOW, "a"), None)
        assert made.may(NOW, "a") is (left > 0)


def test_a_quota_is_forgotten_when_it_is_renewed():
    """After its time a quota says nothing, and is let go with the next call."""
    made = told(0)
    counted = made.go(NOW + 30.0, "a")
    assert (counted, len(made)) == (None, 0)
    made.ended(NOW + 30.0, "a", counted, Quota(9, 30.0))
    assert len(made) == 1


def test_a_renewed_quota_with_calls_under_way_goes_on_counting():
    """While calls are under way their number is kept, whatever the time."""
    made = told(5)
    held = made.go(NOW, "a")
    assert held is not None
    assert made.go(NOW + 60.0, "a") is held
    assert held.under_way == 2


def test_the_longer_wait_counts():
    """A party waits for the rate and for its quota, whichever is later."""
    made = Pacing(Beat(Pace(interval=40.0, ahead=0.0)))
    made.ended(NOW, "a", made.go(NOW, "a"), Quota(0, 30.0))
    assert (made.wait(NOW, "a"), made.certain(NOW, "a", 1)) == (40.0, 80.0)
    made.ended(NOW, "a", None, Quota(0, 50.0))
    assert (made.wait(NOW, "a"), made.wait(NOW, "b"), made.certain(NOW, "a", 0)) == (50.0, 40.0, 50.0)


def test_only_so_many_parties_are_known():
    """Who was heard of the longest ago is forgotten when there are too many."""
    made = Pacing(Beat(None))
    for number in range(MOST_PARTIES):
        made.ended(NOW, str(number), None, Quota(0, 30.0))
    made.ended(NOW, "0", None, Quota(0, 30.0))
    made.ended(NOW, "new", None, Quota(0, 30.0))
    assert len(made) == MOST_PARTIES
    assert [made.may(NOW, one) for one in ("0", "1", "2", "new")] == [False, True, False, False]
