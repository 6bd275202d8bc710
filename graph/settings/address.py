"""An address to listen on: `HOST:PORT`, as the project file and the command line write it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_FORM: Final = re.compile(r"(?:(?:\[([0-9A-Fa-f:.%]+)\]|([A-Za-z0-9.-]*)):)?([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Port 0 is any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address(text: str) -> Address | None:
    """`HOST:PORT`, `[IPV6]:PORT`, or a port alone (`:9464`, `9464`), which is one of loopback; None for
    anything else.
    """
    found = _FORM.fullmatch(text)
    if found is None or int(found[3]) > 65_535:
        return None
    return Address(found[1] or found[2] or LOOPBACK, int(found[3]))
