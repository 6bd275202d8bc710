"""The `Idempotency-Key` that a client sends with a mutation (draft-ietf-httpapi-idempotency-key-header-07).

`graph/executing/lanes.py` reads it; `resolvers/change_keys.py` makes of it the keys that services get.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from graphql import GraphQLError

from graph.documents.documents import Unfit
from resolvers.fault import Code

HEADER: Final = "idempotency-key"
MOST: Final = 255
"""Characters of a key at most."""

_QUOTED: Final = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_ESCAPED: Final = re.compile(r"\\(.)")
_PLAIN: Final = re.compile(r"[\x21\x23-\x2b\x2d-\x7e]+")


def client_key(headers: Mapping[str, str]) -> str | None:
    """The client's key; None where it sent none. It is a string as RFC 8941, section 3.3.3, writes it; the many
    clients that leave the quotes out are understood too.

    Raises `Unfit` for anything else, and for several keys: a change that is not named as its client believes is not
    made.
    """
    sent = headers.get(HEADER)
    if sent is None:
        return None
    stripped = sent.strip()
    quoted = _QUOTED.fullmatch(stripped)
    if quoted is not None:
        key = _ESCAPED.sub(r"\1", quoted[1])
    elif _PLAIN.fullmatch(stripped):
        key = stripped
    else:
        key = ""
    if not 0 < len(key) <= MOST:
        message = f"Idempotency-Key: expected one key of 1 to {MOST} printable ASCII characters, in quotes."
        raise Unfit([GraphQLError(message, extensions={"code": str(Code.BAD_USER_INPUT)})])
    return key
