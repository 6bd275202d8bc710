"""What tells one version of a project from another, where several share a store: during a rollout the same query may
mean another call in the new replicas than in the old ones.

`graph/app.py` asks once, at the start, where there is a shared store; `graph/caching/answer_keys.py` has it in
every key.
"""

from __future__ import annotations

import hashlib
import secrets
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from graph.serving.watch import snapshot

MOST_BYTES: Final = 64 << 20
"""Of a project's files together. One that has more shares its whole answers with nobody."""


def project_digest(folder: Path, most: int = MOST_BYTES) -> bytes:
    """SHA-256 of the project's modules, contracts, operations and settings, as files, and of Stolon's version. Where
    they cannot all be read, or are more than `most` bytes or too many files, 32 bytes that nobody else has.
    """
    found = snapshot(folder)
    if not found.is_whole or sum(size for _, size, _ in found.files.values()) > most:
        return secrets.token_bytes(32)
    whole = hashlib.sha256(_version().encode())
    try:
        for file in sorted(found.files):
            name, text = str(file.relative_to(folder)).encode("utf-8", "surrogateescape"), file.read_bytes()
            whole.update(b"%d:%d:" % (len(name), len(text)))
            whole.update(name)
            whole.update(text)
    except OSError:  # gone since, or not for us to read: what it says cannot be known
        return secrets.token_bytes(32)
    return whole.digest()


def _version() -> str:
    try:
        return version("stolon")
    except PackageNotFoundError:  # it runs from a checkout
        return ""
