"""Python and GraphQL values as the JSON-like values that a contract's types are sent as. Pure.

`resolvers/call.py` puts them into requests; `adapters/serialize.py` writes those of parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from adapters.contract.contract import Contract, Kind, Schema, Use
from resolvers.reading.datetimes import ExactDateTime


def to_wire(contract: Contract, use: Use, value: Any) -> Any:
    """A Python or GraphQL value as the JSON-like value that a contract's type is sent as.

    IDs are text in GraphQL: for an integer they become one. Raises ValueError, without the value, for what
    can't be.
    """
    if value is None:
        return None
    schema = contract.schema(use)
    if schema.kind is Kind.ARRAY and schema.items is not None and isinstance(value, (list, tuple)):
        items = schema.items
        of = contract.schema(items)
        if of.kind in (Kind.ARRAY, Kind.OBJECT):
            return [to_wire(contract, items, item) for item in value]
        return [None if item is None else _leaf_to_wire(of, item) for item in value]
    if schema.kind is Kind.OBJECT and isinstance(value, Mapping):
        known = {one.name: one.use for one in schema.properties}
        return {
            name: to_wire(contract, known[name], item) if name in known else item
            for name, item in value.items()
        }
    return _leaf_to_wire(schema, value)


def _leaf_to_wire(schema: Schema, value: Any) -> Any:
    if schema.kind is Kind.STRING and isinstance(value, str):  # as most are
        return value
    if schema.kind in (Kind.INTEGER, Kind.INT64) and isinstance(value, str):
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 40):
            raise ValueError("expected the digits of an integer")
        return int(value)
    if schema.kind is Kind.DECIMAL:
        return _decimal(schema, value)
    if schema.kind is Kind.STRING and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, ExactDateTime):
        return value.text or value.isoformat()
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return value


def _decimal(schema: Schema, value: Any) -> Any:
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        raise ValueError("expected a decimal number") from None
    if not number.is_finite():
        raise ValueError("expected a decimal number")
    return str(number) if schema.json_type == "string" else number
