"""The cursors that clients of a connection hold: opaque, URL-safe, versioned texts, and the places that they
name.

A cursor comes back from a client, who may have written it: nothing in it is believed that the paging does not
allow. `resolvers/paging/connection.py` makes and reads cursors.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import Annotated, Final, TypeAlias

import msgspec

from resolvers.paging.page import Next
from resolvers.paging.page_styles import LINK_SIZES, ByCursor, ByLink, ByOffset, ByPage, Paging

MAX_CURSOR_TEXT: Final = 16_384  # characters
_VERSION: Final = "1."
# Services may write sizes of their own into their URLs, whatever size they were asked for.
_MOST_IN_LINK: Final = 1000
_SIZE: Final = re.compile(r"[0-9]{1,9}")

# Below what JSON numbers hold exactly everywhere (RFC 8259, section 6).
_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class BadCursor(ValueError):
    """A text that is no cursor of this connection. The message says why, without the text."""


class Position(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="at"):
    """An item by its absolute position, counted from 0."""

    at: _Count


class InPage(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="page"):
    """What comes after an item: the numbered page (and the size to ask for it with) and how many items to
    skip in it.

    `seen` items of the list came before. For services whose pages are not as long as they are asked to be.
    """

    number: _Count
    size: _Count | None
    skip: _Count
    seen: _Count


class InChain(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="next"):
    """What comes after an item: the page by the parameters that lead to it (None: the first page), and items
    to skip.
    """

    named: dict[str, str | int | list[str]] | None
    skip: _Count

    @classmethod
    def of(cls, following: Next | None, skip: int) -> InChain:
        """The place in the page that `Page.next` named so."""
        if following is None:
            return cls(None, skip)
        named = {name: list(one) if isinstance(one, tuple) else one for name, one in following.items()}
        return cls(named, skip)

    @property
    def following(self) -> Next | None:
        """The parameters, as `Page.next` gave them."""
        if self.named is None:
            return None
        return {name: tuple(one) if isinstance(one, list) else one for name, one in self.named.items()}


Place: TypeAlias = Position | InPage | InChain

_DECODER: Final = msgspec.json.Decoder(tuple[str, Place])


def encode(paging: Paging, place: Place) -> str:
    """The cursor of a place."""
    packed = msgspec.json.encode((_mark(paging), place))
    return _VERSION + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def decode(paging: Paging, text: str) -> Place:
    """The place that a cursor names. Raises `BadCursor`."""
    if len(text) > MAX_CURSOR_TEXT or not text.startswith(_VERSION):
        raise BadCursor("this is no cursor of this graph")
    packed = text.removeprefix(_VERSION)
    try:
        padded = packed + "=" * (-len(packed) % 4)
        mark, place = _DECODER.decode(base64.b64decode(padded, b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError):
        # Neither library's own text: it may quote the cursor.
        raise BadCursor("this cursor is damaged") from None
    if mark != _mark(paging) or not _allowed(paging, place):
        raise BadCursor("this cursor belongs to another connection")
    return place


def _allowed(paging: Paging, place: Place) -> bool:
    """Whether the place is one that this paging could have given; a client can then reach no more by it than
    by paging.
    """
    match paging, place:
        case ByOffset(), Position():
            return True
        case ByPage(), Position():
            return paging.size is not None
        case ByPage(), InPage():
            if (paging.size is None) != (place.size is None) or place.number < paging.first_page:
                return False
            return place.size is None or paging.min_size <= place.size <= paging.max_size
        case ByCursor(), InChain():
            if place.named is None:
                return True
            allowed = place.named.keys() == {paging.cursor.name}
            return allowed and not any(isinstance(one, list) for one in place.named.values())
        case ByLink(), InChain():
            if place.named is None:
                return True
            allowed = bool(place.named) and place.named.keys() <= paging.parameters
            allowed = allowed and not any(isinstance(one, int) for one in place.named.values())
            return allowed and all(_sane(paging, name, one) for name, one in place.named.items())
    return False


def _sane(paging: ByLink, name: str, value: object) -> bool:
    """Whether a size, if it is one, is no larger than a service would write into its own URLs."""
    if name not in LINK_SIZES and (paging.size is None or name != paging.size.name):
        return True
    most = max(paging.max_size, _MOST_IN_LINK)
    return isinstance(value, str) and bool(_SIZE.fullmatch(value)) and int(value) <= most


def _mark(paging: Paging) -> str:
    """Tells the connections of different operations apart, equally in every process. No secret, and no
    protection.
    """
    match paging:
        case ByPage(page=leading) | ByOffset(offset=leading) | ByCursor(cursor=leading):
            where = leading.pointer
        case ByLink():
            where = ".".join(paging.next or ())
    described = "\n".join((type(paging).__name__, where, ".".join(paging.items)))
    return f"{zlib.crc32(described.encode()):08x}"
