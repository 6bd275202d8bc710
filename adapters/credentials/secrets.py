"""A secret of the project: a text that came from the environment, or a file that is read again when it changes.

`adapters/credentials/credential_kinds.py` says which way of credentials has which secrets; the ways ask a
`KeptSecret` for each call, so that a file that was rotated is used without a restart. Nothing here ever shows a
secret.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from adapters.facts import Clock

MOST_BYTES: Final = 64 * 1024
LOOKED: Final = 1.0
"""Seconds for which a file that was looked at is not looked at again."""

_log: Final = logging.getLogger("stolon.credentials")
_Signature: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Secret:
    """`text` or `file`, exactly one of them. Raises ValueError for both or neither."""

    text: str | None = field(default=None, repr=False)
    file: Path | None = None

    def __post_init__(self) -> None:
        if (self.text is None) == (self.file is None):
            raise ValueError("a secret is a text or a file")


class NoSecret(Exception):
    """A secret that cannot be had. The message says why and never what it is."""


def secret_in(content: bytes) -> str:
    """The secret that a file holds: its text without the line end that editors add.

    Raises NoSecret for what is empty, too large, no UTF-8, or holds control characters.
    """
    if len(content) > MOST_BYTES:
        raise NoSecret(f"it is larger than {MOST_BYTES} bytes")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise NoSecret("it is not UTF-8") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip():
        raise NoSecret("it is empty")
    if any(ord(one) < 0x20 or ord(one) == 0x7F for one in text):
        raise NoSecret("it holds control characters, such as a second line")
    return text


def signature(file: Path) -> _Signature:
    """What changes when a file does: its time, size and inode. Raises OSError."""
    return _signature(os.stat(file))


def _signature(found: os.stat_result) -> _Signature:
    return found.st_mtime_ns, found.st_size, found.st_ino


class KeptSecret:
    """One secret, kept: a file is looked at at most once in `LOOKED` seconds, and read when it has changed.

    A file that cannot be read, or holds no secret, as in the moment in which it is replaced, leaves the last
    secret in use; that is logged.
    """

    def __init__(self, secret: Secret, clock: Clock) -> None:
        self._file = secret.file
        self._text = secret.text
        self._clock = clock
        self._looked: float | None = None
        self._seen: _Signature | None = None

    def current(self) -> str:
        """The secret now. Raises NoSecret where a file never held one."""
        if self._file is not None:
            now = self._clock()
            if self._looked is None or now - self._looked >= LOOKED:
                self._looked = now
                self._look(self._file, anyhow=False)
        if self._text is None:
            raise NoSecret("its secret's file cannot be read")
        return self._text

    def reread(self) -> str:
        """The secret after a service refused the one before: a file is read whatever it looks like from outside."""
        if self._file is not None:
            self._looked = self._clock()
            self._look(self._file, anyhow=True)
        return self.current()

    def _look(self, file: Path, *, anyhow: bool) -> None:
        try:
            if not anyhow and signature(file) == self._seen:
                return
            with file.open("rb") as stream:
                # Taken of the open file and before it is read: what is written meanwhile is seen at the next look.
                seen = _signature(os.fstat(stream.fileno()))
                self._text = secret_in(stream.read(MOST_BYTES + 1))
                self._seen = seen
        except (OSError, NoSecret) as failure:
            reason = str(failure) if isinstance(failure, NoSecret) else type(failure).__name__
            kept = "the one before stays in use" if self._text is not None else "there is none yet"
            _log.warning("the secret in %s cannot be read (%s); %s", file.name, reason, kept)
