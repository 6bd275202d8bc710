"""One complaint about one value, out of the many ways in which services name the value. Pure; part of
`adapters/problem.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import unquote

TITLE: Final = 256
"""Characters of a name or a title at most."""
DETAIL: Final = 2000
"""Characters of a text for people at most."""

_STEPS: Final = 32
_TREE: Final = 6
_MESSAGES: Final = (
    "detail",
    "message",
    "msg",
    "reason",
    "defaultMessage",
    "description",
    "title",
    "error",
    "code",
)
_NAMES: Final = (
    "field",
    "name",
    "parameter",
    "param",
    "propertyPath",
    "property",
    "target",
    "attribute",
    "key",
    "path",
)
_NOBODY: Final = frozenset(
    {"", "$", "base", "__all__", "non_field_errors"}
)  # Rails and Django: about no one value
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")
_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[([^\[\]]*)\]")

Place = Literal["body", "query", "path", "header"]
Pointer = tuple[str | int, ...]

_PLACES: Final[Mapping[str, Place]] = {"body": "body", "query": "query", "path": "path", "header": "header"}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A complaint about one value that was sent.

    `pointer` leads to it inside the body, or inside the parameter that `name` names; None where the service
    did not say. `name` is the service's own word for it: a parameter, or a property as the service writes it
    (`items[0].qty`, for which the pointer is given too).
    """

    pointer: Pointer | None
    location: Place | None
    name: str | None
    message: str


def cut(text: str, length: int) -> str:
    """The text, at most so many characters of it, the last one an ellipsis where some were cut."""
    return text if len(text) <= length else text[: length - 1] + "…"


def text_of(source: Mapping[str, Any], names: tuple[str, ...], length: int) -> str | None:
    """The first of these members that is a text and not empty."""
    for name in names:
        value = source.get(name)
        if isinstance(value, str) and value.strip():
            return cut(value, length)
    return None


def listed(value: object) -> bool:
    """Whether a value is a list of texts with at least one."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def entry(item: Mapping[str, Any]) -> FieldProblem | None:
    """The complaint of one member of a list of errors; None where it names no value."""
    message = text_of(item, _MESSAGES, DETAIL)
    source = item.get("source")
    source = source if isinstance(source, dict) else {}
    location = _place(item.get("in")) or _place(item.get("location"))
    pointer: Pointer | None
    name: str | None
    loc = item.get("loc", item.get("path"))
    written = text_of(item, ("pointer",), DETAIL) or text_of(source, ("pointer",), DETAIL)
    if written is None and (item.get("pointer") == "" or source.get("pointer") == ""):
        written = "#"
    if written is not None:
        location, pointer, name = location or "body", read_pointer(written), None
    elif isinstance(loc, list) and loc:
        location, pointer, name = _of_loc(loc, location)
    elif (parameter := text_of(source, ("parameter",), TITLE)) is not None:
        location, pointer, name = "query", None, parameter
    elif (header := text_of(source, ("header",), TITLE)) is not None:
        location, pointer, name = "header", None, header
    else:
        name = text_of(item, _NAMES, TITLE)
        if name is None:
            return None
        pointer = _of_name(name, location)
    return FieldProblem(pointer, location, name, message or "is not accepted")


def _place(value: object) -> Place | None:
    return _PLACES.get(value.lower()) if isinstance(value, str) else None


def _of_loc(loc: list[Any], location: Place | None) -> tuple[Place | None, Pointer | None, str | None]:
    """FastAPI's `loc`: where, then the parameter's name, or the way into the body."""
    steps: Pointer = tuple(
        cut(one, TITLE) if isinstance(one, str) else one for one in loc[:_STEPS] if _is_step(one)
    )
    if steps and (place := _place(steps[0])) is not None:
        location, steps = place, steps[1:]
    if location in ("query", "path", "header"):
        name = str(steps[0]) if steps else None
        return location, steps[1:] or None, name
    if location is None and len(steps) == 1 and isinstance(steps[0], str):
        return None, steps, steps[0]
    return location, steps, None


def _is_step(value: object) -> bool:
    return isinstance(value, str) or (type(value) is int and 0 <= value < 10**9)


def _of_name(name: str, location: Place | None) -> Pointer | None:
    """The way into the body that a name like `items[0].qty` or `$.items[0]` spells; None for a plain name."""
    if location in ("query", "path", "header"):
        return None
    if name.startswith("/"):
        return read_pointer(name)
    steps = _steps(name)
    return steps if location == "body" or len(steps) > 1 or name.startswith("$") else None


def _steps(name: str) -> Pointer:
    found: list[str | int] = []
    for match in _STEP.finditer(name.removeprefix("$")):
        step = match[1] if match[1] is not None else match[2].strip("'\"")
        if step:
            found.append(_step(step, bracketed=match[1] is None))
        if len(found) == _STEPS:
            break
    return tuple(found)


def _step(text: str, *, bracketed: bool) -> str | int:
    return int(text) if bracketed and _INDEX.fullmatch(text) else text


def read_pointer(text: str) -> Pointer:
    """A JSON pointer (RFC 6901), also as a URI fragment (section 6) and without its first slash.

    A step that can be an index is an int. At most 32 steps.
    """
    if text.startswith("#"):
        text = unquote(text[1:])
    if text in ("", "/"):
        return ()
    steps = text.removeprefix("/").split("/", _STEPS)[:_STEPS]
    return tuple(
        int(one) if _INDEX.fullmatch(one) else cut(one.replace("~1", "/").replace("~0", "~"), TITLE)
        for one in steps
    )


def tree(names: Mapping[str, Any], above: Pointer = ()) -> Iterator[FieldProblem]:
    """The complaints of an object of names with texts, lists of texts, or objects of the same kind."""
    for name, value in list(names.items())[:64]:
        spelled = _steps(name) if name.startswith("$") or "." in name or "[" in name else (cut(name, TITLE),)
        here = (*above, *spelled)
        if isinstance(value, dict):
            if len(here) < _TREE:
                yield from tree(value, here)
            continue
        for text in value[:8] if isinstance(value, list) else [value]:
            if isinstance(text, str) and text:
                if name in _NOBODY:
                    yield FieldProblem(above, "body", None, cut(text, DETAIL))
                    continue
                whole = len(here) > 1 or name.startswith("$")
                label = ".".join(str(step) for step in (*above, name))
                yield FieldProblem(here if whole else None, None, cut(label, TITLE), cut(text, DETAIL))
