"""How long a client waits for the answer to its query, as it says in the header that `[limits] budget_header` names.

`graph/executing/lanes.py` reads it; no call of the query goes on after that (`adapters/policies/deadline.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from graphql import GraphQLError

from graph.documents.documents import Unfit
from resolvers.fault import Code

_MILLISECONDS: Final = re.compile(r"[0-9]{1,9}")


def client_budget(headers: Mapping[str, str], name: str | None) -> float | None:
    """The seconds that the client gives; None where it says nothing, or the project reads no such header.

    Raises `Unfit` for what is no whole number of milliseconds, from 1 to 999999999.
    """
    sent = None if name is None else headers.get(name)
    if sent is None:
        return None
    stripped = sent.strip()
    if not _MILLISECONDS.fullmatch(stripped) or int(stripped) == 0:
        message = f"{name}: expected one whole number of milliseconds, from 1 to 999999999."
        raise Unfit([GraphQLError(message, extensions={"code": str(Code.BAD_USER_INPUT)})])
    return int(stripped) / 1000


def shorter(one: float | None, other: float | None) -> float | None:
    """The less of two times, where None is no bound."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
