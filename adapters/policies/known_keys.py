"""What clients' idempotency keys were used for: bounded in bytes and in time, in this process alone. Pure but for
what it holds; the clock is an argument.

`adapters/policies/idempotency.py` asks and tells. A key stands for one change of one caller; what it was used for
is told by a digest, so that nothing of a payload is kept but the answer that was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cachetools import TTLCache

from adapters.facts import Clock
from adapters.messages import Once, Response

_OF_ENTRY: Final = 400
"""Bytes that an entry takes beside its answer, at a guess."""
_OF_HEADER: Final = 120
_PARTS: Final = 8
"""No answer takes more than one of so many parts of the memory: else one large one would drive out all others."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """`[services.NAME.idempotency]`: what is kept of changes with clients' keys: for `keep` seconds, in `memory`
    bytes. Raises ValueError for what cannot work.
    """

    keep: float = 3600.0
    memory: int = 4 << 20

    @property
    def most(self) -> int:
        """Bytes that an answer takes at most, to be kept."""
        return self.memory // _PARTS

    def __post_init__(self) -> None:
        if not self.keep > 0 or self.memory < 1 << 10:
            raise ValueError("idempotency: keep is more than 0 seconds, and memory at least 1024 bytes")


@dataclass(frozen=True, slots=True)
class Known:
    """What a key was used for. `answer` is None where the change was not answered with success, as far as it is
    known, or where the answer was too large to keep.
    """

    payload: bytes
    answer: Response | None


class KnownKeys:
    """What is known of keys. The least recently used are forgotten first; the services' own memory of them, to which
    the same key goes, is what then decides.
    """

    def __init__(self, rule: Idempotency, clock: Clock) -> None:
        self._most = rule.most
        self._known: TTLCache[str, Known] = TTLCache(rule.memory, rule.keep, timer=clock, getsizeof=_size)

    def of(self, once: Once) -> Known | None:
        """What the key was used for; None where it is not known."""
        return self._known.get(once.key)

    def keep(self, once: Once, answer: Response | None) -> None:
        """The change was sent; `answer` is what it succeeded with, if it did."""
        known = Known(once.payload, fitting(answer, self._most))
        if _size(known) <= self._known.maxsize:
            self._known[once.key] = known

    def __len__(self) -> int:
        return len(self._known)


def fitting(answer: Response | None, most: int) -> Response | None:
    """The answer, where keeping it takes no more than so many bytes; else None."""
    return None if _size(Known(b"", answer)) > most else answer


def _size(known: Known) -> int:
    if known.answer is None:
        return _OF_ENTRY
    headers = sum(_OF_HEADER + len(name) + len(text) for name, text in known.answer.headers.items())
    return _OF_ENTRY + headers + len(known.answer.body)
