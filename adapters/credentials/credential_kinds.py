"""What a service's credentials can be: frozen, with what each way needs to know.

`graph/settings/credential_settings.py` reads them from the project file; `adapters/credentials/credentials.py`
opens the way of each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from adapters.credentials.secrets import Secret


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in a header or in a query parameter: exactly one of the names is given. `prefix` precedes it in the
    header, with a blank between them: `Authorization: ApiKey …`.
    """

    secret: Secret
    header: str | None = None
    query: str | None = None
    prefix: str | None = None

    def __post_init__(self) -> None:
        if (self.header is None) == (self.query is None):
            raise ValueError("an API key goes in a header or in the query")


@dataclass(frozen=True, slots=True)
class Basic:
    """A user and a password (RFC 7617). `user` holds no colon."""

    user: str = field(repr=False)
    password: Secret

    def __post_init__(self) -> None:
        if ":" in self.user:
            raise ValueError("the user of basic credentials must not hold a colon")


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Where tokens are asked for, and as which client (RFC 6749, sections 2.3.1 and 3.2). `in_body`: the client's
    secret goes in the form, for endpoints that take no basic credentials.
    """

    url: str = field(repr=False)
    client_id: str = field(repr=False)
    secret: Secret
    in_body: bool = False


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Tokens of the gateway itself (RFC 6749, section 4.4). `resource` is RFC 8707's; `audience` what many
    endpoints know instead.
    """

    endpoint: TokenEndpoint
    scopes: tuple[str, ...] = ()
    audience: str | None = None
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class TokenExchange:
    """The caller's token, exchanged for one for the service's own audience (RFC 8693, section 2.1)."""

    endpoint: TokenEndpoint
    audience: str | None = None
    resource: str | None = None
    scopes: tuple[str, ...] = ()


Credentials: TypeAlias = str | ApiKey | Basic | ClientCredentials | TokenExchange
"""`"none"`, `"forward"`, or one of the ways above."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How a service is known and how the gateway shows itself: PEM files. `authority` replaces the system's
    authorities; `certificate` and `key`, both or neither, are the gateway's own (mutual TLS, RFC 8446, section
    4.3.2).
    """

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a certificate of the gateway's own needs its key, and the key its certificate")
