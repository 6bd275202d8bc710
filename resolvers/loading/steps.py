"""The steps of a request as whoever watches sees them: what was loaded together, and how much of it.

`resolvers/loading/store.py` tells of each load as it begins; metrics and traces (`graph/`) watch. Keys themselves are
never told: they are personal data as often as not.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from resolvers.source import BoundOperation

_UNSEEN: Final = nullcontext()


@dataclass(frozen=True, slots=True)
class Step:
    """One load: `entities` and `groups` by so many `keys`, or a `list` that is followed to its end (0 keys).

    `service` and `operation` name the call that serves it; a load of several calls is named by its first.
    """

    kind: Literal["entities", "groups", "list"]
    service: str
    operation: str
    keys: int


StepWatch: TypeAlias = Callable[[Step], AbstractContextManager[object]]
"""Entered when a step begins, left when it has ended, whichever way."""


class Watched(Protocol):
    """Who writes down what is asked and called, and on whose behalf; mostly nobody does."""

    def now(self) -> float:
        """Seconds on the watcher's clock."""
        ...

    def asked(self, key: Hashable, *, new: bool) -> None:
        """A result was asked for; `new` where nobody had before."""
        ...

    def loading(self, keys: list[Hashable]) -> AbstractContextManager[None]:
        """While entered, calls are made for whoever asked for these results first."""
        ...

    def called(
        self,
        service: str,
        operation: str,
        begun: float,
        status: int | None,
        size: int,
        *,
        shared: bool,
        cached: bool = False,
    ) -> None:
        """A call ended that began at `begun`: with a status and so many bytes, or with neither. None was made where
        another's was `shared`, or the answer was `cached`.
        """
        ...


def watched_step(
    watches: tuple[StepWatch, ...],
    kind: Literal["entities", "groups", "list"],
    call: BoundOperation | None,
    keys: int,
) -> AbstractContextManager[object]:
    """What is entered while a step runs: each of those who watch steps."""
    if not watches or call is None:
        return _UNSEEN
    step = Step(kind, call.service, call.operation.id, keys)
    entered = ExitStack()
    for watch in watches:
        entered.enter_context(watch(step))
    return entered
