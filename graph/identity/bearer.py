"""The bearer token of a request (RFC 6750, section 2.1), found or refused before anybody reads what it says.
Pure.

`graph/identity/auth.py` goes on with the token. Tokens in the query or the body (sections 2.2 and 2.3) are not looked
for.
"""

from __future__ import annotations

import re
from typing import Final

from multidict import MultiMapping

from graph.http.refused import Refused

MOST_CHARACTERS: Final = 8 * 1024
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # b64token


def bearer_token(headers: MultiMapping[str]) -> str | None:
    """The token that `Authorization` bears, or None where there is no such header.

    Raises `Refused`: 400 for several such headers, 401 for another scheme, a malformed token and one over 8
    KiB.
    """
    values = headers.getall("authorization", [])
    if not values:
        return None
    if len(values) > 1:
        raise Refused(
            400,
            "BAD_REQUEST",
            "The request has several Authorization headers; one is expected.",
            {"www-authenticate": 'Bearer error="invalid_request"'},
        )
    scheme, _, token = values[0].strip().partition(" ")
    if scheme.lower() != "bearer":
        raise unauthenticated("Only Bearer tokens are accepted.", error=None)
    token = token.strip(" ")
    if len(token) > MOST_CHARACTERS:
        raise unauthenticated(f"The token is longer than {MOST_CHARACTERS} characters.")
    if not _TOKEN.fullmatch(token):
        raise unauthenticated("The token is malformed.")
    return token


def unauthenticated(message: str, *, error: str | None = "invalid_token") -> Refused:
    """A 401 with the challenge of RFC 6750, section 3; `error` is None where no token was borne."""
    challenge = "Bearer" if error is None else f'Bearer error="{error}", error_description="{message}"'
    return Refused(401, "UNAUTHENTICATED", message, {"www-authenticate": challenge})
