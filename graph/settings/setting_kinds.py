"""How single settings are read: text, durations, sizes, URLs, names, lists. Each takes a TOML value and gives
a plain one.

`graph/settings/settings.py` says which setting is of which kind. A reader raises `Wrong`, whose message says what was
expected and never holds the value: it may have come from the environment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import msgspec
from strawberry.http.websocket_origin import normalize_origin

from adapters.mistake import nearest
from adapters.policies.rate import Rate
from adapters.policies.rate import rate as read_rate
from graph.settings import units
from graph.settings.address import Address, address
from graph.settings.origins import fault_of_url, is_confidential

Reader: TypeAlias = Callable[[object], Any]

_NAMES: Final[tuple[tuple[type, str], ...]] = (
    (bool, "boolean"),
    (str, "text"),
    (int, "integer"),
    (float, "float"),
    (list, "list"),
    (dict, "table"),
    (datetime, "date-time"),
    (date, "date"),
    (time, "time"),
)
_INFINITY: Final = float("inf")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_FORBIDDEN: Final = frozenset(
    [
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "forwarded",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)
_FORBIDDEN_FAMILIES: Final = ("x-forwarded-", "proxy-")


class Wrong(Exception):
    """A value that is not what its setting expects. `inside` is the path to it within the value, mostly
    empty.
    """

    def __init__(self, message: str, inside: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.inside = inside


def _kind(value: object) -> str:
    return next((name for of, name in _NAMES if isinstance(value, of)), "value")


def text(value: object) -> str:
    """A text that is not empty, on one line."""
    if not isinstance(value, str):
        raise Wrong(f"expected text, found {_kind(value)}")
    if not value.strip() or "\n" in value:
        raise Wrong("expected text on one line, not empty")
    return value


def truth(value: object) -> bool:
    """`true` or `false`."""
    if not isinstance(value, bool):
        raise Wrong(f"expected true or false, found {_kind(value)}")
    return value


def whole(least: int, most: int) -> Reader:
    """A reader of whole numbers from `least` to `most`."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(f"expected an integer, found {_kind(value)}")
        if not least <= value <= most:
            raise Wrong(f"expected an integer from {least} to {most}")
        return value

    return read


def duration(least: float, most: float) -> Reader:
    """A reader of durations, in seconds, between the bounds."""

    def read(value: object) -> float:
        if not isinstance(value, str):
            raise Wrong(f"expected a duration as text, such as '500ms', '5s' or '2m'; found {_kind(value)}")
        seconds = units.duration(value)
        if seconds is None:
            raise Wrong("expected a duration such as '500ms', '5s' or '2m'")
        if not least <= seconds <= most:
            raise Wrong(f"expected a duration from {least:g} to {most:g} seconds")
        return seconds

    return read


def json_value(value: object) -> bytes:
    """Any value that JSON has too, as JSON."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict | list):
            pending.extend(one.values() if isinstance(one, dict) else one)
        elif not isinstance(one, str | bool | int | float) or one != one or one in (_INFINITY, -_INFINITY):
            raise Wrong(f"expected a value that JSON has too, found {_kind(one)}")
    return msgspec.json.encode(value)


def rate(value: object) -> Rate:
    """A number of calls in a unit of time."""
    found = read_rate(text(value))
    if found is None:
        raise Wrong("expected a rate such as '10/s', '100/min', '5000/h' or '1/d'")
    return found


def size(least: int, most: int) -> Reader:
    """A reader of sizes, in bytes, between the bounds."""

    def read(value: object) -> int:
        if not isinstance(value, str):
            raise Wrong(f"expected a size as text, such as '64KiB' or '1MiB'; found {_kind(value)}")
        found = units.size(value)
        if found is None:
            raise Wrong("expected a size such as '512B', '64KiB' or '1MiB'")
        if not least <= found <= most:
            raise Wrong(f"expected a size from {least} to {most} bytes")
        return found

    return read


def share(value: object) -> float:
    """A number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong(f"expected a number from 0 to 1, found {_kind(value)}")
    if not 0 <= value <= 1:
        raise Wrong("expected a number from 0 to 1")
    return float(value)


