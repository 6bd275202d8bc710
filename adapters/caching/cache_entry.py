"""Kept answers as bytes for a `Store`, and what they become when the service says that they still hold. Pure.

`adapters/caching/cache.py` puts these under the keys of `adapters/caching/cache_keys.py`. Under a key stands an
answer, or a signpost to the answers that differ by headers (RFC 9111, section 4.1). What can't be read, such as an
entry of another version, counts as not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from adapters.caching.cache_life import Life
from adapters.messages import Freshness, Response

_HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authentication-info", "proxy-authorization",
     "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "set-cookie"}
)  # fmt: skip
_OF_CONTENT: Final = frozenset(
    {"content-digest", "content-encoding", "content-length", "content-md5", "content-range"}
)
"""What a 304 changes nothing of: it is of the bytes, as they were kept."""


class Entry(msgspec.Struct, frozen=True, array_like=True, tag="answer"):
    """An answer, kept. `received` is in seconds since 1970, the rest as in `adapters.caching.cache_life.Life`."""

    status: int
    headers: dict[str, str]
    body: bytes
    received: float
    age_then: float
    fresh: float
    meanwhile: float
    on_error: float
    never_stale: bool
    as_stated: bool
    shared: bool

    def __repr__(self) -> str:
        return f"Entry({self.status}, {len(self.body)} bytes, shared={self.shared})"

    def age(self, now: float) -> float:
        """Its age in seconds (RFC 9111, section 4.2.3). A clock that was put back makes nothing younger."""
        return self.age_then + max(0.0, now - self.received)

    def validators(self) -> dict[str, str]:
        """The headers that ask the service whether it still holds (RFC 9111, section 4.3.1); mostly none."""
        asked = {}
        if "etag" in self.headers:
            asked["if-none-match"] = self.headers["etag"]
        if "last-modified" in self.headers:
            asked["if-modified-since"] = self.headers["last-modified"]
        return asked

    def given(self, now: float) -> Response:
        """The answer as it is given from the cache (RFC 9111, section 5.1: with its age)."""
        age = self.age(now)
        left = max(0.0, self.fresh - age)
        freshness = Freshness(left, age, private=not self.shared, cached=True, stale=left <= 0)
        return Response(self.status, {**self.headers, "age": str(int(age))}, self.body, freshness=freshness)


class Signpost(msgspec.Struct, frozen=True, array_like=True, tag="differ"):
    """The answers here differ by these headers of the request, in lower case, sorted."""

    names: tuple[str, ...]


Kept: TypeAlias = Entry | Signpost

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final[msgspec.msgpack.Decoder[Kept]] = msgspec.msgpack.Decoder(Kept)


def packed(kept: Kept) -> bytes:
    """The bytes that `unpacked` reads."""
    return _ENCODER.encode(kept)


def unpacked(value: bytes | None) -> Kept | None:
    """What the bytes hold; None for nothing, and for what is none of ours."""
    if value is None:
        return None
    try:
        return _DECODER.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def entry_of(response: Response, life: Life, received: float) -> Entry:
    """The answer as it is kept, without what belongs to one connection or one moment (RFC 9111, section 3.1)."""
    return Entry(
        status=response.status,
        headers=_kept(response.headers),
        body=response.body,
        received=received,
        age_then=life.age,
        fresh=life.fresh,
        meanwhile=life.meanwhile,
        on_error=life.on_error,
        never_stale=life.never_stale,
        as_stated=life.as_stated,
        shared=life.shared,
    )


def confirmed(entry: Entry, answer: Response) -> Response | None:
    """The kept answer with what a 304 says of it (RFC 9111, sections 3.2 and 4.3.4); None where the 304 is of
    another: the service confirmed what was not asked.
    """
    tag, kept = answer.headers.get("etag"), entry.headers.get("etag")
    if tag is not None and kept is not None and tag.removeprefix("W/") != kept.removeprefix("W/"):
        return None
    told = {name: text for name, text in answer.headers.items() if name not in _OF_CONTENT}
    # The age of the old answer is not that of its confirmation.
    old = {name: text for name, text in entry.headers.items() if name != "age"}
    return Response(entry.status, {**old, **told}, entry.body, shared=answer.shared)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    connection = {name.strip().lower() for name in headers.get("connection", "").split(",")}
    left_out = _HOP_BY_HOP | connection | {"age"}
    return {name: text for name, text in headers.items() if name not in left_out}
