"""The id of one client request: the client's own where it is harmless, else a new one. Pure.

`graph/http/http.py` settles it first; answers, errors, logs and upstream calls carry it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

HEADER: Final = "x-request-id"
_SAFE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id(given: str | None, made: Callable[[], str]) -> str:
    """The id that the client gave where it is 1 to 64 letters, digits or `._-`, else `made()`."""
    return given if given is not None and _SAFE.fullmatch(given) else made()
