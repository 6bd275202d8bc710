"""One value as text for a URL or a header, before any encoding. Pure; `adapters/serialize.py` puts the texts
together.

Every message says what is wrong and never repeats the value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

import msgspec

Plain: TypeAlias = str | list[str] | dict[str, str | list[str]]
"""A value taken apart: one text, a list of texts, or texts (or lists of texts) by name."""

_JSON: Final = msgspec.json.Encoder(decimal_format="number")
_INTEGERS: Final = frozenset({int})
_PLAIN_EXPONENT: Final = 100  # beyond it, digits written out would be mostly zeros
_DEPTH: Final = 32
_BEYOND_ASCII: Final = re.compile(r"[^\x20-\x7e]")


class Unsendable(ValueError):
    """A value that has no text on the wire."""


def scalar(value: object) -> str:
    """One value: booleans as `true` and `false`, numbers with every digit, floats as short as they stay
    themselves.

    Raises `Unsendable` for what is no single value, for NaN and infinities, and for text that UTF-8 cannot
    hold.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        try:
            return int.__repr__(value)
        except ValueError:  # Python refuses thousands of digits, since that takes quadratic time
            raise Unsendable("has too many digits") from None
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Unsendable("must be a finite number")
        return float.__repr__(value)
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, Mapping | Sequence):
        raise Unsendable("holds a list or an object where one value was expected")
    raise Unsendable(f"is of a kind that cannot be sent: {type(value).__name__}")


def _text(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise Unsendable("must be valid Unicode, without lone surrogates") from None
    return str.__str__(value)


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise Unsendable("must be a finite number")
    exponent = value.as_tuple().exponent
    written_out = isinstance(exponent, int) and abs(exponent) <= _PLAIN_EXPONENT
    return format(value, "f") if written_out else str(value)


def plain(value: object) -> Plain:
    """A value taken apart for the styles of OpenAPI. What is None is left out, in lists and objects too."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {
            scalar(name): _texts(item) if _is_list(item) else scalar(item)
            for name, item in value.items()
            if item is not None
        }
    return _texts(value) if _is_list(value) else scalar(value)


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, Sequence) else ()
    if _INTEGERS.issuperset(map(type, items)):  # as keys mostly are
        try:
            return list(map(int.__repr__, items))
        except ValueError:
            raise Unsendable("has too many digits") from None
    return [scalar(item) for item in items if item is not None]


def json_text(value: object, *, ascii_only: bool = False) -> str:
    """A value as JSON text (OpenAPI 3.1, section 4.8.12.3, `content`). With `ascii_only`, other characters
    are escaped.
    """
    _finite(value, _DEPTH)
    try:
        text = _JSON.encode(value).decode("utf-8")
    except (TypeError, ValueError, OverflowError):
        raise Unsendable("cannot be written as JSON") from None
    return _BEYOND_ASCII.sub(_escaped, text) if ascii_only else text


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _is_finite(value: object) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _finite(value: object, depth: int) -> None:
    # msgspec writes null for what is not finite, and would send the wrong thing in silence.
    if depth == 0:
        raise Unsendable(f"is nested more than {_DEPTH} deep")
    # math.isfinite would make a float of a Decimal, which holds no more than 1E+308.
    if not (value.is_finite() if isinstance(value, Decimal) else _is_finite(value)):
        raise Unsendable("must hold finite numbers only")
    if isinstance(value, Mapping):
        for item in value.values():
            _finite(item, depth - 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _finite(item, depth - 1)
