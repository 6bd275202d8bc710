"""`[cache]`: what one process may use to keep answers, and which store replicas share.
`graph/settings/settings.py` reads it; `graph/app.py` opens the store.

What may be kept at all is said for each service (`adapters/caching/cache_rule.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from adapters.sharing.shared_store import SharedRule
from graph.settings import setting_kinds as kinds
from graph.settings import store_settings
from graph.settings.toml_document import Document


class CacheSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`bytes` are for the answers of all services together; the least recently used are forgotten first. `answers`:
    whole answers to clients are kept there too, as long as all that they were made of is fresh. `shared` is the store
    that replicas share, in front of which the one in this process stands.
    """

    bytes: int = 64 << 20
    answers: bool = True
    shared: SharedRule | None = None


READERS: Final[Mapping[str, kinds.Reader]] = {
    "bytes": kinds.size(1 << 16, 1 << 36),
    "answers": kinds.truth,
    **store_settings.READERS,
}
"""By the name of the setting."""


def cache_of(document: Document) -> CacheSettings:
    """The table, as far as the file states it rightly."""
    path = ("cache",)
    values = document.values(path, READERS)
    shared = store_settings.shared_of(document, path, values)
    own = {name: value for name, value in values.items() if name not in store_settings.READERS}
    return CacheSettings(shared=shared, **own)
