"""Names: from an upstream's to Python's and GraphQL's, by stated rules."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Container, Iterable
from typing import Final

from strawberry.utils.str_converters import to_camel_case

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_NAME: Final = re.compile(r"[^0-9A-Za-z]+")


def snake(name: str) -> str:
    """An upstream name as a Python name: `placedAt`, `placed-at` and `PlacedAt` are `placed_at`; `class` is
    `class_`.
    """
    words = [word for part in _NO_NAME.split(_ascii(name)) for word in _CAMEL.split(part) if word]
    made = "_".join(words).lower() or "value"
    if made[0].isdigit():
        made = f"_{made}"
    return f"{made}_" if keyword.iskeyword(made) else made


def pascal(name: str) -> str:
    """An upstream name as the name of a GraphQL type: `order-line` is `OrderLine`."""
    words = [word for word in _NO_NAME.split(_ascii(name)) if word]
    made = "".join(word[0].upper() + word[1:] for word in words) or "Value"
    return f"_{made}" if made[0].isdigit() else made


def _ascii(name: str) -> str:
    """The name without accents: GraphQL's names are ASCII (section 2.1.9)."""
    if name.isascii():
        return name
    return "".join(one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one))


def constant(value: object) -> str:
    """An enum's value as the name of a GraphQL enum value: `in-progress` and `inProgress` are `IN_PROGRESS`,
    1 is `_1`.
    """
    text = f"minus {value}"[0:6] + str(value)[1:] if str(value).startswith("-") else str(value)
    made = snake(text).rstrip("_").upper() if _NO_NAME.sub("", _ascii(text)) else "EMPTY"
    return f"{made}_" if made in ("TRUE", "FALSE", "NULL", "MRO") else made


def attribute_names(upstream: Iterable[str]) -> dict[str, str]:
    """Python names to upstream names of one schema's properties. Their GraphQL names are distinct too.

    A property spelled like another's Python name keeps it; of two that become one name, in Python or in
    GraphQL (`foo_1` and `foo1`), the later gets `_2`, `_3`.
    """
    listed = list(upstream)
    names: dict[str, str] = {}
    shown: set[str] = set()
    for name in dict.fromkeys((*(one for one in listed if one == snake(one)), *listed)):
        made = distinct(snake(name), names, shown)
        names[made] = name
        shown.add(graphql_name(made))
    order = {name: place for place, name in enumerate(listed)}
    return dict(sorted(names.items(), key=lambda pair: order[pair[1]]))


def distinct(wanted: str, taken: Container[str], shown: Container[str]) -> str:
    """A Python name that is not `taken`, with a GraphQL name that is not `shown` yet: `wanted`, `wanted_2`,
    …
    """
    made = wanted
    count = 2
    while made in taken or graphql_name(made) in shown:
        made = f"{wanted.rstrip('_')}_{count}"
        count += 1
    return made


def stated_name(python_name: str) -> str | None:
    """The GraphQL name of a Python name of which Strawberry's converter would make a wrong one; else None.

    `class_` has an underscore that only Python needs; `_1st` would lose the one that GraphQL needs.
    """
    if python_name.endswith("_") and keyword.iskeyword(python_name[:-1]):
        return to_camel_case(python_name[:-1])
    if python_name.startswith("_") and python_name[1:2].isdigit():
        return f"_{to_camel_case(python_name[1:])}"
    return None


def graphql_name(python_name: str) -> str:
    """The GraphQL name of a Python name that nobody names otherwise."""
    return stated_name(python_name) or to_camel_case(python_name)
