"""Under which keys answers are kept, and by what they are dropped. Pure.

A key is a SHA-256 of whatever makes two requests one (as `adapters/policies/flight.py` has it): service, method,
target, body and headers; for what is kept for one caller with one of whose it is. A caller is told by partition
and tenant, which any of its tokens has, so that a new token finds what the old one fetched. Nothing readable is
left in keys and tags.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

import msgspec

from adapters.credentials.carried import AUTHORIZATION
from adapters.messages import Request, Response
from adapters.policies.flight import LEFT_OUT

_FORMAT: Final = b"stolon answers 2"
"""Changes with what is kept: other versions of Stolon may use the same store."""
_NOT_TOLD: Final = LEFT_OUT | {AUTHORIZATION, "cache-control", "pragma", "if-none-match", "if-modified-since"}
"""Headers that stand in no key: those of tracing, credentials, which the caller's partition stands for, and what
caches are asked."""
_PORTS: Final = {"http": 80, "https": 443}
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset("-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_encode: Final = msgspec.msgpack.Encoder().encode
MOST_NAMES: Final = 16
"""Headers that answers may differ by; one that names more is not kept."""


class Keys(NamedTuple):
    """Where an answer may be: for all callers, and for this one."""

    shared: bytes
    private: bytes


def keys_of(request: Request, *, by_headers: bool) -> Keys:
    """The keys of a request; with `by_headers` all of its headers but a few tell it from others."""
    told = None
    if by_headers:
        told = [(name, text) for name, text in request.headers.items() if name not in _NOT_TOLD]
        told.sort()
    shared = _hash((_FORMAT, request.service, request.method, request.target, request.body, told))
    identity = request.identity
    return Keys(shared, shared + _whose(identity.partition, identity.tenant))


@lru_cache(maxsize=4096)
def _whose(partition: str, tenant: str | None) -> bytes:
    return _hash(("private", partition, tenant))


def differing(headers: Mapping[str, str], *, by_headers: bool) -> tuple[str, ...] | None:
    """The headers by which the answer with these says that it differs (`Vary`), without those that are in the key;
    None for too many, and for `*`.
    """
    stated = headers.get("vary")
    if stated is None:
        return ()
    names = {name for one in stated.split(",") if (name := one.strip().lower())}
    if "*" in names:
        return None
    if by_headers:
        names &= _NOT_TOLD
    return None if len(names) > MOST_NAMES else tuple(sorted(names))


def variant_key(key: bytes, names: Iterable[str], headers: Mapping[str, str]) -> bytes:
    """The key of the answer for such headers. Blanks around commas make no difference (RFC 9111, section 4.1)."""
    return _hash((key, [(name, _plain(headers.get(name))) for name in names]))


def part_key(key: bytes, part: tuple[str, ...]) -> bytes:
    """The key of a part of what stands under a key, such as one entity of a batch."""
    return _hash(("part", key, part))


def place_tag(service: str, path: str) -> str:
    """The tag of all answers from one path of a service, whatever the query, and however it is percent-encoded."""
    return f"at:{_hash((_FORMAT, service, _normal(path))).hex()[:32]}"


def tags_of(request: Request) -> tuple[str, ...]:
    """The tags of the request's answer: its place, and what it tells of."""
    return (place_tag(request.service, request.target.partition("?")[0]), *request.tags)


def flight_of(request: Request, conditions: Mapping[str, str]) -> bytes:
    """What makes a request one with those of other callers for the same answer, under the same conditions."""
    return _hash((keys_of(request, by_headers=True).shared, sorted(conditions.items())))


def changed_places(request: Request, response: Response | None, base: str) -> tuple[str, ...]:
    """The tags of what a change made stale (RFC 9111, section 4.4): its own place, and those that the answer names
    by `Location` and `Content-Location`, if they are of the same origin. `base` is the service's base URL.
    """
    paths = {request.target.partition("?")[0]: None}
    named = {} if response is None else response.headers
    for name in ("location", "content-location"):
        if name in named and (path := _path(named[name], base, request.target)) is not None:
            paths[path] = None
    return tuple(dict.fromkeys(place_tag(request.service, path) for path in paths))


def _path(reference: str, base: str, target: str) -> str | None:
    """The path below the base URL that a reference leads to."""
    here = f"{base.rstrip('/')}{target}"
    try:
        there, own = urlsplit(urljoin(here, reference)), urlsplit(base)
        same = _origin(there) == _origin(own)
    except ValueError:
        return None
    path, prefix = _normal(there.path), _normal(own.path.rstrip("/"))
    return path[len(prefix) :] if same and path.startswith(f"{prefix}/") else None


def _normal(path: str) -> str:
    """A path as all its spellings are spelled (RFC 3986, sections 6.2.2.1 and 6.2.2.2)."""
    return _ESCAPE.sub(_plainest, path) if "%" in path else path


def _plainest(escape: re.Match[str]) -> str:
    plain = chr(int(escape[1], 16))
    return plain if plain in _UNRESERVED else escape[0].upper()


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme)


def _plain(text: str | None) -> str | None:
    return None if text is None else ",".join(one.strip() for one in text.split(","))


def _hash(parts: object) -> bytes:
    """SHA-256 of parts that are spelled so that no two different ones are spelled the same."""
    try:
        return hashlib.sha256(_encode(parts)).digest()
    except UnicodeEncodeError:  # what JSON may hold and UTF-8 may not: Python's own spelling is as good
        return hashlib.sha256(repr(parts).encode("ascii", "backslashreplace")).digest()
