"""Who watches a run: told when a step begins, when its waiting is entered, and when its values are there.

`resolvers/run/ledger.py` watches for those who asked what really happened; mostly nobody does.
"""

from __future__ import annotations

from typing import Protocol


class RunWatch(Protocol):
    """Steps are named by their number in the plan."""

    def begin(self, step: int, parents: int) -> None:
        """The step starts now, for so many parents; what is asked from here on is asked on its behalf."""
        ...

    def enter(self, step: int) -> None:
        """The step goes on in a task of its own."""
        ...

    def end(self, step: int) -> None:
        """The step's values are there."""
        ...
