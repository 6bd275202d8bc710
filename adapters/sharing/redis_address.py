"""Where a shared store is, and as whom it is entered: read from a URL that may hold a password.

`graph/settings/store_settings.py` reads `[cache] url` with it; `adapters/sharing/redis_client.py` connects there.
Nothing here ever shows the URL: not in a repr, and not in an error.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from adapters.credentials.secrets import Secret

PORT: Final = 6379
MOST_DATABASE: Final = 9999
SCHEMES: Final = {"redis": False, "valkey": False, "rediss": True, "valkeys": True}
"""Whether each is TLS."""
_EXPECTED: Final = "expected a URL such as 'rediss://host:6379/0'"


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """A server, one of its databases, and the user. `authority` is a PEM file in the place of the system's
    authorities. With `tls`, name and chain are verified, always.
    """

    host: str = field(repr=False)
    port: int = PORT
    database: int = 0
    tls: bool = False
    user: str | None = field(default=None, repr=False)
    password: Secret | None = None
    authority: Path | None = None

    @property
    def private_enough(self) -> bool:
        """Whether nobody on a network reads along: TLS, or loopback."""
        if self.tls or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def redis_address(url: str) -> RedisAddress:
    """The address that a URL names: `redis[s]://[[user]:password@]host[:port][/database]`, `valkey[s]` meaning the
    same. User and password are percent-encoded.

    Raises ValueError, which repeats nothing of the URL. A query is refused: some clients would let one switch the
    verification of TLS off.
    """
    try:
        parts = urlsplit(url)
        port = PORT if parts.port is None else parts.port
    except ValueError:
        raise ValueError(f"{_EXPECTED}; host or port cannot be read") from None
    if parts.scheme not in SCHEMES:
        known = ", ".join(f"{one}://" for one in SCHEMES)
        raise ValueError(f"{_EXPECTED}, which begins with one of {known}")
    if not parts.hostname or port == 0 or not _is_host(parts.hostname):
        raise ValueError(f"{_EXPECTED}, with a host, and a port from 1 to 65535 if any")
    if "?" in url or "#" in url:
        raise ValueError(f"{_EXPECTED}, without a query or a fragment")
    user, password = _text(parts.username), _text(parts.password)
    return RedisAddress(
        host=parts.hostname,
        port=port,
        database=_database(parts.path),
        tls=SCHEMES[parts.scheme],
        user=user or None,
        password=Secret(text=password) if password else None,
    )


def _is_host(host: str) -> bool:
    return host.isascii() and host.isprintable() and not set(host) & set(" \\%,")


def _text(part: str | None) -> str:
    try:
        return unquote_to_bytes(part or "").decode()
    except UnicodeDecodeError:
        raise ValueError(f"{_EXPECTED}; its user or password is not UTF-8") from None


def _database(path: str) -> int:
    text = path.removeprefix("/")
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal()) or len(text) > 4 or int(text) > MOST_DATABASE:
        raise ValueError(f"{_EXPECTED}, whose path is the number of a database, or nothing")
    return int(text)
