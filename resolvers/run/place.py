"""Places: where in the answer a value goes, and what goes with it when it turns out to be null where it must
not be (GraphQL, section 6.4.4).
"""

from __future__ import annotations

from typing import Any

from graphql.pyutils import Path


class Place:
    """A position of the answer: `key` in `container`, below the place of what holds it.

    `gone`: an error took this position, with all that stands below. `parent` is the name of the object type
    that the key is a field of, None for an item of a list.
    """

    __slots__ = ("above", "container", "gone", "key", "nullable", "parent")

    def __init__(
        self, above: Place | None, container: Any, key: str | int, nullable: bool, parent: str | None
    ) -> None:
        self.above = above
        self.container = container
        self.key = key
        self.nullable = nullable
        self.parent = parent
        self.gone = False

    @property
    def is_gone(self) -> bool:
        """Whether this position, or one above it, was taken by an error."""
        here: Place | None = self
        while here is not None:
            if here.gone:
                return True
            here = here.above
        return False

    def null(self) -> None:
        """An error stands here: null goes to the nearest position that may hold it, from here up."""
        here = self
        while not here.nullable:
            assert here.above is not None  # the root of an answer may be null
            here = here.above
        here.gone = True
        here.container[here.key] = None

    @property
    def path(self) -> list[str | int]:
        """The response path (GraphQL, section 7.1.2). The root itself is no part of it."""
        keys: list[str | int] = []
        here = self
        while here.above is not None:
            keys.append(here.key)
            here = here.above
        keys.reverse()
        return keys

    @property
    def resolver_path(self) -> Path | None:
        """The same as resolvers get it."""
        steps: list[Place] = []
        here = self
        while here.above is not None:
            steps.append(here)
            here = here.above
        path: Path | None = None
        for step in reversed(steps):
            path = Path(path, step.key, step.parent)
        return path
