"""Where a value stands in an upstream's answer, kept cheaply while values are taken apart and rendered only
for an error.
"""

from __future__ import annotations

from typing import Final, Self, TypeAlias

# A linked list from the leaf to the root, so that one step down costs one tuple; an empty one is the whole answer.
Where: TypeAlias = tuple["Where", str | int] | tuple[()]

ROOT: Where = ()


class _Somewhere(int):
    """An index that is not known."""


SOMEWHERE: Final = _Somewhere(-1)
"""One of the items of a list: of what was kept apart nobody knows which it was."""


class Root(tuple[()]):
    """The root of an answer that is known: a place below it can tell which operation's answer it stands in."""

    service: str
    operation: str

    def __new__(cls, service: str, operation: str) -> Self:
        made = super().__new__(cls)
        made.service, made.operation = service, operation
        return made


def root_of(where: Where) -> Root | None:
    """The root of a place, if it is known whose answer it is."""
    while where:
        where, _ = where
    return where if isinstance(where, Root) else None


def json_path(where: Where) -> str:
    """The JSON path of a place (RFC 9535): `$.data[3].total`, `$['first name']`."""
    steps: list[str] = []
    while where:
        where, step = where
        if step is SOMEWHERE:
            steps.append("[*]")
        elif isinstance(step, int):
            steps.append(f"[{step}]")
        elif step.isidentifier():
            steps.append(f".{step}")
        else:
            steps.append("['" + step.replace("\\", "\\\\").replace("'", "\\'") + "']")
    return "$" + "".join(reversed(steps))


def down(where: Where, path: tuple[str, ...]) -> Where:
    """The place that a path of property names leads to from `where`."""
    for step in path:
        where = (where, step)
    return where
