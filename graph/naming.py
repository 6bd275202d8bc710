"""Names: from an upstream's to Python's and GraphQL's, by stated rules."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from typing import Final

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_NAME: Final = re.compile(r"[^0-9A-Za-z]+")


def snake(name: str) -> str:
    """An upstream name as a Python name: `placedAt`, `placed-at` and `PlacedAt` are `placed_at`; `class` is
    `class_`.
    """
    words = [word for part in _NO_NAME.split(name) for word in _CAMEL.split(part) if word]
    made = "_".join(words).lower() or "value"
    if made[0].isdigit():
        made = f"_{made}"
    return f"{made}_" if keyword.iskeyword(made) else made


def pascal(name: str) -> str:
    """An upstream name as the name of a GraphQL type: `order-line` is `OrderLine`."""
    words = [word for word in _NO_NAME.split(name) if word]
    made = "".join(word[0].upper() + word[1:] for word in words) or "Value"
    return f"_{made}" if made[0].isdigit() else made


def constant(value: object) -> str:
    """An enum's value as the name of a GraphQL enum value: `in-progress` and `inProgress` are `IN_PROGRESS`,
    1 is `_1`.
    """
    text = f"minus {value}"[0:6] + str(value)[1:] if str(value).startswith("-") else str(value)
    made = snake(text).rstrip("_").upper() if _NO_NAME.sub("", text) else "EMPTY"
    return f"{made}_" if made in ("TRUE", "FALSE", "NULL", "MRO") else made


def attribute_names(upstream: Iterable[str]) -> dict[str, str]:
    """Python names to upstream names of one schema's properties.

    A property spelled like another's Python name keeps it; of two that become one name the later gets `_2`,
    `_3`.
    """
    listed = list(upstream)
    names = {name: name for name in listed if name == snake(name)}
    for name in listed:
        if names.get(name) == name:
            continue
        wanted = made = snake(name)
        count = 2
        while made in names:
            made = f"{wanted}_{count}"
            count += 1
        names[made] = name
    order = {name: place for place, name in enumerate(listed)}
    return dict(sorted(names.items(), key=lambda pair: order[pair[1]]))


def field_name(python_name: str) -> str:
    """What Strawberry's converter is given for a Python name: without the underscore that only Python needs."""
    return (
        python_name[:-1] if python_name.endswith("_") and keyword.iskeyword(python_name[:-1]) else python_name
    )
