"""Which redirects are followed: few. Pure; `adapters/transport/transport.py` asks after each answer.

A redirect never leads to another origin (RFC 6454), where the caller's token must not go; nor does it change
a method or repeat a body. What is not followed is an answer like others, and `resolvers/errors.py` says so.
"""

from __future__ import annotations

import re
from typing import Final

from yarl import URL

from adapters.messages import Request, Response

HOPS: Final = 5
"""Redirects that one call follows at most."""

_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
_REFERENCE: Final = re.compile(
    r"[\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]{1,8192}(?:#.*)?"
)  # RFC 3986's characters


def followed(request: Request, url: URL, answer: Response) -> URL | None:
    """Where the same request goes next, or None where the answer is to be kept.

    Only a safe GET or HEAD is followed, and only to a location of the same scheme, host and port. User
    information and fragment of the location are dropped.
    """
    location = answer.headers.get("location")
    if (
        answer.status not in _STATUSES
        or not request.safe
        or request.method not in ("GET", "HEAD")
        or location is None
    ):
        return None
    if _REFERENCE.fullmatch(location) is None:
        return None
    try:
        onward = url.join(URL(location.partition("#")[0], encoded=True))
        same = _origin(onward) == _origin(url)
    except ValueError:
        return None
    if not same or not onward.raw_path.startswith("/"):
        return None
    return URL(f"{url.origin()}{onward.raw_path_qs}", encoded=True)


def _origin(url: URL) -> tuple[str, str, int | None]:
    return url.scheme, (url.raw_host or "").lower(), url.port
