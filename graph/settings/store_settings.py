"""What `[cache]` says of a store that replicas share: where it is, as whom it is entered, and below which prefix.

`graph/settings/cache_settings.py` reads the table with it; `adapters/sharing/shared_store.py` opens what comes
out. A password is in the URL, which then comes from the environment, or in a file, which is read again for each
connection when it changed.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from adapters.credentials.secrets import MOST_BYTES, NoSecret, Secret, secret_in
from adapters.sharing.redis_address import RedisAddress, redis_address
from adapters.sharing.shared_store import SharedRule
from graph.settings import setting_kinds as kinds
from graph.settings.setting_kinds import Wrong
from graph.settings.toml_document import Document

_PREFIX: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def _address(value: object) -> RedisAddress:
    try:
        return redis_address(kinds.text(value))
    except ValueError as fault:
        raise Wrong(str(fault)) from None


def _prefix(value: object) -> str:
    found = kinds.text(value)
    if not _PREFIX.fullmatch(found):
        raise Wrong("expected at most 64 letters, digits, '.', '_' or '-'")
    return found


READERS: Final[Mapping[str, kinds.Reader]] = {
    "url": _address,
    "password_file": kinds.text,
    "authority": kinds.text,
    "prefix": _prefix,
    "wait": kinds.duration(0.001, 5),
}
"""By the name of the setting."""


def shared_of(document: Document, path: tuple[str, ...], values: Mapping[str, Any]) -> SharedRule | None:
    """The shared store that a table names, of whose values these are right; what does not fit becomes a mistake."""
    if not document.has(*path, "url"):
        for name in READERS:
            if document.has(*path, name):
                document.wrong((*path, name), "is of a shared store, which needs a 'url'")
        return None
    address: RedisAddress | None = values.get("url")
    if address is None:  # wrong, and told
        return None
    if address.password is not None and "${" not in document.table(path)["url"]:
        document.wrong(
            (*path, "url"),
            "expected '${NAME}', from the environment, for a URL that holds a password: no secret stands here",
        )
    password = _password(document, path, values.get("password_file"))
    if password is not None and address.password is not None:
        document.wrong((*path, "password_file"), "the URL holds a password; expected one of them")
    if address.user is not None and address.password is None and not document.has(*path, "password_file"):
        document.wrong((*path, "url"), "a user needs a password: in the URL, or in a 'password_file'")
    authority = _authority(document, path, values.get("authority"), tls=address.tls)
    address = replace(address, password=address.password or password, authority=authority)
    rest = {name: values[name] for name in ("prefix", "wait") if name in values}
    return SharedRule(address, **rest)


def _password(document: Document, path: tuple[str, ...], stated: str | None) -> Secret | None:
    if stated is None:
        return None
    file = document.file.parent / stated
    try:
        with file.open("rb") as stream:
            secret_in(stream.read(MOST_BYTES + 1))
    except (OSError, NoSecret) as failure:
        reason = str(failure) if isinstance(failure, NoSecret) else "the file cannot be read"
        document.wrong((*path, "password_file"), f"expected a file that holds a secret; {reason}")
        return None
    return Secret(file=file)


def _authority(document: Document, path: tuple[str, ...], stated: str | None, *, tls: bool) -> Path | None:
    if stated is None:
        return None
    if not tls:
        document.wrong((*path, "authority"), "is of TLS, and so of a rediss:// URL")
        return None
    file = document.file.parent / stated
    try:
        ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError):
        document.wrong((*path, "authority"), "expected a file of certificates in PEM")
        return None
    return file
