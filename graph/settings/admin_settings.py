"""`[admin]`: the key of calls that change something at the second address. `graph/settings/settings.py` reads it;
`graph/caching/open_caches.py` asks for it. Without the table there are no such calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from adapters.credentials.secrets import Secret
from graph.settings import setting_kinds as kinds
from graph.settings.address import Address
from graph.settings.secret_settings import secret_of
from graph.settings.toml_document import Document

TABLE: Final = "admin"
LEAST: Final = 32
"""Characters of the key, so that nobody guesses it."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # b64token: RFC 6750, section 2.1
_READERS: Final[Mapping[str, kinds.Reader]] = {"key": kinds.text, "key_file": kinds.text}


class AdminSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is a secret of 32 characters or more, which such calls bear as `Authorization: Bearer`."""

    key: Secret


def is_key(text: str) -> bool:
    """Whether a secret will do: a file may hold another by now than when it was checked."""
    return len(text) >= LEAST and _TOKEN.fullmatch(text) is not None


def admin_of(document: Document) -> AdminSettings | None:
    """The table, as far as the file states it rightly; None where there is none."""
    if not document.has(TABLE):
        return None
    values = document.values((TABLE,), _READERS)
    key = secret_of(document, (TABLE,), values, "key", _fault)
    return None if key is None else AdminSettings(key=key)


def without_address(admin: AdminSettings | None, address: Address | None) -> Iterator[str]:
    """One line for people where there is a key, and no address at which anything could be changed with it."""
    if admin is not None and address is None:
        yield (
            "admin.key opens calls of the second address, and there is none: [observe] address, or --observe, "
            "says where it is"
        )


def _fault(text: str) -> str | None:
    if is_key(text):
        return None
    return f"expected a secret of at least {LEAST} letters, digits or any of '-._~+/' (RFC 6750, section 2.1)"
