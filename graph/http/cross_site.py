"""Requests that a browser makes for a page of another site: refused, unless the project names that site.

Such a page cannot read the answer, but it could have work done, and a WebSocket it could even read. Browsers say
where a request comes from (Fetch Metadata, `Sec-Fetch-Site`; RFC 6454, `Origin`), and pages cannot change what
they say; other clients say nothing and are not concerned. That covers simple requests too, which browsers send
without asking first, so that GET needs no header of its own. `graph/http/http.py` asks before anything else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from strawberry.http.websocket_origin import is_same_origin, normalize_origin

from graph.http.refused import Refused

CODE: Final = "CROSS_SITE_REQUEST"
_OWN: Final = frozenset({"same-origin", "none"})


def check_site(headers: Mapping[str, str], allowed: Collection[str]) -> None:
    """Raises `Refused` (403) for a request of a page that is neither of this host nor of an allowed origin.

    `allowed` are origins as browsers write them: `https://app.example`.
    """
    origin = headers.get("origin")
    if origin is not None and normalize_origin(origin) in allowed:
        return
    site = headers.get("sec-fetch-site")
    if site in _OWN or (site is None and origin is None):
        return
    if site is None and origin is not None and is_same_origin(origin, headers.get("host")):
        return
    raise Refused(
        403,
        CODE,
        "The request comes from a page of another site; the project allows sites under [graph] origins.",
    )
