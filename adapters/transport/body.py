"""Reading an answer's body within its bound, before and after decompression. Pure: bytes in, bytes out.

`adapters/transport/transport.py` feeds it what the socket brings. aiohttp could decompress by itself, but passes
unknown encodings and gzip that was cut short as if they were whole.
"""

from __future__ import annotations

import zlib
from typing import Final

ENCODINGS: Final = "gzip, deflate"
"""What `accept-encoding` offers: what `Body` reads (RFC 9110, section 8.4.1)."""

_MEMBERS: Final = 16  # gzip allows any number of members in a row; real answers have one


class BodyError(ValueError):
    """A body that cannot be used: over its bound, cut short, or in an encoding that was not offered."""


class Body:
    """One body in the making. `limit` bounds its bytes, both as they travel and as they unfold.

    Raises `BodyError` for a content encoding that was not offered (RFC 9110, section 8.4).
    """

    def __init__(self, encoding: str | None, limit: int) -> None:
        self._limit = limit
        self._left = limit  # bytes that may still come off the wire
        self._chunks: list[bytes] = []
        self._size = 0
        self._members = 1
        self._unfolding = _Unfolding(encoding)

    def feed(self, data: bytes) -> None:
        """Takes more bytes. Raises `BodyError` as soon as a bound is passed, having unfolded no more than
        that.
        """
        self._left -= len(data)
        if self._left < 0:
            raise BodyError(f"the body is longer than {self._limit} bytes")
        if not self._unfolding.coded:
            self._chunks.append(data)
            return
        while data:
            piece, data = self._unfolding.take(data, self._limit - self._size + 1)
            self._size += len(piece)
            if self._size > self._limit:
                raise BodyError(f"the body unfolds to more than {self._limit} bytes")
            self._chunks.append(piece)
            if self._unfolding.ended and data:
                self._members += 1
                if self._members > _MEMBERS:
                    raise BodyError(f"the body is made of more than {_MEMBERS} compressed members")
                self._unfolding.next_member()

    def whole(self) -> bytes:
        """The body, once all of it was fed. Raises `BodyError` for a compressed one that lacks its end."""
        if self._left < self._limit and not self._unfolding.ended:
            raise BodyError("the compressed body is cut short")
        return b"".join(self._chunks)


class _Unfolding:
    """One content encoding undone, a bounded piece at a time."""

    def __init__(self, encoding: str | None) -> None:
        name = (encoding or "identity").strip().lower()
        if name not in ("identity", "", "gzip", "x-gzip", "deflate"):
            raise BodyError("the body has a content encoding that was not offered")
        self.coded = name not in ("identity", "")
        self._gzip = name.endswith("gzip")
        self._state: zlib._Decompress | None = None

    @property
    def ended(self) -> bool:
        return not self.coded or (self._state is not None and self._state.eof)

    def next_member(self) -> None:
        self._state = None

    def take(self, data: bytes, room: int) -> tuple[bytes, bytes]:
        """Unfolds at most `room` bytes; returns them and what of the data is left."""
        if self._state is None:
            if self._gzip:
                wbits = 16 + zlib.MAX_WBITS
            else:
                # `deflate` is zlib's format (RFC 9110, section 8.4.1.2); some servers send it without the
                # zlib header.
                wbits = zlib.MAX_WBITS if data[0] & 0x0F == 8 else -zlib.MAX_WBITS
            self._state = zlib.decompressobj(wbits)
        try:
            piece = self._state.decompress(data, room)
        except zlib.error as error:
            raise BodyError("the body is not what its content encoding says") from error
        return piece, self._state.unused_data if self._state.eof else self._state.unconsumed_tail
