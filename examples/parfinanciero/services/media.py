"""What a file is, by its first bytes: a name and a media type are only what the sender says."""

from __future__ import annotations

MAGIC = {
    "application/pdf": b"%PDF-",
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
}
MEDIA_TYPES = tuple(MAGIC)


def is_of(media_type: str, content: bytes) -> bool:
    """Whether the bytes begin as those of this media type do; False for one that is not known here."""
    magic = MAGIC.get(media_type)
    return magic is not None and content.startswith(magic)
