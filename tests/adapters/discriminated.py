"""Short ways to write discriminators and what they tell apart."""

from __future__ import annotations

from typing import Any

import pytest

TEXT: dict[str, Any] = {"type": "string"}
VERSIONS = pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])


def ref(name: str) -> dict[str, Any]:
    """A reference to a component schema."""
    return {"$ref": at(name)}


def at(name: str) -> str:
    """The pointer of a component schema."""
    return f"#/components/schemas/{name}"


def an(**stated: Any) -> dict[str, Any]:
    """An object schema, of which everything is required."""
    return {"type": "object", "properties": stated, "required": list(stated)}


def by(name: str = "kind", **mapping: str) -> dict[str, Any]:
    """A Discriminator Object."""
    return {"propertyName": name, "mapping": mapping} if mapping else {"propertyName": name}


def extending(base: str, **stated: Any) -> dict[str, Any]:
    """A schema that extends another one."""
    return {"allOf": [ref(base), an(**stated)]}


CARD = an(kind=TEXT, number=TEXT)
CASH = an(kind=TEXT)
BOTH: dict[str, Any] = {"Card": CARD, "Cash": CASH}
LISTED = [ref("Card"), ref("Cash")]


def const(value: str) -> dict[str, Any]:
    """A text that is always the same, as every version says it."""
    return {"type": "string", "enum": [value]}


PET = an(kind=TEXT, name=TEXT) | {"discriminator": by()}