def share_of_some(value: object) -> float:
    """A number above 0, up to 1."""
    found = share(value)
    if found == 0:
        raise Wrong("expected a number greater than 0, up to 1")
    return found


def listening_address(value: object) -> Address:
    """An address to listen on: `HOST:PORT`, or a port alone, as text."""
    found = address(text(value))
    if found is None:
        raise Wrong("expected HOST:PORT, such as '127.0.0.1:9464', or a port alone")
    return found


def one_of(*known: str) -> Reader:
    """A reader of one of the texts named."""

    def read(value: object) -> str:
        found = text(value)
        if found not in known:
            raise Wrong(f"expected {' or '.join(repr(one) for one in known)}{nearest(found, known)}")
        return found

    return read


def list_of(reader: Reader, *, least: int = 0, most: int = 100) -> Reader:
    """A reader of lists of what `reader` reads, as a tuple without repetitions."""

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Wrong(f"expected a list, found {_kind(value)}")
        if not least <= len(value) <= most:
            raise Wrong(f"expected a list of {least} to {most} items")
        items: dict[Any, None] = {}
        for index, item in enumerate(value):
            try:
                items[reader(item)] = None
            except Wrong as wrong:
                raise Wrong(wrong.message, (index, *wrong.inside)) from None
        return tuple(items)

    return read


def base_url(value: object) -> str:
    """The base URL of a service, without the slash at its end; a path prefix may stand in it."""
    found = text(value)
    fault = fault_of_url(found)
    if fault is not None:
        raise Wrong(fault)
    return found.rstrip("/")


def origin(value: object) -> str:
    """The origin of pages, as browsers write it: scheme, host and perhaps a port (RFC 6454, section 6.2)."""
    found = text(value)
    plain = normalize_origin(found)
    if plain is None or fault_of_url(found) is not None or urlsplit(found).path.strip("/"):
        raise Wrong("expected an origin such as 'https://app.example': a scheme, a host and perhaps a port")
    return plain


def confidential_url(value: object) -> str:
    """A URL that is https, or leads to this machine."""
    found = text(value)
    fault = fault_of_url(found)
    if fault is not None:
        raise Wrong(fault)
    if not is_confidential(found):
        raise Wrong("expected an https URL; plain http is for loopback addresses only")
    return found


def target(value: object) -> str:
    """`module:attribute`, both dotted Python names."""
    found = text(value)
    module, colon, attribute = found.partition(":")
    parts = [*module.split("."), *attribute.split(".")]
    if not colon or not all(part.isidentifier() for part in parts):
        raise Wrong("expected 'module:attribute', such as 'schema:schema'")
    return found


def plain_path(value: object) -> str:
    """A path that needs no encoding, relative to some base: `/status/live`."""
    found = text(value)
    if not re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)+", found) or {".", ".."} & set(found.split("/")):
        raise Wrong("expected a path such as '/graphql': segments of letters, digits and . _ ~ -")
    return found


def url_path(value: object) -> str:
    """The path of an endpoint: `/graphql`. What `/health` holds is taken."""
    found = plain_path(value)
    if found == "/health" or found.startswith("/health/"):
        raise Wrong("'/health' and what is below it are taken by the health checks")
    return found


def header(value: object) -> str:
    """A header's name, lower-cased, that may be passed on (DESIGN section 9: some never may)."""
    found = text(value).lower()
    if not _TOKEN.fullmatch(found):
        raise Wrong("expected the name of a header")
    if found in _FORBIDDEN or found.startswith(_FORBIDDEN_FAMILIES):
        taken = [*sorted(_FORBIDDEN), *(f"{family}*" for family in _FORBIDDEN_FAMILIES)]
        raise Wrong(f"this header is never passed on; forbidden are {_spoken(taken)}")
    return found


def _spoken(names: Iterable[str]) -> str:
    return ", ".join(names)
