"""Date-times that keep their text: `2026-01-01T00:00:00.123456789Z` goes upstream as the client wrote it."""

from __future__ import annotations

from datetime import datetime
from typing import Self


class ExactDateTime(datetime):
    """A datetime that remembers the text it was read from; what is computed from it has none. Equal as a
    datetime is.
    """

    text: str = ""

    @classmethod
    def read(cls, text: str) -> Self:
        """Reads RFC 3339 text. Raises ValueError for text that is no date-time with an offset."""
        read = cls.fromisoformat(text)
        if read.tzinfo is None:
            raise ValueError("a date-time needs an offset")
        read.text = text
        return read
