"""Amounts with units as `stolon.toml` writes them: durations (`500ms`, `5s`, `2m`) and sizes (`64KiB`,
`1MiB`). Pure.

`graph/settings/setting_kinds.py` reads settings with them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

_AMOUNT: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s?([A-Za-z]{1,3})")
_SECONDS: Final[Mapping[str, Decimal]] = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60)}
_BYTES: Final[Mapping[str, Decimal]] = {
    "B": Decimal(1),
    "kB": Decimal(10**3),
    "KiB": Decimal(2**10),
    "MB": Decimal(10**6),
    "MiB": Decimal(2**20),
    "GB": Decimal(10**9),
    "GiB": Decimal(2**30),
}


def _amount(text: str, units: Mapping[str, Decimal]) -> Decimal | None:
    found = _AMOUNT.fullmatch(text)
    if found is None or found[2] not in units:
        return None
    return Decimal(found[1]) * units[found[2]]


def duration(text: str) -> float | None:
    """Seconds of a text such as `500ms`, `1.5s` or `2m`; None where it is no duration."""
    amount = _amount(text, _SECONDS)
    return None if amount is None else float(amount)


def size(text: str) -> int | None:
    """Bytes of a text such as `512B`, `64KiB` or `1.5MiB`; None where it is no whole number of bytes."""
    amount = _amount(text, _BYTES)
    return None if amount is None or amount != int(amount) else int(amount)
