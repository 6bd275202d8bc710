"""Where a value stands in a document: a tuple of keys, told as a JSON path and named by a JSON pointer.

Every module that reads contracts speaks of places in these tuples; `adapters/contract/document.py` turns them into
lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import unquote

JsonPath: TypeAlias = tuple[str | int, ...]
Tell: TypeAlias = Callable[[JsonPath, str], None]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def json_path(path: JsonPath) -> str:
    """The path as people read it: `$.paths['/users'].get.parameters[0]`."""
    steps = ["$"]
    for step in path:
        if isinstance(step, int):
            steps.append(f"[{step}]")
        elif _PLAIN.fullmatch(step):
            steps.append(f".{step}")
        else:
            steps.append("['" + step.replace("\\", "\\\\").replace("'", "\\'") + "']")
    return "".join(steps)


def pointer(path: JsonPath) -> str:
    """The path as a JSON pointer behind `#` (RFC 6901), not percent-encoded: `#/paths/~1users/get`."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def pointer_steps(fragment: str) -> tuple[str, ...] | None:
    """The steps of a URI fragment that is a JSON pointer (RFC 6901, section 6), or None where it is none."""
    text = unquote(fragment)
    if not text:
        return ()
    if not text.startswith("/"):
        return None
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in text[1:].split("/"))
