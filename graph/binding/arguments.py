"""Arguments of bound fields: what clients send, as the upstream's own names and values; and back, for error
paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from strawberry.types.unset import UNSET

from adapters.contract.constraints import DEEPEST

INPUT_NAMES = "__stolon_input__"
"""On a generated input class: its fields' names, from Python to upstream."""


def plain_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by Python name, without those left out; inputs as dicts of upstream names, enums as their
    values.
    """
    return {name: plain_value(value) for name, value in arguments.items() if value is not UNSET}


def plain_value(value: Any, depth: int = 0) -> Any:
    """One argument's value in the upstream's names; what is nested too deep to be sent stays as it is."""
    if depth > DEEPEST:
        return value
    if isinstance(value, list):
        return [plain_value(item, depth + 1) for item in value]
    if isinstance(value, Enum):
        return value.value
    names: Mapping[str, str] | None = getattr(type(value), INPUT_NAMES, None)
    if names is None:
        return value
    found = ((upstream, getattr(value, name)) for name, upstream in names.items())
    return {upstream: plain_value(item, depth + 1) for upstream, item in found if item is not UNSET}
