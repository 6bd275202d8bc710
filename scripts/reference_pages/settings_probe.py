"""Which settings there are: asked of the very reader of `stolon.toml`, so that none can be forgotten.

A project file is read again and again while it is watched which tables the reader looks into and which names it
knows there; the tables that are new are added to the file, until nothing new comes. What a setting expects is what
its reader answers to a value that is wrong.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from adapters.mistake import ProjectError
from graph.settings.setting_kinds import Reader, Wrong
from graph.settings.settings import FILE, read_settings
from graph.settings.toml_document import Document

Path_ = tuple[str, ...]
FREE: Final = {"services": "NAME", "operations": "OPERATION"}
"""Tables whose names are the project's own."""
_WAYS: Final = ("services", "NAME", "credentials")
_ROUNDS: Final = 8


@dataclass(slots=True)
class Table:
    """One table: its keys, each with what it expects, those that are required, and the tables within it."""

    path: Path_
    keys: dict[str, str] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    inner: set[str] = field(default_factory=set)
    ways: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def head(self) -> str:
        """`[services.NAME.retry]`."""
        return f"[{'.'.join(self.path)}]"


@dataclass(slots=True)
class _Seen:
    readers: dict[Path_, Mapping[str, Reader]] = field(default_factory=dict)
    names: dict[Path_, set[str]] = field(default_factory=dict)


@contextmanager
def _watching(seen: _Seen) -> Iterator[None]:
    """While entered, what documents are asked for is noted."""
    values, check_names = Document.values, Document.check_names

    def told_values(
        self: Document, path: Path_, readers: Mapping[str, Reader], tables: Iterable[str] = ()
    ) -> dict[str, Any]:
        seen.readers[path] = {**seen.readers.get(path, {}), **readers}
        return values(self, path, readers, tables)

    def told_names(self: Document, path: Path_, known: Iterable[str], what: str) -> None:
        if what in ("key", "table"):
            seen.names.setdefault(path, set()).update(known)
        check_names(self, path, known, what)

    Document.values, Document.check_names = told_values, told_names  # type: ignore[method-assign]
    try:
        yield
    finally:
        Document.values, Document.check_names = values, check_names  # type: ignore[method-assign]


def _mistakes(tables: Iterable[Path_], way: str | None, seen: _Seen) -> list[tuple[str, str]]:
    """Paths and messages of what is wrong with a file of empty tables."""
    lines = []
    for path in sorted(tables, key=lambda one: (len(one), one)):
        lines.append(f"[{'.'.join(path)}]")
        if path == _WAYS and way is not None:
            lines.append(f'way = "{way}"')
    with tempfile.TemporaryDirectory() as folder, _watching(seen):
        (Path(folder) / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
        try:
            read_settings(Path(folder), {})
        except ProjectError as error:
            return [(one.path, one.message) for one in error.mistakes]
    return []


def tables() -> dict[Path_, Table]:
    """Every table that a project file may have, in the order in which they were found."""
    found: dict[Path_, Table] = {}
    known: dict[Path_, None] = {}
    mistakes: list[tuple[str, str]] = []
    for _ in range(_ROUNDS):
        seen = _Seen()
        mistakes = _mistakes(known, None, seen)
        more = dict.fromkeys(_inner(seen, known))
        if not more:
            break
        known |= more
    for path in known:
        if path and (path in seen.readers or path == _WAYS):
            found[path] = Table(
                path, {name: expects(one) for name, one in seen.readers.get(path, {}).items()}
            )
    for place, message in mistakes:
        *head, name = place.split(".")
        if message == "is required" and tuple(head) in found:
            found[tuple(head)].required.add(name)
    _with_ways(found, known, mistakes)
    for path in found:
        if path[:-1] in found:
            found[path[:-1]].inner.add(path[-1])
            found[path[:-1]].keys.pop(path[-1], None)
    return found


def _inner(seen: _Seen, known: Iterable[Path_]) -> Iterator[Path_]:
    """Tables that the reader knows of and that the file has not yet."""
    before = set(known)
    for path, names in seen.names.items():
        for name in sorted(names - seen.readers.get(path, {}).keys()):
            inner = (*path, name)
            if inner == (*_WAYS, "way"):
                continue
            made = [inner, (*inner, FREE[name])] if name in FREE else [inner]
            yield from (one for one in made if one not in before)


def _with_ways(
    found: dict[Path_, Table], known: Iterable[Path_], mistakes: Iterable[tuple[str, str]]
) -> None:
    """What each way of the table of credentials takes: it depends on its `way`."""
    table = found.get(_WAYS)
    stated = next((said for place, said in mistakes if place == ".".join((*_WAYS, "way"))), "")
    if table is None:
        return
    for way in re.findall(r"'([a-z_]+)'", stated):
        seen = _Seen()
        _mistakes(known, way, seen)
        table.ways[way] = {name: expects(one) for name, one in seen.readers.get(_WAYS, {}).items()}
    table.keys = {"way": stated.removeprefix("expected ")}


_FORM: Final = "\0"
"""A text that only a setting of any text takes."""
_BEYOND: Final = ("0ms", "0B", -(10**12), "999999999m", "999999GiB", -1.0, 0)
"""Values beyond every bound, of each kind that has bounds."""


def expects(reader: Reader) -> str:
    """What a reader says it expects, in its own words."""
    if _says(reader, [object()]) != _says(reader, object()):
        inner = _says(reader, [_FORM]) or "text"
        return f"a list, each {_in_units(inner)}"
    within = [
        said
        for said in (_says(reader, value) for value in _BEYOND)
        if said and re.search(r" (from|greater than) ", said)
    ]
    return _in_units((within or [_says(reader, _FORM) or _says(reader, object()) or "text"])[-1])


def _says(reader: Reader, value: object) -> str | None:
    """What is expected in the place of a value; None where it is taken, or refused for something else."""
    try:
        reader(value)
    except Wrong as wrong:
        said = re.sub(r"[;,] found .*$", "", wrong.message)
        return said.removeprefix("expected ") if said.startswith("expected ") else None
    return None


def _in_units(text: str) -> str:
    """`1024 to 1073741824 bytes` as `1KiB to 1GiB`."""
    text = text.replace(" of visible ASCII characters", "")
    sizes = re.search(r"from (\d+) to (\d+) bytes", text)
    if sizes is None:
        return text.replace("as text, such as", "such as")
    return text.replace(sizes[0], f"from {size(int(sizes[1]))} to {size(int(sizes[2]))}")


def size(count: int) -> str:
    """A number of bytes in the largest unit that leaves no rest."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count and count % factor == 0:
            return f"{count // factor}{unit}"
    return f"{count}B"


def duration(seconds: float) -> str:
    """Seconds as a project file writes them."""
    if seconds and seconds % 60 == 0:
        return f"{seconds / 60:g}m"
    return f"{seconds:g}s" if seconds >= 1 or seconds == 0 else f"{seconds * 1000:g}ms"
