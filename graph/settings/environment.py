"""`${NAME}` in the texts of `stolon.toml`: environment variables put in their places. Pure; the environment
is an argument.

`graph/settings/settings.py` expands every text before it reads what the text means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_PLACE: Final = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{")


def expand(text: str, environ: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text with every `${NAME}` and `${NAME:-default}` replaced, and what is wrong with it.

    The default stands in for a variable that is not set or empty, as it does in a shell; `$${` writes a plain
    `${`. The messages name variables and never hold a value.
    """
    wrong: list[str] = []

    def value(found: re.Match[str]) -> str:
        if found[0] == "$${":
            return "${"
        if found[1] is None:
            wrong.append(
                "'${' opens no variable; expected ${NAME} or ${NAME:-default} ('$${' for the characters)"
            )
            return ""
        if found[2] is not None:
            return environ.get(found[1]) or found[2]
        if found[1] not in environ:
            wrong.append(f"environment variable {found[1]} is not set")
        return environ.get(found[1], "")

    return _PLACE.sub(value, text), wrong
