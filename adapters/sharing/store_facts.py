"""What happened between this process and its shared store, as frozen facts: metrics and health observe these.

`adapters/sharing/redis_connection.py` tells them; `graph/observing/store_counts.py` counts them. They belong to no
service, and so stand beside `adapters/facts.py`, whose facts do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class StoreTurned:
    """The shared store is there from now on (`up`), or is not. `reason` is a word or two, and holds no address."""

    up: bool
    reason: str


@dataclass(frozen=True, slots=True)
class StoreBypassed:
    """Something went on without the shared store. `what` is `get`, `put`, `drop` or `key`; `waited` is true for one
    that had asked the store and got no answer, false for one that did not ask, since the store is away.
    """

    what: str
    waited: bool


StoreFact: TypeAlias = StoreTurned | StoreBypassed
StoreObserver: TypeAlias = Callable[[StoreFact], None]
