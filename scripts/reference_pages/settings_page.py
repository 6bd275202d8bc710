"""docs/reference/settings.md: every table and key of `stolon.toml`, with what it expects, its default and its use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scripts.reference_pages.settings_defaults import NOTHING, comments, defaults, shown, struct_of
from scripts.reference_pages.settings_probe import Path_, Table, tables
from scripts.reference_pages.words import Words

TITLE: Final = "# `stolon.toml`"
INTRO: Final = """\
Every table and every key that a project file may hold. Texts may hold `${NAME}`, an environment variable, which must
be set, or `${NAME:-default}`; `$${` writes a plain `${`. Durations are texts such as `"500ms"`, `"5s"` or `"2m"`,
sizes such as `"64KiB"` or `"1MiB"`. A name that is not here is refused with the nearest that is; `stolon check` tells
all mistakes at once, each with its line."""
OPERATION: Final = ("services", "NAME", "operations", "OPERATION")
_LAST: Final = ("services",)


def page(words: Words) -> str:
    """The page's text after its head."""
    found = tables()
    order = sorted(found, key=lambda path: (path[:1] == _LAST, OPERATION[2] in path, len(path), _place(path)))
    parts = [TITLE, INTRO]
    for path in order:
        parts += _table(found[path], found, words)
    return "\n\n".join(parts) + "\n"


def _place(path: Path_) -> tuple[int, Path_]:
    """The tables of the whole project in the order of their weight, others by name."""
    known = ("graph", "identity", "headers", "limits", "observe")
    return (known.index(path[0]) if path[0] in known else len(known), path)


def _table(table: Table, every: dict[Path_, Table], words: Words) -> Iterator[str]:
    yield f"## `{table.head}`"
    name = ".".join(table.path)
    twin = every.get((*OPERATION[:2], table.path[-1])) if table.path[: len(OPERATION)] == OPERATION else None
    if twin is not None and twin.keys == table.keys:
        yield words.of("tables", name)
        yield f"Its keys are those of [`{twin.head}`](#{anchor(twin.head)})."
        return
    yield words.of("tables", name)
    if table.keys:
        yield _rows(table, table.keys, words)
    alike: dict[tuple[str, ...], list[str]] = {}
    for way, keys in table.ways.items():
        alike.setdefault(tuple(keys), []).append(way)
    for ways in alike.values():
        yield "\n".join(f'- `way = "{way}"`: {words.of("ways", way)}' for way in ways)
        yield _rows(table, table.ways[ways[0]], words)


def _rows(table: Table, keys: dict[str, str], words: Words) -> str:
    kind = struct_of(table.path)
    known = {} if kind is None else defaults(kind)
    said = {} if kind is None else comments(kind)
    lines = ["| key | expects | default | what it is for |", "| --- | --- | --- | --- |"]
    for key, expects in keys.items():
        default = "required" if key in table.required else shown(known.get(key, NOTHING), expects)
        use = words.of("settings", ".".join((*table.path, key)), said.get(key))
        lines.append(f"| `{key}` | {_cell(expects)} | {default} | {_cell(use)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def anchor(heading: str) -> str:
    """What GitHub makes of a heading."""
    return "".join(one for one in heading.lower().replace(" ", "-") if one.isalnum() or one in "-_")
