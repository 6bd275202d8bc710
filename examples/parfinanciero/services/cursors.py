"""Places in a list as opaque text: base64url of JSON, which clients send back and need not understand."""

from __future__ import annotations

import base64
import binascii

import msgspec


def cursor(place: tuple[str, str]) -> str:
    """A place, by the two values that lists are ordered by, as text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def place(text: str) -> tuple[str, str] | None:
    """The place that `cursor` wrote down, or None where it did not write this."""
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(decoded, type=tuple[str, str])
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
