"""What happens to the services, and when: drawn from a seed, so that a soak can be had again. Pure.

`tests/soak/sky.py` makes it happen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Final


class Kind(Enum):
    """What a service does for a while."""

    DEAD = "refuses connections"
    KILLED = "is killed in the midst of what it does, and started again"
    RESET = "answers, and resets the connection before a byte of that arrives"
    CUT = "ends its answers short"
    STALLED = "says nothing any more"
    HALF_OPEN = "is gone without a word"
    DRIPPING = "answers a few bytes at a time"
    GARBAGE = "answers what is no HTTP"
    MISCOUNTED = "promises more bytes than it sends"
    FAILING = "answers 500"
    AWAY = "answers 503"
    BUSY = "answers 429"


@dataclass(frozen=True, slots=True)
class Spell:
    """A service does something from one moment to another, in seconds from the start."""

    begins: float
    ends: float
    service: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Weather:
    """All spells by their beginning, and when keys are `rotated`; when the identity provider is `restarted`, which
    has new keys then and knows none of the old ones.
    """

    spells: tuple[Spell, ...]
    rotated: tuple[float, ...]
    restarted: tuple[float, ...]


TRACKS: Final = 3
"""So many services are in trouble at once, at most."""
_SPELL: Final = (0.6, 3.5)
_PAUSE: Final = (0.1, 1.2)
_ROTATIONS_EVERY: Final = 20.0
_RESTARTS_EVERY: Final = 75.0


def weather(seed: int, seconds: float, services: Sequence[str]) -> Weather:
    """Spells of all kinds, in turn, over all services, none of which has two at once. Nothing lasts longer than the
    `seconds`, and what needs a while to be felt has it only where there is that much.
    """
    chance = Random(seed)  # noqa: S311 - it is to be drawn again from the same seed
    dealt = list(services)
    chance.shuffle(dealt)
    kinds = _in_turn(chance)
    spells = [one for track in range(TRACKS) for one in _track(chance, seconds, dealt[track::TRACKS], kinds)]
    rotations = max(1, int(seconds / _ROTATIONS_EVERY))
    restarts = int(seconds / _RESTARTS_EVERY)
    return Weather(
        tuple(sorted(spells, key=lambda one: (one.begins, one.service))),
        rotated=tuple(seconds * (one + 0.5) / rotations for one in range(rotations)),
        restarted=tuple(seconds * (one + 1) / (restarts + 1) for one in range(restarts)),
    )


def _in_turn(chance: Random) -> Iterator[Kind]:
    """Each kind once, in a drawn order; and again."""
    while True:
        kinds = list(Kind)
        chance.shuffle(kinds)
        yield from kinds


def _track(chance: Random, seconds: float, services: Sequence[str], kinds: Iterator[Kind]) -> Iterator[Spell]:
    at = chance.uniform(*_PAUSE)
    while services and at + _SPELL[0] <= seconds:
        ends = min(at + chance.uniform(*_SPELL), seconds)
        yield Spell(at, ends, chance.choice(services), next(kinds))
        at = ends + chance.uniform(*_PAUSE)
