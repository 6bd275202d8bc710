"""Rows decoded to an In type, many at a time: the texts of all of them in one array, which one pass decodes.

What is no row, since its answer had to be decoded as a whole, is held to the same type.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from resolvers.fast.in_types import InValue
from resolvers.reading.row import Row, plain


class TypedRows:
    """Decodes rows, or lists of them, to the type that is made of `of` when the first of them are there."""

    __slots__ = ("_decoders", "_of", "_type")

    def __init__(self, of: InValue) -> None:
        self._of = of
        self._type: Any = None
        self._decoders: dict[bool, Callable[[bytes], list[Any]]] = {}

    def __call__(self, values: list[Any]) -> list[Any]:
        """The typed values, in order. Raises msgspec.ValidationError, and msgspec.DecodeError, UnicodeDecodeError or
        RecursionError for rows that are no JSON.
        """
        if self._type is None:
            self._type = list.__class_getitem__(self._of.made())  # a type that is made while the program runs
        first = _first(values)
        text = None if first is None else _text(values)
        if first is None or text is None:
            converted: list[Any] = msgspec.convert(_objects(values), self._type)
            return converted
        decode = self._decoders.get(first.exact)
        if decode is None:
            hook = Decimal if first.exact else None
            decode = self._decoders[first.exact] = msgspec.json.Decoder(self._type, float_hook=hook).decode
        return decode(text)


def _first(values: list[Any]) -> Row | None:
    for value in values:
        if type(value) is Row:
            return value
        if type(value) is list and (found := _first(value)) is not None:
            return found
    return None


def _text(values: list[Any]) -> bytes | None:
    """The JSON of rows, lists of them and nulls; None where anything else is among them."""
    texts: list[Any] = [value.text for value in values if type(value) is Row]
    if len(texts) == len(values):  # as mostly
        return b"[" + b",".join(texts) + b"]"
    texts = []
    for value in values:
        kind = type(value)
        if kind is Row:
            texts.append(value.text)
        elif value is None:
            texts.append(b"null")
        else:
            below = _text(value) if kind is list else None
            if below is None:
                return None
            texts.append(below)
    return b"[" + b",".join(texts) + b"]"


def _objects(values: list[Any]) -> list[Any]:
    return [_objects(value) if type(value) is list else plain(value) for value in values]
