"""How long a dead worker is waited for before another takes its place. Pure: chance is an argument.

`graph/workers/supervisor.py` asks. The pause doubles with every death in a row, and has jitter, so that workers
that died together do not start together; one that lived for long enough begins a new row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_DOUBLINGS: Final = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds: the `first` pause, the longest, and the life after which a worker counts as stable."""

    first: float = 0.5
    most: float = 30.0
    stable: float = 60.0

    def row(self, deaths: int, lived: float) -> int:
        """How many deaths in a row there are with this one, of a worker that lived so many seconds."""
        return 1 if lived >= self.stable else deaths + 1

    def pause(self, deaths: int, chance: Callable[[], float]) -> float:
        """Seconds before the next start after so many deaths in a row. `chance` gives 0 to 1; half the pause is
        certain.
        """
        whole = min(self.most, self.first * 2.0 ** min(deaths - 1, _DOUBLINGS))
        return whole * (0.5 + chance() / 2)
