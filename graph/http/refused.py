"""A client request that is answered without being executed: the status, the code and what the client is told.

The transports and `graph/identity/auth.py` raise it; `graph/http/http.py` turns it into an answer with a GraphQL
error body.
"""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """`status` of HTTP, `code` for `extensions.code`, `message` for the client: it never holds a token or a
    value.

    `headers` go on the answer: `www-authenticate` (RFC 6750, section 3), `allow` (RFC 9110, section 10.2.1).
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    @property
    def www_authenticate(self) -> str | None:
        """The challenge that the client gets, or None."""
        return self.headers.get("www-authenticate")
