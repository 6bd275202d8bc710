"""How long, and for whom, all that one request was answered with may be used again: what its shortest-lived part
allows, and no longer.

`resolvers/store.py` has one for each request; each answer of a service is told to it, and each entity that needed no
call. Whoever keeps whole answers, or says to clients how long they may, reads it when the request has ended.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapters.messages import Freshness


class Lifetime:
    """`left`: seconds, None before anything was heard; `age`: that of its oldest part; `private`: it is for its own
    caller's partition alone. `tags` are those of all parts. `stale`: a part was used though it was fresh no more.
    """

    __slots__ = ("age", "left", "private", "stale", "tags")

    def __init__(self) -> None:
        self.left: float | None = None
        self.age = 0.0
        self.private = False
        self.stale = False
        self.tags: set[str] = set()

    def heard(self, freshness: Freshness | None, tags: Iterable[str]) -> None:
        """One more part. None is for what must not be used again."""
        if tags:
            self.tags.update(tags)
        if freshness is None:
            self.left = 0.0
            return
        left = max(0.0, freshness.left)
        if self.left is None or left < self.left:
            self.left = left
        if freshness.age > self.age:
            self.age = freshness.age
        self.private |= freshness.private
        self.stale |= freshness.stale
