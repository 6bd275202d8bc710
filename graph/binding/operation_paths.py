"""How the paths of operations stand to each other: alike, one below the other, one without the other's key. Pure.

`graph/binding/inferred_changes.py` and `graph/binding/keyed_types.py` tell from that what operations change and
what their answers tell of. What parameters are called makes no difference. A verb that stands behind a colon in
the last segment, as in `/users/{id}:archive` and `/users:import`, is no part of the place (AIP-136, "Custom
methods").
"""

from __future__ import annotations

import re
from typing import Final

_VERB: Final = re.compile(r"(?<=.):[A-Za-z][A-Za-z0-9_-]*\Z")


def segments(path: str) -> list[str]:
    """The segments of a path as the contract writes it, without a verb at its end."""
    return _VERB.sub("", path.strip("/")).split("/")


def parameter_of(segment: str) -> str | None:
    """The parameter that a whole segment of a path stands for; None for text, and for text around parameters."""
    name = segment[1:-1]
    whole = segment.startswith("{") and segment.endswith("}") and "{" not in name and "}" not in name
    return name if whole else None


def alike(one: list[str], other: list[str]) -> bool:
    """Whether two paths are one."""
    return [parameter_of(segment) is not None or segment for segment in one] == [
        parameter_of(segment) is not None or segment for segment in other
    ]


def lacks_the_key_of(path: list[str], item: list[str]) -> bool:
    """Whether nothing but parameters is missing at the end of a path to be an item's: `/orders` to be `/orders/{id}`;
    nothing at all for the same path.
    """
    return alike(item[: len(path)], path) and None not in map(parameter_of, item[len(path) :])
