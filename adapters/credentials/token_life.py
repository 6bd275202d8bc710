"""How long a token is used, when another is fetched, and how soon after a failure. Pure: the clock and chance are
arguments.

`adapters/credentials/token_slot.py` asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

UNSTATED: Final = 300.0
"""Seconds that a token is used of which nobody says how long it lives (RFC 6749, section 5.1, leaves it open)."""

MOST: Final = 86_400.0
"""Seconds that a token is used at most, whatever its endpoint says."""

RENEWALS: Final = 5.0
"""Seconds between two fetches that a refusal by the service makes: what refuses every token gets few of them."""

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_DOUBLINGS: Final = 10


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. `got` and `ends` are seconds on the clock."""

    text: str = field(repr=False)
    got: float
    ends: float


class Need(Enum):
    """What a call needs to do about the token that there is."""

    NOTHING = "use it"
    SOON = "use it, and fetch another meanwhile"
    NOW = "fetch another first"


def ends(got: float, stated: float | None, most: float = MOST) -> float:
    """When a token ends that was got then and is said to live so many seconds (`expires_in`)."""
    return got + (min(UNSTATED, most) if stated is None else min(max(stated, 0.0), most))


def need(token: Token | None, now: float) -> Need:
    """A token is renewed in the last fifth of its life, and the last tenth of that fifth is left for the way of
    the call; both bounded, at 60 and 5 seconds before its end.
    """
    if token is None:
        return Need.NOW
    life, left = token.ends - token.got, token.ends - now
    if left <= min(5.0, life / 50):
        return Need.NOW
    return Need.SOON if left <= min(60.0, life / 5) else Need.NOTHING


def may_renew(renewed: float | None, now: float) -> bool:
    """Whether a refused token may be replaced, when the last was so replaced then."""
    return renewed is None or now - renewed >= RENEWALS


def pause(failures: int, chance: Callable[[], float]) -> float:
    """Seconds before a token is asked for again after so many failures in a row, at most 30. `chance` gives 0 to 1;
    half the pause is certain.
    """
    whole = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures - 1, _DOUBLINGS))
    return whole * (0.5 + chance() / 2)
