"""JSON texts of services, decoded to Python's own values where nobody knows better what is needed of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

_PLAIN: Final = msgspec.json.Decoder()
_EXACT: Final = msgspec.json.Decoder(float_hook=Decimal)


class Unreadable(Exception):
    """What looked like JSON is none."""


def decoded(text: msgspec.Raw | bytes, *, exact: bool) -> Any:
    """The value of a text. `exact`: numbers with a fraction are decimals, since some must keep their digits; so they
    are where a number is more than a double holds, which matters only to who reads that number. Raises Unreadable.
    """
    try:
        return (_EXACT if exact else _PLAIN).decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError, ArithmeticError):
        # ValueError: no UTF-8. ArithmeticError: an exponent that Decimal cannot hold. msgspec's own text may
        # quote the body.
        if exact:
            raise Unreadable from None
    return decoded(text, exact=True)
