"""What a setting is where the project file says nothing, and what the code says of it in the comment beside it."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from graph.settings.address import Address
from graph.settings.settings import Settings
from scripts.reference_pages.settings_probe import Path_, duration, size

NOTHING = object()
"""There is no default: the setting is required, or another says what holds without it."""
_COMMENT = re.compile(r"^    (\w+): [^#\n]*(?:\n        [^#\n]+\n    \))?[^#\n]*# (.+)$", re.MULTILINE)


def struct_of(path: Path_) -> type[Any] | None:
    """The class that holds what the table at the path says; None where no one class does."""
    found: Any = Settings
    for part in path:
        if part.isupper():  # a name of the project's own: one of those in the mapping
            continue
        hints = typing.get_type_hints(found)
        if part not in hints:
            return None
        inside = hints[part]
        while typing.get_origin(inside) in (types.UnionType, typing.Union):
            inside = next(one for one in typing.get_args(inside) if one is not types.NoneType)
        if isinstance(typing.get_origin(inside), type) and issubclass(typing.get_origin(inside), Mapping):
            inside = typing.get_args(inside)[1]
        found = inside
        if not (isinstance(found, type) and (dataclasses.is_dataclass(found) or _is_struct(found))):
            return None
    return found if isinstance(found, type) else None


def _is_struct(found: type) -> bool:
    return issubclass(found, msgspec.Struct)


def defaults(kind: type[Any]) -> dict[str, Any]:
    """The defaults of a class's fields; `NOTHING` for a field without one."""
    if _is_struct(kind):
        return {
            one.name: NOTHING
            if one.required
            else one.default
            if one.default is not msgspec.NODEFAULT
            else one.default_factory()
            for one in msgspec.structs.fields(kind)
        }
    made: dict[str, Any] = {}
    for one in dataclasses.fields(kind):
        made[one.name] = one.default if one.default is not dataclasses.MISSING else NOTHING
        if one.default_factory is not dataclasses.MISSING:
            made[one.name] = one.default_factory()
    return made


def comments(kind: type[Any]) -> dict[str, str]:
    """What comments at the ends of lines say of the class's fields."""
    return dict(_COMMENT.findall(inspect.getsource(kind)))


def shown(value: Any, expects: str) -> str:
    """A default as the project file would say it, or a dash where there is none to be said."""
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case int() | float() if "duration" in expects:
            return f'`"{duration(value)}"`'
        case int() if "a size" in expects:
            return f'`"{size(value)}"`'
        case int() | float():
            return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
        case str():
            return f'`"{value}"`'
        case tuple() | list():
            return f"`{[str(one) for one in value]}`".replace("'", '"') if len(value) < 6 else "all of these"
        case Address() | Path():
            return f'`"{value}"`'
        case _:
            return "—"
