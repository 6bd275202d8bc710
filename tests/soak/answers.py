"""Whether one answer is as answers must be, however its services fare: whose data it shows, and that what failed has
its error. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from resolvers.fault import Code

Path: TypeAlias = tuple[str | int, ...]

OWN: Final = "me"
"""The root field whose subject is the caller, with all that hangs on it."""
PERSONS: Final = frozenset({"me", "customer", "user"})
CODES: Final = frozenset(map(str, Code)) - {str(Code.INTERNAL_SERVER_ERROR)}
"""What services in trouble can lead to. A defect of the gateway's own is not among it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and whether it may see mail addresses."""

    person: str
    subject: str
    sees_mail: bool


def faults(
    answer: Mapping[str, Any],
    caller: Caller | None,
    names: Mapping[str, str],
    *,
    stale: float,
    nullable: Collection[str] = (),
) -> Iterator[tuple[str, str]]:
    """What must not be in an answer, by its kind. `names` are those of users by id; `stale` seconds is the age of the
    oldest answer that may be used; fields of a `nullable` name may have nothing without an error.
    """
    data, errors = answer.get("data"), answer.get("errors", [])
    yield from _failed(data, errors, nullable)
    age = answer.get("extensions", {}).get("stale", {}).get("age", 0)
    if age > stale:
        yield "an answer was staler than may be", f"{age} s"
    for path, shown in _objects(data, ()):
        of_person = bool(path) and path[-1] in PERSONS and {"id", "name"} <= shown.keys()
        if of_person and shown["name"] != names.get(shown["id"]):
            yield "somebody has another's name", f"{path}: {shown}"
        if shown.get("email") is not None and (caller is None or not caller.sees_mail):
            yield "a mail address is shown to whom it is not for", f"{path}, to {caller}"
        whose = shown.get("id") if path[-1:] and path[-1] in PERSONS else None
        if path[:1] == (OWN,) and whose is not None and (caller is None or whose != caller.subject):
            yield "somebody else's data", f"{path}: {whose}, to {caller}"


def _failed(
    data: Any, errors: Sequence[Mapping[str, Any]], nullable: Collection[str]
) -> Iterator[tuple[str, str]]:
    paths: list[Path] = []
    for one in errors:
        code, path = one.get("extensions", {}).get("code"), one.get("path")
        if code not in CODES:
            yield "an error of a code that no service causes", str(one)
        if path is None:
            yield "an error of no field", str(one)
            continue
        paths.append(tuple(path))
        if not _is_null(data, path):
            yield "an error of a field that has a value", str(one)
    for path in _nulls(data, ()):
        allowed = bool(path) and path[-1] in nullable
        if not allowed and not any(one[: len(path)] == path for one in paths):
            yield "a failed field without an error", f"{path}, of errors at {paths}"


def _is_null(data: Any, path: Iterable[str | int]) -> bool:
    """Whether there is nothing at a path: null there, or on the way."""
    for step in path:
        if data is None:
            return True
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return False
    return data is None


def _nulls(data: Any, path: Path) -> Iterator[Path]:
    if data is None:
        yield path
    elif isinstance(data, dict):
        for name, value in data.items():
            yield from _nulls(value, (*path, name))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _nulls(value, (*path, index))


def _objects(data: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if isinstance(data, dict):
        yield path, data
        for name, value in data.items():
            yield from _objects(value, (*path, name))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _objects(value, (*path, index))
