"""The weather of a soak: what is drawn from a seed."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.soak.weather import TRACKS, Kind, weather

SERVICES = ("users", "orders", "payments", "expenses", "storage")
SEEDS = st.integers(0, 1 << 32)
SECONDS = st.floats(0.5, 300)


@given(SEEDS, SECONDS)
def test_a_seed_is_one_weather(seed: int, seconds: float):
    """Drawn again it is the same, so that what was found can be found again."""
    assert weather(seed, seconds, SERVICES) == weather(seed, seconds, SERVICES)


@given(SEEDS, SECONDS)
def test_everything_is_within_its_time(seed: int, seconds: float):
    """Nothing begins before the start or ends after the end, and each spell lasts."""
    drawn = weather(seed, seconds, SERVICES)
    assert all(0 < one.begins < one.ends <= seconds for one in drawn.spells)
    assert all(0 < at < seconds for at in (*drawn.rotated, *drawn.restarted))
    assert drawn.rotated


@given(SEEDS, SECONDS, st.integers(1, 8))
def test_a_service_has_one_spell_at_a_time(seed: int, seconds: float, count: int):
    """And no more services than there are tracks are in trouble at once."""
    services = tuple(f"s{one}" for one in range(count))
    drawn = weather(seed, seconds, services)
    for name in services:
        own = [one for one in drawn.spells if one.service == name]
        assert all(first.ends <= second.begins for first, second in pairwise(own))
    for one in drawn.spells:
        assert sum(other.begins <= one.begins < other.ends for other in drawn.spells) <= TRACKS


@given(SEEDS)
def test_a_soak_of_minutes_has_it_all(seed: int):
    """Every kind of trouble, every service, and the identity provider's own restart."""
    drawn = weather(seed, 150, SERVICES)
    assert {one.kind for one in drawn.spells} == set(Kind)
    assert {one.service for one in drawn.spells} == set(SERVICES)
    assert drawn.restarted
